"""The test of a spike: against its formula taken literally, and on data with and without one."""

import numpy as np
import pytest
from scipy import special, stats
from scipy.signal import fftconvolve

from wordnum.analyzers.spectra import spectrum
from wordnum.analyzers.spikes import excess_p_value, holm, near_frequencies, rank_p_value
from wordnum.embeddings.embedding import Embedding

SEEDS = range(200)
LEVEL = 0.05


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


def literal_p_value(x, T):
    """The formula in plain words, for all of 1000 numbers."""
    F = np.fft.rfft(x, axis=0, norm="ortho")
    k0, m = 1000 // T, 0
    near = [
        k for k in range(max(1, k0 - 40), min(500, k0 + 40) + 1)
        if all(abs(k - j * 1000 / q) > 1 for q in (2, 4, 5, 8, 10) for j in range(q + 1))
    ]  # fmt: skip
    A, P = F[near], (np.abs(F[near]) ** 2).sum(axis=1)
    u = (np.array(near) - k0) / 40
    powers = (0, 2) if T == 2 else (0, 1, 2)
    V = np.stack([u**j for j in powers], axis=1)
    fit = np.exp(V @ np.linalg.lstsq(V, np.log(P), rcond=None)[0])
    at_zero = np.exp(np.linalg.lstsq(V, np.log(P), rcond=None)[0][0])
    c, m, d = np.mean(P / fit), len(near), x.shape[1]
    X = (np.abs(F[k0]) ** 2).sum() / (c * at_zero)
    U = A / np.sqrt(c * fit)[:, None]
    pairs = [(i, j) for i in range(m) for j in range(m) if i != j]
    s2 = sum(abs(np.vdot(U[j], U[i])) ** 2 for i, j in pairs) / (m * (m - 1))
    G = U @ U.conj().T - np.diag(np.diag(U @ U.conj().T))
    s3 = np.trace(G @ G @ G).real / (m * (m - 1) * (m - 2))
    s2 = np.clip(s2, 1 / d if d < m else 1e-4, 1)
    s3 = np.clip(s3, s2**2, s2**1.5)
    k2, k3 = (2 * s2, 8 * s3) if T == 2 else (s2, 2 * s3)
    k2 = k2 + X**2 * special.polygamma(1, 1 / s2) * np.linalg.inv(V.T @ V)[0, 0]
    nu = 8 * k2**3 / k3**2
    p0 = stats.chi2.sf(nu + np.sqrt(2 * nu) * (X - 1) / np.sqrt(k2), nu)
    return stats.t.sf(stats.norm.isf(p0), (m - len(powers)) / 2)


@pytest.mark.parametrize("T", [2, 5, 10])
@pytest.mark.parametrize("d", [1, 8, 120])
def test_p_values_are_those_of_the_formula_taken_literally(T, d):
    x = white(T, d=d) + 0.1 * np.cos(2 * np.pi * np.arange(1000) / T)[:, None]
    found = spectrum(x).spikes
    assert found[T].p_value_raw == pytest.approx(literal_p_value(x, T), rel=1e-6)
    assert found[T].p_value == holm([found[t].p_value_raw for t in (2, 5, 10)])[(2, 5, 10).index(T)]


@pytest.mark.parametrize("d", [1, 5])
def test_the_tail_is_that_of_drawn_spectra_with_unequal_directions(d):
    """p of a power X among flat neighbours, beside the share of draws above it."""
    rng, near = np.random.default_rng(d), near_frequencies(1000, 10)
    scale = 1 / np.arange(1, d + 1)
    draws = rng.standard_normal((2, 3000, len(near) + 1, d)) * scale
    A = (draws[0] + 1j * draws[1]) / 2**0.5
    p = [excess_p_value(one[0], one[1:], near - 100, real=False) for one in A]
    for level in (0.05, 0.01):
        share, error = np.mean(np.array(p) <= level), np.sqrt(level * (1 - level) / len(A))
        assert level / 3 < share < level + 3 * error


def test_false_positives_on_white_noise_stay_at_their_level_and_p_values_are_uniform():
    spikes = [spectrum(white(seed, d=8)).spikes for seed in SEEDS]
    assert np.mean([wrong(one) for one in spikes]) <= LEVEL + 3 * np.sqrt(LEVEL / len(SEEDS))
    for T in (5, 10):
        near = len(near_frequencies(1000, T))
        jitter = np.random.default_rng(0).random(len(SEEDS)) / (near + 1)
        for p in ([one[T].p_value_raw for one in spikes],
                  [one[T].rank_p_value for one in spikes] - jitter):  # fmt: skip
            assert stats.kstest(p, "uniform").pvalue > 0.01


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


def test_what_leaks_through_the_gaps_would_be_a_spike_without_detrending():
    numbers = round_numbers()
    plain = spectrum(Embedding(trend(0)[numbers], numbers))
    near = near_frequencies(1000, 10, above=1 / 40)
    assert plain.power[99] > plain.power[near - 1].max()
    assert plain.spikes[10].p_value > 0.05


def test_a_planted_period_is_found_through_the_gaps_beside_a_trend():
    n, numbers = np.arange(1000), round_numbers()
    for period in (2, 5, 10):
        wave = 0.3 * np.cos(2 * np.pi * n / period + 0.3)[:, None]
        found = spectrum(Embedding((trend(1) + wave)[numbers], numbers)).spikes
        assert found[period].p_value < 0.05


def test_p_values_resolve_what_a_study_corrects_for():
    wave = 0.5 * np.cos(2 * np.pi * np.arange(1000) / 10)[:, None]
    found = spectrum(white(0) + wave).spikes[10]
    assert found.p_value < 1e-6
    assert found.rank_p_value == 1 / 76
    exact = spectrum(np.cos(2 * np.pi * np.arange(100)[:, None] / [2, 5, 10])).spikes
    assert max(spike.p_value for spike in exact.values()) < 1e-4


def test_few_frequencies_give_no_test_and_nothing_gives_no_spike():
    assert spectrum(white(0, 20, 2)).spikes == {}
    none = np.zeros((40, 2))
    assert excess_p_value(none[0], none, np.arange(-20, 20), real=False) == 1.0


def test_neighbours_leave_out_all_that_may_have_a_spike_of_its_own():
    near = near_frequencies(1000, 8)
    assert near.min() == 85
    assert not {99, 100, 101, 124, 125, 126} & set(near.tolist())
    assert near_frequencies(1000, 2).max() == 498
    assert near_frequencies(1000, 10, above=0.09).min() == 91
    # T that does not divide N: neither 1/T nor what lies beside it.
    assert np.abs(near_frequencies(997, 10) - 99.7).min() > 1


def test_rank_of_a_real_wave_is_among_twice_the_real_parts():
    near = np.array([[2 + 9j], [1 + 9j], [0.5j], [0j]])
    assert rank_p_value(np.array([2.0]), near, real=True) == 2 / 5
    assert rank_p_value(np.array([2.0]), near, real=False) == 3 / 5


def test_holm_is_the_table_worked_by_hand():
    assert holm([0.01, 0.02, 0.03]) == [0.03, 0.04, 0.04]
    assert holm([0.5, 0.01]) == [0.5, 0.02]
    assert holm([]) == []
