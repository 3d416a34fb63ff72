"""Counting words in bounded memory."""

from __future__ import annotations

import numpy as np

from wordnum.corpus.tokenize import WordTable

__all__ = ["WordCounter"]

LIMIT = 4_000_000


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
        return self._select(self._order(size))

    def _order(self, size: int) -> np.ndarray:
        """Indices of the most frequent words, by (count desc, bytes asc)."""
        counts = self._counts
        candidates = np.arange(counts.size)
        if counts.size > size:
            threshold = np.partition(counts, counts.size - size)[counts.size - size]
            candidates = np.flatnonzero(counts >= threshold)
        blob, offsets = self._table.words()
        data, bounds = blob.tobytes(), offsets.tolist()
        ranked = sorted(
            candidates.tolist(), key=lambda i: (-counts[i], data[bounds[i] : bounds[i + 1]])
        )
        return np.array(ranked[:size], dtype=np.int64)

    def _select(self, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        blob, offsets = self._table.words()
        data, bounds = blob.tobytes(), offsets.tolist()
        words = [data[bounds[i] : bounds[i + 1]] for i in order.tolist()]
        lengths = np.array([len(word) for word in words], dtype=np.int64)
        joined = np.frombuffer(b"".join(words), dtype=np.uint8)
        return joined, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)

    def _prune(self) -> None:
        kept = self._order(self.limit // 2)
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
