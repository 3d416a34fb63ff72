"""Cuts: borders that nothing crosses, put into the documents of a text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, get_args

import numpy as np

from wordnum.config import one_of, whole_number
from wordnum.corpus.encoded_corpus import Block

Cut = Literal["midway", "before", "after"]

# Tokens, and numbers, that a segment may be asked to have: more than any document has.
_MOST = 10**12


@dataclass(frozen=True)
class ContextLength:
    """Each document (or segment) is cut into consecutive chunks of `length` tokens.

    Examples
    --------
    >>> ContextLength(4).borders(np.array([0, 10]))
    array([ 0,  4,  8, 10])
    """

    acts_on: ClassVar[str] = "borders"
    loses_pairs: ClassVar[bool] = True
    forms: ClassVar[str] = "context-length:L"

    length: int

    def __post_init__(self) -> None:
        length = whole_number(self.length, most=_MOST, what="context length")
        object.__setattr__(self, "length", length)

    @classmethod
    def from_options(cls, length: str, *, random_state: int) -> ContextLength:
        """Read the length."""
        return cls(int(length))

    @property
    def name(self) -> str:
        """Canonical name."""
        return f"context-length:{self.length}"

    def prepare(self, corpus: Any) -> ContextLength:
        """Return itself: cuts need no whole corpus."""
        return self

    def apply(self, block: Block) -> Block:
        """Cut one block."""
        return replace(block, starts=self.borders(block.starts))

    def borders(self, starts: np.ndarray) -> np.ndarray:
        """Borders after the cut, from those before it."""
        chunks = -(-np.diff(starts) // self.length)
        ends = np.cumsum(chunks)
        within = np.arange(ends[-1] if ends.size else 0) - np.repeat(ends - chunks, chunks)
        return np.append(np.repeat(starts[:-1], chunks) + within * self.length, starts[-1])


@dataclass(frozen=True)
class Isolate:
    """Each document (or segment) is cut so that none holds more than `k` numbers.

    Parameters
    ----------
    k : int
        Most numbers per segment; 1 leaves the text-number signal only.
    cut : {"midway", "before", "after"}
        Where between the k-th number and the next: midway, right before the next, or right after
        the k-th. An odd token in the middle goes to the right.
    count_other : bool
        *Other numbers* count as numbers too.

    Examples
    --------
    >>> Isolate(1).borders(np.array([0, 10]), np.array([2, 6, 8]))
    array([ 0,  4,  7, 10])
    """

    acts_on: ClassVar[str] = "borders"
    loses_pairs: ClassVar[bool] = True
    forms: ClassVar[str] = "isolate:K, isolate:K:before, isolate:K:after or isolate:K:other"

    k: int
    cut: Cut = "midway"
    count_other: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", whole_number(self.k, most=_MOST, what="isolate"))
        one_of(self.cut, get_args(Cut), what="place to cut")

    @classmethod
    def from_options(cls, k: str, *options: Any, random_state: int) -> Isolate:
        """Read k, and where to cut."""
        (cut,) = [option for option in options if option != "other"] or ["midway"]
        return cls(int(k), cut=cut, count_other="other" in options)

    @property
    def name(self) -> str:
        """Canonical name."""
        place = "" if self.cut == "midway" else f":{self.cut}"
        return f"isolate:{self.k}{place}" + (":other" if self.count_other else "")

    @property
    def isolates(self) -> bool:
        """Whether no number is left beside another."""
        return self.k == 1

    def prepare(self, corpus: Any) -> _Isolating:
        """Note which ids are numbers."""
        return _Isolating(self, corpus.vocabulary.size + self.count_other)

    def borders(self, starts: np.ndarray, marks: np.ndarray) -> np.ndarray:
        """Borders after the cut, from those before it and the positions of the numbers."""
        segment = np.searchsorted(starts, marks, side="right")
        begins = np.flatnonzero(np.diff(segment, prepend=-1))
        rank = np.arange(marks.size) - np.repeat(begins, np.diff(begins, append=marks.size))
        last = np.flatnonzero((rank[1:] % self.k == 0) & (rank[1:] > 0))
        here, there = marks[last], marks[last + 1]
        cuts = {"before": there, "after": here + 1}.get(self.cut, (here + there + 1) // 2)
        # Two ascending runs, which a stable sort merges.
        return np.sort(np.concatenate([starts, cuts]), kind="stable")


@dataclass(frozen=True, eq=False)
class _Isolating:
    """`isolate` for a text in which the ids below `limit` count as numbers."""

    isolate: Isolate
    limit: int

    def apply(self, block: Block) -> Block:
        marks = np.flatnonzero(block.ids < self.limit)
        return replace(block, starts=self.isolate.borders(block.starts, marks))
