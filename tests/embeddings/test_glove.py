"""GloVe: the published update, its gradients, and what it does with bad input."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.half_sample_draws import half_samples
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.embeddings.glove import GloVe
from wordnum.embeddings.glove_kernel import adagrad_pass, pack, unpack
from wordnum.errors import InputError, UsageError


def planted_counts(n: int = 60, columns: int = 80, rank: int = 4, seed: int = 0) -> np.ndarray:
    """Counts whose logarithms are of low rank plus biases, about a third of them zero."""
    rng = np.random.default_rng(seed)
    left, right = rng.normal(size=(n, rank)), rng.normal(size=(columns, rank))
    log_mean = 1 + 0.5 * left @ right.T + 0.5 * rng.normal(size=(n, 1))
    return rng.poisson(np.exp(log_mean))


def pairs_of(counts: np.ndarray, x_max: float = 100.0, alpha: float = 0.75):
    matrix = sparse.coo_array(sparse.csr_array(counts))
    return (
        matrix.row.astype(np.int32),
        matrix.col.astype(np.int32),
        np.log(matrix.data).astype(np.float32),
        np.minimum(1, (matrix.data / x_max) ** alpha).astype(np.float32),
    )


def loss_of_pair(w, c, log_count, weight):
    """1/2 f (w . c + b + a - log X)^2 of one pair, biases last, in double precision."""
    w, c = np.asarray(w, np.float64), np.asarray(c, np.float64)
    return 0.5 * weight * (w[:-1] @ c[:-1] + w[-1] + c[-1] - log_count) ** 2


class ReferenceTrainer:
    """The published update written out plainly, in double precision."""

    def __init__(self, pairs, W, C, *, rate, rng):
        order = rng.permutation(len(pairs[0]))
        self.pairs = [a[order] for a in pairs]
        self.W, self.C = W.astype(np.float64), C.astype(np.float64)
        self.GW, self.GC = np.ones_like(self.W), np.ones_like(self.C)
        self.rate = rate

    def epoch(self):
        total = 0.0
        for i, j, log_count, weight in zip(*self.pairs):
            w, c = self.W[i].copy(), self.C[j].copy()
            difference = w[:-1] @ c[:-1] + w[-1] + c[-1] - log_count
            total += 0.5 * weight * difference**2
            step_w = self.rate * weight * difference * np.append(c[:-1], 1)
            step_c = self.rate * weight * difference * np.append(w[:-1], 1)
            self.W[i] -= step_w / np.sqrt(self.GW[i])
            self.C[j] -= step_c / np.sqrt(self.GC[j])
            self.GW[i] += step_w**2
            self.GC[j] += step_c**2
        return total


def starting_vectors(n, columns, dim, seed=1):
    rng = np.random.default_rng(seed)
    return tuple((rng.random((k, dim + 1), np.float32) - 0.5) / (dim + 1) for k in (n, columns))


def test_layout_survives_packing_and_unpacking():
    start = np.arange(12, dtype=np.float32).reshape(3, 4)
    for context in (False, True):
        packed = pack(start, context=context)
        assert np.array_equal(unpack(packed, context=context, dim=3), start)


@pytest.mark.parametrize("dim", [1, 7, 14, 20])
def test_step_is_the_gradient_by_finite_differences(dim):
    rng = np.random.default_rng(dim)
    w, c = rng.normal(size=(1, dim + 1)), rng.normal(size=(1, dim + 1))
    log_count, weight, rate = 1.7, 0.6, 0.05
    W = pack(w.astype(np.float32), context=False)
    C = pack(c.astype(np.float32), context=True)
    one = np.zeros(1, np.int32)
    values = (np.array([log_count], np.float32), np.array([weight], np.float32))
    loss = adagrad_pass(one, one, *values, W, C, dim, np.float32(rate))
    assert loss == pytest.approx(loss_of_pair(w[0], c[0], log_count, weight), rel=1e-5)
    # The accumulators start at 1, so the first step is rate * gradient.
    gradient_w = (w[0] - unpack(W, context=False, dim=dim)[0]) / rate
    gradient_c = (c[0] - unpack(C, context=True, dim=dim)[0]) / rate
    epsilon = 1e-6
    for k in range(dim + 1):
        nudge = np.zeros(dim + 1)
        nudge[k] = epsilon
        numeric_w = (
            loss_of_pair(w[0] + nudge, c[0], log_count, weight)
            - loss_of_pair(w[0] - nudge, c[0], log_count, weight)
        ) / (2 * epsilon)
        numeric_c = (
            loss_of_pair(w[0], c[0] + nudge, log_count, weight)
            - loss_of_pair(w[0], c[0] - nudge, log_count, weight)
        ) / (2 * epsilon)
        assert gradient_w[k] == pytest.approx(numeric_w, rel=1e-3, abs=2e-4)
        assert gradient_c[k] == pytest.approx(numeric_c, rel=1e-3, abs=2e-4)


def test_compiled_training_follows_the_reference_step_by_step():
    pairs, dim = pairs_of(planted_counts()), 6
    W, C = starting_vectors(60, 80, dim)
    order = np.random.default_rng(3).permutation(len(pairs[0]))
    packed = pack(W, context=False), pack(C, context=True)
    shuffled = [values[order] for values in pairs]
    reference = ReferenceTrainer(pairs, W, C, rate=0.05, rng=np.random.default_rng(3))
    for _ in range(5):
        loss = adagrad_pass(*shuffled, *packed, dim, np.float32(0.05))
        assert loss == pytest.approx(reference.epoch(), rel=1e-4)
    ours = [unpack(state, context=context, dim=dim) for state, context in zip(packed, (0, 1))]
    theirs = (reference.W, reference.C)
    for a, b in zip(ours, theirs):
        assert np.abs(a - b).max() < 1e-3


def test_planted_log_counts_are_recovered():
    counts = planted_counts()
    model = GloVe(dim=8, epochs=200, x_max=20)
    model.fit(counts)
    predicted = (
        model.vectors_ @ model.context_vectors_.T
        + model.biases_[:, None]
        + model.context_biases_[None, :]
    )
    seen = counts >= 5
    assert np.corrcoef(predicted[seen], np.log(counts[seen]))[0, 1] > 0.95
    assert model.losses_.shape == (200,)
    assert model.losses_[-1] < 0.1 * model.losses_[0]


def test_same_seed_gives_the_same_bytes_and_another_seed_does_not():
    counts = planted_counts()
    first, again, other = (
        GloVe(dim=5, epochs=3, random_state=s).fit_transform(counts).vectors for s in (0, 0, 1)
    )
    assert first.tobytes() == again.tobytes()
    assert not np.allclose(first, other)


def test_two_jobs_give_the_bytes_of_one():
    counts = number_counts()
    one, two = (GloVe(dim=3, epochs=2, n_jobs=n).fit_transform(counts) for n in (1, 2))
    assert one.fingerprint == two.fingerprint


def number_counts(seed: int = 0) -> Counts:
    """Eight blocks, 30 numbers, number and word contexts at distances 1 and 2."""
    rng = np.random.default_rng(seed)
    vocabulary = Vocabulary.from_words([f"w{i}" for i in range(20)])
    events = [
        (block, distance, n, context, int(rng.integers(1, 20)))
        for block in range(8)
        for distance in (-2, -1, 1, 2)
        for n in range(30)
        for context in [*range(0, 30, 3), *range(1002, 1022)]
    ]
    return Counts.from_events(events, vocabulary=vocabulary, window_size=2, n_blocks=8)


def test_counts_are_read_with_harmonic_weights_and_give_halves():
    counts = number_counts()
    plain = GloVe(dim=4, epochs=2).fit_transform(counts)
    signal = counts.signal("both", window=Window(size=2, weighting="harmonic"))
    by_signal = GloVe(dim=4, epochs=2).fit_transform(signal)
    assert np.array_equal(plain.vectors, by_signal.vectors)
    assert len(plain.replicates) == len(half_samples(8)) > 5
    assert plain.numbers.tolist() == list(range(30))
    assert plain.n_documents == counts.n_documents
    assert plain.provenance["embed"]["parameters"]["dim"] == 4
    assert GloVe(dim=4, epochs=2, half_samples=False).fit_transform(counts).replicates.ids == ()


def test_sum_of_both_vectors_is_an_option_where_numbers_are_contexts():
    counts = number_counts()
    model = GloVe(dim=4, epochs=2, sum_vectors=False, half_samples=False)
    alone = model.fit_transform(counts)
    signal = counts.signal("number", window=Window(size=2))
    with pytest.raises(UsageError, match="context vector of every number"):
        GloVe(dim=4, epochs=2, sum_vectors=True).fit_transform(counts.signal("text"))
    summed_model = GloVe(dim=4, epochs=2, sum_vectors=True, half_samples=False)
    summed = summed_model.fit_transform(signal)
    place = {int(c): k for k, c in enumerate(signal.columns)}
    contexts = summed_model.context_vectors_[[place[n] for n in range(30)]]
    assert np.allclose(summed.vectors, summed_model.vectors_[:30] + contexts)
    assert alone.vectors.shape == summed.vectors.shape


def test_numbers_without_a_pair_are_missing_not_zero():
    counts = planted_counts()
    counts[7] = 0
    embedding = GloVe(dim=4, epochs=2).fit_transform(counts)
    assert embedding.missing.tolist() == [7]


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (np.zeros((5, 5)), "all counts are zero"),
        (-np.ones((5, 5)), "values that are no counts"),
        (np.full((5, 5), np.nan), "values that are no counts"),
        (np.full((5, 5), np.inf), "values that are no counts"),
    ],
)
def test_counts_that_cannot_be_trained_on_are_refused(counts, message):
    with pytest.raises(InputError, match=message):
        GloVe(dim=2, epochs=1).fit_transform(counts)


@pytest.mark.parametrize("rate", [5.0, 1e4, 1e30])
def test_too_high_a_learning_rate_stops_with_a_message(rate):
    with pytest.raises(InputError, match="GloVe diverged") as error:
        GloVe(dim=8, epochs=3, learning_rate=rate).fit_transform(planted_counts())
    assert "lower learning_rate" in str(error.value)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"dim": 0}, "dim cannot be 0"),
        ({"epochs": 0}, "epochs cannot be 0"),
        ({"learning_rate": -1.0}, "learning_rate=-1.0 is out of range"),
        ({"x_max": np.nan}, "x_max=nan is out of range"),
    ],
)
def test_parameters_out_of_range_are_usage_errors(parameters, message):
    with pytest.raises(UsageError, match=message):
        GloVe(**parameters).fit_transform(planted_counts())
