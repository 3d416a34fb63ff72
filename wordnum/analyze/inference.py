"""Intervals from half-splits, and the comparison of two embeddings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wordnum.embed.embedding import Embedding
from wordnum.errors import InputError

if TYPE_CHECKING:
    from wordnum.analyze.results import ProbeResult

__all__ = [
    "Difference",
    "Interval",
    "compare",
    "half_split_interval",
    "paired_difference",
    "standard_error",
]

MIN_DOCUMENTS = 40
# 97.5 % point of Student's t with 9 degrees of freedom: ten splits.
_T_QUANTILE = 2.26


@dataclass(frozen=True)
class Interval:
    """95 % interval, or the reason why there is none."""

    low: float | None
    high: float | None
    reason: str | None


def standard_error(first: np.ndarray, second: np.ndarray) -> float:
    """Standard error of the full-data value from the values of complementary halves.

    ``sd(first - second) / 2``: a half has twice the variance of the whole, two independent
    halves differ by four times that variance.

    Examples
    --------
    >>> round(standard_error(np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0])), 3)
    1.0
    """
    return float(np.std(np.asarray(first) - np.asarray(second), ddof=1) / 2)


def half_split_interval(value: float, half_values: np.ndarray, *, embedding: Embedding) -> Interval:
    """``value -+ 2.26 SE`` from the values of both halves of every split, (splits, 2).

    None with the reason where the embedding does not come from documents, comes from fewer than
    40, or has no halves that can be probed.

    Notes
    -----
    The factor in `standard_error` supposes a variance that falls as 1/text. That of a kappa does
    so only in part: for numbers on the border between two classes the outcome is a toss of a coin
    at any size of text, and then the true factor lies nearer to 1/sqrt(2). Measured against fresh
    texts, the 95 % interval covers 80 to 92 % of the time where kappa is middling and grows
    steeply with the text, and more than 95 % where kappa is near its ceiling
    (``benchmarks/interval_coverage.py``). Read it as a lower bound of the uncertainty.
    """
    documents = embedding.n_documents
    if documents is not None and documents < MIN_DOCUMENTS:
        return Interval(None, None, f"only {documents} documents, {MIN_DOCUMENTS} are needed")
    if not embedding.halves:
        return Interval(None, None, "no half-splits of documents come with this embedding")
    if len(half_values) < 3:
        return Interval(
            None, None, "the half-splits are too few, hold too few numbers, or were not probed"
        )
    error = standard_error(half_values[:, 0], half_values[:, 1])
    return Interval(value - _T_QUANTILE * error, value + _T_QUANTILE * error, None)


@dataclass(frozen=True)
class Difference:
    """Kappa of one embedding minus that of another at one T.

    Attributes
    ----------
    period : int
    difference : float
        Kappa x 100, first minus second.
    low, high : float or None
        95 % interval from paired half-splits; None with `reason`.
    p_value : float or None
        Two-sided, Student's t with (splits - 1) degrees of freedom.
    reason : str or None
    """

    period: int
    difference: float
    low: float | None
    high: float | None
    p_value: float | None
    reason: str | None


def compare(first: ProbeResult, second: ProbeResult) -> dict[int, Difference]:
    """Difference of two probes at every T they share, paired by folds and half-splits.

    Parameters
    ----------
    first, second : ProbeResult
        Of embeddings fitted on the same documents (original and perturbed, say) with the same
        half-splits, probed with the same seed.

    Returns
    -------
    dict of int to Difference

    Raises
    ------
    InputError
        The probes share no T, or differ in N, folds, repeats, seed or classifier.

    Notes
    -----
    ``SE = sd((a_1 - b_1) - (a_2 - b_2)) / 2`` over the splits, a and b being the two
    embeddings and 1 and 2 the halves, so what both share cancels. A number has the same fold in
    both; one that is missing from either still counts in the other.
    """
    for name in ("size", "folds", "repeats", "seed", "classifier"):
        a, b = getattr(first, name), getattr(second, name)
        if a != b:
            raise InputError(
                f"the probes differ in {name}",
                expected="the same folds and classifier for both",
                got=f"{a} and {b}",
                remedy="probe both with the same parameters",
            )
    shared = [T for T in first.by_period if T in second.by_period]
    if not shared:
        raise InputError(
            "the probes share no modulus",
            got=f"{sorted(first.by_period)} and {sorted(second.by_period)}",
        )
    return {T: _difference(first, second, T) for T in shared}


def _difference(first: ProbeResult, second: ProbeResult, T: int) -> Difference:
    a, b = first[T], second[T]
    gap = a.kappa - b.kappa
    if a.reason or b.reason:
        return Difference(T, gap, None, None, None, a.reason or b.reason)
    return paired_difference(T, gap, a.half_kappas, b.half_kappas)


def paired_difference(period: int, gap: float, first: np.ndarray, second: np.ndarray) -> Difference:
    """Give a difference of kappas its interval, from half-splits that both embeddings share.

    Parameters
    ----------
    period : int
        T.
    gap : float
        Kappa of the first embedding minus that of the second.
    first, second : array of shape (splits, 2)
        Kappas of both halves of every split.

    Examples
    --------
    >>> halves = np.array([[20.0, 22.0], [21.0, 20.0], [19.0, 23.0]])
    >>> paired_difference(10, 5.0, halves + 5, halves).p_value
    0.0
    """
    if len(first) != len(second) or len(first) < 3:
        reason = "the two have too few half-splits, or different numbers of them"
        return Difference(period, gap, None, None, None, reason)
    halves = np.asarray(first) - np.asarray(second)
    error = standard_error(halves[:, 0], halves[:, 1])
    if error > 0:
        from scipy.special import stdtr

        p_value = float(2 * stdtr(len(halves) - 1, -abs(gap) / error))
    else:
        p_value = 1.0 if gap == 0 else 0.0
    low, high = gap - _T_QUANTILE * error, gap + _T_QUANTILE * error
    return Difference(period, gap, low, high, p_value, None)
