"""The Fourier spectrum of an embedding over the numbers that are present, and its spikes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordnum.analyzers.inputs import centred_columns, one_blas_thread, rows_with_data
from wordnum.analyzers.periodogram import detrending_basis, grid_waves, plain_power, power_beside
from wordnum.analyzers.plotting import BLUE, GREY, RED, bare_axes
from wordnum.analyzers.residues import checked_moduli
from wordnum.embeddings.embedding import Embedding
from wordnum.errors import InputError

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

SPIKE_PERIODS = (2, 5, 10)
_NEIGHBOURS = 80
# Fewer frequencies than these around 1/T say nothing about it.
_FEWEST = 20
# A trend turns once in at least this many times the longest period tested.
_TREND = 4
# Below this frequency a spectrum shows trends, not periods.
_SLOW = 0.02


@dataclass(frozen=True, repr=False)
class Spike:
    """The spectrum at one period T.

    Attributes
    ----------
    magnitude : float
        ``||F_{1/T}||`` over the median of all frequencies.
    power : float
        ``||F_{1/T}||^2``.
    p_value : float
        Local rank p-value after Holm over the periods tested: the one for verdicts.
    p_value_raw : float
        The same before Holm.
    p_smallest : float
        The least `p_value` that so many frequencies can give; 3/81 with 80 and three periods.
    """

    magnitude: float
    power: float
    p_value: float
    p_value_raw: float
    p_smallest: float

    def __repr__(self) -> str:
        return f"<Spike: {self.magnitude:.2f} times the median, p = {self.p_value:.2g}>"

    def row(self) -> dict[str, float]:
        """What the table, a record and the JSON have of this T: one column per name."""
        return {"magnitude": self.magnitude, "power": self.power, "spike_p": self.p_value}


@dataclass(frozen=True, eq=False, repr=False)
class Spectrum:
    """Power of every frequency, and the spikes at T = 2, 5, 10.

    Attributes
    ----------
    frequency : array of shape (K,)
        ``k / N`` for k = 1..N//2, in cycles per number.
    power : array of shape (K,)
        ``||F||^2`` summed over dimensions.
    magnitude : array of shape (K,)
        ``||F||`` divided by its median over frequencies: 1 is the baseline.
    cosine_power : array of shape (K,)
        ``||Re F||^2``, the part in phase with n = 0.
    spikes : dict of int to Spike
        Per period: magnitude, power, raw and Holm-adjusted local rank p-value. Empty where N is
        too small for a local rank.
    numbers : array of int of shape (n,)
        The numbers present.
    size : int
        N.
    """

    frequency: np.ndarray
    power: np.ndarray
    magnitude: np.ndarray
    cosine_power: np.ndarray
    spikes: dict[int, Spike]
    numbers: np.ndarray
    size: int

    def __repr__(self) -> str:
        told = (f"T={T} {s.magnitude:.2f} (p={s.p_value:.3f})" for T, s in self.spikes.items())
        return f"<Spectrum over {len(self.numbers)} of {self.size} numbers: {', '.join(told)}>"

    @property
    def period(self) -> np.ndarray:
        """Periods in numbers, ``1 / frequency``."""
        return 1.0 / self.frequency

    def to_frame(self) -> pandas.DataFrame:
        """One row per frequency."""
        import pandas as pd

        names = ("frequency", "period", "magnitude", "power")
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def plot(self, ax: Axes | None = None, *, title: str = "", color: str = BLUE) -> Axes:
        """Draw the normalised magnitude over frequency, the periods marked with their p-values."""
        ax = bare_axes(ax, (6.4, 2.6))
        ax.axhline(1.0, color=GREY, linewidth=0.6, zorder=0)
        ax.plot(self.frequency, self.magnitude, color=color, linewidth=0.7)
        for period, spike in self.spikes.items():
            at = (1 / period, spike.magnitude)
            fill = RED if spike.p_value < 0.05 else "white"
            ax.plot(*at, "o", markersize=5, markerfacecolor=fill, markeredgecolor=RED)
            ax.annotate(
                f"T = {period}\np = {spike.p_value:.2g}",
                at,
                xytext=(-5 if period == 2 else 5, 0),
                textcoords="offset points",
                ha="right" if period == 2 else "left",
                va="center",
                fontsize=8,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.5},
            )
        # Spikes are seen beside a slow trend that towers over them, and goes off the top.
        fast = self.magnitude[self.frequency >= _SLOW]
        top = max([1.5, *(spike.magnitude for spike in self.spikes.values()), *fast])
        ax.set(
            xlim=(0, 0.505),
            ylim=(0, 1.12 * top),
            xlabel="frequency (cycles per number)",
            ylabel="normalised magnitude",
            title=title,
        )
        return ax


@one_blas_thread
def spectrum(
    embedding: Embedding | np.ndarray, *, periods: Sequence[int] = SPIKE_PERIODS
) -> Spectrum:
    """Least-squares spectrum over the numbers present, with a test of each spike.

    For every frequency ``v = k/N`` the columns of the embedding are fitted by
    ``c + a cos(2 pi v n) + b sin(2 pi v n)`` over the numbers n present, and
    ``F = sqrt(N)/2 (a - i b)`` (at ``v = 1/2``: ``c + a (-1)^n`` and ``F = sqrt(N) a``). Where no
    number is missing F is the DFT ``N^(-1/2) sum_n e(n) exp(-2 pi i v n)``. The constant is
    fitted, so frequency 0 is left out, of the median too. A spike at 1/T is tested by the rank of
    its power among the nearest 80 frequencies, see `local_rank_p_value`.

    Parameters
    ----------
    embedding : Embedding or array of shape (n, d)
        Row n of a plain array is the vector of number n.
    periods : sequence of int
        Periods tested for a spike, T = 2, 5, 10 in the paper.

    Returns
    -------
    Spectrum

    Raises
    ------
    UsageError, InputError
        A period below 2 or above N; vectors that are not finite and real; fewer than 4 numbers.

    Notes
    -----
    A constant embedding has power 0 and magnitude 0 everywhere. A pair of cosine and sine that
    the numbers present cannot tell from each other or from a constant (say at T = 2 when all are
    even) is fitted by the solution of least norm.

    Where numbers are missing, a trend leaks through the gaps into all frequencies, and into 1/2,
    1/5 and 1/10 most where the round numbers are the ones present: ranks of the plain power then
    call nearly every trend a spike (``benchmarks/false_positives.py``). There the power that is
    ranked is the one that a wave adds to a fit of a trend (cosines of less than one turn in 40
    numbers, see `wordnum.analyzers.periodogram`). With no number missing both are the same but for
    the trend, and none is fitted. Magnitude and power are those of the plain fit in any case.

    References
    ----------
    Fu et al., arXiv 2604.20817, definitions of the spectrum and of Phi_T.

    Examples
    --------
    >>> n = np.arange(1000)
    >>> rng = np.random.default_rng(0)
    >>> wave = np.cos(2 * np.pi * n / 10)[:, None] + rng.standard_normal((1000, 20))
    >>> found = spectrum(wave)
    >>> found.spikes[10].p_value < 0.05, found.spikes[5].p_value < 0.05
    (True, False)
    """
    embedding = rows_with_data(embedding)
    N = embedding.size
    if len(embedding) < 4:
        raise InputError(
            "too few numbers for a spectrum", expected="at least 4 numbers", got=str(len(embedding))
        )
    # The usual periods may be asked of any N; those it is too small for have no spike.
    periods = checked_moduli(periods, size=max(N, *SPIKE_PERIODS))
    k = np.arange(1, N // 2 + 1)
    frequency = k / N
    centred = centred_columns(embedding.vectors)
    near = {T: near_frequencies(frequency, T) for T in periods if N >= 2 * T}
    plain = _powers(embedding, k, near, lambda C, S: plain_power(C, S, centred, N))
    baseline = float(np.median(np.sqrt(plain.power))) if len(k) else 0.0
    # A constant embedding has power 0 everywhere, and magnitude 0.
    scale = 1.0 / baseline if baseline > 0 else 0.0
    tested = plain
    if len(embedding) < N:
        slowest = _TREND * max(near, default=1)
        trend = detrending_basis(embedding.numbers, N, period=slowest)
        tested = _powers(embedding, k, near, lambda C, S: power_beside(C, S, centred, trend))
        near = {T: near_frequencies(frequency, T, above=1 / slowest) for T in near}
    raw = {
        T: local_rank_p_value(places, tested.power, tested.cosine_power, tested.at[T], T)
        for T, places in near.items()
        if len(places) >= _FEWEST
    }
    adjusted = dict(zip(raw, holm(list(raw.values())), strict=True))
    spikes = {
        T: Spike(
            magnitude=float(np.sqrt(plain.at[T]) * scale),
            power=plain.at[T],
            p_value=adjusted[T],
            p_value_raw=raw[T],
            p_smallest=len(raw) / (1 + len(near[T])),
        )
        for T in raw
    }
    return Spectrum(
        frequency=frequency,
        power=plain.power,
        magnitude=np.sqrt(plain.power) * scale,
        cosine_power=plain.cosine_power,
        spikes=spikes,
        numbers=embedding.numbers,
        size=N,
    )


class _Powers(NamedTuple):
    """Power of every k/N and of its real part, (K,) each, and power at every 1/T."""

    power: np.ndarray
    cosine_power: np.ndarray
    at: dict[int, float]


def _powers(
    embedding: Embedding, k: np.ndarray, periods: Iterable[int], fit: Callable[..., Any]
) -> _Powers:
    def of(k: np.ndarray, N: int) -> tuple[np.ndarray, np.ndarray]:
        parts = [fit(C, S) for C, S in grid_waves(embedding.numbers, k, N)]
        power, cosine_power = (np.concatenate(part) for part in zip(*parts, strict=True))
        return power, cosine_power

    # Exact trigonometry for an integer period: sin(pi n) must be 0, not 1e-13.
    at = {T: float(of(np.array([1]), T)[0][0]) for T in periods}
    return _Powers(*of(k, embedding.size), at)


def near_frequencies(
    frequency: np.ndarray, period: int, *, above: float = 0.0, neighbours: int = _NEIGHBOURS
) -> np.ndarray:
    """Indices of the frequencies nearest to 1/T that have no reason to hold a spike.

    Without the harmonics of 2, 5 and 10, which are the multiples of 1/10, without 1/T itself, and
    only those `above` a frequency. Fewer than `neighbours` where there are no more.

    Examples
    --------
    >>> near_frequencies(np.arange(1, 51) / 100, 10, neighbours=4) + 1
    array([ 9, 11,  8, 12])
    """
    step = frequency[0]
    tenths = np.arange(1, 6) / 10
    harmonic = (np.abs(frequency[:, None] - tenths[None, :]) < step / 2).any(axis=1)
    other = np.abs(frequency - 1 / period) > step / 2
    usable = np.flatnonzero(~harmonic & other & (frequency > above))
    # Rounded, for two frequencies at the same distance: the lower one comes first.
    distance = np.round(np.abs(frequency[usable] - 1 / period) / step, 6)
    return usable[np.argsort(distance, kind="stable")[:neighbours]]


def local_rank_p_value(
    near: np.ndarray, power: np.ndarray, cosine_power: np.ndarray, at: float, period: int
) -> float:
    """Rank of the power at 1/T among the nearest frequencies: ``(1 + #{as large}) / (1 + m)``.

    At T = 2 they all lie below 1/2, and since F is real there (d squares instead of 2 d, so it
    varies more), they lend twice the power of their real part, which has the same distribution
    when there is no spike.

    Parameters
    ----------
    near : array of int of shape (m,)
        Indices of `near_frequencies`.
    power, cosine_power : array of shape (K,)
        Power of every frequency, and of its real part.
    at : float
        Power at 1/T.
    period : int
        T.

    Examples
    --------
    >>> near = near_frequencies(np.arange(1, 501) / 1000, 10)
    >>> flat = np.linspace(1, 2, 500)
    >>> local_rank_p_value(near, flat, flat / 2, 9.0, 10) == 1 / 81
    True
    """
    reference = 2 * cosine_power[near] if period == 2 else power[near]
    return (1 + int((reference >= at).sum())) / (1 + len(near))


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
