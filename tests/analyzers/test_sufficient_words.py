"""How many words suffice: what is planted does, and nothing is chosen on its own test."""

import numpy as np
import pytest
from scipy.special import stdtrit

from wordnum.analyzers.closed_form import ClosedFormFold, gram_basis
from wordnum.analyzers.contrasts import residue_contrasts
from wordnum.analyzers.keyword_tests import block_f
from wordnum.analyzers.probing import probe
from wordnum.analyzers.residues import Task
from wordnum.analyzers.sufficiency_results import OF_ALL, OF_WORDS, Reader
from wordnum.analyzers.sufficient_words import _matched, sufficiency
from wordnum.backend import get_backend
from wordnum.cooccurrence.counting import count
from wordnum.cooccurrence.counts import Counts
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import InputError, UsageError


def text_of(seed: int, share: float = 0.4, **changes) -> Counts:
    text = SyntheticCorpus(
        n_documents=800, length=300, density=0.2, size=200, decay=0.3, n_fillers=200,
        residue_words={5: share}, random_state=seed, **changes,
    )  # fmt: skip
    return count(text.encoded(), window=1)


@pytest.fixture(scope="module")
def found():
    return sufficiency(text_of(0), modulus=5, sizes=[1, 15, 40], splits=3)


def kappas(found, name: str) -> dict:
    return {one.words: one.kappa for one in found.named(name)}


def test_the_planted_words_suffice_and_random_ones_do_not(found):
    words, random = kappas(found, "words"), kappas(found, "random words")
    assert words[15] > 60
    assert words[15] > words[1]
    assert words[15] > 3 * max(random[1], random[15])
    assert found.all.kappa > 60
    count = kappas(found, OF_ALL[3])[None]
    assert abs(count) < 25  # heaping alone
    assert kappas(found, "words and log count")[15] > max(count, 60)


def test_every_reader_has_a_kappa_per_half_and_split(found):
    assert [one.words for one in found.named("frequent words")] == [1, 15, 40]
    assert {one.name for one in found.readers} == {*OF_WORDS, *OF_ALL}
    assert all(one.kappas.shape == (3, 2) for one in found.readers)
    assert found.numbers == 200


def test_interval_is_that_of_the_mean_of_independent_halves():
    one = Reader("words", 3, np.array([[10.0, 14.0], [13.0, 11.0], [12.0, 12.0]]))
    width = stdtrit(3, 0.975) * np.sqrt((16 + 4) / 12)
    assert one.interval() == pytest.approx((12 - width, 12 + width))
    other = Reader("all", None, one.kappas + np.array([1.0, 2.0]))
    beyond = one.less_than(other)
    assert beyond.kappa == pytest.approx(1.5)
    assert beyond.interval()[1] - 1.5 == pytest.approx(stdtrit(3, 0.975) * np.sqrt(3 / 12))


