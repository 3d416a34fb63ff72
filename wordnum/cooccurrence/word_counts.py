"""Counts of all words by all words, numbers among them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from wordnum.cooccurrence.count_files import (
    checked_counts,
    checked_matrix,
    load_counts,
    matrix_rows,
    merged_about,
    row_arrays,
    save_counts,
)
from wordnum.cooccurrence.windows import Side, Window
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.provenance import content_hash

__all__ = ["WordCounts"]

_KIND = "word-counts"


@dataclass(eq=False, repr=False)
class WordCounts:
    """How often any two words stand within one window of each other, summed over distances.

    Made by `count_words`. The pairs are kept once, each with the earlier word as
    its row, so that the side of the window is a choice made afterwards; its size and its weighting
    are not. There are no blocks, hence no half-samples.

    Parameters
    ----------
    later : csr_array of shape (V, V)
        Sums over pairs (word, later word) of the weights: integers where all are 1, else float64.
    vocabulary : Vocabulary
        Names of rows and columns; *other number* and *unknown* have no counts.
    window : Window
        The window that was counted.
    context_counts : ndarray of int64, shape (V,)
        Occurrences of each token, after perturbation; 0 for *other number* and *unknown*.
    n_documents : int
        Documents counted.
    perturbation, flags, provenance
        As in Counts.

    Examples
    --------
    >>> from wordnum.cooccurrence.word_pairs import count_words
    >>> from wordnum.corpus.encoded_corpus import EncodedCorpus
    >>> corpus = EncodedCorpus.from_arrays([1002, 7, 1002], [0, 3],
    ...                                    Vocabulary.from_words(["page"]))
    >>> counts = count_words(corpus, window=2)
    >>> counts.matrix()[1002, 7], counts.matrix()[1002, 1002]
    (np.float64(2.0), np.float64(2.0))
    """

    later: sparse.csr_array
    _: KW_ONLY
    vocabulary: Vocabulary
    window: Window
    context_counts: np.ndarray
    n_documents: int
    perturbation: str = "original"
    flags: tuple[str, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return (
            f"WordCounts({self.perturbation!r}, {self.window.label}, {len(self.vocabulary)} words, "
            f"{self.later.nnz} distinct pairs)"
        )

    @property
    def number_counts(self) -> np.ndarray:
        """Occurrences of each number after perturbation, int64 (N,)."""
        return self.context_counts[: self.vocabulary.size]

    @cached_property
    def fingerprint(self) -> str:
        """Hash of everything that was counted."""
        return content_hash(
            *matrix_rows(self.later),
            self.context_counts,
            self.n_documents,
            self.window,
            self.vocabulary.fingerprint,
        )

    def matrix(self, side: Side | None = None) -> sparse.csr_array:
        """Counts of all words by all words.

        Parameters
        ----------
        side : {"both", "left", "right"}, optional
            Another side than that of the window.

        Returns
        -------
        csr_array of float64, shape (V, V)
            M[w, c] is the weight of c in the windows around w, symmetric where the window has
            both sides. Made anew at each call: about 24 bytes per distinct pair.
        """
        later = self.later.astype(np.float64)
        side = self.window.side if side is None else Window(size=1, side=side).side
        if side == "right":
            return later
        earlier = sparse.csr_array(later.T)
        return earlier if side == "left" else sparse.csr_array(later + earlier)

    def __add__(self, other: WordCounts) -> WordCounts:
        """Merge exactly."""
        if not isinstance(other, WordCounts):
            return NotImplemented
        about = merged_about(self, other, window="window")
        widest = np.float64 if self.later.dtype.kind == "f" else np.uint64
        return WordCounts(
            sparse.csr_array(self.later.astype(widest) + other.later),
            context_counts=self.context_counts + other.context_counts,
            n_documents=self.n_documents + other.n_documents,
            **about,
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write to an npz file (kind "word-counts"), atomically; returns its path."""
        header = {"window": vars(self.window), "n_documents": self.n_documents}
        arrays = {
            "context_counts": self.context_counts,
            **row_arrays("later", matrix_rows(self.later)),
        }
        return save_counts(path, self, kind=_KIND, header=header, arrays=arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> WordCounts:
        """Read a file of `save`; the pairs stay on disk.

        Raises
        ------
        InputError, FormatError
            No such file; damaged, of another kind, or of another version.
        """
        return load_counts(path, kind=_KIND, make=cls._made_of)

    @classmethod
    def _made_of(
        cls, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray], about: dict[str, Any]
    ) -> WordCounts:
        n_words = len(about["vocabulary"])
        return cls(
            checked_matrix("later", arrays, shape=(n_words, n_words)),
            window=Window(**header["window"]),
            context_counts=checked_counts("context_counts", arrays, shape=(n_words,)),
            n_documents=int(header["n_documents"]),
            **about,
        )
