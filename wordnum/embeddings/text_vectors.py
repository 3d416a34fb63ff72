"""Vector files in text: word2vec, GloVe and fastText .vec, streamed line by line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from wordnum.embeddings.number_spellings import number_of
from wordnum.embeddings.token_vectors import TokenVectors, damaged, header_off_by_one
from wordnum.progress import bar

_DIGITS = frozenset(b"0123456789")
_LONGEST_LINE = 64 * 2**20


def text_header(line: bytes) -> tuple[int, int] | None:
    """Return (words, dimensions) where a first line is a header: two whole numbers, no more.

    Examples
    --------
    >>> text_header(b"400000 300"), text_header(b"the 0.1 0.2")
    ((400000, 300), None)
    """
    fields = line.split()
    if len(fields) == 2 and all(field.isdigit() for field in fields):
        # More digits than Python converts are a lie in any case.
        return int(fields[0][:19]), int(fields[1][:19])
    return None


def looks_like_text(line: bytes) -> bool:
    r"""Whether a line, or its start, is a word and its numbers as text.

    Examples
    --------
    >>> looks_like_text(b"seven 0.5 0.1"), looks_like_text(b"seven \x00\x81A\x00")
    (True, False)
    """
    fields = line.split()[1:4]
    return bool(fields) and all(_as_float(field) is not None for field in fields)


def looks_like_csv(line: bytes) -> bool:
    """Whether a line is a name and its numbers with commas, semicolons or tabs between them.

    Examples
    --------
    >>> looks_like_csv(b"7,0.5,0.1"), looks_like_csv(b"7,a text, and more of it")
    (True, False)
    """
    cells = (line.split(mark)[1:4] for mark in (b",", b";", b"\t"))
    return any(len(row) > 1 and None not in map(_as_float, row) for row in cells)


def read_text_vectors(path: Path, *, size: int) -> TokenVectors:
    """Read the numbers' vectors out of a text file, one line in memory at a time.

    Parameters
    ----------
    path : Path
        A line per word: the word, then its numbers, separated by blanks. A first line of two
        whole numbers is a header, and is held to its word, but for a count of words that is off by
        one, which is said in a note.
    size : int
        N.

    Returns
    -------
    TokenVectors
        Its rows are lines; float64.

    Raises
    ------
    FormatError
        A line is cut off or no vector, or the header lies; the message names the line.
    """
    tokens: list[tuple[str, int]] = []
    vectors: dict[int, np.ndarray] = {}
    notes: list[str] = []
    for line, word, fields in _lines(path, size, notes):
        values = [_as_float(field) for field in fields]
        if None in values:
            bad = repr(fields[values.index(None)].decode("utf-8", errors="replace"))
            where = f"line {line}, word {word!r}"
            raise damaged(path, expected="finite numbers", got=bad, where=where)
        tokens.append((word, line))
        vectors[line] = np.array(values, dtype=np.float64)
    return TokenVectors(
        tokens, lambda lines: np.array([vectors[x] for x in lines.tolist()]), notes=tuple(notes)
    )


def _lines(path: Path, size: int, notes: list[str]) -> Iterator[tuple[int, str, list[bytes]]]:
    """Yield (line, token, fields) of the numbers; check all lines, and add to the notes."""
    with (
        open(path, "rb") as file,
        bar(f"reading {path.name}", total=path.stat().st_size, unit="bytes") as advance,
    ):
        first = file.readline(_LONGEST_LINE)
        header = text_header(first)
        dim = header[1] if header else max(len(first.split()) - 1, 1)
        if header is None:
            file.seek(0)
        words, number = 0, int(header is not None)
        for line in iter(lambda: file.readline(_LONGEST_LINE), b""):
            number += 1
            advance(len(line))
            text = line.rstrip(b" \r\n")
            blanks = text.count(b" ")
            if blanks != dim and not _may_differ(text, blanks, dim, first=not words):
                got = f"{blanks} numbers" if text else "an empty line"
                expected = f"a word and {dim} numbers, as line 1 {'says' if header else 'has'}"
                where = f"line {number}, or line 1"
                raise damaged(path, expected=expected, got=got, where=where)
            if not text:
                continue
            words += 1
            # Splitting whole lines is ten times the work of finding their first word.
            token = text.partition(b" ")[0] if blanks == dim else text.rsplit(b" ", dim)[0]
            if token and token[-1] in _DIGITS:
                word = token.decode("utf-8", errors="replace")
                if number_of(word, size=size):
                    yield number, word, text.rsplit(b" ", dim)[1:]
        if header and abs(header[0] - words) == 1:
            notes.append(header_off_by_one(path, header[0], words))
        elif header and header[0] != words:
            where = f"line 1 against the end of the file at line {number}"
            raise damaged(path, expected=f"{header[0]} words", got=f"{words} words", where=where)


def _may_differ(text: bytes, blanks: int, dim: int, *, first: bool) -> bool:
    """Whether a line may be empty, or its word hold blanks.

    The first vector of a file may not be empty. In it, words with blanks only occur as " the";
    others mean that the header lies.
    """
    return blanks > dim and (not first or text.startswith(b" ")) if text else not first


def _as_float(field: bytes) -> float | None:
    try:
        return float(field)
    except ValueError:
        return None
