"""What all models share: parameters that are only stored, numbers to embed, and half-splits."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from wordnum.embeddings.embedding import Embedding
from wordnum.errors import InputError

__all__ = ["Estimator", "fit_halves", "numbers_to_embed"]

log = logging.getLogger(__name__)


class Estimator:
    """Base of the models: keyword-only constructor that only stores; `fit` validates.

    Examples
    --------
    >>> class Model(Estimator):
    ...     def __init__(self, *, dim=100):
    ...         self.dim = dim
    >>> Model(dim=3), Model(dim=3).parameters()
    (Model(dim=3), {'dim': 3})
    """

    def parameters(self) -> dict[str, Any]:
        """Return the constructor's parameters with their values."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def __repr__(self) -> str:
        shown = ", ".join(f"{key}={value!r}" for key, value in self.parameters().items())
        return f"{type(self).__name__}({shown})"


def numbers_to_embed(seen: np.ndarray, *, min_count: int, usable: np.ndarray | bool = True) -> Any:
    """Numbers seen often enough, ascending.

    Parameters
    ----------
    seen : array of shape (N,)
        Occurrences of each number.
    min_count : int
        How often is often enough.
    usable : bool array of shape (N,), optional
        Numbers that the model can do something with; those beside a context, mostly.

    Raises
    ------
    InputError
        Fewer than two: a single vector has no structure.

    Examples
    --------
    >>> numbers_to_embed(np.array([3, 0, 1, 2]), min_count=2)
    array([0, 3])
    """
    often = seen >= min_count
    numbers = np.flatnonzero(often & usable)
    if numbers.size < 2:
        left_out = int(often.sum()) - numbers.size
        raise InputError(
            "too few numbers to embed",
            expected="two numbers or more",
            got=f"{numbers.size} of {seen.size} seen at least {min_count} times"
            + (f", {left_out} more without any context" if left_out else ""),
            remedy="use more text, a lower min_count or a wider window",
        )
    return numbers


def fit_halves(
    pairs: Iterable[tuple[Any, Any]], fit: Callable[[Any, int, int], Embedding]
) -> tuple[tuple[Embedding, Embedding], ...]:
    """Fit the two halves of every split; a split in which one cannot be fitted is left out.

    Parameters
    ----------
    pairs : iterable of (data, data)
        Complementary halves.
    fit : callable
        Called with the data of a half, the index of the split and of the side (0 or 1).
    """
    fitted: list[tuple[Embedding, Embedding]] = []
    for index, (first, second) in enumerate(pairs):
        try:
            fitted.append((fit(first, index, 0), fit(second, index, 1)))
        except InputError as error:
            log.warning("half-split %d is left out: %s", index, error)
    return tuple(fitted)
