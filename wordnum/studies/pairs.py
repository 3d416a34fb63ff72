"""How many pairs a window and a signal hold, without making their matrix."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.windows import Window

__all__ = ["PairTotals"]


class PairTotals:
    """Sums of counted pairs by signed distance, for words and for numbers as contexts.

    Parameters
    ----------
    counts : Counts

    Examples
    --------
    >>> from wordnum.corpus.vocabulary import Vocabulary
    >>> counts = Counts.from_events(
    ...     [(0, 1, 7, 1002, 3), (0, -2, 7, 8, 2)],
    ...     vocabulary=Vocabulary.from_words(["km"]), window_size=2)
    >>> pairs = PairTotals(counts)
    >>> pairs.of(Window(size=2), "both"), pairs.of(Window(size=1), "both")
    (5, 3)
    >>> pairs.of(Window(size=2), "number")
    2
    """

    def __init__(self, counts: Counts) -> None:
        size, first_word = counts.vocabulary.size, counts.vocabulary.first_word
        self._distances = counts.distances
        self._sums = {
            "number": np.zeros(len(counts.distances), dtype=np.int64),
            "text": np.zeros(len(counts.distances), dtype=np.int64),
        }
        for block in counts.blocks:
            for at, (begin, end) in enumerate(pairwise(block.indptr[::size])):
                contexts, seen = block.contexts[begin:end], block.counts[begin:end]
                self._sums["number"][at] += seen[contexts < size].sum(dtype=np.int64)
                self._sums["text"][at] += seen[contexts >= first_word].sum(dtype=np.int64)

    def of(self, window: Window, signal: str) -> int:
        """Pairs within a window, each with the weight of its distance."""
        text, number = self._sums["text"], self._sums["number"]
        sums = {"text": text, "number": number, "both": text + number}[signal]
        return round(window.weights @ sums[np.searchsorted(self._distances, window.distances)])
