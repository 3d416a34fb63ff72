"""GloVe: weighted least squares on log counts, by AdaGrad, on the CPU or the GPU."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
from scipy import sparse

from wordnum import progress
from wordnum.backend import get_backend
from wordnum.embeddings.base import CONTEXT_AXES, NumberModel, fit_half_samples, numbers_to_embed
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.glove_task import GloveTask, glove_task
from wordnum.errors import InputError, UsageError
from wordnum.provenance import provenance

__all__ = ["GloVe"]


class GloVe(NumberModel):
    """GloVe (Pennington, Socher and Manning 2014), trained as the original program does.

    Minimises the sum over non-zero counts X_ij of

        1/2 f(X_ij) (w_i . c_j + b_i + a_j - log X_ij)^2,    f(x) = min(1, (x / x_max)^alpha)

    by AdaGrad, one pair at a time in an order shuffled once by the seed. As in the original, the
    accumulators start at 1 and gather squared steps: g <- rate * gradient,
    theta <- theta - g / sqrt(G), G <- G + g^2. Arithmetic is float32 (the original's is float64).

    Parameters
    ----------
    dim : int
        Dimensions d.
    epochs : int
        Passes over the non-zero counts; 25 as in the original program.
    x_max, alpha : float
        Of the weighting function f; 100 and 0.75 as published (equation 9).
    learning_rate : float
        0.05 as published (section 4.2).
    sum_vectors : bool, optional
        Whether the embedding is w + c (published, section 4.2) or w alone. None: the sum where
        both sides are the same words (`WordCounts`), w alone for number rows, whose context
        vectors play another part.
    min_count : int
        Numbers seen less often are dropped, and so are numbers with no pair.
    random_state : int
        Of the starting vectors and of the order.
    threads : int
        CPU threads. One is deterministic; more update the same rows without locks, as the
        original does, and agree in loss, not in digits.
    device : {"cpu", "cuda"}
        The GPU visits whole rows in random order; it agrees with the CPU in loss, to about 2 %.
    half_samples : bool
        Fit the half-samples of the document blocks too, for the intervals: about ten times the
        work of one fit.

    Attributes
    ----------
    losses_ : ndarray of float64, shape (epochs,)
        Mean of 1/2 f (...)^2 over the pairs in each pass, each taken before its update.
    vectors_, biases_ : float32 arrays of shape (rows, d) and (rows,)
        Of the rows that were trained: numbers, or all words.
    context_vectors_, context_biases_ : float32 arrays of shape (columns, d) and (columns,)
        Of the columns.

    References
    ----------
    J. Pennington, R. Socher, C. Manning, "GloVe: Global Vectors for Word Representation", 2014.

    Examples
    --------
    >>> import numpy as np
    >>> counts = np.random.default_rng(0).poisson(3.0, (10, 40))
    >>> model = GloVe(dim=4, epochs=20)
    >>> model.fit_transform(counts)
    <Embedding glove: 10 of 10 numbers; dim 4>
    >>> bool(model.losses_[-1] < model.losses_[0])
    True
    """

    name = "glove"
    axes = frozenset({*CONTEXT_AXES, "dim", "seed"})
    replicate_kind = "half-samples"
    devices = ("cpu", "cuda")
    cost = 3.0

    def __init__(
        self,
        *,
        dim: int = 100,
        epochs: int = 25,
        x_max: float = 100.0,
        alpha: float = 0.75,
        learning_rate: float = 0.05,
        sum_vectors: bool | None = None,
        min_count: int = 1,
        random_state: int = 0,
        threads: int = 1,
        device: Literal["cpu", "cuda"] = "cpu",
        half_samples: bool = True,
    ) -> None:
        self.dim = dim
        self.epochs = epochs
        self.x_max = x_max
        self.alpha = alpha
        self.learning_rate = learning_rate
        self.sum_vectors = sum_vectors
        self.min_count = min_count
        self.random_state = random_state
        self.threads = threads
        self.device = device
        self.half_samples = half_samples

    def fit(self, counts: Any) -> GloVe:
        """Train on counts.

        Parameters
        ----------
        counts : Counts, Signal, WordCounts, or matrix of shape (N, contexts)
            Row n of a matrix is number n. Of Counts, both blocks are read with
            harmonic weights 1/distance over the whole window, as published; pass a `Signal` for
            anything else.

        Returns
        -------
        GloVe
            Itself; `embedding_` is float32, with half-samples where the counts have blocks.

        Raises
        ------
        InputError
            Fewer than two numbers with a pair, negative or infinite counts, or a learning rate at
            which training diverges.
        UsageError
            Parameters out of range.
        """
        self._validate()
        task = glove_task(counts)
        seeds = np.random.SeedSequence(self.random_state)
        splits = list(task.halves()) if self.half_samples else []
        total = self.epochs * (1 + len(splits)) * task.matrix.nnz
        with progress.bar("GloVe", total=total, unit="pairs") as advance:

            def half(part: GloveTask, *spawn: int) -> Embedding:
                own = np.random.SeedSequence(self.random_state, spawn_key=spawn)
                return self._embedding(part, *self._fit_one(part, own, advance))

            whole = self._fit_one(task, seeds, advance, keep=True)
            half_samples = fit_half_samples(splits, half)
        self.embedding_ = replace(
            self._embedding(task, *whole),
            replicates=half_samples,
            provenance={
                **task.source.provenance,
                "embed": provenance(model="glove", **self.get_params()),
            },
        )
        return self

    def _validate(self) -> None:
        ranges = {
            "dim": (self.dim, 1),
            "epochs": (self.epochs, 1),
            "min_count": (self.min_count, 1),
            "threads": (self.threads, 1),
        }
        for name, (value, least) in ranges.items():
            if value < least:
                raise UsageError(f"{name} is too small", expected=f">= {least}", got=str(value))
        for name in ("x_max", "alpha", "learning_rate"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise UsageError(f"{name} must be a positive number", got=str(value))
        if self.device == "cuda" and self.threads != 1:
            raise UsageError(
                'threads are for device="cpu"',
                got=f'threads={self.threads}, device="cuda"',
                remedy="leave threads at 1",
            )

    def _fit_one(
        self, task: GloveTask, seeds: np.random.SeedSequence, advance: Any, *, keep: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Train once; vectors of the numbers that are present, and these numbers."""
        numbers = numbers_to_embed(task.seen, min_count=self.min_count, usable=task.paired)
        matrix = task.restricted(numbers)
        W, C, losses = self._train(matrix, np.random.default_rng(seeds), advance)
        if keep:
            self.losses_ = losses
            self.vectors_, self.biases_ = W[:, :-1], W[:, -1]
            self.context_vectors_, self.context_biases_ = C[:, :-1], C[:, -1]
        vectors = W[numbers, :-1]
        if self.sum_vectors or (self.sum_vectors is None and task.symmetric):
            vectors = vectors + C[task.columns_of(numbers), :-1]
        return vectors, numbers

    def _train(
        self, matrix: sparse.csr_array, rng: np.random.Generator, advance: Any
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rows = np.repeat(np.arange(matrix.shape[0], dtype=np.int32), np.diff(matrix.indptr))
        log_count = np.log(matrix.data)
        weight = np.minimum(1.0, (matrix.data / self.x_max) ** self.alpha)
        untrained = 0.5 * float(np.mean(weight * log_count**2))
        W, C = (
            (rng.random((n, self.dim + 1), dtype=np.float32) - np.float32(0.5)) / (self.dim + 1)
            for n in matrix.shape
        )
        pairs = (
            rows,
            matrix.indices.astype(np.int32),
            log_count.astype(np.float32),
            weight.astype(np.float32),
        )
        trainer = self._trainer(pairs, W, C, rng)
        losses = np.zeros(self.epochs)
        for epoch in range(self.epochs):
            losses[epoch] = trainer.epoch() / matrix.nnz
            advance(matrix.nnz)
            if not np.isfinite(losses[epoch]):
                raise self._diverged(f"a loss of {losses[epoch]} in pass {epoch + 1}")
        # Vectors that predict log X far worse than vectors of nothing have run away. The margins
        # are for few counts and dimensions, whose random starting vectors cost more than nothing.
        if losses[-1] > 2 * untrained + 0.01:
            raise self._diverged(
                f"a loss of {losses[-1]:.3g} in the last pass, untrained {untrained:.3g}"
            )
        return (*trainer.result(), losses)

    def _trainer(
        self, pairs: tuple[np.ndarray, ...], W: np.ndarray, C: np.ndarray, rng: np.random.Generator
    ) -> Any:
        if self.device == "cuda":
            from wordnum.embeddings.glove_gpu import GpuTrainer

            return GpuTrainer(
                pairs, W, C, rate=self.learning_rate, rng=rng, backend=get_backend("cuda")
            )
        get_backend(self.device)
        from wordnum.embeddings.glove_cpu import CpuTrainer

        return CpuTrainer(pairs, W, C, rate=self.learning_rate, rng=rng, threads=self.threads)

    def _diverged(self, got: str) -> InputError:
        return InputError(
            "GloVe diverged",
            expected="a finite loss, below that of untrained vectors",
            got=f"{got}, at learning_rate={self.learning_rate}",
            remedy="lower learning_rate (0.05 is the published one)",
        )

    def _embedding(self, task: GloveTask, vectors: np.ndarray, numbers: np.ndarray) -> Embedding:
        return Embedding(
            vectors,
            numbers,
            size=task.source.size,
            counts=task.seen[numbers],
            n_documents=task.source.n_documents,
            flags=task.source.flags,
            name="glove",
        )
