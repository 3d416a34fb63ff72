"""All words by all words against the definition: every pair, one by one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordnum.cooccurrence import word_pairs
from wordnum.cooccurrence.counting import count
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.windows import Window
from wordnum.cooccurrence.word_counts import WordCounts
from wordnum.cooccurrence.word_pairs import count_words
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.perturbations import parse_perturbation
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.embeddings.glove import GloVe
from wordnum.embeddings.svd import SVD
from wordnum.errors import FormatError, InputError, UsageError

CONDITIONS = (
    "original",
    "context-length:4",
    "isolate:1",
    "swap-numbers",
    "thin:0.5+unigram-replace+context-length:8",
)
WINDOWS = (
    Window(size=1),
    Window(size=4, side="left"),
    Window(size=3, side="right", weighting="linear"),
    Window(size=22, weighting="harmonic"),
    Window(size=79, weighting="harmonic"),
)


def pairs(corpus: EncodedCorpus, window: Window, perturbation: str = "original") -> np.ndarray:
    """Weights of all pairs, by a plain loop over the perturbed text."""
    prepared = parse_perturbation(perturbation).prepare(corpus)
    size, width = corpus.vocabulary.size, len(corpus.vocabulary)
    weight = dict(zip(window.distances.tolist(), window.weights.tolist()))
    found = np.zeros((width, width))
    for block in corpus.blocks():
        text = prepared.apply(block)
        ids = text.ids.tolist()
        for low, high in zip(text.starts[:-1].tolist(), text.starts[1:].tolist()):
            for i in range(low, high):
                for j in range(max(low, i - window.size), min(high, i + window.size + 1)):
                    if {ids[i], ids[j]}.isdisjoint({size, size + 1}):
                        found[ids[i], ids[j]] += weight.get(j - i, 0)
    return found


@pytest.fixture(scope="module")
def corpus() -> EncodedCorpus:
    return SyntheticCorpus(
        n_documents=60, length=80, density=0.1, size=100, n_fillers=50
    ).encoded()  # fmt: skip


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: window.label)
def test_counts_are_those_of_a_plain_loop(corpus: EncodedCorpus, window: Window):
    counts = count_words(corpus, window=window)
    assert counts.window == window
    assert np.allclose(counts.matrix().toarray(), pairs(corpus, window), rtol=1e-12, atol=0)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_every_perturbation_is_counted(corpus: EncodedCorpus, condition: str):
    counts = count_words(corpus, window=3, perturbation=condition)
    assert np.array_equal(counts.matrix().toarray(), pairs(corpus, Window(size=3), condition))
    assert counts.perturbation == condition


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(0, 13), min_size=1, max_size=60),
    st.lists(st.integers(0, 60), max_size=6),
    st.integers(1, 6),
)
def test_any_text_is_counted_by_the_definition(ids: list[int], cuts: list[int], reach: int):
    vocabulary = Vocabulary.from_words(["a", "b"], numerals=NumeralScheme(size=10))
    ids = [*ids, 3]
    borders = sorted({0, len(ids), *(c for c in cuts if c < len(ids))})
    corpus = EncodedCorpus.from_arrays(ids, borders, vocabulary)
    counts = count_words(corpus, window=reach)
    assert np.array_equal(counts.matrix().toarray(), pairs(corpus, Window(size=reach)))


def test_rows_of_numbers_are_those_counted_alone(corpus: EncodedCorpus):
    rows = count(corpus, window=5).signal("both")
    whole = count_words(corpus, window=5)
    assert (whole.matrix()[: corpus.vocabulary.size, rows.columns] != rows.matrix()).nnz == 0
    assert np.array_equal(whole.number_counts, rows.number_counts)
    assert np.array_equal(whole.context_counts[rows.columns], rows.context_counts)
    assert whole.n_documents == rows.n_documents == 60


def test_either_side_can_be_chosen_afterwards(corpus: EncodedCorpus):
    counts = count_words(corpus, window=4)
    for side in ("left", "right"):
        alone = Window(size=4, side=side)
        assert np.array_equal(counts.matrix(side=side).toarray(), pairs(corpus, alone))
    both = counts.matrix(side="left") + counts.matrix(side="right")
    assert (both != counts.matrix()).nnz == 0


def test_pairs_that_come_often_are_counted_over_a_byte(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(word_pairs, "IN_MEMORY", 10)
    vocabulary = Vocabulary.from_words(["a", "b"], numerals=NumeralScheme(size=10))
    ids = [vocabulary.id("a")] * 1300 + [vocabulary.id("b"), 3] * 255 + [3]
    corpus = EncodedCorpus.from_arrays(ids, [0, len(ids)], vocabulary)
    assert np.array_equal(
        count_words(corpus, window=3).matrix().toarray(), pairs(corpus, Window(size=3))
    )


def test_unknown_words_hold_their_place_and_are_no_column():
    vocabulary = Vocabulary.from_words(["a"], numerals=NumeralScheme(size=10))
    a, unknown, other = vocabulary.id("a"), vocabulary.unknown, vocabulary.other_number
    corpus = EncodedCorpus.from_arrays([7, unknown, a, other, a], [0, 5], vocabulary)
    counts = count_words(corpus, window=2)
    matrix = counts.matrix().toarray()
    assert matrix[7, a] == 1
    assert matrix[a, a] == 2
    assert matrix.sum() == 4
    assert counts.context_counts[unknown] == 0


@pytest.fixture
def small_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many tasks, many runs of each, and many merged parts."""
    monkeypatch.setattr(word_pairs, "TASK_TOKENS", 250)
    monkeypatch.setattr(word_pairs, "RUN_PAIRS", 400)
    monkeypatch.setattr(word_pairs, "MERGED_PAIRS", 50)


