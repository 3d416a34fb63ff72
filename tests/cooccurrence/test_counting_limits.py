"""What counting takes: a line before it starts, one clear error where there is no room."""

from __future__ import annotations

import logging
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from wordnum.cooccurrence import number_pairs, word_pairs
from wordnum.cooccurrence.counting import count, count_conditions
from wordnum.cooccurrence.expectations import expected_counts
from wordnum.cooccurrence.word_pairs import count_words
from wordnum.corpus.encoded_corpus import Block, EncodedCorpus
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import InputError, UsageError


@pytest.fixture(scope="module")
def corpus() -> EncodedCorpus:
    return SyntheticCorpus(n_documents=300, length=120, density=0.1).encoded()


def test_what_counting_takes_is_told_before_it_starts(
    corpus: EncodedCorpus, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.INFO, logger="wordnum.cooccurrence.counting"):
        count(corpus, window=2)
    assert "counting 35,762 tokens under 1 conditions: at most" in caplog.text
    assert [r.levelno for r in caplog.records] == [logging.INFO]


def test_what_no_machine_holds_is_refused(corpus: EncodedCorpus, monkeypatch: pytest.MonkeyPatch):
    names = [f"context-length:{length}" for length in range(1, 200)]
    monkeypatch.setattr("os.sysconf", lambda name: 1000)
    with pytest.raises(UsageError, match="so wide a window does not fit into memory"):
        count_conditions(corpus, perturbations=names, window=100)


@contextmanager
def full_disk(n_bytes: int) -> Iterator[None]:
    """No file can grow beyond `n_bytes`, as on a disk that fills up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("rows", ["numbers", "all"])
def test_a_disk_that_fills_up_is_one_clear_error(
    corpus: EncodedCorpus, rows: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for module in (number_pairs, word_pairs):
        monkeypatch.setattr(module, "IN_MEMORY", 10_000)
    count_rows = count if rows == "numbers" else count_words
    count_rows(corpus)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with full_disk(5000), pytest.raises(InputError) as caught:
        count_rows(corpus)
    assert f"cannot write counted events to {tmp_path}\n" in str(caught.value)
    assert "free disk space, or name another folder" in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_saving_to_a_full_disk_leaves_nothing(corpus: EncodedCorpus, tmp_path: Path):
    counts = count(corpus, window=3)
    with full_disk(5000), pytest.raises(InputError, match="cannot write"):
        counts.save(tmp_path / "counts.npz")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_named(
    corpus: EncodedCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "no"))
    monkeypatch.setattr(number_pairs, "IN_MEMORY", 100)
    with pytest.raises(InputError, match="No such file or directory"):
        count(corpus)
    with pytest.raises(InputError, match="No such file or directory"):
        expected_counts(corpus, "unigram-replace")


def test_a_block_beyond_its_counters_is_refused():
    words = Vocabulary.from_words(["a"], numerals=NumeralScheme(size=10))
    endless = np.broadcast_to(np.zeros(1, dtype=np.uint32), (2**32,))
    block = Block(0, endless, np.array([0, 2**32]), 0, 0)
    counts = np.eye(1, len(words), dtype=np.int64)[0] * 2**32
    corpus = EncodedCorpus([block], vocabulary=words.with_counts(counts))
    with pytest.raises(InputError, match="a block is too long to be counted"):
        count(corpus, window=1)
