"""What all models share: parameters that are only stored, and shown."""

from __future__ import annotations

import inspect
from typing import Any

__all__ = ["Estimator"]


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
