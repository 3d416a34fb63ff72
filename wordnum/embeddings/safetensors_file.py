"""Rows of a tensor in a .safetensors file, and the vocabularies that name them."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from wordnum.errors import FormatError, InputError

__all__ = ["SafeTensor", "open_tensor", "read_vocabulary"]

# bfloat16 has no NumPy type: it is the upper half of a float32.
_DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
_REMEDY = "download or export the file again"


class SafeTensor:
    """One matrix in a .safetensors file, read row by row from the disk.

    Parameters
    ----------
    view : memmap of shape (rows, d)
        The stored values.
    bfloat : bool
        They are bfloat16.
    name : str
        Of the tensor.
    """

    def __init__(self, view: np.memmap, *, bfloat: bool, name: str) -> None:
        self._view = view
        self._bfloat = bfloat
        self.name = name
        self.shape: tuple[int, int] = view.shape

    def rows(self, rows: np.ndarray) -> np.ndarray:
        """Return these rows as float32 or float64."""
        taken = np.asarray(self._view[rows])
        if self._bfloat:
            return (taken.astype(np.uint32) << 16).view(np.float32)
        return taken.astype(np.float32) if taken.dtype == np.float16 else taken


def open_tensor(path: Path, tensor: str | None) -> SafeTensor:
    """Open a matrix of a .safetensors file without reading it.

    Parameters
    ----------
    path : Path
        The file.
    tensor : str, optional
        Name of the tensor; may be left out where the file holds one matrix only.

    Raises
    ------
    FormatError
        The file is damaged or cut off.
    InputError
        No such tensor, several to choose from, or one that is no matrix of floats.
    """
    header, start = _header(path)
    matrices = [name for name, entry in header.items() if len(entry["shape"]) == 2]
    matrices.sort(key=lambda name: -header[name]["shape"][0])
    shown = ", ".join(f"{name} {header[name]['shape']}" for name in matrices[:8])
    if tensor is None and len(matrices) == 1:
        tensor = matrices[0]
    if tensor is None or tensor not in header:
        raise InputError(
            f"{path} holds no tensor {tensor!r}" if tensor else f"which tensor of {path}?",
            expected=f"one of {shown}" + (" ..." if len(matrices) > 8 else ""),
            got="no name" if tensor is None else repr(tensor),
            remedy="name the token embedding with tensor=NAME",
        )
    entry = header[tensor]
    if len(entry["shape"]) != 2 or entry["dtype"] not in _DTYPES:
        raise InputError(
            f"tensor {tensor!r} cannot be an embedding",
            expected="two dimensions and dtype F64, F32, F16 or BF16",
            got=f"shape {entry['shape']}, dtype {entry['dtype']}",
            where=str(path),
        )
    dtype = np.dtype(_DTYPES[entry["dtype"]])
    first, last = entry["data_offsets"]
    if last - first != math.prod(entry["shape"]) * dtype.itemsize:
        raise FormatError(
            f"the header of {path} lies about {tensor!r}",
            expected=f"{math.prod(entry['shape']) * dtype.itemsize} bytes",
            got=f"{last - first} bytes",
            remedy=_REMEDY,
        )
    if start + last > path.stat().st_size:
        raise FormatError(
            f"{path} is cut off",
            expected=f"{tensor!r} up to byte {start + last}",
            got=f"the end of the file at byte {path.stat().st_size}",
            remedy=_REMEDY,
        )
    view = np.memmap(path, dtype, mode="r", offset=start + first, shape=tuple(entry["shape"]))
    return SafeTensor(view, bfloat=entry["dtype"] == "BF16", name=tensor)


def _header(path: Path) -> tuple[dict[str, Any], int]:
    size = path.stat().st_size
    with open(path, "rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else size
        try:
            if 8 + length > size:
                raise ValueError(f"a header of {length} bytes in a file of {size}")
            header = json.loads(file.read(length))
            header.pop("__metadata__", None)
            for entry in header.values():
                entry["dtype"], entry["shape"], entry["data_offsets"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise FormatError(
                f"{path} is no whole .safetensors file",
                expected="a JSON header of the length its first 8 bytes say",
                got=f"{type(error).__name__}: {error}",
                where="the head of the file",
                remedy=_REMEDY,
            ) from error
    return header, 8 + length


def read_vocabulary(path: Path) -> Iterator[tuple[str, int]]:
    """Yield each token with its row.

    Parameters
    ----------
    path : Path
        ``vocab.txt`` (a token per line), ``tokenizer.json`` of Hugging Face tokenizers, or a
        JSON object of tokens and rows (``vocab.json``) or a JSON list.

    Raises
    ------
    InputError
        No such file.
    FormatError
        JSON that is none of these, or text that is not UTF-8.
    """
    if not path.is_file():
        raise InputError(f"no such vocabulary: {path}", remedy="check vocab=")
    try:
        if path.suffix != ".json":
            with open(path, encoding="utf-8", newline="\n") as file:
                for row, line in enumerate(file):
                    yield line.rstrip("\r\n"), row
            return
        content = json.loads(path.read_text(encoding="utf-8"))
        yield from _json_tokens(content)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FormatError(
            f"{path} is no vocabulary",
            expected="vocab.txt with a token per line, tokenizer.json, or vocab.json",
            got=f"{type(error).__name__}: {error}",
        ) from error


def _json_tokens(content: Any) -> Iterator[tuple[str, int]]:
    if isinstance(content, dict) and isinstance(content.get("model"), dict):
        vocabulary = content["model"]["vocab"]
        # A Unigram vocabulary lists [token, score]; the others map tokens to rows.
        if isinstance(vocabulary, list):
            vocabulary = {token: row for row, (token, _) in enumerate(vocabulary)}
        added = {entry["content"]: entry["id"] for entry in content.get("added_tokens") or ()}
        yield from {**vocabulary, **added}.items()
    elif isinstance(content, list):
        yield from ((str(token), row) for row, token in enumerate(content))
    else:
        yield from ((token, int(row)) for token, row in content.items())
