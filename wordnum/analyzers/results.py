"""What a probe found, per T and in all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wordnum.analyzers.permutations import Null

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

__all__ = ["ModulusProbe", "ProbeResult"]


_COLUMNS = (
    "kappa",
    "low",
    "high",
    "reason",
    "repeat_sd",
    "accuracy",
    "kappa_groups",
    "kappa_without_fives",
    "kappa_within_parity",
    "kappa_without_frequency",
)


@dataclass(frozen=True, eq=False)
class ModulusProbe:
    """The probe of n mod T. Every kappa is Cohen's kappa x 100.

    Attributes
    ----------
    period : int
        T.
    kappa : float
        Mean over the repeats of the kappa of pooled out-of-fold predictions.
    low, high : float or None
        Interval from half-splits of the documents; None with `reason`.
    reason : str or None
        Why there is no interval.
    repeat_sd : float or None
        Standard deviation over the repeats of the folds. Not an interval; None for one repeat.
    accuracy : float
        Share of left-out numbers that were right, 0..1.
    kappa_repeats : array of shape (repeats,)
    kappa_groups : float or None
        With folds of groups of 50 consecutive numbers.
    kappa_without_fives : float or None
        Probe trained and tested without the multiples of 5; None where that leaves no task.
    kappa_within_parity : float or None
        Mean of the probes among the even and among the odd numbers; None where that leaves no
        task.
    kappa_without_frequency : float or None
        With the logarithm of a number's count regressed out; None without counts.
    residues : array of int of shape (C,)
        Residue of every row and column of `confusion`.
    confusion : array of int of shape (C, C)
        True class by predicted class, over all repeats.
    recall_by_digit : array of shape (10,)
        Share of numbers with last digit 0..9 whose residue was right; NaN where there is none.
    null : Null or None
        Labels shuffled within runs of T consecutive numbers. None where no shuffle was run.
    null_plain : Null or None
        Labels shuffled over all numbers.
    half_kappas : array of shape (splits, 2)
        Kappa of both halves of every half-split.
    """

    period: int
    kappa: float
    low: float | None
    high: float | None
    reason: str | None
    repeat_sd: float | None
    accuracy: float
    kappa_repeats: np.ndarray
    kappa_groups: float | None
    kappa_without_fives: float | None
    kappa_within_parity: float | None
    kappa_without_frequency: float | None
    residues: np.ndarray
    confusion: np.ndarray
    recall_by_digit: np.ndarray
    null: Null | None
    null_plain: Null | None
    half_kappas: np.ndarray


@dataclass(frozen=True, eq=False, repr=False)
class ProbeResult:
    """Probes of n mod T for every T: a mapping from T to `ModulusProbe`.

    Attributes
    ----------
    by_period : dict of int to ModulusProbe
    classifier : str
    numbers : array of int of shape (n,)
        The numbers present.
    size : int
        N: the folds are dealt over 0..N-1.
    dim, seed, folds, repeats : int
    notes : tuple of str
        What a reader must know: a fit that did not converge, nulls that were not run.
    """

    by_period: dict[int, ModulusProbe]
    classifier: str
    numbers: np.ndarray
    size: int
    dim: int
    random_state: int
    folds: int
    repeats: int
    notes: tuple[str, ...] = ()

    def __getitem__(self, period: int) -> ModulusProbe:
        return self.by_period[period]

    def __repr__(self) -> str:
        shown = ", ".join(f"{T}: {p.kappa:.1f}" for T, p in self.by_period.items())
        return f"<ProbeResult {self.classifier} on {len(self.numbers)} numbers, kappa {shown}>"

    def to_frame(self) -> pandas.DataFrame:
        """One row per T."""
        import pandas as pd

        rows = []
        for T, p in self.by_period.items():
            row: dict[str, Any] = {"T": T, **{name: getattr(p, name) for name in _COLUMNS}}
            for prefix, null in (("null", p.null), ("null_plain", p.null_plain)):
                row[f"{prefix}_mean"] = null.mean if null else None
                row[f"{prefix}_p95"] = null.p95 if null else None
                row[f"{prefix}_p"] = null.p_value if null else None
            rows.append(row)
        return pd.DataFrame(rows).set_index("T")

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw kappa over T with its interval and the shuffled null."""
        from wordnum.analyzers.plotting import plot_kappa

        return plot_kappa(self, ax=ax, **options)

    def plot_confusion(self, period: int = 10, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the confusion matrix of one T."""
        from wordnum.analyzers.plotting import plot_confusion

        return plot_confusion(self[period], ax=ax, **options)

    def plot_recall(self, period: int = 10, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the recall by last digit at one T."""
        from wordnum.analyzers.plotting import plot_recall

        return plot_recall(self[period], ax=ax, **options)
