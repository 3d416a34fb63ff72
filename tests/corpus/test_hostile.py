"""Files that are made to harm, or that nobody made: errors, in bounded time and memory."""

from __future__ import annotations

import contextlib
import csv
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.corpus.test_streams import zstd
from tests.corpus.texts import memory_of, read_documents
from wordnum.corpus.blocks import check_arrays
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.encoding import encode, encode_documents
from wordnum.corpus.formats import READERS
from wordnum.corpus.recipes import ALLOW_VARIABLE, Recipe, encode_recipe, find_recipe
from wordnum.errors import InputError, MissingExtraError, UsageError, WordnumError
from wordnum.studies.toml_files import load_study

XML = "<mediawiki><page><title>A</title><ns>0</ns><revision><text>7 {}</text></revision></page>"


@pytest.mark.parametrize(
    "content",
    ["<a/>", "<a>", "", "no XML", "<mediawiki></mediawiki>", "<a>" * 3000, XML, "<?xml ?>", "&x;",
     '<!DOCTYPE a [<!ENTITY b "7"><!ENTITY c "&b;&b;">]><a>&c;</a>', "\x00", "<page></page>"],
)  # fmt: skip
def test_what_is_no_dump_of_wikipedia_is_an_error(tmp_path: Path, content: str):
    (tmp_path / "a.xml").write_text(content)
    with pytest.raises(InputError, match="not a whole MediaWiki XML dump|no number|is empty"):
        encode(tmp_path / "a.xml")


def test_a_dump_is_known_by_its_first_bytes(tmp_path: Path):
    (tmp_path / "dump").write_text(XML.format("pages") + "</mediawiki>")
    assert list(read_documents(tmp_path / "dump")) == ["7 pages"]


def peak_of(path: Path, *, options: str = "") -> tuple[int, str]:
    """Megabytes that a process needs on top to read a file, and the error, if there is one."""
    work = (
        "try:\n"
        f"    print(sum(1 for _ in read_documents(sys.argv[1]{options})))\n"
        "except ValueError as error:\n"
        "    print(error)"
    )
    imports = "import pyarrow.parquet, smart_open\nfrom tests.corpus.texts import read_documents"
    peak, message = memory_of(work, path, imports=imports)
    return peak, "\n".join(message)


@pytest.mark.parametrize(
    ("piece", "what"),
    [
        (b"a" * 2**20, "a record is over 64 MB"),
        (b"[]," * 2**19, "there is no field|a record is over 64 MB"),
        (b"[" * 2**20, "there is no field|a record is over 64 MB"),
    ],
)
def test_a_line_of_json_that_unpacks_without_end(tmp_path: Path, piece: bytes, what: str):
    path = tmp_path / "a.jsonl.zst"
    n = 800 if piece[0] == ord("a") else 30
    path.write_bytes(zstd(b'{"text": "') + zstd(piece) * n)
    assert path.stat().st_size < 2**18
    peak, message = peak_of(path)
    assert any(part in message for part in what.split("|")), message
    assert peak < 400


def test_a_line_of_plain_text_without_end_is_bounded_for_every_tokenizer(tmp_path: Path):
    path = tmp_path / "a.txt.zst"
    path.write_bytes(zstd(b"page 7 " * 2**17) * 200)
    peak, message = peak_of(path)
    assert "a record is over 64 MB" in message
    assert peak < 400


@pytest.mark.parametrize("dictionary", [True, False])
def test_a_table_that_unpacks_without_end_is_read_row_by_row(tmp_path: Path, dictionary: bool):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "a.parquet"
    texts = pyarrow.array(["7 " * 2**20] * 300)
    parquet.write_table(
        pyarrow.table({"text": texts}), path, compression="zstd", use_dictionary=dictionary
    )
    assert path.stat().st_size < 2**20
    peak, message = peak_of(path)
    assert message == "300"
    assert peak < (300 if dictionary else 900)  # pages are read whole
    _, message = peak_of(path, options=", max_record=2**20")
    assert "a record is over 1 MB" in message


def test_standard_input_that_is_closed_is_named():
    command = f"{sys.executable} -m wordnum encode - -o out <&-"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert done.returncode == 1
    assert "standard input is closed\n  to do: send text to it" in done.stderr


def test_a_text_without_blank_lines_is_told_of_the_separator(tmp_path: Path, caplog):
    (tmp_path / "a.txt").write_text("page 7 of it\n" * 30_000)
    assert encode(tmp_path / "a.txt").n_documents == 1
    assert "120,000 tokens in 1 documents only: kappa will have no interval" in caplog.text
    assert "--separator line" in caplog.text
    caplog.clear()
    assert encode(tmp_path / "a.txt", separator="line").n_documents == 30_000
    assert "separator" not in caplog.text


