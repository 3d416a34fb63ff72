"""Classifiers without a closed form: multinomial logistic regression and a small MLP.

scikit-learn's, with a penalty of alpha times the number of training rows, so that one alpha means
the same on the whole of a fold and on the part of it that alpha is chosen on.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import partial

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.neural_network import MLPClassifier

from wordnum.analyzers.agreement import kappa
from wordnum.analyzers.closed_form import ALPHAS, standardised
from wordnum.analyzers.residues import Task
from wordnum.backend import Backend

_INNER = 4
_HIDDEN = 64
# Tried from the largest: the first of equals is selected. More than these leaves an MLP nothing to
# learn.
_TRIED = {"logistic": ALPHAS[::-1], "mlp": ALPHAS[3::-1]}


class AlternativeClassifier(ClassifierMixin, BaseEstimator):
    """Logistic regression or an MLP of 64 hidden units, for standardised rows.

    Where there is one class only, or where no column varies, the smallest class is predicted.

    Parameters
    ----------
    kind : {"logistic", "mlp"}
    alpha : float
        Penalty ``n alpha / 2 ||W||^2`` for n training rows.
    random_state : int
        Of the MLP.

    Attributes
    ----------
    classes_ : array
    converged_ : bool
    model_ : estimator or None
        scikit-learn's own; None where the smallest class is predicted.
    """

    def __init__(self, kind: str = "logistic", alpha: float = 1.0, random_state: int = 0) -> None:
        self.kind = kind
        self.alpha = alpha
        self.random_state = random_state

    def fit(self, X: np.ndarray, y: np.ndarray) -> AlternativeClassifier:
        """Fit; one that does not converge in ten times the usual steps is kept, and says so."""
        self.classes_ = np.unique(y)
        self.converged_, self.model_ = True, None
        if len(self.classes_) == 1 or not X.any():
            return self
        penalty, stop = len(X) * self.alpha, {"max_iter": 300, "tol": 1e-3}
        if self.kind == "mlp":
            seed = {"random_state": self.random_state}
            self.model_ = MLPClassifier(
                (_HIDDEN,),
                alpha=penalty,
                learning_rate_init=0.01,
                n_iter_no_change=8,
                **stop,
                **seed,
            )
        else:
            self.model_ = LogisticRegression(C=1.0 / penalty, warm_start=True, **stop)
        self.converged_ = _converges(self.model_, X, y)
        if not self.converged_ and self.kind == "logistic":
            # Nearly separable classes need many steps; a second run goes on from the first.
            self.converged_ = _converges(self.model_.set_params(max_iter=3000), X, y)
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Predicted classes of rows."""
        return np.full(len(X), self.classes_[0]) if self.model_ is None else self.model_.predict(X)


def _converges(model: BaseEstimator, X: np.ndarray, y: np.ndarray) -> bool:
    """Fit, and say whether it converged; scikit-learn's warning is taken for the answer."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X, y)
    return not any(issubclass(w.category, ConvergenceWarning) for w in caught)


class AlternativeFold:
    """A classifier without a closed form on one fold, for every task; as `ClosedFormFold`."""

    def __init__(
        self,
        backend: Backend,
        tasks: Sequence[Task],
        train: np.ndarray,
        test: np.ndarray,
        rows: np.ndarray,
        *,
        kind: str,
        random_state: int,
    ) -> None:
        self.tasks, self.rows = tasks, rows
        self.model = AlternativeClassifier(kind, random_state=random_state)
        self.Z, self.Z_test, *_ = standardised(np, train, test)
        self.failed: frozenset[int] = frozenset()

    def choose(self, groups: None) -> np.ndarray:
        """Index of the best of `ALPHAS` per task, by the kappa of one held-out quarter."""
        rng = np.random.default_rng([self.model.random_state, 4])
        inner = rng.permutation(len(self.Z)) < max(1, len(self.Z) // _INNER)
        chosen = []
        for task in self.tasks:
            search = GridSearchCV(
                self.model,
                {"alpha": _TRIED[self.model.kind]},
                scoring=partial(_score, task.n_classes),
                cv=PredefinedSplit(np.where(inner, 0, -1)),
                refit=False,
                error_score="raise",
            )
            best = search.fit(self.Z, task.labels[self.rows]).best_params_
            chosen.append(ALPHAS.index(best["alpha"]))
        return np.array(chosen)

    def predict(self, chosen: np.ndarray) -> np.ndarray:
        """Predicted labels (number of tasks, m), one index of `ALPHAS` per task."""
        labels = []
        for task, index in zip(self.tasks, chosen, strict=True):
            model = clone(self.model).set_params(alpha=ALPHAS[index])
            labels.append(model.fit(self.Z, task.labels[self.rows]).predict(self.Z_test))
            if not model.converged_:
                self.failed |= {task.period}
        return np.stack(labels)


def _score(n_classes: int, model: AlternativeClassifier, X: np.ndarray, y: np.ndarray) -> float:
    return float(kappa(y, model.predict(X), n_classes))
