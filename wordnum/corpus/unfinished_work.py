"""The folder beside an output where the work on it is kept until it is whole."""

from __future__ import annotations

import contextlib
import glob
import logging
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wordnum.errors import InputError
from wordnum.storage import locked

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
        raise InputError(
            f"cannot write to {folder.parent}",
            got=error.strerror or str(error),
            remedy="choose another output path",
        ) from error
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
            raise
        remove_folder(folder)


def remove_folder(folder: Path, successor: Path | None = None) -> None:
    """Delete a folder; a kill on the way leaves nothing that could be taken for a whole one."""
    name = folder.name if folder.name.startswith(".") else f".{folder.name}"
    doomed = folder.with_name(f"{name}.wordnum-{secrets.token_hex(4)}.part")
    os.replace(folder, doomed)
    if successor:
        os.replace(successor, folder)
    shutil.rmtree(doomed, ignore_errors=True)