def test_many_small_files_cost_little_each(tmp_path: Path):
    folder = tmp_path / "texts"
    folder.mkdir()
    for number in range(1500):
        (folder / f"{number}.txt").write_text(f"page {number} of it")
    encode_documents(["7 pages"])
    begin = time.process_time()
    corpus = encode(folder)
    seconds = time.process_time() - begin
    assert (corpus.n_documents, corpus.n_tokens) == (1500, 6000)
    # 0.2 ms on an idle machine.
    assert seconds / 1500 < 0.001


def test_small_files_are_documents_apart_and_errors_name_the_one(tmp_path: Path):
    for name, content in (("a.txt", b"7"), ("b.txt", b"8 \xff"), ("c.txt", b"9 \xe2\x82")):
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=r"where: .*b\.txt, byte 2"):
        encode([tmp_path / "a.txt", tmp_path / "b.txt", tmp_path / "c.txt"])
    with pytest.raises(InputError, match=r"where: .*c\.txt, byte 2"):
        encode([tmp_path / "a.txt", tmp_path / "c.txt", tmp_path / "a.txt"])
    (tmp_path / "d.txt").write_bytes(b"10")
    corpus = encode([tmp_path / "a.txt", tmp_path / "d.txt"])
    assert corpus.n_documents == 2


@pytest.mark.parametrize(
    "source", ["http://x/a.txt", "file:///etc/passwd", "../../a.txt", "a/../b"]
)
def test_a_recipe_does_not_read_what_leads_out(tmp_path: Path, monkeypatch, source: str):
    (tmp_path / "r.toml").write_text(f'name = "r"\nsource = "{source}"')
    with pytest.raises(UsageError, match="the source leads out of the folder .*\n(.*\n)?  got: "):
        Recipe.load(tmp_path / "r.toml")
    monkeypatch.setenv(ALLOW_VARIABLE, "1")
    assert Recipe.load(tmp_path / "r.toml").source == (source,)


def test_a_study_does_not_read_what_leads_out(tmp_path: Path):
    (tmp_path / "s.toml").write_text('[[corpora]]\nname = "r"\nsource = "http://x/a.txt"\n')
    with pytest.raises(UsageError, match="the source leads out of the folder of texts"):
        load_study(tmp_path / "s.toml")


def test_without_gensim_its_sample_of_wikipedia_is_an_error_that_says_so(
    tmp_path: Path, monkeypatch
):
    for name in ("gensim", "gensim.test.utils"):
        monkeypatch.setitem(sys.modules, name, None)
    (tmp_path / "a.xml").write_text(XML + "</mediawiki>")
    assert encode(tmp_path / "a.xml").n_documents == 1
    with pytest.raises(MissingExtraError, match="gensim's sample of Wikipedia needs the package"):
        encode_recipe(find_recipe("gensim-wikipedia"), tmp_path / "c")


def test_a_document_of_more_tokens_than_positions_have_numbers_is_refused():
    n_tokens = 2**31
    ids = np.broadcast_to(np.uint32(0), n_tokens)
    with pytest.raises(InputError, match=r"a document has 2,147,483,648 tokens\n  expected: at"):
        check_arrays(ids, np.array([0, n_tokens]), 1)
    check_arrays(ids[:5], np.array([0, 5]), 1)


def only_our_errors(path: Path, **options) -> None:
    with contextlib.suppress(WordnumError):
        sum(len(text) for text in read_documents(path, **options))


FUZZ = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@FUZZ
@given(st.lists(st.binary(max_size=30) | _JSON.map(lambda v: json.dumps(v).encode()), max_size=8))
@example([b"[" * 3000])
@example([b'{"text": ' + b"9" * 5000 + b"}"])
def test_any_lines_of_json_are_read_or_refused(tmp_path: Path, lines: list[bytes]):
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(lines))
    only_our_errors(tmp_path / "a.jsonl")


_HEADS = [
    *(b"", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"PAR1", b"ARROW1\0\0", b"\xff" * 4),
    *(b"FEA1", b'[{"text": "7"}, ', b'{"text": "7"}\n', b'{\n"text": ', b'["', b"<mediawiki>"),
    *(b"id,text\n1,7\n", b'a\ttext\n"', b'<doc id="1" url="u">\nT 7\n'),
    b"*** START OF THE PROJECT GUTENBERG EBOOK A\n7\n",
]  # fmt: skip
_NAMES = ["a", "a.txt", "a.txt.gz", "a.bz2", "a.xz", "a.zst", "a.csv", "a.tsv", "a.json", "a.jsonl",
          "a.parquet", "a.arrow", "a.feather", "a.xml"]  # fmt: skip


