"""Perturbations against their definitions, spelled out token by token."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordnum.corpus.cutting import ContextLength, Isolate
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.perturbations import Joined, Original, parse_perturbation, parts_of, prepare
from wordnum.corpus.rewriting import SwapNumbers, UnigramReplace
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.corpus.thinning import Thin
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import InputError, UsageError

N, OTHER, WORD = 10, 10, 12
VOCABULARY = Vocabulary.from_words(["a", "b"], numerals=NumeralScheme(size=N))

documents = st.lists(st.lists(st.integers(0, 13), min_size=1, max_size=30), min_size=1, max_size=8)


def corpus_of(texts: list[list[int]]) -> EncodedCorpus:
    starts = np.cumsum([0, *map(len, texts)])
    return EncodedCorpus.from_arrays(np.concatenate(texts), starts, VOCABULARY, n_blocks=3)


def segments(corpus: EncodedCorpus, perturbation: str) -> list[list[int]]:
    """Segments of the perturbed text, in order."""
    prepared = prepare(perturbation, corpus)
    found = []
    for block in corpus.blocks():
        text = prepared.apply(block)
        found += [text.ids[a:b].tolist() for a, b in itertools.pairwise(text.starts) if a < b]
    return found


def isolated(text: list[int], k: int, cut: str, count_other: bool) -> list[list[int]]:
    """Isolate by its definition: a loop over the numbers of one segment."""
    marks = [i for i, token in enumerate(text) if token < N + count_other]
    cuts = []
    for rank in range(k, len(marks), k):
        here, there = marks[rank - 1], marks[rank]
        cuts.append({"midway": (here + there + 1) // 2, "before": there, "after": here + 1}[cut])
    return [text[a:b] for a, b in itertools.pairwise([0, *cuts, len(text)])]


@settings(max_examples=60, deadline=None)
@given(documents, st.integers(1, 7))
def test_context_length_cuts_documents_into_chunks(texts: list[list[int]], length: int):
    expected = [t[i : i + length] for t in texts for i in range(0, len(t), length)]
    assert segments(corpus_of(texts), f"context-length:{length}") == expected


@settings(max_examples=120, deadline=None)
@given(
    documents, st.integers(1, 4), st.sampled_from(["midway", "before", "after"]), st.booleans()
)  # fmt: skip
def test_isolate_leaves_k_numbers_per_segment(
    texts: list[list[int]], k: int, cut: str, count_other: bool
):
    name = Isolate(k, cut=cut, count_other=count_other).name  # type: ignore[arg-type]
    found = segments(corpus_of(texts), name)
    assert found == [part for t in texts for part in isolated(t, k, cut, count_other)]
    assert all(sum(token < N + count_other for token in part) <= k for part in found)


@settings(max_examples=60, deadline=None)
@given(documents, st.integers(1, 3), st.integers(1, 6))
def test_cuts_are_joined_from_left_to_right(texts: list[list[int]], k: int, length: int):
    corpus = corpus_of(texts)
    chunks = [t[i : i + length] for t in texts for i in range(0, len(t), length)]
    expected = [part for chunk in chunks for part in isolated(chunk, k, "midway", False)]
    assert segments(corpus, f"context-length:{length}+isolate:{k}") == expected
    parts = [part for t in texts for part in isolated(t, k, "midway", False)]
    expected = [p[i : i + length] for p in parts for i in range(0, len(p), length)]
    assert segments(corpus, f"isolate:{k}+context-length:{length}") == expected


def test_cutting_before_a_number_takes_its_left_context_away():
    text = [WORD, 1, WORD, WORD, 2, WORD]
    assert segments(corpus_of([text]), "isolate:1:before") == [text[:4], text[4:]]
    assert segments(corpus_of([text]), "isolate:1:after") == [text[:2], text[2:]]
    assert segments(corpus_of([text]), "isolate:1") == [text[:3], text[3:]]


def test_positions_beyond_two_billion_do_not_wrap():
    starts, far = np.array([0, 2**32]), 2**31 - 2
    marks = np.array([far, far + 9, far + 20])
    assert Isolate(1).borders(starts, marks).tolist() == [0, far + 5, far + 15, 2**32]
    assert ContextLength(2**31).borders(starts).tolist() == [0, 2**31, 2**32]


def test_other_numbers_count_when_asked():
    text = [1, WORD, OTHER, WORD, 2]
    assert segments(corpus_of([text]), "isolate:1") == [text[:2], text[2:]]
    assert segments(corpus_of([text]), "isolate:1:other") == [text[:1], text[1:3], text[3:]]


def test_thinning_keeps_documents_at_random_by_their_ordinal():
    corpus = SyntheticCorpus(n_documents=4000, length=5).encoded()
    prepared = parse_perturbation("thin:0.3", random_state=5).prepare(corpus)
    kept = prepared.kept(np.arange(4000))
    assert abs(kept.mean() - 0.3) < 4 * np.sqrt(0.3 * 0.7 / 4000)
    again = parse_perturbation("thin:0.3", random_state=5).prepare(corpus)
    assert np.array_equal(kept[1000:2000], again.kept(np.arange(1000, 2000)))
    other = parse_perturbation("thin:0.3", random_state=6).prepare(corpus).kept(np.arange(4000))
    assert abs((kept & other).mean() - 0.09) < 0.02
    assert Thin(1.0).prepare(corpus).kept(np.arange(4000)).all()


def test_more_thinning_keeps_a_part_of_what_less_thinning_keeps():
    corpus = SyntheticCorpus(n_documents=500, length=5).encoded()
    half, tenth = (Thin(f).prepare(corpus).kept(np.arange(500)) for f in (0.5, 0.1))
    assert (half | ~tenth).all()


def test_thinned_text_is_the_kept_documents():
    texts = [[i % N, WORD, WORD + 1] * (i % 3 + 1) for i in range(40)]
    corpus = corpus_of(texts)
    kept = Thin(0.5).prepare(corpus).kept(np.arange(40))
    assert 5 < kept.sum() < 35
    assert segments(corpus, "thin:0.5") == [t for t, keep in zip(texts, kept) if keep]


@pytest.mark.parametrize("name", ["swap-numbers", "swap-numbers:sequence", "unigram-replace"])
def test_rewriting_touches_numbers_only(name: str):
    corpus = SyntheticCorpus(n_documents=50, length=60, density=0.2, size=N).encoded()
    prepared = parse_perturbation(name).prepare(corpus)
    moved = 0
    for block in corpus.blocks():
        text = prepared.apply(block)
        number = block.ids < N
        assert np.array_equal(text.ids[~number], block.ids[~number])
        assert (text.ids[number] < N).all()
        assert np.array_equal(text.starts, block.starts)
        moved += int((text.ids != block.ids).sum())
    assert moved > 0


def test_rewrites_come_before_cuts_and_after_thinning():
    corpus = SyntheticCorpus(n_documents=60, length=60, density=0.2, size=N).encoded()
    one = segments(corpus, "isolate:1+swap-numbers+thin:0.5")
    assert one == segments(corpus, "thin:0.5+swap-numbers+isolate:1")
    numbers = sorted(token for part in one for token in part if token < N)
    kept = sorted(token for part in segments(corpus, "thin:0.5") for token in part if token < N)
    assert numbers == kept


def test_the_original_is_the_block_itself():
    corpus = corpus_of([[1, WORD], [WORD]])
    block = corpus.block(0)
    assert Original().prepare(corpus).apply(block) is block
    assert Joined(()).name == "original"


def test_a_corpus_of_zeros_has_numbers_to_rewrite():
    corpus = corpus_of([[0, WORD, 0], [0]])
    for name in ("swap-numbers", "swap-numbers:sequence", "unigram-replace"):
        assert segments(corpus, name) == [[0, WORD, 0], [0]]


@pytest.mark.parametrize("name", ["swap-numbers", "unigram-replace", "thin:0.9+unigram-replace"])
def test_nothing_to_rewrite_is_said(name: str):
    with pytest.raises(InputError, match="no number to rewrite\n  got: 0 number tokens"):
        parse_perturbation(name).prepare(corpus_of([[WORD], [WORD, OTHER]]))


@pytest.mark.parametrize(
    "perturbation",
    [
        Original(), ContextLength(8), Isolate(2), Isolate(1, cut="before"), Isolate(3, cut="after"),
        Isolate(1, count_other=True), Isolate(1, cut="after", count_other=True), SwapNumbers(),
        SwapNumbers(reach=4), SwapNumbers(variant="sequence"), UnigramReplace(), Thin(0.25),
        Joined((Thin(0.1), SwapNumbers(), Isolate(1))),
    ],
    ids=lambda p: p.name,
)  # fmt: skip
def test_names_are_read_back(perturbation):
    assert parts_of(parse_perturbation(perturbation.name)) == parts_of(perturbation)


def test_the_seed_goes_to_every_random_part():
    parts = parts_of(parse_perturbation("thin:0.5+swap-numbers+unigram-replace", random_state=7))
    assert [part.random_state for part in parts] == [7, 7, 7]  # type: ignore[attr-defined]


INTEGERS = ("isolate", "context-length", "swap-numbers")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("isolat:1", r"did you mean 'isolate'\?"),
        ("isolate", "expected: isolate:K, isolate:K:before"),
        ("isolate:0", r"isolate cannot be 0\n  expected: an integer of at least 1 and"),
        ("isolate:1:middle", "unknown place to cut 'middle'"),
        ("isolate:1:before:after", "options of the perturbation 'isolate:1:before:after' cannot"),
        (
            "context-length:2.5",
            "options of .*\n  expected: context-length:L\n  got: ValueError: .*'2.5'",
        ),
        ("context-length:-1", "context length cannot be -1"),
        ("thin:0", r"a fraction in \(0, 1\]\n  got: 0.0"),
        ("thin:1.5", r"a fraction in \(0, 1\]"),
        ("swap-numbers:300", "reach of swap-numbers cannot be 300\n.* at least 1 and at most 255"),
        *((f"{name}:{9**30}", f"cannot be {9**30}") for name in INTEGERS),
        *((f"{name}:{'9' * 5000}", "expected: ") for name in INTEGERS),
        ("thin:nan", r"a fraction in \(0, 1\]"),
        ("thin:1e999", r"a fraction in \(0, 1\]"),
        ("original+", "unknown perturbation ''"),
        ("unigram-replace:1", "expected: unigram-replace"),
    ],
)
def test_what_is_no_perturbation_is_said(text: str, message: str):
    with pytest.raises(UsageError, match=message):
        parse_perturbation(text)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.text(st.sampled_from("isolatethnswp-:+0123456789.e٣ "), max_size=12)
        | st.sampled_from(
            ["isolate", "thin", "swap-numbers", ":", "+", "context-length", "1", "-3"]
        ),
        max_size=5,
    ).map("".join)
)
def test_any_text_is_a_perturbation_or_a_clear_refusal(text: str):
    try:
        perturbation = parse_perturbation(text)
    except UsageError:
        return
    assert parts_of(parse_perturbation(perturbation.name)) == parts_of(perturbation)
