"""Numbers that are permuted: what is kept, what moves, and that no worker changes it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from wordnum.corpus.encoded_corpus import Block, EncodedCorpus
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.perturbations import Perturbation
from wordnum.corpus.random_draws import draws
from wordnum.corpus.rewriting import NumberSequence, SwapNumbers, UnigramReplace
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.corpus.vocabulary import Vocabulary

N = 10
VOCABULARY = Vocabulary.from_words(["a", "b"], numerals=NumeralScheme(size=N))

documents = st.lists(st.lists(st.integers(0, 13), min_size=1, max_size=40), min_size=1, max_size=8)


def corpus_of(texts: list[list[int]], n_blocks: int = 3) -> EncodedCorpus:
    starts = np.cumsum([0, *map(len, texts)])
    return EncodedCorpus.from_arrays(np.concatenate(texts), starts, VOCABULARY, n_blocks=n_blocks)


def rewritten(corpus: EncodedCorpus, perturbation: Perturbation) -> list[list[int]]:
    """Documents after rewriting."""
    prepared = perturbation.prepare(corpus)
    found = []
    for block in corpus.blocks():
        text = prepared.apply(block)
        found += [part.tolist() for part in np.split(text.ids, text.starts[1:-1])]
    return found


def number_pairs(texts: list[list[int]], reach: int) -> Counter:
    """(distance, number, number) -> count, over numbers at most `reach` tokens apart."""
    return Counter(
        (j - i, text[i], text[j])
        for text in texts
        for i in range(len(text))
        for j in range(i + 1, min(len(text), i + reach + 1))
        if text[i] < N and text[j] < N
    )


def numbers(texts: list[list[int]]) -> list[int]:
    return [token for text in texts for token in text if token < N]


@settings(max_examples=80, deadline=None)
@given(documents, st.integers(1, 12), st.integers(0, 3))
def test_number_pairs_within_the_reach_are_kept_exactly(texts, reach: int, seed: int):
    if not numbers(texts):
        texts = [*texts, [1]]
    swapped = rewritten(corpus_of(texts), SwapNumbers(seed, reach=reach))
    assert number_pairs(swapped, reach) == number_pairs(texts, reach)
    assert Counter(numbers(swapped)) == Counter(numbers(texts))


def test_number_pairs_beyond_the_reach_are_not_kept():
    texts = [[i % N, 12, 12, 12, (i * 7) % N] for i in range(50)]
    swapped = rewritten(corpus_of(texts), SwapNumbers(reach=3))
    assert number_pairs(swapped, 3) == number_pairs(texts, 3) == Counter()
    assert number_pairs(swapped, 4) != number_pairs(texts, 4)


def test_runs_of_one_pattern_trade_places_and_a_pattern_of_its_own_stays():
    """Pairs with gap 2 among themselves, single numbers among themselves; the triple stays."""
    texts = [[1, 12, 2], [12, 3, 12, 4], [5, 12], [13, 6], [7, 8, 9], [0, 13, 0]]
    seen = [rewritten(corpus_of(texts), SwapNumbers(seed)) for seed in range(40)]
    assert all(text[4] == texts[4] for text in seen)
    pairs = {tuple(t[0][::2]) for t in seen}
    assert pairs == {(1, 2), (3, 4), (0, 0)}
    assert {t[2][0] for t in seen} == {5, 6}
    shares = {SwapNumbers(s).prepare(corpus_of(texts)).about["share_in_place"] for s in range(40)}
    # The triple alone is in place when all else moves: 3 of 11 number tokens.
    assert min(shares) == pytest.approx(3 / 11)
    assert max(shares) == 1


def test_every_permutation_of_equal_runs_is_as_likely():
    corpus = corpus_of([[1, 12], [2, 12], [3, 12]])
    seen = Counter(
        tuple(numbers(rewritten(corpus, SwapNumbers(seed, reach=10)))) for seed in range(1200)
    )
    assert len(seen) == 6
    assert stats.chisquare(list(seen.values())).pvalue > 1e-3


@settings(max_examples=40, deadline=None)
@given(documents, st.integers(0, 3))
def test_the_sequence_variant_keeps_the_cyclic_order_alone(texts, seed: int):
    texts = [*texts, [1, 12, 2]]
    before = numbers(texts)
    after = numbers(rewritten(corpus_of(texts), SwapNumbers(seed, variant="sequence")))
    shifts = [before[-k:] + before[:-k] for k in range(1, len(before))]
    assert after in shifts


def test_runs_end_at_documents_and_at_gaps_beyond_the_reach():
    corpus = corpus_of([[1, 12, 2, 12, 12, 3], [4, 5]])
    sequence = NumberSequence.read(corpus)
    assert sequence.numbers.tolist() == [1, 2, 3, 4, 5]
    assert sequence.gaps.tolist() == [0, 2, 3, 0, 1]
    assert sequence.starts.tolist() == [0, 3, 5]
    first, lengths, labels = sequence.runs(2)
    assert (first.tolist(), lengths.tolist()) == ([0, 2, 3], [2, 1, 2])
    assert len(set(labels)) == 3


def test_far_numbers_are_no_run_whatever_the_gap():
    """Gaps are kept in one byte: 255 and beyond must not wrap around."""
    for gap in (255, 256, 257, 511, 512):
        corpus = corpus_of([[1, *[12] * (gap - 1), 2], [3, 4]])
        sequence = NumberSequence.read(corpus)
        assert sequence.gaps.tolist() == [0, gap if gap == 255 else 0, 0, 1]
        first, _, _ = sequence.runs(10)
        assert first.tolist() == [0, 1, 2]


def redrawn(marginal: list[int], starts: np.ndarray, first: int = 0, seed: int = 1) -> np.ndarray:
    """What UnigramReplace puts into a block of numbers alone, whose documents begin at `starts`."""
    texts = [[number] * times for number, times in enumerate(marginal) if times]
    prepared = UnigramReplace(seed).prepare(corpus_of(texts))
    return prepared.apply(Block(0, np.zeros(starts[-1], np.uint32), starts, first, 0)).ids


def test_redrawn_numbers_follow_the_marginal_independently():
    marginal = [5, 0, 3, 2]
    drawn = redrawn(marginal, np.arange(0, 20_001, 20))
    seen = np.bincount(drawn, minlength=4)
    assert seen[1] == 0
    shares = np.array(marginal)[[0, 2, 3]] / 10
    assert stats.chisquare(seen[[0, 2, 3]], 20_000 * shares).pvalue > 1e-3
    pairs = np.zeros((4, 4))
    np.add.at(pairs, (drawn[:-1], drawn[1:]), 1)
    table = pairs[np.ix_([0, 2, 3], [0, 2, 3])]
    assert stats.chi2_contingency(table).pvalue > 1e-3


def test_a_draw_depends_on_its_document_and_place_alone():
    starts = np.array([0, 3, 3, 10, 12])
    whole = redrawn([1] * 10, starts, first=7, seed=4)
    part = redrawn([1] * 10, starts[2:] - 3, first=9, seed=4)
    assert np.array_equal(whole[3:], part)


def test_draws_differ_by_seed_purpose_document_and_place():
    zero, one = np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.int64)
    seen = {
        int(draws(seed, purpose, document, index)[0])
        for seed in (0, 1, -1)
        for purpose in ("thin", "swap")
        for document in (zero, one)
        for index in (zero, one)
    }
    assert len(seen) == 3 * 2 * 2 * 2


def test_random_bits_are_uniform_and_uncorrelated():
    n = 20_000
    bits = draws(3, "test", np.arange(n) // 100, np.arange(n) % 100)
    uniform = (bits >> np.uint64(11)) * 2.0**-53
    assert stats.kstest(uniform, "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(uniform[:-1], uniform[1:])[0, 1]) < 4 / np.sqrt(n)
    assert abs(np.corrcoef(uniform[:-100], uniform[100:])[0, 1]) < 4 / np.sqrt(n)


@pytest.mark.parametrize(
    "perturbation",
    [SwapNumbers(3), SwapNumbers(3, variant="sequence"), UnigramReplace(3)],
    ids=lambda p: p.name,
)
def test_the_blocks_a_text_is_parted_into_change_nothing(perturbation: Perturbation):
    block = SyntheticCorpus(n_documents=60, length=50, density=0.2, size=N).encoded(1).block(0)
    vocabulary = SyntheticCorpus(size=N).vocabulary
    texts = [
        rewritten(EncodedCorpus.from_arrays(block.ids, block.starts, vocabulary, n), perturbation)
        for n in (1, 2, 7, 60)
    ]
    assert all(text == texts[0] for text in texts)


def test_numbers_cross_documents_and_blocks():
    texts = [[i // 6, 12] for i in range(60)]
    swapped = rewritten(corpus_of(texts, n_blocks=10), SwapNumbers())
    homes = [text[0] == i // 6 for i, text in enumerate(swapped)]
    assert sum(homes) < 20
