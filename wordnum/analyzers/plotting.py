"""Drawings of single results: print-ready, colour-blind safe, one function per kind of figure.

Every function draws into `ax` or makes a figure of its own, and returns the axes. `save_figure`
writes vector files with their fonts embedded.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wordnum.analyzers.spikes import SPIKE_PERIODS
from wordnum.storage import atomic_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from wordnum.analyzers.analysis import Analysis
    from wordnum.analyzers.dynamics import Dynamics
    from wordnum.analyzers.results import ModulusProbe, ProbeResult
    from wordnum.analyzers.separability import Separability
    from wordnum.analyzers.spectra import Spectrum
    from wordnum.theory.counterexample import CounterexampleSpread

__all__ = [
    "GREY",
    "PALETTE",
    "bare_axes",
    "plot_analysis",
    "plot_confusion",
    "plot_counterexample",
    "plot_dynamics",
    "plot_fisher",
    "plot_kappa",
    "plot_recall",
    "plot_spectrum",
    "residue_colors",
    "save_figure",
]

# Okabe and Ito: told apart with every kind of colour vision.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_BLUE, _RED, GREY = PALETTE[0], PALETTE[1], "#767676"
# Below this frequency a spectrum shows trends, not periods.
_SLOW = 0.02
# Type 42 embeds TrueType fonts whole, which journals ask for; SVG text becomes outlines.
_PRINT = {"pdf.fonttype": 42, "ps.fonttype": 42, "svg.fonttype": "path", "savefig.dpi": 300}


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure for print: fonts embedded, nothing cut off; the suffix says the format.

    Examples
    --------
    >>> import tempfile, matplotlib
    >>> matplotlib.use("agg")
    >>> from wordnum.analyzers import separability
    >>> ax = separability(np.random.default_rng(0).standard_normal((100, 3))).plot()
    >>> save_figure(ax.figure, tempfile.mkdtemp() + "/fisher.pdf").name
    'fisher.pdf'
    """
    import matplotlib as mpl

    path = Path(path)
    with mpl.rc_context(_PRINT), atomic_path(path) as temporary:
        figure.savefig(temporary, format=path.suffix.lstrip(".") or "pdf", bbox_inches="tight")
    return path


def bare_axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """Axes without a frame above and on the right; of a figure of this size where none is given."""
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(figsize=size, layout="constrained")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def residue_colors(period: int) -> np.ndarray:
    """Colours that go round as residues do, darkened so that none is lost on white paper."""
    import matplotlib as mpl

    colors = mpl.colormaps["twilight_shifted"](np.arange(period) / period)
    return colors * np.array([0.8, 0.8, 0.8, 1.0])


def plot_spectrum(
    spectrum: Spectrum, *, ax: Axes | None = None, title: str = "", color: str = _BLUE
) -> Axes:
    """Normalised magnitude over frequency, the periods marked with their p-values."""
    ax = bare_axes(ax, (6.4, 2.6))
    ax.axhline(1.0, color=GREY, linewidth=0.6, zorder=0)
    ax.plot(spectrum.frequency, spectrum.magnitude, color=color, linewidth=0.7)
    top = _top(ax, spectrum)
    for period, spike in spectrum.spikes.items():
        significant = spike.p_value < 0.05
        ax.plot(
            1 / period,
            spike.magnitude,
            marker="o",
            markersize=5,
            markerfacecolor=_RED if significant else "white",
            markeredgecolor=_RED,
        )
        ax.annotate(
            f"T = {period}\np = {spike.p_value:.2g}",
            (1 / period, spike.magnitude),
            xytext=(-5 if period == 2 else 5, 0),
            textcoords="offset points",
            ha="right" if period == 2 else "left",
            va="center",
            fontsize=8,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.5},
        )
    ax.set(
        xlim=(0, 0.505),
        ylim=(0, 1.12 * top),
        xlabel="frequency (cycles per number)",
        ylabel="normalised magnitude",
        title=title,
    )
    return ax


def _top(ax: Axes, spectrum: Spectrum) -> float:
    """Height that shows the spikes; where a slow trend towers over them, its peak is written."""
    fast = spectrum.magnitude[spectrum.frequency >= _SLOW]
    spikes = [spike.magnitude for spike in spectrum.spikes.values()]
    top = float(max([1.5, *spikes, *fast]))
    peak = float(spectrum.magnitude.max())
    if peak <= 3 * top:
        return max(top, peak)
    at = float(spectrum.frequency[spectrum.magnitude.argmax()])
    ax.annotate(f"up to {peak:.3g}", (at, 1.0), xytext=(4, -2), textcoords="offset points",
                xycoords=("data", "axes fraction"), va="top", fontsize=8, color=GREY)  # fmt: skip
    return top


