"""Truncated SVD of a large sparse matrix by a randomized block Krylov method."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from wordnum.embeddings.weightings import Weighted
from wordnum.errors import InputError
from wordnum.progress import bar

log = logging.getLogger(__name__)

# Columns per step: the fewer, the smaller the space that is needed, and the slower its products.
_WIDTH = 16
# Columns between two estimates of the error.
_APART = 32
# Columns of a chunk of a basis: products with less are bound by memory.
_CHUNK = 256


class KrylovSVD(NamedTuple):
    """Result of `block_krylov_svd`.

    Parameters
    ----------
    left, right : arrays of shape (n, k) and (c, k)
        Singular vectors.
    singular_values : array of shape (k,)
        Descending.
    error : float
        Estimated largest relative error of the singular values.
    dimension : int
        Of the Krylov space.
    """

    left: np.ndarray
    singular_values: np.ndarray
    right: np.ndarray
    error: float
    dimension: int


def block_krylov_svd(
    weighted: Weighted,
    k: int,
    *,
    exact: bool = True,
    tol: float = 1e-4,
    block: int | None = None,
    single: bool = False,
    random_state: int = 0,
) -> KrylovSVD:
    """Find the k largest singular values and vectors of a sparse matrix.

    Block Golub-Kahan bidiagonalization from a random block (Golub, Luk and Overton 1981; Musco
    and Musco 2015 for why a random block converges): orthonormal bases V and U of

        span{V_1, (A^T A) V_1, (A^T A)^2 V_1, ...}  and of its image under A,

    with ``A V = U B`` and B block bidiagonal; the singular values of B approach those of A from
    below. Steps are added until the estimated error is below `tol`. Of a matrix wider than it is
    tall the transpose is taken, so that V, which is filled first, is in the smaller space. Of a
    singular value that A has more often than `block` times, copies may be missed.

    Parameters
    ----------
    weighted : Weighted
        The matrix, on its device; the base of unseen pairs is never written out.
    k : int
        How many.
    exact : bool
        Whether a rank below k is an error; if not, as many as there are.
    tol : float
        Largest relative error of the singular values to stop at. It is estimated, as twice what
        the geometric rate of their growth leaves.
    block : int, optional
        Columns per step; 16 when left out.
    single : bool
        float32 vectors and products: half the time, for a `tol` of 1e-5 or more.
    random_state : int
        Of the starting block.

    Raises
    ------
    InputError
        k is larger than the rank, and `exact`.

    Examples
    --------
    >>> from wordnum.embeddings.weightings import weight
    >>> found = block_krylov_svd(weight(np.diag([5.0, 4, 3, 2, 1]), weighting="raw"), 2)
    >>> found.singular_values.round(6)
    array([5., 4.])
    """
    smaller = min(weighted.matrix.shape)
    width = min(block or _WIDTH, smaller)
    state = _Bidiagonal(weighted, width, single=single, random_state=random_state)
    history: list[np.ndarray] = []
    error, seen = np.inf, -np.inf
    with bar("block Krylov SVD", unit="steps") as advance:
        while error > tol and not state.exhausted:
            state.step()
            advance()
            if state.dimension >= max(k, seen + _APART):
                seen = state.dimension
                history.append(state.values(k))
                error = _estimated_error(history)
                log.debug("Krylov dimension %d: estimated error %.1e", seen, error)
    values, right_t = np.linalg.svd(state.small())[1:]
    floor = values[0] * smaller * (np.finfo(np.float32 if single else np.float64).eps)
    rank = int((values > floor).sum())
    if k > rank and exact:
        raise InputError(
            "dim is larger than the rank",
            expected=f"dim of at most {rank}",
            got=f"dim={k} for a matrix of shape {weighted.matrix.shape}",
            remedy=f"use dim={rank} or less, or more text",
        )
    sides, refined = state.vectors(right_t[: min(k, rank)].T)
    return KrylovSVD(
        left=sides[state.transposed],
        singular_values=refined,
        right=sides[not state.transposed],
        error=0.0 if state.exhausted else error,
        dimension=state.dimension,
    )


class _Basis:
    """Orthonormal columns that grow by blocks, kept in chunks wide enough for BLAS."""

    def __init__(self, xp: Any, rows: int, dtype: Any) -> None:
        self._xp, self._rows, self._dtype = xp, rows, dtype
        self._chunks: list[Any] = []
        self._filled: list[int] = []
        self.last: Any = None

    def append(self, block: Any) -> None:
        width = block.shape[1]
        if not self._chunks or self._filled[-1] + width > self._chunks[-1].shape[1]:
            columns = max(_CHUNK, width)
            chunk = self._xp.empty((self._rows, columns), dtype=self._dtype, order="F")
            self._chunks.append(chunk)
            self._filled.append(0)
        start = self._filled[-1]
        self._chunks[-1][:, start : start + width] = block
        self._filled[-1] += width
        self.last = block

    def __iter__(self) -> Iterator[Any]:
        """Yield the filled part of each chunk."""
        return (chunk[:, :filled] for chunk, filled in zip(self._chunks, self._filled))

    def combine(self, weights: Any) -> Any:
        """Return the basis times weights."""
        start, total = 0, 0.0
        for part in self:
            total = total + part @ weights[start : start + part.shape[1]]
            start += part.shape[1]
        return total

    def __len__(self) -> int:
        return sum(self._filled)


class _Bidiagonal:
    """The two bases and the small matrix between them, for A = matrix + base * rows columns^T."""

    def __init__(self, weighted: Weighted, width: int, *, single: bool, random_state: int) -> None:
        self.backend, self.base = weighted.backend, weighted.base
        xp = self.backend.xp
        self.dtype = xp.float32 if single else xp.float64
        n, c = weighted.matrix.shape
        self.transposed = c > n
        matrix = weighted.matrix.astype(self.dtype)
        pair = matrix, self.backend.transpose(matrix)
        ones = xp.ones(n, dtype=self.dtype), weighted.used.astype(self.dtype)
        self.matrix, self.transpose = pair[:: -1 if self.transposed else 1]
        self.rows, self.columns = ones[:: -1 if self.transposed else 1]
        self.shape = self.matrix.shape
        self.left, self.right = (_Basis(xp, rows, self.dtype) for rows in self.shape)
        self.diagonal: list[np.ndarray] = []
        self.above: list[np.ndarray] = []
        self.scale = 0.0  # norm of A, as far as it is known
        self.exhausted = False
        self._rng = np.random.default_rng(random_state)
        self._next = self._drawn(width)

    @property
    def dimension(self) -> int:
        return len(self.left)

    def step(self) -> None:
        """Add a block to both bases."""
        image = self._image(self._next)
        if self.above:
            image -= self.left.last @ self._device(self.above[-1])
        basis, corner = self._orthonormal(image, self.left, lazily=True)
        if self._is_rounding(corner):  # A ends where even a drawn block has no image
            self.exhausted = True
            return
        self.right.append(self._next)
        self.left.append(basis)
        self.diagonal.append(corner)
        back = self.backend.multiply(self.transpose, basis)
        if self.base:
            back += self.base * self.columns[:, None] * (self.rows @ basis)[None, :]
        back -= self.right.last @ self._device(corner.T)
        self._next, factor = self._orthonormal(back, self.right)
        self.scale = max(self.scale, *(float(np.linalg.norm(a, 2)) for a in (corner, factor)))
        if self._is_rounding(factor):
            # The space is closed, but may lack copies of singular values that A has many times.
            self._next, factor = self._drawn(len(factor)), np.zeros_like(factor)
        self.above.append(factor.T)
        room = min(self.shape) - self.dimension
        self.exhausted = room <= 0
        if room < self._next.shape[1]:
            self._next = self._next[:, :room]
            self.above[-1] = self.above[-1][:, :room]

    def _drawn(self, width: int) -> Any:
        """Return a random block that is orthonormal to all of V."""
        drawn = self._rng.standard_normal((self.shape[1], width))
        return self._orthonormal(self._device(drawn), self.right)[0]

    def _is_rounding(self, factor: np.ndarray) -> bool:
        eps = float(np.finfo(np.dtype(self.dtype)).eps)
        return bool(np.abs(factor).max() <= 10 * eps * np.sqrt(self.shape[0]) * self.scale)

    def _image(self, block: Any) -> Any:
        """Return A times a block."""
        image = self.backend.multiply(self.matrix, block)
        if self.base:
            image += self.base * self.rows[:, None] * (self.columns @ block)[None, :]
        return image

    def _device(self, array: np.ndarray) -> Any:
        return self.backend.asarray(array, dtype=self.dtype)

    def _host(self, array: Any) -> np.ndarray:
        return self.backend.to_numpy(array).astype(np.float64)

    def _orthonormal(
        self, block: Any, basis: _Basis, *, lazily: bool = False
    ) -> tuple[Any, np.ndarray]:
        """Take out what rounding has brought back of the basis, and factorize the block.

        One basis kept orthonormal keeps the other so too (Simon and Zha 2000), unless columns
        nearly vanish: they are mostly rounding once scaled up, and are projected again.
        """
        factor, least = np.eye(block.shape[1]), 1e-3 * self.scale
        for turn in range(4):
            if turn or not lazily:
                for part in basis:
                    block = block - part @ (part.T @ block)
            block, corner = self.backend.qr(block)
            corner = self._host(corner)
            factor = corner @ factor
            scales = np.abs(np.diag(corner))
            if scales.min() > max(least, 0.01 * scales.max()):
                break
            least = 0.5  # of columns of length 1
        return block, factor

    def small(self) -> np.ndarray:
        """Return B, upper block bidiagonal."""
        sizes = np.cumsum([0, *(corner.shape[1] for corner in self.diagonal)])
        matrix = np.zeros((sizes[-1], sizes[-1]))
        for j, corner in enumerate(self.diagonal):
            here = slice(sizes[j], sizes[j + 1])
            matrix[here, here] = corner
            if j + 1 < len(self.diagonal):
                matrix[here, sizes[j + 1] : sizes[j + 2]] = self.above[j]
        return matrix

    def values(self, k: int) -> np.ndarray:
        """Return the k largest singular values of B, to about half of the digits."""
        small = self.backend.asarray(self.small())
        squares = self.backend.to_numpy(self.backend.eigvalsh(small.T @ small, k))
        return np.sqrt(np.maximum(squares[::-1], 0.0))

    def vectors(self, weights: np.ndarray) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
        """Singular vectors (of image and origin) and values of A in the span of V times weights.

        ``A V = U B`` holds however far U is from orthonormal, so the image of the span is known.
        """
        origin, triangle = self.backend.qr(self.right.combine(self._device(weights)))
        weights = weights @ np.linalg.inv(self._host(triangle))
        image, triangle = self.backend.qr(self.left.combine(self._device(self.small() @ weights)))
        left, values, right_t = np.linalg.svd(self._host(triangle))
        pair = image @ self._device(left), origin @ self._device(right_t.T)
        return (self.backend.to_numpy(pair[0]), self.backend.to_numpy(pair[1])), values


def _estimated_error(history: list[np.ndarray]) -> float:
    """Relative error of singular values that grow geometrically towards their limits."""
    if len(history) < 3:
        return np.inf
    before, last = (
        max(float(np.max((b - a) / np.maximum(b, np.finfo(float).tiny))), 0.0)
        for a, b in zip(history[-3:-1], history[-2:])
    )
    # Convergence speeds up as it goes; the floor keeps a lucky step from ending it early, and the
    # factor makes up for the wavering of the rate from step to step.
    rate = min(max(last / before if before else 0.0, 0.2), 0.95)
    return 2 * last * rate / (1 - rate)
