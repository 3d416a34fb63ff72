"""Panels of kappas with their intervals: by condition, window, amount of text and context group."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from wordnum.analyzers.plotting import PALETTE
from wordnum.report.data import Cell
from wordnum.studies.attribution import Attribution

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_attribution", "plot_conditions", "plot_growth", "plot_windows", "thinned_cells"]

_GREY = "#767676"
_NULL = "#DDDDDD"
_SHOWN = {"keep": "ordinals kept", "out": "ordinals out"}
_SIGNALS = ("text", "number", "both")
Key = Callable[[Cell], str]


def plot_conditions(cells: Sequence[Cell], T: int, *, title: str = "") -> Figure:
    """Draw kappa at T by condition: a row of panels per corpus, a panel per signal.

    Models by colour; bars are 95 % intervals from half-splits, a hollow mark has none. The grey
    band reaches from the mean to the 95th percentile of the shuffled null.
    """
    series = _naming(cells, "model", "window_label")
    names = list(dict.fromkeys(series(cell) for cell in cells))
    conditions = _by_condition(cells)
    rows = list(dict.fromkeys(_corpus(cell, cells) for cell in cells))
    signals = [s for s in _SIGNALS if any(cell.identity["signal"] == s for cell in cells)]
    size = (1.9 + 2.7 * len(signals), 1.2 + len(rows) * (0.4 + len(conditions) * _step(names)))
    figure, axes = _panels(len(rows), len(signals), size, sharex=True, sharey=True)
    for (row, corpus), (column, signal) in product(enumerate(rows), enumerate(signals)):
        ax = axes[row][column]
        own = [c for c in cells if c.identity["signal"] == signal and _corpus(c, cells) == corpus]
        for cell in own:
            at = names.index(series(cell))
            y = conditions.index(cell.identity["condition"]) + _offset(at, len(names))
            _mark(ax, cell, T, at, y, horizontal=True, label=names[at])
        ax.axvline(0, color=_GREY, linewidth=0.6, zorder=0)
        heads = [corpus] * (len(rows) > 1) + [f"signal: {signal}"] * (len(signals) > 1)
        _finish(ax, ", ".join(heads))
        if row == len(rows) - 1:
            ax.set_xlabel("kappa x 100", fontsize=8)
    axes[0][0].set_yticks(range(len(conditions)), conditions)
    axes[0][0].set_ylim(len(conditions) - 0.5, -0.5)
    controls = {c.identity["condition"] for c in cells if c.identity.get("control_for")}
    for tick in axes[0][0].get_yticklabels():
        tick.set_color(_GREY if tick.get_text() in controls else "black")
    _legend(figure, axes, names)
    figure.suptitle(f"{title}: n mod {T}" if title else f"n mod {T}", fontsize=10)
    return figure


def plot_windows(cells: Sequence[Cell], moduli: Sequence[int], *, title: str = "") -> Figure:
    """Draw kappa against the size of the window: a panel per T and side, signals by colour."""
    series = _naming(cells, "signal", "model", "condition", "ordinals", "numerals", "corpus")
    return _lines(cells, moduli, series, _side, _window_size, "tokens on a side", title)


def plot_growth(cells: Sequence[Cell], moduli: Sequence[int], *, title: str = "") -> Figure:
    """Draw kappa against the pairs counted, for a corpus thinned to several sizes.

    A panel per T and corpus; models by colour.
    """
    chosen = thinned_cells(cells)
    series = _naming(chosen, "model", "signal", "ordinals", "numerals", "window_label")
    return _lines(chosen, moduli, series, _name_of_corpus, _pairs, "pairs counted", title)


def thinned_cells(cells: Iterable[Cell]) -> list[Cell]:
    """Keep the cells of a corpus that is whole or merely thinned, and that count pairs."""
    return [
        cell
        for cell in cells
        if cell.n_pairs
        and not cell.identity.get("control_for")
        and str(cell.identity["perturbation"]).partition(":")[0] in ("original", "thin")
    ]


def plot_attribution(rows: Attribution | Sequence[Mapping[str, Any]]) -> Figure:
    """Draw the Shapley value of each context group by T with its interval, a panel per label.

    Hollow marks are kappas of the single group.

    Parameters
    ----------
    rows : Attribution, or sequence of mapping
        One attribution, or the rows of several (`StudyData.attribution`), told apart by "label".
    """
    kappas = _kappa_rows(rows)
    labels = list(dict.fromkeys(str(row["label"]) for row in kappas))
    groups = list(dict.fromkeys(str(row["group"]) for row in kappas))
    moduli = sorted({int(row["T"]) for row in kappas})
    size = (2.2 + 3.4 * len(labels), 1.4 + len(groups) * _step(moduli))
    figure, axes = _panels(1, len(labels), size, sharex=True, sharey=True)
    for ax, label in zip(axes[0], labels, strict=True):
        for row in (row for row in kappas if row["label"] == label):
            at = moduli.index(int(row["T"]))
            y, color = groups.index(row["group"]) + _offset(at, len(moduli)), PALETTE[at]
            if row["low"] is not None:
                ax.plot([row["low"], row["high"]], [y, y], color=color, linewidth=1.3)
            ax.plot(row["single_group"], y, "o", color=color, markerfacecolor="white", markersize=3)
            ax.plot(row["shapley"], y, "o", color=color, markersize=4, label=f"n mod {moduli[at]}")
        ax.axvline(0, color=_GREY, linewidth=0.6, zorder=0)
        _finish(ax, label.replace(": ", "\n"))
        ax.set_xlabel("Shapley value, kappa x 100", fontsize=8)
    axes[0][0].set_yticks(range(len(groups)), groups)
    axes[0][0].set_ylim(len(groups) - 0.5, -0.5)
    axes[0][0].plot(
        [], [], "o", color=_GREY, markerfacecolor="white", markersize=3, label="single group"
    )
    _legend(figure, axes, [*(f"n mod {T}" for T in moduli), "single group"])
    return figure


def _kappa_rows(rows: Attribution | Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Rows about kappa; the others are about the recall of one last digit."""
    if not isinstance(rows, Attribution):
        return [row for row in rows if row["digit"] is None]
    frame = rows.to_frame().assign(label="").astype(object)
    known = frame.where(frame.notna(), None)
    return _kappa_rows([dict(zip(known.columns, row, strict=True)) for row in known.to_numpy()])


