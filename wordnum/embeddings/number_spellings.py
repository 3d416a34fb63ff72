"""The spellings under which vocabularies keep their numbers, and which one wins."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from wordnum.errors import InputError

# Byte-level BPE writes a leading blank as U+0120, SentencePiece as U+2581, some files as a blank.
# Earlier wins: a token that follows a blank is the one running text mostly holds.
_BLANKS = ("Ġ", "▁", " ", "")


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


def rows_of_numbers(
    tokens: Iterable[tuple[str, int]], *, size: int, where: str
) -> tuple[np.ndarray, np.ndarray]:
    """Find the row of each number in a vocabulary.

    Parameters
    ----------
    tokens : iterable of (str, int)
        Each token with its row.
    size : int
        N: numbers 0..N-1 are looked for.
    where : str
        The vocabulary's name, for messages.

    Returns
    -------
    numbers, rows : int arrays of shape (n,)
        Ascending numbers and the row of each, by the preferred spelling. One spelling serves all
        numbers where possible: the one that finds most of them; the others fill its gaps.

    Raises
    ------
    InputError
        There is no number, or one spelling occurs twice.

    Examples
    --------
    >>> rows_of_numbers([("the", 0), ("7", 1), ("Ġ3", 2)], size=10, where="here")
    (array([3, 7]), array([2, 1]))
    """
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
    merged: dict[int, int] = {}
    for rank in sorted(found, key=lambda rank: (len(found[rank]), -rank)):
        merged.update(found[rank])
    if not merged:
        raise InputError(
            f"{where} holds no number",
            expected=f"tokens such as '7', ' 7', 'Ġ7' or '▁7' for the numbers 0..{size - 1}",
            got="none of them",
            remedy="check that this is the vocabulary of these vectors",
        )
    numbers = np.array(sorted(merged), dtype=np.int64)
    return numbers, np.array([merged[number] for number in numbers.tolist()], dtype=np.int64)
