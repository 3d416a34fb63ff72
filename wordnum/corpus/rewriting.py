"""Rewriting: other numbers in the places of the number tokens of a corpus."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np

from wordnum.config import one_of, whole_number
from wordnum.corpus.encoded_corpus import Block
from wordnum.corpus.random_draws import draws, uniform_draws
from wordnum.errors import InputError
from wordnum.progress import track


@dataclass(frozen=True)
class SwapNumbers:
    """Numbers are permuted over the whole corpus; what stands around them stays.

    In the variant "runs", numbers of one document at most `reach` tokens apart form a run, and
    runs are permuted at random among those with the same pattern of gaps. So the counts of
    number beside number up to `reach` stay exactly as they were. In the variant "sequence" the
    sequence of all number tokens is shifted cyclically by a random offset, which keeps no more
    than their order.

    Parameters
    ----------
    random_state : int
        Seed of the permutation, or of the offset.
    reach : int
        W, 1 to 255; runs only.
    variant : {"runs", "sequence"}
        See above.

    Notes
    -----
    A run whose pattern is unlike any other stays where it is; the share of number tokens left in
    place is ``about["share_in_place"]`` of what `prepare` returns.
    """

    acts_on: ClassVar[str] = "numbers"
    forms: ClassVar[str] = "swap-numbers, swap-numbers:W or swap-numbers:sequence"

    random_state: int = 0
    reach: int = 10
    variant: Literal["runs", "sequence"] = "runs"

    def __post_init__(self) -> None:
        one_of(self.variant, ("runs", "sequence"), what="variant of swap-numbers")
        reach = whole_number(self.reach, most=255, what="the reach of swap-numbers")
        object.__setattr__(self, "reach", reach)

    @classmethod
    def from_options(cls, reach: str = "10", *, random_state: int) -> SwapNumbers:
        """Read the reach, or the variant."""
        if reach == "sequence":
            return cls(random_state, variant="sequence")
        return cls(random_state, reach=int(reach))

    @property
    def name(self) -> str:
        """Canonical name."""
        if self.variant == "sequence":
            return "swap-numbers:sequence"
        return "swap-numbers" if self.reach == 10 else f"swap-numbers:{self.reach}"

    def prepare(self, corpus: Any) -> _Rewritten:
        """Read all numbers of the corpus, and permute them."""
        sequence = NumberSequence.read(corpus)
        if self.variant == "sequence":
            order = sequence.shift(self.random_state)
        else:
            order = sequence.permute_runs(self.random_state, self.reach)
        share = float((order == np.arange(order.size)).mean())
        numbers = sequence.numbers[order]
        return _Rewritten(numbers, sequence.starts, corpus.vocabulary.size, share)


@dataclass(frozen=True)
class UnigramReplace:
    """Every number token is redrawn independently from the marginal of the numbers."""

    acts_on: ClassVar[str] = "numbers"
    forms: ClassVar[str] = "unigram-replace"
    name: ClassVar[str] = "unigram-replace"

    random_state: int = 0

    @classmethod
    def from_options(cls, *, random_state: int) -> UnigramReplace:
        """Take no option."""
        return cls(random_state)

    def prepare(self, corpus: Any) -> _Redrawn:
        """Read the marginal of the numbers."""
        counts = corpus.number_counts
        _check_some(int(counts.sum()))
        return _Redrawn(np.cumsum(counts), self.random_state)


@dataclass(frozen=True, eq=False)
class _Rewritten:
    """New numbers for all number tokens, in corpus order; each document's begin at `starts`."""

    numbers: np.ndarray
    starts: np.ndarray
    size: int
    share_in_place: float

    @property
    def about(self) -> dict[str, Any]:
        return {"share_in_place": self.share_in_place}

    def apply(self, block: Block) -> Block:
        first = block.first_document
        begin, end = self.starts[[first, first + block.starts.size - 1]]
        places = np.flatnonzero(block.ids < self.size)
        return _with_numbers(block, places, self.numbers[begin:end])


@dataclass(frozen=True, eq=False)
class _Redrawn:
    """Numbers drawn by the running sum of their counts, by (seed, document, index in it)."""

    edges: np.ndarray
    random_state: int

    def apply(self, block: Block) -> Block:
        places = np.flatnonzero(block.ids < self.edges.size)
        drawn = uniform_draws(block, places, random_state=self.random_state, purpose="unigram")
        drawn = (drawn * self.edges[-1]).astype(np.int64)
        return _with_numbers(block, places, np.searchsorted(self.edges, drawn, side="right"))


