"""Regularised discriminant in closed form: one eigendecomposition serves every T and alpha.

With the training rows Z (n, d) of a fold, standardised, and the indicator Y (n, C) of the classes
with N = diag(Y'Y), put ``A = Z'Z + n a I`` for a regularisation alpha a. The covariance of linear
discriminant analysis, ``S_W + a I``, is ``(A - Z'Y N^-1 Y'Z) / n``, a change of A by rank C. So
with ``F = Z A^-1 Z'Y``, the fitted values of a ridge regression of Y, ``G = Y'F`` and
``B = (N - G)^-1`` the discriminants with equal priors,
``mu_r' (S_W + a I)^-1 x - 1/2 mu_r' (S_W + a I)^-1 mu_r``, are n times

    ``f(x) B - 1/2 diag(B - N^-1)``,      ``f(x) = x' A^-1 Z'Y``.

A needs the eigendecomposition of the total scatter Z'Z only, whatever the classes and a.

Leaving training row i out (standardisation and n a kept) changes N - G by rank one: with
``q = z_i' A^-1 z_i`` and the left-out residual ``v = (y_i - f_i) / (1 - q)``,
``N' - G' = N - G - (1 - q) v v'``, so the discriminants without row i cost a product with B. For
a block b of rows, ``N' - G' = N - G - V'(I - Q_bb) V`` with ``V = (I - Q_bb)^-1 (Y_b - F_b)``.
Both are exact. They choose alpha inside the fold.

Equal priors: the classes of n mod T are equally many by construction, S_B of the paper weighs
them equally, and priors of the training fold would push predictions away from the classes of the
left-out numbers. scikit-learn's ``LinearDiscriminantAnalysis(solver="lsqr", shrinkage=s)`` has
the same discriminants after its log priors are taken off, at ``s = a / (a + Tr(S_W) / d)``.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wordnum.analyzers.residues import Task
from wordnum.backend import Backend

# In units of the mean variance of a standardised column, which is 1.
ALPHAS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0)

Array = Any


@dataclass(frozen=True, eq=False)
class FoldBasis:
    """Rows of a fold in the eigenbasis of the training rows' total scatter.

    Attributes
    ----------
    train, test : array of shape (n, r), (m, r)
        Standardised rows, rotated; r is the rank.
    scatter : array of shape (r,)
        Eigenvalues of Z'Z.
    """

    train: Array
    test: Array
    scatter: Array

    def weights(self, alphas: Array) -> Array:
        """Diagonal of A^-1 in this basis per alpha: (K, r)."""
        return 1.0 / (self.scatter + len(self.train) * alphas[:, None])


def standardised(xp: Any, train: Array, test: Array) -> tuple[Array, Array, Array, Array]:
    """Columns with mean 0 and variance 1 by the training rows; constant columns become 0.

    Parameters
    ----------
    xp : module
        numpy or cupy.
    train, test : array of shape (n, d), (m, d)
        Rows of the embedding.

    Returns
    -------
    tuple of array
        Standardised training and test rows, the means, and the inverse standard deviations.
    """
    mean = train.mean(axis=0)
    Z, Z_test = train - mean, test - mean
    scale = xp.sqrt(xp.einsum("ij,ij->j", Z, Z) / len(Z))
    varies = scale > 1e-13 * xp.abs(mean)  # of equal entries, the mean differs by rounding
    inverse = xp.where(varies, 1.0 / xp.where(varies, scale, 1.0), 0.0)
    Z *= inverse
    Z_test *= inverse
    return Z, Z_test, mean, inverse


def fold_basis(backend: Backend, train: Array, test: Array) -> FoldBasis:
    """Standardise by the training rows and rotate into the eigenbasis of their scatter.

    Parameters are those of `standardised`, on the device of the backend.
    """
    xp = backend.xp
    Z, Z_test, *_ = standardised(xp, train, test)
    n, d = Z.shape
    if d <= n:
        scatter, vectors = backend.eigh(Z.T @ Z)
        return FoldBasis(Z @ vectors, Z_test @ vectors, xp.maximum(scatter, 0.0))
    scatter, vectors = backend.eigh(Z @ Z.T)
    keep = scatter > 1e-12 * max(float(scatter[-1]), 1e-300)
    scatter, vectors = scatter[keep], vectors[:, keep]
    root = xp.sqrt(scatter)
    return FoldBasis(vectors * root, Z_test @ Z.T @ (vectors / root), scatter)


def gram_basis(backend: Backend, product: Array, train: Array, test: Array) -> FoldBasis:
    """Basis of a fold from inner products of rows: all columns, however many, as they are.

    Columns are centred by the training rows and not standardised. The mean eigenvalue of Z'Z
    becomes n, as it is for standardised columns.

    Parameters
    ----------
    backend : Backend
    product : array of shape (N, N)
        Inner products of all rows.
    train, test : array of int of shape (n,), (m,)
        Which rows.
    """
    xp = backend.xp
    inner, across = product[train][:, train], product[test][:, train]
    mean = inner.mean(axis=0)
    inner = inner - mean[:, None] - mean + mean.mean()
    across = across - across.mean(axis=1, keepdims=True) - mean + mean.mean()
    scatter, vectors = backend.eigh(inner)
    keep = scatter > 1e-12 * max(float(scatter[-1]), 1e-300)
    scatter, vectors = scatter[keep], vectors[:, keep]
    scale = len(train) / scatter.mean()
    root = xp.sqrt(scatter * scale)
    return FoldBasis(vectors * root, across @ (vectors * (scale / root)), scatter * scale)


def discriminants(xp: Any, fitted: Array, inverse: Array, counts: Array) -> Array:
    """Discriminants ``f B - 1/2 diag(B - N^-1)`` of rows f (..., m, C); absent classes get -inf."""
    present = counts > 0
    offset = xp.diagonal(inverse, axis1=-2, axis2=-1) - 1.0 / xp.where(present, counts, 1.0)
    scores = fitted @ inverse - 0.5 * offset[..., None, :]
    return xp.where(present[..., None, :], scores, -xp.inf)


def class_inverse(xp: Any, gram: Array, counts: Array) -> Array:
    """B = (N - G)^-1; a class without training rows stands apart as a 1 on the diagonal."""
    C = gram.shape[-1]
    eye = xp.eye(C, dtype=gram.dtype)
    matrix = eye * xp.where(counts > 0, counts, 1.0)[..., None, :] - gram
    try:
        return xp.linalg.inv(matrix)
    except np.linalg.LinAlgError:  # rounding alone: classes that nothing but alpha keeps apart
        return xp.linalg.pinv(matrix, hermitian=True)


def left_out_rows(
    xp: Any, fitted: Array, leverage: Array, indicator: Array, inverse: Array, counts: Array
) -> Array:
    """Discriminants of every training row by the rule that never saw it.

    Parameters
    ----------
    fitted : array of shape (K, n, C)
        F for K alphas.
    leverage : array of shape (K, n)
        q for every row.
    indicator : array of shape (n, C)
        Y.
    inverse : array of shape (K, C, C)
        B.
    counts : array of shape (C,)
        Rows per class.

    Returns
    -------
    array of shape (K, n, C)
    """
    c = (1.0 - leverage)[..., None]
    v = (indicator - fitted) / c
    Bv = v @ inverse
    t = (v * Bv).sum(axis=-1, keepdims=True)
    left = counts - indicator
    # The only row of its class is missed whatever it is taken for, and N' - G' is singular.
    alone = (left * indicator).sum(axis=-1, keepdims=True) == 0
    gain = xp.where(alone, 0.0, c / xp.where(alone, 1.0, 1.0 - c * t))
    # With the left-out fit R = Y - v: R B = B_y - v B and R B v = (B v)_y - t.
    own = (Bv * indicator).sum(axis=-1, keepdims=True)
    scores = indicator @ inverse - Bv + (own - t) * gain * Bv
    diagonal = xp.diagonal(inverse, axis1=-2, axis2=-1)[:, None, :] + gain * Bv**2
    scores -= 0.5 * (diagonal - 1.0 / xp.maximum(left, 1.0))
    return xp.where(left > 0, scores, -xp.inf)


def left_out_block(
    xp: Any, residual: Array, within: Array, indicator: Array, gram: Array, counts: Array
) -> Array:
    """Discriminants of the rows of a block by the rule that never saw the block.

    Parameters
    ----------
    residual : array of shape (K, b, C)
        ``V = (I - Q_bb)^-1 (Y_b - F_b)`` for K alphas.
    within : array of shape (K, b, C)
        ``(I - Q_bb) V``.
    indicator : array of shape (b, C)
        Y_b.
    gram : array of shape (K, C, C)
        G of all training rows.
    counts : array of shape (C,)
        Rows per class in all training rows.

    Returns
    -------
    array of shape (K, b, C)
    """
    taken = indicator.sum(axis=0)
    change = xp.swapaxes(residual, -1, -2) @ within
    # N' - G' = N - G - V' (I - Q) V, hence G' = G + V' (I - Q) V - (N - N').
    gram_left = gram + change - taken * xp.eye(gram.shape[-1])
    left = xp.broadcast_to(counts - taken, gram_left.shape[:-1])
    inverse = class_inverse(xp, gram_left, left)
    return discriminants(xp, indicator - residual, inverse, left)


def first_largest(xp: Any, scores: Array) -> Array:
    """Index of the largest score along the last axis; ties, up to rounding, go to the first."""
    best = scores.max(axis=-1, keepdims=True)
    scale = xp.abs(best) + xp.abs(xp.where(xp.isfinite(scores), scores, 0.0)).max(
        axis=-1, keepdims=True
    )
    return xp.argmax(scores >= best - 1e-12 * scale, axis=-1)


class ClosedFormFold:
    """The discriminant, or a ridge regression of the indicators, on one fold, for every task.

    Parameters
    ----------
    backend : Backend
    tasks : sequence of Task
    train, test : array of shape (n, d), (m, d)
        On the device.
    rows : array of int of shape (n,)
        Which of a task's labels are those of the training rows.
    ridge : bool
        Least squares on the class indicators with an intercept, as scikit-learn's RidgeClassifier.
    basis : FoldBasis, optional
        In place of that of `train` and `test`: `gram_basis`, where columns are not standardised.
    """

    failed: frozenset[int] = frozenset()

    def __init__(
        self,
        backend: Backend,
        tasks: Sequence[Task],
        train: Array,
        test: Array,
        rows: np.ndarray,
        *,
        ridge: bool = False,
        basis: FoldBasis | None = None,
    ) -> None:
        self.backend, self.xp, self.ridge = backend, backend.xp, ridge
        self.alphas = backend.asarray(np.array(ALPHAS))
        self.basis = basis or fold_basis(backend, train, test)
        one_hot = [np.eye(task.n_classes)[task.labels[rows]] for task in tasks]
        self.indicator = backend.asarray(np.hstack(one_hot))
        self.counts = self.indicator.sum(axis=0)
        # The intercept of ridge. Where no column varies there is nothing but a tie: the most
        # frequent class of the training rows is the rarest one of the rows left out.
        self.mean = self.counts / len(rows) * (self.basis.scatter.sum() > 0)
        self.sums = self.basis.train.T @ self.indicator
        edges = np.cumsum([0, *(task.n_classes for task in tasks)])
        self.spans = [slice(a, b) for a, b in itertools.pairwise(edges)]

    def gram(self, weights: Array, span: slice) -> Array:
        """G for every alpha: (K, C, C)."""
        sums = self.sums[:, span]
        return (sums.T * weights[..., None, :]) @ sums

    def predict(self, chosen: np.ndarray) -> np.ndarray:
        """Predicted labels (number of tasks, m), one index of `ALPHAS` per task."""
        xp = self.xp
        weights = self.basis.weights(self.alphas[self.backend.asarray(chosen)])
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
        return self.backend.to_numpy(xp.stack(found))

    def choose(self, groups: np.ndarray | None) -> np.ndarray:
        """Index of the best of `ALPHAS` per task, by the rows or groups left out in turn.

        The discriminant takes the alpha with the largest left-out kappa, ridge that with the
        smallest left-out squared error, as RidgeClassifierCV does; of equals the larger one.
        """
        weights = self.basis.weights(self.alphas)
        fitted = self.basis.train @ (weights[:, :, None] * self.sums)
        if groups is None:
            quality = self._rows_left_out(weights, fitted)
        else:
            quality = self._groups_left_out(weights, fitted, groups)
        last = len(ALPHAS) - 1
        best = [last - values[::-1].argmax() for values in quality]
        return self.backend.to_numpy(self.xp.stack(best))

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
