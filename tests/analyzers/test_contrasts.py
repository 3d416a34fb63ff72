"""Analysis of variance of n mod T beside runs: against least squares taken literally."""

import numpy as np
import pytest
from scipy import sparse

from wordnum.analyzers import separability
from wordnum.analyzers.contrasts import residue_contrasts, run_length
from wordnum.errors import InputError


def literal(y, numbers, period):
    """Sum of squares that residues add to runs, and the residual mean square: by least squares."""

    def left(*factors):
        design = np.hstack([(f[:, None] == np.unique(f)) * 1.0 for f in factors])
        fit, _, rank, _ = np.linalg.lstsq(design, y, rcond=None)
        return ((y - design @ fit) ** 2).sum(axis=0), rank

    runs = numbers // run_length(period)
    without, fewer = left(runs)
    with_residues, more = left(runs, numbers % period)
    return without - with_residues, with_residues / (len(numbers) - more), more - fewer


@pytest.mark.parametrize("period", [2, 3, 4, 5, 6, 7, 10])
@pytest.mark.parametrize("gaps", [False, True])
def test_squares_are_those_of_a_two_way_analysis_of_variance(period, gaps):
    rng = np.random.default_rng(period)
    numbers = np.flatnonzero(rng.random(300) < 0.6) if gaps else np.arange(300)
    y = rng.standard_normal((len(numbers), 4)) + (numbers % period == 0)[:, None]
    found = residue_contrasts(numbers, period)
    between, residual = found.squares(y)
    expected, mean_square, df = literal(y, numbers, period)
    assert between.sum(axis=0) == pytest.approx(expected)
    assert residual == pytest.approx(mean_square)
    assert found.df.sum() == df == period - 1


@pytest.mark.parametrize("period", [2, 5, 10])
def test_contrasts_add_up_to_phi_where_no_number_is_missing(period):
    x = np.random.default_rng(0).standard_normal((1000, 20))
    between, _ = residue_contrasts(np.arange(1000), period).squares(x)
    assert between.sum() == pytest.approx(separability(x, moduli=[period])[period].phi, rel=1e-10)


def test_each_contrast_sees_its_own_pattern_alone():
    n = np.arange(1000)
    patterns = {
        "round or not": n % 5 == 0,
        "0 or 5": (n % 10 == 0) * 1.0 - (n % 10 == 5),
        "parity of the others": (n % 5 > 0) * (-1.0) ** n,
        "the rest": (n % 10 == 1) * 1.0 - (n % 10 == 3),
    }
    found = residue_contrasts(n, 10)
    for at, pattern in enumerate(patterns.values()):
        between, residual = found.squares(pattern[:, None] + np.log1p(n[:, None] // 10))
        assert list(found.columns)[at] == list(patterns)[at]
        assert np.delete(between, at) == pytest.approx(0, abs=1e-9)
        assert between[at] > 10
        assert residual == pytest.approx(0, abs=1e-9)


def test_products_of_halves_have_no_noise_on_average_and_sparse_is_as_dense():
    rng, found = np.random.default_rng(0), residue_contrasts(np.arange(200), 5)
    first, second = rng.standard_normal((2, 200, 3))
    dense, thin = (
        found.corrected(*(make(x) for x in (first, second)))
        for make in (np.asarray, sparse.csr_array)
    )
    assert thin == pytest.approx(dense)
    polarised = found.corrected(first + second) - found.corrected(first) - found.corrected(second)
    assert dense == pytest.approx(polarised / 2)


def test_corrected_shares_of_noise_are_zero_on_average():
    found = residue_contrasts(np.arange(1000), 10)
    shares = found.corrected(np.random.default_rng(0).standard_normal((1000, 4000)))
    error = np.sqrt(2 * found.df / shares.shape[1])
    assert (np.abs(shares.mean(axis=1)) < 4 * error).all()


def test_a_residue_that_no_number_has_takes_its_degree_of_freedom_along():
    numbers = np.arange(200)[np.arange(200) % 10 != 5]
    assert residue_contrasts(numbers, 10).df.tolist() == [1, 1, 6]
    assert list(residue_contrasts(numbers[numbers % 2 == 0], 10).columns) == [
        "round or not",
        "the rest",
    ]


def test_too_few_numbers_say_so():
    with pytest.raises(InputError, match=r"several runs of 10(.|\n)*leave 10 out"):
        residue_contrasts(np.arange(10), 10)
