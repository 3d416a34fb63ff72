"""Load number vectors from any file or model folder that people keep vectors in."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path
from tokenize import TokenError
from typing import Literal

import numpy as np

from wordnum.config import one_of
from wordnum.embeddings.binary_vectors import (
    read_fasttext_binary,
    read_word2vec_binary,
)
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.file_kinds import kind_of, no_vectors, pickled
from wordnum.embeddings.gguf_file import read_gguf
from wordnum.embeddings.model_folders import read_model_folder
from wordnum.embeddings.number_spellings import find_numbers
from wordnum.embeddings.tensor_files import open_matrix, open_safetensors
from wordnum.embeddings.text_vectors import read_text_vectors
from wordnum.embeddings.token_splits import means, split_numbers, splitter
from wordnum.embeddings.token_vectors import TokenVectors, damaged
from wordnum.embeddings.unpacking import unpacked
from wordnum.embeddings.vector_checks import checked_size
from wordnum.embeddings.vocabulary_files import check_fits, read_vocabulary
from wordnum.errors import FormatError, InputError, UsageError
from wordnum.storage import load_arrays, read_failure

log = logging.getLogger(__name__)

_READERS = {
    "text": read_text_vectors,
    "word2vec": read_word2vec_binary,
    "fasttext": read_fasttext_binary,
}
_WITH_TENSORS = ("safetensors", "a model folder", "gguf")


def load_embedding(
    path: str | os.PathLike[str],
    *,
    tensor: str | None = None,
    vocab: str | os.PathLike[str] | None = None,
    size: int = 1000,
    spelling: Literal["blank", "plain"] | None = None,
    several: Literal["leave", "mean"] = "leave",
) -> Embedding:
    r"""Load the vectors of the numbers 0..size-1 from a file or a model folder.

    Parameters
    ----------
    path : path-like
        One of

        - .npz of `Embedding.save`, or any .npz with ``vectors`` (and ``numbers``);
        - .npy, row n is number n, or row n is token n of `vocab`;
        - word2vec text or binary, GloVe text with or without a header, fastText .vec and .bin;
        - .safetensors, with `tensor` and `vocab`;
        - a folder of ``save_pretrained``: config.json, weights, the files of the tokenizer;
        - .gguf.

        The content decides, not the name. Vectors stay on disk: only the numbers' rows are read. A
        compressed file (.gz, .bz2, .xz, .zst) is unpacked in the temporary folder first.
    tensor : str, optional
        Name of the tensor in a .safetensors file, a model folder or a .gguf. Of the latter two it
        is the input embedding if left out.
    vocab : path-like, optional
        ``vocab.txt``, ``tokenizer.json``, ``tokenizer.model`` or ``vocab.json`` of a .safetensors
        or .npy file; of a model folder, instead of its own.
    size : int
        N.
    spelling : {"blank", "plain"}, optional
        Read " 7" only, or "7" only. Left out, the one that more numbers have, among equals the
        one that follows a blank; the other fills its gaps, flagged "mixed-spellings".
    several : {"leave", "mean"}
        Numbers that are several tokens are missing, or the mean of the vectors of their tokens,
        flagged "several-tokens".

    Returns
    -------
    Embedding
        Numbers are found as "7", " 7", "Ġ7" or "▁7". Those without a vector are `missing`.
        It has no replicates: there is no corpus to split. ``provenance["notes"]`` says what was
        read: which tensor, which spellings, what is missing and why.

    Raises
    ------
    InputError
        No file, no number, a number twice; a format that would need pickle; a model folder whose
        parts do not fit one another.
    FormatError
        Damaged, cut off, or a header that lies; the message names the line or byte.
    UsageError
        `tensor`, `vocab` or `spelling` given for a format that has none, or a size that is no
        count.
    MissingExtraError
        The extra ``models`` is needed: for .gguf, and for a tokenizer.model of sentencepiece.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "glove.txt"
    >>> _ = path.write_text("the 0.1 0.2\n7 1 2\n3 3 4\n")
    >>> load_embedding(path, size=10)
    <Embedding glove.txt: 2 of 10 numbers; dim 2>
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"no such file: {path}", remedy="check the path")
    one_of(several, ("leave", "mean"), what="treatment of numbers that are several tokens")
    try:
        with unpacked(path) as content:
            within = None if vocab is None else Path(vocab)
            table = _table(content, tensor, within, checked_size(size))
            if not isinstance(table, Embedding):
                return _embedding(path, table, size, spelling, mean=several == "mean")
    except OSError as error:
        raise read_failure(error.filename or path, error) from error
    if size not in (1000, table.size):
        got = f"an embedding of size={table.size}"
        raise InputError(f"{path} has its own size", got=got, remedy="leave size= out")
    if spelling or several != "leave":
        expected = "no spelling= and no several="
        raise UsageError(f"{path} holds numbers, not tokens", expected=expected)
    return table


