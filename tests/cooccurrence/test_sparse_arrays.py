"""Matrices in files: what is no matrix never reaches a compiled loop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from wordnum.cooccurrence.expectations import ExpectedCounts, expected_counts
from wordnum.cooccurrence.sparse_arrays import matrix_arrays, read_matrix
from wordnum.cooccurrence.word_counts import WordCounts
from wordnum.cooccurrence.word_pairs import count_words
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.errors import FormatError

MATRIX = sparse.csr_array(np.array([[0, 2, 0, 5], [0, 0, 0, 0], [1, 0, 7, 3]], dtype=np.uint32))

WRONG = {
    "a column too large": {"indices": [1, 4, 0, 2, 3]},
    "a negative column": {"indices": [-1, 3, 0, 2, 3]},
    "columns out of order": {"indices": [3, 1, 0, 2, 3]},
    "a column twice": {"indices": [1, 1, 0, 2, 3]},
    "columns that are no integers": {"indices": [1.0, 3, 0, 2, 3]},
    "rows that descend": {"indptr": [0, 3, 2, 5]},
    "rows beyond the end": {"indptr": [0, 2, 2, 6]},
    "rows that begin late": {"indptr": [1, 2, 2, 5]},
    "a row too few": {"indptr": [0, 2, 5]},
    "no rows": {"indptr": []},
    "rows that wrap": {"indptr": np.array([0, 2**64 - 1, 2, 5], dtype=np.uint64)},
    "a value too few": {"data": [2, 5, 1, 7]},
    "a negative value": {"data": [2, 5, -1, 7, 3]},
    "no number": {"data": [2, 5, np.nan, 7, 3]},
    "an infinite value": {"data": [2, 5, np.inf, 7, 3]},
    "texts": {"data": list("abcde")},
    "another shape": {"data": [[2], [5], [1], [7], [3]]},
}


def test_a_matrix_comes_back():
    again = read_matrix("m", matrix_arrays("m", MATRIX), shape=MATRIX.shape)
    assert np.array_equal(again.toarray(), MATRIX.toarray())
    assert read_matrix("m", matrix_arrays("m", MATRIX[1:2]), shape=(1, 4)).nnz == 0


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_matrix_is_refused(wrong: str):
    arrays = matrix_arrays("m", MATRIX)
    arrays |= {f"m/{part}": np.asarray(array) for part, array in WRONG[wrong].items()}
    with pytest.raises(ValueError, match="m: "):
        read_matrix("m", arrays, shape=MATRIX.shape)


@pytest.fixture(scope="module")
def corpus() -> EncodedCorpus:
    return SyntheticCorpus(n_documents=20, length=60, size=30, n_fillers=20).encoded()


def changed(path: Path, name: str, change) -> Path:
    """A file with one array changed, whole as a file."""
    with np.load(path) as file:
        arrays = dict(file)
    arrays[name] = change(arrays[name])
    np.savez(path, **arrays)
    return path


DAMAGE = {
    "indices": lambda array: array + 60_000,
    "indptr": lambda array: array[::-1].copy(),
    "data": lambda array: -array.astype(np.float64),
}


@pytest.mark.parametrize("part", DAMAGE)
def test_files_of_counts_are_checked_when_they_are_read(
    corpus: EncodedCorpus, part: str, tmp_path: Path
):
    words = count_words(corpus, window=2).save(tmp_path / "words")
    with pytest.raises(FormatError, match="cannot be used as counts of all words"):
        WordCounts.load(changed(words, f"later/{part}", DAMAGE[part]))
    expected = expected_counts(corpus, "swap-numbers", window=2)
    for name in ("strata", "kept", "chances"):
        path = expected.save(tmp_path / name)
        with pytest.raises(FormatError, match="cannot be used as expected counts"):
            ExpectedCounts.load(changed(path, f"{name}/{part}", DAMAGE[part]))


@pytest.mark.parametrize("name", ["context_counts", "later/data", "vocabulary_offsets"])
def test_an_array_of_another_length_is_refused(corpus: EncodedCorpus, name: str, tmp_path: Path):
    words = count_words(corpus, window=2).save(tmp_path / "words")
    with pytest.raises(FormatError):
        WordCounts.load(changed(words, name, lambda array: array[:-1]))
