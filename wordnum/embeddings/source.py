"""What a count-based model reads: a matrix of number rows, and its halves by blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse

from wordnum.embeddings.base import numbers_to_embed
from wordnum.embeddings.weightings import checked_counts
from wordnum.errors import InputError

__all__ = ["Rows", "Source", "check_rows_differ", "present_rows", "read_source"]


@dataclass(frozen=True, eq=False)
class Rows:
    """One matrix to fit: counts of the numbers (n, c) and how often each was seen (n,)."""

    matrix: sparse.csr_array
    number_counts: np.ndarray


@dataclass(frozen=True, eq=False)
class Source:
    """Everything a model needs from a signal or from a plain matrix.

    Parameters
    ----------
    rows : Rows
        The whole data.
    size : int
        N.
    halves : callable
        Iterator of (Rows, Rows) over random complementary halves of the document blocks.
    context_counts : array of shape (c,), optional
        Occurrences of each column's context in the text.
    full : sparse array of shape (V, V), optional
        Counts of all words by all words; row n < N is number n.
    n_documents, flags, provenance
        As in Embedding.
    """

    rows: Rows
    size: int
    halves: Callable[[], Iterator[tuple[Rows, Rows]]] = field(default=lambda: iter(()))
    context_counts: np.ndarray | None = None
    full: sparse.csr_array | None = None
    n_documents: int | None = None
    flags: tuple[str, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)


def read_source(data: Any) -> Source:
    """Adapt what a user passes to `fit`.

    Parameters
    ----------
    data : Counts, Signal, ExpectedCounts, WordCounts, or a matrix
        Counts stand for ``counts.signal("both")``. Row n of a plain matrix, sparse or dense, is
        number n; it has no blocks, so no halves.

    Raises
    ------
    InputError
        Anything else, or a matrix with entries that are no counts.
    """
    if hasattr(data, "number_counts") and hasattr(data, "signal"):
        data = data.signal("both")
    if hasattr(data, "columns") and callable(getattr(data, "matrix", None)):
        return _read_signal(data)
    if hasattr(data, "vocabulary") and hasattr(data, "matrix"):
        return _read_all(data)
    if hasattr(data, "block") and hasattr(data, "vocabulary"):
        raise InputError(
            "this model is fitted on counts, not on a corpus",
            got=type(data).__name__,
            remedy="count the corpus first: wordnum.cooccurrence.counting(corpus)",
        )
    matrix = checked_counts(_as_matrix(data))
    totals = np.asarray(matrix.sum(axis=1)).ravel()
    return Source(Rows(matrix, totals), size=matrix.shape[0], full=matrix)


def _as_matrix(data: Any) -> Any:
    try:
        matrix = data if sparse.issparse(data) else np.asarray(data)
    except ValueError:  # rows of different lengths
        matrix = np.array(None)
    if matrix.ndim != 2 or matrix.dtype.kind not in "biuf":
        raise InputError(
            "this cannot be fitted on",
            expected="counts, a signal of counts, or a matrix with one row per number",
            got=f"{type(data).__name__} of shape {matrix.shape}",
        )
    return matrix


def _read_all(counts: Any) -> Source:
    size = counts.vocabulary.size
    full = sparse.csr_array(counts.matrix())
    return Source(
        Rows(full[:size], np.asarray(counts.number_counts)),
        size=size,
        full=full,
        context_counts=getattr(counts, "context_counts", None),
        **_described(counts),
    )


def _described(data: Any) -> dict[str, Any]:
    return {
        "n_documents": getattr(data, "n_documents", None),
        "flags": tuple(getattr(data, "flags", ())),
        "provenance": {
            **getattr(data, "provenance", {}),
            "counts_fingerprint": getattr(data, "fingerprint", None),
            "perturbation": getattr(data, "perturbation", None),
            "read": {"signal": getattr(data, "name", "both"), "window": data.window.label},
        },
    }


def _read_signal(signal: Any) -> Source:
    def halves() -> Iterator[tuple[Rows, Rows]]:
        split = getattr(signal, "halves", None)
        for a, b, counts_a, counts_b in split() if split else ():
            yield Rows(a, counts_a), Rows(b, counts_b)

    return Source(
        Rows(signal.matrix(), np.asarray(signal.number_counts)),
        size=signal.vocabulary.size,
        halves=halves,
        context_counts=getattr(signal, "context_counts", None),
        **_described(signal),
    )


def present_rows(rows: Rows, *, min_count: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers that can be embedded, and those seen often enough but never beside a context.

    Raises
    ------
    InputError
        Fewer than two numbers remain.
    """
    filled = np.diff(rows.matrix.indptr) > 0
    present = numbers_to_embed(rows.number_counts, min_count=min_count, usable=filled)
    return present, np.flatnonzero((rows.number_counts >= min_count) & ~filled)


def check_rows_differ(matrix: sparse.csr_array) -> None:
    """Refuse counts of which all rows are one row, up to a factor and rounding.

    Raises
    ------
    InputError
        They are. Weighted by PMI, nothing but rounding errors would be factorized.
    """
    filled = np.diff(matrix.indptr)
    if filled.min() != filled.max():
        return
    columns = matrix.indices.reshape(filled.size, -1)
    counts = matrix.data.reshape(filled.size, -1)
    shares = counts / counts.sum(axis=1, keepdims=True)
    if (columns == columns[0]).all() and np.allclose(shares, shares[0], rtol=1e-9, atol=0):
        raise InputError(
            "all rows are alike, there is nothing to factorize",
            expected="numbers that differ in their contexts",
            got=f"one distribution over contexts for all {filled.size} numbers",
            remedy="none where numbers and contexts are independent, as in the expectation under "
            "unigram-replace: the verdict is 'neither' by construction",
        )
