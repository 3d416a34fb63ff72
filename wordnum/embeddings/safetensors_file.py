"""Rows of a matrix in a .safetensors file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from wordnum.embeddings.token_vectors import damaged
from wordnum.errors import InputError

_FLOATS = ("F64", "F32", "F16", "BF16")


def open_tensor(path: Path, name: str | None) -> tuple[int, Callable[[np.ndarray], np.ndarray]]:
    """Open a matrix of a .safetensors file without reading it.

    Parameters
    ----------
    path : Path
        The file.
    name : str, optional
        Of the tensor; may be left out where the file holds one matrix only.

    Returns
    -------
    n_rows, read
        How many rows it has, and a function that reads rows, as float32 or float64.

    Raises
    ------
    FormatError
        The file is damaged or cut off.
    InputError
        No such tensor, several to choose from, or one that is no matrix of floats.
    """
    import ml_dtypes  # noqa: F401  NumPy has no bfloat16 without it
    from safetensors import SafetensorError, safe_open

    try:
        file = safe_open(path, framework="np")
    except SafetensorError as error:
        expected = "a .safetensors file"
        raise damaged(path, expected=expected, got=str(error), where="its header") from error
    tensors = {key: file.get_slice(key) for key in file.offset_keys()}
    shapes = {key: tensor.get_shape() for key, tensor in tensors.items()}
    matrices = [key for key, shape in shapes.items() if len(shape) == 2]
    matrices.sort(key=lambda key: -shapes[key][0])
    if name is None and len(matrices) == 1:
        name = matrices[0]
    if name is None or name not in tensors:
        shown = ", ".join(f"{key} {shapes[key]}" for key in matrices[:8])
        raise InputError(
            f"{path} holds no tensor {name!r}" if name else f"which tensor of {path}?",
            expected=f"one of {shown}" + (" ..." if len(matrices) > 8 else ""),
            got="no name" if name is None else repr(name),
            remedy="name the token embedding with tensor=NAME",
        )
    matrix = tensors[name]
    if len(shapes[name]) != 2 or matrix.get_dtype() not in _FLOATS:
        raise InputError(
            f"tensor {name!r} cannot be an embedding",
            expected="two dimensions and dtype F64, F32, F16 or BF16",
            got=f"shape {shapes[name]}, dtype {matrix.get_dtype()}",
            where=str(path),
        )

    def read(rows: np.ndarray) -> np.ndarray:
        taken = np.concatenate([matrix[row : row + 1] for row in rows.tolist()])
        return taken if taken.dtype == np.float64 else taken.astype(np.float32)

    return shapes[name][0], read
