"""Strata of number tokens: those that a rewriting of the numbers treats alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from wordnum.corpus.rewriting import NumberSequence, SwapNumbers, UnigramReplace

__all__ = ["Strata", "find_strata"]


@dataclass(frozen=True, eq=False)
class Strata:
    """Number tokens that a rewriting treats alike.

    Attributes
    ----------
    of_token : ndarray of unsigned int
        Stratum of each number token, in corpus order.
    chances : csr_array of shape (N, n_strata)
        Probability of each number at a token of each stratum.
    """

    of_token: np.ndarray
    chances: sparse.csr_array

    @property
    def n_strata(self) -> int:
        """Number of strata."""
        return self.chances.shape[1]


def find_strata(
    rewriting: SwapNumbers | UnigramReplace, sequence: NumberSequence, *, size: int
) -> Strata:
    """Part the number tokens of a corpus into strata.

    Parameters
    ----------
    rewriting : SwapNumbers or UnigramReplace
        What makes no difference within a stratum.
    sequence : NumberSequence
        The number tokens.
    size : int
        N.

    Examples
    --------
    A pair of numbers, a single one, and a pair with the same gap as the first:

    >>> gaps = np.array([0, 2, 0, 0, 2], dtype=np.uint8)
    >>> sequence = NumberSequence(np.array([7, 8, 9, 5, 8]), gaps, starts=np.array([0, 2, 3, 5]))
    >>> strata = find_strata(SwapNumbers(), sequence, size=10)
    >>> strata.of_token
    array([1, 2, 0, 1, 2])
    >>> strata.chances[5, 1], strata.chances[8, 2]
    (np.float64(0.5), np.float64(1.0))
    """
    marginal = np.bincount(sequence.numbers, minlength=size)
    total = marginal.sum()
    if isinstance(rewriting, UnigramReplace):
        of_token = np.zeros(sequence.numbers.size, dtype=np.uint32)
        chances = sparse.csr_array((marginal / total)[:, None])
    elif rewriting.variant == "sequence":
        of_token = sequence.numbers
        chances = sparse.csr_array((marginal[:, None] - np.eye(size)) / max(total - 1, 1))
        if total == 1:
            chances = sparse.eye_array(size, format="csr")
    else:
        of_token = _places(sequence, rewriting.reach, size)
        cells = (sequence.numbers, of_token)
        seen = sparse.coo_array((np.ones(total), cells), shape=(size, int(of_token.max()) + 1))
        chances = sparse.csr_array(seen / np.maximum(seen.sum(axis=0), 1))
    return Strata(of_token, chances)


def _places(sequence: NumberSequence, reach: int, size: int) -> np.ndarray:
    """Stratum of each token: its number if its run stays, else size + (pattern, place)."""
    first, lengths, labels = sequence.runs(reach)
    alone = np.bincount(labels)[labels] == 1
    of_token = sequence.numbers.astype(np.int64)
    _, begin = np.unique(labels, return_index=True)
    offsets = size + np.concatenate([[0], np.cumsum(lengths[begin])])
    for place in range(int(lengths.max(initial=0))):
        mine = ~alone & (lengths > place)
        of_token[first[mine] + place] = offsets[labels[mine]] + place
    return np.unique(of_token, return_inverse=True)[1]
