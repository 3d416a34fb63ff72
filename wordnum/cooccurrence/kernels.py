"""Compiled loops over token ids and over the neighbourhoods of numbers.

Numbers are few (about one token in seventy), so the ids are scanned once for their positions, the
contexts around each position are gathered into a table that every condition reads, and a row of
events is summed in a dense array of counters. Which counters were touched is kept in a bitmap of
two levels, from which the row comes out sorted and the counters clean.
"""

from __future__ import annotations

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = [
    "LANES",
    "POSITIONS",
    "accumulate_lanes",
    "accumulate_sums",
    "gather",
    "patch",
    "scan",
    "sort_rows",
]

# Conditions summed at once, and positions at once, so that their 16-bit counters hold.
LANES = 4
POSITIONS = 65535


@intrinsic
def _trailing_zeros(typing_context, word):  # type: ignore[no-untyped-def]
    def emit(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), emit


@numba.njit(cache=True, nogil=True)
def scan(ids, limit, histogram, positions):  # type: ignore[no-untyped-def]
    """Count every id, and write the positions of ids below `limit`; returns how many."""
    found = 0
    room = positions.size
    n = ids.size
    second = np.zeros_like(histogram)
    i = 0
    while i + 1 < n:
        a = ids[i]
        b = ids[i + 1]
        # Two tables, so that a repeated word does not wait for its own last increment.
        histogram[a] += 1
        second[b] += 1
        if a < limit:
            if found == room:
                return -1
            positions[found] = i
            found += 1
        if b < limit:
            if found == room:
                return -1
            positions[found] = i + 1
            found += 1
        i += 2
    if i < n:
        histogram[ids[i]] += 1
        if ids[i] < limit:
            if found == room:
                return -1
            positions[found] = i
            found += 1
    for v in range(histogram.size):
        histogram[v] += second[v]
    return found


@numba.njit(cache=True, nogil=True)
def gather(ids, positions, reach, table):  # type: ignore[no-untyped-def]
    """Write the contexts around each position: table[g, i] at the g-th signed distance.

    What lies outside of `ids` is 0; the borders of documents are the caller's affair.
    """
    n = ids.size
    for i in range(positions.size):
        p = positions[i]
        for d in range(1, reach + 1):
            table[reach - d, i] = ids[p - d] if p >= d else np.uint32(0)
        for d in range(1, reach + 1):
            table[reach + d - 1, i] = ids[p + d] if p + d < n else np.uint32(0)


@numba.njit(cache=True, nogil=True)
def patch(table, positions, first, last, values):  # type: ignore[no-untyped-def]
    """Put `values` for the numbers among the contexts around positions[first:last]."""
    reach = table.shape[0] // 2
    for i in range(first, last):
        j = i - 1
        while j >= 0 and positions[i] - positions[j] <= reach:
            table[reach - (positions[i] - positions[j]), i - first] = values[j]
            j -= 1
        j = i + 1
        while j < positions.size and positions[j] - positions[i] <= reach:
            table[reach + positions[j] - positions[i] - 1, i - first] = values[j]
            j += 1


@numba.njit(cache=True, nogil=True)
def sort_rows(rows, n_rows):  # type: ignore[no-untyped-def]
    """Order of the positions by row, stable, and where each row begins."""
    begin = np.zeros(n_rows + 1, dtype=np.int64)
    for r in rows:
        begin[r + 1] += 1
    for r in range(n_rows):
        begin[r + 1] += begin[r]
    place = begin[:-1].copy()
    order = np.empty(rows.size, dtype=np.int32)
    for i in range(rows.size):
        r = rows[i]
        order[place[r]] = i
        place[r] += 1
    return order, begin


