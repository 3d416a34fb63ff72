"""Arrays on disk that are gone with the process: what has been counted need not stay in memory."""

from __future__ import annotations

import mmap
import os
import tempfile
from types import TracebackType
from typing import Self

import numpy as np

from wordnum.errors import InputError

__all__ = ["Spool"]


class Spool:
    """A nameless temporary file that arrays are appended to and read back from as memory maps.

    The file has no name, so nothing is left behind however the process ends. Arrays stay valid
    after `close`.

    Parameters
    ----------
    folder : path-like, optional
        Where there is room; the system's folder for temporary files by default.

    Examples
    --------
    >>> with Spool() as spool:
    ...     kept = spool.keep(np.arange(3))
    >>> kept
    array([0, 1, 2])
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        self.folder = folder
        self._size = 0
        try:
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
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
        """Write an array and return it as a read-only map of the file."""
        array = np.ascontiguousarray(array)
        if not array.nbytes:
            return array
        try:
            self._file.seek(self._size)
            self._file.write(array.data)
            self._file.flush()
            view = mmap.mmap(
                self._file.fileno(), array.nbytes, access=mmap.ACCESS_READ, offset=self._size
            )
        except OSError as error:
            raise self._full(error) from error
        self._size += -(-array.nbytes // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY
        return np.frombuffer(view, dtype=array.dtype).reshape(array.shape)

    def _full(self, error: OSError) -> InputError:
        return InputError(
            "cannot keep counted events on disk",
            got=error.strerror or str(error),
            where=str(self.folder or tempfile.gettempdir()),
            remedy="free disk space, or name another folder (spill=, or the variable TMPDIR)",
        )
