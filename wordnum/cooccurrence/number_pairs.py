"""Pair events of the numbers in one block: what one worker counts.

Numbers are few (about one token in seventy): the contexts around each are gathered into a table,
ordered by number, and a row of events is summed in a dense array of counters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numba
import numpy as np

from wordnum.cooccurrence.counts import BlockEvents
from wordnum.cooccurrence.row_sums import add, clear, empty_row, sort_rows, take_row
from wordnum.cooccurrence.tasks import run_tasks
from wordnum.cooccurrence.temp_arrays import Spool
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.encoded_corpus import Block, EncodedCorpus
from wordnum.corpus.perturbations import Prepared
from wordnum.errors import FormatError, InputError
from wordnum.intrinsics import prefetch

# Bytes of events that a worker sums at once, and of events that stay in memory: small corpora need
# no disk.
IN_MEMORY = 256_000_000
NOTHING = np.zeros(0, dtype=np.uint8)
# Positions between asking for memory and reading it.
_AHEAD = 8


@dataclass(frozen=True, eq=False)
class CountedBlock:
    """What was counted in one block under one condition.

    Attributes
    ----------
    events : BlockEvents
        By signed distance and row.
    number_counts, context_counts : ndarray of int64, shapes (N,) and (V,)
        Occurrences after perturbation; 0 for *other number* and *unknown*.
    documents, n_tokens : int
        Documents and tokens that are left.
    """

    events: BlockEvents
    number_counts: np.ndarray
    context_counts: np.ndarray
    documents: int
    n_tokens: int

    def with_events(self, contexts: np.ndarray, counts: np.ndarray) -> CountedBlock:
        """Return the same with its events in other arrays."""
        return replace(self, events=replace(self.events, contexts=contexts, counts=counts))


@dataclass(frozen=True, eq=False)
class _Task:
    """A block and the conditions to count it under; ids below `size` are numbers, all < `width`."""

    block: Block
    conditions: tuple[Prepared, ...]
    size: int
    width: int
    window_size: int
    rows: np.ndarray | None
    n_rows: int

    @property
    def n_tokens(self) -> int:
        return self.block.ids.size


@dataclass(frozen=True, eq=False)
class _Scan:
    """One reading of some ids: which and how often, where the numbers are, and which these are."""

    ids: np.ndarray
    tokens: np.ndarray
    places: np.ndarray
    numbers: np.ndarray


def count_blocks(
    corpus: EncodedCorpus,
    conditions: Sequence[Prepared],
    *,
    window_size: int,
    n_jobs: int | None = 1,
    rows: Sequence[np.ndarray] | None = None,
    n_rows: int | None = None,
) -> list[list[CountedBlock]]:
    """Count the neighbourhoods of the number tokens, block by block.

    Parameters
    ----------
    corpus : EncodedCorpus
        Read once.
    conditions : sequence of Prepared
        What is done to each block first.
    window_size : int
        Largest distance.
    n_jobs : int or None
        Workers.
    rows : sequence of ndarray, optional
        Per block, the row below `n_rows` that the events of each number token go to, in the order
        of the perturbed text; by default the numbers themselves.

    Returns
    -------
    list of list of CountedBlock
        Per condition, per block; events go to disk where they are many.
    """
    size, width = corpus.vocabulary.size, len(corpus.vocabulary)
    tasks = (
        _Task(
            block=block,
            conditions=tuple(conditions),
            size=size,
            width=width,
            window_size=window_size,
            rows=None if rows is None else rows[block.index],
            n_rows=size if n_rows is None else n_rows,
        )
        for block in corpus.blocks()
    )
    found: list[list[CountedBlock]] = []
    with Spool(memory=IN_MEMORY) as spool:
        for counted in run_tasks(_count_block, tasks, corpus=corpus, n_jobs=n_jobs):
            for one in counted:
                spool.keep(one.events.contexts)
                spool.keep(one.events.counts)
            found.append([one.with_events(NOTHING, NOTHING) for one in counted])
        kept = iter(spool.kept())
    whole = [[one.with_events(next(kept), next(kept)) for one in counted] for counted in found]
    return [list(blocks) for blocks in zip(*whole, strict=True)]


def _count_block(task: _Task) -> list[CountedBlock]:
    """Count one block under all conditions, one after the other over one scan."""
    first = _scan(task.block.ids, task)
    return [_count(task, condition, first) for condition in task.conditions]


def _count(task: _Task, condition: Prepared, first: _Scan) -> CountedBlock:
    text = condition.apply(task.block)
    found = first if text.ids is task.block.ids else _scan(text.ids, task)
    standing = np.bincount(found.numbers, minlength=task.size)
    totals = found.tokens.copy()
    totals[task.size : task.size + 2] = 0
    events = _events(task, text, found)
    return CountedBlock(events, standing, totals, text.n_documents, text.ids.size)


def _scan(ids: np.ndarray, task: _Task) -> _Scan:
    if ids.size >= 2**32:
        raise InputError(
            "a block is too long to be counted",
            expected="fewer than 2**32 tokens",
            got=f"{ids.size:,} in block {task.block.index}",
            remedy="encode the text in more documents",
        )
    # One type for compiled loops, whatever the ids come from.
    ids = np.ascontiguousarray(ids, dtype=np.uint32).view(np.ndarray)
    ids.flags.writeable = False
    places = np.empty(ids.size, dtype=np.int64)
    found, tokens = _read(ids, np.uint32(task.size), np.zeros(task.width + 1, np.uint32), places)
    if tokens[-1]:
        raise FormatError(
            "the corpus is damaged",
            expected=f"token ids below {task.width}",
            got=f"{ids.max()} in block {task.block.index}",
            remedy="encode the text again",
        )
    places = places[:found].copy()
    return _Scan(ids, tokens[:-1].astype(np.int64), places, ids[places])


def _events(task: _Task, text: Block, found: _Scan) -> BlockEvents:
    """Sum the contexts at every distance, in rows (distance, row)."""
    kind = np.min_scalar_type(task.width - 1)
    distances = Window(task.window_size).distances
    rows = found.numbers if task.rows is None else task.rows
    if rows.size != found.places.size or rows.max(initial=0) >= task.n_rows:
        raise InputError(
            "the rows are not those of the number tokens",
            expected=f"{found.places.size} rows below {task.n_rows}",
            got=f"{rows.size} rows up to {rows.max(initial=0)} in block {task.block.index}",
        )
    order, begin = sort_rows(rows.astype(np.uint32, copy=False), task.n_rows)
    column = np.empty(order.size, dtype=np.int64)
    column[order] = np.arange(order.size)
    # Two types of table are enough: each is a variant of the loops to compile.
    table_kind = np.dtype(np.uint16 if task.width <= 2**16 else np.uint32)
    each = 2 * table_kind.itemsize + 4  # bytes of an event: in the table, its context, its count
    at_once = max(1, IN_MEMORY // max(1, order.size * each))
    starts = np.ascontiguousarray(text.starts, dtype=np.int64).view(np.ndarray)
    starts.flags.writeable = False
    row = empty_row(task.width, np.uint32)
    parts = []
    for g in range(0, distances.size, at_once):
        some = distances[g : g + at_once]
        table = np.empty((some.size, order.size), dtype=table_kind)
        _gather(found.ids, starts, found.places, column, some, task.size, table)
        contexts = np.empty(table.size, dtype=table_kind)
        counts = np.empty(table.size, dtype=np.uint32)
        indptr = _sum_rows(table, begin, task.size, row, counts, contexts)
        parts.append((indptr, contexts[: indptr[-1]], counts[: indptr[-1]]))
    ends = np.cumsum([0, *(indptr[-1] for indptr, _, _ in parts)])
    counts = np.concatenate([part[2] for part in parts])
    return BlockEvents(
        task.block.index,
        np.concatenate([[0], *(part[0][1:] + end for part, end in zip(parts, ends))]),
        np.concatenate([part[1] for part in parts], dtype=kind, casting="unsafe"),
        counts.astype(np.min_scalar_type(int(counts.max(initial=0)))),
    )


@numba.njit(cache=True, nogil=True)
def _read(ids, size, tokens, places):  # type: ignore[no-untyped-def]
    """Write where the ids below `size` are; returns how many, and how often each id occurs.

    The last entry of `tokens`, which are zeros, is for all ids that are too large.
    """
    found = 0
    width = np.uint32(tokens.size - 1)
    # Two tables, so that a repeated word does not wait for its own last increment.
    second = np.zeros_like(tokens)
    for i in range(0, ids.size - 1, 2):
        first, then = ids[i], ids[i + 1]
        tokens[min(first, width)] += 1
        second[min(then, width)] += 1
        if first < size:
            places[found] = i
            found += 1
        if then < size:
            places[found] = i + 1
            found += 1
    if ids.size & 1:
        tokens[min(ids[-1], width)] += 1
        if ids[-1] < size:
            places[found] = ids.size - 1
            found += 1
    return found, tokens + second


@numba.njit(cache=True, nogil=True)
def _gather(ids, starts, places, column, distances, blank, table):  # type: ignore[no-untyped-def]
    """Write the context at each distance from each place: table[g, column of the place].

    What lies outside of the segment of the place is `blank`.
    """
    segment = 0
    last = places.size - 1
    left, right = -distances[0], distances[-1]
    for i in range(places.size):
        p = places[i]
        while starts[segment + 1] <= p:
            segment += 1
        low, high = starts[segment], starts[segment + 1]
        soon = places[min(i + _AHEAD, last)]
        prefetch(ids, soon - left)
        prefetch(ids, soon + right)
        c = column[i]
        if p - left >= low and p + right < high:
            for g in range(distances.size):
                table[g, c] = ids[p + distances[g]]
        else:
            for g in range(distances.size):
                at = p + distances[g]
                table[g, c] = ids[at] if low <= at < high else blank


@numba.njit(cache=True, nogil=True)
def _sum_rows(table, begin, skip, row, counts, contexts):  # type: ignore[no-untyped-def]
    """Sum each row of each distance, without `skip` and `skip + 1`; returns where rows begin."""
    n_rows = begin.size - 1
    indptr = np.zeros(table.shape[0] * n_rows + 1, dtype=np.int64)
    k = 0
    for g in range(table.shape[0]):
        contexts_here = table[g]
        for r in range(n_rows):
            for i in range(begin[r], begin[r + 1]):
                add(row, contexts_here[i], np.uint32(1))
            clear(row, skip)
            clear(row, skip + 1)
            k = take_row(row, counts, contexts, k)
            indptr[g * n_rows + r + 1] = k
    return indptr
