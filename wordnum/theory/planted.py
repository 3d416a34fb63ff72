"""Embeddings with any chosen Phi_T and kappa."""

from __future__ import annotations

from math import ceil

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import ndtr

from wordnum.embeddings.embedding import Embedding
from wordnum.errors import InputError, UsageError
from wordnum.theory.theorem import check_divides, without_period


def planted_embedding(
    *,
    phi: float,
    kappa: float,
    period: int = 10,
    dim: int = 20,
    size: int = 1000,
    random_state: int = 0,
) -> Embedding:
    """Make an embedding with a chosen Phi_T and a chosen kappa, for tests and for teaching.

    One column holds a wave of period T on a slow drift 30 times as large: a spike that no linear
    classifier can use. T columns hold the class indicators under Gaussian noise, whose size is
    set so that the best classifier has this kappa,
    ``1/T + kappa (1 - 1/T) = integral of phi(z - 1/s) Phi(z)^(T-1) dz`` at noise s; none for
    kappa = 0. The other columns are noise. All is then scaled to the chosen Phi_T, exactly.

    Parameters
    ----------
    phi : float
        ``Phi_T = N Tr(S_B)``. With 0 the class means are taken away, see `without_period`.
    kappa : float
        Cohen's kappa x 100 of the best classifier, 0 <= kappa < 100. A probe trained on 800 of
        1000 numbers comes out a few points lower.
    period : int
        T.
    dim : int
        Dimensions, at least T + 2.
    size : int
        N, a multiple of T.
    random_state : int

    Raises
    ------
    UsageError, InputError
        Values outside these ranges; kappa above 0 with phi = 0, which Theorem 1.1 excludes.

    Examples
    --------
    >>> from wordnum.analyzers import separability
    >>> e = planted_embedding(phi=500, kappa=60)
    >>> round(separability(e, moduli=[10])[10].phi, 6)
    500.0
    """
    check_divides(period, size)
    if not 0 <= kappa < 100 or phi < 0 or dim < period + 2:
        expected = f"phi >= 0, 0 <= kappa < 100, dim >= {period + 2}"
        got = f"phi={phi}, kappa={kappa}, dim={dim}"
        raise UsageError("no such embedding", expected=expected, got=got)
    if phi == 0 and kappa > 0:
        expected = "kappa = 0 where phi = 0 (Theorem 1.1)"
        raise InputError("without power at the period no class is told", expected=expected)
    rng = np.random.default_rng([random_state, 3])
    n = np.arange(size)
    X = rng.standard_normal((size, dim))
    if phi == 0:
        return without_period(Embedding(X, size=size, name="noise"), period=period)
    if kappa > 0:
        noise = _noise_for(kappa, period)
        X[:, :period] += (n[:, None] % period == np.arange(period)) / noise
    # A wave of the size of the noise is a clear spike; one slow turn has no power elsewhere.
    wave = np.cos(2 * np.pi * (n % period) / period) * np.sqrt(dim)
    X[:, -1] = wave + 30 * np.sqrt(dim) * np.cos(2 * np.pi * n / size)
    means = X.reshape(size // period, period, dim).mean(axis=0)
    now = size * ((means - X.mean(axis=0)) ** 2).sum() / period
    return Embedding(X * np.sqrt(phi / now), size=size, name=f"planted kappa {kappa:g} at {period}")


def _noise_for(kappa: float, T: int) -> float:
    """Noise at which the best classifier of T orthogonal unit means has this kappa."""
    wanted = 1 / T + kappa / 100 * (1 - 1 / T)

    def excess(distance: float) -> float:
        def density(z: float) -> float:
            return float(np.exp(-0.5 * (z - distance) ** 2) * ndtr(z) ** (T - 1))

        area = quad(density, distance - 10, distance + 10)[0] / np.sqrt(2 * np.pi)
        return float(area - wanted)

    return 1.0 / brentq(excess, 0.0, 20.0 + ceil(np.log(T)))
