"""Rows of tokens from an encoded corpus, one segment a row, and batches of them.

Batch i is a function of the seed and of i alone. So a training that was killed goes on with the
very batches it would have had, and processes that share the work agree without a word.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wordnum.config import whole_number
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.embeddings.text_models import block_reader
from wordnum.errors import InputError
from wordnum.progress import track
from wordnum.provenance import content_hash
from wordnum.storage import atomic_folder

# No loss is taken where the target is this; it is the one that transformers knows.
NO_TARGET = -100
# Rows of a batch differ in length by less than this factor.
_SPREAD = 1.25


@dataclass(frozen=True)
class CutVocabulary:
    """The most frequent words of a vocabulary, with all of its numbers.

    Attributes
    ----------
    tokens : tuple of str
        Numbers, *other number*, *unknown*, then words by how often they occur.
    rows : ndarray of int64, shape (len(vocabulary),)
        New id of each old one; that of *unknown* for words that are cut.
    size : int
        N: numbers keep their ids 0..N-1.
    """

    tokens: tuple[str, ...]
    rows: np.ndarray
    size: int

    @classmethod
    def of(cls, vocabulary: Vocabulary, *, words: int) -> CutVocabulary:
        """Keep the `words` most frequent words; of equally frequent ones, the first.

        Examples
        --------
        >>> vocabulary = Vocabulary.from_words(["rare", "often"], counts=[1, 5])
        >>> cut = CutVocabulary.of(vocabulary, words=1)
        >>> cut.tokens[-1], cut.rows[[7, 1002, 1003]].tolist()
        ('often', [7, 1001, 1002])
        """
        first = vocabulary.first_word
        kept = first + np.argsort(-vocabulary.counts[first:], kind="stable")[:words]
        rows = np.full(len(vocabulary), vocabulary.unknown)
        rows[:first] = np.arange(first)
        rows[kept] = first + np.arange(len(kept))
        tokens = map(vocabulary.token, [*range(first), *kept.tolist()])
        return cls(tuple(tokens), rows, vocabulary.size)


class Segments:
    """The segments of a perturbed corpus as rows, on disk.

    Nothing crosses the border of a segment: each stands in a row of its own, and what is longer
    than the context goes on in another row. A row of one token has nothing to predict and is left
    out.

    Parameters
    ----------
    folder : path-like
        Written by `write`.
    batch_tokens : int
        Tokens of a batch, at most, padding counted; a batch has one row at least.
    random_state : int
        Of the order of the rows.

    Attributes
    ----------
    lengths : ndarray of int32
        Tokens of each row.
    counts : ndarray of int64
        Occurrences of each token in the rows.
    n_batches : int
        Batches of one pass over all rows; each row comes once in a pass.

    Raises
    ------
    InputError
        The rows hold fewer tokens than one batch.
    """

    def __init__(
        self, folder: str | os.PathLike[str], *, batch_tokens: int, random_state: int = 0
    ) -> None:
        folder = Path(folder)
        self.lengths = np.load(folder / "lengths.npy")
        self.counts = np.load(folder / "counts.npy")
        self._starts = np.load(folder / "starts.npy")
        self._ids = np.memmap(folder / "ids.bin", _dtype(len(self.counts)), "r")
        self._seed = random_state
        n_tokens = int(self.lengths.sum())
        if n_tokens < whole_number(batch_tokens, least=2, what="batch_tokens"):
            raise InputError(
                "the text is shorter than one batch",
                expected=f"{batch_tokens:,} tokens in segments of two or more",
                got=f"{n_tokens:,}",
                remedy="use more text, or a smaller batch",
            )
        edges = _edges(int(self.lengths.max()))
        bucket = np.searchsorted(edges, self.lengths)
        self._buckets = [
            (np.flatnonzero(bucket == b), max(1, batch_tokens // edges[b]))
            for b in np.unique(bucket)
        ]
        self.n_batches = sum(-(-len(rows) // each) for rows, each in self._buckets)
        self._pass = -1
        self._order: list[np.ndarray] = []

    @staticmethod
    def write(
        corpus: EncodedCorpus,
        folder: str | os.PathLike[str],
        *,
        vocabulary: CutVocabulary,
        context: int,
        perturbation: Any = "original",
    ) -> None:
        """Write the rows of a corpus as a perturbation leaves it.

        Parameters
        ----------
        corpus : EncodedCorpus
            The text.
        folder : path-like
            A new folder.
        vocabulary : CutVocabulary
            Of the corpus.
        context : int
            Most tokens of a row.
        perturbation : str or Perturbation
            Applied first; its borders are those of the segments.
        """
        read = block_reader(corpus, perturbation)
        width = len(vocabulary.tokens)
        table = vocabulary.rows.astype(_dtype(width))
        counts = np.zeros(width, np.int64)
        pieces: list[tuple[np.ndarray, np.ndarray]] = []
        written = 0
        with atomic_folder(folder) as temporary:
            with open(temporary / "ids.bin", "wb") as file:
                for b in track(range(corpus.n_blocks), "cutting segments"):
                    block = read(b)
                    ids = table[block.ids]
                    starts, lengths = rows_of(block.starts, context)
                    file.write(ids.tobytes())
                    pieces.append((starts + written, lengths))
                    counts += np.bincount(ids, minlength=width)
                    written += len(ids)
            np.save(temporary / "starts.npy", np.concatenate([s for s, _ in pieces]))
            np.save(temporary / "lengths.npy", np.concatenate([n for _, n in pieces]))
            np.save(temporary / "counts.npy", counts)

    def batch(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        """Tokens and targets of batch i, both int64 (rows, longest); padded on the right."""
        rows = self._rows(i)
        lengths = self.lengths[rows]
        at = self._starts[rows][:, None] + np.arange(lengths.max())
        inside = np.arange(lengths.max()) < lengths[:, None]
        ids = np.where(inside, self._ids[np.where(inside, at, 0)], 0).astype(np.int64)
        return ids, np.where(inside, ids, NO_TARGET)

    def tokens(self, i: int) -> int:
        """Tokens of batch i, without the padding."""
        return int(self.lengths[self._rows(i)].sum())

    def evaluate(self, network: Any) -> dict[str, float]:
        """Return nothing: there is no right answer."""
        return {}

    def _rows(self, i: int) -> np.ndarray:
        turn, at = divmod(i, self.n_batches)
        if turn != self._pass:
            rng = np.random.default_rng([self._seed, turn])
            order = [
                part
                for rows, each in self._buckets
                for part in np.array_split(rng.permutation(rows), range(each, len(rows), each))
            ]
            self._pass, self._order = turn, [order[k] for k in rng.permutation(len(order))]
        return self._order[at]


def rows_of(starts: np.ndarray, context: int) -> tuple[np.ndarray, np.ndarray]:
    """Starts (int64) and lengths (int32) of rows: segments cut to the context, one token left out.

    Examples
    --------
    >>> rows_of(np.array([0, 5, 5, 6, 9]), 4)
    (array([0, 6]), array([4, 3], dtype=int32))
    """
    segments = np.diff(starts)
    n_rows = -(-segments // context)
    first = np.repeat(starts[:-1], n_rows)
    within = np.arange(len(first)) - np.repeat(np.cumsum(n_rows) - n_rows, n_rows)
    begin = first + context * within
    length = np.minimum(context, np.repeat(starts[1:], n_rows) - begin).astype(np.int32)
    return begin[length > 1], length[length > 1]


def fingerprint(corpus: EncodedCorpus, perturbation: Any, vocabulary: CutVocabulary) -> str:
    """Hash of a perturbed corpus under a cut vocabulary, by what goes into it."""
    name = str(getattr(perturbation, "name", perturbation))
    return content_hash(corpus.fingerprint, name, vocabulary.rows)


def _edges(longest: int) -> np.ndarray:
    edges = [2]
    while edges[-1] < longest:
        edges.append(min(longest, int(edges[-1] * _SPREAD) + 1))
    return np.array(edges)


def _dtype(n_tokens: int) -> type[np.unsignedinteger]:
    return np.uint16 if n_tokens <= 2**16 else np.uint32
