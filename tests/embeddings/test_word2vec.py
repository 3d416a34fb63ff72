"""word2vec and FastText: what gensim is fed, and that it is gensim's own result."""

from __future__ import annotations

import warnings
from collections import Counter

import numpy as np
import pytest

from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.perturbations import parse_perturbation
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.embeddings.gensim_models import FastText, Segments, Word2Vec
from wordnum.embeddings.text_models import block_reader
from wordnum.errors import InputError, UsageError

gensim_models = pytest.importorskip("gensim.models", reason="gensim is not installed")


@pytest.fixture(scope="module")
def corpus() -> EncodedCorpus:
    return SyntheticCorpus(
        n_documents=120, length=60, residue_words={10: 0.5}, random_state=1
    ).encoded()


def sentences_of(corpus: EncodedCorpus, perturbation="original") -> list[list[str]]:
    read = block_reader(corpus, perturbation)
    return list(Segments(read, range(corpus.n_blocks), corpus.vocabulary.tokens()))


def test_sentences_are_the_documents_and_can_be_read_again(corpus):
    segments = Segments(corpus.block, range(corpus.n_blocks), corpus.vocabulary.tokens())
    once, again = list(segments), list(segments)
    assert once == again
    assert len(once) == corpus.n_documents
    assert sum(map(len, once)) == corpus.n_tokens


def test_documents_longer_than_gensim_reads_are_split_not_cut_off():
    ids = np.full(25_000, 1002)
    corpus = EncodedCorpus.from_arrays(ids, [0, len(ids)], Vocabulary.from_words(["a"]))
    assert [len(s) for s in sentences_of(corpus)] == [10_000, 10_000, 5_000]


def test_isolated_sentences_hold_one_number_at_most(corpus):
    perturbation = parse_perturbation("isolate:1")
    sentences = sentences_of(corpus, perturbation)
    assert max(sum(token.isdecimal() for token in s) for s in sentences) == 1
    assert sum(map(len, sentences)) == corpus.n_tokens


@pytest.mark.parametrize("mode", ["sgns", "cbow"])
def test_vectors_are_gensims_own_byte_for_byte(corpus, mode):
    ours = Word2Vec(dim=10, mode=mode, epochs=2, random_state=3).fit_transform(corpus)
    sentences = sentences_of(corpus)
    tokens = corpus.vocabulary.tokens()
    seen = Counter(token for sentence in sentences for token in sentence)
    theirs = gensim_models.Word2Vec(
        vector_size=10, sg=int(mode == "sgns"), min_count=1, seed=3, workers=1, epochs=2
    )
    theirs.build_vocab_from_freq({token: seen[token] for token in tokens if seen[token]})
    theirs.train(sentences, total_words=corpus.n_tokens, epochs=2)
    expected = np.array([theirs.wv[str(n)] for n in ours.numbers])
    assert np.array_equal(ours.vectors, expected)


def test_same_seed_gives_the_same_bytes_with_one_worker(corpus):
    first, again = (
        Word2Vec(dim=6, epochs=2, random_state=4).fit_transform(corpus) for _ in range(2)
    )
    assert first.vectors.tobytes() == again.vectors.tobytes()


def test_unknown_words_and_other_numbers_have_no_vector():
    ids = [1002, 1001, 7, 1000, 1003, 8] * 50
    corpus = EncodedCorpus.from_arrays(ids, [0, 150, 300], Vocabulary.from_words(["a", "b"]))
    model = Word2Vec(dim=4, epochs=1, sample=0)
    embedding = model.fit_transform(corpus)
    assert set(model.keyed_vectors_.key_to_index) == {"a", "b", "7", "8"}
    assert model.n_words_ == 200
    assert embedding.numbers.tolist() == [7, 8]
    assert embedding.counts.tolist() == [50, 50]


