"""Sums of sparse rows against dense arrays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from wordnum.cooccurrence.row_sums import empty_row, merge_rows, sort_rows

ROWS = 7


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 9000), st.integers(1, 9), st.integers(0, 99))
def test_merging_is_adding(width: int, n_parts: int, seed: int):
    rng = np.random.default_rng(seed)
    dense = rng.poisson(0.3, (n_parts, ROWS, width))
    parts = [sparse.csr_array(part) for part in dense]
    first = np.cumsum([0, *(part.nnz for part in parts)])
    begin = np.stack([part.indptr + at for part, at in zip(parts, first)])
    values = np.concatenate([part.data for part in parts])
    columns = np.concatenate([part.indices for part in parts])
    sums = np.empty_like(values), np.empty_like(columns)
    indptr = merge_rows(begin, values, columns, empty_row(width, np.int64), *sums)
    merged = sparse.csr_array(
        (sums[0][: indptr[-1]], sums[1][: indptr[-1]], indptr), shape=(ROWS, width)
    )
    assert np.array_equal(merged.toarray(), dense.sum(axis=0))
    assert merged.has_canonical_format


@settings(deadline=None)
@given(st.lists(st.integers(0, 20), max_size=60))
def test_positions_are_sorted_by_row_and_stay_in_order(rows: list[int]):
    order, begin = sort_rows(np.array(rows, dtype=np.uint16), 21)
    assert order.tolist() == np.argsort(rows, kind="stable").tolist()
    assert np.diff(begin).tolist() == np.bincount(rows, minlength=21).tolist()


@pytest.mark.parametrize("value", [1e300, np.uint64(2**64 - 1), 2**63 - 1, 0.5])
def test_sums_of_any_size_are_one_entry(value):
    values, columns = np.array([value]), np.array([3])
    sums = np.zeros(2, values.dtype), np.full(2, 9)
    begin = np.array([[0, 1]])
    indptr = merge_rows(begin, values, columns, empty_row(5, values.dtype), *sums)
    assert indptr.tolist() == [0, 1]
    assert sums[0].tolist() == [value, 0]
    assert sums[1].tolist() == [3, 9]
