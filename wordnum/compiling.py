"""Loops that numba compiles when they are first called, with a word to those who wait."""

from __future__ import annotations

import logging
import os
import stat
import sys
import tempfile
import threading
from collections.abc import Callable
from typing import Any

logger = logging.getLogger(__name__)
_lock = threading.Lock()
_PATIENCE = 1.0  # seconds; what is compiled already is read from disk in far less


def find_cache_folder() -> None:
    """Let numba keep compiled code in a temporary folder if it finds no other place.

    Its own places are beside the code and in the user's cache; it asks for them when a module with
    a compiled loop is imported, and fails if it can write to neither. The folder is the user's
    alone: what lies in it is run.
    """
    home = "~/Library/Caches" if sys.platform == "darwin" else "~/.cache"
    places = (
        os.path.join(os.path.dirname(__file__), "__pycache__"),
        os.path.expanduser(os.environ.get("XDG_CACHE_HOME") or home),
    )
    if os.environ.get("NUMBA_CACHE_DIR") or any(map(_can_write, places)):
        return
    folder = os.path.join(tempfile.gettempdir(), f"wordnum-{os.geteuid()}")
    try:
        os.mkdir(folder, mode=0o700)
    except FileExistsError:
        about = os.lstat(folder)
        private = stat.S_ISDIR(about.st_mode) and not stat.S_IMODE(about.st_mode) & 0o077
        if not private or about.st_uid != os.geteuid():
            folder = tempfile.mkdtemp(prefix="wordnum-")
    os.environ["NUMBA_CACHE_DIR"] = folder
    if "numba" in sys.modules:
        sys.modules["numba"].config.CACHE_DIR = folder
    logger.warning(
        "compiled code is kept in %s: neither the installation nor a home can be written to "
        "(NUMBA_CACHE_DIR names another place)",
        folder,
    )


def _can_write(folder: str) -> bool:
    """Whether a folder can be written to, or made."""
    while not os.path.lexists(folder) and folder != os.path.dirname(folder):
        folder = os.path.dirname(folder)
    return os.path.isdir(folder) and os.access(folder, os.W_OK | os.X_OK)


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
