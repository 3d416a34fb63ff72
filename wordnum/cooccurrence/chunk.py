"""Counting a run of documents under several conditions: what one worker does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from wordnum.cooccurrence import kernels
from wordnum.cooccurrence.counts import BlockEvents
from wordnum.corpus import swap
from wordnum.corpus.encoded import Block
from wordnum.corpus.prepare import Prepared, Rewriting

__all__ = ["ChunkTask", "Counted", "count_chunk", "merge_events"]


@dataclass(frozen=True, eq=False)
class ChunkTask:
    """Documents of one block, and the conditions to count them under.

    Attributes
    ----------
    block : Block
        The documents; `index` is that of the whole block.
    conditions : tuple of Prepared
        Prepared perturbations, their rewriting restricted to these documents.
    size, width : int
        Numbers are the ids below `size`; ids are below `width`.
    reach : int
        Largest distance.
    merged : bool
        Sum over all distances instead of keeping them apart.
    rows : Rewriting or None
        Rows, below `n_rows`, that the events of the number tokens go to; None for the numbers.
    """

    block: Block
    conditions: tuple[Prepared, ...]
    size: int
    width: int
    reach: int
    merged: bool
    rows: Rewriting | None
    n_rows: int


@dataclass(frozen=True, eq=False)
class Counted:
    """Events and margins of some documents under one condition."""

    events: BlockEvents
    number_counts: np.ndarray
    context_counts: np.ndarray
    documents: int

    def merge(self, other: Counted, *, width: int) -> Counted:
        """Add what was counted in other documents of the same block."""
        return Counted(
            merge_events([self.events, other.events], width=width),
            self.number_counts + other.number_counts,
            self.context_counts + other.context_counts,
            self.documents + other.documents,
        )


@dataclass(frozen=True, eq=False)
class _Extent:
    """How far each number of the chunk sees under one condition."""

    left: np.ndarray
    right: np.ndarray
    kept: np.ndarray
    documents: np.ndarray


def merge_events(parts: Sequence[BlockEvents], *, width: int) -> BlockEvents:
    """Sum the events of parts of one block."""
    if len(parts) == 1:
        return parts[0]
    total = reduce(lambda a, b: a + b, (part.matrix(width) for part in parts))
    return BlockEvents.pack(parts[0].index, total)


def count_chunk(task: ChunkTask) -> list[Counted]:
    """Count the documents of a task: one result per condition, in their order."""
    ids = np.asarray(task.block.ids)
    histogram, positions = _scan(ids, task)
    numbers = ids[positions]
    events: list[BlockEvents | None] = [None] * len(task.conditions)
    extents = [_extent(task, condition, ids, positions) for condition in task.conditions]
    written = [_read(task, c.rewriting, positions, numbers) for c in task.conditions]
    for group in _groups(task):
        values = written[group[0]]
        rewritten = None if values is numbers else values
        rows = _read(task, task.rows, positions, values)
        seen = [extents[c] for c in group]
        found = _events(task, ids, positions, rows, seen, rewritten)
        for condition, event in zip(group, found, strict=True):
            events[condition] = event
    return [
        _counted(task, event, histogram, numbers, values, extent)
        for event, values, extent in zip(events, written, extents, strict=True)
        if event is not None
    ]


def _scan(ids: np.ndarray, task: ChunkTask) -> tuple[np.ndarray, np.ndarray]:
    """Histogram of the ids, and the positions of the numbers."""
    room = max(1024, ids.size // 16)
    while True:
        histogram = np.zeros(task.width, dtype=np.int64)
        positions = np.empty(room, dtype=np.int64)
        found = kernels.scan(ids, np.uint32(task.size), histogram, positions)
        if found >= 0:
            return histogram, positions[:found].copy()
        room *= 4


def _groups(task: ChunkTask) -> list[list[int]]:
    """Conditions with the same numbers in the same places, which share the work."""
    groups: dict[int, list[int]] = {}
    for index, condition in enumerate(task.conditions):
        groups.setdefault(id(condition.rewriting), []).append(index)
    return list(groups.values())


def _read(
    task: ChunkTask, rewriting: Rewriting | None, positions: np.ndarray, default: np.ndarray
) -> np.ndarray:
    """Return what stands at the positions of the numbers after a rewriting."""
    if rewriting is None:
        return default
    inside = np.searchsorted(positions, task.block.starts)
    return rewriting.read(first_document=task.block.first_document, starts=inside)


def _extent(
    task: ChunkTask, condition: Prepared, ids: np.ndarray, positions: np.ndarray
) -> _Extent:
    """Tokens that each number sees on either side, within its segment and the reach."""
    marks = positions
    if condition.marks_other:
        marks = swap.number_positions(ids, task.size + 1)
    document = np.searchsorted(task.block.starts, marks, side="right") - 1
    low, high = task.block.starts[document], task.block.starts[document + 1]
    low, high = condition.bounds(marks, low, high)
    if condition.marks_other:
        own = ids[marks] < task.size
        document, low, high = document[own], low[own], high[own]
    documents = condition.kept(task.block.first_document + np.arange(task.block.starts.size - 1))
    kept = documents[document]
    left = np.where(kept, np.minimum(positions - low, task.reach), 0)
    right = np.where(kept, np.minimum(high - 1 - positions, task.reach), 0)
    return _Extent(left, right, kept, documents)


def _events(
    task: ChunkTask,
    ids: np.ndarray,
    positions: np.ndarray,
    rows: np.ndarray,
    extents: list[_Extent],
    rewritten: np.ndarray | None,
) -> list[BlockEvents]:
    """Sum the events of conditions that have the same numbers in the same places."""
    parts: list[list[BlockEvents]] = [[] for _ in extents]
    for first in range(0, max(positions.size, 1), kernels.POSITIONS):
        last = min(first + kernels.POSITIONS, positions.size)
        here = positions[first:last]
        table = np.empty((2 * task.reach, here.size), dtype=np.uint32)
        kernels.gather(ids, here, task.reach, table)
        if rewritten is not None:
            kernels.patch(table, positions, first, last, rewritten)
        order, begin = kernels.sort_rows(rows[first:last], task.n_rows)
        slab = [(extent.left[first:last], extent.right[first:last]) for extent in extents]
        accumulate = _sums if task.merged else _lanes
        for part, event in zip(parts, accumulate(task, table, order, begin, slab), strict=True):
            part.append(event)
    return [merge_events(part, width=task.width) for part in parts]


def _lanes(
    task: ChunkTask,
    table: np.ndarray,
    order: np.ndarray,
    begin: np.ndarray,
    slab: list[tuple[np.ndarray, np.ndarray]],
) -> list[BlockEvents]:
    """Events by distance, several conditions at once, those that see farthest first."""
    farthest = np.array([max(a.max(initial=0), b.max(initial=0)) for a, b in slab])
    ranked = np.argsort(-farthest, kind="stable")
    found: list[BlockEvents | None] = [None] * len(slab)
    for at in range(0, len(slab), kernels.LANES):
        chosen = ranked[at : at + kernels.LANES]
        left = np.stack([slab[c][0] for c in chosen]).astype(np.int32)
        right = np.stack([slab[c][1] for c in chosen]).astype(np.int32)
        room = int((left.sum(axis=1) + right.sum(axis=1)).max()) + 1
        contexts = np.empty((len(chosen), room), dtype=np.uint32)
        counts = np.empty((len(chosen), room), dtype=np.uint16)
        indptr = kernels.accumulate_lanes(
            table, order, begin, left, right, task.size, task.width, contexts, counts
        )
        for lane, condition in enumerate(chosen):
            found[condition] = _pack(task, indptr[lane], contexts[lane], counts[lane])
    return [event for event in found if event is not None]


def _sums(
    task: ChunkTask,
    table: np.ndarray,
    order: np.ndarray,
    begin: np.ndarray,
    slab: list[tuple[np.ndarray, np.ndarray]],
) -> list[BlockEvents]:
    """Events summed over all distances, one condition after the other."""
    found = []
    for left, right in slab:
        room = int((left + right).sum()) + 1
        contexts = np.empty(room, dtype=np.uint32)
        counts = np.empty(room, dtype=np.uint32)
        indptr = kernels.accumulate_sums(
            table,
            order,
            begin,
            left.astype(np.int32),
            right.astype(np.int32),
            task.size,
            task.width,
            contexts,
            counts,
        )
        found.append(_pack(task, indptr, contexts, counts))
    return found


def _pack(
    task: ChunkTask, indptr: np.ndarray, contexts: np.ndarray, counts: np.ndarray
) -> BlockEvents:
    used = int(indptr[-1])
    largest = int(counts[:used].max(initial=0))
    return BlockEvents(
        task.block.index,
        indptr,
        contexts[:used].astype(np.min_scalar_type(task.width - 1)),
        counts[:used].astype(np.min_scalar_type(largest)),
    )


def _counted(
    task: ChunkTask,
    events: BlockEvents,
    histogram: np.ndarray,
    numbers: np.ndarray,
    values: np.ndarray,
    extent: _Extent,
) -> Counted:
    """Put the margins of the perturbed text beside its events."""
    if extent.documents.all():
        totals = histogram.copy()
    else:
        tokens = np.repeat(extent.documents, np.diff(task.block.starts))
        totals = np.bincount(np.asarray(task.block.ids)[tokens], minlength=task.width)
    standing = np.bincount(values[extent.kept], minlength=task.size)
    totals[: task.size] = standing
    totals[task.size : task.size + 2] = 0
    return Counted(
        events, standing.astype(np.int64), totals.astype(np.int64), int(extent.documents.sum())
    )
