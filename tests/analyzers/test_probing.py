import json
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from wordnum.analyzers import analyze
from wordnum.analyzers.cross_validation import out_of_fold
from wordnum.analyzers.folds import group_folds, random_folds
from wordnum.analyzers.permutations import permuted_labels
from wordnum.analyzers.probing import probe
from wordnum.analyzers.residues import Task, tasks_for
from wordnum.backend import get_backend
from wordnum.embeddings.embedding import Embedding
from wordnum.errors import InputError, UsageError
from wordnum.theory import planted_embedding

CPU = get_backend("cpu")


def noise(n=200, d=10, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d))


def smooth(n=400, d=30, seed=0, length=15):
    kernel = np.exp(-((np.arange(-60, 61) / length) ** 2))
    white = np.random.default_rng(seed).standard_normal((n + 120, d))
    return np.apply_along_axis(lambda x: np.convolve(x, kernel, mode="valid"), 0, white)


def quick(x, **options):
    return probe(x, **{"nulls": 0, "controls": False, "repeats": 1, **options})


@pytest.mark.parametrize("wanted", [20, 50, 80, 95])
def test_planted_kappa_comes_out(wanted):
    found = quick(planted_embedding(phi=100, kappa=wanted, dim=12), moduli=[10], repeats=5)[10]
    # 1000 draws of a classifier that errs now and then, and a little lost to estimation.
    spread = 100 * np.sqrt((wanted / 100) * (1 - wanted / 100) / 1000) / 0.9
    assert wanted - 6 - 2 * spread < found.kappa < wanted + 3 * spread


def test_smooth_embeddings_have_negative_kappa_in_random_folds_but_not_in_groups():
    found = probe(smooth(), moduli=[2, 5], nulls=0, repeats=1)
    for T in (2, 5):
        assert found[T].kappa < -10
        assert abs(found[T].controls["groups"].kappa) < 12


def test_block_restricted_permutations_keep_the_runs():
    numbers = np.delete(np.arange(100), [3, 50, 51])
    task = tasks_for(numbers, [5])[0]
    rng = np.random.default_rng(0)
    permuted = permuted_labels(task, numbers, 20, rng, restricted=True)
    assert not (permuted == task.labels).all(axis=1).any()
    for run in range(20):
        rows = numbers // 5 == run
        expected = np.sort(task.labels[rows])
        assert (np.sort(permuted[:, rows], axis=1) == expected).all()


