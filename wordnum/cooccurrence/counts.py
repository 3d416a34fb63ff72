"""Counted pair events of numbers and contexts: sums of them are every number-row signal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from wordnum.cooccurrence.count_files import (
    MARGINS,
    Rows,
    checked_margins,
    checked_rows,
    row_arrays,
)
from wordnum.cooccurrence.signals import SignalSource, sum_events
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import InputError
from wordnum.provenance import provenance


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

    @property
    def rows(self) -> Rows:
        """Where rows begin, contexts and counts."""
        return self.indptr, self.contexts, self.counts

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

    def matrix(self, n_contexts: int) -> sparse.csr_array:
        """Return the events as an int64 matrix (n_distances * n_rows, n_contexts)."""
        kind = np.int32 if max(n_contexts, self.contexts.size) < 2**31 else np.int64
        matrix = sparse.csr_array(
            (self.counts.astype(np.int64), self.contexts.astype(kind), self.indptr.astype(kind)),
            shape=(self.indptr.size - 1, n_contexts),
        )
        matrix.has_canonical_format = True
        return matrix


@dataclass(eq=False, repr=False)
class Counts(SignalSource):
    """Pair events by (block, signed distance, number, context), with their margins.

    Every window up to `window_size`, every side, weighting, choice of contexts and half of the
    documents is a sum over these events (`signal`), and `+` merges two counts exactly. Made by
    `count`; by hand with `from_events`.

    Parameters
    ----------
    blocks : sequence of BlockEvents
        One per block of documents, ascending index.
    vocabulary : Vocabulary
        Names of numbers and contexts.
    window_size : int
        Largest distance counted.
    number_counts : ndarray of int64, shape (n_blocks, N)
        Occurrences of each number, after perturbation.
    context_counts : ndarray of int64, shape (n_blocks, V)
        Occurrences of each token, after perturbation; 0 for *other number* and *unknown*.
    documents : ndarray of int64, shape (n_blocks,)
        Documents per block.
    perturbation : str
        Canonical name of the perturbation.
    flags : tuple of str
        What a reader of any result made from these must know.
    provenance : dict
        How they were made.

    Examples
    --------
    >>> from wordnum.corpus.vocabulary import Vocabulary
    >>> vocabulary = Vocabulary.from_words(["km", "the"])
    >>> counts = Counts.from_events(
    ...     [(0, 1, 7, 1002, 3), (0, -1, 7, 1003, 1), (0, 1, 7, 8, 2)],
    ...     vocabulary=vocabulary, window_size=2)
    >>> counts.signal("text").matrix().sum()
    np.float64(4.0)
    >>> (counts + counts).n_events
    12
    """

    kind = "counts"

    blocks: Sequence[BlockEvents]

    @classmethod
    def from_events(
        cls,
        events: Iterable[tuple[int, int, int, int, int]] | np.ndarray,
        *,
        vocabulary: Vocabulary,
        window_size: int,
        n_blocks: int = 1,
        number_counts: np.ndarray | None = None,
        context_counts: np.ndarray | None = None,
        documents: np.ndarray | None = None,
    ) -> Counts:
        """Make counts by hand from rows of (block, distance, number, context, count).

        Parameters
        ----------
        events : iterable of 5 integers, or ndarray of shape (n, 5)
            Repeated events add up.
        vocabulary, window_size, n_blocks
            As in the class.
        number_counts, context_counts, documents : ndarray, optional
            The margins; by default the sums over events at the nearest distance of each side,
            and 100 documents per block.

        Raises
        ------
        InputError
            A distance, number, context or block that does not exist.
        """
        table = np.array(list(events), dtype=np.int64).reshape(-1, 5)
        block, distance, number, context, count = table.T
        distances = Window(size=window_size).distances
        n_rows, width = vocabulary.size, len(vocabulary)
        known = np.isin(distance, distances) & (number >= 0) & (number < n_rows) & (count > 0)
        known &= (context >= 0) & (context < width) & (block >= 0) & (block < n_blocks)
        if not known.all():
            first = tuple(table[~known][0].tolist())
            raise InputError(
                "not an event",
                expected=f"0 < |distance| <= {window_size}, number < {n_rows}, context < {width}, "
                f"block < {n_blocks}, count > 0",
                got=f"(block, distance, number, context, count) = {first}",
            )
        row = np.searchsorted(distances, distance) * n_rows + number
        blocks = []
        for index in range(n_blocks):
            mine = block == index
            matrix = sparse.coo_array(
                (count[mine], (row[mine], context[mine])),
                shape=(distances.size * n_rows, width),
            ).tocsr()
            blocks.append(BlockEvents.pack(index, matrix))
        near = np.abs(distance) == 1
        if number_counts is None:
            number_counts = np.zeros((n_blocks, n_rows), dtype=np.int64)
            np.add.at(number_counts, (block[near], number[near]), count[near])
        if context_counts is None:
            context_counts = np.zeros((n_blocks, width), dtype=np.int64)
            np.add.at(context_counts, (block[near], context[near]), count[near])
        return cls(
            blocks,
            vocabulary=vocabulary,
            window_size=window_size,
            number_counts=number_counts,
            context_counts=context_counts,
            documents=np.full(n_blocks, 100) if documents is None else documents,
            provenance=provenance(made="by hand"),
        )

    def __repr__(self) -> str:
        return (
            f"Counts({self.perturbation!r}, window_size={self.window_size}, "
            f"n_blocks={self.n_blocks}, n_events={self.n_events}, "
            f"numbers={int(self.number_counts.sum())})"
        )

    @cached_property
    def _indices(self) -> list[int]:
        """Which block of the corpus each of the blocks is."""
        return [block.index for block in self.blocks]

    @cached_property
    def n_events(self) -> int:
        """Pair events counted, with repetition: what "equal number of pairs" means."""
        return sum(int(b.counts.sum(dtype=np.int64)) for b in self.blocks)

    def block_matrix(self, block: int, *, window: Window, columns: np.ndarray) -> sparse.csr_array:
        """Sum the events of one block over a window: float64 (N, n_columns)."""
        events = self.blocks[block].rows
        return sum_events(events, window_size=self.window_size, window=window, columns=columns)

    def __add__(self, other: Counts) -> Counts:
        """Merge exactly: blocks of equal index add, others stand side by side."""
        if not isinstance(other, Counts):
            return NotImplemented
        about = self._about_sum(other, window="window_size")
        width = len(self.vocabulary)
        sides = [{index: i for i, index in enumerate(c._indices)} for c in (self, other)]
        blocks = []
        margins: dict[str, Any] = {name: [] for name in MARGINS}
        for index in sorted(set(sides[0]) | set(sides[1])):
            parts = [(c, s[index]) for c, s in zip((self, other), sides) if index in s]
            events = [c.blocks[i] for c, i in parts]
            if len(events) == 1:
                blocks.append(events[0])
            else:
                merged = events[0].matrix(width) + events[1].matrix(width)
                blocks.append(BlockEvents.pack(index, sparse.csr_array(merged)))
            for name, summed in margins.items():
                summed.append(sum(getattr(c, name)[i] for c, i in parts))
        about |= {name: np.array(summed) for name, summed in margins.items()}
        return Counts(blocks, **about)

    def _contents(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        arrays = {name: np.asarray(getattr(self, name)) for name in MARGINS}
        for block in self.blocks:
            arrays |= row_arrays(f"block {block.index}", block.rows)
        return {"window_size": self.window_size, "blocks": self._indices}, arrays

    @classmethod
    def _made_of(
        cls, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray], about: dict[str, Any]
    ) -> Counts:
        window = Window(header["window_size"]).size
        vocabulary = about["vocabulary"]
        shape = 2 * window * vocabulary.size, len(vocabulary)
        blocks = [
            BlockEvents(int(index), *checked_rows(f"block {index}", arrays, shape=shape))
            for index in header["blocks"]
        ]
        margins = checked_margins(arrays, vocabulary, n_blocks=len(blocks))
        return cls(blocks, window_size=window, **margins, **about)
