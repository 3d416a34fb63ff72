"""Vocabularies that name the rows of a matrix: of tokenizers, sentencepiece, or a word a line."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from wordnum._compat import require
from wordnum.embeddings.number_spellings import number_of
from wordnum.errors import FormatError, InputError

log = logging.getLogger(__name__)

Tokens = list[tuple[str, int]]
# No matrix has as many rows.
_LAST_ROW = 2**40


def read_vocabulary(path: Path) -> Tokens:
    """Return each token with its row.

    Parameters
    ----------
    path : Path
        ``vocab.txt`` (a token per line), ``tokenizer.json`` of Hugging Face tokenizers,
        ``tokenizer.model`` of sentencepiece, or a JSON object of tokens and rows (``vocab.json``)
        or a JSON list.

    Raises
    ------
    OSError
        No such file.
    FormatError
        A file that is none of these, a row that is no whole number (a file of scores, say), or
        text that is not UTF-8.
    MissingExtraError
        A .model without sentencepiece.
    """
    try:
        if path.suffix == ".model":
            tokens = _pieces(path)
        elif path.suffix == ".json":
            tokens = _json_tokens(json.loads(path.read_text(encoding="utf-8")))
        else:
            with open(path, encoding="utf-8", newline="\n") as file:
                tokens = [(line.rstrip("\r\n"), row) for row, line in enumerate(file)]
        for token, row in tokens:
            if type(row) is not int or not 0 <= row < _LAST_ROW:
                raise ValueError(f"{row!r:.40} is not the row of {token!r:.40}")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FormatError(
            f"{path} is no vocabulary",
            expected="vocab.txt with a token per line, or the tokenizer.json, tokenizer.model or "
            "vocab.json of a tokenizer, where every token has a row: 0, 1, 2, ...",
            got=f"{type(error).__name__}: {error}",
        ) from error
    return tokens


def _json_tokens(content: Any) -> Tokens:
    if isinstance(content, list):
        return [(str(token), row) for row, token in enumerate(content)]
    if isinstance(content.get("model"), dict):
        vocabulary = content["model"]["vocab"]
        # A Unigram vocabulary lists [token, score]; the others map tokens to rows.
        if isinstance(vocabulary, list):
            vocabulary = {token: row for row, (token, _) in enumerate(vocabulary)}
        added = {entry["content"]: entry["id"] for entry in content.get("added_tokens") or ()}
        content = {**vocabulary, **added}
    return list(content.items())


def _pieces(path: Path) -> Tokens:
    library: Any = require("sentencepiece", purpose=f"the vocabulary {path.name}")
    model = library.SentencePieceProcessor()
    try:
        model.LoadFromSerializedProto(path.read_bytes())
    except RuntimeError as error:  # what its C++ raises
        raise ValueError("it is no model of sentencepiece") from error
    return [(model.id_to_piece(row), row) for row in range(model.get_piece_size())]


def check_fits(
    vocabulary: Path, tokens: Tokens, *, path: Path, n_rows: int, size: int, strict: bool
) -> None:
    """Refuse a vocabulary that does not fit the rows of a matrix; warn where it may not.

    A few added tokens are normal, and rows up to a round number.

    Parameters
    ----------
    vocabulary, tokens
        The file and what it holds.
    path, n_rows
        The file of the matrix, and its rows.
    size : int
        N.
    strict : bool
        Refuse a vocabulary much shorter than the matrix too, of which a user may mean a part.

    Raises
    ------
    InputError
        It is the vocabulary of something else; both lengths are named.
    """
    n_tokens = max((row for _, row in tokens), default=-1) + 1
    beyond = any(row >= n_rows and number_of(token, size=size) for token, row in tokens)
    short = n_rows - n_tokens > max(256, n_rows // 20)
    if beyond or n_tokens - n_rows > max(8, n_rows // 100) or (short and strict):
        raise InputError(
            f"{vocabulary} is not the vocabulary of {path}",
            expected=f"{n_rows} tokens, one for each row",
            got=f"{n_tokens} tokens",
            remedy="pass the vocabulary that was saved with these vectors",
        )
    if n_tokens > n_rows or short:
        log.warning("%s has %d rows, and %s has %d tokens", path, n_rows, vocabulary, n_tokens)
