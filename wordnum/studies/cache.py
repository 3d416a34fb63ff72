"""Content-addressed cache of a study's stages: a file under the hash of all it depends on."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from wordnum.errors import FormatError
from wordnum.provenance import content_hash

__all__ = ["Cache", "code_version", "load_or_discard"]

T = TypeVar("T")
logger = logging.getLogger(__name__)


@cache
def code_version(stage: str, *modules: str) -> str:
    """Hash of the source code that results depend on, apart from their inputs.

    Parameters
    ----------
    stage : str
        A folder of wordnum, such as "embeddings".
    *modules : str
        Names of some of its modules; all of them by default.

    Notes
    -----
    A changed probe makes new measures and leaves counts and embeddings as they are: each result
    carries the version of its own stage, and its inputs carry those of the stages before.
    """
    sources = sorted(
        (item.name, item.read_text(encoding="utf-8"))
        for item in (files("wordnum") / stage).iterdir()
        if item.name.endswith((".py", ".toml"))
        and (not modules or item.name.partition(".")[0] in modules)
    )
    return content_hash(sources)


@dataclass(frozen=True)
class Cache:
    """Paths for intermediate results, named by what they depend on."""

    folder: Path

    def path(self, kind: str, suffix: str, *depends: Any) -> Path:
        """Where a result is, or will be.

        Parameters
        ----------
        kind : str
            What it is, such as "counts"; a folder within the cache.
        suffix : str
            Ending of the file name; empty for a folder.
        *depends
            All that the result depends on, as `wordnum.provenance.content_hash` takes it.
        """
        return self.folder / kind / f"{content_hash(kind, *depends)}{suffix}"


def load_or_discard(path: Path, load: Callable[[Path], T]) -> T | None:
    """Read what is cached at `path`; None where there is nothing.

    What fails its format or its checksum is removed, with a warning, and counts as nothing. An
    error of the machine, such as too many open files, is raised: what is there may be whole.

    Examples
    --------
    >>> load_or_discard(Path("never made.npz"), Path.read_bytes) is None
    True
    """
    if not path.exists():
        return None
    try:
        return load(path)
    except FormatError as error:
        logger.warning("%s is damaged and is made again: %s", path, error.got or error.message)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
        return None
