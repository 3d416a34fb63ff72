"""Number-centred SGNS: which pairs it trains, its gradient, its optimum, and bad input."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from wordnum.cooccurrence.counting import count
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.embeddings.number_streams import number_stream
from wordnum.embeddings.sgns import NumberSGNS, _alias_table, _keep, word_contexts
from wordnum.embeddings.sgns_kernel import _train_pair
from wordnum.errors import InputError, UsageError

WORDS = Vocabulary.from_words(["a", "b", "c", "d"])
A, B, C, D = range(1002, 1006)
OTHER, UNKNOWN = 1000, 1001


def corpus_of(*documents: list[int], n_blocks: int = 20) -> EncodedCorpus:
    starts = np.concatenate([[0], np.cumsum([len(d) for d in documents])])
    return EncodedCorpus.from_arrays(np.concatenate(documents), starts, WORDS, n_blocks=n_blocks)


def loss_of_pair(w, contexts):
    """-log s(w.c) - sum over noise of log s(-w.c'), in double precision."""
    dots = np.asarray(contexts, np.float64) @ np.asarray(w, np.float64)
    return np.log1p(np.exp(-dots[0])) + np.log1p(np.exp(dots[1:])).sum()


def test_step_is_the_gradient_by_finite_differences():
    rng = np.random.default_rng(0)
    w, contexts = rng.normal(size=20), rng.normal(size=(4, 20))
    trained_w, trained = w.astype(np.float32), contexts.astype(np.float32)
    rate = 1e-3
    targets = np.arange(4)
    step, work = np.float32(rate), np.zeros(20, np.float32)
    alone, kept = trained_w.copy(), trained.copy()
    loss = _train_pair(trained_w, trained, targets, step, step, work)
    _train_pair(alone, kept, targets, step, np.float32(0), work)
    assert np.array_equal(alone, trained_w)
    assert np.array_equal(kept, contexts.astype(np.float32))
    assert loss == pytest.approx(loss_of_pair(w, contexts), rel=1e-5)
    epsilon = 1e-6
    for k in range(20):
        nudge = np.zeros(20)
        nudge[k] = epsilon
        numeric = (loss_of_pair(w + nudge, contexts) - loss_of_pair(w - nudge, contexts)) / (
            2 * epsilon
        )
        assert (w[k] - trained_w[k]) / rate == pytest.approx(numeric, rel=1e-2, abs=1e-3)
        for row in range(4):
            moved = contexts.copy()
            moved[row] += nudge
            back = contexts.copy()
            back[row] -= nudge
            numeric = (loss_of_pair(w, moved) - loss_of_pair(w, back)) / (2 * epsilon)
            got = (contexts[row, k] - trained[row, k]) / rate
            assert got == pytest.approx(numeric, rel=1e-2, abs=1e-3)


def test_alias_table_holds_the_distribution():
    weights = np.random.default_rng(0).random(37) ** 3
    weights[5] = 0
    threshold, alias = _alias_table(weights)
    own = threshold / 2**32
    drawn = own.copy()
    np.add.at(drawn, alias, 1 - own)
    assert np.abs(drawn / 37 - weights / weights.sum()).max() < 1e-8
    assert threshold[5] == 0


def test_subsampling_chance_is_word2vecs():
    counts = np.array([1_000_000, 1_000, 10])
    share = counts / counts.sum()
    expected = np.minimum(1, (np.sqrt(share / 1e-3) + 1) * 1e-3 / share)
    assert np.allclose(_keep(counts, 1e-3) / 2**32, expected, atol=1e-9)
    assert (_keep(counts, 0) == 2**32 - 1).all()


def test_streams_hold_the_neighbourhoods_of_numbers_only():
    corpus = corpus_of([A, B, C, UNKNOWN, 7, D], [A, B], [OTHER, 5], n_blocks=1)
    stream = number_stream(corpus.block(0), vocabulary=WORDS, reach=2)
    assert stream.ids.tolist() == [B, C, 7, D, 5]
    assert stream.places.tolist() == [2, 4]
    assert stream.left.tolist() == [2, 0]
    assert stream.right.tolist() == [1, 0]
    assert stream.unigrams[[A, B, OTHER, UNKNOWN]].tolist() == [2, 2, 1, 1]


def test_every_pair_of_a_number_within_the_window_is_trained_once_per_pass():
    # With window 1: 7 meets a and 8, 8 meets 7 and b, 9 meets b across the unknown; 3 is alone.
    corpus = corpus_of([A, 7, 8, B, UNKNOWN, 9], [3])
    model = NumberSGNS(dim=2, window=1, sample=0, epochs=4)
    model.fit(corpus)
    assert model.n_pairs_ == 4 * 5


def test_nothing_meets_across_documents():
    with pytest.raises(InputError, match="nothing to train on"):
        NumberSGNS(dim=2, sample=0).fit_transform(corpus_of([A], [7], [8], [B]))


def test_window_is_drawn_uniformly():
    documents = [[A] * 10 + [n] + [B] * 10 for n in (7, 8)] * 200
    model = NumberSGNS(dim=2, window=5, sample=0, epochs=5)
    model.fit(corpus_of(*documents))
    assert model.n_pairs_ / (400 * 5) == pytest.approx(6, rel=0.05)


def test_subsampling_thins_frequent_words_and_closes_up():
    # d fills the text: nearly all of it is dropped, and a comes into the window of 1.
    documents = [[A, D, D, n, D, D, B] + [D] * 60 for n in (7, 8)] * 100
    model = NumberSGNS(dim=2, window=1, sample=2e-3, epochs=5)
    model.fit(corpus_of(*documents))
    drawn = model.context_vectors_
    assert np.abs(drawn[A]).sum() > 0
    assert np.abs(drawn[B]).sum() > 0


def test_optimum_is_the_shifted_pmi():
    """Levy and Goldberg (2014), equation 7, for noise that skips the word of the pair."""
    rng = np.random.default_rng(0)
    chances = np.array([[0.7, 0.1, 0.1, 0.1], [0.1, 0.6, 0.2, 0.1], [0.2, 0.2, 0.2, 0.4]])
    numbers = rng.integers(0, 3, 20_000)
    words = np.array([rng.choice(4, p=chances[n]) for n in numbers])
    text = np.stack([numbers, A + words], axis=1).ravel()
    corpus = EncodedCorpus.from_arrays(text, np.arange(0, 40_001, 2), WORDS)
    negative = 2
    model = NumberSGNS(
        dim=8, window=1, sample=0, negative=negative, noise_exponent=1, signal="text",
        epochs=30, learning_rate=0.05,
    )  # fmt: skip
    w = model.fit_transform(corpus).vectors
    pairs = np.zeros((3, 4))
    np.add.at(pairs, (numbers, words), 1)
    noise = pairs.sum(axis=0) / pairs.sum()
    optimum = np.log(pairs / (negative * noise * (pairs.sum(axis=1, keepdims=True) - pairs)))
    assert np.abs(w @ model.context_vectors_[A : A + 4].T - optimum).max() < 0.15


def test_contexts_of_all_words_stay_and_numbers_come_to_their_optimum():
    """The objective of given contexts is convex: its minimum, found by another way, is reached."""
    corpus = SyntheticCorpus(
        n_documents=400, size=20, residue_words={2: 0.6}, random_state=3
    ).encoded()
    given = {"window": 1, "dim": 6, "noise_exponent": 1.0, "random_state": 0}
    contexts = word_contexts(corpus, perturbation="original", **given)
    model = NumberSGNS(
        **given, contexts="words", sample=0, negative=2, epochs=60, learning_rate=0.02
    )
    embedding = model.fit_transform(corpus)
    assert np.array_equal(model.context_vectors_, contexts)
    pairs = count(corpus, window=1).signal("both")
    width = len(corpus.vocabulary)
    seen = np.zeros((corpus.vocabulary.size, width))
    seen[:, pairs.columns] = pairs.matrix().toarray()
    unigrams = np.sum([np.bincount(b.ids, minlength=width) for b in corpus.blocks()], axis=0)
    unigrams[[corpus.vocabulary.other_number, corpus.vocabulary.unknown]] = 0
    noise = unigrams / unigrams.sum()
    for number in np.argsort(-seen.sum(axis=1))[:5]:
        row = seen[number]
        # Noise that is the word of the pair is skipped.
        against = model.negative * noise * (row.sum() - row)

        def loss(w: np.ndarray, row: np.ndarray = row, against: np.ndarray = against) -> float:
            dots = contexts.astype(float) @ w
            return float(row @ np.logaddexp(0, -dots) + against @ np.logaddexp(0, dots))

        best = optimize.minimize(loss, np.zeros(6))
        found = embedding.vectors[np.flatnonzero(embedding.numbers == number)[0]]
        assert loss(found) < best.fun * 1.003
        assert np.corrcoef(found, best.x)[0, 1] > 0.98


def test_contexts_of_all_words_see_the_perturbed_text():
    corpus = SyntheticCorpus(n_documents=60).encoded()
    vectors = [
        NumberSGNS(dim=4, epochs=1, contexts="words")
        .fit_transform(corpus, perturbation=name)
        .vectors
        for name in ("original", "original", "context-length:2")
    ]
    assert np.array_equal(vectors[0], vectors[1])
    assert not np.array_equal(vectors[0], vectors[2])


def test_signal_chooses_the_contexts():
    corpus = corpus_of(*[[A, 7, 8, B, 9, C]] * 30)
    for signal, used in (("text", slice(1000, None)), ("number", slice(0, 1000))):
        model = NumberSGNS(dim=4, sample=0, epochs=3, signal=signal)
        model.fit(corpus)
        touched = np.abs(model.context_vectors_).sum(axis=1) > 0
        assert touched[used].any()
        assert touched.sum() == touched[used].sum()


def test_same_seed_gives_the_same_bytes_and_another_seed_does_not():
    corpus = SyntheticCorpus(n_documents=30, random_state=1).encoded()
    first, again, other = (
        NumberSGNS(dim=8, epochs=2, random_state=s).fit_transform(corpus).vectors for s in (0, 0, 1)
    )
    assert first.tobytes() == again.tobytes()
    assert not np.allclose(first, other)


def test_losses_fall_from_that_of_untrained_vectors():
    corpus = SyntheticCorpus(n_documents=200, residue_words={10: 0.5}, random_state=1).encoded()
    model = NumberSGNS(dim=16, epochs=10)
    model.fit(corpus)
    assert model.losses_.shape == (10,)
    assert model.losses_[0] < 6 * np.log(2)
    assert model.losses_[-1] < 0.9 * model.losses_[0]


def test_halves_are_trained_on_complementary_blocks():
    corpus = SyntheticCorpus(n_documents=60, random_state=2).encoded()
    embedding = NumberSGNS(dim=4, epochs=1, half_samples=True).fit_transform(corpus)
    assert len(embedding.replicates) == 10
    for a, b in embedding.replicates.pairs:
        total = np.zeros(embedding.size, int)
        total[a.numbers] += a.counts
        total[b.numbers] += b.counts
        assert np.array_equal(total[embedding.numbers], embedding.counts)


def test_numbers_that_never_occur_are_missing():
    embedding = NumberSGNS(dim=4, sample=0).fit_transform(corpus_of(*[[A, 7, B, 9]] * 20))
    assert embedding.numbers.tolist() == [7, 9]
    assert embedding.counts.tolist() == [20, 20]
    assert embedding.provenance["embed"]["parameters"]["dim"] == 4


def test_text_without_contexts_of_the_signal_is_an_error():
    with pytest.raises(InputError, match="no contexts to train on") as error:
        NumberSGNS(dim=4, signal="text").fit_transform(corpus_of([7, 8, 9, 7, 8, 9]))
    assert 'contexts of the signal "text"' in str(error.value)


def test_text_without_numbers_is_an_error():
    with pytest.raises(InputError, match="the text holds no numbers"):
        NumberSGNS(dim=4).fit_transform(corpus_of([A, B, OTHER]))


def test_counts_are_refused_with_the_way_to_go():
    with pytest.raises(InputError, match="encode the text"):
        NumberSGNS().fit_transform(np.ones((3, 3)))


@pytest.mark.parametrize("rate", [10.0, 1e5, 1e30])
def test_too_high_a_learning_rate_stops_with_a_message(rate):
    corpus = SyntheticCorpus(n_documents=100, random_state=1).encoded()
    with pytest.raises(InputError, match="diverged") as error:
        NumberSGNS(dim=8, epochs=3, learning_rate=rate).fit_transform(corpus)
    assert "lower learning_rate" in str(error.value)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"dim": 0}, "dim cannot be 0"),
        ({"window": 0}, "window cannot be 0"),
        ({"negative": 0}, "negative cannot be 0"),
        ({"learning_rate": 0.0}, "learning_rate=0.0 is out of range"),
        ({"sample": -1.0}, "sample=-1.0 is out of range"),
        ({"signal": "words"}, "unknown signal 'words'"),
        ({"contexts": "text"}, "unknown choice of contexts 'text'"),
    ],
)
def test_parameters_out_of_range_are_usage_errors(parameters, message):
    with pytest.raises(UsageError, match=message):
        NumberSGNS(**parameters).fit_transform(corpus_of([A, 7, B]))