def _with_numbers(block: Block, places: np.ndarray, numbers: np.ndarray) -> Block:
    ids = np.array(block.ids)
    ids[places] = numbers
    return replace(block, ids=ids)


@dataclass(frozen=True, eq=False)
class NumberSequence:
    """All number tokens of a corpus, in order.

    Attributes
    ----------
    numbers : ndarray of unsigned int, shape (n,)
        The numbers, in the narrowest type.
    gaps : ndarray of uint8, shape (n,)
        Tokens since the number before in the same document; 0 for the first of a document, and
        for one more than 255 tokens away.
    starts : ndarray of int64, shape (n_documents + 1,)
        Where each document's numbers begin.
    """

    numbers: np.ndarray
    gaps: np.ndarray
    starts: np.ndarray

    @classmethod
    def read(cls, corpus: Any) -> NumberSequence:
        """Collect the numbers of a corpus.

        Raises
        ------
        InputError
            There are none.
        """
        size = corpus.vocabulary.size
        numbers, gaps, starts = [], [], [np.zeros(1, dtype=np.int64)]
        total = 0
        for block in track(corpus.blocks(), "finding the numbers", total=corpus.n_blocks):
            places = np.flatnonzero(block.ids < size)
            begins = np.searchsorted(places, block.starts)
            gap = np.diff(places, prepend=0)
            gap[gap > 255] = 0
            gap[begins[:-1][begins[:-1] < places.size]] = 0
            numbers.append(block.ids[places].astype(np.min_scalar_type(size - 1)))
            gaps.append(gap.astype(np.uint8))
            starts.append(total + begins[1:])
            total += places.size
        _check_some(total)
        return cls(np.concatenate(numbers), np.concatenate(gaps), np.concatenate(starts))

    def shift(self, random_state: int) -> np.ndarray:
        """Index of the token that comes to each place under a cyclic shift by a random offset."""
        n = self.numbers.size
        if n == 1:
            return np.arange(n)
        zero = np.zeros(1, dtype=np.int64)
        return np.roll(np.arange(n), 1 + int(draws(random_state, "shift", zero, zero)[0]) % (n - 1))

    def permute_runs(self, random_state: int, reach: int) -> np.ndarray:
        """Index of the token that comes to each place when runs of one pattern are permuted."""
        first, lengths, labels = self.runs(reach)
        document = np.searchsorted(self.starts, first, side="right") - 1
        keys = draws(random_state, "swap", document, first - self.starts[document])
        targets, sources = np.argsort(labels, kind="stable"), np.lexsort((keys, labels))
        order = np.arange(self.numbers.size)
        # The tokens of the run `sources[i]` come to the places of `targets[i]`, which is as long.
        order[_tokens(first[targets], lengths[targets])] = _tokens(first[sources], lengths[sources])
        return order

    def runs(self, reach: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Runs of numbers at most `reach` tokens apart.

        Returns
        -------
        first, lengths, labels : ndarray of int64, shape (n_runs,)
            Index of each run's first token, its tokens, and a label that is equal for runs with
            the same pattern of gaps.
        """
        first = np.flatnonzero((self.gaps == 0) | (self.gaps > reach))
        lengths = np.diff(first, append=self.numbers.size)
        labels = np.zeros(first.size, dtype=np.int64)
        runs_of = np.bincount(lengths, minlength=2)
        sizes = 2 + np.flatnonzero(runs_of[2:])
        longer = np.argsort(lengths, kind="stable")[runs_of[1] :]
        next_label = int(runs_of[1] > 0)
        for size, mine in zip(sizes.tolist(), np.split(longer, np.cumsum(runs_of[sizes])[:-1])):
            pattern = self.gaps[first[mine][:, None] + np.arange(1, size)]
            # As one value each, they sort faster than as rows.
            whole = pattern.view(np.dtype((np.void, size - 1))).ravel()
            seen, code = np.unique(whole, return_inverse=True)
            labels[mine] = next_label + code
            next_label += seen.size
        return first, lengths, labels


def _check_some(tokens: int) -> None:
    if not tokens:
        raise InputError("there is no number to rewrite", got="0 number tokens")


def _tokens(first: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Indices of the tokens of runs, one run after the other."""
    begin = np.cumsum(lengths) - lengths
    return np.arange(int(lengths.sum())) + np.repeat(first - begin, lengths)
