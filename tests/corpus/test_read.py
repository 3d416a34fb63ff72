"""Documents of plain text, as often as they are asked for."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from tests.corpus.texts import read_documents
from wordnum.errors import InputError

TEXT = "one page\nof it\n\n \t\u200b\nanother 7\r\n\r\n\n\nlast"


@pytest.mark.parametrize(
    ("separator", "expected"),
    [
        ("blank", ["one page\nof it\n", "another 7\r\n", "last"]),
        ("line", ["one page\n", "of it\n", "another 7\r\n", "last"]),
        ("file", [TEXT]),
    ],
)
def test_documents_by_hand(tmp_path: Path, separator: str, expected: list[str]):
    (tmp_path / "a.txt").write_bytes(TEXT.encode())
    stream = read_documents(tmp_path / "a.txt", separator=separator)
    assert list(stream) == expected
    assert list(stream) == expected


def test_files_come_one_behind_the_other_and_end_documents(tmp_path: Path):
    (tmp_path / "b.txt").write_text("second")
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"first"))
    (tmp_path / "c.jsonl").write_text('{"text": "third"}\n')
    stream = read_documents(tmp_path)
    assert list(stream) == ["first", "second", "third"]
    assert [Path(p).name for part in stream.parts for p in part.files] == [
        *("a.txt.gz", "b.txt", "c.jsonl")
    ]


def test_an_empty_file_has_no_document(tmp_path: Path):
    (tmp_path / "a.txt").write_bytes(b"")
    (tmp_path / "b.txt").write_bytes(b"\n \n")
    for separator in ("blank", "line", "file"):
        assert list(read_documents(tmp_path, separator=separator)) == []


def test_what_is_not_utf8_is_an_error_that_names_the_byte(tmp_path: Path):
    path = tmp_path / "a.txt"
    path.write_bytes("é7\nab".encode() + b"\xff and more")
    with pytest.raises(InputError) as caught:
        list(read_documents(path))
    assert "the text is not UTF-8\n  expected: text in UTF-8\n  got: bytes" in str(caught.value)
    assert f"where: {path}, byte 6\n" in str(caught.value)
    assert "errors='replace'" in str(caught.value)


def test_what_is_not_utf8_can_be_replaced_and_is_counted(tmp_path: Path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"a\xff 7\n\n\xc3")
    stream = read_documents(path, errors="replace")
    assert list(stream) == ["a\ufffd 7\n", "\ufffd"]
    assert stream.skips.to_json() == [
        {
            "file": str(path),
            "reason": "bytes that are not UTF-8, replaced",
            "count": 2,
            "first": ["line 1", "line 3"],
        }
    ]


def test_texts_between_blank_lines_are_all_the_text(tmp_path: Path, corpora_folder: Path):
    stream = read_documents(corpora_folder / "sotu.txt.xz")
    found = list(stream)
    assert len(found) > 200
    assert not any(re.search(r"\n\s*\n", document) for document in found)
