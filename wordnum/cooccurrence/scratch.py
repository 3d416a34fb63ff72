"""Memory that a thread writes over and over: pages that are new are slow to touch."""

from __future__ import annotations

import threading
from math import prod

import numpy as np

__all__ = ["Scratch"]


class Scratch(threading.local):
    """Arrays to work in, of each thread its own; what they held is gone with the next of a name.

    Examples
    --------
    >>> scratch = Scratch()
    >>> first, second = scratch.array("a", (2, 3), np.uint8), scratch.array("a", (3,), np.uint8)
    >>> np.shares_memory(first, second), second.shape
    (True, (3,))
    """

    def __init__(self) -> None:
        self._held: dict[str, np.ndarray] = {}

    def clear(self) -> None:
        """Give the memory of this thread back."""
        self._held.clear()

    def array(self, name: str, shape: tuple[int, ...], dtype: np.dtype | type) -> np.ndarray:
        """Return an array with anything in it, in the memory of the last one of this name."""
        wanted = prod(shape) * np.dtype(dtype).itemsize
        held = self._held.get(name)
        if held is None or held.size < wanted:
            # A little more, lest it is made anew for each that is a little longer.
            held = self._held[name] = np.empty(wanted + wanted // 8, dtype=np.uint8)
        return held[:wanted].view(dtype).reshape(shape)
