"""Load number vectors from any file that people keep vectors in."""

from __future__ import annotations

import logging
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np

from wordnum.embeddings.binary_vectors import (
    FASTTEXT_MAGIC,
    read_fasttext_binary,
    read_word2vec_binary,
)
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.safetensors_file import open_tensor, read_vocabulary
from wordnum.embeddings.spelling import rows_of_numbers
from wordnum.embeddings.text_vectors import looks_like_text, read_text_vectors, text_header
from wordnum.errors import FormatError, InputError, UsageError

__all__ = ["load_embedding"]

log = logging.getLogger(__name__)


def load_embedding(
    path: str | os.PathLike[str],
    *,
    tensor: str | None = None,
    vocab: str | os.PathLike[str] | None = None,
    size: int = 1000,
) -> Embedding:
    r"""Load the vectors of the numbers 0..size-1 from a file.

    Parameters
    ----------
    path : path-like
        One of

        - .npz of `Embedding.save`, or any .npz with ``vectors`` (and ``numbers``);
        - .npy, row n is number n, or row n is token n of `vocab`;
        - word2vec text or binary, GloVe text with or without a header, fastText .vec and .bin;
        - .safetensors, with `tensor` and `vocab`.

        The content decides, not the name. Vectors stay on disk: only the numbers' rows are read.
    tensor : str, optional
        Name of the tensor in a .safetensors file.
    vocab : path-like, optional
        ``vocab.txt``, ``tokenizer.json`` or ``vocab.json`` of a .safetensors or .npy file.
    size : int
        N.

    Returns
    -------
    Embedding
        Numbers are found as "7", " 7", "Ġ7" or "▁7". Those without a vector are `missing`.
        It has no replicates: there is no corpus to split.

    Raises
    ------
    InputError
        No file, no number, a number twice; a format that would need pickle.
    FormatError
        Damaged, cut off, or a header that lies; the message names the line or byte.
    UsageError
        `tensor` or `vocab` given for a format that has none.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "glove.txt"
    >>> _ = path.write_text("the 0.1 0.2\n7 1 2\n3 3 4\n")
    >>> load_embedding(path, size=10)
    <Embedding glove.txt: 2 of 10 numbers; dim 2>
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"no such file: {path}", remedy="check the path")
    kind = _sniff(path)
    if kind == "npz":
        embedding = _load_npz(path, size)
        if embedding is not None:
            return embedding
    if vocab is not None and kind not in ("npy", "safetensors"):
        raise UsageError(f"{path} names its own words", expected="no vocab=", got=str(vocab))
    if tensor is not None and kind != "safetensors":
        raise UsageError(f"{path} has no named tensors", expected="no tensor=", got=tensor)
    numbers, vectors, flags = _READERS[kind](path, tensor, vocab, size)
    _check_finite(path, vectors, numbers)
    embedding = Embedding(
        vectors,
        numbers,
        size=size,
        name=path.name,
        flags=flags,
        provenance={
            "file": path.name,
            "bytes": path.stat().st_size,
            "format": kind,
            "tensor": tensor,
            "vocab": None if vocab is None else Path(vocab).name,
        },
    )
    if embedding.missing.size:
        log.info(
            "%s has %d of %d numbers; missing: %s",
            path,
            len(embedding),
            size,
            ", ".join(map(str, embedding.missing.tolist())),
        )
    return embedding


def _check_finite(path: Path, vectors: np.ndarray, numbers: np.ndarray) -> None:
    if vectors.ndim != 2 or vectors.dtype.kind != "f":
        return  # what else may be wrong with an .npz of others is the embedding's to say
    bad = ~np.isfinite(vectors).all(axis=1)
    if bad.any():
        raise FormatError(
            f"{path} holds vectors that cannot be used",
            expected="finite numbers",
            got="NaN or infinity",
            where=f"the vector of {numbers[np.argmax(bad)]}",
            remedy="download or export the file again",
        )


_Loaded = tuple[np.ndarray, np.ndarray, tuple[str, ...]]


def _sniff(path: Path) -> str:
    with open(path, "rb") as file:
        start = file.read(1 << 16)
    if not start:
        raise FormatError(f"{path} is empty", expected="vectors", got="0 bytes")
    # Before pickles, whose first bytes may also be the length of a header.
    if path.suffix == ".safetensors" or (start[8:9] == b"{" and b'"data_offsets"' in start):
        return "safetensors"
    if start.startswith((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")):
        raise _pickled(path)
    if start.startswith(b"PK"):
        if path.suffix != ".npz" and zipfile.is_zipfile(path):
            raise _pickled(path)
        return "npz"
    if start.startswith(b"\x93NUMPY"):
        return "npy"
    if path.suffix in (".npy", ".npz"):
        raise FormatError(
            f"{path} is damaged or cut off",
            expected=f"the start of an {path.suffix} file",
            got=repr(start[:6]),
            where="byte 0",
            remedy="make the file again",
        )
    if start.startswith((b"\x1f\x8b", b"\xfd7zXZ", b"BZh", b"\x28\xb5\x2f\xfd")):
        raise FormatError(f"{path} is compressed", remedy="unpack it first")
    if start.startswith(FASTTEXT_MAGIC):
        return "fasttext"
    first, _, rest = start.partition(b"\n")
    if text_header(first) and not looks_like_text(rest.partition(b"\n")[0]):
        return "word2vec"
    return "text"


def _pickled(path: Path) -> InputError:
    return InputError(
        f"{path} is a pickle, which can run any code when it is read",
        expected="a format without code",
        got="a file of gensim's save() or of torch.save()",
        remedy="convert it where you trust it: for gensim, "
        "KeyedVectors.load(PATH).save_word2vec_format('vectors.bin', binary=True), or "
        "Embedding.from_keyed_vectors(model.wv); for torch, safetensors.torch.save_file",
    )


def _load_npz(path: Path, size: int) -> Embedding | None:
    """Return an embedding of ours as it was saved; None where the file is someone else's."""
    if path.suffix == ".npz" and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if "wordnum_header.npy" not in archive.namelist():
                return None
    embedding = Embedding.load(path)
    if embedding.size != size and size != 1000:
        raise InputError(
            f"{path} holds an embedding of another size",
            expected=f"size={size}",
            got=f"size={embedding.size}",
            remedy="leave size= out: the file knows it",
        )
    return embedding


