"""Phi_T corrected for what labels at random give, and its contrasts with their intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from wordnum.analyzers.by_period import ByPeriod
from wordnum.analyzers.contrasts import Contrasts, residue_contrasts
from wordnum.analyzers.inputs import centred_columns, rows_with_data
from wordnum.analyzers.intervals import half_width
from wordnum.analyzers.plotting import GREY, PALETTE, bare_axes
from wordnum.analyzers.residues import checked_moduli
from wordnum.backend import one_blas_thread
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.number_rows import Rows, read_rows
from wordnum.embeddings.weightings import Weighting, weight
from wordnum.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FEWEST = 3
CONTRASTS = ("round or not", "0 or 5", "parity", "parity of the others", "the rest")


@dataclass(frozen=True, repr=False)
class Share:
    """A signed part of the corrected Phi_T, with a 95 % interval where there are half-samples."""

    value: float
    low: float | None = None
    high: float | None = None

    def __repr__(self) -> str:
        around = "" if self.low is None else f" ({self.low:.3g} to {self.high:.3g})"
        return f"<Share {self.value:.3g}{around}>"


@dataclass(frozen=True, eq=False, repr=False)
class Phi:
    """Phi of one T.

    Attributes
    ----------
    period : int
        T.
    value : float
        ``Phi_T = sum_r N_r |mu_r - mu|^2`` over the numbers present.
    corrected : Share or None
        Phi_T within runs of about ten numbers, less ``(T - 1)`` residual mean squares: 0 on average
        where residues mean nothing. None where the numbers are too few.
    contrasts : dict of str to Share
        Parts of `corrected`, which is their sum.
    """

    period: int
    value: float
    corrected: Share | None
    contrasts: Mapping[str, Share]

    def __repr__(self) -> str:
        corrected = "" if self.corrected is None else f", corrected {self.corrected.value:.3g}"
        return f"<Phi of n mod {self.period}: {self.value:.3g}{corrected}>"

    def to_dict(self) -> dict[str, Any]:
        """As the JSON has it; what the numbers are too few for is null."""
        ends = asdict(self.corrected) if self.corrected else dict.fromkeys(("value", "low", "high"))
        return {
            "value": self.value,
            "corrected": ends.pop("value"),
            **ends,
            "reason": None if self.corrected else "few-runs",
            "contrasts": {name: asdict(share) for name, share in self.contrasts.items()},
        }

    def row(self) -> dict[str, Any]:
        """What the table has of this T: one column per name."""
        shares = {"corrected": self.corrected, **self.contrasts}
        row: dict[str, Any] = {"phi": self.value}
        for name in ("corrected", *CONTRASTS):
            share, column = shares.get(name), f"phi_{name.replace(' ', '_')}"
            ends = (None, None, None) if share is None else (share.value, share.low, share.high)
            row |= dict(zip((column, f"{column}_low", f"{column}_high"), ends))
        return row


@dataclass(frozen=True, eq=False, repr=False)
class PhiParts(ByPeriod[Phi]):
    """Phi of every T: a mapping from T to `Phi`."""

    def __repr__(self) -> str:
        told = (f"{T}: {one.corrected.value:.3g}" for T, one in self.items() if one.corrected)
        return f"<PhiParts, corrected {', '.join(told)}>"

    def kept_by(self, embedding: Embedding | np.ndarray) -> dict[int, float]:
        """Share of the Phi_T of weighted counts that their truncation to an embedding keeps, 0..1.

        Of the raw Phi_T; the embedding is an `SVD` of the same counts and weighting, with p = 1.
        """
        phi = phi_parts(embedding, moduli=self)
        return {T: phi[T].value / one.value for T, one in self.items() if one.value}

    def plot(self, ax: Axes | None = None, *, title: str = "") -> Axes:
        """Draw the contrasts of every T as signed bars with their intervals.

        In per cent of the corrected Phi_T; a T without any above 0 has none and is left out.
        """
        drawn = {T: one for T, one in self.items() if one.corrected and one.corrected.value > 0}
        bars = [
            (T, name, share) for T, one in drawn.items() for name, share in one.contrasts.items()
        ]
        ax = bare_axes(ax, (5.4, 0.8 + 0.2 * len(bars)))
        # A gap before the first bar of every T.
        at = -np.cumsum([1.0 if before == T else 1.6 for (T, *_), (before, *_) in
                         zip(bars, [(0,), *bars])])  # fmt: skip
        for y, (T, name, share) in zip(at, bars):
            scale = 100 / drawn[T].corrected.value  # type: ignore[union-attr]
            color = PALETTE[CONTRASTS.index(name)]
            ax.barh(y, scale * share.value, color=color, height=0.7)
            if share.low is not None and share.high is not None:
                ax.plot([scale * share.low, scale * share.high], [y, y], "k", linewidth=1.2)
        ax.set_yticks(at, [f"n mod {T}: {name}" for T, name, _ in bars], fontsize=8)
        ax.axvline(0, color=GREY, linewidth=0.8)
        ax.set(xlabel="% of the corrected $\\Phi_T$", title=title)
        return ax


@one_blas_thread
def phi_parts(
    embedding: Embedding | np.ndarray, *, moduli: Iterable[int] = range(2, 11)
) -> PhiParts:
    """Phi_T, what is left of it when labels at random are allowed for, and what it consists of.

    Numbers lie in runs of about ten (the multiple of T nearest to ten), which take out trends. An
    analysis of variance splits what is left of the vectors' scatter into ``SS_B`` between residues
    and a residual mean square ``MS``; the corrected Phi is ``SS_B - (T - 1) MS``, and ``SS_B`` is
    Phi_T itself where no run lacks a number. Contrasts split it exactly: multiples of 5 against the
    others, 0 against 5, parity of the others, and the rest.

    Parameters
    ----------
    embedding : Embedding or array of shape (n, d)
        Row n of a plain array is the vector of number n. Half-samples give 95 % intervals:
        ``SE^2 = sum h_k^2 / (4 K)``, h_k being the difference of both halves of half-sample k of K,
        and Student's t of K degrees of freedom.
    moduli : iterable of int
        The T.

    Returns
    -------
    PhiParts

    Raises
    ------
    UsageError, InputError
        A T below 2 or above N; vectors that are not finite and real.

    References
    ----------
    Fu et al., arXiv 2604.20817, definition of Phi_T; the correction is the expected mean square of
    a two-way analysis of variance.

    Examples
    --------
    >>> n = np.arange(1000)[:, None]
    >>> noise = np.random.default_rng(0).standard_normal((1000, 20))
    >>> found = phi_parts(3.0 * (n % 5 == 0) * np.eye(20)[0] + noise)[10]
    >>> {name: round(share.value) for name, share in found.contrasts.items()}
    {'round or not': 1500, '0 or 5': -1, 'parity of the others': 0, 'the rest': 4}
    """
    embedding = rows_with_data(embedding)
    X = centred_columns(embedding.vectors)
    halves = [
        tuple((half.numbers, centred_columns(half.vectors)) for half in pair)
        for pair in embedding.replicates.pairs
    ]

    def measured(T: int) -> Phi:
        contrasts = residue_contrasts(embedding.numbers, T)
        whole = _by_contrast(contrasts, contrasts.corrected(X))
        apart = [
            [
                _by_contrast(beside, beside.corrected(vectors))
                for numbers, vectors in pair
                for beside in [residue_contrasts(numbers, T)]
            ]
            for pair in halves
        ]
        return _phi(T, _class_power(X, embedding.numbers, T), whole, apart)

    periods = checked_moduli(moduli, size=embedding.size)
    return PhiParts({T: _or_plain(measured, X, embedding.numbers, T) for T in periods})


@one_blas_thread
def phi_of_counts(
    counts: Any,
    *,
    moduli: Iterable[int] = (2, 5, 10),
    weighting: str | Weighting = "hellinger",
) -> PhiParts:
    """`phi_parts` straight from weighted counts, over all their columns.

    Squares are products of complementary halves of the documents, averaged over the half-samples,
    so that the noise of the counts adds nothing: ``Phi^ab - (T - 1) MS^ab``.

    Parameters
    ----------
    counts : Counts, Signal or matrix of shape (N, c)
        A matrix has no half-samples: squares are squares, and there are no intervals.
    moduli : iterable of int
        The T.
    weighting : str or Weighting
        See `wordnum.embeddings.weightings`.

    Raises
    ------
    UsageError, InputError
        A T below 2 or above N; counts that cannot be weighted.

    Examples
    --------
    >>> n = np.arange(100)
    >>> counts = np.stack([5 + 4 * (n % 5 == 0), np.full(100, 9)], axis=1)
    >>> phi_of_counts(counts)[5]
    <Phi of n mod 5: 0.335, corrected 0.335>
    """
    given = read_rows(counts)
    chosen = given.rows.present(min_count=1)[0]
    periods = checked_moduli(moduli, size=given.origin.size)

    def weighted(rows: Rows, numbers: np.ndarray) -> Any:
        matrix = weight(rows.matrix[numbers], weighting=weighting, checked=True).matrix
        return sparse.csr_array(matrix)

    W = weighted(given.rows, chosen)
    sums: dict[int, list[Any]] = {T: [] for T in periods}
    for _, pair in given.half_samples(True):
        # Numbers that both halves have, so that their rows can be multiplied.
        one, other = (rows.present(min_count=1)[0] for rows in pair)
        common = np.intersect1d(one, other)
        first, second = (weighted(rows, common) for rows in pair)
        for T, found in sums.items():
            with suppress(InputError):
                contrasts = residue_contrasts(common, T)
                both = ((first, second), (first, first), (second, second))
                found.append([_by_contrast(contrasts, contrasts.corrected(*ab)) for ab in both])

    def measured(T: int) -> Phi:
        contrasts = residue_contrasts(chosen, T)
        whole = _by_contrast(contrasts, contrasts.corrected(W))
        if sums[T]:
            crossed = [crossed for crossed, *_ in sums[T]]
            whole = {
                name: float(np.mean([one.get(name, 0.0) for one in crossed])) for name in whole
            }
        return _phi(T, _class_power(W, chosen, T), whole, [apart for _, *apart in sums[T]])

    return PhiParts({T: _or_plain(measured, W, chosen, T) for T in periods})


def _or_plain(measured: Callable[[int], Phi], X: Any, numbers: np.ndarray, T: int) -> Phi:
    try:
        return measured(T)
    except InputError:  # too few numbers for an analysis of variance
        return Phi(T, _class_power(X, numbers, T), None, {})


def _class_power(X: Any, numbers: np.ndarray, T: int) -> float:
    """``sum_r N_r |mu_r - mu|^2``."""
    ones = np.ones(len(numbers))
    members = sparse.csr_array((ones, (numbers % T, np.arange(len(numbers)))), shape=(T, len(ones)))
    sizes = members.sum(axis=1)
    sums = np.asarray((members @ X).todense() if sparse.issparse(X) else members @ X)
    deviations = sums[sizes > 0] / sizes[sizes > 0, None] - sums.sum(axis=0) / len(ones)
    return float((sizes[sizes > 0, None] * deviations**2).sum())


def _by_contrast(contrasts: Contrasts, shares: np.ndarray) -> dict[str, float]:
    return dict(zip(contrasts.columns, shares.sum(axis=1).tolist(), strict=True))


def _phi(T: int, value: float, whole: dict[str, float], apart: list[Any]) -> Phi:
    """Shares with their intervals, from those of both halves of every half-sample."""

    def share(of: Callable[[dict[str, float]], float]) -> Share:
        if len(apart) < _FEWEST:
            return Share(of(whole))
        width = half_width([(of(one), of(other)) for one, other in apart])
        return Share(of(whole), of(whole) - width, of(whole) + width)

    corrected = share(lambda one: sum(one.values()))
    return Phi(T, value, corrected, {name: share(_named(name)) for name in whole})


def _named(name: str) -> Callable[[dict[str, float]], float]:
    return lambda one: one.get(name, 0.0)
