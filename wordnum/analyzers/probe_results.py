"""What a probe of n mod T found: kappa, its interval, nulls and controls; and how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wordnum.analyzers.by_period import ByPeriod
from wordnum.analyzers.controls import CONTROLS, Control
from wordnum.analyzers.permutations import Null
from wordnum.analyzers.plotting import BLUE, GREY, RED, bare_axes, period_axis
from wordnum.analyzers.reasons import Reason
from wordnum.analyzers.roundness import roundness_ceiling

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = (
    "kappa", "low", "high", "interval_reason", "repeat_sd", "accuracy", "kappa_minus_ceiling",
    "alternative_kappa",
)  # fmt: skip
# Of a control, in a table.
_OF_CONTROLS = ("kappa", "low", "high", "p_value", "random_mean")
_NULL = "#CFCFCF"
# Codes of notes that are flags of the embedding.
_FLAGS = ("classifiers-disagree", "more-dimensions")


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
    alternative_kappa : float
        Kappa of the first repeat by another classifier: ridge beside lda, lda beside any other.
    controls : dict of str to Control
        Probes beside the probe itself, at the alphas that it selected in the same folds; what
        cannot be asked at this T is absent. "excluding multiples of 5", "excluding multiples of
        10": trained and tested without them. "within parity": mean of the probes among the even and
        among the odd numbers. "groups": folds of groups of 50 consecutive numbers. "without
        frequency": the logarithm of a number's count regressed out of every column; "without
        frequency within runs of ten": that less its mean among the ten numbers that share all
        digits but the last. "without roundness": see `wordnum.analyzers.roundness.roundness`.
    residues : array of int of shape (C,)
        Residue of every row and column of `confusion`.
    confusion : array of int of shape (C, C)
        True class by predicted class, over all repeats.
    recall_by_digit : array of shape (10,)
        Share of numbers with last digit 0..9 whose residue was right; NaN where there is none.
    null : Null or None
        Of kappa, the mean over the repeats, under block-restricted permutations: within runs of T
        consecutive numbers. None where there was none.
    null_unrestricted : Null or None
        Under permutations over all numbers.
    replicate_kappas : dict of int to (float, float)
        Kappas of both halves of every half-sample, by its id, as `equal_halves` leaves them.
    """

    period: int
    kappa: float
    low: float | None
    high: float | None
    interval_reason: str | None
    repeat_sd: float | None
    accuracy: float
    kappa_repeats: np.ndarray
    alternative_kappa: float
    controls: dict[str, Control]
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

    @property
    def roundness_ceiling(self) -> float:
        """Kappa of who knows only whether a number is a multiple of 5 and of 10."""
        return roundness_ceiling(self.period)

    @property
    def kappa_minus_ceiling(self) -> float:
        """Kappa less the `roundness_ceiling`: what roundness cannot explain is positive."""
        return self.kappa - self.roundness_ceiling

    def to_dict(self) -> dict[str, Any]:
        """As the JSON has it."""
        null, other = self.null, self.null_unrestricted
        return {
            **{name: getattr(self, name) for name in _COLUMNS},
            "p_value": null.p_value if null else None,
            "null_mean": null.mean if null else None,
            "null_p95": null.p95 if null else None,
            "unrestricted_p_value": other.p_value if other else None,
            "controls": {name: one.to_dict() for name, one in self.controls.items()},
        }

    def row(self) -> dict[str, Any]:
        """What the table and a record have of this T: one column per name."""
        row = {name: getattr(self, name) for name in _COLUMNS}
        for name in CONTROLS:
            for value in _OF_CONTROLS:
                column = control_column(name, value)
                row[column] = getattr(self.controls.get(name), value, None)
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
        What a reader must know: a fit that did not converge, labels that were not permuted,
        classifiers that disagree, dimensions as many as training numbers.
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

    @property
    def flags(self) -> tuple[str, ...]:
        """Codes of the notes that an embedding is flagged with."""
        return tuple(dict.fromkeys(note.code for note in self.notes if note.code in _FLAGS))

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
        period_axis(ax, self)
        ax.set(ylabel="kappa x 100 of n mod T", title=title)
        return ax


def control_column(control: str, value: str = "kappa") -> str:
    """Name of the column of a table that holds a value of a control.

    Examples
    --------
    >>> control_column("within parity"), control_column("within parity", "low")
    ('kappa_within_parity', 'kappa_within_parity_low')
    """
    column = f"kappa_{control.replace(' ', '_')}"
    return column if value == "kappa" else f"{column}_{value.removesuffix('_value')}"
