"""Marks of quotation in tables: of cells, or only a character of the text."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.corpus.texts import read_documents
from wordnum.corpus.encoding import encode

SAID = "We saw {n} goats, over 5 of them"


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
@pytest.mark.parametrize(
    ("header", "others"),
    [
        (["id", "title, short", "text"], ["0", "goats"]),
        (["id", "text", "who, when"], ["0", "Ann, 1999"]),
        (["id", "text", "who, when"], ["0", "Ann"]),
        (["text", "note, x"], ["plain"]),
        (["text", "note, x, y"], ["so, and so"]),
    ],
)
def test_a_quoted_delimiter_in_the_header_splits_no_text(
    tmp_path: Path, header: list[str], others: list[str], delimiter: str
):
    """The csv module writes; a split at every delimiter has as many cells in each row."""
    texts = [SAID.format(n=n) for n in range(100)]
    at = header.index("text")
    rows = [header, *([*others[:at], text, *others[at:]] for text in texts)]
    with open(tmp_path / "a.csv", "w", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(
            [cell.replace(",", delimiter) for cell in row] for row in rows
        )
    expected = [text.replace(",", delimiter) for text in texts]
    stream = read_documents(tmp_path / "a.csv")
    assert list(stream) == expected
    assert stream.skips.to_json() == []


def test_every_token_of_the_quoted_texts_is_encoded(tmp_path: Path):
    rows = "".join(f'{n},goats,"{SAID.format(n=n)}"\n' for n in range(100))
    (tmp_path / "a.csv").write_text(f'id,"title, short",text\n{rows}')
    corpus = encode(tmp_path / "a.csv")
    assert corpus.n_tokens == 900
    assert corpus.number_counts[:100].tolist() == [1] * 5 + [101] + [1] * 94


@pytest.mark.parametrize("header", ['id,"title, short",body', f'0,goats,"{SAID}"'])
def test_without_a_column_called_text_or_a_header(tmp_path: Path, header: str):
    """The only column with words is the text; a first row of texts is taken as the header."""
    rows = "".join(f'{n},goats,"{SAID.format(n=n)}"\n' for n in range(3))
    (tmp_path / "a.csv").write_text(f"{header}\n{rows}")
    assert list(read_documents(tmp_path / "a.csv")) == [SAID.format(n=n) for n in range(3)]


@pytest.mark.parametrize("header", ['id,"title, short",text', '"id","title","text"'])
@pytest.mark.parametrize("bad", ['7,goats,"7" goats\n', "7\n"])
def test_a_row_that_cannot_be_read_does_not_end_the_quoting(tmp_path: Path, header: str, bad: str):
    rows = "".join(f'{n},goats,"{SAID.format(n=n)}"\n' for n in range(9))
    (tmp_path / "a.csv").write_text(f"{header}\n{bad}{rows}")
    stream = read_documents(tmp_path / "a.csv")
    assert list(stream) == [SAID.format(n=n) for n in range(9)]
    assert [entry["count"] for entry in stream.skips.to_json()] == [1]


@pytest.mark.parametrize("n", [9, 9000], ids=["whole", "longer than the head"])
@pytest.mark.parametrize(
    "marked",
    [
        {2: '"{n} pages', 6: '9" wide'},
        {2: '"{n} pages', 6: 'it was "{n}"'},
        {2: '"{n} pages', 6: '"{n}"', 7: '"{n}'},
        {2: '"{n} pages'},
        {8: '"{n} pages'},
    ],
)
def test_a_lone_quotation_mark_swallows_no_line_of_a_tsv(
    tmp_path: Path, marked: dict[int, str], n: int
):
    texts = [marked.get(k, "{n} pages").format(n=k) for k in range(n)]
    lines = [f"{k}\t{text}\n" for k, text in enumerate(texts)]
    (tmp_path / "a.tsv").write_text("n\ttext\n" + "".join(lines))
    stream = read_documents(tmp_path / "a.tsv")
    assert list(stream) == texts
    assert stream.skips.to_json() == []
