"""Embeddings that hold one known thing: noise, a trend, roundness, parity, digits, a circle."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wordnum.config import one_of, whole_number
from wordnum.cooccurrence.half_sample_draws import half_samples
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.replicates import Replicates

_BLOCKS = 20
_SAMPLING = 0.5  # standard deviation of what another text would change


def _smooth(n: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    kernel = np.exp(-((np.arange(-60, 61) / 20) ** 2))
    white = rng.standard_normal((len(n) + 120, 10))
    found = np.stack([np.convolve(column, kernel, "valid") for column in white.T], axis=1)
    return 3 * found / found.std()


def _walk(n: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.cumsum(rng.standard_normal((len(n), 10)), axis=0) / 3


def _round(k: int) -> Callable[..., np.ndarray]:
    return lambda n, rng: 3.0 * (n % k == 0)[:, None]


def _log_frequency(n: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Decay and graded roundness, as in text: multiples of 10 above those of 5."""
    return -np.log1p(n) + 1.2 * (n % 5 == 0) + 0.8 * (n % 10 == 0) + 0.6 * (n % 100 == 0)


def _digits(n: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    units, tens = rng.standard_normal((2, 10, 10))
    return units[n % 10] + tens[n // 10 % 10]


def _circle(strength: float, decay: float = np.inf) -> Callable[..., np.ndarray]:
    def made(n: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        angle = 2 * np.pi * (n % 10) / 10
        amplitude = strength * np.exp(-n / decay)
        return amplitude[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)

    return made


def _theorem(B: float) -> Callable[..., np.ndarray]:
    return lambda n, rng: 5.0 * (n % 10)[:, None] + B * (n // 10)[:, None]


# What numbers hold beside noise of size 1 in every dimension: (N, k) or (N,).
KINDS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "noise": lambda n, rng: np.zeros((len(n), 1)),
    "smooth": _smooth,
    "random walk": _walk,
    "roundness of 5": _round(5),
    "roundness of 10": _round(10),
    "frequency alone": lambda n, rng: 3 * _log_frequency(n, rng)[:, None],
    "parity alone": lambda n, rng: 1.5 * ((-1.0) ** n)[:, None],
    "digit code": _digits,
    "weak circle": _circle(0.4),
    "circle": _circle(1.0),
    "strong circle": _circle(2.5),
    "fading circle": _circle(6.0, decay=250.0),
    "Theorem 1, B = 0.03": _theorem(0.03),
    "Theorem 1, B = 31": _theorem(31.0),
    "gaps, noise": lambda n, rng: np.log1p(n)[:, None],
    "gaps, circle": _circle(1.5),
}


def planted_kind(
    kind: str,
    *,
    dim: int = 30,
    size: int = 1000,
    with_half_samples: bool = False,
    random_state: int = 0,
) -> Embedding:
    """Make an embedding that holds one known thing about numbers, beside noise.

    The thing lies in a few directions that are drawn at random; every number has its own Gaussian
    noise of size 1 in every dimension, and half as much of what another text would change.

    Parameters
    ----------
    kind : str
        One of `KINDS`: "noise", "smooth", "random walk", "roundness of 5", "roundness of 10",
        "frequency alone", "parity alone", "digit code", "weak circle", "circle", "strong circle",
        "fading circle" (it fades as numbers grow), "Theorem 1, B = 0.03" and "B = 31" (the
        counterexample), "gaps, noise" and "gaps, circle" (of the numbers beyond 300 mostly the
        round ones are present).
    dim : int
        Dimensions, at least 20.
    size : int
        N.
    with_half_samples : bool
        Also ten pairs of half-samples of twenty made-up blocks of documents, for intervals.
    random_state : int

    Raises
    ------
    UsageError
        No such kind; too few dimensions.

    Examples
    --------
    >>> from wordnum.analyzers import probe
    >>> [probe(planted_kind(kind), moduli=[2], nulls=0, controls=False)[2].kappa > 50
    ...  for kind in ("noise", "parity alone")]
    [False, True]
    """
    one_of(kind, KINDS, what="planted kind")
    dim, size = whole_number(dim, least=20, what="dim"), whole_number(size, least=20, what="size")
    rng = np.random.default_rng([random_state, list(KINDS).index(kind)])
    n = np.arange(size)
    held = KINDS[kind](n, rng)
    directions = np.linalg.qr(rng.standard_normal((dim, held.shape[1])))[0].T
    fixed = held @ directions + rng.standard_normal((size, dim))
    counts = np.round(1e6 * np.exp(_log_frequency(n, rng) / 2)).astype(int)
    blocks = _SAMPLING * np.sqrt(_BLOCKS) * rng.standard_normal((_BLOCKS, size, dim))
    numbers = n
    if kind.startswith("gaps"):
        likely = np.exp(-np.maximum(n - 300, 0) / 100)
        numbers = n[(rng.random(size) < likely) | (n % 50 == 0) | (n % 10 == 0) & (n < 700)]

    def made(which: np.ndarray | slice, **more: object) -> Embedding:
        vectors = (fixed + blocks[which].mean(axis=0))[numbers]
        return Embedding(vectors, numbers, size, counts=counts[numbers], name=kind, **more)  # type: ignore[arg-type]

    pairs = half_samples(_BLOCKS) if with_half_samples else ()
    halves = {i: (made(a), made(b)) for i, a, b in pairs}
    replicates = Replicates("half-samples", tuple(halves), tuple(halves.values()))
    return made(slice(None), replicates=replicates)
