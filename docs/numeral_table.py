"""Write docs/numerals.md, the table of numerals: python docs/numeral_table.py."""

from __future__ import annotations

import textwrap
import unicodedata
from pathlib import Path

from wordnum.corpus.numerals import JOINS, OTHER, SIGNS, NumeralScheme
from wordnum.corpus.tokenizing import tokens

PAGE = Path(__file__).with_name("numerals.md")

SECTIONS = {
    "Plain numerals": [
        "7",
        "0",
        "999",
        "1000",
        "2024",
        "007",
        "50%",
        "$5",
        "-4",
        "−4",
        "№5",
        "5's",
    ],
    "Decimals and groups of digits": [
        *("3.14", ".5", "·5", "12·5", "1,234", "1.234.567", "1,00,000", "1'234", "1’234", "1_234"),
        *("1\u00a0234", "1\u202f234", "1\u2009234", "1 234", "1, 234", "5\u00ad0", "1\u200b234"),
    ],
    "Letters that touch, ordinals": [
        *("21st", "21ˢᵗ", "A4", "A1234", "1980s", "350g", "25°C", "H2O", "CO₂", "3年", "COVID-19"),
    ],
    "Powers and exponents": ["10²", "10⁻⁶", "x²", "10^6", "10^-6", "1e5", "1e-5", "3×10⁸"],
    "Fractions and several numbers": [
        *("½", "12½", "1⁄2", "1/2", "10-20", "10–20", "10:30", "12/5/2024", "2024-11-12", "5'11"),
        *("40°26′46″", "192.168.0.1"),
    ],
    "Other digits, words": ["１２", "٣", "१२", "①", "Ⅳ", "XIV", "三", "twenty-three"],
}
SCHEMES = {
    "`whole` (default)": NumeralScheme(),
    **{
        f"`{kind}`, kept": NumeralScheme(kind, ordinals="keep")
        for kind in ("whole", "l2r3", "r2l3", "digit")
    },
}
HEAD = """# How numbers are read

Number tokens are the integers 0 to 999. What is none of them is *other number*: it holds its place
in the text, and is no row and no column. `[n]` is a number token, `#` is *other number*. A
character that cannot be seen is written as its code.

A wrong number is worse than one that is missing. So under `whole` the whole numeral decides,
whatever the tokenizer: a part of another numeral is never a number, and where it is in doubt what
a numeral means, it is *other number*. The other schemes cut runs of digits into chunks, as
tokenizers of language models do. `--numerals` chooses the scheme, `--ordinals keep` the columns
"kept". With ordinals out, all schemes read digits that touch a letter as `#`.

The scheme reads the text before the tokenizer does: spaCy, a `tokenizer.json` and a callable of
your own give the same numbers as the fast tokenizer, and cut only what lies between. The rules
have a version, which stands in every corpus and file of counts; those of another version are
refused.
"""
TAIL = """
## What joins digits under `whole`

One of these between two digits makes them one numeral:

{joins}

Behind `^`, and behind an `e` that follows a digit, so does one of {signs}. A point or middle dot
that stands alone before digits makes a fraction of them. An ordinary blank joins nothing, for
`1 234` may be two numbers.

`--spelled-out` reads "twenty-three" as 23, over the end of a line too, and not over a blank line.
"""


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """Text of the page."""
    parts = [HEAD]
    for title, texts in SECTIONS.items():
        parts.append(f"\n## {title}\n\n{table(texts)}\n")
    joins = textwrap.fill(", ".join(map(named, JOINS)) + ".", 99, break_on_hyphens=False)
    signs = ", ".join(f"`{sign}`" for sign in SIGNS)
    return "".join(parts) + TAIL.format(joins=joins, signs=signs)


def table(texts: list[str]) -> str:
    """Rows of what each scheme makes of a text."""
    lines = ["| text | " + " | ".join(SCHEMES) + " |", "|---" * (len(SCHEMES) + 1) + "|"]
    for text in texts:
        cells = [written_out(text, scheme) for scheme in SCHEMES.values()]
        lines.append("| " + " | ".join(f"`{cell}`" for cell in [shown(text), *cells]) + " |")
    return "\n".join(lines)


def written_out(text: str, scheme: NumeralScheme) -> str:
    """Tokens of a text: [n] is a number, # is other number."""
    marks = (
        f"[{t}]" if isinstance(t, int) else "#" if t == OTHER else t for t in tokens(text, scheme)
    )
    return " ".join(marks)


def shown(text: str) -> str:
    """Text with codes for what cannot be seen, or not be told from a blank."""
    return "".join(
        f"<{code(c)}>" if c != " " and unicodedata.category(c)[0] in "ZC" else c for c in text
    )


def code(character: str) -> str:
    """Code point as Unicode writes it."""
    return f"U+{ord(character):04X}"


def named(character: str) -> str:
    """Return a character itself, or the name in Unicode of one that cannot be seen."""
    if shown(character) == character:
        return f"`{character}`"
    return f"{unicodedata.name(character).lower()} ({code(character)})"


if __name__ == "__main__":
    main()
