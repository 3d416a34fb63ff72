import numpy as np
import pytest
from scipy import stats

from wordnum.analyzers.intervals import (
    compare,
    equal_halves,
    half_sample_interval,
    paired_difference,
    standard_error,
    t_quantile,
    variance_inflation,
)
from wordnum.analyzers.probing import probe
from wordnum.analyzers.reasons import reason_text
from wordnum.cooccurrence.counting import count
from wordnum.cooccurrence.half_sample_draws import half_samples
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.replicates import Replicates
from wordnum.embeddings.svd import SVD
from wordnum.errors import InputError

N, BLOCKS, WORDS = 100, 20, 40


def counts(seed, *, per_number=300, strength=1.0):
    """Poisson counts by block of N numbers beside WORDS words, some of which tell n mod 5."""
    base = np.random.default_rng(99).gamma(1.0, size=WORDS)
    P = np.tile(base, (N, 1))
    for r in range(5):
        P[np.arange(N) % 5 == r, 4 * r : 4 * r + 4] *= 1 + strength
    P *= per_number / BLOCKS / P.sum(axis=1, keepdims=True)
    return np.random.default_rng(seed).poisson(P, (BLOCKS, N, WORDS)).astype(float)


def factorized(table, dim=8):
    rows = np.sqrt(table / np.maximum(table.sum(axis=1, keepdims=True), 1))
    U, S, _ = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    return Embedding(U[:, :dim] * S[:dim], size=N)


def embedding(blocks, *, n_documents=1000, seed=0):
    pairs = [
        (factorized(blocks[a].sum(axis=0)), factorized(blocks[b].sum(axis=0)))
        for _, a, b in half_samples(BLOCKS, random_state=seed)
    ]
    whole = factorized(blocks.sum(axis=0))
    return with_half_samples(whole, pairs, n_documents)


def with_half_samples(whole, pairs, n_documents=1000):
    replicates = Replicates(embeddings=pairs)
    return Embedding(whole.vectors, size=N, replicates=replicates, n_documents=n_documents)


def quick(x, **options):
    return probe(x, **{"moduli": [5], "nulls": 0, "controls": False, **options})


@pytest.mark.parametrize("n_blocks", [8, 12, 20])
def test_a_full_set_of_half_samples_has_the_variance_among_blocks_exactly(n_blocks):
    values = np.random.default_rng(0).standard_normal(n_blocks)
    samples = half_samples(n_blocks, n_pairs=99)
    assert len(samples) == n_blocks - 1
    pairs = np.array([(values[a].mean(), values[b].mean()) for _, a, b in samples])
    expected = values.std(ddof=1) / np.sqrt(n_blocks)
    assert standard_error(*pairs.T) == pytest.approx(expected, rel=1e-12)


def test_ten_half_samples_of_a_mean_cover_by_students_t():
    rng = np.random.default_rng(0)
    # A mean over 20 blocks: ten balanced contrasts are independent, hence ten degrees of freedom.
    covered = []
    for _ in range(4000):
        values = rng.standard_normal(20)
        pairs = [(values[a].mean(), values[b].mean()) for _, a, b in half_samples(20)]
        error = standard_error(*np.array(pairs).T)
        covered.append(abs(values.mean()) <= t_quantile(10) * error)
    assert np.mean(covered) == pytest.approx(0.95, abs=0.011)


def test_halves_of_unequal_size_are_brought_to_half_of_the_text_by_the_growth():
    # Kappa that grows by 6 for every doubling of the text, and no noise: no contrast is left.
    shares = {i: (q, 1 - q) for i, q in enumerate((0.3, 0.5, 0.62, 0.45))}
    pairs = {i: tuple(50 + 6 * np.log2(q) for q in pair) for i, pair in shares.items()}
    raw = standard_error(*np.array(list(pairs.values())).T)
    equal = standard_error(*np.array(list(equal_halves(50, pairs, shares).values())).T)
    assert equal < 0.1 * raw
    assert equal_halves(50, pairs, {}) == pairs


def test_interval_is_the_formula_around_the_full_kappa():
    one = quick(embedding(counts(0)))[5]
    halves = np.array(list(one.replicate_kappas.values()))
    error = np.sqrt(np.sum((halves[:, 0] - halves[:, 1]) ** 2) / (4 * 10))
    error *= variance_inflation(5, one.kappa, halves)
    assert len(halves) == 10
    assert one.interval_reason is None
    assert one.low == pytest.approx(one.kappa - 2.228 * error, abs=1e-2)
    assert one.high == pytest.approx(one.kappa + 2.228 * error, abs=1e-2)


def test_variance_inflation_is_binomial_and_none_near_the_ceiling():
    # Accuracy 0.5 against 0.4 in halves, at T = 5: kappa 37.5 and 25.
    assert variance_inflation(5, 37.5, np.full((10, 2), 25.0)) == pytest.approx(
        np.sqrt(2 * 0.25 / 0.24)
    )
    assert variance_inflation(5, 95.0, np.full((10, 2), 60.0)) == 1
    assert variance_inflation(5, 100.0, np.full((10, 2), 100.0)) == 1


