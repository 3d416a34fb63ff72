"""What GloVe trains on, whatever kind of counts it came as."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy import sparse

from wordnum.cooccurrence.reduce import Signal
from wordnum.cooccurrence.window import Window
from wordnum.errors import InputError, UsageError

__all__ = ["GloveTask", "glove_task"]


@dataclass(frozen=True)
class GloveTask:
    """A matrix of counts, and where its numbers are.

    Attributes
    ----------
    matrix : csr_array of shape (rows, columns)
        The counts.
    number_columns : ndarray of int64, shape (N,)
        Column of each number, or -1. Row n is number n in every kind of counts.
    symmetric : bool
        Rows and columns are the same words.
    counts : ndarray of int64, shape (N,), optional
        Occurrences of each number.
    """

    matrix: sparse.csr_array
    number_columns: np.ndarray
    symmetric: bool = False
    counts: np.ndarray | None = None
    n_documents: int | None = None
    flags: tuple[str, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)
    source: Signal | None = None

    def __post_init__(self) -> None:
        matrix = sparse.csr_array(self.matrix, dtype=np.float64)
        matrix.eliminate_zeros()
        bad = matrix.data[~(np.isfinite(matrix.data) & (matrix.data > 0))]
        if bad.size:
            raise InputError(
                "GloVe needs counts",
                expected="finite numbers >= 0",
                got=f"{bad[0]} and {bad.size - 1} more such entries",
                remedy="pass counts, not weighted values such as PMI",
            )
        object.__setattr__(self, "matrix", matrix)

    @property
    def size(self) -> int:
        """N."""
        return len(self.number_columns)

    def present(self, min_count: int) -> np.ndarray:
        """Numbers seen `min_count` times that have a pair, ascending."""
        seen = np.diff(self.matrix.indptr)[: self.size] > 0
        if self.counts is not None:
            seen &= self.counts >= min_count
        return np.flatnonzero(seen)

    def restricted(self, numbers: np.ndarray) -> sparse.csr_array:
        """The matrix, where rows are numbers with the rows of these only."""
        if self.symmetric:
            return self.matrix
        keep = np.zeros(self.matrix.shape[0], bool)
        keep[numbers] = True
        return sparse.csr_array(sparse.diags_array(keep.astype(np.float64)) @ self.matrix)

    def columns_of(self, numbers: np.ndarray) -> np.ndarray:
        """Columns of these numbers.

        Raises
        ------
        UsageError
            A number is no column.
        """
        columns = self.number_columns[numbers]
        if (columns < 0).any():
            raise UsageError(
                "sum_vectors needs a context vector of every number",
                got=f"{int((columns < 0).sum())} numbers that are no context",
                remedy="pass sum_vectors=False, or counts that hold number-number pairs",
            )
        return columns

    def halves(self) -> Iterator[tuple[GloveTask, GloveTask]]:
        """Iterate over the half-splits of the document blocks, where there are blocks."""
        if self.source is None:
            return
        for a, b, count_a, count_b in self.source.halves():
            yield (
                replace(self, matrix=a, counts=count_a, source=None),
                replace(self, matrix=b, counts=count_b, source=None),
            )


def glove_task(counts: Any) -> GloveTask:
    """Read any kind of counts.

    Raises
    ------
    InputError
        Not counts, or negative or infinite ones.
    """
    if hasattr(counts, "signal"):
        window = Window(size=counts.window_size, weighting="harmonic")
        counts = counts.signal("both", window=window)
    if isinstance(counts, Signal):
        place = np.full(counts.vocabulary.size, -1, np.int64)
        numbers = (counts.columns < len(place)) & (counts.offsets == 0)
        place[counts.columns[numbers]] = np.flatnonzero(numbers)
        return GloveTask(
            counts.matrix(),
            place,
            counts=counts.number_counts,
            n_documents=counts.n_documents,
            flags=tuple(counts.flags),
            provenance=dict(counts.provenance),
            source=counts,
        )
    try:
        matrix = sparse.csr_array(counts)
    except (TypeError, ValueError) as error:
        raise InputError(
            "GloVe cannot read these counts",
            expected="CooccurrenceCounts, a Signal, AllCounts, or a matrix (numbers, contexts)",
            got=type(counts).__name__,
        ) from error
    return GloveTask(matrix, np.full(matrix.shape[0], -1, np.int64))
