"""Readers: one class per format, from a file to its documents."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, ClassVar

from wordnum._compat import require
from wordnum.config import one_of, whole_number
from wordnum.corpus.numerals import character_class
from wordnum.corpus.streams import (
    Skips,
    is_remote,
    line_stream,
    open_raw,
    read_blocks,
    replace_invalid,
)  # fmt: skip
from wordnum.errors import InputError, WordnumError

SEPARATORS = ("blank", "line", "file")
ERRORS = ("strict", "replace")
MAX_RECORD = 64 * 2**20
_CONTAINERS = 2 * 10**6  # lists and tables in one line of JSON; each takes 64 bytes or more
_BATCH = 1024

_NULS = "NUL bytes, taken as space"
Record = tuple[object, str]


@dataclass(frozen=True)
class Reader:
    """How the files of one format become documents.

    Attributes
    ----------
    field : str or None
        Field of JSON lines or column of a table; None is "text".
    separator : {"blank", "line", "file"}
        What ends a document of plain text: a line without a visible character, every line end, or
        the end of the file.
    errors : {"strict", "replace"}
        Bytes of plain text that are not UTF-8 are an error or become U+FFFD.
    strict : bool
        Records that cannot be used are errors instead of counted skips.
    max_record : int
        Bytes of one record at most.
    """

    name: ClassVar[str] = ""
    suffixes: ClassVar[tuple[str, ...]] = ()
    magic: ClassVar[bytes] = b""

    field: str | None = None
    separator: str = "blank"
    errors: str = "strict"
    strict: bool = False
    max_record: int = MAX_RECORD

    def __post_init__(self) -> None:
        one_of(self.separator, SEPARATORS, what="separator")
        one_of(self.errors, ERRORS, what="errors")
        whole_number(self.max_record, what="max_record", most=2**62)

    def read(self, path: str, skips: Skips) -> Iterator[str]:
        """Documents of a file; what cannot be used is counted in `skips`.

        Raises
        ------
        InputError
            The file is damaged, has no such field, holds a record over `max_record`, or, with
            `strict`, one that cannot be used.
        """
        for text, position in self.read_file(path, skips):
            if not isinstance(text, str):
                self._skip(path, f"no text in {self._field!r}", position, skips)
                continue
            self._check_size(len(text), path, position)
            try:
                text.encode()
            except UnicodeEncodeError:
                self._skip(path, "text with half a surrogate pair", position, skips)
                continue
            yield self.without_nuls(text, path, position, skips)

    def without_nuls(self, text: str, path: str, position: str, skips: Skips) -> str:
        """The text with spaces for NUL characters, which are counted."""
        if "\0" in text:
            skips.add(path, _NULS, position, text.count("\0"))
        return text.replace("\0", " ")

    def read_file(self, path: str, skips: Skips) -> Iterator[Record]:
        """What stands where a text is expected, and its position, for each record of a file."""
        raise NotImplementedError

    @property
    def _field(self) -> str:
        return self.field or "text"

    def _check_size(self, size: int, path: str, position: str) -> None:
        if size > self.max_record:
            raise InputError(
                f"a record is over {self.max_record / 2**20:,.0f} MB",
                where=f"{path}, {position}",
                remedy="raise max_record (--max-record) if this is as it should be",
            )

    def _skip(self, path: str, reason: str, position: str, skips: Skips) -> None:
        if self.strict:
            raise InputError(
                f"a record cannot be used: {reason}",
                where=f"{path}, {position}",
                remedy="mend the file, or read without strict to skip and count such records",
            )
        skips.add(path, reason, position)


class TextReader(Reader):
    """Plain text."""

    name = "text"
    suffixes = (".txt", ".text", "")

    def blocks(
        self, path: str, skips: Skips, *, begin: int = 0, end: int | None = None
    ) -> Iterator[bytes]:
        """Bytes of a file as they are tokenized; NUL bytes in them are counted."""
        position = begin
        for block in self._valid(read_blocks(path, begin=begin, end=end), path, skips):
            if (at := block.find(0xFF)) >= 0:
                raise invalid_bytes(path, position + at)
            if 0 in block:
                nuls = block.count(0)
                skips.add(path, _NULS, f"byte {position + block.find(0)}", nuls)
            position += len(block)
            yield block

    def _valid(self, blocks: Iterator[bytes], path: str, skips: Skips) -> Iterator[bytes]:
        return replace_invalid(blocks, path, skips) if self.errors == "replace" else blocks

    def read_file(self, path: str, skips: Skips) -> Iterator[Record]:
        """Documents between borders."""
        lines: list[str] = []
        position = size = number = 0
        with line_stream(self._valid(read_blocks(path), path, skips)) as stream:
            while raw := stream.readline(self.max_record + 1):
                try:
                    line = raw.decode()
                except UnicodeDecodeError as error:
                    self._check_size(len(raw), path, f"byte {position}")
                    raise invalid_bytes(path, position + error.start) from error
                position += len(raw)
                visible = any(character_class(character) for character in line)
                if visible or (lines and self.separator == "file"):
                    lines.append(line)
                    size += len(raw)
                    self._check_size(size, path, f"byte {position}")
                if lines and (
                    self.separator == "line" or (self.separator == "blank" and not visible)
                ):
                    number += 1
                    yield "".join(lines), f"document {number}"
                    lines, size = [], 0
        if lines:
            yield "".join(lines), f"document {number + 1}"


def invalid_bytes(path: str, position: int) -> InputError:
    """Build the error for bytes that are not UTF-8."""
    return InputError(
        "the text is not UTF-8",
        expected="text in UTF-8",
        got="bytes that are none",
        where=f"{path}, byte {position}",
        remedy="convert the file (for example with iconv), or go on with errors='replace' "
        "(--errors replace), which puts U+FFFD in the place of such bytes and counts them",
    )


class JsonLinesReader(Reader):
    """JSON lines: one object a line."""

    name = "jsonl"
    suffixes = (".jsonl", ".ndjson", ".json")

    def read_file(self, path: str, skips: Skips) -> Iterator[Record]:
        """Field by field; a line that is no object with that field is skipped."""
        keys: set[str] = set()
        found = used = number = 0
        with line_stream(read_blocks(path)) as file:
            while line := file.readline(self.max_record + 1):
                number += 1
                position = f"line {number}"
                self._check_size(len(line), path, position)
                if not line.strip():
                    continue
                found += 1
                try:
                    if line.count(b"[") + line.count(b"{") > _CONTAINERS:
                        raise ValueError("too much structure to be a text")
                    record = json.loads(line)
                except (ValueError, RecursionError):
                    self._skip(path, "not JSON", position, skips)
                    continue
                if isinstance(record, dict) and self._field in record:
                    used += 1
                    yield record[self._field], position
                else:
                    keys.update(list(record)[:20] if isinstance(record, dict) else [])
                    self._skip(path, f"no field {self._field!r}", position, skips)
        if found and not used:
            raise InputError(
                f"no line of the file is JSON with the field {self._field!r}",
                got="the fields " + ", ".join(sorted(keys)[:20]) if keys else "no JSON object",
                where=path,
                remedy="name the field that holds the text",
            )


class ParquetReader(Reader):
    """A column of a Parquet file."""

    name = "parquet"
    suffixes = (".parquet",)
    magic = b"PAR1"

    def read_file(self, path: str, skips: Skips) -> Iterator[Record]:
        """Row by row, in batches that fit into memory."""
        parquet = require("pyarrow.parquet", purpose="reading Parquet")
        remote = None
        try:
            if is_remote(path):
                remote = _copied(path)
            elif not os.path.exists(path):
                raise InputError(f"no such file: {path}", remedy="check the path")
            file = parquet.ParquetFile(remote or path)
            names = file.schema_arrow.names
            if self._field not in names:
                raise _no_column("Parquet file", self._field, names, path)
            # Values that come again and again are not written out.
            file = parquet.ParquetFile(remote or path, read_dictionary=[self._field])
            row = 0
            for group in range(file.num_row_groups):
                size = self._row_size(file.metadata.row_group(group), path)
                batch_size = max(1, min(_BATCH, self.max_record // size))
                for batch in file.iter_batches(batch_size, [group], columns=[self._field]):
                    for value in batch.column(0):
                        row += 1
                        yield value.as_py(), f"row {row}"
        except WordnumError:
            raise
        except Exception as error:
            raise InputError(
                "the Parquet file cannot be read",
                got=_one_line(error),
                where=path,
                remedy="fetch or make the file again",
            ) from error
        finally:
            if remote is not None:
                remote.close()

    def _row_size(self, group: Any, path: str) -> int:
        """Mean bytes of a value of the column in a row group."""
        columns = (group.column(at) for at in range(group.num_columns))
        sizes = [
            column.total_uncompressed_size
            for column in columns
            if column.path_in_schema.split(".")[0] == self._field
        ]
        size = sum(sizes) // max(group.num_rows, 1) + 1
        # Pages of a row group may be as large as itself, and are held whole.
        self._check_size(max(size, sum(sizes) // 32), path, "a row group")
        return size


def _no_column(what: str, column: str, names: list[str], path: str) -> InputError:
    return InputError(
        f"the {what} has no column {column!r}",
        got="the columns " + ", ".join(names),
        where=path,
        remedy="name the column that holds the text",
    )


def _copied(address: str) -> IO[bytes]:
    """Copy what is at an address to disk, to jump about in it."""
    copy = tempfile.TemporaryFile()  # noqa: SIM115
    with open_raw(address) as remote:
        shutil.copyfileobj(remote, copy)
    copy.seek(0)
    return copy


class WikipediaReader(Reader):
    """Articles of a MediaWiki XML dump, freed of markup by gensim."""

    name = "wikipedia"
    suffixes = (".xml",)
    magic = b"<mediawiki"

    def read_file(self, path: str, skips: Skips) -> Iterator[Record]:
        """Pages of namespace 0 that are no redirects."""
        from xml.etree.ElementTree import ParseError, XMLPullParser

        purpose = "reading Wikipedia dumps"
        filter_wiki = require("gensim.corpora.wikicorpus", purpose=purpose).filter_wiki
        parser: Any = XMLPullParser(("start", "end"))
        root, held, pages = None, 0, 0
        try:
            for block in read_blocks(path):
                for at in range(0, len(block), 2**16):
                    parser.feed(block[at : at + 2**16])
                    held += 2**16
                    for event, element in parser.read_events():
                        root = element if root is None else root
                        if event == "end" and element.tag.rpartition("}")[2] == "page":
                            yield from self._article(element, filter_wiki)
                            root.clear()
                            held, pages = 0, pages + 1
                    self._check_size(held - 2**17, path, f"page {pages + 1}")
            parser.close()
            if not pages:
                raise ParseError("no <page> in it")
        except (ParseError, UnicodeError, ValueError, LookupError) as error:
            if isinstance(error, WordnumError):
                raise
            raise InputError(
                "the file is not a whole MediaWiki XML dump",
                got=str(error),
                where=path,
                remedy="fetch the dump again",
            ) from error

    def _article(self, page: Any, filter_wiki: Any) -> Iterator[Record]:
        def text_of(name: str) -> str:
            found = (e for e in page.iter() if e.tag.rpartition("}")[2] == name)
            return next((element.text or "" for element in found), "")

        markup = text_of("text")
        redirect = markup.lstrip()[:9].upper().startswith("#REDIRECT")
        if text_of("ns") == "0" and markup and not redirect:
            # gensim leaves the marks of bold and italic type.
            yield re.sub("'{2,}", "", filter_wiki(markup)), f"article {text_of('title')!r}"


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


READERS: dict[str, type[Reader]] = {
    kind.name: kind for kind in (TextReader, JsonLinesReader, ParquetReader, WikipediaReader)
}
