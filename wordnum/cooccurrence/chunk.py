"""Counting a run of documents under several conditions: what one worker does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from wordnum.cooccurrence import number_pairs
from wordnum.cooccurrence.extent import Extent, find_extents
from wordnum.cooccurrence.scan import Scan, scan
from wordnum.cooccurrence.scratch import Scratch
from wordnum.cooccurrence.shared import SharedEvents, room_for_excess
from wordnum.corpus.encoded_corpus import Block
from wordnum.corpus.rewriting import Prepared, Rewriting

__all__ = [
    "MOST_POSITIONS",
    "SCRATCH",
    "ChunkTask",
    "Counted",
    "Margins",
    "OncePer",
    "count_chunk",
    "merge_counted",
]


# Numbers that are summed at once, in text of many: bounds the memory of a worker.
MOST_POSITIONS = 600_000
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
class Margins:
    """Occurrences in some documents under one condition, and how many documents it keeps."""

    number_counts: np.ndarray
    context_counts: np.ndarray
    documents: int


@dataclass(frozen=True, eq=False)
class Counted:
    """What was counted in some documents under all conditions.

    Attributes
    ----------
    events : dict
        Events of conditions that were counted together, by their places among all conditions.
    margins : list of Margins
        One per condition; arrays that are equal are the same.
    """

    events: dict[tuple[int, ...], SharedEvents]
    margins: list[Margins]

    @property
    def index(self) -> int:
        """Which block the documents are of."""
        return next(iter(self.events.values())).index


class OncePer:
    """A function of arrays that is called once for the same arrays, so that its results are shared.

    Examples
    --------
    >>> total, ones = OncePer(sum), np.ones(2)
    >>> total([ones, ones]) is total([ones, ones])
    True
    """

    def __init__(self, function: Callable[[list[np.ndarray]], np.ndarray]) -> None:
        self._function = function
        # The arrays are held too, lest another comes to have the id of one.
        self._made: dict[tuple[int, ...], tuple[list[np.ndarray], np.ndarray]] = {}

    def __call__(self, arrays: list[np.ndarray]) -> np.ndarray:
        """Return what the function gives for these arrays, from memory if it has been called."""
        key = tuple(map(id, arrays))
        if key not in self._made:
            self._made[key] = arrays, self._function(arrays)
        return self._made[key][1]


def merge_counted(parts: Sequence[Counted], *, width: int) -> Counted:
    """Add what was counted in different documents of the same block."""
    if len(parts) == 1:
        return parts[0]
    events = {
        together: SharedEvents.merge(
            [part.events[together] for part in parts], width=width, scratch=SCRATCH
        )
        for together in parts[0].events
    }
    total = OncePer(partial(np.sum, axis=0))
    margins = [
        Margins(
            total([m.number_counts for m in same]),
            total([m.context_counts for m in same]),
            sum(m.documents for m in same),
        )
        for same in zip(*(part.margins for part in parts), strict=True)
    ]
    return Counted(events, margins)


def count_chunk(task: ChunkTask) -> Counted:
    """Count the documents of a task."""
    seen = task.scan or scan(task.block, size=task.size, width=task.width)
    positions = seen.positions
    inside = np.searchsorted(positions, task.block.starts.astype(positions.dtype))
    extents = find_extents(
        task.block, task.conditions, positions, inside, size=task.size, reach=task.reach
    )
    values = _written(task, seen.numbers, inside)
    rows = None if task.rows is None else _read(task, task.rows, inside)
    return Counted(
        _events(task, positions, values, extents, rows),
        _margins(task, seen.histogram, values, extents),
    )


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
    positions: np.ndarray,
    values: Sequence[np.ndarray],
    extents: Sequence[Extent],
    rows: np.ndarray | None,
) -> dict[tuple[int, ...], SharedEvents]:
    """Sum the events of all conditions, in rows of their own or in those of the numbers."""
    parts: dict[tuple[int, ...], list[SharedEvents]] = {}
    most = 1 if task.merged else number_pairs.LANES
    groups = _groups(values)
    several = [values[group[0]] for group in groups if min(len(group), most) > 1]
    at_once = _at_once(several if rows is None else [rows] * len(several), positions.size)
    for first in range(0, max(positions.size, 1), at_once):
        here = slice(first, min(first + at_once, positions.size))
        around = _around(task, positions[here])
        for group in groups:
            written = values[group[0]]
            # Numbers stand in the same places whichever they are: one table serves all groups.
            number_pairs.patch(around, positions, first, written)
            rows_here = (written if rows is None else rows)[here]
            order, begin = number_pairs.sort_rows(rows_here, task.n_rows)
            table = _reordered("table", around, order)
            for at in range(0, len(group), most):
                together = tuple(group[at : at + most])
                left = np.stack([extents[c].left[here] for c in together])
                right = np.stack([extents[c].right[here] for c in together])
                seen = _reordered("left", left, order), _reordered("right", right, order)
                found = _accumulate(task, table, begin, *seen)
                parts.setdefault(together, []).append(found)
    return {
        together: SharedEvents.merge(part, width=task.width, scratch=SCRATCH)
        for together, part in parts.items()
    }


def _reordered(name: str, table: np.ndarray, order: np.ndarray) -> np.ndarray:
    result = SCRATCH.array(name, table.shape, table.dtype)
    number_pairs.reorder(table, order, result)
    return result


def _at_once(rows: Sequence[np.ndarray], n_positions: int) -> int:
    """Positions to sum at once, so that none of `rows` has more of a row than lanes can count."""
    longest = max((int(np.bincount(row).max(initial=0)) for row in rows), default=0)
    most = MOST_POSITIONS if longest <= number_pairs.ROW_POSITIONS else number_pairs.ROW_POSITIONS
    return max(1, min(n_positions, most))


def _around(task: ChunkTask, positions: np.ndarray) -> np.ndarray:
    """Contexts around each position: (distance, position)."""
    shape = 2 * task.reach, positions.size
    table = SCRATCH.array("around", shape, np.min_scalar_type(task.width - 1))
    number_pairs.gather(np.asarray(task.block.ids), positions, task.reach, table)
    return table


def _accumulate(
    task: ChunkTask, table: np.ndarray, begin: np.ndarray, left: np.ndarray, right: np.ndarray
) -> SharedEvents:
    """Sum the events of some conditions, whose positions see `left` and `right` (condition, i)."""
    lanes = len(left)
    room = int(left.max(axis=0).sum(dtype=int) + right.max(axis=0).sum(dtype=int)) + 1
    contexts = SCRATCH.array("contexts", (room,), table.dtype)
    columns = 1 if lanes == 1 else number_pairs.LANES
    low = SCRATCH.array("low", (room, columns), np.uint8)
    if lanes > 1:
        kernel, written = number_pairs.accumulate_lanes, low.view(np.uint64)[:, 0]
    else:
        kernel = number_pairs.accumulate_sums if task.merged else number_pairs.accumulate_distances
        written = low
    n_pairs = lanes * room
    at, excess = room_for_excess(n_pairs)
    indptr, above = kernel(
        table, begin, left, right, task.size, task.width, contexts, written, at, excess
    )
    used = int(indptr[-1])
    event, lane = np.divmod(at[:above], columns)
    return SharedEvents(
        task.block.index,
        indptr,
        contexts=contexts[:used].copy(),
        low=low[:used, :lanes].copy(),
        at=event * lanes + lane,
        excess=excess[:above].copy(),
        n_pairs=n_pairs,
    )


def _margins(
    task: ChunkTask,
    histogram: np.ndarray,
    values: Sequence[np.ndarray],
    extents: Sequence[Extent],
) -> list[Margins]:
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
    return [Margins(*found[key], int(extent.documents.sum())) for key, extent in zip(keys, extents)]
