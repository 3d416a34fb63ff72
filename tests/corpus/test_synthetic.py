"""The control corpus: shares as asked for, and signals found where planted and gone where taken."""

from __future__ import annotations

import numpy as np
import pytest

from wordnum.analyzers import probe
from wordnum.analyzers.spectra import spectrum
from wordnum.cooccurrence.counting import count, count_conditions
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.encoding import encode
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.embeddings.svd import SVD
from wordnum.errors import UsageError

SIZE = 200
PLAIN = {
    "n_documents": 1500, "length": 900, "size": SIZE, "density": 0.02, "decay": 0.3, "heaping": 1.0,
    "n_fillers": 300, "random_state": 3,
}  # fmt: skip
CONDITIONS = ("original", "isolate:1", "swap-numbers", "unigram-replace")
# Room for chance: the spread of kappa without any signal is about 5 at T = 5 and N = 200.
NOTHING = 15


def kappas(counts: Counts, signal: str, size: int = 3) -> float:
    """Kappa at T = 5 from the contexts of one signal."""
    model = SVD(dim=20, half_samples=False)
    embedding = model.fit_transform(counts.signal(signal, window=Window(size=size)))
    return probe(embedding, moduli=(5,), controls=False)[5].kappa


@pytest.fixture(scope="module")
def words_tell() -> dict[str, Counts]:
    """Words beside a number tell n mod 5; other numbers do not."""
    corpus = SyntheticCorpus(**PLAIN, companions=0.5, residue_words={5: 0.6})
    return count_conditions(corpus.encoded(), window=4, perturbations=CONDITIONS)


@pytest.fixture(scope="module")
def numbers_tell() -> dict[str, Counts]:
    """The number beside a number is of the same residue mod 5; words know nothing."""
    corpus = SyntheticCorpus(**PLAIN, companions=1.0, same_residue={5: 0.8})
    return count_conditions(corpus.encoded(), window=4, perturbations=CONDITIONS)


def test_a_signal_in_the_words_is_found_in_the_words(words_tell):
    assert kappas(words_tell["original"], "text") > 70
    assert abs(kappas(words_tell["original"], "number")) < NOTHING


def test_a_signal_in_the_numbers_is_found_in_the_numbers(numbers_tell):
    assert kappas(numbers_tell["original"], "number") > 70
    # Two numbers of a phrase see the same words from a little farther away.
    assert abs(kappas(numbers_tell["original"], "text", size=1)) < NOTHING


def test_swapping_numbers_takes_the_signal_of_the_words_and_keeps_that_of_the_numbers(
    words_tell, numbers_tell
):
    assert words_tell["swap-numbers"].provenance["share_in_place"] < 0.2
    assert abs(kappas(words_tell["swap-numbers"], "text")) < NOTHING
    kept = kappas(numbers_tell["swap-numbers"], "number")
    assert kept == kappas(numbers_tell["original"], "number")


def test_isolating_numbers_keeps_the_signal_of_the_words_alone(words_tell, numbers_tell):
    assert kappas(words_tell["isolate:1"], "text") > 60
    assert numbers_tell["isolate:1"].signal("number").matrix().nnz == 0


def test_redrawing_numbers_takes_everything(words_tell, numbers_tell):
    assert abs(kappas(words_tell["unigram-replace"], "text")) < NOTHING
    assert abs(kappas(numbers_tell["unigram-replace"], "number")) < NOTHING


def test_size_words_make_a_smooth_embedding_without_a_period():
    corpus = SyntheticCorpus(**PLAIN, companions=0.0, magnitude=0.8)
    counts = count(corpus.encoded(), window=4)
    embedding = SVD(dim=20, half_samples=False).fit_transform(counts.signal("text"))
    assert probe(embedding, moduli=(5,), controls=False)[5].kappa < NOTHING
    magnitude = spectrum(embedding, periods=(5,)).magnitude
    assert magnitude[1] > 3 * np.median(magnitude)


