"""The Fourier spectrum of an embedding over the numbers that are present, and its spikes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from wordnum.analyzers.inputs import centred_columns, rows_with_data
from wordnum.analyzers.periodogram import (
    detrending_basis,
    grid_waves,
    wave_coefficients,
    whitened_coefficients,
)
from wordnum.analyzers.plotting import BLUE, GREY, RED, bare_axes
from wordnum.analyzers.residues import checked_moduli
from wordnum.analyzers.spikes import FEWEST, excess_p_value, holm, near_frequencies, rank_p_value
from wordnum.backend import one_blas_thread
from wordnum.embeddings.embedding import Embedding
from wordnum.errors import InputError

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

SPIKE_PERIODS = (2, 5, 10)
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
        Of the excess over a local fit (`wordnum.analyzers.spikes`), after Holm over the periods
        tested: the one for verdicts.
    p_value_raw : float
        The same before Holm.
    rank_p_value : float
        Rank of the power among the neighbours, a coarse check without assumptions; not adjusted.
    """

    magnitude: float
    power: float
    p_value: float
    p_value_raw: float
    rank_p_value: float

    def __repr__(self) -> str:
        return f"<Spike: {self.magnitude:.2f} times the median, p = {self.p_value:.2g}>"

    def to_dict(self) -> dict[str, float]:
        """As the JSON has it."""
        names = ("magnitude", "power", "p_value", "rank_p_value")
        return {name: getattr(self, name) for name in names}

    def row(self) -> dict[str, float]:
        """What the table and a record have of this T: one column per name."""
        return {
            "magnitude": self.magnitude,
            "power": self.power,
            "spike_p": self.p_value,
            "spike_p_raw": self.p_value_raw,
            "spike_rank_p": self.rank_p_value,
        }


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
    spikes : dict of int to Spike
        Per period: magnitude, power and p-values. A period with fewer than 20 neighbours has none.
    numbers : array of int of shape (n,)
        The numbers present.
    size : int
        N.
    """

    frequency: np.ndarray
    power: np.ndarray
    magnitude: np.ndarray
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
    fitted, so frequency 0 is left out, of the median too. A spike at 1/T is tested against the
    frequencies around it, see `wordnum.analyzers.spikes`.

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
    1/5 and 1/10 most where the round numbers are the ones present: the plain power then calls
    nearly every trend a spike. There the power that is tested
    is the one that a wave adds to a fit of a trend (cosines of less than one turn in 40 numbers,
    see `wordnum.analyzers.periodogram`). With no number missing both are the same but for the
    trend, and none is fitted. Magnitude and power are those of the plain fit in any case.

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
    numbers, X = embedding.numbers, centred_columns(embedding.vectors)
    frequency = np.arange(1, N // 2 + 1) / N
    plain = partial(wave_coefficients, X=X, N=N)
    power = np.concatenate(
        [_power(plain(C, S)) for C, S in grid_waves(numbers, np.arange(1, N // 2 + 1), N)]
    )
    baseline = float(np.median(np.sqrt(power)))
    # A constant embedding has power 0 everywhere, and magnitude 0.
    scale = 1.0 / baseline if baseline > 0 else 0.0
    above, tested = 0.0, plain
    if len(numbers) < N:
        slowest = _TREND * max((T for T in periods if N >= 2 * T), default=1)
        above, trend = 1 / slowest, detrending_basis(numbers, N, period=slowest)
        tested = partial(whitened_coefficients, X=X, trend=trend)
    found = {}
    for T in periods:
        near = near_frequencies(N, T, above=above)
        if len(near) < FEWEST:
            continue
        # Exact trigonometry for an integer period: sin(pi n) must be 0, not 1e-13.
        ((C, S),) = grid_waves(numbers, np.array([1]), T)
        at, around = tested(C, S)[0], [tested(*waves) for waves in grid_waves(numbers, near, N)]
        compared = at, np.concatenate(around)
        found[T] = Spike(
            magnitude=float(np.sqrt(_power(plain(C, S))[0]) * scale),
            power=float(_power(plain(C, S))[0]),
            p_value=1.0,
            p_value_raw=excess_p_value(*compared, near - N / T, real=T == 2),
            rank_p_value=rank_p_value(*compared, real=T == 2),
        )
    adjusted = holm([spike.p_value_raw for spike in found.values()])
    return Spectrum(
        frequency=frequency,
        power=power,
        magnitude=np.sqrt(power) * scale,
        spikes={T: replace(found[T], p_value=p) for T, p in zip(found, adjusted, strict=True)},
        numbers=numbers,
        size=N,
    )


def _power(coefficients: np.ndarray) -> np.ndarray:
    power: np.ndarray = (np.abs(coefficients) ** 2).sum(axis=1)
    return power
