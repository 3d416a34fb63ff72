"""Figures of a whole study, print-ready: the spectra beside the kappas, kappas by condition."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wordnum.analyze.plot import PALETTE, save_figure
from wordnum.analyze.systems import System
from wordnum.analyze.systems import plot_systems as draw_systems
from wordnum.config import one_of
from wordnum.errors import InputError
from wordnum.report.data import Cell, StudyData, load_study, normalised_spectrum
from wordnum.study.attribution import Attribution

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["FORMATS", "plot_attribution", "plot_conditions", "plot_systems", "write_figures"]

FORMATS = ("pdf", "svg", "png")
_GREY = "#767676"
# Rows on one page of the main figure; more systems go on to another.
_ROWS = 40
_SHOWN = {"keep": "ordinals kept", "out": "ordinals out"}


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
        ``systems.pdf`` (``systems-2.pdf`` … where there are many), ``conditions-T10.pdf`` and so
        on for T = 2 and 5, and ``attribution.pdf`` where the study has one.

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
    if len({cell.identity.get("condition") for cell in cells}) > 1:
        for T in (T for T in (2, 5, 10) if T in data.moduli):
            yield f"conditions-T{T}", partial(plot_conditions, cells, T, title=data.title)
    if data.attribution:
        yield "attribution", partial(plot_attribution, data.attribution)


def plot_systems(cells: Sequence[Cell], *, title: str = "") -> Figure:
    """Draw spectrum strips beside the table of kappas, a row per system."""
    several = len({cell.identity.get("corpus") for cell in cells}) > 1
    rows = [
        System(
            name=f"{cell.identity.get('corpus')}: {cell.system}" if several else cell.system,
            spectrum=normalised_spectrum(cell),
            kappas=cell.measures["kappa"],
            p_values=cell.measures["null_p"],
        )
        for cell in cells
    ]
    return draw_systems(rows, title=title)


def plot_conditions(cells: Sequence[Cell], T: int, *, title: str = "") -> Figure:
    """Draw kappa at T by condition, a panel per corpus, models by colour.

    Bars are 95 % intervals from half-splits; a hollow mark has none. The grey band is the mean to
    the 95th percentile of the shuffled null.
    """
    import matplotlib.pyplot as plt

    panels = _panels(cells)
    n_rows = max(len({_condition(cell) for cell in group}) for group in panels.values())
    figure, axes = plt.subplots(
        1,
        len(panels),
        figsize=(min(2.0 + 3.6 * len(panels), 14), 1.6 + 0.34 * n_rows),
        layout="constrained",
        squeeze=False,
        sharex=True,
    )
    names = list(dict.fromkeys(_series(cell) for cell in cells))
    for ax, (panel, group) in zip(axes[0], panels.items(), strict=True):
        _condition_panel(ax, group, T, names)
        ax.set_title(panel, fontsize=8)
    handles, labels = axes[0][0].get_legend_handles_labels()
    known = dict(zip(labels, handles, strict=True))
    figure.legend(known.values(), known.keys(), loc="outside lower center", ncols=3, fontsize=7)
    figure.suptitle(f"{title}: n mod {T}" if title else f"n mod {T}", fontsize=10)
    return figure


def _panels(cells: Sequence[Cell]) -> dict[str, list[Cell]]:
    several = [n for n in ("numerals", "ordinals") if len({c.identity.get(n) for c in cells}) > 1]
    panels: dict[str, list[Cell]] = {}
    for cell in cells:
        parts = [str(cell.identity.get("corpus", ""))]
        parts += [_SHOWN.get(str(cell.identity.get(n)), str(cell.identity.get(n))) for n in several]
        panels.setdefault(", ".join(parts), []).append(cell)
    return panels


def _condition(cell: Cell) -> str:
    return str(cell.identity.get("condition", ""))


def _series(cell: Cell) -> str:
    signal = cell.identity.get("signal", "")
    return f"{cell.identity.get('model', '')}, {signal}"


def _condition_panel(ax: Axes, cells: Sequence[Cell], T: int, names: Sequence[str]) -> None:
    conditions = list(dict.fromkeys(_condition(cell) for cell in cells))
    step = 0.8 / max(len(names), 1)
    for cell in cells:
        kappa = cell.measures["kappa"].get(T)
        if kappa is None:
            continue
        series = names.index(_series(cell))
        y = conditions.index(_condition(cell)) + (series - (len(names) - 1) / 2) * step
        low, high = (cell.measures[end].get(T) for end in ("low", "high"))
        null = [_value(cell.measures[name].get(T)) for name in ("null_mean", "null_p95")]
        if np.isfinite(null).all():
            ax.plot(null, [y, y], color="#CFCFCF", linewidth=4, solid_capstyle="butt", zorder=1)
        color = PALETTE[series % len(PALETTE)]
        marker = "os^Dvp*"[series // len(PALETTE) % 7]
        if low is not None and high is not None:
            ax.plot([low, high], [y, y], color=color, linewidth=1.1, zorder=2)
        face = color if low is not None else "white"
        ax.plot(kappa, y, marker, color=color, markerfacecolor=face, markersize=4,
                linestyle="none", label=_series(cell), zorder=3)  # fmt: skip
    ax.axvline(0, color=_GREY, linewidth=0.6, zorder=0)
    ax.set_yticks(range(len(conditions)), conditions, fontsize=7)
    ax.set_ylim(len(conditions) - 0.5, -0.5)
    ax.tick_params(axis="x", labelsize=7)
    ax.set_xlabel("kappa x 100", fontsize=8)
    ax.spines[["top", "right"]].set_visible(False)


def plot_attribution(rows: Attribution | Sequence[dict[str, object]]) -> Figure:
    """Draw the Shapley value of each context group by T, with its interval, a panel per label.

    Parameters
    ----------
    rows : Attribution, or sequence of dict
        One attribution, or the rows of several (`StudyData.attribution`), told apart by "label".
    """
    import matplotlib.pyplot as plt

    kappas = _kappa_rows(rows)
    labels = list(dict.fromkeys(str(row.get("label") or "") for row in kappas))
    groups = list(dict.fromkeys(str(row["group"]) for row in kappas))
    moduli = sorted({int(float(str(row["T"]))) for row in kappas})
    figure, axes = plt.subplots(
        1,
        len(labels),
        figsize=(min(2.2 + 3.4 * len(labels), 16), 1.4 + 0.36 * len(groups)),
        layout="constrained",
        squeeze=False,
        sharey=True,
    )
    for ax, label in zip(axes[0], labels, strict=True):
        for row in (row for row in kappas if str(row.get("label") or "") == label):
            series = moduli.index(int(float(str(row["T"]))))
            y = groups.index(str(row["group"])) + 0.24 * (series - (len(moduli) - 1) / 2)
            low, high = _value(row.get("low")), _value(row.get("high"))
            color = PALETTE[series % len(PALETTE)]
            if np.isfinite([low, high]).all():
                ax.plot([low, high], [y, y], color=color, linewidth=1.1)
            ax.plot(_value(row.get("shapley")), y, "o", color=color, markersize=3.5,
                    label=f"n mod {moduli[series]}")  # fmt: skip
        ax.axvline(0, color=_GREY, linewidth=0.6, zorder=0)
        ax.set_title(label, fontsize=7)
        ax.set_xlabel("Shapley value, kappa x 100", fontsize=8)
        ax.tick_params(axis="x", labelsize=7)
        ax.spines[["top", "right"]].set_visible(False)
    axes[0][0].set_yticks(range(len(groups)), groups, fontsize=7)
    axes[0][0].set_ylim(len(groups) - 0.5, -0.5)
    handles, names = axes[0][0].get_legend_handles_labels()
    known = dict(zip(names, handles, strict=True))
    figure.legend(known.values(), known.keys(), loc="outside lower center", ncols=3, fontsize=7)
    return figure


def _kappa_rows(rows: Attribution | Sequence[dict[str, object]]) -> Sequence[dict[Any, Any]]:
    """Rows about kappa; the others are about the recall of one last digit."""
    if isinstance(rows, Attribution):
        frame = rows.to_frame()
        return frame[frame["digit"].isna()].to_dict("records")
    return [row for row in rows if row.get("digit") is None]


def _value(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else float("nan")
