"""Documents of JSON lines, Parquet and Wikipedia dumps."""

from __future__ import annotations

import bz2
import gzip
import re
from pathlib import Path

import pytest

from tests.corpus.texts import read_documents
from wordnum.errors import InputError

LINES = [
    b'{"text": "7 pages", "id": 1}',
    b"not JSON",
    b"",
    b'{"id": 2}',
    b'{"text": 5}',
    b'["text"]',
    b'{"text": "half \\ud800 a pair"}',
    b'{"text": "\xff"}',
    b"[" * 100_000,
    '{"text": "été"}'.encode(),
]


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join(LINES))
    return path


def test_lines_that_cannot_be_used_are_counted_with_file_and_line(lines: Path):
    stream = read_documents(lines)
    assert list(stream) == ["7 pages", "été"]
    found = {entry["reason"]: (entry["count"], entry["first"]) for entry in stream.skips.to_json()}
    assert found == {
        "not JSON": (2, ["line 2", "line 9"]),
        "not UTF-8 (--errors replace keeps it)": (1, ["line 8"]),
        "no field 'text'": (2, ["line 4", "line 6"]),
        "no text in the field": (1, ["line 5"]),
        "half a surrogate pair (--errors replace keeps the rest)": (1, ["line 7"]),
    }
    assert {entry["file"] for entry in stream.skips.to_json()} == {str(lines)}


def test_a_line_that_cannot_be_used_is_an_error_when_strict(lines: Path):
    with pytest.raises(InputError) as caught:
        list(read_documents(lines, strict=True))
    assert f"a record cannot be used: not JSON\n  where: {lines}, line 2" in str(caught.value)
    assert "read without strict to skip and count" in str(caught.value)


def test_another_field_and_compression(tmp_path: Path):
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"body": "7"}\n{"body": "8"}\n'))
    assert list(read_documents(path, field="body")) == ["7", "8"]


def test_a_field_that_no_line_has_is_an_error_that_lists_the_fields(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"body": "7", "id": 1}\n' * 3)
    with pytest.raises(InputError) as caught:
        list(read_documents(path, field="bodies"))
    assert "there is no field 'bodies'" in str(caught.value)
    assert f"got: the fields body ('7'), id\n  where: {path}\n  to do: name the field" in str(
        caught.value
    )
    path.write_text("no JSON at all\n")
    with pytest.raises(InputError, match="got: no record with fields"):
        list(read_documents(path))


def test_a_json_line_beyond_the_limit_is_an_error(lines: Path):
    with pytest.raises(InputError, match=r"a record is over 0 MB\n  where: .*a\.jsonl, line 9"):
        list(read_documents(lines, max_record=1000))


def write_parquet(path: Path, **columns: list) -> Path:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pyarrow.table(columns), path, row_group_size=2)
    return path


def test_a_column_of_parquet(tmp_path: Path):
    path = write_parquet(tmp_path / "a.parquet", text=["7 pages", None, "été"], n=[1, 2, 3])
    stream = read_documents(path)
    assert list(stream) == ["7 pages", "été"]
    assert stream.skips.to_json()[0]["reason"] == "no text in the field"
    assert stream.skips.to_json()[0]["first"] == ["row 2"]
    with pytest.raises(InputError, match="a record cannot be used: no text in the field\n.*row 2"):
        list(read_documents(path, strict=True))
    assert list(read_documents(path.as_uri())) == ["7 pages", "été"]


def test_a_parquet_without_the_column_lists_those_it_has(tmp_path: Path):
    path = write_parquet(tmp_path / "a.parquet", body=["7"], n=[1])
    with pytest.raises(InputError) as caught:
        list(read_documents(path, field="text"))
    assert (
        f"there is no field 'text'\n  got: the fields body, n\n  where: {path}\n"
        "  to do: name the field that holds the text with --field (field=…)"
    ) in str(caught.value)
    assert list(read_documents(path, field="body")) == ["7"]


@pytest.mark.parametrize("damage", ["cut", "text", "page"])
def test_a_damaged_parquet_is_an_error(tmp_path: Path, damage: str):
    path = write_parquet(tmp_path / "a.parquet", text=[f"page {n} " * 99 for n in range(99)])
    data = path.read_bytes()
    path.write_bytes(
        {
            "cut": data[: len(data) // 2],
            "text": b"plain text of 7 words",
            "page": data[:4] + bytes(len(data) // 2) + data[4 + len(data) // 2 :],
        }[damage]
    )
    with pytest.raises(InputError, match=r"the Parquet file cannot be read\n  got: .*\n  where: "):
        list(read_documents(path))


def test_a_missing_parquet_is_named():
    with pytest.raises(InputError, match="standard input is closed"):
        list(read_documents("-", reader="parquet"))


@pytest.fixture(scope="module")
def dump() -> Path:
    datapath = pytest.importorskip("gensim.test.utils").datapath

    return Path(datapath("enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"))


@pytest.fixture(scope="module")
def articles(dump: Path) -> list[str]:
    return list(read_documents(dump))


def test_articles_of_gensims_sample_of_wikipedia(articles: list[str]):
    assert len(articles) == 106
    assert articles[0].lstrip().startswith("Anarchism is")
    text = " ".join(articles)
    assert len(re.findall(r"\b\d{1,3}\b", text)) > 5000
    assert "[[" not in text
    assert "''" not in text


def test_articles_are_those_that_gensim_finds_but_for_redirects_and_empty_ones(
    dump: Path, articles: list[str]
):
    extract_pages = pytest.importorskip("gensim.corpora.wikicorpus").extract_pages

    with bz2.open(dump) as file:
        pages = [text for _, text, _ in extract_pages(file, filter_namespaces=("0",))]
    left = [text for text in pages if not re.match(r"\s*(#redirect|$)", text, re.IGNORECASE)]
    assert len(articles) == len(left) < len(pages)


def test_a_dump_that_is_cut_off_is_an_error(dump: Path, tmp_path: Path):
    with bz2.open(dump) as file:
        part = file.read(300_000)
    (tmp_path / "a.xml").write_bytes(part)
    with pytest.raises(InputError, match="not a whole MediaWiki XML dump\n  got: .*\n  where: "):
        list(read_documents(tmp_path / "a.xml"))
    (tmp_path / "a.xml.bz2").write_bytes(dump.read_bytes()[:100_000])
    with pytest.raises(InputError, match="the compressed file ends too early"):
        list(read_documents(tmp_path / "a.xml.bz2"))
