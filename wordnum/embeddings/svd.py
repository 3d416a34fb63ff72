"""SVD of weighted counts: exact for number rows, block Krylov for the whole vocabulary."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import sparse

from wordnum.backend import Backend, get_backend
from wordnum.embeddings.base import CONTEXT_AXES, NumberModel, fit_half_samples
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.gram import check_anything, fix_signs, gram, leading
from wordnum.embeddings.krylov import block_krylov_svd
from wordnum.embeddings.source import Rows, Source, check_rows_differ, present_rows, read_source
from wordnum.embeddings.weightings import Weighting, _weight, checked_counts
from wordnum.errors import InputError, UsageError
from wordnum.provenance import provenance

__all__ = ["SVD"]

log = logging.getLogger(__name__)


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
    dim : int
        k, dimensions to keep.
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
    half_samples : bool
        Fit the ten half-splits of the document blocks too; the intervals come from them. There
        are none with ``rows="all"``.
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
    Signs are fixed: the entry of largest magnitude of each column of U is positive. A half with
    a rank under `dim` keeps the dimensions it has; the provenance lists them under "half_dims".

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

    def __init__(
        self,
        *,
        weighting: str | Weighting = "hellinger",
        dim: int = 100,
        p: float = 1.0,
        rows: Literal["numbers", "all"] = "numbers",
        min_count: int = 1,
        marginals: Literal["pairs", "corpus"] = "pairs",
        half_samples: bool = True,
        device: str = "cpu",
        precision: Literal["double", "single"] = "double",
        tol: float = 1e-4,
        random_state: int = 0,
    ) -> None:
        self.weighting = weighting
        self.dim = dim
        self.p = p
        self.rows = rows
        self.min_count = min_count
        self.marginals = marginals
        self.half_samples = half_samples
        self.device = device
        self.precision = precision
        self.tol = tol
        self.random_state = random_state

    def fit(self, data: Any) -> SVD:
        """Factorize counts.

        Parameters
        ----------
        data : Counts, Signal, WordCounts, or matrix of shape (N, c)
            Row n is number n.

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
        source = read_source(data)
        solver = _Solver(self, source)
        fitted = solver.fit_all() if self.rows == "all" else solver.fit(source.rows, exact=True)
        if fitted.all_vectors is not None:
            self.vectors_ = fitted.all_vectors
        self.error_ = fitted.error
        self.singular_values_ = fitted.singular_values
        self.explained_ = fitted.explained
        self.without_contexts_ = fitted.without_contexts
        flags = source.flags
        if fitted.without_contexts.size:
            flags = (*flags, "numbers-without-contexts")
            log.info("%d numbers without contexts are left out", fitted.without_contexts.size)
        half_samples = fit_half_samples(
            source.halves() if self.half_samples and self.rows == "numbers" else (), solver.half
        )
        self.embedding_ = Embedding(
            fitted.vectors,
            fitted.numbers,
            size=source.size,
            counts=source.rows.number_counts[fitted.numbers],
            replicates=half_samples,
            n_documents=source.n_documents,
            flags=flags,
            name="svd-" + Weighting.parse(self.weighting).kind,
            provenance={
                **source.provenance,
                "embed": provenance(model="svd", **self.get_params()),
                "half_dims": [[a.dim, b.dim] for a, b in half_samples.pairs],
            },
        )
        return self

    def _check(self) -> None:
        Weighting.parse(self.weighting)
        good = {
            "dim": isinstance(self.dim, (int, np.integer)) and self.dim >= 1,
            "p": np.isfinite(self.p),
            "min_count": self.min_count >= 1,
            "marginals": self.marginals in ("pairs", "corpus"),
            "precision": self.precision in ("double", "single"),
            "rows": self.rows in ("numbers", "all"),
            "tol": self.tol > 0,
        }
        for key, fine in good.items():
            if not fine:
                raise UsageError(
                    f"{key}={getattr(self, key)!r} is out of range",
                    expected="dim and min_count at least 1, p finite, tol above 0, rows numbers or "
                    "all, marginals pairs or corpus, precision double or single",
                )


@dataclass(frozen=True, eq=False)
class _Fitted:
    vectors: np.ndarray
    numbers: np.ndarray
    singular_values: np.ndarray
    explained: float
    without_contexts: np.ndarray
    error: float = 0.0
    all_vectors: np.ndarray | None = None


class _Solver:
    """One matrix after another under the same parameters."""

    def __init__(self, model: SVD, source: Source) -> None:
        self.model = model
        self.source = source
        self.backend: Backend = get_backend(model.device)
        self.weighting = Weighting.parse(model.weighting)
        self.totals = None
        if model.marginals == "corpus":
            if source.context_counts is None:
                raise InputError(
                    'marginals="corpus" needs the context counts of a corpus',
                    expected="counts or a signal",
                    got="a plain matrix",
                    remedy='use marginals="pairs"',
                )
            self.totals = source.context_counts

    def fit(self, rows: Rows, *, exact: bool) -> _Fitted:
        """Decompose; where not `exact`, a rank below dim lowers the dimension."""
        model = self.model
        rows = Rows(checked_counts(rows.matrix), rows.number_counts)
        numbers, without = present_rows(rows, min_count=model.min_count)
        kept = rows.matrix if numbers.size == rows.matrix.shape[0] else rows.matrix[numbers]
        kept = sparse.csr_array(kept)
        if exact:
            check_rows_differ(kept)
        weighted = _weight(kept, self.weighting, self.totals, self.backend)
        product = gram(weighted, single=model.precision == "single")
        total = float(self.backend.to_numpy(product.diagonal()).sum())
        values, vectors = leading(product, model.dim, backend=self.backend, exact=exact)
        singular = np.sqrt(values)
        return _Fitted(
            fix_signs(vectors) * singular**model.p,
            numbers,
            singular,
            float(values.sum() / total),
            without,
        )

    def fit_all(self) -> _Fitted:
        """Decompose the counts of all words by all words."""
        model, full = self.model, self.source.full
        if full is None:
            raise InputError(
                'rows="all" needs counts of all words by all words',
                got="counts of number rows",
                remedy='count them with `count_words`, or use rows="numbers"',
            )
        full = checked_counts(full)
        rows = Rows(full[: self.source.size], self.source.rows.number_counts)
        numbers, without = present_rows(rows, min_count=model.min_count)
        weighted = _weight(full, self.weighting, self.totals, self.backend)
        total = weighted.squared_norm()
        check_anything(total)
        found = block_krylov_svd(
            weighted,
            model.dim,
            tol=model.tol,
            single=model.precision == "single",
            random_state=model.random_state,
        )
        vectors = fix_signs(found.left) * found.singular_values**model.p
        return _Fitted(
            vectors[numbers],
            numbers,
            found.singular_values,
            float((found.singular_values**2).sum() / total),
            without,
            found.error,
            vectors,
        )

    def half(self, rows: Rows, index: int, side: int) -> Embedding:
        """Embedding of a half; nothing is drawn, so that which half it is does not matter."""
        fitted = self.fit(rows, exact=False)
        counts = rows.number_counts[fitted.numbers]
        return Embedding(fitted.vectors, fitted.numbers, size=self.source.size, counts=counts)
