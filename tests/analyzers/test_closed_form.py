"""The closed forms against scikit-learn, and against leaving rows out one by one."""

import warnings

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import RidgeClassifierCV
from sklearn.metrics import cohen_kappa_score

from wordnum.analyzers.closed_form import (
    ALPHAS,
    class_inverse,
    discriminants,
    first_largest,
    fold_basis,
    left_out_block,
    left_out_rows,
)
from wordnum.analyzers.cross_validation import out_of_fold
from wordnum.analyzers.folds import group_folds, random_folds
from wordnum.analyzers.residues import tasks_for
from wordnum.backend import get_backend

CPU = get_backend("cpu")


def embedding(n=120, d=6, seed=0):
    x = np.random.default_rng(seed).standard_normal((n, d)) * np.linspace(0.5, 3, d)
    x[:, 0] += 2.0 * (np.arange(n) % 3)
    x[:, 1] += np.arange(n) % 2
    return x


def standardised(train, test):
    mean, scale = train.mean(axis=0), train.std(axis=0)
    return (train - mean) / scale, (test - mean) / scale


def sklearn_discriminants(train, y, test, alpha):
    """scikit-learn's discriminants at the shrinkage that stands for S_W + a I, without priors."""
    Z, Z_test = standardised(train, test)
    C = len(np.unique(y))
    within = sum(((Z[y == r] - Z[y == r].mean(axis=0)) ** 2).sum() for r in range(C))
    level = within / len(Z) / Z.shape[1]
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=alpha / (alpha + level))
    model.fit(Z, y)
    scores = model.decision_function(Z_test)
    if C == 2:
        scores = np.stack([np.zeros(len(scores)), scores], axis=1)
        log_prior = np.array([0.0, np.log(model.priors_[1] / model.priors_[0])])
    else:
        log_prior = np.log(model.priors_)
    return scores - log_prior


def brute_discriminants(Z, y, rows, ridge):
    """mu_r' W^-1 x - 1/2 mu_r' W^-1 mu_r with W the within scatter plus a ridge."""
    C = y.max() + 1
    mu = np.array([Z[y == r].mean(axis=0) for r in range(C)])
    W = sum((Z[y == r] - mu[r]).T @ (Z[y == r] - mu[r]) for r in range(C))
    W = W + ridge * np.eye(Z.shape[1])
    P = np.linalg.solve(W, mu.T)
    return rows @ P - 0.5 * (mu.T * P).sum(axis=0)


def one_hot(labels):
    return np.eye(labels.max() + 1)[labels]


@pytest.mark.parametrize("d", [6, 100, 150])
@pytest.mark.parametrize("T", [2, 3, 7])
def test_discriminants_have_scikit_learns_argmax_at_every_alpha(d, T):
    x, y = embedding(d=d), np.arange(120) % T
    train, test = x[:90], x[90:]
    basis = fold_basis(CPU, train, test)
    Y = one_hot(y[:90])
    sums, counts = basis.train.T @ Y, Y.sum(axis=0)
    for alpha, w in zip(ALPHAS, basis.weights(np.array(ALPHAS)), strict=True):
        inverse = class_inverse(np, (sums.T * w) @ sums, counts)
        ours = discriminants(np, basis.test @ (w[:, None] * sums), inverse, counts)
        theirs = sklearn_discriminants(train, y[:90], test, alpha)
        np.testing.assert_array_equal(ours.argmax(axis=1), theirs.argmax(axis=1))


def test_discriminants_equal_the_formula():
    x, y = embedding(), np.arange(120) % 3
    basis = fold_basis(CPU, x, x)
    Y = one_hot(y)
    sums, counts = basis.train.T @ Y, Y.sum(axis=0)
    Z, _ = standardised(x, x)
    for alpha, w in zip(ALPHAS, basis.weights(np.array(ALPHAS)), strict=True):
        inverse = class_inverse(np, (sums.T * w) @ sums, counts)
        ours = discriminants(np, basis.test @ (w[:, None] * sums), inverse, counts)
        np.testing.assert_allclose(ours, brute_discriminants(Z, y, Z, 120 * alpha), rtol=1e-9)


@pytest.mark.parametrize("d", [6, 150])
def test_left_out_rows_equal_fits_without_them(d):
    x, y = embedding(d=d), np.arange(120) % 5
    basis = fold_basis(CPU, x, x[:1])
    Y, w = one_hot(y), basis.weights(np.array(ALPHAS))
    sums, counts = basis.train.T @ Y, Y.sum(axis=0)
    inverse = class_inverse(np, (sums.T * w[:, None]) @ sums, counts)
    fitted = basis.train @ (w[:, :, None] * sums)
    scores = left_out_rows(np, fitted, w @ (basis.train**2).T, Y, inverse, counts)
    Z, _ = standardised(x, x)
    for row in (0, 17, 119):
        keep = np.arange(120) != row
        for k, alpha in enumerate(ALPHAS):
            expected = brute_discriminants(Z[keep], y[keep], Z[row], 120 * alpha)
            np.testing.assert_allclose(scores[k, row], expected, rtol=1e-6, atol=1e-9)


def test_a_left_out_block_equals_fits_without_them():
    x, y = embedding(), np.arange(120) % 5
    basis = fold_basis(CPU, x, x[:1])
    Y, w = one_hot(y), basis.weights(np.array(ALPHAS))
    sums, counts = basis.train.T @ Y, Y.sum(axis=0)
    gram = (sums.T * w[:, None]) @ sums
    Z, _ = standardised(x, x)
    for rows in (np.arange(12), np.arange(108, 120)):
        train = basis.train[rows]
        gap = Y[rows] - train @ (w[:, :, None] * sums)
        hat = (train * w[:, None]) @ train.T
        residual = np.linalg.solve(np.eye(12) - hat, gap)
        scores = left_out_block(np, residual, gap, Y[rows], gram, counts)
        keep = np.setdiff1d(np.arange(120), rows)
        for k, alpha in enumerate(ALPHAS):
            expected = brute_discriminants(Z[keep], y[keep], Z[rows], 120 * alpha)
            np.testing.assert_allclose(scores[k], expected, rtol=1e-7, atol=1e-9)


