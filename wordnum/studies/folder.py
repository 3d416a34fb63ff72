"""The output folder of a study: whose it is, and who is writing to it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from wordnum.errors import InputError
from wordnum.storage import sweep, write_json
from wordnum.studies.cache import Cache
from wordnum.studies.grid import Study, essence
from wordnum.studies.records import read_record

__all__ = ["FORMAT", "claim"]

# Of study.json and the records of cells.
FORMAT = 1

# What a study leaves beside its cells and its cache.
_RESULTS = ("table.parquet", "table.csv", "comparisons.csv", "attribution.csv", "report.html")


@contextmanager
def claim(folder: Path, study: Study, *, overwrite: bool) -> Iterator[Cache]:
    """Take a folder for a study while the block runs; yields its cache.

    Half-written files that a killed run left are removed on the way in, and those of an
    interrupted one on the way out.

    Raises
    ------
    InputError
        The folder holds another study or other files and `overwrite` is not set, or another run
        is writing to it.
    FormatError
        A newer version wrote its cache.
    """
    found = _study_in(folder)
    if found is not None:
        if not overwrite and found.get("fingerprint") != study.fingerprint:
            raise InputError(
                f"{folder} holds another study",
                expected=f"study {study.name!r} as it is now, or a new folder",
                got=_difference(found, study),
                remedy="choose another folder, or add --overwrite to replace its results",
            )
    elif _others(folder) and not overwrite:
        raise InputError(
            f"{folder} is not empty and holds no study",
            expected="a new or empty folder",
            got=", ".join(_others(folder)[:3]),
            remedy="choose another folder, or add --overwrite",
        )
    cache = Cache(folder / "cache")
    with _locked(cache.folder / "LOCK", folder):
        sweep(folder)
        if found is None or found.get("fingerprint") != study.fingerprint:
            for name in _RESULTS:
                (folder / name).unlink(missing_ok=True)
            write_json(folder / "study.json", about(study))
        try:
            yield cache
        finally:
            sweep(folder)


def about(study: Study) -> dict[str, Any]:
    """Return what study.json says before anything is measured."""
    return {
        "format": FORMAT,
        "name": study.name,
        "title": study.title,
        "description": study.description,
        "fingerprint": study.fingerprint,
        "spec": study.to_dict(),
        "cells": [],
    }


def _study_in(folder: Path) -> dict[str, Any] | None:
    file = folder / "study.json"
    return read_record(file) if file.is_file() else None


def _others(folder: Path) -> list[str]:
    """Names of what lies in the folder and is not a cache of ours."""
    if not folder.is_dir():
        return []
    ours = {"cache"} if (folder / "cache" / "VERSION").is_file() else set()
    return sorted(path.name for path in folder.iterdir() if path.name not in ours)


def _difference(found: Mapping[str, Any], study: Study) -> str:
    """Say in what another study is another."""
    there, here = essence(found.get("spec", {})), essence(study.to_dict())
    keys = [key for key in here if there.get(key) != here[key] and key != "name"]
    other = ", ".join(keys) or "parameters"
    return f"study {found.get('name')!r}, which has other {other}"


@contextmanager
def _locked(path: Path, folder: Path) -> Iterator[None]:
    """Hold a lock that the system lets go of when the process dies, however it dies."""
    with open(path, "ab") as file:
        try:
            _lock(file)
        except BlockingIOError as error:
            raise InputError(
                f"another run is writing to {folder}",
                remedy="wait until it has ended, or choose another folder",
            ) from error
        yield


def _lock(file: IO[bytes]) -> None:
    """Lock an open file, where the system and the file system know how to."""
    if sys.platform != "win32":
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:  # a network file system without locks
            return