def _npz(path: Path, tensor: Any, vocab: Any, size: int) -> _Loaded:
    try:
        with np.load(path, allow_pickle=False) as archive:
            if "vectors" not in archive.files:
                raise FormatError(
                    f"{path} holds no vectors",
                    expected="an array named vectors, and perhaps numbers",
                    got=", ".join(archive.files[:8]) or "no array",
                )
            vectors = archive["vectors"]
            numbers = archive["numbers"] if "numbers" in archive.files else None
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"{path} cannot be read", got=str(error)) from error
    numbers = np.arange(len(vectors)) if numbers is None else numbers
    return numbers, vectors, ()


def _npy(path: Path, tensor: Any, vocab: Any, size: int) -> _Loaded:
    try:
        matrix = np.load(path, mmap_mode="r", allow_pickle=False)
    # A damaged head is a damaged Python literal to NumPy, and fails as such.
    except (ValueError, TypeError, SyntaxError, TokenError, OSError, EOFError) as error:
        if "llow_pickle" in str(error) or "Python objects" in str(error):
            raise _pickled(path) from error
        raise FormatError(
            f"{path} is damaged or cut off",
            got=str(error),
            where=f"byte {path.stat().st_size}",
            remedy="make the file again",
        ) from error
    if matrix.ndim != 2:
        raise FormatError(
            f"{path} holds no matrix", expected="shape (n, d)", got=f"shape {matrix.shape}"
        )
    numbers, rows = _named_rows(path, matrix.shape[0], vocab, size)
    return numbers, np.asarray(matrix[rows]), ()


def _safetensors(path: Path, tensor: str | None, vocab: Any, size: int) -> _Loaded:
    opened = open_tensor(path, tensor)
    numbers, rows = _named_rows(path, opened.shape[0], vocab, size)
    return numbers, opened.rows(rows), ()


def _named_rows(
    path: Path, n_rows: int, vocab: str | os.PathLike[str] | None, size: int
) -> tuple[np.ndarray, np.ndarray]:
    if vocab is None:
        if n_rows > size:
            raise InputError(
                f"{path} has more rows than there are numbers",
                expected=f"row n for number n, {size} rows at most",
                got=f"{n_rows} rows",
                remedy="pass vocab= (vocab.txt or tokenizer.json), or size=",
            )
        return np.arange(n_rows), np.arange(n_rows)
    numbers, rows = rows_of_numbers(read_vocabulary(Path(vocab)), size=size, where=str(vocab))
    if rows.max() >= n_rows:
        raise InputError(
            f"{vocab} is not the vocabulary of {path}",
            expected=f"rows below {n_rows}",
            got=f"row {rows.max()} for number {numbers[np.argmax(rows)]}",
        )
    return numbers, rows


def _text(path: Path, tensor: Any, vocab: Any, size: int) -> _Loaded:
    return (*read_text_vectors(path, size=size), ())


def _word2vec(path: Path, tensor: Any, vocab: Any, size: int) -> _Loaded:
    return (*read_word2vec_binary(path, size=size), ())


def _fasttext(path: Path, tensor: Any, vocab: Any, size: int) -> _Loaded:
    numbers, vectors, ngrams = read_fasttext_binary(path, size=size)
    return numbers, vectors, ("subwords",) if ngrams else ()


_READERS: dict[str, Callable[[Path, Any, Any, int], _Loaded]] = {
    "npz": _npz,
    "npy": _npy,
    "safetensors": _safetensors,
    "text": _text,
    "word2vec": _word2vec,
    "fasttext": _fasttext,
}