def plot_kappa(
    probe: ProbeResult, *, ax: Axes | None = None, title: str = "", color: str = _BLUE
) -> Axes:
    """Kappa x 100 over T with its interval, and the shuffled null's mean to 95th percentile."""
    ax = bare_axes(ax, (4.6, 2.6))
    periods = list(probe.by_period)
    place = np.arange(len(periods))
    for at, T in enumerate(periods):
        one = probe[T]
        if one.null:
            ax.fill_between(
                [at - 0.42, at + 0.42], one.null.mean, one.null.p95, color="#CFCFCF", linewidth=0
            )
        if one.low is not None and one.high is not None:
            ax.plot([at, at], [one.low, one.high], color="black", linewidth=1.2, zorder=3)
    ax.bar(place, [probe[T].kappa for T in periods], width=0.6, color=color, zorder=2)
    ax.axhline(0, color="black", linewidth=0.6)
    if any(probe[T].null for T in periods):
        bottom, top = ax.get_ylim()
        ax.set_ylim(bottom, top + 0.14 * (top - bottom))
        ax.fill_between([], [], color="#CFCFCF", linewidth=0, label="shuffled: mean to 95 %")
        ax.legend(frameon=False, fontsize=7, loc="upper center", borderaxespad=0.1)
    ax.set_xticks(place, [str(T) for T in periods])
    ax.set(xlabel="T", ylabel="kappa x 100 of n mod T", title=title)
    return ax


def plot_recall(one: ModulusProbe, *, ax: Axes | None = None, title: str = "") -> Axes:
    """Share of numbers whose residue was right, by last digit; roundness shows at 0 and 5."""
    ax = bare_axes(ax, (4.2, 2.4))
    digits = np.arange(10)
    colors = [_RED if digit % 5 == 0 else _BLUE for digit in digits]
    ax.bar(digits, 100 * np.nan_to_num(one.recall_by_digit), color=colors, width=0.7)
    ax.axhline(100 / len(one.residues), color=GREY, linewidth=0.8, linestyle="--")
    ax.set_xticks(digits)
    ax.set(xlabel="last digit", ylabel=f"recall of n mod {one.period}, %", ylim=(0, 100))
    ax.set_title(title)
    return ax


def plot_fisher(
    separability: Separability, *, ax: Axes | None = None, title: str = "", color: str = _BLUE
) -> Axes:
    """Eigenvalues of S_W^-1 S_B at every T, with the noise level of the largest."""
    ax = bare_axes(ax, (4.6, 2.6))
    periods = list(separability.by_period)
    positive = False
    for at, T in enumerate(periods):
        one = separability[T]
        values = one.eigenvalues[one.eigenvalues > 0]
        positive |= values.size > 0
        ax.plot(np.full(len(values), at), values, ".", color=color, markersize=5)
        if one.lambda_max_noise > 0:
            label = "noise level of the largest" if at == 0 else None
            ax.plot([at - 0.35, at + 0.35], [one.lambda_max_noise] * 2, color=_RED, label=label)
    if positive:
        from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

        ax.set_yscale("log")
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        ax.yaxis.set_minor_formatter(NullFormatter())
        bottom, top = ax.get_ylim()
        # A free strip below the points for the legend.
        ax.set_ylim(bottom * (bottom / top) ** 0.15, top)
        ax.legend(frameon=False, fontsize=8, loc="lower left", borderaxespad=0.1)
    ax.set_xticks(np.arange(len(periods)), [str(T) for T in periods])
    ax.set(xlabel="T", ylabel="eigenvalues of $S_W^{-1} S_B$", title=title)
    return ax


def plot_confusion(one: ModulusProbe, *, ax: Axes | None = None, title: str = "") -> Axes:
    """Confusion matrix of one T, rows in per cent of the true class."""
    ax = bare_axes(ax, (3.6, 3.2))
    share = 100 * one.confusion / np.maximum(one.confusion.sum(axis=1, keepdims=True), 1)
    picture = ax.imshow(share, cmap="cividis", vmin=0, vmax=100)
    ax.spines[:].set_visible(False)
    places = np.arange(len(one.residues))
    ax.set_xticks(places, one.residues)
    ax.set_yticks(places, one.residues)
    if len(places) <= 12:
        for i, j in np.ndindex(share.shape):
            tone = "black" if share[i, j] > 60 else "white"
            ax.text(j, i, f"{share[i, j]:.0f}", ha="center", va="center", fontsize=6, color=tone)
    ax.set(xlabel=f"predicted n mod {one.period}", ylabel=f"n mod {one.period}", title=title)
    if ax.figure is not None:
        ax.figure.colorbar(picture, ax=ax, label="% of the true class", shrink=0.85)
    return ax


