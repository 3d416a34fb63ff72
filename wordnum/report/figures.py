"""Figures of a whole study for print: systems, conditions, windows, growth and attributions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wordnum.analyzers.explaining import LABELS
from wordnum.analyzers.phi import CONTRASTS
from wordnum.analyzers.plotting import GREY, PALETTE, bare_axes, save_figure
from wordnum.analyzers.side_by_side import System, plot_systems
from wordnum.config import one_of
from wordnum.errors import InputError
from wordnum.report.training_curves import draw_training, log_axis, thinned, trained
from wordnum.studies.attribution import draw_shares
from wordnum.studies.records import refusing_forgery
from wordnum.studies.results import StudyResults

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("pdf", "svg", "png")
# Rows on one page of the main figure; more systems go on to another.
_ROWS = 40
_NULL = "#DDDDDD"


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
        ``conditions-T10.pdf`` and so on for T = 2 and 5, ``contrasts-T10.pdf`` and for T = 5 the
        parts of the corrected Phi_T, ``windows.pdf``, ``growth.pdf`` for a corpus thinned to
        several sizes, ``training.pdf`` where models train, and an attribution for each question.

    Raises
    ------
    InputError
        The folder holds no study, or every run failed.
    UsageError
        A format that does not exist.
    """
    import matplotlib as mpl

    one_of(format, FORMATS, what="figure format")
    results = StudyResults.open(folder)
    # A name with a dollar sign is no formula.
    with refusing_forgery(Path(folder)), mpl.rc_context({"text.parse_math": False}):
        return [
            save_figure(draw(), Path(folder) / "figures" / f"{name}.{format}")
            for name, draw in study_figures(results)
        ]


def study_figures(results: StudyResults) -> Iterator[tuple[str, Callable[[], Figure]]]:
    """Name of each figure that the study has, and what draws it."""
    table = labelled(results.final)
    if table.empty:
        raise InputError("every run of the study failed: there is nothing to draw")
    title = str(results.about["title"] or results.about["name"])
    order = table["paper_label"].map({label: at for at, label in enumerate(LABELS)})
    keys = list(dict.fromkeys(table["key"][order.sort_values(kind="stable").index]))
    for page, first in enumerate(range(0, len(keys), _ROWS), 1):
        name = "systems" if page == 1 else f"systems-{page}"
        yield name, partial(draw_systems, results, keys[first : first + _ROWS], title)
    moduli = [T for T in (2, 5, 10) if (table["T"] == T).any()]
    if table["condition"].nunique() > 1:
        for T in moduli:
            yield f"conditions-T{T}", partial(draw_conditions, table, T, title)
    for T in (10, 5):
        if (table["phi_corrected"].notna() & (table["T"] == T)).any():
            yield f"contrasts-T{T}", partial(draw_contrasts, table, T, title)
    if table["window"].nunique() > 2:
        yield "windows", partial(draw_windows, table, moduli, title)
    if thinned(table)["perturbation"].nunique() > 2:
        yield "growth", partial(draw_growth, table, moduli, title)
    if not trained(results.table).empty:
        yield "training", partial(draw_training, results.table, moduli, title)
    if results.attribution is not None:
        for grouping, rows in results.attribution.groupby("grouping", sort=False):
            name = "-".join(["attribution", *str(grouping).replace(",", "").split()])
            yield name, partial(draw_attribution, rows)


def draw_systems(results: StudyResults, keys: Sequence[str], title: str = "") -> Figure:
    """Draw spectrum strips beside the table of kappas, a row per system, and their verdicts."""
    several = results.final["corpus"].nunique() > 1
    rows = []
    by_key = dict(list(results.final.groupby("key", sort=False)))
    for key in keys:
        own = by_key[key]
        first, found = own.iloc[0], results.record(key)["spectrum"]
        judged = own[own["verdict"].notna() & own["spectral"].notna()]
        rows.append(
            System(
                name=f"{first['corpus']}: {first['system']}" if several else first["system"],
                spectrum=(found["frequency"], np.array(found["magnitude"], dtype=float)),
                kappas=dict(zip(own["T"], own["kappa"])),
                read=set(own.loc[own["verdict"].notna() & (own["verdict"] != "neither"), "T"]),
                label=LABELS.get(first["paper_label"], ""),
                verdicts=dict(
                    zip(judged["T"], zip(judged["spectral"].astype(bool), judged["verdict"]))
                ),
            )
        )
    return plot_systems(rows, _new_figure(10.4, 1), title=title)