@settings(FUZZ, max_examples=400)
@given(
    st.sampled_from(_HEADS),
    st.binary(max_size=60) | st.text('{}[]",;\t\n\r\\/ab <>\x00é7', max_size=60).map(str.encode),
    st.sampled_from(_NAMES),
    st.sampled_from(["strict", "replace"]),
    st.sampled_from(["auto", *READERS]),
)
def test_any_bytes_are_read_or_refused(
    tmp_path: Path, head: bytes, data: bytes, name: str, errors: str, reader: str
):
    (tmp_path / name).write_bytes(head + data)
    only_our_errors(tmp_path / name, errors=errors, reader=reader)
    with contextlib.suppress(WordnumError):
        encode(tmp_path / name, errors=errors)


@FUZZ
@given(st.lists(st.lists(st.text('a 7",;\n\r\té', max_size=6), min_size=3, max_size=3), max_size=6))
def test_what_the_csv_module_writes_is_read_as_it_was(tmp_path: Path, rows: list[list[str]]):
    with open(tmp_path / "a.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerows([["id", "text", "note"], *rows])
    # A line's end within a cell may be any; \r alone is white space.
    expected = [row[1].replace("\r\n", "\n").replace("\r", " ") for row in rows]
    assert list(read_documents(tmp_path / "a.csv")) == expected


@FUZZ
@given(st.lists(_JSON, max_size=6), st.sampled_from([None, 1]))
def test_any_list_of_json_is_read_as_its_lines_are(
    tmp_path: Path, values: list, indent: int | None
):
    (tmp_path / "a.json").write_text(json.dumps(values, indent=indent))
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, values)))
    found = []
    for name, reader in (("a.json", "json"), ("a.jsonl", "jsonl")):
        try:
            found.append(list(read_documents(tmp_path / name, reader=reader, field="a")))
        except InputError as error:
            found.append([error.message])
    assert found[0] == found[1]


@pytest.fixture(scope="module")
def table_bytes(tmp_path_factory) -> dict[str, bytes]:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import feather, ipc, parquet

    folder = tmp_path_factory.mktemp("p")
    rows = [{"text": f"{n} pages", "doc": {"t": ["7", str(n)]}} for n in range(18)]
    table = pyarrow.Table.from_pylist(rows)
    parquet.write_table(table, folder / "a.parquet")
    feather.write_feather(table, str(folder / "a.feather"), compression="lz4")
    with ipc.new_stream(folder / "a.arrow", table.schema) as stream:
        stream.write_table(table)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@settings(FUZZ, max_examples=300)
@given(
    st.sampled_from(["a.parquet", "a.feather", "a.arrow"]),
    st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=4),
    st.sampled_from(["text", "doc.t"]),
)
def test_a_damaged_table_is_read_or_refused(
    tmp_path: Path, table_bytes: dict[str, bytes], name: str, flips, field: str
):
    data = bytearray(table_bytes[name])
    for share, value in flips:
        data[int(share * len(data))] = value
    (tmp_path / name).write_bytes(data)
    only_our_errors(tmp_path / name, field=field)


def test_no_byte_of_a_parquet_file_ends_the_process(tmp_path: Path, table_bytes: dict[str, bytes]):
    (tmp_path / "a.parquet").write_bytes(table_bytes["a.parquet"])
    script = (
        "import contextlib, sys\n"
        "from tests.corpus.test_hostile import Path, only_our_errors\n"
        "path = Path(sys.argv[1])\n"
        "whole = path.read_bytes()\n"
        "for at in range(len(whole) // 3, len(whole)):\n"
        "    for value in (73, 109):\n"
        "        path.write_bytes(whole[:at] + bytes([value]) + whole[at + 1 :])\n"
        "        for field in ('text', 'doc.t'):\n"
        "            only_our_errors(path, field=field)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "a.parquet")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.fixture(scope="module")
def corpus_folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("c") / "toy.corpus"
    encode_documents([f"page {n} of {n + 3}" for n in range(40)], path)
    return path


@settings(FUZZ, max_examples=100)
@given(st.data())
def test_a_damaged_corpus_is_whole_or_refused(corpus_folder: Path, data):
    """Every id has a meaning and every document its place, whatever byte is another."""
    name = data.draw(st.sampled_from(sorted(p.name for p in corpus_folder.iterdir())))
    path = corpus_folder / name
    whole = path.read_bytes()
    damaged = bytearray(whole)
    damaged[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(damaged)
    with contextlib.suppress(WordnumError):
        corpus = EncodedCorpus.open(corpus_folder)
        for block in corpus.blocks():
            assert block.ids.max() < len(corpus.vocabulary)
            assert block.starts[-1] == len(block.ids)
        corpus.vocabulary.tokens()
    path.write_bytes(whole)
