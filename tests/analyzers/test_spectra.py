import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordnum.analyzers.circles import circle
from wordnum.analyzers.spectra import spectrum
from wordnum.embeddings.embedding import Embedding
from wordnum.errors import InputError, UsageError


@settings(max_examples=25, deadline=None)
@given(st.integers(8, 61), st.integers(1, 5), st.integers(0, 1000))
def test_spectrum_equals_the_dft_where_no_number_is_missing(n, d, seed):
    x = np.random.default_rng(seed).standard_normal((n, d)) + 3.0
    expected = np.abs(np.fft.rfft(x, axis=0, norm="ortho")[1:]) ** 2
    found = spectrum(x)
    np.testing.assert_allclose(found.power, expected.sum(axis=1), atol=1e-10, rtol=1e-10)
    np.testing.assert_allclose(found.frequency, np.fft.rfftfreq(n)[1:])


def test_spectrum_of_many_numbers_in_several_blocks_equals_the_dft():
    x = np.random.default_rng(0).standard_normal((3000, 2))
    power = (np.abs(np.fft.rfft(x, axis=0, norm="ortho")) ** 2).sum(axis=1)
    np.testing.assert_allclose(spectrum(x).power, power[1:], rtol=1e-9)


def test_spectrum_of_a_thousand_numbers_equals_the_dft_also_at_period_two():
    x = np.random.default_rng(0).standard_normal((1000, 30))
    power = (np.abs(np.fft.rfft(x, axis=0, norm="ortho")) ** 2).sum(axis=1)
    found = spectrum(x)
    np.testing.assert_allclose(found.power, power[1:], rtol=1e-10)
    for T in (2, 5, 10):
        assert found.spikes[T].power == pytest.approx(power[1000 // T], rel=1e-10)
        expected = np.sqrt(power[1000 // T]) / np.median(np.sqrt(power[1:]))
        assert found.spikes[T].magnitude == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("k", [1, 7, 20, 50])
def test_spectrum_with_gaps_equals_an_explicit_least_squares_fit(k):
    rng = np.random.default_rng(k)
    numbers = np.sort(rng.choice(100, 60, replace=False))
    x = rng.standard_normal((60, 4))
    angle = 2 * np.pi * k / 100 * numbers
    columns = [np.ones(60), np.cos(angle)] + ([] if k == 50 else [np.sin(angle)])
    fit = np.linalg.lstsq(np.stack(columns, axis=1), x, rcond=None)[0][1:]
    expected = (fit**2).sum() * (100 if k == 50 else 25)
    found = spectrum(Embedding(x, numbers, size=100))
    assert found.power[k - 1] == pytest.approx(expected, rel=1e-9)


def test_spectrum_of_a_pure_wave_is_its_amplitude_with_any_gaps():
    n = np.arange(1000)
    wave = 3.0 * np.cos(2 * np.pi * n / 10 + 0.4)[:, None]
    keep = np.sort(np.random.default_rng(0).choice(1000, 400, replace=False))
    found = spectrum(Embedding(wave[keep], keep))
    assert found.spikes[10].power == pytest.approx(1000 / 4 * 9)


@pytest.mark.parametrize("period", [2, 5, 10])
def test_a_planted_period_is_found_at_that_period_only(period):
    n = np.arange(1000)
    rng = np.random.default_rng(4)
    x = rng.standard_normal((1000, 50))
    x[:, 0] += 2 * np.cos(2 * np.pi * n / period + 0.3)
    found = spectrum(x)
    assert [T for T, s in found.spikes.items() if s.p_value < 0.05] == [period]


def test_a_constant_embedding_has_no_power():
    found = spectrum(np.full((1000, 3), 0.1))
    assert not found.power.any()
    assert not found.magnitude.any()
    assert all(s.p_value == 1 and s.power == 0 for s in found.spikes.values())


def test_rows_alike_up_to_rounding_are_constant():
    x = np.full((1000, 4), 0.1) * [1.0, 1e-3, 7.0, 1.0] + 1e-17
    x[::2] *= 1 + 2e-16
    assert not spectrum(x).power.any()


def test_even_numbers_alone_have_no_power_at_period_two():
    x = np.random.default_rng(0).standard_normal((500, 3))
    found = spectrum(Embedding(x, np.arange(0, 1000, 2)))
    assert found.spikes[2].power == 0
    assert found.spikes[2].p_value == 1


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda: spectrum(np.ones((3, 2))), InputError, "at least 4 numbers"),
        (lambda: spectrum(np.eye(30), periods=[1]), UsageError, "modulus cannot be 1"),
        (lambda: spectrum(np.eye(30), periods=[31]), UsageError, "modulus cannot be 31"),
        (lambda: spectrum(np.eye(30), periods=[2.5]), UsageError, "modulus cannot be 2.5"),
        (lambda: spectrum(np.full((9, 2), np.inf)), InputError, "NaN or infinity"),
        (lambda: spectrum(np.ones((9, 2)) * 1j), InputError, "matrix of real numbers"),
        (lambda: spectrum(np.ones((9, 0))), InputError, "d >= 1"),
    ],
)
def test_what_has_no_spectrum_is_refused(ask, error, message):
    with pytest.raises(error, match=message):
        ask()


def test_a_small_n_has_a_spectrum_without_spikes():
    assert spectrum(np.eye(6)).spikes == {}


def test_spectrum_frame_has_a_row_per_frequency():
    frame = spectrum(np.random.default_rng(0).standard_normal((100, 2))).to_frame()
    assert list(frame.columns) == ["frequency", "period", "magnitude", "power"]
    assert len(frame) == 50


def test_a_circle_is_found_on_the_numbers_left_out_and_noise_draws_none():
    n = np.arange(1000)
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((1000, 100))
    radius = {}
    for name, strength in (("noise", 0.0), ("planted", 4.0)):
        x = noise.copy()
        x[:, 0] += strength * np.cos(2 * np.pi * n / 10)
        x[:, 1] += strength * np.sin(2 * np.pi * n / 10)
        found = circle(x, period=10)
        means = np.array(
            [[found.x[n % 10 == r].mean(), found.y[n % 10 == r].mean()] for r in range(10)]
        )
        angle = 2 * np.pi * np.arange(10) / 10
        # Mean radius in the direction where each class belongs.
        radius[name] = (means[:, 0] * np.cos(angle) + means[:, 1] * np.sin(angle)).mean()
    assert radius["planted"] == pytest.approx(1.0, abs=0.1)
    assert abs(radius["noise"]) < 0.2


def test_circle_refuses_bad_periods_and_too_few_numbers():
    with pytest.raises(UsageError, match="modulus cannot be 1"):
        circle(np.eye(20), period=1)
    with pytest.raises(InputError, match="too few numbers for a circle"):
        circle(np.eye(8), period=2)
