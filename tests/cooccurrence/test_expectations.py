"""Expected counts against the mean of many draws, and against formulas worked by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wordnum.cooccurrence import number_pairs
from wordnum.cooccurrence.counting import count
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.expectations import ExpectedCounts, expected_counts
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.cutting import Isolate
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.encoding import encode_documents
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.perturbations import Joined, Perturbation, parse_perturbation, parts_of
from wordnum.corpus.rewriting import SwapNumbers, UnigramReplace
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.corpus.thinning import Thin
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.embeddings.svd import SVD
from wordnum.errors import FormatError, InputError, UsageError

DRAWS = 150
RANDOM = (
    "unigram-replace",
    "swap-numbers",
    "swap-numbers:sequence",
    "unigram-replace+context-length:4",
    "thin:0.5+swap-numbers+isolate:1",
)


@pytest.fixture(scope="module")
def corpus() -> EncodedCorpus:
    return SyntheticCorpus(
        n_documents=60, length=120, density=0.15, size=30, n_fillers=12, n_units=5, variants=1,
        companions=0.5, same_residue={5: 0.6}, residue_words={10: 0.5},
    ).encoded(n_blocks=2)  # fmt: skip


def drawn(corpus: EncodedCorpus, name: str, signal: str, window: Window) -> np.ndarray:
    """Matrices of many seeds; thinning leaves out the same documents in all."""
    matrices = []
    for seed in range(DRAWS):
        parts = parts_of(parse_perturbation(name, random_state=seed))
        fixed = [
            replace(part, random_state=0) if isinstance(part, Thin) else part for part in parts
        ]
        one = count(corpus, window=4, perturbation=Joined(tuple(fixed)))
        matrices.append(one.signal(signal, window=window).matrix().toarray())
    return np.array(matrices)


@pytest.mark.parametrize(
    ("name", "signal"),
    [*((name, "text") for name in RANDOM), *((n, "number") for n in RANDOM if "unigram" in n)],
)
def test_many_draws_average_to_the_expectation_within_their_error(
    corpus: EncodedCorpus, name: str, signal: str
):
    window = Window(size=3, weighting="harmonic")
    expected = expected_counts(corpus, name, window=4).signal(signal, window=window).matrix()
    draws = drawn(corpus, name, signal, window)
    mean, deviation = draws.mean(axis=0), draws.std(axis=0, ddof=1)
    often = (expected.toarray() * DRAWS > 20) & (deviation > 1e-6)
    z = (mean - expected.toarray())[often] / (deviation[often] / np.sqrt(DRAWS))
    assert z.size > 50
    assert 0.8 < np.sqrt((z**2).mean()) < 1.3
    assert np.abs(z).max() < 5
    assert mean.sum() == pytest.approx(expected.sum(), rel=1e-2)


def test_redrawn_numbers_are_the_outer_product_of_marginal_and_context_totals(
    corpus: EncodedCorpus,
):
    counts = count(corpus, window=4)
    expected = expected_counts(corpus, "unigram-replace", window=4)
    p = corpus.number_counts / corpus.number_counts.sum()
    for window in (Window(size=4), Window(size=2, side="left", positional=True)):
        text = counts.signal("text", window=window).matrix().toarray()
        assert np.allclose(
            expected.signal("text", window=window).matrix().toarray(), np.outer(p, text.sum(axis=0))
        )
        number = counts.signal("number", window=window).matrix().toarray()
        pairs = number.reshape(p.size, -1, p.size).sum(axis=(0, 2))
        assert np.allclose(
            expected.signal("number", window=window).matrix().toarray(),
            np.outer(p, np.outer(pairs, p)),
        )


def test_a_shifted_sequence_takes_each_number_from_any_other_place(corpus: EncodedCorpus):
    counts = count(corpus, window=4).signal("text").matrix().toarray()
    expected = expected_counts(corpus, "swap-numbers:sequence", window=4)
    n = corpus.number_counts
    by_hand = (np.outer(n, counts.sum(axis=0)) - counts) / (n.sum() - 1)
    assert np.allclose(expected.signal("text").matrix().toarray(), by_hand)


def test_swapped_runs_keep_number_beside_number_exactly(corpus: EncodedCorpus):
    kept = count(corpus, window=4).signal("number").matrix()
    expected = expected_counts(corpus, "swap-numbers", window=4)
    assert (expected.signal("number").matrix() != kept).nnz == 0


def corpus_of(text: str) -> EncodedCorpus:
    """Documents separated by |; the numbers 0..9 and the words a, b, c."""
    vocabulary = Vocabulary.from_words(["a", "b", "c"], numerals=NumeralScheme(size=10))
    documents = [[vocabulary.id(word) for word in part.split()] for part in text.split("|")]
    starts = np.concatenate([[0], np.cumsum([len(d) for d in documents])])
    return EncodedCorpus.from_arrays(np.concatenate(documents), starts, vocabulary)


def test_runs_of_one_pattern_are_worked_by_hand():
    """Two pairs and two single numbers trade places among themselves; a triple stays."""
    corpus = corpus_of("1 a 2 b|3 c 4 c|a 5|6 b|7 8 9 a")
    expected = expected_counts(corpus, "swap-numbers", window=1)
    assert expected.n_strata == 3 + 3
    matrix = expected.signal("text").matrix().toarray()
    a, b, c = matrix.T
    assert a.tolist() == [0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0, 0, 1]
    assert b.tolist() == [0, 0, 0.5, 0, 0.5, 0.5, 0.5, 0, 0, 0]
    assert c.tolist() == [0, 0.5, 1, 0.5, 1, 0, 0, 0, 0, 0]


def test_a_single_number_has_nowhere_to_go():
    corpus = corpus_of("a 5 b")
    original = count(corpus, window=1).signal("text").matrix()
    for name in ("swap-numbers", "swap-numbers:sequence", "unigram-replace"):
        expected = expected_counts(corpus, name, window=1).signal("text").matrix()
        assert (expected != original).nnz == 0


def test_margins_are_those_of_the_original(corpus: EncodedCorpus):
    expected = expected_counts(corpus, Joined((Thin(0.5), UnigramReplace())), window=2)
    thinned = count(corpus, window=2, perturbation="thin:0.5")
    signal = expected.signal("both")
    assert np.array_equal(signal.number_counts, thinned.number_counts.sum(axis=0))
    assert np.array_equal(expected.context_counts[0], thinned.context_counts.sum(axis=0))
    assert signal.n_documents == expected.n_documents == thinned.n_documents
    assert "expected-counts" in signal.flags


def test_an_expectation_does_not_depend_on_the_workers(corpus: EncodedCorpus):
    one, two = (expected_counts(corpus, "swap-numbers", window=3, n_jobs=jobs) for jobs in (1, 2))
    assert one.fingerprint == two.fingerprint
    other = expected_counts(corpus, "swap-numbers:2", window=2)
    assert one.fingerprint != other.fingerprint


def test_an_expectation_has_no_halves(corpus: EncodedCorpus):
    expected = expected_counts(corpus, "swap-numbers", window=3)
    embedding = SVD(dim=5).fit_transform(expected)
    assert len(embedding.replicates) == 0
    assert "expected-counts" in embedding.flags


@pytest.mark.parametrize("weighting", ["hellinger", "ppmi", "qwem", "raw"])
def test_rows_that_are_all_alike_cannot_be_factorized(corpus: EncodedCorpus, weighting: str):
    expected = expected_counts(corpus, "unigram-replace", window=2)
    with pytest.raises(InputError, match=r"nothing to factorize(.|\n)*verdict is 'neither'"):
        SVD(dim=1, weighting=weighting).fit_transform(expected.signal("text"))


@pytest.mark.parametrize(
    ("perturbation", "window"),
    [
        (SwapNumbers(variant="sequence"), 2),
        (SwapNumbers(reach=2), 3),
        (Joined((SwapNumbers(), Isolate(2))), 2),
    ],
)
def test_number_beside_number_without_a_closed_form_is_refused(
    corpus: EncodedCorpus, perturbation: Perturbation, window: int
):
    expected = expected_counts(corpus, perturbation, window=window)
    assert isinstance(expected, ExpectedCounts)
    assert expected.signal("text").matrix().nnz
    with pytest.raises(InputError, match=r"no closed form under(.|\n)*choose the signal \"text\""):
        expected.signal("both").matrix()


def test_numbers_that_trade_places_are_not_independent():
    """One stratum alone does not make the draws of two tokens independent."""
    corpus = corpus_of("1 a a a 2 b|3 b b b 4 a")
    expected = expected_counts(corpus, "swap-numbers:2", window=5)
    assert expected.n_strata == 1
    with pytest.raises(InputError, match="no closed form"):
        expected.signal("number").matrix()


@pytest.mark.parametrize("name", ["swap-numbers", "unigram-replace", "swap-numbers:sequence"])
def test_saved_expectations_come_back(corpus: EncodedCorpus, tmp_path: Path, name: str):
    expected = expected_counts(corpus, name, window=3)
    again = ExpectedCounts.load(expected.save(tmp_path / "expected"))
    assert again.fingerprint == expected.fingerprint
    assert (again.perturbation, again.flags) == (name, expected.flags)
    assert again.provenance == expected.provenance
    for signal in ("text",) if name.endswith("sequence") else ("text", "both"):
        window = Window(size=2, positional=True)
        a, b = (e.signal(signal, window=window).matrix() for e in (again, expected))
        assert (a != b).nnz == 0


def test_damaged_expectations_are_refused(corpus: EncodedCorpus, tmp_path: Path):
    path = expected_counts(corpus, "unigram-replace", window=2).save(tmp_path / "expected")
    with pytest.raises(FormatError, match="does not hold counts"):
        Counts.load(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FormatError, match="cannot be read as expected-counts"):
        ExpectedCounts.load(path)


@pytest.mark.parametrize("name", ["original", "isolate:1", "thin:0.5"])
def test_what_is_not_redrawn_has_no_expectation(corpus: EncodedCorpus, name: str):
    with pytest.raises(UsageError, match="nothing else is random"):
        expected_counts(corpus, name)


def test_two_rewritings_have_no_closed_form(corpus: EncodedCorpus):
    with pytest.raises(UsageError, match="2 rewritings"):
        expected_counts(corpus, "swap-numbers+unigram-replace")


class Masked:
    """A perturbation of one's own: what it does may depend on the numbers."""

    name = "masked"

    def prepare(self, corpus):
        return self

    def apply(self, block):
        return block


