"""What all models share: parameters that are only stored, capabilities, and half-samples."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from wordnum.config import whole_number
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.replicates import Replicates
from wordnum.errors import InputError, UsageError
from wordnum.parallel import stream_tasks
from wordnum.progress import bar
from wordnum.provenance import provenance

if TYPE_CHECKING:
    from wordnum.embeddings.number_rows import Origin

    class BaseEstimator:
        """Types that scikit-learn lacks: a model of an unknown base takes any keyword."""

        _get_param_names: ClassVar[Callable[[], list[str]]]
        get_params: Callable[..., dict[str, Any]]
        set_params: Callable[..., Any]
        __sklearn_tags__: Callable[..., Any]
else:
    from sklearn.base import BaseEstimator

# What counts of contexts can be made by.
CONTEXT_AXES = frozenset({"window", "side", "positional", "window_weighting", "signal"})

log = logging.getLogger(__name__)

# Above these a machine's memory would end first.
_MOST = {"dim": 100_000, "buckets": 2**27, "window": 8_000}


class NumberModel(BaseEstimator):
    """Base of the models: a scikit-learn estimator whose `fit` leaves number vectors.

    The constructor takes keywords and only stores them; `fit(X)` validates, returns the model and
    leaves `embedding_`; `fit_transform(X)` returns the embedding. A model that reads the text has
    a `perturbation` in `fit`. There is no `transform`: vectors of numbers that were not seen do
    not exist (as for scikit-learn's TSNE and MDS).

    What a model can do stands on its class, so that studies, presets and the command line treat
    models by what they are. A model of another package registers its class under the entry point
    group ``wordnum.models``.

    Attributes
    ----------
    name : str
        What it is asked for by.
    reads : {"counts", "words", "corpus", "task"}
        What `fit` takes: counts of number rows or a signal of them, counts of all words by all
        words, an encoded corpus, or a task.
    axes : frozenset of str
        What its vectors depend on beside the text, by the names of a study's columns: "window",
        "side", "positional" and "window_weighting" (of the contexts), "signal", "weighting",
        "dim", "seed". An axis that is missing makes no second run.
    replicate_kind : {"half-samples", "seeds"} or None
        Replicates that intervals come from: fits on half-samples of the documents, fits under
        other seeds (half-samples too where they are asked for), or none since nothing is fitted.
    requires : tuple of str
        Packages that it cannot do without, of an extra; a study asks for them before it begins.
    takes_tasks : bool
        Whether `fit` takes a task in place of a corpus.
    devices : tuple of str
        Where it computes.
    cost : float
        Seconds of one core for a million tokens of text, in its order of magnitude.
    embedding_ : Embedding
        What `fit` left.

    Examples
    --------
    >>> class Model(NumberModel):
    ...     def __init__(self, *, dim=100):
    ...         self.dim = dim
    >>> Model(dim=3), Model(dim=3).get_params()
    (Model(dim=3), {'dim': 3})
    """

    name: ClassVar[str]
    reads: ClassVar[Literal["counts", "words", "corpus", "task"]] = "counts"
    axes: ClassVar[frozenset[str]] = frozenset()
    replicate_kind: ClassVar[Literal["half-samples", "seeds"] | None] = None
    requires: ClassVar[tuple[str, ...]] = ()
    takes_tasks: ClassVar[bool] = False
    devices: ClassVar[tuple[str, ...]] = ("cpu",)
    cost: ClassVar[float] = 1.0

    embedding_: Embedding

    def seconds(self, n_tokens: float) -> float:
        """Seconds of one core that `fit` takes on a text of so many tokens, by `cost`."""
        return self.cost * n_tokens / 1e6

    def fit_transform(self, X: Any, y: Any = None, **parameters: Any) -> Embedding:
        """Fit and return the embedding; parameters as of `fit`, `y` is ignored."""
        return self.fit(X, **parameters).embedding_  # type: ignore[attr-defined, no-any-return]

    def _require(self, **least: int) -> None:
        """Raise unless these parameters, the seed and the jobs are integers of so much or more."""
        if hasattr(self, "random_state"):
            least["random_state"] = 0
        if getattr(self, "n_jobs", -1) != -1:  # all cores
            least["n_jobs"] = 1
        for name, bound in least.items():
            most = _MOST.get(name, 2**31 - 1)
            whole_number(getattr(self, name), least=bound, most=most, what=name)

    def _require_positive(self, *names: str, zero: bool = False) -> None:
        """Raise unless these parameters are finite numbers above 0, or 0 too."""
        for name in names:
            value = getattr(self, name)
            if (
                not isinstance(value, Real)
                or not 0 <= float(value) < math.inf
                or not (value or zero)
            ):
                raise UsageError(
                    f"{name}={value!r} is out of range",
                    expected="a number of 0 or more" if zero else "a number above 0",
                )

    def _made(
        self,
        vectors: np.ndarray,
        numbers: np.ndarray,
        origin: Origin,
        *,
        counts: np.ndarray,
        name: str | None = None,
        flags: Iterable[str] = (),
        replicates: Replicates | None = None,
        **used: Any,
    ) -> Embedding:
        """Embedding of the whole; `used` are parameters as they came out in the end."""
        made = provenance(model=self.name, **{**self.get_params(deep=False), **used})
        return Embedding(
            vectors,
            numbers,
            size=origin.size,
            counts=counts[numbers],
            replicates=replicates or Replicates(),
            n_documents=origin.n_documents,
            flags=(*origin.flags, *flags),
            name=name or self.name,
            provenance={**origin.provenance, "embed": made},
        )


def fit_half_samples(
    fit: Callable[[Any, int, int], Embedding],
    pairs: Iterable[tuple[int, tuple[Any, Any]]],
    *,
    n_jobs: int = 1,
    threads: bool = False,
) -> Replicates:
    """Fit both halves of every half-sample; one in which a half cannot be fitted is left out.

    Parameters
    ----------
    fit : callable
        Called with the data of a half, the id of the half-sample and the side (0 or 1).
    pairs : iterable of (id, (data, data))
        Complementary halves.
    n_jobs : int
        Halves fitted at a time.
    threads : bool
        By threads, for fits in compiled loops; else by processes, to which `fit` and the data go.
    """
    tasks = ((fit, part, i, side) for i, pair in pairs for side, part in enumerate(pair))
    fitted: dict[int, list[Embedding]] = {}
    failed: set[int] = set()
    with bar("half-samples", unit="fits") as advance:
        for i, made in stream_tasks(_fitted, tasks, n_jobs=n_jobs, threads=threads):
            advance()
            if isinstance(made, Embedding):
                fitted.setdefault(i, []).append(made)
            elif i not in failed:
                log.warning("half-sample %d is left out: %s", i, made)
                failed.add(i)
    kept = {i: tuple(both) for i, both in fitted.items() if i not in failed}
    return Replicates("half-samples", tuple(kept), tuple(kept.values()))


def _fitted(fit: Callable[..., Embedding], part: Any, i: int, side: int) -> tuple[int, Any]:
    try:
        return i, fit(part, i, side)
    except InputError as error:
        return i, error
