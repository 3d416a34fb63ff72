"""Residue classes of n mod T: what can be asked of the numbers that are present."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from wordnum.config import whole_number
from wordnum.errors import InputError, UsageError


def checked_moduli(
    moduli: Iterable[int], *, size: int, where: str | None = None
) -> tuple[int, ...]:
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
    values = {whole_number(T, least=2, most=size, what="a modulus", where=where) for T in moduli}
    if not values:
        raise UsageError(
            "no modulus given", expected="at least one, such as range(2, 11)", where=where
        )
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
        expected, got = f"at least {folds} numbers for {folds} folds", f"{n} numbers"
        raise InputError("too few numbers for the folds", expected=expected, got=got)
    for T in moduli:
        wrong = expected = ""
        if len(np.unique(numbers % T)) == 1:
            wrong, expected = f"n mod {T} has one class only", "numbers of several residues"
        elif n < 2 * T:
            wrong = f"too few numbers for the classes of n mod {T}"
            expected = f"at least {2 * T} numbers, two per class"
        if wrong:
            got, remedy = f"{n} numbers, the first {numbers[0]}", f"leave {T} out of moduli"
            raise InputError(wrong, expected=expected, got=got, remedy=remedy)


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
