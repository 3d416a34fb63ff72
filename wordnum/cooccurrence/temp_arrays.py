"""Arrays on disk that are gone with the process: what has been counted need not stay in memory."""

from __future__ import annotations

import mmap
import tempfile
from types import TracebackType
from typing import IO, Any, Self

import numpy as np

from wordnum.errors import InputError
from wordnum.storage import write_failure


class Spool:
    """Arrays one behind the other, in memory and, where they are many, in a nameless file.

    They are read back at once, from a file by one memory map. It has no name, so nothing is left
    behind however the process ends. Arrays stay valid after the block, and hold at most one
    descriptor together.

    Parameters
    ----------
    memory : int
        Bytes that stay in memory.

    Raises
    ------
    InputError
        The system's folder for temporary files takes no more; TMPDIR names another.

    Examples
    --------
    >>> with Spool() as spool:
    ...     spool.keep(np.arange(3))
    ...     spool.keep(np.array([2.5]))
    ...     kept = spool.kept()
    >>> kept
    [array([0, 1, 2]), array([2.5])]
    """

    def __init__(self, *, memory: int = 2**20) -> None:
        self._written = 0
        self._memory = memory
        self._held = np.empty(0, dtype=np.uint8)
        self._file: IO[bytes] | None = None
        self._kept: list[np.ndarray | tuple[int, int, np.dtype]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file:
            self._file.close()

    def append(self, array: np.ndarray) -> None:
        """Write an array behind the others."""
        data = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        end = self._written + data.size
        if self._file or end > self._memory:
            self._to_file(data)
        else:
            if not self._written:
                # Of the address space: pages come with what is written.
                self._held = np.empty(self._memory, dtype=np.uint8)
            self._held[self._written : end] = data
        self._written = end

    def _to_file(self, data: np.ndarray) -> None:
        try:
            if not self._file:
                # Unbuffered, lest closing it on a full disk fails once more.
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
                self._to_file(self._held[: self._written])
                self._held = self._held[:0].copy()
            left = memoryview(data.data)
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            raise self._full(error) from error

    def mapped(self, dtype: np.dtype | type) -> np.ndarray:
        """Return all that was appended as one read-only array."""
        if not self._file:
            found = self._held[: self._written].view(dtype)
            found.flags.writeable = False
            return found
        try:
            view = mmap.mmap(self._file.fileno(), self._written, access=mmap.ACCESS_READ)
        except OSError as error:
            raise self._full(error) from error
        return np.frombuffer(view, dtype=dtype)

    def keep(self, array: np.ndarray) -> None:
        """Take a one-dimensional array, in memory as long as there is room."""
        if array.nbytes <= self._memory:
            self._memory -= array.nbytes
            self._kept.append(array)
            return
        self._kept.append((self._written, array.nbytes, array.dtype))
        self.append(array)
        self.append(np.zeros(-array.nbytes % 8, dtype=np.uint8))  # the next begins at a whole word

    def kept(self) -> list[np.ndarray]:
        """Return the arrays of `keep`, in their order; those on disk are read-only."""
        data, found = self.mapped(np.uint8), []
        for array in self._kept:
            if not isinstance(array, np.ndarray):
                begin, size, dtype = array
                array = data[begin : begin + size].view(dtype)
            found.append(array)
        return found

    def _full(self, error: OSError) -> InputError:
        remedy = "free disk space, or name another folder in the variable TMPDIR"
        return write_failure(f"counted events to {tempfile.gettempdir()}", error, remedy=remedy)


def forget(array: np.ndarray) -> None:
    """Release the pages of an array that a Spool has mapped; it is read anew when needed.

    Arrays in memory are left alone, and so is every array where the system cannot be told.

    Examples
    --------
    >>> with Spool(memory=0) as spool:
    ...     spool.append(np.arange(3))
    ...     mapped = spool.mapped(int)
    >>> forget(mapped)
    >>> mapped
    array([0, 1, 2])
    """
    base: Any = array
    while isinstance(base, (np.ndarray, memoryview)):
        base = base.base if isinstance(base, np.ndarray) else base.obj
    if isinstance(base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)
