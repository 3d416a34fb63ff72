"""Masks that nobody meant, and files of words that are damaged: refused, or some words masked."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wordnum.cooccurrence.counting import count
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.encoding import encode_documents
from wordnum.corpus.perturbations import parse_perturbation
from wordnum.errors import WordnumError

FUZZ = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
WORDS = ["page", "of", "$", "7", "1000", "zebra", "%", ","]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 12) | st.floats() | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["10", "2", "words", "word", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)
TABLES = st.dictionaries(
    st.sampled_from(["2", "10", " 10", "x", "9" * 5000]),
    st.fixed_dictionaries(
        {"words": st.lists(st.fixed_dictionaries({"word": st.sampled_from(WORDS) | VALUES}))}
    ),
    max_size=3,
)
NUMBERS = st.sampled_from(
    ["", ":1", ":2:10", ":0", ":-1", ":x", ":9:2:1", ":" + "9" * 5000, ":1@0"]
)
PIECES = ["page", "of", "zebra", ",", "%", "%2C", "%00", ":", "@", "+", "group", "ordinal suffixes",
          "words.txt", "words.json", ".txt", ".json", "..", "/", "mask", "isolate:1", "1", " ", "é",
          "\0", "-random"]  # fmt: skip


@pytest.fixture(scope="module")
def corpus() -> EncodedCorpus:
    return encode_documents([f"page {n % 12} of zebra {n % 7} $ {n}" for n in range(40)])


def masked_or_refused(corpus: EncodedCorpus, name: str) -> None:
    with contextlib.suppress(WordnumError):
        perturbation = parse_perturbation(name)
        counts = count(corpus, perturbation=perturbation, window=2)
        assert counts.perturbation == perturbation.name
        assert parse_perturbation(perturbation.name).name == perturbation.name


@FUZZ
@given(
    st.sampled_from(["mask:", "mask-random:"]),
    st.lists(st.sampled_from(PIECES), max_size=6).map("".join) | st.text(max_size=12),
)
def test_any_options_of_a_mask(corpus, tmp_path: Path, monkeypatch, kind: str, options: str):
    monkeypatch.chdir(tmp_path)
    masked_or_refused(corpus, kind + options)


@FUZZ
@given(st.sampled_from(["mask:", "mask-random:"]), VALUES | TABLES, NUMBERS)
def test_any_table_of_words(corpus, tmp_path: Path, kind: str, table: object, numbers: str):
    (tmp_path / "words.json").write_text(json.dumps(table))
    masked_or_refused(corpus, f"{kind}{tmp_path}/words.json{numbers}")


@FUZZ
@given(
    st.sampled_from(["mask:", "mask-random:"]),
    st.lists(st.sampled_from([*WORDS, "\n", "\r", "\0", "é"])).map("".join).map(str.encode)
    | st.binary(max_size=30),
    st.sampled_from(["words.txt", "words.json"]),
    NUMBERS,
)  # fmt: skip
def test_any_file_of_words(corpus, tmp_path: Path, kind: str, data: bytes, name: str, numbers: str):
    (tmp_path / name).write_bytes(data)
    masked_or_refused(corpus, f"{kind}{tmp_path}/{name}{numbers}")
