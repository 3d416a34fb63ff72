"""Counts in files: what cannot be counts never reaches a compiled loop."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from wordnum.cooccurrence.count_files import checked_rows, row_arrays
from wordnum.cooccurrence.counting import count
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.expectations import ExpectedCounts, expected_counts
from wordnum.cooccurrence.word_counts import WordCounts
from wordnum.cooccurrence.word_pairs import count_words
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.errors import FormatError

# Rows (0 2 0 5), (0 0 0 0) and (1 0 7 3).
ROWS = np.array([0, 2, 2, 5]), np.array([1, 3, 0, 2, 3]), np.array([2, 5, 1, 7, 3])
SHAPE = (3, 4)

WRONG = {
    "a column too large": {"columns": [1, 4, 0, 2, 3]},
    "a negative column": {"columns": [-1, 3, 0, 2, 3]},
    "columns out of order": {"columns": [3, 1, 0, 2, 3]},
    "a column twice": {"columns": [1, 1, 0, 2, 3]},
    "columns that are no integers": {"columns": [1.0, 3, 0, 2, 3]},
    "rows that descend": {"indptr": [0, 3, 2, 5]},
    "rows beyond the end": {"indptr": [0, 2, 2, 6]},
    "rows that begin late": {"indptr": [1, 2, 2, 5]},
    "a row too few": {"indptr": [0, 2, 5]},
    "no rows": {"indptr": []},
    "rows that wrap": {"indptr": np.array([0, 2**64 - 1, 2, 5], dtype=np.uint64)},
    "a value too few": {"values": [2, 5, 1, 7]},
    "a value of 0": {"values": [2, 5, 0, 7, 3]},
    "a negative value": {"values": [2, 5, -1, 7, 3]},
    "no number": {"values": [2, 5, np.nan, 7, 3]},
    "an infinite value": {"values": [2, 5, np.inf, 7, 3]},
    "texts": {"values": list("abcde")},
    "another shape": {"values": [[2], [5], [1], [7], [3]]},
}


def test_rows_come_back():
    for rows, shape in ((ROWS, SHAPE), ((np.zeros(2, int), ROWS[1][:0], ROWS[2][:0]), (1, 4))):
        again = checked_rows("m", row_arrays("m", rows), shape=shape)
        assert all(np.array_equal(a, b) for a, b in zip(rows, again))


@pytest.mark.parametrize("wrong", WRONG)
def test_what_are_no_rows_is_refused(wrong: str):
    arrays = row_arrays("m", ROWS)
    arrays |= {f"m/{part}": np.asarray(array) for part, array in WRONG[wrong].items()}
    with pytest.raises(ValueError, match="m: "):
        checked_rows("m", arrays, shape=SHAPE)


@pytest.fixture(scope="module")
def corpus() -> EncodedCorpus:
    return SyntheticCorpus(n_documents=20, length=60, size=30, n_fillers=20).encoded()


def changed(source: Path, path: Path, name: str, change) -> Path:
    """A file with one array changed, whole as a file."""
    with np.load(source) as file:
        arrays = dict(file)
    arrays[name] = change(arrays[name])
    np.savez(path, **arrays)
    return path


DAMAGE = {
    "columns": lambda array: array.astype(np.int64) + 60_000,
    "indptr": lambda array: array[::-1].copy(),
    "values": lambda array: -array.astype(np.float64),
}


KINDS = {
    "counts": (lambda corpus: count(corpus, window=2), Counts, ["block 3"]),
    "word-counts": (lambda corpus: count_words(corpus, window=2), WordCounts, ["later"]),
    "expected-counts": (
        lambda corpus: expected_counts(corpus, "swap-numbers", window=2),
        ExpectedCounts,
        ["strata", "kept", "chances"],
    ),
}


@pytest.fixture(scope="module")
def saved(corpus: EncodedCorpus, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("saved")
    return {kind: make(corpus).save(folder / kind) for kind, (make, _, _) in KINDS.items()}


@pytest.mark.parametrize("part", DAMAGE)
@pytest.mark.parametrize("kind", KINDS)
def test_rows_in_files_are_checked_when_they_are_read(
    saved: dict[str, Path], kind: str, part: str, tmp_path: Path
):
    _, reader, names = KINDS[kind]
    for name in names:
        path = changed(saved[kind], tmp_path / "counts.npz", f"{name}/{part}", DAMAGE[part])
        with pytest.raises(FormatError, match=f"cannot be used as {kind}"):
            reader.load(path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["context_counts", "vocabulary_offsets"])
def test_an_array_of_another_length_is_refused(
    saved: dict[str, Path], kind: str, name: str, tmp_path: Path
):
    path = changed(saved[kind], tmp_path / "counts.npz", name, lambda array: array[..., :-1])
    with pytest.raises(FormatError):
        KINDS[kind][1].load(path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("entry", ["window", "window_size", "blocks", "n_strata", "flags"])
@pytest.mark.parametrize("value", [None, "a", -1, [[]], 10**30, 1e300])
def test_odd_entries_of_a_header_are_refused(
    saved: dict[str, Path], kind: str, entry: str, value, tmp_path: Path
):
    with np.load(saved[kind]) as file:
        header = json.loads(file["wordnum_header"].tobytes())
    if entry in header:
        header[entry] = value
        text = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
        path = changed(saved[kind], tmp_path / "counts.npz", "wordnum_header", lambda _: text)
        with pytest.raises(FormatError):
            KINDS[kind][1].load(path)
