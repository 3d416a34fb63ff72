"""Vector files in text: word2vec, GloVe and fastText .vec, streamed line by line."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from wordnum.embeddings.spelling import number_of, rows_of_numbers
from wordnum.errors import FormatError
from wordnum.progress import bar

__all__ = ["looks_like_text", "read_text_vectors", "text_header"]

_DIGITS = frozenset(b"0123456789")
_REMEDY = "download or export the file again"


def text_header(line: bytes) -> tuple[int, int] | None:
    """Return (words, dimensions) where a first line is a header: two whole numbers, no more.

    Examples
    --------
    >>> text_header(b"400000 300"), text_header(b"the 0.1 0.2")
    ((400000, 300), None)
    """
    fields = line.split()
    if len(fields) == 2 and all(field.isdigit() for field in fields):
        return int(fields[0]), int(fields[1])
    return None


def looks_like_text(line: bytes) -> bool:
    r"""Whether a line, or its start, is a word and its numbers as text.

    Examples
    --------
    >>> looks_like_text(b"seven 0.5 0.1"), looks_like_text(b"seven \x00\x81A\x00")
    (True, False)
    """
    fields = line.lstrip(b" ").split(b" ", 2)
    return len(fields) > 1 and _as_float(fields[1]) is not None


def read_text_vectors(path: Path, *, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Read the numbers' vectors out of a text file, one line in memory at a time.

    Parameters
    ----------
    path : Path
        A line per word: the word, then its numbers, separated by blanks. A first line of two
        whole numbers is a header, and is held to its word.
    size : int
        N.

    Returns
    -------
    numbers, vectors
        Ascending, and float64 (n, d).

    Raises
    ------
    FormatError
        A line is cut off or no vector, the header lies, NaN; the message names the line.
    InputError
        No number, or one twice.
    """
    found: list[tuple[str, int]] = []
    vectors: list[list[float]] = []
    lines_of: list[int] = []
    for number, word, fields in _lines(path, size):
        values = [_as_float(field) for field in fields]
        if not all(value is not None and math.isfinite(value) for value in values):
            bad = next(f for f, v in zip(fields, values) if v is None or not math.isfinite(v))
            raise FormatError(
                f"{path} holds a vector that cannot be used",
                expected="finite numbers",
                got=repr(bad.decode("utf-8", errors="replace")),
                where=f"line {number}, word {word!r}",
                remedy=_REMEDY,
            )
        found.append((word, number))
        vectors.append(values)  # type: ignore[arg-type]
        lines_of.append(number)
    numbers, chosen = rows_of_numbers(found, size=size, where=str(path))
    place = {line: index for index, line in enumerate(lines_of)}
    return numbers, np.array([vectors[place[line]] for line in chosen.tolist()])


def _lines(path: Path, size: int) -> Iterator[tuple[int, str, list[bytes]]]:
    """Yield (line, token, fields) of the numbers; check the shape of all lines."""
    with (
        open(path, "rb") as file,
        bar(f"reading {path.name}", total=path.stat().st_size, binary=True) as advance,
    ):
        first = file.readline()
        header = text_header(first)
        dim = header[1] if header else len(first.split()) - 1
        words, number = 0, 1
        if header is None:
            file.seek(0)
            number = 0
        if dim < 1:
            raise FormatError(
                f"{path} is no vector file",
                expected="a word and its numbers in each line, or a header 'WORDS DIMENSIONS'",
                got=repr(first[:60]),
                where="line 1",
            )
        for line in file:
            number += 1
            advance(len(line))
            text = line.rstrip(b" \r\n")
            blanks = text.count(b" ")
            if blanks != dim:
                _check_width(path, text, blanks, dim, number, first_vector=words == 0)
            if not text:
                continue
            words += 1
            # Splitting whole lines is ten times the work of finding their first word.
            token = text.partition(b" ")[0] if blanks == dim else text.rsplit(b" ", dim)[0]
            if token and token[-1] in _DIGITS:
                word = token.decode("utf-8", errors="replace")
                if number_of(word, size=size):
                    yield number, word, text.rsplit(b" ", dim)[1:]
        if header and header[0] != words:
            raise FormatError(
                f"{path} does not hold what its header says",
                expected=f"{header[0]} words",
                got=f"{words} words",
                where=f"line 1 against the end of the file at line {number}",
                remedy=_REMEDY,
            )


def _check_width(
    path: Path, text: bytes, blanks: int, dim: int, number: int, *, first_vector: bool
) -> None:
    # More blanks than dimensions come from words that hold a blank; in the first vector of a
    # file, where such words only occur as " the", they mean that the header lies.
    sure = first_vector and not text.startswith(b" ")
    if (blanks > dim and not sure) or (not text and not first_vector):
        return
    raise FormatError(
        f"{path} has a line that does not fit the others",
        expected=f"a word and {dim} numbers",
        got=f"{blanks} numbers" if text else "an empty line",
        where=f"line {number}",
        remedy="the file is cut off or its header lies; " + _REMEDY,
    )


def _as_float(field: bytes) -> float | None:
    try:
        return float(field)
    except ValueError:
        return None
