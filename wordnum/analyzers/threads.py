"""One BLAS thread for many small problems."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np

__all__ = ["one_blas_thread"]

P = ParamSpec("P")
R = TypeVar("R")
# Above this many dimensions (or numbers, if fewer) threads repay what they cost.
_LARGE = 1024


def one_blas_thread(function: Callable[P, R]) -> Callable[P, R]:
    """Run a measure of an embedding on one BLAS thread unless its matrices are large.

    The measures factorize hundreds of matrices of some 100 x 100. Threads that wait for each other
    on those take three to four times as long as one alone, more on a busy machine, and change the
    last bits of the result with their number.
    """

    @wraps(function)
    def alone(*args: P.args, **kwargs: P.kwargs) -> R:
        given: Any = args[0] if args else ()
        shape = np.shape(getattr(given, "vectors", given))
        if len(shape) != 2 or min(shape) > _LARGE:
            return function(*args, **kwargs)
        with _controller().limit(limits=1, user_api="blas"):
            return function(*args, **kwargs)

    return alone


@lru_cache(maxsize=1)
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
