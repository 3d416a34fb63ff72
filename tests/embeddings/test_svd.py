"""SVD of number rows: against numpy.linalg.svd, its signs, its limits and its halves."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from tests.contracts import text_counts
from wordnum.cooccurrence.counting import count
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.embeddings.gram import fix_signs, gram
from wordnum.embeddings.svd import SVD
from wordnum.embeddings.weightings import WEIGHTINGS, weight
from wordnum.errors import InputError, UsageError


def zipf_counts(n: int = 60, columns: int = 400, seed: int = 0) -> sparse.csr_array:
    """Counts with columns of every fill: dense, sparse, of one entry, empty."""
    rng = np.random.default_rng(seed)
    mean = 30 / (1 + np.arange(columns)) * rng.gamma(1.0, size=(n, columns))
    return sparse.csr_array(rng.poisson(mean))


def exact_svd(counts, weighting: str) -> tuple[np.ndarray, np.ndarray]:
    left, values, _ = np.linalg.svd(
        weight(counts, weighting=weighting).toarray(), full_matrices=False
    )
    return left, values


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize("shape", [(60, 400), (60, 40)])
def test_singular_values_and_vectors_are_those_of_numpy(weighting, shape):
    counts = zipf_counts(*shape)
    left, values = exact_svd(counts, weighting)
    model = SVD(weighting=weighting, dim=15)
    vectors = model.fit_transform(counts).vectors
    assert model.singular_values_ == pytest.approx(values[:15], rel=1e-11)
    for column in range(15):
        expected = left[:, column] * values[column]
        expected *= np.sign(expected[np.abs(expected).argmax()])
        assert np.abs(vectors[:, column] - expected).max() < 1e-8 * values[0]


@pytest.mark.parametrize("weighting", ["raw", "ppmi", "qwem"])
@pytest.mark.parametrize("single", [False, True])
def test_gram_is_the_product_of_the_rows(weighting, single):
    weighted = weight(zipf_counts(), weighting=weighting)
    dense = weighted.toarray()
    expected = dense @ dense.T
    found = gram(weighted, single=single)
    assert np.abs(found - expected).max() < (1e-6 if single else 1e-13) * expected.max()


def test_gram_is_the_same_however_many_columns_are_dense(monkeypatch):
    weighted = weight(zipf_counts(), weighting="qwem")
    dense = weighted.toarray()
    for share, strip in ((0.0, 7), (0.1, 33), (0.5, 4096), (2.0, 5)):
        monkeypatch.setitem(gram.__globals__["_DENSE"], "cpu", share)
        monkeypatch.setitem(gram.__globals__["_STRIP"], "cpu", strip)
        assert gram(weighted) == pytest.approx(dense @ dense.T, abs=1e-11)


def test_all_dimensions_give_the_distances_of_the_weighted_rows():
    counts = zipf_counts(30, 200)
    rows = weight(counts, weighting="hellinger").toarray()
    vectors = SVD(dim=30).fit_transform(counts).vectors
    assert vectors @ vectors.T == pytest.approx(rows @ rows.T, abs=1e-12)
    model = SVD(dim=30)
    model.fit(counts)
    assert model.explained_ == pytest.approx(1, abs=1e-12)
    assert model.error_ == 0


def test_explained_is_the_share_of_the_squared_norm():
    counts = zipf_counts()
    _, values = exact_svd(counts, "hellinger")
    model = SVD(dim=5)
    model.fit(counts)
    assert model.explained_ == pytest.approx((values[:5] ** 2).sum() / (values**2).sum(), rel=1e-12)


@pytest.mark.parametrize("p", [-0.5, 0.0, 0.5, 1.0, 2.0])
def test_p_is_the_power_of_the_singular_values(p):
    counts = zipf_counts()
    model = SVD(dim=8, p=p)
    norms = np.linalg.norm(model.fit_transform(counts).vectors, axis=0)
    assert norms == pytest.approx(model.singular_values_**p, rel=1e-10)


def test_signs_are_fixed_by_the_largest_entry():
    vectors = SVD(dim=20).fit_transform(zipf_counts()).vectors
    assert (vectors[np.abs(vectors).argmax(axis=0), np.arange(20)] > 0).all()
    flipped = vectors * np.where(np.arange(20) % 3, -1, 1)
    assert np.array_equal(fix_signs(flipped), vectors)


def test_single_precision_keeps_to_its_stated_error():
    counts = zipf_counts(100, 2000)
    double, single = (SVD(dim=20, precision=p) for p in ("double", "single"))
    double.fit(counts)
    single.fit(counts)
    gap = np.abs(single.singular_values_**2 - double.singular_values_**2).max()
    assert 0 < gap < 1e-6 * double.singular_values_[0] ** 2


def test_gram_loses_what_is_under_a_hundred_millionth_of_the_largest():
    # Squared, 1 is under the rounding of 1e18, and 1e6 still stands.
    model = SVD(weighting="raw", dim=2)
    model.fit(np.diag([1e9, 1e3, 1.0]))
    assert model.singular_values_ == pytest.approx([1e9, 1e3], rel=1e-4)
    with pytest.raises(InputError, match="dim is larger than the rank") as error:
        SVD(weighting="raw", dim=3).fit_transform(np.diag([1e9, 1e3, 1.0]))
    assert "dim of at most 2" in str(error.value)


@pytest.mark.parametrize(("dim", "rank"), [(4, 3), (9, 3)])
def test_dim_above_the_rank_is_refused_with_the_rank(dim, rank):
    left = np.random.default_rng(0).integers(1, 5, (8, rank))
    right = np.random.default_rng(1).integers(1, 5, (rank, 20))
    with pytest.raises(InputError, match="dim is larger than the rank") as error:
        SVD(weighting="raw", dim=dim).fit_transform(left @ right)
    assert f"dim of at most {rank}" in str(error.value)
    assert f"dim={dim} for 8 numbers of rank {rank}" in str(error.value)


def test_weighting_that_leaves_nothing_is_refused():
    with pytest.raises(InputError, match="nothing to factorize") as error:
        SVD(weighting="ppmi:shift=50", dim=1).fit_transform(np.array([[4, 1], [1, 4]]))
    assert "all zero" in str(error.value)
    assert "another weighting" in str(error.value)


def test_rows_are_worked_out_without_the_absent_numbers():
    counts = zipf_counts().toarray()
    counts[[3, 17]] = 0
    embedding = SVD(dim=10).fit_transform(counts)
    assert embedding.missing.tolist() == [3, 17]
    kept = np.delete(counts, [3, 17], axis=0)
    assert np.array_equal(embedding.vectors, SVD(dim=10).fit_transform(kept).vectors)


@pytest.fixture(scope="module")
def counts() -> Counts:
    corpus = SyntheticCorpus(n_documents=150, length=60, residue_words={10: 0.5}, random_state=3)
    return count(corpus.encoded(n_blocks=12), window=3)


def test_halves_are_the_same_model_on_the_half_counts(counts):
    signal = counts.signal("text", window=Window(size=1))
    embedding = SVD(dim=5).fit_transform(signal)
    _, (matrix_a, seen_a), (matrix_b, _) = next(iter(signal.half_samples()))
    first, second = embedding.replicates.pairs[0]
    expected = SVD(dim=5).fit_transform(matrix_a)
    assert np.array_equal(first.vectors, expected.vectors)
    assert np.array_equal(first.counts, seen_a[first.numbers])
    assert np.array_equal(second.vectors, SVD(dim=5).fit_transform(matrix_b).vectors)


def test_half_of_a_lower_rank_keeps_the_dimensions_it_has():
    rng = np.random.default_rng(0)
    events = [(0, 1, n, 1002 + c, int(rng.integers(1, 9))) for n in range(6) for c in range(6)]
    events += [(block, 1, n, 1002, 5) for n in range(6) for block in range(1, 8)]
    counts = Counts.from_events(
        events, vocabulary=Vocabulary.from_words(list("abcdef")), window_size=1, n_blocks=8
    )
    embedding = SVD(dim=4).fit_transform(counts)
    assert sorted(half.dim for half in embedding.replicates.pairs[0]) == [1, 4]


def test_numbers_without_contexts_in_a_signal_are_dropped_listed_and_flagged():
    events = [(0, 1, n, 1002 + n % 3, 4 + n) for n in range(5)] + [(0, 1, 9, 3, 2)]
    counts = Counts.from_events(
        events, vocabulary=Vocabulary.from_words(list("abc")), window_size=1
    )
    model = SVD(weighting="log", dim=2)
    embedding = model.fit_transform(counts.signal("text"))
    assert model.without_contexts_.tolist() == [9]
    assert embedding.numbers.tolist() == [0, 1, 2, 3, 4]
    assert "numbers-without-contexts" in embedding.flags


def test_counts_stand_for_the_signal_of_both(counts):
    whole, both = (
        SVD(dim=5, half_samples=False).fit_transform(c) for c in (counts, counts.signal("both"))
    )
    assert np.array_equal(whole.vectors, both.vectors)


def test_marginals_of_the_corpus_are_the_words_of_the_text(counts):
    signal = counts.signal("text")
    model = SVD(weighting="pmi", dim=5, marginals="corpus", half_samples=False)
    found = model.fit_transform(signal)
    rows = signal.matrix()[found.numbers]
    weighted = weight(rows, weighting="pmi", column_totals=signal.context_counts)
    assert model.singular_values_ == pytest.approx(
        np.linalg.svd(weighted.toarray(), compute_uv=False)[:5], rel=1e-10
    )
    by_pairs = SVD(weighting="pmi", dim=5, half_samples=False).fit_transform(signal)
    assert not np.allclose(found.vectors, by_pairs.vectors)


def test_marginals_of_the_corpus_need_a_corpus():
    with pytest.raises(InputError, match="needs the context counts of a corpus"):
        SVD(marginals="corpus", dim=2).fit_transform(zipf_counts())


def test_all_rows_need_counts_of_all_rows(counts):
    with pytest.raises(InputError, match='rows="all" needs counts of all words'):
        SVD(rows="all", dim=2).fit_transform(counts)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"dim": 0}, "dim cannot be 0"),
        ({"dim": 2.5}, "dim cannot be 2.5"),
        ({"p": np.nan}, "p=nan is out of range"),
        ({"tol": 0.0}, "tol=0.0 is out of range"),
        ({"rows": "words"}, "unknown rows 'words'"),
        ({"marginals": "text"}, "unknown marginals 'text'"),
        ({"precision": "half"}, "unknown precision 'half'"),
        ({"weighting": "ppmm"}, "unknown weighting"),
        ({"device": "tpu"}, "unknown device 'tpu'"),
    ],
)
def test_parameters_out_of_range_are_usage_errors(parameters, message):
    with pytest.raises(UsageError, match=message):
        SVD(**{"dim": 2, **parameters}).fit_transform(zipf_counts())


def test_a_corpus_is_refused_with_the_way_to_count_it():
    corpus = SyntheticCorpus(n_documents=3, random_state=1).encoded()
    with pytest.raises(InputError, match="fitted on counts, not on a corpus") as error:
        SVD(dim=2).fit_transform(corpus)
    assert "count the corpus first" in str(error.value)


@pytest.mark.parametrize("rows", ["numbers", "all"])
def test_default_dimensions_are_cut_to_the_rank_and_flagged(rows, caplog):
    table = np.outer(np.arange(1, 9), np.arange(1, 8)) + np.eye(8, 7)
    with caplog.at_level("WARNING", logger="wordnum"):
        embedding = SVD(weighting="raw", rows=rows).fit_transform(table)
    assert embedding.dim == np.linalg.matrix_rank(table)
    assert "fewer-dimensions" in embedding.flags
    assert embedding.provenance["embed"]["parameters"]["dim"] == embedding.dim
    assert "7 dimensions instead of 100" in caplog.text
    with pytest.raises(InputError, match="dim is larger than the rank"):
        SVD(weighting="raw", rows=rows, dim=8).fit_transform(table)


def test_two_jobs_give_the_bytes_of_one():
    one, two = (SVD(dim=4, n_jobs=n).fit_transform(text_counts()) for n in (1, 2))
    assert len(one.replicates) == 10
    assert one.fingerprint == two.fingerprint
