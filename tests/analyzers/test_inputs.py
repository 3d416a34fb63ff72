"""One contract over everything that measures an embedding."""

import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

from wordnum.analyzers import analyze, circle, inputs, probe, separability, spectrum
from wordnum.analyzers.inputs import rows_with_data
from wordnum.analyzers.phi import phi_parts
from wordnum.embeddings.embedding import Embedding
from wordnum.errors import InputError, WordnumError
from wordnum.theory import best_linear_accuracy, without_period

models = pytest.importorskip("gensim.models")

NUMBERS = np.setdiff1d(np.arange(1000), np.arange(0, 1000, 7))
VECTORS = np.random.default_rng(0).standard_normal((len(NUMBERS), 6))
VECTORS[:, 0] += 3 * (NUMBERS % 5 == 0)


def probed(embedding):
    return probe(embedding, moduli=[5], nulls=9, repeats=1)[5].row()


def best(embedding):
    return best_linear_accuracy(embedding, period=5).correct


def analyzed(embedding):
    return analyze(embedding, moduli=[2, 5, 10], nulls=9, repeats=1).rows()


MEASURES = {
    "probe": probed,
    "spectrum": lambda embedding: spectrum(embedding).power,
    "separability": lambda embedding: separability(embedding, moduli=[5])[5].row(),
    "analyze": analyzed,
    "circle": lambda embedding: circle(embedding, period=5).x,
    "without_period": lambda embedding: without_period(embedding, period=5).vectors,
    "best_linear_accuracy": best,
}


def keyed_vectors():
    vectors = models.KeyedVectors(6)
    vectors.add_vectors([str(n) for n in NUMBERS], VECTORS)
    vectors.vectors = VECTORS  # gensim's own are in single precision
    return vectors


@pytest.mark.parametrize("name", MEASURES)
def test_embeddings_keyed_vectors_and_frames_give_the_same(name):
    measure = MEASURES[name]
    expected = measure(Embedding(VECTORS, NUMBERS))
    for given_as in (keyed_vectors(), pd.DataFrame(VECTORS, index=NUMBERS)):
        np.testing.assert_equal(measure(given_as), expected)


@pytest.mark.parametrize("name", MEASURES)
def test_rows_of_an_array_are_the_numbers_from_zero(name):
    measure, array = MEASURES[name], VECTORS[:100]
    expected = measure(Embedding(array, np.arange(100), size=100))
    np.testing.assert_equal(measure(array), expected)
    np.testing.assert_equal(measure(array.tolist()), expected)


def test_a_hundred_rows_are_a_hundred_numbers_and_a_spike_among_them_is_seen():
    n = np.arange(100)
    x = np.random.default_rng(0).standard_normal((100, 20))
    x[:, 0] += 7 * np.cos(2 * np.pi * n / 10)
    for found in (spectrum(x), spectrum(Embedding(x))):
        assert len(found.frequency) == 50
        assert found.spikes[10].p_value < 1e-6


@pytest.mark.parametrize("measure", [spectrum, separability, probe, circle, analyze])
def test_measures_run_on_one_blas_thread_however_they_are_called(measure, monkeypatch):
    threads = []

    def spy(vectors):
        threads.append({m["num_threads"] for m in threadpool_info() if m["user_api"] == "blas"})
        raise InputError("seen")

    measured = inputs.centred_columns
    for name, module in list(sys.modules.items()):
        if name.startswith("wordnum.") and vars(module).get("centred_columns") is measured:
            monkeypatch.setattr(module, "centred_columns", spy)
    for call in (lambda: measure(VECTORS), lambda: measure(embedding=VECTORS)):
        with pytest.raises(InputError, match="seen"):
            call()
    assert threads == [{1}, {1}]


@pytest.mark.parametrize("name", MEASURES)
@pytest.mark.parametrize("value", [0.0, 0.1, -1e99])
def test_equal_rows_are_measured_without_a_warning(name, value):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MEASURES[name](np.full((60, 3), value))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_hostile_vectors_are_measured_or_refused_without_a_warning(seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rng.integers(1, 40), rng.integers(1, 50)))
    x *= 10.0 ** rng.choice([-320, -200, -90, 0, 90, 200, 307])
    x[rng.integers(len(x))] = rng.choice([0.0, np.nan, np.inf, 1.0, 1e300])
    for name in MEASURES:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                MEASURES[name](x)
            except WordnumError as error:
                assert error.got or error.expected  # noqa: PT017


def vocabulary_with_holes(seed, fill):
    """Noise around 1 with one fill for the numbers that a vocabulary lacks, as in the field."""
    rng = np.random.default_rng(seed)
    n = np.arange(1000)
    present = (n < 250) | (n % 10 == 0) | ((n % 5 == 0) & (n < 600)) | (rng.random(1000) < 0.1)
    return np.where(present[:, None], 1 + rng.standard_normal((1000, 64)), fill), n[~present]


@pytest.mark.parametrize("fill", [0.0, 0.3])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_rows_that_are_equal_or_zero_are_no_data_and_make_no_signal(seed, fill):
    x, absent = vocabulary_with_holes(seed, fill)
    found = analyze(x.astype(np.float32), moduli=[2, 5, 10], controls=False, only="spectrum,probe")
    assert str(found.verdict) == found.verdict.paper_label == "neither"
    assert found.embedding.missing.tolist() == absent.tolist()
    assert {"equal-rows", "missing-numbers"} <= set(found.flags)
    (named,) = [reason.text for reason in found.reasons if reason.code == "no-data"]
    assert named.startswith(f"{len(absent)} numbers have no vector of their own: {absent[0]}, ")
    many, left = len(absent), len(x) - len(absent)
    told = (
        f"Mind: {left} of {len(x)} numbers: {many} share a vector with another, or have none, and "
    )
    assert told in found.explain()


def test_every_measure_drops_them_by_itself():
    x, absent = vocabulary_with_holes(0, 0.0)
    left = Embedding(np.delete(x, absent, axis=0), np.delete(np.arange(1000), absent))
    assert spectrum(x).power == pytest.approx(spectrum(left).power)
    assert separability(x)[5].phi == separability(left)[5].phi
    assert phi_parts(x)[5].value == phi_parts(left)[5].value
    assert probe(x, moduli=[5], nulls=0)[5].kappa == probe(left, moduli=[5], nulls=0)[5].kappa
    assert circle(x).numbers.tolist() == left.numbers.tolist()


@pytest.mark.parametrize(
    "x",
    [
        np.cos(2 * np.pi * np.arange(100)[:, None] / [2, 5, 10]),  # an exact wave
        np.arange(100)[:, None] // 3,  # counts of one dimension
        np.full((100, 3), 0.7),
        np.zeros((100, 3)),
    ],
)
def test_vectors_that_are_meant_to_agree_are_kept(x):
    assert len(rows_with_data(x)) == 100
