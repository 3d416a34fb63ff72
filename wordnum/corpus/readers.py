"""What every reader of a format does: recognise it, and turn its files into documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from wordnum.config import one_of, whole_number
from wordnum.corpus.streams import Skips, line_stream, read_blocks
from wordnum.corpus.text_encodings import as_utf8
from wordnum.errors import InputError

SEPARATORS = ("blank", "line", "file")
ERRORS = ("strict", "replace")
MAX_RECORD = 64 * 2**20
NULS = "NUL bytes, taken as space"
_HALF_PAIR = re.compile("[\ud800-\udfff]")
# Between the texts of a list: what goes on over a line's end does not go on over this.
_BETWEEN = "\n\n"
Record = tuple[object, str]


class Head(NamedTuple):
    """Beginning of a file.

    Attributes
    ----------
    data : bytes
        Its first bytes, decompressed.
    text : str
        The same as text, without a mark of byte order.
    whole : bool
        Nothing follows.
    """

    data: bytes
    text: str
    whole: bool

    def lines(self) -> list[str]:
        """Lines that are whole, without empty ones."""
        lines = self.text.split("\n")
        return [line for line in (lines if self.whole else lines[:-1]) if line.strip()]


@dataclass(frozen=True)
class Reader:
    """How the files of one format become documents.

    Attributes
    ----------
    field : str or None
        Field of JSON or column of a table, "doc.text" if one lies in another. None: the one that
        is named text, content or document, or the only one that holds text.
    separator : {"blank", "line", "file"}
        What ends a document of plain text: a line without a visible character, every line end, or
        the end of the file.
    errors : {"strict", "replace"}
        What is not UTF-8, or half a surrogate pair, is an error or becomes U+FFFD.
    strict : bool
        Records that cannot be used are errors instead of counted skips.
    max_record : int
        Bytes of one record at most.
    encoding : str
        How the characters of the file are written.
    """

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    suffixes: ClassVar[tuple[str, ...]] = ()

    field: str | None = None
    separator: str = "blank"
    errors: str = "strict"
    strict: bool = False
    max_record: int = MAX_RECORD
    encoding: str = "utf-8"

    def __post_init__(self) -> None:
        one_of(self.separator, SEPARATORS, what="separator")
        one_of(self.errors, ERRORS, what="errors")
        whole_number(self.max_record, what="max_record", most=2**62)

    @classmethod
    def sniff(cls, head: Head) -> bool:
        """Whether a file that begins so is of this format, whatever its name."""
        return False

    def read(self, path: str, skips: Skips) -> Iterator[str]:
        """Documents of a file; what cannot be used is counted in `skips`.

        Raises
        ------
        InputError
            The file is damaged, has no such field, holds a record over `max_record`, or, with
            `strict`, one that cannot be used.
        """
        for value, position in self.read_file(path, skips):
            text = self._text(value, path, position, skips)
            if text is not None:
                yield self.without_nuls(text, path, position, skips)

    def read_file(self, path: str, skips: Skips) -> Iterator[Record]:
        """What stands where a text is expected, and its position, for each record of a file."""
        raise NotImplementedError

    def without_nuls(self, text: str, path: str, position: str, skips: Skips) -> str:
        """The text with spaces for NUL characters, which are counted."""
        if "\0" in text:
            skips.add(path, NULS, position, text.count("\0"))
        return text.replace("\0", " ")

    def utf8_lines(self, path: str, skips: Skips) -> Iterator[bytes]:
        """Lines of a file in UTF-8, with their ends; one over `max_record` comes in parts."""
        blocks = as_utf8(read_blocks(path), path, skips, encoding=self.encoding, errors=self.errors)
        with line_stream(blocks) as stream:
            while line := stream.readline(self.max_record + 1):
                yield line

    def _text(self, value: object, path: str, position: str, skips: Skips) -> str | None:
        """What a value says, or None: strings, bytes, and lists of them."""
        if isinstance(value, (list, tuple)):
            texts = (self._text(item, path, position, skips) for item in value)
            value = _BETWEEN.join(text for text in texts if text is not None) if value else None
        if isinstance(value, bytes):
            self._check_size(len(value), path, position)
            value = self._decoded(value, path, position, skips)
            if value is None:
                return None
        if not isinstance(value, str):
            self._skip(path, "no text in the field", position, skips)
            return None
        self._check_size(len(value), path, position)
        try:
            value.encode()
        except UnicodeEncodeError:
            if self.errors == "strict":
                reason = "half a surrogate pair (--errors replace keeps the rest)"
                self._skip(path, reason, position, skips)
                return None
            value, n = _HALF_PAIR.subn("\ufffd", value)
            skips.add(path, "halves of surrogate pairs, replaced", position, n)
        return value

    def _decoded(self, data: bytes, path: str, position: str, skips: Skips) -> str | None:
        """Bytes of a record as text; None, and counted, if they are none."""
        try:
            return data.decode()
        except UnicodeDecodeError:
            if self.errors == "strict":
                self._skip(path, "not UTF-8 (--errors replace keeps it)", position, skips)
                return None
        text = data.decode(errors="replace")
        n = text.count("\ufffd") - data.count("\ufffd".encode())
        skips.add(path, "bytes that are not UTF-8, replaced", position, n)
        return text

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
