"""Residue classes of n mod T: what can be asked of the numbers that are present."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from wordnum.config import whole_number
from wordnum.errors import InputError, UsageError

__all__ = ["Task", "check_classes", "checked_moduli", "class_labels", "tasks_for"]


def checked_moduli(moduli: Iterable[int], *, size: int) -> tuple[int, ...]:
    """Return the moduli ascending and once each.

    Raises
    ------
    UsageError
        A modulus is no integer, is below 2 or above `size`, or there is none.

    Examples
    --------
    >>> checked_moduli([5, 2, 5], size=1000)
    (2, 5)
    """
    if not isinstance(moduli, Iterable):
        raise UsageError("moduli must be several", expected="such as [2, 5, 10]", got=repr(moduli))
    # One by one, so that the first of too many is refused.
    values = {whole_number(T, least=2, most=size, what="a modulus") for T in moduli}
    if not values:
        raise UsageError("no modulus given", expected="at least one, such as range(2, 11)")
    return tuple(sorted(values))


def class_labels(numbers: np.ndarray, modulus: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels 0..C-1 of n mod T, and the residue that each label stands for.

    Residues that no number has are no class.

    Examples
    --------
    >>> class_labels(np.array([1, 3, 9, 12]), 5)
    (array([0, 2, 3, 1]), array([1, 2, 3, 4]))
    """
    residues, labels = np.unique(numbers % modulus, return_inverse=True)
    return labels, residues


def check_classes(numbers: np.ndarray, moduli: Iterable[int], *, folds: int) -> None:
    """Refuse what cannot be cross-validated.

    Raises
    ------
    InputError
        Fewer numbers than folds or than classes; numbers that all lie in one class.
    """
    n = len(numbers)
    if n < folds:
        raise InputError(
            "too few numbers for the folds",
            expected=f"at least {folds} numbers for {folds} folds",
            got=f"{n} numbers",
            remedy="use fewer folds, or an embedding with more numbers",
        )
    for modulus in moduli:
        remedy = f"leave {modulus} out of moduli"
        if len(np.unique(numbers % modulus)) == 1:
            got = f"all {n} numbers are {numbers[0] % modulus} mod {modulus}"
            raise InputError(f"n mod {modulus} has one class only", got=got, remedy=remedy)
        if n < 2 * modulus:
            raise InputError(
                f"too few numbers for the classes of n mod {modulus}",
                expected=f"at least {2 * modulus} numbers, two per class",
                got=f"{n} numbers",
                remedy=remedy,
            )


@dataclass(frozen=True, eq=False)
class Task:
    """Labels of one T over the numbers present.

    Attributes
    ----------
    period : int
    labels : array of int of shape (n,)
        0..C-1.
    residues : array of int of shape (C,)
        The residue that each label stands for.
    """

    period: int
    labels: np.ndarray
    residues: np.ndarray

    @property
    def n_classes(self) -> int:
        """C, residues without any number left out."""
        return len(self.residues)


def tasks_for(numbers: np.ndarray, moduli: Sequence[int]) -> list[Task]:
    """One task per modulus."""
    return [Task(T, *class_labels(numbers, T)) for T in moduli]
