"""What an embedding may hold: checks of vectors and numbers, with the messages of what is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from wordnum.config import whole_number
from wordnum.errors import InputError


def checked_size(size: int) -> int:
    """Return N as an int, or refuse what is no count of numbers."""
    return whole_number(size, most=10_000_000, what="size")


def checked_vectors(given: Any) -> np.ndarray:
    """Return a finite float matrix, or refuse what is none."""
    try:
        vectors = np.asarray(given)
    except (ValueError, TypeError, RuntimeError) as error:
        raise InputError("vectors cannot be read as a matrix", got=str(error)) from error
    if vectors.ndim != 2 or 0 in vectors.shape or vectors.dtype.kind not in "fiu":
        raise InputError(
            "vectors must be a matrix of real numbers",
            expected="an Embedding, KeyedVectors (model.wv), a DataFrame, or an array of shape "
            "(n, d) with n >= 1 numbers and d >= 1 dimensions, float or integer",
            got=f"{type(given).__name__}: shape {vectors.shape}, dtype {vectors.dtype}",
            remedy="load_embedding(PATH) reads a file; model.embedding_ is what a model learned",
        )
    if vectors.dtype not in (np.float32, np.float64):
        vectors = vectors.astype(np.float32 if vectors.dtype == np.float16 else np.float64)
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        row = int(np.argmin(finite))
        column = int(np.argmin(np.isfinite(vectors[row])))
        got = f"{vectors[row, column]} in {int((~finite).sum())} of {len(vectors)} rows"
        where = f"first in row {row}, column {column}"
        remedy = "drop these rows and name the rest with numbers="
        raise InputError("vectors hold NaN or infinity", got=got, where=where, remedy=remedy)
    return vectors


def checked_numbers(numbers: np.ndarray, *, rows: int, size: int) -> np.ndarray:
    """Return the numbers as int64, or refuse those that are not `rows` different ones below N."""
    if numbers.shape != (rows,) or numbers.dtype.kind not in "iu":
        expected = f"{rows} integers, one per row"
        got = f"an array of shape {numbers.shape} and dtype {numbers.dtype}"
        raise InputError("numbers do not fit the vectors", expected=expected, got=got)
    size = checked_size(size)
    numbers = numbers.astype(np.int64)
    outside = numbers[(numbers < 0) | (numbers >= size)]
    if outside.size:
        expected, remedy = f"0..{size - 1}", "pass the size= that the numbers were encoded with"
        message = "a number lies outside the range"
        raise InputError(message, expected=expected, got=some(outside), remedy=remedy)
    values, times = np.unique(numbers, return_counts=True)
    if (times > 1).any():
        got = some(values[times > 1])
        raise InputError("a number occurs twice", expected="every number once", got=got)
    return numbers


def some(numbers: np.ndarray, limit: int = 8) -> str:
    """Return the first few of these numbers, for a message."""
    shown = ", ".join(str(number) for number in numbers[:limit].tolist())
    return shown + (f" and {numbers.size - limit} more" if numbers.size > limit else "")
