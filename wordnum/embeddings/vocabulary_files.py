"""Vocabularies that name the rows of a matrix: vocab.txt, tokenizer.json, vocab.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from wordnum.errors import FormatError

# No matrix has as many rows.
_LAST_ROW = 2**40


def read_vocabulary(path: Path) -> list[tuple[str, int]]:
    """Return each token with its row.

    Parameters
    ----------
    path : Path
        ``vocab.txt`` (a token per line), ``tokenizer.json`` of Hugging Face tokenizers, or a
        JSON object of tokens and rows (``vocab.json``) or a JSON list.

    Raises
    ------
    OSError
        No such file.
    FormatError
        JSON that is none of these, a row that is no whole number (a file of scores, say), or text
        that is not UTF-8.
    """
    try:
        if path.suffix == ".json":
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
            expected="vocab.txt with a token per line, or the tokenizer.json or vocab.json of a "
            "tokenizer, where every token has a row: 0, 1, 2, ...",
            got=f"{type(error).__name__}: {error}",
        ) from error
    return tokens


def _json_tokens(content: Any) -> list[tuple[str, int]]:
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
