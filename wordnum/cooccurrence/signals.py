"""Signals: the matrix a model is fitted on, as a weighted sum of counted events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from scipy import sparse

from wordnum.cooccurrence.windows import Window
from wordnum.errors import InputError, UsageError
from wordnum.provenance import content_hash

if TYPE_CHECKING:
    from wordnum.corpus.vocabulary import Vocabulary

__all__ = ["EventSource", "Half", "Signal", "half_splits"]

Half = tuple[sparse.csr_array, sparse.csr_array, np.ndarray, np.ndarray]


class EventSource(Protocol):
    """What a signal reads: events of one block as a sparse matrix, and the margins."""

    @property
    def vocabulary(self) -> Vocabulary: ...  # noqa: D102
    @property
    def distances(self) -> np.ndarray: ...  # noqa: D102
    @property
    def n_blocks(self) -> int: ...  # noqa: D102
    @property
    def number_counts(self) -> np.ndarray: ...  # noqa: D102
    @property
    def context_counts(self) -> np.ndarray: ...  # noqa: D102
    @property
    def documents(self) -> np.ndarray: ...  # noqa: D102
    @property
    def perturbation(self) -> str: ...  # noqa: D102
    @property
    def flags(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def provenance(self) -> dict[str, Any]: ...  # noqa: D102
    @property
    def fingerprint(self) -> str: ...  # noqa: D102
    def reduce_block(  # noqa: D102
        self, block: int, *, window: Window, columns: np.ndarray
    ) -> sparse.csr_array: ...


def half_splits(
    n_blocks: int, *, n_splits: int = 10, random_state: int = 0
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Random complementary halves of the document blocks: the split behind every interval.

    Parameters
    ----------
    n_blocks : int
        Number of blocks.
    n_splits : int
        Number of splits.
    random_state : int
        Seed of the draw.

    Returns
    -------
    list of (ndarray, ndarray)
        Sorted block indices of each half; together they are all blocks. Of an odd number of
        blocks, the first half holds one less. Empty when there are fewer than two blocks.

    Examples
    --------
    >>> [(a.size, b.size) for a, b in half_splits(20, n_splits=2)]
    [(10, 10), (10, 10)]
    >>> half_splits(1)
    []
    """
    if n_blocks < 2:
        return []
    rng = np.random.default_rng(random_state)
    orders = [rng.permutation(n_blocks) for _ in range(n_splits)]
    return [(np.sort(o[: n_blocks // 2]), np.sort(o[n_blocks // 2 :])) for o in orders]


class Signal:
    """Number-by-context matrix of one window, over one set of context columns.

    M[n, j] = sum over blocks b and distances d of w(d) * events(b, d, n, columns[j]), with one
    column per context, or one per context and signed distance when the window is positional.
    Rows are all N numbers, also those never seen.

    Made by `Counts.signal`. Matrices of blocks are computed once, when first needed.

    Attributes
    ----------
    name : str
        "both", "text", "number", or those with a restriction, such as "text:months".
    window : Window
        The window it was read with.
    vocabulary : Vocabulary
        Names of the numbers and contexts.
    columns : ndarray of int64, shape (n_columns,)
        Context id of each column; *other number* and *unknown* are never columns.
    offsets : ndarray of int64, shape (n_columns,)
        Signed distance of each column where the window is positional, else 0.
    perturbation, flags, provenance, fingerprint
        Where it comes from; equal fingerprints mean equal matrices.

    Examples
    --------
    >>> from wordnum.cooccurrence.counts import Counts
    >>> from wordnum.corpus.vocabulary import Vocabulary
    >>> counts = Counts.from_events(
    ...     [(0, 1, 7, 1002, 3)], vocabulary=Vocabulary.from_words(["km"]), window_size=2)
    >>> signal = counts.signal("text", window=Window(size=1))
    >>> signal.matrix()[7, 0]
    np.float64(3.0)
    """

    def __init__(self, source: EventSource, *, name: str, window: Window, contexts: np.ndarray):
        self._source = source
        self.name = name
        self.window = window
        self.vocabulary = source.vocabulary
        self._contexts = np.asarray(contexts, dtype=np.int64)
        copies = window.distances if window.positional else np.zeros(1, dtype=np.int64)
        self.columns = np.tile(self._contexts, copies.size)
        self.offsets = np.repeat(copies, self._contexts.size)
        self.perturbation = source.perturbation
        self.flags = source.flags
        self.provenance = {
            **source.provenance,
            "signal": {
                "name": name,
                "size": window.size,
                "side": window.side,
                "positional": window.positional,
                "weighting": window.weighting,
                "contexts": int(self._contexts.size),
            },
        }
        self._blocks: dict[int, sparse.csr_array] = {}

    def __repr__(self) -> str:
        return (
            f"Signal({self.name!r}, {self.window}, perturbation={self.perturbation!r}, "
            f"shape={self.shape}, blocks={self.n_blocks})"
        )

    @property
    def shape(self) -> tuple[int, int]:
        """(N, n_columns)."""
        return self.vocabulary.size, self.columns.size

    @property
    def n_blocks(self) -> int:
        """Number of document blocks."""
        return self._source.n_blocks

    @property
    def number_counts(self) -> np.ndarray:
        """Occurrences of each number after perturbation, int64 (N,)."""
        return self._source.number_counts.sum(axis=0)

    @property
    def context_counts(self) -> np.ndarray:
        """Occurrences of each column's context in the text after perturbation, (n_columns,)."""
        return self._source.context_counts.sum(axis=0)[self.columns]

    @property
    def n_documents(self) -> int:
        """Documents counted."""
        return int(self._source.documents.sum())

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the counts, the window and the columns."""
        return content_hash(self._source.fingerprint, self.window, self._contexts)

    @cached_property
    def column_totals(self) -> np.ndarray:
        """Sum of each column of `matrix()`, float64 (n_columns,)."""
        return np.asarray(self.matrix().sum(axis=0)).ravel()

    def block_matrices(self) -> list[sparse.csr_array]:
        """Return one (N, n_columns) matrix per block; computed once and kept."""
        return [self._block(block) for block in range(self.n_blocks)]

    def matrix(self, blocks: Sequence[int] | np.ndarray | None = None) -> sparse.csr_array:
        """Sum the matrices of some blocks.

        Parameters
        ----------
        blocks : sequence of int, optional
            Positions of the blocks to sum; all when None.

        Returns
        -------
        csr_array of float64, shape (N, n_columns)
            Rows sorted by column, no stored zeros.

        Raises
        ------
        UsageError
            A block that does not exist.
        """
        chosen = range(self.n_blocks) if blocks is None else [int(b) for b in blocks]
        wrong = [b for b in chosen if not 0 <= b < self.n_blocks]
        if wrong:
            raise UsageError(f"there is no block {wrong[0]}", expected=f"0 to {self.n_blocks - 1}")
        if not len(chosen):
            return sparse.csr_array(self.shape, dtype=np.float64)
        parts = [self._block(b) for b in chosen]
        if len(parts) == 1:
            return parts[0].copy()
        # One product with a summing matrix adds all blocks in a single pass over their entries.
        adder = sparse.hstack([sparse.eye_array(self.shape[0], format="csr")] * len(parts), "csr")
        total = sparse.csr_array(adder @ sparse.vstack(parts, format="csr"))
        total.sort_indices()
        return total

    def halves(self, n_splits: int = 10, random_state: int = 0) -> Iterator[Half]:
        """Iterate over random complementary half-splits of the blocks (`half_splits`).

        Yields
        ------
        (csr_array, csr_array, ndarray, ndarray)
            Matrix of the first half and of the second, and the occurrences of each number in
            either. Nothing when there are fewer than two blocks.
        """
        for first, second in half_splits(
            self.n_blocks, n_splits=n_splits, random_state=random_state
        ):
            yield (
                self.matrix(first),
                self.matrix(second),
                self._source.number_counts[first].sum(axis=0),
                self._source.number_counts[second].sum(axis=0),
            )

    def _block(self, block: int) -> sparse.csr_array:
        if block not in self._blocks:
            self._blocks[block] = self._source.reduce_block(
                block, window=self.window, columns=self._contexts
            )
        return self._blocks[block]


def reduce_events(
    events: sparse.csr_array,
    *,
    distances: np.ndarray,
    window: Window,
    columns: np.ndarray,
) -> sparse.csr_array:
    """Sum the rows (distance, row) of an event matrix into one row each, by window weights.

    Parameters
    ----------
    events : csr_array, shape (n_distances * n_rows, V)
        Event counts, rows ordered by distance first.
    distances : ndarray
        Signed distance of each group of rows, or [0] for counts already summed.
    window : Window
        What to sum.
    columns : ndarray
        Context ids to keep.

    Returns
    -------
    csr_array of float64, shape (n_rows, n_columns) or (n_rows, n_distances * n_columns)
    """
    n_rows = events.shape[0] // len(distances)
    wanted, weights = _chosen(distances, window)
    place = np.full(events.shape[1], -1, dtype=np.int64)
    place[columns] = np.arange(columns.size)
    if np.array_equal(wanted, np.arange(wanted[0], wanted[0] + wanted.size)):
        picked = events[wanted[0] * n_rows : (wanted[-1] + 1) * n_rows]
    else:
        picked = sparse.vstack([events[g * n_rows : (g + 1) * n_rows] for g in wanted], "csr")
    column = place[picked.indices]
    keep = column >= 0
    indptr = np.concatenate([[0], np.cumsum(keep)])[picked.indptr]
    column = column[keep]
    width = columns.size
    if window.positional:
        ends = indptr[n_rows::n_rows]
        column += np.repeat(np.arange(wanted.size) * width, np.diff(ends, prepend=0))
        width *= wanted.size
    narrowed = sparse.csr_array(
        (picked.data[keep].astype(np.float64), column, indptr), shape=(picked.shape[0], width)
    )
    adder = sparse.hstack([w * sparse.eye_array(n_rows, format="csr") for w in weights], "csr")
    total = sparse.csr_array(adder @ narrowed)
    total.sort_indices()
    return total


def _chosen(distances: np.ndarray, window: Window) -> tuple[np.ndarray, np.ndarray]:
    if len(distances) == 1 and distances[0] == 0:
        return np.zeros(1, dtype=np.int64), np.ones(1)
    position = {int(d): i for i, d in enumerate(distances)}
    missing = [int(d) for d in window.distances if int(d) not in position]
    if missing:
        raise InputError(
            f"the counts hold no events at distance {missing[0]}",
            expected=f"a window of at most {int(np.max(distances))}",
            got=f"size {window.size}",
            remedy="count again with a larger window",
        )
    return np.array([position[int(d)] for d in window.distances]), window.weights
