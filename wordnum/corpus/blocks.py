"""From pieces to one vocabulary and blocks of whole documents."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wordnum.corpus import kernels
from wordnum.corpus.encoded import array_hash, block_borders
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.pieces import PieceFile
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.corpus.wordcount import LIMIT, WordCounter
from wordnum.parallel import map_tasks
from wordnum.progress import track
from wordnum.storage import atomic_path

__all__ = ["Pieces", "count_words", "write_blocks"]


@dataclass(frozen=True)
class Pieces:
    """All pieces of a text.

    Attributes
    ----------
    files : sequence of PieceFile
        In order.
    sizes : sequence of int
        Tokens of each.
    starts : ndarray of int64, shape (n_documents + 1,)
        Where each document begins among all tokens; the last entry is their number.
    """

    files: Sequence[PieceFile]
    sizes: Sequence[int]
    starts: np.ndarray

    @classmethod
    def survey(cls, files: Sequence[PieceFile]) -> Pieces:
        """Find the documents of some pieces."""
        n_tokens = 0
        sizes: list[int] = []
        starts = []
        for file in files:
            header, arrays = file.load()
            starts.append(arrays["starts"] + n_tokens)
            sizes.append(header["n_tokens"])
            n_tokens += sizes[-1]
        return cls(files, sizes, np.concatenate([*starts, np.array([n_tokens])]))

    @property
    def n_tokens(self) -> int:
        """Tokens of all pieces."""
        return int(self.starts[-1])

    def stretches(self, begin: int, end: int) -> Iterator[tuple[PieceFile, int, int]]:
        """Pieces that hold the tokens begin..end, and which of theirs."""
        offset = 0
        for file, size in zip(self.files, self.sizes, strict=True):
            low, high = max(begin - offset, 0), min(end - offset, size)
            if low < high:
                yield file, low, high
            offset += size


def count_words(
    pieces: Pieces, scheme: NumeralScheme, size: int
) -> tuple[Vocabulary, dict[str, int]]:
    """Vocabulary of the `size` most frequent words, and what had to be pruned on the way."""
    counter = WordCounter(max(LIMIT, 4 * size))
    for file in track(pieces.files, "counting words"):
        _, arrays = file.load()
        counter.add(arrays["blob"], arrays["offsets"], arrays["counts"][scheme.size + 2 :])
    blob, offsets = counter.most_common(size)
    return Vocabulary(blob, offsets=offsets, numerals=scheme), counter.pruned


def write_blocks(
    folder: Path,
    pieces: Pieces,
    vocabulary: Vocabulary,
    *,
    n_blocks: int,
    first: int,
    jobs: int | None,
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
    jobs : int or None
        Workers.

    Returns
    -------
    counts : ndarray of int64, shape (len(vocabulary),)
        Occurrences of every id.
    entries : list of dict
        What the manifest says of each block.
    """
    translations = [(file, vocabulary) for file in pieces.files]
    map_tasks(PieceFile.translate, translations, jobs=jobs, description="looking words up")
    borders = block_borders(pieces.starts, n_blocks)
    tasks = []
    for at, (begin, end) in enumerate(itertools.pairwise(borders)):
        own = pieces.starts[begin : end + 1]
        stretches = list(pieces.stretches(int(own[0]), int(own[-1])))
        tasks.append((folder, f"block-{first + at:05d}", stretches, own - own[0], len(vocabulary)))
    written = map_tasks(
        _write_block,
        tasks,
        jobs=jobs,
        description="writing",
        weights=np.diff(pieces.starts[borders]),
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
            kernels.count_ids(ids, counts)
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
