"""What GloVe trains on, whatever kind of counts it came as."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from wordnum.cooccurrence.signals import Signal
from wordnum.cooccurrence.windows import Window
from wordnum.embeddings.source import Source, read_source
from wordnum.errors import UsageError

__all__ = ["GloveTask", "glove_task"]


@dataclass(frozen=True, eq=False)
class GloveTask:
    """A matrix of counts, and where its numbers are.

    Attributes
    ----------
    matrix : csr_array of shape (rows, columns)
        The counts.
    seen : ndarray of shape (N,)
        Occurrences of each number.
    number_columns : ndarray of int64, shape (N,)
        Column of each number, or -1. Row n is number n in every kind of counts.
    symmetric : bool
        Rows and columns are the same words.
    source : Source
        Where it comes from.
    """

    matrix: sparse.csr_array
    seen: np.ndarray
    number_columns: np.ndarray
    symmetric: bool
    source: Source

    @property
    def paired(self) -> np.ndarray:
        """Whether each number has a pair."""
        return np.diff(self.matrix.indptr)[: self.source.size] > 0

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
        for pair in self.source.halves():
            first, second = (replace(self, matrix=r.matrix, seen=r.number_counts) for r in pair)
            yield first, second


def glove_task(counts: Any) -> GloveTask:
    """Read any kind of counts.

    Raises
    ------
    InputError
        Not counts, or negative or infinite ones.
    """
    if hasattr(counts, "number_counts") and hasattr(counts, "signal"):
        window = Window(size=counts.window_size, weighting="harmonic")
        counts = counts.signal("both", window=window)
    source = read_source(counts)
    place = np.full(source.size, -1, np.int64)
    all_rows = hasattr(counts, "vocabulary") and source.full is not None
    if all_rows:
        place = np.arange(source.size)
    elif isinstance(counts, Signal):
        numbers = (counts.columns < source.size) & (counts.offsets == 0)
        place[counts.columns[numbers]] = np.flatnonzero(numbers)
    matrix = source.full if all_rows else source.rows.matrix
    return GloveTask(
        sparse.csr_array(matrix, dtype=np.float64),
        source.rows.number_counts,
        place,
        all_rows,
        source,
    )
