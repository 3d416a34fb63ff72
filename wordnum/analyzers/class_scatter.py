"""Class scatter of n mod T: Phi_T, Fisher eigenvalues, the paper's bounds, the noise level."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import linalg

from wordnum.analyzers.by_period import ByPeriod
from wordnum.analyzers.inputs import centred_columns, rows_with_data
from wordnum.analyzers.plotting import BLUE, RED, bare_axes, period_axis
from wordnum.analyzers.reasons import Reason
from wordnum.analyzers.residues import check_classes, checked_moduli, class_labels
from wordnum.backend import one_blas_thread
from wordnum.embeddings.embedding import Embedding

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHRINKAGE = 0.01
_SINGULAR = 1e-10
_VECTOR_DRAWS = 4
_COLUMNS = ("phi", "lambda_max", "lambda_max_noise", "cond", "lower", "upper", "dim", "method")
_NOTED = ("projected", "shrunk")


@dataclass(frozen=True, eq=False, repr=False)
class ClassScatter:
    """Separability of the residue classes of one T.

    Attributes
    ----------
    phi : float
        ``Phi_T = N Tr(S_B) = sum_r N_r |mu_r - mu|^2`` over the N numbers present.
    eigenvalues : array of shape (T - 1,) at most
        Non-zero eigenvalues of ``S_W^{-1} S_B``, descending.
    lambda_max : float
        The largest of them.
    lambda_max_noise : float
        Mean of lambda_max for i.i.d. Gaussian vectors of the same N, T, d, by simulation.
    cond : float
        ``lambda_max(S_W) / lambda_min(S_W)``.
    lower, upper : float
        The paper's bounds ``Phi_T / (N lambda_min (T-1) cond)`` and ``Phi_T / (N lambda_min)``.
    dim : int
        Dimensions that S_W was taken in.
    method : str
        ``"plain"``; ``"projected"`` when directions without any variance were left out;
        ``"shrunk"`` when S_W was singular even so, and ``0.99 S_W + 0.01 Tr(S_W)/d I`` stands
        in for it, here and in the noise level.
    """

    phi: float
    eigenvalues: np.ndarray
    lambda_max: float
    lambda_max_noise: float
    cond: float
    lower: float
    upper: float
    dim: int
    method: str

    def __repr__(self) -> str:
        told = f"lambda_max {self.lambda_max:.3g} (noise {self.lambda_max_noise:.3g})"
        return f"<ClassScatter: Phi {self.phi:.3g}, {told}, {self.method}>"

    def row(self) -> dict[str, Any]:
        """What the table has of this T: one column per name."""
        return {name: getattr(self, name) for name in _COLUMNS}


@dataclass(frozen=True, eq=False, repr=False)
class Separability(ByPeriod[ClassScatter]):
    """Class scatter for every T: a mapping from T to `ClassScatter`.

    Attributes
    ----------
    by_period : dict of int to ClassScatter
    """

    def __repr__(self) -> str:
        told = (
            f"{T}: {s.lambda_max:.3g} (noise {s.lambda_max_noise:.3g})" for T, s in self.items()
        )
        return f"<Separability, lambda_max {', '.join(told)}>"

    @property
    def notes(self) -> tuple[Reason, ...]:
        """What was done about a singular S_W; empty where nothing had to be."""
        methods = {method: [T for T, s in self.items() if s.method == method] for method in _NOTED}
        return tuple(
            Reason.of(method, periods=", ".join(map(str, periods)))
            for method, periods in methods.items()
            if periods
        )

    def plot(self, ax: Axes | None = None, *, title: str = "", color: str = BLUE) -> Axes:
        """Draw the Fisher eigenvalues of every T with the noise level of the largest."""
        from matplotlib.ticker import LogLocator

        ax = bare_axes(ax, (4.6, 2.6))
        for at, one in enumerate(self.values()):
            values = one.eigenvalues[one.eigenvalues > 0]
            ax.plot(np.full(len(values), at), values, ".", color=color, markersize=5)
            if one.lambda_max_noise > 0:
                label = "noise level of the largest" if at == 0 else None
                ax.plot([at - 0.35, at + 0.35], [one.lambda_max_noise] * 2, color=RED, label=label)
        if any(one.lambda_max > 0 for one in self.values()):
            ax.set_yscale("log")
            ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            ax.yaxis.set_major_formatter("{x:g}")
            ax.yaxis.set_minor_formatter("")
            bottom, top = ax.get_ylim()
            ax.set_ylim(bottom, top * (top / bottom) ** 0.2)
            ax.legend(frameon=False, fontsize=7, loc="upper center", borderaxespad=0.1)
        period_axis(ax, self)
        ax.set(ylabel="eigenvalues of $S_W^{-1} S_B$", title=title)
        return ax


@one_blas_thread
def separability(
    embedding: Embedding | np.ndarray, *, moduli: Iterable[int] = range(2, 11)
) -> Separability:
    """Scatter of the residue classes n mod T, and what it says about linear separability.

    With class means ``mu_r`` of ``N_r`` numbers, grand mean ``mu`` and the N numbers present:
    ``S_B = 1/N sum_r N_r (mu_r - mu)(mu_r - mu)'``,
    ``S_W = 1/N sum_r sum_{n in C_r} (e(n) - mu_r)(e(n) - mu_r)'``, ``Phi_T = N Tr(S_B)``. Where T
    divides N and no number is missing, ``N_r = N / T`` as in the paper, and Phi_T is also the
    Fourier power ``sum_{l=1}^{T-1} ||F_{l/T}||^2``.

    Parameters
    ----------
    embedding : Embedding or array of shape (n, d)
        Row n of a plain array is the vector of number n.
    moduli : iterable of int
        The T.

    Returns
    -------
    Separability

    Raises
    ------
    UsageError, InputError
        A T below 2 or above N; too few numbers, or all in one class.

    Notes
    -----
    A singular S_W is never inverted in silence: directions in which no number varies are left
    out, and where S_W is singular even so (as many dimensions as numbers less classes) a
    shrinkage of 1 % stands in. `ClassScatter.method` and `Separability.notes` say which.
    A constant embedding has ``phi = lambda_max = 0`` and ``cond = 1``.

    References
    ----------
    Fu et al., arXiv 2604.20817, Fisher discriminant and the bounds on lambda_max.

    Examples
    --------
    >>> e = np.random.default_rng(0).standard_normal((1000, 20))
    >>> s = separability(e, moduli=[10])[10]
    >>> F = np.fft.rfft(e, axis=0, norm="ortho")[[100, 200, 300, 400, 500]]
    >>> power = (np.abs(F) ** 2).sum(axis=1)
    >>> bool(np.isclose(s.phi, 2 * power[:4].sum() + power[4]))
    True
    >>> s.lower <= s.lambda_max <= s.upper
    True
    """
    embedding = rows_with_data(embedding)
    periods = checked_moduli(moduli, size=embedding.size)
    check_classes(embedding.numbers, periods, folds=2)
    X = centred_columns(embedding.vectors)
    support, projected = _support(X)
    numbers = embedding.numbers
    if X.shape[1] >= len(X):
        # An embedding that is drawn serves every T, and is as large as this one.
        for seed, T in product(range(_VECTOR_DRAWS), periods):
            _vector_draw(len(X), len(np.unique(numbers % T)), X.shape[1], seed)
        _gaussian_support.cache_clear()
    found = {T: _class_scatter(X, support, projected, numbers, T) for T in periods}
    return Separability(found)


def _support(X: np.ndarray) -> tuple[np.ndarray, bool]:
    """X in the directions that have variance, and whether any was left out."""
    wide = X.shape[1] > len(X)
    squares, axes = linalg.eigh(X @ X.T if wide else X.T @ X, driver="evd", check_finite=False)
    keep = squares > _SINGULAR * max(squares[-1], np.finfo(float).tiny)
    found = axes[:, keep] * np.sqrt(squares[keep]) if wide else X @ axes[:, keep]
    return found, int(keep.sum()) < X.shape[1]


def _scatter(X: np.ndarray, labels: np.ndarray, T: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows B of which ``S_B = B' B`` (T, d), and S_W (d, d), of centred X."""
    n = len(X)
    indicator = np.zeros((T, n))
    indicator[labels, np.arange(n)] = 1.0
    between = (indicator @ X) / np.sqrt(n * indicator.sum(axis=1, keepdims=True))
    return between, X.T @ X / n - between.T @ between


