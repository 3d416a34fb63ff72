"""The fast tokenizer against a slow one, whatever the text and however it is cut."""

from __future__ import annotations

import itertools
import lzma
from pathlib import Path

import numpy as np
import pytest
import regex
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from numba import njit

from tests.corpus import reference
from tests.strategies import known_to_both, nasty_texts, schemes
from wordnum.corpus import tokenizer_kernel
from wordnum.corpus.numerals import KINDS, NumeralScheme, character_class
from wordnum.corpus.tokenizing import (
    PADDING,
    FastTokenizer,
    InvalidBytesError,
    Piece,
    tokens,
)
from wordnum.corpus.word_table import WordTable
from wordnum.errors import UsageError

SEPARATORS = ("blank", "line", "file")
ALL_SCHEMES = [NumeralScheme(kind, ordinals=o) for kind in KINDS for o in ("out", "keep")]


def named(scheme: NumeralScheme) -> str:
    return f"{scheme.kind}, {scheme.ordinals}"


def words_of(piece: Piece) -> list[str]:
    data = piece.blob.tobytes()
    return [data[a:b].decode() for a, b in itertools.pairwise(piece.offsets.tolist())]


def spelled(piece: Piece, scheme: NumeralScheme) -> list[int | str]:
    """Tokens of a piece, written out."""
    names: list[int | str] = [*range(scheme.size), reference.OTHER, reference.UNKNOWN]
    names += words_of(piece)
    return [names[i] for i in piece.ids.tolist()]


def split(tokens: list, starts: np.ndarray) -> list[list]:
    return [tokens[a:b] for a, b in itertools.pairwise([*starts.tolist(), len(tokens)])]


def read_whole(text: str, scheme: NumeralScheme, separator: str = "file") -> Piece:
    tokenizer = FastTokenizer(scheme, separator=separator)
    tokenizer.read_bytes(text.encode())
    return tokenizer.take()


