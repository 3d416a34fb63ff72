"""Folds over numbers, keyed by the number itself so that every embedding gets the same ones."""

from __future__ import annotations

import numpy as np

_GROUP = 50


def random_folds(
    size: int, *, folds: int = 5, repeats: int = 5, random_state: int = 0
) -> np.ndarray:
    """Fold of every number 0..size-1, per repeat: array of shape (repeats, size).

    A number's fold depends on `size`, the seed and the repeat only, not on which other numbers
    are present, so halves of a corpus and two embeddings under comparison share their folds.

    Examples
    --------
    >>> assignment = random_folds(1000)
    >>> assignment.shape, np.bincount(assignment[0])
    ((5, 1000), array([200, 200, 200, 200, 200]))
    """
    rng = np.random.default_rng([random_state, 0])
    deal = np.arange(size) % folds
    return np.stack([rng.permutation(deal) for _ in range(repeats)])


def group_size(size: int, folds: int, group: int = _GROUP) -> int:
    """Consecutive numbers in a group: 50, and fewer where that makes fewer groups than folds."""
    return max(1, min(group, size // folds))


def group_folds(
    size: int, *, folds: int = 5, repeats: int = 5, random_state: int = 0, group: int = _GROUP
) -> np.ndarray:
    """Folds of whole groups of consecutive numbers, as `random_folds` otherwise.

    A left-out number has no neighbour in training, so a smooth embedding is not punished. The
    groups have `group_size` numbers.

    Examples
    --------
    >>> folds = group_folds(1000)[0]
    >>> all(len(set(folds[i:i + 50])) == 1 for i in range(0, 1000, 50))
    True
    """
    rng = np.random.default_rng([random_state, 1])
    group_of = np.arange(size) // group_size(size, folds, group)
    deal = np.arange(group_of[-1] + 1) % folds
    return np.stack([rng.permutation(deal)[group_of] for _ in range(repeats)])
