"""Palette, axes and saving of all figures: print-ready, colour-blind safe.

Every result draws itself, in the file that it stands in. A drawing of one panel takes `ax` and
returns it; one of several panels takes `figure`. Without it a figure of pyplot is made.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wordnum.storage import atomic_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

# Okabe and Ito: told apart with every kind of colour vision. Three are those of T = 2, 5 and 10 in
# every figure and on the page; the others are of models, corpora and whatever else is compared.
PERIODS = {2: "#009E73", 5: "#E69F00", 10: "#CC79A7"}
PALETTE = ("#0072B2", "#D55E00", "#56B4E9", "#000000", "#8C6D31", "#999999")
BLUE, RED, GREY = PALETTE[0], PALETTE[1], "#767676"
# What is above and what is below that with which it is compared; on the page, --more and --less.
MORE, LESS = BLUE, RED
# Type 42 embeds TrueType fonts whole, which journals ask for; SVG text becomes outlines.
_PRINT = {"pdf.fonttype": 42, "ps.fonttype": 42, "svg.fonttype": "path", "savefig.dpi": 300}


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure for print: fonts embedded, nothing cut off; the suffix says the format.

    Examples
    --------
    >>> import tempfile
    >>> from matplotlib.figure import Figure
    >>> from wordnum.analyzers import separability
    >>> figure = Figure()
    >>> noise = np.random.default_rng(0).standard_normal((100, 3))
    >>> ax = separability(noise).plot(ax=figure.subplots())
    >>> save_figure(figure, tempfile.mkdtemp() + "/fisher.pdf").name
    'fisher.pdf'
    """
    import matplotlib as mpl

    path = Path(path)
    with mpl.rc_context(_PRINT), atomic_path(path) as temporary:
        figure.savefig(temporary, format=path.suffix.lstrip(".") or "pdf", bbox_inches="tight")
    return path


def new_figure(figure: Figure | None, size: tuple[float, float]) -> Figure:
    """Return the figure that was given, or a new one of pyplot of this size in inches."""
    if figure is None:
        import matplotlib.pyplot as plt

        figure = plt.figure(figsize=size, layout="constrained")
    return figure


def bare_axes(ax: Axes | None, size: tuple[float, float] = (3, 3)) -> Axes:
    """Axes without a frame above and on the right; of a figure of this size where none is given."""
    if ax is None:
        ax = new_figure(None, size).add_subplot()
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def period_axis(ax: Axes, moduli: Iterable[int]) -> None:
    """Label a panel with a place per T; of fewer than three none is wider than a third of it."""
    names = list(map(str, moduli))
    middle, half = (len(names) - 1) / 2, max(len(names), 3) / 2
    ax.set_xticks(range(len(names)), names, fontsize=min(10, 100 / len(names)))
    ax.set(xlim=(middle - half, middle + half), xlabel="T")


def period_color(T: int) -> str:
    """Colour of n mod T.

    Examples
    --------
    >>> period_color(10)
    '#CC79A7'
    """
    return PERIODS.get(T) or PALETTE[T % len(PALETTE)]


def diverging_colors() -> Colormap:
    """Colours from `LESS` by way of white to `MORE`."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("less to more", [LESS, "white", MORE])


def residue_colors(period: int) -> np.ndarray:
    """Colours that go round as residues do, darkened so that none is lost on white paper."""
    import matplotlib as mpl

    colors = mpl.colormaps["twilight_shifted"](np.arange(period) / period)
    return colors * np.array([0.8, 0.8, 0.8, 1.0])
