"""Other tokenizers behind the interface of the fast one: spaCy, Hugging Face, any callable."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import os
import pickle
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from wordnum._compat import require
from wordnum.corpus.numerals import MAX_TOKEN_BYTES, OTHER, NumeralScheme, character_class
from wordnum.corpus.tokenizing import FastTokenizer, Piece, tokens
from wordnum.errors import InputError, UsageError
from wordnum.provenance import content_hash
from wordnum.storage import file_hash

Tokenizer = str | os.PathLike[str] | Callable[[str], list[str]]
# A token, and where it begins and ends in its document; -1 where that is not known.
Spans = Iterable[tuple[str, int, int]]
_NUMERIC, _LETTER = 3, 2
# How byte-level and sentencepiece vocabularies write the space before a word.
_SPACE_MARKS = "Ġ▁ "


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
        return DocumentTokenizer(_huggingface(name), numerals, own_numerals=True)
    raise UsageError(
        f"unknown tokenizer {name!r}",
        expected="'fast', 'spacy', the path of a tokenizer.json, or a callable str -> list[str]",
    )


class DocumentTokenizer:
    """Turn documents into ids by a function that gives their tokens and where they stand.

    Tokens with a digit are read by the numeral scheme; one that touches a letter in the text is
    *other number* unless ordinals are kept, and so is, for whole numerals, a part of one such as
    the 3 of "3.14". White space is no token.

    Parameters
    ----------
    spans : callable
        Document -> (token, begin, end) one after the other.
    numerals : NumeralScheme
        How tokens that hold digits become number tokens.
    own_numerals : bool
        The tokenizer cuts digit runs itself, so each of its tokens of plain digits is a number.

    Examples
    --------
    >>> tokenizer = make_tokenizer(str.split, NumeralScheme(), separator="blank")
    >>> tokenizer.read_documents(["page 7 of 21st", "page 7"])
    >>> piece = tokenizer.take()
    >>> piece.ids.tolist(), piece.starts.tolist()
    ([1002, 7, 1003, 1000, 1002, 7], [0, 4])
    """

    def __init__(
        self, spans: Callable[[str], Spans], numerals: NumeralScheme, *, own_numerals: bool = False
    ) -> None:
        self.numerals = numerals
        self._spans = spans
        self._own = own_numerals
        self._read = lru_cache(maxsize=2**14)(lambda token: tokens(token, numerals))
        self._reset()

    def _reset(self) -> None:
        self._index: dict[str, int] = {}
        self._ids: list[int] = []
        self._starts: list[int] = []
        self._plain: dict[str, int] = {}

    def _word(self, word: str) -> int:
        if len(word) * 4 > MAX_TOKEN_BYTES and len(word.encode()) > MAX_TOKEN_BYTES:
            return self.numerals.unknown
        return self.numerals.size + 2 + self._index.setdefault(word, len(self._index))

    def read_documents(self, texts: Iterable[str]) -> None:
        """Read whole documents; one without tokens is dropped."""
        for text in texts:
            before = len(self._ids)
            for token, begin, end in self._spans(text):
                known = self._plain.get(token)
                if known is not None:
                    self._ids.append(known)
                elif any(character_class(character) == _NUMERIC for character in token):
                    self._ids += self._numeral(text, token, begin, end)
                elif token.strip():
                    self._plain[token] = self._word(token)
                    self._ids.append(self._plain[token])
            if len(self._ids) > before:
                self._starts.append(before)

    def _numeral(self, text: str, token: str, begin: int, end: int) -> Iterator[int]:
        size = self.numerals.size
        # Within a tokenizer's own pieces "a7" is a word of its making, and not split again.
        read: list[int | str] = self._piece(token) if self._own else self._read(token)
        a_word = self._own and read == [token]
        if begin >= 0 and not a_word and self._is_fragment(text, begin, end):
            read = [OTHER]
        for item in read:
            yield item if isinstance(item, int) else size if item == OTHER else self._word(item)

    def _is_fragment(self, text: str, begin: int, end: int) -> bool:
        """Whether the token text[begin:end] is a part of what is *other number* as a whole."""
        while begin < end and text[begin].isspace():
            begin += 1
        if self.numerals.ordinals == "out" and _touches(text, begin, end):
            return True
        return self.numerals.kind == "whole" and not self._own and _goes_on(text, begin, end)

    def _piece(self, token: str) -> list[int | str]:
        digits = token.lstrip(_SPACE_MARKS)
        if not (digits.isascii() and digits.isdigit()):
            # "##7" goes on from the piece before it: part of a number, and not a number.
            rest = token.removeprefix("##")
            return [OTHER] if rest.isdigit() else [token]
        if len(digits) > 1 and digits[0] == "0":
            return [digits]
        return [int(digits)] if len(digits) <= 8 and int(digits) < self.numerals.size else [OTHER]

    def take(self) -> Piece:
        """Everything read since the last call; starts a new piece."""
        # No word of a table holds a NUL.
        words = [word.encode(errors="replace").replace(b"\0", b" ") for word in self._index]
        lengths = np.array([len(word) for word in words], dtype=np.int64)
        piece = Piece(
            np.array(self._ids, dtype=np.uint32),
            np.array(self._starts, dtype=np.int64),
            np.frombuffer(b"".join(words), dtype=np.uint8),
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        )
        self._reset()
        return piece


def _touches(text: str, begin: int, end: int) -> bool:
    """Whether the token text[begin:end] runs into a letter outside itself."""
    before = begin > 0 and character_class(text[begin]) >= _LETTER
    behind = 0 < end < len(text) and character_class(text[end - 1]) >= _LETTER
    return (before and character_class(text[begin - 1]) == _LETTER) or (
        behind and character_class(text[end]) == _LETTER
    )


def _goes_on(text: str, begin: int, end: int) -> bool:
    """Whether the numeral in text[begin:end] goes on outside, over a point or comma or not."""

    def digit(at: int) -> bool:
        return 0 <= at < len(text) and character_class(text[at]) == _NUMERIC

    if digit(end - 1) and (digit(end) or (text[end : end + 1] in (".", ",") and digit(end + 1))):
        return True
    if not digit(begin) or not begin:
        return False
    if digit(begin - 1) or (text[begin - 1] in ".," and digit(begin - 2)):
        return True
    stands_alone = begin < 2 or (
        character_class(text[begin - 2]) < _LETTER and text[begin - 2] != "."
    )
    return text[begin - 1] == "." and stands_alone


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
