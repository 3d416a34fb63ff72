"""The folder where half-done work is kept."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from pathlib import Path

from wordnum.errors import InputError, WordnumError

__all__ = ["working_folder"]


@contextmanager
def working_folder(path: Path, key: str, *, resumable: bool) -> Iterator[Path]:
    """Make a folder beside `path` for the time until what is made there is whole.

    A mistake of the user's removes it. A kill, of a worker too, leaves it, and who comes with the
    same key finds it again; when the work ends well, all that was ever left behind for `path` goes.

    Parameters
    ----------
    path : Path
        What is to be made.
    key : str
        Hash of all that the work depends on.
    resumable : bool
        Whether work that is found there can go on.
    """
    folder = path.parent / f".{path.name}.part-{key}"
    if not resumable:
        shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"cannot write to {folder.parent}",
            got=error.strerror or str(error),
            remedy="choose another output path",
        ) from error
    try:
        yield folder
    except BaseException as error:
        died = isinstance(error.__cause__, BrokenExecutor)
        if (isinstance(error, WordnumError) and not died) or not resumable:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    leftover = re.compile(rf"\.{re.escape(path.name)}\.(part-[0-9a-f]{{16}}|[a-z0-9_]{{8}}\.part)")
    for found in list(folder.parent.iterdir()):
        if leftover.fullmatch(found.name):
            shutil.rmtree(found, ignore_errors=True)
