"""TOML into frozen dataclasses: unknown keys are refused with the nearest known one."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from itertools import islice
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from wordnum.errors import FormatError, InputError, UsageError

T = TypeVar("T")
# Names that an error lists; of more, those near in spelling, in a second at most.
_LISTED, _COMPARED, _LONGER, _LONGEST = 60, 10_000, 2, 40
_WORDS: dict[Any, str] = {
    str: "text", int: "a whole number", float: "a number", bool: "true or false",
    Mapping: "a table",
}  # fmt: skip


def nearest(name: str, known: Iterable[str]) -> str:
    """Hint that names the known word most like `name`, and all that are known where they are few.

    Of many, such as the words of a vocabulary, up to three with the same first letter and about
    the same length are named, of the first ten thousand.

    Examples
    --------
    >>> nearest("pmi", ["ppmi", "hellinger"])
    "did you mean 'ppmi'? Known: hellinger, ppmi"
    """
    known = list(known)
    if len(known) <= _LISTED:
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"did you mean {close[0]!r}? " if close else ""
        return f"{hint}Known: {', '.join(sorted(known))}"
    alike = (k for k in known if k[:1] == name[:1] and abs(len(k) - len(name)) <= _LONGER)
    close = []
    if len(name) <= _LONGEST:
        close = difflib.get_close_matches(name, islice(alike, _COMPARED), cutoff=0.7)
    if not close:
        return f"none of the {len(known):,} that are known is like it"
    return f"did you mean {' or '.join(map(repr, close))}? {len(known):,} are known"


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


def whole_number(
    value: Any, *, least: int = 1, most: int = 2**31 - 1, what: str, where: str | None = None
) -> int:
    """Return `value`, of any integer type, as an int within bounds.

    Raises
    ------
    UsageError
        It is no integer, or lies outside `least` to `most`.

    Examples
    --------
    >>> whole_number(np.int64(5), what="window")
    5
    """
    # A bool is an int to Python, and nothing that anybody means as a number.
    fits = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not fits or not least <= value <= most:
        bounds = f"an integer of at least {least}"
        raise UsageError(
            f"{what} cannot be {str(value)[:40]}",
            expected=bounds if most == 2**31 - 1 else f"{bounds} and at most {most}",
            where=where,
        )
    return int(value)


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
    # Not TOML, not UTF-8, a number of more than 4,300 digits, or nested too deep.
    except (OSError, ValueError, RecursionError) as error:
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
        A key is unknown, a required one is missing, or a value is not of its field's type.
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
    check_types(values, get_type_hints(kind), where=where)
    return kind(**values)


def check_types(values: Mapping[str, Any], types: Mapping[str, Any], *, where: str) -> None:
    """Refuse values of the wrong type.

    Parameters
    ----------
    values : mapping
        A TOML table.
    types : mapping
        Type of each key: str, int, float, bool, Mapping, unions of them, and lists and tuples of
        any length; a text may stand for a tuple of texts.
    where : str
        File and table, for messages.

    Examples
    --------
    >>> check_types({"seeds": [1, "2"]}, {"seeds": list[int]}, where="mine.toml")
    Traceback (most recent call last):
    wordnum.errors.UsageError: seeds cannot be read
      expected: a list, each item a whole number
      got: [1, '2']
      where: mine.toml
    """
    for key, value in values.items():
        if key in types and not _fits(value, types[key]):
            raise UsageError(
                f"{key} cannot be read",
                expected=_named(types[key]),
                got=f"{value!r:.80}",
                where=where,
            )


def _fits(value: Any, wanted: Any) -> bool:
    kind, among = get_origin(wanted) or wanted, get_args(wanted)
    if kind in (Any, Literal):  # which of the words it is, the class itself says
        return True
    if kind in (Union, UnionType):
        return any(_fits(value, one) for one in among)
    if kind is list or (kind is tuple and not (isinstance(value, str) and among[0] is str)):
        return isinstance(value, list | tuple) and all(_fits(item, among[0]) for item in value)
    if isinstance(value, bool):
        return kind is bool
    kinds: dict[Any, Any] = {float: (int, float), tuple: str}
    return isinstance(value, kinds.get(kind, kind))


def _named(wanted: Any) -> str:
    kind, among = get_origin(wanted) or wanted, get_args(wanted)
    if kind in (Union, UnionType):
        return " or ".join(map(_named, among))
    if kind in (list, tuple):
        return f"a list, each item {_named(among[0])}"
    return _WORDS.get(kind, getattr(kind, "__name__", str(kind)))
