"""Number circles: the plane of one period, found on some numbers and shown on the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wordnum.analyzers.folds import random_folds
from wordnum.analyzers.inputs import centred_columns, rows_with_data
from wordnum.analyzers.plotting import GREY, bare_axes, residue_colors
from wordnum.analyzers.residues import checked_moduli
from wordnum.backend import one_blas_thread
from wordnum.config import whole_number
from wordnum.embeddings.embedding import Embedding
from wordnum.errors import InputError

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, repr=False)
class Circle:
    """Numbers in the plane of frequency 1/T.

    Attributes
    ----------
    period : int
        T.
    numbers : array of int of shape (n,)
    x, y : array of shape (n,)
        Coordinates along the cosine and the sine of ``2 pi n / T``; a perfect circle has
        radius 1. y is 0 at T = 2.
    """

    period: int
    numbers: np.ndarray
    x: np.ndarray
    y: np.ndarray

    def __repr__(self) -> str:
        return f"<Circle of period {self.period}: {len(self.numbers)} numbers>"

    def to_frame(self) -> pandas.DataFrame:
        """One row per number."""
        import pandas as pd

        place = {"residue": self.numbers % self.period, "x": self.x, "y": self.y}
        return pd.DataFrame({"number": self.numbers, **place})

    def plot(self, ax: Axes | None = None, *, title: str = "") -> Axes:
        """Draw the numbers, coloured by residue, and the mean of every class.

        At T = 2 there is no sine, and the numbers themselves are the vertical axis.
        """
        ax = bare_axes(ax, (3.6, 3.4))
        residue, colors = self.numbers % self.period, residue_colors(self.period)
        flat = self.period == 2
        x, y = self.x, self.numbers if flat else self.y
        ax.scatter(x, y, c=colors[residue], s=7, alpha=0.6, linewidths=0)
        # The means carry the digits for those who see no colours.
        for r in np.unique(residue):
            mean = (x[residue == r].mean(), y[residue == r].mean())
            edge = {"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": colors[r]}
            ax.annotate(str(r), mean, ha="center", va="center", fontsize=8, bbox=edge)
        distance = np.maximum(np.abs(x), np.abs(self.y))
        # What lies far out is cut off and counted, so that the ring of the means stays large.
        limit = min(distance.max(), max(2.0, 1.1 * np.quantile(distance, 0.9))) or 1.0
        ax.set(xlim=(-limit, limit), xlabel=f"cosine of period {self.period}", title=title)
        if flat:
            ax.set(ylabel="n")
        else:
            ax.set(ylim=(-limit, limit), aspect="equal", ylabel=f"sine of period {self.period}")
        if beyond := int((distance > limit).sum()):
            ax.text(1, 1, f"{beyond} lie beyond", transform=ax.transAxes, ha="right", va="bottom",
                    fontsize=7, color=GREY)  # fmt: skip
        return ax


@one_blas_thread
def circle(
    embedding: Embedding | np.ndarray, *, period: int = 10, folds: int = 5, random_state: int = 0
) -> Circle:
    """Project every number on the cosine and sine plane of frequency 1/T.

    All folds of numbers but one are fitted by ``e(n) = c + a cos(2 pi n / T) + b sin(2 pi n / T)``,
    and the left-out numbers get the coordinates (x, y) that ``c + a x + b y`` comes closest with.
    In the plane fitted on the same numbers even white noise draws a circle; here it does not.

    Parameters
    ----------
    embedding : Embedding or array of shape (n, d)
    period : int
        T.
    folds : int
        How many parts the numbers are dealt into.
    random_state : int
        Of the folds.

    Raises
    ------
    UsageError, InputError
        T below 2 or above N; fewer than two numbers per fold.

    Examples
    --------
    >>> angle = 2 * np.pi * np.arange(100) / 10
    >>> found = circle(np.stack([np.cos(angle), np.sin(angle)], axis=1))
    >>> bool(np.allclose(np.hypot(found.x, found.y), 1.0))
    True
    """
    embedding = rows_with_data(embedding)
    (period,) = checked_moduli([period], size=embedding.size)
    numbers, folds = embedding.numbers, whole_number(folds, least=2, what="folds")
    if len(numbers) < 2 * folds:
        expected = f"at least {2 * folds} numbers for {folds} folds"
        raise InputError("too few numbers for a circle", expected=expected, got=str(len(numbers)))
    X = centred_columns(embedding.vectors)
    (dealt,) = random_folds(embedding.size, folds=folds, repeats=1, random_state=random_state)
    fold_of = dealt[numbers]
    angle = 2 * np.pi * (numbers % period) / period
    waves = np.stack([np.ones_like(angle), np.cos(angle), np.sin(angle)], axis=1)
    if period == 2:
        waves = waves[:, :2]
    place = np.zeros((len(numbers), 2))
    for fold in range(folds):
        held = fold_of == fold
        fitted, *_ = np.linalg.lstsq(waves[~held], X[~held], rcond=None)
        # A plane that the embedding does not have is a point: rcond drops rounding.
        back = np.linalg.pinv(fitted[1:], rcond=1e-9)
        place[held, : len(fitted) - 1] = (X[held] - fitted[0]) @ back
    return Circle(period=period, numbers=numbers, x=place[:, 0], y=place[:, 1])
