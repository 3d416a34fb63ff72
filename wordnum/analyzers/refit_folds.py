"""A fold of a probe whose alphas are given: its training rows by their moments, or by a kernel.

With alpha given, a fold needs no eigenvectors, and its training rows enter by their moments, which
are those of all rows less those of the fold. Where no column is divided by its deviation, the
penalty of a column is alpha times its sum of squares: with the diagonal D of the scatter S, class
sums s and a left-out row x, ``f(x) = x' (S + a D)^-1 s`` and ``G = s' (S + a D)^-1 s`` of
`wordnum.analyzers.closed_form`. Other labels change s alone.

Means, and what is regressed out of the columns by the training rows, are taken off by the
factorization itself. They stand as columns of their own before the others and have no penalty. The
lower factor L of the moments M of all of them, ``M + a D = L L'``, has the factor of the scatter
that they leave as its last block; so without the first entries of ``z = L^-1 s`` and
``w = L^-1 x``, ``f(x) = w' z`` and ``G = z' z``.

Of more columns than training rows, the kernel ``K = Z Z'`` of the standardised training rows is the
smaller matrix: with ``L L' = K + n a I``, ``z = L^-1 Y`` and ``w = L^-1 Z x``, ``f(x) = w' z`` and
``N - G = n a z' z``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wordnum.backend import Backend

Array = Any
# Share of the variance of a column below which what is left of it is rounding.
_ROUNDING = 1e-12
# Columns that are standardised at once for a kernel, so that no copy of all of them is held.
_COLUMNS = 256


@dataclass(frozen=True, eq=False)
class Fold:
    """Training rows of a fold, and the rows left out.

    Attributes
    ----------
    backend : Backend
    held : array of int of shape (m,)
        The left-out rows.
    n : int
        Training rows.
    matrix : array of shape (q, q)
        M, or K.
    penalty : array of shape (q,)
        What alpha times is added along the diagonal.
    axes : array of shape (k, k)
        What the k columns of M that are known become uncorrelated by.
    kept : array of shape (q,)
        1, and 0 for what is known beside the columns, and for a column that does not vary.
    test : array of shape (m, q)
        The left-out rows, or their kernel with the training rows.
    kernel : bool
    """

    backend: Backend
    held: Array
    n: int
    matrix: Array
    penalty: Array
    axes: Array
    kept: Array
    test: Array
    kernel: bool

    def _factor(self, alpha: float) -> Array:
        matrix = self.matrix.copy()
        matrix.ravel()[:: len(matrix) + 1] += alpha * self.penalty
        return self.backend.cholesky(matrix)

    def fit(self, alpha: float, sums: Array) -> tuple[Array, Array]:
        """Class sums (C, q) become z (C, q), with what times a row of `test` is f, (C, q)."""
        factor = self._factor(alpha)
        z = self.solved(factor, sums)
        return z, self.backend.solve_lower(factor, z.copy().T, transposed=True).T

    def factor(self, alpha: float) -> tuple[Array, Array]:
        """L, and w of the left-out rows (m, q), in float32."""
        factor, single = self._factor(alpha), self.backend.xp.float32
        test = self.backend.solve_lower(factor, self.test.copy().T).T * self.kept
        return factor.astype(single), test.astype(single)

    def solved(self, factor: Array, sums: Array) -> Array:
        """From L and `class_sums` (rows, q), which are overwritten: z (rows, q)."""
        k = len(self.axes)
        sums[:, :k] = sums[:, :k] @ self.axes.astype(sums.dtype)
        z = self.backend.solve_lower(factor, sums.T).T
        z *= self.kept.astype(z.dtype)
        return z

    def gram(self, alpha: Any, product: Array, counts: Array) -> Array:
        """G (..., C, C) from ``z z'`` and the training rows of every class (..., C)."""
        if not self.kernel:
            return product
        eye = self.backend.xp.eye(product.shape[-1])
        return counts[..., None] * eye - self.n * alpha * product