def repeated(word: str, times: int) -> EncodedCorpus:
    """A number, and one word again and again, in documents of a thousand tokens."""
    vocabulary = Vocabulary.from_words([word], numerals=NumeralScheme(size=10))
    ids = np.full(times, vocabulary.id(word))
    ids[0] = 3
    return EncodedCorpus.from_arrays(ids, np.arange(0, times + 1, 1000), vocabulary)


def test_large_sums_are_exact():
    corpus = repeated("a", 60_000)
    matrix = count_words(corpus, window=2).matrix()
    a = corpus.vocabulary.id("a")
    assert matrix[a, a] == 2 * (60 * (999 + 998) - 2)
    assert matrix[3, a] == 2


@pytest.mark.parametrize("size", [22, 300])
def test_harmonic_windows_of_any_size_are_counted(size: int):
    corpus = repeated("a", 60_000)
    matrix = count_words(corpus, window=Window(size, weighting="harmonic")).matrix()
    a = corpus.vocabulary.id("a")
    by_hand = 2 * sum((60 * (1000 - d) - 1) / d for d in range(1, size + 1))
    assert matrix[a, a] == pytest.approx(by_hand, rel=1e-11)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_workers_and_runs_change_no_byte(
    corpus: EncodedCorpus, condition: str, small_runs: None, tmp_path: Path
):
    counts = [count_words(corpus, window=3, perturbation=condition, n_jobs=n) for n in (1, 2)]
    with pytest.MonkeyPatch.context() as usual:
        usual.setattr(word_pairs, "TASK_TOKENS", 10**6)
        usual.setattr(word_pairs, "RUN_PAIRS", 10**6)
        counts.append(count_words(corpus, window=3, perturbation=condition))
    files = [one.save(tmp_path / f"{at}").read_bytes() for at, one in enumerate(counts)]
    assert len(set(files)) == 1
    assert len({one.fingerprint for one in counts}) == 1


def test_weighted_sums_do_not_depend_on_the_workers(corpus: EncodedCorpus, small_runs: None):
    window = Window(30, weighting="harmonic")
    one, two = (count_words(corpus, window=window, n_jobs=n) for n in (1, 2))
    assert one.fingerprint == two.fingerprint
    assert np.allclose(one.matrix().toarray(), pairs(corpus, window), rtol=1e-12, atol=0)


def test_a_text_of_which_nothing_is_left_has_no_pairs(corpus: EncodedCorpus):
    counts = count_words(corpus, perturbation="thin:0.000001")
    assert counts.later.nnz == counts.n_documents == 0


def test_counts_of_two_texts_add_up(corpus: EncodedCorpus):
    whole = count_words(corpus, window=3)
    twice = whole + whole
    assert (twice.matrix() != 2 * whole.matrix()).nnz == 0
    assert twice.n_documents == 2 * whole.n_documents
    assert np.array_equal(twice.context_counts, 2 * whole.context_counts)
    other = count_words(corpus, window=2)
    with pytest.raises(UsageError, match="different windows cannot be merged"):
        whole + other


def test_saved_counts_come_back(corpus: EncodedCorpus, tmp_path: Path):
    counts = count_words(
        corpus, window=Window(size=3, weighting="linear"), perturbation="isolate:1"
    )
    again = WordCounts.load(counts.save(tmp_path / "all"))
    assert again.fingerprint == counts.fingerprint
    assert again.window == counts.window
    assert again.perturbation == "isolate:1"
    assert (again.matrix() != counts.matrix()).nnz == 0


def test_damaged_and_other_files_are_refused(corpus: EncodedCorpus, tmp_path: Path):
    path = count_words(corpus, window=2).save(tmp_path / "all")
    with pytest.raises(FormatError, match="does not hold counts"):
        Counts.load(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FormatError, match="cannot be read as word-counts"):
        WordCounts.load(path)
    with pytest.raises(InputError, match="no such file"):
        WordCounts.load(tmp_path / "none.npz")


def test_models_are_fitted_on_all_rows(corpus: EncodedCorpus):
    window = Window(size=3, weighting="harmonic")
    counts = count_words(corpus, window=window)
    for model in (SVD(rows="all", weighting="ppmi", dim=5), GloVe(dim=5, epochs=2)):
        embedding = model.fit_transform(counts)
        assert embedding.dim == 5
        assert len(embedding.replicates) == 0
        assert embedding.provenance["counts_fingerprint"] == counts.fingerprint


def test_windows_that_cannot_be_counted_are_refused(corpus: EncodedCorpus):
    with pytest.raises(UsageError, match="positional columns are not counted for all rows"):
        count_words(corpus, window=Window(size=2, positional=True))
    with pytest.raises(UsageError, match="numbers are counted at every distance"):
        count(corpus, window=Window(2, side="left"))
