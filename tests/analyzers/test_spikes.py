"""The test of a spike: against a slow second implementation, and on data without any."""

import numpy as np
import pytest
from scipy import stats
from scipy.signal import fftconvolve

from wordnum.analyzers.spectra import holm, local_rank_p_value, near_frequencies, spectrum
from wordnum.embeddings.embedding import Embedding

SEEDS = range(200)
# Holm's smallest p-value over three periods is 3/81: that is the level of a test at 0.05.
LEVEL = 3 / 81


def white(seed, n=1000, d=20):
    return np.random.default_rng(seed).standard_normal((n, d))


def smooth(seed, n=1000, d=20, length=20):
    """A stationary Gaussian process over the numbers: white noise under a Gaussian kernel."""
    kernel = np.exp(-((np.arange(-4 * length, 4 * length + 1) / length) ** 2))
    found = fftconvolve(white(seed, n + len(kernel) - 1, d), kernel[:, None], "valid", axes=0)
    return found / found.std()


def trend(seed):
    """Magnitude with some noise, as in every embedding of numbers: no period at all."""
    slope = np.random.default_rng([seed, 1]).standard_normal(20)
    return np.log1p(np.arange(1000))[:, None] * slope + 0.3 * white(seed)


def round_numbers():
    """What a small text holds: all small numbers, and of the others mostly the round ones."""
    n = np.arange(1000)
    seen = np.random.default_rng(0).random(1000) < np.exp(-np.maximum(n - 300, 0) / 100)
    return np.flatnonzero(seen | (n % 50 == 0) | (n % 10 == 0) & (n < 700))


def wrong(spikes):
    return min(spike.p_value for spike in spikes.values()) < 0.05


