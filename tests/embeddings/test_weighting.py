"""Weightings against tables worked by hand."""

from __future__ import annotations

from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from wordnum.embeddings.weightings import WEIGHTINGS, Weighting, checked_counts, weight
from wordnum.errors import InputError, UsageError

# Worked by hand on
#         c0  c1  c2 | sum        n = 16, p_i = 4/16, 4/16, 8/16
#   n0     2   0   2 |   4        p_j = 4/16, 4/16, 8/16
#   n1     0   4   0 |   4        p_ij / (p_i p_j) = 16 n_ij / (row sum * column sum)
#   n2     2   0   6 |   8
#   sum    4   4   8 |  16
COUNTS = np.array([[2, 0, 2], [0, 4, 0], [2, 0, 6]])


def by(weighting: str, **options) -> np.ndarray:
    return weight(COUNTS, weighting=weighting, **options).toarray()


def table(*rows) -> np.ndarray:
    return np.array(rows, dtype=float)


TABLES = {
    "raw": COUNTS.astype(float),
    "log": table([log(3), 0, log(3)], [0, log(5), 0], [log(3), 0, log(7)]),
    "conditional": table([1 / 2, 0, 1 / 2], [0, 1, 0], [1 / 4, 0, 3 / 4]),
    "hellinger": table([sqrt(1 / 2), 0, sqrt(1 / 2)], [0, 1, 0], [1 / 2, 0, sqrt(3) / 2]),
    "hellinger:power=1": table([1 / 2, 0, 1 / 2], [0, 1, 0], [1 / 4, 0, 3 / 4]),
    # shares of the contexts: 1/4, 1/4, 1/2
    "hellinger:mass=0.5": table([sqrt(2), 0, 1], [0, 2, 0], [1, 0, sqrt(3 / 2)]),
    "hellinger:mass=1": table([sqrt(8), 0, sqrt(2)], [0, 4, 0], [2, 0, sqrt(3)]),
    "pmi": table([log(2), 0, 0], [0, log(4), 0], [0, 0, log(1.5)]),
    "pmi:shift=1": table([log(2) - 1, 0, -1], [0, log(4) - 1, 0], [-1, 0, log(1.5) - 1]),
    "ppmi": table([log(2), 0, 0], [0, log(4), 0], [0, 0, log(1.5)]),
    # log(3/2): three halves of a negative sample per pair.
    f"ppmi:shift={log(1.5)!r}": table([log(2 / 1.5), 0, 0], [0, log(4 / 1.5), 0], [0, 0, 0]),
    # smoothing 1/2: shares of 2, 2 and sqrt(8), over their sum.
    "ppmi:smoothing=0.5": table(
        [log((4 + sqrt(8)) / 4), 0, log((4 + sqrt(8)) / sqrt(32))],
        [0, log((4 + sqrt(8)) / 2), 0],
        [0, 0, log(3 * (4 + sqrt(8)) / sqrt(128))],
    ),
    # smoothing 0: all contexts alike, shares of 1/3.
    "ppmi:smoothing=0": table([log(1.5), 0, log(1.5)], [0, log(3), 0], [0, 0, log(9 / 4)]),
    # 2 (r - 1) / (r + 1)
    "qwem": table([2 / 3, -2, 0], [-2, 6 / 5, -2], [0, -2, 2 / 5]),
    # two negative samples: 2 (r - 2) / (r + 2)
    f"qwem:shift={log(2)!r}": table([0, -2, -2 / 3], [-2, 2 / 3, -2], [-2 / 3, -2, -2 / 7]),
}


@pytest.mark.parametrize("weighting", TABLES, ids=lambda name: name[:22])
def test_values_are_those_worked_by_hand(weighting):
    assert by(weighting) == pytest.approx(TABLES[weighting], abs=1e-14)


def test_every_weighting_has_a_table():
    assert {name.partition(":")[0] for name in TABLES} == set(WEIGHTINGS)


