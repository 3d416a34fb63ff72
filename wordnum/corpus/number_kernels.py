"""Compiled loops over the number tokens of a corpus."""

from __future__ import annotations

import numba
import numpy as np

__all__ = [
    "before_cuts",
    "draw_keys",
    "draw_numbers",
    "exchange_runs",
    "find_below",
    "narrow",
    "narrow_to_chunks",
    "read_gaps",
]

# Parts of the marginal in which a number is looked for from the first of each.
_GUIDES = 4096


@numba.njit(cache=True, nogil=True)
def find_below(ids, limit, positions):  # type: ignore[no-untyped-def]
    """Write the positions of ids below `limit`; returns how many, or -1 without room."""
    found = 0
    for i in range(ids.size):
        if ids[i] < limit:
            if found == positions.size:
                return -1
            positions[found] = i
            found += 1
    return found


@numba.njit(cache=True, nogil=True)
def read_gaps(positions, starts, gaps, begins):  # type: ignore[no-untyped-def]
    """Write the gap before each position in its document, and where each document's begin.

    A gap is 0 for the first of a document, and for one more than 255 tokens away.
    """
    i = 0
    for d in range(starts.size - 1):
        begins[d] = i
        previous = starts[d] - 256
        while i < positions.size and positions[i] < starts[d + 1]:
            gap = positions[i] - previous
            gaps[i] = gap if gap <= 255 else 0
            previous = positions[i]
            i += 1
    begins[starts.size - 1] = i


@numba.njit(cache=True, nogil=True)
def before_cuts(low, k):  # type: ignore[no-untyped-def]
    """Index of every k-th mark of a segment that has another after it; `low` tells segments."""
    last = np.empty(low.size, dtype=np.int64)
    found = 0
    run = 1
    for i in range(1, low.size):
        if low[i] != low[i - 1]:
            run = 0
        elif run == k:
            last[found] = i - 1
            found += 1
            run = 0
        run += 1
    return last[:found]


@numba.njit(cache=True, nogil=True)
def narrow_to_chunks(marks, low, high, length):  # type: ignore[no-untyped-def]
    """Segments around marks after cuts into consecutive chunks of so many tokens."""
    first, last = np.empty_like(low), np.empty_like(high)
    for i in range(marks.size):
        within = np.uint64(marks[i] - low[i]) % np.uint64(length)
        first[i] = marks[i] - np.int64(within)
        last[i] = min(high[i], first[i] + length)
    return first, last


@numba.njit(cache=True, nogil=True)
def narrow(low, high, last, cuts):  # type: ignore[no-untyped-def]
    """Segments around marks after cuts between each mark last[j] and the next."""
    low, high = low.copy(), high.copy()
    for j in range(last.size):
        low[last[j] + 1] = cuts[j]
        high[last[j]] = cuts[j]
    for i in range(1, low.size):
        low[i] = max(low[i], low[i - 1])
    for i in range(low.size - 2, -1, -1):
        high[i] = min(high[i], high[i + 1])
    return low, high


@numba.njit(cache=True, nogil=True)
def _mix(state):  # type: ignore[no-untyped-def]
    """One step of SplitMix64, as in `wordnum.corpus.swap`."""
    state += np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


@numba.njit(cache=True, nogil=True)
def draw_keys(key, first, starts):  # type: ignore[no-untyped-def]
    """Random bits for each index of `first`: of its document, which begin at `starts`, and place.

    `key` is the state that the hash of (document, place) starts from.
    """
    keys = np.empty(first.size, dtype=np.uint64)
    document = 0
    state = _mix(key ^ np.uint64(document))
    for i in range(first.size):
        if first[i] >= starts[document + 1]:
            while first[i] >= starts[document + 1]:
                document += 1
            state = _mix(key ^ np.uint64(document))
        keys[i] = _mix(state ^ np.uint64(first[i] - starts[document]))
    return keys


@numba.njit(cache=True, nogil=True)
def exchange_runs(first, lengths, targets, sources, order):  # type: ignore[no-untyped-def]
    """Let the run targets[i] take the tokens of sources[i], which is as long, in `order`."""
    for i in range(targets.size):
        target = first[targets[i]]
        source = first[sources[i]]
        for step in range(lengths[targets[i]]):
            order[target + step] = source + step


@numba.njit(cache=True, nogil=True)
def draw_numbers(key, edges, first_document, starts, drawn):  # type: ignore[no-untyped-def]
    """Draw the numbers of documents from a marginal, given as the running sum of its counts.

    `key` is the state that the hash of (document, index) starts from.
    """
    total = edges[-1]
    guide = np.zeros(_GUIDES, dtype=np.int64)
    number = 0
    for part in range(_GUIDES):
        while edges[number] <= part * total // _GUIDES:
            number += 1
        guide[part] = number
    for d in range(starts.size - 1):
        document = _mix(key ^ np.uint64(first_document + d))
        for i in range(starts[d], starts[d + 1]):
            random = _mix(document ^ np.uint64(i - starts[d]))
            share = np.float64(random >> np.uint64(11)) * 2.0**-53
            place = np.int64(share * total)
            number = guide[np.int64(share * _GUIDES)]
            # The guide may stand one part too far where rounding differs.
            while number > 0 and edges[number - 1] > place:
                number -= 1
            while edges[number] <= place:
                number += 1
            drawn[i - starts[0]] = number