def read_in_stretches(
    data: bytes, cuts: list[int], scheme: NumeralScheme, separator: str, *, take_each: bool
) -> tuple[list[int | str], list[int]]:
    """Tokens and document starts when the bytes come in stretches, and in pieces if so asked."""
    tokenizer = FastTokenizer(scheme, separator=separator)
    tokens: list[int | str] = []
    starts: list[int] = []

    def take() -> None:
        piece = tokenizer.take()
        starts.extend((piece.starts + len(tokens)).tolist())
        tokens.extend(spelled(piece, scheme))

    held = b""
    borders = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    for begin, end in itertools.pairwise(borders):
        held += data[begin:end]
        # What lies behind the stretch must not matter.
        buffer = np.frombuffer(held + b"7a.\xff" * (PADDING // 4), dtype=np.uint8).copy()
        held = held[tokenizer.read(buffer, len(held), final=False) :]
        if take_each:
            take()
    tokenizer.read_bytes(held)
    take()
    return tokens, starts


def test_classes_are_those_of_regex():
    classes = tokenizer_kernel.character_classes()
    patterns = [r"[\p{Z}\p{C}]", r"[\p{P}\p{S}]", r"[\p{L}\p{M}]", r"\p{N}"]
    for number, pattern in enumerate(patterns):
        kind = regex.compile(pattern)
        for code in np.flatnonzero(classes == number).tolist():
            character = chr(code)
            assert not known_to_both(character) or kind.match(character), hex(code)
    assert classes.tolist() == [character_class(chr(code)) for code in range(0x110000)]


@settings(max_examples=400, deadline=None)
@given(nasty_texts(), schemes(), st.sampled_from(SEPARATORS))
@example("a.5", NumeralScheme(), "file")
@example("ΑΣ1 Σ", NumeralScheme(ordinals="keep"), "blank")
def test_two_tokenizers_give_the_same_tokens(text: str, scheme: NumeralScheme, separator: str):
    piece = read_whole(text, scheme, separator)
    found = spelled(piece, scheme)
    assert found == tokens(text, scheme)
    assert split(found, piece.starts) == reference.documents(text, scheme, separator)


@settings(max_examples=300, deadline=None)
@given(
    nasty_texts(),
    st.lists(st.integers(0, 200), max_size=6),
    schemes(),
    st.sampled_from(SEPARATORS),
    st.booleans(),
)
@example("1.2", [1, 2], NumeralScheme(), "file", True)
@example("z" * 3000 + "5", [1100, 1500, 3000], NumeralScheme(), "line", True)
@example("1" * 3000 + ".5", [1100, 3000, 3001], NumeralScheme(ordinals="keep"), "line", False)
@example("1" * 3000 + "e-5", [1100, 3000, 3001, 3002], NumeralScheme(), "file", False)
@example("1" * 3000 + "^-5", [1100, 3000, 3001, 3002], NumeralScheme(), "file", True)
def test_tokens_do_not_depend_on_how_the_bytes_are_cut(
    text: str, cuts: list[int], scheme: NumeralScheme, separator: str, take_each: bool
):
    whole = read_whole(text, scheme, separator)
    tokens, starts = read_in_stretches(text.encode(), cuts, scheme, separator, take_each=take_each)
    assert tokens == spelled(whole, scheme)
    assert starts == whole.starts.tolist()


@pytest.mark.parametrize("scheme", ALL_SCHEMES, ids=named)
def test_every_cut_of_a_tricky_text(scheme: NumeralScheme):
    text = (
        "No.5: 1,234.5x ΑΣ21st\n\n½ .07 “é\u0301”\n007\x00\nİ 3.\n"
        "1\u2009234·5 ·6 10^-6 ^-7 2^x 1e-5 e-5 3E+x 8’9 8’s 5\u00ad0 1^2-3"
    )
    data = text.encode()
    expected = reference.documents(text, scheme, "blank")
    for cut in range(len(data) + 1):
        tokens, starts = read_in_stretches(data, [cut], scheme, "blank", take_each=True)
        assert split(tokens, np.array(starts)) == expected


@settings(max_examples=100, deadline=None)
@given(st.lists(nasty_texts(), max_size=5), schemes())
def test_records_are_documents_each(texts: list[str], scheme: NumeralScheme):
    tokenizer = FastTokenizer(scheme, separator="file")
    tokenizer.read_documents(texts)
    piece = tokenizer.take()
    expected = [reference.tokens(text, scheme) for text in texts]
    assert split(spelled(piece, scheme), piece.starts) == [tokens for tokens in expected if tokens]


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=40).filter(lambda noise: b"\xff" not in noise),
    st.sampled_from(["ab 1", "é", "😀x", ""]),
    st.integers(0, 8),
)
@example(noise=b"\xd5\x98", before="ab 1", cut=0)
def test_bytes_that_are_not_utf8_are_found_where_they_are(noise: bytes, before: str, cut: int):
    data = before.encode() + noise
    tokenizer = FastTokenizer(NumeralScheme(), separator="file")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        with pytest.raises(InvalidBytesError, match=f"not UTF-8 at byte {error.start}"):
            tokenizer.read_bytes(data)
        # Cut anywhere, the same place is found in the end.
        with pytest.raises(InvalidBytesError):
            read_in_stretches(data, [cut], NumeralScheme(), "file", take_each=False)
    else:
        # Characters of a newer Unicode than Python's are letters to `regex` alone.
        assume(all(map(known_to_both, text)))
        tokenizer.read_bytes(data)
        assert spelled(tokenizer.take(), NumeralScheme()) == reference.tokens(text, NumeralScheme())


def test_a_run_of_a_million_digits_is_one_other_number():
    for kind in KINDS:
        piece = read_whole("a " + "7" * 1_000_000 + " b", NumeralScheme(kind))
        assert spelled(piece, NumeralScheme(kind)) == ["a", reference.OTHER, "b"]


def test_words_beyond_1024_bytes_are_unknown():
    piece = read_whole("é" * 512 + " " + "é" * 513, NumeralScheme())
    assert spelled(piece, NumeralScheme()) == ["é" * 512, reference.UNKNOWN]


def test_words_are_lower_cased_as_python_does():
    text = "ÉTÉ été THE The ΣΑΣ σας İI ẞ ǅ Ⓐ ꙮ ᲐᲑ 𐐀"
    piece = read_whole(text, NumeralScheme())
    assert spelled(piece, NumeralScheme()) == [word.lower() for word in text.split(" ")]


