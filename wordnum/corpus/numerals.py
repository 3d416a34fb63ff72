"""How digit runs become number tokens: the numeral schemes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from wordnum.errors import UsageError

__all__ = ["KINDS", "MAX_TOKEN_BYTES", "NumeralScheme", "character_class", "read_run"]

KINDS = ("whole", "l2r3", "r2l3", "digit")


@dataclass(frozen=True)
class NumeralScheme:
    """How the digits of a text become number tokens.

    Parameters
    ----------
    kind : {"whole", "l2r3", "r2l3", "digit"}
        `whole`: a numeral is one token, the number it stands for when that is an integer of
        0..size-1 written plainly, else *other number*; digits joined by single points or commas
        are one numeral. `l2r3`: every digit run is cut into chunks of three from the left (as
        Llama-3 does), `r2l3`: from the right; a chunk with a leading zero is a token of its own,
        not the number. `digit`: every digit is a token.
    size : int
        N: the numbers are 0..N-1. 1000 by default, as in the paper; chunks of three need 1000.
    ordinals : {"out", "keep"}
        A digit run that touches a letter ("21st", "A4", "350g") is one *other number* with the
        letters ("out"), or is split from the letters as Llama-3 does ("keep"). The suffix of an
        ordinal spells the last digit of the number, so results made with "keep" carry a flag.
    spelled_out : bool
        Read English number words ("twenty-three") as numerals first.

    Notes
    -----
    Only 0-9 are digits of a number; a run that holds another numeric character (½, ², Ⅳ, ٣) is
    *other number*, and so is a numeral over 1024 bytes long, or one behind a decimal point that
    stands alone (".5", `whole` only).

    Examples
    --------
    >>> NumeralScheme().tokens("21st of 350, 007")
    ['<other number>', 'of', 350, ',', '<other number>']
    >>> NumeralScheme(ordinals="keep").tokens("21st")
    [21, 'st']
    >>> NumeralScheme("r2l3").tokens("12345")
    [12, 345]
    """

    kind: str = "whole"
    size: int = 1000
    ordinals: str = "out"
    spelled_out: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UsageError(
                f"unknown numeral scheme {self.kind!r}", expected="one of " + ", ".join(KINDS)
            )
        if self.ordinals not in ("out", "keep"):
            raise UsageError(f"unknown ordinals {self.ordinals!r}", expected="'out' or 'keep'")
        least = 10 if self.kind == "digit" else 1
        if isinstance(self.size, bool) or not least <= self.size <= 10_000_000:
            raise UsageError(
                f"cannot use {self.size!r} numbers", expected=f"a size of {least} to 10000000"
            )
        if self.kind in ("l2r3", "r2l3") and self.size != 1000:
            raise UsageError(
                f"the scheme {self.kind} needs size 1000, for its chunks are 0..999",
                got=str(self.size),
            )

    @property
    def flags(self) -> tuple[str, ...]:
        """What every result made with this scheme has to say about itself."""
        return ("ordinals-kept",) if self.ordinals == "keep" else ()

    @property
    def other_number(self) -> int:
        """Id of *other number*: N."""
        return self.size

    @property
    def unknown(self) -> int:
        """Id of *unknown*: N + 1."""
        return self.size + 1

    def tokens(self, text: str) -> list[int | str]:
        """Tokens of a text: numbers as int, words and punctuation as lower-case str.

        Slow and plain; the encoder has its own compiled way to the same tokens.
        """
        return list(_tokens(text, self))


OTHER = "<other number>"
MAX_TOKEN_BYTES = 1024
_SPACE, _PUNCTUATION, _LETTER, _NUMERIC = range(4)


def character_class(character: str) -> int:
    """0 for what separates tokens, 1 punctuation, 2 letter or mark, 3 numeric character."""
    category = unicodedata.category(character)
    if category[0] in "LM":
        return _LETTER
    if category[0] == "N":
        return _NUMERIC
    return _SPACE if category[0] in "ZC" else _PUNCTUATION


def _tokens(text: str, scheme: NumeralScheme) -> Iterator[int | str]:
    kinds = [character_class(character) for character in text]
    position = 0
    while position < len(text):
        kind = kinds[position]
        if kind in (_SPACE, _PUNCTUATION):
            if kind == _PUNCTUATION:
                yield text[position].lower()
            position += 1
            continue
        end = _run_end(text, kinds, position, scheme)
        run = text[position:end]
        decimal = (
            scheme.kind == "whole"
            and text[max(position - 1, 0) : position] == "."
            and (position < 2 or (kinds[position - 2] < _LETTER and text[position - 2] != "."))
        )
        if _NUMERIC not in kinds[position:end]:
            yield run.lower() if len(run.encode()) <= MAX_TOKEN_BYTES else "<unknown>"
        elif len(run.encode()) > MAX_TOKEN_BYTES or (decimal and kind == _NUMERIC):
            yield OTHER
        else:
            yield from read_run(run, scheme)
        position = end


def _run_end(text: str, kinds: list[int], start: int, scheme: NumeralScheme) -> int:
    """End of the run of letters and digits at `start`; `whole` joins digits over [.,]."""
    end, last = start + 1, kinds[start]
    while end < len(text):
        if kinds[end] >= _LETTER:
            if scheme.ordinals == "keep" and kinds[end] != last:
                break
            last = kinds[end]
        elif not (
            scheme.kind == "whole"
            and text[end] in ".,"
            and kinds[end - 1] == _NUMERIC
            and kinds[end + 1 : end + 2] == [_NUMERIC]
        ):
            break
        end += 1
    return end


def read_run(run: str, scheme: NumeralScheme) -> Iterator[int | str]:
    """Tokens of one run that holds a numeric character."""
    if not re.fullmatch("[0-9]+", run):
        yield OTHER
    elif scheme.kind == "whole":
        plain = len(run) <= 8 and (run == "0" or run[0] != "0") and int(run) < scheme.size
        yield int(run) if plain else OTHER
    elif scheme.kind == "digit":
        yield from (int(digit) for digit in run)
    else:
        first = (len(run) - 1) % 3 + 1 if scheme.kind == "r2l3" else 3
        chunks = [run[:first], *(run[i : i + 3] for i in range(first, len(run), 3))]
        for chunk in chunks:
            yield chunk if len(chunk) > 1 and chunk[0] == "0" else int(chunk)
