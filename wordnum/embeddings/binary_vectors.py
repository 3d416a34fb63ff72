"""Vector files in binary: word2vec and fastText .bin, memory-mapped."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wordnum.embeddings.spelling import number_of, rows_of_numbers
from wordnum.embeddings.text_vectors import text_header
from wordnum.errors import FormatError

__all__ = ["FASTTEXT_MAGIC", "read_fasttext_binary", "read_word2vec_binary"]

FASTTEXT_MAGIC = struct.pack("<i", 793712314)
_LONGEST_WORD = 10_000
_REMEDY = "download or export the file again"


def read_word2vec_binary(path: Path, *, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Read the numbers' vectors out of a word2vec .bin file.

    Returns
    -------
    numbers, vectors
        Ascending, and float32 (n, d).

    Raises
    ------
    FormatError
        The file is cut off or longer than its header says; the message names the byte.
    InputError
        No number, or one twice.
    """
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        start = view.find(b"\n") + 1
        header = text_header(view[:start])
        if header is None or 0 in header:
            raise FormatError(
                f"{path} is no word2vec file",
                expected="a header 'WORDS DIMENSIONS'",
                got=repr(view[: min(start, 60)]),
                where="line 1",
            )
        words, dim = header
        if start + words * (4 * dim + 2) > len(view) + 1:
            raise _cut_off(path, f"{words} words of {dim} dimensions", len(view))
        found, places, end = [], [], start
        for index, token, place in _walk(path, view, start, words, dim):
            end = place + 4 * dim
            if number_of(token, size=size):
                found.append((token, index))
                places.append(place)
        rest = view[end:].strip(b"\n")
        if rest:
            raise FormatError(
                f"{path} does not hold what its header says",
                expected=f"the end of the file after {words} words",
                got=f"{len(view) - end} more bytes",
                where=f"byte {end}",
                remedy=_REMEDY,
            )
        numbers, rows = rows_of_numbers(found, size=size, where=str(path))
        where = dict(zip((row for _, row in found), places))
        vectors = [np.frombuffer(view, "<f4", dim, where[row]).copy() for row in rows.tolist()]
    return numbers, np.array(vectors)


def _walk(
    path: Path, view: mmap.mmap, start: int, words: int, dim: int
) -> Iterator[tuple[int, str, int]]:
    """Yield (index, token, first byte of its vector)."""
    position = start
    for index in range(words):
        blank = view.find(b" ", position, position + _LONGEST_WORD)
        end = blank + 1 + 4 * dim
        if blank < 0 or end > len(view):
            if position + _LONGEST_WORD < len(view) and blank < 0:
                raise FormatError(
                    f"{path} is damaged, or its header lies",
                    expected=f"a word, a blank and {dim} floats",
                    got=f"no blank in {_LONGEST_WORD} bytes",
                    where=f"byte {position}, word {index} of {words}",
                    remedy=_REMEDY,
                )
            raise _cut_off(path, f"{words} words, of which word {index} is cut off", len(view))
        token = view[position:blank].lstrip(b"\n").decode("utf-8", errors="replace")
        yield index, token, blank + 1
        position = end


def _cut_off(path: Path, expected: str, at: int) -> FormatError:
    return FormatError(
        f"{path} is cut off, or its header lies",
        expected=expected,
        got="the end of the file",
        where=f"byte {at}",
        remedy=_REMEDY,
    )


@dataclass(frozen=True)
class _FastText:
    """What the head of a fastText .bin says, and where its input matrix starts."""

    words: list[tuple[str, int]]
    n_words: int
    bucket: int
    minn: int
    maxn: int
    rows: int
    dim: int
    offset: int