def _lines(
    cells: Sequence[Cell],
    moduli: Sequence[int],
    series: Key,
    panel: Key,
    x_of: Callable[[Cell], float],
    x_label: str,
    title: str,
) -> Figure:
    """Draw kappa against a quantity: a row per T, a column per panel, a line per series."""
    names = list(dict.fromkeys(map(series, cells)))
    columns = list(dict.fromkeys(map(panel, cells)))
    size = (1.2 + 2.5 * len(columns), 1.0 + 1.9 * len(moduli))
    figure, axes = _panels(len(moduli), len(columns), size, sharex=True, sharey="row")
    for (row, T), (column, part) in product(enumerate(moduli), enumerate(columns)):
        ax = axes[row][column]
        for at, name in enumerate(names):
            own = [c for c in cells if panel(c) == part and series(c) == name]
            own = sorted((c for c in own if c.measures["kappa"].get(T) is not None), key=x_of)
            ax.plot([x_of(c) for c in own], [c.measures["kappa"][T] for c in own],
                    color=PALETTE[at % len(PALETTE)], linewidth=0.8, alpha=0.6)  # fmt: skip
            for cell in own:
                # A step aside, so that intervals at one place do not hide each other.
                x = x_of(cell) * 1.03 ** (at - (len(names) - 1) / 2)
                _mark(ax, cell, T, at, x, horizontal=False, label=name)
        ax.axhline(0, color=_GREY, linewidth=0.6, zorder=0)
        ax.set_xscale("log")
        _finish(ax, part if row == 0 else "")
        if column == 0:
            ax.set_ylabel(f"n mod {T}\nkappa x 100", fontsize=8)
        if row == len(moduli) - 1:
            ax.set_xlabel(x_label, fontsize=8)
    values = sorted({x_of(cell) for cell in cells})
    if len(values) <= 8 and values[-1] < 1000:
        axes[0][0].set_xticks(values, [f"{value:g}" for value in values], minor=False)
        axes[0][0].minorticks_off()
    _legend(figure, axes, names)
    if title:
        figure.suptitle(title, fontsize=10)
    return figure


