"""Loops that numba compiles when they are first called, with a word to those who wait."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

logger = logging.getLogger(__name__)
_lock = threading.Lock()
_PATIENCE = 1.0  # seconds; what is compiled already is read from disk in far less


def compiled(signature: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile a function for one signature at its first call, and keep the code on disk.

    Parameters
    ----------
    signature : str
        Types as numba writes them; arguments that do not fit it are a TypeError.
    options
        For `numba.njit`, beside ``cache`` and ``nogil``, which are on. Loops that get all their
        memory from the caller need no counting of references (``_nrt=False``), which costs two
        locked instructions for each array in each call of a function that is not inlined.

    Examples
    --------
    >>> @compiled("int64(int64)", cache=False)
    ... def double(x):
    ...     return 2 * x
    >>> double(21)
    42
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        made: list[Callable[..., Any]] = []

        def call(*arguments: Any) -> Any:
            if not made:
                with _lock:
                    if not made:
                        made.append(_compile(function, signature, options))
            return made[0](*arguments)

        call.__doc__, call.__name__ = function.__doc__, function.__name__
        return call

    return decorate


def _compile(
    function: Callable[..., Any], signature: str, options: dict[str, Any]
) -> Callable[..., Any]:
    from numba import njit

    note = threading.Timer(
        _PATIENCE,
        logger.warning,
        ("compiling %s; this happens once after an installation", function.__name__),
    )
    note.daemon = True
    note.start()
    try:
        return njit(signature, **{"cache": True, "nogil": True, **options})(function)
    finally:
        note.cancel()