def test_hellinger_of_power_one_and_mass_one_half_has_the_distances_of_correspondence_analysis():
    rows, columns, n = COUNTS.sum(1, keepdims=True), COUNTS.sum(0), COUNTS.sum()
    residuals = (COUNTS / n - rows * columns / n**2) / np.sqrt(rows * columns / n**2)
    principal = residuals / np.sqrt(rows / n)
    found = by("hellinger:power=1,mass=0.5")
    for i, j in ((0, 1), (0, 2), (1, 2)):
        distance = np.linalg.norm(principal[i] - principal[j])
        assert np.linalg.norm(found[i] - found[j]) == pytest.approx(distance, rel=1e-12)


def test_smoothing_of_three_quarters_is_that_of_word2vec():
    shares = np.array([4, 4, 8]) ** 0.75
    shares /= shares.sum()
    expected = np.log(0.75 / shares[2])
    assert by("ppmi:smoothing=0.75")[2, 2] == pytest.approx(expected, rel=1e-14)
    # Smoothing lowers the association with the rare contexts and raises that with the frequent.
    assert by("ppmi:smoothing=0.75")[1, 1] < by("ppmi")[1, 1]
    assert by("ppmi:smoothing=0.75")[2, 2] > by("ppmi")[2, 2]


def test_column_totals_of_the_corpus_take_the_place_of_column_sums():
    found = by("pmi", column_totals=np.array([1, 1, 2]))
    assert found == pytest.approx(by("pmi"), abs=1e-14)
    found = by("pmi", column_totals=np.array([2, 1, 1]))
    assert found[0, 0] == pytest.approx(log((1 / 2) / (1 / 2)), abs=1e-14)
    assert found[1, 1] == pytest.approx(log(4), abs=1e-14)


def test_column_that_is_seen_in_the_corpus_and_not_beside_a_number_takes_its_share():
    counts = np.array([[2, 0, 2], [1, 0, 3]])
    found = weight(counts, weighting="pmi", column_totals=[1, 2, 1]).toarray()
    assert found == pytest.approx(table([log(2), 0, log(2)], [0, 0, log(3)]), abs=1e-14)


def test_qwem_gives_nothing_to_a_column_never_seen():
    found = weight([[1, 0, 1], [1, 0, 3]], weighting="qwem")
    assert found.base == -2
    assert (found.toarray()[:, 1] == 0).all()


def test_ppmi_stores_no_zeros():
    found = weight(COUNTS, weighting="ppmi")
    assert found.matrix.nnz == 3
    assert (found.matrix.data > 0).all()


@pytest.mark.parametrize("kind", WEIGHTINGS)
@pytest.mark.parametrize("form", [sparse.csr_array, sparse.csc_array, sparse.coo_array, np.asarray])
@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.float32, np.float64])
def test_sparse_and_dense_counts_of_every_dtype_give_the_same_float64(kind, form, dtype):
    found = weight(form(COUNTS.astype(dtype)), weighting=kind)
    assert found.matrix.dtype == np.float64
    assert np.array_equal(found.toarray(), by(kind))


def test_sums_are_in_float64():
    # 2^24 + 1 ones do not fit float32: its sum stands still at 2^24.
    row = np.concatenate([[2.0**24], np.ones(3)]).astype(np.float32)
    found = weight(np.stack([row, row]), weighting="conditional").toarray()
    assert found[0, 1] == 1 / (2.0**24 + 3)
    assert found[0].sum() == pytest.approx(1, abs=1e-15)


def test_repeated_entries_of_a_coo_matrix_are_added_and_the_given_matrix_stays():
    repeated = sparse.coo_array(([1, 1, 4], ([0, 0, 1], [0, 0, 1])), shape=(2, 2))
    assert weight(repeated, weighting="raw").toarray().tolist() == [[2, 0], [0, 4]]
    assert repeated.nnz == 3
    unsorted = sparse.csr_array(([1.0, 2.0, 3.0], [1, 0, 1], [0, 2, 3]), shape=(2, 2))
    checked_counts(unsorted)
    assert unsorted.indices.tolist() == [1, 0, 1]