def _mark(
    ax: Axes, cell: Cell, T: int, series: int, place: float, *, horizontal: bool, label: str
) -> None:
    """Draw one kappa with its interval over its null."""
    kappa, low, high = (cell.measures[name].get(T) for name in ("kappa", "low", "high"))
    null = [cell.measures[name].get(T) for name in ("null_mean", "null_p95")]
    if kappa is None:
        return

    def line(ends: Sequence[float | None], **style: Any) -> None:
        points = (ends, [place, place]) if horizontal else ([place, place], ends)
        ax.plot(*points, solid_capstyle="butt", **style)

    if None not in null:
        line(null, color=_NULL, linewidth=5, zorder=1)
    color = PALETTE[series % len(PALETTE)]
    if low is not None:
        line([low, high], color=color, linewidth=1.3, zorder=2)
    x, y = (kappa, place) if horizontal else (place, kappa)
    face = color if low is not None else "white"
    marker = "os^Dvp*"[series // len(PALETTE) % 7]
    ax.plot(x, y, marker, color=color, markerfacecolor=face, markersize=4, linestyle="none",
            label=label, zorder=3)  # fmt: skip


def _panels(rows: int, columns: int, size: tuple[float, float], **shared: Any) -> tuple[Any, Any]:
    import matplotlib.pyplot as plt

    width, height = size
    return plt.subplots(
        rows,
        columns,
        figsize=(min(max(width, 4.5), 16), height),
        layout="constrained",
        squeeze=False,
        **shared,
    )


def _finish(ax: Axes, title: str) -> None:
    ax.set_title(title, fontsize=8)
    ax.tick_params(labelsize=7)
    ax.spines[["top", "right"]].set_visible(False)


def _legend(figure: Figure, axes: np.ndarray, names: Sequence[str]) -> None:
    """One legend for all panels, in the order of the names."""
    known: dict[str, Any] = {}
    for ax in axes.ravel():
        handles, labels = ax.get_legend_handles_labels()
        known |= dict(zip(labels, handles, strict=True))
    shown = [name for name in names if name in known]
    figure.legend(
        [known[name] for name in shown],
        shown,
        loc="outside lower center",
        ncols=min(4, len(shown)) or 1,
        fontsize=7,
        frameon=False,
    )


def _step(series: Sequence[object]) -> float:
    """Inches that one row takes with so many series beneath each other."""
    return 0.16 + 0.1 * len(series)


def _offset(series: int, n_series: int) -> float:
    return (series - (n_series - 1) / 2) * 0.75 / max(n_series, 1)


def _by_condition(cells: Sequence[Cell]) -> list[str]:
    """Conditions in the study's order, each control right below what it is a control for."""
    plain = dict.fromkeys(
        str(c.identity["condition"]) for c in cells if not c.identity.get("control_for")
    )
    controls = {
        str(c.identity["control_for"]): str(c.identity["condition"])
        for c in cells
        if c.identity.get("control_for")
    }
    return [name for of in plain for name in (of, controls.get(of)) if name is not None]


def _corpus(cell: Cell, cells: Sequence[Cell]) -> str:
    """Corpus, with the numeral scheme where there are several."""
    several = [n for n in ("numerals", "ordinals") if len({c.identity[n] for c in cells}) > 1]
    shown = [_SHOWN.get(str(cell.identity[n]), str(cell.identity[n])) for n in several]
    return ", ".join([_name_of_corpus(cell), *shown])


def _naming(cells: Sequence[Cell], *fields: str) -> Key:
    """Name a cell by those of the fields in which the cells differ; by the first if in none."""

    def value(cell: Cell, field: str) -> str:
        found = _side(cell, size=True) if field == "window_label" else str(cell.identity[field])
        return _SHOWN.get(found, found) if field == "ordinals" else found

    telling = [f for f in fields if len({value(cell, f) for cell in cells}) > 1] or fields[:1]
    return lambda cell: ", ".join(value(cell, field) for field in telling)


def _side(cell: Cell, *, size: bool = False) -> str:
    """Shape of the cell's window, such as "left" or "both, positional"."""
    parts = [f"±{cell.identity['window']}"] * size + [str(cell.identity["side"])]
    parts += ["positional"] * bool(cell.identity["positional"])
    weighting = str(cell.identity["window_weighting"])
    return ", ".join(parts + [weighting] * (weighting != "flat"))


def _window_size(cell: Cell) -> float:
    return float(cell.identity["window"])


def _pairs(cell: Cell) -> float:
    assert cell.n_pairs is not None
    return cell.n_pairs


def _name_of_corpus(cell: Cell) -> str:
    return str(cell.identity["corpus"])
