"""Random draws by what they are for: none depends on the draws before it, nor on who draws."""

from __future__ import annotations

import zlib

import numpy as np

from wordnum.corpus.blocks import Block


def draws(random_state: int, purpose: str, documents: np.ndarray, index: np.ndarray) -> np.ndarray:
    """64 random bits for each (document, index): a hash of these, the seed and the purpose.

    SplitMix64 (Steele, Lea and Flood 2014) as a counter-based generator.

    Examples
    --------
    >>> zero = np.zeros(1, dtype=np.int64)
    >>> draws(0, "thin", zero, zero) == draws(0, "swap", zero, zero)
    array([False])
    """
    key = np.array([int(random_state) & 0xFFFFFFFFFFFFFFFF], dtype=np.uint64)
    key = _mix(key ^ _mix(np.array([zlib.crc32(purpose.encode())], dtype=np.uint64)))
    state = _mix(key ^ documents.astype(np.uint64))
    return _mix(state ^ index.astype(np.uint64))


def uniform_draws(
    block: Block, tokens: np.ndarray, *, random_state: int, purpose: str
) -> np.ndarray:
    """Draw a number in [0, 1) for some tokens of a block, the same however blocks are cut.

    Parameters
    ----------
    block : Block
        Its `starts` are those of whole documents.
    tokens : ndarray of int, shape (n,)
        Places in ``block.ids``, ascending.
    random_state : int
        Seed.
    purpose : str
        Draws for another purpose are others.

    Returns
    -------
    ndarray of float64, shape (n,)
        By the seed, the purpose, the document, and which of its `tokens` each one is.

    Examples
    --------
    >>> block = Block(0, np.array([7, 8, 9]), np.array([0, 2, 3]), first_document=0, first_token=0)
    >>> uniform_draws(block, np.array([1, 2]), random_state=0, purpose="mine").round(3)
    array([0.229, 0.836])
    """
    begins = np.searchsorted(tokens, block.starts)
    document = np.repeat(np.arange(begins.size - 1), np.diff(begins))
    index = np.arange(tokens.size) - begins[document]
    return unit_interval(draws(random_state, purpose, block.first_document + document, index))


def unit_interval(bits: np.ndarray) -> np.ndarray:
    """Turn 64 random bits each into a float64 in [0, 1)."""
    return (bits >> np.uint64(11)) * 2.0**-53


def _mix(state: np.ndarray) -> np.ndarray:
    state = state + np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
