"""GloVe's AdaGrad pass on the CPU, compiled by numba. Imported only when a model is trained."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import njit

from wordnum.embeddings.glove_layout import pack, unpack
from wordnum.intrinsics import LINE, prefetch_cell

__all__ = ["CpuTrainer", "adagrad_pass"]

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


class CpuTrainer:
    """State of one training on the CPU: pairs in shuffled order, and the rows they update.

    Parameters
    ----------
    pairs : (rows, columns, log_count, weight), arrays of shape (nnz,)
        Where the counts are (int32), log X and f(X) (float32).
    W, C : float32 arrays of shape (rows, dim + 1), (columns, dim + 1)
        Starting vectors with their bias last.
    rate : float
        Learning rate.
    rng : numpy Generator
        Draws the order of the pairs, once, as the original program does.
    threads : int
        Threads that update the same rows without locks; with 1 the result is deterministic.
    """

    def __init__(
        self,
        pairs: tuple[np.ndarray, ...],
        W: np.ndarray,
        C: np.ndarray,
        *,
        rate: float,
        rng: np.random.Generator,
        threads: int = 1,
    ) -> None:
        order = rng.permutation(len(pairs[0]))
        shuffled = [a[order] for a in pairs]
        self._shares = list(zip(*(np.array_split(a, threads) for a in shuffled), strict=True))
        self._dim = W.shape[1] - 1
        self._W = pack(W, context=False, lanes=LINE)
        self._C = pack(C, context=True, lanes=LINE)
        self._rate = np.float32(rate)

    def epoch(self) -> float:
        """One pass over all pairs; the summed loss."""

        def run(share: tuple[np.ndarray, ...]) -> float:
            return adagrad_pass(*share, self._W, self._C, self._dim, self._rate)

        # A diverging model overflows on its way; the caller reads that off the loss.
        with np.errstate(all="ignore"):
            if len(self._shares) == 1:
                return float(run(self._shares[0]))
            with ThreadPoolExecutor(len(self._shares)) as pool:
                return float(sum(pool.map(run, self._shares)))

    def result(self) -> tuple[np.ndarray, np.ndarray]:
        """W and C as given: vectors with their bias last."""
        return (
            unpack(self._W, context=False, dim=self._dim),
            unpack(self._C, context=True, dim=self._dim),
        )
