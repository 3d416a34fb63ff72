"""What counting takes: bounds told before the start, and what happens when they do not hold."""

from __future__ import annotations

import logging
import resource
import shutil
import tracemalloc
from collections import namedtuple
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from wordnum.cooccurrence.counting import count, count_conditions
from wordnum.cooccurrence.estimate import Estimate, announce, estimate
from wordnum.cooccurrence.expect import expected_counts
from wordnum.cooccurrence.temp_arrays import Spool
from wordnum.cooccurrence.word_pairs import count_words
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import InputError

Usage = namedtuple("Usage", "total used free")
LOGGER = "wordnum.cooccurrence.estimate"


@pytest.fixture(scope="module")
def corpus() -> EncodedCorpus:
    return SyntheticCorpus(n_documents=300, length=80, density=0.1).encoded()


def kept_bytes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What counting writes to disk from now on, with nothing kept in memory."""
    written: list[int] = []
    append = Spool.append

    def counting(spool: Spool, array: np.ndarray) -> None:
        written.append(array.nbytes)
        append(spool, array)

    monkeypatch.setattr("wordnum.cooccurrence.passes.IN_MEMORY", 0)
    monkeypatch.setattr(Spool, "append", counting)
    return written


@pytest.mark.parametrize("names", [["original"], ["original", "isolate:1"]])
def test_number_rows_stay_within_the_bound(
    corpus: EncodedCorpus, monkeypatch: pytest.MonkeyPatch, names: list[str]
):
    bound = estimate(corpus, window=3, conditions=len(names))
    spilled = kept_bytes(monkeypatch)
    counts = count_conditions(corpus, window=3, perturbations=names)
    assert bound.events >= counts["original"].n_events
    assert bound.disk >= sum(spilled) > 0.3 * bound.disk


def peak(corpus: EncodedCorpus, **way) -> int:
    count_conditions(corpus, **way)
    tracemalloc.start()
    count_conditions(corpus, **way)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


LANED = ["original", *(f"context-length:{n}" for n in (4, 8, 16, 32, 64)), "isolate:1", "isolate:2"]


@pytest.mark.parametrize("names", [LANED[:1], LANED[:2], LANED, [*LANED[:3], "unigram-replace"]])
@pytest.mark.parametrize("window", [1, 10])
@pytest.mark.parametrize(
    "bounds",
    [
        {"passes.MOST_TOKENS": 48_000_000},
        {"passes.MOST_TOKENS": 20_000},
        {"chunk.MOST_POSITIONS": 5000, "estimate.MOST_POSITIONS": 5000},
        {"number_pairs.ROW_POSITIONS": 1000, "estimate.ROW_POSITIONS": 1000},
    ],
    ids=["whole", "tasks", "slabs", "frequent"],
)
def test_the_memory_of_counting_stays_within_the_bound(
    monkeypatch: pytest.MonkeyPatch, names: list[str], window: int, bounds: dict[str, int]
):
    text = SyntheticCorpus(n_documents=3000, length=200, density=0.2).encoded(n_blocks=1)
    for name, value in bounds.items():
        monkeypatch.setattr(f"wordnum.cooccurrence.{name}", value)
    monkeypatch.setattr("wordnum.cooccurrence.estimate._PROCESS", 0)
    kept_bytes(monkeypatch)
    monkeypatch.setattr("wordnum.cooccurrence.estimate.IN_MEMORY", 0)
    bound = estimate(text, window=window, conditions=len(names)).memory
    assert 0.1 * bound < peak(text, window=window, perturbations=names) < bound


def test_words_beyond_sixteen_bits_take_more(corpus: EncodedCorpus):
    words = Vocabulary.from_words([f"w{i}" for i in range(70_000)])
    ids = np.tile([7, 70_900], 50)
    text = EncodedCorpus.from_arrays(ids, [0, 100], words, n_blocks=1)
    counts = count(text, window=3)
    bound = estimate(text, window=3)
    assert bound.disk == 5 * bound.events
    assert bound.disk >= sum(b.contexts.nbytes + b.counts.nbytes for b in counts.blocks)


def test_more_workers_and_conditions_take_more(corpus: EncodedCorpus):
    one = estimate(corpus)
    assert estimate(corpus, n_jobs=2).memory > one.memory
    assert estimate(corpus, conditions=10).memory > one.memory
    assert estimate(corpus, conditions=10).disk == 10 * one.disk
    numbers = int(corpus.number_counts.sum())
    assert estimate(corpus, swaps=True).memory > one.memory + 8 * numbers


def test_the_estimate_is_told_before_counting(
    corpus: EncodedCorpus, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.INFO, logger=LOGGER):
        count(corpus, window=2)
    assert "counting takes at most" in caplog.text
    assert not [r for r in caplog.records if r.levelno > logging.INFO]


def test_what_does_not_fit_is_warned_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(10**9, 0, 10**6))
    announce(Estimate(memory=10**15, disk=10**9, events=1), spill=tmp_path)
    told = caplog.text
    assert "may take 1,000,000,000 MB of memory" in told
    assert f"may take 1,000 MB of disk, and {tmp_path} has 1 MB" in told
    assert "use fewer jobs" in told
    assert "name another folder" in told


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
    monkeypatch.setattr("wordnum.cooccurrence.passes.IN_MEMORY", 10_000)
    count_rows = count if rows == "numbers" else count_words
    count_rows(corpus)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with full_disk(5000), pytest.raises(InputError) as caught:
        count_rows(corpus)
    assert "cannot keep counted events on disk" in str(caught.value)
    assert f"where: {tmp_path}" in str(caught.value)
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
    with pytest.raises(InputError, match="No such file or directory"):
        count(corpus)
    with pytest.raises(InputError, match="No such file or directory"):
        expected_counts(corpus, "unigram-replace", spill=tmp_path / "no")
