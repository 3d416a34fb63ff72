"""What every measure does first: rows that hold data, columns without means."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from wordnum.embeddings.embedding import Embedding, as_embedding
from wordnum.errors import InputError

_SMALL = 1e-100
_SAME = 9  # decimals, of the largest entry, in which rows that are equal agree


def rows_with_data(value: Any) -> Embedding:
    """Return the Embedding of anything that holds vectors, without rows that are no data.

    A row of zeros, and a vector that several numbers share, say nothing of the number: a vocabulary
    lacks it. Such numbers count as missing, and the embedding is flagged "equal-rows". Vectors of
    one dimension may agree by chance, and where most of the different vectors are shared they are
    meant so (an exact wave has T of them): those are kept.

    Examples
    --------
    >>> rows_with_data([[1.0, 2.0], [0.0, 0.0], [3.0, 4.0], [5.0, 6.0], [5.0, 6.0]]).numbers
    array([0, 2])
    """
    embedding = as_embedding(value)
    X = embedding.vectors
    largest = float(np.abs(X).max())
    if embedding.dim == 1 or not largest:
        return embedding
    rounded = np.round(X / largest, _SAME) + 0.0  # zero has one sign
    data = np.asarray(rounded.any(axis=1))
    _, which, times = np.unique(rounded[data], axis=0, return_inverse=True, return_counts=True)
    shared = times > 1
    if 2 * shared.sum() < len(times):
        data[data] = ~shared[which.ravel()]
    if data.all():
        return embedding
    kept = embedding.select(embedding.numbers[data])
    return replace(kept, flags=(*kept.flags, "equal-rows"))


def doubles(vectors: np.ndarray) -> np.ndarray:
    """Vectors in float64, whose squares neither overflow nor vanish.

    Raises
    ------
    InputError
        The largest entry is beyond 1e100 or below 1e-100.

    Examples
    --------
    >>> doubles(np.array([[1, 2]]))
    array([[1., 2.]])
    """
    X = np.asarray(vectors, dtype=np.float64)
    largest = float(np.abs(X).max())
    if largest and not _SMALL < largest < 1.0 / _SMALL:
        wrong = "squares of these vectors leave the range of floating point"
        expected, got = f"a largest entry from {_SMALL:g} to {1.0 / _SMALL:g}", f"{largest:.3g}"
        raise InputError(wrong, expected=expected, got=got, remedy="multiply them by a constant")
    return X


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
    X = doubles(vectors)
    mean, largest = X.mean(axis=0), float(np.abs(X).max())
    X = X - mean
    unit = float(np.finfo(np.float32 if single else np.float64).eps)
    deviation = np.abs(X).max(axis=0)
    rounding = np.maximum(64 * unit * np.abs(mean), (1e-7 if single else 1e-13) * largest)
    X[:, deviation <= rounding] = 0.0
    return X
