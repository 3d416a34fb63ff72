"""The block Krylov SVD against dense and sparse SVDs of NumPy and SciPy, at its stated accuracy."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse.linalg import svds

from wordnum.cooccurrence.word_counts import WordCounts
from wordnum.cooccurrence.word_pairs import count_words
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.embeddings.krylov import block_krylov_svd
from wordnum.embeddings.svd import SVD
from wordnum.embeddings.weightings import weight
from wordnum.errors import InputError


@lru_cache
def word_counts(words: int = 500, seed: int = 0) -> sparse.csr_array:
    """Counts of all words by all words: Zipf margins and a slowly falling spectrum."""
    rng = np.random.default_rng(seed)
    chance = 1 / (np.arange(words) + 2.7)
    topics = rng.gamma(0.2, size=(words, 30)) @ rng.gamma(0.2, size=(30, words))
    mean = np.outer(chance, chance) * topics
    return sparse.csr_array(rng.poisson(mean / mean.sum() * 80_000))


def relative_error(found: np.ndarray, exact: np.ndarray) -> float:
    return float(np.max(np.abs(found - exact[: len(found)]) / exact[: len(found)]))


@pytest.mark.parametrize("weighting", ["ppmi", "pmi", "hellinger", "qwem"])
@pytest.mark.parametrize("tol", [1e-2, 1e-4, 1e-8])
def test_stated_accuracy_is_met(weighting, tol):
    weighted = weight(word_counts(), weighting=weighting)
    exact = np.linalg.svd(weighted.toarray(), compute_uv=False)
    found = block_krylov_svd(weighted, 50, tol=tol)
    assert relative_error(found.singular_values, exact) < tol
    assert 0 <= found.error < tol


@pytest.mark.parametrize("shape", [(500, 300), (300, 500)])
def test_values_are_those_of_scipys_svds(shape):
    counts = word_counts()[: shape[0], : shape[1]]
    weighted = weight(counts, weighting="ppmi")
    found = block_krylov_svd(weighted, 20, tol=1e-10)
    _, values, _ = svds(weighted.matrix, k=20, random_state=0)
    assert found.singular_values == pytest.approx(np.sort(values)[::-1], rel=1e-9)


@pytest.mark.parametrize("weighting", ["ppmi", "qwem"])
def test_vectors_are_orthonormal_and_belong_to_their_values(weighting):
    weighted = weight(word_counts(), weighting=weighting)
    dense = weighted.toarray()
    found = block_krylov_svd(weighted, 30, tol=1e-10)
    left, values, right = found.left, found.singular_values, found.right
    assert left.shape == (500, 30)
    assert right.shape == (500, 30)
    assert np.abs(left.T @ left - np.eye(30)).max() < 1e-12
    assert np.abs(right.T @ right - np.eye(30)).max() < 1e-12
    assert np.abs(dense @ right - left * values).max() < 1e-10 * values[0]
    assert np.abs(dense.T @ left - right * values).max() < 1e-4 * values[0]


def test_values_are_approached_from_below():
    weighted = weight(word_counts(), weighting="ppmi")
    exact = np.linalg.svd(weighted.toarray(), compute_uv=False)[:50]
    for tol in (0.5, 1e-2, 1e-4):
        found = block_krylov_svd(weighted, 50, tol=tol)
        assert (found.singular_values <= exact * (1 + 1e-12)).all()


def test_lower_tolerance_takes_a_larger_space():
    weighted = weight(word_counts(), weighting="ppmi")
    sizes = [block_krylov_svd(weighted, 20, tol=tol).dimension for tol in (1e-1, 1e-3, 1e-9)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[2]


def test_single_precision_meets_a_tolerance_of_1e_5():
    weighted = weight(word_counts(), weighting="ppmi")
    exact = np.linalg.svd(weighted.toarray(), compute_uv=False)
    found = block_krylov_svd(weighted, 50, tol=1e-5, single=True)
    assert found.left.dtype == np.float32
    assert relative_error(found.singular_values, exact) < 1e-5


@pytest.mark.parametrize("block", [1, 3, 16, 40, 500])
def test_any_width_of_block_finds_the_same(block):
    weighted = weight(word_counts(200), weighting="ppmi")
    exact = np.linalg.svd(weighted.toarray(), compute_uv=False)
    found = block_krylov_svd(weighted, 12, tol=1e-8, block=block)
    assert relative_error(found.singular_values, exact) < 1e-7


@pytest.mark.parametrize("shape", [(25, 40), (40, 25), (33, 33)])
@pytest.mark.parametrize("weighting", ["raw", "qwem"])
def test_all_values_of_a_small_matrix_are_found_exactly(shape, weighting):
    weighted = weight(np.random.default_rng(0).poisson(2.0, shape), weighting=weighting)
    found = block_krylov_svd(weighted, min(shape))
    exact = np.linalg.svd(weighted.toarray(), compute_uv=False)
    assert found.singular_values == pytest.approx(exact, rel=1e-10)
    assert np.abs((found.left * exact) @ found.right.T - weighted.toarray()).max() < 1e-10
    assert found.error == 0


@pytest.mark.parametrize("k", [40, 60])
def test_equal_singular_values_are_all_found(k):
    values = np.repeat([5.0, 3.0, 1.0], 20)
    found = block_krylov_svd(weight(np.diag(values), weighting="raw"), k, tol=1e-8)
    assert found.singular_values == pytest.approx(values[:k], rel=1e-10)


def test_rank_below_k_is_an_error_that_says_the_rank():
    left = np.random.default_rng(0).integers(1, 5, (300, 7))
    right = np.random.default_rng(1).integers(1, 5, (7, 200))
    weighted = weight(left @ right, weighting="raw")
    assert block_krylov_svd(weighted, 7).singular_values[-1] > 0
    with pytest.raises(InputError, match="dim is larger than the rank") as error:
        block_krylov_svd(weighted, 8)
    assert "dim of at most 7" in str(error.value)


def test_k_above_the_smaller_side_is_an_error():
    with pytest.raises(InputError, match="dim of at most 3"):
        block_krylov_svd(weight(np.eye(3, 9), weighting="raw"), 4)


def test_same_seed_gives_the_same_bytes_and_another_agrees_to_the_tolerance():
    weighted = weight(word_counts(), weighting="ppmi")
    first, again, other = (block_krylov_svd(weighted, 20, random_state=s) for s in (0, 0, 1))
    assert first.left.tobytes() == again.left.tobytes()
    assert first.singular_values.tobytes() == again.singular_values.tobytes()
    assert other.singular_values == pytest.approx(first.singular_values, rel=2e-4)


def all_rows(numbers: int = 30) -> WordCounts:
    """Counts of a text of 30 numbers and 98 words."""
    scheme = NumeralScheme(size=numbers)
    vocabulary = Vocabulary.from_words([f"w{i}" for i in range(98)], numerals=scheme)
    ids = np.random.default_rng(2).zipf(1.3, 40_000) % len(vocabulary)
    return count_words(
        EncodedCorpus.from_arrays(ids, np.arange(0, 40_001, 100), vocabulary),
        window=2,
    )


def test_embedding_of_all_rows_is_the_number_rows_of_the_whole_decomposition():
    data = all_rows()
    left, values, _ = np.linalg.svd(weight(data.matrix(), weighting="ppmi").toarray())
    model = SVD(rows="all", weighting="ppmi", dim=6, p=0.5, tol=1e-10)
    embedding = model.fit_transform(data)
    assert embedding.size == 30
    assert model.vectors_.shape == (len(data.vocabulary), 6)
    assert np.array_equal(embedding.vectors, model.vectors_[embedding.numbers])
    expected = left[:, :6] * np.sqrt(values[:6])
    expected *= np.sign(expected[np.abs(expected).argmax(axis=0), np.arange(6)])
    assert np.abs(model.vectors_ - expected).max() < 1e-5
    assert model.explained_ == pytest.approx((values[:6] ** 2).sum() / (values**2).sum(), rel=1e-9)
    assert model.error_ < 1e-10


def test_weighting_that_leaves_nothing_is_refused():
    with pytest.raises(InputError, match="nothing to factorize"):
        SVD(weighting="ppmi:shift=5", dim=1, rows="all").fit_transform(np.array([[1, 2], [2, 3]]))


def test_marginals_of_all_rows_can_be_those_of_the_text():
    data = all_rows()
    model = SVD(rows="all", weighting="pmi", dim=6, marginals="corpus", tol=1e-10)
    model.fit(data)
    weighted = weight(data.matrix(), weighting="pmi", column_totals=data.context_counts)
    exact = np.linalg.svd(weighted.toarray(), compute_uv=False)
    assert model.singular_values_ == pytest.approx(exact[:6], rel=1e-9)


def test_all_rows_differ_from_number_rows_alone():
    data = all_rows()
    of_all = SVD(rows="all", weighting="ppmi", dim=6).fit_transform(data).vectors
    of_numbers = SVD(weighting="ppmi", dim=6).fit_transform(data.matrix()[:30]).vectors
    assert np.abs(of_all @ of_all.T - of_numbers @ of_numbers.T).max() > 0.1
