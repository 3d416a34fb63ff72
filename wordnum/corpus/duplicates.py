"""Documents that come again: counted by a hash of their tokens, and left out if asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from wordnum.corpus.pieces import Pieces, open_piece, save_piece
from wordnum.corpus.tokenizing import Piece


def repeated(digests: np.ndarray) -> np.ndarray:
    """Which documents are the same as one before.

    Examples
    --------
    >>> repeated(np.array([5, 7, 5, 5], dtype=np.uint64)).tolist()
    [False, False, True, True]
    """
    again = np.ones(len(digests), dtype=bool)
    again[np.unique(digests, return_index=True)[1]] = False
    return again


def without(pieces: Pieces, dropped: np.ndarray, folder: Path) -> Pieces:
    """Pieces without some documents, written to a folder.

    Parameters
    ----------
    pieces : Pieces
        All of a text.
    dropped : ndarray of bool
        For each document, whether it goes.
    folder : Path
        Where the pieces that are left are written.
    """
    left = Pieces(pieces.scheme, pieces.vocabulary_size)
    starts, begin = pieces.starts(), 0
    for number, path in enumerate(pieces.files):
        arrays = open_piece(path)[1]
        end = begin + len(arrays["ids"])
        piece = _kept(arrays, starts, dropped, begin, pieces.scheme.size + 2)
        begin = end
        if len(piece.ids):
            new = folder / f"kept-{number:06d}.npz"
            save_piece(new, piece, {}, pieces.scheme.size + 2)
            left.add(new)
    return left


def _kept(
    arrays: dict[str, np.ndarray], starts: np.ndarray, dropped: np.ndarray, begin: int, words: int
) -> Piece:
    """What is left of a piece whose first token has the number `begin`, and word the id `words`."""
    end = begin + len(arrays["ids"])
    first = np.searchsorted(starts, begin, side="right") - 1
    last = np.searchsorted(starts, end)
    lengths = np.diff(np.clip(starts[first : last + 1], begin, end))
    keep = ~dropped[first:last]
    ids = arrays["ids"][np.repeat(keep, lengths)]
    new_starts = np.concatenate([[0], np.cumsum(lengths * keep)])[:-1]
    new_starts = new_starts[keep & (starts[first:last] >= begin)]
    # Words of none of the documents that are left would come into the vocabulary with count 0.
    used = np.zeros(words + len(arrays["offsets"]) - 1, dtype=bool)
    used[:words] = True
    used[ids] = True
    sizes = np.diff(arrays["offsets"])
    return Piece(
        (np.cumsum(used) - 1).astype(np.uint32)[ids],
        new_starts,
        np.zeros(len(new_starts) + 1, dtype=np.uint64),
        arrays["blob"][np.repeat(used[words:], sizes)],
        np.concatenate([[0], np.cumsum(sizes[used[words:]])]),
    )
