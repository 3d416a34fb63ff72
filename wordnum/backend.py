"""NumPy or CuPy behind one small object, chosen by name and never guessed."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from types import ModuleType
from typing import Any, Literal, ParamSpec, TypeVar

import numpy as np
from scipy import linalg, sparse
from scipy.linalg import blas, lapack

from wordnum._compat import require
from wordnum.errors import InputError, UsageError

P = ParamSpec("P")
R = TypeVar("R")

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
        return _largest(matrix, k) or linalg.eigh(
            matrix, subset_by_index=(n - k, n - 1), check_finite=False
        )

    def eigvalsh(self, matrix: Any, k: int) -> Any:
        """Return the k largest eigenvalues (ascending) of a symmetric matrix."""
        n = matrix.shape[0]
        return linalg.eigh(
            matrix, eigvals_only=True, subset_by_index=(n - k, n - 1), check_finite=False
        )

    def cholesky(self, matrix: Any) -> Any:
        """Lower factor, for `solve_lower`, of a positive definite matrix; it may be overwritten."""
        return lapack.dpotrf(matrix.T, lower=1, clean=0, overwrite_a=1)[0]

    def solve_lower(self, factor: Any, right: Any, *, transposed: bool = False) -> Any:
        """Solve ``L x = right``, or ``L' x = right``; the right side may be overwritten."""
        solve = blas.strsm if factor.dtype == np.float32 else blas.dtrsm
        return solve(1.0, factor, right, lower=1, trans_a=transposed, overwrite_b=1)

    def qr(self, matrix: Any) -> tuple[Any, Any]:
        """Orthonormal basis of the columns of a tall matrix, and the triangular factor."""
        return linalg.qr(matrix, mode="economic", check_finite=False)

    def synchronize(self) -> None:
        """Wait until the device has done its work (for timing)."""


def _largest(matrix: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray] | None:
    """The k largest eigenvalues (ascending) and eigenvectors, five sixths of the time of `eigh`.

    All values of the tridiagonal form come from its QL iteration, which is faster than finding
    some of them by bisection as `eigh` does, then vectors by inverse iteration. None where the form
    falls apart into blocks, each of which would have values of its own.
    """
    n = matrix.shape[0]
    work = int(lapack.dsytrd_lwork(n, lower=1)[0])
    reflectors, diagonal, beside, tau, _ = lapack.dsytrd(matrix, lower=1, lwork=work)
    size = np.abs(diagonal).max()
    if n < 3 or not np.isfinite(size) or np.abs(beside).min() <= np.finfo(float).eps * size:
        return None
    values, failed = lapack.dsterf(diagonal, beside)
    values = values[n - k :]
    ends = np.zeros(n, dtype=np.int32)
    ends[0] = n
    vectors, failing = lapack.dstein(diagonal, beside, values, np.ones(n, dtype=np.int32), ends)
    if failed or failing:
        return None
    vectors = np.asfortranarray(vectors[:, :k])
    vectors[1:] = lapack.dormqr("L", "N", reflectors[1:, :-1], tau, vectors[1:], lwork=work)[0]
    return values, vectors


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

    def cholesky(self, matrix: Any) -> Any:
        """Inverse of the lower factor, which a GPU multiplies by faster than it solves."""
        return self.xp.linalg.inv(self.xp.linalg.cholesky(matrix))

    def solve_lower(self, factor: Any, right: Any, *, transposed: bool = False) -> Any:
        """Solve ``L x = right``, or ``L' x = right``."""
        return (factor.T if transposed else factor) @ right

    def qr(self, matrix: Any) -> tuple[Any, Any]:
        """Orthonormal basis of the columns of a tall matrix, and the triangular factor."""
        return self.xp.linalg.qr(matrix, mode="reduced")

    def synchronize(self) -> None:
        """Wait until the device has done its work (for timing)."""
        self.xp.cuda.get_current_stream().synchronize()


def one_blas_thread(function: Callable[P, R]) -> Callable[P, R]:
    """Run a function on one BLAS thread.

    Matrices of a hundred to a thousand rows are factorized in less processor time by one thread
    than by several, which wait for each other, and the last bits do not depend on their number.
    """

    @wraps(function)
    def alone(*args: P.args, **kwargs: P.kwargs) -> R:
        with _threads().limit(limits=1, user_api="blas"):
            return function(*args, **kwargs)

    return alone


@lru_cache(maxsize=1)
def _threads() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


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
