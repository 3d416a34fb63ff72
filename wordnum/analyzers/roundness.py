"""Roundness of a number: which properties it has, and what knowing them gives of n mod T."""

from __future__ import annotations

from fractions import Fraction
from math import lcm

import numpy as np

_K = (Fraction(10), Fraction(5), Fraction(5, 2), Fraction(2))


def roundness(numbers: np.ndarray) -> np.ndarray:
    """Properties of round numbers, 0 or 1: array of shape (n, 7).

    A number has k-ness when it is k times 1..9 times a power of ten, for k = 10, 5, 2.5 and 2
    (Jansen and Pollmann 2001, "On round numbers"); then whether it is a multiple of 5, of 10 and
    of 100.

    Examples
    --------
    >>> roundness(np.array([7, 25, 40, 300])).astype(int)
    array([[0, 0, 0, 0, 0, 0, 0],
           [0, 1, 1, 0, 1, 0, 0],
           [1, 1, 0, 1, 1, 1, 0],
           [1, 1, 0, 0, 1, 1, 1]])
    """
    largest = int(numbers.max(initial=1))
    powers = [10**p for p in range(len(str(largest)))]
    having = [{k * m * power for m in range(1, 10) for power in powers} for k in _K]
    ness = [np.isin(numbers, [int(n) for n in each if n.denominator == 1]) for each in having]
    return np.stack([*ness, *(numbers % k == 0 for k in (5, 10, 100))], axis=1).astype(float)


def roundness_ceiling(period: int) -> float:
    """Kappa x 100 of n mod T for who knows of a number that it is a multiple of 10, of 5, or not.

    Of the residues that are most frequent among such numbers each is named equally often.

    Examples
    --------
    >>> [round(roundness_ceiling(T), 1) for T in (2, 3, 5, 10)]
    [20.0, 0.0, 25.0, 22.2]
    """
    n = np.arange(lcm(period, 10))
    shares, named = 0.0, np.zeros(period)
    for known in (n % 10 == 0, n % 10 == 5, n % 5 > 0):
        often = np.bincount(n[known] % period, minlength=period) / len(n)
        best = often == often.max()
        shares += often.max()
        named += best / best.sum() * often.sum()
    by_chance = float((named / period).sum())
    return float(100 * (shares - by_chance) / (1 - by_chance)) + 0.0