def _class_scatter(
    X: np.ndarray, support: np.ndarray, projected: bool, numbers: np.ndarray, T: int
) -> ClassScatter:
    labels, residues = class_labels(numbers, T)
    C, N = len(residues), len(numbers)
    if support.shape[1] == 0:
        return ClassScatter(0.0, np.zeros(0), 0.0, 0.0, 1.0, 0.0, 0.0, 0, "projected")
    between, S_W = _scatter(support, labels, C)
    phi = float(N * (between**2).sum())
    eigenvalues, spread, shrunk = _fisher(between, S_W, N)
    smallest, largest = float(spread[0]), float(spread[-1])
    dim = support.shape[1]
    return ClassScatter(
        phi=phi,
        eigenvalues=eigenvalues,
        lambda_max=float(eigenvalues[0]),
        lambda_max_noise=lambda_max_noise(N, C, X.shape[1] if X.shape[1] >= N else dim),
        cond=largest / smallest,
        lower=phi / (N * (C - 1) * largest),
        upper=phi / (N * smallest),
        dim=dim,
        method="shrunk" if shrunk else "projected" if projected else "plain",
    )


def _fisher(between: np.ndarray, S_W: np.ndarray, N: int) -> tuple[np.ndarray, np.ndarray, bool]:
    """Eigenvalues of S_W^{-1} S_B descending and of S_W ascending; whether S_W was shrunk."""
    C, d = between.shape
    spread = linalg.eigvalsh(S_W, check_finite=False)
    shrunk = bool(spread[0] <= _SINGULAR * spread[-1]) or d > N - C
    if shrunk:
        level = float(np.trace(S_W)) / d or 1.0
        S_W = (1 - _SHRINKAGE) * S_W + _SHRINKAGE * level * np.eye(d)
        spread = linalg.eigvalsh(S_W, check_finite=False)
    factor = linalg.cholesky(S_W, lower=True, check_finite=False)
    white = linalg.solve_triangular(factor, between.T, lower=True, check_finite=False)
    # The non-zero eigenvalues of S_W^{-1} S_B are those of this C x C matrix.
    small = linalg.eigvalsh(white.T @ white, check_finite=False)
    return np.maximum(small[::-1][: C - 1], 0.0), spread, shrunk


