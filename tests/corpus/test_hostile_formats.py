"""Files put together from what formats are made of, in any order: read, or refused."""

from __future__ import annotations

import contextlib
import json
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.corpus.texts import read_documents
from tests.strategies import nasty_texts
from wordnum.corpus.encoding import encode
from wordnum.corpus.readers import Reader
from wordnum.errors import WordnumError

FUZZ = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
CELLS = [
    "id", "text", "a", "7", '"', '""', "'", ",", "\t", ";", "|", "\n", "\r\n", "\r", "\\", " ",
    "\0", "é", "\ufeff", '"7, 8"', '"a\nb"', "1,7,x\n", "id,text\n",
]  # fmt: skip
JSONS = [
    "{", "}", "[", "]", ",", ":", '"text"', '"a"', '"7 pages"', '"\\ud800"', '"\\u0000"',
    "1e999", "-", "NaN", "null", "true", "\n", " ", "\t", "\\", '"', "9" * 400, '{"text": "7"}',
    '{"text": ["7", "8"]}', '{"doc": {"text": "7"}}', '[["7"]]', "//", "\ufeff",
]  # fmt: skip
DOCS = [
    '<doc id="1" url="u" title="T">\n', '<doc id="2">\n', "<doc\n", "</doc>\n", "</doc>", "T\n",
    "7 pages\n", "&lt;", "&#5;", "&#x110000;", "&amp", "\0", "<", "\n", "é",
]  # fmt: skip
BOOKS = [
    "*** START OF THE PROJECT GUTENBERG EBOOK A ***\n", "***START OF THIS PROJECT GUTENBERG\n",
    "*** END OF THE PROJECT GUTENBERG EBOOK A ***\n", "*** END OF TH", "PROJECT GUTENBERG", "7",
    "\n", "\n\n", " ", "é", "\0", "***", "\r\n",
]  # fmt: skip
PAGES = [
    "<mediawiki>", "</mediawiki>", "<page>", "</page>", "<ns>0</ns>", "<ns>", "<title>T</title>",
    "<revision>", "</revision>", "<text>7 {{age|8}}</text>", "<text/>", "<text>", "</text>",
    "&lt;", "#REDIRECT", "<redirect/>", '<namespace key="6">Datei</namespace>', "<siteinfo>",
    "&b;", "é", "</siteinfo>", "<![CDATA[", "]]>", "<!--", "-->", "<?p?>", "\0", "7",
    "[[Datei:7|8]]", "\n", '<!DOCTYPE a [<!ENTITY b "7">]>',
    "<?xml version='1.0' encoding='utf-7'?>",
]  # fmt: skip
KINDS = {
    "csv": (CELLS, ["a.csv", "a.tsv", "a"]),
    "json": (JSONS, ["a.json", "a"]),
    "jsonl": (JSONS, ["a.jsonl", "a"]),
    "wikiextractor": (DOCS, ["a"]),
    "gutenberg": (BOOKS, ["a.txt"]),
    "wikipedia": (PAGES, ["a.xml", "a"]),
}
BEGINS = {"wikipedia": "<mediawiki>", "wikiextractor": DOCS[0], "gutenberg": BOOKS[0]}


@pytest.mark.parametrize("kind", KINDS)
@FUZZ
@given(data=st.data())
def test_any_order_of_its_parts_is_read_or_refused(tmp_path: Path, kind: str, data):
    parts, names = KINDS[kind]
    text = "".join(data.draw(st.lists(st.sampled_from(parts), max_size=40)))
    path = tmp_path / data.draw(st.sampled_from(names))
    path.write_bytes((data.draw(st.sampled_from([BEGINS.get(kind, ""), ""])) + text).encode())
    options = {
        "errors": data.draw(st.sampled_from(["strict", "replace"])),
        "strict": data.draw(st.booleans()),
        "field": data.draw(st.sampled_from([None, "text", "a", "doc.text", ".", ""])),
        "max_record": data.draw(st.sampled_from([1, 40, 2**20])),
    }
    for reader in (kind, "auto"):
        with contextlib.suppress(WordnumError):
            documents = read_documents(path, reader=reader, **options)
            first, again = (list(documents) for _ in range(2))
            assert first == again
            # An entity or a template is longer when it is written out.
            assert sum(map(len, first)) <= 40 * (len(text) + 200)
    with contextlib.suppress(WordnumError):
        encode(path, reader=kind, **{k: v for k, v in options.items() if k != "max_record"})


ENCODINGS = ["utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"]


@FUZZ
@given(
    st.lists(nasty_texts(), min_size=1, max_size=4).map("\n\n".join),
    st.sampled_from(ENCODINGS),
    st.sampled_from([".txt", ".jsonl"]),
)
def test_a_text_in_another_encoding_has_the_same_documents(
    tmp_path: Path, text: str, encoding: str, suffix: str
):
    if encoding in ("utf-16-le", "utf-16-be"):  # told by the share of its blanks
        text = f"{'the 7 pages of it ' * 40}\n\n{text}"
        text = "".join(c for c in text if c < "\u0100" and c != "\0")
    text = text.removeprefix("\ufeff")
    if suffix == ".jsonl":
        text = "\n".join(json.dumps({"text": part}, ensure_ascii=False) for part in text.split("7"))
    found = []
    for name, written in (("a", encoding), ("b", "utf-8")):
        (tmp_path / f"{name}{suffix}").write_bytes(text.encode(written))
        try:
            found.append(list(read_documents(tmp_path / f"{name}{suffix}")))
        except WordnumError as error:
            found.append([error.message])
    assert found[0] == found[1]


@FUZZ
@given(
    nasty_texts(),
    st.sampled_from(ENCODINGS),
    st.integers(0, 3),
    st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=3),
    st.sampled_from(["strict", "replace"]),
)
def test_a_damaged_encoding_is_read_or_refused(tmp_path: Path, text, encoding, cut, flips, errors):
    data = bytearray(("the 7 pages " + text).encode(encoding))
    for share, value in flips:
        data[int(share * len(data))] = value
    path = tmp_path / "a.txt"
    path.write_bytes(data[: len(data) - cut])
    with contextlib.suppress(WordnumError):
        assert list(read_documents(path, errors=errors))
    with contextlib.suppress(WordnumError):
        assert encode(path, errors=errors).n_documents


@pytest.mark.parametrize("name", [field.name for field in fields(Reader)])
@FUZZ
@given(value=st.none() | st.integers() | st.floats() | st.text(max_size=5) | st.booleans())
def test_any_option_of_a_reader_is_taken_or_refused(tmp_path: Path, name: str, value):
    (tmp_path / "a.csv").write_text("id,text\n1,7 pages\n2,8\n")
    with contextlib.suppress(WordnumError):
        assert all(read_documents(tmp_path / "a.csv", **{name: value}))
