"""SVD of weighted counts: exact for number rows, block Krylov for the whole vocabulary."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from numbers import Real
from typing import Any, Literal, NamedTuple

import numpy as np

from wordnum.backend import get_backend, one_blas_thread
from wordnum.config import one_of
from wordnum.embeddings.base import CONTEXT_AXES, NumberModel, fit_half_samples
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.gram import check_anything, fix_signs, gram, leading
from wordnum.embeddings.krylov import block_krylov_svd
from wordnum.embeddings.number_rows import NumberRows, Rows, check_rows_differ, read_rows
from wordnum.embeddings.weightings import Weighting, checked_counts, weight
from wordnum.errors import InputError, UsageError

log = logging.getLogger(__name__)

_DIM = 100  # where no dimensions are asked for


@dataclass(kw_only=True, eq=False, repr=False)
class SVD(NumberModel):
    """Number vectors ``U_k s_k^p`` from the singular value decomposition of weighted counts.

    ``W = U S V^T`` with W the weighted counts, numbers in rows and contexts in columns. Number
    rows are few, so the decomposition is exact and goes through the N x N matrix ``W W^T``. That
    squares the singular values: those under 1e-8 of the largest are lost, and count as zero.
    All words as rows are many; their decomposition is a block Krylov method with a stated
    accuracy (`wordnum.embeddings.krylov`), and the numbers' rows of it are the embedding.

    Parameters
    ----------
    weighting : str or Weighting
        See `wordnum.embeddings.weightings`.
    dim : int, optional
        k, dimensions to keep. None: 100, or as many as the counts have where that is fewer; the
        embedding is then flagged "fewer-dimensions". A number that is named must be there.
    p : float
        Power of the singular values: 1 keeps the distances of the rows, 0 makes all dimensions
        weigh the same, 0.5 is between (Levy, Goldberg and Dagan 2015).
    rows : {"numbers", "all"}
        Factorize the number rows, or the counts of all words by all words.
    min_count : int
        A number is present when it was seen this often.
    marginals : {"pairs", "corpus"}
        Context shares that pmi, ppmi and qwem take: of the pairs in the matrix (its column
        sums), or of the words of the text.
    half_samples : bool or int
        Fit ten pairs of half-samples of the document blocks too, or as many; the intervals come
        from them. A full set of 20 blocks is 19.
        There are none with ``rows="all"``.
    device : {"cpu", "cuda"}
        Where to compute.
    precision : {"double", "single"}
        Arithmetic of the products over columns that many numbers share. "single" halves the time
        of a dense matrix and leaves an error of about 1e-7 of the largest *squared* singular
        value. Sums are double either way. With ``rows="all"``, float32 vectors: half the time.
    tol : float
        Largest relative error of the singular values with ``rows="all"``, estimated.
    random_state : int
        Of the starting vectors with ``rows="all"``.
    n_jobs : int
        Half-samples fitted at a time, each on one thread.

    Attributes
    ----------
    embedding_ : Embedding
        The number vectors.
    singular_values_ : array of shape (k,)
        Descending.
    explained_ : float
        Share of the squared Frobenius norm of W in the dimensions kept.
    error_ : float
        Estimated relative error of the singular values; 0 for number rows.
    vectors_ : array of shape (V, k)
        Vectors of all words, with ``rows="all"`` only.
    without_contexts_ : array of int
        Numbers seen at least `min_count` times without any context in this signal. They are
        dropped with the absent ones, and the embedding is flagged "numbers-without-contexts".

    Notes
    -----
    Signs are fixed: the entry of largest magnitude of each column of U is positive. A half
    with a rank under `dim` keeps the dimensions that it has. Vectors of equal singular values are a
    basis that rounding chooses; under "hellinger" each group of numbers that shares no context with
    the rest has the singular value 1, so that small texts have many.

    Examples
    --------
    >>> import numpy as np
    >>> counts = np.array([[4, 1, 0], [1, 4, 0], [0, 1, 4]])
    >>> SVD(dim=2).fit_transform(counts).vectors.round(3)
    array([[ 0.881, -0.386],
           [ 0.944, -0.13 ],
           [ 0.563,  0.823]])
    """

    name = "svd"
    axes = frozenset({*CONTEXT_AXES, "weighting", "dim"})
    replicate_kind = "half-samples"
    devices = ("cpu", "cuda")
    cost = 0.1

    weighting: str | Weighting = "hellinger"
    dim: int | None = None
    p: float = 1.0
    rows: Literal["numbers", "all"] = "numbers"
    min_count: int = 1
    marginals: Literal["pairs", "corpus"] = "pairs"
    half_samples: bool | int = True
    device: str = "cpu"
    precision: Literal["double", "single"] = "double"
    tol: float = 1e-4
    random_state: int = 0
    n_jobs: int = 1

    def fit(self, X: Any, y: Any = None) -> SVD:
        """Factorize counts.

        Parameters
        ----------
        X : Counts, Signal, WordCounts, or matrix of shape (N, c)
            Row n is number n.
        y : None
            Ignored.

        Returns
        -------
        SVD
            Itself.

        Raises
        ------
        InputError
            No counts; fewer than two numbers; all rows alike; a rank below `dim`; ``rows="all"``
            without counts of all rows.
        UsageError
            A parameter out of range.
        """
        self._check()
        source = read_rows(X)
        totals, size = self._totals(source), source.origin.size
        if self.rows == "all" and source.full is None:
            raise InputError(
                'rows="all" needs counts of all words by all words',
                got="counts of number rows",
                remedy='use wn.count_words, or rows="numbers"',
            )
        fitted = self._decomposed(source.rows, totals, full=source.full)
        vectors, replicates = fitted.vectors, None
        if self.rows == "all":
            self.vectors_, vectors = vectors, vectors[fitted.numbers]
        elif self.half_samples:
            half = partial(_half, self, totals, size)
            replicates = fit_half_samples(
                half, source.half_samples(self.half_samples), n_jobs=self.n_jobs
            )
        self.n_features_in_ = source.rows.matrix.shape[1]
        self.error_ = fitted.error
        self.singular_values_ = fitted.singular_values
        self.explained_ = fitted.explained
        self.without_contexts_ = fitted.without_contexts
        flags = []
        if fitted.without_contexts.size:
            flags.append("numbers-without-contexts")
            log.info("%d numbers without contexts are left out", fitted.without_contexts.size)
        dim = vectors.shape[1]
        if dim < (self.dim or _DIM):
            flags.append("fewer-dimensions")
            log.warning("%d dimensions instead of %d: so much is the rank of the counts", dim, _DIM)
        weighting = Weighting.parse(self.weighting)
        self.embedding_ = self._made(
            vectors,
            fitted.numbers,
            source.origin,
            counts=source.rows.number_counts,
            name=f"svd-{weighting.kind}",
            flags=flags,
            replicates=replicates,
            weighting=weighting.name,
            dim=dim,
        )
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = tags.input_tags.positive_only = True
        return tags

    def _check(self) -> None:
        Weighting.parse(self.weighting)
        self._require(min_count=1, **({} if self.dim is None else {"dim": 1}))
        self._require_positive("tol")
        one_of(self.rows, ("numbers", "all"), what="rows")
        one_of(self.marginals, ("pairs", "corpus"), what="marginals")
        one_of(self.precision, ("double", "single"), what="precision")
        if not (isinstance(self.p, Real) and np.isfinite(self.p)):
            raise UsageError(f"p={self.p!r} is out of range", expected="a finite number")

    def _totals(self, source: NumberRows) -> np.ndarray | None:
        if self.marginals == "pairs":
            return None
        if source.context_counts is None:
            raise InputError(
                'marginals="corpus" needs the context counts of a corpus',
                expected="counts or a signal",
                got="a plain matrix",
                remedy='use marginals="pairs"',
            )
        return source.context_counts

    @one_blas_thread
    def _decomposed(
        self, rows: Rows, totals: np.ndarray | None, *, full: Any = None, exact: bool = True
    ) -> _Fitted:
        """Decompose number rows, or all rows; where not `exact`, a rank below dim lowers it."""
        backend, of_words = get_backend(self.device), self.rows == "all"
        matrix = checked_counts(full if of_words else rows.matrix)
        numbers, without = Rows(matrix[: rows.number_counts.size], rows.number_counts).present(
            min_count=self.min_count
        )
        if not of_words:
            matrix = matrix if numbers.size == matrix.shape[0] else matrix[numbers]
            if exact:
                check_rows_differ(matrix)
        weighted = weight(
            matrix, weighting=self.weighting, column_totals=totals, device=self.device, checked=True
        )
        k, exact, single = (
            self.dim or _DIM,
            exact and self.dim is not None,
            self.precision == "single",
        )
        if of_words:
            total = weighted.squared_norm()
            check_anything(total)
            options: dict[str, Any] = {
                "tol": self.tol,
                "single": single,
                "random_state": self.random_state,
            }
            found = block_krylov_svd(weighted, k, exact=exact, **options)
            left, singular, error = found.left, found.singular_values, found.error
        else:
            product = gram(weighted, single=single)
            total = float(backend.to_numpy(product.diagonal()).sum())
            squares, left = leading(product, k, backend=backend, exact=exact)
            singular, error = np.sqrt(squares), 0.0
        vectors = fix_signs(left) * singular**self.p
        explained = float((singular**2).sum() / total)
        return _Fitted(vectors, numbers, singular, explained, without, error)


class _Fitted(NamedTuple):
    vectors: np.ndarray
    numbers: np.ndarray
    singular_values: np.ndarray
    explained: float
    without_contexts: np.ndarray
    error: float


def _half(
    model: SVD, totals: np.ndarray | None, size: int, rows: Rows, index: int, side: int
) -> Embedding:
    fitted = model._decomposed(rows, totals, exact=False)
    counts = rows.number_counts[fitted.numbers]
    return Embedding(fitted.vectors, fitted.numbers, size=size, counts=counts)