def draw_conditions(table: pd.DataFrame, T: int, title: str = "") -> Figure:
    """Draw kappa at T by condition: a row of panels per corpus, a panel per signal.

    Models by colour; bars are 95 % intervals from half-samples, a hollow mark has none. The grey
    band reaches from the mean to the 95th percentile of the permuted null.
    """
    table = table[table["T"] == T]
    series = _joined(table, ["model", "window_label"])
    names, conditions = list(series.unique()), _by_condition(table)
    texts, signals = list(table["text"].unique()), list(table["signal"].unique())
    height = 1.2 + len(texts) * (0.4 + len(conditions) * (0.16 + 0.1 * len(names)))
    figure = _new_figure(1.9 + 2.7 * len(signals), height)
    axes = figure.subplots(len(texts), len(signals), sharex=True, sharey=True, squeeze=False)
    for (row, text), (column, signal) in product(enumerate(texts), enumerate(signals)):
        here = (table["text"] == text) & (table["signal"] == signal)
        heads = [text] * (len(texts) > 1) + [f"signal: {signal}"] * (len(signals) > 1)
        ax = _panel(axes[row, column], ", ".join(heads))
        for at, name in enumerate(names):
            own = table[here & (series == name)]
            aside = (at - (len(names) - 1) / 2) * 0.75 / len(names)
            _marks(ax, own, own["condition"].map(conditions.index).astype(float) + aside, at, name)
        ax.axvline(0, color=GREY, linewidth=0.6, zorder=0)
        if row == len(texts) - 1:
            ax.set_xlabel("kappa x 100", fontsize=8)
    axes[0, 0].set_yticks(range(len(conditions)), conditions)
    axes[0, 0].set_ylim(len(conditions) - 0.5, -0.5)
    controls = set(table.loc[table["control_for"].astype(bool), "condition"])
    for tick in axes[0, 0].get_yticklabels():
        tick.set_color(GREY if tick.get_text() in controls else "black")
    _legend(figure, axes, names)
    figure.suptitle(f"{title}: n mod {T}" if title else f"n mod {T}", fontsize=10)
    return figure


def draw_contrasts(table: pd.DataFrame, T: int, title: str = "") -> Figure:
    """Draw the contrasts of the corrected Phi_T with their intervals, in per cent of it.

    A row per system of the text as it is, the first forty, and a panel per contrast. Where the
    corrected Phi_T is not above 0 there is nothing to be a share of, and the row is empty.
    """
    table = table[(table["T"] == T) & (table["condition"] == "original")].head(_ROWS)
    columns = {name: f"phi_{name.replace(' ', '_')}" for name in CONTRASTS}
    columns = {name: column for name, column in columns.items() if table[column].notna().any()}
    several = table["corpus"].nunique() > 1
    names = [f"{c}: {s}" if several else s for c, s in zip(table["corpus"], table["system"])]
    figure = _new_figure(2.4 + 1.9 * len(columns), 1.1 + 0.24 * len(table))
    axes = figure.subplots(1, len(columns), sharey=True, squeeze=False)[0]
    whole = table["phi_corrected"].astype(float)
    scale, at = 100 / whole.where(whole > 0), np.arange(len(table))
    for ax, (name, column), color in zip(axes, columns.items(), PALETTE):
        _panel(ax, name)
        value, low, high = (
            scale * table[f"{column}{end}"].astype(float) for end in ("", "_low", "_high")
        )
        ax.hlines(at, low, high, color=color, linewidth=1.3)
        ax.plot(value, at, "o", color=color, markersize=4)
        ax.axvline(0, color=GREY, linewidth=0.6, zorder=0)
        ax.set_xlabel(f"% of the corrected $\\Phi_{{{T}}}$", fontsize=7, parse_math=True)
    axes[0].set_yticks(at, names, fontsize=7, parse_math=False)
    axes[0].set_ylim(len(table) - 0.5, -0.5)
    figure.suptitle(f"{title}: what n mod {T} is made of", fontsize=10)
    return figure