def test_halves_are_trained_on_complementary_blocks():
    corpus = SyntheticCorpus(n_documents=20, length=40, random_state=2).encoded()
    embedding = Word2Vec(dim=3, epochs=1, half_samples=True).fit_transform(corpus)
    assert len(embedding.replicates) == 10
    a, b = embedding.replicates.pairs[0]
    assert a.counts.sum() + b.counts.sum() == embedding.counts.sum()


def test_fasttext_reads_nothing_off_the_spelling_of_numbers(corpus):
    model = FastText(dim=6, epochs=1, buckets=1000)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        embedding = model.fit_transform(corpus)
    assert "subwords" not in embedding.flags
    vectors = model.keyed_vectors_
    for number in embedding.numbers[:50]:
        row = vectors.key_to_index[str(number)]
        assert vectors.buckets_word[row].size == 0
        assert np.array_equal(vectors.vectors[row], vectors.vectors_vocab[row])
    word = vectors.key_to_index[corpus.vocabulary.token(corpus.vocabulary.first_word)]
    assert vectors.buckets_word[word].size > 0


def test_fasttext_with_number_ngrams_warns_and_flags(corpus):
    with pytest.warns(UserWarning, match="spell their last digit"):
        embedding = FastText(dim=6, epochs=1, buckets=1000, number_ngrams=True).fit_transform(
            corpus
        )
    assert "subwords" in embedding.flags


def test_fasttext_without_any_ngrams_trains(corpus):
    embedding = FastText(dim=6, epochs=1, max_n=0, number_ngrams=True).fit_transform(corpus)
    assert "subwords" not in embedding.flags
    assert np.isfinite(embedding.vectors).all()


@pytest.mark.parametrize(
    "parameters", [{"buckets": 0}, {"min_n": 0}], ids=lambda given: next(iter(given))
)
def test_fasttext_parameters_out_of_range_are_usage_errors(corpus, parameters):
    with pytest.raises(UsageError, match="cannot be 0"):
        FastText(**parameters).fit_transform(corpus)


def test_perturbation_may_be_an_object_or_its_name(corpus):
    by_name = Word2Vec(dim=4, epochs=1).fit_transform(corpus, perturbation="isolate:1")
    by_object = Word2Vec(dim=4, epochs=1).fit_transform(
        corpus, perturbation=parse_perturbation("isolate:1")
    )
    plain = Word2Vec(dim=4, epochs=1).fit_transform(corpus)
    assert np.array_equal(by_name.vectors, by_object.vectors)
    assert not np.array_equal(by_name.vectors, plain.vectors)
    assert by_name.provenance["perturbation"] == by_object.provenance["perturbation"]


@pytest.mark.parametrize("model", [Word2Vec(dim=4), FastText(dim=4, buckets=100)])
def test_text_without_numbers_is_an_error(model):
    corpus = EncodedCorpus.from_arrays([1002, 1000], [0, 2], Vocabulary.from_words(["a"]))
    with pytest.raises(InputError, match="the text holds no numbers"):
        model.fit(corpus)


def test_text_of_nothing_but_single_dropped_words_is_an_error():
    corpus = EncodedCorpus.from_arrays([7, 8] * 2000, [0, 4000], Vocabulary.from_words(["a"]))
    with pytest.raises(InputError, match="gensim trained on no word"):
        Word2Vec(dim=4, epochs=1, sample=1e-12).fit_transform(corpus)


def test_counts_are_refused_with_the_way_to_go():
    with pytest.raises(InputError, match="encode the text"):
        Word2Vec().fit_transform(np.ones((3, 3)))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"dim": 0}, "dim cannot be 0"),
        ({"n_jobs": 0}, "n_jobs cannot be 0"),
        ({"n_jobs": -2}, "n_jobs cannot be -2"),
        ({"mode": "glove"}, "unknown mode 'glove'"),
        ({"learning_rate": 1e6}, "learning_rate=1000000.0 is out of range"),
    ],
)
def test_parameters_out_of_range_are_usage_errors(corpus, parameters, message):
    with pytest.raises(UsageError, match=message):
        Word2Vec(**parameters).fit_transform(corpus)
