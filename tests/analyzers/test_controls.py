import numpy as np
import pytest
from scipy import stats

from wordnum.analyzers.controls import CONTROLS, parts_of
from wordnum.analyzers.probe_results import control_column
from wordnum.analyzers.probing import probe
from wordnum.analyzers.reasons import reason_text
from wordnum.analyzers.roundness import roundness, roundness_ceiling
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.replicates import Replicates
from wordnum.studies.columns import MEASURES

N = np.arange(1000)


def noise(n=1000, d=10, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d))


def quick(x, **options):
    return probe(x, **{"nulls": 0, "repeats": 2, **options})


def with_halves(vectors, counts=None):
    rng = np.random.default_rng(1)

    def half():
        drawn = vectors + 0.3 * rng.standard_normal(vectors.shape)
        return Embedding(drawn, counts=counts)

    replicates = Replicates(embeddings=[(half(), half()) for _ in range(7)])
    return Embedding(vectors, counts=counts, replicates=replicates, n_documents=99)


def test_every_control_has_its_null_its_interval_and_its_numbers():
    counts = np.random.default_rng(2).integers(1, 99, 1000)
    waves = np.cos(2 * np.pi * N[:, None] / 10 - [0, 1])
    found = probe(with_halves(noise() + np.hstack([waves] * 5), counts), moduli=[10], nulls=39)[10]
    assert tuple(found.controls) == CONTROLS
    for name, control in found.controls.items():
        assert control.low < control.kappa < control.high, name
        assert control.null_mean < control.null_p95 < control.kappa
        assert control.p_value == pytest.approx(1 / 20)  # half of 39 permutations
        assert len(control.replicate_kappas) == 7
        selects = name in CONTROLS[:3]
        assert (control.random_mean is not None) == selects
    assert [found.controls[name].n for name in CONTROLS[:4]] == [800, 900, 1000, 1000]


@pytest.mark.slow
def test_p_values_of_controls_are_uniform_under_noise():
    counts = np.random.default_rng(0).integers(1, 99, 200)
    found = [
        quick(Embedding(noise(200, 10, seed), counts=counts), moduli=[5], nulls=78)[5].controls
        for seed in range(80)
    ]
    jitter = np.random.default_rng(0).random(80) / 40
    for name in CONTROLS:
        p = np.array([controls[name].p_value for controls in found])
        # Runs of five have two or three numbers of a parity, whose permutations are few.
        assert stats.kstest(p - jitter, "uniform").pvalue > 0.001, name


def test_the_null_is_that_of_the_kappa_shown():
    found = quick(noise(200), moduli=[5], nulls=9, repeats=3, controls=False)[5]
    assert found.null.observed == found.kappa == pytest.approx(found.kappa_repeats.mean())
    least = (1 + (found.null.values >= found.kappa).sum()) / 10
    assert found.null.p_value == pytest.approx(least)


def test_random_selections_say_what_fewer_numbers_cost():
    # 300 dimensions are many for the 400 training numbers of one parity.
    waves = 1.25 * np.cos(2 * np.pi * 2 * N[:, None] / 10 - [0, 1])
    found = quick(np.hstack([waves + noise(d=2), noise(d=300, seed=1)]), moduli=[5])[5]
    parity = found.controls["within parity"]
    assert parity.random_low <= parity.random_mean <= parity.random_high < found.kappa
    assert parity.kappa == pytest.approx(parity.random_mean, abs=5)


def test_roundness_is_told_from_geometry():
    x = np.hstack([noise(d=5), 8.0 * (N % 10 == 0)[:, None] + 0.1 * noise(d=1, seed=1)])
    found = quick(x, moduli=[2, 5, 10])
    # Knowing "multiple of 10" gives about 20 / 12.5 / 11 and nothing beyond.
    assert found[10].kappa == pytest.approx(11, abs=4)
    for name in ("excluding multiples of 5", "excluding multiples of 10", "without roundness"):
        assert abs(found[10].controls[name].kappa) < 5, name
    assert found[10].controls["excluding multiples of 5"].random_low > 5
    assert found[10].kappa_minus_ceiling < 0
    assert "within parity" not in found[2].controls


