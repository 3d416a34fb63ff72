"""Arrays on disk that are gone with the process: what has been counted need not stay in memory."""

from __future__ import annotations

import mmap
import os
import tempfile
from types import TracebackType
from typing import Any, Self

import numpy as np

from wordnum.errors import InputError

__all__ = ["Spool", "forget"]


class Spool:
    """A nameless temporary file that arrays are appended to and read back from as memory maps.

    The file has no name, so nothing is left behind however the process ends. Arrays stay valid
    after `close`.

    Parameters
    ----------
    folder : path-like, optional
        Where there is room; the system's folder for temporary files by default.
    memory : int
        Bytes of the arrays that stay in memory before the file is used.

    Examples
    --------
    >>> with Spool() as spool:
    ...     kept = spool.keep(np.arange(3))
    >>> kept
    array([0, 1, 2])
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None, *, memory: int = 0) -> None:
        self.folder = folder
        self._begin = self._written = 0
        self._memory = memory
        try:
            # Unbuffered, lest closing it on a full disk fails once more.
            self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115
        except OSError as error:
            raise self._full(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take no more arrays."""
        self._file.close()

    def keep(self, array: np.ndarray) -> np.ndarray:
        """Return an array, from memory or as a read-only map of the file it was written to."""
        if array.nbytes <= self._memory:
            self._memory -= array.nbytes
            return array
        self.append(array)
        return self.mapped(array.dtype).reshape(array.shape)

    def append(self, array: np.ndarray) -> None:
        """Write an array behind those appended since the last `mapped`."""
        left = memoryview(np.ascontiguousarray(array).data).cast("B") if array.nbytes else b""
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            raise self._full(error) from error
        self._written += array.nbytes

    def mapped(self, dtype: np.dtype | type) -> np.ndarray:
        """Return all that was appended since the last call as one read-only array."""
        size, begin = self._written, self._begin
        if not size:
            return np.zeros(0, dtype=dtype)
        try:
            view = mmap.mmap(self._file.fileno(), size, access=mmap.ACCESS_READ, offset=begin)
            unit = mmap.ALLOCATIONGRANULARITY
            self._begin += -(-size // unit) * unit
            self._file.seek(self._begin)
        except OSError as error:
            raise self._full(error) from error
        self._written = 0
        return np.frombuffer(view, dtype=dtype)

    def _full(self, error: OSError) -> InputError:
        return InputError(
            "cannot keep counted events on disk",
            got=error.strerror or str(error),
            where=str(self.folder or tempfile.gettempdir()),
            remedy="free disk space, or name another folder in the variable TMPDIR",
        )


def forget(array: np.ndarray) -> None:
    """Let go of the memory of an array that a Spool has mapped; it is read anew when needed.

    Other arrays are left alone, and so is every array where the system cannot be told.

    Examples
    --------
    >>> with Spool() as spool:
    ...     kept = spool.keep(np.arange(3))
    >>> forget(kept)
    >>> kept
    array([0, 1, 2])
    """
    base: Any = array
    while isinstance(base, (np.ndarray, memoryview)):
        base = base.base if isinstance(base, np.ndarray) else base.obj
    if isinstance(base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)
