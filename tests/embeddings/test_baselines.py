"""Token frequency and random vectors: values by hand, and what they are the floor of."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from wordnum.cooccurrence.counting import count
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.embeddings.baselines import Random, TokenFrequency
from wordnum.errors import UsageError

WORDS = Vocabulary.from_words(["a", "b"])
A, B = 1002, 1003


def test_frequency_is_the_log_share_of_the_number_tokens():
    corpus = EncodedCorpus.from_arrays([7, A, 3, 7, B, 7, 1000, 1001], [0, 8], WORDS)
    embedding = TokenFrequency().fit_transform(corpus)
    assert embedding.numbers.tolist() == [3, 7]
    assert embedding.vectors.ravel() == pytest.approx([log(1 / 4), log(3 / 4)])
    assert embedding.counts.tolist() == [1, 3]


def test_shares_count_the_numbers_that_min_count_drops():
    corpus = EncodedCorpus.from_arrays([7, 7, 3, 8, 8], [0, 5], WORDS)
    embedding = TokenFrequency(min_count=2).fit_transform(corpus)
    assert embedding.vectors.ravel() == pytest.approx([log(2 / 5), log(2 / 5)])


def test_corpus_and_its_counts_give_the_same_frequencies():
    corpus = SyntheticCorpus(n_documents=40, random_state=1).encoded(n_blocks=4)
    counts = count(corpus, window=1)
    of_corpus, of_counts = (
        TokenFrequency().fit_transform(corpus),
        TokenFrequency().fit_transform(counts),
    )
    of_signal = TokenFrequency().fit_transform(counts.signal("text"))
    assert np.array_equal(of_corpus.vectors, of_counts.vectors)
    assert np.array_equal(of_corpus.vectors, of_signal.vectors)
    for (a, _), (b, _) in zip(of_corpus.replicates.pairs, of_counts.replicates.pairs, strict=True):
        assert np.array_equal(a.vectors, b.vectors)


def test_frequency_of_round_numbers_has_the_spikes_of_the_paper():
    corpus = SyntheticCorpus(n_documents=8000, length=60, decay=0.3, heaping=6.0, random_state=1)
    embedding = TokenFrequency(half_samples=False).fit_transform(corpus.encoded())
    assert not embedding.missing.size
    magnitude = np.abs(np.fft.rfft(embedding.vectors.ravel()))
    magnitude /= np.median(magnitude)
    assert all(magnitude[1000 // T] > 2 for T in (2, 5, 10))
    assert all(magnitude[round(1000 / T)] < 2 for T in (3, 7, 9))


def test_random_vectors_are_standard_normal_and_independent():
    vectors = Random(dim=200, random_state=3).fit_transform(np.ones((300, 1))).vectors
    assert vectors.mean() == pytest.approx(0, abs=0.02)
    assert vectors.std() == pytest.approx(1, abs=0.02)
    overlap = np.corrcoef(vectors)[np.triu_indices(300, 1)]
    assert np.abs(overlap).max() < 6 / np.sqrt(200)


def test_random_vector_of_a_number_does_not_depend_on_the_others():
    counts = np.ones((50, 3))
    whole = Random(dim=5).fit_transform(counts)
    counts[[4, 9]] = 0
    some = Random(dim=5).fit_transform(counts)
    assert some.missing.tolist() == [4, 9]
    assert np.array_equal(some.vectors, whole.select(some.numbers).vectors)


def test_random_vectors_need_a_dimension():
    with pytest.raises(UsageError, match="dim cannot be 0"):
        Random(dim=0).fit_transform(np.ones((3, 3)))
