"""What every reader of vector files returns, and the error of those that cannot be read."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from wordnum.errors import FormatError

log = logging.getLogger(__name__)

Split = Callable[[str], list[tuple[str, int]] | None]


@dataclass(frozen=True)
class TokenVectors:
    """Tokens of a vector file and their vectors, which stay on disk until they are asked for.

    Parameters
    ----------
    tokens : iterable of (str, int)
        Each token with its row; a reader may leave out what is no number.
    read : callable
        Takes an int array of rows; returns their vectors, shape (len(rows), d).
    flags : tuple of str
        Of the embedding, such as ``"subwords"``.
    splitter : callable
        Makes what gives the tokens of a short text with their rows, or None where there is none.
        A tokenizer takes time and memory, and is needed only where numbers are missing.
    where : str, optional
        The vocabulary, where it is another file.
    named : bool
        Whether the tokens are such, and not the numbers of rows.
    facts : mapping
        Of the embedding's provenance: which tensor of which file, say.
    notes : tuple of str
        Sentences for the reader, such as which tensor was read.
    """

    tokens: Iterable[tuple[str, int]]
    read: Callable[[np.ndarray], np.ndarray]
    flags: tuple[str, ...] = ()
    splitter: Callable[[], Split | None] = lambda: None
    where: str | None = None
    named: bool = True
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def header_off_by_one(path: Path, header: int, words: int) -> str:
    """Warn of a header that many programs write, and return the note: the file is whole."""
    note = f"its header says {header} words, and it holds {words}: all of them were read"
    log.warning("%s: %s", path, note)
    return note


def damaged(path: Path, *, expected: str, got: str, where: str) -> FormatError:
    """Error for a file whose content does not fit itself."""
    return FormatError(
        f"{path} is damaged or cut off, or its header lies",
        expected=expected,
        got=got,
        where=where,
        remedy="download or export the file again",
    )
