"""GGUF files, read through the package gguf: tokens, and the rows of a tensor, dequantized."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from wordnum._compat import require
from wordnum.embeddings.token_vectors import TokenVectors, damaged
from wordnum.embeddings.vocabulary_files import check_fits
from wordnum.errors import InputError
from wordnum.storage import DAMAGE

MAGIC = b"GGUF"
_INPUT = "token_embd.weight"
_TOKENS = "tokenizer.ggml.tokens"


def read_gguf(path: Path, *, tensor: str | None, size: int) -> TokenVectors:
    """Read the input embedding of a GGUF file, or the tensor that is named.

    Parameters
    ----------
    path : Path
        Memory-mapped; only the numbers' rows are dequantized.
    tensor : str, optional
        ``token_embd.weight`` if left out; ``output.weight`` is the output embedding.
    size : int
        N.

    Returns
    -------
    TokenVectors
        float32 where quantized; flagged "quantized" where it has fewer than 16 bits a value.

    Raises
    ------
    FormatError
        Cut off or damaged.
    InputError
        No such tensor, or no tokens in it.
    MissingExtraError
        The package gguf is not installed.
    """
    gguf: Any = require("gguf", purpose=f"{path.name}")
    try:
        reader = _reader(gguf.GGUFReader)(path)
        tensors = {t.name: t for t in reader.tensors}
        field = reader.get_field(_TOKENS)
        tokens = [(token, row) for row, token in enumerate(field.contents())] if field else []
        kind = reader.get_field("tokenizer.ggml.model")
        architecture = reader.get_field("general.architecture")
        says = [part.contents() if part else None for part in (kind, architecture)]
    except (*DAMAGE, IndexError) as error:
        got = f"{type(error).__name__}: {error}"[:200]
        where = f"within its {path.stat().st_size} bytes"
        raise damaged(path, expected="a whole GGUF file", got=got, where=where) from error
    name = tensor or _INPUT
    if name not in tensors or not tokens:
        missing = f"the tensor {name!r}" if tokens else _TOKENS
        shown = ", ".join(t.name for t in reader.tensors if len(t.shape) == 2)[:200]
        message = f"{path} does not hold {missing}"
        raise InputError(message, got=shown, remedy="name the token embedding with tensor=NAME")
    matrix = tensors[name]
    if len(matrix.shape) != 2:
        message = f"tensor {name!r} cannot be an embedding"
        raise InputError(message, expected="two dimensions", got=f"{len(matrix.shape)}")
    check_fits(path, tokens, path=path, n_rows=len(matrix.data), size=size, strict=False)
    dtype = matrix.tensor_type.name
    bits = 8 * matrix.n_bytes / max(matrix.n_elements, 1)
    shape = list(reversed(matrix.shape.tolist()))
    # A GGUF of WordPiece marks the start of each word by the mark of a blank.
    return TokenVectors(
        tokens,
        lambda rows: gguf.dequantize(matrix.data[rows], matrix.tensor_type),
        flags=("quantized",) if bits < 16 else (),
        facts={
            "file": path.name,
            "format": "gguf",
            "tensor": name,
            "dtype": dtype,
            "model_type": says[1],
        },
        notes=(f"{name} {shape} of {path.name}, {dtype}; tokens of the kind {says[0]!r:.40}",),
    )


def _reader(base: Any) -> Any:
    """Reader that ends where the file does: arrays of any length would be read as empty."""

    class Reader(base):  # type: ignore[misc]
        def _get(self, offset: int, dtype: Any, count: int = 1, **more: Any) -> np.ndarray:
            end = offset + np.dtype(dtype).itemsize * int(count)
            if end > self.data.size:
                raise EOFError(f"byte {end} of {self.data.size} is needed")
            found: np.ndarray = super()._get(offset, dtype, count, **more)
            return found

    return Reader
