"""Counting words in bounded memory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wordnum.corpus.tokenizing import WordTable

LIMIT = 2_000_000


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
