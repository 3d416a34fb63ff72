"""The folder beside an output where the work on it is kept until it is whole."""

from __future__ import annotations

import contextlib
import glob
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wordnum.errors import InputError
from wordnum.storage import locked, remove_folder, write_failure

ONCE = "once-"  # begins the key of work that no other call can go on with

logger = logging.getLogger(__name__)


class UselessTextError(InputError):
    """A text that no further try makes better: its pieces go."""


@contextmanager
def working_folder(path: Path, key: str, *, keep: bool) -> Iterator[Path]:
    """Make a folder beside `path` for the time until what is made there is whole.

    A failure leaves it if anything in it is done; who comes with the same key finds it again.
    """
    folder = path.parent / f".{path.name}.part-{key}"
    for left in path.parent.glob(f".{glob.escape(path.name)}.part-{ONCE}*"):
        # Nobody can go on with it, and whoever still writes to it holds the lock.
        with contextlib.suppress(InputError, OSError), locked(left / "lock", what=str(path)):
            remove_folder(left)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise write_failure(f"to {folder.parent}", error) from error
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        raise InputError(
            "the folder for unfinished work is somebody else's",
            where=str(folder),
            remedy="choose another output path",
        )
    with locked(folder / "lock", what=str(path)):
        try:
            yield folder
        except BaseException as error:
            useless = isinstance(error, UselessTextError) or not any(folder.glob("[0-9a-f]*.npz"))
            if keep and not useless:
                logger.warning("what is done is kept in %s; the same call goes on from it", folder)
            else:
                remove_folder(folder)
            if isinstance(error, OSError):  # somebody else has taken the folder away, or the disk
                raise write_failure(path, error) from error
            raise
        remove_folder(folder)