def slow_p_values(x, numbers, N, trend_period):
    """The rule in plain words, one frequency after another."""

    def gain(turns, beside, x):
        """Sum of squares that a wave takes off what the columns beside it leave."""
        angle = 2 * np.pi * turns * numbers
        left = []
        for columns in ([], [np.cos(angle)], [np.cos(angle), np.sin(angle)]):
            design = np.stack([*beside, *columns], axis=1)
            fit = np.linalg.lstsq(design, x, rcond=None)[0]
            left.append(((x - design @ fit) ** 2).sum())
        return left[0] - left[2], left[0] - left[1]

    slowest = 0 if len(numbers) == N else min(2 * N // trend_period, len(numbers) // 8)
    beside = [np.cos(np.pi * j * (numbers + 0.5) / N) for j in range(slowest + 1)]
    raw = {}
    for T in (2, 5, 10):
        others = [
            k
            for k in range(1, N // 2 + 1)
            if 10 * k % N and k * T != N and (len(numbers) == N or k * trend_period > N)
        ]
        nearest = sorted(others, key=lambda k: (abs(k - N / T), k))[:80]
        both, _ = gain(1 / T, beside, x)
        # At T = 2 there is one wave, and the others lend their cosine.
        as_large = [gain(k / N, beside, x)[T == 2] >= both for k in nearest]
        raw[T] = (1 + sum(as_large)) / (1 + len(nearest))
    adjusted, largest = {}, 0.0
    for left, T in zip((3, 2, 1), sorted(raw, key=raw.get)):
        largest = adjusted[T] = max(largest, min(1.0, left * raw[T]))
    return raw, adjusted


@pytest.mark.parametrize("missing", [0, 90])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_p_values_are_those_of_the_rule_taken_literally(missing, seed):
    n = np.arange(200)
    x = white(seed, 200, 3) + 0.3 * np.cos(2 * np.pi * n / (2, 5, 10)[seed])[:, None]
    keep = np.sort(np.random.default_rng(seed).choice(200, 200 - missing, replace=False))
    raw, adjusted = slow_p_values(x[keep], keep, 200, 40)
    found = spectrum(Embedding(x[keep], keep, size=200)).spikes
    for T in (2, 5, 10):
        assert found[T].p_value_raw == pytest.approx(raw[T])
        assert found[T].p_value == pytest.approx(adjusted[T])


def test_false_positives_on_white_noise_stay_at_their_level_and_raw_p_values_are_uniform():
    spikes = [spectrum(white(seed, d=8)).spikes for seed in SEEDS]
    assert np.mean([wrong(one) for one in spikes]) <= LEVEL + 3 * np.sqrt(LEVEL / len(SEEDS))
    jitter = np.random.default_rng(0).random(len(SEEDS)) / 81
    for T in (2, 5, 10):
        raw = np.array([one[T].p_value_raw for one in spikes])
        assert stats.kstest(raw - jitter, "uniform").pvalue > 0.01


@pytest.mark.parametrize("length", [8, 20, 100])
def test_false_positives_on_smooth_processes_stay_below_their_level(length):
    found = [spectrum(smooth(seed, d=8, length=length)).spikes for seed in range(67)]
    assert np.mean([wrong(one) for one in found]) <= LEVEL


def test_trends_and_random_walks_are_no_spikes():
    walk = np.cumsum(white(0, d=1), axis=0)
    for x in (walk, trend(0), np.arange(1000.0)[:, None]):
        found = spectrum(x).spikes
        assert min(spike.p_value for spike in found.values()) > 0.05


def test_a_spike_beside_a_strong_trend_is_seen():
    wave = 0.05 * np.cos(2 * np.pi * np.arange(1000) / 10)[:, None]
    found = spectrum(trend(0) + wave).spikes[10]
    assert found.p_value < 0.05


@pytest.mark.parametrize("make", [white, smooth, trend])
def test_a_trend_that_leaks_through_the_gaps_is_no_spike(make):
    numbers = round_numbers()
    assert 400 < len(numbers) < 500
    found = [spectrum(Embedding(make(seed)[numbers], numbers)) for seed in range(50)]
    assert np.mean([wrong(one.spikes) for one in found]) <= LEVEL + 3 * np.sqrt(LEVEL / 50)
    if make is trend:
        # The rank of the plain power, into which the trend leaks, calls it a spike every time.
        near = near_frequencies(found[0].frequency, 10)
        plain = [
            local_rank_p_value(near, one.power, one.cosine_power, one.spikes[10].power, 10)
            for one in found
        ]
        assert max(plain) <= 2 / 81


def test_a_planted_period_is_found_through_the_gaps_beside_a_trend():
    n, numbers = np.arange(1000), round_numbers()
    for period in (2, 5, 10):
        wave = 0.3 * np.cos(2 * np.pi * n / period + 0.3)[:, None]
        found = spectrum(Embedding((trend(1) + wave)[numbers], numbers)).spikes
        assert found[period].p_value < 0.05


def test_few_frequencies_give_no_spike_test_or_say_that_none_can_be_significant():
    assert spectrum(white(0, 20, 2)).spikes == {}
    n = np.arange(100)
    found = spectrum(np.cos(2 * np.pi * n / 10)[:, None] + 0.01 * white(0, 100, 1)).spikes[10]
    assert found.p_value_raw == 1 / 46
    assert found.p_smallest == 3 / 46 > 0.05
    assert spectrum(white(0)).spikes[2].p_smallest == 3 / 81


def test_local_rank_leaves_harmonics_out():
    frequency = np.arange(1, 501) / 1000
    power = np.ones(500)
    power[[99, 199, 299, 399, 499]] = 100.0
    five, two = (near_frequencies(frequency, T) for T in (5, 2))
    assert local_rank_p_value(five, power, power / 2, 50.0, 5) == 1 / 81
    assert local_rank_p_value(two, power, power / 2, 50.0, 2) == 1 / 81
    assert local_rank_p_value(two, power, power / 2, 0.5, 2) == 1.0
    assert two.max() < 499
    assert near_frequencies(frequency, 10, above=0.09).min() == 90


def test_holm_is_the_table_worked_by_hand():
    assert holm([0.01, 0.02, 0.03]) == [0.03, 0.04, 0.04]
    assert holm([0.5, 0.01]) == [0.5, 0.02]
    assert holm([]) == []
