"""Agreement of predicted with true classes: confusion, accuracy, Cohen's kappa x 100."""

from __future__ import annotations

import numpy as np


def confusion_matrix(true: np.ndarray, predicted: np.ndarray, n_classes: int) -> np.ndarray:
    """Counts by true class (rows) and predicted class (columns).

    Leading axes beyond the last are kept: (..., n) labels give (..., C, C) counts.

    Examples
    --------
    >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
    array([[1, 1],
           [0, 1]])
    """
    true, predicted = np.broadcast_arrays(true, predicted)
    lead = true.shape[:-1]
    runs = int(np.prod(lead, dtype=np.int64))
    pair = true.reshape(runs, -1).astype(np.int64) * n_classes + predicted.reshape(runs, -1)
    pair += np.arange(runs)[:, None] * n_classes**2
    counts = np.bincount(pair.ravel(), minlength=runs * n_classes**2)
    return counts.reshape(*lead, n_classes, n_classes)


def kappa(true: np.ndarray, predicted: np.ndarray, n_classes: int) -> np.ndarray:
    """Cohen's kappa x 100 of labels along the last axis: ``100 (p_o - p_e) / (1 - p_e)``.

    0 where both sides name one class only, when chance explains everything.

    Examples
    --------
    >>> float(kappa(np.array([0, 1, 0, 1]), np.array([0, 1, 0, 0]), 2))
    50.0
    """
    confusion = confusion_matrix(true, predicted, n_classes)
    total = confusion.sum(axis=(-2, -1))
    observed = np.trace(confusion, axis1=-2, axis2=-1) / total
    expected = (confusion.sum(axis=-1) * confusion.sum(axis=-2)).sum(axis=-1) / total**2
    room = 1.0 - expected
    return 100.0 * np.where(room > 0, (observed - expected) / np.where(room > 0, room, 1.0), 0.0)
