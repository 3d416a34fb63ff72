"""Which files a source means, and how each is read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.corpus.texts import read_documents
from wordnum.corpus.readers import Reader
from wordnum.corpus.sources import find_parts
from wordnum.corpus.streams import Skips
from wordnum.errors import InputError, UsageError


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for name in (
        *(
            "b.txt",
            "B.txt",
            "a/z.jsonl.gz",
            "a/y.TXT",
            "é.txt",
            "c.parquet",
            "notes",
            ".hidden.txt",
        ),
        *("a/picture.png", ".git/x.txt", "dump.xml.bz2", "pages-articles1.xml-p1p41242.bz2"),
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("7")
    return root


def names(source, root: Path, **options) -> list[tuple[str, str]]:
    options = {"options": Reader(), "skips": Skips(), **options}
    parts = find_parts(source, **options)
    return [(os.path.relpath(path, root), p.reader.name) for p in parts for path in p.files]


def test_a_folder_gives_its_readable_files_in_byte_order(tree: Path):
    skips = Skips()
    assert names(tree, tree, skips=skips) == [
        ("B.txt", "text"),
        ("a/y.TXT", "text"),
        ("a/z.jsonl.gz", "jsonl"),
        ("b.txt", "text"),
        ("c.parquet", "parquet"),
        ("dump.xml.bz2", "wikipedia"),
        ("notes", "text"),
        ("pages-articles1.xml-p1p41242.bz2", "wikipedia"),
        ("é.txt", "text"),
    ]
    assert [entry["first"] for entry in skips.to_json()] == [[str(tree / "a/picture.png")]]


def test_a_reader_takes_only_its_own_kind_from_a_folder(tree: Path):
    assert names(tree, tree, reader="jsonl") == [("a/z.jsonl.gz", "jsonl")]


def test_a_named_file_is_read_whatever_its_suffix(tree: Path):
    assert names(tree / "a/picture.png", tree) == [("a/picture.png", "text")]
    assert names(tree / "notes", tree, reader="jsonl") == [("notes", "jsonl")]


def test_a_glob_gives_what_matches_in_byte_order(tree: Path):
    assert names(f"{tree}/*.txt", tree) == [("B.txt", "text"), ("b.txt", "text"), ("é.txt", "text")]
    assert names(f"{tree}/**/*.TXT", tree) == [("a/y.TXT", "text")]


def test_several_sources_keep_their_order(tree: Path):
    found = names([tree / "b.txt", f"{tree}/a/*", tree / "B.txt"], tree)
    assert [name for name, _ in found] == [
        *("b.txt", "a/picture.png", "a/y.TXT", "a/z.jsonl.gz", "B.txt"),
    ]


def test_a_file_whose_name_is_a_pattern_is_itself(tmp_path: Path):
    (tmp_path / "a[1].txt").write_text("7")
    assert names(tmp_path / "a[1].txt", tmp_path) == [("a[1].txt", "text")]


def test_addresses_and_standard_input_are_taken_as_they_are():
    found = read_documents(["-", "file:///none/a.jsonl.zst"]).parts
    assert [(part.files[0], part.reader.name) for part in found] == [
        ("-", "text"),
        ("file:///none/a.jsonl.zst", "jsonl"),
    ]


def test_links_that_loop_or_lead_out_are_not_followed(tree: Path):
    (tree / "a/up").symlink_to(tree)
    (tree / "a/self").symlink_to(tree / "a/self")
    (tree / "out").symlink_to(tree.parent)
    (tree / "alias.txt").symlink_to(tree / "b.txt")
    (tree.parent / "secret.txt").write_text("7")
    (tree / "secret.txt").symlink_to(tree.parent / "secret.txt")
    skips = Skips()
    found = [name for name, _ in names(tree, tree, reader="text", skips=skips)]
    assert found == ["B.txt", "a/y.TXT", "alias.txt", "notes", "é.txt"]  # b.txt is alias.txt
    reasons = {Path(entry["file"]).name: entry["reason"] for entry in skips.to_json()}
    assert reasons["up"] == reasons["out"] == "link to a folder"
    assert (
        reasons["self"] == reasons["secret.txt"] == "link that leads out of the folder, or no file"
    )


def test_a_glob_does_not_go_round_a_loop(tree: Path):
    (tree / "a/up").symlink_to(tree)
    skips = Skips()
    assert names(f"{tree}/**/*.txt", tree, skips=skips) == [
        *(("B.txt", "text"), ("b.txt", "text"), ("é.txt", "text")),
    ]
    (entry,) = skips.to_json()
    assert entry["reason"] == "link that loops"
    assert entry["count"] > 3


def test_large_plain_files_are_cut_for_several_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("wordnum.corpus.sources.RANGE", 100)
    (tmp_path / "a.txt").write_text("some words and 7\n\n" * 20)
    parts = find_parts(tmp_path / "a.txt", options=Reader(), skips=Skips())
    assert len(parts) > 2
    assert parts[0].begin == 0
    assert parts[-1].end is None
    assert len(read_documents(tmp_path / "a.txt").parts) == 1
    # Lines are counted from the beginning, so a file with bytes to replace is one part.
    how = Reader(errors="replace")
    assert len(find_parts(tmp_path / "a.txt", options=how, skips=Skips())) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reader": "jason"}, "unknown reader 'jason'\n  to do: "),
        ({"separator": "page"}, "unknown separator 'page'\n  to do: "),
        ({"errors": "ignore"}, "unknown errors 'ignore'\n  to do: "),
    ],
)
def test_options_that_do_not_exist_are_refused(options: dict, message: str):
    with pytest.raises(UsageError) as caught:
        read_documents("-", **options)
    assert message in str(caught.value)


def test_what_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(InputError, match=r"no such file or folder: .*none\.txt\n  expected: a"):
        read_documents(tmp_path / "none.txt")
    with pytest.raises(InputError, match=r"no file matches .*\*\.txt\n  to do: check the pattern"):
        read_documents(f"{tmp_path}/*.txt")
    with pytest.raises(InputError, match="no source given"):
        read_documents([])


def test_a_folder_with_nothing_readable_says_what_it_holds(tmp_path: Path):
    with pytest.raises(InputError, match="nothing readable in the folder .*\n.*\n  got: no files"):
        read_documents(tmp_path)
    (tmp_path / "a.png").write_text("7")
    with pytest.raises(InputError, match=r"got: files with \.png\n  to do: name the files"):
        read_documents(tmp_path)