@numba.njit(cache=True, nogil=True)
def accumulate_sums(table, order, begin, left, right, skip, width, contexts, counts):  # type: ignore[no-untyped-def]
    """Sum the events of one condition over all distances; returns where each number's row begins.

    `left` and `right` are how far each position sees; `skip` and `skip + 1` are no contexts.
    """
    reach = table.shape[0] // 2
    n_rows = begin.size - 1
    indptr = np.zeros(n_rows + 1, dtype=np.int64)
    cells = np.zeros(width, dtype=np.uint32)
    words = np.zeros((width >> 6) + 65, dtype=np.uint64)
    summary = np.zeros((width >> 12) + 1, dtype=np.uint64)
    one = np.uint64(1)
    k = 0
    for row in range(n_rows):
        for s in range(begin[row], begin[row + 1]):
            i = order[s]
            for g in range(reach - left[i], reach + right[i]):
                c = table[g, i]
                cells[c] += np.uint32(1)
                words[c >> 6] |= one << np.uint64(c & 63)
                summary[c >> 12] |= one << np.uint64((c >> 6) & 63)
        words[skip >> 6] &= ~(one << np.uint64(skip & 63))
        words[(skip + 1) >> 6] &= ~(one << np.uint64((skip + 1) & 63))
        cells[skip] = 0
        cells[skip + 1] = 0
        for t in range(summary.size):
            top = summary[t]
            summary[t] = 0
            while top:
                w = (np.int64(t) << 6) + np.int64(_trailing_zeros(top))
                top &= top - one
                word = words[w]
                words[w] = 0
                while word:
                    c = (w << 6) + np.int64(_trailing_zeros(word))
                    word &= word - one
                    contexts[k] = c
                    counts[k] = cells[c]
                    cells[c] = 0
                    k += 1
        indptr[row + 1] = k
    return indptr


@numba.njit(cache=True, nogil=True)
def accumulate_lanes(table, order, begin, left, right, skip, width, contexts, counts):  # type: ignore[no-untyped-def]
    """Sum the events of up to LANES conditions by distance: same numbers, different borders.

    `left` and `right` are (lanes, positions), lanes in descending order of how far they see;
    contexts and counts (lanes, room). At most POSITIONS positions, for the counters of the lanes
    are 16 bits wide. Returns where each lane's rows, which are (distance, number), begin.
    """
    lanes = left.shape[0]
    reach = table.shape[0] // 2
    n_rows = begin.size - 1
    n = order.size
    indptr = np.zeros((lanes, 2 * reach * n_rows + 1), dtype=np.int64)
    cells = np.zeros(width, dtype=np.uint64)
    words = np.zeros((width >> 6) + 65, dtype=np.uint64)
    summary = np.zeros((width >> 12) + 1, dtype=np.uint64)
    steps = np.empty(n, dtype=np.uint64)
    ends = np.zeros(lanes, dtype=np.int64)
    one = np.uint64(1)
    for group in range(2 * reach):
        extents = left if group < reach else right
        distance = reach - group if group < reach else group - reach + 1
        active = lanes
        while active > 0 and _farthest(extents[active - 1]) < distance:
            active -= 1
        steps[:] = 0
        for lane in range(active):
            step = one << np.uint64(16 * lane)
            extent = extents[lane]
            for i in range(n):
                steps[i] += step if extent[i] >= distance else np.uint64(0)
        contexts_here = table[group]
        for row in range(n_rows):
            for s in range(begin[row], begin[row + 1] if active else begin[row]):
                i = order[s]
                c = contexts_here[i]
                cells[c] += steps[i]
                words[c >> 6] |= one << np.uint64(c & 63)
                summary[c >> 12] |= one << np.uint64((c >> 6) & 63)
            for c in range(skip, skip + 2):
                words[c >> 6] &= ~(one << np.uint64(c & 63))
                cells[c] = 0
            for t in range(summary.size):
                top = summary[t]
                summary[t] = 0
                while top:
                    w = (np.int64(t) << 6) + np.int64(_trailing_zeros(top))
                    top &= top - one
                    word = words[w]
                    words[w] = 0
                    while word:
                        c = (w << 6) + np.int64(_trailing_zeros(word))
                        word &= word - one
                        cell = cells[c]
                        cells[c] = 0
                        # Written always and kept if counted: a branch here is a coin toss.
                        for lane in range(active):
                            end = ends[lane]
                            count = cell & np.uint64(0xFFFF)
                            contexts[lane, end] = c
                            counts[lane, end] = count
                            ends[lane] = end + (count > 0)
                            cell >>= np.uint64(16)
            for lane in range(lanes):
                indptr[lane, group * n_rows + row + 1] = ends[lane]
    return indptr


@numba.njit(cache=True, nogil=True)
def _farthest(extent):  # type: ignore[no-untyped-def]
    most = 0
    for value in extent:
        most = max(most, value)
    return most
