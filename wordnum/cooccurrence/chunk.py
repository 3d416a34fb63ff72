"""Counting a run of documents under several conditions: what one worker does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from wordnum.cooccurrence import kernels
from wordnum.cooccurrence.counts import BlockEvents
from wordnum.cooccurrence.extent import Extent, find_extents
from wordnum.cooccurrence.scan import Scan, scan
from wordnum.cooccurrence.scratch import Scratch
from wordnum.corpus.encoded import Block
from wordnum.corpus.prepare import Prepared, Rewriting

__all__ = ["SCRATCH", "ChunkTask", "Counted", "count_chunk", "merge_counted", "merge_events"]


# Numbers that are summed at once, in text of many: bounds the memory of a worker.
_MOST_POSITIONS = 250_000
SCRATCH = Scratch()


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
    scan : Scan or None
        What was found in the documents, where they have been read before.
    """

    block: Block
    conditions: tuple[Prepared, ...]
    size: int
    width: int
    reach: int
    merged: bool
    rows: Rewriting | None
    n_rows: int
    scan: Scan | None = None

    @property
    def n_tokens(self) -> int:
        """Tokens of the documents."""
        return self.block.ids.size


@dataclass(frozen=True, eq=False)
class Counted:
    """Events and margins of some documents under one condition."""

    events: BlockEvents
    number_counts: np.ndarray
    context_counts: np.ndarray
    documents: int


def merge_counted(parts: Sequence[Counted], *, width: int) -> Counted:
    """Add what was counted in different documents of the same block."""
    if len(parts) == 1:
        return parts[0]
    return Counted(
        merge_events([part.events for part in parts], width=width),
        np.sum([part.number_counts for part in parts], axis=0),
        np.sum([part.context_counts for part in parts], axis=0),
        sum(part.documents for part in parts),
    )


def merge_events(parts: Sequence[BlockEvents], *, width: int) -> BlockEvents:
    """Sum the events of parts of one block."""
    if len(parts) == 1:
        return parts[0]
    first = np.cumsum([0, *(part.contexts.size for part in parts)])
    contexts = np.concatenate([part.contexts for part in parts])
    counts = np.concatenate([part.counts for part in parts])
    begin = np.stack([part.indptr + at for part, at in zip(parts, first)])
    merged = np.empty_like(contexts), np.empty(counts.shape, dtype=np.uint32)
    indptr = kernels.merge_rows(begin, contexts, counts, width, *merged)
    return _pack(parts[0].index, indptr, *merged)


def count_chunk(task: ChunkTask) -> list[Counted]:
    """Count the documents of a task: one result per condition, in their order."""
    ids = np.asarray(task.block.ids)
    seen = task.scan or scan(task.block, size=task.size, width=task.width)
    positions = seen.positions
    inside = np.searchsorted(positions, task.block.starts.astype(positions.dtype))
    extents = find_extents(
        task.block, task.conditions, positions, inside, size=task.size, reach=task.reach
    )
    values = _written(task, seen.numbers, inside)
    rows = None if task.rows is None else _read(task, task.rows, inside)
    events = _events(task, ids, positions, values, extents, rows)
    margins = _margins(task, seen.histogram, values, extents)
    return [
        Counted(event, *margin, int(extent.documents.sum()))
        for event, margin, extent in zip(events, margins, extents, strict=True)
    ]


def _read(task: ChunkTask, rewriting: Rewriting, inside: np.ndarray) -> np.ndarray:
    """What a rewriting puts at the numbers; each document's begin at `inside`."""
    return rewriting.read(first_document=task.block.first_document, starts=inside)


def _written(task: ChunkTask, numbers: np.ndarray, inside: np.ndarray) -> list[np.ndarray]:
    """Return the numbers under each condition; one array where they are the same."""
    written = {id(None): numbers}
    for rewriting in (condition.rewriting for condition in task.conditions):
        if rewriting is not None and id(rewriting) not in written:
            written[id(rewriting)] = _read(task, rewriting, inside)
    return [written[id(condition.rewriting)] for condition in task.conditions]


def _groups(values: Sequence[np.ndarray]) -> list[list[int]]:
    """Conditions with the same numbers in the same places, which share the work."""
    groups: dict[int, list[int]] = {}
    for index, written in enumerate(values):
        groups.setdefault(id(written), []).append(index)
    return list(groups.values())


def _events(
    task: ChunkTask,
    ids: np.ndarray,
    positions: np.ndarray,
    values: Sequence[np.ndarray],
    extents: Sequence[Extent],
    rows: np.ndarray | None,
) -> list[BlockEvents]:
    """Sum the events of all conditions, in rows of their own or in those of the numbers."""
    parts: list[list[BlockEvents]] = [[] for _ in extents]
    groups = _groups(values)
    at_once = _at_once(values if rows is None else [rows], positions.size)
    for first in range(0, max(positions.size, 1), at_once):
        here = slice(first, min(first + at_once, positions.size))
        around = None if task.merged else _around(ids, positions[here], task.reach)
        for group in groups:
            written = values[group[0]]
            order, begin = kernels.sort_rows((written if rows is None else rows)[here], task.n_rows)
            if around is None:
                table = _around(ids, positions[here][order], task.reach, by_position=True)
            else:
                table = kernels.reorder(around, order)
            if task.conditions[group[0]].rewriting is not None:
                kernels.patch(table, positions, order, first, written)
            seen = [
                (extents[c].left[here].take(order), extents[c].right[here].take(order))
                for c in group
            ]
            accumulate = _sums if task.merged else _lanes
            for condition, event in zip(group, accumulate(task, table, begin, seen)):
                parts[condition].append(event)
    return [merge_events(part, width=task.width) for part in parts]


