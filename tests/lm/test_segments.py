"""Rows of a corpus: one segment a row, every token once, in an order that follows from the seed."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from wordnum.corpus.blocks import Block
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.perturbations import PerturbedCorpus, prepare
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import InputError, UsageError
from wordnum.lm.segments import NO_TARGET, CutVocabulary, Segments, rows_of

WORDS = Vocabulary.from_words(["a", "b", "c"])
A, B, C = range(1002, 1005)


@pytest.fixture(scope="module")
def corpus() -> EncodedCorpus:
    return SyntheticCorpus(n_documents=40, length=50, n_fillers=60, size=100).encoded(n_blocks=4)


def write(corpus, folder, *, words=1000, context=16, perturbation="original", **how):
    cut = CutVocabulary.of(corpus.vocabulary, words=words)
    Segments.write(corpus, folder, vocabulary=cut, context=context, perturbation=perturbation)
    return cut, Segments(folder, **{"batch_tokens": 64, **how})


def rows(segments: Segments, batches) -> list[list[int]]:
    """Tokens of the rows of some batches, without padding."""
    found = []
    for i in batches:
        ids, targets = segments.batch(i)
        found += [row[keep].tolist() for row, keep in zip(ids, targets != NO_TARGET)]
    return found


def expected_rows(corpus, perturbation, rename, context) -> list[list[int]]:
    """Cut by hand: a loop over the segments of the protocol."""
    found = []
    for block in PerturbedCorpus(corpus, prepare(perturbation, corpus)).blocks():
        for first, last in itertools.pairwise(block.starts.tolist()):
            for at in range(first, last, context):
                row = rename[block.ids[at : min(at + context, last)]].tolist()
                found += [row] * (len(row) > 1)
    return found


@pytest.mark.parametrize(
    "perturbation", ["original", "context-length:8", "isolate:1", "swap-numbers", "thin:0.5"]
)
def test_a_pass_holds_every_segment_once_in_a_row_of_its_own(corpus, tmp_path, perturbation):
    cut, segments = write(corpus, tmp_path / "s", perturbation=perturbation)
    expected = expected_rows(corpus, perturbation, cut.rows, 16)
    found = rows(segments, range(segments.n_batches))
    assert sorted(found) == sorted(expected)
    assert found != expected
    again = rows(segments, range(segments.n_batches, 2 * segments.n_batches))
    assert sorted(again) == sorted(expected)
    assert again != found


def test_a_perturbation_of_ones_own_holds_too(corpus, tmp_path):
    class Halves:
        name = "halves"

        def prepare(self, corpus):
            return self

        def apply(self, block):
            middle = (block.starts[:-1] + block.starts[1:]) // 2
            starts = np.sort(np.concatenate([block.starts, middle]))
            return Block(block.index, block.ids, starts, block.first_document, block.first_token)

    cut, segments = write(corpus, tmp_path / "s", perturbation=Halves())
    expected = expected_rows(corpus, Halves(), cut.rows, 16)
    assert sorted(rows(segments, range(segments.n_batches))) == sorted(expected)


def test_what_is_not_a_token_is_no_target_and_stands_on_the_right(tmp_path):
    text = EncodedCorpus.from_arrays([A, 7, B, A, 8, C, C, 9], [0, 3, 8], WORDS)
    _, segments = write(text, tmp_path / "s", batch_tokens=8, context=8)
    batches = [segments.batch(i) for i in range(segments.n_batches)]
    for ids, targets in batches:
        kept = targets != NO_TARGET
        assert (np.sort(kept, axis=1)[:, ::-1] == kept).all()
        assert (ids[kept] == targets[kept]).all()
    assert sum((targets != NO_TARGET).sum() for _, targets in batches) == 8


def test_rows_are_cut_at_the_context_and_a_single_token_is_left_out():
    starts, lengths = rows_of(np.array([0, 9, 9, 10, 14]), 4)
    assert starts.tolist() == [0, 4, 10]
    assert lengths.tolist() == [4, 4, 4]


def test_order_is_that_of_the_seed(corpus, tmp_path):
    _, first = write(corpus, tmp_path / "a")
    same, other = (
        Segments(tmp_path / "a", batch_tokens=64),
        Segments(tmp_path / "a", batch_tokens=64, random_state=1),
    )
    assert rows(first, [3, 90]) == rows(same, [3, 90])
    assert rows(first, [90, 3]) == rows(same, [90, 3])
    assert rows(first, range(5)) != rows(other, range(5))


def test_batches_hold_their_tokens_and_rows_of_like_length(corpus, tmp_path):
    _, segments = write(corpus, tmp_path / "s", perturbation="isolate:1", context=64)
    for i in range(segments.n_batches):
        ids, targets = segments.batch(i)
        lengths = (targets != NO_TARGET).sum(axis=1)
        assert ids.size <= 64 or len(ids) == 1
        assert lengths.max() <= 1.25 * lengths.min() + 1
        assert segments.tokens(i) == lengths.sum()


def test_the_most_frequent_words_stay_and_all_numbers(corpus, tmp_path):
    cut, segments = write(corpus, tmp_path / "s", words=10)
    counts = corpus.vocabulary.counts
    assert cut.tokens[:102] == tuple(corpus.vocabulary.tokens()[:102])
    kept = [corpus.vocabulary.id(word) for word in cut.tokens[102:]]
    assert len(kept) == 10
    assert min(counts[kept]) >= max(np.delete(counts[102:], np.array(kept) - 102))
    assert segments.counts[:100].tolist() == corpus.number_counts.tolist()
    assert segments.counts.sum() == corpus.n_tokens
    assert segments.counts[101] == counts.sum() - counts[:102].sum() - counts[kept].sum()


def test_counts_are_those_of_the_perturbed_text(corpus, tmp_path):
    _, segments = write(corpus, tmp_path / "s", perturbation="unigram-replace")
    assert segments.counts[:100].sum() == corpus.number_counts.sum()
    assert segments.counts[:100].tolist() != corpus.number_counts.tolist()


def test_fewer_tokens_than_a_batch_are_refused(corpus, tmp_path):
    with pytest.raises(InputError, match=r"shorter than one batch\n.*1,000,000 tokens"):
        write(corpus, tmp_path / "s", batch_tokens=1_000_000)
    with pytest.raises(UsageError, match="batch_tokens cannot be 1"):
        Segments(tmp_path / "s", batch_tokens=1)


def test_a_failure_leaves_no_folder(corpus, tmp_path):
    class Broken:
        name = "broken"

        def prepare(self, corpus):
            return self

        def apply(self, block):
            raise OSError("the disk is gone")

    with pytest.raises(InputError, match="broken"):
        write(corpus, tmp_path / "s", perturbation=Broken())
    assert list(tmp_path.iterdir()) == []
