"""A second tokenizer, slow and plain: the number policy written down in `regex`."""

from __future__ import annotations

from functools import lru_cache

import regex

from wordnum.corpus.numerals import NumeralScheme

__all__ = ["OTHER", "UNKNOWN", "documents", "tokens"]

OTHER, UNKNOWN = "<other number>", "<unknown>"
_LONGEST = 1024
_WORD, _DIGIT = r"[\p{L}\p{M}]", r"\p{N}"
# A numeral of the scheme `whole` goes on over a single point or comma between two digits.
_JOINED = rf"{_DIGIT}+(?:[.,]{_DIGIT}+)*"
_MIXED = rf"[\p{{L}}\p{{M}}\p{{N}}](?:[\p{{L}}\p{{M}}\p{{N}}]|(?<={_DIGIT})[.,](?={_DIGIT}))*"
_RUNS = {
    (True, "out"): _MIXED,
    (True, "keep"): rf"{_JOINED}|{_WORD}+",
    (False, "out"): r"[\p{L}\p{M}\p{N}]+",
    (False, "keep"): rf"{_DIGIT}+|{_WORD}+",
}
_VISIBLE = r"[^\p{Z}\p{C}]"
# A point behind a space or a sign, as in " .5".
_LONE_POINT = regex.compile(r"(?<=(?<![\p{L}\p{M}\p{N}.])\.)(?=\p{N})")
_HAS_DIGIT = regex.compile(_DIGIT)


@lru_cache
def _pattern(joins: bool, ordinals: str) -> regex.Pattern:
    return regex.compile(f"{_RUNS[joins, ordinals]}|{_VISIBLE}")


@lru_cache(maxsize=500_000)
def _read(run: str, scheme: NumeralScheme) -> tuple[int | str, ...]:
    """Tokens of a run of letters and digits, or of one other visible character."""
    too_long = len(run.encode()) > _LONGEST
    if not _HAS_DIGIT.search(run):
        return (UNKNOWN if too_long else run.lower(),)
    if too_long or not regex.fullmatch("[0-9]+", run):
        return (OTHER,)
    if scheme.kind == "whole":
        return (int(run) if str(int(run)) == run and int(run) < scheme.size else OTHER,)
    if scheme.kind == "digit":
        return tuple(int(digit) for digit in run)
    if scheme.kind == "l2r3":
        chunks = regex.findall("[0-9]{1,3}", run)
    else:
        chunks = [chunk[::-1] for chunk in regex.findall("[0-9]{1,3}", run[::-1])][::-1]
    return tuple(int(chunk) if str(int(chunk)) == chunk else chunk for chunk in chunks)


def documents(text: str, scheme: NumeralScheme, separator: str) -> list[list[int | str]]:
    """Tokens of every document that has any."""
    joins = scheme.kind == "whole"
    line_ends = {"blank": 2, "line": 1, "file": len(text) + 1}[separator]
    found: list[list[int | str]] = []
    before = 0
    for match in _pattern(joins, scheme.ordinals).finditer(text):
        if not found or text.count("\n", before, match.start()) >= line_ends:
            found.append([])
        before = match.end()
        if joins and _LONE_POINT.match(text, match.start()):
            found[-1].append(OTHER)
        else:
            found[-1].extend(_read(match.group(), scheme))
    return found


def tokens(text: str, scheme: NumeralScheme) -> list[int | str]:
    """Tokens of a text, whatever its documents."""
    return [token for document in documents(text, scheme, "file") for token in document]
