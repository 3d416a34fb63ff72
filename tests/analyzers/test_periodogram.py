import numpy as np
import pytest

from wordnum.analyzers.periodogram import (
    detrending_basis,
    grid_waves,
    wave_coefficients,
    whitened_coefficients,
)

X = np.random.default_rng(0).standard_normal((60, 4))


def whitened(numbers, x, trend, N=60):
    ((C, S),) = grid_waves(numbers, np.arange(1, N // 2 + 1), N)
    return whitened_coefficients(C, S, x, trend)


def test_coefficients_are_those_of_the_dft_where_nothing_is_missing():
    ((C, S),) = grid_waves(np.arange(60), np.arange(1, 31), 60)
    expected = np.fft.rfft(X, axis=0, norm="ortho")[1:]
    centred = X - X.mean(axis=0)
    np.testing.assert_allclose(wave_coefficients(C, S, centred, 60), expected, atol=1e-12)
    constant = np.ones((60, 1)) / np.sqrt(60)
    np.testing.assert_allclose(whitened(np.arange(60), X, constant), expected, atol=1e-12)


def test_least_squares_with_gaps_are_the_powers_of_scipy():
    from scipy.signal import lombscargle

    numbers = np.sort(np.random.default_rng(1).choice(60, 43, replace=False))
    x = X[:43] - X[:43].mean(axis=0)
    ((C, S),) = grid_waves(numbers, np.arange(1, 30), 60)
    found = np.abs(wave_coefficients(C, S, x, 60)) ** 2
    turns = 2 * np.pi * np.arange(1, 30) / 60
    for column in range(4):
        fit = lombscargle(numbers, x[:, column], turns, floating_mean=True, normalize="amplitude")
        np.testing.assert_allclose(found[:, column], 60 / 4 * np.abs(fit) ** 2, rtol=1e-9)


def test_power_beside_a_trend_is_blind_to_it():
    numbers = np.sort(np.random.default_rng(1).choice(60, 50, replace=False))
    trend = detrending_basis(numbers, 60, period=20)
    assert trend.shape == (50, 7)
    np.testing.assert_allclose(trend.T @ trend, np.eye(7), atol=1e-12)
    x = X[:50]
    shifted = x + 1e3 * trend @ np.random.default_rng(2).standard_normal((7, 4))
    found = whitened(numbers, x, trend)
    np.testing.assert_allclose(found, whitened(numbers, shifted, trend), atol=1e-9)


def test_power_beside_a_trend_has_one_mean_at_all_frequencies_under_white_noise():
    numbers = np.r_[np.arange(20), np.arange(20, 60, 5)]
    trend = detrending_basis(numbers, 60, period=40)
    x = np.random.default_rng(3).standard_normal((len(numbers), 20_000))
    found = whitened(numbers, x, trend)
    np.testing.assert_allclose((np.abs(found) ** 2).mean(axis=1), 1.0, atol=0.05)
    # The slowest wave is a single one beside the trend, as that at 1/2 always is.
    np.testing.assert_allclose(2 * (found.real[1:-1] ** 2).mean(axis=1), 1.0, atol=0.06)


def test_a_slow_trend_takes_at_most_one_wave_for_eight_numbers():
    assert detrending_basis(np.arange(0, 1000, 50), 1000, period=40).shape == (20, 3)


def test_waves_that_the_numbers_cannot_tell_apart_have_one_amplitude():
    # Of numbers that are 2 mod 5, sine and cosine of period 10 are one wave of another size.
    numbers, N = np.arange(2, 100, 5), 100
    sign = np.where(numbers % 2 == 0, 1.0, -1.0)
    ((C, S),) = grid_waves(numbers, np.array([10]), N)
    found = wave_coefficients(C, S, sign[:, None] - sign.mean(), N)
    assert (np.abs(found) ** 2).sum() == pytest.approx(N)
