"""Out-of-fold predictions of a probe, alpha chosen inside each fold, for every T at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from wordnum.analyzers.closed_form import ClosedFormFold
from wordnum.analyzers.residues import Task
from wordnum.backend import Backend
from wordnum.progress import track

CLOSED_FORM = ("lda", "ridge")


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


def out_of_fold(
    backend: Backend,
    X: Any,
    tasks: Sequence[Task],
    fold_of: np.ndarray,
    *,
    classifier: str = "lda",
    random_state: int = 0,
    group_of: np.ndarray | None = None,
    chosen: np.ndarray | None = None,
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
    classifier : {"lda", "ridge", "logistic", "mlp"}
        The closed forms of `wordnum.analyzers.closed_form`, or those of
        `wordnum.analyzers.alternative_classifiers`.
    random_state : int
        Of the classifiers without a closed form.
    group_of : array of int of shape (n,), optional
        Groups that the choice of alpha leaves out as a whole; single rows by default.
    chosen : array of int of shape (folds, number of tasks), optional
        Alphas to use, instead of choosing them inside each fold.
    """
    n_folds = int(fold_of.max()) + 1 if chosen is None else len(chosen)
    fit: Any = partial(ClosedFormFold, ridge=classifier == "ridge")
    folds: Iterable[int] = range(n_folds)
    if classifier not in CLOSED_FORM:
        from wordnum.analyzers.alternative_classifiers import AlternativeFold

        fit = partial(AlternativeFold, kind=classifier, random_state=random_state)
        folds = track(folds, f"probing by {classifier}")
    labels = np.zeros((len(tasks), len(fold_of)), dtype=np.int64)
    selected = np.zeros((n_folds, len(tasks)), dtype=np.int64)
    failed: frozenset[int] = frozenset()
    for fold in folds:
        held, rows = np.flatnonzero(fold_of == fold), np.flatnonzero(fold_of != fold)
        if not len(held) or not len(rows):
            continue
        test, train = backend.asarray(held), backend.asarray(rows)
        fitted = fit(backend, tasks, X[train], X[test], rows)
        if chosen is None:
            selected[fold] = fitted.choose(None if group_of is None else group_of[rows])
        else:
            selected[fold] = chosen[fold]
        labels[:, held] = fitted.predict(selected[fold])
        failed |= fitted.failed
        del fitted  # before the next one, which is as large
    return Predictions(labels, selected, failed)
