"""Objects show themselves: one line, the facts under `print`, a table in a notebook."""

from __future__ import annotations

import re

import numpy as np
import pytest

import wordnum as wn

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def objects() -> dict[str, object]:
    corpus = wn.SyntheticCorpus(n_documents=60, size=100, residue_words={10: 0.5}).encoded()
    counts = wn.count(corpus, window=2)
    embedding = wn.SVD(dim=5).fit_transform(counts.signal("text"))
    return {
        "corpus": corpus,
        "counts": counts,
        "word counts": wn.count_words(corpus, window=2),
        "signal": counts.signal("text"),
        "embedding": embedding,
        "probe": wn.probe(embedding, moduli=[2, 5], nulls=19),
        "separability": wn.separability(embedding, moduli=[2, 5]),
    }


NAMES = ["corpus", "counts", "word counts", "signal", "embedding", "probe", "separability"]


@pytest.mark.parametrize("name", NAMES)
def test_print_tells_more_than_the_line_of_repr(objects: dict[str, object], name: str):
    shown = objects[name]
    assert "\n" not in repr(shown)
    assert len(repr(shown)) < 200
    assert str(shown).startswith(repr(shown) + "\n")


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_shows_a_table_whose_tags_are_closed(objects: dict[str, object], name: str):
    html = objects[name]._repr_html_()  # type: ignore[attr-defined]
    for tag in ("table", "tr", "td", "th"):
        assert len(re.findall(rf"<{tag}[ >]", html)) == html.count(f"</{tag}>") > 0


def test_the_facts_are_those_of_the_corpus(objects: dict[str, object]):
    corpus = objects["corpus"]
    assert isinstance(corpus, wn.EncodedCorpus)
    top = int(np.argmax(corpus.number_counts))
    assert f"{corpus.n_tokens:,}" in str(corpus)
    assert f"{top} ({corpus.number_counts[top]:,})" in str(corpus)


def test_words_of_a_text_are_no_markup_in_a_notebook():
    words = wn.Vocabulary.from_words([HOSTILE])
    corpus = wn.EncodedCorpus.from_arrays([1002, 7, 1002, 8], [0, 2, 4], words)
    assert HOSTILE in str(corpus)
    assert HOSTILE not in corpus._repr_html_()
    embedding = wn.Embedding(np.eye(3), name=HOSTILE)
    assert HOSTILE not in embedding._repr_html_()
