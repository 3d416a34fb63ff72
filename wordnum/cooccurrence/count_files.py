"""Counts in files and counts added up: what all kinds of counts have in common."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse

from wordnum.config import check_types
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import FormatError, UsageError
from wordnum.provenance import content_hash
from wordnum.showing import Shown, most_frequent
from wordnum.storage import load_npz, save_npz

# Where rows begin, the columns of the entries, ascending in each row, and their values.
Rows = tuple[np.ndarray, np.ndarray, np.ndarray]

MARGINS = ("number_counts", "context_counts", "documents")

_VERSION = 2
_PARTS = ("indptr", "columns", "values")
# More than any text holds, and a whole number in float64.
_MOST = 2**53
_ABOUT = {"perturbation": str, "flags": list[str], "provenance": dict}


@dataclass(eq=False, repr=False, kw_only=True)
class CountsBase(Shown, ABC):
    """What all kinds of counts have in common: what they say of themselves, files and sums.

    Attributes
    ----------
    vocabulary : Vocabulary
        Names of numbers and contexts.
    perturbation : str
        Canonical name of the perturbation.
    flags : tuple of str
        What a reader of any result made from these must know.
    provenance : dict
        How they were made.
    """

    kind: ClassVar[str]

    vocabulary: Vocabulary
    perturbation: str = "original"
    flags: tuple[str, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    @abstractmethod
    def _totals(self) -> np.ndarray:
        """Occurrences of the numbers 0..N-1."""

    def _facts(self) -> dict[str, Any]:
        totals = self._totals
        return {
            "numbers": f"{totals.sum():,.0f}, {np.count_nonzero(totals)} of {len(totals)} distinct",
            "most frequent": most_frequent(range(len(totals)), totals),
            "words": f"{len(self.vocabulary.words):,}",
            "perturbation": self.perturbation,
            "flags": ", ".join(self.flags) or "none",
        }

    @abstractmethod
    def _contents(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Everything that was counted, as the header and the arrays of a file."""

    @classmethod
    @abstractmethod
    def _made_of(
        cls, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray], about: dict[str, Any]
    ) -> Self:
        """Rebuild and check what `_contents` gives; `about` are the fields of this class."""

    @cached_property
    def fingerprint(self) -> str:
        """Hash of everything that was counted."""
        header, arrays = self._contents()
        return content_hash(header, *arrays.values(), self.vocabulary.fingerprint)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write to an npz file, atomically; returns its path."""
        header, arrays = self._contents()
        return save_npz(
            path,
            kind=self.kind,
            version=_VERSION,
            header={**header, **{name: getattr(self, name) for name in _ABOUT}},
            arrays={**arrays, **self.vocabulary.to_arrays()},
            compress=False,
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a file of `save`; what was counted stays on disk until it is needed.

        Raises
        ------
        InputError
            There is no such file.
        FormatError
            It is damaged, of another kind or version, or holds what cannot be.
        """
        header, arrays = load_npz(path, kind=cls.kind, version=_VERSION, mapped=True)
        try:
            check_types(header, _ABOUT, where="its header")
            about = {name: header[name] for name in _ABOUT}
            about |= {"flags": tuple(about["flags"]), "vocabulary": Vocabulary.from_arrays(arrays)}
            return cls._made_of(header, arrays, about)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise FormatError(
                f"{path} cannot be used as {cls.kind}",
                expected=f"{cls.kind} written by wordnum",
                got=f"{type(error).__name__}: {str(error).splitlines()[0]}",
                remedy=getattr(error, "remedy", None) or "count again",
            ) from error

    def _about_sum(self, other: Any, *, window: str) -> dict[str, Any]:
        """Fields of a sum of two counts, and their window, which is named so.

        Raises
        ------
        UsageError
            They were counted otherwise.
        """
        for what, mine, theirs in (
            ("vocabularies", self.vocabulary.fingerprint, other.vocabulary.fingerprint),
            ("windows", getattr(self, window), getattr(other, window)),
            ("perturbations", self.perturbation, other.perturbation),
        ):
            if mine != theirs:
                raise UsageError(
                    f"counts of different {what} cannot be merged",
                    expected=str(mine),
                    got=str(theirs),
                    remedy="encode both texts with one vocabulary and count both alike",
                )
        same = self.provenance == other.provenance
        return {
            "vocabulary": self.vocabulary,
            window: getattr(self, window),
            "perturbation": self.perturbation,
            "flags": tuple(dict.fromkeys(self.flags + other.flags)),
            "provenance": self.provenance
            if same
            else {"merged": [self.provenance, other.provenance]},
        }