def draw_windows(table: pd.DataFrame, moduli: Sequence[int], title: str = "") -> Figure:
    """Draw kappa against the size of the window: a panel per T and side, signals by colour."""
    fields = ["signal", "model", "condition", "ordinals", "numerals", "corpus"]
    table = table[table["window"].notna()]
    return _lines(table, moduli, fields, "shape", ("window", "tokens on a side"), title)


def draw_growth(table: pd.DataFrame, moduli: Sequence[int], title: str = "") -> Figure:
    """Draw kappa against the pairs counted, for a corpus thinned to several sizes.

    A panel per T and corpus; models by colour.
    """
    fields = ["model", "signal", "ordinals", "numerals", "window_label"]
    return _lines(thinned(table), moduli, fields, "corpus", ("n_pairs", "pairs counted"), title)


def draw_attribution(rows: pd.DataFrame) -> Figure:
    """Draw the Shapley value of each context group by T with its interval, a panel per label."""
    labels, groups = list(rows["label"].unique()), list(rows["group"].unique())
    moduli = sorted(rows["T"].unique())
    height = 1.4 + len(groups) * (0.16 + 0.1 * len(moduli))
    figure = _new_figure(2.2 + 3.4 * len(labels), height)
    axes = figure.subplots(1, len(labels), sharex=True, sharey=True, squeeze=False)
    for ax, label in zip(axes[0], labels, strict=True):
        _panel(ax, label.replace(": ", "\n"))
        draw_shares(ax, rows[rows["label"] == label], groups=groups, moduli=moduli)
    _legend(figure, axes, [*(f"n mod {T}" for T in moduli), "single group"])
    return figure


def labelled(table: pd.DataFrame) -> pd.DataFrame:
    """Rows that were measured, with names of what tells them apart in a figure."""
    table = table[table["status"] == "done"]
    shape = table["side"] + table["positional"].map({True: ", positional"}).fillna("")
    decay = table["window_weighting"]
    shape += (", " + decay).where(decay != "flat", "")
    label = "±" + table["window"].astype(str) + ", " + shape
    table = table.assign(
        ordinals="ordinals " + table["ordinals"].replace("keep", "kept"),
        shape=shape,
        window_label=label.where(table["window"].notna(), ""),
        # A model that has no signal reads all there is.
        signal=table["signal"].fillna("both"),
    )
    schemes = [name for name in ("numerals", "ordinals") if table[name].nunique() > 1]
    return table.assign(text=table[["corpus", *schemes]].agg(", ".join, axis=1))


def _joined(table: pd.DataFrame, fields: list[str]) -> pd.Series:
    """Name rows by those of the fields in which they differ; by the first if in none."""
    known = table[fields].mask(table[fields] == "")
    telling = [name for name in fields if known[name].nunique() > 1] or fields[:1]
    return table[telling].apply(lambda row: ", ".join(filter(None, row)), axis=1)


def _by_condition(table: pd.DataFrame) -> list[str]:
    """Conditions in the study's order, each control right below what it is a control for."""
    pairs = table[["condition", "control_for"]].drop_duplicates()
    controls = {of: name for name, of in pairs.to_numpy() if of}
    plain = [name for name, of in pairs.to_numpy() if not of]
    return [name for of in plain for name in (of, controls.get(of)) if name is not None]


