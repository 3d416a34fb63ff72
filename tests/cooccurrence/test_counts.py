"""Counts as objects: made by hand, merged, saved, damaged."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from wordnum.cooccurrence.counting import count
from wordnum.cooccurrence.counts import BlockEvents, Counts
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import FormatError, InputError, UsageError

VOCABULARY = Vocabulary.from_words(["km", "may"], numerals=NumeralScheme(size=10))


def made(*events: tuple[int, int, int, int, int], **options: object) -> Counts:
    return Counts.from_events(
        events, vocabulary=VOCABULARY, **{"window_size": 2, "n_blocks": 3, **options}
    )  # fmt: skip


@pytest.fixture(scope="module")
def halves() -> tuple[EncodedCorpus, EncodedCorpus, EncodedCorpus]:
    """Two texts of one vocabulary, and both as one."""
    whole = SyntheticCorpus(n_documents=40, length=60, density=0.2, size=20).encoded(n_blocks=4)
    blocks = list(whole.blocks())
    parts = []
    for first, last in ((0, 2), (2, 4)):
        ids = np.concatenate([b.ids for b in blocks[first:last]])
        starts = np.unique(np.concatenate([b.starts + b.first_token for b in blocks[first:last]]))
        parts.append(
            EncodedCorpus.from_arrays(ids, starts - starts[0], whole.vocabulary, n_blocks=2)
        )
    return parts[0], parts[1], whole


def test_repeated_events_add_up():
    twice = made((0, 1, 7, 12, 3), (0, 1, 7, 12, 4))
    assert twice.signal().matrix()[7].sum() == 7
    assert twice.n_events == 7


def test_margins_made_by_hand_are_those_of_the_nearest_distance():
    counts = made((0, -1, 7, 12, 3), (0, 2, 7, 13, 9), (2, 1, 4, 13, 5))
    assert counts.number_counts[:, [4, 7]].tolist() == [[0, 3], [0, 0], [5, 0]]
    assert counts.context_counts[:, [12, 13]].tolist() == [[3, 0], [0, 0], [0, 5]]
    assert counts.documents.tolist() == [100, 100, 100]


@pytest.mark.parametrize(
    "event", [(0, 3, 7, 12, 1), (0, 0, 7, 12, 1), (3, 1, 7, 12, 1), (0, 1, 10, 12, 1),
              (0, 1, 7, 14, 1), (0, 1, 7, 12, 0), (0, 1, -1, 12, 1)],
)  # fmt: skip
def test_what_is_no_event_is_refused(event: tuple[int, int, int, int, int]):
    with pytest.raises(InputError, match="not an event") as caught:
        made(event)
    assert str(event) in str(caught.value)


def test_merging_adds_blocks_of_equal_index_and_keeps_the_others():
    first, second = made((0, 1, 7, 12, 3)), made((0, 1, 7, 12, 300), (2, 2, 1, 2, 1))
    both = first + second
    assert [block.index for block in both.blocks] == [0, 1, 2]
    assert both.signal().matrix([0])[7].sum() == 303
    assert both.number_counts[0, 7] == 303
    assert both.documents.tolist() == [200, 200, 200]
    assert both.fingerprint == (second + first).fingerprint
    assert both.n_events == 304


def test_texts_counted_apart_and_merged_are_one_text(halves):
    first, second, whole = halves
    merged, expected = (
        count(first, window=3) + count(second, window=3),
        count(whole, window=3),
    )
    for window in (Window(size=3), Window(size=2, side="left", positional=True)):
        a, b = merged.signal(window=window), expected.signal(window=window)
        assert (a.matrix() != b.matrix()).nnz == 0
        assert np.array_equal(a.context_counts, b.context_counts)
        assert np.array_equal(a.number_counts, b.number_counts)


def test_merging_is_associative(halves):
    a, b, c = (count(corpus, window=2) for corpus in halves)
    assert ((a + b) + c).fingerprint == (a + (b + c)).fingerprint


@pytest.mark.parametrize(
    ("what", "other"),
    [
        ("windows", lambda corpus: count(corpus, window=2)),
        ("perturbations", lambda corpus: count(corpus, window=3, perturbation="isolate:1")),
        ("vocabularies", lambda corpus: made((0, 1, 7, 12, 3))),
    ],
)
def test_different_counts_are_not_merged(halves, what: str, other):
    counts = count(halves[0], window=3)
    with pytest.raises(UsageError, match=f"different {what} cannot be merged"):
        counts + other(halves[0])


def test_counts_come_back_from_disk_as_they_were(halves, tmp_path: Path):
    counts = count(halves[2], window=3, perturbation="swap-numbers", random_state=3)
    again = Counts.load(counts.save(tmp_path / "counts"))
    assert again.fingerprint == counts.fingerprint
    assert again.provenance == counts.provenance
    assert (again.perturbation, again.flags) == (counts.perturbation, counts.flags)
    assert (again.signal().matrix() != counts.signal().matrix()).nnz == 0
    assert isinstance(again.blocks[0].contexts, np.memmap)
    assert "pickle" not in json.dumps(again.provenance)


def test_flags_of_the_corpus_travel_with_the_counts(halves, tmp_path: Path):
    _, _, whole = halves
    kept = Vocabulary.from_words(
        whole.vocabulary.words, numerals=NumeralScheme(size=20, ordinals="keep")
    )
    block = whole.block(0)
    corpus = EncodedCorpus.from_arrays(block.ids, block.starts, kept, n_blocks=2)
    counts = count(corpus, window=1)
    assert counts.flags == corpus.flags != ()
    again = Counts.load(counts.save(tmp_path / "counts"))
    assert again.signal().flags == (counts + counts).flags == corpus.flags


@pytest.mark.parametrize("at", [0.2, 0.5, 0.9])
def test_a_flipped_bit_is_found(halves, tmp_path: Path, at: float):
    path = count(halves[2], window=3).save(tmp_path / "counts")
    data = bytearray(path.read_bytes())
    data[int(at * len(data))] ^= 16
    path.write_bytes(data)
    with pytest.raises(FormatError, match="cannot be read as counts(.|\n)*make the file again"):
        Counts.load(path)


def test_files_of_another_kind_or_version_are_refused(halves, tmp_path: Path):
    path = tmp_path / "other.npz"
    np.savez(path, a=np.zeros(3))
    with pytest.raises(FormatError, match="cannot be read as counts"):
        Counts.load(path)
    header = json.dumps({"kind": "counts", "version": 99}).encode()
    np.savez(path, wordnum_header=np.frombuffer(header, dtype=np.uint8))
    with pytest.raises(FormatError, match="format version 99\n  expected: version 2"):
        Counts.load(path)
    header = json.dumps({"kind": "counts", "version": 2, "blocks": []}).encode()
    np.savez(path, wordnum_header=np.frombuffer(header, dtype=np.uint8))
    with pytest.raises(FormatError, match="KeyError: 'perturbation'"):
        Counts.load(path)


def test_events_take_three_bytes_each():
    corpus = SyntheticCorpus(n_documents=200, length=200).encoded(n_blocks=2)
    counts = count(corpus, window=5)
    stored = sum(block.counts.size for block in counts.blocks)
    assert sum(b.contexts.nbytes + b.counts.nbytes for b in counts.blocks) == 3 * stored
    block = counts.blocks[0]
    packed = BlockEvents.pack(0, block.matrix(len(corpus.vocabulary)))
    assert all(
        np.array_equal(getattr(packed, part), getattr(block, part))
        for part in ("indptr", "contexts", "counts")
    )