def _at_once(rows: Sequence[np.ndarray], n_positions: int) -> int:
    """Positions that can be summed at once, so that none has more in a row than counters hold."""
    different = {id(row): row for row in rows}.values()
    longest = max((int(np.bincount(row).max(initial=0)) for row in different), default=0)
    most = _MOST_POSITIONS if longest <= kernels.ROW_POSITIONS else kernels.ROW_POSITIONS
    return max(1, min(n_positions, most))


def _around(
    ids: np.ndarray, positions: np.ndarray, reach: int, *, by_position: bool = False
) -> np.ndarray:
    """Contexts (distance, position); those of one distance, or of one position, lie together."""
    layout: Literal["F", "C"] = "F" if by_position else "C"
    table = np.empty((2 * reach, positions.size), dtype=np.uint32, order=layout)
    kernels.gather(ids, positions, reach, table)
    return table


def _lanes(
    task: ChunkTask,
    table: np.ndarray,
    begin: np.ndarray,
    slab: list[tuple[np.ndarray, np.ndarray]],
) -> list[BlockEvents]:
    """Events by distance, several conditions at once, those that see farthest first."""
    if len(slab) == 1:
        return _one_by_one(task, table, begin, slab, kernels.accumulate_distances)
    farthest = np.array([max(a.max(initial=0), b.max(initial=0)) for a, b in slab])
    ranked = np.argsort(-farthest.astype(int), kind="stable")
    found: list[BlockEvents | None] = [None] * len(slab)
    for at in range(0, len(slab), kernels.LANES):
        chosen = ranked[at : at + kernels.LANES]
        left = np.stack([slab[c][0] for c in chosen])
        right = np.stack([slab[c][1] for c in chosen])
        room = int((left.sum(axis=1, dtype=int) + right.sum(axis=1, dtype=int)).max()) + 1
        shape = (chosen.size, room)
        contexts = SCRATCH.array("contexts", shape, np.min_scalar_type(task.width - 1))
        counts = SCRATCH.array("counts", shape, np.uint16)
        indptr = kernels.accumulate_lanes(
            table, begin, left, right, task.size, task.width, contexts, counts
        )
        for lane, condition in enumerate(chosen):
            found[condition] = _pack(task.block.index, indptr[lane], contexts[lane], counts[lane])
    return [event for event in found if event is not None]


def _sums(
    task: ChunkTask,
    table: np.ndarray,
    begin: np.ndarray,
    slab: list[tuple[np.ndarray, np.ndarray]],
) -> list[BlockEvents]:
    """Events summed over all distances."""
    return _one_by_one(task, table, begin, slab, kernels.accumulate_sums)


def _one_by_one(
    task: ChunkTask,
    table: np.ndarray,
    begin: np.ndarray,
    slab: list[tuple[np.ndarray, np.ndarray]],
    accumulate: Callable[..., np.ndarray],
) -> list[BlockEvents]:
    found = []
    for left, right in slab:
        room = int(left.sum(dtype=int) + right.sum(dtype=int)) + 1
        contexts = SCRATCH.array("contexts", (room,), np.min_scalar_type(task.width - 1))
        counts = SCRATCH.array("counts", (room,), np.uint32)
        indptr = accumulate(table, begin, left, right, task.size, task.width, contexts, counts)
        found.append(_pack(task.block.index, indptr, contexts, counts))
    return found


def _pack(index: int, indptr: np.ndarray, contexts: np.ndarray, counts: np.ndarray) -> BlockEvents:
    used = int(indptr[-1])
    largest = int(counts[:used].max(initial=0))
    return BlockEvents(
        index,
        indptr,
        contexts[:used].copy(),
        counts[:used].astype(np.min_scalar_type(largest)),
    )


def _margins(
    task: ChunkTask,
    histogram: np.ndarray,
    values: Sequence[np.ndarray],
    extents: Sequence[Extent],
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Occurrences of numbers and of all tokens under each condition; shared where the same."""
    found: dict[object, tuple[np.ndarray, np.ndarray]] = {}
    keys = [(id(written), c.thins) for written, c in zip(values, task.conditions)]
    for key, written, extent in zip(keys, values, extents):
        if key in found:
            continue
        totals = histogram.astype(np.int64)
        if extent.kept is not None:
            tokens = np.repeat(extent.documents, np.diff(task.block.starts))
            totals = np.bincount(np.asarray(task.block.ids)[tokens], minlength=task.width)
            written = written[extent.kept]
        standing = np.bincount(written, minlength=task.size)
        totals[: task.size] = standing
        totals[task.size : task.size + 2] = 0
        found[key] = standing, totals
    return [found[key] for key in keys]
