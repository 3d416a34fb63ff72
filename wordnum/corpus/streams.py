"""Bytes of one file: decompressed, checked, and cut into ranges at document borders."""

from __future__ import annotations

import codecs
import io
import itertools
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, cast

from wordnum.errors import InputError

__all__ = [
    "COMPRESSED",
    "BlockReader",
    "Skips",
    "is_compressed",
    "open_bytes",
    "ranges",
    "replace_invalid",
]

COMPRESSED = (".gz", ".bz2", ".xz", ".zst")
RANGE = 32 * 2**20
_READ = 2**20
_EXAMPLES = 5


class Skips:
    """What was passed over: how often, why, and the first places.

    Examples
    --------
    >>> skips = Skips()
    >>> skips.add("a.jsonl", "not JSON", "line 3")
    >>> skips.to_json()
    [{'file': 'a.jsonl', 'reason': 'not JSON', 'count': 1, 'first': ['line 3']}]
    """

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self.places: dict[tuple[str, str], list[str]] = {}

    def add(self, path: str, reason: str, place: str, count: int = 1) -> None:
        """Count something passed over."""
        key = (path, reason)
        self.counts[key] += count
        places = self.places.setdefault(key, [])
        if len(places) < _EXAMPLES:
            places.append(place)

    def to_json(self) -> list[dict[str, Any]]:
        """One entry per file and reason, in their order."""
        return [
            {"file": path, "reason": reason, "count": count, "first": self.places[path, reason]}
            for (path, reason), count in sorted(self.counts.items())
        ]


class _Guarded(io.RawIOBase):
    """A file whose failures name it."""

    def __init__(self, raw: Any, path: str, begin: int = 0, end: int | None = None) -> None:
        self._raw = raw
        self._path = path
        self._position = begin
        self._end = end
        if begin:
            raw.seek(begin)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = len(buffer) if self._end is None else min(len(buffer), self._end - self._position)
        try:
            block = self._raw.read(size)
        except Exception as error:
            raise _unreadable(self._path, error, self._position) from error
        buffer[: len(block)] = block
        self._position += len(block)
        return len(block)

    def close(self) -> None:
        if not self.closed and self._raw is not sys.stdin.buffer:
            self._raw.close()
        super().close()


def _unreadable(path: str, error: BaseException, position: int) -> InputError:
    if isinstance(error, EOFError):
        return InputError(
            "the compressed file ends too early",
            expected="a whole file",
            got=f"{position:,} bytes of text, then nothing",
            where=path,
            remedy="fetch or make the file again; it was cut off",
        )
    if is_compressed(path):
        return InputError(
            f"the file is not {Path(path).suffix}, or it is damaged",
            got=f"{type(error).__name__}: {error}",
            where=f"{path}, after {position:,} bytes of text",
            remedy="fetch or make the file again, or give it the suffix of what it is",
        )
    return InputError("the file cannot be read", got=str(error), where=path)


def is_compressed(path: str) -> bool:
    """Whether the suffix of a path is that of a compressed file."""
    return path.lower().endswith(COMPRESSED)


def is_remote(path: str) -> bool:
    """Whether a path is a URL such as s3://bucket/key."""
    return bool(re.match(r"[a-z][a-z0-9+.-]+://", path))


def open_bytes(path: str, *, begin: int = 0, end: int | None = None) -> io.BufferedReader:
    """Open a file, URL or "-" (standard input) for reading, decompressed by its suffix.

    `begin` and `end` cut out a range of a plain file.

    Raises
    ------
    InputError
        The file is missing or cannot be opened; while reading: it is damaged or cut off.
    """
    if path == "-":
        return io.BufferedReader(_Guarded(sys.stdin.buffer, "standard input"), _READ)
    return io.BufferedReader(_Guarded(open_raw(path), path, begin, end), _READ)


def open_raw(path: str) -> IO[bytes]:
    """Open a file or URL for reading, decompressed by its suffix; only opening it is guarded.

    Raises
    ------
    InputError
        It is missing, cannot be opened, or needs a package that is not installed.
    """
    from smart_open import open as smart_open

    if not is_remote(path) and not os.path.exists(path):
        raise InputError(f"no such file: {path}", remedy="check the path")
    try:
        return cast("IO[bytes]", smart_open(path, "rb"))
    except ImportError as error:
        raise InputError(
            f"{path} needs a package that is not installed",
            got=str(error),
            remedy="install the extra for this kind of address: pip install 'wordnum[s3]', "
            "'wordnum[gcs]', or another of smart_open's, such as 'smart_open[azure]'",
        ) from error
    except Exception as error:
        raise _unreadable(path, error, 0) from error


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


def replace_invalid(stream: io.BufferedIOBase, path: str, skips: Skips) -> Iterator[bytes]:
    """Blocks of `stream` in which bytes that are not UTF-8 have become U+FFFD, counted."""
    found: list[int] = []
    line, seen = 1, 0

    def handler(error: UnicodeError) -> tuple[str, int]:
        assert isinstance(error, UnicodeDecodeError)
        place = line + error.object.count(b"\n", 0, error.start)
        found.append(place)
        return "�", error.end

    name = f"wordnum-replace-{id(found)}"
    codecs.register_error(name, handler)
    decoder = codecs.getincrementaldecoder("utf-8")(errors=name)
    while True:
        block = stream.read(_READ)
        text = decoder.decode(block, final=not block)
        for place in found:
            skips.add(path, "bytes that are not UTF-8, replaced", f"line {place}")
        found.clear()
        line += text.count("\n")
        seen += len(block)
        if text:
            yield text.encode()
        if not block:
            return


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
    """Where the first document begins behind a border that lies after `position`."""
    pattern = re.compile(border)
    rest = b""
    with open_bytes(path, begin=position) as file:
        while block := file.read(_READ):
            window = rest + block
            if match := pattern.search(window):
                return position + match.end()
            # White space at the end may be the first half of a border.
            rest = window[len(window.rstrip(b" \t\r\n")) :][-_READ:]
            position += len(window) - len(rest)
    return None
