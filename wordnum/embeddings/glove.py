"""GloVe: weighted least squares on log counts, by AdaGrad."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from wordnum import progress
from wordnum.cooccurrence.windows import Window
from wordnum.embeddings.base import CONTEXT_AXES, NumberModel, fit_half_samples
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.number_rows import NumberRows, Rows, numbers_to_embed, read_rows
from wordnum.errors import InputError, UsageError


@dataclass(kw_only=True, eq=False, repr=False)
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
    n_jobs : int
        Half-samples trained at a time, each on one thread; results do not depend on it. (The
        original's threads, which update the same rows without locks, make them do.)
    half_samples : bool or int
        Fit half-samples of the document blocks too, for the intervals: about ten times the
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
    cost = 3.0

    dim: int = 100
    epochs: int = 25
    x_max: float = 100.0
    alpha: float = 0.75
    learning_rate: float = 0.05
    sum_vectors: bool | None = None
    min_count: int = 1
    random_state: int = 0
    n_jobs: int = 1
    half_samples: bool | int = True

    def fit(self, X: Any, y: Any = None) -> GloVe:
        """Train on counts.

        Parameters
        ----------
        X : Counts, Signal, WordCounts, or matrix of shape (N, contexts)
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
        self._require(dim=1, epochs=1, min_count=1)
        self._require_positive("x_max", "alpha", "learning_rate")
        if hasattr(X, "number_counts") and hasattr(X, "signal"):
            X = X.signal("both", window=Window(size=X.window_size, weighting="harmonic"))
        source = read_rows(X)
        of_words = source.full is not None and source.columns is not None
        whole = Rows(source.full, source.rows.number_counts) if of_words else source.rows

        def half(rows: Rows, *spawn: int) -> Embedding:
            vectors, numbers, _ = self._fit_one(rows, source, spawn)
            return Embedding(
                vectors, numbers, size=source.origin.size, counts=rows.number_counts[numbers]
            )

        vectors, numbers, (W, C, self.losses_) = self._fit_one(whole, source, ())
        self.vectors_, self.biases_ = W[:, :-1], W[:, -1]
        self.context_vectors_, self.context_biases_ = C[:, :-1], C[:, -1]
        pairs = source.half_samples(self.half_samples)
        self.embedding_ = self._made(
            vectors,
            numbers,
            source.origin,
            counts=whole.number_counts,
            replicates=fit_half_samples(half, pairs, n_jobs=self.n_jobs, threads=True),
        )
        return self

    def _fit_one(
        self, rows: Rows, source: NumberRows, spawn: tuple[int, ...]
    ) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, ...]]:
        """Vectors of the numbers that are present, these numbers, and all that was trained."""
        size = source.origin.size
        matrix = sparse.csr_array(rows.matrix, dtype=np.float64)
        paired = np.diff(matrix.indptr)[:size] > 0
        numbers = numbers_to_embed(rows.number_counts, min_count=self.min_count, usable=paired)
        of_words = matrix.shape[0] > size
        if not of_words:
            keep = np.zeros(size)
            keep[numbers] = 1
            matrix = sparse.csr_array(sparse.diags_array(keep) @ matrix)
        seeds = np.random.SeedSequence(self.random_state, spawn_key=spawn)
        W, C, losses = self._train(matrix, np.random.default_rng(seeds))
        vectors = W[numbers, :-1]
        if self.sum_vectors or (self.sum_vectors is None and of_words):
            vectors = vectors + C[_columns_of(numbers, source), :-1]
        return vectors, numbers, (W, C, losses)

    def _train(
        self, matrix: sparse.csr_array, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        # Compiled, by numba, only when a model is trained.
        from wordnum.embeddings.glove_kernel import adagrad_pass, pack, unpack

        log_count = np.log(matrix.data)
        weight = np.minimum(1.0, (matrix.data / self.x_max) ** self.alpha)
        untrained = 0.5 * float(np.mean(weight * log_count**2))
        W, C = (
            (rng.random((n, self.dim + 1), dtype=np.float32) - np.float32(0.5)) / (self.dim + 1)
            for n in matrix.shape
        )
        packed = pack(W, context=False), pack(C, context=True)
        order = rng.permutation(matrix.nnz)
        rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        places = (at[order].astype(np.int32) for at in (rows, matrix.indices))
        values = (x[order].astype(np.float32) for x in (log_count, weight))
        pairs, rate = (*places, *values), np.float32(self.learning_rate)
        losses = np.zeros(self.epochs)
        # A diverging model overflows on its way; the loss tells it.
        with (
            np.errstate(all="ignore"),
            progress.bar("GloVe", total=self.epochs * matrix.nnz, unit="pairs") as advance,
        ):
            for epoch in range(self.epochs):
                losses[epoch] = adagrad_pass(*pairs, *packed, self.dim, rate) / matrix.nnz
                advance(matrix.nnz)
                if not np.isfinite(losses[epoch]):
                    raise self._diverged(f"a loss of {losses[epoch]} in pass {epoch + 1}")
        # Vectors that predict log X far worse than vectors of nothing have run away. The margins
        # are for few counts and dimensions, whose random starting vectors cost more than nothing.
        if losses[-1] > 2 * untrained + 0.01:
            raise self._diverged(
                f"a loss of {losses[-1]:.3g} in the last pass, untrained {untrained:.3g}"
            )
        W, C = packed
        W, C = unpack(W, context=False, dim=self.dim), unpack(C, context=True, dim=self.dim)
        return W, C, losses

    def _diverged(self, got: str) -> InputError:
        return InputError(
            "GloVe diverged",
            expected="a finite loss, below that of untrained vectors",
            got=f"{got}, at learning_rate={self.learning_rate}",
            remedy="lower learning_rate (0.05 is the published one)",
        )


def _columns_of(numbers: np.ndarray, source: NumberRows) -> np.ndarray:
    columns = np.full(source.origin.size, -1) if source.columns is None else source.columns
    if (columns[numbers] < 0).any():
        raise UsageError(
            "sum_vectors needs a context vector of every number",
            got=f"{int((columns[numbers] < 0).sum())} numbers that are no context",
            remedy="pass sum_vectors=False, or counts that hold number-number pairs",
        )
    return columns[numbers]
