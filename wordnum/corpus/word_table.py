"""Words interned by their bytes, and counted in bounded memory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wordnum.corpus import tokenizer_kernel as kernel

LIMIT = 2_000_000


class WordTable:
    """Words interned by their bytes; the index of a word is the order of its first coming.

    Examples
    --------
    >>> table = WordTable()
    >>> words = np.frombuffer(b"thecatthe", dtype=np.uint8)
    >>> table.intern(words, np.array([0, 3, 6, 9])).tolist()
    [0, 1, 0]
    """

    def __init__(self, slots: int = 1 << 17) -> None:
        self.table = _aligned(slots)
        self.offsets = np.zeros(slots // 2 + 1, dtype=np.int64)
        self.blob = np.empty(slots * 4, dtype=np.uint8)
        self.fill = np.zeros(2, dtype=np.int64)

    def __len__(self) -> int:
        return int(self.fill[kernel.N_WORDS])

    @property
    def n_bytes(self) -> int:
        """Bytes of all words together."""
        return int(self.fill[kernel.N_BYTES])

    @property
    def arrays(self) -> kernel.Words:
        """What the compiled loops take."""
        return self.table, self.blob, self.offsets, self.fill

    def grow(self, room: int = 2 * kernel.MAX_TOKEN_BYTES) -> None:
        """Make room for four times as many words, and for `room` bytes more."""
        blob, offsets = self.words(), self.offsets
        slots = len(self.table) // kernel.STRIDE
        if len(self) * 2 + 2 > slots:
            self.table = _aligned(slots * 4)
            self.offsets = np.zeros(slots * 2 + 1, dtype=np.int64)
        if self.n_bytes + room > len(self.blob):
            self.blob = np.empty(2 * (len(self.blob) + room), dtype=np.uint8)
        if self.offsets is offsets:
            self.blob[: len(blob[0])] = blob[0]
        else:
            self.fill[:] = 0
            self.intern(*blob)

    def intern(self, blob: np.ndarray, offsets: np.ndarray, *, add: bool = True) -> np.ndarray:
        """Indices of the words blob[offsets[i]:offsets[i + 1]].

        Unseen ones are added, or are -1 if not to `add`.
        """
        # The kernel is compiled once, for arrays that may be written.
        blob = np.require(blob, dtype=np.uint8, requirements=["C", "W"])
        offsets = np.require(offsets, dtype=np.int64, requirements=["C", "W"])
        indices = np.empty(len(offsets) - 1, dtype=np.int64)
        done = 0
        while True:
            done = kernel.intern_words(blob, offsets, done, add, self.arrays, indices)
            if done == len(indices):
                return indices
            self.grow(int(offsets[done + 1] - offsets[done]))

    def words(self) -> tuple[np.ndarray, np.ndarray]:
        """Blob and offsets of all words, copied."""
        return self.blob[: self.n_bytes].copy(), self.offsets[: len(self) + 1].copy()


class WordCounter:
    """Counts of words that come in pieces; rare ones are forgotten when there are too many.

    When more than `limit` words are held, the less frequent half is dropped. What is dropped
    depends on the order of the pieces alone. A word dropped and met again starts anew, so its
    count is too low by at most the largest count ever dropped, per pruning.

    Parameters
    ----------
    limit : int
        Words to hold at most.

    Attributes
    ----------
    pruned : dict
        "words" dropped in all, in how many "rounds", and the "largest" count among them.

    Examples
    --------
    >>> counter = WordCounter()
    >>> words = np.frombuffer(b"oftheof", dtype=np.uint8)
    >>> counter.add(words, np.array([0, 2, 5, 7]), np.array([3, 4, 2]))
    >>> blob, offsets = counter.most_common(1)
    >>> blob.tobytes()
    b'of'
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self.pruned = {"words": 0, "rounds": 0, "largest": 0}
        self._table = WordTable()
        self._counts = np.zeros(0, dtype=np.int64)

    def add(self, blob: np.ndarray, offsets: np.ndarray, counts: np.ndarray) -> None:
        """Add the counts of the words blob[offsets[i]:offsets[i + 1]]."""
        index = self._table.intern(blob, offsets)
        grown = np.zeros(len(self._table), dtype=np.int64)
        grown[: self._counts.size] = self._counts
        np.add.at(grown, index, counts)
        self._counts = grown
        if grown.size > self.limit:
            self._prune()

    def most_common(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Blob and offsets of the `size` most frequent words, ties by bytes ascending."""
        words = self._largest(size)
        counts, beginnings = self._counts[words], self._first_eight_bytes(words)
        order = np.lexsort((beginnings, -counts))
        words, counts, beginnings = words[order], counts[order], beginnings[order]
        same = (np.diff(counts) == 0) & (np.diff(beginnings) == 0)
        # Runs of words that begin alike and are as frequent: sort what the first bytes leave open.
        borders = np.flatnonzero(np.diff(np.concatenate([[False], same, [False]]).astype(np.int8)))
        for first, last in borders.reshape(-1, 2).tolist():
            words[first : last + 1] = sorted(words[first : last + 1].tolist(), key=self._speller())
        return self._select(words)

    def _largest(self, size: int) -> np.ndarray:
        """Indices of the words that come first by (count desc, bytes asc), in any order."""
        counts = self._counts
        if counts.size <= size:
            return np.arange(counts.size)
        threshold = np.partition(counts, counts.size - size)[counts.size - size]
        above = np.flatnonzero(counts > threshold)
        ties = np.flatnonzero(counts == threshold)
        # Most words of a text come once: the ties are too many to sort as Python objects.
        beginnings = self._first_eight_bytes(ties)
        wanted = size - above.size
        border = np.partition(beginnings, wanted - 1)[wanted - 1]
        below = ties[beginnings < border]
        at_border = sorted(ties[beginnings == border].tolist(), key=self._speller())
        rest = np.array(at_border[: wanted - below.size], dtype=np.int64)
        return np.concatenate([above, below, rest])

    def _first_eight_bytes(self, words: np.ndarray) -> np.ndarray:
        """Beginnings of words as integers that sort as the words do."""
        blob, offsets = self._words()
        begin, length = offsets[words], np.diff(offsets)[words]
        keys = np.zeros(words.size, dtype=np.uint64)
        for at in range(8):
            byte = blob[np.minimum(begin + at, blob.size - 1)]
            keys = keys << np.uint64(8) | np.where(at < length, byte, 0).astype(np.uint64)
        return keys

    def _speller(self) -> Callable[[int], bytes]:
        blob, offsets = self._words()
        return lambda i: blob[offsets[i] : offsets[i + 1]].tobytes()

    def _words(self) -> tuple[np.ndarray, np.ndarray]:
        """Blob and offsets of all words, not copied."""
        return self._table.blob[: self._table.n_bytes], self._table.offsets[: len(self._table) + 1]

    def _select(self, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Blob and offsets of some of the words."""
        blob, offsets = self._words()
        lengths = np.diff(offsets)[order]
        chosen = np.concatenate([[0], np.cumsum(lengths)])
        return blob[
            np.repeat(offsets[order] - chosen[:-1], lengths) + np.arange(chosen[-1])
        ], chosen

    def _prune(self) -> None:
        kept = np.sort(self._largest(self.limit // 2))
        dropped = np.delete(self._counts, kept)
        self.pruned = {
            "words": self.pruned["words"] + int(dropped.size),
            "rounds": self.pruned["rounds"] + 1,
            "largest": max(self.pruned["largest"], int(dropped.max())),
        }
        blob, offsets = self._select(kept)
        self._counts = self._counts[kept]
        self._table = WordTable()
        self._table.intern(blob, offsets)


def _aligned(slots: int) -> np.ndarray:
    """Empty table whose slots do not straddle cache lines."""
    raw = np.zeros(slots * kernel.STRIDE + 8, dtype=np.uint64)
    skip = (-raw.ctypes.data % 64) // 8
    return raw[skip : skip + slots * kernel.STRIDE]
