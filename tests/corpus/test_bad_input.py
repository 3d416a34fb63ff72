"""Bad input: one clear error or a counted skip, and nothing half-written."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import subprocess
import sys
from pathlib import Path

import pytest

from tests.corpus.test_streams import zstd
from tests.corpus.texts import TEXT, make_text, memory_of, spelled
from wordnum.corpus.encoding import encode, encode_documents
from wordnum.errors import InputError


def refused(source, tmp_path: Path, **options) -> str:
    """Message of the error; nothing may be left but what goes on from here."""
    before = sorted(tmp_path.rglob("[!.]*"))
    with pytest.raises(InputError) as caught:
        encode(source, tmp_path / "c", **options)
    assert [path for path in sorted(tmp_path.glob("[!.]*")) if path not in before] == []
    return str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\n\n \n", b"\x00\x00", "\u200b".encode()])
@pytest.mark.parametrize("tokenizer", ["fast", "spacy"])
def test_a_file_without_a_token_is_an_error(tmp_path: Path, content: bytes, tokenizer: str):
    (tmp_path / "a.txt").write_bytes(content)
    message = refused(tmp_path / "a.txt", tmp_path, tokenizer=tokenizer)
    assert (
        "the source is empty\n  expected: text with words and numbers\n  got: no token" in message
    )
    assert "to do: check the path" in message


def test_a_text_without_a_number_is_an_error(tmp_path: Path):
    (tmp_path / "a.txt").write_text("the 21st of 2024")
    message = refused(tmp_path / "a.txt", tmp_path)
    assert "the text has no number token\n  expected: integers 0 to 999" in message
    assert "got: 4 tokens, 2 of them other numbers" in message


@pytest.mark.parametrize("end", [b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98"])
def test_a_file_that_ends_in_the_middle_of_a_character_is_an_error(tmp_path: Path, end: bytes):
    (tmp_path / "a.txt").write_bytes(b"7 pages " + end)
    message = refused(tmp_path / "a.txt", tmp_path)
    assert "the text is not UTF-8\n  expected: text in UTF-8" in message
    assert f"where: {tmp_path}/a.txt, byte 8\n" in message
    corpus = encode(tmp_path / "a.txt", tmp_path / "c", errors="replace")
    assert spelled(corpus) == [[7, "pages", "\ufffd"]]
    assert corpus.manifest["skips"][0]["count"] == 1


def test_bytes_that_are_not_utf8_are_found_in_any_range(tmp_path: Path, small_pieces: None):
    data = bytearray(TEXT.encode())
    place = data.index(b" ", len(data) * 3 // 4)
    data[place] = 0xFF
    (tmp_path / "a.txt").write_bytes(data)
    for jobs in (1, 2):
        assert f"a.txt, byte {place}\n" in refused(tmp_path / "a.txt", tmp_path, n_jobs=jobs)


def test_nul_bytes_are_spaces_and_counted_wherever_they_are(
    tmp_path: Path, small_pieces: None, caplog
):
    (tmp_path / "a.txt").write_bytes(b"a\x007\n\n" + TEXT.encode() * 2 + b"\n\x00\x00")
    corpus = encode(tmp_path / "a.txt", tmp_path / "c")
    assert spelled(corpus)[0] == ["a", 7]
    skips = corpus.manifest["skips"]
    assert {skip["reason"] for skip in skips} == {"NUL bytes, taken as space"}
    assert sum(skip["count"] for skip in skips) == 3
    assert skips[0]["first"] == ["byte 1"]
    assert skips[-1]["first"] == [f"byte {6 + 2 * len(TEXT.encode())}"]
    assert "a.txt: NUL bytes, taken as space, 3 times (first: byte 1)" in caplog.text


@pytest.mark.parametrize("tokenizer", ["fast", "spacy"])
def test_nul_characters_in_records_are_spaces_and_counted(tmp_path: Path, tokenizer: str):
    (tmp_path / "a.jsonl").write_text('{"text": "a 1"}\n{"text": "7\\u0000\\u00008"}\n')
    corpus = encode(tmp_path / "a.jsonl", tmp_path / "c", tokenizer=tokenizer)
    (skip,) = corpus.manifest["skips"]
    assert (skip["count"], skip["first"]) == (2, ["line 2"])
    assert [[t for t in d if t != " "] for d in spelled(corpus)] == [["a", 1], [7, 8]]


def test_lines_that_are_not_json_are_counted_or_an_error(tmp_path: Path, caplog):
    (tmp_path / "a.jsonl").write_text('{"text": "7 pages"}\noops\n{"text": "8"}\n{}\n')
    message = refused(tmp_path / "a.jsonl", tmp_path, strict=True)
    assert f"a record cannot be used: not JSON\n  where: {tmp_path}/a.jsonl, line 2" in message
    corpus = encode(tmp_path / "a.jsonl", tmp_path / "c")
    assert corpus.n_documents == 2
    assert [(skip["reason"], skip["first"]) for skip in corpus.manifest["skips"]] == [
        ("no field 'text'", ["line 4"]),
        ("not JSON", ["line 2"]),
    ]
    assert "a.jsonl: not JSON, once (first: line 2)" in caplog.text


def test_a_parquet_without_the_column_leaves_nothing(tmp_path: Path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"body": ["7"]}), tmp_path / "a.parquet")
    message = refused(tmp_path / "a.parquet", tmp_path, field="text")
    assert "there is no field 'text'\n  got: the fields body" in message


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_compressed_file_that_is_cut_off_leaves_nothing(tmp_path: Path, suffix: str, jobs: int):
    compress = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zstd}
    path = tmp_path / f"a.txt{suffix}"
    data = compress[suffix](TEXT.encode())
    path.write_bytes(data[: len(data) * 2 // 3])
    message = refused([path, path], tmp_path, n_jobs=jobs)
    assert "the compressed file ends too early" in message
    assert str(path) in message


def encoded_within_40_mb(path: Path, *, report: str) -> list[int]:
    """Encode apart, a megabyte at a time, and report on the corpus."""
    peak, (line,) = memory_of(
        f"corpus = encode(sys.argv[1], sys.argv[1] + '.corpus')\nprint([{report}])",
        path,
        # It imports what opens addresses, as far as that is installed.
        imports="import smart_open\n"
        "from wordnum.corpus import pieces\n"
        "from wordnum.corpus.encoding import encode, encode_documents\n"
        "pieces.CHUNK = 2**20\n"
        "encode_documents(['warm up 7'])",
    )
    assert peak < 40
    return json.loads(line)


def test_a_very_long_line_is_read_in_bounded_memory(tmp_path: Path):
    with open(tmp_path / "line.txt", "wb") as file:
        for _ in range(60):
            file.write(b"page 7 of a line " * 61_681)
    assert (tmp_path / "line.txt").stat().st_size > 60 * 10**6
    report = "corpus.n_documents, int(corpus.number_counts[7])"
    assert encoded_within_40_mb(tmp_path / "line.txt", report=report) == [1, 60 * 61_681]


def test_ten_million_empty_lines_are_no_documents(tmp_path: Path):
    (tmp_path / "a.txt").write_bytes(b"7 a\n" + b"\n" * 10_000_000 + b"8 b")
    report = "corpus.n_documents, corpus.n_tokens"
    assert encoded_within_40_mb(tmp_path / "a.txt", report=report) == [2, 4]


@pytest.mark.parametrize("tokenizer", ["fast", "spacy", str.split])
def test_a_run_of_a_million_digits_is_one_other_number(tmp_path: Path, tokenizer):
    (tmp_path / "a.txt").write_bytes(b"a 7 " + b"1" * 1_000_000 + b" b")
    corpus = encode(tmp_path / "a.txt", tmp_path / "c", tokenizer=tokenizer)
    assert spelled(corpus) == [["a", 7, "<other number>", "b"]]


def test_a_zst_that_expands_without_end_is_read_in_bounded_memory(tmp_path: Path):
    """Tens of kilobytes that are 60 MB of text, half of it a single word."""
    data = zstd(b"page 7 " * 1_000_000) * 5 + zstd(b"x" * 10_000_000) * 3 + zstd(b" 8")
    assert len(data) < 20_000
    (tmp_path / "bomb.txt.zst").write_bytes(data)
    report = "corpus.n_tokens, int(corpus.number_counts[8])"
    assert encoded_within_40_mb(tmp_path / "bomb.txt.zst", report=report) == [10_000_002, 1]


def test_a_folder_with_a_loop_of_links_is_read_once(tmp_path: Path):
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_text("7 pages")
    (folder / "again").symlink_to(folder)
    corpus = encode(folder, tmp_path / "c")
    assert corpus.n_documents == 1
    assert "link to a folder" in corpus.manifest["skips"][0]["reason"]


@pytest.mark.parametrize("limit", [4_000, 40_000, 120_000])
def test_a_disk_that_fills_up_is_one_error_and_leaves_nothing(tmp_path: Path, limit: int):
    """No file may grow beyond the limit: as on a full disk, a write comes back short."""
    (tmp_path / "a.txt").write_text(make_text(2000))
    before = sorted(tmp_path.rglob("*"))
    script = (
        "import resource, signal, sys\n"
        "from wordnum.corpus.encoding import encode, encode_documents\n"
        "from wordnum.errors import InputError\n"
        "import wordnum.corpus.tokenizing\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)\n"
        "try:\n"
        "    encode(sys.argv[1], sys.argv[1] + '.corpus')\n"
        "except InputError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", script, str(tmp_path / "a.txt"), str(limit)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "cannot write" in done.stdout
    assert "free disk space or choose another output path" in done.stdout
    assert sorted(tmp_path.rglob("*")) == before


def test_an_unwritable_place_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("7")
    with pytest.raises(InputError, match="cannot write to .*file\n  got: "):
        encode_documents(["7"], tmp_path / "file" / "c")