@lru_cache(maxsize=256)
def lambda_max_noise(
    n_numbers: int, n_classes: int, dim: int, *, simulations: int = 200, random_state: int = 0
) -> float:
    """Mean of lambda_max for i.i.d. Gaussian vectors, by simulation.

    For balanced classes the non-zero eigenvalues of ``W^{-1} B``, with W Wishart in d dimensions
    of N - T degrees of freedom and B of T - 1, have the distribution of those of ``W2^{-1} B2`` in
    T - 1 dimensions with N - 1 - d and d degrees of freedom (the duality of Wilks' lambda), so the
    draws cost nothing; for d < T - 1, and for d so large that S_W is shrunk, vectors are drawn.

    Examples
    --------
    >>> round(lambda_max_noise(1000, 10, 100), 2)
    0.18
    """
    rng = np.random.default_rng([random_state, n_numbers, n_classes, dim])
    m = n_classes - 1
    if dim >= m and n_numbers - 1 - dim >= m:
        draws = [_dual_draw(rng, n_numbers, m, dim) for _ in range(simulations)]
    else:
        seeds = range(random_state, random_state + _VECTOR_DRAWS)
        draws = [_vector_draw(n_numbers, n_classes, dim, seed) for seed in seeds]
    return float(np.mean(draws))


def _dual_draw(rng: np.random.Generator, N: int, m: int, d: int) -> float:
    within, between = _bartlett(rng, N - 1 - d, m), _bartlett(rng, d, m)
    white = linalg.solve_triangular(within, between, lower=True, check_finite=False)
    return float(linalg.svdvals(white, check_finite=False)[0] ** 2)


def _bartlett(rng: np.random.Generator, freedom: int, m: int) -> np.ndarray:
    """Lower factor of a standard Wishart matrix."""
    factor = np.tril(rng.standard_normal((m, m)), -1)
    factor[np.diag_indices(m)] = np.sqrt(rng.chisquare(freedom - np.arange(m)))
    return factor


@lru_cache(maxsize=256 * _VECTOR_DRAWS)
def _vector_draw(N: int, C: int, d: int, random_state: int) -> float:
    X = _gaussian_support(N, d, random_state)
    return float(_fisher(*_scatter(X, np.arange(N) % C, C), N)[0][0])


@lru_cache(maxsize=1)
def _gaussian_support(N: int, d: int, random_state: int) -> np.ndarray:
    X = np.random.default_rng([random_state, N, d]).standard_normal((N, d))
    X -= X.mean(axis=0)
    return _support(X)[0] if d >= N else X