def stepped(seed, n=200, d=10):
    """A trend that is constant within runs of ten, and noise: rows of a run are exchangeable."""
    kernel = np.exp(-((np.arange(-15, 16) / 4) ** 2))
    white = np.random.default_rng([seed, 1]).standard_normal((n // 10 + 30, d))
    steps = np.apply_along_axis(lambda x: np.convolve(x, kernel, mode="valid"), 0, white)
    return np.repeat(steps, 10, axis=0) + noise(n, d, seed)


def test_permutation_p_values_are_uniform_under_their_null():
    found = [
        quick(noise(seed=seed), moduli=[2, 5, 10], nulls=99, random_state=seed, repeats=2)
        for seed in range(90)
    ]
    jitter = np.random.default_rng(0).random(90) / 100
    for T in (2, 5, 10):
        for kind in ("null", "null_unrestricted"):
            p = np.array([getattr(one[T], kind).p_value for one in found])
            assert stats.kstest(p - jitter, "uniform").pvalue > 0.005
            assert (p <= 0.05).mean() < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 90)


def test_block_restricted_permutations_keep_their_level_beside_a_trend():
    found = [
        quick(stepped(seed), moduli=[2, 5, 10], nulls=99, random_state=seed) for seed in range(100)
    ]
    jitter = np.random.default_rng(0).random(100) / 100
    for T in (2, 5, 10):
        p = np.array([one[T].null.p_value for one in found]) - jitter
        # Ties of kappa count as equal, so p-values may be conservative, not more.
        assert stats.kstest(p, "uniform", alternative="greater").pvalue > 0.01
        assert 0.4 < p.mean() < 0.65


def test_nulls_do_not_depend_on_the_units_of_the_vectors():
    x = noise() * np.geomspace(1e-3, 1e3, 10)
    small, usual, large = (quick(unit * x, moduli=[5], nulls=20)[5] for unit in (1e-60, 1, 1e60))
    assert usual.null.values.std() > 0
    for other in (small, large):
        assert other.kappa == usual.kappa
        np.testing.assert_array_equal(other.null.values, usual.null.values)


@pytest.mark.parametrize("classifier", ["lda", "ridge", "logistic"])
def test_rows_left_out_touch_neither_standardisation_nor_choice(classifier):
    numbers = np.arange(100)
    x = noise(100, 30)
    x[:, 0] += 3 * (numbers % 2)
    fold_of = random_folds(100)[0]
    task = tasks_for(numbers, [2])[0]

    def predict(x, task):
        return out_of_fold(CPU, x, [task], fold_of, classifier=classifier)

    before = predict(x, task)
    held = np.flatnonzero(fold_of == 0)
    seen, rest = held[:5], held[5:]
    spoilt, labels = x.copy(), task.labels.copy()
    spoilt[rest] *= 1e3 * (1 + np.arange(30))
    labels[held] = 1 - labels[held]
    after = predict(spoilt, Task(2, labels, task.residues))
    # Fold 0 was fitted without these rows; the other folds were fitted with them.
    assert after.chosen[0] == before.chosen[0]
    np.testing.assert_array_equal(after.labels[0][seen], before.labels[0][seen])
    others = fold_of != 0
    assert (after.labels[0][others] != before.labels[0][others]).any()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_odd_embeddings_are_measured_or_refused_without_a_warning(seed):
    rng = np.random.default_rng(seed)
    n, d = rng.integers(4, 50, size=2)
    x = rng.standard_normal((n, d)) * 10.0 ** rng.integers(-60, 60)
    x = (x, x[rng.integers(n, size=n)], np.sign(x), x[:, :1] * x[:1], np.round(x))[seed % 5]
    numbers = np.sort(rng.choice(n + 20, n, replace=False))
    made = Embedding(x, numbers, size=n + 20, counts=rng.integers(0, 9, n))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found = analyze(
                made,
                moduli=rng.integers(2, 8, size=3),
                nulls=5,
                classifier=("lda", "ridge")[seed % 2],
            )
        except InputError:
            return
    json.dumps(found.to_dict(), allow_nan=False)
    for one in found.probe.by_period.values():
        assert -100 - 1e-9 <= one.kappa <= 100


def test_block_restricted_permutations_follow_a_smooth_trend_and_others_do_not():
    one = quick(smooth(), moduli=[5], nulls=100)[5]
    assert one.null.mean < -8
    assert abs(one.null_unrestricted.mean) < 3
    assert one.null.p_value > 0.05


def test_the_same_seed_gives_the_same_result_and_another_one_other_folds():
    x = noise()
    first, again, other = (probe(x, moduli=[5], nulls=9, random_state=s)[5] for s in (1, 1, 2))
    assert first.kappa == again.kappa
    assert first.null.p_value == again.null.p_value
    np.testing.assert_array_equal(first.confusion, again.confusion)
    assert not np.array_equal(first.confusion, other.confusion)


def test_folds_of_a_number_do_not_depend_on_the_others():
    x = noise()
    keep = np.arange(0, 200, 3)
    part = Embedding(x[keep], keep, size=200)
    assert quick(part, moduli=[2])[2].confusion.sum() == len(keep)
    assert (np.bincount(random_folds(1000)[0]) == 200).all()
    folds = group_folds(1000)
    assert (folds.reshape(5, 20, 50) == folds.reshape(5, 20, 50)[..., :1]).all()


def test_confusion_and_recall_count_every_number_once_per_repeat():
    found = probe(planted_embedding(phi=9, kappa=70, dim=12), moduli=[10], nulls=0, repeats=3)[10]
    assert found.confusion.sum() == 3000
    recall = np.diag(found.confusion) / found.confusion.sum(axis=1)
    np.testing.assert_allclose(found.recall_by_digit, recall)
    assert found.accuracy == pytest.approx(np.trace(found.confusion) / 3000)
    assert found.kappa == pytest.approx(found.kappa_repeats.mean())


def test_a_constant_embedding_has_kappa_zero():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for classifier in ("lda", "ridge", "logistic", "mlp"):
            found = quick(np.full((100, 3), 0.3), moduli=[2, 5], classifier=classifier)
            assert [found[T].kappa for T in (2, 5)] == [0, 0]


def test_integer_vectors_are_taken_as_numbers():
    whole = np.round(10 * noise()).astype(int)
    assert quick(whole, moduli=[5])[5].kappa == quick(whole.astype(float), moduli=[5])[5].kappa


def test_more_dimensions_than_numbers_are_probed():
    n = np.arange(60)
    x = np.hstack([noise(60, 90), 30.0 * (n[:, None] % 2)])
    assert quick(x, moduli=[2])[2].kappa > 20
    assert np.isfinite(quick(noise(60, 90), moduli=[5])[5].kappa)


@pytest.mark.parametrize("classifier", ["ridge", "logistic", "mlp"])
def test_alternative_classifiers_find_the_planted_kappa_too(classifier):
    x = planted_embedding(phi=100, kappa=90, dim=12, size=300)
    found = quick(x, moduli=[10], classifier=classifier)
    assert found[10].kappa > 50
    assert found.classifier == classifier
    assert found[10].null is None


def test_only_the_mlp_reads_an_exclusive_or():
    n = np.arange(400)
    x = noise(400, 2) * 0.3
    # Exclusive or: parity is the product of two signs that are no function of n mod 2 alone.
    sign = np.random.default_rng(1).choice([-1.0, 1.0], 400)
    x[:, 0] += 2 * sign
    x[:, 1] += 2 * sign * np.where(n % 2 == 0, 1, -1)
    assert quick(x, moduli=[2], classifier="mlp")[2].kappa > 80
    assert abs(quick(x, moduli=[2])[2].kappa) < 30


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: probe(np.full((50, 2), np.nan)), InputError, "NaN or infinity"),
        (lambda: probe(np.full((50, 2), np.inf)), InputError, "NaN or infinity"),
        (lambda: probe(np.ones((50, 2), dtype=complex)), InputError, "real numbers"),
        (lambda: probe(np.ones((50, 0))), InputError, "d >= 1"),
        (lambda: probe(noise(), moduli=[1]), UsageError, "modulus cannot be 1"),
        (lambda: probe(noise(), moduli=[201]), UsageError, "modulus cannot be 201"),
        (lambda: probe(noise(4), moduli=[2]), InputError, "too few numbers for the folds"),
        (lambda: probe(noise(12), moduli=[10]), InputError, "classes of n mod 10"),
        (
            lambda: probe(Embedding(noise(50), np.arange(0, 100, 2), size=100), moduli=[2]),
            InputError,
            "one class only",
        ),
        (lambda: probe(Embedding(noise(3), [1, 1, 2])), InputError, "occurs twice"),
        (lambda: probe(noise(), classifier="lad"), UsageError, "did you mean 'lda'"),
        (lambda: probe(noise(), moduli=range(2, 99_999_999_999)), UsageError, "cannot be 201"),
        (lambda: probe(noise(), moduli=5), UsageError, "moduli must be several"),
        (lambda: probe(noise(), folds=1), UsageError, "folds cannot be 1"),
        (lambda: probe(noise(), folds=2.5), UsageError, "folds cannot be 2.5"),
        (lambda: probe(noise(), folds=10**9), InputError, "too few numbers for the folds"),
        (lambda: probe(noise(), nulls=10**12), UsageError, "nulls cannot be 1000000000000"),
        (lambda: probe(noise(), repeats=10**6), UsageError, "repeats cannot be 1000000"),
        (lambda: probe(noise(), random_state=-1), UsageError, "random_state cannot be -1"),
        (lambda: probe(1e-200 * noise()), InputError, "leave the range of floating point"),
        (lambda: probe(1e200 * noise()), InputError, "leave the range of floating point"),
        (lambda: probe(noise(), repeats=0), UsageError, "repeats cannot be 0"),
        (lambda: probe(noise(), nulls=-1), UsageError, "nulls cannot be -1"),
        (lambda: probe(noise(), device="tpu"), UsageError, "unknown device"),
    ],
)
def test_bad_input_is_refused_with_what_to_do(make, error, message):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(error, match=message):
            make()


def test_probe_frame_has_a_row_per_modulus():
    frame = probe(noise(), moduli=[2, 5], nulls=9).to_frame()
    assert list(frame.index) == [2, 5]
    assert {"kappa", "low", "interval_reason", "null_p", "null_unrestricted_mean"} <= set(frame)


def test_gpu_gives_the_kappas_of_the_cpu():
    pytest.importorskip("cupy", reason="CuPy is not installed")
    x = planted_embedding(phi=100, kappa=60, dim=60)
    cpu, gpu = (probe(x, nulls=50, device=device) for device in ("cpu", "cuda"))
    for T in cpu.by_period:
        # Near ties may fall otherwise: one of 1000 numbers is 0.2 points at T = 2.
        assert gpu[T].kappa == pytest.approx(cpu[T].kappa, abs=0.5)
        assert gpu[T].null.mean == pytest.approx(cpu[T].null.mean, abs=1.0)
