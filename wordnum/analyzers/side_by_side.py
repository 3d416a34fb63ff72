"""Several analyses side by side: spectra as strips beside the table of kappas."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordnum.analyzers.analysis import Analysis
from wordnum.analyzers.explaining import LABELS
from wordnum.analyzers.plotting import diverging_colors, new_figure
from wordnum.analyzers.verdict_tree import Verdicts, draw_verdict_tree, tree_height
from wordnum.errors import InputError

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PERIODS = {2: "2", 5 / 2: "5/2", 10 / 3: "10/3", 5: "5", 10: "10"}
_GRID = np.linspace(0, 0.5, 501)


@dataclass(frozen=True, eq=False, repr=False)
class SideBySide:
    """Analyses of several systems, or of one at several sizes of the text.

    Attributes
    ----------
    by_name : mapping of str or float to Analysis
        By the name of the system, in the order of the figure, or by the size of the text.

    Raises
    ------
    InputError
        No analysis.

    Examples
    --------
    >>> from wordnum.analyzers import analyze
    >>> from wordnum.theory import planted_embedding
    >>> made = {
    ...     kappa: analyze(planted_embedding(phi=300, kappa=kappa), moduli=[2, 5, 10])
    ...     for kappa in (90, 0)
    ... }
    >>> both = SideBySide(made)
    >>> both
    <SideBySide of 2 systems, 90: both, 0: spectral>
    >>> both.to_frame().loc[(90, 10), "phi"].round(3)
    np.float64(300.0)
    """

    by_name: Mapping[Any, Analysis]

    def __post_init__(self) -> None:
        if not self.by_name:
            raise InputError("no analysis to put side by side", expected="at least one")

    def __getitem__(self, name: str | float) -> Analysis:
        return self.by_name[name]

    def __repr__(self) -> str:
        labels = {n: one.verdict and one.verdict.paper_label for n, one in self.by_name.items()}
        told = ", ".join(f"{name}: {label or 'no verdict'}" for name, label in labels.items())
        return f"<SideBySide of {len(labels)} systems, {told}>"

    def to_frame(self) -> pandas.DataFrame:
        """One row per system and T."""
        import pandas as pd

        frames = {name: one.to_frame() for name, one in self.by_name.items()}
        return pd.concat(frames, names=["system"])

    def plot(
        self, figure: Figure | None = None, *, title: str = "", detailed: bool = False
    ) -> Figure:
        """Draw spectrum strips beside the table of kappas, the paper's main figure.

        Parameters
        ----------
        figure : matplotlib Figure, optional
            Its size is set to what the systems need.
        title : str
        detailed : bool
            Write the interval, or else the permutation p, below each kappa, and the paper's label
            above the systems that have it; draw the tree of verdicts below.
        """
        rows = []
        for name, one in self.by_name.items():
            found = {T: row for T, row in one.rows().items() if row.get("kappa") is not None}
            rows.append(
                System(
                    name=str(name),
                    spectrum=(one.spectrum.frequency, one.spectrum.magnitude)
                    if one.spectrum
                    else None,
                    kappas={T: row["kappa"] for T, row in found.items()},
                    read={
                        T for T, each in (one.verdict or {}).items() if each.geometry != "neither"
                    },
                    label=LABELS[one.verdict.paper_label] if detailed and one.verdict else "",
                    details={T: _detail(row) for T, row in found.items()} if detailed else {},
                    verdicts={T: (each.spectral, each.geometry) for T, each in one.verdict.items()}
                    if detailed and one.verdict
                    else {},
                )
            )
        return plot_systems(rows, figure, title=title)


def _detail(row: Mapping[str, Any]) -> str:
    """The interval of a kappa, or where there is none its permutation p."""
    low, high, p_value = row.get("low"), row.get("high"), row.get("null_p")
    if low is not None and high is not None:
        # Rounded first: -0.3 is 0, not -0.
        return f"{round(low)} to {round(high)}"
    return "" if p_value is None else f"p {p_value:.3f}".replace("0.", ".", 1)


class System(NamedTuple):
    """A row of the figure.

    Attributes
    ----------
    name : str
    spectrum : (array, array) or None
        Frequencies and normalised magnitudes.
    kappas : mapping of int to float or None
        Kappa x 100 by T.
    read : set of int
        The T at which the verdict is not *neither*.
    label : str
        Heading of the systems from this one on, where it differs from the one before.
    details : mapping of int to str
        What is written below a kappa.
    verdicts : mapping of int to (bool, str)
        Whether the spike at 1/T is significant, and what is said of the geometry.
    """

    name: str
    spectrum: tuple[np.ndarray, np.ndarray] | None
    kappas: Mapping[int, float | None]
    read: Collection[int] = frozenset()
    label: str = ""
    details: Mapping[int, str] = MappingProxyType({})
    verdicts: Verdicts = MappingProxyType({})


def plot_systems(
    rows: Sequence[System], figure: Figure | None = None, *, title: str = ""
) -> Figure:
    """Draw spectrum strips beside the table of kappas, a row per system.

    Left, the normalised magnitude of every frequency, dark where it is four times the median;
    right, kappa x 100 of n mod T, bold where the verdict says that it is read; below, the tree of
    verdicts, for which the systems are numbered. What no system has a figure for is left out. The
    size of the figure is set to what that takes.
    """
    slots: list[System] = []
    headings, before = [], ""
    judged = len(rows) > 1 and any(row.verdicts for row in rows)
    for place, row in enumerate(rows, 1):
        if row.label and row.label != before:
            headings.append(len(slots))
            slots.append(System(f"label of the paper: {row.label}", None, {}))
        slots.append(row._replace(name=f"{row.name}  [{place}]") if judged else row)
        before = row.label
    panels = [(5, _strips)] * any(row.spectrum is not None for row in rows)
    panels += [(4, _kappa_table)] * any(row.kappas for row in rows)
    if not panels:
        raise InputError("nothing to draw side by side", expected="spectra, or kappas")
    height = 1.2 + (0.36 if any(row.details for row in rows) else 0.27) * len(slots)
    verdicts = [row.verdicts for row in rows]
    heights = [height, tree_height(verdicts)] if judged else [height]
    figure = new_figure(figure, (10.4, sum(heights)))
    figure.set_size_inches(10.4, sum(heights))
    parts = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    widths = [width for width, _ in panels]
    axes = parts[0].subplots(1, len(panels), width_ratios=widths, sharey=True, squeeze=False)[0]
    if judged:
        draw_verdict_tree(parts[1].subplots(), verdicts)
    for ax, (_, draw) in zip(axes, panels):
        draw(ax, slots)
    names = [row.name for row in slots]
    axes[0].set_yticks(range(len(slots)), names, fontsize=7, parse_math=False)
    for at in headings:
        axes[0].get_yticklabels()[at].set_fontweight("bold")
    axes[0].tick_params(axis="y", length=0)
    axes[0].set_ylim(len(slots) - 0.5, -0.5)
    if title:
        figure.suptitle(title, fontsize=10, parse_math=False)
    return figure


def _strips(ax: Axes, rows: Sequence[System]) -> None:
    strips = np.full((len(rows), _GRID.size), np.nan)
    for place, row in enumerate(rows):
        if row.spectrum is not None:
            strips[place] = np.interp(_GRID, *row.spectrum)
    span = (-0.0005, 0.5005, len(rows) - 0.5, -0.5)
    picture = ax.imshow(strips, aspect="auto", cmap="magma_r", vmin=1, vmax=4, extent=span,
                        interpolation="nearest")  # fmt: skip
    # Without a frame, and with room behind it, the spike at T = 2 can be seen.
    ax.spines[:].set_visible(False)
    ax.set_xticks([1 / T for T in _PERIODS], list(_PERIODS.values()), fontsize=7)
    ax.set_xlim(0, 0.503)
    ax.set_xlabel("period", fontsize=8)
    ax.set_title("spectrum", fontsize=9)
    bar = ax.figure.colorbar(picture, ax=ax, location="bottom", shrink=0.35, aspect=18, pad=0.02)
    bar.set_label("magnitude over its median", fontsize=7)
    bar.ax.tick_params(labelsize=6)


def _kappa_table(ax: Axes, rows: Sequence[System]) -> None:
    moduli = sorted({T for row in rows for T in row.kappas})
    known = [[row.kappas.get(T) for T in moduli] for row in rows]
    table = np.array([[np.nan if k is None else k for k in line] for line in known], dtype=float)
    colors = diverging_colors()
    ax.imshow(table.reshape(len(rows), -1), aspect="auto", cmap=colors, vmin=-100, vmax=100)
    for (place, column), kappa in np.ndenumerate(table):
        if np.isfinite(kappa):
            weight = "bold" if moduli[column] in rows[place].read else "normal"
            tone = "white" if abs(kappa) > 65 else "black"
            detail = rows[place].details.get(moduli[column], "")
            # Rounded first: a kappa of -0.3 is 0, not -0.
            ax.text(column, place - 0.13 * bool(detail), f"{round(kappa)}", ha="center",
                    va="center", fontsize=7, color=tone, fontweight=weight)  # fmt: skip
            if detail:
                ax.text(column, place + 0.26, detail, ha="center", va="center", fontsize=4.8,
                        color=tone)  # fmt: skip
    ax.set_xticks(range(len(moduli)), [str(T) for T in moduli], fontsize=7)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_title("kappa x 100 of a linear probe of n mod T", fontsize=9)
    told = ["T"]
    if any(row.read for row in rows):
        told.append("bold: read, by the verdict (kappa 5 or more, p < 0.01, interval above 0)")
    if any(row.details for row in rows):
        told.append("below: 95 % interval, or p where there is none")
    ax.set_xlabel("\n".join(told), fontsize=7)
