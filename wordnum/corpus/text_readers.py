"""Plain text, books of Project Gutenberg, and the `<doc>` files of WikiExtractor."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import ClassVar

from wordnum.corpus.numerals import character_class
from wordnum.corpus.readers import NULS, Head, Reader, Record
from wordnum.corpus.streams import HEAD, Skips, line_stream, read_blocks
from wordnum.corpus.text_encodings import as_utf8, invalid_bytes


class TextReader(Reader):
    """Plain text."""

    name = "text"
    title = "plain text"
    suffixes: ClassVar[tuple[str, ...]] = (".txt", ".text", "")

    @property
    def as_it_is(self) -> bool:
        """Whether the bytes of a file are those of its text."""
        utf8 = self.encoding in ("utf-8", "utf-8-sig")
        return utf8 and self.errors == "strict" and type(self) is TextReader

    def blocks(
        self, path: str, skips: Skips, *, begin: int = 0, end: int | None = None
    ) -> Iterator[bytes]:
        """Bytes of a file as they are tokenized; NUL bytes in them are counted."""
        position = begin
        for block in self._utf8(read_blocks(path, begin=begin, end=end), path, skips):
            if (at := block.find(0xFF)) >= 0:
                raise invalid_bytes(path, position + at)
            if 0 in block:
                skips.add(path, NULS, f"byte {position + block.find(0)}", block.count(0))
            position += len(block)
            yield block

    def _utf8(self, blocks: Iterator[bytes], path: str, skips: Skips) -> Iterator[bytes]:
        if self.errors == "strict" and self.encoding in ("utf-8", "utf-8-sig"):
            return blocks  # whoever reads the characters finds what is wrong
        return as_utf8(blocks, path, skips, encoding=self.encoding, errors=self.errors)

    def read_file(self, path: str, skips: Skips) -> Iterator[Record]:
        """Documents between borders."""
        lines: list[str] = []
        position = size = number = 0
        with line_stream(self._utf8(read_blocks(path), path, skips)) as stream:
            while raw := stream.readline(self.max_record + 1):
                try:
                    line = raw.decode()
                except UnicodeDecodeError as error:
                    self._check_size(len(raw), path, f"byte {position}")
                    raise invalid_bytes(path, position + error.start) from error
                if not position:
                    line = line.removeprefix("\ufeff")  # the mark of byte order
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


class GutenbergReader(TextReader):
    """A book of Project Gutenberg, without what stands before and behind it."""

    name = "gutenberg"
    title = "a book of Project Gutenberg"
    suffixes = ()
    _BEGIN: ClassVar = re.compile(rb"^\*\*\* ?START OF TH(E|IS) PROJECT GUTENBERG .*", re.MULTILINE)
    _END: ClassVar = re.compile(rb"^\*\*\* ?END OF TH(E|IS) PROJECT GUTENBERG ", re.MULTILINE)

    @classmethod
    def sniff(cls, head: Head) -> bool:
        """It begins with the licence, and says where the book begins."""
        text = head.text if "PROJECT GUTENBERG" in head.text else ""
        return bool(cls._BEGIN.search(text.encode()))

    def _utf8(self, blocks: Iterator[bytes], path: str, skips: Skips) -> Iterator[bytes]:
        """Put blanks in the place of the licence, so that every byte keeps its number."""
        inside, ended = False, False
        for block in _by_lines(super()._utf8(blocks, path, skips)):
            begin, end = 0, len(block)
            if not inside:
                found = self._BEGIN.search(block)
                begin = found.end() if found else len(block)
                inside = bool(found)
            if not ended and (found := self._END.search(block, begin)):
                end, ended = found.start(), True
            elif ended:
                end = begin
            if cut := begin + len(block) - end:
                skips.add(path, "bytes of the licence of Project Gutenberg, left out", count=cut)
            yield b" " * begin + block[begin:end] + b" " * (len(block) - end)


def _by_lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Cut blocks behind line ends; only a very long line is cut itself."""
    rest = b""
    for block in blocks:
        rest += block
        behind = rest.rfind(b"\n") + 1 or (len(rest) if len(rest) > HEAD else 0)
        if behind:
            yield rest[:behind]
            rest = rest[behind:]
    if rest:
        yield rest


class DocReader(Reader):
    """Articles between `<doc …>` and `</doc>`, as WikiExtractor writes them."""

    name = "wikiextractor"
    title = "documents of WikiExtractor"
    _OPEN: ClassVar = re.compile(r"<doc\s+id=\"[^\"\n]*\"\s[^\n]*>\s*$")

    @classmethod
    def sniff(cls, head: Head) -> bool:
        """Its first line opens a document."""
        lines = head.lines()
        return bool(lines and cls._OPEN.match(lines[0]))

    def read_file(self, path: str, skips: Skips) -> Iterator[Record]:
        """Text of each document, which begins with its title, without the tags."""
        lines: list[str] | None = None
        size = number = 0
        for raw in self.utf8_lines(path, skips):
            line = raw.decode(errors="replace")
            size += len(raw)
            self._check_size(size, path, f"document {number + 1}")
            if self._OPEN.match(line):
                if lines is not None:
                    skips.add(path, "documents that are not closed", f"document {number}")
                    yield html.unescape("".join(lines)), f"document {number}"
                lines, size, number = [], 0, number + 1
            elif lines is not None and line.strip() == "</doc>":
                yield html.unescape("".join(lines)), f"document {number}"
                lines, size = None, 0
            elif lines is not None:
                lines.append(line)
            elif line.strip():
                self._skip(path, "text outside of documents", f"after document {number}", skips)
        if lines is not None:
            skips.add(path, "documents that are not closed", f"document {number}")
            yield html.unescape("".join(lines)), f"document {number}"
