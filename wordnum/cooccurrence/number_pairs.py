"""Compiled loops over token ids and over the neighbourhoods of numbers.

Numbers are few (about one token in seventy), so the ids are scanned once for their positions, the
contexts around each position are gathered into a table that every condition reads, and a row of
events is summed in a dense array of counters. Which counters were touched is kept in a bitmap of
two levels, from which the row comes out sorted and the counters clean.
"""

from __future__ import annotations

import numba
import numpy as np

from wordnum.intrinsics import prefetch, trailing_zeros

__all__ = [
    "LANES",
    "MOST",
    "ROW_POSITIONS",
    "accumulate_distances",
    "accumulate_lanes",
    "accumulate_sums",
    "gather",
    "merge_rows",
    "patch",
    "reorder",
    "scan",
    "see",
    "sort_rows",
    "take_lane",
]

# Conditions summed at once, and positions of a row at once, so that 16-bit counters hold.
LANES = 8
ROW_POSITIONS = 65535
# Largest count of an event that is written where the events are; what exceeds it is written apart.
MOST = np.uint32(255)
_HIGH_BYTES = np.uint64(0xFF00FF00FF00FF00)
# Positions between asking for memory and reading it.
_AHEAD = 8


@numba.njit(cache=True, nogil=True)
def scan(ids, limit, histogram, positions, numbers):  # type: ignore[no-untyped-def]
    """Count every id, and write the ids below `limit` and their positions; returns how many."""
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
            numbers[found] = a
            found += 1
        if b < limit:
            if found == room:
                return -1
            positions[found] = i + 1
            numbers[found] = b
            found += 1
        i += 2
    if i < n:
        histogram[ids[i]] += 1
        if ids[i] < limit:
            if found == room:
                return -1
            positions[found] = i
            numbers[found] = ids[i]
            found += 1
    for v in range(histogram.size):
        histogram[v] += second[v]
    return found


@numba.njit(cache=True, nogil=True)
def see(positions, low, high, reach):  # type: ignore[no-untyped-def]
    """Tokens that each position sees on either side in its segment [low, high), in reach's type."""
    left = np.empty(positions.size, dtype=type(reach))
    right = np.empty(positions.size, dtype=type(reach))
    for i in range(positions.size):
        left[i] = min(positions[i] - low[i], reach)
        right[i] = min(high[i] - 1 - positions[i], reach)
    return left, right


@numba.njit(cache=True, nogil=True)
def gather(ids, positions, reach, table):  # type: ignore[no-untyped-def]
    """Write the contexts around each position: table[g, i] at the g-th signed distance.

    What lies outside of `ids` is 0; the borders of documents are the caller's affair.
    """
    n = ids.size
    last = positions.size - 1
    for i in range(positions.size):
        p = np.int64(positions[i])
        soon = np.int64(positions[min(i + _AHEAD, last)])
        prefetch(ids, soon - reach)
        prefetch(ids, soon + reach)
        if p >= reach and p + reach < n:
            for d in range(reach):
                table[d, i] = ids[p - reach + d]
                table[reach + d, i] = ids[p + 1 + d]
        else:
            for d in range(reach):
                before, after = p - reach + d, p + 1 + d
                table[d, i] = ids[before] if before >= 0 else 0
                table[reach + d, i] = ids[after] if after < n else 0


@numba.njit(cache=True, nogil=True)
def reorder(table, order, result):  # type: ignore[no-untyped-def]
    """Write the columns of a table in another order."""
    for g in range(table.shape[0]):
        row = table[g]
        sorted_row = result[g]
        for s in range(order.size):
            sorted_row[s] = row[order[s]]


@numba.njit(cache=True, nogil=True)
def patch(table, positions, first, values):  # type: ignore[no-untyped-def]
    """Put `values` for the numbers among the contexts around each position from `first` on."""
    reach = table.shape[0] // 2
    for s in range(table.shape[1]):
        i = first + s
        j = i - 1
        while j >= 0 and positions[i] - positions[j] <= reach:
            table[reach - (positions[i] - positions[j]), s] = values[j]
            j -= 1
        j = i + 1
        while j < positions.size and positions[j] - positions[i] <= reach:
            table[reach + positions[j] - positions[i] - 1, s] = values[j]
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
def accumulate_sums(table, begin, left, right, skip, width, contexts, low, at, excess):  # type: ignore[no-untyped-def]
    """Sum the events of one condition over all distances.

    Positions are in the order of their rows. `left` and `right` are (1, position), how far each of
    them sees; `skip` and `skip + 1` are no contexts. Contexts are written, counts up to MOST, which
    of them exceed it, and by how much; returns where each number's row begins, and how many exceed.
    """
    reach = table.shape[0] // 2
    n_rows = begin.size - 1
    indptr = np.zeros(n_rows + 1, dtype=np.int64)
    cells = np.zeros(width, dtype=np.uint32)
    words = np.zeros((width >> 6) + 65, dtype=np.uint64)
    summary = np.zeros((width >> 12) + 1, dtype=np.uint64)
    marked = np.empty(width, dtype=contexts.dtype)
    k = above = 0
    for row in range(n_rows):
        for group in range(2 * reach):
            extent = left[0] if group < reach else right[0]
            distance = extent.dtype.type(reach - group if group < reach else group - reach + 1)
            _add_row(table[group], extent, distance, begin, row, cells, words, summary)
        _forget(words, cells, skip)
        k, above = _write_row(summary, words, cells, marked, contexts, low, at, excess, k, above)
        indptr[row + 1] = k
    return indptr, above


@numba.njit(cache=True, nogil=True)
def accumulate_distances(table, begin, left, right, skip, width, contexts, low, at, excess):  # type: ignore[no-untyped-def]
    """Sum the events of one condition by distance, in rows (distance, number).

    As `accumulate_sums` else.
    """
    reach = table.shape[0] // 2
    n_rows = begin.size - 1
    indptr = np.zeros(2 * reach * n_rows + 1, dtype=np.int64)
    cells = np.zeros(width, dtype=np.uint32)
    words = np.zeros((width >> 6) + 65, dtype=np.uint64)
    summary = np.zeros((width >> 12) + 1, dtype=np.uint64)
    marked = np.empty(width, dtype=contexts.dtype)
    k = above = 0
    for group in range(2 * reach):
        extent = left[0] if group < reach else right[0]
        distance = extent.dtype.type(reach - group if group < reach else group - reach + 1)
        contexts_here = table[group]
        for row in range(n_rows):
            _add_row(contexts_here, extent, distance, begin, row, cells, words, summary)
            _forget(words, cells, skip)
            k, above = _write_row(
                summary, words, cells, marked, contexts, low, at, excess, k, above
            )
            indptr[group * n_rows + row + 1] = k
    return indptr, above


@numba.njit(cache=True, nogil=True, inline="always")
def _add_row(contexts_here, extent, distance, begin, row, cells, words, summary):  # type: ignore[no-untyped-def]
    """Count the contexts at one distance that the positions of a row see."""
    for i in range(begin[row], begin[row + 1]):
        c = contexts_here[i]
        # Marked always: a branch here is a coin toss.
        cells[c] += np.uint32(extent[i] >= distance)
        _mark(words, summary, c)