def _lines(
    table: pd.DataFrame,
    moduli: Sequence[int],
    fields: list[str],
    panel: str,
    quantity: tuple[str, str],
    title: str,
) -> Figure:
    """Draw kappa against a quantity: a row per T, a column per panel, a line per series."""
    series, (across, label) = _joined(table, fields), quantity
    names, panels = list(series.unique()), list(table[panel].unique())
    figure = _new_figure(1.2 + 2.5 * len(panels), 1.0 + 1.9 * len(moduli))
    axes = figure.subplots(len(moduli), len(panels), sharex=True, sharey="row", squeeze=False)
    for (row, T), (column, part) in product(enumerate(moduli), enumerate(panels)):
        ax = _panel(axes[row, column], part if row == 0 else "")
        for at, name in enumerate(names):
            own = table[(series == name) & (table[panel] == part) & (table["T"] == T)]
            own = own[own["kappa"].notna()].astype({across: float, "kappa": float})
            x, color = own[across], PALETTE[at % len(PALETTE)]
            # Seeds of one condition, which have nearly the same size, are joined at their mean.
            means = own.groupby(["perturbation", "window"])[[across, "kappa"]].mean()
            means = means.reset_index(drop=True)
            ax.plot(*means.sort_values(across).to_numpy().T, color=color, linewidth=0.8, alpha=0.6)
            # A step aside, so that intervals at one x do not hide each other.
            aside = 1.03 ** (at - (len(names) - 1) / 2)
            _marks(ax, own, x * aside, at, name, vertical=True)
        ax.axhline(0, color=GREY, linewidth=0.6, zorder=0)
        log_axis(ax)
        if column == 0:
            ax.set_ylabel(f"n mod {T}\nkappa x 100", fontsize=8)
        if row == len(moduli) - 1:
            ax.set_xlabel(label, fontsize=8)
    values = sorted(table[across].unique())
    if len(values) <= 8 and values[-1] < 1000:
        axes[0, 0].set_xticks(values, [f"{value:g}" for value in values], minor=False)
        axes[0, 0].minorticks_off()
    _legend(figure, axes, names)
    if title:
        figure.suptitle(title, fontsize=10)
    return figure


def _marks(
    ax: Axes, rows: pd.DataFrame, where: pd.Series, at: int, name: str, *, vertical: bool = False
) -> None:
    """Draw kappas with their intervals over their nulls, as series number `at`."""
    bars = ax.vlines if vertical else ax.hlines
    color, marker = PALETTE[at % len(PALETTE)], "os^Dvp*"[at // len(PALETTE) % 7]
    ends = dict.fromkeys(("low", "high", "null_mean", "null_p95"), float)
    rows = rows.astype(ends)
    bars(where, rows["null_mean"], rows["null_p95"], color=_NULL, linewidth=5, zorder=1)
    bars(where, rows["low"], rows["high"], color=color, linewidth=1.3, zorder=2)
    known = rows["low"].notna()
    for part, face in ((known, color), (~known, "white")):
        if part.any():
            point = (where[part], rows.loc[part, "kappa"])
            ax.plot(*(point if vertical else point[::-1]), marker, color=color,
                    markerfacecolor=face, markersize=4, label=name, zorder=3)  # fmt: skip


def _new_figure(width: float, height: float) -> Figure:
    """Figure that is no part of a pyplot session."""
    from matplotlib.figure import Figure

    return Figure(figsize=(min(max(width, 4.5), 16), height), layout="constrained")


def _panel(ax: Any, title: str) -> Any:
    ax.set_title(title, fontsize=8)
    ax.tick_params(labelsize=7)
    return bare_axes(ax, (1, 1))


def _legend(figure: Figure, axes: np.ndarray, names: Sequence[str]) -> None:
    """One legend for all panels, in the order of the names."""
    pairs = [zip(*ax.get_legend_handles_labels(), strict=True) for ax in axes.ravel()]
    known = {label: handle for panel in pairs for handle, label in panel}
    shown = [name for name in names if name in known]
    columns = min(4, len(shown)) or 1
    handles = [known[name] for name in shown]
    figure.legend(
        handles, shown, loc="outside lower center", ncols=columns, fontsize=7, frameon=False
    )