def read_fasttext_binary(path: Path, *, size: int) -> tuple[np.ndarray, np.ndarray, bool]:
    """Read the numbers' vectors out of a fastText .bin file.

    A word's vector is what fastText itself gives: the mean of the word's row and of the rows of
    its character n-grams, where the model has any.

    Returns
    -------
    numbers, vectors, ngrams
        Ascending; float32 (n, d); whether characters went into the vectors.

    Raises
    ------
    FormatError
        The file is cut off (the message names the byte), quantized, or of another version.
    InputError
        No number, or one twice.
    """
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        model = _fasttext_head(path, view, size)
        end = model.offset + 4 * model.rows * model.dim
        if end > len(view):
            raise _cut_off(path, f"{model.rows} vectors of {model.dim} dimensions", len(view))
    numbers, rows = rows_of_numbers(model.words, size=size, where=str(path))
    matrix = np.memmap(path, "<f4", mode="r", offset=model.offset, shape=(model.rows, model.dim))
    tokens = {row: token for token, row in model.words}
    with np.errstate(all="ignore"):  # what is not finite is an error of its own
        vectors = [
            matrix[[row, *_ngram_rows(tokens[row], model)]].mean(axis=0) for row in rows.tolist()
        ]
    return numbers, np.array(vectors), model.maxn > 0


class _Reader:
    """Reads packed values one after another, and knows the byte it stands at."""

    def __init__(self, path: Path, view: mmap.mmap) -> None:
        self.path, self.view, self.at = path, view, 0

    def take(self, layout: str) -> tuple[int, ...]:
        try:
            values = struct.unpack_from("<" + layout, self.view, self.at)
        except struct.error:
            raise _cut_off(self.path, "more of the model's head", len(self.view)) from None
        self.at += struct.calcsize("<" + layout)
        return values

    def word(self) -> str:
        end = self.view.find(b"\0", self.at)
        if end < 0:
            raise _cut_off(self.path, "more of the dictionary", len(self.view))
        text = self.view[self.at : end].decode("utf-8", errors="replace")
        self.at = end + 1
        return text


def _fasttext_head(path: Path, view: mmap.mmap, size: int) -> _FastText:
    reader = _Reader(path, view)
    _, version = reader.take("ii")
    if version not in (11, 12):
        raise FormatError(
            f"{path} is a fastText model of another version",
            expected="version 11 or 12",
            got=str(version),
            where="byte 4",
        )
    arguments = reader.take("12id")
    model, bucket, minn, maxn = arguments[7], *arguments[8:11]
    if version == 11 and model == 3:
        maxn = 0  # supervised models of that version wrote it without using it
    n_entries, n_words, _, _, pruned = reader.take("iiiqq")
    words = []
    for index in range(n_entries):
        token = reader.word()
        reader.take("qb")
        if index < n_words and number_of(token, size=size):
            words.append((token, index))
    if pruned > 0 or reader.take("?")[0]:
        raise FormatError(
            f"{path} is a quantized fastText model",
            expected="a full model (.bin) or its vectors (.vec)",
            got="a quantized or pruned one (.ftz)",
            remedy="use the model it was made from, or export its vectors as text",
        )
    rows, dim = reader.take("qq")
    least = n_words + (bucket if maxn > 0 else 0)
    if rows < max(least, 1) or dim < 1:
        raise FormatError(
            f"{path} is damaged: its head does not fit its vectors",
            expected=f"vectors of {least} words and n-grams",
            got=f"{rows} of {dim} dimensions",
            where=f"byte {reader.at - 16}",
            remedy=_REMEDY,
        )
    return _FastText(words, n_words, bucket, minn, maxn, rows, dim, reader.at)


def _ngram_rows(token: str, model: _FastText) -> list[int]:
    if model.maxn <= 0 or model.bucket <= 0:
        return []
    marked = f"<{token}>"
    grams = [
        marked[i : i + n]
        for i in range(len(marked))
        for n in range(max(model.minn, 1), model.maxn + 1)
        if i + n <= len(marked) and not (n == 1 and i in (0, len(marked) - 1))
    ]
    return [model.n_words + _hash(gram) % model.bucket for gram in grams]


def _hash(text: str) -> int:
    """FNV-1a, 32 bit, over signed bytes as fastText has it."""
    value = 2166136261
    for byte in text.encode():
        signed = byte - 256 if byte > 127 else byte
        value = ((value ^ (signed & 0xFFFFFFFF)) * 16777619) & 0xFFFFFFFF
    return value
