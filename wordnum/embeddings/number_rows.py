"""Rows of numbers: what models of counts are fitted on, whole and by half-samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse

from wordnum.cooccurrence.half_sample_draws import half_samples
from wordnum.cooccurrence.signals import Signal
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.embeddings.weightings import checked_counts
from wordnum.errors import InputError


@dataclass(frozen=True)
class Origin:
    """What an embedding says about where its numbers come from; see `Embedding`."""

    size: int
    n_documents: int | None = None
    flags: tuple[str, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)


def numbers_to_embed(seen: np.ndarray, *, min_count: int, usable: np.ndarray | bool = True) -> Any:
    """Numbers seen often enough, ascending.

    Parameters
    ----------
    seen : array of shape (N,)
        Occurrences of each number.
    min_count : int
        How often is often enough.
    usable : bool array of shape (N,), optional
        Numbers that the model can do something with; those beside a context, mostly.

    Raises
    ------
    InputError
        Fewer than two: a single vector has no structure.

    Examples
    --------
    >>> numbers_to_embed(np.array([3, 0, 1, 2]), min_count=2)
    array([0, 3])
    """
    often = seen >= min_count
    numbers = np.flatnonzero(often & usable)
    if numbers.size < 2:
        left_out = int(often.sum()) - numbers.size
        raise InputError(
            "too few numbers to embed",
            expected="two numbers or more",
            got=f"{numbers.size} of {seen.size} seen at least {min_count} times"
            + (f", {left_out} more without any context" if left_out else ""),
            remedy="use more text, a lower min_count or a wider window",
        )
    return numbers


@dataclass(frozen=True, eq=False)
class Rows:
    """One matrix to fit: counts of the numbers (n, c) and how often each was seen (n,)."""

    matrix: sparse.csr_array
    number_counts: np.ndarray

    def present(self, *, min_count: int) -> tuple[np.ndarray, np.ndarray]:
        """Numbers that can be embedded, and those seen often enough but never with a context.

        Raises
        ------
        InputError
            Fewer than two numbers remain.
        """
        filled = np.diff(self.matrix.indptr) > 0
        present = numbers_to_embed(self.number_counts, min_count=min_count, usable=filled)
        return present, np.flatnonzero((self.number_counts >= min_count) & ~filled)


@dataclass(frozen=True, eq=False)
class NumberRows:
    """Everything that a model of counts needs of a signal, of all words, or of a plain matrix.

    Parameters
    ----------
    rows : Rows
        The whole data.
    origin : Origin
        Where it comes from.
    half_samples : callable
        Of how many are wanted; gives (id, (Rows, Rows)) for every half-sample of the document
        blocks.
    context_counts : array of shape (c,), optional
        Occurrences of each column's context in the text.
    full : sparse array of shape (V, V), optional
        Counts of all words by all words; row n < N is number n.
    columns : array of shape (N,)
        The column of each number as a context, or -1.
    """

    rows: Rows
    origin: Origin
    half_samples: Callable[[bool | int], Iterable[tuple[int, tuple[Rows, Rows]]]] = lambda n: ()
    context_counts: np.ndarray | None = None
    full: sparse.csr_array | None = None
    columns: np.ndarray | None = None


def read_rows(data: Any) -> NumberRows:
    """Adapt what a user passes to `fit`.

    Parameters
    ----------
    data : Counts, Signal, ExpectedCounts, WordCounts, or a matrix
        Counts stand for ``counts.signal("both")``. Row n of a plain matrix, sparse or dense, is
        number n; it has no blocks, so no half-samples.

    Raises
    ------
    InputError
        Anything else, or a matrix with entries that are no counts.
    """
    if hasattr(data, "number_counts") and hasattr(data, "signal"):
        data = data.signal("both")
    if isinstance(data, EncodedCorpus):
        raise InputError(
            "this model is fitted on counts, not on a corpus",
            got=type(data).__name__,
            remedy="count the corpus first: wn.count(corpus)",
        )
    if isinstance(data, Signal):
        return _of_signal(data)
    if hasattr(data, "vocabulary") and hasattr(data, "matrix"):
        return _of_words(data)
    matrix = checked_counts(data)
    totals = np.asarray(matrix.sum(axis=1)).ravel()
    origin = Origin(matrix.shape[0])
    return NumberRows(Rows(matrix, totals), origin, full=matrix)


def _of_signal(signal: Signal) -> NumberRows:
    size = signal.vocabulary.size
    numbers = (signal.columns < size) & (signal.offsets == 0)
    columns = np.full(size, -1)
    columns[signal.columns[numbers]] = np.flatnonzero(numbers)
    return NumberRows(
        Rows(signal.matrix(), np.asarray(signal.number_counts)),
        _origin(signal, signal=signal.name),
        half_samples=lambda n: (
            (i, (Rows(*first), Rows(*second))) for i, first, second in signal.half_samples(n)
        ),
        context_counts=signal.context_counts,
        columns=columns,
    )


def _of_words(counts: Any) -> NumberRows:
    size = counts.vocabulary.size
    full = sparse.csr_array(counts.matrix())
    return NumberRows(
        Rows(full[:size], np.asarray(counts.number_counts)),
        _origin(counts, signal="both"),
        context_counts=counts.context_counts,
        full=full,
        columns=np.arange(size),
    )


def _origin(data: Any, *, signal: str) -> Origin:
    return Origin(
        data.vocabulary.size,
        n_documents=getattr(data, "n_documents", None),
        flags=tuple(data.flags),
        provenance={
            **data.provenance,
            "corpus_fingerprint": data.provenance.get("parameters", {}).get("corpus"),
            "counts_fingerprint": data.fingerprint,
            "perturbation": data.perturbation,
            "read": {"signal": signal, "window": data.window.label},
            "n_blocks": getattr(data, "n_blocks", None),
        },
    )


def rows_of_corpus(corpus: EncodedCorpus) -> NumberRows:
    """Occurrences of the numbers alone, without contexts."""
    size = corpus.vocabulary.size
    seen = np.stack([np.bincount(b.ids[b.ids < size], minlength=size) for b in corpus.blocks()])

    def rows(blocks: Any) -> Rows:
        return Rows(sparse.csr_array((size, 0)), seen[blocks].sum(axis=0))

    return NumberRows(
        rows(slice(None)),
        Origin(
            size,
            n_documents=corpus.n_documents,
            flags=tuple(corpus.flags),
            provenance={
                "corpus_fingerprint": corpus.fingerprint,
                "n_blocks": corpus.n_blocks,
            },
        ),
        half_samples=lambda n: (
            (i, (rows(a), rows(b))) for i, a, b in half_samples(len(seen), n_pairs=n)
        ),
    )


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
