"""Number-centred skip-gram with negative sampling: the compiled pass."""

from __future__ import annotations

import numpy as np
from numba import njit

from wordnum.intrinsics import LINE, prefetch_cell

# NaN and infinity must survive, since they are how divergence is seen; so not all of fastmath.
_FAST = {"reassoc", "contract", "arcp", "afn", "nsz"}
_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


@njit(inline="always")
def _mixed(value: np.uint64) -> np.uint64:
    """Scramble a counter to 64 random bits (Steele, Lea and Flood 2014, SplitMix64)."""
    value = (value + np.uint64(0x9E3779B97F4A7C15)) & np.uint64(0xFFFFFFFFFFFFFFFF)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@njit(inline="always")
def _dropped(key: np.uint64, place: int, keep: np.uint32) -> bool:
    """Whether subsampling drops the token at this place, the same for all that look at it."""
    return (_mixed(key ^ np.uint64(place)) >> _HALF) > np.uint64(keep)


@njit(inline="always")
def _noise(bits: np.uint64, threshold: np.ndarray, alias: np.ndarray) -> np.uint64:
    """Draw a context from the noise distribution, by the alias method (Walker 1977)."""
    slot = ((bits >> _HALF) * np.uint64(len(alias))) >> _HALF
    return slot if (bits & _LOW) < np.uint64(threshold[slot]) else np.uint64(alias[slot])


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _train_pair(
    w: np.ndarray,
    C: np.ndarray,
    targets: np.ndarray,
    rate: np.float32,
    context_rate: np.float32,
    work: np.ndarray,
) -> float:
    """One step for a number's vector and a context (the first target) with its noise.

    Returns the loss before the step, -log s(w.c) - sum over noise of log s(-w.c').
    """
    width = w.shape[0]
    work[:] = 0
    likelihood = 1.0
    for s in range(targets.shape[0]):
        target = targets[s]
        if s > 0 and target == targets[0]:
            continue
        c = C[target]
        dot = np.float32(0)
        for a in range(width):
            dot += w[a] * c[a]
        probability = np.float32(1) / (np.float32(1) + np.exp(-dot))
        label = np.float32(s == 0)
        likelihood *= np.float64(probability if s == 0 else np.float32(1) - probability)
        step = (label - probability) * rate
        context_step = (label - probability) * context_rate
        for a in range(width):
            work[a] += step * c[a]
            c[a] += context_step * w[a]
    for a in range(width):
        w[a] += work[a]
    # A probability that rounds to 0 would make the loss infinite where training is sound.
    return -np.log(likelihood if not likelihood < 1e-300 else 1e-300)


@njit(cache=True, nogil=True)
def sgns_pass(
    ids: np.ndarray,
    places: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    keep: np.ndarray,
    trained: np.ndarray,
    threshold: np.ndarray,
    alias: np.ndarray,
    W: np.ndarray,
    C: np.ndarray,
    window: int,
    negative: int,
    rate: float,
    last_rate: float,
    moving: bool,
    key: np.uint64,
) -> tuple[float, int]:
    """Train the numbers of a stretch of text in order; return the summed loss and the pairs.

    Parameters
    ----------
    ids : uint32 (n,)
        Tokens, those without an id of their own left out.
    places, left, right : int64, int16, int16 (m,)
        Where the numbers are, and how many tokens beside each may be looked at.
    keep : uint32 (V,)
        Chance of staying under subsampling, in units of 2^-32.
    trained : bool (V,)
        Contexts that are trained.
    threshold, alias : uint32 (V,)
        Alias table of the noise distribution.
    W, C : float32 (N, width), (V, width)
        Vectors, updated in place.
    window, negative : int
        Largest window, noise draws per pair.
    rate, last_rate : float
        Learning rate at the first number and after the last.
    moving : bool
        Whether contexts are trained too, or stay.
    key : uint64
        Of the random draws.
    """
    width = W.shape[1]
    work = np.zeros(width, np.float32)
    contexts = np.empty(2 * window, np.int64)
    targets = np.empty((2 * window, 1 + negative), np.int64)
    text_key = _mixed(key)
    bits = _mixed(text_key)
    total, pairs, n = 0.0, 0, places.shape[0]
    for k in range(n):
        place = places[k]
        number = ids[place]
        if _dropped(text_key, place, keep[number]):
            continue
        bits += np.uint64(1)
        reach = 1 + np.int64(((_mixed(bits) >> _HALF) * np.uint64(window)) >> _HALF)
        found = 0
        for side in (-1, 1):
            taken = 0
            for step in range(1, (left[k] if side < 0 else right[k]) + 1):
                token = ids[place + side * step]
                # Dropped tokens are closed up, so that the window reaches further: as word2vec.
                if _dropped(text_key, place + side * step, keep[token]):
                    continue
                taken += 1
                if trained[token]:
                    contexts[found] = token
                    found += 1
                if taken == reach:
                    break
        for pair in range(found):
            targets[pair, 0] = contexts[pair]
            for s in range(negative):
                bits += np.uint64(1)
                targets[pair, 1 + s] = _noise(_mixed(bits), threshold, alias)
            for s in range(1 + negative):
                for line in range(0, width, LINE):
                    prefetch_cell(C, targets[pair, s], line)
        now = np.float32(rate + (last_rate - rate) * k / n)
        context_now = now if moving else np.float32(0)
        for pair in range(found):
            total += _train_pair(W[number], C, targets[pair], now, context_now, work)
        pairs += found
    return total, pairs
