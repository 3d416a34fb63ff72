"""The linear probe of n mod T: cross-validated kappa with its interval, nulls and controls."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from wordnum.analyzers.agreement import confusion_matrix, kappa
from wordnum.analyzers.by_period import ByPeriod
from wordnum.analyzers.controls import CONTROLS, control_kappas
from wordnum.analyzers.cross_validation import CLOSED_FORM, Predictions, out_of_fold
from wordnum.analyzers.folds import random_folds
from wordnum.analyzers.inputs import centred_columns, one_blas_thread, rows_with_data
from wordnum.analyzers.intervals import half_sample_interval
from wordnum.analyzers.permutations import Null, permuted_kappas, permuted_labels
from wordnum.analyzers.plotting import BLUE, GREY, RED, bare_axes
from wordnum.analyzers.reasons import Reason
from wordnum.analyzers.residues import Task, check_classes, checked_moduli, tasks_for
from wordnum.backend import Backend, get_backend
from wordnum.config import one_of, whole_number
from wordnum.embeddings.embedding import Embedding
from wordnum.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CLASSIFIERS = ("lda", "ridge", "logistic", "mlp")
_PERMUTATIONS, _MOST_PERMUTATIONS = 200, 10_000
_COLUMNS = ("kappa", "low", "high", "interval_reason", "repeat_sd", "accuracy")
_NULL = "#CFCFCF"


@dataclass(frozen=True, eq=False, repr=False)
class ModulusProbe:
    """The probe of n mod T. Every kappa is Cohen's kappa x 100.

    Attributes
    ----------
    period : int
        T.
    kappa : float
        Mean over the repeats of the kappa of pooled out-of-fold predictions.
    low, high : float or None
        Interval from half-samples of the documents; None with `interval_reason`.
    interval_reason : str or None
        Why there is no interval: a code of `wordnum.analyzers.reasons`.
    repeat_sd : float or None
        Standard deviation over the repeats of the folds. Not an interval; None for one repeat.
    accuracy : float
        Share of left-out numbers that were right, 0..1.
    kappa_repeats : array of shape (repeats,)
    controls : dict of str to float or None
        Kappas beside the probe's own, None where there is no such task. "groups": folds of groups
        of 50 consecutive numbers. "excluding_multiples_of_5": trained and tested without them.
        "within_parity": mean of the probes among the even and among the odd numbers.
        "without_frequency": with the logarithm of a number's count regressed out.
    residues : array of int of shape (C,)
        Residue of every row and column of `confusion`.
    confusion : array of int of shape (C, C)
        True class by predicted class, over all repeats.
    recall_by_digit : array of shape (10,)
        Share of numbers with last digit 0..9 whose residue was right; NaN where there is none.
    null : Null or None
        Block-restricted permutations: within runs of T consecutive numbers. None where there was
        none.
    null_unrestricted : Null or None
        Permutations over all numbers.
    replicate_kappas : dict of int to (float, float)
        Kappas of both halves of every half-sample, by its id.
    """

    period: int
    kappa: float
    low: float | None
    high: float | None
    interval_reason: str | None
    repeat_sd: float | None
    accuracy: float
    kappa_repeats: np.ndarray
    controls: dict[str, float | None]
    residues: np.ndarray
    confusion: np.ndarray
    recall_by_digit: np.ndarray
    null: Null | None
    null_unrestricted: Null | None
    replicate_kappas: dict[int, tuple[float, float]]

    def __repr__(self) -> str:
        none, (low, high) = f"no interval: {self.interval_reason}", (self.low, self.high)
        around = none if low is None else f"{low:.1f} to {high:.1f}"
        p = f", p = {self.null.p_value:.2g}" if self.null else ""
        return f"<ModulusProbe of n mod {self.period}: kappa {self.kappa:.1f} ({around}){p}>"

    def row(self) -> dict[str, Any]:
        """What the table, a record and the JSON have of this T: one column per name."""
        row = {name: getattr(self, name) for name in _COLUMNS}
        row |= {f"kappa_{name}": self.controls.get(name) for name in CONTROLS}
        for name in ("null", "null_unrestricted"):
            null = getattr(self, name)
            row[f"{name}_mean"] = null.mean if null else None
            row[f"{name}_p95"] = null.p95 if null else None
            row[f"{name}_p"] = null.p_value if null else None
        return row

    def plot_confusion(self, ax: Axes | None = None, *, title: str = "") -> Axes:
        """Draw the confusion matrix by residue, rows in per cent of the true class."""
        from sklearn.metrics import ConfusionMatrixDisplay

        ax = bare_axes(ax, (3.6, 3.2))
        share = 100 * self.confusion / np.maximum(self.confusion.sum(axis=1, keepdims=True), 1)
        picture = {"cmap": "cividis", "im_kw": {"vmin": 0, "vmax": 100}}
        text = {"include_values": len(share) <= 12, "values_format": ".0f"}
        shown = ConfusionMatrixDisplay(share, display_labels=self.residues)
        shown.plot(ax=ax, text_kw={"fontsize": 6}, **picture, **text)
        T = self.period
        ax.set(xlabel=f"predicted n mod {T}", ylabel=f"n mod {T}, % of the class", title=title)
        return ax

    def plot_recall(self, ax: Axes | None = None, *, title: str = "") -> Axes:
        """Draw the share of numbers whose residue was right, by last digit.

        Roundness shows at 0 and 5.
        """
        ax = bare_axes(ax, (4.2, 2.4))
        digits = np.arange(10)
        colors = [BLUE if digit % 5 else RED for digit in digits]
        ax.bar(digits, 100 * np.nan_to_num(self.recall_by_digit), color=colors, width=0.7)
        ax.axhline(100 / len(self.residues), color=GREY, linewidth=0.8, linestyle="--")
        ax.set_xticks(digits)
        ax.set(xlabel="last digit", ylabel=f"recall of n mod {self.period}, %", ylim=(0, 100),
               title=title)  # fmt: skip
        return ax


@dataclass(frozen=True, eq=False, repr=False)
class ProbeResult(ByPeriod[ModulusProbe]):
    """Probes of n mod T for every T: a mapping from T to `ModulusProbe`.

    Attributes
    ----------
    by_period : dict of int to ModulusProbe
    classifier : str
    size : int
        N: the folds are dealt over 0..N-1.
    random_state, folds, repeats : int
    notes : tuple of Reason
        What a reader must know: a fit that did not converge, labels that were not permuted.
    """

    classifier: str
    size: int
    random_state: int
    folds: int
    repeats: int
    notes: tuple[Reason, ...] = ()

    def __repr__(self) -> str:
        shown = ", ".join(f"{T}: {p.kappa:.1f}" for T, p in self.items())
        return f"<ProbeResult {self.classifier}, kappa {shown}>"

    def plot(self, ax: Axes | None = None, *, title: str = "", color: str = BLUE) -> Axes:
        """Draw kappa over T with its interval, and the null's mean to 95th percentile."""
        ax = bare_axes(ax, (4.6, 2.6))
        for at, p in enumerate(self.values()):
            if p.null:
                ax.fill_between([at - 0.42, at + 0.42], p.null.mean, p.null.p95, color=_NULL,
                                linewidth=0)  # fmt: skip
            if p.low is not None and p.high is not None:
                ax.plot([at, at], [p.low, p.high], color="black", linewidth=1.2, zorder=3)
            ax.bar(at, p.kappa, width=0.6, color=color, zorder=2)
        ax.axhline(0, color="black", linewidth=0.6)
        if any(p.null for p in self.values()):
            bottom, top = ax.get_ylim()
            ax.set_ylim(bottom, top + 0.14 * (top - bottom))
            ax.fill_between([], [], color=_NULL, linewidth=0, label="permuted: mean to 95 %")
            ax.legend(frameon=False, fontsize=7, loc="upper center", borderaxespad=0.1)
        ax.set_xticks(range(len(self)), list(map(str, self)))
        ax.set(xlabel="T", ylabel="kappa x 100 of n mod T", title=title)
        return ax


