"""The encoded corpus: blocks of whole documents, checked when it is opened."""

from __future__ import annotations

import itertools
import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordnum.corpus.blocks import block_borders
from wordnum.corpus.encoded_corpus import EncodedCorpus, as_corpus
from wordnum.corpus.encoding import encode_documents
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import FormatError, InputError, UsageError
from wordnum.provenance import content_hash

VOCABULARY = Vocabulary.from_words(["a", "b"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("encoded") / "toy.corpus"
    encode_documents([f"page {n} of {n + 3} in ÉTÉ" for n in range(60)], path)
    return path


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy.corpus"))


lengths = st.lists(st.integers(1, 30), min_size=1, max_size=60)


@given(lengths, st.integers(1, 25))
def test_blocks_hold_whole_documents_and_are_balanced(sizes: list[int], n_blocks: int):
    starts = np.concatenate([[0], np.cumsum(sizes)])
    borders = block_borders(starts, n_blocks)
    assert borders[0] == 0
    assert borders[-1] == len(sizes)
    assert (np.diff(borders) > 0).all()
    assert len(borders) - 1 == min(n_blocks, len(sizes))
    if len(sizes) >= 2 * n_blocks and max(sizes) == min(sizes):
        held = np.diff(starts[borders])
        assert held.max() - held.min() <= 2 * max(sizes)


@given(lengths, st.integers(1, 25))
def test_blocks_together_are_the_corpus(sizes: list[int], n_blocks: int):
    starts = np.concatenate([[0], np.cumsum(sizes)])
    ids = np.arange(starts[-1]) % len(VOCABULARY)
    corpus = EncodedCorpus.from_arrays(ids, starts, VOCABULARY, n_blocks)
    blocks = list(corpus.blocks())
    assert np.concatenate([block.ids for block in blocks]).tolist() == ids.tolist()
    borders = [block.first_token + block.starts[:-1] for block in blocks]
    assert np.concatenate(borders).tolist() == starts[:-1].tolist()
    assert [block.first_document for block in blocks] == [
        int(np.searchsorted(starts, block.first_token)) for block in blocks
    ]
    assert (corpus.n_tokens, corpus.n_documents) == (len(ids), len(sizes))
    assert corpus.vocabulary.counts.tolist() == np.bincount(ids, minlength=1004).tolist()


def test_empty_documents_are_dropped():
    corpus = EncodedCorpus.from_arrays([7, 8], [0, 0, 1, 1, 2, 2], VOCABULARY)
    assert corpus.n_documents == 2


@pytest.mark.parametrize(
    ("ids", "starts", "message"),
    [
        ([], [0], "a corpus needs tokens\n  got: ids of shape (0,)"),
        ([[1]], [0, 1], "a corpus needs tokens\n  got: ids of shape (1, 1)"),
        ([1004], [0, 1], "ids outside the vocabulary\n  expected: 0..1003\n  got: 1004..1004"),
        ([-1], [0, 1], "ids outside the vocabulary"),
        ([1.0], [0, 1], "ids are integers\n  got: an array of float64"),
        ([1, 2], [0, 1], "document_starts does not fit the ids\n  expected: non-decreasing from"),
        ([1, 2], [1, 2], "document_starts does not fit"),
        ([1, 2, 3], [0, 2, 1, 3], "non-decreasing from 0 to 3\n  got: [0 2 1 3]"),
        ([1], [], "document_starts does not fit"),
    ],
)
def test_arrays_that_are_no_corpus_are_refused(ids: list, starts: list, message: str):
    with pytest.raises(InputError) as caught:
        EncodedCorpus.from_arrays(ids, starts, VOCABULARY)
    assert message in str(caught.value)


def test_flags_of_the_numerals_travel():
    kept = Vocabulary.from_words([], numerals=NumeralScheme(ordinals="keep"))
    assert EncodedCorpus.from_arrays([1], [0, 1], kept, flags=("toy",)).flags == (
        "ordinals-kept",
        "toy",
    )


def test_a_folder_opens_as_it_was_written(folder: Path):
    corpus = EncodedCorpus.open(folder, verify=True)
    assert (corpus.n_documents, corpus.n_tokens, corpus.n_blocks) == (60, 360, 20)
    ids = np.concatenate([block.ids for block in corpus.blocks()])
    assert [corpus.vocabulary.token(i) for i in ids[6:12]] == ["page", "1", "of", "4", "in", "été"]
    assert isinstance(corpus.block(0).ids, np.memmap)
    assert not corpus.block(0).ids.flags.writeable
    assert corpus.number_counts[5] == 2
    assert repr(corpus).startswith("EncodedCorpus(360 tokens, 60 documents, 20 blocks at ")
    with pytest.raises(InputError, match=r"no block 20\n  expected: 0\.\.19"):
        corpus.block(20)


def test_only_the_way_to_a_folder_travels_to_a_worker(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(folder.parent)
    corpus = EncodedCorpus.open(folder.name)
    sent = pickle.dumps(corpus)
    assert len(sent) < 500
    monkeypatch.chdir(tmp_path)
    again = pickle.loads(sent)
    assert again.fingerprint == corpus.fingerprint
    assert np.array_equal(again.block(3).ids, EncodedCorpus.open(folder).block(3).ids)


def test_a_corpus_in_memory_travels_whole():
    corpus = EncodedCorpus.from_arrays([7, 8], [0, 1, 2], VOCABULARY)
    again = pickle.loads(pickle.dumps(corpus))
    assert again.fingerprint == corpus.fingerprint
    assert [block.ids.tolist() for block in again.blocks()] == [[7], [8]]


def test_the_fingerprint_tells_content_apart():
    prints = {
        EncodedCorpus.from_arrays(ids, starts, VOCABULARY, flags=flags).fingerprint
        for ids, starts, flags in [
            ([7, 8], [0, 2], ()),
            ([7, 8], [0, 1, 2], ()),
            ([8, 7], [0, 2], ()),
            ([7, 8], [0, 2], ("toy",)),
        ]
    }
    assert len(prints) == 4


def test_a_flipped_bit_anywhere_is_found(copy: Path):
    files = sorted(path for path in copy.iterdir() if path.name != "manifest.json")
    assert {path.suffixes[-2] + path.suffix for path in files if path.suffix == ".npy"} == {
        ".ids.npy",
        ".starts.npy",
    }
    rng = np.random.default_rng(0)
    for path in files:
        data = bytearray(path.read_bytes())
        # The header of an .npy is padded with blanks; what counts stands behind it.
        place = int(rng.integers(128 if path.suffix == ".npy" else 0, len(data)))
        data[place] ^= 1 << int(rng.integers(8))
        whole = path.read_bytes()
        path.write_bytes(data)
        with pytest.raises(FormatError) as caught:
            EncodedCorpus.open(copy, verify=True)
        assert path.name in str(caught.value)
        path.write_bytes(whole)
    EncodedCorpus.open(copy, verify=True)


def test_every_flipped_bit_of_the_manifest_is_found_or_changes_nothing(copy: Path):
    path = copy / "manifest.json"
    whole = path.read_bytes()
    meant = EncodedCorpus.open(copy).manifest
    rng = np.random.default_rng(0)
    for place in rng.choice(len(whole), 150, replace=False).tolist():
        data = bytearray(whole)
        data[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(data)
        try:
            found = EncodedCorpus.open(copy).manifest
        except FormatError:
            continue
        # White space, or the name of the checksum.
        assert {k: v for k, v in found.items() if k in meant} == meant


@pytest.mark.parametrize(
    ("name", "at", "value", "message"),
    [
        ("block-00003.ids.npy", -1, 0xFF, "ids outside the vocabulary"),
        ("block-00003.starts.npy", -9, 0x7F, "document_starts does not fit the ids"),
        ("block-00003.starts.npy", -8, 0, "document_starts does not fit the ids"),
    ],
)
def test_ids_and_borders_are_checked_when_a_block_is_first_used(
    copy: Path, name: str, at: int, value: int, message: str
):
    """Opening reads no ids, so that a large corpus opens at once."""
    data = bytearray((copy / name).read_bytes())
    data[at] = value
    (copy / name).write_bytes(data)
    corpus = EncodedCorpus.open(copy)
    assert corpus.block(2).ids.nbytes
    with pytest.raises(FormatError, match="the corpus is damaged\n  got: " + message):
        corpus.block(3)
    with pytest.raises(FormatError):
        EncodedCorpus.open(copy, verify=True)


def test_a_block_is_checked_once(copy: Path, monkeypatch):
    corpus = EncodedCorpus.open(copy)
    assert corpus.block(3).index == 3
    monkeypatch.setattr("wordnum.corpus.encoded_corpus.check_arrays", None)
    assert corpus.block(3).index == pickle.loads(pickle.dumps(corpus)).block(3).index == 3


def test_a_corpus_of_many_blocks_needs_few_descriptors(folder: Path):
    script = (
        "import resource, sys\n"
        "import wordnum.corpus.encoded_corpus as c\n"
        "used = len(__import__('os').listdir('/proc/self/fd'))\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (used + 24, used + 24))\n"
        "blocks = list(c.EncodedCorpus.open(sys.argv[1]).blocks())\n"
        "assert len(blocks) == 20\n"
        "held = [open('/dev/null') for _ in range(3)]\n"
        "try:\n"
        "    c.EncodedCorpus.open(sys.argv[1]).blocks()\n"
        "    list(c.EncodedCorpus.open(sys.argv[1]).blocks())\n"
        "except c.InputError as error:\n"
        "    print(error)\n"
    )
    command = [sys.executable, "-c", script, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "too many files are open: raise the limit (ulimit -n" in done.stdout


def without_checksum(folder: Path) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["checksum"]
    path.write_text(json.dumps(manifest))


def edit_manifest(folder: Path, change) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["checksum"]
    change(manifest)
    path.write_text(json.dumps({**manifest, "checksum": content_hash(manifest)}))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        pytest.param(
            lambda d: edit_manifest(d, lambda m: m.update(version=99)),
            "holds corpus of format version 99\n  expected: corpus of version 1\n  to do: encode "
            "the text again with this version of wordnum, or upgrade wordnum",
            id="format version",
        ),
        pytest.param(
            lambda d: edit_manifest(d, lambda m: m.update(kind="counts")),
            "holds counts of format",
            id="kind",
        ),
        pytest.param(
            lambda d: edit_manifest(d, lambda m: m.pop("blocks")),
            "it does not say what the folder holds",
            id="manifest without blocks",
        ),
        pytest.param(
            lambda d: edit_manifest(d, lambda m: m.update(blocks=[{}])),
            "it does not say what the folder holds",
            id="blocks of nothing",
        ),
        pytest.param(
            lambda d: edit_manifest(d, lambda m: m["vocabulary"].update(file="../v.npz")),
            "it does not say what the folder holds",
            id="a name that leads out",
        ),
        pytest.param(without_checksum, "its checksum does not hold", id="no checksum"),
        pytest.param(
            lambda d: (d / "manifest.json").write_text("[" * 3000), "is not an", id="nesting"
        ),
        pytest.param(
            lambda d: (d / "manifest.json").write_text("{"), "is not an encoded corpus", id="JSON"
        ),
        pytest.param(lambda d: (d / "manifest.json").unlink(), "not an encoded corpus", id="none"),
        pytest.param(
            lambda d: (d / "block-00002.ids.npy").unlink(), "block-00002.ids.npy", id="lost block"
        ),
        pytest.param(
            lambda d: (d / "block-00002.ids.npy").write_bytes(b""), "block-00002", id="empty block"
        ),
        pytest.param(
            lambda d: cut(d / "block-00001.starts.npy"), "block-00001.starts.npy", id="cut block"
        ),
        pytest.param(
            lambda d: np.save(d / "block-00000.ids.npy", np.zeros(18, "<i8")),
            "int64 of shape (18,), not <u4 (18,)",
            id="block of another type",
        ),
        pytest.param(
            lambda d: np.save(d / "block-00000.ids.npy", np.array([{}] * 18, dtype=object)),
            "block-00000.ids.npy",
            id="block of objects",
        ),
        pytest.param(
            lambda d: shutil.copy(other_vocabulary(d), next(d.glob("vocabulary-*.npz"))),
            "its words are not those of the manifest",
            id="vocabulary of another corpus",
        ),
        pytest.param(
            lambda d: next(d.glob("vocabulary-*.npz")).unlink(), "vocabulary-", id="no vocabulary"
        ),
    ],
)
def test_a_damaged_folder_is_refused_with_the_way_out(copy: Path, damage, message: str):
    damage(copy)
    with pytest.raises(InputError) as caught:
        EncodedCorpus.open(copy)
    assert message in str(caught.value)
    assert "to do:" in str(caught.value)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-8])


def other_vocabulary(folder: Path) -> Path:
    other = encode_documents(["1 other word"], folder.with_name("other.corpus"))
    assert other.path is not None
    return next(other.path.glob("vocabulary-*.npz"))


@pytest.mark.parametrize("other", [["7 cats"], None])
def test_texts_in_place_of_a_corpus_are_refused(other):
    with pytest.raises(
        UsageError, match="this is no corpus\n  expected: an encoded corpus, or the"
    ):
        as_corpus(other)


def test_no_folder_and_a_file_are_refused(tmp_path: Path):
    with pytest.raises(InputError, match="no such corpus: .*\n.*\n  got: nothing of that name"):
        EncodedCorpus.open(tmp_path / "none.corpus")
    (tmp_path / "text").write_text("1")
    with pytest.raises(InputError, match="no such corpus: .*\n.*\n  got: a file"):
        EncodedCorpus.open(tmp_path / "text")


def test_files_of_blocks_are_plain_arrays(folder: Path):
    """Anything that reads .npy can read a corpus."""
    manifest = json.loads((folder / "manifest.json").read_text())
    ids = [np.load(folder / block["ids"]["file"]) for block in manifest["blocks"]]
    starts = [np.load(folder / block["starts"]["file"]) for block in manifest["blocks"]]
    assert {array.dtype.str for array in ids} == {"<u4"}
    assert all(a[-1] == len(b) for a, b in zip(starts, ids))
    assert len(list(itertools.chain(*ids))) == 360
