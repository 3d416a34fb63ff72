"""Regression probes: the angle of n mod T, and the magnitude of n."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wordnum.analyzers.folds import random_folds
from wordnum.analyzers.inputs import centred_columns, one_blas_thread
from wordnum.analyzers.lda import ALPHAS, standardised
from wordnum.analyzers.residues import check_classes, checked_moduli
from wordnum.embeddings.embedding import Embedding, as_embedding

if TYPE_CHECKING:
    import pandas

__all__ = ["RegressionProbe", "regression_probe"]


@dataclass(frozen=True, eq=False, repr=False)
class RegressionProbe:
    """Out-of-fold R^2 of ridge regressions on an embedding.

    Attributes
    ----------
    circular : dict of int to float
        Per T, ``R^2`` of (cos, sin)(2 pi n / T), both targets together.
    angle : dict of int to float
        Per T, share of left-out numbers whose predicted angle is nearest to their own residue.
    magnitude, log_magnitude : float
        ``R^2`` of n and of log(1 + n).
    """

    circular: dict[int, float]
    angle: dict[int, float]
    magnitude: float
    log_magnitude: float

    def __repr__(self) -> str:
        shown = ", ".join(f"T={T} {r2:.2f}" for T, r2 in self.circular.items())
        return f"<RegressionProbe, R^2: n {self.magnitude:.2f}, {shown}>"

    def to_frame(self) -> pandas.DataFrame:
        """One row per target."""
        import pandas as pd

        rows = [
            {"target": f"circle T={T}", "r2": r2, "nearest_residue": self.angle[T]}
            for T, r2 in self.circular.items()
        ]
        rows += [
            {"target": "n", "r2": self.magnitude, "nearest_residue": None},
            {"target": "log(1 + n)", "r2": self.log_magnitude, "nearest_residue": None},
        ]
        return pd.DataFrame(rows).set_index("target")


@one_blas_thread
def regression_probe(
    embedding: Embedding | np.ndarray,
    *,
    moduli: Iterable[int] = range(2, 11),
    random_state: int = 0,
    folds: int = 5,
    repeats: int = 5,
) -> RegressionProbe:
    """Predict the angle of n mod T, and n and log(1 + n), by ridge regression out of fold.

    The folds, the standardisation and the alphas are those of `probe`; each target takes the
    alpha with the smallest leave-one-out error inside the fold. ``R^2`` is one less the
    squared error over that of the mean of the training rows; it is negative where the mean is
    the better guess.

    Parameters
    ----------
    embedding : Embedding or array of shape (n, d)
    moduli : iterable of int
        The T of the circular targets.
    random_state, folds, repeats
        See `probe`.

    Raises
    ------
    UsageError, InputError
        See `probe`.

    Examples
    --------
    >>> n = np.arange(200)[:, None]
    >>> found = regression_probe(np.hstack([n, np.cos(np.pi * n)]), moduli=[2])
    >>> found.magnitude > 0.99, found.circular[2] > 0.99
    (True, True)
    """
    embedding = as_embedding(embedding)
    periods = checked_moduli(moduli, size=embedding.size)
    check_classes(embedding.numbers, periods, folds=folds)
    numbers = embedding.numbers
    targets = np.stack([*_waves(numbers, periods), numbers, np.log1p(numbers)], axis=1)
    X = centred_columns(embedding.vectors)
    assignment = random_folds(
        embedding.size, folds=folds, repeats=repeats, random_state=random_state
    )
    found = [_out_of_fold(X, targets, fold_of) for fold_of in assignment[:, numbers]]
    predicted, guess = (np.stack(part) for part in zip(*found, strict=True))
    error = ((predicted - targets) ** 2).sum(axis=(0, 1))
    base = ((guess - targets) ** 2).sum(axis=(0, 1))
    circular, angle = {}, {}
    for at, T in enumerate(periods):
        pair = slice(2 * at, 2 * at + 2)
        circular[T] = _r2(error[pair].sum(), base[pair].sum())
        angle[T] = _nearest(predicted[..., pair], numbers, T)
    return RegressionProbe(circular, angle, _r2(error[-2], base[-2]), _r2(error[-1], base[-1]))


def _waves(numbers: np.ndarray, periods: tuple[int, ...]) -> list[np.ndarray]:
    found = []
    for T in periods:
        angle = 2 * np.pi * (numbers % T) / T
        found += [np.cos(angle), np.zeros_like(angle) if T == 2 else np.sin(angle)]
    return found


def _r2(error: float, base: float) -> float:
    return float(1.0 - error / base) if base > 0 else 0.0


def _nearest(place: np.ndarray, numbers: np.ndarray, T: int) -> float:
    turn = np.arctan2(place[..., 1], place[..., 0]) * T / (2 * np.pi)
    return float((np.round(turn).astype(int) % T == numbers % T).mean())


def _out_of_fold(
    X: np.ndarray, targets: np.ndarray, fold_of: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Predictions of every left-out row, and the training mean that they are compared with."""
    from sklearn.linear_model import RidgeCV

    predicted, guess = np.zeros(targets.shape), np.zeros(targets.shape)
    for fold in range(int(fold_of.max()) + 1):
        held = fold_of == fold
        if held.any() and not held.all():
            Z, Z_test, *_ = standardised(np, X[~held], X[held])
            ridge = RidgeCV(len(Z) * np.array(ALPHAS), alpha_per_target=True)
            predicted[held] = ridge.fit(Z, targets[~held]).predict(Z_test)
            guess[held] = targets[~held].mean(axis=0)
    return predicted, guess
