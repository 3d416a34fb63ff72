import numpy as np
import pytest

from wordnum.analyzers.periodogram import detrending_basis, grid_waves, plain_power, power_beside
from wordnum.analyzers.spectra import spectrum

X = np.random.default_rng(0).standard_normal((60, 4))


def powers(numbers, x, trend, N=60):
    ((C, S),) = grid_waves(numbers, np.arange(1, N // 2 + 1), N)
    return power_beside(C, S, x, trend)


def test_power_beside_a_constant_is_the_power_of_the_spectrum_where_nothing_is_missing():
    power, cosine = powers(np.arange(60), X, np.ones((60, 1)) / np.sqrt(60))
    plain = spectrum(X)
    np.testing.assert_allclose(power, plain.power, rtol=1e-10)
    # At 1/2 the one wave is a cosine; elsewhere the cosine has its share.
    np.testing.assert_allclose(cosine[:-1], plain.cosine_power[:-1], rtol=1e-10)
    assert 2 * cosine[-1] == pytest.approx(plain.power[-1])


def test_power_beside_a_trend_is_blind_to_it():
    numbers = np.sort(np.random.default_rng(1).choice(60, 50, replace=False))
    trend = detrending_basis(numbers, 60, period=20)
    assert trend.shape == (50, 7)
    np.testing.assert_allclose(trend.T @ trend, np.eye(7), atol=1e-12)
    x = X[:50]
    shifted = x + 1e3 * trend @ np.random.default_rng(2).standard_normal((7, 4))
    for ours, theirs in zip(powers(numbers, x, trend), powers(numbers, shifted, trend)):
        np.testing.assert_allclose(ours, theirs, atol=1e-7)


def test_power_beside_a_trend_has_one_mean_at_all_frequencies_under_white_noise():
    numbers = np.r_[np.arange(20), np.arange(20, 60, 5)]
    trend = detrending_basis(numbers, 60, period=40)
    x = np.random.default_rng(3).standard_normal((len(numbers), 20_000))
    power, cosine = powers(numbers, x, trend)
    np.testing.assert_allclose(power / 20_000, 1.0, atol=0.05)
    np.testing.assert_allclose(2 * cosine[:-1] / 20_000, 1.0, atol=0.06)


def test_a_slow_trend_takes_at_most_one_wave_for_eight_numbers():
    assert detrending_basis(np.arange(0, 1000, 50), 1000, period=40).shape == (20, 3)


def test_waves_that_the_numbers_cannot_tell_apart_have_one_amplitude():
    # Of numbers that are 2 mod 5, sine and cosine of period 10 are one wave of another size.
    numbers, N = np.arange(2, 100, 5), 100
    sign = np.where(numbers % 2 == 0, 1.0, -1.0)
    ((C, S),) = grid_waves(numbers, np.array([10]), N)
    power, _ = plain_power(C, S, sign[:, None] - sign.mean(), N)
    assert power.sum() == pytest.approx(N)
