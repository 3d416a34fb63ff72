"""Counts of all words by all words, numbers among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse

from wordnum.cooccurrence.count_files import (
    CountsBase,
    checked_matrix,
    checked_occurrences,
    matrix_rows,
    row_arrays,
)
from wordnum.cooccurrence.windows import Side, Window


@dataclass(eq=False, repr=False)
class WordCounts(CountsBase):
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
    >>> from wordnum.corpus.vocabulary import Vocabulary
    >>> from wordnum.corpus.encoded_corpus import EncodedCorpus
    >>> corpus = EncodedCorpus.from_arrays([1002, 7, 1002], [0, 3],
    ...                                    Vocabulary.from_words(["page"]))
    >>> counts = count_words(corpus, window=2)
    >>> counts.matrix()[1002, 7], counts.matrix()[1002, 1002]
    (np.float64(2.0), np.float64(2.0))
    """

    kind = "word-counts"

    later: sparse.csr_array
    window: Window = field(kw_only=True)
    context_counts: np.ndarray = field(kw_only=True)
    n_documents: int = field(kw_only=True)

    def __repr__(self) -> str:
        return (
            f"WordCounts({self.perturbation!r}, {self.window.label}, {len(self.vocabulary)} words, "
            f"{self.later.nnz} distinct pairs)"
        )

    @property
    def _totals(self) -> np.ndarray:
        return self.number_counts

    @property
    def number_counts(self) -> np.ndarray:
        """Occurrences of each number after perturbation, int64 (N,)."""
        return self.context_counts[: self.vocabulary.size]

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
        about = self._about_sum(other, window="window")
        widest = np.float64 if self.later.dtype.kind == "f" else np.uint64
        return WordCounts(
            sparse.csr_array(self.later.astype(widest) + other.later),
            context_counts=self.context_counts + other.context_counts,
            n_documents=self.n_documents + other.n_documents,
            **about,
        )

    def _contents(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        arrays = row_arrays("later", matrix_rows(self.later))
        header = {"window": vars(self.window), "n_documents": self.n_documents}
        return header, arrays | {"context_counts": self.context_counts}

    @classmethod
    def _made_of(
        cls, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray], about: dict[str, Any]
    ) -> WordCounts:
        n_words = len(about["vocabulary"])
        return cls(
            checked_matrix("later", arrays, shape=(n_words, n_words)),
            window=Window(**header["window"]),
            context_counts=checked_occurrences("context_counts", arrays, shape=(n_words,)),
            n_documents=int(header["n_documents"]),
            **about,
        )
