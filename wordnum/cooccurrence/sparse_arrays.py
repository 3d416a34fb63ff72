"""Sparse matrices in files of counts: their arrays, and the checks when they are read."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import sparse

__all__ = ["matrix_arrays", "read_matrix"]

_PARTS = ("data", "indices", "indptr")


def matrix_arrays(name: str, matrix: sparse.csr_array) -> dict[str, np.ndarray]:
    """Arrays that hold a matrix, for an npz; their names begin with `name`."""
    return {f"{name}/{part}": getattr(matrix, part) for part in _PARTS}


def read_matrix(
    name: str, arrays: Mapping[str, np.ndarray], *, shape: tuple[int, int]
) -> sparse.csr_array:
    """Rebuild a matrix from `matrix_arrays`, and check all of it: compiled loops trust it.

    Raises
    ------
    KeyError
        An array is missing.
    ValueError
        They are no matrix of this shape in canonical form, or an entry is no count.

    Examples
    --------
    >>> arrays = matrix_arrays("m", sparse.csr_array([[0, 2], [1, 0]]))
    >>> read_matrix("m", arrays, shape=(2, 2)).sum()
    np.int64(3)
    >>> read_matrix("m", arrays, shape=(2, 1))
    Traceback (most recent call last):
    ValueError: m: columns outside the matrix
    """
    data, indices, indptr = (arrays[f"{name}/{part}"] for part in _PARTS)
    if any(array.ndim != 1 for array in (data, indices, indptr)):
        raise ValueError(f"{name}: arrays of another shape")
    if data.dtype.kind not in "uif" or {indices.dtype.kind, indptr.dtype.kind} - set("ui"):
        raise ValueError(f"{name}: arrays of another type")
    lengths = np.diff(indptr.astype(np.int64))
    whole = indptr.size == shape[0] + 1 and indptr[0] == 0 and indptr[-1] == indices.size
    if not whole or data.size != indices.size or lengths.min(initial=0) < 0:
        raise ValueError(f"{name}: rows that do not fit the matrix")
    if indices.size and not 0 <= indices.min() <= indices.max() < shape[1]:
        raise ValueError(f"{name}: columns outside the matrix")
    ascends = np.ones(indices.size + 1, dtype=bool)
    ascends[1:-1] = indices[1:] > indices[:-1]
    ascends[indptr] = True
    if not ascends.all():
        raise ValueError(f"{name}: columns out of order")
    if data.size and not 0 <= data.min() <= data.max() < np.inf:
        raise ValueError(f"{name}: entries that are no counts")
    matrix = sparse.csr_array((data, indices, indptr), shape=shape)
    matrix.has_canonical_format = True
    return matrix
