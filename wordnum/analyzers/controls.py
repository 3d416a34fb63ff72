"""Kappas beyond roundness, trend and frequency: probes of a selection or of other columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from wordnum.analyzers.agreement import kappa
from wordnum.analyzers.cross_validation import Predictions
from wordnum.analyzers.folds import group_folds, group_size, random_folds
from wordnum.analyzers.residues import tasks_for
from wordnum.embeddings.embedding import Embedding

CONTROLS = ("groups", "excluding_multiples_of_5", "within_parity", "without_frequency")


def control_kappas(
    embedding: Embedding,
    periods: Sequence[int],
    folds: int,
    random_state: int,
    predict: Callable[..., Predictions],
) -> dict[str, dict[int, float]]:
    """Kappa x 100 per control and T; a T that cannot be asked is left out.

    Parameters
    ----------
    embedding : Embedding
    periods : sequence of int
        The T.
    folds, random_state : int
        Of the first repeat of the folds.
    predict : callable
        ``predict(rows, tasks, fold_of, **options)``, out of fold, of some rows of the embedding.
    """
    numbers = embedding.numbers
    every = np.arange(len(numbers))
    draw = {"folds": folds, "repeats": 1, "random_state": random_state}
    fold_of, grouped = (
        deal(embedding.size, **draw)[0][numbers] for deal in (random_folds, group_folds)
    )

    def selection(rows: np.ndarray, fold_of: np.ndarray, **options: np.ndarray) -> dict[int, float]:
        tasks = [
            task
            for task in tasks_for(numbers[rows], periods)
            if task.n_classes > 1 and len(rows) >= 2 * task.n_classes
        ]
        if not tasks or len(np.unique(fold_of[rows])) < 2:
            return {}
        among = {name: value[rows] for name, value in options.items()}
        labels = predict(rows, tasks, fold_of[rows], **among).labels
        return {
            task.period: float(kappa(task.labels, row, task.n_classes))
            for task, row in zip(tasks, labels, strict=True)
        }

    group_of = numbers // group_size(embedding.size, folds)
    even, odd = (selection(np.flatnonzero(numbers % 2 == parity), fold_of) for parity in (0, 1))
    found = {
        "groups": selection(every, grouped, group_of=group_of),
        "excluding_multiples_of_5": selection(np.flatnonzero(numbers % 5), fold_of),
        "within_parity": {T: (even[T] + odd[T]) / 2 for T in even.keys() & odd.keys()},
    }
    if embedding.counts is not None:
        log_count = np.log(np.maximum(embedding.counts, 1).astype(float))
        found["without_frequency"] = selection(every, fold_of, nuisance=log_count)
    return found
