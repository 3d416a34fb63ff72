"""Bytes of one file: opened and decompressed by smart_open, and what was skipped in it."""

from __future__ import annotations

import io
import itertools
import os
import re
import stat
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, cast

from wordnum.errors import InputError
from wordnum.storage import read_failure

COMPRESSED = (".gz", ".bz2", ".xz", ".zst")
RANGE = 32 * 2**20
HEAD = 2**16  # bytes by which a format is recognised
_READ = 2**20
_EXAMPLES = 5
_ZSTD_WINDOW = 31  # log2 of the largest that the format has; what zstd --long=31 writes needs it
# Beginnings of what can be read only once: standard input, pipes. Those who read on get them back.
_begun: dict[str, tuple[bytes, IO[bytes]]] = {}


class Skips:
    """What was skipped: how often, why, and the first positions.

    Examples
    --------
    >>> skips = Skips()
    >>> skips.add("a.jsonl", "not JSON", "line 3")
    >>> skips.to_json()
    [{'file': 'a.jsonl', 'reason': 'not JSON', 'count': 1, 'first': ['line 3']}]
    """

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self.positions: dict[tuple[str, str], list[str]] = {}

    def add(self, path: str, reason: str, position: str = "", count: int = 1) -> None:
        """Count something that was skipped; a count of 0 is a remark on the whole file."""
        key = (path, reason)
        self.counts[key] += count
        positions = self.positions.setdefault(key, [])
        if len(positions) < _EXAMPLES:
            positions.append(position)

    def to_json(self) -> list[dict[str, Any]]:
        """One entry per file and reason, in their order."""
        return [
            {"file": path, "reason": reason, "count": count, "first": self.positions[path, reason]}
            for (path, reason), count in sorted(self.counts.items())
        ]


def is_compressed(path: str) -> bool:
    """Whether the suffix of a path is that of a compressed file."""
    return path.lower().endswith(COMPRESSED)


def without_compression(path: str) -> str:
    """Path of a file as it is called when it is not compressed."""
    return os.path.splitext(path)[0] if is_compressed(path) else path


def is_remote(path: str) -> bool:
    """Whether a path is a URL such as s3://bucket/key."""
    return bool(re.match(r"[a-z][a-z0-9+.-]+://", path))


def identity(path: str) -> list[int] | None:
    """Size, time of the last change and number of a regular file; None for anything else."""
    try:
        about = os.stat(path)
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(about.st_mode):
        return None
    return [about.st_size, about.st_mtime_ns, about.st_ino]


def open_raw(path: str) -> IO[bytes]:
    """Open a file, URL or "-" (standard input) for reading, decompressed by its suffix.

    Raises
    ------
    InputError
        It is missing, cannot be opened, or needs a package that is not installed.
    """
    from smart_open import open as smart_open

    if path in _begun:
        head, rest = _begun.pop(path)
        blocks = iter(lambda: rest.read(_READ), b"")
        return cast("IO[bytes]", line_stream(itertools.chain([head], blocks)))
    if path == "-":
        try:
            return cast("IO[bytes]", io.FileIO(sys.stdin.fileno(), closefd=False))
        except (AttributeError, OSError, ValueError) as error:
            remedy = "send text to it, or name files"
            raise InputError("standard input is closed", remedy=remedy) from error
    if not is_remote(path) and not os.path.exists(path):
        raise InputError(f"no such file: {path}", remedy="check the path")
    options = {"options": _zstd_options()} if path.lower().endswith(".zst") else None
    try:
        return cast("IO[bytes]", smart_open(path, "rb", compression_kwargs=options))
    except ImportError as error:
        raise InputError(
            f"{path} needs a package that is not installed",
            got=str(error),
            remedy="install the extra for this kind of address: pip install 'wordnum[s3]', "
            "'wordnum[gcs]', or another of smart_open's, such as 'smart_open[azure]'",
        ) from error
    except Exception as error:
        raise _unreadable(path, error, 0) from error


def _zstd_options() -> dict[Any, int]:
    if sys.version_info >= (3, 14):
        from compression.zstd import DecompressionParameter
    else:
        from backports.zstd import DecompressionParameter
    return {DecompressionParameter.window_log_max: _ZSTD_WINDOW}


def read_head(path: str) -> bytes:
    """First bytes of a file, URL or "-", which whoever reads it gets again.

    What cannot be read has none: the error comes when its turn comes.
    """
    parts, size = [], 0
    lasting = is_remote(path) or os.path.isfile(path)
    try:
        file = open_raw(path)
    except InputError:
        return b""
    try:
        while size < HEAD and (block := file.read(HEAD - size)):
            parts.append(block)
            size += len(block)
    except Exception:
        lasting = True
    head = b"".join(parts)
    if lasting:
        file.close()
    else:
        _begun[path] = head, file
    return head


def read_blocks(path: str, *, begin: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Bytes of a file, URL or "-", block by block, decompressed by its suffix.

    `begin` and `end` cut out a range of a plain file.

    Raises
    ------
    InputError
        The file is missing, cannot be opened, is damaged or cut off.
    """
    position = begin
    with open_raw(path) as file:
        try:
            if begin:
                file.seek(begin)
            while block := file.read(_READ if end is None else min(_READ, end - position)):
                position += len(block)
                yield block
        except Exception as error:
            raise _unreadable(path, error, position) from error


def _unreadable(path: str, error: BaseException, position: int) -> InputError:
    path = "standard input" if path == "-" else path
    if isinstance(error, EOFError):
        return InputError(
            "the compressed file ends too early",
            expected="a whole file",
            got=f"{position:,} bytes of text, then nothing",
            where=path,
            remedy="fetch or make the file again; it was cut off",
        )
    if is_compressed(path) and not (isinstance(error, OSError) and error.errno):
        return InputError(
            f"the file is not {Path(path).suffix}, or it is damaged",
            got=f"{type(error).__name__}: {error}",
            where=f"{path}, after {position:,} bytes of text",
            remedy="fetch or make the file again, or give it the suffix of what it is",
        )
    if isinstance(error, OSError) and error.errno and not is_remote(path):
        return read_failure(path, error)
    return InputError("the file cannot be read", got=str(error), where=path)


class BlockReader(io.RawIOBase):
    """A stream of the bytes that an iterator yields."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` with what comes next."""
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = memoryview(block)
        n = min(len(buffer), len(self._rest))
        buffer[:n] = self._rest[:n]
        self._rest = self._rest[n:]
        return n


def line_stream(blocks: Iterable[bytes]) -> io.BufferedReader:
    """Stream of the bytes of some blocks, which has lines."""
    return io.BufferedReader(BlockReader(blocks), _READ)


def ranges(path: str, separator: str, size: int = RANGE) -> list[tuple[int, int | None]]:
    """Byte ranges of a plain file, about `size` long, that begin at document borders.

    They depend on the text alone. Whatever cannot be cut is one range up to the end (None).
    """
    border = {"line": rb"\n", "blank": rb"\n[ \t\r]*\n"}.get(separator)
    if border is None or path == "-" or is_remote(path) or is_compressed(path):
        return [(0, None)]
    total = os.path.getsize(path)
    found = [0]
    while found[-1] + size < total:
        cut = _first_border(path, found[-1] + size, border)
        if cut is None or cut >= total:
            break
        found.append(cut)
    return [*itertools.pairwise(found), (found[-1], None)]


def _first_border(path: str, position: int, border: bytes) -> int | None:
    """Where the first document begins behind a border that lies within a block of `position`."""
    block = next(read_blocks(path, begin=position), b"")
    match = re.search(border, block)
    return position + match.end() if match else None
