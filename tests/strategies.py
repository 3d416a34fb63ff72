"""Hypothesis strategies that the tests share."""

from __future__ import annotations

import unicodedata

import regex
from hypothesis import strategies as st

from wordnum.corpus.numerals import KINDS, NumeralScheme

__all__ = ["known_to_both", "nasty_texts", "schemes"]

# What tokenizers trip over: numerals of all makes, case that Python folds by context or into
# two characters, marks, quotes, digits that are none of 0-9, what is invisible, line ends.
_TRICKY = [
    *("0", "7", "42", "007", "999", "1000", "1,234", "3.14", ".5", "..5", "5.", "1,2.3", "1e5"),
    *("21st", "A4", "350g", "$5", "50%", "1/2", "10-20", "-4", "twenty-three", "99999999999"),
    *("ΑΣ", "ΣΑΣ", "Σ", "İ", "ı", "ß", "ẞ", "ǅ", "ǈ", "Ⓐ", "ﬁ", "Å", "K", "Ω"),
    *("é", "e\u0301", "\u0301", "ö\u0323", "\u0e33", "\u0915\u094d\u0937", "\ud55c", "漢字", "אב"),
    *("“", "”", "‘", "’", "—", "…", "«", "€", "№", "😀", "👩\u200d🔬"),
    *("^", "^-", "7^", "1e-5", "E+", "\u2009", "\u202f", "\u2060", "·", "·5", "⁻", "⁄", "’", "−"),
    *("½", "²", "Ⅳ", "٣", "１２", "५", "①", "१२3", "3²"),
    *(
        "\x00",
        "\x1f",
        "\x7f",
        "\u00a0",
        "\u00ad",
        "\u200b",
        "\u2028",
        "\ufeff",
        "\ue000",
        "\U0010ffff",
    ),
    *("\n", "\n\n", "\n \t\n", "\r\n", "\r", " ", ".", ",", ".,", "'", "_"),
    *("abcdefgh", "Abcdefghi", "abcdefghijklmnop", "ABCDEFGHIJKLMNOPq", "x" * 1024, "y" * 1025),
    *("1" * 1024, "2" * 1025, "é" * 512, "é" * 513, "a" + "1" * 1024, "8," * 600 + "8"),
]
_SCRIPTS = "ABcdéßçÆø ŁžΑβΓσς ДжЯѣ אבגד ابجد कखग ไทย 漢字かなカナ 한글 ՀայԵՐ ᲐᲑგდ ⴰⴱ ᏣᎳᎩ 𐐀𐐨 𝟘𝟙 𝔄"
_ASSIGNED = regex.compile(r"\P{Cn}")


def known_to_both(character: str) -> bool:
    """Whether `regex`, whose Unicode is newer, agrees that a character is not assigned."""
    return unicodedata.category(character) != "Cn" or not _ASSIGNED.match(character)


def _characters() -> st.SearchStrategy[str]:
    return st.characters(exclude_categories=("Cs",)).filter(known_to_both)


def nasty_texts() -> st.SearchStrategy[str]:
    """Texts of any characters but surrogates, rich in what tokenizers trip over."""
    plain = st.text(alphabet="aZ09., \n'", max_size=12)
    scripts = st.text(alphabet=_SCRIPTS, max_size=8)
    anything = st.text(alphabet=_characters(), max_size=6)
    parts = st.one_of(st.sampled_from(_TRICKY), plain, scripts, anything)
    return st.lists(parts, max_size=14).map("".join)


def schemes() -> st.SearchStrategy[NumeralScheme]:
    """All four numeral schemes, with ordinals out and kept."""
    return st.builds(
        NumeralScheme, kind=st.sampled_from(KINDS), ordinals=st.sampled_from(["out", "keep"])
    )
