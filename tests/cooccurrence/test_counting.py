"""Counting against the definition: every pair, one by one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordnum.cooccurrence import number_pairs
from wordnum.cooccurrence.counting import count, count_conditions
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.tasks import chunks
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.perturbations import parse_perturbation
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import InputError, UsageError

CONDITIONS = (
    "original",
    "context-length:4",
    "isolate:1",
    "isolate:2:before",
    "isolate:1:other",
    "swap-numbers",
    "unigram-replace",
    "thin:0.5",
    "swap-numbers+isolate:1",
    "thin:0.5+unigram-replace+context-length:8",
)


def pairs(corpus: EncodedCorpus, perturbation: str, reach: int) -> Counter:
    """(block, distance, number, context) -> count, by a plain loop over the perturbed text."""
    prepared = parse_perturbation(perturbation).prepare(corpus)
    size = corpus.vocabulary.size
    found: Counter = Counter()
    for block in corpus.blocks():
        text = prepared.apply(block)
        ids = text.ids.tolist()
        for low, high in zip(text.starts[:-1].tolist(), text.starts[1:].tolist()):
            for i in range(low, high):
                for j in range(max(low, i - reach), min(high, i + reach + 1)):
                    if i != j and ids[i] < size and not size <= ids[j] < size + 2:
                        found[block.index, j - i, ids[i], ids[j]] += 1
    return found


def events(counts: Counts) -> Counter:
    found: Counter = Counter()
    size = counts.vocabulary.size
    for block in counts.blocks:
        table = block.matrix(len(counts.vocabulary)).tocoo()
        for row, context, n in zip(table.row.tolist(), table.col.tolist(), table.data.tolist()):
            distance = int(Window(counts.window_size).distances[row // size])
            found[block.index, distance, row % size, context] = n
    return found


@pytest.fixture(scope="module")
def corpus() -> EncodedCorpus:
    return SyntheticCorpus(n_documents=300, length=80, density=0.1).encoded()


@pytest.fixture(scope="module")
def counted(corpus: EncodedCorpus) -> dict[str, Counts]:
    return count_conditions(corpus, window=3, perturbations=CONDITIONS)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_counts_are_those_of_a_plain_loop(
    corpus: EncodedCorpus, counted: dict[str, Counts], condition: str
):
    assert events(counted[condition]) == pairs(corpus, condition, 3)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_conditions_in_one_pass_are_those_counted_alone(
    corpus: EncodedCorpus, counted: dict[str, Counts], condition: str
):
    alone = count(corpus, window=3, perturbation=condition)
    assert alone.fingerprint == counted[condition].fingerprint
    assert alone.perturbation == condition


@pytest.mark.parametrize("condition", CONDITIONS)
def test_margins_are_those_of_the_perturbed_text(
    corpus: EncodedCorpus, counted: dict[str, Counts], condition: str
):
    counts = counted[condition]
    prepared = parse_perturbation(condition).prepare(corpus)
    size = corpus.vocabulary.size
    for at, block in enumerate(corpus.blocks()):
        tokens = np.bincount(prepared.apply(block).ids, minlength=len(corpus.vocabulary))
        assert np.array_equal(counts.number_counts[at], tokens[:size])
        tokens[size : size + 2] = 0
        assert np.array_equal(counts.context_counts[at], tokens)


def test_workers_change_no_byte(corpus: EncodedCorpus, counted: dict[str, Counts], tmp_path: Path):
    two = count_conditions(corpus, window=3, perturbations=CONDITIONS, n_jobs=2)
    for name, counts in counted.items():
        assert counts.fingerprint == two[name].fingerprint
    files = [c["swap-numbers"].save(tmp_path / f"{i}") for i, c in enumerate((counted, two))]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_events_on_disk_and_distances_in_turn_change_no_byte(
    corpus: EncodedCorpus, counted: dict[str, Counts], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(number_pairs, "IN_MEMORY", 300)
    for name, counts in count_conditions(corpus, window=3, perturbations=CONDITIONS).items():
        assert counts.fingerprint == counted[name].fingerprint
        assert not counts.blocks[-1].contexts.flags.writeable


@pytest.mark.parametrize("reach", [255, 256, 300])
def test_windows_wider_than_a_byte_are_counted_by_the_definition(reach: int):
    rng = np.random.default_rng(0)
    vocabulary = Vocabulary.from_words(["a", "b", "c"], numerals=NumeralScheme(size=10))
    ids = rng.choice(np.array([3, 7, *range(10, 15)]), 900)
    corpus = EncodedCorpus.from_arrays(ids, [0, 400, 900], vocabulary, n_blocks=1)
    cut = "context-length:350"
    found = count_conditions(corpus, window=reach, perturbations=["original", cut])
    alone = count(corpus, window=reach)
    for counts, condition in (
        (alone, "original"),
        (found["original"], "original"),
        (found[cut], cut),
    ):
        assert events(counts) == pairs(corpus, condition, reach)


@pytest.mark.parametrize(
    ("repeats", "kind"), [(100, np.uint8), (300, np.uint16), (70_000, np.uint32)]
)
def test_counts_of_any_size_are_exact_and_narrow(repeats: int, kind: type):
    vocabulary = Vocabulary.from_words(["a", "b"], numerals=NumeralScheme(size=10))
    ids = np.tile([3, vocabulary.size + 2], repeats)
    corpus = EncodedCorpus.from_arrays(ids, [0, ids.size], vocabulary, n_blocks=1)
    events = count(corpus, window=1).blocks[0]
    assert events.counts.dtype == kind
    assert events.counts.tolist() == [repeats - 1, repeats]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(0, 13), min_size=1, max_size=60),
    st.lists(st.integers(0, 60), max_size=6),
    st.integers(1, 6),
)
def test_any_text_is_counted_by_the_definition(ids: list[int], cuts: list[int], reach: int):
    vocabulary = Vocabulary.from_words(["a", "b"], numerals=NumeralScheme(size=10))
    if not any(i < 10 for i in ids):
        ids = [*ids, 3]
    borders = sorted({0, len(ids), *(c for c in cuts if c < len(ids))})
    corpus = EncodedCorpus.from_arrays(ids, borders, vocabulary)
    counts = count(corpus, window=reach)
    assert events(counts) == pairs(corpus, "original", reach)


def test_swapping_numbers_keeps_number_beside_number_within_its_reach(corpus: EncodedCorpus):
    counts = count_conditions(corpus, window=5, perturbations=["original", "swap-numbers"])
    kept, moved = (counts[n].signal("number").matrix() for n in ("original", "swap-numbers"))
    assert (kept != moved).nnz == 0
    text, cut = (counts[n].signal("text").matrix() for n in ("original", "swap-numbers"))
    assert abs(text - cut).sum() > 0.2 * text.sum()
    assert 0 <= counts["swap-numbers"].provenance["share_in_place"] < 0.5


def test_halves_of_the_blocks_merge_to_the_whole(counted: dict[str, Counts]):
    whole = counted["original"]
    first, second = (
        Counts(
            whole.blocks[part],
            vocabulary=whole.vocabulary,
            window_size=whole.window_size,
            number_counts=whole.number_counts[part],
            context_counts=whole.context_counts[part],
            documents=whole.documents[part],
            provenance=whole.provenance,
        )
        for part in (slice(0, 7), slice(7, None))
    )
    assert (first + second).fingerprint == whole.fingerprint
    assert (whole + whole).n_events == 2 * whole.n_events


def test_saved_counts_come_back(counted: dict[str, Counts], tmp_path: Path):
    path = counted["isolate:1"].save(tmp_path / "counts")
    again = Counts.load(path)
    assert again.fingerprint == counted["isolate:1"].fingerprint
    assert again.perturbation == "isolate:1"


def test_what_cannot_be_counted_is_said(corpus: EncodedCorpus):
    with pytest.raises(UsageError, match="comes twice"):
        count_conditions(corpus, perturbations=["original", "original"])
    with pytest.raises(UsageError, match="no perturbation to count"):
        count_conditions(corpus, perturbations=[])
    words = EncodedCorpus.from_arrays([1002], [0, 1], Vocabulary.from_words(["a"]))
    with pytest.raises(InputError, match="no number token"):
        count(words)


def test_chunks_are_runs_of_whole_documents():
    vocabulary = Vocabulary.from_words(["a"], numerals=NumeralScheme(size=10))
    starts = [0, 4, 6, 9, 20, 21]
    ids = np.arange(21) % 10
    corpus = EncodedCorpus.from_arrays(ids, starts, vocabulary, n_blocks=1)
    parts = list(chunks(corpus, most=7))
    assert [part.ids.size for part in parts] == [9, 11, 1]
    assert [part.first_document for part in parts] == [0, 3, 4]
    assert [part.first_token for part in parts] == [0, 9, 20]
    assert np.array_equal(np.concatenate([part.ids for part in parts]), ids)
    assert parts[0].starts.tolist() == [0, 4, 6, 9]
    assert [part.ids.size for part in chunks(corpus, most=21)] == [21]
