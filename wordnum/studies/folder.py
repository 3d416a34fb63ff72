"""The output folder of a study: whose it is, and who is writing to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wordnum.errors import InputError
from wordnum.storage import locked, sweep
from wordnum.studies.columns import SCHEMA
from wordnum.studies.grid import Study
from wordnum.studies.records import read_record, write_record

# What a study leaves beside its records and its cache.
_RESULTS = (
    "table.parquet", "table.csv", "comparisons.csv", "seeds.csv",
    "attribution.json", "attribution.csv",
    "words.json", "words.csv",
    "report.html",
)  # fmt: skip


@contextmanager
def claim(folder: Path, study: Study, *, overwrite: bool) -> Iterator[None]:
    """Take a folder for a study while the block runs; makes the place of its cache.

    Half-written files that a killed run left are removed on the way in, and those of an
    interrupted one on the way out.

    Raises
    ------
    InputError
        The folder holds another study or other files and `overwrite` is not set, or another run
        is writing to it.
    """
    cache = folder / "cache"
    found = own_study(folder, study, overwrite=overwrite)
    cache.mkdir(parents=True, exist_ok=True)
    with locked(cache / "LOCK", what=str(folder)):
        sweep(folder)
        if found is None:
            for name in _RESULTS:
                (folder / name).unlink(missing_ok=True)
            write_record(folder / "study.json", about(study))
        try:
            yield
        finally:
            sweep(folder)


def own_study(folder: Path, study: Study, *, overwrite: bool) -> dict[str, Any] | None:
    """Return what study.json of a folder says of this study, None where it is to begin there.

    Raises
    ------
    InputError
        The folder holds another study or other files and `overwrite` is not set.
    """
    cache, file = folder / "cache", folder / "study.json"
    found = read_record(file) if file.is_file() and not overwrite else None
    others = sorted(p.name for p in folder.iterdir() if p != cache) if folder.is_dir() else []
    if found is not None and found.get("fingerprint") != study.fingerprint:
        raise InputError(
            f"{folder} holds another study",
            expected=f"study {study.name!r} as it is now, or a new folder",
            got=_difference(found, study),
            remedy="choose another folder, or add --overwrite to replace its results",
        )
    if found is None and others and not overwrite:
        raise InputError(
            f"{folder} is not empty and holds no study",
            expected="a new or empty folder",
            got=", ".join(others[:3]),
            remedy="choose another folder, or add --overwrite",
        )
    return found


def about(study: Study) -> dict[str, Any]:
    """Return what study.json says before anything is measured."""
    return {
        "schema": SCHEMA,
        "name": study.name,
        "title": study.title,
        "description": study.description,
        "fingerprint": study.fingerprint,
        "spec": study.to_dict(),
        "masks": study.masks,
        "runs": [],
    }


def _difference(found: Mapping[str, Any], study: Study) -> str:
    """Say in what another study is another."""
    there, here = found.get("spec", {}), study.to_dict()
    keys = [key for key in here if there.get(key) != here[key] and key != "name"]
    other = ", ".join(keys) or "parameters"
    return f"study {found.get('name')!r}, which has other {other}"
