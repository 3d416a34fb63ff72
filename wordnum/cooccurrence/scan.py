"""Where the numbers of some documents are, and how often each token occurs: one reading of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wordnum.cooccurrence import number_pairs
from wordnum.corpus.encoded_corpus import Block

__all__ = ["Scan", "scan"]


@dataclass(frozen=True, eq=False)
class Scan:
    """What one reading of consecutive documents finds.

    Attributes
    ----------
    histogram : ndarray of uint32, shape (V,)
        Occurrences of each token.
    positions : ndarray of int32, shape (n_numbers,)
        Where the numbers are, ascending.
    numbers : ndarray of unsigned int, shape (n_numbers,)
        Which they are, in the narrowest type.
    """

    histogram: np.ndarray
    positions: np.ndarray
    numbers: np.ndarray


def scan(block: Block, *, size: int, width: int) -> Scan:
    """Read the documents of a block; ids below `size` are numbers, and all are below `width`.

    Examples
    --------
    >>> found = scan(Block(0, np.array([3, 1, 4, 1], np.uint32), np.array([0, 4]), 0, 0), size=2,
    ...     width=5)
    >>> found.histogram, found.positions, found.numbers
    (array([0, 2, 0, 1, 1], dtype=uint32), array([1, 3], dtype=int32), array([1, 1], dtype=uint8))
    """
    ids = np.asarray(block.ids)
    room = max(1024, ids.size // 16)
    while True:
        histogram = np.zeros(width, dtype=np.uint32)
        positions = np.empty(room, dtype=np.int32)
        numbers = np.empty(room, dtype=np.min_scalar_type(size - 1))
        found = number_pairs.scan(ids, np.uint32(size), histogram, positions, numbers)
        if found >= 0:
            return Scan(histogram, positions[:found].copy(), numbers[:found].copy())
        room *= 4
