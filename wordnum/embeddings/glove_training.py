"""GloVe's AdaGrad passes: on the CPU, and on the GPU by one CUDA kernel through CuPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from wordnum.backend import Backend

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
    """

    def __init__(
        self,
        pairs: tuple[np.ndarray, ...],
        W: np.ndarray,
        C: np.ndarray,
        *,
        rate: float,
        rng: np.random.Generator,
    ) -> None:
        # Imported, and compiled, only when a model is trained on the CPU.
        from wordnum.embeddings.glove_kernel import LINE, adagrad_pass

        self._pass = adagrad_pass
        order = rng.permutation(len(pairs[0]))
        self._pairs = [a[order] for a in pairs]
        self._dim = W.shape[1] - 1
        self._W = pack(W, context=False, lanes=LINE)
        self._C = pack(C, context=True, lanes=LINE)
        self._rate = np.float32(rate)

    def epoch(self) -> float:
        """One pass over all pairs; the summed loss."""
        # A diverging model overflows on its way; the caller reads that off the loss.
        with np.errstate(all="ignore"):
            return float(self._pass(*self._pairs, self._W, self._C, self._dim, self._rate))

    def result(self) -> tuple[np.ndarray, np.ndarray]:
        """W and C as given: vectors with their bias last."""
        return (
            unpack(self._W, context=False, dim=self._dim),
            unpack(self._C, context=True, dim=self._dim),
        )


_WARP = 32  # threads that work on one row
_WARPS_PER_BLOCK = 4


class GpuTrainer:
    """State of one training on the GPU; parameters as `CpuTrainer`.

    Rows are visited in random order and their pairs in random order within the row, which is not
    the full shuffle of the CPU: losses agree to a stated tolerance, vectors do not. The order of
    the atomic additions is free, so that two runs differ in the last digits.
    """

    def __init__(
        self,
        pairs: tuple[np.ndarray, ...],
        W: np.ndarray,
        C: np.ndarray,
        *,
        rate: float,
        rng: np.random.Generator,
        backend: Backend,
    ) -> None:
        self._backend, self._rng = backend, rng
        self._dim = W.shape[1] - 1
        rows, *values = pairs
        order = rng.permutation(len(rows))
        order = order[np.argsort(rows[order], kind="stable")]
        self._pairs_per_row = np.bincount(rows, minlength=len(W))
        starts = np.concatenate([[0], np.cumsum(self._pairs_per_row)]).astype(np.int64)
        self._starts = backend.asarray(starts)
        self._pairs = [backend.asarray(a[order]) for a in values]
        self._W = backend.asarray(pack(W, context=False, lanes=_WARP))
        self._C = backend.asarray(pack(C, context=True, lanes=_WARP))
        self._loss = backend.xp.zeros(len(W), dtype=np.float64)
        self._rate = np.float32(rate)
        width = self._W.shape[1] // 2
        source = (Path(__file__).parent / "glove_pass.cu").read_text(encoding="utf-8")
        options = (f"-DDIM={self._dim}", f"-DWIDTH={width}", f"-DPER={width // _WARP}")
        self._kernel = backend.xp.RawKernel(source, "adagrad_pass", options=options)

    def epoch(self) -> float:
        """One pass over all pairs; the summed loss."""
        xp = self._backend.xp
        n = len(self._pairs_per_row)
        queue = xp.zeros(1, dtype=np.int32)
        arguments = (
            self._backend.asarray(self._order()),
            self._starts,
            *self._pairs,
            self._W,
            self._C,
            np.int32(n),
            self._rate,
            queue,
            self._loss,
        )
        blocks = -(-n // _WARPS_PER_BLOCK)
        self._kernel((min(blocks, 4096),), (_WARP * _WARPS_PER_BLOCK,), arguments)
        return float(self._loss.sum())

    def result(self) -> tuple[np.ndarray, np.ndarray]:
        """W and C as given: vectors with their bias last."""
        W, C = self._backend.to_numpy(self._W), self._backend.to_numpy(self._C)
        return unpack(W, context=False, dim=self._dim), unpack(C, context=True, dim=self._dim)

    def _order(self) -> np.ndarray:
        """Rows in random order, the very long ones first so that none is left for the end."""
        order = self._rng.permutation(len(self._pairs_per_row))
        long = self._pairs_per_row[order] > 16 * self._pairs_per_row.mean()
        return np.concatenate([order[long], order[~long]]).astype(np.int32)
