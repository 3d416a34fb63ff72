"""How GloVe's parameters lie in memory, the same on CPU and GPU."""

from __future__ import annotations

import numpy as np

__all__ = ["pack", "unpack"]

# A row is [vector, bias, 1, padding | accumulators] and its partner's [vector, 1, bias, padding |
# accumulators], so that one dot product holds both biases and one loop updates everything.


def pack(start: np.ndarray, *, context: bool, lanes: int) -> np.ndarray:
    """Lay out vectors with their bias last, of shape (n, dim + 1), with accumulators of 1.

    The accumulators start at 1, as the original program's do: the first steps are taken at the
    plain learning rate.
    """
    n, dim = start.shape[0], start.shape[1] - 1
    width = -(-(dim + 2) // lanes) * lanes
    state = np.zeros((n, 2 * width), np.float32)
    state[:, :dim] = start[:, :dim]
    state[:, dim : dim + 2] = 1
    state[:, dim + context] = start[:, dim]
    state[:, width:] = 1
    return state


def unpack(state: np.ndarray, *, context: bool, dim: int) -> np.ndarray:
    """Vectors with their bias last, of shape (n, dim + 1), out of a packed state."""
    return state[:, [*range(dim), dim + context]]