def test_words_come_apart_whatever_their_length():
    """Beside each other in one text: all prefixes of a word, and words that differ at one end."""
    words = ["q" * n for n in range(1, 40)]
    words += ["q" * n + "r" for n in range(1, 40)] + ["r" + "q" * n for n in range(1, 40)]
    piece = read_whole(" ".join(words * 2), NumeralScheme())
    assert words_of(piece) == words
    assert len(set(piece.ids.tolist())) == len(words)


def test_tables_grow_with_the_words():
    words = [f"w{chr(97 + i % 26)}{'x' * (i % 30)}{chr(97 + i // 26 % 26)}" for i in range(20_000)]
    letters = "abcdefghijklmnopqrst"
    unique = [
        "".join(letters[(i >> 4 * k) % 16] for k in range(5)) * (i % 5 + 1) for i in range(100_000)
    ]
    text = " ".join([*words, *unique, *unique])
    piece = read_whole(text, NumeralScheme())
    assert spelled(piece, NumeralScheme()) == text.split(" ")
    assert len(words_of(piece)) == len(set(text.split(" ")))


@njit
def interned(data, key, words):
    """Index of a word under a key of the test's choosing."""
    found = tokenizer_kernel.find(data, 0, len(data), key, words)
    if found < 0:
        found = tokenizer_kernel.add(data, 0, len(data), key, -1 - found, words)
    return found


def test_two_words_with_an_equal_key_do_not_merge():
    table = WordTable()
    key = np.uint64(0x1234), np.uint64(0xFF << 56 | 20)
    words = [b"a-word-of-20-letters", b"a-word-of-20-letterz", b"b-word-of-20-letters"]
    arrays = [np.frombuffer(bytearray(word), dtype=np.uint8) for word in words]
    assert [interned(array, key, table.arrays) for array in arrays * 2] == [0, 1, 2, 0, 1, 2]
    blob, offsets = table.words()
    assert [blob[a:b].tobytes() for a, b in itertools.pairwise(offsets)] == words


def test_an_unknown_separator_is_refused():
    with pytest.raises(
        UsageError, match="unknown separator 'page'\n  to do: .*Known: blank, file, line"
    ):
        FastTokenizer(NumeralScheme(), separator="page")


def paragraphs(path: Path, size: int):
    """Texts of about `size` characters, each of whole documents, and the whole of the file."""
    lines: list[str] = []
    held = 0
    with lzma.open(path, "rt", encoding="utf-8", newline="") as file:
        for line in file:
            lines.append(line)
            held += len(line)
            if held > size and line == "\n":
                yield "".join(lines)
                lines, held = [], 0
    yield "".join(lines)


def check_real_text(text: str, scheme: NumeralScheme) -> None:
    piece = read_whole(text, scheme, "blank")
    found = split(spelled(piece, scheme), piece.starts)
    expected = reference.documents(text, scheme, "blank")
    wrong = [pair for pair in zip(found, expected) if pair[0] != pair[1]]
    assert not wrong, wrong[0]
    assert len(found) == len(expected)


def real_files(folder: Path) -> list[Path]:
    files = sorted(folder.glob("*.txt.xz"))
    if not files:
        pytest.skip(f"no .txt.xz in {folder}")
    return files


def test_real_text_gives_the_tokens_of_the_slow_tokenizers(corpora_folder: Path):
    for number, path in enumerate(real_files(corpora_folder)):
        text = next(paragraphs(path, 2_000_000))
        check_real_text(text, NumeralScheme())
        scheme = ALL_SCHEMES[1 + number % (len(ALL_SCHEMES) - 1)]
        check_real_text(text[:500_000], scheme)
        part = text[500_000:600_000]
        assert spelled(read_whole(part, scheme), scheme) == reference.tokens(part, scheme)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ALL_SCHEMES, ids=named)
def test_all_real_text_gives_the_tokens_of_the_slow_tokenizer(
    corpora_folder: Path, scheme: NumeralScheme
):
    for path in real_files(corpora_folder):
        for text in paragraphs(path, 4_000_000):
            check_real_text(text, scheme)
