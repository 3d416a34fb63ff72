"""How digit runs become number tokens: the numeral schemes."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from wordnum.config import one_of, whole_number
from wordnum.errors import UsageError

KINDS = ("whole", "l2r3", "r2l3", "digit")
# Version of what a text's numbers are. Corpora and counts of another one are refused.
RULES = 2


@dataclass(frozen=True)
class NumeralScheme:
    """How the digits of a text become number tokens.

    Parameters
    ----------
    kind : {"whole", "l2r3", "r2l3", "digit"}
        `whole`: a numeral is one token, the number it stands for when that is an integer of
        0..size-1 written plainly, else *other number*; digits joined by one of `JOINS` (points,
        commas, apostrophes, thin spaces, ...) or by the sign of an exponent are one numeral, no
        part of which is a number. `l2r3`: every digit run is cut into chunks of three from the
        left (as Llama-3 does), `r2l3`: from the right; a chunk with a leading zero is a token of
        its own, not the number. `digit`: every digit is a token.
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
    stands alone (".5", "·5", `whole` only). Where it is in doubt what a numeral means, it is
    *other number*: a wrong number is worse than one that is missing. docs/numerals.md has a table.

    Examples
    --------
    >>> NumeralScheme("digit", size=10).other_number
    10
    >>> NumeralScheme(ordinals="keep").flags
    ('ordinals-kept',)

    See Also
    --------
    wordnum.corpus.tokenizing.tokens : what becomes of a text
    """

    kind: str = "whole"
    size: int = 1000
    ordinals: str = "out"
    spelled_out: bool = False

    def __post_init__(self) -> None:
        one_of(self.kind, KINDS, what="numeral scheme")
        one_of(self.ordinals, ("out", "keep"), what="ordinals")
        least = 10 if self.kind == "digit" else 1
        size = whole_number(self.size, least=least, most=10_000_000, what="the size of a scheme")
        object.__setattr__(self, "size", size)
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


OTHER, UNKNOWN = "<other number>", "<unknown>"
MAX_TOKEN_BYTES = 1024
# What joins two digits into one numeral under `whole`: separators of groups and decimals, strokes
# of fractions, signs of powers, spaces that are narrow or do not break, what is not seen.
JOINS = (
    ".,'_^·’٫٬．，" "⁄∕" "⁺⁻₊₋" "\u00a0\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f"
    "\u00ad\u200b\u200c\u200d\u2060\ufeff"
)  # fmt: skip
# Behind ^ and behind the e of "1e-5" a sign joins too.
SIGNS = "+-−"
# Decimal points: one that stands alone before digits makes them a fraction.
POINTS = ".·"
_SPACE, _PUNCTUATION, _LETTER, _NUMERIC = range(4)


def character_class(character: str) -> int:
    """0 for what separates tokens, 1 punctuation, 2 letter or mark, 3 numeric character."""
    category = unicodedata.category(character)
    if category[0] in "LM":
        return _LETTER
    if category[0] == "N":
        return _NUMERIC
    return _SPACE if category[0] in "ZC" else _PUNCTUATION
