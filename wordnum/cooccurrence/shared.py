"""Counted pair events under several conditions, which share the contexts that they see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np

from wordnum.cooccurrence import number_pairs
from wordnum.cooccurrence.events import BlockEvents
from wordnum.cooccurrence.scratch import Scratch

__all__ = ["BlocksOf", "SharedEvents", "room_for_excess"]


@dataclass(frozen=True, eq=False)
class SharedEvents:
    """Events of one block of documents under several conditions, which share the contexts.

    Conditions that keep the numbers see nearly the same contexts around them, however they cut or
    thin the text, so what each sees is a column of counts: fewer bytes than as many BlockEvents,
    and added up in one pass.

    Attributes
    ----------
    index, indptr, contexts : int, ndarray, ndarray
        As in BlockEvents; some condition has seen each of the events.
    low : ndarray of uint8, shape (n_events, n_conditions)
        How often each condition saw an event, at most 255.
    at, excess : ndarray of int64, ndarray of uint32
        Which counts are more, as ascending flat indices of `low`, and by how much.
    n_pairs : int
        Sum of all counts, at most.

    Examples
    --------
    >>> shared = SharedEvents(
    ...     0, indptr=np.array([0, 2]), contexts=np.array([3, 7], np.uint16),
    ...     low=np.array([[1, 0], [2, 255]], np.uint8), at=np.array([3]),
    ...     excess=np.array([10], np.uint32), n_pairs=268)
    >>> alone = shared.of(1)
    >>> alone.indptr, alone.contexts, alone.counts
    (array([0, 1]), array([7], dtype=uint16), array([265], dtype=uint16))
    """

    index: int
    indptr: np.ndarray
    contexts: np.ndarray
    low: np.ndarray
    at: np.ndarray
    excess: np.ndarray
    n_pairs: int

    def of(self, condition: int) -> BlockEvents:
        """Events of one of the conditions; not to be written to, since it may be what is shared."""
        n_events, n_conditions = self.low.shape
        mine = self.at % n_conditions == condition
        at, excess = self.at[mine] // n_conditions, self.excess[mine]
        kind = np.min_scalar_type(int(number_pairs.MOST) + int(excess.max(initial=0)))
        if n_conditions == 1:
            counts = self.low[:, 0].astype(kind, copy=False)
            if at.size:
                counts[at] += excess.astype(kind)
            return BlockEvents(self.index, self.indptr, self.contexts, counts)
        contexts, counts = np.empty_like(self.contexts), np.empty(n_events, dtype=kind)
        indptr = number_pairs.take_lane(
            self.indptr, self.contexts, self.low, at, excess, condition, contexts, counts
        )
        used = int(indptr[-1])
        return BlockEvents(self.index, indptr, contexts[:used].copy(), counts[:used].copy())

    @classmethod
    def merge(cls, parts: Sequence[SharedEvents], *, width: int, scratch: Scratch) -> SharedEvents:
        """Sum the events of parts of one block, whose context ids are below `width`."""
        if len(parts) == 1:
            return parts[0]
        first = np.cumsum([0, *(part.contexts.size for part in parts)])
        n_events, n_conditions = int(first[-1]), parts[0].low.shape[1]
        n_pairs = sum(part.n_pairs for part in parts)
        kind = parts[0].contexts.dtype
        contexts = scratch.array("contexts of parts", (n_events,), kind)
        low = scratch.array("low of parts", (n_events, n_conditions), np.uint8)
        sums = (
            scratch.array("contexts", (n_events,), kind),
            scratch.array("low", (n_events, n_conditions), np.uint8),
        )
        np.concatenate([part.contexts for part in parts], out=contexts)
        np.concatenate([part.low for part in parts], out=low)
        begin = np.stack([part.indptr + at for part, at in zip(parts, first)])
        at = np.concatenate([part.at + n * n_conditions for part, n in zip(parts, first)])
        excess = np.concatenate([part.excess for part in parts])
        above = room_for_excess(n_pairs)
        indptr, n_above = number_pairs.merge_rows(
            begin, contexts, low, at, excess, width, *sums, *above
        )
        contexts, low = (array[: indptr[-1]].copy() for array in sums)
        at, excess = (array[:n_above].copy() for array in above)
        return cls(parts[0].index, indptr, contexts, low, at, excess, n_pairs)


def room_for_excess(n_pairs: int) -> tuple[np.ndarray, np.ndarray]:
    """Arrays for `at` and `excess` where so many pairs are counted."""
    room = n_pairs // (int(number_pairs.MOST) + 1) + 1
    return np.empty(room, dtype=np.int64), np.empty(room, dtype=np.uint32)


class BlocksOf(Sequence[BlockEvents]):
    """Blocks of one condition, taken out of what it shares with others whenever they are asked for.

    Parameters
    ----------
    shared : sequence of SharedEvents
        One per block.
    condition : int
        Its place among the conditions of them, all of which stay in memory with it.
    """

    def __init__(self, shared: Sequence[SharedEvents], condition: int) -> None:
        self._shared = tuple(shared)
        self._condition = condition

    def __len__(self) -> int:
        return len(self._shared)

    @property
    def indices(self) -> list[int]:
        """Which block each of them is."""
        return [shared.index for shared in self._shared]

    @overload
    def __getitem__(self, block: int) -> BlockEvents: ...
    @overload
    def __getitem__(self, block: slice) -> BlocksOf: ...
    def __getitem__(self, block: int | slice) -> BlockEvents | BlocksOf:
        if isinstance(block, slice):
            return BlocksOf(self._shared[block], self._condition)
        return self._shared[block].of(self._condition)

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process gets the events of this condition alone.
        return tuple, (tuple(self),)
