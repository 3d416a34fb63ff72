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
        rows = _rows(lines, _dialect(lines, whole=head.whole), whole=head.whole)
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
    """Delimiter and quoting under which most rows have as many cells as the header.

    A mark of quotation may be only a character: rows that make no sense with quoting count against
    it.
    """
    best = 0.0, 0
    found: dict[str, Any] = {"delimiter": ",", "quoting": csv.QUOTE_MINIMAL, "strict": True}
    for delimiter in _DELIMITERS:
        if not lines or delimiter not in lines[0]:
            continue
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            dialect = {"delimiter": delimiter, "quoting": quoting, "strict": True}
            widths = [len(row) for row in _rows(lines, dialect, whole=whole)]
            if not widths or widths[0] < 2:
                continue
            score = widths.count(widths[0]) / len(widths), widths[0]
            if score > best:
                best, found = score, dialect
    return found


def _rows(lines: list[str], dialect: dict[str, Any], *, whole: bool) -> list[list[str]]:
    """Rows with a cell, and an empty one for each that cannot be read; without one cut off."""
    rows = csv.reader(lines, **dialect)
    found: list[list[str]] = []
    while True:
        try:
            row = next(rows, None)
        except csv.Error:
            row = []
            if rows.line_num < len(lines) or whole:
                found.append(row)
        if row is None:
            return found
        if row:
            found.append(row)
