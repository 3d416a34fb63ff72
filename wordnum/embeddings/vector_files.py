"""Load number vectors from any file that people keep vectors in."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from tokenize import TokenError

import numpy as np

from wordnum.corpus.encoded_corpus import MANIFEST
from wordnum.embeddings.binary_vectors import (
    FASTTEXT_MAGIC,
    read_fasttext_binary,
    read_word2vec_binary,
)
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.number_spellings import number_of, rows_of_numbers
from wordnum.embeddings.safetensors_file import open_tensor
from wordnum.embeddings.text_vectors import looks_like_text, read_text_vectors, text_header
from wordnum.embeddings.token_vectors import TokenVectors, damaged
from wordnum.embeddings.vector_checks import checked_size
from wordnum.embeddings.vocabulary_files import read_vocabulary
from wordnum.errors import FormatError, InputError, UsageError
from wordnum.storage import load_arrays, npz_kind, read_failure

log = logging.getLogger(__name__)

_READERS = {
    "text": read_text_vectors,
    "word2vec": read_word2vec_binary,
    "fasttext": read_fasttext_binary,
}
_STARTS = {
    b"PK": "npz",
    b"\x93NUMPY": "npy",
    FASTTEXT_MAGIC: "fasttext",
    **dict.fromkeys((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"), "pickle"),
    **dict.fromkeys((b"\x1f\x8b", b"\xfd7zXZ", b"BZh", b"\x28\xb5\x2f\xfd"), "compressed"),
}
_OTHERS = {
    "counts": "wordnum embed",
    "word-counts": "wordnum embed",
    "expected-counts": "wordnum embed",
    "an encoded corpus": "wordnum embed",
    "the folder of a study": "wordnum report",
    "a text": "wordnum encode",
}


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
        `tensor` or `vocab` given for a format that has none, or a size that is no count.

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
    try:
        return _load(path, tensor, None if vocab is None else Path(vocab), checked_size(size))
    except OSError as error:
        raise read_failure(error.filename or path, error) from error


def _load(path: Path, tensor: str | None, vocab: Path | None, size: int) -> Embedding:
    kind = _kind(path)
    if kind not in (*_READERS, "embedding", "npz", "npy", "safetensors"):
        raise _no_vectors(path, kind)
    if vocab is not None and kind not in ("npy", "safetensors"):
        raise UsageError(f"{path} names its own words", expected="no vocab=", got=str(vocab))
    if tensor is not None and kind != "safetensors":
        raise UsageError(f"{path} has no named tensors", expected="no tensor=", got=tensor)
    if kind == "embedding":
        embedding = Embedding.load(path)
        if size not in (1000, embedding.size):
            got = f"an embedding of size={embedding.size}"
            raise InputError(f"{path} has its own size", got=got, remedy="leave size= out")
        return embedding
    if kind in _READERS:
        table = _READERS[kind](path, size=size)
    else:
        table = _matrix(path, kind, tensor, vocab, size)
    numbers, rows = rows_of_numbers(table.tokens, size=size, where=str(vocab or path))
    vectors = table.read(rows)
    if vectors.dtype.kind == "f" and not np.isfinite(vectors).all():
        where = f"the vector of {numbers[np.argwhere(~np.isfinite(vectors))[0, 0]]}"
        raise damaged(path, expected="finite numbers", got="NaN or infinity", where=where)
    provenance = {"file": path.name, "bytes": path.stat().st_size, "format": kind, "tensor": tensor}
    provenance["vocab"] = vocab and vocab.name
    embedding = Embedding(
        vectors, numbers, size=size, name=path.name, flags=table.flags, provenance=provenance
    )
    if embedding.missing.size:
        missing = ", ".join(map(str, embedding.missing.tolist()))
        log.info("%s has %d of %d numbers; missing: %s", path, len(embedding), size, missing)
    return embedding


def _kind(path: Path) -> str:
    """Say what a file is by its content, or by its name where the content cannot tell."""
    if not path.is_file():
        known = {MANIFEST: "an encoded corpus", "study.json": "the folder of a study"}
        what = "a folder" if path.is_dir() else "neither a file nor a folder"
        return next((text for name, text in known.items() if (path / name).is_file()), what)
    with open(path, "rb") as file:
        start = file.read(1 << 16)
    first, _, rest = start.partition(b"\n")
    # Before pickles, whose first bytes may also be the length of a header.
    if path.suffix == ".safetensors" or (start[8:9] == b"{" and b'"data_offsets"' in start):
        return "safetensors"
    kind = next((kind for head, kind in _STARTS.items() if start.startswith(head)), None)
    if kind == "npz":
        kind = npz_kind(path) or ("npz" if path.suffix == ".npz" else "pickle")
    if kind == "pickle":
        raise _pickled(path)
    if kind == "compressed":
        raise FormatError(f"{path} is compressed", remedy="unpack it first")
    if kind is not None:
        return kind
    second = rest.partition(b"\n")[0]
    if text_header(first) and not looks_like_text(second):
        return "word2vec"
    if looks_like_text(first) or looks_like_text(second):
        return "text"
    other = "of no known format" if b"\0" in start else "a text"
    return other if start else "empty"


def _no_vectors(path: Path, what: str) -> InputError:
    verb = _OTHERS.get(what)
    return FormatError(
        f"{path} holds no vectors: it is {what}",
        expected=".npz, .npy, .safetensors, or vectors of word2vec, GloVe or fastText",
        got=f"{path.stat().st_size} bytes" if path.is_file() else what,
        remedy=f"{verb} takes it" if verb else "check the path",
    )


def _pickled(path: Path) -> InputError:
    return InputError(
        f"{path} is a pickle, which can run any code when it is read",
        expected="a format without code",
        got="a file of gensim's save() or of torch.save()",
        remedy="convert it where you trust it: for gensim, "
        "KeyedVectors.load(PATH).save_word2vec_format('vectors.bin', binary=True), or "
        "Embedding(model.wv); for torch, safetensors.torch.save_file",
    )


def _matrix(
    path: Path, kind: str, tensor: str | None, vocab: Path | None, size: int
) -> TokenVectors:
    """Open a matrix; a vocabulary names its rows, the file itself, or else row n is number n."""
    names = None
    if kind == "safetensors":
        n_rows, read = open_tensor(path, tensor)
    else:
        matrix, names = _arrays(path, kind)
        if matrix.ndim != 2 or (names is not None and names.shape != matrix.shape[:1]):
            got = f"shape {matrix.shape}" + ("" if names is None else f", numbers {names.shape}")
            raise FormatError(f"{path} holds no matrix", expected="shape (n, d)", got=got)
        n_rows, read = matrix.shape[0], lambda rows: np.asarray(matrix[rows])
    if vocab is not None:
        tokens = read_vocabulary(vocab)
        _compare(path, n_rows, vocab, tokens, size)
        return TokenVectors(tokens, read)
    if names is None and n_rows > size:
        expected, got = f"row n for number n, {size} rows at most", f"{n_rows} rows"
        remedy = "pass vocab= (vocab.txt or tokenizer.json), or size="
        message = f"{path} has more rows than there are numbers"
        raise InputError(message, expected=expected, got=got, remedy=remedy)
    of_rows = range(n_rows) if names is None else names.tolist()
    return TokenVectors([(str(name), row) for row, name in enumerate(of_rows)], read)


def _compare(
    path: Path, n_rows: int, vocab: Path, tokens: list[tuple[str, int]], size: int
) -> None:
    """Refuse a vocabulary that does not fit the rows; warn where it may not."""
    n_tokens = max((row for _, row in tokens), default=-1) + 1
    beyond = [token for token, row in tokens if row >= n_rows and number_of(token, size=size)]
    # A few added tokens are normal, and rows up to a round number.
    if beyond or n_tokens - n_rows > max(8, n_rows // 100):
        expected, got = f"{n_rows} tokens, one for each row", f"{n_tokens} tokens"
        remedy = "pass the vocabulary that was saved with these vectors"
        message = f"{vocab} is not the vocabulary of {path}"
        raise InputError(message, expected=expected, got=got, remedy=remedy)
    if n_tokens > n_rows or n_rows - n_tokens > max(256, n_rows // 20):
        log.warning("%s has %d rows, and %s has %d tokens", path, n_rows, vocab, n_tokens)


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
            raise _pickled(path) from error
        where = f"within its {path.stat().st_size} bytes"
        raise damaged(path, expected="a whole array", got=str(error), where=where) from error
