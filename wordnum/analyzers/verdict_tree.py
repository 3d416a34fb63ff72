"""The tree of verdicts: which system lands where, for every T."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from wordnum.analyzers.plotting import GREY, period_color

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Of one system by T: whether its spike is significant, and what the verdict says of its geometry.
Verdicts = Mapping[int, tuple[bool, str]]
_SPIKES = {True: "spike at 1/T", False: "no spike"}
_GEOMETRY = {
    "geometric": "geometric",
    "by roundness": "by roundness",
    "undecided": "undecided",
    "neither": "not read",
}
# Places of the branches and of the first column, in widths of the drawing; characters of a column.
_BRANCHES, _COLUMNS, _CHARACTERS = (0.0, 0.12, 0.24), 0.36, 84


def leaves(systems: Sequence[Verdicts]) -> dict[tuple[bool, str], dict[int, list[int]]]:
    """Places of the systems, from 1 on, by leaf of the tree and T; empty leaves are left out.

    Examples
    --------
    >>> leaves([{10: (True, "geometric")}, {10: (True, "neither")}, {10: (True, "geometric")}])
    {(True, 'geometric'): {10: [1, 3]}, (True, 'neither'): {10: [2]}}
    """
    found: dict[tuple[bool, str], dict[int, list[int]]] = {}
    for leaf in ((spike, geometry) for spike in _SPIKES for geometry in _GEOMETRY):
        for place, verdicts in enumerate(systems, 1):
            for T, verdict in verdicts.items():
                if verdict == leaf:
                    found.setdefault(leaf, {}).setdefault(T, []).append(place)
    return found


def tree_height(systems: Sequence[Verdicts]) -> float:
    """Inches that the drawing needs."""
    return 0.55 + 0.16 * sum(lines for _, _, lines in _rows(systems))


def draw_verdict_tree(ax: Axes, systems: Sequence[Verdicts]) -> None:
    """Draw the tree from left to right, a column of systems, by their number, per T."""
    rows, moduli = list(_rows(systems)), _moduli(systems)
    total = sum(lines for _, _, lines in rows)
    ax.set(xlim=(0, 1), ylim=(total + 0.2, -1.4))
    ax.axis("off")
    ax.set_title("verdicts: which system, by its number, lands where", fontsize=8, loc="left")
    width = (1 - _COLUMNS) / len(moduli)
    for column, T in enumerate(moduli):
        ax.plot(_COLUMNS + column * width + 0.004, -0.8, "s", color=period_color(T), markersize=5)
        ax.text(_COLUMNS + column * width + 0.014, -0.8, f"n mod {T}", fontsize=7, va="center")
    top, middles = 0.0, dict[bool, list[float]]()
    for (spike, geometry), places, lines in rows:
        y = top + lines / 2
        middles.setdefault(spike, []).append(y)
        ax.text(_BRANCHES[2], y, _GEOMETRY[geometry], fontsize=7, va="center")
        for column, T in enumerate(moduli):
            ax.text(_COLUMNS + column * width, y, places.get(T, "–"), fontsize=7, va="center",
                    color="black" if T in places else GREY)  # fmt: skip
        top += lines
    stems = {spike: sum(ys) / len(ys) for spike, ys in middles.items()}
    root = sum(stems.values()) / len(stems)
    ax.text(_BRANCHES[0], root, "systems", fontsize=7, va="center")
    for spike, ys in middles.items():
        ax.text(_BRANCHES[1], stems[spike], _SPIKES[spike], fontsize=7, va="center")
        _branch(ax, _BRANCHES[1] - 0.015, root, stems[spike], 0.05)
        for y in ys:
            _branch(ax, _BRANCHES[2] - 0.015, stems[spike], y, 0.02)


def _branch(ax: Axes, end: float, start_y: float, end_y: float, reach: float) -> None:
    x = (end - reach, end - reach / 2, end - reach / 2, end)
    ax.plot(x, (start_y, start_y, end_y, end_y), color=GREY, linewidth=0.8)


def _moduli(systems: Sequence[Verdicts]) -> list[int]:
    """The T of English text, or all where none of them was asked."""
    found = sorted({T for verdicts in systems for T in verdicts})
    return [T for T in found if T in (2, 5, 10)] or found


def _rows(systems: Sequence[Verdicts]) -> Iterator[tuple[tuple[bool, str], dict[int, str], int]]:
    """Leaves, their systems by T as text, and how many lines that takes."""
    moduli = _moduli(systems)
    for leaf, places in leaves(systems).items():
        width = _CHARACTERS // len(moduli)
        told = {
            T: textwrap.fill(" ".join(map(str, places[T])), width) for T in moduli if T in places
        }
        if told:
            yield leaf, told, max(text.count("\n") + 1 for text in told.values())
