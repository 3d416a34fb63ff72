"""Events that conditions share: columns of counts, taken out one by one and added up exactly."""

from __future__ import annotations

import pickle
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordnum.cooccurrence.counting import count, count_conditions
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.events import PARTS
from wordnum.cooccurrence.scratch import Scratch
from wordnum.cooccurrence.shared import BlocksOf, SharedEvents
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.corpus.vocabulary import Vocabulary

WIDTH = 130


def shared(dense: np.ndarray) -> SharedEvents:
    """What holds a dense array (row, context, condition), by plain NumPy."""
    seen = dense.any(axis=2)
    _, contexts = np.nonzero(seen)
    counts = dense[seen]
    above = np.flatnonzero(counts > 255)
    return SharedEvents(
        0,
        indptr=np.concatenate([[0], np.cumsum(seen.sum(axis=1))]),
        contexts=contexts.astype(np.uint16),
        low=np.minimum(counts, 255).astype(np.uint8),
        at=above,
        excess=(counts.ravel()[above] - 255).astype(np.uint32),
        n_pairs=int(dense.sum()),
    )


def dense_counts(seed: int, *, conditions: int, rows: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    counts = rng.choice([0, 1, 2, 127, 128, 255, 256, 300, 70_000], (rows, WIDTH, conditions))
    return counts * (rng.random(counts.shape) < 0.2)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 8), st.integers(1, 5))
def test_sums_of_parts_are_the_sums_of_their_counts(seed: int, conditions: int, n_parts: int):
    parts = [dense_counts(seed + i, conditions=conditions) for i in range(n_parts)]
    merged = SharedEvents.merge([shared(p) for p in parts], width=WIDTH, scratch=Scratch())
    for condition in range(conditions):
        alone = merged.of(condition)
        total = np.sum(parts, axis=0)[:, :, condition]
        assert np.array_equal(alone.matrix(WIDTH).toarray(), total)
        assert alone.counts.min(initial=1) > 0
        assert alone.counts.dtype == np.min_scalar_type(int(total.max()))
    assert merged.n_pairs == np.sum(parts)


def test_blocks_are_taken_out_when_asked_for():
    arrays = [dense_counts(i, conditions=3) for i in range(4)]
    blocks = BlocksOf([shared(a) for a in arrays], 1)
    found = [block.matrix(WIDTH).toarray() for block in blocks]
    assert len(blocks) == len(found) == 4
    assert all(np.array_equal(f, a[:, :, 1]) for f, a in zip(found, arrays))
    last = blocks[2:]
    assert len(last) == 2
    assert np.array_equal(last[-1].matrix(WIDTH).toarray(), arrays[3][:, :, 1])


def test_one_condition_travels_without_the_others():
    parts = [shared(dense_counts(i, conditions=8)) for i in range(3)]
    blocks = BlocksOf(parts, 5)
    sent = pickle.dumps(blocks)
    assert len(sent) < len(pickle.dumps(parts))
    for there, here in zip(pickle.loads(sent), blocks, strict=True):
        assert there.index == here.index
        for part in PARTS:
            assert np.array_equal(getattr(there, part), getattr(here, part))


@pytest.fixture(scope="module")
def few_words() -> EncodedCorpus:
    """One number and few words, again and again: counts far above one byte."""
    vocabulary = Vocabulary.from_words(["a", "b"], numerals=NumeralScheme(size=10))
    shares = [0.7, 0.1, 0.1, 0.1]
    ids = np.random.default_rng(0).choice([3, 5, 12, 13], 9000, p=shares)
    return EncodedCorpus.from_arrays(ids, np.arange(0, 9001, 300), vocabulary, n_blocks=2)


NAMES = ["original", *(f"context-length:{n}" for n in (2, 3, 5, 8, 60, 100)), "isolate:2"]
NAMES += ["thin:0.5", "unigram-replace", "swap-numbers"]
PARTED = {
    "whole": {},
    "tasks": {"passes.MOST_TOKENS": 900},
    "slabs": {"chunk.MOST_POSITIONS": 500},
    "rows": {"number_pairs.ROW_POSITIONS": 100},
    "disk": {"passes.IN_MEMORY": 0},
}


@pytest.mark.parametrize("parted", PARTED)
def test_counts_of_any_size_are_the_same_beside_other_conditions(
    monkeypatch: pytest.MonkeyPatch, few_words: EncodedCorpus, parted: str
):
    alone = {n: count(few_words, window=4, perturbation=n) for n in NAMES}
    for name, value in PARTED[parted].items():
        monkeypatch.setattr(f"wordnum.cooccurrence.{name}", value)
    together = count_conditions(few_words, window=4, perturbations=NAMES)
    for name in NAMES:
        assert together[name].fingerprint == alone[name].fingerprint


@pytest.mark.parametrize("length", [300, 100])
def test_counts_above_a_byte_are_those_of_the_definition(few_words: EncodedCorpus, length: int):
    names = [f"context-length:{length}", "isolate:1"]
    counts = count_conditions(few_words, window=4, perturbations=names)[names[0]]
    width = len(few_words.vocabulary)
    for index, block in enumerate(few_words.blocks()):
        texts = np.asarray(block.ids).reshape(-1, length)
        expected = np.zeros((8, 10, width), dtype=int)
        for at, distance in enumerate([-4, -3, -2, -1, 1, 2, 3, 4]):
            near, far = texts[:, : length - abs(distance)], texts[:, abs(distance) :]
            here, there = (near, far) if distance > 0 else (far, near)
            np.add.at(expected[at], (here[here < 10], there[here < 10]), 1)
        assert expected.max() > 1000
        found = counts.blocks[index].matrix(width).toarray()
        assert np.array_equal(found.reshape(expected.shape), expected)


def test_what_was_spilled_is_saved_block_by_block(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr("wordnum.cooccurrence.passes.IN_MEMORY", 0)
    corpus = SyntheticCorpus(n_documents=4000, length=100, density=0.2).encoded(n_blocks=20)
    counts = count_conditions(corpus, perturbations=["original", "isolate:2"])["original"]
    path = counts.save(tmp_path / "counts")
    tracemalloc.start()
    counts.save(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 0.2 * counts.nbytes
    assert Counts.load(path).fingerprint == counts.fingerprint
