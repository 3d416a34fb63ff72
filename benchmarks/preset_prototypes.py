"""Ways to number vectors that were tried and are not part of the package.

Each takes a `Text` and some of its blocks, and returns vectors, their columns by falling
importance, and the numbers that they belong to. None sees the digits of a number.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from preset_texts import Text
from scipy import linalg, sparse

from wordnum.cooccurrence.windows import Window
from wordnum.embeddings.sgns import NumberSGNS
from wordnum.embeddings.weightings import weight

Vectors = tuple[np.ndarray, np.ndarray]
Fit = Callable[[Text, np.ndarray], Vectors]
LEADING = 200


def _vectors(gram: np.ndarray) -> np.ndarray:
    n = len(gram)
    values, vectors = linalg.eigh(gram, subset_by_index=[n - LEADING, n - 1])
    return vectors[:, ::-1] * np.sqrt(np.maximum(values[::-1], 0))


def _read(
    text: Text, blocks: np.ndarray, window: Window, **reading
) -> tuple[sparse.csr_array, np.ndarray]:
    counts = text.matrix(blocks, window=window, **reading)
    numbers = np.flatnonzero(np.diff(counts.indptr))
    return counts[numbers], numbers


def _weighted(counts: sparse.csr_array, weighting: str) -> sparse.csr_array:
    return sparse.csr_array(weight(counts, weighting=weighting).matrix)


def _gram(weighted: sparse.csr_array) -> np.ndarray:
    return (weighted @ weighted.T).toarray()


def shrunk_rows(window: Window, weighting: str, *, contexts: float) -> Fit:
    """Rows with m contexts pulled to the origin by sqrt(m / (m + contexts))."""

    def fit(text: Text, blocks: np.ndarray) -> Vectors:
        counts, numbers = _read(text, blocks, window)
        seen = np.asarray(counts.sum(axis=1)).ravel()
        scale = sparse.diags_array(np.sqrt(seen / (seen + contexts)))
        return _vectors(_gram(scale @ _weighted(counts, weighting))), numbers

    return fit


def imputed_diagonal(window: Window, weighting: str, *, rank: int) -> Fit:
    """Gram matrix without its diagonal, which holds the noise of rare rows (Zhang et al. 2022)."""

    def fit(text: Text, blocks: np.ndarray) -> Vectors:
        counts, numbers = _read(text, blocks, window)
        gram = _gram(_weighted(counts, weighting))
        np.fill_diagonal(gram, 0)
        for _ in range(5):
            vectors = _vectors(gram)[:, :rank]
            np.fill_diagonal(gram, (vectors**2).sum(axis=1))
        return _vectors(gram), numbers

    return fit


def reliable_columns(window: Window, weighting: str) -> Fit:
    """Columns times the square root of their correlation between two halves of the text."""

    def fit(text: Text, blocks: np.ndarray) -> Vectors:
        counts, numbers = _read(text, blocks, window)
        a, b = (
            _weighted(text.matrix(half, window=window)[numbers], weighting)
            for half in (blocks[::2], blocks[1::2])
        )
        n = len(numbers)
        mean_a, mean_b = a.sum(axis=0) / n, b.sum(axis=0) / n
        spread = [m.multiply(m).sum(axis=0) / n - c**2 for m, c in ((a, mean_a), (b, mean_b))]
        shared = a.multiply(b).sum(axis=0) / n - mean_a * mean_b
        scale = np.sqrt(np.maximum(spread[0] * spread[1], 1e-30))
        reliable = sparse.diags_array(np.sqrt(np.clip(shared / scale, 0, 1)))
        return _vectors(_gram(_weighted(counts, weighting) @ reliable)), numbers

    return fit


def side_by_side(*views: tuple[float, dict, str]) -> Fit:
    """Several signals, each weighted and normalised apart: (share, reading, weighting)."""

    def fit(text: Text, blocks: np.ndarray) -> Vectors:
        seen = [_read(text, blocks, **reading)[1] for _, reading, _ in views]
        numbers = seen[0]
        for other in seen[1:]:
            numbers = np.intersect1d(numbers, other)
        grams = [
            share * _gram(_weighted(text.matrix(blocks, **reading)[numbers], weighting))
            for share, reading, weighting in views
        ]
        return _vectors(sum(grams)), numbers

    return fit


def gaussian_kernel(window: Window, weighting: str, *, width: float) -> Fit:
    """Components of exp(-d^2 / (width x median d^2)) instead of inner products."""

    def fit(text: Text, blocks: np.ndarray) -> Vectors:
        counts, numbers = _read(text, blocks, window)
        gram = _gram(_weighted(counts, weighting))
        squares = np.diag(gram)
        distances = squares[:, None] + squares - 2 * gram
        return _vectors(np.exp(-distances / (width * np.median(distances)))), numbers

    return fit


def word_similarity(window: Window, weighting: str, *, share: float) -> Fit:
    """Contexts of like meaning count as partly the same, by word vectors of the whole text."""

    def fit(text: Text, blocks: np.ndarray) -> Vectors:
        counts, numbers = _read(text, blocks, window)
        vocabulary = text.corpus().vocabulary
        rows, words = _weighted(counts, weighting), text.word_vectors()[vocabulary.first_word :]
        gram = _gram(rows)
        pooled = rows[:, vocabulary.size :] @ (words - words.mean(axis=0))
        similar = pooled @ pooled.T
        return _vectors(gram + share * np.trace(gram) / np.trace(similar) * similar), numbers

    return fit


def joint_contexts(weighting: str) -> Fit:
    """Pairs of neighbours as columns, beside the neighbours: both sides, two left, two right."""

    def fit(text: Text, blocks: np.ndarray) -> Vectors:
        single, numbers = _read(text, blocks, Window(size=3))
        pairs = _pair_counts(text, blocks)[numbers]
        return _vectors(
            _gram(_weighted(single, weighting)) + _gram(_weighted(pairs, weighting))
        ), numbers

    return fit


def _pair_counts(text: Text, blocks: np.ndarray) -> sparse.csr_array:
    corpus = text.corpus()
    size, width = corpus.vocabulary.size, len(corpus.vocabulary)
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for index in blocks:
        block = corpus.block(index)
        ids = np.asarray(block.ids).astype(np.int64)
        document = np.repeat(np.arange(len(block.starts) - 1), np.diff(block.starts))
        for kind, (first, second) in enumerate(((-1, 1), (-2, -1), (1, 2))):
            low, high = min(first, 0), max(second, 0)
            at = np.flatnonzero(ids < size)
            at = at[(at + low >= 0) & (at + high < len(ids))]
            at = at[document[at + low] == document[at + high]]
            found.append((ids[at], (kind * width + ids[at + first]) * width + ids[at + second]))
    numbers, keys = (np.concatenate(part) for part in zip(*found, strict=True))
    _, columns = np.unique(keys, return_inverse=True)
    counts = sparse.csr_array(
        (np.ones(len(numbers)), (numbers, columns)), shape=(size, columns.max() + 1)
    )
    shared = np.bincount(counts.indices, minlength=counts.shape[1]) > 1
    return sparse.csr_array(counts[:, np.flatnonzero(shared)])


def topics(window: Window, *, rank: int, passes: int = 40) -> Fit:
    """Square roots of topic shares, a Poisson factor model of the counts fitted by EM."""

    def fit(text: Text, blocks: np.ndarray) -> Vectors:
        counts, numbers = _read(text, blocks, window)
        counts = counts[
            :, np.flatnonzero(np.bincount(counts.indices, minlength=counts.shape[1]) > 1)
        ]
        rng = np.random.default_rng(0)
        rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
        shares = rng.dirichlet(np.ones(rank), counts.shape[0])
        words = rng.gamma(5, 1, (counts.shape[1], rank)) * (1 + counts.sum(axis=0))[:, None]
        words /= words.sum(axis=0)
        for _ in range(passes):
            fitted = np.einsum("ij,ij->i", shares[rows], words[counts.indices])
            ratio = sparse.csr_array(
                (counts.data / fitted, counts.indices, counts.indptr), counts.shape
            )
            shares, words = shares * (ratio @ words) + 0.1, words * (ratio.T @ shares)
            shares /= shares.sum(axis=1, keepdims=True)
            words /= np.maximum(words.sum(axis=0), 1e-300)
        return np.sqrt(shares), numbers

    return fit


def skip_gram(*, beside: Fit | None = None, dims: int = 100) -> Fit:
    """Number-centred SGNS of the whole text, alone or with the columns of another model."""

    def fit(text: Text, blocks: np.ndarray) -> Vectors:
        if len(blocks) < text.corpus().n_blocks:
            raise ValueError("skip-gram vectors are trained on all blocks only")
        embedding = NumberSGNS(dim=100, window=3, epochs=10).fit_transform(text.corpus())
        if beside is None:
            return embedding.vectors, embedding.numbers
        vectors, numbers = beside(text, blocks)
        shared = np.intersect1d(numbers, embedding.numbers)
        both = [embedding.select(shared).vectors, vectors[np.isin(numbers, shared), :dims]]
        return np.hstack(both), shared

    return fit
