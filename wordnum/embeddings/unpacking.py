"""Compressed files, unpacked in the temporary folder while they are read."""

from __future__ import annotations

import lzma
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wordnum._compat import require
from wordnum.embeddings.token_vectors import damaged
from wordnum.errors import FormatError
from wordnum.storage import DAMAGE

_STARTS = {b"\x1f\x8b": ".gz", b"\xfd7zXZ": ".xz", b"BZh": ".bz2", b"\x28\xb5\x2f\xfd": ".zst"}
# Vectors shrink to a third or so; what grows by more is made to fill the disk.
_MOST = 100
_BLOCK = 2**20


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Yield the path itself, or of a compressed file the path of its content.

    Raises
    ------
    FormatError
        Cut off, damaged, or larger than any vectors become.
    """
    head = b""
    if path.is_file():
        with open(path, "rb") as file:
            head = file.read(8)
    suffix = next((suffix for start, suffix in _STARTS.items() if head.startswith(start)), None)
    if suffix is None:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="wordnum-") as folder:
        content = Path(folder) / (path.stem if path.suffix == suffix else path.name)
        _unpack(path, content, suffix)
        try:
            yield content
        except FormatError as error:  # the reader knows the temporary path alone
            parts = (error.message, error.expected, error.got, error.where, error.remedy)
            names = [part and part.replace(str(content), str(path)) for part in parts]
            message, expected, got, where, remedy = names
            raise FormatError(
                message or "", expected=expected, got=got, where=where, remedy=remedy
            ) from error


def _unpack(path: Path, content: Path, suffix: str) -> None:
    smart_open: Any = require("smart_open", purpose=f"reading {path.name}")
    limit, size = _MOST * path.stat().st_size + _BLOCK, 0
    try:
        with smart_open.open(path, "rb", compression=suffix) as file, open(content, "wb") as out:
            while block := file.read(_BLOCK):
                size += out.write(block)
                if size > limit:
                    break
    except (OSError, lzma.LZMAError, *DAMAGE) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        expected, where = f"a whole {suffix} file", f"after {size} bytes of its content"
        raise damaged(path, expected=expected, got=str(error), where=where) from error
    if size > limit:
        raise FormatError(
            f"{path} would become more than {_MOST} times its size",
            expected="vectors, which shrink to a third or so",
            got=f"{size} bytes and more out of {path.stat().st_size}",
            remedy="unpack it yourself if it is sound",
        )
