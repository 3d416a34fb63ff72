"""Tables as text: CSV and TSV whose first row names the columns."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterator
from typing import Any

from wordnum.corpus.fields import SAMPLE, choose_field, missing_field
from wordnum.corpus.readers import Head, Reader, Record
from wordnum.corpus.streams import HEAD, Skips
from wordnum.errors import InputError

# A table is recognised by its content if a column has one of these names.
_NAMES = {"text", "content", "document", "body", "sentence", "article", "review"}
_DELIMITERS = ",\t;|"
_COLUMN = re.compile(r"[\w.:-]{1,60}")


class CsvReader(Reader):
    """CSV or TSV with a header; what separates and quotes the cells is seen from the first rows."""

    name = "csv"
    title = "a table"
    suffixes = (".csv", ".tsv", ".tab")

    @classmethod
    def sniff(cls, head: Head) -> bool:
        """Its first row names columns, one of them as a text is; two more rows have all of them."""
        lines = head.text.splitlines(keepends=True)
        if not lines or not any(name in lines[0].lower() for name in _NAMES):
            return False
        rows = [row for row, _ in _rows(lines, _dialect(lines, whole=head.whole))]
        rows = rows if head.whole else rows[:-1]
        names = [name.lower() for name in rows[0]] if rows else []
        return (
            len(rows) > 2
            and 1 < len(names) == len(set(names))
            and all(len(row) == len(names) for row in rows)
            and all(_COLUMN.fullmatch(name) for name in rows[0])
            and bool(_NAMES.intersection(names))
        )

    def read_file(self, path: str, skips: Skips) -> Iterator[Record]:
        """Cell by cell; a row that has not as many cells as the header is skipped."""
        rows = self._table(path, skips)
        header, _ = next(rows, ([], ""))
        first = list(itertools.islice(rows, SAMPLE))
        columns: dict[str, list[str | None]] = {name.strip(): [] for name in header}
        for row, _ in first:
            for name, cell in zip(columns, row):
                columns[name].append(cell)
        if not header:
            return
        field = self.field or choose_field(columns, path=path)
        if field not in columns:
            raise missing_field(field, columns, path)
        if not self.field and field != "text":
            skips.add(path, f"the text is taken from the column {field!r}", count=0)
        at, used = list(columns).index(field), 0
        for row, position in itertools.chain(first, rows):
            if len(row) != len(header):
                self._skip(path, f"rows that have not {len(header)} cells", position, skips)
                continue
            used += 1
            yield row[at], position
        if first and not used:
            raise InputError(
                "no row has as many cells as the header",
                expected=f"{len(header)} cells in each row",
                got=f"{len(first[0][0])} cells in the first row",
                where=path,
                remedy="mend the table, or read it as prose with --reader text (reader='text')",
            )

    def _table(self, path: str, skips: Skips) -> Iterator[tuple[list[str], str]]:
        """Rows with a cell, and the line where each begins."""
        held = 0

        def lines() -> Iterator[str]:
            nonlocal held
            for raw in self.utf8_lines(path, skips):
                held += len(raw)
                self._check_size(held, path, f"line {number}")
                line = raw.decode()
                # A line ends with \n: \r elsewhere is white space.
                yield line.replace("\r\n", "\n").replace("\r", " ") if "\r" in line else line

        number, text = 1, lines()
        first: list[str] = []
        while sum(map(len, first)) < HEAD and (line := next(text, "")):
            first.append(line)
            held = 0
        csv.field_size_limit(max(csv.field_size_limit(), self.max_record))
        dialect = _dialect(first, whole=sum(map(len, first)) < HEAD)
        rows = csv.reader(itertools.chain(first, text), **dialect)
        while True:
            try:
                row = next(rows, None)
            except csv.Error as error:
                self._skip(path, f"rows that cannot be read: {error}", f"line {number}", skips)
                row = []
            if row is None:
                return
            if row:
                yield row, f"line {number}"
            number, held = rows.line_num + 1, 0


def _dialect(lines: list[str], *, whole: bool) -> dict[str, Any]:
    """Delimiter and quoting under which most lines are in rows with as many cells as the header.

    A cell that begins with a mark of quotation is quoted, unless more lines fit without quoting.
    """
    best = 0, 0
    found: dict[str, Any] = {"delimiter": ",", "quoting": csv.QUOTE_MINIMAL, "strict": True}
    for delimiter in _DELIMITERS:
        if not lines or delimiter not in lines[0]:
            continue
        quoted = {"delimiter": delimiter, "quoting": csv.QUOTE_MINIMAL, "strict": True}
        rows = _rows(lines, quoted)
        width, plain_width = len(rows[0][0]), lines[0].count(delimiter) + 1
        for dialect, score in (
            (quoted, (_fit_quoted(rows, delimiter, whole=whole), width)),
            (quoted | {"quoting": csv.QUOTE_NONE}, (_fit_plain(lines, quoted), plain_width)),
        ):
            if score > best and score[1] > 1:
                best, found = score, dialect
    return found


def _fit_quoted(rows: list[tuple[list[str], list[str]]], delimiter: str, *, whole: bool) -> int:
    """Lines of the rows that have as many cells as the first, and did not swallow other rows."""
    width, fit = len(rows[0][0]), 0
    for n, (row, lines) in enumerate(rows, 1):
        cut = not row and not whole and n == len(rows)
        plain = [line.count(delimiter) + 1 == width for line in lines]
        # Texts hold commas: lines of a quoted text may look like rows. They hardly hold tabs.
        swallowed = plain[0] and plain[-1] if delimiter in "\t|" else cut and all(plain)
        if (cut or len(row) == width) and not (len(lines) > 1 and swallowed):
            fit += len(lines)
    return fit


def _fit_plain(lines: list[str], quoted: dict[str, Any]) -> int:
    """Lines with as many cells as the first without quoting, unless quotes join some of them."""
    delimiter, fit = quoted["delimiter"], 0
    header = lines[0].rstrip("\r\n").split(delimiter)
    if _rows(lines[:1], quoted)[0][0] not in ([], header):
        return 0
    for line in lines:
        width = line.count(delimiter) + 1
        fit += width == len(header) and (
            '"' not in line or len(_rows([line], quoted)[0][0]) in (0, width)
        )
    return fit


def _rows(lines: list[str], dialect: dict[str, Any]) -> list[tuple[list[str], list[str]]]:
    """Rows with a cell, and an empty one for each that cannot be read, with the lines of each."""
    rows = csv.reader(lines, **dialect)
    found: list[tuple[list[str], list[str]]] = []
    while True:
        start = rows.line_num
        try:
            row = next(rows)
        except StopIteration:
            return found
        except csv.Error:
            row = []
        held = lines[start : rows.line_num]
        if row or any(line.strip() for line in held):
            found.append((row, held))
