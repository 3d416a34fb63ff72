"""The test of a spike: excess of the power at 1/T over a local fit, and the p-value of its tail."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import chdtrc, ndtri, polygamma, stdtr

# Frequencies on each side of 1/T that it is compared with, and the fewest that say something.
REACH = 40
FEWEST = 20
# Periods that an embedding may have, whose multiples lie in no comparison.
_PERIODS = 10
_SMALLEST, _ROUNDING, _NORMAL = 1e-300, 1e-30, 1e9
# Least s2 where there are as many dimensions as neighbours, which then tell no smaller one.
_LEAST = 1e-4


def near_frequencies(size: int, period: int, *, above: float = 0.0) -> np.ndarray:
    """The k of the frequencies k/N that 1/T is compared with.

    Within 40/N of it, and none within 1/N of a multiple of 1/q, for the q up to 10 that divide N
    and for 2, 5, 10 and T, since these may have spikes of their own.

    Parameters
    ----------
    size : int
        N.
    period : int
        T.
    above : float
        Only frequencies above this one.

    Examples
    --------
    >>> near = near_frequencies(1000, 10)
    >>> int(near.min()), int(near.max()), len(near)
    (60, 140, 75)
    """
    k = np.arange(1, size // 2 + 1)
    usable = (np.abs(k - size / period) <= REACH) & (k > above * size)
    for q in {*(q for q in range(2, _PERIODS + 1) if size % q == 0), 2, 5, 10, period}:
        step = size / q
        usable &= np.abs(k - step * np.round(k / step)) > 1 + 1e-9
    return k[usable]


def excess_p_value(at: np.ndarray, near: np.ndarray, distance: np.ndarray, *, real: bool) -> float:
    """P-value of the power ``|A_0|^2`` at 1/T against the coefficients A_k of its neighbours.

    The logarithm of ``P_k = |A_k|^2`` is fitted by a parabola in ``x = (k - k_0) / 40``, at T = 2
    by one without a linear term: a spectrum is even around 1/2. Scaled so that the neighbours are 1
    on average, the power at 1/T is X. Under no spike it is the square of a Gaussian vector whose
    variances along its directions are not known. Their power sums s2 and s3 are estimated from the
    inner products of the neighbours, and the tail is that of the chi-square distribution with the
    same variance and skewness, the error of the fit included; Student's t stands in for the normal
    distribution, for the level of the fit is estimated from few neighbours.

    Parameters
    ----------
    at : array of shape (d,)
        A_0, complex or real.
    near : array of shape (m, d)
        A_k, complex; a spectrum scaled so that white noise has the same power at each.
    distance : array of shape (m,)
        ``k - k_0``.
    real : bool
        A_0 is real, as at T = 2.

    Returns
    -------
    float
        1 where nothing has power.

    Notes
    -----
    Levels and power: ``benchmarks/false_positives.md``. Three moments of a generalised chi-square
    are matched, as by Hall, and by Buckley and Eagleson. With s2 for the variance of log P and
    ``m - r`` degrees of freedom, one dimension or one large direction had 0.13 to 0.22 % under
    p = 0.1 % in 20,000 draws.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> near, x = rng.standard_normal((2, 80, 20)), np.arange(-40, 40)
    >>> excess_p_value(3 * near[0, 0], near[0] + 1j * near[1], x, real=False) < 1e-6
    True
    """
    power, spike = (np.abs(near) ** 2).sum(axis=1), float((np.abs(at) ** 2).sum())
    largest = max(float(power.max()), spike)
    if not largest:
        return 1.0
    power = np.maximum(power, largest * _ROUNDING)
    x = distance / REACH
    terms = np.stack([np.ones_like(x), x**2] if real else [np.ones_like(x), x, x**2], axis=1)
    (m, r), d = terms.shape, near.shape[1]
    inverse = np.linalg.inv(terms.T @ terms)
    coefficients = inverse @ (terms.T @ np.log(power))
    fitted = np.exp(terms @ coefficients)
    level = float(np.mean(power / fitted))
    excess = spike / (level * float(np.exp(coefficients[0])))
    U = near / np.sqrt(level * fitted)[:, None]
    G = U @ U.conj().T
    np.fill_diagonal(G, 0.0)
    s2 = float((np.abs(G) ** 2).sum()) / (m * (m - 1))
    s3 = float(np.einsum("ij,ji->", G @ G, G).real) / (m * (m - 1) * (m - 2))
    s2 = min(1.0, max(s2, 1 / d if d < m else _LEAST))
    s3 = min(s2**1.5, max(s3, s2**2))
    k2, k3 = (2 * s2, 8 * s3) if real else (s2, 2 * s3)
    # The variance of log P is that of the logarithm of a gamma variable of shape 1 / s2.
    variance = k2 + excess**2 * float(polygamma(1, 1 / s2) * inverse[0, 0])
    # Beyond so many degrees of freedom the distribution is normal, and its function overflows.
    nu = min(8 * variance**3 / k3**2, _NORMAL)
    tail = chdtrc(nu, max(0.0, nu + np.sqrt(2 * nu) * (excess - 1) / np.sqrt(variance)))
    return float(stdtr((m - r) / 2, ndtri(max(float(tail), _SMALLEST))))


def rank_p_value(at: np.ndarray, near: np.ndarray, *, real: bool) -> float:
    """Rank of the power at 1/T among its neighbours: ``(1 + #{as large}) / (1 + m)``.

    Free of assumptions, and coarse. A real A_0 has d squares instead of 2 d and varies more; the
    neighbours then lend twice the power of their real parts.

    Parameters
    ----------
    at, near, real
        See `excess_p_value`.

    Examples
    --------
    >>> rank_p_value(np.array([3.0]), np.array([[1j], [2.0], [4.0]]), real=False)
    0.5
    """
    power = 2 * (near.real**2).sum(axis=1) if real else (np.abs(near) ** 2).sum(axis=1)
    return (1 + int((power >= (np.abs(at) ** 2).sum()).sum())) / (1 + len(near))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment for several tests.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    m = len(p_values)
    adjusted = [0.0] * m
    largest = 0.0
    for rank, index in enumerate(sorted(range(m), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, (m - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted
