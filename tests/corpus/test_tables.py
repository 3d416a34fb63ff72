"""Columns of Parquet, Arrow and Feather files, whatever they hold."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.test_hostile import peak_of
from tests.corpus.texts import read_documents
from wordnum.corpus.arrow_frames import checked_frames
from wordnum.corpus.formats import recognise
from wordnum.errors import InputError

pa = pytest.importorskip("pyarrow")
from pyarrow import feather, ipc, parquet  # noqa: E402

ROWS: list[dict[str, Any]] = [
    {"id": n, "doc": {"text": f"page {n}", "n": n}, "parts": [{"t": "a"}, {"t": str(n)}],
     "lines": ["one", str(n)], "data": f"é {n}".encode(), "kind": "x"}
    for n in range(5)
]  # fmt: skip


def write_parquet(table: Any, path: Path) -> None:
    parquet.write_table(table, path, row_group_size=2)


def write_stream(table: Any, path: Path) -> None:
    """As the datasets library saves to disk."""
    with ipc.new_stream(path, table.schema) as stream:
        stream.write_table(table, max_chunksize=2)


def write_file(table: Any, path: Path) -> None:
    options = ipc.IpcWriteOptions(compression="zstd")
    with ipc.new_file(path, table.schema, options=options) as file:
        file.write_table(table, max_chunksize=2)


def write_feather(table: Any, path: Path) -> None:
    feather.write_feather(table, str(path), compression="lz4")


WRITERS = [write_parquet, write_stream, write_file, write_feather]
Writer = Callable[[Any, Path], None]
writers = pytest.mark.parametrize("write", WRITERS)


@writers
def test_a_table_is_known_by_its_first_bytes(tmp_path: Path, write: Writer):
    write(pa.table({"text": ["7 pages", None, "é"]}), tmp_path / "a.txt")
    name = "parquet" if write is write_parquet else "arrow"
    assert recognise(str(tmp_path / "a.txt"))[0].name == name
    stream = read_documents(tmp_path / "a.txt")
    assert list(stream) == ["7 pages", "é"]
    assert [entry["reason"] for entry in stream.skips.to_json()][:1] == ["no text in the field"]


@writers
@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("doc.text", "page 3"),
        ("parts.t", "a\n\n3"),
        ("lines", "one\n\n3"),
        ("data", "é 3"),
        ("kind", "x"),
    ],
)
def test_columns_of_bytes_lists_and_structs(
    tmp_path: Path, write: Writer, field: str, expected: str
):
    write(pa.Table.from_pylist(ROWS), tmp_path / "a")
    assert list(read_documents(tmp_path / "a", field=field))[3] == expected
    assert len(list(read_documents(tmp_path / "a", field=field))) == 5


@writers
def test_other_kinds_of_strings(tmp_path: Path, write: Writer):
    kinds = [pa.large_string(), pa.large_binary(), pa.dictionary(pa.int32(), pa.string())]
    for kind in [*kinds, *([pa.string_view()] if write is write_file else [])]:
        array = pa.array(["7", "é", "7", None])
        array = array.dictionary_encode() if pa.types.is_dictionary(kind) else array.cast(kind)
        write(pa.table({"n": [1, 2, 3, 4], "text": array}), tmp_path / "a")
        assert list(read_documents(tmp_path / "a")) == ["7", "é", "7"]


@writers
def test_a_column_that_is_the_only_one_of_texts_is_taken(tmp_path: Path, write: Writer):
    write(pa.table({"n": [1, 2], "body": [None, "8"]}), tmp_path / "a")
    stream = read_documents(tmp_path / "a")
    assert list(stream) == ["8"]
    assert "the text is taken from the column 'body'" in str(stream.skips.to_json())


@writers
def test_a_data_set_with_three_text_columns_lists_them(tmp_path: Path, write: Writer):
    texts = ["a town of 7", "two words"]
    write(pa.table({"a": texts, "b": texts, "c": texts, "n": [1, 2]}), tmp_path / "a")
    with pytest.raises(InputError) as caught:
        list(read_documents(tmp_path / "a"))
    assert (
        "it is not clear which field holds the text\n  expected: a field named text, content or"
    ) in str(caught.value)
    assert "got: the fields a ('a town of 7'), b ('a town of 7'), c ('a town of 7'), n\n" in str(
        caught.value
    )
    assert "--field" in str(caught.value)
    with pytest.raises(InputError, match=r"there is no field 'd\.b'\n  got: the fields a, b, c, n"):
        list(read_documents(tmp_path / "a", field="d.b"))


@writers
def test_bytes_that_are_not_utf8_are_counted_or_replaced(tmp_path: Path, write: Writer):
    write(pa.table({"text": [b"7", b"\xff 8"]}), tmp_path / "a")
    assert list(read_documents(tmp_path / "a")) == ["7"]
    stream = read_documents(tmp_path / "a", errors="replace")
    assert list(stream) == ["7", "\ufffd 8"]
    assert "bytes that are not UTF-8, replaced" in str(stream.skips.to_json())


@writers
def test_a_table_comes_through_a_pipe(tmp_path: Path, write: Writer):
    write(pa.table({"n": [1, 2], "body": ["page 7", "page 8"]}), tmp_path / "a")
    script = "import wordnum; print(wordnum.encode('-').number_counts[[7, 8]].tolist())"
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=(tmp_path / "a").read_bytes(),
        capture_output=True,
        check=True,
    )
    assert done.stdout.strip() == b"[1, 1]"


@writers
@pytest.mark.parametrize("keep", [0.05, 0.3, 0.6])
def test_a_table_that_is_cut_off_is_an_error(tmp_path: Path, write: Writer, keep: float):
    write(pa.table({"text": [f"page {n} " * 50 for n in range(50)]}), tmp_path / "a")
    data = (tmp_path / "a").read_bytes()
    (tmp_path / "a").write_bytes(data[: int(len(data) * keep)])
    name = "parquet" if write is write_parquet else "arrow"
    with pytest.raises(InputError, match=r"the (Parquet|Arrow) file cannot be read"):
        list(read_documents(tmp_path / "a", reader=name))


def test_feather_of_version_1_says_what_to_do(tmp_path: Path):
    (tmp_path / "a.feather").write_bytes(b"FEA1" + bytes(100))
    with pytest.raises(InputError, match="pandas writes Feather of version 2"):
        list(read_documents(tmp_path / "a.feather"))


@pytest.mark.parametrize("compression", ["zstd", "lz4"])
def test_a_batch_that_unpacks_without_end_is_refused(tmp_path: Path, compression: str):
    """3 GB of one word in a file of some megabytes; it is refused before it is unpacked."""
    path = tmp_path / "a.arrow"
    n = 2**20 if compression == "zstd" else 2**18
    table = pa.table({"text": pa.array(["7 " * n] * 32)})
    options = ipc.IpcWriteOptions(compression=compression)
    with ipc.new_file(path, table.schema, options=options) as file:
        file.write_table(table)
    assert path.stat().st_size < 2**19
    peak, message = peak_of(path, options=", max_record=2**20")
    assert "a batch is over 32 MB" in message or compression == "lz4"
    assert peak < 100
    if compression == "zstd":
        _, message = peak_of(path)
        assert message == "32"


def test_messages_go_through_as_they_are(tmp_path: Path):
    write_file(pa.Table.from_pylist(ROWS), tmp_path / "a")
    data = (tmp_path / "a").read_bytes()
    through = b"".join(checked_frames(io.BytesIO(data), "a", most=2**30))
    assert data[8:].startswith(through)
    assert ipc.open_stream(through).read_all().to_pylist() == ROWS
