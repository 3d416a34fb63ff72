"""Which id is which, and which words are kept."""

from __future__ import annotations

import itertools
import pickle
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.corpus.word_table import WordCounter
from wordnum.errors import FormatError, InputError


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary.from_words(["the", "é", "007"], [5, 3, 2], NumeralScheme(size=10))


def test_ids_are_numbers_then_other_then_unknown_then_words(vocabulary: Vocabulary):
    assert vocabulary.tokens() == [
        *("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"),
        *("<other number>", "<unknown>", "the", "é", "007"),
    ]
    assert [vocabulary.token(i) for i in range(15)] == vocabulary.tokens()
    assert (vocabulary.other_number, vocabulary.unknown, vocabulary.first_word) == (10, 11, 12)
    assert vocabulary.counts.tolist() == [0] * 12 + [5, 3, 2]
    assert len(vocabulary) == 15


def test_a_spelling_leads_back_to_its_id(vocabulary: Vocabulary):
    for token in vocabulary.tokens():
        assert vocabulary.token(vocabulary.id(token)) == token
    for absent in ("of", "10", "07", "٣", "1" * 5000, ""):
        assert vocabulary.id(absent) == vocabulary.unknown


def test_an_id_out_of_range_is_refused(vocabulary: Vocabulary):
    for index in (-1, 15):
        with pytest.raises(InputError, match=rf"no token has the id {index}\n.*id of 0\.\.14"):
            vocabulary.token(index)


def test_a_word_may_come_once():
    with pytest.raises(InputError, match="every word once\n  got: 'a' twice"):
        Vocabulary.from_words(["a", "b", "a"])


def test_counts_must_fit():
    with pytest.raises(InputError, match="one count for each of 1003 ids"):
        Vocabulary.from_words(["a"], [1, 2])


def test_words_are_a_sequence(vocabulary: Vocabulary):
    assert list(vocabulary.words) == ["the", "é", "007"]
    assert vocabulary.words[-1] == "007"
    assert vocabulary.words[:2] == ["the", "é"]
    with pytest.raises(IndexError):
        vocabulary.words[3]


def test_equality_is_by_words_and_counts_and_the_fingerprint_by_words(vocabulary: Vocabulary):
    other = vocabulary.with_counts(np.arange(15))
    assert other != vocabulary
    assert other.fingerprint == vocabulary.fingerprint
    assert Vocabulary.from_words(["a", "bc"]).fingerprint != (
        Vocabulary.from_words(["ab", "c"]).fingerprint
    )
    again = pickle.loads(pickle.dumps(vocabulary))
    assert again == vocabulary
    assert again.numerals == vocabulary.numerals
    assert vocabulary != "the"


def test_damaged_arrays_are_refused(vocabulary: Vocabulary):
    arrays = vocabulary.to_arrays()
    assert Vocabulary.from_arrays(arrays) == vocabulary
    damages = {
        "missing": {k: v for k, v in arrays.items() if k != "vocabulary_blob"},
        "borders": arrays | {"vocabulary_offsets": np.array([0, 9, 3, 8])},
        "counts": arrays | {"vocabulary_counts": np.zeros(3, dtype=np.int64)},
        "numerals": arrays | {"vocabulary_numerals": np.frombuffer(b"{]", dtype=np.uint8)},
    }
    for damaged in damages.values():
        with pytest.raises(FormatError, match="the vocabulary cannot be read"):
            Vocabulary.from_arrays(damaged)


def packed(words: list[str]) -> tuple[np.ndarray, np.ndarray]:
    data = [word.encode() for word in words]
    blob = np.frombuffer(b"".join(data), dtype=np.uint8)
    return blob, np.concatenate([[0], np.cumsum([len(word) for word in data])]).astype(np.int64)


def counted(pieces: list[dict[str, int]], limit: int = 10_000) -> WordCounter:
    counter = WordCounter(limit)
    for piece in pieces:
        counter.add(*packed(list(piece)), np.array(list(piece.values()), dtype=np.int64))
    return counter


def most_common(counter: WordCounter, size: int) -> list[str]:
    blob, offsets = counter.most_common(size)
    return [blob[a:b].tobytes().decode() for a, b in itertools.pairwise(offsets)]


def plain_order(counts: dict[str, int]) -> list[str]:
    return sorted(counts, key=lambda word: (-counts[word], word.encode()))


# Long words that differ late, beside short ones.
WORDS = st.builds(
    str.__add__,
    st.sampled_from(["", "abcdefg", "abcdefgh"]),
    st.text("abé", min_size=1, max_size=3),
)
pieces = st.lists(
    st.dictionaries(WORDS, st.integers(1, 4), max_size=12),
    max_size=6,
)


@given(pieces, st.integers(1, 20))
def test_words_are_ordered_by_count_and_ties_by_bytes(parts: list[dict[str, int]], size: int):
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part)
    counter = counted(parts)
    assert most_common(counter, size) == plain_order(total)[:size]
    assert counter.pruned == {"words": 0, "rounds": 0, "largest": 0}


@given(pieces, st.integers(2, 12))
def test_pruning_drops_the_rarer_half_and_says_so(parts: list[dict[str, int]], limit: int):
    held: dict[str, int] = {}
    pruned = {"words": 0, "rounds": 0, "largest": 0}
    for part in parts:
        for word, count in part.items():
            held[word] = held.get(word, 0) + count
        if len(held) > limit:
            dropped = plain_order(held)[limit // 2 :]
            pruned["words"] += len(dropped)
            pruned["rounds"] += 1
            pruned["largest"] = max(pruned["largest"], *(held.pop(word) for word in dropped))
    counter = counted(parts, limit)
    assert most_common(counter, 50) == plain_order(held)
    assert counter.pruned == pruned


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("blob", np.array([116.0, 104.9, 101.0])),
        ("blob", np.array([116, 104, 357])),
        ("offsets", np.array([0.0, 1.7, 3.0])),
        ("counts", np.full(1004, 0.5)),
        ("counts", np.full(1004, "7")),
        ("counts", np.full(1004, -1)),
        ("counts", np.full(7, 1)),
        ("numerals", np.frombuffer(b'{"size": "x", "rules": 2}', np.uint8)),
    ],
)
def test_arrays_that_are_no_vocabulary_are_refused(name: str, wrong: np.ndarray):
    arrays = Vocabulary.from_words(["t", "he"]).to_arrays()
    assert Vocabulary.from_arrays(arrays).words == ["t", "he"]
    with pytest.raises(FormatError, match="the vocabulary cannot be read"):
        Vocabulary.from_arrays({**arrays, f"vocabulary_{name}": wrong})