def row_arrays(name: str, rows: Rows) -> dict[str, np.ndarray]:
    """Arrays that hold sparse rows, for a file; their names begin with `name`."""
    return {f"{name}/{part}": array for part, array in zip(_PARTS, rows, strict=True)}


def checked_rows(
    name: str, arrays: Mapping[str, np.ndarray], *, shape: tuple[int, int], most: int = _MOST
) -> Rows:
    """Take sparse rows out of arrays, and check all of them: compiled loops trust them.

    Raises
    ------
    KeyError
        An array is missing.
    ValueError
        They are no rows of a matrix of this shape, or a value is not over 0 and at most `most`.

    Examples
    --------
    >>> rows = np.array([0, 1, 2]), np.array([1, 0]), np.array([2, 1])
    >>> arrays = row_arrays("m", rows)
    >>> checked_rows("m", arrays, shape=(2, 2))
    (array([0, 1, 2]), array([1, 0]), array([2, 1]))
    >>> checked_rows("m", arrays, shape=(2, 1))
    Traceback (most recent call last):
    ValueError: m: columns outside the matrix
    """
    indptr, columns, values = (arrays[f"{name}/{part}"] for part in _PARTS)
    if any(array.ndim != 1 for array in (indptr, columns, values)):
        raise ValueError(f"{name}: arrays of another shape")
    if {indptr.dtype.kind, columns.dtype.kind} - set("ui") or values.dtype.kind not in "uif":
        raise ValueError(f"{name}: arrays of another type")
    whole = indptr.size == shape[0] + 1 and indptr[0] == 0 and indptr[-1] == columns.size
    if not whole or values.size != columns.size or (indptr[1:] < indptr[:-1]).any():
        raise ValueError(f"{name}: rows that do not fit the matrix")
    if columns.size and not 0 <= columns.min() <= columns.max() < shape[1]:
        raise ValueError(f"{name}: columns outside the matrix")
    ascends = np.ones(columns.size + 1, dtype=bool)
    ascends[1:-1] = columns[1:] > columns[:-1]
    ascends[indptr] = True
    if not ascends.all():
        raise ValueError(f"{name}: columns out of order")
    if values.size and not 0 < values.min() <= values.max() <= most:
        raise ValueError(f"{name}: values that are not between 0 and {most}")
    return indptr, columns, values


def matrix_rows(matrix: sparse.csr_array) -> Rows:
    """Rows of a matrix in canonical form."""
    return matrix.indptr, matrix.indices, matrix.data


def checked_matrix(
    name: str, arrays: Mapping[str, np.ndarray], *, shape: tuple[int, int], most: int = _MOST
) -> sparse.csr_array:
    """`checked_rows` as a matrix; its arrays are not copied."""
    indptr, columns, values = checked_rows(name, arrays, shape=shape, most=most)
    return sparse.csr_array((values, columns, indptr), shape=shape)


def checked_occurrences(
    name: str, arrays: Mapping[str, np.ndarray], *, shape: tuple[int, ...]
) -> np.ndarray:
    """Take an array of occurrences out of arrays.

    Raises
    ------
    KeyError, ValueError
        It is missing, or holds no counts of this shape.
    """
    array = arrays[name]
    if array.shape != shape or array.dtype.kind not in "ui" or array.min(initial=0) < 0:
        raise ValueError(f"{name}: no counts of shape {shape}")
    return array


def checked_margins(
    arrays: Mapping[str, np.ndarray], vocabulary: Vocabulary, *, n_blocks: int
) -> dict[str, Any]:
    """Occurrences of numbers and of tokens, and documents, by block."""
    shapes = (n_blocks, vocabulary.size), (n_blocks, len(vocabulary)), (n_blocks,)
    return {
        name: checked_occurrences(name, arrays, shape=shape) for name, shape in zip(MARGINS, shapes)
    }
