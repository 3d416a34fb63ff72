"""Null distributions of a probe: labels permuted within runs, or over all numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wordnum.analyzers.residues import Task


@dataclass(frozen=True, eq=False, repr=False)
class Null:
    """Kappa x 100 of a probe whose labels were permuted.

    Attributes
    ----------
    values : array of shape (number of permutations,)
        Mean over the repeats.
    observed : float
        The same statistic with the real labels.
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
