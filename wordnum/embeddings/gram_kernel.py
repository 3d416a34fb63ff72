"""Sparse part of a Gram matrix, compiled by numba; where there is no numba SciPy does the same."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def add_outer_products(
    product: np.ndarray,
    columns: np.ndarray,
    starts: np.ndarray,
    rows: np.ndarray,
    values: np.ndarray,
) -> None:
    """Add ``w_j w_j^T`` of some columns of a csc matrix, rows ascending, to a symmetric matrix."""
    lower = np.zeros(product.shape)
    for j in columns:
        for p in range(starts[j], starts[j + 1]):
            row = lower[rows[p]]
            value = values[p]
            for q in range(starts[j], p + 1):
                row[rows[q]] += value * values[q]
    for i in range(product.shape[0]):
        for k in range(i):
            product[i, k] += lower[i, k]
            product[k, i] += lower[i, k]
        product[i, i] += lower[i, i]
