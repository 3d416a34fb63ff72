"""Bytes of files: compressed or not, damaged or not, whole or in ranges."""

from __future__ import annotations

import bz2
import gzip
import importlib.util
import io
import lzma
import os
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.texts import memory_of
from wordnum.corpus.streams import BlockReader, Skips, ranges, read_blocks
from wordnum.corpus.text_encodings import as_utf8
from wordnum.errors import InputError


def zstd(data: bytes) -> bytes:
    if sys.version_info >= (3, 14):
        from compression.zstd import compress
    else:
        from backports.zstd import compress
    return compress(data)


COMPRESS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zstd}
NOISE = os.urandom(200_000)


@pytest.mark.parametrize("suffix", COMPRESS)
def test_a_compressed_file_is_read_by_its_suffix(tmp_path: Path, suffix: str):
    for name in (f"a{suffix}", f"B{suffix.upper()}"):
        (tmp_path / name).write_bytes(COMPRESS[suffix](b"7 pages"))
        assert b"".join(read_blocks(str(tmp_path / name))) == b"7 pages"


@pytest.mark.parametrize("suffix", COMPRESS)
def test_files_joined_end_to_end_are_read_to_the_end(tmp_path: Path, suffix: str):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(COMPRESS[suffix](b"one ") + COMPRESS[suffix](b"two"))
    assert b"".join(read_blocks(str(path))) == b"one two"


@pytest.mark.parametrize("suffix", COMPRESS)
@pytest.mark.parametrize("keep", [0.01, 0.5, 0.99])
def test_a_file_cut_off_is_an_error_that_says_how_far_it_went(
    tmp_path: Path, suffix: str, keep: float
):
    path = tmp_path / f"cut{suffix}"
    data = COMPRESS[suffix](NOISE)
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(InputError) as caught:
        b"".join(read_blocks(str(path)))
    message = str(caught.value)
    assert "the compressed file ends too early\n  expected: a whole file" in message
    assert re.search(r"got: [\d,]+ bytes of text, then nothing", message)
    assert f"where: {path}" in message
    assert "to do: fetch or make the file again; it was cut off" in message


@pytest.mark.parametrize("suffix", COMPRESS)
def test_a_file_that_is_not_what_its_suffix_says_is_an_error(tmp_path: Path, suffix: str):
    path = tmp_path / f"plain{suffix}"
    path.write_bytes(b"just 7 words of plain text, nothing more")
    with pytest.raises(InputError) as caught:
        b"".join(read_blocks(str(path)))
    message = str(caught.value)
    assert f"the file is not {suffix}, or it is damaged" in message
    assert f"where: {path}, after 0 bytes of text" in message
    assert "give it the suffix of what it is" in message


# A .zst has no checksum by default.
@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz"])
def test_a_flipped_bit_inside_is_an_error(tmp_path: Path, suffix: str):
    data = bytearray(COMPRESS[suffix](NOISE))
    data[len(data) // 2] ^= 1
    (tmp_path / f"a{suffix}").write_bytes(data)
    with pytest.raises(InputError, match="damaged|too early"):
        b"".join(read_blocks(str(tmp_path / f"a{suffix}")))


def test_a_file_that_expands_without_end_is_read_in_bounded_memory(tmp_path: Path):
    """2 GB of zeros in 256 KB; the reader may hold 40 MB."""
    path = tmp_path / "bomb.zst"
    path.write_bytes(zstd(bytes(2**26)) * 32)
    assert path.stat().st_size < 2**18
    peak, lines = memory_of(
        "print(sum(map(len, read_blocks(sys.argv[1]))))",
        path,
        imports="import smart_open\nfrom wordnum.corpus.streams import read_blocks",
    )
    assert lines == [str(2**31)]
    assert peak < 40


def test_an_address_is_opened_through_smart_open(tmp_path: Path):
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"7 pages"))
    assert b"".join(read_blocks((tmp_path / "a.txt.gz").as_uri())) == b"7 pages"


def test_an_address_whose_package_is_missing_names_the_extra():
    if importlib.util.find_spec("azure"):
        pytest.skip("the package for azure:// is installed")
    with pytest.raises(InputError, match=r"pip install 'wordnum\[s3\]', .*'smart_open\[azure\]'"):
        list(read_blocks("azure://bucket/key.txt"))


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(InputError, match=r"no such file: .*none\.txt\n  to do: check the path"):
        list(read_blocks(str(tmp_path / "none.txt")))


def test_a_range_of_a_plain_file(tmp_path: Path):
    (tmp_path / "a.txt").write_bytes(b"0123456789")
    assert b"".join(read_blocks(str(tmp_path / "a.txt"), begin=3, end=7)) == b"3456"
    assert b"".join(read_blocks(str(tmp_path / "a.txt"), begin=7)) == b"789"


texts = st.text(alphabet="a \n\t\r", max_size=60)


@settings(max_examples=200)
@given(texts, st.integers(1, 20), st.sampled_from(["blank", "line"]))
def test_ranges_begin_at_document_borders_and_lose_nothing(
    tmp_path_factory: pytest.TempPathFactory, text: str, size: int, separator: str
):
    path = tmp_path_factory.getbasetemp() / "ranges.txt"
    path.write_bytes(text.encode())
    found = ranges(str(path), separator, size)
    assert found[0][0] == 0
    assert found[-1][1] is None
    assert [end for _, end in found[:-1]] == [begin for begin, _ in found[1:]]
    border = {"line": r"\n$", "blank": r"\n[ \t\r]*\n$"}[separator]
    for begin, _ in found[1:]:
        assert re.search(border, text[:begin])
        assert begin < len(text)


def test_ranges_are_about_as_long_as_asked(tmp_path: Path):
    path = tmp_path / "a.txt"
    path.write_text("a paragraph of 7 words\n\n" * 1000)
    found = ranges(str(path), "blank", 4000)
    assert len(found) == 6
    assert all(4000 <= end - begin < 4030 for begin, end in found[:-1])


@pytest.mark.parametrize("name", ["a.txt.gz", "a.txt.GZ", "a.txt"])
def test_what_cannot_be_cut_is_one_range(tmp_path: Path, name: str):
    (tmp_path / name).write_bytes(b"no line end" * 10)
    assert ranges(str(tmp_path / name), "blank", 20) == [(0, None)]
    assert ranges(str(tmp_path / name), "file", 20) == [(0, None)]
    assert ranges("-", "blank", 20) == ranges("s3://b/k.txt", "line", 20) == [(0, None)]


@given(st.lists(st.binary(max_size=9)), st.integers(1, 7))
def test_a_block_reader_gives_all_blocks(blocks: list[bytes], size: int):
    reader = io.BufferedReader(BlockReader(blocks), 4)
    found = []
    while part := reader.read(size):
        assert len(part) <= size
        found.append(part)
    assert b"".join(found) == b"".join(blocks)


@given(st.lists(st.sampled_from([b"a", b"\n", b"\xff", "é".encode(), b"\xe2\x82"]), max_size=30))
def test_bytes_that_are_not_utf8_are_replaced_as_python_does_and_counted(parts: list[bytes]):
    data = b"".join(parts)
    skips = Skips()
    found = b"".join(as_utf8([data], "a.txt", skips, encoding="utf-8", errors="replace"))
    assert found == data.decode(errors="replace").encode()
    report = skips.to_json()
    assert sum(entry["count"] for entry in report) == found.count("\ufffd".encode())
    if report:
        line = data.decode(errors="replace").split("\ufffd")[0].count("\n") + 1
        assert report[0]["first"][0] == f"line {line}"
        assert report[0]["reason"] == "bytes that are not UTF-8, replaced"


def test_a_character_cut_by_two_reads_is_whole():
    skips = Skips()
    data = "añé€😀b".encode()
    blocks = [data[at : at + 3] for at in range(0, len(data), 3)]
    assert b"".join(as_utf8(blocks, "a", skips, encoding="utf-8", errors="replace")) == data
    assert skips.to_json() == []


def test_skips_keep_the_first_five_places():
    skips = Skips()
    for line in range(1, 9):
        skips.add("a.jsonl", "not JSON", f"line {line}")
    assert skips.to_json() == [
        {
            "file": "a.jsonl",
            "reason": "not JSON",
            "count": 8,
            "first": [f"line {line}" for line in range(1, 6)],
        }
    ]
