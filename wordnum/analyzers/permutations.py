"""Null distributions of the closed-form probes, hundreds of permutations in a product per fold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wordnum.analyzers.agreement import kappa
from wordnum.analyzers.closed_form import ALPHAS, FoldBasis, class_inverse, fold_basis
from wordnum.analyzers.residues import Task
from wordnum.backend import Backend

Array = Any
# Entries of the sums of classes that are held at once, over the permutations of a block.
_ENTRIES = 100_000_000


@dataclass(frozen=True, eq=False, repr=False)
class Null:
    """Kappa x 100 of a probe whose labels were permuted.

    Attributes
    ----------
    values : array of shape (number of permutations,)
    observed : float
        Kappa x 100 with the real labels in the same folds (the first repeat).
    """

    values: np.ndarray
    observed: float

    def __repr__(self) -> str:
        told = f"{self.observed:.1f} beside {len(self.values)} of mean {self.mean:.1f}"
        return f"<Null: kappa {told}, p = {self.p_value:.2g}>"

    @property
    def p_value(self) -> float:
        """``(1 + #{null >= observed}) / (1 + number of permutations)``, equal up to rounding."""
        return (1 + int((self.values >= self.observed - 1e-9).sum())) / (1 + len(self.values))

    @property
    def mean(self) -> float:
        """Mean of the permutations."""
        return float(self.values.mean())

    @property
    def p95(self) -> float:
        """95th percentile of the permutations."""
        return float(np.quantile(self.values, 0.95))


def permuted_labels(
    task: Task, numbers: np.ndarray, times: int, rng: np.random.Generator, *, restricted: bool
) -> np.ndarray:
    """Labels in random order: (times, n).

    Parameters
    ----------
    task : Task
    numbers : array of int of shape (n,)
        The numbers present, ascending.
    times : int
        Permutations.
    rng : numpy.random.Generator
    restricted : bool
        Block-restricted: only among the numbers of the same run ``kT..kT + T-1``, which keeps
        every smooth trend; otherwise over all numbers.

    Examples
    --------
    >>> task = Task(2, np.array([0, 1, 0, 1]), np.array([0, 1]))
    >>> rng = np.random.default_rng(0)
    >>> permuted_labels(task, np.arange(4), 3, rng, restricted=True).sum(axis=1)
    array([2, 2, 2])
    """
    keys = rng.random((times, len(numbers)))
    if restricted:
        # Runs keep their order and their lengths, so position i gets a label of its own run.
        keys += numbers // task.period
    return task.labels[np.argsort(keys, axis=1)]


def permuted_kappas(
    backend: Backend,
    X: Array,
    tasks: Sequence[Task],
    labels: Iterable[np.ndarray],
    fold_of: np.ndarray,
    chosen: np.ndarray,
    *,
    ridge: bool = False,
) -> list[np.ndarray]:
    """Kappa x 100 of the probe under every permutation of the labels.

    The folds, their bases and the alphas are those of the real labels, so a permutation costs
    its class sums. Those are taken in float32: they decide between classes, and are no result.

    Parameters
    ----------
    backend : Backend
    X : array of shape (n, d)
        On the device.
    tasks : sequence of Task
    labels : iterable of int array of shape (times, n)
        One per task.
    fold_of : array of int of shape (n,)
    chosen : array of int of shape (folds, number of tasks)
    ridge : bool
        As in `ClosedFormFold`.

    Returns
    -------
    list of array of shape (times,)
    """
    xp = backend.xp
    bases: dict[int, tuple[FoldBasis, Array]] = {}
    for fold in range(len(chosen)):
        held = fold_of == fold
        if held.any() and not held.all():
            test, train = (backend.asarray(np.flatnonzero(rows)) for rows in (held, ~held))
            bases[fold] = fold_basis(backend, X[train], X[test]), test
    # Columns of any size fit into float32 once each is divided by its largest entry.
    scale = xp.abs(X).max(axis=0)
    scale = xp.where(scale > 0, scale, 1.0)
    small = (X / scale).astype(xp.float32)
    found = []
    for at, (task, permuted) in enumerate(zip(tasks, labels, strict=True)):
        step = max(1, _ENTRIES // (task.n_classes * max(X.shape)))
        kappas = []
        for first in range(0, len(permuted), step):
            block = permuted[first : first + step]
            on_device = backend.asarray(block.astype(np.int32))
            predicted = xp.zeros(block.shape, dtype=xp.int32)
            sums, counts = _class_sums(xp, small, on_device, task.n_classes, bases)
            total, total_counts = sum(sums.values()), sum(counts.values())
            for fold, (basis, test) in bases.items():
                alpha = ALPHAS[int(chosen[fold, at])]
                seen = total - sums[fold], total_counts - counts[fold]
                predicted[:, test] = _predict(backend, basis, scale, *seen, alpha, ridge)
            kappas.append(kappa(block, backend.to_numpy(predicted), task.n_classes))
        found.append(np.concatenate(kappas))
    return found


def _class_sums(
    xp: Any, X: Array, labels: Array, C: int, bases: dict[int, tuple[FoldBasis, Array]]
) -> tuple[dict[int, Array], dict[int, Array]]:
    """Per fold, the sum of the held-out rows of every class (S, C, d), and their number (S, C)."""
    sums, counts = {}, {}
    classes = xp.arange(C, dtype=labels.dtype)
    for fold, (_, test) in bases.items():
        one_hot = (labels[:, None, test] == classes[:, None]).astype(xp.float32)
        sums[fold] = (one_hot.reshape(-1, len(test)) @ X[test]).reshape(*one_hot.shape[:2], -1)
        counts[fold] = one_hot.sum(axis=-1)
    return sums, counts


def _predict(
    backend: Backend,
    basis: FoldBasis,
    scale: Array,
    sums: Array,
    counts: Array,
    alpha: float,
    ridge: bool,
) -> Array:
    """Predicted labels (S, m) of the held-out rows, from the class sums of the training rows."""
    xp = backend.xp
    S, C, d = sums.shape
    rotation = (scale[:, None] * basis.rotation).astype(xp.float32)
    mean = (basis.mean / scale).astype(xp.float32)
    rotated = (sums - counts[..., None] * mean).reshape(S * C, d) @ rotation
    weights = (1.0 / (basis.scatter + len(basis.train) * alpha)).astype(xp.float32)
    weighted = rotated * weights
    fitted = (weighted @ basis.test.T.astype(xp.float32)).reshape(S, C, -1)
    present = counts > 0
    if ridge:
        varies = basis.scatter.sum() > 0
        scores = fitted + (counts / len(basis.train) * varies)[..., None]
    else:
        rotated, weighted = rotated.reshape(S, C, -1), weighted.reshape(S, C, -1)
        gram = (weighted @ xp.swapaxes(rotated, 1, 2)).astype(xp.float64)
        gram = 0.5 * (gram + xp.swapaxes(gram, 1, 2))
        inverse = class_inverse(xp, gram, counts.astype(xp.float64))
        offset = xp.diagonal(inverse, axis1=1, axis2=2) - 1.0 / xp.where(present, counts, 1.0)
        scores = inverse.astype(xp.float32) @ fitted - 0.5 * offset.astype(xp.float32)[..., None]
    scores = xp.where(present[..., None], scores, -xp.inf)
    return scores.argmax(axis=1)
