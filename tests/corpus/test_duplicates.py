"""Documents that come again are counted, and left out if asked for."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.texts import TEXT, content, spelled
from wordnum.corpus import pieces, sources
from wordnum.corpus.encoding import encode, encode_documents

DOCUMENTS = ["page 7 of it", "8 pages", "page  7\nof It", "in 2013", "in 2014", "8 pages", "9 é"]


@pytest.mark.parametrize("tokenizer", ["fast", str.split])
def test_what_has_the_same_tokens_comes_again(tokenizer):
    """Whatever the white space is; other numbers are told apart by how they are written."""
    corpus = encode_documents(DOCUMENTS, tokenizer=tokenizer)
    found = corpus.manifest["duplicates"]
    assert (found["documents"], found["dropped"]) == (2, False)
    assert corpus.n_documents == 7
    corpus = encode_documents(DOCUMENTS, tokenizer=tokenizer, drop_duplicates=True)
    assert corpus.manifest["duplicates"]["documents"] == 2
    assert corpus.n_documents == 5
    assert spelled(corpus)[:2] == [["page", 7, "of", "it"], [8, "pages"]]


def test_a_number_is_not_the_letter_of_its_code():
    corpus = encode_documents(["a 7", "97 7", "a 55", "7 a", "7 a b", "7 ab"])
    assert corpus.manifest["duplicates"]["documents"] == 0


def test_much_that_comes_again_is_said(caplog):
    encode_documents(DOCUMENTS)
    assert "2 documents with 6 tokens have the same tokens as one before; --drop" in caplog.text
    caplog.clear()
    encode_documents(DOCUMENTS, drop_duplicates=True)
    assert "as one before, and were left out" in caplog.text
    caplog.clear()
    encode_documents([*DOCUMENTS[:2], "a page of many words " * 500])
    assert "as one before" not in caplog.text


@pytest.mark.parametrize("suffix", [".txt", ".jsonl"])
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_text_without_what_comes_again_is_the_text_without_it(
    tmp_path: Path, small_pieces: None, suffix: str, jobs: int
):
    """In many pieces and ranges, among documents that are longer than those."""
    documents = TEXT.split("\n\n")
    documents.insert(5, TEXT.replace("\n\n", "\n"))
    rng = np.random.default_rng(0)
    order = np.concatenate([np.arange(len(documents)), rng.integers(0, len(documents), 300)])
    rng.shuffle(order)
    order[::50] = 5
    once = list(dict.fromkeys(order.tolist()))
    for name, numbers in (("all", order), ("once", once)):
        texts = [documents[n].strip() for n in numbers]
        if suffix == ".txt":
            (tmp_path / f"{name}.txt").write_text("\n\n".join(texts))
        else:
            (tmp_path / f"{name}.jsonl").write_text(
                "\n".join(json.dumps({"text": t}) for t in texts)
            )
    whole = encode(tmp_path / f"all{suffix}", tmp_path / "c", drop_duplicates=True, n_jobs=jobs)
    clean = encode(tmp_path / f"once{suffix}", tmp_path / "d", drop_duplicates=True)
    assert whole.manifest["duplicates"]["documents"] == len(order) - len(once)
    assert clean.manifest["duplicates"]["documents"] == 0
    assert whole.fingerprint == clean.fingerprint
    found = content(tmp_path / "c"), content(tmp_path / "d")
    for files in found:
        del files["manifest.json"]
    assert found[0] == found[1]


@settings(max_examples=60)
@given(
    st.lists(st.lists(st.sampled_from(["a", "7", "1234", "B", "é", "."]), max_size=5), max_size=9),
    st.lists(st.integers(0, 9), max_size=3),
    st.sampled_from([6, 40]),
)
def test_digests_do_not_depend_on_pieces_and_files(
    tmp_path_factory: pytest.TempPathFactory, texts: list[list[str]], cuts: list[int], chunk: int
):
    documents = [" ".join(words) for words in texts] + ["7"]
    folder = tmp_path_factory.mktemp("d")
    borders = sorted({0, len(documents), *(min(cut, len(documents)) for cut in cuts)})
    for number, (begin, end) in enumerate(itertools.pairwise(borders)):
        (folder / f"{number}.txt").write_text("\n\n".join(documents[begin:end]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "CHUNK", chunk)
        patch.setattr(pieces, "CHUNKS_PER_PIECE", 1)
        patch.setattr(sources, "RANGE", 12)
        found = encode(folder, errors="replace").manifest["duplicates"]["documents"]
    # What the tokenizer leaves of a document, other numbers as they are written.
    kept = [tuple(d.lower().split()) for d in documents if d]
    assert found == len(kept) - len(set(kept))
