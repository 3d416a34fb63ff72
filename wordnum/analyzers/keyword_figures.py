"""The figure of keywords: residuals by residue as a heat map, odds ratios with intervals beside."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from wordnum.analyzers.plotting import GREY, LESS, MORE, bare_axes, diverging_colors, new_figure
from wordnum.errors import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from wordnum.analyzers.keyword_results import ModulusKeywords

# Odds ratios up to this are shown, and from its inverse.
_WIDEST = 50.0
# Marks of their axis, those first that it needs most, and how many characters it holds.
_MARKS = (1, 2, 0.5, 10, 0.1, 3, 5, 20, 0.2, 50, 0.02, 4, 1.5, 0.7, 0.3, 7, 30, 0.05)
_CHARACTERS = 30
# Longer words are cut: a row of the figure is one line.
_LONGEST = 24
# Characters of a line below the figure.
_LINE = 100


def draw_keywords(
    found: ModulusKeywords,
    figure: Figure | None,
    *,
    top: int = 20,
    order: str = "confirmed",
    title: str = "",
) -> Figure:
    """Draw the strongest words of one T; see `ModulusKeywords.plot`."""
    at = found.order(order)[:top]
    figure = new_figure(figure, (7.2, 1.5 + 0.2 * at.size))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1.6, 1))
    _heat_map(left, found, at)
    _ratios(right, found, at)
    figure.suptitle(title or found.title(), fontsize=11)
    figure.supxlabel(textwrap.fill(found.told(), _LINE).replace("$", r"\$"), fontsize=9)
    return figure


def _label(found: ModulusKeywords, i: int) -> str:
    word, side = printable(found.words[i]), found.sides[i]
    word = word if len(word) <= _LONGEST else word[: _LONGEST - 1] + "…"
    word = word.replace("$", r"\$")
    word = word if any(map(str.isalnum, word)) else f"“{word}”"  # a point alone is not seen
    where = {"left": " …", "right": "… "}.get(side.split()[0], "")
    named = f"… {word}" if where == "… " else word + where
    distance = side.partition(" ")[2]
    named += f" ({distance})" if distance else ""
    return named if found.confirmed[i] else f"({named})"


def _heat_map(ax: Axes, found: ModulusKeywords, at: np.ndarray) -> None:
    shown = found.profile[at]
    # A residual beyond 12 is darkest: it would pale all others.
    limit = max(3.0, min(float(np.abs(shown).max(initial=0)), 12.0))
    image = ax.imshow(shown, cmap=diverging_colors(), vmin=-limit, vmax=limit, aspect="auto")
    ax.set_yticks(range(at.size), [_label(found, i) for i in at], fontsize=8)
    ax.set_xticks(range(found.period))
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_xlabel(f"n mod {found.period}")
    if not found.confirmed[at].all():
        ax.set_title("in parentheses: not confirmed", fontsize=8, loc="left")
    bar = ax.figure.colorbar(image, ax=ax, shrink=0.9, pad=0.02, extend="both")
    bar.set_label("standardised residual", fontsize=8)
    bar.ax.tick_params(labelsize=7)


def _ratios(ax: Axes, found: ModulusKeywords, at: np.ndarray) -> None:
    bare_axes(ax)
    for y, i in enumerate(at):
        ratio, low, high = found.odds_ratio[i], found.low[i], found.high[i]
        if not 0 < ratio < np.inf:
            continue
        color = GREY if not found.differs[i] else MORE if ratio > 1 else LESS
        ax.plot([low, high], [y, y], color=color, linewidth=1.2)
        ax.plot(ratio, y, "o", color=color, markersize=4)
    ax.axvline(1, color=GREY, linewidth=0.8, zorder=0)
    ax.set_xscale("log")
    low, high = np.clip(ax.get_xlim(), 1 / _WIDEST, _WIDEST)
    ax.set_xlim(min(low, 0.5), max(high, 2.0))
    ticks = _ticks(*ax.get_xlim())
    ax.set_xticks(ticks, [f"{x:g}" for x in ticks], fontsize=8)
    ax.xaxis.set_minor_formatter("")
    ax.tick_params(axis="y", length=0)
    told = f"{found.class_name} against all others,\nwhichever residue a word favours"
    ax.set_title(told, fontsize=8)
    ax.set_xlabel("odds ratio (log scale)")


def _ticks(low: float, high: float) -> list[float]:
    """Marks of a logarithmic axis that leave room for their labels.

    Examples
    --------
    >>> _ticks(0.45, 4.2), _ticks(0.1, 40)
    ([0.5, 0.7, 1, 1.5, 2, 3, 4], [0.1, 0.5, 1, 2, 3, 5, 10, 20])
    """
    width = np.log(high / low) / _CHARACTERS
    ticks: list[float] = []
    for mark in (mark for mark in _MARKS if low <= mark <= high):
        # From middle to middle: half of both labels, and a blank.
        room = {other: 1 + len(f"{mark:g}{other:g}") / 2 for other in ticks}
        if all(abs(np.log(mark / other)) > width * room[other] for other in ticks):
            ticks.append(mark)
    return sorted(ticks)
