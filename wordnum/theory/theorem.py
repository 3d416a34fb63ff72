"""Theorem 1 as runnable mathematics: a spike is necessary for linear separability, not enough."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wordnum.analyzers.closed_form import standardised
from wordnum.analyzers.inputs import doubles
from wordnum.analyzers.residues import check_classes, checked_moduli, class_labels
from wordnum.embeddings.embedding import Embedding, as_embedding
from wordnum.errors import UsageError

_MAX_CLASSES = 16


def check_divides(period: int, size: int) -> None:
    """Refuse a period that does not divide the numbers 0..size-1."""
    if period < 2 or size % period:
        expected = f"T of 2 or more that divides {size}"
        raise UsageError("the period does not divide", expected=expected, got=str(period))


def hidden_threshold(*, size: int = 1000) -> Embedding:
    """The small print of Theorem 1.1: Phi_2 = 0, and yet one threshold is nearly always right.

    All evens but the first lie at -1 and that one at ``size/2 - 1``, odds mirrored, so both class
    means are 0; the threshold at 0 errs twice. Phi_T = 0 bounds squared and cross-entropy probes,
    not the 0-1 accuracy.

    Examples
    --------
    >>> best_linear_accuracy(hidden_threshold(), period=2).accuracy
    0.998
    """
    check_divides(2, size)
    values = np.where(np.arange(size) % 2 == 0, -1.0, 1.0)
    values[:2] *= -(size / 2 - 1)
    return Embedding(values[:, None], size=size, name="hidden threshold")


def without_period(embedding: Embedding | np.ndarray, *, period: int) -> Embedding:
    """Necessity, Theorem 1.1: take the class means of n mod T away, and Phi_T and S_B are 0.

    Every class mean becomes the grand mean: a least-squares or cross-entropy probe fitted on all
    numbers is constant.

    Examples
    --------
    >>> from wordnum.analyzers import separability
    >>> noise = np.random.default_rng(0).standard_normal((100, 3))
    >>> separability(without_period(noise, period=5), moduli=[5])[5].phi < 1e-25
    True
    """
    embedding = as_embedding(embedding)
    (period,) = checked_moduli([period], size=embedding.size)
    labels, residues = class_labels(embedding.numbers, period)
    X = doubles(embedding.vectors)
    means = np.stack([X[labels == label].mean(axis=0) for label in range(len(residues))])
    name = f"{embedding.name} without period {period}"
    vectors = X - means[labels] + X.mean(axis=0)
    return Embedding(vectors, embedding.numbers, size=embedding.size, name=name)


@dataclass(frozen=True)
class LinearOptimum:
    """The best T-class linear classifier of an embedding, on its own numbers.

    Attributes
    ----------
    correct, total : int
        Numbers classified rightly, of all.
    exact : bool
        True: no linear classifier does better. False: the best that was found, a lower bound.
    """

    correct: int
    total: int
    exact: bool

    @property
    def accuracy(self) -> float:
        """Share of numbers classified rightly, 0..1."""
        return self.correct / self.total


def best_linear_accuracy(embedding: Embedding | np.ndarray, *, period: int) -> LinearOptimum:
    """Most numbers that a linear classifier can get right, and their share.

    In one dimension the classifier is an upper envelope of T lines: it cuts the line into
    intervals, gives each class at most one, and any order of the classes can be had. So dynamic
    programming over the sets of classes used so far finds the exact optimum, for T up to 16. In
    more dimensions the count is that of multinomial logistic regression nearly without penalty,
    which is a lower bound and says so.

    Raises
    ------
    UsageError
        One dimension and T above 16.

    Examples
    --------
    >>> best_linear_accuracy(np.array([[0.0], [5.0], [1.0], [6.0]]), period=2)
    LinearOptimum(correct=4, total=4, exact=True)
    """
    embedding = as_embedding(embedding)
    (period,) = checked_moduli([period], size=embedding.size)
    check_classes(embedding.numbers, [period], folds=2)
    labels, residues = class_labels(embedding.numbers, period)
    if embedding.dim == 1:
        if len(residues) > _MAX_CLASSES:
            expected = f"T of at most {_MAX_CLASSES}"
            raise UsageError("too many classes for the exact search", expected=expected)
        correct = _best_intervals(doubles(embedding.vectors)[:, 0], labels, len(residues))
        return LinearOptimum(correct, len(labels), True)
    from wordnum.analyzers.alternative_classifiers import AlternativeClassifier

    X = doubles(embedding.vectors)
    Z = standardised(np, X, X)[0]
    model = AlternativeClassifier("logistic", alpha=1e-8).fit(Z, labels)
    correct = int((model.predict(Z) == labels).sum())
    return LinearOptimum(correct, len(labels), False)


def _best_intervals(values: np.ndarray, labels: np.ndarray, C: int) -> int:
    # Equal values cannot be cut apart, so cuts lie between distinct ones; 12 digits make
    # 3 * 0.1 and 0.3 equal.
    scale = float(np.abs(values).max()) or 1.0
    _, place = np.unique(np.round(values / scale, 12), return_inverse=True)
    counts = np.zeros((C, place.max() + 2), dtype=np.int64)
    np.add.at(counts, (labels, place + 1), 1)
    upto = counts.cumsum(axis=1)
    # best[S, j]: most right among the first j places with the classes of the set S.
    best = np.full((1 << C, upto.shape[1]), -1, dtype=np.int64)
    best[0, 0] = 0
    for used in range(1 << C):
        for c in range(C):
            if used >> c & 1:
                continue
            gain = np.where(best[used] >= 0, best[used] - upto[c], -(10**9))
            reached = upto[c] + np.maximum.accumulate(gain)
            into = best[used | 1 << c]
            np.maximum(into, np.where(reached >= 0, reached, -1), out=into)
    return int(best[:, -1].max())
