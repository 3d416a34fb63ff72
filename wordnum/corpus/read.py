"""Documents of any source, one after the other, as often as they are asked for."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from wordnum.corpus.numerals import character_class
from wordnum.corpus.readers import records
from wordnum.corpus.sources import Part, find_parts
from wordnum.corpus.streams import BlockReader, Skips, open_bytes, replace_invalid
from wordnum.errors import InputError

__all__ = ["DocumentStream", "documents", "invalid_bytes", "open_part", "read_documents"]


@dataclass(frozen=True)
class DocumentStream:
    """Documents of a source; can be iterated over again and again.

    Attributes
    ----------
    parts : tuple of Part
        The files, in order, and how each is read.
    skips : Skips
        What the search for files passed over; what reading passes over is added.
    """

    parts: tuple[Part, ...]
    skips: Skips = field(default_factory=Skips, compare=False)

    def __iter__(self) -> Iterator[str]:
        """Yield one document after the other."""
        for part in self.parts:
            yield from documents(part, self.skips)


def read_documents(
    source: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    reader: str = "auto",
    field: str | None = None,
    separator: str = "blank",
    errors: str = "strict",
    strict: bool = False,
) -> DocumentStream:
    r"""Documents of files, folders, globs, addresses or standard input.

    Parameters
    ----------
    source : path or sequence of paths
        Files (plain, .gz, .bz2, .xz, .zst), folders, globs, addresses such as s3://bucket/key,
        hf:owner/name[:configuration][#split], or "-". Files of folders and globs come in byte
        order of their names.
    reader : {"auto", "text", "jsonl", "parquet", "wikipedia", "hf"}
        What the files hold; "auto" goes by suffix.
    field : str, optional
        Field of JSON lines, column of Parquet or of a dataset; "text" by default.
    separator : {"blank", "line", "file"}
        What ends a document of plain text: a line without a visible character, every line end,
        or the end of the file.
    errors : {"strict", "replace"}
        Bytes that are not UTF-8: an error, or replaced by U+FFFD and counted.
    strict : bool
        Records that cannot be used are errors; else they are skipped and counted.

    Returns
    -------
    DocumentStream
        Iterable over str, again and again; nothing is read before.

    Raises
    ------
    InputError
        A file is missing, or a folder holds nothing readable; while iterating: a file is damaged.
    UsageError
        An unknown reader, separator or way with errors.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "two.txt")
    >>> _ = path.write_text("one page\nof it\n\nanother\n")
    >>> list(read_documents(path))
    ['one page\nof it\n', 'another\n']
    """
    skips = Skips()
    parts = find_parts(
        source,
        reader=reader,
        field=field,
        separator=separator,
        errors=errors,
        strict=strict,
        skips=skips,
    )
    return DocumentStream(tuple(parts), skips)


def documents(part: Part, skips: Skips) -> Iterator[str]:
    """Documents of one file."""
    return records(part, skips) if part.reader != "text" else _texts(part, skips)


def open_part(part: Part, skips: Skips) -> io.BufferedReader:
    """Open a part that holds plain text; bytes that are not UTF-8 are replaced if it says so."""
    stream = open_bytes(part.path, begin=part.begin, end=part.end)
    if part.errors == "replace":
        return io.BufferedReader(BlockReader(replace_invalid(stream, part.path, skips)), 2**20)
    return stream


def _texts(part: Part, skips: Skips) -> Iterator[str]:
    position = part.begin
    lines: list[str] = []
    with open_part(part, skips) as stream:
        for raw in stream:
            try:
                line = raw.decode()
            except UnicodeDecodeError as error:
                raise invalid_bytes(part.path, position + error.start) from error
            position += len(raw)
            visible = any(character_class(character) for character in line)
            if visible or (lines and part.separator == "file"):
                lines.append(line)
            if lines and (part.separator == "line" or (part.separator == "blank" and not visible)):
                yield "".join(lines)
                lines = []
    if lines:
        yield "".join(lines)


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


def batches(texts: Iterable[str], size: int) -> Iterator[list[str]]:
    """Lists of documents of about `size` bytes."""
    batch: list[str] = []
    held = 0
    for text in texts:
        batch.append(text)
        held += len(text)
        if held >= size:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch
