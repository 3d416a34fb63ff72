"""Compiled loops over the pairs of all words: a row is summed in a dense array of counters.

Positions are sorted by word, so that all pairs of one word are counted one after the other in
counters that stay in the cache; what is read far apart is asked for ahead of time. Which counters
were touched is kept in a bitmap, from which the row comes out sorted and the counters clean.
"""

from __future__ import annotations

import numba
import numpy as np

from wordnum.intrinsics import prefetch, trailing_zeros

__all__ = ["count_pairs", "merge_pairs", "order_words", "see_ahead"]

# Positions between asking for memory and reading it.
_AHEAD = 16


@numba.njit(cache=True, nogil=True)
def order_words(ids, width):  # type: ignore[no-untyped-def]
    """Positions sorted by word, stable, and where each word's begin (width + 1,)."""
    begin = np.zeros(width + 1, dtype=np.int64)
    for word in ids:
        begin[word + 1] += 1
    for word in range(width):
        begin[word + 1] += begin[word]
    place = begin[:-1].copy()
    order = np.empty(ids.size, dtype=np.int32)
    for i in range(ids.size):
        word = ids[i]
        order[place[word]] = i
        place[word] += 1
    return order, begin


@numba.njit(cache=True, nogil=True)
def see_ahead(starts, reach, ahead):  # type: ignore[no-untyped-def]
    """Write how many tokens each position sees to its right, within its segment and the reach."""
    for k in range(starts.size - 1):
        last = starts[k + 1] - 1
        for i in range(starts[k], last + 1):
            ahead[i] = min(reach, last - i)


@numba.njit(cache=True, nogil=True)
def count_pairs(ids, order, begin, ahead, weights, skip, cells, contexts, low, high_at, high):  # type: ignore[no-untyped-def]
    """Sum the weights of the pairs (word, later word): where rows begin, and how many highs.

    `weights[d]` is that of distance d; `skip` and `skip + 1` are no words. `low` takes the lowest
    bits of a sum, as many as it has; the others go to `high`, and their place to `high_at`.
    """
    width = begin.size - 1
    indptr = np.zeros(width + 1, dtype=np.int64)
    touched = np.zeros((width >> 6) + 1, dtype=np.uint64)
    one = np.uint64(1)
    last = order.size - 1
    k = 0
    h = 0
    for row in range(width):
        if row != skip and row != skip + 1:
            for s in range(begin[row], begin[row + 1]):
                i = order[s]
                soon = np.int64(order[min(s + _AHEAD, last)])
                prefetch(ids, soon + 1)
                prefetch(ahead, soon)
                for d in range(1, ahead[i] + 1):
                    c = ids[i + d]
                    cells[c] += weights[d]
                    touched[c >> 6] |= one << np.uint64(c & 63)
            for c in range(skip, skip + 2):
                touched[c >> 6] &= ~(one << np.uint64(c & 63))
                cells[c] = 0
            k, h = _write_row(touched, cells, contexts, low, high_at, high, k, h)
        indptr[row + 1] = k
    return indptr, h


@numba.njit(cache=True, nogil=True)
def merge_pairs(
    rows, indptr, contexts, low, high_at, high, cells, out_contexts, out_low, out_at, out_high
):  # type: ignore[no-untyped-def]
    """Add the rows[0]..rows[1] of several parts, given as tuples; as `count_pairs`."""
    first, last = rows
    begin = np.zeros(last - first + 1, dtype=np.int64)
    touched = np.zeros((cells.size >> 6) + 1, dtype=np.uint64)
    one = np.uint64(1)
    bits = np.uint64(8 * out_low.itemsize)
    next_high = np.zeros(len(indptr), dtype=np.int64)
    for part in range(len(indptr)):
        next_high[part] = np.searchsorted(high_at[part], indptr[part][first])
    k = 0
    h = 0
    for row in range(first, last):
        for part in range(len(indptr)):
            columns = contexts[part]
            values = low[part]
            end = indptr[part][row + 1]
            for e in range(indptr[part][row], end):
                c = columns[e]
                cells[c] += values[e]
                touched[c >> 6] |= one << np.uint64(c & 63)
            at = high_at[part]
            g = next_high[part]
            while g < at.size and at[g] < end:
                cells[columns[at[g]]] += high[part][g] << bits
                g += 1
            next_high[part] = g
        k, h = _write_row(touched, cells, out_contexts, out_low, out_at, out_high, k, h)
        begin[row - first + 1] = k
    return begin, h


@numba.njit(cache=True, nogil=True)
def _write_row(touched, cells, contexts, low, high_at, high, k, h):  # type: ignore[no-untyped-def]
    one = np.uint64(1)
    bits = np.uint64(8 * low.itemsize)
    for w in range(touched.size):
        word = touched[w]
        if word == 0:
            continue
        touched[w] = 0
        while word:
            c = (w << 6) + np.int64(trailing_zeros(word))
            word &= word - one
            total = np.uint64(cells[c])
            cells[c] = 0
            contexts[k] = c
            low[k] = total
            if total >> bits:
                high_at[h] = k
                high[h] = total >> bits
                h += 1
            k += 1
    return k, h
