"""Vector files in binary: word2vec and fastText .bin, memory-mapped."""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from wordnum.embeddings.spelling import number_of
from wordnum.embeddings.text_vectors import text_header
from wordnum.embeddings.token_vectors import TokenVectors, damaged
from wordnum.errors import FormatError

__all__ = ["FASTTEXT_MAGIC", "read_fasttext_binary", "read_word2vec_binary"]

FASTTEXT_MAGIC = struct.pack("<i", 793712314)
_LONGEST_WORD = 10_000
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def read_word2vec_binary(path: Path, *, size: int) -> TokenVectors:
    """Read the numbers' vectors out of a word2vec .bin file.

    Returns
    -------
    TokenVectors
        float32.

    Raises
    ------
    FormatError
        The file is cut off or longer than its header says; the message names the byte.
    """
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        start = view.find(b"\n", 0, _LONGEST_WORD) + 1
        words, dim = text_header(view[:start]) or (0, 0)
        if not words or not dim or start + words * (4 * dim + 2) > len(view) + 1:
            expected = f"{words} words of {dim} dimensions" if dim else "WORDS DIMENSIONS"
            got = f"{view[: min(start, 60)]!r} at the head of {len(view)} bytes"
            raise damaged(path, expected=expected, got=got, where="line 1")
        tokens, places, end = [], {}, start
        for index, token, place in _words(path, view, start, words, dim):
            end = place + 4 * dim
            if number_of(token, size=size):
                tokens.append((token, index))
                places[index] = place
        if view[end:].strip(b"\n"):
            expected = f"the end of the file after {words} words"
            got = f"{len(view) - end} more bytes"
            raise damaged(path, expected=expected, got=got, where=f"byte {end}")

    def read(rows: np.ndarray) -> np.ndarray:
        return np.array([np.fromfile(path, "<f4", dim, offset=places[r]) for r in rows.tolist()])

    return TokenVectors(tokens, read)


def _words(
    path: Path, view: mmap.mmap, start: int, words: int, dim: int
) -> Iterator[tuple[int, str, int]]:
    """Yield (index, token, first byte of its vector)."""
    begin, (blank, _) = start, _word_end(view, start)
    for index in range(words):
        end = blank + 1 + 4 * dim
        if blank < 0 or end > len(view):
            where = f"byte {begin}, word {index} of {words}"
            got = f"no blank in {_LONGEST_WORD} bytes" if end < len(view) else "the end of the file"
            expected = f"a word, a blank and {dim} floats"
            raise damaged(path, expected=expected, got=got, where=where)
        following, is_text = _word_end(view, end)
        other = blank
        # A word that holds a blank is cut in two: the next one then begins with bytes of a vector.
        while not is_text and (other := view.find(b" ", other + 1, end)) >= 0:
            last, is_text = _word_end(view, other + 1 + 4 * dim)
            if is_text:
                blank, end, following = other, other + 1 + 4 * dim, last
        yield index, view[begin:blank].lstrip(b"\n").decode("utf-8", "replace"), blank + 1
        begin, blank = end, following


def _word_end(view: mmap.mmap, begin: int) -> tuple[int, bool]:
    """Return where a word ends, -1 for nowhere, and whether it is UTF-8 without controls."""
    end = view.find(b" ", begin, begin + _LONGEST_WORD)
    if end < 0:
        return end, begin in (len(view) - 1, len(view))
    try:
        return end, not _CONTROL.search(view[begin:end].lstrip(b"\n").decode())
    except UnicodeDecodeError:
        return end, False


def read_fasttext_binary(path: Path, *, size: int) -> TokenVectors:
    """Read the numbers' vectors out of a fastText .bin file.

    A word's vector is what fastText itself gives: the mean of the word's row and of the rows of
    its character n-grams, where the model has any.

    Returns
    -------
    TokenVectors
        float32; flagged "subwords" where characters went into the vectors.

    Raises
    ------
    FormatError
        The file is cut off (the message names the byte), quantized, or of another version.
    """
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        try:
            return _fasttext(path, view, size)
        except struct.error:
            where = f"byte {len(view)}"
            got = "the end of the file"
            raise damaged(path, expected="a whole model", got=got, where=where) from None


def _fasttext(path: Path, view: mmap.mmap, size: int) -> TokenVectors:
    version, *arguments = struct.unpack_from("<i12id", view, 4)
    if version not in (11, 12):
        raise FormatError(
            f"{path} is a fastText model of another version",
            expected="version 11 or 12",
            got=str(version),
            where="byte 4",
        )
    model, bucket, minn, maxn = arguments[7:11]
    if bucket <= 0 or (version == 11 and model == 3):
        maxn = 0  # supervised models of that version wrote it without using it
    n_entries, n_words, _, _, pruned = struct.unpack_from("<iiiqq", view, 64)
    tokens, at = [], 92
    for index in range(n_entries):
        end = view.find(b"\0", at, at + _LONGEST_WORD)
        if end < 0:
            expected = f"{n_entries} words, each with its end"
            raise damaged(path, expected=expected, got="none", where=f"byte {at}")
        token = view[at:end].decode("utf-8", "replace")
        if index < n_words and number_of(token, size=size):
            tokens.append((token, index))
        at = end + 10  # after the word, its count (8 bytes) and its type
    quantized, rows, dim = struct.unpack_from("<?qq", view, at)
    if pruned > 0 or quantized:
        raise FormatError(
            f"{path} is a quantized fastText model",
            expected="a full model (.bin) or its vectors (.vec)",
            got="a quantized or pruned one (.ftz)",
            remedy="use the model it was made from, or export its vectors as text",
        )
    least = n_words + (bucket if maxn > 0 else 0)
    end = at + 17 + 4 * rows * dim
    if rows < max(least, 1) or dim < 1 or not 0 <= n_words <= n_entries or end > len(view):
        expected = f"vectors of {least} words and n-grams"
        got = f"{rows} vectors of {dim} dimensions in a file of {len(view)} bytes"
        raise damaged(path, expected=expected, got=got, where=f"byte {at + 1}")
    matrix = np.memmap(path, "<f4", mode="r", offset=at + 17, shape=(rows, dim))
    words = {row: token for token, row in tokens}

    def mean(row: int) -> np.ndarray:
        grams = _ngrams(words[row], minn, maxn)
        with np.errstate(all="ignore"):  # what is not finite is an error of its own
            return matrix[[row, *(n_words + _hash(gram) % bucket for gram in grams)]].mean(axis=0)

    flags = ("subwords",) if maxn > 0 else ()
    return TokenVectors(tokens, lambda given: np.array([mean(r) for r in given.tolist()]), flags)


def _ngrams(token: str, minn: int, maxn: int) -> list[str]:
    """Character n-grams of a word between its marks, without the marks themselves.

    Examples
    --------
    >>> _ngrams("12", 3, 6)
    ['<12', '<12>', '12>']
    """
    marked = f"<{token}>"
    return [
        marked[i : i + n]
        for i in range(len(marked))
        for n in range(max(minn, 1), min(maxn, len(marked) - i) + 1)
        if not (n == 1 and i in (0, len(marked) - 1))
    ]


def _hash(text: str) -> int:
    """FNV-1a, 32 bit, over signed bytes as fastText has it."""
    value = 2166136261
    for byte in text.encode():
        signed = byte - 256 if byte > 127 else byte
        value = ((value ^ (signed & 0xFFFFFFFF)) * 16777619) & 0xFFFFFFFF
    return value
