"""A second tokenizer, slow and plain: the number policy written down in `regex`."""

from __future__ import annotations

from functools import lru_cache

import regex

from wordnum.corpus.numerals import NumeralScheme

__all__ = ["OTHER", "UNKNOWN", "documents", "tokens"]

OTHER, UNKNOWN = "<other number>", "<unknown>"
_LONGEST = 1024
_WORD, _DIGIT = r"[\p{L}\p{M}]", r"\p{N}"
# Under the scheme `whole` a numeral goes on over one of these between two digits, and over the
# sign of an exponent: 10^-6, 1e-5.
_JOINT = (
    r"(?:[.,'’·_⁄∕٫٬，．⁺⁻₊₋\u00A0\u2004-\u200A\u202F\u205F\u00AD\u200B-\u200D\u2060\uFEFF]"
    r"|\^[+\-−]?)"
)
_SIGN = rf"(?<={_DIGIT}[eE])[+\-−](?={_DIGIT})"
_JOINED = rf"{_DIGIT}+(?:{_JOINT}{_DIGIT}+)*"
_ANY = r"[\p{L}\p{M}\p{N}]"
_MIXED = rf"{_ANY}(?:{_ANY}|(?<={_DIGIT}){_JOINT}(?={_DIGIT})|{_SIGN})*"
_RUNS = {
    (True, "out"): _MIXED,
    (True, "keep"): rf"{_JOINED}|{_WORD}+",
    (False, "out"): rf"{_ANY}+",
    (False, "keep"): rf"{_DIGIT}+|{_WORD}+",
}
_VISIBLE = r"[^\p{Z}\p{C}]"
# The point of " .5" stands behind no letter, digit or point; it is taken with its numeral.
_LONE_POINT = rf"(?<![\p{{L}}\p{{M}}\p{{N}}.·])[.·](?={_DIGIT})"
_HAS_DIGIT = regex.compile(_DIGIT)
_BORDERS = {
    "blank": regex.compile(r"\n[\p{Z}\p{C}]*\n"),
    "line": regex.compile(r"\n"),
    "file": regex.compile(r"(?!)"),
}


class _Readings(dict[str, tuple[int | str, ...]]):
    """Tokens of the runs of a text, each worked out once."""

    def __init__(self, scheme: NumeralScheme) -> None:
        self.scheme = scheme
        joins = scheme.kind == "whole"
        runs = _RUNS[joins, scheme.ordinals]
        lone = f"{_LONE_POINT}(?:{runs})|" if joins else ""
        self.pattern = regex.compile(f"{lone}{runs}|{_VISIBLE}")

    def __missing__(self, run: str) -> tuple[int | str, ...]:
        self[run] = self.read(run)
        return self[run]

    def read(self, run: str) -> tuple[int | str, ...]:
        """Tokens of a run of letters and digits, or of one other visible character."""
        if len(run) > 1 and run[0] in ".·":
            return (run[0], OTHER)
        too_long = len(run.encode()) > _LONGEST
        if not _HAS_DIGIT.search(run):
            return (UNKNOWN if too_long else run.lower(),)
        if too_long or not regex.fullmatch("[0-9]+", run):
            return (OTHER,)
        if self.scheme.kind == "whole":
            return (int(run) if str(int(run)) == run and int(run) < self.scheme.size else OTHER,)
        if self.scheme.kind == "digit":
            return tuple(int(digit) for digit in run)
        if self.scheme.kind == "l2r3":
            chunks = regex.findall("[0-9]{1,3}", run)
        else:
            chunks = [chunk[::-1] for chunk in regex.findall("[0-9]{1,3}", run[::-1])][::-1]
        return tuple(int(chunk) if str(int(chunk)) == chunk else chunk for chunk in chunks)


_readings = lru_cache(maxsize=1)(_Readings)


def documents(text: str, scheme: NumeralScheme, separator: str) -> list[list[int | str]]:
    """Tokens of every document that has any."""
    readings = _readings(scheme)
    found = []
    for document in _BORDERS[separator].split(text):
        runs = readings.pattern.findall(document)
        if runs:
            found.append([token for run in runs for token in readings[run]])
    return found


def tokens(text: str, scheme: NumeralScheme) -> list[int | str]:
    """Tokens of a text, whatever its documents."""
    return [token for document in documents(text, scheme, "file") for token in document]
