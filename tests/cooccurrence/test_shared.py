"""Events that conditions share: columns of counts, taken out one by one and added up exactly."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordnum.cooccurrence.count import count
from wordnum.cooccurrence.scratch import Scratch
from wordnum.cooccurrence.shared import BlocksOf, SharedEvents
from wordnum.corpus.encoded import EncodedCorpus
from wordnum.corpus.numerals import NumeralScheme
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
        assert np.array_equal(there.contexts, here.contexts)
        assert np.array_equal(there.counts, here.counts)


@pytest.mark.parametrize("most", [48_000_000, 900])
@pytest.mark.parametrize("by", ["block-distance", "sum"])
def test_counts_of_any_size_are_the_same_beside_other_conditions(
    monkeypatch: pytest.MonkeyPatch, most: int, by: str
):
    """One number and few words, again and again: counts far above one byte, whole and in parts."""
    monkeypatch.setattr("wordnum.cooccurrence.passes.MOST_TOKENS", most)
    vocabulary = Vocabulary.from_words(["a", "b"], numerals=NumeralScheme(size=10))
    ids = np.random.default_rng(0).choice(
        [3, 3, 3, 5, 12, 13], 9000, p=[0.3, 0.2, 0.2, 0.1, 0.1, 0.1]
    )
    corpus = EncodedCorpus.from_arrays(ids, np.arange(0, 9001, 300), vocabulary, n_blocks=2)
    names = ["original", *(f"context-length:{n}" for n in (2, 3, 5, 8, 60, 200)), "isolate:2"]
    names += ["unigram-replace", "swap-numbers"]
    together = count(corpus, window=4, perturbations=names, by=by)  # type: ignore[call-overload]
    assert together["original"].blocks[0].counts.max() > 255
    for name in names:
        alone = count(corpus, window=4, perturbations=name, by=by)  # type: ignore[call-overload]
        assert together[name].fingerprint == alone.fingerprint
