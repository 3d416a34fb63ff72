from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression, LogisticRegression

from wordnum.analyzers import analyze, probe, separability, spectrum
from wordnum.errors import InputError, UsageError
from wordnum.theory import (
    best_linear_accuracy,
    counterexample,
    counterexample_spread,
    hidden_threshold,
    planted_embedding,
    planted_kind,
    without_period,
)
from wordnum.theory.planted_kinds import KINDS


def every_envelope(values, labels, classes):
    """Most right over all orders of the classes and all cuts, by trying each."""
    order = np.argsort(values)
    values, labels = np.asarray(values)[order], np.asarray(labels)[order]
    cuts = [0, *(i for i in range(1, len(values)) if values[i] > values[i - 1]), len(values)]
    best = 0
    for some in range(1, classes + 1):
        for inner in combinations(cuts[1:-1], some - 1):
            edges = [0, *inner, len(values)]
            for names in permutations(range(classes), some):
                right = sum(
                    int((labels[a:b] == c).sum()) for a, b, c in zip(edges, edges[1:], names)
                )
                best = max(best, right)
    return best


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=6, max_size=9))
def test_best_classifier_in_one_dimension_equals_trying_every_envelope(values):
    labels = np.arange(len(values)) % 3
    found = best_linear_accuracy(np.array(values, dtype=float)[:, None], period=3)
    assert found.correct == every_envelope(values, labels, 3)
    assert found.exact


@pytest.mark.parametrize(
    ("B", "correct"), [(0.03, 1000), (5 / 99 - 1e-6, 1000), (1, 145), (9, 113), (31, 109)]
)
def test_counterexample_has_the_figures_of_the_paper(B, correct):
    made = counterexample(B=B)
    assert best_linear_accuracy(made, period=10).correct == correct
    assert separability(made, moduli=[10])[10].phi == pytest.approx(206250)


def test_the_spread_holds_what_each_counterexample_gives():
    spread = counterexample_spread(B=[31, 0.03, 1])
    assert spread.B.tolist() == [0.03, 1, 31]
    assert spread.correct.tolist() == [1000, 145, 109]
    assert spread.accuracy.tolist() == [1, 0.145, 0.109]
    assert spread.phi == pytest.approx(206250)
    assert spread.to_frame().loc[31.0, "correct"] == 109
    assert repr(spread) == "<CounterexampleSpread, T = 10, B = 0.03 .. 31>"


@pytest.mark.parametrize("B", [[], [0.0, 1], [1, float("nan")], [[1.0]]])
def test_a_spread_without_steps_is_an_error(B):
    with pytest.raises(UsageError, match="one B or more, above 0"):
        counterexample_spread(B=B)


def test_the_panels_of_the_spread_show_its_ends_and_both_measures():
    first, last, curve = counterexample_spread(size=100).plot(title="Spread").axes
    assert [first.get_title(), last.get_title()] == ["B = 0.03", "B = 31"]
    accuracy, phi = (line.get_ydata() for line in curve.lines[:2])
    assert accuracy[0] == 100
    assert accuracy[-1] < 40
    assert phi == pytest.approx(100)


def test_beyond_the_critical_spread_the_classes_overlap():
    assert best_linear_accuracy(counterexample(B=5 / 99 + 1e-3), period=10).correct < 1000


def test_counterexample_has_no_geometry_with_a_large_spread_and_is_read_off_with_a_small_one():
    found = analyze(counterexample(B=31.0), moduli=[10], only="spectrum,probe,phi")
    assert found.verdict[10].geometry == "neither"
    assert found.phi[10].value == pytest.approx(206250)
    assert found.spectrum.spikes[5].rank_p_value < 0.02
    assert probe(counterexample(B=0.03), moduli=[10], nulls=0, controls=False)[10].kappa > 95


