"""Theorem 1 as runnable mathematics: a spike is necessary for linear separability, not enough."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from wordnum.analyzers.closed_form import standardised
from wordnum.analyzers.inputs import doubles
from wordnum.analyzers.residues import check_classes, checked_moduli, class_labels
from wordnum.embeddings.embedding import Embedding, as_embedding
from wordnum.errors import InputError, UsageError

__all__ = [
    "LinearOptimum",
    "best_linear_accuracy",
    "counterexample",
    "hidden_threshold",
    "planted_embedding",
    "without_period",
]

_MAX_CLASSES = 16


def counterexample(
    *, period: int = 10, A: float = 5.0, B: float = 31.0, size: int = 1000
) -> Embedding:
    """Theorem 1.2: with ``n = r + m T``, ``e(n) = A r + B m``, in one dimension.

    ``Phi_T = N A^2 (T^2 - 1) / 12`` whatever B is; B spreads every class, and with a large one no
    linear classifier does much better than chance.

    Parameters
    ----------
    period : int
        T; it divides `size`.
    A, B : float
        Steps of the residue and of the quotient.
    size : int
        N.

    Examples
    --------
    >>> from wordnum.analyzers import separability
    >>> [round(separability(counterexample(B=B), moduli=[10])[10].phi) for B in (0.03, 31)]
    [206250, 206250]
    >>> [best_linear_accuracy(counterexample(B=B), period=10).correct for B in (0.03, 31)]
    [1000, 109]
    """
    _check_divides(period, size)
    n = np.arange(size)
    values = A * (n % period) + B * (n // period)
    return Embedding(values[:, None].astype(float), size=size, name=f"counterexample, B = {B:g}")


def hidden_threshold(*, size: int = 1000) -> Embedding:
    """The small print of Theorem 1.1: Phi_2 = 0, and yet one threshold is nearly always right.

    All evens but the first lie at -1 and that one at ``size/2 - 1``, odds mirrored, so both class
    means are 0; the threshold at 0 errs twice. Phi_T = 0 bounds squared and cross-entropy probes,
    not the 0-1 accuracy.

    Examples
    --------
    >>> best_linear_accuracy(hidden_threshold(), period=2).accuracy
    0.998
    """
    _check_divides(2, size)
    values = np.where(np.arange(size) % 2 == 0, -1.0, 1.0)
    values[:2] *= -(size / 2 - 1)
    return Embedding(values[:, None], size=size, name="hidden threshold")


def without_period(embedding: Embedding | np.ndarray, *, period: int) -> Embedding:
    """Necessity, Theorem 1.1: take the class means of n mod T away, and Phi_T and S_B are 0.

    Every class mean becomes the grand mean: a least-squares or cross-entropy probe fitted on all
    numbers is constant.

    Examples
    --------
    >>> from wordnum.analyzers import separability
    >>> noise = np.random.default_rng(0).standard_normal((100, 3))
    >>> separability(without_period(noise, period=5), moduli=[5])[5].phi < 1e-25
    True
    """
    embedding = as_embedding(embedding)
    (period,) = checked_moduli([period], size=embedding.size)
    labels, residues = class_labels(embedding.numbers, period)
    X = doubles(embedding.vectors)
    means = np.stack([X[labels == label].mean(axis=0) for label in range(len(residues))])
    return Embedding(
        X - means[labels] + X.mean(axis=0),
        embedding.numbers,
        size=embedding.size,
        name=f"{embedding.name} without period {period}",
    )


@dataclass(frozen=True)
class LinearOptimum:
    """The best T-class linear classifier of an embedding, on its own numbers.

    Attributes
    ----------
    correct, total : int
        Numbers classified rightly, of all.
    exact : bool
        True: no linear classifier does better. False: the best that was found, a lower bound.
    method : str
    """

    correct: int
    total: int
    exact: bool
    method: str

    @property
    def accuracy(self) -> float:
        """Share of numbers classified rightly, 0..1."""
        return self.correct / self.total


def best_linear_accuracy(embedding: Embedding | np.ndarray, *, period: int) -> LinearOptimum:
    """Most numbers that a linear classifier ``argmax_r (w_r . e(n) + b_r)`` can get right.

    In one dimension the classifier is an upper envelope of T lines: it cuts the line into
    intervals, gives each class at most one, and any order of the classes can be had. So dynamic
    programming over the sets of classes used so far finds the exact optimum, for T up to 16. In
    more dimensions the count is that of multinomial logistic regression nearly without penalty,
    which is a lower bound and says so.

    Raises
    ------
    UsageError
        One dimension and T above 16.

    Examples
    --------
    >>> best_linear_accuracy(np.array([[0.0], [5.0], [1.0], [6.0]]), period=2)
    LinearOptimum(correct=4, total=4, exact=True, method='dynamic programming')
    """
    embedding = as_embedding(embedding)
    (period,) = checked_moduli([period], size=embedding.size)
    check_classes(embedding.numbers, [period], folds=2)
    labels, residues = class_labels(embedding.numbers, period)
    if embedding.dim == 1:
        if len(residues) > _MAX_CLASSES:
            raise UsageError(
                "too many classes for the exact search",
                expected=f"T of at most {_MAX_CLASSES}",
                got=str(len(residues)),
            )
        correct = _best_intervals(doubles(embedding.vectors)[:, 0], labels, len(residues))
        return LinearOptimum(correct, len(labels), True, "dynamic programming")
    from wordnum.analyzers.alternative_classifiers import AlternativeClassifier

    X = doubles(embedding.vectors)
    Z = standardised(np, X, X)[0]
    model = AlternativeClassifier("logistic", alpha=1e-8).fit(Z, labels)
    correct = int((model.predict(Z) == labels).sum())
    return LinearOptimum(correct, len(labels), False, "logistic regression")


def _best_intervals(values: np.ndarray, labels: np.ndarray, C: int) -> int:
    # Equal values cannot be cut apart, so cuts lie between distinct ones; 12 digits make
    # 3 * 0.1 and 0.3 equal.
    scale = float(np.abs(values).max()) or 1.0
    _, place = np.unique(np.round(values / scale, 12), return_inverse=True)
    counts = np.zeros((C, place.max() + 2), dtype=np.int64)
    np.add.at(counts, (labels, place + 1), 1)
    upto = counts.cumsum(axis=1)
    # best[S, j]: most right among the first j places with the classes of the set S.
    best = np.full((1 << C, upto.shape[1]), -1, dtype=np.int64)
    best[0, 0] = 0
    for used in range(1 << C):
        for c in range(C):
            if used >> c & 1:
                continue
            gain = np.where(best[used] >= 0, best[used] - upto[c], -(10**9))
            reached = upto[c] + np.maximum.accumulate(gain)
            into = best[used | 1 << c]
            np.maximum(into, np.where(reached >= 0, reached, -1), out=into)
    return int(best[:, -1].max())


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
    _check_divides(period, size)
    if not 0 <= kappa < 100 or phi < 0 or dim < period + 2:
        raise UsageError(
            "no such embedding",
            expected=f"phi >= 0, 0 <= kappa < 100, dim >= {period + 2}",
            got=f"phi={phi}, kappa={kappa}, dim={dim}",
        )
    if phi == 0 and kappa > 0:
        raise InputError(
            "no class can be told from another without power at the period",
            expected="kappa = 0 where phi = 0 (Theorem 1.1)",
            got=f"kappa={kappa}",
        )
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
    from scipy.integrate import quad
    from scipy.optimize import brentq
    from scipy.special import ndtr

    wanted = 1 / T + kappa / 100 * (1 - 1 / T)

    def excess(distance: float) -> float:
        def density(z: float) -> float:
            return float(np.exp(-0.5 * (z - distance) ** 2) * ndtr(z) ** (T - 1))

        area = quad(density, distance - 10, distance + 10)[0] / np.sqrt(2 * np.pi)
        return float(area - wanted)

    return 1.0 / brentq(excess, 0.0, 20.0 + ceil(np.log(T)))


def _check_divides(period: int, size: int) -> None:
    if period < 2 or size % period:
        raise UsageError(
            "the period does not divide the numbers",
            expected=f"T of 2 or more that divides {size}",
            got=str(period),
        )