def plot_counterexample(spread: CounterexampleSpread, *, title: str = "") -> Figure:
    """Theorem 1.2: the same Phi_T at every B, while the best linear accuracy falls to chance."""
    import matplotlib.pyplot as plt

    T = spread.period
    figure, axes = plt.subplots(1, 3, figsize=(8.6, 2.8), layout="constrained")
    for ax, at in zip(axes, (0, -1)):
        bare_axes(ax, (3, 3))
        embedding, B = spread.embeddings[at], spread.B[at]
        residue = embedding.numbers % T
        ax.scatter(embedding.vectors[:, 0], residue, s=30, marker="|", linewidths=0.5,
                   c=residue_colors(T)[residue])  # fmt: skip
        ax.set_yticks(range(T))
        ax.set(
            xlabel=f"e(n) = {spread.A:g} r + {B:g} m", ylabel=f"r = n mod {T}", title=f"B = {B:g}"
        )
    ax = bare_axes(axes[-1], (3, 3))
    ax.plot(spread.B, 100 * spread.accuracy, "o-", color=_BLUE, markersize=3,
            label="best linear accuracy, %")  # fmt: skip
    ax.plot(spread.B, 100 * spread.phi / spread.phi[0], "--", color=_RED,
            label="$\\Phi_T$, % of the first")  # fmt: skip
    ax.axhline(100 / T, color=GREY, linewidth=0.8, linestyle=":", label="chance")
    ax.set(xscale="log", xlabel="B", ylim=(0, 112), title=f"T = {T}, A = {spread.A:g}")
    ax.legend(frameon=False, fontsize=7)
    figure.suptitle(title)
    return figure


def plot_dynamics(
    dynamics: Dynamics, *, periods: Sequence[int] = SPIKE_PERIODS, title: str = ""
) -> Figure:
    """Magnitude of the spikes, Phi_T and kappa with its interval against the size of the text."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(8.6, 2.6), layout="constrained")
    names: Mapping[str, str] = {
        "magnitude": "normalised magnitude",
        "phi": "$\\Phi_T$",
        "kappa": "kappa x 100",
    }
    for ax, (column, label) in zip(axes, names.items(), strict=True):
        bare_axes(ax, (3, 3))
        for color, T in zip(PALETTE, periods, strict=False):
            values = dynamics.series(column, T)
            ax.plot(dynamics.sizes, values, "o-", color=color, markersize=3, label=f"T = {T}")
            if column == "kappa":
                low, high = (dynamics.series(end, T) for end in ("low", "high"))
                ax.vlines(dynamics.sizes, low, high, color=color, linewidth=1.0)
        ax.set(xlabel=dynamics.unit, ylabel=label)
        if min(dynamics.sizes) > 0 and max(dynamics.sizes) > 8 * min(dynamics.sizes):
            ax.set_xscale("log")
    axes[0].legend(frameon=False, fontsize=8)
    figure.suptitle(title)
    return figure


def plot_analysis(analysis: Analysis, *, figure: Figure | None = None) -> Figure:
    """All parts of an analysis on one page."""
    if figure is None:
        import matplotlib.pyplot as plt

        figure = plt.figure(figsize=(9.2, 5.4), layout="constrained")
    grid = figure.add_gridspec(2, 3)
    if analysis.spectrum:
        plot_spectrum(analysis.spectrum, ax=figure.add_subplot(grid[0, :]))
    if analysis.probe:
        plot_kappa(analysis.probe, ax=figure.add_subplot(grid[1, 0]))
        last = max(analysis.probe.by_period)
        T = 10 if 10 in analysis.probe.by_period else last
        plot_recall(analysis.probe[T], ax=figure.add_subplot(grid[1, 1]))
    if analysis.separability:
        plot_fisher(analysis.separability, ax=figure.add_subplot(grid[1, 2]))
    name = analysis.name or "embedding"
    verdict = f": {analysis.verdict.name}" if analysis.verdict else ""
    figure.suptitle(f"{name} ({len(analysis.numbers)} numbers, {analysis.dim} dimensions){verdict}")
    return figure
