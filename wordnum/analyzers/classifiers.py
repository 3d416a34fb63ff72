"""Second opinions that have no closed form: multinomial logistic regression and a small MLP."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from wordnum.analyzers.agreement import kappa
from wordnum.analyzers.crossval import Predictions, Task
from wordnum.analyzers.lda import STRENGTHS
from wordnum.progress import track

__all__ = ["fit_logistic", "iterative_predictions", "standardised"]

_INNER = 4
_HIDDEN = 64
# Strengths tried, as indices: a stronger penalty than these leaves an MLP nothing to learn.
_TRIED = {"logistic": range(len(STRENGTHS)), "mlp": range(4)}


def standardised(
    train: np.ndarray, test: np.ndarray | None = None, nuisance: tuple[Any, Any] | None = None
) -> Any:
    """Columns with mean 0 and variance 1 by the training rows; constant columns become 0."""
    mean = train.mean(axis=0)
    Z, Z_test = train - mean, None if test is None else test - mean
    if nuisance is not None and Z_test is not None:
        known, known_test = nuisance[0] - nuisance[0].mean(), nuisance[1] - nuisance[0].mean()
        slope = known @ Z / max(known @ known, 1e-300)
        Z, Z_test = Z - np.outer(known, slope), Z_test - np.outer(known_test, slope)
    scale = Z.std(axis=0)
    inverse = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0)
    return Z * inverse if Z_test is None else (Z * inverse, Z_test * inverse)


def fit_logistic(
    Z: np.ndarray, labels: np.ndarray, *, strength: float, start: Any = None
) -> tuple[Any, bool]:
    """Multinomial logistic regression with penalty ``n a / 2 ||W||^2``, and whether it converged.

    `start` is a fitted model whose coefficients are the first guess.
    """
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1.0 / (len(Z) * strength), max_iter=300, tol=1e-3, warm_start=True)
    if start is not None:
        model.coef_, model.intercept_ = start.coef_.copy(), start.intercept_.copy()
        model.classes_ = start.classes_
    if _fitted(model, Z, labels):
        return model, True
    # Nearly separable classes need many steps; a second run goes on from the first.
    model.max_iter = 3000
    return model, _fitted(model, Z, labels)


def _fitted(model: Any, Z: np.ndarray, labels: np.ndarray) -> bool:
    """Fit, and say whether it converged; scikit-learn's warning is taken for the answer."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(Z, labels)
    return not any(issubclass(w.category, ConvergenceWarning) for w in caught)


def _fit_mlp(
    Z: np.ndarray, labels: np.ndarray, strength: float, random_state: int
) -> tuple[Any, bool]:
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(
        (_HIDDEN,),
        alpha=len(Z) * strength,
        learning_rate_init=0.01,
        max_iter=300,
        tol=1e-3,
        n_iter_no_change=8,
        random_state=random_state,
    )
    return model, _fitted(model, Z, labels)


def iterative_predictions(
    X: np.ndarray,
    tasks: Sequence[Task],
    fold_of: np.ndarray,
    *,
    classifier: str,
    random_state: int = 0,
    group_of: np.ndarray | None = None,
    chosen: np.ndarray | None = None,
    nuisance: np.ndarray | None = None,
) -> Predictions:
    """Out-of-fold predictions of "logistic" or "mlp"; as `closed_form_predictions` otherwise.

    The strength is chosen by one held-out quarter of the training rows (of whole groups where
    groups are given), then the model is fitted on all of them. A fit that did not converge after
    ten times the usual steps is used and noted.
    """
    n_folds = int(fold_of.max()) + 1 if chosen is None else len(chosen)
    labels = np.zeros((len(tasks), len(fold_of)), dtype=np.int64)
    picks = np.zeros((n_folds, len(tasks)), dtype=np.int64)
    failed: set[int] = set()
    for fold in track(range(n_folds), f"probing by {classifier}"):
        held = fold_of == fold
        if not held.any() or held.all():
            continue
        pair = None if nuisance is None else (nuisance[~held], nuisance[held])
        Z, Z_test = standardised(X[~held], X[held], pair)
        inner = _inner_part(len(Z), None if group_of is None else group_of[~held], random_state)
        for at, task in enumerate(tasks):
            y = task.labels[~held]
            if chosen is None:
                picks[fold, at] = _choose(Z, y, inner, task.n_classes, classifier, random_state)
            else:
                picks[fold, at] = chosen[fold, at]
            strength = STRENGTHS[picks[fold, at]]
            labels[at, held], converged = _fit_predict(
                Z, y, Z_test, classifier, strength, random_state
            )
            if not converged:
                failed.add(task.period)
    notes = (
        (f"{classifier} did not converge at T = {', '.join(map(str, sorted(failed)))}",)
        if failed
        else ()
    )
    return Predictions(labels, picks, notes)


def _inner_part(n: int, groups: np.ndarray | None, random_state: int) -> np.ndarray:
    """Rows held out of training to choose the strength."""
    units = np.arange(n) if groups is None else np.unique(groups, return_inverse=True)[1]
    rng = np.random.default_rng([random_state, 4])
    order = rng.permutation(units.max() + 1)
    return order[units] < max(1, (units.max() + 1) // _INNER)


def _fit_predict(
    Z: np.ndarray,
    y: np.ndarray,
    Z_test: np.ndarray,
    classifier: str,
    strength: float,
    random_state: int,
) -> tuple[np.ndarray, bool]:
    if len(np.unique(y)) == 1:
        return np.full(len(Z_test), y[0]), True
    if not Z.any():
        # Nothing to go by: a tie, which goes to the smallest class.
        return np.full(len(Z_test), y.min()), True
    if classifier == "logistic":
        model, converged = fit_logistic(Z, y, strength=strength)
    else:
        model, converged = _fit_mlp(Z, y, strength, random_state)
    return model.predict(Z_test), converged


def _choose(
    Z: np.ndarray, y: np.ndarray, inner: np.ndarray, C: int, classifier: str, random_state: int
) -> int:
    """Index of the strength with the best kappa on the inner part, the stronger of equals."""
    tried = _TRIED[classifier]
    best, found = -np.inf, tried[-1]
    fit, hold = Z[~inner], Z[inner]
    for index in reversed(tried):
        predicted, _ = _fit_predict(
            fit, y[~inner], hold, classifier, STRENGTHS[index], random_state
        )
        value = float(kappa(y[inner], predicted, C))
        if value > best:
            best, found = value, index
    return found
