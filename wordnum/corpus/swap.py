"""Number tokens of a corpus in order, and how they trade places."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from wordnum.corpus import number_kernels
from wordnum.corpus.encoded_corpus import Block, EncodedCorpus
from wordnum.progress import track

__all__ = ["NumberSequence", "Places", "draws", "number_positions", "redraw"]

# Patterns of gaps that are told apart by a code for each, whether they occur or not.
_FEW = 1000

Keep = Callable[[np.ndarray], np.ndarray]
# Consecutive documents, the positions of their numbers and the numbers, from first to last.
Places = Callable[[], Iterable[tuple[Block, np.ndarray, np.ndarray]]]


def number_positions(ids: np.ndarray, size: int) -> np.ndarray:
    """Positions of the ids below `size`, ascending, int64.

    Examples
    --------
    >>> number_positions(np.array([1002, 7, 1000, 9]), 1000)
    array([1, 3])
    """
    room = max(1024, ids.size // 16)
    while True:
        positions = np.empty(room, dtype=np.int64)
        found = number_kernels.find_below(ids, np.uint32(size), positions)
        if found >= 0:
            return positions[:found].copy()
        room *= 4


def _found(corpus: EncodedCorpus) -> Iterator[tuple[Block, np.ndarray, np.ndarray]]:
    for block in track(corpus.blocks(), "finding the numbers", total=corpus.n_blocks):
        positions = number_positions(block.ids, corpus.vocabulary.size)
        yield block, positions, block.ids[positions]


def draws(random_state: int, purpose: str, documents: np.ndarray, index: np.ndarray) -> np.ndarray:
    """64 random bits for each (document, index): a hash of these, the seed and the purpose.

    SplitMix64 (Steele, Lea and Flood 2014) as a counter-based generator, so that a draw does not
    depend on the draws before it.
    """
    state = _mix(_key(random_state, purpose) ^ documents.astype(np.uint64))
    return _mix(state ^ index.astype(np.uint64))


def _key(random_state: int, purpose: str) -> np.ndarray:
    key = np.array([random_state & 0xFFFFFFFFFFFFFFFF], dtype=np.uint64)
    return _mix(key ^ _mix(np.array([zlib.crc32(purpose.encode())], dtype=np.uint64)))


def _mix(state: np.ndarray) -> np.ndarray:
    state = state + np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


def redraw(
    marginal: np.ndarray, *, random_state: int, first_document: int, starts: np.ndarray
) -> np.ndarray:
    """Draw the numbers of some documents from a marginal: uint32 (starts[-1] - starts[0],)."""
    drawn = np.empty(int(starts[-1] - starts[0]), dtype=np.uint32)
    key = _key(random_state, "unigram")[0]
    number_kernels.draw_numbers(key, np.cumsum(marginal), first_document, starts, drawn)
    return drawn


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
        Where each document's numbers begin; a document left out by thinning has none that move.
    moves : ndarray of bool, shape (n,), or None
        Which tokens are of documents that are kept; all when None.
    """

    numbers: np.ndarray
    gaps: np.ndarray
    starts: np.ndarray
    moves: np.ndarray | None = None

    @classmethod
    def read(
        cls, corpus: EncodedCorpus, kept: Keep, places: Places | None = None
    ) -> NumberSequence:
        """Collect the numbers, whose places are looked for where they are not given."""
        size = corpus.vocabulary.size
        kind = np.min_scalar_type(size - 1)
        numbers, gaps, starts = [np.zeros(0, kind)], [np.zeros(0, np.uint8)], [np.zeros(1, int)]
        total = 0
        for block, positions, found in places() if places else _found(corpus):
            gap = np.empty(positions.size, dtype=np.uint8)
            begins = np.empty(block.starts.size, dtype=np.int64)
            number_kernels.read_gaps(positions, block.starts, gap, begins)
            numbers.append(found.astype(kind))
            gaps.append(gap)
            starts.append(total + begins[1:])
            total += positions.size
        border = np.concatenate(starts)
        keep = kept(np.arange(corpus.n_documents))
        moves = None if keep.all() else np.repeat(keep, np.diff(border))
        return cls(np.concatenate(numbers), np.concatenate(gaps), border, moves)

    def moving(self, values: np.ndarray | None = None) -> np.ndarray:
        """Values (the numbers by default) at the tokens of documents that are kept."""
        values = self.numbers if values is None else values
        return values if self.moves is None else values[self.moves]

    def shift(self, random_state: int) -> np.ndarray:
        """Index of the token that comes to each place under a cyclic shift by a random offset."""
        order = np.arange(self.numbers.size)
        moving = order if self.moves is None else np.flatnonzero(self.moves)
        if moving.size > 1:
            zero = np.zeros(1, dtype=np.int64)
            offset = 1 + int(draws(random_state, "shift", zero, zero)[0]) % (moving.size - 1)
            order[moving] = np.roll(moving, offset)
        return order

    def permute_runs(self, random_state: int, reach: int) -> np.ndarray:
        """Index of the token that comes to each place when runs of one pattern are permuted."""
        order = np.arange(self.numbers.size)
        first, lengths, labels = self.runs(reach)
        keys = number_kernels.draw_keys(_key(random_state, "swap")[0], first, self.starts)
        number_kernels.exchange_runs(
            first, lengths, _stable_order(labels), _shuffled(labels, keys), order
        )
        return order

    def runs(self, reach: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Runs of numbers at most `reach` tokens apart.

        Returns
        -------
        first, lengths, labels : ndarray of int64, shape (n_runs,)
            Index of each run's first token, its tokens, and a label that is equal for runs with
            the same pattern of gaps.
        """
        begins = (self.gaps == 0) | (self.gaps > reach)
        first = np.flatnonzero(begins)
        lengths = np.diff(first, append=self.numbers.size)
        if self.moves is not None:
            first, lengths = first[self.moves[first]], lengths[self.moves[first]]
        labels = np.zeros(first.size, dtype=np.int64)
        runs_of = np.bincount(lengths, minlength=2)
        sizes = 2 + np.flatnonzero(runs_of[2:])
        longer = _stable_order(lengths)[runs_of[1] :]
        next_label = int(runs_of[1] > 0)
        for size, mine in zip(sizes.tolist(), np.split(longer, np.cumsum(runs_of[sizes])[:-1])):
            pattern = self.gaps[first[mine][:, None] + np.arange(1, size)]
            if size <= 10 and reach ** (size - 1) <= _FEW:
                code = (pattern - np.uint8(1)) @ reach ** np.arange(size - 1)
            else:
                code = np.unique(_as_scalars(pattern), return_inverse=True)[1]
            seen = np.bincount(code) > 0
            labels[mine] = next_label + (np.cumsum(seen) - 1)[code]
            next_label += int(seen.sum())
        return first, lengths, labels


def _shuffled(labels: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Order by label, and of equal labels by key: of 64 random bits, mostly as one integer."""
    spare = np.uint64(int(labels.max(initial=0)).bit_length())
    joint = keys >> spare
    if spare:
        joint |= labels.astype(np.uint64) << (np.uint64(64) - spare)
    order = np.argsort(joint)
    if (np.diff(joint[order]) == 0).any():  # where the order of equals depends on the machine
        return np.lexsort((keys, labels))
    return order


def _stable_order(values: np.ndarray) -> np.ndarray:
    """Stable argsort of integers >= 0, which is a fast radix sort where they fit in 16 bits."""
    narrow = np.min_scalar_type(int(values.max(initial=0)))
    return np.argsort(values.astype(narrow), kind="stable")


def _as_scalars(rows: np.ndarray) -> np.ndarray:
    """One comparable value per row of bytes: an integer where they are eight or fewer."""
    n, width = rows.shape
    if width > 8:
        return np.ascontiguousarray(rows).view(np.dtype((np.void, width))).ravel()
    padded = np.zeros((n, 8), dtype=np.uint8)
    padded[:, :width] = rows
    return padded.view(np.uint64).ravel()
