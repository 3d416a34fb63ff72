"""The closed-form probe at given alphas: hundreds of labels, selections or halves in one pass.

With alpha given, a fold needs no eigenvectors, and its training rows enter by their moments only,
which are those of all rows less those of the fold. With the columns divided by their deviations D
in the training rows, ``A = D X'X D + n a I = L L'`` and ``R = D L'^-1``, class sums s and left-out
rows x give ``f(x) = (x R) (s R)'`` and ``G = (s R) (s R)'`` of `wordnum.analyzers.closed_form`.
Other labels change s alone.

A variable k that is regressed out of the columns, by the training rows, is a further column: with
its slopes b, ``x - k b`` is ``[x, k] [I; -b]``.

Of more columns than rows, ``X = E V'`` in at most n dimensions. There the penalty is
``n a (V' D^2 V)^-1``, and with ``C C' = V' D^2 V`` the rest is as before with C in place of D.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from wordnum.analyzers.agreement import kappa
from wordnum.analyzers.closed_form import ALPHAS, class_inverse, first_largest
from wordnum.analyzers.residues import Task
from wordnum.backend import Backend

Array = Any
# Entries of the sums of classes that are held at once, over the permutations of a block.
_ENTRIES = 100_000_000
# Share of the variance of a column below which what is left of it is rounding.
_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Refits:
    """One embedding, refitted on any of its rows with any labels.

    Parameters
    ----------
    backend : Backend
    X : array of shape (n, d)
        Centred columns, on the device.
    ridge : bool
        As in `ClosedFormFold`.
    """

    backend: Backend
    X: Array
    ridge: bool = False

    @cached_property
    def scaled(self) -> Array:
        """X, each column over its largest entry: those of any size fit into float32."""
        xp = self.backend.xp
        largest = xp.abs(self.X).max(axis=0)
        return self.X / xp.where(largest > 0, largest, 1.0)

    @cached_property
    def reduced(self) -> tuple[Array, Array | None]:
        """E (n, r) and V (d, r), where there are more columns than rows; else X and None."""
        X = self.scaled
        if X.shape[1] <= len(X) or not X.any():
            return X[:, : len(X)], None
        values, vectors = self.backend.eigh(X @ X.T)
        keep = values > _ROUNDING * values[-1]
        V = X.T @ vectors[:, keep] / self.backend.xp.sqrt(values[keep])
        return X @ V, V

    def kappas(
        self,
        rows: np.ndarray,
        tasks: Sequence[Task],
        folds_of: np.ndarray,
        chosen: Sequence[np.ndarray],
        *,
        nuisance: np.ndarray | None = None,
    ) -> np.ndarray:
        """Kappa x 100 of every task, mean over the repeats.

        Parameters
        ----------
        rows : array of int of shape (n,)
            Rows of the embedding that take part.
        tasks : sequence of Task
            Of these rows.
        folds_of : array of int of shape (repeats, n)
        chosen : sequence of int array of shape (folds, number of tasks)
            Index in `ALPHAS`, per repeat.
        nuisance : array of shape (n, p), optional
            Regressed out of every column, by the training rows.
        """
        data = _Data(self, rows, nuisance)
        indicator = np.hstack([np.eye(task.n_classes)[task.labels] for task in tasks])
        Y = self.backend.asarray(indicator)
        total = np.zeros(len(tasks))
        for fold_of, alphas in zip(folds_of, chosen, strict=True):
            said = data.predicted(Y, tasks, data.folds(fold_of, len(alphas)), alphas)
            total += [kappa(t.labels, row, t.n_classes) for t, row in zip(tasks, said, strict=True)]
        return total / len(chosen)

    def permuted(
        self,
        rows: np.ndarray,
        tasks: Sequence[Task],
        folds_of: np.ndarray,
        chosen: Sequence[np.ndarray],
        labels: Sequence[np.ndarray],
        *,
        nuisance: np.ndarray | None = None,
    ) -> list[np.ndarray]:
        """Kappa x 100 of every task under other labels (times, n): arrays of shape (times,).

        Parameters are those of `kappas`, and an array of labels per task. Their class sums are
        taken in float32: they decide between classes, and are no result.
        """
        data = _Data(self, rows, nuisance)
        total = [np.zeros(len(block)) for block in labels]
        for fold_of, alphas in zip(folds_of, chosen, strict=True):
            folds = data.folds(fold_of, len(alphas))
            rotations = [data.rotations(fold, alphas[fold.index]) for fold in folds]
            for at, (task, asked) in enumerate(zip(tasks, labels, strict=True)):
                step = max(1, _ENTRIES // (task.n_classes * max(data.W.shape)))
                for first in range(0, len(asked), step):
                    block = asked[first : first + step]
                    own = [one[int(alphas[f.index, at])] for f, one in zip(folds, rotations)]
                    said = data.permuted(block, task.n_classes, folds, own)
                    total[at][first : first + step] += kappa(block, said, task.n_classes)
        return [values / len(chosen) for values in total]


@dataclass(frozen=True, eq=False)
class _Fold:
    """Moments of the training rows of a fold, and the rows left out.

    Attributes
    ----------
    index : int
    held : array of int of shape (m,)
        The left-out rows.
    n : int
        Training rows.
    mean : array of shape (d,)
        Of the training rows.
    root : array
        D, or C where there are more columns than rows.
    inner : array of shape (r, r)
        ``root' X'X root``.
    slopes : array or None
        Of the columns on what is regressed out.
    """

    index: int
    held: Array
    n: int
    mean: Array
    root: Array
    inner: Array
    slopes: Array | None


class _Data:
    """Some rows of an embedding, with what is regressed out as further columns W."""

    def __init__(self, refits: Refits, rows: np.ndarray, nuisance: np.ndarray | None) -> None:
        self.backend, self.xp, self.ridge = refits.backend, refits.backend.xp, refits.ridge
        columns, self.axes = refits.reduced
        self.rows, self.r, self.full = self.backend.asarray(rows), columns.shape[1], refits.scaled
        self.W = columns[self.rows]
        if nuisance is not None:
            largest = np.maximum(np.abs(nuisance).max(axis=0), 1e-300)
            known = self.backend.asarray(nuisance / largest)
            self.W = self.xp.concatenate([self.W, known], axis=1)
        self.small = self.W.astype(self.xp.float32)

    def folds(self, fold_of: np.ndarray, n_folds: int) -> list[_Fold]:
        """Every fold that has rows in it and outside it."""
        parts = [self.backend.asarray(np.flatnonzero(fold_of == f)) for f in range(n_folds)]
        moments = [(len(W), W.sum(axis=0), W.T @ W) for W in (self.W[part] for part in parts)]
        total = [sum(each) for each in zip(*moments, strict=True)]
        folds = []
        for index, (held, own) in enumerate(zip(parts, moments, strict=True)):
            n, sums, gram = (whole - one for whole, one in zip(total, own, strict=True))
            if not len(held) or not n:
                continue
            mean = sums / n
            scatter, slopes = self._regressed(gram - n * mean[:, None] * mean)
            root = self._root(scatter, total[2], fold_of != index, mean, slopes)
            inner = _times(root, _times(root, scatter).T)
            folds.append(_Fold(index, held, n, mean, root, inner, slopes))
        return folds

    def _regressed(self, scatter: Array) -> tuple[Array, Array | None]:
        """Scatter of the columns without what is regressed out, and the slopes of that."""
        r = self.r
        if r == len(scatter):
            return scatter, None
        slopes = self.xp.linalg.pinv(scatter[r:, r:], rcond=_ROUNDING) @ scatter[r:, :r]
        return scatter[:r, :r] - scatter[:r, r:] @ slopes, slopes

    def _root(
        self, scatter: Array, gram: Array, seen: np.ndarray, mean: Array, slopes: Array | None
    ) -> Array:
        """D, or C where there are more columns than rows."""
        xp, r = self.xp, self.r
        if self.axes is None:
            left, whole = xp.diagonal(scatter), xp.diagonal(gram)[:r]
        else:
            train = self.backend.asarray(np.flatnonzero(seen))
            Z = self.full[self.rows[train]] - mean[:r] @ self.axes.T
            if slopes is not None:
                Z = Z - (self.W[train, r:] - mean[r:]) @ slopes @ self.axes.T
            left, whole = (Z * Z).sum(axis=0), (self.full * self.full).sum(axis=0)
        varies = left > _ROUNDING * whole
        n = int(seen.sum())
        inverse = xp.where(varies, xp.sqrt(n / xp.where(varies, left, 1.0)), 0.0)
        if self.axes is None:
            return inverse
        scaled = inverse[:, None] * self.axes
        square = scaled.T @ scaled
        return xp.linalg.cholesky(square + 1e-13 * (1.0 + xp.trace(square)) * xp.eye(r))

    def _columns(self, fold: _Fold, centred: Array) -> Array:
        """Rows less the mean, in the coordinates whose penalty is the same for all: (n, r)."""
        if fold.slopes is not None:
            centred = centred[:, : self.r] - centred[:, self.r :] @ fold.slopes
        return _times(fold.root, centred.T).T

    def predicted(
        self, indicator: Array, tasks: Sequence[Task], folds: Sequence[_Fold], alphas: np.ndarray
    ) -> np.ndarray:
        """Labels (number of tasks, n) out of fold, of the indicators of all tasks side by side."""
        xp = self.xp
        sizes = [task.n_classes for task in tasks]
        edges, last = np.cumsum([0, *sizes]), sum(sizes)
        # Tasks of fewer classes than others are filled up with a class that no row has.
        place = [[*range(a, b), *[last] * (max(sizes) - b + a)] for a, b in pairwise(edges)]
        at = self.backend.asarray(np.array(place))
        total, counts = indicator.T @ self.W, indicator.sum(axis=0)
        said = xp.zeros((len(tasks), len(self.W)), dtype=xp.int64)
        for fold in folds:
            Y, W = indicator[fold.held], self.W[fold.held]
            seen = counts - Y.sum(axis=0)
            sums = self._columns(fold, total - Y.T @ W - seen[:, None] * fold.mean)
            solved = xp.zeros((self.r, last + 1))
            for a in np.unique(alphas[fold.index]):
                columns = np.flatnonzero(np.repeat(alphas[fold.index] == a, sizes))
                ours = self.backend.asarray(columns)
                matrix = _penalised(fold.inner, fold.n * ALPHAS[a])
                solved[:, ours] = self.backend.solve_definite(matrix, sums[ours].T)
            sums, seen = (xp.concatenate([x, xp.zeros_like(x[:1])]) for x in (sums, seen))
            gram = (sums @ solved)[at[:, :, None], at[:, None, :]]
            fitted = (self._columns(fold, W - fold.mean) @ solved).T[at]
            scores = self._scores(gram, fitted, seen[at], fold.n)
            said[:, fold.held] = first_largest(xp, xp.swapaxes(scores, 1, 2))
        return self.backend.to_numpy(said)

    def rotations(self, fold: _Fold, alphas: np.ndarray) -> dict[int, tuple[Array, Array]]:
        """By the index of an alpha: the root R of A^-1, and the left-out rows times it."""
        xp, found = self.xp, {}
        for a in np.unique(alphas):
            matrix = _penalised(fold.inner, fold.n * ALPHAS[a])
            R = _times(fold.root.T, self.backend.root_of_inverse(matrix))
            if fold.slopes is not None:
                R = xp.concatenate([R, -fold.slopes @ R])
            test = (self.W[fold.held] - fold.mean) @ R
            found[int(a)] = R.astype(xp.float32), test.astype(xp.float32)
        return found

    def permuted(
        self,
        labels: np.ndarray,
        C: int,
        folds: Sequence[_Fold],
        rotations: Sequence[tuple[Array, Array]],
    ) -> np.ndarray:
        """Labels (times, n) out of fold, where those (times, n) are the true ones."""
        xp = self.xp
        on_device = self.backend.asarray(labels.astype(np.int32))
        # Of the last class by the others: sums of rows less their mean add up to nothing.
        classes = xp.arange(C - 1, dtype=xp.int32)[:, None]
        sums, counts = [], []
        for fold in folds:
            one_hot = (on_device[:, None, fold.held] == classes).astype(xp.float32)
            flat = one_hot.reshape(-1, len(fold.held)) @ self.small[fold.held]
            sums.append(flat.reshape(*one_hot.shape[:2], -1))
            counts.append(one_hot.sum(axis=-1))
        all_sums, all_counts = sum(sums), sum(counts)
        said = xp.zeros(labels.shape, dtype=xp.int32)
        for fold, (R, test), own, n in zip(folds, rotations, sums, counts, strict=True):
            seen = all_counts - n
            centred = all_sums - own - seen[..., None] * fold.mean.astype(xp.float32)
            rotated = centred.reshape(-1, len(R)) @ R
            fitted = _with_last(xp, (rotated @ test.T).reshape(len(labels), C - 1, -1), 0.0)
            rotated = _with_last(xp, rotated.reshape(len(labels), C - 1, -1), 0.0)
            seen = _with_last(xp, seen[..., None], fold.n)[..., 0]
            gram = rotated @ xp.swapaxes(rotated, 1, 2)
            said[:, fold.held] = self._scores(gram, fitted, seen, fold.n).argmax(axis=1)
        return self.backend.to_numpy(said)

    def _scores(self, gram: Array, fitted: Array, counts: Array, n: int) -> Array:
        """Scores (times, C, m) of left-out rows, from G (times, C, C) and f (times, C, m)."""
        xp, dtype = self.xp, fitted.dtype
        present = counts > 0
        if self.ridge:
            # Where no column varies there is nothing but a tie.
            scores = fitted + (counts / n * gram.any())[..., None].astype(dtype)
        else:
            inverse = class_inverse(xp, gram.astype(xp.float64), counts.astype(xp.float64))
            offset = xp.diagonal(inverse, axis1=1, axis2=2) - 1.0 / xp.where(present, counts, 1.0)
            scores = inverse.astype(dtype) @ fitted - 0.5 * offset.astype(dtype)[..., None]
        return xp.where(present[..., None], scores, -xp.inf)


def _times(root: Array, matrix: Array) -> Array:
    """``root' matrix``, where a diagonal root is a vector."""
    return root[:, None] * matrix if root.ndim == 1 else root.T @ matrix


def _penalised(inner: Array, penalty: float) -> Array:
    """Matrix with a penalty added along its diagonal."""
    matrix = inner.copy()
    matrix.ravel()[:: len(inner) + 1] += penalty
    return matrix


def _with_last(xp: Any, others: Array, total: float) -> Array:
    """Values of all classes, (times, C, ...), from those of all but the last and their total."""
    return xp.concatenate([others, total - others.sum(axis=1, keepdims=True)], axis=1)