@one_blas_thread
def probe(
    embedding: Embedding | np.ndarray,
    *,
    moduli: Iterable[int] = range(2, 11),
    classifier: str = "lda",
    random_state: int = 0,
    device: str = "cpu",
    nulls: int | None = None,
    repeats: int | None = None,
    folds: int = 5,
    controls: bool = True,
    intervals: bool = True,
) -> ProbeResult:
    """Probe n mod T for every T: Cohen's kappa x 100 of out-of-fold predictions.

    Numbers are dealt into five random folds, five times, the same for every T and every
    embedding. Inside each fold columns are standardised and one of seven regularisation alphas
    is chosen by leaving training numbers out; the predictions for the left-out
    numbers of the five folds are pooled into one kappa, and the repeats are averaged.

    Parameters
    ----------
    embedding : Embedding or array of shape (n, d)
        Row n of a plain array is the vector of number n.
    moduli : iterable of int
        The T.
    classifier : {"lda", "ridge", "logistic", "mlp"}
        Linear discriminant with covariance ``S_W + a I`` and equal priors (the default, exact in
        closed form, see `wordnum.analyzers.closed_form`); least squares on class indicators, as
        scikit-learn's RidgeClassifierCV; multinomial logistic regression; one hidden layer.
    random_state : int
        Of folds and permutations.
    device : {"cpu", "cuda"}
        Where the closed-form classifiers compute.
    nulls : int, optional
        Permutations of either kind; 200 for lda and ridge, 0 for the iterative ones, which would
        train thousands of times.
    repeats : int, optional
        Times the folds are drawn; 5 for lda and ridge, 1 for the iterative ones.
    folds : int
        Parts that the numbers are dealt into, at least 2.
    controls : bool
        Also the kappas of groups, excluding multiples of 5, within parity, without frequency
        (one repeat each).
    intervals : bool
        Also the intervals, where the embedding has half-samples.

    Returns
    -------
    ProbeResult

    Raises
    ------
    UsageError, InputError
        Unknown classifier; a T below 2 or above N; nulls above 10,000, repeats above 1000; fewer
        numbers than folds or twice the classes; one class only; vectors that are not finite and
        real.

    Notes
    -----
    Ties go to the smallest class. Negative kappa is reported as it is: a smooth embedding has
    neighbours of all other residues. A constant embedding has kappa 0.

    The alpha of the permutations is that of the real labels. Choosing it anew for each of them
    takes eighty times as long and leaves the mean of the p-values under their null where it is,
    within 0.01 (``benchmarks/false_positives.py``).

    References
    ----------
    Fu et al., arXiv 2604.20817, geometric convergence.

    Examples
    --------
    >>> n = np.arange(200)
    >>> e = np.stack([np.cos(2 * np.pi * n / 5), np.sin(2 * np.pi * n / 5)], axis=1)
    >>> result = probe(e, moduli=[2, 5], nulls=19)
    >>> round(result[5].kappa, 1), result[5].null.p_value
    (100.0, 0.05)
    """
    embedding = rows_with_data(embedding)
    one_of(classifier, CLASSIFIERS, what="classifier")
    periods = checked_moduli(moduli, size=embedding.size)
    closed = classifier in CLOSED_FORM
    nulls = (_PERMUTATIONS if closed else 0) if nulls is None else nulls
    repeats = (5 if closed else 1) if repeats is None else repeats
    nulls = whole_number(nulls, least=0, most=_MOST_PERMUTATIONS, what="nulls")
    repeats = whole_number(repeats, most=1000, what="repeats")
    folds = whole_number(folds, least=2, what="folds")
    random_state = whole_number(random_state, least=0, most=2**63, what="random_state")
    check_classes(embedding.numbers, periods, folds=folds)
    dealt = random_folds(embedding.size, folds=folds, repeats=repeats, random_state=random_state)
    run = _Run(get_backend(device), embedding, periods, classifier, folds, random_state, dealt)
    main = [run.predict(run.X, run.tasks, fold_of) for fold_of in run.folds_of]
    permuted = run.nulls(main[0].chosen, nulls) if nulls else ([], [])
    beside = {}
    if controls:
        beside = control_kappas(embedding, periods, folds, random_state, run.on_rows)
    replicates = run.replicates(main[0].chosen) if intervals else {}
    by_period = {}
    for at, task in enumerate(run.tasks):
        predicted = np.stack([predictions.labels[at] for predictions in main])
        repeated = np.asarray(kappa(task.labels[None], predicted, task.n_classes))
        right = predicted == task.labels
        pairs = {i: (one[at], other[at]) for i, (one, other) in replicates.items()}
        mean = float(repeated.mean())
        low, high, reason = half_sample_interval(task.period, mean, pairs, embedding=embedding)
        first = float(repeated[0])
        null, unrestricted = (Null(values[at], first) if nulls else None for values in permuted)
        by_period[task.period] = ModulusProbe(
            period=task.period,
            kappa=mean,
            low=low,
            high=high,
            interval_reason=reason if intervals else "not-asked",
            repeat_sd=float(repeated.std(ddof=1)) if repeats > 1 else None,
            accuracy=float(right.mean()),
            kappa_repeats=repeated,
            controls={name: beside.get(name, {}).get(task.period) for name in CONTROLS},
            residues=task.residues,
            confusion=confusion_matrix(task.labels[None], predicted, task.n_classes).sum(axis=0),
            recall_by_digit=_recall_by_digit(embedding.numbers, right),
            null=null,
            null_unrestricted=unrestricted,
            replicate_kappas=pairs,
        )
    return ProbeResult(
        by_period=by_period,
        classifier=classifier,
        size=embedding.size,
        random_state=random_state,
        folds=folds,
        repeats=repeats,
        notes=_notes(classifier, main, nulls),
    )


