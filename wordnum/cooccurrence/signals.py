"""Signals: the matrix a model is fitted on, as a weighted sum of counted events."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from wordnum.config import one_of, read_toml
from wordnum.cooccurrence.count_files import CountsBase, Rows
from wordnum.cooccurrence.groups import context_groups
from wordnum.cooccurrence.half_sample_draws import half_samples
from wordnum.cooccurrence.windows import Window, as_window
from wordnum.errors import UsageError
from wordnum.provenance import content_hash
from wordnum.showing import Shown

if TYPE_CHECKING:
    from wordnum.corpus.vocabulary import Vocabulary

SIGNALS = ("both", "text", "number")
# The name of a context group, a TOML file of groups, words and ids, or groups of one's own.
Contexts = str | os.PathLike[str] | Iterable[str | int] | Mapping[str, Any]


@dataclass(eq=False, repr=False, kw_only=True)
class SignalSource(CountsBase):
    """Events by block and signed distance, which signals are chosen from.

    Attributes
    ----------
    window_size : int
        Largest distance.
    number_counts : ndarray of shape (n_blocks, N)
        Occurrences of each number.
    context_counts : ndarray of shape (n_blocks, V)
        Occurrences of each token; 0 for *other number* and *unknown*.
    documents : ndarray of shape (n_blocks,)
        Documents per block.
    vocabulary, perturbation, flags, provenance
        As in `CountsBase`.
    """

    window_size: int
    number_counts: np.ndarray
    context_counts: np.ndarray
    documents: np.ndarray

    @property
    def _totals(self) -> np.ndarray:
        return self.number_counts.sum(axis=0)  # type: ignore[no-any-return]

    @abstractmethod
    def block_matrix(self, block: int, *, window: Window, columns: np.ndarray) -> sparse.csr_array:
        """Sum the events of one block over a window: float64 (N, n_columns); see `Signal`."""

    @property
    def n_blocks(self) -> int:
        """Number of document blocks."""
        return len(self.documents)

    @property
    def n_documents(self) -> int:
        """Documents counted."""
        return int(self.documents.sum())

    def signal(
        self,
        signal: str = "both",
        *,
        window: int | Window | None = None,
        contexts: Contexts | None = None,
        without: Contexts | None = None,
    ) -> Signal:
        """Choose what a model is fitted on.

        Parameters
        ----------
        signal : {"both", "text", "number"}
            Words as contexts, numbers as contexts, or both.
        window : int or Window, optional
            Which distances, and how they are weighted; all that was counted by default.
        contexts : str, path-like, iterable or mapping, optional
            Keep these columns only: the name of a context group, words and context ids, or groups
            of your own (a TOML file or a mapping, as in `context_groups`), which name the signal.
        without : str, path-like, iterable or mapping, optional
            Leave these columns out.

        Raises
        ------
        UsageError
            An unknown signal or group, a window larger than was counted, or no column left.
        """
        chosen = as_window(self.window_size if window is None else window)
        if chosen.size > self.window_size:
            raise UsageError(
                f"the counts hold no window of {chosen.size}",
                expected=f"a window of at most {self.window_size}",
                remedy="count again with a larger window",
            )
        name, columns = choose_contexts(self.vocabulary, signal, contexts=contexts, without=without)
        return Signal(self, name=name, window=chosen, contexts=columns)


class Signal(Shown):
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
    shape : tuple of int
        (N, n_columns).
    n_blocks, n_documents : int
        Blocks and documents counted.
    number_counts : ndarray of int64, shape (N,)
        Occurrences of each number after perturbation.
    context_counts : ndarray of int64, shape (n_columns,)
        Occurrences of each column's context in the text after perturbation.
    perturbation, flags, provenance, fingerprint
        Where it comes from; equal fingerprints mean equal matrices.

    Examples
    --------
    >>> from wordnum.cooccurrence.counts import Counts
    >>> from wordnum.corpus.vocabulary import Vocabulary
    >>> counts = Counts.from_events(
    ...     [(0, 1, 7, 1002, 3)], vocabulary=Vocabulary.from_words(["km"]), window_size=2)
    >>> signal = counts.signal("text", window=1)
    >>> signal.matrix()[7, 0]
    np.float64(3.0)
    """

    def __init__(self, source: SignalSource, *, name: str, window: Window, contexts: np.ndarray):
        self._source = source
        self.name = name
        self.window = window
        self.vocabulary = source.vocabulary
        self._contexts = np.asarray(contexts, dtype=np.int64)
        copies = window.distances if window.positional else np.zeros(1, dtype=np.int64)
        self.columns = np.tile(self._contexts, copies.size)
        self.offsets = np.repeat(copies, self._contexts.size)
        self.shape = source.vocabulary.size, self.columns.size
        self.n_blocks, self.n_documents = source.n_blocks, source.n_documents
        self.number_counts = source.number_counts.sum(axis=0)
        self.context_counts = source.context_counts.sum(axis=0)[self.columns]
        self.perturbation, self.flags = source.perturbation, source.flags
        about = {"name": name, **vars(window), "contexts": int(self._contexts.size)}
        self.provenance = {**source.provenance, "signal": about}

    def __repr__(self) -> str:
        return (
            f"Signal({self.name!r}, {self.window}, perturbation={self.perturbation!r}, "
            f"shape={self.shape}, blocks={self.n_blocks})"
        )

    def _facts(self) -> dict[str, Any]:
        present = np.count_nonzero(self.number_counts)
        return {
            "rows": f"{present:,} of {self.shape[0]:,} numbers occur",
            "columns": f"{self.shape[1]:,} contexts",
            "window": self.window.label,
            "documents": f"{self.n_documents:,} in {self.n_blocks} blocks",
            "perturbation": self.perturbation,
            "flags": ", ".join(self.flags) or "none",
        }

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the counts, the window and the columns."""
        return content_hash(self._source.fingerprint, self.window, self._contexts)

    @cached_property
    def block_matrices(self) -> list[sparse.csr_array]:
        """One (N, n_columns) matrix per block."""
        return [
            self._source.block_matrix(block, window=self.window, columns=self._contexts)
            for block in range(self.n_blocks)
        ]

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
        stacked = sparse.vstack([self.block_matrices[b] for b in chosen], format="csr")
        same = np.arange(self.shape[1])
        rows = stacked.indptr, stacked.indices, stacked.data
        return _group_sums(rows, np.ones(len(chosen)), same, width=same.size)

    def half_samples(
        self, n_pairs: bool | int = True, random_state: int = 0
    ) -> Iterator[tuple[int, tuple[Any, Any], tuple[Any, Any]]]:
        """Iterate over pairs of complementary half-samples of the blocks (`half_samples`).

        Yields
        ------
        (int, (csr_array, ndarray), (csr_array, ndarray))
            Id of the pair, and for either half-sample its matrix and the occurrences of each
            number. Nothing when there are fewer than eight blocks.
        """
        for pair, *halves in half_samples(
            self.n_blocks, n_pairs=n_pairs, random_state=random_state
        ):
            first, second = (
                (self.matrix(blocks), self._source.number_counts[blocks].sum(axis=0))
                for blocks in halves
            )
            yield pair, first, second


def sum_events(
    events: Rows, *, window_size: int, window: Window, columns: np.ndarray
) -> sparse.csr_array:
    """Sum the rows (distance, row) of events into one row each, by window weights.

    Parameters
    ----------
    events : (indptr, contexts, counts)
        Rows ordered by signed distance first, of which there are 2 * window_size.
    window_size : int
        Largest distance.
    window : Window
        What to sum.
    columns : ndarray
        Context ids to keep, ascending.

    Returns
    -------
    csr_array of float64, shape (n_rows, n_columns) or (n_rows, n_distances * n_columns)
    """
    indptr, contexts, counts = events
    n_rows = (indptr.size - 1) // (2 * window_size)
    # The signed distances of a window stand side by side: there is none of 0.
    first = n_rows * (window_size - (window.size if window.side != "right" else 0))
    begin = indptr[first : first + window.distances.size * n_rows + 1]
    chosen = slice(int(begin[0]), int(begin[-1]))
    column_of = np.full(max(columns.max(initial=0), contexts.max(initial=0)) + 1, -1)
    column_of[columns] = np.arange(columns.size)
    return _group_sums(
        (begin - begin[0], contexts[chosen], counts[chosen]),
        window.weights,
        column_of,
        width=columns.size * (window.distances.size if window.positional else 1),
        stride=columns.size if window.positional else 0,
    )


def _group_sums(
    rows: Rows, weights: np.ndarray, column_of: np.ndarray, *, width: int, stride: int = 0
) -> sparse.csr_array:
    """Add the rows of groups that stand below one another; see `sum_groups`."""
    from wordnum.cooccurrence.row_sums import empty_row, sum_groups

    # One type for the compiled loop, whatever is narrowest for the rows.
    begin, contexts, counts = (
        part.astype(kind) for part, kind in zip(rows, (np.int64, np.uint32, np.float64))
    )
    values, kept = np.empty(counts.size), np.empty(counts.size, dtype=np.int32)
    row = empty_row(width, np.float64)
    ends = sum_groups(begin, contexts, counts, column_of, weights, stride, row, values, kept)
    # SciPy copies columns to the type of `ends` where that is wider.
    ends = ends.astype(np.int32 if ends[-1] < 2**31 else np.int64)
    parts = values[: ends[-1]].copy(), kept[: ends[-1]].copy(), ends
    return sparse.csr_array(parts, shape=(ends.size - 1, width))


def choose_contexts(
    vocabulary: Vocabulary,
    signal: str,
    *,
    contexts: Contexts | None = None,
    without: Contexts | None = None,
) -> tuple[str, np.ndarray]:
    """Name and context ids of a signal, ascending; never *other number* or *unknown*.

    Examples
    --------
    >>> from wordnum.corpus.vocabulary import Vocabulary
    >>> choose_contexts(Vocabulary.from_words(["km", "the"]), "text")
    ('text', array([1002, 1003]))
    """
    one_of(signal, SIGNALS, what="signal")
    numbers = np.arange(vocabulary.size if signal != "text" else 0)
    words = np.arange(vocabulary.first_word, len(vocabulary) if signal != "number" else 0)
    chosen = np.concatenate([numbers, words])
    name = signal
    for restriction, keep, mark in ((contexts, True, ":"), (without, False, "-")):
        if restriction is not None:
            label, ids = _named_contexts(vocabulary, restriction)
            chosen = chosen[np.isin(chosen, ids) == keep]
            name += mark + label
    if not chosen.size:
        raise UsageError(
            f"the signal {name!r} has no column",
            expected="at least one context",
            remedy="choose another group, or encode with a larger vocabulary",
        )
    return name, chosen


def _named_contexts(vocabulary: Vocabulary, contexts: Contexts) -> tuple[str, np.ndarray]:
    if isinstance(contexts, os.PathLike) or str(contexts).endswith(".toml"):
        contexts = read_toml(contexts)  # type: ignore[arg-type]
    if isinstance(contexts, str):
        groups = context_groups(vocabulary)
        return contexts, groups[one_of(contexts, groups, what="context group")]
    if isinstance(contexts, Mapping):
        named: dict[str, Any] = {k: v for k, v in contexts.items() if k != "language"}
    else:
        listed = list(contexts) if isinstance(contexts, Iterable) else [contexts]
        named = {f"{len(listed)} contexts": listed}
    groups = context_groups(vocabulary, named, language=None)
    chosen = [np.zeros(0, dtype=np.int64), *(groups[name] for name in named)]
    return "+".join(map(str, named)), np.concatenate(chosen)
