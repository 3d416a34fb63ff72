"""The closed-form probe at given alphas: hundreds of labels, selections or halves in one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from wordnum.analyzers.agreement import kappa
from wordnum.analyzers.closed_form import ALPHAS, class_inverse, first_largest
from wordnum.analyzers.refit_folds import Fold, Kernels, Moments, rows_of
from wordnum.analyzers.residues import Task
from wordnum.backend import Backend

Array = Any
# Entries of the indicators of classes that permutations hold at once; of factors, twice as many.
_ENTRIES = 1_000_000


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
        data, labels = self._data(rows, nuisance, folds_of), np.stack([t.labels for t in tasks])
        sizes, total = [task.n_classes for task in tasks], np.zeros(len(tasks))
        indicator = np.hstack([np.eye(task.n_classes)[task.labels] for task in tasks])
        Y = self.backend.asarray(indicator)
        for fold_of, alphas in zip(folds_of, chosen, strict=True):
            said = self._predicted(data, Y, sizes, fold_of, alphas)
            total += kappa(labels, said, max(sizes))
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
        data = self._data(rows, nuisance, folds_of)
        total = [np.zeros(len(block)) for block in labels]
        for fold_of, alphas in zip(folds_of, chosen, strict=True):
            for values, kappas in zip(total, self._permuted(data, tasks, fold_of, alphas, labels)):
                values += kappas
        return [values / len(chosen) for values in total]

    def _permuted(
        self,
        data: Moments | Kernels,
        tasks: Sequence[Task],
        fold_of: np.ndarray,
        alphas: np.ndarray,
        labels: Sequence[np.ndarray],
    ) -> Iterator[np.ndarray]:
        """As `permuted`, of one repeat: its folds are gone before those of the next are made."""
        which, parts = _parts(fold_of, len(alphas))
        on_device = [self.backend.asarray(held) for held in parts]
        folds = [*data.folds(on_device)] if len(parts) > 1 else []
        # A factor serves the blocks of a task, and while memory lasts the tasks of equal alpha.
        size = max((fold.matrix.size + fold.test.size for fold in folds), default=1)
        factor = lru_cache(maxsize=2 * _ENTRIES // size)(Fold.factor)
        for at, (task, asked) in enumerate(zip(tasks, labels, strict=True)):
            step = max(1, _ENTRIES // (task.n_classes * len(fold_of)))
            given = [ALPHAS[a] for a in alphas[which, at]]
            kappas = np.zeros(len(asked))
            for first in range(0, len(asked), step):
                # In the order of the folds, each of which is a slice then.
                block = asked[first : first + step][:, np.concatenate(parts)]
                said = self._predicted_again(data, block, task.n_classes, folds, given, factor)
                kappas[first : first + step] = kappa(block, said, task.n_classes)
            yield kappas

    def _data(
        self, rows: np.ndarray, nuisance: np.ndarray | None, folds_of: np.ndarray
    ) -> Moments | Kernels:
        largest = max(np.bincount(fold_of).max() for fold_of in folds_of)
        every = np.array_equal(rows, np.arange(len(self.X)))
        X = self.X if every else self.X[self.backend.asarray(rows)]
        return rows_of(self.backend, X, nuisance, len(rows) - int(largest))

    def _predicted(
        self,
        data: Moments | Kernels,
        indicator: Array,
        sizes: Sequence[int],
        fold_of: np.ndarray,
        alphas: np.ndarray,
    ) -> np.ndarray:
        """Labels (number of tasks, n) out of fold, of the indicators of all tasks side by side."""
        xp, last, width = self.backend.xp, sum(sizes), max(sizes)
        # Tasks of fewer classes than others are filled up with a class that no row has.
        edges = np.cumsum([0, *sizes])
        place = [[*range(a, b), *[last] * (width - b + a)] for a, b in pairwise(edges)]
        at = self.backend.asarray(np.array(place))
        scores = xp.zeros((len(sizes), width, len(indicator)))
        which, rows = _parts(fold_of, len(alphas))
        parts = [self.backend.asarray(held) for held in rows]
        if len(parts) > 1:
            folds = data.folds(parts)
            sums = data.class_sums(parts, [indicator[held].T for held in parts])
            for index, fold, own in zip(which, folds, sums, strict=True):
                counts = xp.zeros(last + 1)
                counts[:-1] = indicator.sum(axis=0) - indicator[fold.held].sum(axis=0)
                z, weights = xp.zeros((2, last + 1, own.shape[1]))
                for a in set(alphas[index].tolist()):
                    columns = np.flatnonzero(np.repeat(alphas[index] == a, sizes))
                    ours = self.backend.asarray(columns)
                    z[ours], weights[ours] = fold.fit(ALPHAS[a], own[ours])
                penalties = self.backend.asarray(np.array(ALPHAS)[alphas[index]])
                product = (z @ z.T)[at[:, :, None], at[:, None, :]]
                gram = fold.gram(penalties[:, None, None], product, counts[at])
                fitted = (weights @ fold.test.T)[at]
                rule, offset = self._rule(gram, counts[at], fold.n)
                scores[:, :, fold.held] = rule @ fitted + offset[..., None]
        return self.backend.to_numpy(first_largest(xp, xp.swapaxes(scores, 1, 2)))

    def _predicted_again(
        self,
        data: Moments | Kernels,
        labels: np.ndarray,
        C: int,
        folds: Sequence[Fold],
        alphas: Sequence[float],
        factor_of: Callable[[Fold, float], tuple[Array, Array]],
    ) -> np.ndarray:
        """Labels (times, n) out of fold, where those (times, n) are the true ones.

        Rows are in the order of the folds, of each of which alpha is given.
        """
        xp, said = self.backend.xp, np.zeros(labels.shape, dtype=np.int64)
        if not folds:
            return said
        # Of the last class by the others: over all classes f, and the rows of G, add up to 0.
        classes = xp.arange(C - 1, dtype=xp.int16)[:, None]
        on_device = self.backend.asarray(labels.astype(np.int16))
        one_hot = (on_device[:, None] == classes).astype(xp.float32)
        edges = np.cumsum([0, *(len(fold.held) for fold in folds)])
        spans = [slice(a, b) for a, b in pairwise(edges)]
        own = [one_hot[..., span].sum(axis=-1) for span in spans]
        total, flat = sum(own), one_hot.reshape(-1, labels.shape[1])
        sums = data.class_sums([fold.held for fold in folds], [flat[:, span] for span in spans])
        for fold, alpha, s, n, span in zip(folds, alphas, sums, own, spans, strict=True):
            factor, w = factor_of(fold, alpha)
            seen = total - n
            z = fold.solved(factor, s)
            by_class = z.reshape(len(labels), C - 1, -1)
            product = by_class @ xp.swapaxes(by_class, 1, 2)
            gram = fold.gram(alpha, product, seen).astype(xp.float64)
            gram = _with_last(xp, _with_last(xp, gram, 0.0, axis=1), 0.0, axis=2)
            rule, offset = self._rule(gram, _with_last(xp, seen, fold.n, axis=1), fold.n)
            rule = (rule[..., :-1] - rule[..., -1:]).astype(xp.float32)
            fitted = (z @ w.T).reshape(len(labels), C - 1, -1)
            scores = rule @ fitted
            scores += offset.astype(xp.float32)[..., None]
            said[:, span] = self.backend.to_numpy(_first_best(xp, scores))
        return said

    def _rule(self, gram: Array, counts: Array, n: int) -> tuple[Array, Array]:
        """Matrices (times, C, C) and offsets (times, C) that make scores of f: a product, a sum."""
        xp, present = self.backend.xp, counts > 0
        if self.ridge:
            # Where no column varies there is nothing but a tie.
            rule, offset = xp.eye(gram.shape[-1]), counts / n * gram.any()
            rule = xp.broadcast_to(rule, gram.shape)
        else:
            rule = class_inverse(xp, gram, counts.astype(xp.float64))
            known = 1.0 / xp.where(present, counts, 1.0)
            offset = -0.5 * (xp.diagonal(rule, axis1=1, axis2=2) - known)
        return rule, xp.where(present, offset, -xp.inf)


def _parts(fold_of: np.ndarray, n_folds: int) -> tuple[list[int], list[np.ndarray]]:
    """Every fold that has rows, and these."""
    found = {fold: np.flatnonzero(fold_of == fold) for fold in range(n_folds)}
    which = [fold for fold, held in found.items() if len(held)]
    return which, [found[fold] for fold in which]


def _with_last(xp: Any, others: Array, total: float, *, axis: int) -> Array:
    """Values of all classes along an axis, from those of all but the last and their total."""
    return xp.concatenate([others, total - others.sum(axis=axis, keepdims=True)], axis=axis)


def _first_best(xp: Any, scores: Array) -> Array:
    """Index of the largest along axis 1, the first of equals."""
    best, found = scores.max(axis=1), xp.zeros((len(scores), scores.shape[2]), dtype=xp.int32)
    for at in range(scores.shape[1] - 1, -1, -1):
        found = xp.where(scores[:, at] == best, at, found)
    return found