def _table(
    path: Path, tensor: str | None, vocab: Path | None, size: int
) -> TokenVectors | Embedding:
    kind = kind_of(path)
    if kind not in (*_READERS, *_WITH_TENSORS, "embedding", "npz", "npy"):
        raise no_vectors(path, kind)
    if vocab is not None and kind not in ("npy", "safetensors", "a model folder"):
        raise UsageError(f"{path} names its own words", expected="no vocab=", got=str(vocab))
    if tensor is not None and kind not in _WITH_TENSORS:
        raise UsageError(f"{path} has no named tensors", expected="no tensor=", got=tensor)
    if kind == "embedding":
        return Embedding.load(path)
    if kind == "a model folder":
        return read_model_folder(path, tensor=tensor, vocab=vocab, size=size)
    if kind == "gguf":
        return read_gguf(path, tensor=tensor, size=size)
    if kind in _READERS:
        return replace(_READERS[kind](path, size=size), facts={"format": kind})
    return _matrix(path, kind, tensor, vocab, size)


def _embedding(
    path: Path, table: TokenVectors, size: int, spelling: str | None, *, mean: bool
) -> Embedding:
    """Read the vectors of the numbers, and say what was there."""
    where = table.where or str(path)
    found = find_numbers(table.tokens, size=size, where=where, spelling=spelling)
    numbers, vectors, flags, notes = found.numbers, table.read(found.rows), [], [*table.notes]
    missing = np.setdiff1d(np.arange(size), numbers)
    split = table.splitter() if missing.size else None
    parts = split_numbers(missing.tolist(), found=found, split=split)
    if table.named:
        notes.append(str(found))
        flags += ["mixed-spellings"] if len(found.read) > 1 else []
    if missing.size:
        notes.append(str(parts))
    if mean and parts.pieces:
        numbers = np.concatenate([numbers, list(parts.pieces)])
        vectors = np.concatenate([vectors, means(parts.pieces, table.read)])
        flags.append("several-tokens")
        notes.append(f"{len(parts.pieces)} numbers are the mean of the vectors of their tokens")
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        got, where = "NaN or infinity", f"the vector of {numbers[np.argmin(finite)]}"
        raise damaged(path, expected="finite numbers", got=got, where=where)
    for note in notes:
        log.info("%s: %s", path, note)
    facts = {"bytes": path.stat().st_size} if path.is_file() else {}
    return Embedding(
        vectors,
        numbers,
        size=size,
        name=path.name or path.resolve().name,
        flags=(*table.flags, *flags),
        provenance={
            "file": path.name,
            **facts,
            **table.facts,
            "several_tokens": len(parts.pieces),
            "notes": notes,
        },
    )


def _matrix(
    path: Path, kind: str, tensor: str | None, vocab: Path | None, size: int
) -> TokenVectors:
    """Open a matrix; a vocabulary names its rows, the file itself, or else row n is number n."""
    names = None
    if kind == "safetensors":
        matrix = open_matrix(path, open_safetensors(path), tensor)
        n_rows, read = matrix.shape[0], matrix.read
    else:
        array, names = _arrays(path, kind)
        if array.ndim != 2 or (names is not None and names.shape != array.shape[:1]):
            got = f"shape {array.shape}" + ("" if names is None else f", numbers {names.shape}")
            raise FormatError(f"{path} holds no matrix", expected="shape (n, d)", got=got)
        n_rows, read = array.shape[0], lambda rows: np.asarray(array[rows])
    facts = {"format": kind, "tensor": tensor, "vocab": vocab and vocab.name}
    if vocab is not None:
        tokens = read_vocabulary(vocab)
        check_fits(vocab, tokens, path=path, n_rows=n_rows, size=size, strict=False)
        return TokenVectors(
            tokens, read, where=str(vocab), facts=facts, splitter=lambda: splitter(vocab)
        )
    if names is None and n_rows > size:
        expected, got = f"row n for number n, {size} rows at most", f"{n_rows} rows"
        remedy = "pass vocab= (vocab.txt or tokenizer.json), or size="
        message = f"{path} has more rows than there are numbers"
        raise InputError(message, expected=expected, got=got, remedy=remedy)
    of_rows = range(n_rows) if names is None else names.tolist()
    tokens = [(str(name), row) for row, name in enumerate(of_rows)]
    return TokenVectors(tokens, read, facts=facts, named=False)


def _arrays(path: Path, kind: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Open the matrix of an .npy or .npz, and the numbers of its rows where it names them."""
    if kind == "npz":
        arrays = load_arrays(path)
        if "vectors" not in arrays:
            got = ", ".join(list(arrays)[:8]) or "no array"
            raise FormatError(f"{path} holds no vectors", expected="an array vectors", got=got)
        return arrays["vectors"], arrays.get("numbers")
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False), None
    # A damaged head is a damaged Python literal to NumPy, and fails as such.
    except (ValueError, TypeError, SyntaxError, TokenError, EOFError, OverflowError) as error:
        if "llow_pickle" in str(error) or "Python objects" in str(error):
            raise pickled(path) from error
        where = f"within its {path.stat().st_size} bytes"
        raise damaged(path, expected="a whole array", got=str(error), where=where) from error
