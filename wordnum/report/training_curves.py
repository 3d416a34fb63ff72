"""Kappa along training: models that train beside counting, against the tokens they have read."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from wordnum.analyzers.plotting import GREY, PALETTE, bare_axes
from wordnum.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# What counts is drawn in one colour, apart by its markers: colours are for what trains.
_COUNTING = "#555555"
# What is drawn, where the table has it: a row of panels each.
_ROWS = {
    "kappa": "kappa x 100",
    "kappa_excluding_multiples_of_5": "kappa without\nmultiples of 5",
    "phi_ratio": "Phi, corrected,\nover its noise",
    "phi_beyond_ratio": "its contrasts\nbeyond roundness",
    "task_accuracy": "problems right",
}


def trained(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of all checkpoints of models that train, each with a step and its tokens."""
    return table[(table["status"] == "done") & table["step"].notna() & (table["tokens"] > 0)]


def thinned(table: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows of a corpus that is whole or merely thinned, and that count pairs."""
    kind = table["perturbation"].str.partition(":")[0]
    counted = table["n_pairs"].fillna(0) > 0
    return table[kind.isin(["original", "thin"]) & ~table["control_for"].astype(bool) & counted]


def phi_ratios(table: pd.DataFrame) -> pd.DataFrame:
    """The table with Phi over what random labels give, which no length of vectors changes.

    Phi itself grows with the square of the lengths: those of PPMI and of a Transformer differ by
    two hundred times.
    """
    noise = table["phi"] - table["phi_corrected"]
    roundness = table["phi_round_or_not"] + table["phi_0_or_5"].fillna(0)
    beyond = table["phi_corrected"] - roundness
    return table.assign(phi_ratio=table["phi_corrected"] / noise, phi_beyond_ratio=beyond / noise)


def draw_training(table: pd.DataFrame, moduli: Sequence[int], title: str = "") -> Figure:
    """Draw what is known of n mod T against the tokens read, a column of panels per T.

    A colour per model, a line per seed and condition. Counting is dashed: each of its points is
    a fit of its own, of so much text, and the line joins their means. Dotted is the kappa of who
    knows roundness alone.

    Parameters
    ----------
    table : DataFrame
        Of a study, all checkpoints.
    moduli : sequence of int
    title : str

    Raises
    ------
    InputError
        The table has no checkpoints.
    """
    from matplotlib.figure import Figure

    table = phi_ratios(table)
    along = trained(table)
    if along.empty:
        raise InputError("no run of the study has checkpoints", expected="a model that trains")
    counted = thinned(table[table["step"].isna() & (table["status"] == "done")])
    rows = [name for name in _ROWS if name in table and along[name].notna().any()]
    names = list(dict.fromkeys(along["model"])) + list(dict.fromkeys(counted["model"]))
    figure = Figure(figsize=(1.4 + 2.9 * len(moduli), 1.2 + 1.9 * len(rows)), layout="constrained")
    axes = figure.subplots(len(rows), len(moduli), sharex=True, sharey="row", squeeze=False)
    for row, measure in enumerate(rows):
        for column, T in enumerate(moduli):
            ax = bare_axes(axes[row, column])
            _panel(ax, along[along["T"] == T], counted[counted["T"] == T], measure)
            if row == 0:
                ax.set_title(f"n mod {T}", fontsize=8)
            if column == 0:
                ax.set_ylabel(_ROWS[measure], fontsize=8)
            if row == len(rows) - 1:
                ax.set_xlabel("tokens read", fontsize=8)
    known = dict(zip(*reversed(axes[0, 0].get_legend_handles_labels()), strict=True))
    figure.legend(
        [known[name] for name in names if name in known], [n for n in names if n in known],
        loc="outside lower center", ncols=min(4, len(names)), fontsize=7, frameon=False,
    )  # fmt: skip
    if title:
        figure.suptitle(title, fontsize=10)
    return figure


def log_axis(ax: Axes) -> None:
    """Make the horizontal axis logarithmic, its labels 1 k, 10 k, 1 M, which are no formulae."""
    from matplotlib.ticker import EngFormatter, NullFormatter

    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(EngFormatter())
    ax.xaxis.set_minor_formatter(NullFormatter())


def _panel(ax: Axes, along: pd.DataFrame, counted: pd.DataFrame, measure: str) -> None:
    """One measure at one T."""
    colors = dict(zip(along["model"].unique(), itertools.cycle(PALETTE)))
    markers = dict(zip(counted["model"].unique(), itertools.cycle("os^D")))
    ax.tick_params(labelsize=7)
    log_axis(ax)
    ax.axhline(0, color=GREY, linewidth=0.6, zorder=0)
    if along[measure].isna().all():
        ax.text(0.5, 0.5, "has no such contrast", transform=ax.transAxes, ha="center", fontsize=7)
        return
    for (name, _, _), own in along.groupby(["model", "seed", "condition"], sort=False):
        line = own.dropna(subset=measure).sort_values("tokens")
        ax.plot(line["tokens"], line[measure], color=colors[name], linewidth=1.1, marker=".",
                markersize=3, label=name)  # fmt: skip
    for name, own in counted.dropna(subset=measure).groupby("model", sort=False):
        line = own.groupby("perturbation")[["tokens", measure]].mean().sort_values("tokens")
        marker = {"marker": markers[name], "markersize": 3, "markerfacecolor": "white"}
        ax.plot(line["tokens"], line[measure], "--", color=_COUNTING, linewidth=1.1)
        ax.plot(own["tokens"], own[measure], linestyle="", color=_COUNTING, **marker)
        ax.plot([], [], "--", color=_COUNTING, linewidth=1.1, label=name, **marker)
    if measure == "kappa":
        ceiling = along["kappa"] - along["kappa_minus_ceiling"]
        ax.axhline(ceiling.median(), color=GREY, linewidth=0.9, linestyle=":", zorder=0)
    if measure == "task_accuracy":
        ax.set_ylim(-0.02, 1.02)
