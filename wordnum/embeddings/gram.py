"""Singular values and left vectors of a short, wide matrix through its Gram matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from wordnum.backend import Backend
from wordnum.embeddings.weightings import Weighted
from wordnum.errors import InputError

# Columns per dense product: the strip of 1000 rows stays near the cache, and a product is long
# enough for BLAS. The GPU takes what fits its memory.
_STRIP = {"cpu": 4096, "cuda": 65536}
# Share of filled rows above which a column is cheaper as part of a dense product; a GPU is always
# faster on dense columns.
_DENSE = {"cpu": 0.1, "cuda": 0.0}


def gram(weighted: Weighted, *, single: bool = False) -> Any:
    """Return ``W W^T`` of a weighted matrix, (n, n) float64 on its device.

    Columns that many rows share go through dense products, the long tail of the rest through
    sparse ones, and columns with one entry onto the diagonal: counts follow Zipf's law in their
    columns, so this takes a tenth of the time of dense products alone. The base b of unseen pairs
    enters as ``b (r 1^T + 1 r^T) + b^2 m``, with r the row sums and m the columns used.

    Parameters
    ----------
    weighted : Weighted
        From `wordnum.embeddings.weightings.weight`.
    single : bool
        Dense products in float32, summed over strips in float64.
    """
    backend, xp = weighted.backend, weighted.backend.xp
    n = weighted.matrix.shape[0]
    matrix = weighted.matrix.tocsc()
    filled = xp.diff(matrix.indptr)
    common = filled > max(1, _DENSE[backend.device] * n)
    product = _of_common(matrix[:, xp.flatnonzero(common)], backend, single=single)
    if backend.device == "cpu":
        _add_rare(product, matrix, np.flatnonzero(~common & (filled > 1)))
    lonely = matrix[:, xp.flatnonzero(filled == 1)]
    squares = xp.bincount(lonely.indices, weights=lonely.data**2, minlength=n)
    product[xp.arange(n), xp.arange(n)] += squares
    if weighted.base:
        sums = xp.bincount(matrix.indices, weights=matrix.data, minlength=n)
        product += weighted.base * (sums[:, None] + sums[None, :])
        product += weighted.base**2 * float(weighted.used.sum())
    return product


def _of_common(matrix: Any, backend: Backend, *, single: bool) -> Any:
    xp = backend.xp
    n, total = matrix.shape
    # A strip's sums are single where its entries are: short strips keep their rounding small.
    width = min(_STRIP[backend.device], 2048) if single else _STRIP[backend.device]
    product = xp.zeros((n, n), dtype=xp.float64)
    for start in range(0, total, width):
        strip = matrix[:, start : start + width].toarray(order="C")
        strip = strip.astype(xp.float32 if single else xp.float64, copy=False)
        product += strip @ strip.T
    return product


def _add_rare(product: np.ndarray, matrix: Any, columns: np.ndarray) -> None:
    try:
        from wordnum.embeddings.gram_kernel import add_outer_products
    except ImportError:  # a machine without numba
        rare = matrix[:, columns]
        product += (rare @ rare.T).toarray()
    else:
        add_outer_products(product, columns, matrix.indptr, matrix.indices, matrix.data)


def leading(
    product: Any, k: int, *, backend: Backend, exact: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return the k largest eigenvalues (descending) and eigenvectors of a Gram matrix, as NumPy.

    Raises
    ------
    InputError
        The rank is below k and `exact`; or the matrix is zero or not finite.
    """
    n = product.shape[0]
    check_anything(float(backend.to_numpy(product.diagonal()).max()))
    values, vectors = (backend.to_numpy(part) for part in backend.eigh(product, min(k, n)))
    values, vectors = values[::-1], vectors[:, ::-1]
    good = values > n * np.finfo(np.float64).eps * values[0]
    if exact and (k > n or not good.all()):
        every = backend.to_numpy(backend.eigh(product)[0])
        rank = int((every > n * np.finfo(np.float64).eps * every[-1]).sum())
        raise InputError(
            "dim is larger than the rank",
            expected=f"dim of at most {rank}",
            got=f"dim={k} for {n} numbers of rank {rank}",
            remedy=f"use dim={rank} or less, or more text",
        )
    return values[good], vectors[:, good]


def check_anything(size: float) -> None:
    """Raise unless a weighted matrix holds something, by the square of some norm of it.

    Raises
    ------
    InputError
        It is zero or not finite.
    """
    if not np.isfinite(size) or size <= 0:
        raise InputError(
            "nothing to factorize",
            expected="a weighted matrix with finite entries that are not all zero",
            got="all zero" if size == 0 else "NaN or infinity",
            remedy="use another weighting, a smaller shift or more text",
        )


def fix_signs(vectors: np.ndarray) -> np.ndarray:
    """Flip columns so that the entry of largest magnitude of each is positive.

    Examples
    --------
    >>> fix_signs(np.array([[0.6, 0.8], [-0.8, 0.6]]))
    array([[-0.6,  0.8],
           [ 0.8,  0.6]])
    """
    top = vectors[np.argmax(np.abs(vectors), axis=0), np.arange(vectors.shape[1])]
    return vectors * np.where(top < 0, -1.0, 1.0)
