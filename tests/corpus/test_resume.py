"""Kill, resume and append: a corpus is whole or absent, and nothing is made twice."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.corpus.texts import content, leftovers, make_text, spelled
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.encoding import encode, encode_documents
from wordnum.corpus.numerals import RULES, NumeralScheme
from wordnum.corpus.pieces import Pieces
from wordnum.corpus.text_readers import TextReader
from wordnum.errors import InputError, UsageError
from wordnum.provenance import content_hash
from wordnum.storage import locked

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
    assert kill(text, path, "0,2,9,3,17,52") > 10
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


@pytest.mark.slow
@pytest.mark.parametrize("way", [(), ("append",), ("overwrite",)], ids=str)
def test_a_kill_at_any_rename_or_delete_loses_nothing(tmp_path: Path, way: tuple[str, ...]):
    (tmp_path / "a.txt").write_text(make_text(30), encoding="utf-8")
    assert kill(tmp_path / "a.txt", tmp_path, "every", *way) > 10


@pytest.mark.parametrize("which", ["first piece", "last piece", "report"])
def test_what_a_kill_left_behind_and_is_damaged_is_made_again(
    text: Path, tmp_path: Path, small_pieces: None, which: str, caplog
):
    encode(text, tmp_path / "whole")
    assert kill(text, tmp_path / "c", "12") > 2
    suffix = "json" if which == "report" else "npz"
    found = sorted(tmp_path.glob(f".c.part-*/[0-9a-f]*.{suffix}"))
    path = found[-1] if which == "last piece" else found[0]
    data = bytearray(path.read_bytes())
    # More than the head of a member, whose times nobody reads.
    for place in range(len(data) // 2, min(len(data) // 2 + 200, len(data))):
        data[place] ^= 1
    path.write_bytes(data)
    encode(text, tmp_path / "c")
    assert "made again" in caplog.text
    assert content(tmp_path / "c") == content(tmp_path / "whole")
    assert leftovers(tmp_path) == []


def test_a_clean_up_that_is_killed_leaves_nothing_that_counts(
    text: Path, tmp_path: Path, small_pieces: None
):
    """Pieces that were deleted while their reports survived made a short corpus once."""
    encode(text, tmp_path / "whole")
    assert kill(text, tmp_path / "c", "12") > 2
    (folder,) = tmp_path.glob(".c.part-*")
    for path in sorted(folder.glob("[0-9a-f]*.npz"))[::2]:
        path.unlink()
    (tmp_path / ".c.wordnum-0a1b2c3d.part").mkdir()
    encode(text, tmp_path / "c")
    assert content(tmp_path / "c") == content(tmp_path / "whole")
    assert leftovers(tmp_path) == []


def test_a_worker_that_is_killed_is_one_message_and_loses_nothing(text: Path, tmp_path: Path):
    script = (
        "import os, signal, sys\n"
        "from wordnum import cli\n"
        "import wordnum.corpus.encoding as encoding\n"
        "encoding.write_part = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "sys.argv = ['wordnum', 'encode', *sys.argv[1:], '--jobs', '2']\n"
        "cli.main()\n"
    )
    command = [sys.executable, "-c", script, str(text), "-o", str(tmp_path / "c")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "wordnum: a worker died\n  got: " in done.stderr
    assert "Traceback" not in done.stderr
    assert encode(text, tmp_path / "c").n_documents == 400
    assert leftovers(tmp_path) == []


def test_a_worker_whose_files_are_elsewhere_is_told(text: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("wordnum.corpus.encoding.write_part", lambda *_: None)
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


def test_another_text_leaves_the_unfinished_work_of_the_first(
    text: Path, tmp_path: Path, small_pieces: None
):
    path = tmp_path / "c"
    assert kill(text, path, "12") > 2
    (tmp_path / "other.txt").write_text("7 pages of another text")
    assert encode(tmp_path / "other.txt", path).n_tokens == 5
    assert len(leftovers(tmp_path)) == 1
    assert encode(text, path, overwrite=True).n_documents == 400
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("damage", [b"7 \xff pages", b"7 pages\n\n8 \xc3"])
def test_a_file_that_cannot_be_read_loses_nothing_of_the_others(
    text: Path, tmp_path: Path, small_pieces: None, damage: bytes, monkeypatch
):
    bad = tmp_path / "bad.txt"
    bad.write_bytes(damage)
    with pytest.raises(InputError, match="not UTF-8"):
        encode([text, bad], tmp_path / "c")
    (kept,) = tmp_path.glob(".c.part-*")
    pieces = {path.name: path.stat().st_mtime_ns for path in kept.glob("[0-9a-f]*.npz")}
    assert len(pieces) > 5
    bad.write_text("mended, on page 7")
    seen = []
    monkeypatch.setattr(
        "wordnum.corpus.encoding.Pieces.add",
        lambda self, path, add=Pieces.add: (seen.append(path), add(self, path)),
    )
    assert encode([text, bad], tmp_path / "c").n_documents == 401
    assert pieces.keys() < {path.name for path in seen}
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
    copy = shutil.copy(text, tmp_path / "copy.txt")
    corpus = encode(copy, tmp_path / "c", append=True)
    assert corpus.n_blocks == 2 * base.n_blocks
    assert np.array_equal(corpus.block(20).ids, corpus.block(0).ids)


def test_what_cannot_be_appended_is_refused(text: Path, tmp_path: Path):
    path = tmp_path / "c"
    with pytest.raises(InputError, match="no such corpus"):
        encode(text, path, append=True)
    encode(text, path)
    before = content(path)
    with pytest.raises(UsageError, match="encoded with another numerals\n  expected: .*whole"):
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
    old = [".c.wordnum-01234567.part"]
    others = [".d.part-0123456789abcdef", ".c.d.part-0123456789abcdef", ".c.note", ".c.x.part"]
    for name in (*old, *others):
        (tmp_path / name).mkdir()
    encode(text, tmp_path / "c")
    assert leftovers(tmp_path) == sorted(others)


def test_work_that_nobody_can_go_on_with_is_swept_unless_it_is_going_on(tmp_path: Path):
    dead, alive = tmp_path / ".c.part-once-0", tmp_path / ".c.part-once-1"
    for folder in (dead, alive):
        folder.mkdir()
        (folder / "0123.npz").write_text("half")
    with locked(alive / "lock", what="it"):
        encode_documents(["7 pages"], tmp_path / "c")
    assert leftovers(tmp_path) == [alive.name]


def test_a_file_is_appended_once(text: Path, tmp_path: Path):
    path = tmp_path / "c"
    encode(text, path)
    more = tmp_path / "more.txt"
    more.write_text("8 pages")
    encode(more, path, append=True)
    before = content(path)
    for source in (text, more, [tmp_path / "other.txt", more]):
        (tmp_path / "other.txt").write_text("9 pages")
        with pytest.raises(InputError, match="the corpus holds this file already\n"):
            encode(source, path, append=True)
    (tmp_path / "link.txt").symlink_to(more)
    (tmp_path / "more.txt.gz").write_bytes(gzip.compress(more.read_bytes()))
    for source in ("link.txt", "more.txt.gz"):
        message = f"the corpus holds this file already\n  where: .*{source}"
        with pytest.raises(InputError, match=message):
            encode(tmp_path / source, path, append=True)
    assert content(path) == before
    more.write_text("8 pages, and then 9")
    assert encode(more, path, append=True).n_documents == 402


def test_two_at_once_do_not_write_one_corpus(text: Path, tmp_path: Path):
    path = tmp_path / "c"
    encode(text, path)
    more = tmp_path / "more.txt"
    more.write_text("8 pages")
    with (
        locked(path / "append.lock", what="it"),
        pytest.raises(InputError, match="another run is writing to .*c"),
    ):
        encode(more, path, append=True)
    assert encode(more, path, append=True).n_documents == 401


@pytest.mark.parametrize("step", ["write_part", "read_report", "write_blocks"])
@pytest.mark.parametrize("what", ["out/.c.part-*", "out"])
def test_an_output_that_is_deleted_meanwhile_is_one_error_and_can_be_made_again(
    text: Path, tmp_path: Path, small_pieces: None, monkeypatch, step: str, what: str
):
    import wordnum.corpus.encoding as encoding

    calls, work = [], getattr(encoding, step)

    def deleted(*arguments, **options):
        calls.append(step)
        if len(calls) == 2 or step == "write_blocks":
            for folder in tmp_path.glob(what):
                shutil.rmtree(folder)
        return work(*arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(encoding, step, deleted)
        with pytest.raises(InputError, match=r"cannot |a worker|what a worker wrote"):
            encode(text, tmp_path / "out" / "c")
    encode(text, tmp_path / "out" / "c")
    encode(text, tmp_path / "whole")
    assert content(tmp_path / "out" / "c") == content(tmp_path / "whole")
    assert leftovers(tmp_path / "out") == []


def test_a_working_folder_that_somebody_planted_is_not_used(text: Path, tmp_path: Path):
    (tmp_path / "bad.txt").write_bytes(b"7 pages" + bytes(100) + b"\xff")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine").write_text("7")
    with pytest.raises(InputError):
        encode([text, tmp_path / "bad.txt"], tmp_path / "c")
    key = content_hash(
        [str(text), str(tmp_path / "bad.txt")],
        {
            "tokenizer": "fast", "tokenizer_sha256": None, "separator": "blank", "field": None,
            "errors": "strict", "strict": False, "drop_duplicates": False,
                "vocabulary_size": 50_000,
            "numerals": {**NumeralScheme().__dict__, "rules": RULES},
        },
    )  # fmt: skip
    (tmp_path / f".c.part-{key}").symlink_to(elsewhere)
    with pytest.raises(InputError, match="the folder for unfinished work is somebody else's"):
        encode([text, tmp_path / "bad.txt"], tmp_path / "c")
    assert [path.name for path in elsewhere.iterdir()] == ["mine"]


def test_overwriting_takes_the_place_of_a_corpus_and_of_nothing_else(text: Path, tmp_path: Path):
    path = tmp_path / "c"
    encode(text, path, vocabulary_size=50)
    bad = tmp_path / "bad.txt"
    bad.write_text("no number")
    before = content(path)
    with pytest.raises(InputError, match="no number token"):
        encode(bad, path, overwrite=True)
    assert content(path) == before
    assert encode(text, path, overwrite=True).manifest["parameters"]["vocabulary_size"] == 50_000
    assert encode(text, tmp_path / "new", overwrite=True).n_documents == 400
    (tmp_path / "mine").mkdir()
    with pytest.raises(InputError, match="is no corpus, and is not overwritten"):
        encode(text, tmp_path / "mine", overwrite=True)
    with pytest.raises(UsageError, match="append adds to a corpus, overwrite takes its place"):
        encode(text, path, overwrite=True, append=True)
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("kill_before", ["the old goes", "the new comes"])
def test_an_overwrite_that_is_killed_between_its_renames_is_finished_by_the_next_run(
    text: Path, tmp_path: Path, kill_before: str
):
    path = tmp_path / "c"
    encode(text, tmp_path / "new")
    encode(text, path, vocabulary_size=50)
    old, new = content(path), content(tmp_path / "new")
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from wordnum.corpus.encoding import encode\n"
        "rename, (text, path, when) = os.replace, sys.argv[1:]\n"
        "def replace(source, target):\n"
        "    if str(source) == path if when == 'the old goes' else str(target) == path:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    rename(source, target)\n"
        "os.replace = replace\n"
        "encode(text, path, overwrite=True)\n"
    )
    command = [sys.executable, "-c", script, str(text), str(path), kill_before]
    assert subprocess.run(command).returncode == -signal.SIGKILL
    assert path.exists() == (kill_before == "the old goes")
    with pytest.raises(InputError, match="exists already"):
        encode(text, path)
    assert content(path) == (old if kill_before == "the old goes" else new)
    encode(text, path, overwrite=True)
    assert content(path) == new
    assert leftovers(tmp_path) == []


def pages_of(text: str) -> list[str]:
    return ["pages"]


@pytest.mark.parametrize("kind", ["edited file", "other callable"])
def test_appending_compares_what_a_tokenizer_does(tmp_path: Path, kind: str):
    tokenizers = pytest.importorskip("tokenizers")

    def saved(name: str, word: str) -> Path:
        model = tokenizers.models.WordLevel({"7": 0, word: 1, "?": 2}, unk_token="?")
        tokenizer = tokenizers.Tokenizer(model)
        tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
        tokenizer.save(str(tmp_path / name))
        return tmp_path / name

    first, second = saved("a.json", "page"), saved("b.json", "leaf")
    if kind == "other callable":
        first, second = str.split, pages_of
    path = tmp_path / "c"
    encode_documents(["page 7"], path, tokenizer=first)
    with pytest.raises(UsageError, match="encoded with another tokenizer"):
        encode_documents(["page 7"], path, tokenizer=second, append=True)
    if kind == "edited file":
        again = saved("same.json", "page")
        assert encode_documents(["7"], path, tokenizer=again, append=True).n_documents == 2
        saved("a.json", "leaf")
        with pytest.raises(UsageError, match="encoded with another tokenizer"):
            encode_documents(["page 7"], path, tokenizer=first, append=True)


@pytest.mark.parametrize("change", ["truncated", "appended", "rewritten", "replaced"])
def test_a_file_that_changes_while_it_is_read_is_an_error(
    text: Path, tmp_path: Path, small_pieces: None, monkeypatch, change: str
):
    data = text.read_bytes()
    read = TextReader.blocks

    def blocks(self, path, skips, **within):
        yield from read(self, path, skips, **within)
        if change == "truncated":
            os.truncate(path, len(data) - 9)
        elif change == "appended":
            text.write_bytes(data + b" 7")
        elif change == "rewritten":
            text.write_bytes(data[::-1])
            os.utime(text, ns=(1, 1))
        else:
            text.rename(tmp_path / "old.txt")
            text.write_bytes(data)

    monkeypatch.setattr(TextReader, "blocks", blocks)
    with pytest.raises(InputError, match="the file has changed while it was read\n"):
        encode(text, tmp_path / "c")
    monkeypatch.undo()
    text.write_bytes(data)
    encode(text, tmp_path / "c")
    encode(text, tmp_path / "d")
    assert content(tmp_path / "c") == content(tmp_path / "d")
