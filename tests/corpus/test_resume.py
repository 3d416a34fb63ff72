"""Kill, resume and append: a corpus is whole or absent, and nothing is made twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.corpus.texts import content, leftovers, make_text, spelled
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.encoding import encode, encode_documents
from wordnum.errors import FormatError, InputError, UsageError

REPOSITORY = Path(__file__).resolve().parents[2]


def kill(text: Path, path: Path, steps: str, *more: str) -> int:
    """Kill an encoder again and again; how many pieces are there in the end."""
    command = [sys.executable, "-m", "tests.corpus.killer", str(text), str(path), steps, *more]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_work_that_was_killed_goes_on_and_ends_the_same(
    text: Path, tmp_path: Path, small_pieces: None
):
    """Killed in the first piece, between pieces, and all along the writing of the blocks."""
    whole, path = tmp_path / "whole", tmp_path / "killed"
    encode(text, whole)
    assert kill(text, path, "0,1,2,5,9,13,3,17,40,52") > 10
    encode(text, path)
    assert content(path) == content(whole)
    assert leftovers(tmp_path) == []


def test_a_killed_append_leaves_the_corpus_as_it_was(
    text: Path, tmp_path: Path, small_pieces: None
):
    more, path, whole = tmp_path / "more.txt", tmp_path / "c", tmp_path / "whole"
    more.write_text(make_text(300, seed=1), encoding="utf-8")
    encode(text, path)
    encode(text, whole)
    encode(more, whole, append=True)
    kill(more, path, "1,7,30,3,12,25", "append")
    corpus = encode(more, path, append=True)
    assert corpus.fingerprint == EncodedCorpus.open(whole).fingerprint
    assert leftovers(path) == leftovers(tmp_path) == []


def test_damage_to_what_a_kill_left_behind_is_found(text: Path, tmp_path: Path, small_pieces: None):
    path = tmp_path / "c"
    assert kill(text, path, "12") > 2
    piece = min(tmp_path.glob(".c.part-*/piece-*.npz"))
    data = bytearray(piece.read_bytes())
    data[len(data) // 2] ^= 1
    piece.write_bytes(data)
    with pytest.raises(FormatError, match="cannot be read as piece"):
        encode(text, path)
    assert kill(text, path, "12") > 2
    ids = min(tmp_path.glob(".c.part-*/piece-*.ids.npy"))
    np.save(ids, np.load(ids) + np.uint32(10**6))
    with pytest.raises(FormatError, match="a file of it is damaged\n  where: .*ids.npy"):
        encode(text, path)
    # It is gone with the folder: the next call starts anew.
    assert encode(text, path).n_documents == 400


def test_a_worker_that_is_killed_is_one_message_and_loses_nothing(text: Path, tmp_path: Path):
    script = (
        "import os, signal, sys\n"
        "from wordnum import cli\n"
        "import wordnum.corpus.encoding as encoding\n"
        "encoding.write_pieces = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "sys.argv = ['wordnum', 'encode', *sys.argv[1:], '--jobs', '2']\n"
        "cli.main()\n"
    )
    command = [sys.executable, "-c", script, str(text), "-o", str(tmp_path / "c")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("wordnum: a worker died\n  got: ")
    assert "Traceback" not in done.stderr
    assert len(leftovers(tmp_path)) == 1
    assert encode(text, tmp_path / "c").n_documents == 400
    assert leftovers(tmp_path) == []


def test_a_worker_whose_files_are_elsewhere_is_told(text: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("wordnum.corpus.encoding.write_pieces", lambda *_: None)
    with pytest.raises(InputError, match="what a worker wrote cannot be seen here\n  expected: a"):
        encode(text, tmp_path / "c")


def test_a_changed_text_does_not_go_on_from_old_pieces(
    text: Path, tmp_path: Path, small_pieces: None
):
    path = tmp_path / "c"
    assert kill(text, path, "12") > 2
    text.write_text("7 pages of another text")
    assert encode(text, path).n_tokens == 5
    assert leftovers(tmp_path) == []


def test_documents_of_records_go_on_where_they_were(tmp_path: Path, small_pieces: None):
    """And what was passed over before the kill is counted once."""
    lines = tmp_path / "a.jsonl"
    documents = make_text(300).split("\n\n")
    records = [json.dumps({"text": document}) for document in documents]
    lines.write_text("\n".join(["oops", '{"text": "7\\u0000"}', *records, "oops"]))
    whole, path = tmp_path / "whole", tmp_path / "killed"
    encode(lines, whole)
    assert kill(lines, path, "3,4,20") > 2
    encode(lines, path)
    assert content(path) == content(whole)
    skips = EncodedCorpus.open(path).manifest["skips"]
    assert {skip["reason"]: skip["count"] for skip in skips} == {
        "not JSON": 2,
        "NUL bytes, taken as space": 1,
    }


def test_appending_keeps_the_vocabulary_and_adds_blocks(text: Path, tmp_path: Path):
    path = tmp_path / "c"
    base = encode(text, path, vocabulary_size=100)
    words = list(base.vocabulary.words)
    ids = [block.ids.copy() for block in base.blocks()]
    corpus = encode_documents(
        [f"7 unheard-of {words[0]}", "21st"], path, vocabulary_size=100, append=True
    )
    assert list(corpus.vocabulary.words) == words
    assert corpus.n_blocks == base.n_blocks + 1
    assert [block.ids.tolist() for block in corpus.blocks()][:-1] == [a.tolist() for a in ids]
    assert spelled(corpus)[-2:] == [
        [7, "<unknown>", "<unknown>", "<unknown>", words[0]],
        ["<other number>"],
    ]
    assert corpus.vocabulary.counts.sum() == corpus.n_tokens == base.n_tokens + 6
    assert corpus.vocabulary.counts[7] == base.vocabulary.counts[7] + 1
    assert len(corpus.manifest["appended"]) == 1
    assert sorted(p.name for p in path.glob("vocabulary-*")) == [
        corpus.manifest["vocabulary"]["file"]
    ]
    encode_documents(["8"], path, append=True)
    again = EncodedCorpus.open(path, verify=True)
    assert again.n_documents == base.n_documents + 3
    assert len(again.manifest["appended"]) == 2


def test_appending_much_adds_blocks_of_the_size_of_those_there(text: Path, tmp_path: Path):
    base = encode(text, tmp_path / "c")
    corpus = encode(text, tmp_path / "c", append=True)
    assert corpus.n_blocks == 2 * base.n_blocks
    assert np.array_equal(corpus.block(20).ids, corpus.block(0).ids)


def test_what_cannot_be_appended_is_refused(text: Path, tmp_path: Path):
    path = tmp_path / "c"
    with pytest.raises(InputError, match="no such corpus"):
        encode(text, path, append=True)
    encode(text, path)
    before = content(path)
    with pytest.raises(UsageError, match="encoded with other numerals\n  expected: .*whole"):
        encode(text, path, append=True, numerals="l2r3")
    with pytest.raises(UsageError, match="encoded with another tokenizer\n  expected: fast"):
        encode(text, path, append=True, tokenizer="spacy")
    with pytest.raises(InputError, match="the source is empty"):
        encode_documents(["", " "], path, append=True)
    assert content(path) == before


def test_a_path_that_exists_is_not_overwritten(text: Path, tmp_path: Path):
    (tmp_path / "c").write_text("mine")
    with pytest.raises(InputError, match="exists already\n  expected: a new folder"):
        encode(text, tmp_path / "c")
    assert (tmp_path / "c").read_text() == "mine"


def test_leftovers_of_a_kill_go_and_those_of_others_stay(text: Path, tmp_path: Path):
    old = [".c.part-0123456789abcdef", ".c.ab12_x9z.part"]
    others = [".d.part-0123456789abcdef", ".c.d.part-0123456789abcdef", ".c.note"]
    for name in (*old, *others):
        (tmp_path / name).mkdir()
    encode(text, tmp_path / "c")
    assert leftovers(tmp_path) == sorted(others)
