"""Columns of Parquet and Arrow files, by pyarrow."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from wordnum._compat import require
from wordnum.corpus.arrow_frames import checked_frames
from wordnum.corpus.fields import choose_field, lookup, missing_field
from wordnum.corpus.readers import Head, Reader, Record
from wordnum.corpus.streams import Skips, is_compressed, is_remote, line_stream, open_raw
from wordnum.errors import InputError, WordnumError

_BATCH = 1024
_SAMPLE = 3  # rows that are looked at to choose a column
_HELD = 32  # records' sizes that may be held at once: pages and batches are unpacked whole


class _TableReader(Reader):
    """What both kinds of tables have in common: the column, and errors of pyarrow."""

    def _column(
        self, schema: Any, path: str, skips: Skips, values: Callable[[str], Iterator[Any]]
    ) -> str:
        """The field that is asked for, or the one that holds the text."""
        names = list(dict.fromkeys(_fields(schema)))
        if self.field:
            if _top(self.field, schema) is None:
                raise missing_field(self.field, {key: [] for key in [*names, *schema.names]}, path)
            return self.field
        if "text" in names:
            return "text"
        columns: dict[str, list[str | None]] = {key: [] for key in schema.names}
        for name in names:
            columns[name] = [_sample(value) for value in itertools.islice(values(name), _SAMPLE)]
        field = names[0] if len(names) == 1 else choose_field(columns, path=path)
        skips.add(path, f"the text is taken from the column {field!r}", count=0)
        return field

    def _rows(
        self, schema: Any, path: str, skips: Skips, values: Callable[[str], Iterator[Any]]
    ) -> Iterator[Record]:
        """Row by row, of the field that holds the text."""
        field = self._column(schema, path, skips, values)
        for row, value in enumerate(values(field), 1):
            yield value, f"row {row}"

    @contextmanager
    def _opened(self, path: str, *, copied: bool) -> Iterator[IO[bytes] | None]:
        """Copy a file that is not on this disk, and name what is wrong with any."""
        copy = None
        try:
            copy = _copied(path) if copied else None
            yield copy
        except WordnumError:
            raise
        except Exception as error:
            raise InputError(
                f"the {self.title.split(maxsplit=1)[1]} cannot be read",
                got=" ".join(f"{type(error).__name__}: {error}".split()),
                where=path,
                remedy="fetch or make the file again",
            ) from error
        finally:
            if copy is not None:
                copy.close()


class ParquetReader(_TableReader):
    """A column of a Parquet file."""

    name = "parquet"
    title = "a Parquet file"
    suffixes = (".parquet",)

    @classmethod
    def sniff(cls, head: Head) -> bool:
        """It begins with the magic number."""
        return head.data.startswith(b"PAR1")

    def read_file(self, path: str, skips: Skips) -> Iterator[Record]:
        """Row by row, in batches that fit into memory."""
        parquet = require("pyarrow.parquet", purpose="reading Parquet")
        if is_compressed(path):
            raise InputError("a Parquet file in another file", where=path, remedy="unpack it")
        copied = is_remote(path) or not os.path.isfile(path)
        with self._opened(path, copied=copied) as copy:
            schema = parquet.ParquetFile(copy or path).schema_arrow

            def values(field: str) -> Iterator[Any]:
                return self._values(copy or path, field, path)

            yield from self._rows(schema, path, skips, values)

    def _values(self, source: Any, field: str, path: str) -> Iterator[Any]:
        from pyarrow.parquet import ParquetFile

        file = ParquetFile(source)
        top = _top(field, file.schema_arrow) or field
        leaves = (file.schema.column(at) for at in range(len(file.schema)))
        texts = [
            leaf.path
            for leaf in leaves
            if leaf.path.split(".")[0] == top and leaf.physical_type == "BYTE_ARRAY"
        ]
        # Values that come again and again are not written out.
        file = ParquetFile(source, read_dictionary=texts)
        for group in range(file.num_row_groups):
            size = self._row_size(file.metadata.row_group(group), path)
            batch_size = max(1, min(_BATCH, self.max_record // size))
            for batch in file.iter_batches(batch_size, [group], columns=[top]):
                for value in batch.column(0):
                    yield _inner(value.as_py(), field, top)

    def _row_size(self, group: Any, path: str) -> int:
        """Mean bytes of a row of a row group."""
        # Of all columns: asked for one, pyarrow ends the process where its sizes are damaged.
        total = max(group.total_byte_size, 0)
        size: int = total // max(group.num_rows, 1) + 1
        # Pages of a row group may be as large as itself, and are held whole.
        self._check_size(max(size, total // _HELD), path, "a row group")
        return size


class ArrowReader(_TableReader):
    """A column of an Arrow IPC file or stream, or of a Feather file (version 2)."""

    name = "arrow"
    title = "an Arrow file"
    suffixes = (".arrow", ".feather", ".ipc")

    @classmethod
    def sniff(cls, head: Head) -> bool:
        """It begins with the magic number of a file, or with a message of a stream."""
        return head.data.startswith((b"ARROW1\0\0", b"\xff\xff\xff\xff", b"FEA1"))

    def read_file(self, path: str, skips: Skips) -> Iterator[Record]:
        """Row by row; a batch is unpacked whole."""
        require("pyarrow.ipc", purpose="reading Arrow files")
        # It is read twice when the column is to be chosen.
        copied = not (is_remote(path) or os.path.isfile(path))
        with self._opened(path, copied=copied) as copy:

            def values(field: str) -> Iterator[Any]:
                return self._values(path, copy, field)

            yield from self._rows(self._stream(path, copy).schema, path, skips, values)

    def _stream(self, path: str, copy: IO[bytes] | None, columns: list[int] | None = None) -> Any:
        import pyarrow
        from pyarrow import ipc

        if copy is not None:
            copy.seek(0)
        frames = checked_frames(copy or open_raw(path), path, most=_HELD * self.max_record)
        options = ipc.IpcReadOptions(use_threads=False, included_fields=columns)
        return ipc.open_stream(pyarrow.PythonFile(line_stream(frames), "r"), options=options)

    def _values(self, path: str, copy: IO[bytes] | None, field: str) -> Iterator[Any]:
        schema = self._stream(path, copy).schema
        top = _top(field, schema) or field
        for batch in self._stream(path, copy, [schema.names.index(top)]):
            batch.validate(full=True)  # offsets that lead out of it are followed otherwise
            for value in batch.column(0):
                yield _inner(value.as_py(), field, top)


def _fields(schema: Any) -> Iterator[str]:
    """Fields of a schema that hold text, those within others as "doc.text"."""
    import pyarrow.types as kinds

    texts = (
        *(kinds.is_string, kinds.is_large_string, kinds.is_string_view),
        *(kinds.is_binary, kinds.is_large_binary),
    )

    def within(name: str, kind: Any) -> Iterator[str]:
        if kinds.is_struct(kind):
            for child in kind:
                yield from within(f"{name}.{child.name}", child.type)
        elif kinds.is_dictionary(kind) or kinds.is_list(kind) or kinds.is_large_list(kind):
            yield from within(name, kind.value_type)
        elif any(is_text(kind) for is_text in texts):
            yield name

    for column in schema:
        yield from within(column.name, column.type)


def _top(field: str, schema: Any) -> str | None:
    """Column that holds a field: itself, or what stands before one of its points."""
    names, parts = set(schema.names), field.split(".")
    found = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
    return next((name for name in found if name in names), None)


def _inner(value: Any, field: str, top: str) -> Any:
    """What a field within a column holds; None if nothing."""
    if field == top:
        return value
    try:
        return lookup(value, field[len(top) + 1 :])
    except KeyError:
        return None


def _sample(value: Any) -> str | None:
    if isinstance(value, list):
        value = next(iter(value), None)
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _copied(path: str) -> IO[bytes]:
    """Copy to disk what cannot be jumped about in."""
    copy = tempfile.TemporaryFile()  # noqa: SIM115
    with open_raw(path) as file:
        shutil.copyfileobj(file, copy)
    copy.seek(0)
    return copy
