"""Figures of a whole study as files for print: what is drawn, and the spectra beside the kappas."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from wordnum.analyzers.plotting import save_figure
from wordnum.analyzers.side_by_side import System
from wordnum.analyzers.side_by_side import plot_systems as draw_systems
from wordnum.config import one_of
from wordnum.errors import InputError
from wordnum.report.data import Cell, StudyData, load_study, normalised_spectrum
from wordnum.report.panels import (
    plot_attribution,
    plot_conditions,
    plot_growth,
    plot_windows,
    thinned_cells,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "FORMATS",
    "plot_attribution",
    "plot_conditions",
    "plot_growth",
    "plot_systems",
    "plot_windows",
    "write_figures",
]

FORMATS = ("pdf", "svg", "png")
# Rows on one page of the main figure; more systems go on to another.
_ROWS = 40


def write_figures(folder: str | Path, *, format: str = "pdf") -> list[Path]:  # noqa: A002
    """Write the figures of a study into its folder ``figures``.

    Parameters
    ----------
    folder : path-like
        A study's folder.
    format : {"pdf", "svg", "png"}
        Vector formats embed their fonts.

    Returns
    -------
    list of Path
        ``systems.pdf`` (``systems-2.pdf`` … where there are many). Then, where the study has them:
        ``conditions-T10.pdf`` and so on for T = 2 and 5, ``windows.pdf``, ``growth.pdf`` for a
        corpus thinned to several sizes, and an attribution for each of its questions.

    Raises
    ------
    InputError
        The folder holds no study, or every cell failed.
    UsageError
        A format that does not exist.
    """
    import matplotlib as mpl

    one_of(format, FORMATS, what="figure format")
    data = load_study(folder)
    if not data.done:
        raise InputError("every cell of the study failed: there is nothing to draw")
    mpl.use("agg")
    return [
        save_figure(draw(), Path(folder) / "figures" / f"{name}.{format}")
        for name, draw in _figures(data)
    ]


def _figures(data: StudyData) -> Iterator[tuple[str, Callable[[], Figure]]]:
    cells = data.done
    for page, first in enumerate(range(0, len(cells), _ROWS), 1):
        part = cells[first : first + _ROWS]
        suffix = "" if page == 1 else f"-{page}"
        yield f"systems{suffix}", partial(plot_systems, part, title=data.title)
    moduli = [T for T in (2, 5, 10) if T in data.moduli]
    if len({cell.identity["condition"] for cell in cells}) > 1:
        for T in moduli:
            yield f"conditions-T{T}", partial(plot_conditions, cells, T, title=data.title)
    if len({cell.identity["window"] for cell in cells}) > 2:
        yield "windows", partial(plot_windows, cells, moduli, title=data.title)
    if len({cell.identity["perturbation"] for cell in thinned_cells(cells)}) > 2:
        yield "growth", partial(plot_growth, cells, moduli, title=data.title)
    for grouping in dict.fromkeys(str(row["grouping"]) for row in data.attribution):
        rows = [row for row in data.attribution if row["grouping"] == grouping]
        name = "-".join(["attribution", *grouping.replace(",", "").split()])
        yield name, partial(plot_attribution, rows)


def plot_systems(cells: Sequence[Cell], *, title: str = "") -> Figure:
    """Draw spectrum strips beside the table of kappas, a row per system."""
    several = len({cell.identity["corpus"] for cell in cells}) > 1
    rows = [
        System(
            name=f"{cell.identity['corpus']}: {cell.system}" if several else cell.system,
            spectrum=normalised_spectrum(cell),
            kappas=cell.measures["kappa"],
            p_values=cell.measures["null_p"],
        )
        for cell in cells
    ]
    return draw_systems(rows, title=title)
