"""From pieces to one vocabulary and blocks of whole documents."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wordnum.corpus.encoded import array_hash
from wordnum.corpus.kernels import count_ids
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.pieces import PieceFile
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.corpus.wordcount import LIMIT, WordCounter
from wordnum.parallel import map_tasks
from wordnum.progress import track
from wordnum.storage import atomic_path

__all__ = ["count_words", "document_starts", "write_blocks"]

# A piece, and which of its tokens: from, to.
_Stretch = tuple[PieceFile, int, int]


def count_words(
    files: Sequence[PieceFile], scheme: NumeralScheme, size: int
) -> tuple[Vocabulary, dict[str, int]]:
    """Vocabulary of the `size` most frequent words, and what had to be pruned on the way."""
    counter = WordCounter(max(LIMIT, 4 * size))
    for file in track(files, "counting words"):
        _, arrays = file.load()
        counter.add(arrays["blob"], arrays["offsets"], arrays["counts"][scheme.size + 2 :])
    blob, offsets = counter.most_common(size)
    return Vocabulary(blob, offsets=offsets, numerals=scheme), counter.pruned


def document_starts(files: Sequence[PieceFile]) -> np.ndarray:
    """Where each document begins, and the number of tokens as the last entry."""
    begin, parts = 0, []
    for file in files:
        header, arrays = file.load()
        parts.append(arrays["starts"] + begin)
        begin += header["n_tokens"]
    return np.unique(np.concatenate([np.zeros(1, np.int64), *parts, [begin]]))


def write_blocks(
    folder: Path,
    files: Sequence[PieceFile],
    vocabulary: Vocabulary,
    *,
    starts: np.ndarray,
    borders: np.ndarray,
    first: int,
    jobs: int | None,
) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """Write a file of ids and one of document starts per block.

    Parameters
    ----------
    folder : Path
        Where to.
    files : sequence of PieceFile
        All pieces, in order.
    vocabulary : Vocabulary
        What the ids are to mean.
    starts : ndarray, shape (n_documents + 1,)
        Where each document begins among all tokens.
    borders : ndarray, shape (n_blocks + 1,)
        Documents at which blocks begin.
    first : int
        Number of the first block.
    jobs : int or None
        Workers.

    Returns
    -------
    counts : ndarray of int64, shape (len(vocabulary),)
        Occurrences of every id.
    entries : list of dict
        What the manifest says of each block.
    """
    sizes = [file.load()[0]["n_tokens"] for file in files]
    tasks = []
    for at, (begin, end) in enumerate(itertools.pairwise(borders)):
        own = starts[begin : end + 1]
        stretches = list(_stretches(files, sizes, int(own[0]), int(own[-1])))
        tasks.append((folder, f"block-{first + at:05d}", stretches, own - own[0], len(vocabulary)))
    translations = [(file, vocabulary) for file in files]
    map_tasks(PieceFile.translate, translations, jobs=jobs, description="looking words up")
    written = map_tasks(
        _write_block, tasks, jobs=jobs, description="writing", weights=np.diff(starts[borders])
    )
    return np.sum([counts for counts, _ in written], axis=0), [entry for _, entry in written]


def _stretches(
    files: Sequence[PieceFile], sizes: Sequence[int], begin: int, end: int
) -> Iterator[_Stretch]:
    """Pieces that hold the tokens begin..end, and which of theirs."""
    offset = 0
    for file, size in zip(files, sizes, strict=True):
        low, high = max(begin - offset, 0), min(end - offset, size)
        if low < high:
            yield file, low, high
        offset += size


def _write_block(
    folder: Path,
    name: str,
    stretches: list[_Stretch],
    starts: np.ndarray,
    n_ids: int,
) -> tuple[np.ndarray, dict[str, Any]]:
    counts = np.zeros(n_ids, dtype=np.int64)
    digest = hashlib.sha256()
    shape = (int(starts[-1]),)
    layout = {"descr": "<u4", "fortran_order": False, "shape": shape}
    with atomic_path(folder / f"{name}.ids.npy") as temporary, open(temporary, "wb") as file:
        np.lib.format.write_array_header_1_0(file, layout)
        for piece, begin, end in stretches:
            ids = piece.translated(begin, end)
            count_ids(ids, counts)
            digest.update(ids.data)
            file.write(ids.data)
    with atomic_path(folder / f"{name}.starts.npy") as temporary, open(temporary, "wb") as file:
        np.save(file, starts.astype("<i8"), allow_pickle=False)
    return counts, {
        "n_tokens": shape[0],
        "n_documents": int(starts.size - 1),
        "ids": {"file": f"{name}.ids.npy", "sha256": digest.hexdigest()},
        "starts": {"file": f"{name}.starts.npy", "sha256": array_hash(starts.astype("<i8"))},
    }
