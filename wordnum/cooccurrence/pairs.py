"""Sums over the pairs of all words, three bytes each, and the merging of many of them."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from wordnum.cooccurrence.temp_arrays import Spool, forget

__all__ = ["BATCH", "PairMerger", "PairSums", "merge_sums"]

# Parts that are merged at once, and entries of theirs in a batch of rows: bounds the memory.
_FAN = 8
BATCH = 16_000_000


@dataclass(frozen=True, eq=False)
class PairSums:
    """Integer sums over pairs (word, later word) as a compressed sparse matrix.

    Row w holds the words seen after w, in ascending order. Nearly all sums are small: their
    lowest bits are kept apart from the others, which few have.

    Attributes
    ----------
    indptr : ndarray of int64, shape (V + 1,)
        Where each row begins.
    contexts : ndarray of unsigned int
        Later words.
    low : ndarray of uint8 or uint16
        Lowest bits of each sum.
    high_at, high : ndarray of int64, ndarray of uint64
        Entries whose sums have more bits, ascending, and these bits.
    """

    indptr: np.ndarray
    contexts: np.ndarray
    low: np.ndarray
    high_at: np.ndarray
    high: np.ndarray

    @property
    def nnz(self) -> int:
        """Distinct pairs."""
        return self.contexts.size

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(array.nbytes for array in vars(self).values())

    def values(self) -> np.ndarray:
        """The sums, float64: exact below 2^53."""
        values = self.low.astype(np.float64)
        values[self.high_at] += self.high * 2.0 ** (8 * self.low.itemsize)
        return values

    def matrix(self) -> sparse.csr_array:
        """Return the sums as a float64 matrix (V, V)."""
        n = self.indptr.size - 1
        kind = np.int32 if self.nnz < 2**31 else np.int64
        parts = (self.values(), self.contexts.astype(kind), self.indptr.astype(kind))
        matrix = sparse.csr_array(parts, shape=(n, n))
        matrix.has_canonical_format = True
        return matrix

    @classmethod
    def empty(cls, n: int, contexts: np.dtype, low: np.dtype) -> PairSums:
        """Sums without a pair."""
        zeros = np.zeros(n + 1, dtype=np.int64)
        nothing = [np.zeros(0, dtype=kind) for kind in (contexts, low, np.int64, np.uint64)]
        return cls(zeros, *nothing)

    def on_disk(self, folder: str | os.PathLike[str] | None = None) -> PairSums:
        """Move what is long to disk."""
        with Spool(folder) as spool:
            return PairSums(
                self.indptr,
                spool.keep(self.contexts),
                spool.keep(self.low),
                self.high_at,
                self.high,
            )


def merge_sums(
    parts: Sequence[PairSums], *, folder: str | os.PathLike[str] | None = None
) -> PairSums:
    """Add sums; the result is on disk, and the memory taken does not grow with it.

    Examples
    --------
    >>> one = PairSums.empty(3, np.dtype(np.uint16), np.dtype(np.uint8))
    >>> merge_sums([one, one]).nnz
    0
    """
    while len(parts) > _FAN:
        parts = [
            merge_sums(parts[at : at + _FAN], folder=folder) for at in range(0, len(parts), _FAN)
        ]
    if len(parts) == 1:
        return parts[0]
    with Spool(folder) as contexts, Spool(folder) as low:
        begin = [np.zeros(1, dtype=np.int64)]
        high: list[tuple[np.ndarray, np.ndarray]] = []
        for batch in _merged_rows(parts):
            contexts.append(batch.contexts)
            low.append(batch.low)
            high.append((batch.high_at + begin[-1][-1], batch.high))
            begin.append(batch.indptr[1:] + begin[-1][-1])
        return PairSums(
            np.concatenate(begin),
            contexts.mapped(parts[0].contexts.dtype),
            low.mapped(parts[0].low.dtype),
            np.concatenate([at for at, _ in high]),
            np.concatenate([bits for _, bits in high]),
        )


class PairMerger:
    """Adds sums as they come, each of them to others only log(parts) times.

    Parameters
    ----------
    folder : path-like, optional
        Where the sums are kept; the system's folder for temporary files by default.

    Examples
    --------
    >>> merger = PairMerger()
    >>> merger.add(PairSums.empty(3, np.dtype(np.uint16), np.dtype(np.uint8)))
    >>> merger.total().nnz
    0
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        self._folder = folder
        self._levels: list[list[PairSums]] = [[]]

    def add(self, part: PairSums) -> None:
        """Take more sums."""
        part = part.on_disk(self._folder)
        for level in itertools.count():
            if level == len(self._levels):
                self._levels.append([])
            self._levels[level].append(part)
            if len(self._levels[level]) < _FAN:
                return
            part = merge_sums(self._levels[level], folder=self._folder)
            self._levels[level] = []

    def total(self) -> PairSums:
        """Return the sum of all that was added."""
        parts = [part for level in reversed(self._levels) for part in level]
        self._levels = [[]]
        return merge_sums(parts, folder=self._folder)


def _merged_rows(parts: Sequence[PairSums]) -> Iterator[PairSums]:
    """Sums of batches of rows, as many rows at once as have `BATCH` entries."""
    from wordnum.cooccurrence import pair_kernels

    # Always as many parts: the kernel is compiled for one number of them.
    first = parts[0]
    n = first.indptr.size - 1
    empty = PairSums.empty(n, first.contexts.dtype, first.low.dtype)
    filled = [*parts, *[empty] * (_FAN - len(parts))]
    columns = [tuple(map(_read_only, arrays)) for arrays in zip(*map(_arrays, filled))]
    entries = np.sum([part.indptr for part in parts], axis=0)
    cells = np.zeros(n, dtype=np.uint64)
    row = 0
    while row < n:
        last = max(row + 1, int(np.searchsorted(entries, entries[row] + BATCH, side="right")) - 1)
        room = int(entries[last] - entries[row])
        contexts, low = np.empty(room, first.contexts.dtype), np.empty(room, first.low.dtype)
        high_at, high = np.empty(room, np.int64), np.empty(room, np.uint64)
        begin, used = pair_kernels.merge_pairs(
            (row, last), *columns, cells, contexts, low, high_at, high
        )
        yield PairSums(begin, contexts[: begin[-1]], low[: begin[-1]], high_at[:used], high[:used])
        row = last
        for part in parts:
            forget(part.contexts)
            forget(part.low)


def _arrays(part: PairSums) -> tuple[np.ndarray, ...]:
    return part.indptr, part.contexts, part.low, part.high_at, part.high


def _read_only(array: np.ndarray) -> np.ndarray:
    view = array.view()
    view.flags.writeable = False
    return view
