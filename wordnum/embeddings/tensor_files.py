"""Tensors of model files by name, left on disk: safetensors, whole or in shards, and PyTorch's."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from wordnum._compat import available
from wordnum.embeddings.token_vectors import damaged
from wordnum.errors import FormatError, InputError

_FLOATS = ("F64", "F32", "F16", "BF16")
_SHOWN = 8


@dataclass(frozen=True)
class Tensor:
    """A tensor in a file.

    Parameters
    ----------
    file : Path
        Where it is.
    shape : tuple of int
    dtype : str
        As safetensors names it, such as "F32" or "BF16".
    read : callable
        Reads rows, given as an int array, in the precision of the file; bfloat16 as float32.
    """

    file: Path
    shape: tuple[int, ...]
    dtype: str
    read: Callable[[np.ndarray], np.ndarray]


def open_safetensors(path: Path) -> dict[str, Tensor]:
    """Open the tensors of a .safetensors file.

    Raises
    ------
    FormatError
        The file is damaged or cut off.
    """
    import ml_dtypes  # noqa: F401  NumPy has no bfloat16 without it
    from safetensors import SafetensorError, safe_open

    try:
        file = safe_open(path, framework="np")
    except SafetensorError as error:
        expected = "a .safetensors file"
        raise damaged(path, expected=expected, got=str(error), where="its header") from error

    def tensor(name: str) -> Tensor:
        part = file.get_slice(name)

        def read(rows: np.ndarray) -> np.ndarray:
            taken = np.concatenate([part[row : row + 1] for row in rows.tolist()])
            return taken.astype(np.float32) if part.get_dtype() == "BF16" else taken

        return Tensor(path, tuple(part.get_shape()), part.get_dtype(), read)

    return {name: tensor(name) for name in file.offset_keys()}


def open_torch(path: Path) -> dict[str, Tensor]:
    """Open the tensors of a file of ``torch.save``; no code in it runs (``weights_only``).

    Raises
    ------
    InputError
        PyTorch is not installed; the message has the way to convert the file.
    FormatError
        It is no file of tensors by name.
    """
    if not available("torch"):
        raise InputError(
            f"{path} is a pickle, which only PyTorch reads safely, and it is not installed",
            remedy="install torch, or convert the model where it is: "
            "AutoModel.from_pretrained(FOLDER).save_pretrained(NEW, safe_serialization=True)",
        )
    torch: Any = import_module("torch")
    try:
        tensors = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        tensors = {name: t for name, t in tensors.items() if isinstance(t, torch.Tensor)}
    except OSError:
        raise
    except Exception as error:
        expected = "tensors by name, as save_pretrained writes them"
        raise damaged(path, expected=expected, got=str(error)[:200], where="its pickle") from error
    kinds = {"float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16"}

    def tensor(whole: Any) -> Tensor:
        dtype = str(whole.dtype).removeprefix("torch.")

        def read(rows: np.ndarray) -> np.ndarray:
            taken = whole[torch.from_numpy(rows)]
            array: np.ndarray = (taken.float() if dtype == "bfloat16" else taken).numpy()
            return array

        return Tensor(path, tuple(whole.shape), kinds.get(dtype, dtype), read)

    return {name: tensor(whole) for name, whole in tensors.items()}


def open_index(index: Path) -> dict[str, Tensor | str]:
    """Open the shards that an index names; of one that is not there, tensors are its name.

    Raises
    ------
    FormatError
        It is no index, or leads out of its folder; a shard is damaged or lacks its tensors.
    """
    try:
        shard_of: dict[str, str] = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        names = sorted(set(shard_of.values()))
        for name in names:
            if not name or Path(name).name != name or name == "..":
                raise ValueError(f"{name!r:.60} is no name of a file beside it")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FormatError(
            f"{index} is no index of shards",
            expected='{"weight_map": {TENSOR: FILE of the same folder, ...}}',
            got=f"{type(error).__name__}: {error}"[:300],
        ) from error
    reader = open_torch if index.name.startswith("pytorch") else open_safetensors
    shards = {name: reader(p) for name in names if (p := index.with_name(name)).is_file()}
    tensors: dict[str, Tensor | str] = {}
    for name, shard in shard_of.items():
        if shard in shards and name not in shards[shard]:
            expected, got = f"the tensor {name!r:.80}", f"{len(shards[shard])} others"
            path = index.with_name(shard)
            raise damaged(path, expected=expected, got=got, where=f"the index {index.name}")
        tensors[name] = shards[shard][name] if shard in shards else shard
    return tensors


def open_matrix(path: Path, tensors: Mapping[str, Tensor | str], name: str | None) -> Tensor:
    """Return the matrix of this name; the name may be left out where there is but one.

    Raises
    ------
    InputError
        No such tensor, several to choose from, one that is no matrix of floats, or one in a shard
        that is not there.
    """
    shapes = {key: list(t.shape) for key, t in tensors.items() if isinstance(t, Tensor)}
    matrices = [key for key, shape in shapes.items() if len(shape) == 2]
    matrices.sort(key=lambda key: -shapes[key][0])
    if name is None and len(matrices) == 1:
        name = matrices[0]
    if name is None or name not in tensors:
        shown = ", ".join(f"{key} {shapes[key]}" for key in matrices[:_SHOWN])
        raise InputError(
            f"{path} holds no tensor {name!r}" if name else f"which tensor of {path}?",
            expected=f"one of {shown}" + (" ..." if len(matrices) > _SHOWN else ""),
            got="no name" if name is None else repr(name),
            remedy="name the token embedding with tensor=NAME",
        )
    matrix = tensors[name]
    if isinstance(matrix, str):
        shards = {t if isinstance(t, str) else t.file.name: t for t in tensors.values()}
        absent = sorted(shard for shard, t in shards.items() if isinstance(t, str))
        raise InputError(
            f"the shard of {name!r} is not there",
            expected=f"{matrix}, as the index names it",
            got=f"{len(shards) - len(absent)} of {len(shards)} shards, without {absent[0]}"
            + (f" and {len(absent) - 1} more" if len(absent) > 1 else ""),
            where=str(path),
            remedy="fetch it too",
        )
    if len(matrix.shape) != 2 or matrix.dtype not in _FLOATS:
        raise InputError(
            f"tensor {name!r} cannot be an embedding",
            expected="two dimensions and dtype F64, F32, F16 or BF16",
            got=f"shape {list(matrix.shape)}, dtype {matrix.dtype}",
            where=str(matrix.file),
            remedy="take the weights as they were before quantization"
            if len(matrix.shape) == 2
            else "name the token embedding with tensor=NAME",
        )
    return matrix
