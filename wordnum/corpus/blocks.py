"""From pieces to one vocabulary and blocks of whole documents."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from wordnum.corpus import tokenizer_kernel
from wordnum.corpus.encoded_corpus import array_hash, block_borders
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.pieces import PieceFile
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.corpus.word_table import LIMIT, WordCounter
from wordnum.parallel import map_tasks
from wordnum.storage import atomic_path

__all__ = ["Pieces", "write_blocks"]


class Pieces:
    """All pieces of a text, taken in one by one, and the words in them.

    Parameters
    ----------
    scheme : NumeralScheme
        The scheme they were made with.
    vocabulary_size : int
        Words that will be asked for.

    Attributes
    ----------
    files : list of PieceFile
        In order.
    n_tokens : int
        Tokens of all.
    pruned : dict
        What had to be forgotten while counting words.
    """

    def __init__(self, scheme: NumeralScheme, vocabulary_size: int) -> None:
        self.scheme = scheme
        self.files: list[PieceFile] = []
        self.n_tokens = 0
        self._size = vocabulary_size
        self._counter = WordCounter(max(LIMIT, 4 * vocabulary_size))
        self._sizes: list[int] = []
        self._starts: list[np.ndarray] = []

    def add(self, file: PieceFile) -> None:
        """Take in the next piece."""
        header, arrays = file.load()
        self.files.append(file)
        self._counter.add(
            arrays["blob"], arrays["offsets"], arrays["counts"][self.scheme.size + 2 :]
        )
        self._starts.append(arrays["starts"] + self.n_tokens)
        self._sizes.append(header["n_tokens"])
        self.n_tokens += header["n_tokens"]

    @property
    def pruned(self) -> dict[str, int]:
        """Words forgotten while counting: how many, in how many rounds, the largest count."""
        return self._counter.pruned

    def vocabulary(self) -> Vocabulary:
        """Most frequent words, by (count desc, bytes asc)."""
        blob, offsets = self._counter.most_common(self._size)
        return Vocabulary(blob, offsets=offsets, numerals=self.scheme)

    def starts(self) -> np.ndarray:
        """Where each document begins among all tokens, and their number as the last entry."""
        return np.concatenate([*self._starts, np.array([self.n_tokens])])

    def stretches(self, begin: int, end: int) -> Iterator[tuple[PieceFile, int, int]]:
        """Pieces that hold the tokens begin..end, and which of theirs."""
        offset = 0
        for file, size in zip(self.files, self._sizes, strict=True):
            low, high = max(begin - offset, 0), min(end - offset, size)
            if low < high:
                yield file, low, high
            offset += size


def write_blocks(
    folder: Path,
    pieces: Pieces,
    vocabulary: Vocabulary,
    *,
    n_blocks: int,
    first: int,
    n_jobs: int | None,
) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """Write a file of ids and one of document starts per block.

    Parameters
    ----------
    folder : Path
        Where to.
    pieces : Pieces
        The text.
    vocabulary : Vocabulary
        What the ids are to mean.
    n_blocks : int
        At most so many, balanced by tokens.
    first : int
        Number of the first.
    n_jobs : int or None
        Workers.

    Returns
    -------
    counts : ndarray of int64, shape (len(vocabulary),)
        Occurrences of every id.
    entries : list of dict
        What the manifest says of each block.
    """
    translations = [(file, vocabulary) for file in pieces.files]
    map_tasks(PieceFile.translate, translations, n_jobs=n_jobs, description="looking words up")
    starts = pieces.starts()
    borders = block_borders(starts, n_blocks)
    tasks = []
    for at, (begin, end) in enumerate(itertools.pairwise(borders)):
        own = starts[begin : end + 1]
        stretches = list(pieces.stretches(int(own[0]), int(own[-1])))
        tasks.append((folder, f"block-{first + at:05d}", stretches, own - own[0], len(vocabulary)))
    written = map_tasks(
        _write_block,
        tasks,
        n_jobs=n_jobs,
        description="writing",
        weights=np.diff(starts[borders]),
    )
    return np.sum([counts for counts, _ in written], axis=0), [entry for _, entry in written]


def _write_block(
    folder: Path,
    name: str,
    stretches: list[tuple[PieceFile, int, int]],
    starts: np.ndarray,
    n_ids: int,
) -> tuple[np.ndarray, dict[str, Any]]:
    counts = np.zeros(n_ids, dtype=np.int64)
    digest = hashlib.sha256()
    n_tokens = int(starts[-1])
    layout = {"descr": "<u4", "fortran_order": False, "shape": (n_tokens,)}
    with atomic_path(folder / f"{name}.ids.npy") as temporary, open(temporary, "wb") as file:
        np.lib.format.write_array_header_1_0(file, layout)
        for piece, begin, end in stretches:
            ids = piece.translated(begin, end)
            tokenizer_kernel.count_ids(ids, counts)
            digest.update(ids.data)
            file.write(ids.data)
    starts = starts.astype("<i8")
    with atomic_path(folder / f"{name}.starts.npy") as temporary, open(temporary, "wb") as file:
        np.save(file, starts, allow_pickle=False)
    return counts, {
        "n_tokens": n_tokens,
        "n_documents": int(starts.size - 1),
        "ids": {"file": f"{name}.ids.npy", "sha256": digest.hexdigest()},
        "starts": {"file": f"{name}.starts.npy", "sha256": array_hash(starts)},
    }