def sklearn_nested(x, y, fold_of, groups=None):
    """LinearDiscriminantAnalysis, fold by fold, alpha by left-out kappa, all by loops."""
    predicted = np.zeros_like(y)
    for fold in range(fold_of.max() + 1):
        held = fold_of == fold
        Z, _ = standardised(x[~held], x[held])
        labels, n = y[~held], (~held).sum()
        units = np.arange(n) if groups is None else groups[~held]
        quality = []
        for alpha in ALPHAS:
            said = np.zeros(n, dtype=int)
            for unit in np.unique(units):
                out = units == unit
                scores = brute_discriminants(Z[~out], labels[~out], Z[out], n * alpha)
                said[out] = scores.argmax(axis=1)
            quality.append(cohen_kappa_score(labels, said))
        best = max(k for k, q in enumerate(quality) if q >= max(quality) - 1e-12)
        scores = sklearn_discriminants(x[~held], labels, x[held], ALPHAS[best])
        predicted[held] = scores.argmax(axis=1)
    return predicted


@pytest.mark.parametrize("grouped", [False, True])
def test_nested_predictions_equal_a_loop_over_scikit_learn(grouped):
    x, numbers = embedding(n=100), np.arange(100)
    tasks = tasks_for(numbers, [2, 3, 5])
    folds = group_folds(100, group=10) if grouped else random_folds(100)
    groups = numbers // 10 if grouped else None
    ours = out_of_fold(CPU, x, tasks, folds[0], group_of=groups)
    for task, row in zip(tasks, ours.labels, strict=True):
        np.testing.assert_array_equal(row, sklearn_nested(x, task.labels, folds[0], groups))


@pytest.mark.parametrize("d", [6, 60])
def test_ridge_predictions_equal_ridge_classifier_cv(d):
    x, numbers = embedding(n=150, d=d), np.arange(150)
    tasks = tasks_for(numbers, [2, 3, 7])
    fold_of = random_folds(150)[0]
    ours = out_of_fold(CPU, x, tasks, fold_of, classifier="ridge")
    for task, row, chosen in zip(tasks, ours.labels, ours.chosen.T, strict=True):
        for fold in range(5):
            held = fold_of == fold
            Z, Z_test = standardised(x[~held], x[held])
            model = RidgeClassifierCV(alphas=len(Z) * np.array(ALPHAS)).fit(Z, task.labels[~held])
            assert model.alpha_ == pytest.approx(len(Z) * ALPHAS[chosen[fold]])
            np.testing.assert_array_equal(row[held], model.predict(Z_test))


def test_ridge_groups_choose_by_the_error_of_whole_groups():
    x, numbers = embedding(n=60), np.arange(60)
    (task,) = tasks = tasks_for(numbers, [3])
    fold_of, groups = group_folds(60, group=6)[0], numbers // 6
    ours = out_of_fold(CPU, x, tasks, fold_of, classifier="ridge", group_of=groups)
    held = fold_of == 0
    Z, _ = standardised(x[~held], x[held])
    Y, units, n = one_hot(task.labels)[~held], groups[~held], (~held).sum()
    errors = []
    for alpha in ALPHAS:
        design = np.hstack([Z, np.ones((n, 1))])
        penalty = np.diag([n * alpha] * Z.shape[1] + [0.0])
        error = 0.0
        for unit in np.unique(units):
            keep = units != unit
            fit = np.linalg.solve(design[keep].T @ design[keep] + penalty, design[keep].T @ Y[keep])
            error += ((Y[~keep] - design[~keep] @ fit) ** 2).sum()
        errors.append(error)
    assert ours.chosen[0, 0] == int(np.argmin(errors))


def test_a_class_that_training_never_saw_is_never_predicted():
    x, y = embedding(n=30), np.where(np.arange(30) < 3, 2, np.arange(30) % 2)
    task = tasks_for(np.arange(30), [3])[0]
    task = type(task)(3, y, np.arange(3))
    fold_of = np.where(np.arange(30) < 3, 0, 1)
    ours = out_of_fold(CPU, x, [task], fold_of)
    assert set(ours.labels[0][:3]) <= {0, 1}


def test_ties_go_to_the_smallest_class():
    scores = np.array([[1.0, 1.0 + 1e-15, 0.0], [0.0, 2.0, 2.0], [-np.inf, 0.0, 0.0]])
    np.testing.assert_array_equal(first_largest(np, scores), [0, 1, 1])


def test_the_only_row_of_a_class_is_left_out_without_a_warning():
    x, y = embedding(n=31), np.append(np.arange(30) % 2, 2)
    basis = fold_basis(CPU, x, x[:1])
    Y, w = one_hot(y), basis.weights(np.array(ALPHAS))
    sums, counts = basis.train.T @ Y, Y.sum(axis=0)
    inverse = class_inverse(np, (sums.T * w[:, None]) @ sums, counts)
    fitted = basis.train @ (w[:, :, None] * sums)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = left_out_rows(np, fitted, w @ (basis.train**2).T, Y, inverse, counts)
    assert (scores[:, 30, 2] == -np.inf).all()
    assert np.isfinite(scores[:, 30, :2]).all()
