"""Signals: matrices by hand, halves of blocks, and any source of events."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.half_sample_draws import half_samples
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import UsageError

VOCABULARY = Vocabulary.from_words(["km", "may", "cat"], numerals=NumeralScheme(size=10))
KM, MAY, CAT = (VOCABULARY.id(word) for word in ("km", "may", "cat"))
# (block, distance, number, context, count)
EVENTS = [
    (0, -2, 7, CAT, 5),
    (0, -1, 7, KM, 1),
    (0, 1, 7, KM, 2),
    (0, 2, 7, 3, 4),
    (1, 1, 7, KM, 8),
    (1, -1, 3, MAY, 16),
    (1, -2, 3, 7, 4),
]


@pytest.fixture(scope="module")
def counts() -> Counts:
    return Counts.from_events(EVENTS, vocabulary=VOCABULARY, window_size=2, n_blocks=2)


def entries(signal, blocks=None) -> dict[tuple[int, int, int], float]:
    """(number, context, offset) -> value."""
    table = signal.matrix(blocks).tocoo()
    assert table.data.all()
    columns, offsets = signal.columns[table.col], signal.offsets[table.col]
    keys = zip(table.row.tolist(), columns.tolist(), offsets.tolist())
    return dict(zip(keys, table.data.tolist()))


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (
            Window(size=2),
            {(7, CAT, 0): 5, (7, KM, 0): 11, (7, 3, 0): 4, (3, MAY, 0): 16, (3, 7, 0): 4},
        ),
        (Window(size=1), {(7, KM, 0): 11, (3, MAY, 0): 16}),
        (
            Window(size=2, side="left"),
            {(7, CAT, 0): 5, (7, KM, 0): 1, (3, MAY, 0): 16, (3, 7, 0): 4},
        ),
        (Window(size=2, side="right"), {(7, KM, 0): 10, (7, 3, 0): 4}),
        (
            Window(size=2, weighting="harmonic"),
            {(7, CAT, 0): 2.5, (7, KM, 0): 11, (7, 3, 0): 2, (3, MAY, 0): 16, (3, 7, 0): 2},
        ),
        (
            Window(size=2, positional=True, weighting="linear"),
            {
                (7, CAT, -2): 2.5,
                (7, KM, -1): 1,
                (7, KM, 1): 10,
                (7, 3, 2): 2,
                (3, MAY, -1): 16,
                (3, 7, -2): 2,
            },
        ),
    ],
    ids=lambda value: value.label if isinstance(value, Window) else "",
)
def test_every_window_is_a_sum_of_the_events(counts: Counts, window, expected):
    assert entries(counts.signal(window=window)) == expected


def test_signals_part_the_columns(counts: Counts):
    text, number, both = (counts.signal(name) for name in ("text", "number", "both"))
    assert entries(both) == entries(text) | entries(number)
    assert set(text.columns) == {KM, MAY, CAT}
    assert set(number.columns) == set(range(10))
    assert entries(counts.signal("text")) == entries(text)
    assert entries(counts.signal("number")) == entries(number)


def test_columns_are_chosen_by_group_or_by_id(counts: Counts):
    assert entries(counts.signal(contexts="units")) == {(7, KM, 0): 11}
    assert entries(counts.signal("text", without="units")) == {(7, CAT, 0): 5, (3, MAY, 0): 16}
    assert entries(counts.signal("both", contexts=[MAY, 3])) == {(3, MAY, 0): 16, (7, 3, 0): 4}
    assert counts.signal("text", contexts="units", without=[CAT]).name == "text:units-1 contexts"
    assert entries(counts.signal(contexts=["may", 3])) == entries(counts.signal(contexts=[MAY, 3]))
    pets = counts.signal("text", contexts={"pets": ["cat", "dog"]})
    assert pets.name == "text:pets"
    assert entries(pets) == {(7, CAT, 0): 5}


def test_columns_are_chosen_by_a_file_of_groups(counts: Counts, tmp_path: Path):
    path = tmp_path / "mine.toml"
    path.write_text('language = "de"\n[pets]\nwords = ["cat"]\n')
    for where in (path, str(path)):
        pets = counts.signal("text", contexts=where)
        assert (pets.name, pets.columns.tolist()) == ("text:pets", [CAT])


@pytest.mark.parametrize("window", [1, np.int64(1), Window(1)])
def test_a_window_may_be_any_integer(counts: Counts, window):
    assert counts.signal("text", window=window).window == Window(1)
    assert counts.signal(contexts="units", window=window).window == Window(1)


def test_margins_follow_the_columns(counts: Counts):
    signal = counts.signal("text", window=Window(size=2, positional=True))
    assert signal.shape == signal.matrix().shape == (10, 4 * 3)
    assert signal.context_counts.tolist() == [11, 16, 0] * 4
    assert signal.number_counts[[3, 7]].tolist() == [16, 11]
    assert signal.n_documents == 200


def test_blocks_add_up(counts: Counts):
    signal = counts.signal("both")
    first, second = (signal.matrix([b]).toarray() for b in (0, 1))
    assert first[7, signal.columns == KM] == 3
    assert np.array_equal(first + second, signal.matrix().toarray())
    assert signal.matrix([]).nnz == 0
    with pytest.raises(UsageError, match="no block 2\n  expected: 0 to 1"):
        signal.matrix([2])


@settings(max_examples=30, deadline=None)
@given(st.integers(8, 41), st.integers(1, 25), st.integers(0, 5))
def test_halves_are_complementary_balanced_and_orthogonal(n_blocks: int, n_pairs: int, seed: int):
    samples = half_samples(n_blocks, n_pairs=n_pairs, random_state=seed)
    order = max(order for order in (8, 12, 20) if order <= n_blocks)
    assert len(samples) == min(n_pairs, order - 1)
    assert [pair - 1000 * n_blocks for pair, _, _ in samples] == list(range(len(samples)))
    signs = np.zeros((len(samples), n_blocks))
    for sign, (_, first, second) in zip(signs, samples, strict=True):
        assert sorted([*first, *second]) == list(range(n_blocks))
        sign[first], sign[second] = 1, -1
    if n_blocks == order:
        assert not signs.sum(axis=1).any()
        assert np.array_equal(signs @ signs.T, order * np.eye(len(signs)))
    again = half_samples(n_blocks, n_pairs=n_pairs, random_state=seed)
    assert all(np.array_equal(a, b) for x, y in zip(samples, again) for a, b in zip(x, y))


def test_fewer_than_eight_blocks_have_no_half_samples():
    assert half_samples(7) == []


def test_halves_of_a_signal_add_up_to_it():
    rng = np.random.default_rng(0)
    events = [
        (b, d, n, c, int(rng.integers(1, 9)))
        for b in range(8) for d in (-1, 1) for n in range(4) for c in (KM, MAY, 2)
    ]  # fmt: skip
    counts = Counts.from_events(events, vocabulary=VOCABULARY, window_size=1, n_blocks=8)
    signal = counts.signal("both")
    samples = list(signal.half_samples(n_pairs=5, random_state=1))
    assert [pair for pair, _, _ in samples] == [8000, 8001, 8002, 8003, 8004]
    for _, (first, counts_a), (second, counts_b) in samples:
        assert np.array_equal((first + second).toarray(), signal.matrix().toarray())
        assert np.array_equal(counts_a + counts_b, signal.number_counts)
        assert first.sum() != second.sum()


def test_equal_fingerprints_mean_equal_matrices(counts: Counts):
    prints = [
        counts.signal(name, window=window).fingerprint
        for name in ("text", "number", "both")
        for window in (Window(size=1), Window(size=2), Window(size=2, positional=True))
    ]
    assert len(set(prints)) == len(prints)
    assert counts.signal("text").fingerprint == counts.signal("text").fingerprint


def test_what_was_not_counted_cannot_be_chosen(counts: Counts):
    with pytest.raises(UsageError, match="no window of 3\n  expected: a window of at most 2"):
        counts.signal(window=Window(size=3))
    with pytest.raises(UsageError, match="unknown signal 'words'\n  to do: .*number, text"):
        counts.signal("words")
    with pytest.raises(UsageError, match="unknown context group 'colours'"):
        counts.signal(contexts="colours")
    with pytest.raises(UsageError, match="'text:numbers' has no column"):
        counts.signal("text", contexts="numbers")
