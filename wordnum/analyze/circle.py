"""Number circles: the plane of one period, found on some numbers and shown on the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wordnum.analyze.columns import centred_columns
from wordnum.analyze.folds import random_folds
from wordnum.analyze.moduli import checked_moduli
from wordnum.embed.embedding import Embedding, as_embedding
from wordnum.errors import InputError

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

__all__ = ["Circle", "circle"]


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

        return pd.DataFrame(
            {
                "number": self.numbers,
                "residue": self.numbers % self.period,
                "x": self.x,
                "y": self.y,
            }
        )

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the numbers, coloured by residue, and the mean of every class."""
        from wordnum.analyze.plot import plot_circle

        return plot_circle(self, ax=ax, **options)


def circle(
    embedding: Embedding | np.ndarray, *, period: int = 10, folds: int = 5, seed: int = 0
) -> Circle:
    """Project every number on the cosine and sine plane of frequency 1/T.

    Four folds of numbers are fitted by ``e(n) = c + a cos(2 pi n / T) + b sin(2 pi n / T)``, and
    the left-out numbers get the coordinates (x, y) that ``c + a x + b y`` comes closest with. In
    the plane fitted on the same numbers even white noise draws a circle; here it does not.

    Parameters
    ----------
    embedding : Embedding or array of shape (n, d)
    period : int
        T.
    folds : int
        Parts of the numbers.
    seed : int
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
    embedding = as_embedding(embedding)
    (period,) = checked_moduli([period], size=embedding.size)
    numbers = embedding.numbers
    if len(numbers) < 2 * folds:
        raise InputError(
            "too few numbers for a circle",
            expected=f"at least {2 * folds} numbers for {folds} folds",
            got=str(len(numbers)),
        )
    X = centred_columns(embedding.vectors)
    fold_of = random_folds(embedding.size, folds=folds, repeats=1, seed=seed)[0][numbers]
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
