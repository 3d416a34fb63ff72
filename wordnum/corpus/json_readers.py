"""JSON: an object a line, or a list of them, or one behind the other."""

from __future__ import annotations

import io
import itertools
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, cast

from wordnum.corpus.fields import SAMPLE, choose_field, lookup, missing_field, strings_of
from wordnum.corpus.readers import Head, Reader, Record
from wordnum.corpus.streams import Skips, line_stream, read_blocks
from wordnum.corpus.text_encodings import as_utf8
from wordnum.errors import InputError

_CONTAINERS = 2 * 10**6  # lists and tables in one record of JSON; each takes 64 bytes or more
_SAMPLE_BYTES = 2**22  # of the records that are held until a field is chosen
_READ = 2**20
_LOOKED_AT = 20  # lines of a head
_BLANK = re.compile(r"[ \t\r\n]*")
_BETWEEN = re.compile(r"[ \t\r\n,]*")
# An object in a JSON record, its position, and its size.
_Value = tuple[Any, str, int]


class _JsonReader(Reader):
    """What both kinds of JSON have in common: the field of each object."""

    def _values(self, path: str, skips: Skips) -> Iterator[_Value]:
        raise NotImplementedError

    def read_file(self, path: str, skips: Skips) -> Iterator[Record]:
        """Field by field; what is no object with that field is skipped."""
        first, size, skipped = [], 0, skips.counts.total()
        values = self._values(path, skips)
        for value in values:
            first.append(value)
            size += value[2]
            if len(first) == SAMPLE or size > _SAMPLE_BYTES:
                break
        columns: dict[str, list[str | None]] = {}
        for record, _, _ in first:
            for name, text in strings_of(record) if isinstance(record, dict) else ():
                columns.setdefault(name, []).append(text)
        field = self.field or (choose_field(columns, path=path) if columns else "text")
        if columns and field != (self.field or "text"):
            skips.add(path, f"the text is taken from the field {field!r}", count=0)
        used = 0
        for record, position, _ in itertools.chain(first, values):
            if isinstance(record, str) and not self.field:
                used += 1
                yield record, position
                continue
            try:
                value = lookup(record, field)
            except KeyError:
                self._skip(path, f"no field {field!r}", position, skips)
                continue
            used += 1
            yield value, position
        if not used and skips.counts.total() > skipped:
            raise missing_field(field, columns, path)


class JsonLinesReader(_JsonReader):
    """JSON lines: one object a line."""

    name = "jsonl"
    title = "JSON lines"
    suffixes = (".jsonl", ".ndjson", ".json")
    OBJECT: ClassVar = re.compile(r'\s*\{\s*"[^"\n]{0,200}"\s*:')

    @classmethod
    def sniff(cls, head: Head) -> bool:
        """Its first lines are objects, but for one in four at most, and so is the first."""
        lines = head.lines()[:_LOOKED_AT]
        if not lines:
            return bool(cls.OBJECT.match(head.text)) and len(head.text) > 1000
        objects = [bool(cls.OBJECT.match(line)) and _is_json(line) for line in lines]
        return objects[0] and 4 * sum(objects) >= 3 * len(objects)

    def _values(self, path: str, skips: Skips) -> Iterator[_Value]:
        blocks: Iterable[bytes] = read_blocks(path)
        if self.encoding != "utf-8":
            blocks = as_utf8(blocks, path, skips, encoding=self.encoding, errors=self.errors)
        number = 0
        with line_stream(blocks) as stream:
            while line := stream.readline(self.max_record + 1):
                number += 1
                position = f"line {number}"
                self._check_size(len(line), path, position)
                if not line.strip():
                    continue
                text = self._decoded(line, path, position, skips)
                if text is None:
                    continue
                try:
                    if _containers(text) > _CONTAINERS:
                        raise ValueError("too much structure to be a text")
                    value = json.loads(text)
                except (ValueError, RecursionError):
                    self._skip(path, "not JSON", position, skips)
                    continue
                yield value, position, len(line)


class JsonReader(_JsonReader):
    """A list of JSON objects or texts, or JSON objects over several lines one behind the other."""

    name = "json"
    title = "a list of JSON objects"
    suffixes = (".json",)

    @classmethod
    def sniff(cls, head: Head) -> bool:
        """It begins with an object over several lines, or a list of objects or texts."""
        text = head.text.lstrip()
        if text[:1] not in ("[", "{"):
            return False
        begin = _behind(_BLANK, text, 1) if text[0] == "[" else 0
        try:
            item, end = json.JSONDecoder().raw_decode(text, begin)
        except (ValueError, RecursionError):
            # It may go on behind what is seen; "[" with a bracket closed is a note in prose.
            return not head.whole and bool(JsonLinesReader.OBJECT.match(text, begin))
        behind = text[_behind(_BLANK, text, end) :][:1]
        return isinstance(item, (dict, str)) and behind in ((",", "]") if begin else ("{", ""))

    def _values(self, path: str, skips: Skips) -> Iterator[_Value]:
        blocks = as_utf8(read_blocks(path), path, skips, encoding=self.encoding, errors=self.errors)
        decoder, number = json.JSONDecoder(), 0
        with io.TextIOWrapper(line_stream(blocks), encoding="utf-8") as stream:
            buffer = stream.read(_READ)
            at = _behind(_BLANK, buffer, 0)
            in_list = buffer[at : at + 1] == "["
            at += in_list
            while True:
                at = _behind(_BETWEEN, buffer, at)
                if in_list and buffer[at : at + 1] == "]":
                    at, in_list = at + 1, False
                    continue
                position = f"record {number + 1}"
                try:
                    value, end = decoder.raw_decode(buffer, at)
                except (ValueError, RecursionError) as error:
                    rest = len(buffer) - at
                    self._check_size(rest, path, position)
                    more = stream.read(max(_READ, rest)) if _is_cut_off(error, buffer) else ""
                    if not more and not rest and not in_list:
                        return
                    buffer, at = buffer[at:] + more, 0
                    if not more or _containers(buffer) > _CONTAINERS:
                        raise _not_json(path, position, error) from error
                    continue
                number += 1
                yield value, position, end - at
                at = end


def _behind(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Where what fits a pattern that fits nothing, too, ends."""
    return cast("re.Match[str]", pattern.match(text, at)).end()


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _is_cut_off(error: Exception, text: str) -> bool:
    """Whether what is wrong with JSON may be that it goes on behind the text."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.msg.startswith("Unterminated string") or error.pos >= len(text) - 12


def _containers(text: str) -> int:
    return text.count("[") + text.count("{")


def _not_json(path: str, position: str, error: Exception) -> InputError:
    return InputError(
        "the file is not JSON, or damaged",
        expected="a list of objects, or objects one behind the other",
        got=str(error),
        where=f"{path}, {position}",
        remedy="mend the file; --reader jsonl skips lines that are no JSON, --reader text takes "
        "everything for prose",
    )