def test_variance_inflation_is_the_slope_of_kappa_where_it_shoots_up():
    assert variance_inflation(5, 40.0, np.full((10, 2), 15.0)) == pytest.approx(40 * 60 / (15 * 85))
    # What lies below 10 may be noise, and counts as 10.
    assert variance_inflation(5, 40.0, np.full((10, 2), -3.0)) == pytest.approx(40 * 60 / (10 * 90))


def test_a_kappa_that_shoots_up_with_the_text_is_covered():
    # Twenty blocks of evidence; kappa follows a logistic curve in the logarithm of their sum.
    rng = np.random.default_rng(0)
    wide, narrow = [], []
    for _ in range(400):
        blocks = rng.normal(1.0, 0.35, 20)
        whole, halves = rising(blocks, middle=24.0)
        miss = abs(whole - logistic(20.0, middle=24.0))
        error = standard_error(*halves.T)
        narrow.append(miss <= 2.228 * error)
        wide.append(miss <= 2.228 * error * variance_inflation(5, whole, halves))
    assert np.mean(narrow) < 0.85
    assert np.mean(wide) == pytest.approx(0.95, abs=0.03)


def test_a_difference_of_kappas_that_rise_at_different_sizes_of_text_is_covered():
    # Both from the same evidence: their errors cancel in halves, and no longer in the whole.
    rng = np.random.default_rng(0)
    truth = logistic(20.0, middle=24.0) - logistic(20.0, middle=14.0)
    covered = []
    for _ in range(400):
        blocks = rng.normal(1.0, 0.35, 20)
        (one, first), (other, second) = rising(blocks, middle=24.0), rising(blocks, middle=14.0)
        gap = paired_difference(5, (one, other), (dict(enumerate(first)), dict(enumerate(second))))
        covered.append(gap.low <= truth <= gap.high)
    assert np.mean(covered) == pytest.approx(0.95, abs=0.04)


def logistic(evidence, *, middle, steepness=2.0):
    return 100 / (1 + (middle / evidence) ** steepness)


def rising(blocks, *, middle):
    """Kappa of all blocks, and of both halves of every split."""
    halves = [[logistic(blocks[half].sum(), middle=middle) for half in pair]
              for _, *pair in half_samples(len(blocks))]  # fmt: skip
    return logistic(blocks.sum(), middle=middle), np.array(halves)


def test_binomial_variance_at_any_size_of_text_is_covered():
    rng = np.random.default_rng(0)
    wide, narrow = [], []
    for _ in range(400):
        whole = 200 * rng.binomial(200, 0.5) / 200 - 100
        halves = 200 * rng.binomial(200, 0.5, (10, 2)) / 200 - 100
        error = standard_error(*halves.T)
        narrow.append(abs(whole) <= 2.228 * error)
        wide.append(abs(whole) <= 2.228 * error * variance_inflation(2, whole, halves))
    assert np.mean(narrow) < 0.9
    assert np.mean(wide) == pytest.approx(0.95, abs=0.03)


@pytest.mark.parametrize(
    ("documents", "signal", "kappa"), [(100, 0.4, (30, 75)), (200, 0.6, (75, 100))]
)
def test_intervals_cover_the_mean_over_fresh_synthetic_texts(documents, signal, kappa):
    found = [synthetic(seed, documents, signal) for seed in range(24)]
    covered = []
    for T in (2, 5, 10):
        truth = np.mean([one[T].kappa for one in found])
        assert kappa[0] < truth < kappa[1]
        covered += [one[T].low <= truth <= one[T].high for one in found]
    assert np.mean(covered) > 0.95 - 2 * np.sqrt(0.05 * 0.95 / 24)


def synthetic(seed, documents, signal):
    corpus = SyntheticCorpus(
        n_documents=documents,
        length=150,
        size=N,
        decay=0.3,
        residue_words={10: signal, 2: signal / 2},
        n_fillers=300,
        random_state=seed,
    )
    made = count(corpus.encoded(), window=2)
    return quick(SVD(weighting="hellinger", dim=20).fit_transform(made), moduli=[2, 5, 10])


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: np.random.default_rng(0).standard_normal((N, 5)), "no-replicates"),
        (lambda: embedding(counts(0), n_documents=39), "few-documents"),
    ],
)
def test_no_interval_comes_with_its_reason(make, reason):
    one = quick(make())[5]
    assert one.low is None
    assert one.high is None
    assert one.interval_reason == reason
    assert one.repeat_sd > 0


def test_halves_with_too_few_numbers_give_no_interval():
    whole = embedding(counts(0))
    thin = tuple((a.select(range(4)), b) for a, b in whole.replicates.pairs)
    short = with_half_samples(whole, thin)
    assert quick(short)[5].interval_reason == "few-replicates"


