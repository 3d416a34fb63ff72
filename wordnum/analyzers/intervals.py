"""Intervals from balanced half-samples, and the comparison of two embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log2, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from wordnum.analyzers.reasons import MIN_BLOCKS, MIN_DOCUMENTS
from wordnum.embeddings.embedding import Embedding
from wordnum.errors import InputError

if TYPE_CHECKING:
    from wordnum.analyzers.probe_results import ProbeResult

# Kappa x 100 below which its growth with the text cannot be told from noise; likewise near 100.
_FAINT = 10.0
_FEWEST = 3
# Standard errors of a difference that is seen four times in five: 80 % of a normal curve.
_POWER = 0.842


# Kappas of both halves of every half-sample, by its id.
Pairs = Mapping[Any, Sequence[float]]


# Its ends, or the code of the reason why there is none.
Interval = tuple[float | None, float | None, str | None]


def t_quantile(n: int) -> float:
    """97.5 % point of Student's t with n degrees of freedom, one for each half-sample.

    Examples
    --------
    >>> round(t_quantile(10), 3), round(t_quantile(19), 3)
    (2.228, 2.093)
    """
    from scipy.special import stdtrit

    return float(stdtrit(n, 0.975))


def standard_error(first: np.ndarray, second: np.ndarray) -> Any:
    """Standard error of the full-data value from values of complementary halves (K, ...).

    ``SE^2 = sum of h^2 / (4 K)``, h being first minus second: a half has twice the variance of the
    whole, two independent halves differ by four times that variance, and on average by nothing.

    Examples
    --------
    >>> round(float(standard_error(np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0]))), 3)
    0.816
    """
    contrast = np.asarray(first) - np.asarray(second)
    return np.sqrt((contrast**2).mean(axis=0)) / 2


def half_width(pairs: Any, *, inflation: float = 1.0) -> float:
    """Half of a 95 % interval from pairs of half-samples, (n, 2): t times the standard error.

    Examples
    --------
    >>> round(half_width([(1.0, 3.0), (2.0, 2.0), (3.0, 1.0)]), 2)
    2.6
    """
    return t_quantile(len(pairs)) * inflation * float(standard_error(*np.transpose(pairs)))


def variance_inflation(period: int, kappa: float, half_kappas: np.ndarray) -> float:
    """How much larger than `standard_error` the error of a kappa may be: 1 or more.

    `standard_error` supposes a variance that falls as 1/text. That of a kappa need not, for two
    reasons; the larger factor is taken, which bounds the error of any mixture of them.

    A number on the border between two classes falls to either at any size of text. The variance of
    N such is binomial, ``a (1 - a) / N`` at accuracy ``a = 1/T + kappa (1 - 1/T)``. From the
    variance of a half, v, one supposition goes to v/2, the other to
    ``v a (1 - a) / (a_h (1 - a_h))``, a_h being the accuracy of halves. The factor is
    ``sqrt(2 a (1 - a) / (a_h (1 - a_h)))``.

    Kappa may shoot up with the text. An error of the text, relative to its size, moves a kappa that
    follows a logistic curve in the logarithm of the text in proportion to ``kappa (1 - kappa)``;
    and that error is sqrt(2) times as large in a half, as `standard_error` supposes. The factor is
    ``kappa (1 - kappa) / (kappa_h (1 - kappa_h))``. Kappas below 0.1, which are lost in noise, and
    above 0.9 count as 0.1 and 0.9: no such curve can be told there, and where halves are below 0.1
    the factor may be too small.

    Parameters
    ----------
    period : int
        T.
    kappa : float
        Kappa x 100.
    half_kappas : array
        Those of the halves.

    Examples
    --------
    >>> round(variance_inflation(2, 40.0, np.array([[38.0, 42.0]])), 3)
    1.414
    >>> round(variance_inflation(2, 40.0, np.array([[10.0, 22.0]])), 3)
    1.786
    >>> variance_inflation(2, 98.0, np.array([[90.0, 90.0]]))
    1.0
    """
    half = float(np.mean(half_kappas))
    variance = _binomial_variance(period, half)
    border = sqrt(2 * _binomial_variance(period, kappa) / variance) if variance > 0 else 1.0
    return max(1.0, border, _slope(kappa) / _slope(half))


def _binomial_variance(period: int, kappa: float) -> float:
    accuracy = min(1.0, max(0.0, 1 / period + kappa / 100 * (1 - 1 / period)))
    return accuracy * (1 - accuracy)


def _slope(kappa: float) -> float:
    """Of the logistic curve."""
    kappa = min(max(kappa, _FAINT), 100 - _FAINT)
    return kappa * (100 - kappa)


def equal_halves(
    kappa: float, pairs: Pairs, shares: Mapping[Any, Sequence[float]]
) -> dict[Any, tuple[float, float]]:
    """Kappas of halves as they would be if each were half of the text.

    One document that is a quarter of the text makes halves of unequal size, and kappa grows with
    the text. The growth g for twice the text is kappa less the mean of the halves, and a half that
    is a share q of the text loses ``g log2(2 q)``.

    Parameters
    ----------
    kappa : float
        Of the whole text, x 100.
    pairs : dict of id to (float, float)
        Kappas of both halves.
    shares : dict of id to (float, float)
        Share of the text in either half; halves that are not listed are taken for equal.

    Examples
    --------
    >>> equal_halves(30.0, {0: (22.0, 18.0)}, {0: (0.5, 0.5)})
    {0: (22.0, 18.0)}
    >>> found = equal_halves(30.0, {0: (22.0, 18.0)}, {0: (0.6, 0.4)})
    >>> [round(value, 1) for value in found[0]]
    [19.4, 21.2]
    """
    if not pairs:
        return {}
    growth = kappa - float(np.mean(list(pairs.values())))

    def halved(value: float, share: float) -> float:
        return float(value - growth * log2(2 * share))

    both = {i: zip(pair, shares.get(i, (0.5, 0.5)), strict=True) for i, pair in pairs.items()}
    return {i: (halved(*next(each)), halved(*next(each))) for i, each in both.items()}


def half_sample_interval(
    period: int, kappa: float, replicate_kappas: Pairs, *, embedding: Embedding
) -> Interval:
    """``kappa -+ t SE`` from the kappas of both halves of every half-sample, by its id.

    None with the reason where the embedding comes from fewer than 40 documents or 8 blocks of them,
    or has no half-samples that can be probed.

    Notes
    -----
    ``SE = standard_error * variance_inflation``, t with a degree of freedom for each half-sample.
    See ``benchmarks/interval_coverage.md`` for what the 95 % interval covers.
    """
    documents = embedding.n_documents
    if documents is not None and documents < MIN_DOCUMENTS:
        return None, None, "few-documents"
    if not embedding.replicates.pairs:
        few = (embedding.provenance.get("n_blocks") or MIN_BLOCKS) < MIN_BLOCKS
        return None, None, "few-blocks" if few else "no-replicates"
    if len(replicate_kappas) < _FEWEST:
        return None, None, "few-replicates"
    pairs = np.array(list(replicate_kappas.values()))
    width = half_width(pairs, inflation=variance_inflation(period, kappa, pairs))
    return kappa - width, kappa + width, None


@dataclass(frozen=True)
class Difference:
    """Kappa of one embedding minus that of another at one T.

    Attributes
    ----------
    period : int
    difference : float
        Kappa x 100, first minus second.
    low, high : float or None
        95 % interval from paired half-samples; None with `reason`.
    p_value : float or None
        Two-sided, Student's t with a degree of freedom for each half-sample.
    smallest_difference : float or None
        True difference that such a comparison finds significant at 5 % four times in five: what a
        difference that is not significant may still be.
    reason : str or None
        Code of `wordnum.analyzers.reasons`.
    """

    period: int
    difference: float
    low: float | None
    high: float | None
    p_value: float | None
    smallest_difference: float | None
    reason: str | None


def compare(first: ProbeResult, second: ProbeResult) -> dict[int, Difference]:
    """Difference of two probes at every T they share, paired by folds and half-samples.

    Parameters
    ----------
    first, second : ProbeResult
        Of embeddings fitted on the same documents (original and perturbed, say) with the same
        half-samples, probed with the same seed.

    Returns
    -------
    dict of int to Difference

    Raises
    ------
    InputError
        The probes share no T, or differ in N, folds, repeats, seed or classifier.

    Notes
    -----
    ``SE = sd(f_a (a_1 - a_2) - f_b (b_1 - b_2)) / 2`` over the half-samples, a and b being the two
    embeddings, f the `variance_inflation` of each and 1 and 2 the halves, so what both share
    cancels as far as it moves both alike. A number has the same fold in both; one that is missing
    from either still counts in the other.
    """
    for name in ("size", "folds", "repeats", "random_state", "classifier"):
        a, b = getattr(first, name), getattr(second, name)
        if a != b:
            remedy = "probe both with the same parameters"
            raise InputError(f"the probes differ in {name}", got=f"{a} and {b}", remedy=remedy)
    shared = [T for T in first if T in second]
    if not shared:
        raise InputError("the probes share no modulus", got=f"{sorted(first)} and {sorted(second)}")
    found = {}
    for T in shared:
        a, b = first[T], second[T]
        reason = a.interval_reason or b.interval_reason
        found[T] = paired_difference(
            T, (a.kappa, b.kappa), (a.replicate_kappas, b.replicate_kappas), reason=reason
        )
    return found


def paired_difference(
    period: int,
    kappas: tuple[float, float],
    replicate_kappas: tuple[Pairs, Pairs],
    reason: str | None = None,
) -> Difference:
    """Give a difference of kappas its interval, from the half-samples that both embeddings have.

    Parameters
    ----------
    period : int
        T.
    kappas : pair of float
        Kappas x 100 of both embeddings.
    replicate_kappas : pair of dict
        Kappas of both halves of every half-sample, by its id.
    reason : str, optional
        Why one of the kappas has no interval; then the difference has none either.

    Examples
    --------
    >>> halves = {0: (20.0, 22.0), 1: (21.0, 20.0), 2: (19.0, 23.0)}
    >>> less = {0: (16.0, 16.0), 1: (16.0, 16.0), 2: (13.0, 18.0)}
    >>> found = paired_difference(10, (30.0, 25.0), (halves, less))
    >>> found.difference, round(found.low, 1), round(found.high, 1)
    (5.0, 1.5, 8.5)
    """
    gap = kappas[0] - kappas[1]
    shared = [i for i in replicate_kappas[0] if i in replicate_kappas[1]]
    if reason or len(shared) < _FEWEST:
        return Difference(period, gap, None, None, None, None, reason or "unpaired")
    one, other = (
        variance_inflation(period, kappa, halves) * halves
        for kappa, pairs in zip(kappas, replicate_kappas, strict=True)
        for halves in [np.array([pairs[i] for i in shared])]
    )
    error, t = float(standard_error(*(one - other).T)), t_quantile(len(shared))
    if error > 0:
        from scipy.special import stdtr

        p_value = float(2 * stdtr(len(shared), -abs(gap) / error))
    else:
        p_value = 1.0 if gap == 0 else 0.0
    smallest = (t + _POWER) * error
    return Difference(period, gap, gap - t * error, gap + t * error, p_value, smallest, None)