@pytest.mark.parametrize("whole", [Masked(), Joined((UnigramReplace(), Masked()))])
def test_a_perturbation_of_ones_own_has_no_closed_form(corpus: EncodedCorpus, whole: Perturbation):
    with pytest.raises(UsageError, match=r"has no closed form(.|\n)*got: masked(.|\n)*count "):
        expected_counts(corpus, whole)


def test_a_corpus_may_be_a_path_and_a_window_any_integer(tmp_path: Path):
    corpus = encode_documents(["1 a 2 b", "3 c 4 c"], tmp_path / "corpus")
    one, other = (
        expected_counts(where, "swap-numbers", window=window)
        for where, window in ((str(tmp_path / "corpus"), np.int64(2)), (corpus, 2))
    )
    assert one.fingerprint == other.fingerprint


def test_a_side_is_chosen_afterwards(corpus: EncodedCorpus):
    with pytest.raises(UsageError, match="counted at every distance on both sides"):
        expected_counts(corpus, "swap-numbers", window=Window(2, side="left"))


def test_a_corpus_without_numbers_is_refused():
    words = EncodedCorpus.from_arrays([1002], [0, 1], Vocabulary.from_words(["a"]))
    for name in ("swap-numbers", "unigram-replace"):
        with pytest.raises(InputError, match="no number to rewrite"):
            expected_counts(words, name)


@pytest.mark.parametrize("perturbation", ["unigram-replace", "swap-numbers"])
def test_expectations_are_the_same_in_parts(
    monkeypatch: pytest.MonkeyPatch, corpus: EncodedCorpus, perturbation: str
):
    whole = expected_counts(corpus, perturbation, window=3)
    monkeypatch.setattr(number_pairs, "IN_MEMORY", 0)
    assert expected_counts(corpus, perturbation, window=3).fingerprint == whole.fingerprint