@numba.njit(cache=True, nogil=True)
def merge_rows(  # type: ignore[no-untyped-def]
    begin, contexts, low, at, excess, width, out_contexts, out_low, out_at, out_excess
):
    """Add the events of several parts, whose rows begin at begin[part]; returns as accumulating.

    Counts are (event, lane). `at` holds, ascending, which of them exceed MOST by `excess`.
    """
    lanes = low.shape[1]
    n_rows = begin.shape[1] - 1
    indptr = np.zeros(n_rows + 1, dtype=np.int64)
    cells = np.zeros((width, lanes), dtype=np.uint32)
    words = np.zeros((width >> 6) + 65, dtype=np.uint64)
    summary = np.zeros((width >> 12) + 1, dtype=np.uint64)
    marked = np.empty(width, dtype=contexts.dtype)
    next_above = np.searchsorted(at, begin[:, 0] * lanes)
    k = above = 0
    for row in range(n_rows):
        for part in range(begin.shape[0]):
            for e in range(begin[part, row], begin[part, row + 1]):
                c = contexts[e]
                for lane in range(lanes):
                    cells[c, lane] += low[e, lane]
                _mark(words, summary, c)
            a = next_above[part]
            while a < at.size and at[a] < begin[part, row + 1] * lanes:
                cells[contexts[at[a] // lanes], at[a] % lanes] += excess[a]
                a += 1
            next_above[part] = a
        found = _take_marked(summary, words, marked)
        for j in range(found):
            c = marked[j]
            out_contexts[k] = c
            for lane in range(lanes):
                count = cells[c, lane]
                out_low[k, lane] = min(count, MOST)
                if count > MOST:
                    out_at[above] = k * lanes + lane
                    out_excess[above] = count - MOST
                    above += 1
                cells[c, lane] = 0
            k += 1
        indptr[row + 1] = k
    return indptr, above


@numba.njit(cache=True, nogil=True)
def take_lane(indptr, contexts, low, at, excess, lane, out_contexts, out_counts):  # type: ignore[no-untyped-def]
    """Write the events of one lane, and no zeros; returns where its rows begin.

    `at` and `excess` are those of this lane alone, by event.
    """
    begin = np.zeros_like(indptr)
    a = k = 0
    for row in range(indptr.size - 1):
        for e in range(indptr[row], indptr[row + 1]):
            count = np.uint32(low[e, lane])
            if count == MOST and a < at.size and at[a] == e:
                count += excess[a]
                a += 1
            out_contexts[k] = contexts[e]
            out_counts[k] = count
            # Written always and kept if counted: a branch here is a coin toss.
            k += np.int64(count > 0)
        begin[row + 1] = k
    return begin


@numba.njit(cache=True, nogil=True, inline="always")
def _mark(words, summary, c):  # type: ignore[no-untyped-def]
    """Note that the counter of a context was touched."""
    words[c >> 6] |= np.uint64(1) << np.uint64(c & 63)
    summary[c >> 12] |= np.uint64(1) << np.uint64((c >> 6) & 63)


@numba.njit(cache=True, nogil=True, inline="always")
def _forget(words, cells, skip):  # type: ignore[no-untyped-def]
    """Count `skip` and `skip + 1` for nothing."""
    for c in range(skip, skip + 2):
        words[c >> 6] &= ~(np.uint64(1) << np.uint64(c & 63))
        cells[c] = 0


@numba.njit(cache=True, nogil=True, inline="always")
def _take_marked(summary, words, marked):  # type: ignore[no-untyped-def]
    """Write the marked contexts in ascending order, and clear the marks; returns how many."""
    found = 0
    for t in range(summary.size):
        top = summary[t]
        summary[t] = 0
        while top:
            w = (np.int64(t) << 6) + np.int64(trailing_zeros(top))
            top &= top - np.uint64(1)
            word = words[w]
            words[w] = 0
            while word:
                marked[found] = (w << 6) + np.int64(trailing_zeros(word))
                word &= word - np.uint64(1)
                found += 1
    return found


@numba.njit(cache=True, nogil=True, inline="always")
def _write_row(summary, words, cells, marked, contexts, low, at, excess, k, above):  # type: ignore[no-untyped-def]
    """Write the counters that were touched in ascending order, and clear them."""
    found = _take_marked(summary, words, marked)
    for j in range(found):
        c = marked[j]
        count = cells[c]
        contexts[k] = c
        low[k, 0] = min(count, MOST)
        if count > MOST:
            at[above] = k
            excess[above] = count - MOST
            above += 1
        # Written always and kept if counted: a branch here is a coin toss.
        k += np.int64(count > 0)
        cells[c] = 0
    return k, above


@numba.njit(cache=True, nogil=True)
def accumulate_lanes(table, begin, left, right, skip, width, contexts, low, at, excess):  # type: ignore[no-untyped-def]
    """Sum the events of up to LANES conditions by distance: same numbers, different borders.

    As `accumulate_distances`, with `left` and `right` (lane, position). Lanes are summed in
    counters of 16 bits, four to a word, so that a row has at most ROW_POSITIONS positions; the
    counts that are written, of eight bits, come as one word for each event, the first lane in its
    lowest byte.
    """
    reach = table.shape[0] // 2
    n_rows = begin.size - 1
    indptr = np.zeros(2 * reach * n_rows + 1, dtype=np.int64)
    cells = np.zeros((width, 2), dtype=np.uint64)
    words = np.zeros((width >> 6) + 65, dtype=np.uint64)
    summary = np.zeros((width >> 12) + 1, dtype=np.uint64)
    marked = np.empty(width, dtype=contexts.dtype)
    seen_by = np.empty(table.shape[1], dtype=np.uint8)
    steps = _steps()
    k = above = 0
    for group in range(2 * reach):
        extents = left if group < reach else right
        distance = reach - group if group < reach else group - reach + 1
        _see(extents, extents.dtype.type(distance), seen_by)
        contexts_here = table[group]
        for row in range(n_rows):
            for i in range(begin[row], begin[row + 1]):
                c = contexts_here[i]
                cells[c, 0] += steps[seen_by[i], 0]
                cells[c, 1] += steps[seen_by[i], 1]
                _mark(words, summary, c)
            _forget(words, cells, skip)
            found = _take_marked(summary, words, marked)
            for j in range(found):
                c = marked[j]
                first, second = cells[c, 0], cells[c, 1]
                cells[c] = 0
                contexts[k] = c
                if (first | second) & _HIGH_BYTES:
                    for lane in range(LANES):
                        count = (second if lane > 3 else first) >> np.uint64(16 * (lane & 3))
                        if count & np.uint64(0xFFFF) > MOST:
                            at[above] = k * LANES + lane
                            excess[above] = (count & np.uint64(0xFFFF)) - MOST
                            above += 1
                    first, second = _at_most(first), _at_most(second)
                low[k] = _low_bytes(first) | _low_bytes(second) << np.uint64(32)
                # Written always and kept if counted: a branch here is a coin toss.
                k += np.int64(low[k] > 0)
            indptr[group * n_rows + row + 1] = k
    return indptr, above


@numba.njit(cache=True, nogil=True)
def _at_most(counters):  # type: ignore[no-untyped-def]
    """Four counters of 16 bits, none above MOST."""
    result = np.uint64(0)
    for shift in range(0, 64, 16):
        count = counters >> np.uint64(shift) & np.uint64(0xFFFF)
        result |= min(count, np.uint64(MOST)) << np.uint64(shift)
    return result


@numba.njit(cache=True, nogil=True, inline="always")
def _low_bytes(counters):  # type: ignore[no-untyped-def]
    """The low bytes of four counters of 16 bits, side by side."""
    counters |= counters >> np.uint64(8)
    counters &= np.uint64(0x0000FFFF0000FFFF)
    counters |= counters >> np.uint64(16)
    return counters & np.uint64(0xFFFFFFFF)


@numba.njit(cache=True, nogil=True)
def _steps():  # type: ignore[no-untyped-def]
    """What a set of lanes, as bits, adds to a cell: one in the counter of each lane."""
    steps = np.zeros((1 << LANES, 2), dtype=np.uint64)
    for lanes in range(1 << LANES):
        for lane in range(LANES):
            if lanes >> lane & 1:
                steps[lanes, lane >> 2] += np.uint64(1) << np.uint64(16 * (lane & 3))
    return steps


@numba.njit(cache=True, nogil=True)
def _see(extents, distance, seen_by):  # type: ignore[no-untyped-def]
    """Write which lanes see a distance from each position, as bits."""
    seen_by[:] = 0
    for lane in range(extents.shape[0]):
        bit = np.uint8(1 << lane)
        extent = extents[lane]
        for i in range(seen_by.size):
            seen_by[i] |= bit * np.uint8(extent[i] >= distance)
