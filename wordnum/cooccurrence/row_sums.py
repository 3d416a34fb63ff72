"""Compiled sums of sparse rows: a dense row of sums, and which of them were touched.

Every row of counts is summed in one array that stays in the cache. Which entries were touched is
kept in a bitmap of two levels, from which the row comes out sorted and the array clean.
"""

from __future__ import annotations

import numba
import numpy as np

from wordnum.intrinsics import trailing_zeros

_ONE = np.uint64(1)
_NO_LIMIT = np.inf


def sort_rows(rows: np.ndarray, n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions sorted by their row, stable, and where each row begins (n_rows + 1,)."""
    order = np.empty(rows.size, dtype=np.int32)  # NumPy's memory comes in larger pages than numba's
    return order, _sort_rows(rows, n_rows, order)


@numba.njit(cache=True, nogil=True)
def _sort_rows(rows, n_rows, order):  # type: ignore[no-untyped-def]
    begin = np.zeros(n_rows + 1, dtype=np.int64)
    for row in rows:
        begin[row + 1] += 1
    for row in range(n_rows):
        begin[row + 1] += begin[row]
    free = begin[:-1].copy()
    for i in range(rows.size):
        row = rows[i]
        order[free[row]] = i
        free[row] += 1
    return begin


def empty_row(width: int, dtype: np.dtype | type) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sums of `width` columns, none touched: what `add`, `clear` and `take_row` work on."""
    touched = np.zeros((width >> 6) + 65, dtype=np.uint64)
    return np.zeros(width, dtype=dtype), touched, np.zeros((width >> 12) + 1, dtype=np.uint64)


@numba.njit(cache=True, nogil=True, inline="always")
def add(row, column, weight):  # type: ignore[no-untyped-def]
    """Add to one column of the row."""
    sums, touched, summary = row
    sums[column] += weight
    # Noted always: a branch here cannot be predicted.
    touched[column >> 6] |= _ONE << np.uint64(column & 63)
    summary[column >> 12] |= _ONE << np.uint64((column >> 6) & 63)


@numba.njit(cache=True, nogil=True, inline="always")
def clear(row, column):  # type: ignore[no-untyped-def]
    """Forget one column of the row."""
    sums, touched, _ = row
    touched[column >> 6] &= ~(_ONE << np.uint64(column & 63))
    sums[column] = 0


@numba.njit(cache=True, nogil=True, inline="always")
def take_row(row, values, columns, k, most=_NO_LIMIT):  # type: ignore[no-untyped-def]
    """Write the columns that are not 0 from entry k on, ascending; returns where the next begin.

    A sum over `most` is written in several entries.
    """
    sums, touched, summary = row
    for t in range(summary.size):
        words = summary[t]
        summary[t] = 0
        while words:
            w = (np.int64(t) << 6) + np.int64(trailing_zeros(words))
            words &= words - _ONE
            bits = touched[w]
            touched[w] = 0
            while bits:
                c = (w << 6) + np.int64(trailing_zeros(bits))
                bits &= bits - _ONE
                while sums[c] > most:
                    columns[k] = c
                    values[k] = most
                    sums[c] -= most
                    k += 1
                columns[k] = c
                values[k] = sums[c]
                # Written always and kept if counted: a branch here is unpredictable.
                k += np.int64(sums[c] != 0)
                sums[c] = 0
    return k


@numba.njit(cache=True, nogil=True)
def merge_rows(begin, values, columns, row, out_values, out_columns):  # type: ignore[no-untyped-def]
    """Add sparse matrices, in their order; returns where the rows of the sum begin.

    `begin[part, r]` is where row r of a part begins in `values` and `columns`; in a part, the next
    row begins where one ends. The sum is written to `out_values` and `out_columns`.

    Examples
    --------
    Rows (0 7 0 0 8), (9 0 0 0 0) and rows (0 0 0 0 1), (0 0 0 0 0):

    >>> values, columns = np.array([7, 8, 9, 1]), np.array([1, 4, 0, 4])
    >>> begin = np.array([[0, 2, 3], [3, 4, 4]])
    >>> sums = np.empty_like(values), np.empty_like(columns)
    >>> indptr = merge_rows(begin, values, columns, empty_row(5, np.int64), *sums)
    >>> indptr, sums[0][: indptr[-1]], sums[1][: indptr[-1]]
    (array([0, 2, 3]), array([7, 9, 9]), array([1, 4, 0]))
    """
    indptr = np.zeros(begin.shape[1], dtype=np.int64)
    k = 0
    for r in range(begin.shape[1] - 1):
        for part in range(begin.shape[0]):
            for e in range(begin[part, r], begin[part, r + 1]):
                add(row, columns[e], values[e])
        k = take_row(row, out_values, out_columns, k)
        indptr[r + 1] = k
    return indptr


@numba.njit(cache=True, nogil=True)
def sum_groups(begin, contexts, counts, column_of, weights, stride, row, values, columns):  # type: ignore[no-untyped-def]
    """Add row r of every group, times the weight of the group; returns where the sums begin.

    Row r of group g begins at ``begin[g * n_rows + r]``. Contexts go to their column, unless that
    is -1, shifted by `stride` per group; the sums are written to `values` and `columns`.

    Examples
    --------
    Two groups of one row, (0 1 2) and (3 0 0); the first context has no column:

    >>> begin, weights = np.array([0, 2, 3]), np.array([1.0, 0.5])
    >>> contexts, counts = np.array([1, 2, 1]), np.array([1, 2, 3])
    >>> column_of, sums = np.array([-1, 0, 1]), (np.empty(3), np.empty(3, np.int32))
    >>> row = empty_row(2, np.float64)
    >>> ends = sum_groups(begin, contexts, counts, column_of, weights, 0, row, *sums)
    >>> ends, sums[0][: ends[-1]], sums[1][: ends[-1]]
    (array([0, 2]), array([2.5, 2. ]), array([0, 1], dtype=int32))
    """
    n_rows = (begin.size - 1) // weights.size
    ends = np.zeros(n_rows + 1, dtype=np.int64)
    k = 0
    for r in range(n_rows):
        for g in range(weights.size):
            for e in range(begin[g * n_rows + r], begin[g * n_rows + r + 1]):
                column = column_of[contexts[e]]
                if column >= 0:
                    add(row, column + g * stride, weights[g] * counts[e])
        k = take_row(row, values, columns, k)
        ends[r + 1] = k
    return ends
