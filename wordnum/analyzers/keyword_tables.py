"""The table of keywords that people read: on the terminal, under `print` and in a notebook."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import numpy as np

from wordnum.errors import printable

if TYPE_CHECKING:
    from wordnum.analyzers.keyword_results import ModulusKeywords

HEADS = ("word", "side", "pairs", "share", "F", "q", "odds ratio", "interval", "in class")
_LEFT = 2  # heads of words; the others hold figures


def word_cells(found: ModulusKeywords, *, top: int, order: str) -> list[list[str]]:
    """One row per word, under `HEADS`; what does not exist is blank."""
    return [_cells(found, i) for i in found.order(order)[:top]]


def title_of(found: ModulusKeywords, top: int) -> str:
    """How many words carry it, and how many of all that were tested are in the table."""
    rest = f"; the first {top} are shown" if top < len(found.words) else ""
    return found.title() + rest


def _cells(found: ModulusKeywords, i: int) -> list[str]:
    return [
        printable(found.words[i]),
        found.sides[i],
        f"{found.count[i]:,.0f}",
        _figure(100 * found.share[i], ".1f", " %"),
        _figure(found.f[i], ".1f"),
        f"{found.q_value[i]:.2g}" + " (not confirmed)" * (not found.confirmed[i]),
        _figure(found.odds_ratio[i], ".2f"),
        f"{found.low[i]:.2f} to {found.high[i]:.2f}" if np.isfinite(found.low[i]) else "",
        _figure(100 * found.in_class[i], ".0f", " %"),
    ]


def _figure(value: Any, form: str, unit: str = "") -> str:
    return f"{value:{form}}{unit}" if np.isfinite(value) else ""


def as_text(found: ModulusKeywords, *, top: int = 10, order: str = "confirmed") -> str:
    """Title, table and sentence, for `print`."""
    columns = list(zip(HEADS, *word_cells(found, top=top, order=order)))
    widths = [max(map(len, column)) for column in columns]
    lines = [
        "  ".join(
            cell.ljust(width) if at < _LEFT else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths))
        ).rstrip()
        for row in zip(*columns)
    ]
    return "\n".join([title_of(found, top), *lines, found.told()])


def as_html(found: ModulusKeywords, *, top: int = 10, order: str = "confirmed") -> str:
    """Title, table and sentence, for a notebook; words are escaped."""

    def row(cells: Any, tag: str) -> str:
        kept = (
            f"<{tag} style='text-align:{'left' if at < _LEFT else 'right'}'>"
            f"{html.escape(cell)}</{tag}>"
            for at, cell in enumerate(cells)
        )
        return f"<tr>{''.join(kept)}</tr>"

    rows = "".join(row(cells, "td") for cells in word_cells(found, top=top, order=order))
    table = f"<table>{row(HEADS, 'th')}{rows}</table>"
    title, told = map(html.escape, (title_of(found, top), found.told()))
    return f"<strong>{title}</strong>{table}<p>{told}</p>"
