"""GloVe's AdaGrad pass on the CPU, compiled by numba. Imported only when a model is trained."""

from __future__ import annotations

import numpy as np
from numba import njit

from wordnum.intrinsics import LINE, prefetch_cell

# Pairs ahead whose rows are asked for: the pairs come in random order, so that without it every
# row would be waited for.
_AHEAD = 3

# NaN and infinity must survive, since they are how divergence is seen; so not all of fastmath.
_FAST = {"reassoc", "contract", "arcp", "afn", "nsz"}


# A row is [vector, bias, 1, padding | accumulators] and its partner's [vector, 1, bias, padding |
# accumulators], so that one dot product holds both biases and one loop updates everything.


def pack(start: np.ndarray, *, context: bool) -> np.ndarray:
    """Lay out vectors with their bias last, of shape (n, dim + 1), with accumulators of 1.

    The accumulators start at 1, as the original program's do: the first steps are taken at the
    plain learning rate.
    """
    n, dim = start.shape[0], start.shape[1] - 1
    width = -(-(dim + 2) // LINE) * LINE
    state = np.zeros((n, 2 * width), np.float32)
    state[:, :dim] = start[:, :dim]
    state[:, dim : dim + 2] = 1
    state[:, dim + context] = start[:, dim]
    state[:, width:] = 1
    return state


def unpack(state: np.ndarray, *, context: bool, dim: int) -> np.ndarray:
    """Vectors with their bias last, of shape (n, dim + 1), out of a packed state."""
    return state[:, [*range(dim), dim + context]]


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def adagrad_pass(
    rows: np.ndarray,
    columns: np.ndarray,
    log_count: np.ndarray,
    weight: np.ndarray,
    W: np.ndarray,
    C: np.ndarray,
    dim: int,
    rate: np.float32,
) -> float:
    """Update W and C for every pair in turn; return the summed loss, each before its update."""
    width = W.shape[1] // 2
    n = rows.shape[0]
    total = 0.0
    for k in range(n):
        if k + _AHEAD < n:
            for line in range(0, 2 * width, LINE):
                prefetch_cell(W, rows[k + _AHEAD], line)
                prefetch_cell(C, columns[k + _AHEAD], line)
        w, gw = W[rows[k], :width], W[rows[k], width:]
        c, gc = C[columns[k], :width], C[columns[k], width:]
        dot = np.float32(0)
        for a in range(width):
            dot += w[a] * c[a]
        difference = dot - log_count[k]
        slope = weight[k] * difference
        total += 0.5 * np.float64(slope) * np.float64(difference)
        step = slope * rate
        for a in range(width):
            for_w = step * c[a]
            for_c = step * w[a]
            w[a] -= for_w / np.sqrt(gw[a])
            c[a] -= for_c / np.sqrt(gc[a])
            gw[a] += for_w * for_w
            gc[a] += for_c * for_c
        w[dim + 1] = np.float32(1)
        c[dim] = np.float32(1)
    return total
