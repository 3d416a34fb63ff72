"""Analysis of variance over the cube of digits, and of residues beyond the digits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import fdtrc

_SINGULAR = 1e-9


@dataclass(frozen=True, repr=False)
class Effect:
    """Energy of one factor: its sum of squares less what noise gives it.

    Attributes
    ----------
    value : float
        ``SS - df MS``; it may be negative.
    df : int
    p_value : float
        Of the ratio of mean squares, an F distribution with degrees of freedom times the effective
        dimensions of the residual, ``(tr S)^2 / tr S^2``.
    """

    value: float
    df: int
    p_value: float

    def __repr__(self) -> str:
        return f"<Effect {self.value:.3g}, {self.df} df, p = {self.p_value:.2g}>"


def digit_effects(X: np.ndarray, numbers: np.ndarray) -> dict[str, Effect]:
    """Sequential analysis of variance over the cube of digits."""
    hundreds, tens, units = _digits_of(numbers)
    factors = {
        "units": units,
        "tens": tens,
        "hundreds x tens": _product(hundreds, tens),
        "tens x units": _product(tens, units),
        "hundreds x units": _product(hundreds, units),
    }
    return _variance(X, _trend(numbers), factors)


def beyond_digits(X: np.ndarray, numbers: np.ndarray) -> dict[str, Effect]:
    """Analysis of variance of n mod 4 and n mod 25 beyond the main effects of the digits."""
    _, tens, units = _digits_of(numbers)
    main = np.hstack([_trend(numbers), tens, units])
    found = [_variance(X, main, {f"n mod {T}": _indicator(numbers % T)}) for T in (4, 25)]
    return found[0] | found[1]


def _variance(
    X: np.ndarray, beside: np.ndarray, factors: Mapping[str, np.ndarray]
) -> dict[str, Effect]:
    """Effects of factors (n, k), each beside those before it and the columns beside all."""
    known = _added(beside, np.zeros((len(X), 0)))
    parts = {}
    for name, columns in factors.items():
        parts[name] = _added(columns, known)
        known = np.hstack([known, parts[name]])
    left, df = X - known @ (known.T @ X), len(X) - known.shape[1]
    gram = left.T @ left if left.shape[1] <= len(left) else left @ left.T
    trace, square = float(np.trace(gram)), float((gram**2).sum())
    if df < 2 or not trace:  # nothing is left to compare with
        return {name: Effect(0.0, Q.shape[1], 1.0) for name, Q in parts.items()}
    # Unbiased for tr Sigma^2, which tr S^2 is not.
    spread = (square - trace**2 / df) * df**2 / ((df - 1) * (df + 2))
    dims = float(np.clip(trace**2 / max(spread, 1e-300), 1.0, X.shape[1]))
    found = {}
    for name, Q in parts.items():
        noise = Q.shape[1] * trace / df
        between = float(((Q.T @ X) ** 2).sum())
        p = fdtrc(Q.shape[1] * dims, df * dims, between / noise) if noise else 1.0
        found[name] = Effect(between - noise, Q.shape[1], float(p))
    return found


def _digits_of(numbers: np.ndarray) -> list[np.ndarray]:
    return [_indicator(numbers // place % 10) for place in (100, 10, 1)]


def _trend(numbers: np.ndarray) -> np.ndarray:
    """A cubic in n, and the hundreds: magnitude."""
    x = 2 * (numbers - numbers.mean()) / max(np.ptp(numbers), 1)
    return np.hstack([np.stack([x**j for j in range(4)], axis=1), _digits_of(numbers)[0]])


def _indicator(factor: np.ndarray) -> np.ndarray:
    return (factor[:, None] == np.unique(factor)) * 1.0


def _product(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return (one[:, :, None] * other[:, None, :]).reshape(len(one), -1)


def _added(columns: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Orthonormal columns of what these add to orthonormal known ones."""
    left = columns - known @ (known.T @ columns)
    left = left - known @ (known.T @ left)
    Q, values, _ = np.linalg.svd(left, full_matrices=False)
    found: np.ndarray = Q[:, values > _SINGULAR * np.sqrt(len(columns))]
    return found
