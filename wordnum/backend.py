"""NumPy or CuPy behind one small object, chosen by name and never guessed."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from types import ModuleType
from typing import Any, Literal

import numpy as np
from scipy import linalg, sparse

from wordnum._compat import require
from wordnum.errors import InputError, UsageError

__all__ = ["Backend", "get_backend"]

Device = Literal["cpu", "cuda"]


class Backend:
    """Arrays on the CPU: NumPy and SciPy. `CudaBackend` overrides only where CuPy differs.

    Shared code takes every array function from `xp`, every sparse class from `sparse`, and calls
    the methods below for the rest; it imports neither NumPy functions nor CuPy for its arrays.

    Attributes
    ----------
    xp : module
        numpy, or cupy.
    sparse : module
        scipy.sparse, or cupyx.scipy.sparse. Use its ``csr_matrix`` class: it is in both.
    device : {"cpu", "cuda"}
        The name it was asked for by.

    Examples
    --------
    >>> backend = get_backend("cpu")
    >>> backend.to_numpy(backend.xp.arange(3))
    array([0, 1, 2])
    """

    device: Device = "cpu"
    xp: Any = np
    sparse: Any = sparse

    def asarray(self, array: Any, dtype: Any = None) -> Any:
        """Bring an array to the device, without a copy where it is there already."""
        return self.xp.asarray(array, dtype=dtype)

    def to_numpy(self, array: Any) -> np.ndarray:
        """Bring an array back as NumPy."""
        return np.asarray(array)

    def csr(self, matrix: Any, dtype: Any = None) -> Any:
        """Bring a SciPy sparse matrix to the device as a csr_matrix."""
        return sparse.csr_matrix(matrix, dtype=dtype)

    def transpose(self, matrix: Any) -> Any:
        """Transpose of a csr_matrix, laid out for `multiply`."""
        return matrix.T  # shares its arrays, and scatters as fast as a csr_matrix gathers

    def multiply(self, matrix: Any, block: Any) -> Any:
        """Product of a csr_matrix, or the `transpose` of one, and a dense block of columns."""
        # As many columns as fill a cache line: each entry of the matrix fetches one line.
        width = max(1, 64 // block.dtype.itemsize)
        product = np.empty((matrix.shape[0], block.shape[1]), dtype=block.dtype, order="F")
        for start in range(0, block.shape[1], width):
            here = slice(start, start + width)
            product[:, here] = matrix @ block[:, here]
        return product

    def eigh(self, matrix: Any, k: int | None = None) -> tuple[Any, Any]:
        """Return the k largest eigenvalues (ascending) and eigenvectors of a symmetric matrix."""
        n = matrix.shape[0]
        # Above a half, all of them at once (divide and conquer) is faster than the chosen ones.
        if k is None or 2 * k > n:
            values, vectors = linalg.eigh(matrix, driver="evd", check_finite=False)
            return (values, vectors) if k is None else (values[n - k :], vectors[:, n - k :])
        return linalg.eigh(matrix, subset_by_index=(n - k, n - 1), check_finite=False)

    def eigvalsh(self, matrix: Any, k: int) -> Any:
        """Return the k largest eigenvalues (ascending) of a symmetric matrix."""
        n = matrix.shape[0]
        return linalg.eigh(
            matrix, eigvals_only=True, subset_by_index=(n - k, n - 1), check_finite=False
        )

    def qr(self, matrix: Any) -> tuple[Any, Any]:
        """Orthonormal basis of the columns of a tall matrix, and the triangular factor."""
        return linalg.qr(matrix, mode="economic", check_finite=False)

    def synchronize(self) -> None:
        """Wait until the device has done its work (for timing)."""


class CudaBackend(Backend):
    """Arrays on the GPU: CuPy."""

    device: Device = "cuda"

    def __init__(self, cupy: ModuleType) -> None:
        self.xp = cupy
        self.sparse = require("cupyx.scipy.sparse", purpose='device="cuda"')

    def to_numpy(self, array: Any) -> np.ndarray:
        """Bring an array back as NumPy."""
        return self.xp.asnumpy(array)

    def csr(self, matrix: Any, dtype: Any = None) -> Any:
        """Bring a SciPy sparse matrix to the device as a csr_matrix."""
        return self.sparse.csr_matrix(sparse.csr_matrix(matrix, dtype=dtype))

    def transpose(self, matrix: Any) -> Any:
        """Transpose of a csr_matrix, laid out for `multiply`."""
        return matrix.T.tocsr()

    def multiply(self, matrix: Any, block: Any) -> Any:
        """Product of a csr_matrix, or the `transpose` of one, and a dense block of columns."""
        return matrix @ block

    def eigh(self, matrix: Any, k: int | None = None) -> tuple[Any, Any]:
        """Return the k largest eigenvalues (ascending) and eigenvectors of a symmetric matrix."""
        values, vectors = self.xp.linalg.eigh(matrix)
        n = matrix.shape[0]
        return (values, vectors) if k is None else (values[n - k :], vectors[:, n - k :])

    def eigvalsh(self, matrix: Any, k: int) -> Any:
        """Return the k largest eigenvalues (ascending) of a symmetric matrix."""
        return self.xp.linalg.eigvalsh(matrix)[matrix.shape[0] - k :]

    def qr(self, matrix: Any) -> tuple[Any, Any]:
        """Orthonormal basis of the columns of a tall matrix, and the triangular factor."""
        return self.xp.linalg.qr(matrix, mode="reduced")

    def synchronize(self) -> None:
        """Wait until the device has done its work (for timing)."""
        self.xp.cuda.get_current_stream().synchronize()


def get_backend(device: str = "cpu") -> Backend:
    """Backend of a device.

    Parameters
    ----------
    device : {"cpu", "cuda"}
        Where to compute. Never chosen for the caller.

    Raises
    ------
    MissingExtraError
        ``"cuda"`` without CuPy; the message names the extra.
    InputError
        CuPy is there and finds no GPU.
    UsageError
        Another device.

    Examples
    --------
    >>> get_backend("cpu").device
    'cpu'
    """
    try:
        make = _BACKENDS[device]
    except (KeyError, TypeError):
        raise UsageError(
            f"unknown device {device!r}", expected="cpu or cuda", remedy='use device="cpu"'
        ) from None
    return make()


@lru_cache(maxsize=1)
def _cuda() -> Backend:
    cupy = require("cupy", purpose='device="cuda"')
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except Exception as error:  # a driver failure is CuPy's own class, which exists only with CuPy
        raise _no_gpu(str(error)) from error
    if count < 1:
        raise _no_gpu("0 devices")
    return CudaBackend(cupy)


def _no_gpu(got: str) -> InputError:
    return InputError(
        'device="cuda" finds no GPU',
        expected="an NVIDIA GPU with its driver",
        got=got,
        remedy='use device="cpu", or check nvidia-smi and that the extra (gpu-cuda12x or '
        "gpu-cuda13x) fits the driver",
    )


_BACKENDS: dict[str, Callable[[], Backend]] = {"cpu": lru_cache(maxsize=1)(Backend), "cuda": _cuda}
