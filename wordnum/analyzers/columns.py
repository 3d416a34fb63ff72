"""Columns of an embedding, without their means and without those that only rounding moves."""

from __future__ import annotations

import numpy as np

__all__ = ["centred_columns"]


def centred_columns(vectors: np.ndarray) -> np.ndarray:
    """Columns minus their means in float64; a column that only rounding moves becomes exactly 0.

    Rows that are alike up to rounding must not look like noise once a column is divided by its
    own standard deviation. A column counts as constant when its largest deviation is below 64
    units in the last place of its mean, or below 1e-13 (float32: 1e-7) of the largest entry of
    all columns.

    Examples
    --------
    >>> centred_columns(np.array([[0.1, 1.0], [0.1, 2.0], [0.1, 3.0]]))
    array([[ 0., -1.],
           [ 0.,  0.],
           [ 0.,  1.]])
    """
    single = vectors.dtype == np.float32
    X = np.asarray(vectors, dtype=np.float64)
    mean = X.mean(axis=0)
    largest = float(np.abs(X).max())
    X = X - mean
    unit = float(np.finfo(np.float32 if single else np.float64).eps)
    deviation = np.abs(X).max(axis=0)
    rounding = np.maximum(64 * unit * np.abs(mean), (1e-7 if single else 1e-13) * largest)
    X[:, deviation <= rounding] = 0.0
    return X
