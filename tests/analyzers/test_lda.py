"""The discriminant as a classifier of scikit-learn."""

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.utils.estimator_checks import parametrize_with_checks

from wordnum.analyzers import RegularizedLDA
from wordnum.analyzers.closed_form import ALPHAS
from wordnum.analyzers.cross_validation import out_of_fold
from wordnum.analyzers.folds import random_folds
from wordnum.analyzers.residues import tasks_for
from wordnum.backend import get_backend
from wordnum.theory import planted_embedding

X = planted_embedding(phi=10, kappa=70, dim=12, size=300).vectors
Y = np.arange(300) % 10


@parametrize_with_checks([RegularizedLDA(), RegularizedLDA(alpha=0.1)])
def test_it_is_a_classifier_of_scikit_learn(estimator, check):
    check(estimator)


def test_it_predicts_what_the_probe_does_in_every_fold():
    (task,) = tasks_for(np.arange(300), [10])
    fold_of = random_folds(300)[0]
    probed = out_of_fold(get_backend("cpu"), X, [task], fold_of)
    for fold in range(5):
        held = fold_of == fold
        model = RegularizedLDA().fit(X[~held], Y[~held])
        assert model.alpha_ == ALPHAS[probed.chosen[fold, 0]]
        np.testing.assert_array_equal(model.predict(X[held]), probed.labels[0][held])


def test_its_discriminants_are_those_of_scikit_learn_without_priors():
    alpha = 0.1
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    within = sum(((Z[r == Y] - Z[r == Y].mean(axis=0)) ** 2).sum() for r in range(10))
    level = within / X.size
    shrinkage = alpha / (alpha + level)
    theirs = LinearDiscriminantAnalysis(
        solver="lsqr", shrinkage=shrinkage, priors=np.full(10, 0.1)
    ).fit(Z, Y)
    expected = theirs.decision_function(Z)
    found = RegularizedLDA(alpha=alpha).fit(X, Y).decision_function(X)
    # Theirs are those of (1 - shrinkage) S_W + shrinkage level I, of which ours is a multiple.
    ours = (found - found[:, :1]) / (1 - shrinkage)
    np.testing.assert_allclose(ours, expected - expected[:, :1], rtol=1e-6, atol=1e-8)


def test_two_classes_have_one_discriminant_and_ties_go_to_the_first():
    model = RegularizedLDA().fit(X, Y % 2)
    score = model.decision_function(X)
    assert score.shape == (300,)
    np.testing.assert_array_equal(model.predict(X), (score > 0).astype(int))
    flat = RegularizedLDA(alpha=1.0).fit(np.ones((6, 2)), ["b", "a", "b", "a", "b", "a"])
    assert set(flat.predict(np.ones((2, 2)))) == {"a"}
