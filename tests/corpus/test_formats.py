"""Files are what their content says, and then what their names say."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.corpus.test_streams import zstd
from tests.corpus.texts import content, read_documents, spelled
from wordnum.corpus.encoding import encode
from wordnum.corpus.formats import READERS, by_name, recognise
from wordnum.errors import InputError

CASES = Path(__file__).parents[2].parent / "shared" / "cases"
ROWS = [{"id": n, "text": f"page {n}, or so\nof 12"} for n in range(5)]
CSV = "id,text\n" + "".join(f'{r["id"]},"{r["text"]}"\n' for r in ROWS)
TSV = "title\tcontent\n" + "".join(f"Page\tpage {n} of 12\n" for n in range(5))
DOC = '<doc id="12" url="u?curid=12" title="Town 12">\nTown 12\n\nIt has 30 &amp; more.\n\n</doc>\n'
BOOK = (
    "The Project Gutenberg eBook #84\r\n\r\n"
    "*** START OF THE PROJECT GUTENBERG EBOOK A BOOK ***\r\n\r\n"
    "Chapter 1\r\n\r\n7 pages\r\n\r\n"
    "*** END OF THE PROJECT GUTENBERG EBOOK A BOOK ***\r\n1.E.9 licence\r\n"
)
XML = "<mediawiki><page><title>A</title><ns>0</ns><revision><text>7</text></revision></page>"


def numbers(corpus) -> list[list[int]]:
    return [[token for token in document if isinstance(token, int)] for document in spelled(corpus)]


def remarks(skips) -> str:
    return " ".join(f"{entry['reason']} {entry['count']}" for entry in skips.to_json())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("\n".join(map(json.dumps, ROWS)), "jsonl"),
        (json.dumps(ROWS), "json"),
        (json.dumps(ROWS, indent=1), "json"),
        (json.dumps(ROWS[0], indent=1), "json"),
        ('["page 7", "page 8"]', "json"),
        (CSV, "csv"),
        (TSV, "csv"),
        (DOC, "wikiextractor"),
        (BOOK, "gutenberg"),
        (XML, "wikipedia"),
        # Prose that looks like one of them.
        ('{"text": "7"} is how JSON looks.\nIt has 2 braces.\n', "text"),
        ('{"a": 1}\nand then prose\nover 3 lines\n', "text"),
        ("[7] In the beginning was the list of notes.\n[8] And so on.\n", "text"),
        ('["Quoted," he said, 7 times]\n', "text"),
        ("{ 7 } is a set\n", "text"),
        ("The text, of course, is prose.\nIt has commas, of course, 7 of them.\n", "text"),
        ("text, content and document are words\nso, they\nare, 7\n", "text"),
        ("<doc> is a tag, and 7 a number\n", "text"),
        ("He read: *** START OF THE PROJECT GUTENBERG EBOOK 7 ***\n", "text"),
        ("", "text"),
        ("page 7", "text"),
    ],
)
@pytest.mark.parametrize("ending", ["", ".txt", ".txt.zst"])
def test_a_format_is_known_by_its_content(tmp_path: Path, text: str, name: str, ending: str):
    path = tmp_path / f"a{ending}"
    path.write_bytes(zstd(text.encode()) if ending.endswith("zst") else text.encode())
    kind, encoding = recognise(str(path))
    assert (kind.name, encoding) == (name, "utf-8")


def test_where_the_content_says_nothing_the_name_counts(tmp_path: Path):
    names = {"a.csv": "csv", "a.jsonl.gz": "jsonl", "a.xml": "wikipedia", "a.parquet": "parquet"}
    for file, name in {**names, "a.feather": "arrow", "a.md": "text"}.items():
        assert by_name(file) is READERS[name]
    (tmp_path / "a.csv").write_text("n\n7\n8\n")
    assert list(read_documents(tmp_path / "a.csv")) == ["7", "8"]


def test_what_a_file_was_taken_for_is_said_and_can_be_overridden(tmp_path: Path, caplog):
    (tmp_path / "a.txt").write_text("\n".join(map(json.dumps, ROWS)))
    assert numbers(encode(tmp_path / "a.txt"))[1] == [1, 12]
    assert caplog.text.count("a.txt: read as JSON lines, by its content (--reader text") == 1
    caplog.clear()
    assert encode(tmp_path / "a.txt", reader="text").manifest["source"][0]["reader"] == "text"
    assert "read as" not in caplog.text
    (tmp_path / "b.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    encode(tmp_path / "b.jsonl")
    assert "read as" not in caplog.text


def test_long_heads_are_enough(tmp_path: Path):
    """A first record that is longer than what is looked at."""
    record = {"text": "page 7 " * 20_000, "id": "a"}
    (tmp_path / "lines").write_text(json.dumps(record) + "\n" + json.dumps(record))
    (tmp_path / "list").write_text(json.dumps([record, record], indent=2))
    (tmp_path / "table").write_text("id,text\n" + f'1,"{record["text"]}"\n' * 3)
    found = {name: recognise(str(tmp_path / name))[0].name for name in ("lines", "list", "table")}
    assert found == {"lines": "jsonl", "list": "json", "table": "text"}
    for name in ("lines", "list"):
        assert [len(text) for text in read_documents(tmp_path / name)] == [140_000] * 2
    assert len(list(read_documents(tmp_path / "table", reader="csv"))) == 3


@pytest.mark.parametrize("folder", ["json", "doc"])
def test_wikiextractor_has_a_document_per_article_and_no_id(folder: str, tmp_path: Path):
    expected = [[n, *range(m, m + 4)] for n, m in ((12, 30), (25, 40), (39, 50))]
    assert numbers(encode(CASES / "wikiextractor-json" / folder)) == expected
    path = CASES / "wikiextractor-json" / folder / "AA" / "wiki_00"
    command = [sys.executable, "-m", "wordnum", "encode", "-", "-o", str(tmp_path / "c")]
    done = subprocess.run(command, input=path.read_bytes(), capture_output=True, check=True)
    assert b"read as" in done.stderr
    from wordnum.corpus.encoded_corpus import EncodedCorpus

    assert numbers(EncodedCorpus.open(tmp_path / "c")) == expected


def test_a_document_that_is_not_closed_is_said(tmp_path: Path):
    (tmp_path / "a").write_text("1\n" + DOC.replace("</doc>\n", "") + DOC + "2\n")
    stream = read_documents(tmp_path / "a", reader="wikiextractor")
    assert list(stream) == ["Town 12\n\nIt has 30 & more.\n\n"] * 2
    assert remarks(stream.skips) == "documents that are not closed 1 text outside of documents 2"


def test_a_pipe_is_read_from_its_beginning(tmp_path: Path):
    """What was looked at to know the format is read again."""
    for name, data in {
        "a": CSV.encode(),
        "b": b"page 7\n" * 20_000,
        "c": "7 é".encode("utf-16"),
    }.items():
        (tmp_path / name).write_bytes(data)
    script = (
        "import wordnum, sys; c = wordnum.encode(sys.argv[1]); print(c.n_documents, c.n_tokens)"
    )
    for name, expected in {"a": "5 35", "b": "1 40000", "c": "1 2"}.items():
        command = f"cat {tmp_path / name} | {sys.executable} -c '{script}' -"
        shown = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
        assert shown.stdout.strip() == expected
        command = f"{sys.executable} -c '{script}' <(cat {tmp_path / name})"
        shown = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
        assert shown.stdout.strip() == expected


def test_rows_of_csv_by_hand(tmp_path: Path):
    (tmp_path / "a.csv").write_text(CSV.replace("\n", "\r\n") + "7\r\n\r\n")
    stream = read_documents(tmp_path / "a.csv")
    assert list(stream) == [row["text"] for row in ROWS]
    assert remarks(stream.skips) == "rows that have not 2 cells 1"
    assert stream.skips.to_json()[0]["first"] == ["line 12"]
    with pytest.raises(InputError, match="a record cannot be used: rows that have not 2 cells"):
        list(read_documents(tmp_path / "a.csv", strict=True))


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_any_delimiter_and_quoted_cells(tmp_path: Path, delimiter: str):
    cells = [f'a "{delimiter}" 7', "two\nlines", "", "plain"]
    quoted = ['"' + cell.replace('"', '""') + '"' for cell in cells]
    rows = [f"{n}{delimiter}{cell}" for n, cell in enumerate(quoted)]
    (tmp_path / "a.csv").write_text("\n".join([f"n{delimiter}body", *rows]))
    stream = read_documents(tmp_path / "a.csv")
    assert list(stream) == cells
    assert remarks(stream.skips) == "the text is taken from the column 'body' 0"


def test_a_quotation_mark_in_a_table_without_quoting(tmp_path: Path):
    (tmp_path / "a.tsv").write_text('n\ttext\n1\t"7 pages\n2\t8 pages\n3\t9" wide\n')
    assert list(read_documents(tmp_path / "a.tsv")) == ['"7 pages', "8 pages", '9" wide']


def test_a_table_whose_text_column_is_not_clear_lists_the_columns(tmp_path: Path):
    (tmp_path / "a.csv").write_text("id,title,note\n1,a town,it is small\n2,a city,it is large\n")
    with pytest.raises(InputError) as caught:
        list(read_documents(tmp_path / "a.csv"))
    assert str(caught.value) == (
        "it is not clear which field holds the text\n"
        "  expected: a field named text, content or document, or one alone that holds text\n"
        "  got: the fields id ('1'), title ('a town'), note ('it is small')\n"
        f"  where: {tmp_path / 'a.csv'}\n"
        "  to do: name the field with --field (field=…)"
    )
    assert list(read_documents(tmp_path / "a.csv", field="note")) == ["it is small", "it is large"]
    with pytest.raises(InputError, match="there is no field 'notes'\n  got: the fields id"):
        list(read_documents(tmp_path / "a.csv", field="notes"))


def test_the_one_column_with_words_is_the_text(tmp_path: Path):
    (tmp_path / "a.csv").write_text(
        "id,day,label,body\n1,2024-01-02,good,7 pages\n2,2024-01-03,bad,8 pages\n"
    )
    assert list(read_documents(tmp_path / "a.csv")) == ["7 pages", "8 pages"]


def test_a_table_that_is_none_says_how_to_read_it_as_prose(tmp_path: Path):
    (tmp_path / "a.csv").write_text("Dear Sir, 7\nwe are, as you know, 9\nyours, truly, me\n")
    with pytest.raises(
        InputError, match="no row has as many cells as the header(.|\n)*--reader text"
    ):
        list(read_documents(tmp_path / "a.csv", field="7"))


def test_a_list_of_json_is_read_item_by_item(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("wordnum.corpus.json_readers._READ", 20)
    rows = [*ROWS, 7, "é", {"text": ["one", None, "two"]}, {"text": None}, {}]
    for indent in (None, 2):
        (tmp_path / "a.json").write_text(json.dumps(rows, indent=indent))
        stream = read_documents(tmp_path / "a.json", reader="json")
        assert list(stream) == [*(row["text"] for row in ROWS), "é", "one\n\ntwo"]
        assert remarks(stream.skips) == "no field 'text' 2 no text in the field 2"
    (tmp_path / "a.json").write_text("\n".join(json.dumps(row, indent=1) for row in ROWS))
    assert len(list(read_documents(tmp_path / "a.json"))) == 5


@pytest.mark.parametrize(
    "end", ['[{"text": "7"}, ', '[{"text": "7"}', '[{"text": "7', '[{"text": "7"}, oops, {}]']
)
def test_a_list_of_json_that_is_damaged_is_an_error(tmp_path: Path, end: str):
    (tmp_path / "a.json").write_text(end)
    with pytest.raises(InputError, match="the file is not JSON, or damaged(.|\n)*record "):
        list(read_documents(tmp_path / "a.json", reader="json"))


def test_fields_within_fields(tmp_path: Path):
    rows = [{"doc": {"text": "7", "id": 1}, "a.b": "8", "parts": [{"t": "9"}, {"t": "10"}]}] * 2
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    for field, expected in {"doc.text": "7", "a.b": "8", "parts.t": "9\n\n10"}.items():
        assert list(read_documents(path, field=field)) == [expected] * 2
    stream = read_documents(path)
    assert list(stream) == ["7", "7"]
    assert "the text is taken from the field 'doc.text'" in remarks(stream.skips)
    with pytest.raises(
        InputError, match=r"there is no field 'doc\.body'\n  got: the fields doc\.text"
    ):
        list(read_documents(path, field="doc.body"))


def test_bytes_and_halves_of_pairs_are_replaced_and_counted():
    folder = CASES / "errors-replace-ignored"
    for name, expected, reason in (
        ("latin1.jsonl", ["caf\ufffd 7 of 12", "room 5"], "bytes that are not UTF-8, replaced 1"),
        (
            "surr.jsonl",
            ["chapter 7 \ufffd of 12", "room 5 😀 of 3"],
            "halves of surrogate pairs, replaced 1",
        ),
    ):
        stream = read_documents(folder / name, errors="replace")
        assert list(stream) == expected
        assert remarks(stream.skips) == reason
        stream = read_documents(folder / name)
        assert list(stream) == expected[1:]
        assert "--errors replace" in remarks(stream.skips)


def test_a_book_of_project_gutenberg_is_read_without_its_licence(tmp_path: Path):
    (tmp_path / "84-0.txt").write_bytes(BOOK.encode("utf-8-sig"))
    corpus = encode(tmp_path / "84-0.txt")
    assert numbers(corpus) == [[1], [7]]
    assert "read as a book of Project Gutenberg" in str(corpus.manifest["skips"])
    assert "bytes of the licence of Project Gutenberg, left out" in str(corpus.manifest["skips"])
    (tmp_path / "84-0.txt").write_bytes(BOOK.encode().replace(b"7", b"\xff"))
    with pytest.raises(InputError, match=f"84-0.txt, byte {BOOK.index('7')}\n"):
        encode(tmp_path / "84-0.txt")


def test_the_end_of_a_book_is_found_wherever_blocks_end(tmp_path: Path, monkeypatch):
    (tmp_path / "a.txt").write_text(BOOK)
    for size in (3, 50, 77):
        monkeypatch.setattr("wordnum.corpus.streams._READ", size)
        texts = [text.split() for text in read_documents(tmp_path / "a.txt")]
        assert texts == [["Chapter", "1"], ["7", "pages"]]


@pytest.mark.parametrize("text", ["page 7 of 12, été\n" * 9, "страница 7 из 12\n" * 9])
@pytest.mark.parametrize(
    "encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "utf-8"]
)
def test_utf16_is_known_by_its_bytes(tmp_path: Path, text: str, encoding: str):
    (tmp_path / "a.txt").write_bytes(text.encode(encoding))
    corpus = encode(tmp_path / "a.txt")
    assert numbers(corpus) == [[7, 12] * 9]
    said = "read as UTF" in str(corpus.manifest["skips"])
    assert said == ("8" not in encoding)
    rows = "\n".join(json.dumps({"text": line}, ensure_ascii=False) for line in text.splitlines())
    (tmp_path / "a.jsonl").write_bytes(rows.encode(encoding))
    (tmp_path / "a.csv").write_bytes(("n,text\n" + f'1,"{text}"\n' * 2).encode(encoding))
    assert numbers(encode(tmp_path / "a.jsonl")) == [[7, 12]] * 9
    assert numbers(encode(tmp_path / "a.csv")) == [[7, 12] * 9] * 2


def test_utf16_with_a_half_character_is_an_error_or_replaced(tmp_path: Path):
    data = "page 7 of 12 pages".encode("utf-16-le")
    (tmp_path / "a.txt").write_bytes(data + b"\x01\xd8")
    with pytest.raises(InputError, match="the text is not UTF-16\n(.|\n)*a.txt, byte 36"):
        encode(tmp_path / "a.txt")
    assert list(read_documents(tmp_path / "a.txt", errors="replace")) == [
        "page 7 of 12 pages\ufffd"
    ]


def test_a_window_as_long_as_the_format_has(tmp_path: Path):
    assert numbers(encode(CASES / "zst-long-window" / "window31.jsonl.zst")) == [
        *([7, 12], [5, 3], [42, 9]),
    ]


def test_the_same_text_is_read_once_and_that_is_said(tmp_path: Path, caplog):
    folder = CASES / "same-text-twice" / "a"
    corpus = encode(folder)
    once = encode(folder / "a.txt")
    assert corpus.n_documents == once.n_documents > 1
    assert "the same text as" in caplog.text
    (tmp_path / "link.txt").symlink_to(folder / "a.txt")
    (tmp_path / "hard.txt").write_text("page 7")
    (tmp_path / "hard2.txt").hardlink_to(tmp_path / "hard.txt")
    sources = [folder / "a.txt", str(folder / "a.txt"), folder / ".." / "a" / "a.txt"]
    both = encode([*sources, folder, tmp_path / "link.txt", tmp_path])
    assert both.n_documents == once.n_documents + 1


def test_texts_that_only_have_the_same_name_are_both_read(tmp_path: Path):
    (tmp_path / "a.txt").write_text("page 7")
    (tmp_path / "a.txt.zst").write_bytes(zstd(b"page 8"))
    assert numbers(encode(tmp_path)) == [[7], [8]]


def test_a_cloned_data_set_is_its_data_files(tmp_path: Path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    (tmp_path / "data").mkdir()
    for n, split in enumerate(("train", "test")):
        table = pyarrow.table({"text": [f"page {n}"], "label": [n + 50]})
        parquet.write_table(table, tmp_path / "data" / f"{split}-00000-of-00001.parquet")
    (tmp_path / "README.md").write_text("---\nsize: 9\n---\n")
    (tmp_path / "README").write_text("8 words")
    (tmp_path / "LICENSE").write_text("9 words")
    (tmp_path / "dataset_infos.json").write_text('{"default": {"text": "9"}}')
    (tmp_path / ".gitattributes").write_text("9")
    corpus = encode(tmp_path)
    assert numbers(corpus) == [[1], [0]]
    (entry,) = corpus.manifest["skips"]
    assert (entry["reason"], entry["count"]) == ("files about the texts, not read", 4)


def test_a_text_whose_name_is_like_that_of_a_licence_is_read(tmp_path: Path):
    for name in ("state-of-the-union.txt", "license-plates.txt", "readme-7.txt", "state.txt"):
        (tmp_path / name).write_text("page 7")
    assert encode(tmp_path).n_documents == 4


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            gzip.compress(b"page 7", mtime=0),
            r"the file is gzip.*\n.*\n  to do: give it the suffix \.gz",
        ),
        (zstd(b"page 7"), r"the file is zstandard.*\n.*\n  to do: give it the suffix \.zst"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:7", "git lfs pull"),
        (b"%PDF-1.7 page 7", "the file is PDF(.|\n)*pdftotext"),
        (b"PK\x03\x04 page 7", "the file is ZIP, as .docx and .epub are"),
    ],
)
def test_what_is_no_text_says_what_it_is(tmp_path: Path, data: bytes, message: str):
    (tmp_path / "a.txt").write_bytes(data)
    with pytest.raises(InputError, match=message):
        encode(tmp_path / "a.txt")


def test_all_formats_give_the_same_corpus_on_any_number_of_workers(tmp_path: Path):
    folder = tmp_path / "texts"
    folder.mkdir()
    texts = {"a.csv": CSV, "b.tsv": TSV, "c": DOC, "d.txt": BOOK, "e.json": json.dumps(ROWS)}
    for name, text in {**texts, "f.jsonl": "\n".join(map(json.dumps, ROWS))}.items():
        (folder / name).write_text(text, newline="")
    (folder / "g.txt").write_bytes("page 7 of 12, été\n".encode("utf-16"))
    encode(folder, tmp_path / "one")
    encode(folder, tmp_path / "two", n_jobs=2)
    assert content(tmp_path / "one") == content(tmp_path / "two")
