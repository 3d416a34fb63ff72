"""Which field of a record holds its text: named, or the only one that can."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wordnum.errors import InputError

_NAMES = ("text", "content", "document")
_SHOWN = 20  # fields, in an error
_DEPTH = 8  # fields within fields
SAMPLE = 20  # records by which a field is chosen


def lookup(record: Any, field: str) -> Any:
    """What a field holds, "doc.text" if one lies in another; of lists, what each item holds.

    Raises
    ------
    KeyError
        There is no such field.

    Examples
    --------
    >>> lookup({"doc": [{"text": "page 7"}, {"text": "page 8"}]}, "doc.text")
    ['page 7', 'page 8']
    """
    if isinstance(record, (list, tuple)):
        return [lookup(item, field) for item in record]
    if not isinstance(record, dict):
        raise KeyError(field)
    if field in record:
        return record[field]
    outer, _, inner = field.partition(".")
    if not inner or outer not in record:
        raise KeyError(field)
    return lookup(record[outer], inner)


def strings_of(record: Mapping[str, Any], depth: int = _DEPTH) -> Iterator[tuple[str, str | None]]:
    """Fields of a record, and those within them, with the text of those that hold one."""
    for name, value in record.items():
        value = next(iter(value), None) if isinstance(value, list) else value
        if isinstance(value, dict) and depth:
            for inner, text in strings_of(value, depth - 1):
                yield f"{name}.{inner}", text
        else:
            yield name, value if isinstance(value, str) else None


def choose_field(columns: Mapping[str, Sequence[str | None]], *, path: str) -> str:
    """Name of the column that holds the text, by its name or as the only one that can.

    Parameters
    ----------
    columns : mapping of str to sequence of (str or None)
        What each column holds in a few records; None is no text.
    path : str
        Of what file, for the error.

    Raises
    ------
    InputError
        None, or more than one.

    Examples
    --------
    >>> choose_field({"id": ["1", "2"], "body": ["page 7", "page 8"]}, path="a.csv")
    'body'
    """
    if "text" in columns:
        return "text"
    named = [name for name in columns if name.rpartition(".")[2].lower() in _NAMES]
    typed = [name for name, values in columns.items() if any(v is not None for v in values)]
    strings = [name for name in typed if any(map(_is_text, columns[name]))]
    of_words = [name for name in strings if any(" " in (v or "").strip() for v in columns[name])]
    for found in (named, typed, strings, of_words):
        if len(found) == 1:
            return found[0]
    raise InputError(
        "it is not clear which field holds the text" if strings else "no field holds text",
        expected="a field named text, content or document, or one alone that holds text",
        got=describe(columns),
        where=path,
        remedy="name the field with --field (field=…)",
    )


def missing_field(field: str, columns: Mapping[str, Sequence[str | None]], path: str) -> InputError:
    """Build the error for a field that is not there."""
    return InputError(
        f"there is no field {field!r}",
        got=describe(columns) if columns else "no record with fields",
        where=path,
        remedy="name the field that holds the text with --field (field=…)",
    )


def describe(columns: Mapping[str, Sequence[str | None]]) -> str:
    """Names of the columns, each with what one of its records says."""
    shown = []
    for name, values in list(columns.items())[:_SHOWN]:
        sample = next((value for value in values if value), None)
        shown.append(f"{name:.40}" + (f" ({sample[:30]!r})" if sample else ""))
    more = len(columns) - len(shown)
    return "the fields " + ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _is_text(value: str | None) -> bool:
    """Whether a value has a letter, and no more digits and signs than those."""
    letters = sum(map(str.isalpha, value or ""))
    return letters > 0 and 2 * letters >= len((value or "").replace(" ", ""))
