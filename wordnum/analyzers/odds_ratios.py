"""Odds ratios of words beside some numbers against others, stratified by runs of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.special import stdtrit

# Columns whose sums by block of documents and run of numbers are held at once.
_COLUMNS = 1000


@dataclass(frozen=True, eq=False)
class OddsRatios:
    """Mantel-Haenszel odds ratios, one per column.

    Attributes
    ----------
    ratio : array of shape (c,)
        0 or infinite where one side of the comparison has no pair; NaN where neither has.
    low, high : array of shape (c,)
        Ends of the 95 % interval; NaN where some block decides whether the ratio exists.
    """

    ratio: np.ndarray
    low: np.ndarray
    high: np.ndarray


def stratified_odds_ratios(
    blocks: Sequence[sparse.csr_array],
    totals: np.ndarray,
    *,
    exposed: np.ndarray,
    strata: np.ndarray,
) -> OddsRatios:
    """Odds of a word beside some numbers over its odds beside the others of the same stratum.

    In stratum j let a and c be the pairs of the word with exposed and other numbers, b and d the
    pairs of all other words with them, and n their sum. The ratio of Mantel and Haenszel is
    ``sum_j a d / n  /  sum_j b c / n``. Strata are runs of consecutive numbers, so that neither
    the frequency of a number nor its size takes part.

    Its interval is that of a delete-one jackknife over the blocks of documents, on the logarithm:
    ``log ratio -+ t SE``, ``SE^2 = (B - 1)/B sum_b (l_b - mean l)^2``, t the 97.5 % point of
    Student's distribution with B - 1 degrees of freedom.

    Parameters
    ----------
    blocks : sequence of csr_array of shape (n, c)
        Pairs of numbers and words, per block of documents. Without a second block there is no
        interval.
    totals : array of shape (B, n)
        Pairs of every number with words of any column, per block.
    exposed : bool array of shape (n,)
    strata : array of int of shape (n,)
        Which of 0..J-1 every number belongs to.

    References
    ----------
    Mantel and Haenszel 1959, "Statistical aspects of the analysis of data from retrospective
    studies of disease".

    Examples
    --------
    >>> table = sparse.csr_array([[8.0, 2.0], [4.0, 6.0]])
    >>> found = stratified_odds_ratios(
    ...     [table], table.sum(axis=1)[None], exposed=np.array([True, False]),
    ...     strata=np.zeros(2, dtype=int))
    >>> found.ratio.round(3)
    array([6.   , 0.167])
    """
    n_strata, n = int(strata.max()) + 1, strata.size
    sides = [
        sparse.csr_array((np.ones(rows.size), (strata[rows], rows)), shape=(n_strata, n))
        for rows in (np.flatnonzero(exposed), np.flatnonzero(~exposed))
    ]
    around = [totals @ side.T for side in sides]
    parts = []
    for first in range(0, blocks[0].shape[1], _COLUMNS):
        columns = [block[:, first : first + _COLUMNS] for block in blocks]
        words = [np.stack([(side @ block).toarray() for block in columns]) for side in sides]
        parts.append(_log_ratios(words, around))
    whole, left_out = (np.concatenate(found, axis=-1) for found in zip(*parts, strict=True))
    B = len(blocks)
    with np.errstate(invalid="ignore"):
        error = np.sqrt((B - 1) / B * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0))
    width = stdtrit(B - 1, 0.975) * error if B > 1 else np.full(whole.shape, np.nan)
    # What no block moves has no pair to move, or all of them.
    width[~np.isfinite(whole)] = np.nan
    return OddsRatios(np.exp(whole), np.exp(whole - width), np.exp(whole + width))


def _log_ratios(
    words: Sequence[np.ndarray], around: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Of all blocks (c,), and with each block left out (B, c)."""

    def log_ratio(a: np.ndarray, c: np.ndarray, m1: np.ndarray, m0: np.ndarray) -> np.ndarray:
        n = m1 + m0
        scale = np.divide(1.0, n, out=np.zeros_like(n), where=n > 0)
        for_, against = (
            np.einsum("...jc,...jc,...j->...c", word, others[..., None] - other, scale)
            for word, others, other in ((a, m0, c), (c, m1, a))
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(for_) - np.log(against)

    every = [*words, *around]
    sums = [part.sum(axis=0) for part in every]
    whole = log_ratio(*sums)
    return whole, log_ratio(*(total - part for total, part in zip(sums, every, strict=True)))