@pytest.mark.parametrize("kind", WEIGHTINGS)
def test_given_matrix_is_left_as_it_was(kind):
    given = sparse.csr_array(COUNTS.astype(float))
    weight(given, weighting=kind)
    assert np.array_equal(given.toarray(), COUNTS)


def test_stored_zeros_are_no_counts():
    stored = sparse.csr_array(([0.0, 2.0, 2.0], [0, 1, 1], [0, 2, 3]), shape=(2, 2))
    assert np.isfinite(weight(stored, weighting="pmi").toarray()).all()
    assert stored.nnz == 3


@pytest.mark.parametrize("kind", ["conditional", "hellinger", "pmi", "ppmi", "qwem"])
def test_row_without_counts_stays_without_values(kind):
    found = weight([[1, 3], [0, 0], [0, 4]], weighting=kind)
    assert found.matrix[[1]].nnz == 0


@given(st.integers(0, 10_000))
def test_squared_norm_is_that_of_the_entries(seed):
    rng = np.random.default_rng(seed)
    counts = rng.poisson(0.5, (4, 6))
    counts[0, 0] = 1
    for kind in WEIGHTINGS:
        found = weight(counts, weighting=kind)
        assert found.squared_norm() == pytest.approx((found.toarray() ** 2).sum(), abs=1e-12)


@given(st.integers(0, 10_000), st.floats(0.5, 20))
def test_shares_do_not_depend_on_the_amount_of_text(seed, times):
    counts = np.random.default_rng(seed).poisson(1.0, (4, 6)).astype(float)
    counts[0, 0] = 1
    for kind in ("conditional", "hellinger", "pmi", "ppmi", "qwem"):
        once = weight(counts, weighting=kind).toarray()
        assert weight(times * counts, weighting=kind).toarray() == pytest.approx(once, abs=1e-9)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (np.zeros((2, 2)), "all counts are zero"),
        (np.zeros((0, 3)), "all counts are zero"),
        (sparse.csr_array((3, 3)), "all counts are zero"),
        ([[1, -1]], "no counts"),
        ([[1, np.nan]], "no counts"),
        ([[1, np.inf]], "no counts"),
        ([[np.inf, -np.inf]], "no counts"),
    ],
)
def test_counts_that_are_none_are_refused(counts, message):
    with pytest.raises(InputError, match=message):
        weight(counts, weighting="ppmi")


@pytest.mark.parametrize(
    ("totals", "message"),
    [([1, 2], "do not fit"), ([1, 0, 2], "no column total"), ([1, -1, 2], "no column total")],
)
def test_column_totals_that_do_not_fit_are_refused(totals, message):
    with pytest.raises(InputError, match=message):
        by("pmi", column_totals=totals)


@pytest.mark.parametrize(
    "text",
    [
        "hellinger",
        "ppmi:smoothing=0.75",
        "qwem:shift=1.5,smoothing=0.75",
        "hellinger:power=0.25",
        "hellinger:mass=0.15",
    ],
)
def test_name_reads_back(text):
    assert Weighting.parse(text).name == text
    assert Weighting.parse(Weighting.parse(text)) == Weighting.parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ppmmi", "did you mean 'ppmi'"),
        ("", "unknown weighting"),
        ("ppmi:alpha=1", "cannot read the weighting"),
        ("ppmi:shift", "cannot read the weighting"),
        ("ppmi:shift=much", "cannot read the weighting"),
        ("ppmi:shift=inf", "shift=inf is out of range"),
        ("ppmi:smoothing=1.5", "smoothing=1.5 is out of range"),
        ("hellinger:power=0", "power=0 is out of range"),
        ("hellinger:mass=1.5", "mass=1.5 is out of range"),
    ],
)
def test_weighting_that_cannot_be_read_is_a_usage_error(text, message):
    with pytest.raises(UsageError, match=message):
        Weighting.parse(text)
