"""Content-addressed cache of a study's stages: a file under the hash of all it depends on."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from wordnum.errors import FormatError
from wordnum.provenance import content_hash
from wordnum.storage import write_text

__all__ = ["Cache", "stage_version"]

_FORMAT = 1
_STAGES = ("corpus", "cooccurrence", "embed", "analyze")


@cache
def stage_version(stage: str) -> str:
    """Hash of the source code that a stage's results depend on, apart from its inputs.

    Parameters
    ----------
    stage : {"corpus", "cooccurrence", "embed", "analyze"}

    Notes
    -----
    A changed probe makes new measures and leaves counts and embeddings as they are: each stage
    hashes its own folder only, and its inputs carry the hashes of the stages before.
    """
    folder = files("wordnum") / stage
    sources = sorted(
        (item.name, item.read_text(encoding="utf-8"))
        for item in folder.iterdir()
        if item.name.endswith((".py", ".toml"))
    )
    return content_hash(sources)


class Cache:
    """Paths for intermediate results, named by what they depend on.

    Parameters
    ----------
    folder : path-like
        Made when it is missing.

    Raises
    ------
    FormatError
        The folder was written by a newer version.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        version = folder / "VERSION"
        if version.is_file():
            found = version.read_text(encoding="utf-8").strip()
            if not found.isdigit() or int(found) > _FORMAT:
                raise FormatError(
                    f"{folder} was written by a newer version of wordnum",
                    expected=f"cache version {_FORMAT}",
                    got=found,
                    remedy="upgrade wordnum, or choose another output folder",
                )
        else:
            write_text(version, f"{_FORMAT}\n")

    def path(self, stage: str, suffix: str, *depends: Any) -> Path:
        """Where the result of `stage` is, or will be, for these inputs and this code.

        Parameters
        ----------
        stage : str
            Name of the stage's folder of code.
        suffix : str
            Ending of the file name; empty for a folder.
        *depends
            All that the result depends on, as `wordnum.provenance.content_hash` takes it.
        """
        key = content_hash(stage, stage_version(stage), *depends)
        return self.folder / stage / f"{key}{suffix}"
