"""Vector files in binary: word2vec and fastText .bin, memory-mapped."""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from wordnum.embeddings.number_spellings import number_of
from wordnum.embeddings.text_vectors import text_header
from wordnum.embeddings.token_vectors import TokenVectors, damaged, header_off_by_one
from wordnum.errors import FormatError

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
        if not words or not dim or start + (words - 1) * (4 * dim + 2) > len(view) + 1:
            expected = f"{words} words of {dim} dimensions" if dim else "WORDS DIMENSIONS"
            got = f"{view[: min(start, 60)]!r} at the head of {len(view)} bytes"
            raise damaged(path, expected=expected, got=got, where="line 1")
        tokens, places, index = [], {}, 0
        for index, token, place in _words(path, view, start, words, dim):
            if number_of(token, size=size):
                tokens.append((token, index))
                places[index] = place
    notes = () if index + 1 == words else (header_off_by_one(path, words, index + 1),)

    def read(rows: np.ndarray) -> np.ndarray:
        return np.array([np.fromfile(path, "<f4", dim, offset=places[r]) for r in rows.tolist()])

    return TokenVectors(tokens, read, notes=notes)


def _words(
    path: Path, view: mmap.mmap, start: int, words: int, dim: int
) -> Iterator[tuple[int, str, int]]:
    """Yield (index, token, first byte of its vector) up to the end, a word less or more."""
    begin = start
    for index in range(words + 2):
        if index >= words - 1 and len(view) - begin < 3 and not view[begin:].strip(b"\n"):
            return
        if index > words:
            break
        blank = view.find(b" ", begin, begin + _LONGEST_WORD)
        other = view.find(b" ", blank + 1, blank + 32)
        if other >= 0 and blank >= 0 and _is_text(view[begin:other]):
            blank = _true_end(view, begin, blank, dim)
        end = blank + 1 + 4 * dim
        if (blank < 0 or end > len(view)) and index == words:
            break
        if blank < 0 or end > len(view):
            where = f"byte {begin}, word {index} of {words}"
            long = blank < 0 and begin + _LONGEST_WORD < len(view)
            got = f"no blank in {_LONGEST_WORD} bytes" if long else "the end of the file"
            expected = f"a word, a blank and {dim} floats"
            raise damaged(path, expected=expected, got=got, where=where)
        yield index, view[begin:blank].lstrip(b"\n").decode("utf-8", "replace"), blank + 1
        begin = end
    expected, got = f"the end of the file after {words} words", f"{len(view) - begin} more bytes"
    raise damaged(path, expected=expected, got=got, where=f"byte {begin}")


def _true_end(view: mmap.mmap, begin: int, blank: int, dim: int) -> int:
    """Return the blank that ends a word which may hold blanks itself."""
    other = blank
    while other >= 0 and _is_text(view[begin:other]):
        if _fits(view, other + 1, dim):
            return other
        other = view.find(b" ", other + 1, other + 32)
    return blank


def _fits(view: mmap.mmap, begin: int, dim: int) -> bool:
    """Whether the vector from `begin` has values of usual size, and a word follows it."""
    end = begin + 4 * dim
    if end > len(view):
        return False
    values = np.abs(np.frombuffer(view[begin:end], "<f4"))
    usual = (values == 0) | ((values > 1e-15) & (values < 1e15))
    following = view[end : end + _LONGEST_WORD].partition(b" ")[0]
    return bool(usual.all()) and (_is_text(following) or len(view) - end < 2)


def _is_text(given: bytes) -> bool:
    """Whether these bytes are UTF-8 without control characters."""
    try:
        return bool(given) and not _CONTROL.search(given.lstrip(b"\n").decode())
    except UnicodeDecodeError:
        return False


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
            got = "the end of the file"
            raise damaged(path, expected="a model", got=got, where=f"byte {len(view)}") from None


def _fasttext(path: Path, view: mmap.mmap, size: int) -> TokenVectors:
    version, *arguments = struct.unpack_from("<i12id", view, 4)
    if version not in (11, 12):
        message = f"{path} is a fastText model of another version"
        raise FormatError(message, expected="version 11 or 12", got=str(version), where="byte 4")
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
        remedy = "use the model it was made from (.bin), or export its vectors as text (.vec)"
        raise FormatError(f"{path} is a quantized fastText model", remedy=remedy)
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
        signed = byte | 0xFFFFFF00 if byte > 127 else byte
        value = ((value ^ signed) * 16777619) & 0xFFFFFFFF
    return value
