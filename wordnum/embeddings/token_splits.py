"""Numbers that a vocabulary has in several tokens: which, how they are split, and their means."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from wordnum._compat import available
from wordnum.embeddings.number_spellings import NumberTokens
from wordnum.embeddings.token_vectors import Split
from wordnum.embeddings.vector_checks import some

# More are not split: a report needs no more, and a mean of each takes a while.
_MOST = 100_000


class SplitNumbers(NamedTuple):
    """Numbers without a token of their own.

    Parameters
    ----------
    pieces : dict of int to list of (str, int)
        Tokens and rows of each that is several tokens.
    unknown : list of int
        Those that are missing for another reason, or one that is not known.
    digits : bool
        Whether the vocabulary has digits alone.
    """

    pieces: dict[int, list[tuple[str, int]]]
    unknown: list[int]
    digits: bool

    def __str__(self) -> str:
        """Say how many are missing, and how they are split."""
        said = []
        if self.pieces:
            number, pieces = max(self.pieces.items())
            shown = " ".join(f"`{token}`" for token, _ in pieces)
            how = "a vocabulary of digits" if self.digits else f"{number} is {shown}"
            said.append(f"{len(self.pieces)} numbers are several tokens: {how}")
        if self.unknown:
            shown = some(np.array(self.unknown), 20)
            said.append(f"{len(self.unknown)} numbers are missing: {shown}")
        return "; ".join(said)


def split_numbers(
    missing: Iterable[int], *, found: NumberTokens, split: Split | None
) -> SplitNumbers:
    """Split the numbers that have no token of their own.

    Parameters
    ----------
    missing : iterable of int
    found : NumberTokens
        Those that have one, which also says whether they follow a blank.
    split : callable, optional
        Gives the tokens of a text. Where it does not, a vocabulary whose only numbers are the ten
        digits splits all others into them.

    Examples
    --------
    >>> from wordnum.embeddings.number_spellings import find_numbers
    >>> digits = [(str(digit), 5 + digit) for digit in range(10)]
    >>> found = find_numbers(digits, size=100, where="here")
    >>> parts = split_numbers(range(10, 100), found=found, split=None)
    >>> print(parts, parts.pieces[42])
    90 numbers are several tokens: a vocabulary of digits [('4', 9), ('2', 7)]
    """
    digits = found.numbers.tolist() == list(range(10))
    blank = " " if next(iter(found.read)).startswith(" ") else ""
    missing = list(missing)
    pieces = {}
    for number in missing[:_MOST]:
        parts = (split and split(f"{blank}{number}")) or ()
        # The mark of a blank may be a token of its own, which is no part of the number.
        parts = [part for part in parts if _digits(part[0])]
        if not parts and digits:
            parts = [(digit, int(found.rows[int(digit)])) for digit in str(number)]
        if len(parts) > 1 and "".join(_digits(token) for token, _ in parts) == str(number):
            pieces[number] = parts
    return SplitNumbers(pieces, [n for n in missing if n not in pieces], digits)


def means(
    pieces: dict[int, list[tuple[str, int]]], read: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Mean of the vectors of each number's tokens, shape (n, d)."""
    rows = sorted({row for parts in pieces.values() for _, row in parts})
    place = {row: at for at, row in enumerate(rows)}
    vectors = read(np.array(rows))
    vectors = vectors.astype(np.promote_types(vectors.dtype, np.float32))
    return np.array([vectors[[place[r] for _, r in p]].mean(axis=0) for p in pieces.values()])


def _digits(token: str) -> str:
    text = token.lstrip("Ġ▁ #")
    return text if text.isascii() and text.isdigit() else ""


def splitter(vocabulary: Path) -> Split | None:
    """Return what splits a text as the tokenizer of this vocabulary does, where it can be told.

    Parameters
    ----------
    vocabulary : Path
        ``tokenizer.json``, ``tokenizer.model``, ``vocab.json`` with ``merges.txt`` beside it, or
        the ``vocab.txt`` of WordPiece.
    """
    if vocabulary.suffix == ".model":
        import sentencepiece

        model = sentencepiece.SentencePieceProcessor(model_file=str(vocabulary))
        return lambda text: [(model.id_to_piece(i), i) for i in model.encode(text)]
    if not available("tokenizers"):
        return None
    try:
        tokenizer = _tokenizer(vocabulary)
    except Exception:  # whatever the library raises: the numbers are read without it
        return None
    if tokenizer is None:
        return None

    def split(text: str) -> list[tuple[str, int]] | None:
        try:
            encoding = tokenizer.encode(text, add_special_tokens=False)
        except Exception:  # WordPiece without a token for what is unknown
            return None
        return list(zip(encoding.tokens, encoding.ids))

    return split


def _tokenizer(vocabulary: Path) -> Any:
    import tokenizers
    from tokenizers import models, pre_tokenizers

    if vocabulary.suffix == ".txt":
        return tokenizers.Tokenizer(models.WordPiece.from_file(str(vocabulary)))
    merges = vocabulary.with_name("merges.txt")
    if vocabulary.name == "vocab.json":
        if not merges.is_file():
            return None
        tokenizer = tokenizers.Tokenizer(models.BPE.from_file(str(vocabulary), str(merges)))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        return tokenizer
    return tokenizers.Tokenizer.from_file(str(vocabulary))