def test_words_of_noise_carry_nothing_as_none_is_chosen_on_its_own_test():
    """The same words stand beside the same numbers in every block, for no reason of residues."""
    rng = np.random.default_rng(1)
    rates = 3 * np.random.default_rng(0).gamma(0.3, size=(60, 400))
    drawn = rng.poisson(rates, size=(8, 60, 400))
    events = [
        (block, 1, n, 62 + word, drawn[block, n, word]) for block, n, word in np.argwhere(drawn)
    ]
    names = ["w" + "abcdefghij"[i // 100] + "".join("abcdefghij"[int(d)] for d in f"{i % 100:02}")
             for i in range(400)]  # fmt: skip
    vocabulary = Vocabulary.from_words(names, numerals=NumeralScheme(size=60))
    counts = Counts.from_events(events, vocabulary=vocabulary, window_size=1, n_blocks=8)
    found = sufficiency(counts, modulus=5, sizes=[5, 20], splits=4, min_count=50)
    for size in (5, 20):
        assert abs(kappas(found, "words")[size]) < 15
    # Words chosen on the numbers that they then read, as a probe of the first ones would.
    shares = counts.signal("text").matrix().toarray()
    shares /= shares.sum(axis=1, keepdims=True)
    first = np.argsort(-block_f(residue_contrasts(np.arange(60), 5), shares)[0])[:20]
    assert probe(np.sqrt(shares[:, first]), moduli=[5], nulls=0, controls=False)[5].kappa > 30


def test_words_can_be_chosen_on_another_text_with_another_vocabulary():
    first, second = text_of(1, n_units=50), text_of(2, n_units=30)
    assert first.vocabulary.fingerprint != second.vocabulary.fingerprint
    found = sufficiency(first, modulus=5, sizes=[15], splits=2, chosen_on=second.signal("text"))
    assert kappas(found, "words")[15] > 60
    noise = text_of(3, share=0.01)
    found = sufficiency(first, modulus=5, sizes=[15], splits=2, chosen_on=noise.signal("text"))
    assert kappas(found, "words")[15] < 50


def test_numbers_can_be_left_out():
    found = sufficiency(text_of(4), modulus=5, sizes=[12], splits=2, exclude_multiples_of=5)
    assert found.numbers == 160
    assert kappas(found, "words")[12] > 50


def test_a_basis_of_inner_products_is_that_of_columns_of_equal_variance():
    rng = np.random.default_rng(0)
    X, labels = rng.standard_normal((60, 7)), rng.integers(0, 3, 60)
    rows, held = np.arange(45), np.arange(45, 60)
    X[rows] = np.linalg.qr(X[rows] - X[rows].mean(axis=0))[0] * np.sqrt(45)
    backend, task = get_backend("cpu"), Task(3, labels, np.arange(3))
    plain = ClosedFormFold(backend, [task], X[rows], X[held], rows)
    basis = gram_basis(backend, X @ X.T, rows, held)
    kernel = ClosedFormFold(backend, [task], basis.train, basis.test, rows, basis=basis)
    assert basis.scatter == pytest.approx(plain.basis.scatter, rel=1e-9)
    assert basis.train @ basis.train.T == pytest.approx(
        plain.basis.train @ plain.basis.train.T, abs=1e-8
    )
    assert kernel.choose(None).tolist() == plain.choose(None).tolist()
    for alpha in range(7):
        chosen = np.array([alpha])
        assert np.array_equal(kernel.predict(chosen), plain.predict(chosen))


def test_random_words_are_others_of_about_the_frequency():
    pairs = np.random.default_rng(0).zipf(1.3, 500).clip(max=10**6).astype(float)
    chosen = np.argsort(-pairs)[20:100:4]
    drawn = _matched(pairs, chosen, np.random.default_rng(1))
    assert not set(drawn) & set(chosen)
    assert len(set(drawn)) == 20
    ratio = np.sort(pairs[drawn])[::-1] / np.sort(pairs[chosen])[::-1]
    assert 0.4 < np.median(ratio) < 2.5


def test_table_and_drawing_have_every_reader(found):
    frame = found.to_frame()
    assert len(frame) == 3 * 4 + 4
    own = frame[frame["reader"] == found.all.name].iloc[0]
    assert own["beyond"] == own["beyond_low"] == 0
    from matplotlib.figure import Figure

    ax = found.plot(Figure().subplots())
    assert [text.get_text() for text in ax.get_legend().get_texts()][:3] == list(OF_WORDS[:3])


def test_what_has_no_halves_or_words_is_refused():
    one = count(SyntheticCorpus(n_documents=20, size=20).encoded(n_blocks=1), window=1)
    with pytest.raises(InputError, match="no half-samples of documents") as error:
        sufficiency(one, modulus=2)
    assert "1 blocks" in error.value.got
    counts = text_of(5)
    with pytest.raises(InputError, match="no word stands"):
        sufficiency(counts, modulus=5, min_count=10**6)
    with pytest.raises(InputError, match="too few numbers"):
        sufficiency(counts, modulus=150)
    with pytest.raises(UsageError, match="number of words"):
        sufficiency(counts, modulus=5, sizes=[0])
