"""Many systems side by side: their spectra as strips beside the table of kappas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordnum.analyzers.analysis import Analysis
from wordnum.errors import InputError

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["System", "Systems", "plot_systems", "systems"]

_PERIODS = {2: "2", 5 / 2: "5/2", 10 / 3: "10/3", 5: "5", 10: "10"}
_GRID = np.linspace(0, 0.5, 501)


@dataclass(frozen=True, eq=False)
class Systems:
    """Analyses by the names of their systems, in the order given.

    Attributes
    ----------
    by_name : dict of str to Analysis
    """

    by_name: dict[str, Analysis]

    def __getitem__(self, name: str) -> Analysis:
        return self.by_name[name]

    def __repr__(self) -> str:
        verdicts = ", ".join(f"{name}: {one.verdict}" for name, one in self.by_name.items())
        return f"<Systems, {verdicts}>"

    def to_frame(self) -> pandas.DataFrame:
        """One row per system and T."""
        import pandas as pd

        frames = [one.to_frame().assign(system=name) for name, one in self.by_name.items()]
        return pd.concat(frames).reset_index().set_index(["system", "T"])

    def plot(self, *, title: str = "") -> Figure:
        """Draw spectrum strips beside the table of kappas, the paper's main figure."""
        return plot_systems([_row(name, one) for name, one in self.by_name.items()], title=title)


def systems(analyses: Mapping[str, Analysis]) -> Systems:
    """Put analyses side by side.

    Parameters
    ----------
    analyses : mapping of str to Analysis
        By the name of the system.

    Raises
    ------
    InputError
        No analysis.

    Examples
    --------
    >>> from wordnum.analyzers import analyze
    >>> from wordnum.theory.theorem import planted_embedding
    >>> made = {
    ...     name: analyze(planted_embedding(phi=300, kappa=kappa), moduli=[2, 5, 10])
    ...     for name, kappa in (("strong", 90), ("a spike only", 0))
    ... }
    >>> systems(made)
    <Systems, strong: both, a spike only: spectral>
    """
    if not analyses:
        raise InputError("no analysis to put side by side", expected="at least one system")
    return Systems(dict(analyses))


class System(NamedTuple):
    """A row of the figure.

    Attributes
    ----------
    name : str
    spectrum : (array, array) or None
        Frequencies and normalised magnitudes.
    kappas, p_values : mapping of int to float or None
        Kappa x 100 and its shuffle p-value by T.
    """

    name: str
    spectrum: tuple[np.ndarray, np.ndarray] | None
    kappas: Mapping[int, float | None]
    p_values: Mapping[int, float | None]


def _row(name: str, one: Analysis) -> System:
    found = one.spectrum
    probes = one.probe.by_period if one.probe else {}
    return System(
        name=name,
        spectrum=(found.frequency, found.magnitude) if found else None,
        kappas={T: p.kappa for T, p in probes.items()},
        p_values={T: p.null.p_value if p.null else None for T, p in probes.items()},
    )


def plot_systems(rows: Sequence[System], *, title: str = "") -> Figure:
    """Draw spectrum strips beside the table of kappas, a row per system.

    Left, the normalised magnitude of every frequency, dark where it is four times the median;
    right, kappa x 100 of n mod T, bold where its shuffle p is below 0.01.
    """
    import matplotlib.pyplot as plt

    height = 1.1 + 0.27 * len(rows)
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(10.4, height), width_ratios=(5, 4), layout="constrained", sharey=True
    )
    _strips(left, rows)
    _kappa_table(right, rows)
    left.set_yticks(range(len(rows)), [row.name for row in rows], fontsize=7)
    left.set_ylim(len(rows) - 0.5, -0.5)
    if title:
        figure.suptitle(title, fontsize=10)
    return figure


def _strips(ax: Axes, rows: Sequence[System]) -> None:
    strips = np.full((len(rows), _GRID.size), np.nan)
    for place, row in enumerate(rows):
        if row.spectrum is not None:
            strips[place] = np.interp(_GRID, *row.spectrum)
    picture = ax.imshow(
        strips,
        aspect="auto",
        cmap="magma_r",
        vmin=1,
        vmax=4,
        extent=(-0.0005, 0.5005, len(rows) - 0.5, -0.5),
        interpolation="nearest",
    )
    # Without a frame, and with room behind it, the spike at T = 2 can be seen.
    ax.spines[:].set_visible(False)
    ax.set_xlim(0, 0.503)
    ax.set_xticks([1 / T for T in _PERIODS], list(_PERIODS.values()), fontsize=7)
    ax.set_xlabel("period", fontsize=8)
    ax.set_title("spectrum", fontsize=9)
    bar = ax.figure.colorbar(picture, ax=ax, location="bottom", shrink=0.35, aspect=18, pad=0.02)
    bar.set_label("magnitude over its median", fontsize=7)
    bar.ax.tick_params(labelsize=6)


def _kappa_table(ax: Axes, rows: Sequence[System]) -> None:
    moduli = sorted({T for row in rows for T in row.kappas})
    known = [[row.kappas.get(T) for T in moduli] for row in rows]
    table = np.array([[np.nan if k is None else k for k in line] for line in known], dtype=float)
    ax.imshow(table.reshape(len(rows), -1), aspect="auto", cmap="RdBu", vmin=-100, vmax=100)
    for (place, column), kappa in np.ndenumerate(table):
        if np.isfinite(kappa):
            p_value = rows[place].p_values.get(moduli[column])
            weight = "bold" if p_value is not None and p_value < 0.01 and kappa > 0 else "normal"
            tone = "white" if abs(kappa) > 65 else "black"
            # Rounded first: a kappa of -0.3 is 0, not -0.
            ax.text(column, place, f"{round(kappa)}", ha="center", va="center", fontsize=7,
                    color=tone, fontweight=weight)  # fmt: skip
    ax.set_xticks(range(len(moduli)), [str(T) for T in moduli], fontsize=7)
    ax.set_xlabel("T", fontsize=8)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_title("kappa x 100 of a linear probe of n mod T", fontsize=9)