def test_parity_is_told_from_modulus_four():
    x = np.hstack([noise(d=5), 5.0 * (N % 2)[:, None] + noise(d=1, seed=1)])
    found = quick(x, moduli=[4])[4]
    assert found.kappa > 25
    assert abs(found.controls["within parity"].kappa) < 10


@pytest.mark.parametrize("within", [False, True])
def test_what_frequency_explains_is_gone_without_it(within):
    rng = np.random.default_rng(0)
    counts = np.exp(rng.normal(0, 0.1, 1000) + 2 * (N % 2 == 0) + 6).astype(int)
    told = np.log(counts)
    if within:  # of the trend the embedding knows nothing
        counts = (counts * np.exp(np.repeat(rng.normal(0, 2, 100), 10))).astype(int) + 1
    x = np.hstack([told[:, None] * [1.0, 2.0], noise(d=3)])
    found = quick(Embedding(x, counts=counts), moduli=[2])[2]
    assert found.kappa > 95
    name = "without frequency within runs of ten" if within else "without frequency"
    assert abs(found.controls[name].kappa) < 20
    assert "without frequency" not in quick(x, moduli=[2])[2].controls


def test_controls_of_iterative_classifiers_are_absent():
    assert quick(noise(100, 3), moduli=[2], classifier="logistic")[2].controls == {}


def test_within_parity_averages_both_parities():
    x = noise()
    parts = parts_of("within parity", Embedding(x))
    assert [set(part.rows % 2) for part in parts] == [{0}, {1}]


def test_columns_of_a_study_are_those_of_the_controls():
    row = quick(noise(60, 3), moduli=[2])[2].row()
    assert {name for name in row if name.startswith("kappa")} - {"kappa"} <= set(MEASURES)
    for name in CONTROLS:
        assert control_column(name, "p_value") in MEASURES


def k_ness(n, k):
    """By the definition: k times 1..9 times a power of ten."""
    return any(k * m * 10**p == n for m in range(1, 10) for p in range(4))


def test_graded_roundness_is_that_of_its_definition():
    found = roundness(N)
    for column, k in enumerate((10, 5, 2.5, 2)):
        assert found[:, column].tolist() == [float(k_ness(n, k)) for n in N]


def test_ceilings_are_those_of_a_classifier_that_knows_roundness_alone():
    from sklearn.metrics import cohen_kappa_score

    rng = np.random.default_rng(0)
    n = np.tile(N[:900], 100)
    known = np.where(n % 10 == 0, 0, np.where(n % 5 == 0, 1, 2))
    for T in (2, 3, 4, 5, 10):
        said = np.zeros_like(n)
        for each in range(3):
            seen = np.bincount(n[known == each] % T, minlength=T)
            best = np.flatnonzero(seen >= 0.99 * seen.max())
            said[known == each] = rng.choice(best, (known == each).sum())
        expected = 100 * cohen_kappa_score(n % T, said)
        assert roundness_ceiling(T) == pytest.approx(expected, abs=0.6)
    assert [round(roundness_ceiling(T), 1) for T in (2, 5, 10)] == [20.0, 25.0, 22.2]


def test_a_difference_between_classifiers_is_flagged():
    # 9 of 10 classes on a line: least squares masks those in the middle, a discriminant does not.
    line = (N % 10)[:, None] + 0.1 * noise(d=1)
    found = quick(line, moduli=[10], controls=False)
    assert found[10].kappa - found[10].alternative_kappa > 20
    assert found.flags == ("classifiers-disagree",)
    assert "at T = 10 lda" in found.notes[0].text
    assert "{" not in reason_text("classifiers-disagree") + reason_text("more-dimensions")
    assert quick(noise(d=3), moduli=[10], controls=False).flags == ()


def test_as_many_dimensions_as_training_numbers_are_flagged():
    found = quick(noise(100, 80), moduli=[2], controls=False)
    assert "more-dimensions" in found.flags
    assert any("as many dimensions as training numbers" in note.text for note in found.notes)
    assert "more-dimensions" not in quick(noise(100, 79), moduli=[2], controls=False).flags