class Moments:
    """Rows of an embedding with no more columns than training rows.

    Parameters
    ----------
    backend : Backend
    X : array of shape (n, d)
    known : array of shape (n, k)
        A constant, and what is regressed out.
    """

    def __init__(self, backend: Backend, X: Array, known: Array) -> None:
        self.backend, self.k = backend, known.shape[1]
        xp = backend.xp
        # In units of the largest entry, columns of any size fit into float32.
        largest = xp.abs(X).max(axis=0)
        self.W = xp.concatenate([known, X / xp.where(largest > 0, largest, 1.0)], axis=1)
        self.small = self.W.astype(xp.float32)

    def folds(self, parts: Sequence[Array]) -> Iterator[Fold]:
        """Give each of two or more parts of the rows its fold."""
        xp, k = self.backend.xp, self.k
        rows = [self.W[held] for held in parts]
        own = [W.T @ W for W in rows]
        total = sum(own)
        for held, W, moments in zip(parts, rows, own, strict=True):
            matrix = total - moments
            # What is known may not vary in the training rows; then it explains nothing.
            size, axes = xp.linalg.eigh(matrix[:k, :k])
            some = size > _ROUNDING * size[-1]
            axes *= some / xp.sqrt(xp.where(some, size, 1.0))
            matrix[:k, k:] = axes.T @ matrix[:k, k:]
            matrix[k:, :k] = matrix[:k, k:].T
            matrix[:k, :k] = xp.eye(k)
            W[:, :k] = W[:, :k] @ axes
            penalty, whole = xp.diagonal(matrix).copy(), xp.diagonal(total)
            penalty[:k] = 0.0
            penalty[k:] -= (matrix[:k, k:] ** 2).sum(axis=0)
            kept = penalty > _ROUNDING * whole
            varies = kept.copy()
            varies[:k] = True
            if not varies.all():
                matrix *= varies[:, None] * varies
                matrix.ravel()[:: len(matrix) + 1] += ~varies
            n = len(self.W) - len(held)
            yield Fold(self.backend, held, n, matrix, penalty, axes, kept, W, False)

    def class_sums(self, parts: Sequence[Array], indicators: Sequence[Array]) -> Iterator[Array]:
        """Sums of the training rows of every class, per fold, from indicators (C, m) per part."""
        small = indicators[0].dtype == self.backend.xp.float32
        W = self.small if small else self.W
        own = [Y @ W[held] for held, Y in zip(parts, indicators, strict=True)]
        total = sum(own)
        return (total - one for one in own)


class Kernels:
    """As `Moments`, with more columns than training rows."""

    def __init__(self, backend: Backend, X: Array, known: Array) -> None:
        self.backend, self.X, self.known = backend, X, known

    def folds(self, parts: Sequence[Array]) -> Iterator[Fold]:
        """Give each of two or more parts of the rows its fold."""
        for at, held in enumerate(parts):
            yield self._fold(held, [*parts[:at], *parts[at + 1 :]])

    def _fold(self, held: Array, others: Sequence[Array]) -> Fold:
        xp, train = self.backend.xp, self.backend.xp.concatenate(others)
        known, n = self.known[train], len(train)
        explains = xp.linalg.pinv(known.T @ known, rcond=_ROUNDING) @ known.T
        inner, across, one = xp.zeros((n, n)), xp.zeros((len(held), n)), xp.ones(n)
        for first in range(0, self.X.shape[1], _COLUMNS):
            columns = self.X[:, first : first + _COLUMNS]
            X = columns[train]
            slopes = explains @ X
            X -= known @ slopes
            left, whole = (xp.einsum("ij,ij->j", each, each) for each in (X, columns))
            varies = left > _ROUNDING * whole
            inverse = xp.where(varies, xp.sqrt(n / xp.where(varies, left, 1.0)), 0.0)
            X *= inverse
            inner += X @ X.T
            across += (columns[held] - self.known[held] @ slopes) * inverse @ X.T
        return Fold(self.backend, held, n, inner, n * one, xp.zeros((0, 0)), one, across, True)

    def class_sums(self, parts: Sequence[Array], indicators: Sequence[Array]) -> Iterator[Array]:
        """Classes of the training rows (C, n): here the rows stand for themselves."""
        join = self.backend.xp.concatenate
        for at in range(len(parts)):
            yield join([*indicators[:at], *indicators[at + 1 :]], axis=1)


def rows_of(
    backend: Backend, X: Array, nuisance: np.ndarray | None, least: int
) -> Moments | Kernels:
    """Rows by their moments, or by kernels where there are more columns than `least` rows."""
    known = np.ones((len(X), 1))
    if nuisance is not None:
        centred = nuisance - nuisance.mean(axis=0)
        centred /= np.maximum(np.abs(centred).max(axis=0), 1e-300)
        known = np.concatenate([known, centred], axis=1)
    kind = Kernels if X.shape[1] > least and X.any() else Moments
    return kind(backend, X, backend.asarray(known))
