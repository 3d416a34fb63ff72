import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg

from wordnum.analyzers.class_scatter import lambda_max_noise, separability
from wordnum.embeddings.embedding import Embedding
from wordnum.errors import InputError, UsageError


def scatter(x, labels, T):
    """S_B and S_W from their definitions, one number at a time."""
    mu = x.mean(axis=0)
    means = [x[labels == r].mean(axis=0) for r in range(T)]
    S_B = sum((labels == r).mean() * np.outer(m - mu, m - mu) for r, m in enumerate(means))
    S_W = sum(np.outer(v - means[r], v - means[r]) for v, r in zip(x, labels, strict=True)) / len(x)
    return S_B, S_W


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([2, 3, 5, 10]), st.integers(1, 8), st.integers(0, 999))
def test_phi_is_the_fourier_power_of_the_period_where_it_divides_n(T, d, seed):
    N = 12 * T
    x = np.random.default_rng(seed).standard_normal((N, d)) + 1
    F = np.fft.fft(x, axis=0, norm="ortho")
    expected = sum((np.abs(F[N * step // T]) ** 2).sum() for step in range(1, T))
    assert separability(x, moduli=[T])[T].phi == pytest.approx(expected, rel=1e-10)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 10), st.integers(1, 8), st.integers(0, 999), st.floats(0, 3))
def test_lambda_max_lies_within_the_bounds_of_the_paper(T, d, seed, signal):
    rng = np.random.default_rng(seed)
    N = int(rng.integers(6 * T, 12 * T))
    x = rng.standard_normal((N, d)) * rng.uniform(0.1, 3, d)
    x[:, 0] += signal * (np.arange(N) % T)
    found = separability(x, moduli=[T])[T]
    assert found.lower <= found.lambda_max * (1 + 1e-9)
    assert found.lambda_max <= found.upper * (1 + 1e-9)


def test_eigenvalues_and_condition_are_those_of_the_definitions_with_numbers_missing():
    rng = np.random.default_rng(0)
    numbers = np.sort(rng.choice(200, 150, replace=False))
    x = rng.standard_normal((150, 6))
    x[:, 1] += numbers % 7
    S_B, S_W = scatter(x, numbers % 7, 7)
    expected = linalg.eigh(S_B, S_W, eigvals_only=True)[::-1]
    found = separability(Embedding(x, numbers, size=200), moduli=[7])[7]
    np.testing.assert_allclose(found.eigenvalues, np.maximum(expected, 0)[:6], atol=1e-10)
    assert found.phi == pytest.approx(150 * np.trace(S_B))
    assert found.cond == pytest.approx(np.linalg.cond(S_W))
    assert found.method == "plain"


@pytest.mark.parametrize(("d", "figure"), [(100, 0.18), (768, 5.0)])
def test_noise_level_is_that_of_drawn_vectors(d, figure):
    drawn = separability(np.random.default_rng(1).standard_normal((1000, d)), moduli=[10])[10]
    mean = lambda_max_noise(1000, 10, d)
    assert mean == pytest.approx(figure, rel=0.05)
    assert drawn.lambda_max == pytest.approx(mean, rel=0.2)


def test_noise_level_by_duality_agrees_with_drawn_vectors_over_seeds():
    drawn = [
        separability(np.random.default_rng(seed).standard_normal((120, 12)), moduli=[6])[6]
        for seed in range(40)
    ]
    values = np.array([one.lambda_max for one in drawn])
    error = values.std() / np.sqrt(len(values))
    assert abs(values.mean() - lambda_max_noise(120, 6, 12, simulations=2000)) < 4 * error


def test_directions_without_variance_are_left_out_and_reported():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((100, 4))
    doubled = np.hstack([x, x, np.ones((100, 1))])
    found = separability(doubled, moduli=[5])
    assert found[5].method == "projected"
    assert found[5].dim == 4
    assert found[5].lambda_max == pytest.approx(separability(x, moduli=[5])[5].lambda_max)
    assert found[5].phi == pytest.approx(2 * separability(x, moduli=[5])[5].phi)
    assert "left out of S_W" in found.notes[0].text


def test_more_dimensions_than_numbers_are_shrunk_and_reported():
    found = separability(np.random.default_rng(0).standard_normal((60, 90)), moduli=[5])
    assert found[5].method == "shrunk"
    assert np.isfinite([found[5].lambda_max, found[5].cond, found[5].upper]).all()
    assert found[5].lambda_max_noise == pytest.approx(found[5].lambda_max, rel=0.5)
    assert "shrinkage" in found.notes[0].text


def test_a_constant_embedding_separates_nothing():
    found = separability(np.ones((100, 3)), moduli=[2, 5])
    assert [found[T].phi for T in (2, 5)] == [0, 0]
    assert [found[T].lambda_max for T in (2, 5)] == [0, 0]
    assert found[5].cond == 1


def test_moduli_that_cannot_be_asked_are_refused():
    x = np.random.default_rng(0).standard_normal((30, 2))
    with pytest.raises(UsageError, match="modulus cannot be 1"):
        separability(x, moduli=[1])
    with pytest.raises(UsageError, match="modulus cannot be 31"):
        separability(x, moduli=[31])
    with pytest.raises(UsageError, match="modulus cannot be 2.5"):
        separability(x, moduli=[2.5])
    with pytest.raises(UsageError, match="no modulus"):
        separability(x, moduli=[])
    with pytest.raises(InputError, match="too few numbers for the classes of n mod 20"):
        separability(x, moduli=[20])
    with pytest.raises(InputError, match="one class only"):
        separability(Embedding(x, np.arange(0, 60, 2), size=60), moduli=[2])
