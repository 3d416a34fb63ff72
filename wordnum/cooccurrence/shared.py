"""Counted pair events under several conditions, which share the contexts that they see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, overload

import numpy as np

from wordnum.cooccurrence import kernels
from wordnum.cooccurrence.events import BlockEvents
from wordnum.cooccurrence.scratch import Scratch

__all__ = ["BlocksOf", "SharedEvents"]


@dataclass(frozen=True, eq=False)
class SharedEvents:
    """Events of one block of documents under several conditions, which share the contexts.

    Conditions that cut the text differently see nearly the same contexts, so what each sees is a
    column of counts: a fraction of the bytes of as many BlockEvents, and added up in one pass.

    Attributes
    ----------
    index, indptr, contexts : int, ndarray, ndarray
        As in BlockEvents; some condition has seen each of the events.
    counts : ndarray of unsigned int, shape (n_events, n_conditions)
        How often each condition saw an event; the narrowest type that holds the largest.

    Examples
    --------
    >>> counts = np.array([[1, 0], [2, 2]])
    >>> shared = SharedEvents.pack(0, np.array([0, 2]), np.array([3, 7]), counts)
    >>> alone = shared.of(1)
    >>> alone.indptr, alone.contexts, alone.counts
    (array([0, 1]), array([7]), array([2], dtype=uint8))
    """

    index: int
    indptr: np.ndarray
    contexts: np.ndarray
    counts: np.ndarray

    @classmethod
    def pack(cls, index: int, indptr: np.ndarray, contexts: np.ndarray, counts: np.ndarray) -> Self:
        """Copy what is used of two arrays, counts in the narrowest type."""
        used = int(indptr[-1])
        return cls(index, indptr, contexts[:used].copy(), _narrowed(counts[:used]))

    def of(self, condition: int) -> BlockEvents:
        """Events of one of the conditions."""
        if self.counts.shape[1] == 1:
            return BlockEvents(self.index, self.indptr, self.contexts, self.counts[:, 0])
        contexts = np.empty_like(self.contexts)
        counts = np.empty(self.contexts.size, dtype=self.counts.dtype)
        indptr = kernels.take_lane(
            self.indptr, self.contexts, self.counts, condition, contexts, counts
        )
        used = int(indptr[-1])
        return BlockEvents(self.index, indptr, contexts[:used].copy(), _narrowed(counts[:used]))

    @classmethod
    def merge(cls, parts: Sequence[SharedEvents], *, width: int, scratch: Scratch) -> SharedEvents:
        """Sum the events of parts of one block, whose context ids are below `width`."""
        if len(parts) == 1:
            return parts[0]
        first = np.cumsum([0, *(part.contexts.size for part in parts)])
        contexts = np.concatenate([part.contexts for part in parts])
        counts = np.concatenate([part.counts for part in parts])
        begin = np.stack([part.indptr + at for part, at in zip(parts, first)])
        merged = (
            scratch.array("contexts", contexts.shape, contexts.dtype),
            scratch.array("counts", counts.shape, np.uint32),
        )
        indptr = kernels.merge_rows(begin, contexts, counts, width, *merged)
        return cls.pack(parts[0].index, indptr, *merged)


class BlocksOf(Sequence[BlockEvents]):
    """Blocks of one condition, taken out of what it shares with others whenever they are asked for.

    Parameters
    ----------
    shared : sequence of SharedEvents
        One per block.
    condition : int
        Its place among the conditions of them.
    """

    def __init__(self, shared: Sequence[SharedEvents], condition: int) -> None:
        self._shared = tuple(shared)
        self._condition = condition

    def __len__(self) -> int:
        return len(self._shared)

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


def _narrowed(counts: np.ndarray) -> np.ndarray:
    """Copy integers to the narrowest type that holds them."""
    return counts.astype(np.min_scalar_type(int(counts.max(initial=0))), order="C")