def test_shares_are_those_asked_for():
    corpus = SyntheticCorpus(
        n_documents=3000, length=200, density=0.1, companions=0.4, residue_words={10: 0.5},
        magnitude=0.2, same_residue={5: 0.5}, neighbours=0.3, size=500,
    )  # fmt: skip
    encoded = corpus.encoded()
    numbers = encoded.number_counts.sum()
    assert numbers / encoded.n_tokens == pytest.approx(0.1, rel=0.03)
    assert encoded.n_tokens / encoded.n_documents == pytest.approx(200, rel=0.03)
    ids = np.concatenate([block.ids for block in encoded.blocks()])
    link = corpus.vocabulary.id("link")
    told = corpus.residue_ids(10)
    links = int((ids == link).sum())
    phrases = numbers - links
    assert links / phrases == pytest.approx(0.4, rel=0.03)
    assert np.isin(ids, told).sum() / phrases == pytest.approx(0.5, rel=0.03)
    at = np.flatnonzero(ids == link)
    n, m = ids[at - 1].astype(int), ids[at + 1].astype(int)
    share = corpus.marginal.reshape(-1, 5).sum(axis=0)
    steps = np.concatenate([np.arange(-40, 0), np.arange(1, 41)])
    reached = np.clip(np.arange(500)[:, None] + steps, 0, 499) - np.arange(500)[:, None]
    neighbours = corpus.marginal @ (reached % 5 == 0) @ (0.5 ** np.abs(steps) / 2)
    expected = 0.5 + 0.3 * neighbours + 0.2 * (share**2).sum()
    assert (np.abs(n - m) % 5 == 0).mean() == pytest.approx(expected, abs=0.01)


def test_a_word_of_a_residue_class_stands_beside_that_class_only():
    corpus = SyntheticCorpus(n_documents=100, residue_words={4: 0.7, 10: 0.3}, size=100)
    ids = np.concatenate([block.ids for block in corpus.encoded().blocks()]).astype(int)
    for T in (4, 10):
        told = corpus.residue_ids(T)
        at = np.flatnonzero(np.isin(ids, told))
        assert at.size > 100
        residue = (ids[at] - told[0, 0]) // told.shape[1]
        assert np.array_equal(ids[at - 1] % T, residue)
        names = {corpus.vocabulary.token(i) for i in told[3]}
        assert all("isd" in name for name in names)


def test_numbers_follow_the_marginal():
    corpus = SyntheticCorpus(n_documents=4000, size=100, heaping=5.0, density=0.2)
    seen = corpus.encoded().number_counts
    expected = corpus.marginal * seen.sum()
    z = (seen - expected) / np.sqrt(expected)
    assert 0.8 < z.std() < 1.3
    assert corpus.marginal[20] > 4 * corpus.marginal[21] > corpus.marginal[22]


def test_text_read_back_is_the_ids_without_the_way_through_text(tmp_path):
    corpus = SyntheticCorpus(n_documents=1200, length=20, residue_words={10: 0.5}, n_fillers=40)
    path = tmp_path / "text.txt"
    path.write_text("\n\n".join(corpus))
    read = encode(str(path), tmp_path / "corpus")
    direct = corpus.encoded()
    words, again = (
        [names[i] for block in one.blocks() for i in block.ids]
        for one in (direct, read)
        for names in [one.vocabulary.tokens()]
    )
    assert words == again
    assert read.n_documents == direct.n_documents == len(corpus)


def test_a_longer_corpus_begins_with_the_shorter_one():
    short, long = (SyntheticCorpus(n_documents=n, length=20) for n in (1000, 2500))
    texts = list(long)
    assert texts[:1000] == list(short)
    assert len(texts) == 2500
    assert texts != list(SyntheticCorpus(n_documents=2500, length=20, random_state=1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"residue_words": {10: 0.6}, "magnitude": 0.6}, "sum to at most 1\n  got: units 1.2"),
        ({"same_residue": {5: -0.1}}, "must be in 0..1"),
        ({"density": 0.5}, r"density must be in \(0, 0.25\]"),
        ({"n_documents": 0}, "sizes must be at least 1"),
        ({"residue_words": {1: 0.5}}, r"periods must be in 2..size\n  got: \[1\]"),
    ],
)
def test_what_cannot_be_drawn_is_refused(options, message: str):
    with pytest.raises(UsageError, match=message):
        SyntheticCorpus(**options)


def test_words_that_tell_nothing_are_named():
    with pytest.raises(UsageError, match=r"no words tell n mod 5\n  expected: \[10\]"):
        SyntheticCorpus(residue_words={10: 0.5}).residue_ids(5)
