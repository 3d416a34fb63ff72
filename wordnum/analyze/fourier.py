"""The Fourier spectrum of an embedding over the numbers that are present."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wordnum.analyze.columns import centred_columns
from wordnum.analyze.spikes import (
    SPIKE_PERIODS,
    Spike,
    holm,
    local_rank_p_value,
    permutation_p_values,
)
from wordnum.analyze.threads import one_blas_thread
from wordnum.embed.embedding import Embedding, as_embedding
from wordnum.errors import InputError

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

__all__ = ["Spectrum", "fourier_coefficients", "spectrum"]

_WAVE_ENTRIES = 2_000_000


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
        Per period: magnitude, power, raw and Holm-adjusted local rank p-value, permutation
        p-value. Empty where N is too small for a local rank.
    numbers, size, dim
        What the spectrum was taken over.
    """

    frequency: np.ndarray
    power: np.ndarray
    magnitude: np.ndarray
    cosine_power: np.ndarray
    spikes: dict[int, Spike]
    numbers: np.ndarray
    size: int
    dim: int

    def __repr__(self) -> str:
        spikes = ", ".join(
            f"T={period} {spike.magnitude:.2f} (p={spike.p_value:.3f})"
            for period, spike in self.spikes.items()
        )
        return f"<Spectrum over {len(self.numbers)} of {self.size} numbers: {spikes}>"

    @property
    def period(self) -> np.ndarray:
        """Periods in numbers, ``1 / frequency``."""
        return 1.0 / self.frequency

    def to_frame(self) -> pandas.DataFrame:
        """One row per frequency."""
        import pandas as pd

        return pd.DataFrame(
            {
                "frequency": self.frequency,
                "period": self.period,
                "magnitude": self.magnitude,
                "power": self.power,
            }
        )

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the magnitude over frequency with the periods marked."""
        from wordnum.analyze.plot import plot_spectrum

        return plot_spectrum(self, ax=ax, **options)


@one_blas_thread
def spectrum(
    embedding: Embedding | np.ndarray,
    *,
    periods: Sequence[int] = SPIKE_PERIODS,
    permutations: int = 999,
    seed: int = 0,
) -> Spectrum:
    """Least-squares spectrum over the numbers present, with a test of each spike.

    For every frequency ``v = k/N`` the columns of the embedding are fitted by
    ``c + a cos(2 pi v n) + b sin(2 pi v n)`` over the numbers n present, and
    ``F = sqrt(N)/2 (a - i b)`` (at ``v = 1/2``: ``c + a (-1)^n`` and ``F = sqrt(N) a``). Where no
    number is missing F is the DFT ``N^(-1/2) sum_n e(n) exp(-2 pi i v n)``. The constant is
    fitted, so frequency 0 is left out, of the median too.

    Parameters
    ----------
    embedding : Embedding or array of shape (n, d)
        Row n of a plain array is the vector of number n.
    periods : sequence of int
        Periods tested for a spike, T = 2, 5, 10 in the paper.
    permutations : int
        Shuffles of the numbers for the plain permutation p-value, which any smooth trend
        inflates: reported apart, never used in a verdict. 0 leaves it out.
    seed : int
        Of the permutations.

    Returns
    -------
    Spectrum

    Raises
    ------
    InputError
        Vectors that are not finite and real; fewer than 4 numbers.

    Notes
    -----
    A constant embedding has power 0 and magnitude 0 everywhere. A pair of cosine and sine that
    the numbers present cannot tell from each other or from a constant (say at T = 2 when all are
    even) is fitted by the solution of least norm.

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
    embedding = as_embedding(embedding)
    N = embedding.size
    if len(embedding) < 4:
        raise InputError(
            "too few numbers for a spectrum",
            expected="at least 4 numbers",
            got=f"{len(embedding)}",
        )
    k = np.arange(1, N // 2 + 1)
    centred = centred_columns(embedding.vectors)
    cosine, sine = _on_grid(embedding.numbers, k, N, centred)
    power = (cosine**2).sum(axis=1) + (sine**2).sum(axis=1)
    cosine_power = (cosine**2).sum(axis=1)
    length = np.sqrt(power)
    baseline = float(np.median(length)) if len(length) else 0.0
    magnitude = length / baseline if baseline > 0 else np.zeros_like(length)
    frequency = k / N
    at = {T: _power_at(embedding, centred, T) for T in periods if N >= 2 * T}
    raw = {
        T: p_value
        for T in at
        if (p_value := local_rank_p_value(frequency, power, cosine_power, at[T], T)) is not None
    }
    adjusted = dict(zip(raw, holm(list(raw.values())), strict=True))
    shuffled = permutation_p_values(
        embedding.numbers, centred, list(raw), permutations=permutations, seed=seed
    )
    spikes = {
        T: Spike(
            period=T,
            magnitude=float(np.sqrt(at[T]) / baseline) if baseline > 0 else 0.0,
            power=at[T],
            p_value=adjusted[T],
            p_value_raw=raw[T],
            p_value_permutation=shuffled.get(T),
        )
        for T in raw
    }
    return Spectrum(
        frequency=frequency,
        power=power,
        magnitude=magnitude,
        cosine_power=cosine_power,
        spikes=spikes,
        numbers=embedding.numbers,
        size=N,
        dim=embedding.dim,
    )


def fourier_coefficients(
    embedding: Embedding | np.ndarray, frequencies: Sequence[float] | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Real and negated imaginary part of F at any frequencies in (0, 1/2], each (K, d).

    Examples
    --------
    >>> x = np.random.default_rng(0).standard_normal((8, 2))
    >>> real, negated = fourier_coefficients(x, [1 / 8, 1 / 2])
    >>> np.allclose(real - 1j * negated, np.fft.rfft(x, axis=0, norm="ortho")[[1, 4]])
    True
    """
    embedding = as_embedding(embedding)
    frequencies = np.asarray(frequencies, dtype=float)
    angle = 2 * np.pi * np.outer(frequencies, embedding.numbers)
    return _fit(np.cos(angle), np.sin(angle), centred_columns(embedding.vectors), embedding.size)


def _power_at(embedding: Embedding, centred: np.ndarray, T: int) -> float:
    # Exact trigonometry for an integer period: sin(pi n) must be 0, not 1e-13.
    cosine, sine = _on_grid(embedding.numbers, np.array([1]), T, centred, scale=embedding.size)
    return float((cosine**2).sum() + (sine**2).sum())


def _on_grid(
    numbers: np.ndarray, k: np.ndarray, N: int, centred: np.ndarray, scale: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients at k/N from one table of N cosines, exact to the last bit at any n k."""
    angle = 2 * np.pi * np.arange(N) / N
    cosines, sines = np.cos(angle), np.sin(angle)
    if N % 2 == 0:
        sines[N // 2] = 0.0
    parts = []
    # In portions, so that the waves of a large N do not fill the memory.
    step = max(1, _WAVE_ENTRIES // len(numbers))
    for first in range(0, len(k), step):
        at = np.outer(k[first : first + step], numbers) % N
        parts.append(_fit(cosines[at], sines[at], centred, N if scale is None else scale))
    cosine, sine = (np.concatenate(part) for part in zip(*parts, strict=True))
    return cosine, sine


def _fit(C: np.ndarray, S: np.ndarray, X: np.ndarray, N: int) -> tuple[np.ndarray, np.ndarray]:
    """Least squares of every column of centred X on [1, C_k, S_k] for every k, scaled as F."""
    C = C - C.mean(axis=1, keepdims=True)
    S = S - S.mean(axis=1, keepdims=True)
    n = X.shape[0]
    gram = np.empty((len(C), 2, 2))
    gram[:, 0, 0] = np.einsum("kn,kn->k", C, C)
    gram[:, 1, 1] = np.einsum("kn,kn->k", S, S)
    gram[:, 0, 1] = gram[:, 1, 0] = np.einsum("kn,kn->k", C, S)
    largest = np.linalg.eigvalsh(gram)[:, -1]
    # Against n, not against its own largest: a pair that is constant over the numbers is 0.
    inverse = np.linalg.pinv(gram / n, rcond=1e-9, hermitian=True) / n
    inverse[largest < 1e-12 * n] = 0.0
    right = np.stack([C @ X, S @ X], axis=1)
    a, b = np.moveaxis(inverse @ right, 1, 0)
    # A sine that vanishes on the numbers, or a cosine: one real wave, as at frequency 1/2.
    single = (gram[:, 1, 1] < 1e-12 * n) | (gram[:, 0, 0] < 1e-12 * n)
    factor = np.where(single, np.sqrt(N), np.sqrt(N) / 2)[:, None]
    return factor * a, factor * b