def test_phi_zero_means_that_class_means_coincide():
    x = np.random.default_rng(0).standard_normal((1000, 100))
    for T in (2, 5, 10):
        none = without_period(x, period=T)
        found = separability(none, moduli=[T])[T]
        assert found.phi == pytest.approx(0, abs=1e-20)
        assert found.lambda_max == pytest.approx(0, abs=1e-20)
        assert spectrum(none).spikes[T].power == pytest.approx(0, abs=1e-20)


def test_phi_zero_makes_probes_constant_on_the_numbers_they_were_fitted_on():
    x = np.random.default_rng(0).standard_normal((200, 8))
    none, y = without_period(x, period=5).vectors, np.arange(200) % 5
    least_squares = LinearRegression().fit(none, np.eye(5)[y]).predict(none)
    cross_entropy = LogisticRegression(C=1.0, tol=1e-10).fit(none, y).predict_proba(none)
    np.testing.assert_allclose(least_squares, 1 / 5, atol=1e-12)
    np.testing.assert_allclose(cross_entropy, 1 / 5, atol=1e-6)
    assert LogisticRegression().fit(x, y).predict_proba(x).std() > 0.01


def test_phi_zero_makes_kappa_out_of_fold_negative_by_the_known_amounts():
    x = np.random.default_rng(0).standard_normal((1000, 100))
    for T, known in ((2, -45), (5, -22), (10, -11)):
        found = probe(without_period(x, period=T), moduli=[T], nulls=0, controls=False)[T]
        assert found.kappa == pytest.approx(known, abs=8)


def test_phi_zero_does_not_bound_the_accuracy_of_a_threshold():
    made = hidden_threshold()
    assert separability(made, moduli=[2])[2].phi == pytest.approx(0, abs=1e-20)
    assert best_linear_accuracy(made, period=2).correct == 998


@pytest.mark.parametrize("phi", [1.0, 5000.0])
@pytest.mark.parametrize("kappa", [0, 40, 90])
def test_planted_phi_is_exact_at_any_kappa(phi, kappa):
    made = planted_embedding(phi=phi, kappa=kappa, random_state=3)
    assert separability(made, moduli=[10])[10].phi == pytest.approx(phi, rel=1e-9)


@pytest.mark.parametrize(
    ("phi", "kappa", "truth"),
    [(300, 95, "both"), (300, 40, "partial"), (300, 0, "spectral"), (0, 0, "neither")],
)
def test_the_whole_rule_gives_the_truth_on_planted_embeddings(phi, kappa, truth):
    for seed in range(3):
        made = planted_embedding(phi=phi, kappa=kappa, random_state=seed)
        found = analyze(made, controls=False, moduli=[2, 5, 10], only="spectrum,probe")
        assert found.verdict.paper_label == truth


@pytest.mark.parametrize("kind", KINDS)
def test_every_planted_kind_is_made_with_half_samples_of_the_same_numbers(kind):
    made = planted_kind(kind, with_half_samples=True, random_state=1)
    assert made.name == kind
    assert len(made.replicates) == 10
    assert (len(made) < 1000) == kind.startswith("gaps")
    again = planted_kind(kind, random_state=1)
    assert (again.vectors == made.vectors).all()
    for a, b in made.replicates.pairs:
        # Complementary halves: the whole lies between them.
        np.testing.assert_allclose((a.vectors + b.vectors) / 2, made.vectors, atol=1e-9)


def test_in_more_dimensions_the_optimum_is_a_lower_bound_and_says_so():
    made = planted_embedding(phi=10, kappa=80, dim=12, size=200)
    found = best_linear_accuracy(made, period=10)
    assert not found.exact
    assert found.accuracy > 0.8


def test_what_the_theorem_excludes_is_refused():
    with pytest.raises(InputError, match="Theorem 1.1"):
        planted_embedding(phi=0, kappa=10)
    with pytest.raises(UsageError, match="no such embedding"):
        planted_embedding(phi=1, kappa=100)
    with pytest.raises(UsageError, match="does not divide"):
        counterexample(period=7)
    with pytest.raises(UsageError, match="too many classes"):
        best_linear_accuracy(np.arange(100.0)[:, None], period=17)
