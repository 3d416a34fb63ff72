"""Out-of-fold predictions of the closed-form probes, alpha chosen inside each fold, for every T."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wordnum.analyzers.lda import (
    ALPHAS,
    FoldBasis,
    class_inverse,
    discriminants,
    first_largest,
    fold_basis,
    left_out_block,
    left_out_rows,
)
from wordnum.analyzers.residues import Task
from wordnum.backend import Backend

__all__ = ["Predictions", "closed_form_predictions"]

Array = Any


@dataclass(frozen=True, eq=False)
class Predictions:
    """What the left-out numbers were taken for.

    Attributes
    ----------
    labels : array of int of shape (number of tasks, n)
    chosen : array of int of shape (number of folds, number of tasks)
        Index in `ALPHAS` of the one chosen inside each fold.
    failed : frozenset of int
        Every T at which a fit did not converge.
    """

    labels: np.ndarray
    chosen: np.ndarray
    failed: frozenset[int] = frozenset()


def closed_form_predictions(
    backend: Backend,
    X: Array,
    tasks: Sequence[Task],
    fold_of: np.ndarray,
    *,
    classifier: str = "lda",
    group_of: np.ndarray | None = None,
    chosen: np.ndarray | None = None,
    nuisance: np.ndarray | None = None,
) -> Predictions:
    """Predict every number from the folds that it is not in.

    Parameters
    ----------
    backend : Backend
    X : array of shape (n, d)
        On the device.
    tasks : sequence of Task
    fold_of : array of int of shape (n,)
        Fold of every number; empty folds are skipped.
    classifier : {"lda", "ridge"}
        The discriminants of `wordnum.analyzers.lda`, or least squares on the class indicators with
        an intercept, as scikit-learn's RidgeClassifier.
    group_of : array of int of shape (n,), optional
        Groups that the choice of alpha leaves out as a whole; single rows by default.
    chosen : array of int of shape (folds, number of tasks), optional
        Alphas to use, instead of choosing them inside each fold.
    nuisance : array of shape (n,), optional
        Regressed out of every column, by the training rows.
    """
    xp = backend.xp
    alphas = backend.asarray(np.array(ALPHAS))
    Y = backend.asarray(_indicators(tasks, len(fold_of)))
    known = None if nuisance is None else backend.asarray(nuisance)
    n_folds = int(fold_of.max()) + 1 if chosen is None else len(chosen)
    predicted = xp.zeros((len(tasks), len(fold_of)), dtype=xp.int64)
    selected = xp.zeros((n_folds, len(tasks)), dtype=xp.int64)
    for fold in range(n_folds):
        held = fold_of == fold
        if not held.any() or held.all():
            continue
        test, train = (backend.asarray(np.flatnonzero(rows)) for rows in (held, ~held))
        pair = None if known is None else (known[train], known[test])
        basis = fold_basis(backend, X[train], X[test], nuisance=pair)
        groups = None if group_of is None else group_of[~held]
        fit = _Fold(backend, basis, tasks, Y[train], classifier)
        if chosen is None:
            selected[fold] = fit.choose(alphas, groups)
        else:
            selected[fold] = backend.asarray(chosen[fold])
        predicted[:, test] = fit.predict(alphas[selected[fold]])
    return Predictions(backend.to_numpy(predicted), backend.to_numpy(selected))


def _indicators(tasks: Sequence[Task], n: int) -> np.ndarray:
    """Indicator columns of all tasks side by side: (n, sum of C)."""
    Y = np.zeros((n, sum(task.n_classes for task in tasks)))
    first = 0
    for task in tasks:
        Y[np.arange(n), first + task.labels] = 1.0
        first += task.n_classes
    return Y


class _Fold:
    """One fold: its basis, and the class sums of every task in it."""

    def __init__(
        self,
        backend: Backend,
        basis: FoldBasis,
        tasks: Sequence[Task],
        indicator: Array,
        classifier: str,
    ) -> None:
        self.backend = backend
        self.xp = backend.xp
        self.basis = basis
        self.ridge = classifier == "ridge"
        self.indicator = indicator
        self.counts = indicator.sum(axis=0)
        # The intercept of ridge. Where no column varies there is nothing but a tie: the most
        # frequent class of the training rows is the rarest one of the rows left out.
        self.mean = self.counts / len(indicator) * (basis.scatter.sum() > 0)
        self.sums = basis.train.T @ indicator
        edges = np.cumsum([0, *(task.n_classes for task in tasks)])
        self.spans = [slice(a, b) for a, b in itertools.pairwise(edges)]

    def gram(self, weights: Array, span: slice) -> Array:
        """G for every alpha: (K, C, C)."""
        sums = self.sums[:, span]
        return (sums.T * weights[..., None, :]) @ sums

    def predict(self, alphas: Array) -> Array:
        """Predicted labels (number of tasks, m), one alpha per task."""
        xp = self.xp
        weights = self.basis.weights(alphas)
        found = []
        for task, span in enumerate(self.spans):
            w = weights[task]
            fitted = self.basis.test @ (w[:, None] * self.sums[:, span])
            counts = self.counts[span]
            if self.ridge:
                scores = xp.where(counts > 0, fitted + self.mean[span], -xp.inf)
            else:
                inverse = class_inverse(xp, self.gram(w, span), counts)
                scores = discriminants(xp, fitted, inverse, counts)
            found.append(first_largest(xp, scores))
        return xp.stack(found)

    def choose(self, alphas: Array, groups: np.ndarray | None) -> Array:
        """Index of the best alpha per task, by the rows or groups left out in turn.

        The discriminant takes the alpha with the largest left-out kappa, ridge that with the
        smallest left-out squared error, as RidgeClassifierCV does; of equals the larger one.
        """
        weights = self.basis.weights(alphas)
        fitted = self.basis.train @ (weights[:, :, None] * self.sums)
        if groups is None:
            quality = self._rows_left_out(weights, fitted)
        else:
            quality = self._groups_left_out(weights, fitted, groups)
        last = len(alphas) - 1
        return self.xp.stack([last - values[::-1].argmax() for values in quality])

    def _rows_left_out(self, weights: Array, fitted: Array) -> list[Array]:
        leverage = weights @ (self.basis.train**2).T
        if self.ridge:
            rest = 1.0 - leverage - 1.0 / len(self.indicator)
            gap = fitted - (self.indicator - self.mean)
            gap *= gap
            error = (rest[:, None, :] ** -2.0 @ gap)[:, 0]
            return [-error[:, span].sum(axis=1) for span in self.spans]
        found = []
        for span in self.spans:
            Y, counts = self.indicator[:, span], self.counts[span]
            inverse = class_inverse(self.xp, self.gram(weights, span), counts)
            scores = left_out_rows(self.xp, fitted[..., span], leverage, Y, inverse, counts)
            found.append(self._kappa(scores, Y))
        return found

    def _groups_left_out(self, weights: Array, fitted: Array, groups: np.ndarray) -> list[Array]:
        xp = self.xp
        members = [self.backend.asarray(np.flatnonzero(groups == g)) for g in np.unique(groups)]
        found: list[list[Array]] = [[] for _ in self.spans]
        for rows in members:
            train, Y = self.basis.train[rows], self.indicator[rows]
            hat = (train * weights[:, None, :]) @ train.T
            gap = Y - fitted[:, rows]
            if self.ridge:
                hat += 1.0 / len(self.indicator)
                gap -= self.mean
            residual = xp.linalg.solve(xp.eye(len(rows)) - hat, gap)
            for part, span in zip(found, self.spans, strict=True):
                if self.ridge:
                    part.append(-(residual[..., span] ** 2).sum(axis=(1, 2)))
                    continue
                gram, counts = self.gram(weights, span), self.counts[span]
                blocks = residual[..., span], gap[..., span], Y[:, span]
                part.append(left_out_block(xp, *blocks, gram, counts))
        if self.ridge:
            return [sum(part) for part in found]
        Y = self.indicator[xp.concatenate(members)]
        return [self._kappa(xp.concatenate(p, axis=1), Y[:, s]) for p, s in zip(found, self.spans)]

    def _kappa(self, scores: Array, indicator: Array) -> Array:
        """Cohen's kappa per alpha of scores (K, rows, C)."""
        n = len(indicator)
        said = self.xp.eye(scores.shape[-1])[scores.argmax(axis=-1)]
        observed = (said * indicator).sum(axis=(1, 2)) / n
        expected = (said.sum(axis=1) * indicator.sum(axis=0)).sum(axis=-1) / n**2
        return (observed - expected) / self.xp.maximum(1.0 - expected, 1e-12)
