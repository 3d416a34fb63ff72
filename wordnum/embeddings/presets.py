"""From a corpus or its counts to number vectors in one call: a preset, or a choice of one's own.

A preset is a named choice of numerals, window, signal, weighting, model and dimension.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from wordnum.config import one_of
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.opening import open_counts
from wordnum.cooccurrence.windows import Window
from wordnum.cooccurrence.word_counts import WordCounts
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.registry import make_model, model_class, parameter_names
from wordnum.errors import UsageError


@dataclass(frozen=True)
class Preset:
    """One named way from text to number vectors.

    Parameters
    ----------
    name : str
        What it is asked for by.
    description : str
        One sentence.
    numerals : {"whole", "l2r3", "r2l3", "digit"}
        How numbers are read.
    ordinals : {"out", "keep"}
        Whether "21st" counts as 21. The suffix spells the last digit, so what keeps ordinals is
        flagged and never compared with what does not.
    window : Window
        Contexts.
    signal : {"both", "text", "number"}
        Which of them.
    model : str
        Name of `wordnum.embeddings.registry`.
    parameters : mapping
        Of the model.

    Examples
    --------
    >>> PRESETS["hellinger-1"].make(dim=50)
    SVD(dim=50)
    """

    name: str
    description: str
    numerals: str = "whole"
    ordinals: str = "out"
    window: Window = field(default_factory=lambda: Window(size=2))
    signal: str = "both"
    model: str = "svd"
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def make(self, **changes: Any) -> Any:
        """Model of the preset, with other parameters where given."""
        return make_model(self.model, **{**self.parameters, **changes})


def _read_presets() -> dict[str, Preset]:
    table = tomllib.loads((Path(__file__).parent / "presets.toml").read_text(encoding="utf-8"))
    return {
        name: Preset(name, **{**values, "window": Window(**values["window"])})
        for name, values in table.items()
    }


# Against the other presets: benchmarks/presets.md.
DEFAULT_PRESET = "hellinger-mass-3"
PRESETS: dict[str, Preset] = _read_presets()


def embed(
    source: EncodedCorpus | Counts | WordCounts | str | os.PathLike[str],
    *,
    preset: Preset | str | None = None,
    model: str | None = None,
    signal: str | None = None,
    window: int | Window | None = None,
    side: Literal["both", "left", "right"] | None = None,
    positional: bool | None = None,
    contexts: Any = None,
    random_state: int = 0,
    device: str = "cpu",
    n_jobs: int = 1,
    **parameters: Any,
) -> Embedding:
    """Make number vectors of a corpus or of its counts.

    Parameters
    ----------
    source : EncodedCorpus, Counts, WordCounts or path
        A corpus is counted first, unless the model trains on the text itself. Counts are read
        over the whole window that they were counted with, unless a preset or a window is named.
    preset : str or Preset, optional
        Name in `PRESETS`; where no model is named either, the best that we know.
    model : str, optional
        A model with its own defaults instead of the preset's.
    signal, window, side, positional : optional
        Which contexts are read, where not as the preset says. A window is a size or a `Window`.
    contexts : optional
        These contexts only: a group's name, words, or a TOML file; see `Counts.signal`.
    random_state : int
        Of models that draw at random.
    device : {"cpu", "cuda"}
        Where to compute.
    n_jobs : int
        Workers.
    **parameters
        Of the model, such as ``weighting`` and ``dim``; None means the preset's.

    Returns
    -------
    Embedding
        Its provenance says what was made, under "embed".

    Raises
    ------
    UsageError
        An unknown preset, model or parameter; a preset that wants other numerals than the source
        was encoded with; counts for a model that reads text; a choice of contexts, or a device,
        that the source or the model does not have.

    Examples
    --------
    >>> from wordnum.corpus.synthetic import SyntheticCorpus
    >>> corpus = SyntheticCorpus(n_documents=50, size=100).encoded()
    >>> embed(corpus, weighting="ppmi", dim=8, half_samples=False)
    <Embedding svd-ppmi: 97 of 100 numbers; dim 8>
    """
    opened = open_counts(source)
    chosen = _chosen(preset, model, signal, parameters)
    kind = model_class(chosen.model)
    one_of(device, kind.devices, what=f"device of the model {chosen.model!r}:")
    if kind.reads == "corpus" and not isinstance(opened, EncodedCorpus):
        raise UsageError(
            f"the model {chosen.model!r} trains on text, not on counts",
            expected="an encoded corpus",
            remedy="pass the corpus that the counts were made of",
        )
    _check_numerals(opened, chosen)
    read = {"window": window, "signal": signal, "side": side, "positional": positional,
            "contexts": contexts}  # fmt: skip
    given: dict[str, Any] = {k: value for k, value in read.items() if value is not None}
    if isinstance(opened, WordCounts) and given:
        raise UsageError(
            "counts of all words were summed over their window",
            expected="no window, signal, side, positional or contexts",
            got=f"{', '.join(given)} for counts of {opened.window.label}",
            remedy="count again with another window, or count number rows",
        )
    known_choices = {*kind.axes, "contexts"} if "side" in kind.axes else kind.axes
    for name in given:
        one_of(name, known_choices, what=f"choice for the model {chosen.model!r}:")
    around = _window_of(opened, chosen, window, follow=preset is None)
    around = replace(around, **{k: v for k, v in given.items() if k in ("side", "positional")})
    offered = {
        "random_state": random_state,
        "device": device,
        "n_jobs": n_jobs,
        "window": around.size,
        "signal": chosen.signal,
        "rows": "all" if isinstance(opened, WordCounts) else "numbers",
    }
    known = parameter_names(chosen.model)
    estimator = chosen.make(**{k: value for k, value in offered.items() if k in known})
    if kind.reads == "corpus" or isinstance(opened, WordCounts):
        return estimator.fit_transform(opened)
    if isinstance(opened, EncodedCorpus):
        from wordnum.cooccurrence.counting import (
            count,  # numba is not needed where counts are given
        )

        opened = count(opened, window=around.size, n_jobs=n_jobs)
    columns = opened.signal(chosen.signal, window=around, contexts=contexts)
    return estimator.fit_transform(columns)


def _window_of(opened: Any, chosen: Preset, window: int | Window | None, *, follow: bool) -> Window:
    """Window as it is named; else the counts' own where they are followed, else the preset's."""
    if isinstance(window, Window):
        return window
    if window is None and follow and isinstance(opened, Counts):
        window = opened.window_size
    return replace(chosen.window, size=chosen.window.size if window is None else window)


def made_by(embedding: Embedding) -> str:
    """Say in a line what a model of ours made, from what the fitted model left.

    Examples
    --------
    >>> from wordnum.embeddings.baselines import Random
    >>> made_by(Random(dim=3).fit_transform([[1, 2], [3, 4]]))
    'random; dim 3'
    """
    made = embedding.provenance.get("embed", {}).get("parameters", {})
    if "model" not in made:
        return f"{embedding.name or 'unnamed'}; dim {embedding.dim}"
    used = {**made, **embedding.provenance.get("read", {})}
    axes = model_class(made["model"]).axes
    words = [f"{name} {used[name]}" for name in ("weighting", "signal", "window") if name in axes]
    return "; ".join([made["model"], *words, f"dim {embedding.dim}"])


def _chosen(
    preset: Preset | str | None, model: str | None, signal: str | None, parameters: dict[str, Any]
) -> Preset:
    """Return a preset with changes; without a name and a model, the default one."""
    named = preset or DEFAULT_PRESET
    base = named if isinstance(named, Preset) else PRESETS[one_of(named, PRESETS, what="preset")]
    if model is not None and (preset is None or model != base.model):
        base = Preset(model, f"{model} with its defaults", window=Window(size=5), model=model)
    given = {name: value for name, value in parameters.items() if value is not None}
    return replace(base, signal=signal or base.signal, parameters={**base.parameters, **given})


def _check_numerals(source: EncodedCorpus | Counts | WordCounts, preset: Preset) -> None:
    if preset.ordinals == "keep" and source.vocabulary.numerals.ordinals != "keep":
        raise UsageError(
            f"the preset {preset.name!r} keeps ordinals; this corpus was encoded without them",
            remedy="encode the text again with --ordinals keep, or choose another preset",
        )
