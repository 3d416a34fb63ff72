"""The probe at given alphas, against the probe that makes every fit anew from its rows."""

import warnings

import numpy as np
import pytest

from wordnum.analyzers.agreement import kappa
from wordnum.analyzers.cross_validation import out_of_fold
from wordnum.analyzers.folds import random_folds
from wordnum.analyzers.inputs import centred_columns
from wordnum.analyzers.permutations import permuted_labels
from wordnum.analyzers.refits import Refits
from wordnum.analyzers.residues import Task, tasks_for
from wordnum.backend import get_backend

CPU = get_backend("cpu")
NUMBERS = np.arange(120)
FOLDS = random_folds(120, repeats=2)
rng = np.random.default_rng(0)
CHOSEN = [rng.integers(7, size=(5, 3)) for _ in range(2)]


def embedding(d, n=120):
    draw = np.random.default_rng([d, n])
    waves = np.cos(2 * np.pi * np.arange(n)[:, None] / [2, 5, 10])
    X = draw.standard_normal((n, d)) + waves @ draw.standard_normal((3, d)) / 3
    return centred_columns(X * draw.lognormal(0, 2, d))


def anew(X, tasks, folds_of, chosen, classifier):
    """Mean kappa over the repeats, every fold standardised and factorized from its rows."""
    total = np.zeros(len(tasks))
    for fold_of, alphas in zip(folds_of, chosen, strict=True):
        said = out_of_fold(CPU, X, tasks, fold_of, classifier=classifier, chosen=alphas).labels
        total += [kappa(t.labels, row, t.n_classes) for t, row in zip(tasks, said, strict=True)]
    return total / len(chosen)


@pytest.mark.parametrize("classifier", ["lda", "ridge"])
@pytest.mark.parametrize("d", [5, 60, 300])
def test_a_selection_has_the_kappas_of_its_rows_alone(classifier, d):
    X, refits = embedding(d), Refits(CPU, embedding(d), classifier == "ridge")
    for rows in (NUMBERS, NUMBERS[NUMBERS % 5 > 0], NUMBERS[::2]):
        tasks = tasks_for(rows, [3, 5, 7])
        found = refits.kappas(rows, tasks, FOLDS[:, rows], CHOSEN)
        expected = anew(X[rows], tasks, FOLDS[:, rows], CHOSEN, classifier)
        np.testing.assert_allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize("classifier", ["lda", "ridge"])
@pytest.mark.parametrize("d", [5, 60, 300])
def test_permuted_labels_have_the_kappas_of_a_fit_to_them(classifier, d):
    X, tasks, draw = embedding(d), tasks_for(NUMBERS, [2, 5, 7]), np.random.default_rng(1)
    labels = [permuted_labels(t, NUMBERS, 4, draw, restricted=False) for t in tasks]
    refits = Refits(CPU, X, classifier == "ridge")
    found = refits.permuted(NUMBERS, tasks, FOLDS, CHOSEN, labels)
    for one in range(4):
        again = [Task(t.period, rows[one], t.residues) for t, rows in zip(tasks, labels)]
        expected = anew(X, again, FOLDS, CHOSEN, classifier)
        # float32 may decide one near tie of 120 otherwise, in one of two repeats.
        np.testing.assert_allclose([values[one] for values in found], expected, atol=1.0)


@pytest.mark.parametrize("d", [5, 60, 300])
def test_what_is_regressed_out_is_so_by_the_training_rows(d):
    X, tasks = embedding(d), tasks_for(NUMBERS, [2, 5, 7])
    nuisance = np.stack([np.log(1.0 + NUMBERS), NUMBERS % 5 == 0], axis=1)
    found = Refits(CPU, X).kappas(NUMBERS, tasks, FOLDS, CHOSEN, nuisance=nuisance)
    total = np.zeros(3)
    for fold_of, alphas in zip(FOLDS, CHOSEN, strict=True):
        said = np.zeros((3, 120), dtype=int)
        for fold in range(5):
            train = fold_of != fold
            known = np.column_stack([np.ones(120), nuisance])
            slopes, *_ = np.linalg.lstsq(known[train], X[train], rcond=None)
            two = np.where(train, 0, 1)  # fold 1 is left out, and fold 0 of no interest
            picked = np.stack([alphas[fold], alphas[fold]])
            labels = out_of_fold(CPU, X - known @ slopes, tasks, two, chosen=picked).labels
            said[:, ~train] = labels[:, ~train]
        total += [kappa(t.labels, row, t.n_classes) for t, row in zip(tasks, said, strict=True)]
    np.testing.assert_allclose(found, total / 2, atol=1e-9)


def test_columns_that_are_what_is_regressed_out_leave_nothing():
    X = centred_columns(np.stack([NUMBERS, 3.0 * NUMBERS + 1], axis=1))
    tasks = tasks_for(NUMBERS, [2, 5, 7])
    found = Refits(CPU, X).kappas(NUMBERS, tasks, FOLDS, CHOSEN, nuisance=NUMBERS[:, None] + 0.0)
    np.testing.assert_array_equal(found, 0)


@pytest.mark.parametrize("ridge", [False, True])
def test_constant_columns_and_constant_embeddings_are_measured_without_a_warning(ridge):
    tasks = tasks_for(NUMBERS, [2, 5, 7])
    X = np.zeros((120, 3))
    X[7, 0] = 1.0  # constant wherever 7 is left out
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for vectors in (X, np.zeros((120, 3)), np.zeros((120, 200))):
            refits = Refits(CPU, centred_columns(vectors), ridge)
            found = refits.kappas(NUMBERS, tasks, FOLDS, CHOSEN)
            expected = anew(refits.X, tasks, FOLDS, CHOSEN, "ridge" if ridge else "lda")
            np.testing.assert_allclose(found, expected, atol=1e-9)


def test_folds_without_rows_are_passed_by():
    tasks, rows = tasks_for(NUMBERS[:4], [2]), np.arange(4)
    fold_of = np.array([[0, 0, 2, 2]])
    found = Refits(CPU, embedding(3)).kappas(rows, tasks, fold_of, [CHOSEN[0][:, :1]])
    assert np.isfinite(found).all()
