"""Generalised Lomb-Scargle periodogram: waves over the numbers present, fitted by least squares.

Fitted beside a constant, and where numbers are missing beside a detrending basis.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

_WAVE_ENTRIES = 100_000
_SINGULAR = 1e-9
_ABSENT = 1e-12


def grid_waves(
    numbers: np.ndarray, k: np.ndarray, N: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Cosines and sines of ``2 pi k n / N``, each (some of the k, n), in blocks of the k.

    They come from one table of N values, so that they are exact to the last bit at any ``n k``,
    and the sine of half a turn is 0 and not 1e-16. A large N does not fill the memory.

    Examples
    --------
    >>> ((cosine, sine),) = grid_waves(np.array([0, 3, 7]), np.array([1]), 2)
    >>> cosine, sine
    (array([[ 1., -1., -1.]]), array([[0., 0., 0.]]))
    """
    angle = 2 * np.pi * np.arange(N) / N
    cosines, sines = np.cos(angle), np.sin(angle)
    if N % 2 == 0:
        sines[N // 2] = 0.0
    step = max(1, _WAVE_ENTRIES // len(numbers))
    for first in range(0, len(k), step):
        at = np.outer(k[first : first + step], numbers) % N
        yield cosines[at], sines[at]


def wave_coefficients(C: np.ndarray, S: np.ndarray, X: np.ndarray, N: int) -> np.ndarray:
    """Coefficients ``F_k`` of centred X at every wave, complex (K, d).

    Least squares of every column on [1, C_k, S_k], ``F = sqrt(N)/2 (a - i b)``, or ``sqrt(N) a``
    for a single real wave. A pair that the numbers present cannot tell from each other or from a
    constant is fitted by the solution of least norm.

    Parameters
    ----------
    C, S : array of shape (K, n)
    X : array of shape (n, d)
    N : int
    """
    C = C - C.mean(axis=1, keepdims=True)
    S = S - S.mean(axis=1, keepdims=True)
    inverse, single = _gram_power(C, S, -1.0)
    return _complex(inverse @ np.stack([C @ X, S @ X], axis=1) * np.sqrt(N), single, 0.5)


def detrending_basis(numbers: np.ndarray, size: int, *, period: float) -> np.ndarray:
    """Orthonormal columns that span every trend slower than `period` numbers a turn: (n, J).

    They are the constant and ``cos(pi j (n + 1/2) / size)`` for j up to ``2 size / period``, half
    turns that need not end where they began; at most one for every eight numbers present.
    """
    most = min(int(2 * size / period), len(numbers) // 8)
    waves = np.cos(np.pi * np.outer(numbers + 0.5, np.arange(most + 1)) / size)
    columns, values, _ = np.linalg.svd(waves, full_matrices=False)
    return columns[:, values > _SINGULAR * values[0]]


def whitened_coefficients(
    C: np.ndarray, S: np.ndarray, X: np.ndarray, trend: np.ndarray
) -> np.ndarray:
    """Coefficients whose squares are what each wave adds to a fit of the trend, complex (K, d).

    ``(Z'Z)^(-1/2) Z'X`` with Z the pair of waves less their fit by the trend, over the square root
    of 2 unless the wave is a single real one. Where no number is missing and the trend is constant
    they are those of `wave_coefficients`; with gaps they still have one distribution at all
    frequencies under white noise, which those have not.

    Parameters
    ----------
    C, S : array of shape (K, n)
    X : array of shape (n, d)
    trend : array of shape (n, J)
        Orthonormal columns.
    """
    C, S, X = C - (C @ trend) @ trend.T, S - (S @ trend) @ trend.T, X - trend @ (trend.T @ X)
    root, single = _gram_power(C, S, -0.5)
    return _complex(root @ np.stack([C @ X, S @ X], axis=1), single, 0.5**0.5)


def _complex(pair: np.ndarray, single: np.ndarray, scale: float) -> np.ndarray:
    found: np.ndarray = (pair[:, 0] - 1j * pair[:, 1]) * np.where(single, 1.0, scale)[:, None]
    return found


def _gram_power(C: np.ndarray, S: np.ndarray, power: float) -> tuple[np.ndarray, np.ndarray]:
    """Negative power of every [C_k, S_k] Gram matrix (K, 2, 2), and whether its rank is 1."""
    n = C.shape[1]
    gram = np.empty((len(C), 2, 2))
    gram[:, 0, 0] = np.einsum("kn,kn->k", C, C)
    gram[:, 1, 1] = np.einsum("kn,kn->k", S, S)
    gram[:, 0, 1] = gram[:, 1, 0] = np.einsum("kn,kn->k", C, S)
    values, vectors = np.linalg.eigh(gram / n)
    # Against n too: a pair that is constant over the numbers is 0, not rounding over rounding.
    kept = values > np.maximum(_SINGULAR * values[:, 1:], _ABSENT)
    scaled = vectors * (kept * (n * np.where(kept, values, 1.0)) ** power)[:, None, :]
    return scaled @ vectors.swapaxes(1, 2), kept.sum(axis=1) == 1
