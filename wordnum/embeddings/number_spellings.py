"""The spellings under which vocabularies keep their numbers, and which one is read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from wordnum.config import one_of
from wordnum.errors import InputError

# Byte-level BPE writes a leading blank as U+0120, SentencePiece as U+2581, some files as a blank.
# Earlier wins: a token that follows a blank is the one running text mostly holds.
_BLANKS = ("Ġ", "▁", " ", "")
SPELLINGS = {"blank": _BLANKS[:-1], "plain": _BLANKS[-1:]}


class NumberTokens(NamedTuple):
    """Where a vocabulary has its numbers.

    Parameters
    ----------
    numbers, rows : int arrays of shape (n,)
        Ascending numbers and the row of each.
    there : dict of str to int
        How many numbers each spelling of the 7 has, most first.
    read : dict of str to int
        How many of `numbers` are read by each.
    """

    numbers: np.ndarray
    rows: np.ndarray
    there: dict[str, int]
    read: dict[str, int]

    def __str__(self) -> str:
        """Say which spellings are there, and which are read where that is not all."""
        there, read = (
            ", ".join(f"{count} as `{mark}`" for mark, count in counts.items())
            for counts in (self.there, self.read)
        )
        return f"numbers: {there}" + ("" if there == read else f"; read: {read}")


def number_of(token: str, *, size: int = 1000) -> tuple[int, int] | None:
    """Read a token as (number, rank of its spelling), or None where it is not a number.

    The number is written in ASCII digits without leading zeros, alone ("7") or after the mark of
    a word's start (" 7", "Ġ7", "▁7"). A lower rank is preferred where a vocabulary has both.

    Examples
    --------
    >>> number_of("7"), number_of("Ġ42"), number_of("▁999")
    ((7, 3), (42, 0), (999, 1))
    >>> number_of("007"), number_of("21st"), number_of("1000")
    (None, None, None)
    """
    digits = token[-len(str(size - 1)) :].lstrip("Ġ▁ ")
    if not (digits.isascii() and digits.isdigit()) or (digits[0] == "0" and digits != "0"):
        return None
    mark = token[: len(token) - len(digits)]
    if mark not in _BLANKS or int(digits) >= size:
        return None
    return int(digits), _BLANKS.index(mark)


def find_numbers(
    tokens: Iterable[tuple[str, int]], *, size: int, where: str, spelling: str | None = None
) -> NumberTokens:
    """Find the row of each number in a vocabulary.

    Parameters
    ----------
    tokens : iterable of (str, int)
        Each token with its row.
    size : int
        N: numbers 0..N-1 are looked for.
    where : str
        The vocabulary's name, for messages.
    spelling : {"blank", "plain"}, optional
        Read tokens that follow a blank (" 7") only, or those without ("7") only. Left out, one
        spelling serves all numbers where possible: the one that finds most of them, among equals
        the one that follows a blank; the others fill its gaps.

    Raises
    ------
    InputError
        There is no number, or one spelling occurs twice.
    UsageError
        No such spelling.

    Examples
    --------
    >>> found = find_numbers([("the", 0), ("7", 1), ("Ġ3", 2), ("Ġ7", 3)], size=10, where="here")
    >>> found.numbers, found.rows, print(found)
    numbers: 2 as ` 7`, 1 as `7`; read: 2 as ` 7`
    (array([3, 7]), array([2, 3]), None)
    """
    marks = SPELLINGS[one_of(spelling, SPELLINGS, what="spelling")] if spelling else _BLANKS
    found: dict[int, dict[int, int]] = {rank: {} for rank in range(len(_BLANKS))}
    for token, row in tokens:
        hit = number_of(token, size=size)
        if hit is None:
            continue
        number, rank = hit
        if number in found[rank]:
            both = f"rows {found[rank][number]} and {row}"
            message = f"a number token occurs twice in {where}"
            raise InputError(message, got=repr(token), where=both, remedy="remove one of the two")
        found[rank][number] = row
    best_last = sorted(found, key=lambda rank: (len(found[rank]), -rank))
    chosen = {n: r for r in best_last if _BLANKS[r] in marks for n in found[r]}
    there = _by_spelling({r: len(found[r]) for r in reversed(best_last)})
    if not chosen:
        expected = f"tokens such as '7', ' 7', 'Ġ7' or '▁7' for the numbers 0..{size - 1}"
        got = ", ".join(f"{count} as `{mark}`" for mark, count in there.items())
        raise InputError(
            f"{where} holds no number" + (f" of the spelling {spelling!r}" if spelling else ""),
            expected=expected,
            got=got or "none of them",
            remedy="choose another spelling"
            if got
            else "check that this is the vocabulary of these vectors",
        )
    numbers = np.array(sorted(chosen), dtype=np.int64)
    ranks = [chosen[number] for number in numbers.tolist()]
    rows = np.array([found[r][n] for n, r in zip(numbers.tolist(), ranks)], dtype=np.int64)
    read = _by_spelling({r: ranks.count(r) for r in reversed(best_last)})
    return NumberTokens(numbers, rows, there, read)


def _by_spelling(counts: dict[int, int]) -> dict[str, int]:
    """Counts by how a reader would write the 7; marks of a blank are one spelling."""
    shown: dict[str, int] = {}
    for rank, count in counts.items():
        if count:
            spelling = " 7" if _BLANKS[rank] else "7"
            shown[spelling] = shown.get(spelling, 0) + count
    return shown
