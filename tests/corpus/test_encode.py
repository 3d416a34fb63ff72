"""From text to a folder of ids: the same whatever the way."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.corpus import reference
from tests.corpus.test_streams import zstd
from tests.corpus.texts import TEXT, content, leftovers, spelled
from tests.strategies import nasty_texts, schemes
from wordnum.cooccurrence.counting import count
from wordnum.cooccurrence.counts import Counts
from wordnum.corpus import pieces, sources
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.encoding import encode, encode_documents
from wordnum.corpus.numerals import NumeralScheme
from wordnum.errors import FormatError, InputError, UsageError
from wordnum.storage import file_hash


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(nasty_texts(), min_size=1, max_size=8), schemes())
def test_documents_in_memory_become_the_tokens_of_the_slow_tokenizer(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], scheme: NumeralScheme
):
    texts = [*texts, "7"]
    corpus = encode_documents(texts, tmp_path_factory.mktemp("e") / "c", numerals=scheme)
    expected = [reference.tokens(text.replace("\0", " "), scheme) for text in texts]
    assert spelled(corpus) == [tokens for tokens in expected if tokens]


@pytest.mark.parametrize("separator", ["blank", "line", "file"])
def test_a_file_becomes_the_tokens_of_the_slow_tokenizer(
    text: Path, tmp_path: Path, small_pieces: None, separator: str
):
    scheme = NumeralScheme("l2r3", ordinals="keep")
    corpus = encode(text, tmp_path / "c", numerals=scheme, separator=separator)
    assert spelled(corpus) == reference.documents(TEXT, scheme, separator)
    assert corpus.flags == ("ordinals-kept",)


def test_words_are_ordered_by_count_and_ties_by_bytes(text: Path, tmp_path: Path):
    corpus = encode(text, tmp_path / "c", vocabulary_size=50)
    words = [token for token in reference.tokens(TEXT, NumeralScheme()) if isinstance(token, str)]
    words = [word for word in words if word != reference.OTHER]
    counts = {word: words.count(word) for word in set(words)}
    order = sorted(counts, key=lambda word: (-counts[word], word.encode()))
    assert list(corpus.vocabulary.words) == order[:50]
    assert corpus.vocabulary.counts[1002:].tolist() == [counts[word] for word in order[:50]]
    assert corpus.vocabulary.counts[1001] == sum(counts[word] for word in order[50:])
    assert corpus.vocabulary.counts.sum() == corpus.n_tokens
    # Unknown words hold their position.
    assert corpus.n_tokens == len(reference.tokens(TEXT, NumeralScheme()))


@pytest.mark.parametrize("jobs", [2, 3, -1])
def test_any_number_of_workers_writes_the_same_bytes(
    text: Path, tmp_path: Path, small_pieces: None, jobs: int
):
    encode(text, tmp_path / "one")
    encode([text], tmp_path / "many", n_jobs=jobs)
    assert content(tmp_path / "many") == content(tmp_path / "one")
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(
    ("suffix", "compress"),
    [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress), (".zst", zstd)],
)
def test_compressed_text_writes_the_same_bytes(text: Path, tmp_path: Path, suffix: str, compress):
    encode(text, tmp_path / "plain")
    packed = tmp_path / f"text.txt{suffix}"
    packed.write_bytes(compress(text.read_bytes()))
    encode(packed, tmp_path / "packed")
    assert content(tmp_path / "packed") == content(tmp_path / "plain")


@pytest.mark.parametrize(("chunk", "per_piece"), [(2048, 1), (5001, 1), (3000, 7)])
def test_any_size_of_pieces_writes_the_same_bytes(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, per_piece: int
):
    encode(text, tmp_path / "large")
    monkeypatch.setattr(pieces, "CHUNK", chunk)
    monkeypatch.setattr(pieces, "CHUNKS_PER_PIECE", per_piece)
    encode(text, tmp_path / "small")
    assert content(tmp_path / "small") == content(tmp_path / "large")


def test_every_way_in_writes_the_same_ids(text: Path, tmp_path: Path):
    """Files, JSON lines, Parquet, memory: one text, one fingerprint."""
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    documents = TEXT.split("\n\n")
    (tmp_path / "t.jsonl").write_text("".join(json.dumps({"text": d}) + "\n" for d in documents))
    parquet.write_table(pyarrow.table({"text": documents}), tmp_path / "t.parquet")
    (tmp_path / "folder").mkdir()
    half = len(documents) // 2
    (tmp_path / "folder" / "1.txt").write_text("\n\n".join(documents[:half]))
    (tmp_path / "folder" / "2.txt").write_text("\n\n".join(documents[half:]))
    ways = [
        text,
        str(text),
        text.as_uri(),
        tmp_path / "t.jsonl",
        tmp_path / "t.parquet",
        tmp_path / "folder",
        f"{tmp_path}/folder/*.txt",
        [tmp_path / "folder" / "1.txt", str(tmp_path / "folder" / "2.txt")],
    ]
    prints = {encode(way, tmp_path / f"c{i}").fingerprint for i, way in enumerate(ways)}
    prints |= {encode_documents(way).fingerprint for way in (documents, tuple(documents))}
    assert len(prints) == 1


def test_names_are_of_the_folder_at_hand_whenever_the_workers_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    tokenizers = pytest.importorskip("tokenizers")
    model = tokenizers.models.WordLevel({"7": 0, "8": 1, "?": 2}, unk_token="?")
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "a.txt").write_text("7 pages" if name == "one" else "8 pages")
        tokenizer.save(str(folder / "t.json"))
        monkeypatch.chdir(folder)
        corpus = encode("a.txt", "c", n_jobs=2)
        assert corpus.number_counts[7 if name == "one" else 8] == 1
        encode(["a.txt", "./a.txt"], "d", n_jobs=2, tokenizer="t.json")
        assert {path.name for path in folder.iterdir()} == {"a.txt", "c", "d", "t.json"}


@pytest.mark.parametrize("jobs", [1, 2])
def test_standard_input_is_read_with_any_number_of_workers(text: Path, tmp_path: Path, jobs: int):
    script = f"from wordnum.corpus.encoding import encode; encode('-', 'c', n_jobs={jobs})"
    with open(text, "rb") as file:
        subprocess.run([sys.executable, "-c", script], stdin=file, cwd=tmp_path, check=True)
    assert (
        EncodedCorpus.open(tmp_path / "c").fingerprint == encode(text, tmp_path / "d").fingerprint
    )


def test_a_pipe_is_read_with_several_workers(text: Path, tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(f"cat {text} > {tmp_path}/pipe", shell=True):
        found = encode(tmp_path / "pipe", tmp_path / "c", n_jobs=2)
    assert found.fingerprint == encode(text, tmp_path / "d").fingerprint


def test_any_iterable_of_documents_is_read(tmp_path: Path):
    class Documents:
        def __iter__(self):
            return iter(["7 pages", "8 pages"])

    assert encode_documents(Documents(), tmp_path / "c", n_jobs=2).n_documents == 2
    assert encode_documents(text for text in Documents()).n_documents == 2


@pytest.mark.parametrize("documents", ["7 pages", b"7 pages", Path("a.txt"), 7, None])
def test_a_single_text_is_no_iterable_of_documents(documents):
    with pytest.raises(UsageError, match="documents are an iterable of str\n  got: "):
        encode_documents(documents)


def test_a_corpus_without_output_is_held_in_memory(text: Path, tmp_path: Path):
    held = encode(text, n_jobs=2)
    assert held.path is None
    assert held.fingerprint == encode(text, tmp_path / "c").fingerprint
    assert held.manifest["parameters"]["separator"] == "blank"
    assert spelled(held) == spelled(EncodedCorpus.open(tmp_path / "c"))
    with pytest.raises(UsageError, match="nothing to append to"):
        encode(text, append=True)


@pytest.mark.parametrize("documents", [[7], ["7", None], ["half \ud800 a pair 7"], [b"7"]])
def test_a_document_that_is_no_text_is_refused(tmp_path: Path, documents: list):
    with pytest.raises(InputError, match="a document cannot be used\n  expected: str") as caught:
        encode_documents(documents, tmp_path / "c")
    assert f"where: document {len(documents)}" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("names", [["1998", "1999"], ["7 pages"], "7 pages"])
def test_a_str_is_a_path_and_never_a_text(tmp_path: Path, monkeypatch, names):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "1998").mkdir()
    (tmp_path / "1998" / "a.txt").write_text("7")
    with pytest.raises(InputError, match="no such file or folder: (1999|7 pages)"):
        encode(names, "c")
    with pytest.raises(InputError, match="no source given"):
        encode([], "c")


def test_a_tokenizer_of_ones_own_and_spacy_are_written_down(text: Path, tmp_path: Path):
    corpus = encode(text, tmp_path / "own", tokenizer=str.split, n_jobs=2)
    assert corpus.manifest["parameters"]["tokenizer"] == "builtins.str.split"
    assert corpus.vocabulary.id("The") != corpus.vocabulary.unknown
    few = "\n\n".join(TEXT.split("\n\n")[:30])
    one, two = (
        encode_documents([few], tmp_path / name, tokenizer="spacy", n_jobs=j)
        for name, j in (("a", 1), ("b", 2))
    )
    assert one.fingerprint == two.fingerprint
    assert one.vocabulary.id("The") == one.vocabulary.unknown


def test_the_hash_of_a_tokenizer_json_is_written_down(tmp_path: Path):
    tokenizers = pytest.importorskip("tokenizers")
    model = tokenizers.models.WordLevel({"7": 0, "page": 1, "?": 2}, unk_token="?")
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.save(str(tmp_path / "t.json"))
    corpus = encode_documents(["page 7"], tmp_path / "c", tokenizer=tmp_path / "t.json")
    about = corpus.manifest["parameters"]
    assert about["tokenizer_sha256"] == file_hash(tmp_path / "t.json")
    assert spelled(corpus) == [["page", 7]]


def test_spelled_out_numbers_become_numbers(tmp_path: Path):
    scheme = NumeralScheme(spelled_out=True)
    line = "He read twenty-three of two hundred and five pages.\n"
    expected = [["he", "read", 23, "of", 205, "pages", "."]]
    (tmp_path / "a.txt").write_text(line)
    assert spelled(encode(tmp_path / "a.txt", tmp_path / "a", numerals=scheme)) == expected
    assert spelled(encode_documents([line], tmp_path / "b", numerals=scheme)) == expected
    assert (
        spelled(encode_documents([line], tmp_path / "c", numerals=scheme, tokenizer="spacy"))
        == expected
    )


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("they were six hundred", [600]),
        ("twenty\nthree men and one hundred and\nfive women", [23, 105]),
        ("Twenty-\r\nThree men", [23]),
        ("twenty\n\nthree men", [20, 3]),
        ("they were seven. " * 100 + "twenty\nthree", [7] * 100 + [23]),
        ("it is what it has been, " * 400 + "twenty three", [23]),
    ],
)
def test_spelled_out_numbers_go_on_over_line_ends(text: str, numbers: list[int]):
    scheme = NumeralScheme(spelled_out=True)
    corpus = encode_documents([text], numerals=scheme)
    assert [token for token in spelled(corpus)[0] if isinstance(token, int)] == numbers


def test_spelling_takes_time_in_proportion_to_the_length():
    started = time.process_time()
    encode_documents(["seven " * 200_000, "x" * 10**6], numerals=NumeralScheme(spelled_out=True))
    assert time.process_time() - started < 10


def test_numbers_read_by_other_rules_are_refused(tmp_path: Path, monkeypatch):
    with monkeypatch.context() as before:
        before.setattr("wordnum.corpus.vocabulary.RULES", 1)
        corpus = encode_documents(["page 7 of 12"] * 9, tmp_path / "c")
        count(corpus).save(tmp_path / "counts.npz")
    for use in (EncodedCorpus.open, lambda path: Counts.load(path.with_name("counts.npz"))):
        with pytest.raises(FormatError) as caught:
            use(tmp_path / "c")
        assert "by other rules" in str(caught.value)
        assert "to do: encode the text again and count anew" in str(caught.value)


def test_bytes_that_are_no_text_are_found_where_numbers_are_spelled_out(tmp_path: Path):
    (tmp_path / "b.txt").write_bytes(b"twenty-three pages\n" * 5 + b"\xff")
    with pytest.raises(InputError, match=r"not UTF-8\n(.*\n){2}  where: .*b\.txt, byte 95"):
        encode(tmp_path / "b.txt", tmp_path / "b", numerals=NumeralScheme(spelled_out=True))


def test_pruning_is_the_same_for_any_number_of_workers_and_reported(
    text: Path, tmp_path: Path, monkeypatch, caplog
):
    monkeypatch.setattr(sources, "RANGE", 8192)
    monkeypatch.setattr("wordnum.corpus.pieces.LIMIT", 200)
    corpus = encode(text, tmp_path / "one", vocabulary_size=40)
    pruned = corpus.manifest["pruned"]
    assert pruned["rounds"] > 3
    assert pruned["words"] > 500
    assert f"{pruned['words']:,} rare words were forgotten" in caplog.text
    encode(text, tmp_path / "two", vocabulary_size=40, n_jobs=2)
    assert content(tmp_path / "two") == content(tmp_path / "one")
    # Frequent words outlive it.
    whole = encode(text, tmp_path / "whole", vocabulary_size=10_000)
    assert whole.manifest["pruned"] == {"words": 0, "rounds": 0, "largest": 0}
    assert corpus.vocabulary.words[:20] == whole.vocabulary.words[:20]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tokenizer": "fasst"}, "unknown tokenizer 'fasst'"),
        ({"numerals": "roman"}, "unknown numeral scheme 'roman'"),
        ({"separator": "page"}, "unknown separator 'page'"),
        ({"reader": "jason"}, "unknown reader 'jason'"),
        ({"errors": "ignore"}, "unknown errors 'ignore'"),
        ({"vocabulary_size": 0}, "vocabulary_size cannot be 0"),
        ({"n_jobs": 0}, "0 workers cannot work"),
    ],
)
def test_options_that_do_not_exist_are_refused(text: Path, tmp_path: Path, options, message: str):
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError) as caught:
        encode(text, tmp_path / "c", **options)
    assert message in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_the_manifest_says_where_the_corpus_comes_from(text: Path, tmp_path: Path):
    corpus = encode(text, tmp_path / "c", vocabulary_size=77)
    (source,) = corpus.manifest["source"]
    assert source == {
        "path": str(text),
        "reader": "text",
        "bytes": len(TEXT.encode()),
        "modified_ns": text.stat().st_mtime_ns,
        "range": None,
    }
    assert corpus.manifest["parameters"]["vocabulary_size"] == 77
    assert "wordnum" in corpus.manifest["versions"]
    assert corpus.manifest["cost"]["peak_bytes"] > 10**6


def test_gensims_sample_of_wikipedia(tmp_path: Path):
    datapath = pytest.importorskip("gensim.test.utils").datapath

    dump = datapath("enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2")
    corpus = encode(dump, tmp_path / "c")
    assert corpus.n_documents == 106
    assert corpus.number_counts.sum() > 5000
    assert 400 < (corpus.number_counts > 0).sum() < 1000


def test_real_text_is_the_same_for_any_number_of_workers(
    corpora_folder: Path, tmp_path: Path, monkeypatch
):
    plain = tmp_path / "factbook.txt"
    with lzma.open(corpora_folder / "factbook.txt.xz") as file:
        plain.write_bytes(file.read())
    monkeypatch.setattr(sources, "RANGE", 2**20)
    found = [
        encode(source, tmp_path / f"c{i}", n_jobs=jobs)
        for i, (source, jobs) in enumerate(
            [(plain, 1), (plain, 2), (corpora_folder / "factbook.txt.xz", 1)]
        )
    ]
    assert len({corpus.fingerprint for corpus in found}) == 1
    assert content(tmp_path / "c0") == content(tmp_path / "c1")
