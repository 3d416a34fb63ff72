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
