"""Other tokenizers behind the interface of the fast one: spaCy, Hugging Face, any callable."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import os
import pickle
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from wordnum._compat import require
from wordnum.corpus.numerals import (
    JOINS,
    MAX_TOKEN_BYTES,
    OTHER,
    POINTS,
    SIGNS,
    UNKNOWN,
    NumeralScheme,
)
from wordnum.corpus.tokenizer_kernel import character_classes
from wordnum.corpus.tokenizing import FastTokenizer, Piece, tokens
from wordnum.errors import InputError, UsageError
from wordnum.provenance import content_hash
from wordnum.storage import file_hash

Tokenizer = str | os.PathLike[str] | Callable[[str], list[str]]
# A token, and where it begins and ends in its document; -1 where that is not known.
Spans = Iterable[tuple[str, int, int]]
_LETTER, _NUMERIC = 2, 3
_DIGITS = re.compile("[0-9]+")
_NONE = (2**62, 2**62)  # no further numeral


def tokenizer_name(tokenizer: Tokenizer) -> str:
    """How a tokenizer is named in a manifest."""
    if isinstance(tokenizer, (str, os.PathLike)):
        return os.fspath(tokenizer)
    if not callable(tokenizer):
        raise UsageError(
            f"unknown tokenizer {tokenizer!r}",
            expected="'fast', 'spacy', the path of a tokenizer.json, or str -> list[str]",
        )
    kind = tokenizer if hasattr(tokenizer, "__qualname__") else type(tokenizer)
    return f"{getattr(kind, '__module__', 'builtins')}.{kind.__qualname__}"


def tokenizer_hash(tokenizer: Tokenizer) -> str | None:
    """Hash of what a tokenizer does: of its file, or of its source and state; None if built in."""
    if not callable(tokenizer):
        name = tokenizer_name(tokenizer)
        return file_hash(name) if name.endswith(".json") and os.path.isfile(name) else None
    source = state = ""
    with contextlib.suppress(OSError, TypeError):
        source = inspect.getsource(tokenizer if hasattr(tokenizer, "__code__") else type(tokenizer))
    if not hasattr(tokenizer, "__code__"):
        with contextlib.suppress(Exception):
            state = hashlib.sha256(pickle.dumps(tokenizer)).hexdigest()
    return content_hash(tokenizer_name(tokenizer), source, state)


def make_tokenizer(
    tokenizer: Tokenizer, numerals: NumeralScheme, *, separator: str
) -> FastTokenizer | DocumentTokenizer:
    """Tokenizer of a name ("fast", "spacy"), a tokenizer.json, or a callable.

    Raises
    ------
    UsageError
        No tokenizer of that name.
    InputError
        The tokenizer.json cannot be read.
    MissingExtraError
        The package it needs is not installed.
    """
    if callable(tokenizer):
        return DocumentTokenizer(_aligned(tokenizer), numerals)
    name = tokenizer_name(tokenizer)
    if name == "fast":
        return FastTokenizer(numerals, separator=separator)
    if name == "spacy":
        return DocumentTokenizer(_spacy(), numerals)
    if name.endswith(".json"):
        return DocumentTokenizer(_huggingface(name), numerals)
    raise UsageError(
        f"unknown tokenizer {name!r}",
        expected="'fast', 'spacy', the path of a tokenizer.json, or a callable str -> list[str]",
    )


class DocumentTokenizer:
    """Turn documents into ids by a function that gives their tokens and where they stand.

    Numerals are found in the text by the numeral scheme, as the fast tokenizer finds them, and
    stand for all tokens that make them up: no token decides what is a number. What a token holds
    beside a numeral is read as the fast tokenizer reads it. White space is no token.

    Parameters
    ----------
    spans : callable
        Document -> (token, begin, end) one after the other.
    numerals : NumeralScheme
        How digits become number tokens.

    Examples
    --------
    >>> tokenizer = make_tokenizer(str.split, NumeralScheme(), separator="blank")
    >>> tokenizer.read_documents(["page 7 of 21st", "page 7"])
    >>> piece = tokenizer.take()
    >>> piece.ids.tolist(), piece.starts.tolist()
    ([1002, 7, 1003, 1000, 1002, 7], [0, 4])
    """

    def __init__(self, spans: Callable[[str], Spans], numerals: NumeralScheme) -> None:
        self.numerals = numerals
        self._spans = spans
        self._read = lru_cache(maxsize=2**14)(lambda text: tokens(text, numerals))
        self._last = 0
        self._reset()

    def _reset(self) -> None:
        self._index: dict[str, int] = {}
        self._words: dict[str, int] = {}
        self._ids: list[int] = []
        self._starts: list[int] = []
        self._digests: list[int] = []

    def read_documents(self, texts: Iterable[str]) -> None:
        """Read whole documents; one without tokens is dropped."""
        for text in texts:
            before = len(self._ids)
            self._read_document(text)
            if len(self._ids) > before:
                self._starts.append(before)
                self._digests.append(self._last)
                words = " ".join(text.lower().split()).encode(errors="replace")
                self._last = int.from_bytes(hashlib.blake2b(words, digest_size=8).digest())

    def _read_document(self, text: str) -> None:
        ids, words = self._ids, self._words
        numerals = numeral_spans(text, self.numerals)
        begin, end = next(numerals, _NONE)
        done = 0  # end of the last numeral that was read
        for token, first, last in self._spans(text):
            if done <= first and last <= begin and token in words:
                ids.append(words[token])
            elif first < 0:
                ids += self._fast(token) if _DIGITS.search(token) else self._word(token)
            else:
                while end <= first:
                    begin, end = next(numerals, _NONE)
                at = max(first, done)
                while begin < last:
                    ids += self._fast(text[at:begin]) + self._fast(text[begin:end])
                    at = done = end
                    begin, end = next(numerals, _NONE)
                ids += self._word(token) if at == first else self._fast(text[at:last])

    def _word(self, token: str) -> list[int]:
        """Id of a token beside numerals; nothing for white space."""
        if not token.strip():
            return []
        # Digits that are none in the text were made by a normalizer.
        self._words[token] = self._id(OTHER if _DIGITS.fullmatch(token) else token)
        return [self._words[token]]

    def _fast(self, text: str) -> list[int]:
        """Ids of what the fast tokenizer reads."""
        return [self._id(token) for token in self._read(text)]

    def _id(self, token: int | str) -> int:
        if isinstance(token, int):
            return token
        if token == OTHER:
            return self.numerals.other_number
        if token == UNKNOWN or len(token.encode(errors="replace")) > MAX_TOKEN_BYTES:
            return self.numerals.unknown
        return self.numerals.size + 2 + self._index.setdefault(token, len(self._index))

    def take(self) -> Piece:
        """Everything read since the last call; starts a new piece."""
        # No word of a table holds a NUL.
        words = [word.encode(errors="replace").replace(b"\0", b" ") for word in self._index]
        lengths = np.array([len(word) for word in words], dtype=np.int64)
        piece = Piece(
            np.array(self._ids, dtype=np.uint32),
            np.array(self._starts, dtype=np.int64),
            np.array([*self._digests, self._last], dtype=np.uint64),
            np.frombuffer(b"".join(words), dtype=np.uint8),
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        )
        self._reset()
        return piece


def numeral_spans(text: str, numerals: NumeralScheme) -> Iterator[tuple[int, int]]:
    """Where the numerals of a text begin and end, with all that the scheme takes as part of them.

    Examples
    --------
    >>> list(numeral_spans("7 of 3.14 or 21st", NumeralScheme()))
    [(0, 1), (5, 9), (13, 17)]
    >>> list(numeral_spans("7 of 3.14 or 21st", NumeralScheme("l2r3", ordinals="keep")))
    [(0, 1), (5, 6), (7, 9), (13, 15)]
    """
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    pattern = _PATTERNS[numerals.kind == "whole", numerals.ordinals]
    return (run.span() for run in pattern.finditer(_kinds()[codes].tobytes()))


# Numerals in a text of which every character is written as its kind, see `_kinds`.
_JOINT = rb"(?<=0)(?:[._^]|\^-)(?=0)"
_LONE_POINT = rb"(?:(?<![ae0.])[.](?=0))?+"
_PATTERNS = {
    key: re.compile(pattern)
    for key, pattern in {
        (True, "out"): _LONE_POINT
        + rb"(?<![ae0])[ae]*+0(?:[ae0]|" + _JOINT + rb"|(?<=0e)-(?=0))*+",
        (True, "keep"): _LONE_POINT + rb"0(?:0|" + _JOINT + rb")*+",
        (False, "out"): rb"(?<![ae0])[ae]*+0[ae0]*+",
        (False, "keep"): rb"0++",
    }.items()
}  # fmt: skip


@lru_cache(maxsize=1)
def _kinds() -> np.ndarray:
    """Of every character: 0 numeric, a letter, e an e, . point, ^ caret, _ joins, - sign."""
    kinds = np.frombuffer(b"  a0", dtype=np.uint8)[character_classes()]
    for characters, kind in ((JOINS, "_"), (POINTS, "."), ("^", "^"), (SIGNS, "-"), ("eE", "e")):
        kinds[[ord(character) for character in characters]] = ord(kind)
    return kinds


def _aligned(tokenize: Callable[[str], list[str]]) -> Callable[[str], Spans]:
    """Find the tokens of a callable in the text again; -1 for those it has changed."""

    def spans(text: str) -> Spans:
        position = 0
        tokens = tokenize(text)
        if not isinstance(tokens, (list, tuple)) or not all(isinstance(t, str) for t in tokens):
            raise InputError(
                "the tokenizer did not return a list of str",
                expected="a callable str -> list[str]",
                got=f"{type(tokens).__name__}: {tokens!r:.80}",
            )
        lower = text.lower()
        # Tokenizers may lower-case; a few characters change their length by it.
        found_in = lower if len(lower) == len(text) else text
        for token in tokens:
            found = position
            while not text.startswith(token, found) and text[found : found + 1].isspace():
                found += 1
            # Lower case depends on what stands around (σ, ς): what is there as it is comes first.
            if not text.startswith(token, found):
                found = found_in.find(token.lower() if found_in is lower else token, position)
            if found >= 0:
                position = found + len(token)
                yield token, found, position
            else:
                yield token, -1, -1

    return spans


def _spacy() -> Callable[[str], Spans]:
    tokenizer = require("spacy", purpose="the tokenizer 'spacy'").blank("en").tokenizer

    def spans(text: str) -> Spans:
        for token in tokenizer(text):
            yield token.lower_, token.idx, token.idx + len(token)

    return spans


def _huggingface(path: str) -> Callable[[str], Spans]:
    library: Any = require("tokenizers", purpose="a Hugging Face tokenizer.json")
    if not os.path.isfile(path):
        raise InputError(f"no such tokenizer: {path}", expected="the path of a tokenizer.json")
    try:
        tokenizer = library.Tokenizer.from_file(path)
    except Exception as error:
        raise InputError(
            "the tokenizer cannot be read", expected="a tokenizer.json", got=str(error), where=path
        ) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def spans(text: str) -> Spans:
        encoding = tokenizer.encode(text, add_special_tokens=False)
        for token, (begin, end) in zip(encoding.tokens, encoding.offsets, strict=True):
            yield token, begin, end

    return spans
