"""Counts or a corpus, from the objects themselves or from their paths."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.word_counts import WordCounts
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.errors import InputError
from wordnum.storage import npz_kind


def open_counts(source: Any) -> EncodedCorpus | Counts | WordCounts:
    """Return counts or a corpus; of a path, what it holds.

    Raises
    ------
    InputError
        It is neither: an embedding has no counts.

    Examples
    --------
    >>> open_counts("no such file.npz")
    Traceback (most recent call last):
    wordnum.errors.InputError: no such file: no such file.npz
      to do: check the path
    """
    if isinstance(source, (EncodedCorpus, Counts, WordCounts)):
        return source
    if not isinstance(source, (str, os.PathLike)):
        raise InputError(
            "these are neither counts nor a corpus",
            expected="an encoded corpus, counts, or a path of either",
            got=type(source).__name__,
            remedy="a matrix is embedded by a model: SVD().fit_transform(matrix); the words of an "
            "embedding are those of the counts that it was made of",
        )
    path = Path(source)
    if path.is_dir():
        return EncodedCorpus.open(path)
    kind = npz_kind(path)
    if path.is_file() and kind not in ("counts", "word-counts"):
        raise InputError(
            f"{path} holds no counts",
            expected="a file of wordnum count, or a folder of wordnum encode",
            got=kind or "another file",
            remedy="a text becomes a corpus by wordnum encode; vectors, whose columns are no "
            "words, go to wordnum analyze",
        )
    return (WordCounts if kind == "word-counts" else Counts).load(path)
