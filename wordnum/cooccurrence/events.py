"""Counted pair events of one block of documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

__all__ = ["PARTS", "BlockEvents", "array_name"]

PARTS = ("indptr", "contexts", "counts")


def array_name(part: str, index: int, *, prefix: str = "") -> str:
    """Name that an array of a block has in a file."""
    return f"{prefix}{part}/{index}"


@dataclass(frozen=True, eq=False)
class BlockEvents:
    """Events of one block of documents as a compressed sparse matrix, three bytes per event.

    Row g * n_rows + n holds the contexts seen at the g-th signed distance from number n, in
    ascending order, without repetition.

    Attributes
    ----------
    index : int
        Which block of the corpus this is.
    indptr : ndarray of int64, shape (n_distances * n_rows + 1,)
        Where each row begins.
    contexts : ndarray of unsigned int
        Context ids.
    counts : ndarray of unsigned int
        How often each event was seen, at least 1; the narrowest type that holds the largest.
    """

    index: int
    indptr: np.ndarray
    contexts: np.ndarray
    counts: np.ndarray

    @classmethod
    def pack(cls, index: int, matrix: sparse.csr_array) -> BlockEvents:
        """Store a canonical integer matrix in the narrowest types."""
        largest = int(matrix.data.max()) if matrix.data.size else 0
        return cls(
            index,
            matrix.indptr.astype(np.int64),
            matrix.indices.astype(np.min_scalar_type(max(matrix.shape[1] - 1, 0))),
            matrix.data.astype(np.min_scalar_type(largest)),
        )

    def to_arrays(self, *, prefix: str = "") -> dict[str, np.ndarray]:
        """Arrays that hold the events, for an npz."""
        return {array_name(p, self.index, prefix=prefix): getattr(self, p) for p in PARTS}

    @classmethod
    def from_arrays(
        cls, index: int, arrays: Mapping[str, np.ndarray], *, prefix: str = ""
    ) -> BlockEvents:
        """Rebuild from the arrays of `to_arrays`."""
        return cls(index, *(arrays[array_name(part, index, prefix=prefix)] for part in PARTS))

    def matrix(self, n_contexts: int) -> sparse.csr_array:
        """Return the events as an int64 matrix (n_distances * n_rows, n_contexts)."""
        kind = np.int32 if max(n_contexts, self.contexts.size) < 2**31 else np.int64
        matrix = sparse.csr_array(
            (self.counts.astype(np.int64), self.contexts.astype(kind), self.indptr.astype(kind)),
            shape=(self.indptr.size - 1, n_contexts),
        )
        matrix.has_canonical_format = True
        return matrix
