"""The probe's discriminant as a classifier of scikit-learn."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from wordnum.analyzers.closed_form import (
    ALPHAS,
    ClosedFormFold,
    class_inverse,
    first_largest,
    standardised,
)
from wordnum.analyzers.residues import Task
from wordnum.backend import get_backend


class RegularizedLDA(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Linear discriminant with covariance ``S_W + alpha I`` and equal priors.

    Columns are standardised; the discriminants are
    ``mu_r' (S_W + alpha I)^-1 x - 1/2 mu_r' (S_W + alpha I)^-1 mu_r``. It is what `probe` fits
    inside every fold.

    Parameters
    ----------
    alpha : float, optional
        Regularisation, in units of the variance of a standardised column. None selects one of
        seven, 1e-4 to 100, by the kappa of rows left out one by one.

    Attributes
    ----------
    classes_ : array of shape (C,)
    alpha_ : float
        The alpha that was used.
    coef_ : array of shape (C, d)
    intercept_ : array of shape (C,)

    Examples
    --------
    >>> n = np.arange(200)
    >>> waves = np.cos(2 * np.pi * n[:, None] / 5 - [0, 1])
    >>> RegularizedLDA().fit(waves, n % 5).score(waves, n % 5)
    1.0
    """

    def __init__(self, *, alpha: float | None = None) -> None:
        self.alpha = alpha

    def fit(self, X: np.ndarray, y: np.ndarray) -> RegularizedLDA:
        """Fit the discriminants of every class.

        Parameters
        ----------
        X : array of shape (n, d)
        y : array of shape (n,)
        """
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        task, rows = Task(len(self.classes_), labels, self.classes_), np.arange(len(X))
        fold = ClosedFormFold(get_backend("cpu"), [task], X, X[:0], rows)
        self.alpha_ = ALPHAS[int(fold.choose(None)[0])] if self.alpha is None else self.alpha
        weights = fold.basis.weights(np.array([self.alpha_]))[0]
        inverse = class_inverse(np, fold.gram(weights, slice(None)), fold.counts)
        # A^-1 Z'Y, by the residuals: Z'(Y - F) = n a A^-1 Z'Y.
        residual = fold.indicator - fold.basis.train @ (weights[:, None] * fold.sums)
        Z, _, mean, scale = standardised(np, X, X[:0])
        coef = scale[:, None] * (Z.T @ residual / self.alpha_) @ inverse
        offset = 0.5 * len(X) * (np.diagonal(inverse) - 1.0 / fold.counts)
        self.coef_, self.intercept_ = coef.T, -offset - mean @ coef
        return self

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        """Discriminants (n, C), or of two classes the second's minus the first's, (n,)."""
        scores = self._scores(X)
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Class of the largest discriminant; ties go to the smallest class."""
        scores = self._scores(X)
        return self.classes_[first_largest(np, scores)]

    def _scores(self, X: np.ndarray) -> np.ndarray:
        check_is_fitted(self)
        return (
            validate_data(self, X, reset=False, dtype=np.float64) @ self.coef_.T + self.intercept_
        )
