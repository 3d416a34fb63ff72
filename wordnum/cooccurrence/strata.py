"""Strata of number tokens: those that a rewriting of the numbers treats alike."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from wordnum.corpus.rewriting import NumberSequence, SwapNumbers, UnigramReplace


def find_strata(
    rewriting: SwapNumbers | UnigramReplace, sequence: NumberSequence, *, size: int
) -> tuple[np.ndarray, sparse.csr_array]:
    """Part the number tokens of a corpus into strata.

    Parameters
    ----------
    rewriting : SwapNumbers or UnigramReplace
        What makes no difference within a stratum.
    sequence : NumberSequence
        The number tokens.
    size : int
        N.

    Returns
    -------
    ndarray of unsigned int, shape (n_tokens,)
        Stratum of each number token.
    csr_array of shape (N, n_strata)
        Probability of each number at a token of each stratum.

    Examples
    --------
    A pair of numbers, a single one, and a pair with the same gap as the first:

    >>> gaps = np.array([0, 2, 0, 0, 2], dtype=np.uint8)
    >>> sequence = NumberSequence(np.array([7, 8, 9, 5, 8]), gaps, starts=np.array([0, 2, 3, 5]))
    >>> of_token, chances = find_strata(SwapNumbers(), sequence, size=10)
    >>> of_token
    array([1, 2, 0, 1, 2])
    >>> chances[5, 1], chances[8, 2]
    (np.float64(0.5), np.float64(1.0))
    """
    marginal = np.bincount(sequence.numbers, minlength=size)
    total = marginal.sum()
    if isinstance(rewriting, UnigramReplace):
        of_token = np.zeros(sequence.numbers.size, dtype=np.uint32)
        chances = sparse.csr_array((marginal / total)[:, None])
    elif rewriting.variant == "sequence":
        of_token = sequence.numbers
        others = np.maximum(marginal[:, None] - np.eye(size), 0)
        chances = sparse.csr_array(others / max(total - 1, 1))
        if total == 1:
            chances = sparse.eye_array(size, format="csr")
    else:
        of_token = _places(sequence, rewriting.reach, size)
        cells = (sequence.numbers, of_token)
        seen = sparse.coo_array((np.ones(total), cells), shape=(size, int(of_token.max()) + 1))
        chances = sparse.csr_array(seen / np.maximum(seen.sum(axis=0), 1))
    return of_token, chances


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
