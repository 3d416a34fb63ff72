"""Messages of an Arrow stream, let through if what they unpack to is bounded.

A message is: ff ff ff ff, the length of its metadata (a flatbuffer), the metadata, the body.
"ARROW1", two bytes, and a stream. Compressed buffers of a body begin with their length.
Source: https://arrow.apache.org/docs/format/Columnar.html
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO

from wordnum.errors import InputError

_MAGIC = b"ARROW1\0\0"
_MARK = b"\xff\xff\xff\xff"
_DICTIONARY_BATCH, _RECORD_BATCH = 2, 3
_METADATA = 2**26  # bytes at most


def checked_frames(file: IO[bytes], path: str, *, most: int) -> Iterator[bytes]:
    """Pieces of the stream in an Arrow file, message by message.

    Raises
    ------
    InputError
        It is no Arrow file or is cut off, or a batch of it would unpack to over `most` bytes.
    """
    start = file.read(4)
    is_file = start == _MAGIC[:4] and file.read(4) == _MAGIC[4:]
    start = file.read(4) if is_file else start
    # A stream may end with its last message, in a file another one says that it ends.
    while start or is_file:
        length = file.read(4)
        if start != _MARK or len(length) < 4:
            raise _damaged(path)
        size = int.from_bytes(length, "little")
        if not size:
            return
        metadata = file.read(size) if size <= _METADATA else b""
        if len(metadata) < size:
            raise _damaged(path)
        try:
            n_body, batch, compressed = _message(metadata)
            if not 0 <= n_body <= most:
                raise _too_large(path, most)
            body = file.read(n_body)
            if batch and compressed and _unpacked(metadata, batch, body) > most:
                raise _too_large(path, most)
        except (struct.error, IndexError) as error:
            raise _damaged(path) from error
        if len(body) < n_body:
            raise _damaged(path)
        yield start + length + metadata
        yield body
        start = file.read(4)


def _message(metadata: bytes) -> tuple[int, int, bool]:
    """Bytes of a message's body, where its batch is described (or 0), and if that is packed."""
    message = _number("<I", metadata, 0)
    kind_at, header_at, body_at = (_field(metadata, message, index) for index in (1, 2, 3))
    kind = metadata[kind_at] if kind_at else 0
    n_body = _number("<q", metadata, body_at) if body_at else 0
    if kind not in (_DICTIONARY_BATCH, _RECORD_BATCH) or not header_at:
        return n_body, 0, False
    batch = _follow(metadata, header_at)
    if kind == _DICTIONARY_BATCH:
        batch = _follow(metadata, _field(metadata, batch, 1))
    return n_body, batch, bool(_field(metadata, batch, 3))


def _unpacked(metadata: bytes, batch: int, body: bytes) -> int:
    """Bytes of the buffers of a compressed batch when they are unpacked."""
    buffers = _follow(metadata, _field(metadata, batch, 2))
    total = 0
    for at in range(_number("<I", metadata, buffers)):
        offset = _number("<q", metadata, buffers + 4 + 16 * at)
        length = _number("<q", metadata, buffers + 12 + 16 * at)
        if length >= 8 and offset >= 0:
            total += max(length, _number("<q", body, offset))
    return total


def _field(data: bytes, table: int, index: int) -> int:
    """Position of a field of a flatbuffer's table; 0 if it is not set."""
    names = table - _number("<i", data, table)
    if names < 0:
        raise IndexError("a flatbuffer that leads out of itself")
    slot = 4 + 2 * index
    offset = _number("<H", data, names + slot) if slot < _number("<H", data, names) else 0
    return table + offset if offset else 0


def _follow(data: bytes, position: int) -> int:
    return position + _number("<I", data, position)


def _number(kind: str, data: bytes, position: int) -> int:
    return int(struct.unpack_from(kind, data, position)[0])


def _damaged(path: str) -> InputError:
    return InputError(
        "the Arrow file cannot be read",
        expected="an Arrow file or stream, or Feather of version 2",
        got="messages that are none, or cut off",
        where=path,
        remedy="fetch or make the file again; pandas writes Feather of version 2",
    )


def _too_large(path: str, most: int) -> InputError:
    return InputError(
        f"a batch is over {most / 2**20:,.0f} MB",
        where=path,
        remedy="raise max_record (--max-record; a batch may be 32 of them), or write smaller ones",
    )
