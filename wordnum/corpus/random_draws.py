"""Random draws by what they are for: none depends on the draws before it, nor on who draws."""

from __future__ import annotations

import zlib

import numpy as np

__all__ = ["draws", "unit_interval"]


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


def unit_interval(bits: np.ndarray) -> np.ndarray:
    """Turn 64 random bits each into a float64 in [0, 1)."""
    return (bits >> np.uint64(11)) * 2.0**-53


def _mix(state: np.ndarray) -> np.ndarray:
    state = state + np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
