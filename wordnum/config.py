"""TOML into frozen dataclasses: unknown keys are refused with the nearest known one."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, TypeVar

from wordnum.errors import FormatError, InputError, UsageError

__all__ = ["build", "nearest", "one_of", "read_toml"]

T = TypeVar("T")


def nearest(name: str, known: Iterable[str]) -> str:
    """Hint that names the known word most like `name`, or lists what is known.

    Examples
    --------
    >>> nearest("pmi", ["ppmi", "hellinger"])
    "did you mean 'ppmi'? Known: hellinger, ppmi"
    """
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}Known: {', '.join(known)}"


def one_of(value: str, known: Iterable[str], *, what: str, where: str | None = None) -> str:
    """Return `value` if it is known, or raise with the nearest known one.

    Raises
    ------
    UsageError
        `value` is not among `known`.

    Examples
    --------
    >>> one_of("left", ["left", "right"], what="side")
    'left'
    """
    known = list(known)
    if value not in known:
        raise UsageError(
            f"unknown {what} {value!r}", where=where, remedy=nearest(str(value), known)
        )
    return value


def read_toml(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    InputError
        There is no such file.
    FormatError
        It is not TOML; the message has the line.
    """
    path = Path(path)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"no such file: {path}", remedy="check the path") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FormatError(
            f"{path} cannot be read as TOML", expected="a TOML file in UTF-8", got=str(error)
        ) from error


def build(kind: type[T], values: Mapping[str, Any], *, where: str) -> T:
    """Make a dataclass from a mapping.

    Parameters
    ----------
    kind : dataclass type
        Its fields are the known keys; those without a default are required.
    values : mapping
        A TOML table.
    where : str
        File and table, for messages.

    Raises
    ------
    UsageError
        A key is unknown or a required one is missing.
    """
    known = {field.name: field for field in fields(kind) if field.init}  # type: ignore[arg-type]
    if not isinstance(values, Mapping):
        raise UsageError("a table was expected", got=repr(values), where=where)
    for key in values:
        if key not in known:
            raise UsageError(f"unknown key {key!r}", where=where, remedy=nearest(key, known))
    for key, field in known.items():
        if field.default is MISSING and field.default_factory is MISSING and key not in values:
            raise UsageError(f"the key {key!r} is missing", where=where, remedy=f"add {key} = …")
    return kind(**values)