def _notes(classifier: str, main: list[Predictions], nulls: int) -> tuple[Reason, ...]:
    notes = [] if nulls else [Reason.of("no-permutations")]
    failed = sorted(frozenset().union(*(predictions.failed for predictions in main)))
    if failed:
        periods = ", ".join(map(str, failed))
        notes.append(Reason.of("not-converged", classifier=classifier, periods=periods))
    return tuple(notes)


@dataclass(frozen=True, eq=False)
class _Run:
    """One embedding with its folds, and every way it is cross-validated."""

    backend: Backend
    embedding: Embedding
    periods: Sequence[int]
    classifier: str
    folds: int
    random_state: int
    by_number: np.ndarray

    @cached_property
    def tasks(self) -> list[Task]:
        return tasks_for(self.embedding.numbers, self.periods)

    @cached_property
    def X(self) -> Any:  # noqa: N802
        return self.backend.asarray(centred_columns(self.embedding.vectors))

    @property
    def folds_of(self) -> np.ndarray:
        return self.by_number[:, self.embedding.numbers]

    def predict(
        self, X: Any, tasks: Sequence[Task], fold_of: np.ndarray, **options: Any
    ) -> Predictions:
        how: dict[str, Any] = {"classifier": self.classifier, "random_state": self.random_state}
        return out_of_fold(self.backend, X, tasks, fold_of, **how, **options)

    def on_rows(self, rows: np.ndarray, *args: Any, **options: Any) -> Predictions:
        """Predictions for some rows only, fitted on some rows only."""
        return self.predict(self.X[self.backend.asarray(rows)], *args, **options)

    def nulls(self, chosen: np.ndarray, times: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Kappas under block-restricted and under unrestricted permutations, per task."""
        rng = np.random.default_rng([self.random_state, 2])
        numbers, fold_of = self.embedding.numbers, self.folds_of[0]
        # One task after another: labels of many permutations of all of them would fill the memory.
        labels = (
            np.concatenate(
                [permuted_labels(task, numbers, times, rng, restricted=r) for r in (True, False)]
            )
            for task in self.tasks
        )
        if self.classifier in CLOSED_FORM:
            ridge = self.classifier == "ridge"
            given = self.backend, self.X, self.tasks, labels, fold_of, chosen
            kappas = permuted_kappas(*given, ridge=ridge)
        else:
            refitted = []
            for rows in zip(*labels, strict=True):
                tasks = [Task(t.period, row, t.residues) for t, row in zip(self.tasks, rows)]
                refitted.append(self._kappas(self.X, tasks, fold_of, chosen))
            kappas = list(np.array(refitted).T)
        return [values[:times] for values in kappas], [values[times:] for values in kappas]

    def _kappas(
        self, X: Any, tasks: Sequence[Task], fold_of: np.ndarray, chosen: np.ndarray
    ) -> list[float]:
        labels = self.predict(X, tasks, fold_of, chosen=chosen).labels
        return [float(kappa(t.labels, row, t.n_classes)) for t, row in zip(tasks, labels)]

    def replicates(self, chosen: np.ndarray) -> dict[int, list[list[float]]]:
        """Kappas per T of both halves of every half-sample, by id: first repeat, same alphas."""
        found = self.embedding.replicates
        try:
            for half in itertools.chain(*found.pairs):
                check_classes(half.numbers, self.periods, folds=self.folds)
        except InputError:
            return {}
        pairs = zip(found.ids, found.pairs)
        return {i: [self._half(half, chosen) for half in pair] for i, pair in pairs}

    def _half(self, half: Embedding, chosen: np.ndarray) -> list[float]:
        X = self.backend.asarray(centred_columns(half.vectors))
        fold_of = self.by_number[0][half.numbers]
        return self._kappas(X, tasks_for(half.numbers, self.periods), fold_of, chosen)


def _recall_by_digit(numbers: np.ndarray, right: np.ndarray) -> np.ndarray:
    digit = numbers % 10
    seen = np.bincount(digit, minlength=10)
    hits = np.bincount(digit, weights=right.mean(axis=0), minlength=10)
    return np.where(seen > 0, hits / np.maximum(seen, 1), np.nan)
