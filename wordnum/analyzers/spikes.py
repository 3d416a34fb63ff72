"""Is there a spike at a period? Its local rank, and Holm over the periods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = [
    "SPIKE_PERIODS",
    "Spike",
    "holm",
    "local_rank_p_value",
    "near_frequencies",
]

SPIKE_PERIODS = (2, 5, 10)
_NEIGHBOURS = 80


@dataclass(frozen=True)
class Spike:
    """The spectrum at one period.

    Attributes
    ----------
    period : int
        T.
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

    period: int
    magnitude: float
    power: float
    p_value: float
    p_value_raw: float
    p_smallest: float

    def row(self) -> dict[str, float]:
        """What the table, a record and the JSON have of this T: one column per name."""
        return {"magnitude": self.magnitude, "power": self.power, "spike_p": self.p_value}


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