def test_halves_that_lack_some_numbers_are_probed_on_the_rest():
    whole = embedding(counts(0))
    pairs = tuple(
        (a.select(range(1, N)), b.select(range(N - 3))) for a, b in whole.replicates.pairs
    )
    one = quick(with_half_samples(whole, pairs))[5]
    assert one.low < one.kappa < one.high


def test_comparison_of_paired_embeddings_is_tighter_than_of_unpaired_ones():
    blocks = counts(0)
    first = quick(embedding(blocks))
    nudged = quick(embedding(blocks + 0.2))
    found = compare(first, nudged)[5]
    paired = found.high - found.low
    unpaired = np.hypot(*[one[5].high - one[5].low for one in (first, nudged)])
    assert paired < unpaired
    assert found.difference == pytest.approx(first[5].kappa - nudged[5].kappa)
    error = paired / (2 * stats.t.ppf(0.975, 10))
    p_value = 2 * stats.t.sf(abs(found.difference) / error, 10)
    assert found.p_value == pytest.approx(p_value, rel=1e-3)


def test_a_real_difference_is_seen_and_none_is_not():
    strong = quick(embedding(counts(0, strength=2.0)))
    weak = quick(embedding(counts(0, strength=0.3)))
    assert compare(strong, weak)[5].p_value < 0.01
    seen = compare(strong, weak)[5]
    assert 0 < seen.smallest_difference < seen.difference
    same = compare(strong, strong)[5]
    assert (same.difference, same.p_value) == (0, 1.0)


def test_the_smallest_difference_is_seen_four_times_in_five():
    rng, sigma = np.random.default_rng(0), 2.0
    found = []
    # Kappas near 95, where the variance is that of a half over two.
    smallest = (2.228 + 0.842) * sigma
    for _ in range(3000):
        halves = 95 + rng.normal(0, sigma * np.sqrt(2), (10, 2))
        gap = smallest + rng.normal(0, sigma)
        flat = dict.fromkeys(range(10), (95.0, 95.0))
        found.append(paired_difference(5, (95 + gap, 95.0), (dict(enumerate(halves)), flat)))
    assert np.mean([one.p_value < 0.05 for one in found]) == pytest.approx(0.8, abs=0.03)
    assert np.median([one.smallest_difference for one in found]) == pytest.approx(
        smallest, rel=0.05
    )


def test_embeddings_of_other_half_samples_are_not_compared():
    rng = np.random.default_rng(0)
    kappas = [{i: rng.normal(30, 3, 2) for i, *_ in half_samples(n)} for n in (20, 8)]
    found = paired_difference(5, (30.0, 25.0), tuple(kappas))
    assert (found.low, found.reason) == (None, "unpaired")
    assert "same half-samples" in reason_text(found.reason)


def test_few_blocks_give_no_interval_and_the_reason():
    corpus = SyntheticCorpus(n_documents=60, length=300, size=N, random_state=0).encoded(n_blocks=7)
    one = quick(SVD(dim=5).fit_transform(count(corpus, window=2)))[5]
    assert (one.low, one.interval_reason) == (None, "few-blocks")


def test_comparison_without_halves_gives_the_reason():
    x = np.random.default_rng(0).standard_normal((N, 5))
    found = compare(quick(x), quick(x))[5]
    assert found.p_value is None
    assert found.reason == "no-replicates"


def test_probes_on_different_folds_are_not_compared():
    x = np.random.default_rng(0).standard_normal((N, 5))
    with pytest.raises(InputError, match="differ in random_state"):
        compare(quick(x), quick(x, random_state=1))
    with pytest.raises(InputError, match="differ in classifier"):
        compare(quick(x), quick(x, classifier="ridge"))
    with pytest.raises(InputError, match="differ in size"):
        compare(quick(x), quick(Embedding(x, size=2 * N)))
    with pytest.raises(InputError, match="share no modulus"):
        compare(quick(x), quick(x, moduli=[2]))


def test_interval_of_too_few_splits_is_refused():
    whole = embedding(counts(0))
    assert (
        half_sample_interval(5, 5.0, {0: (1, 2), 1: (2, 3)}, embedding=whole)[2] == "few-replicates"
    )


def test_differences_are_paired_by_the_id_of_the_half_sample():
    rng = np.random.default_rng(0)
    first = {i: rng.normal(30, 3, 2) for i in range(10)}
    second = {i: first[i] - 5 for i in reversed(range(10)) if i != 4}
    found = paired_difference(5, (30.0, 25.0), (first, second))
    assert found.high - found.low < 1  # what both share cancels, in whatever order they come
    few = paired_difference(5, (30.0, 25.0), (first, {0: (1, 2), 1: (2, 1), 77: (3, 3)}))
    assert (few.low, few.reason) == (None, "unpaired")
