"""What holds for every perturbation: all that are registered, and two written here."""

from __future__ import annotations

import pickle
import runpy
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wordnum.cooccurrence.counting import count
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.expectations import expected_counts
from wordnum.cooccurrence.windows import Window
from wordnum.cooccurrence.word_pairs import count_words
from wordnum.corpus import perturbations
from wordnum.corpus.encoded_corpus import Block, EncodedCorpus
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.perturbations import (
    Joined,
    Perturbation,
    PerturbedCorpus,
    parse_perturbation,
    perturbation_forms,
    prepare,
)
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.embeddings.text_models import block_reader
from wordnum.errors import InputError, UsageError

N = 20
VOCABULARY = Vocabulary.from_words([".", ",", "a", "b", "c"], numerals=NumeralScheme(size=N))
PUNCTUATION = [VOCABULARY.id(mark) for mark in ".,"]


@dataclass(frozen=True)
class MaskPunctuation:
    """Punctuation becomes unknown, and holds its place."""

    name = "mask-punctuation"

    def prepare(self, corpus: Any) -> _Masking:
        return _Masking(np.array(PUNCTUATION), corpus.vocabulary.unknown)


@dataclass(frozen=True, eq=False)
class _Masking:
    ids: np.ndarray
    unknown: int

    def apply(self, block: Block) -> Block:
        return replace(block, ids=np.where(np.isin(block.ids, self.ids), self.unknown, block.ids))


@dataclass(frozen=True)
class DropPunctuation:
    """Punctuation is left out, and the gap closes."""

    name = "drop-punctuation"

    def prepare(self, corpus: Any) -> _Dropping:
        return _Dropping(np.array(PUNCTUATION))


@dataclass(frozen=True, eq=False)
class _Dropping:
    ids: np.ndarray

    def apply(self, block: Block) -> Block:
        keep = ~np.isin(block.ids, self.ids)
        starts = np.concatenate([[0], np.cumsum(keep)])[block.starts]
        return replace(block, ids=block.ids[keep], starts=starts)


EVERY = [
    "original",
    "context-length:4",
    "isolate:1",
    "isolate:2:before",
    "isolate:1:other",
    "swap-numbers",
    "swap-numbers:sequence",
    "unigram-replace",
    "thin:0.5",
    "mask:a,%2C",
    "mask-random:b,.",
    "thin:0.5+swap-numbers+isolate:1",
    MaskPunctuation(),
    DropPunctuation(),
    Joined((parse_perturbation("isolate:1+thin:0.7+unigram-replace"), DropPunctuation())),
]


@pytest.fixture(params=EVERY, ids=lambda p: p if isinstance(p, str) else p.name)
def perturbation(request: pytest.FixtureRequest) -> Any:
    return request.param


def corpus_of(documents: list[list[int]], n_blocks: int = 4) -> EncodedCorpus:
    starts = np.cumsum([0, *map(len, documents)])
    return EncodedCorpus.from_arrays(np.concatenate(documents), starts, VOCABULARY, n_blocks)


@pytest.fixture(scope="module")
def documents() -> list[list[int]]:
    rng = np.random.default_rng(0)
    ids = np.array([*range(N), *[N] * 3, *[N + 1] * 3, *np.repeat(np.arange(N + 2, N + 7), 8)])
    return [rng.choice(ids, rng.integers(1, 40)).tolist() for _ in range(60)]


@pytest.fixture(scope="module")
def corpus(documents: list[list[int]]) -> EncodedCorpus:
    return corpus_of(documents)


def segments(corpus: EncodedCorpus, perturbation: Any) -> list[list[int]]:
    """Segments of the perturbed text that have a token, in order."""
    changed = PerturbedCorpus(corpus, prepare(perturbation, corpus))
    return [
        block.ids[low:high].tolist()
        for block in changed.blocks()
        for low, high in zip(block.starts[:-1], block.starts[1:])
        if low < high
    ]


def test_every_registered_perturbation_is_held_to_the_contract():
    names = "+".join(given if isinstance(given, str) else given.name for given in EVERY)
    assert {name.partition(":")[0] for name in names.split("+")} >= set(perturbations._OURS)


def test_it_has_a_name_and_does_the_same_again(corpus: EncodedCorpus, perturbation: Any):
    name = prepare(perturbation, corpus).name
    assert isinstance(name, str)
    assert segments(corpus, perturbation) == segments(corpus, perturbation)


def test_blocks_are_left_alone_and_what_comes_out_is_a_text(
    corpus: EncodedCorpus, perturbation: Any
):
    prepared = prepare(perturbation, corpus)
    for block in corpus.blocks():
        before = block.ids.copy(), block.starts.copy()
        text = prepared.apply(block)
        assert np.array_equal(before[0], block.ids)
        assert np.array_equal(before[1], block.starts)
        assert text.ids.max(initial=0) < len(VOCABULARY)
        assert (text.starts[0], text.starts[-1]) == (0, text.ids.size)
        assert (np.diff(text.starts) >= 0).all()
        assert 0 <= text.n_documents <= block.n_documents


def test_the_parting_into_blocks_changes_nothing(
    documents: list[list[int]], corpus: EncodedCorpus, perturbation: Any
):
    assert segments(corpus_of(documents, n_blocks=1), perturbation) == segments(
        corpus, perturbation
    )


def test_it_travels_to_other_processes(corpus: EncodedCorpus, perturbation: Any):
    prepared = prepare(perturbation, corpus)
    there = pickle.loads(pickle.dumps(prepared))
    for block in corpus.blocks():
        assert np.array_equal(there.apply(block).ids, prepared.apply(block).ids)


def events(counts: Counts) -> Counter:
    found: Counter = Counter()
    distances = Window(counts.window_size).distances
    for block in counts.blocks:
        table = block.matrix(len(VOCABULARY)).tocoo()
        for row, context, n in zip(table.row.tolist(), table.col.tolist(), table.data.tolist()):
            found[int(distances[row // N]), row % N, context] += n
    return found


def pairs(texts: list[list[int]], reach: int) -> Counter:
    """(distance, number, context) -> count, by a plain loop."""
    return Counter(
        (j - i, text[i], text[j])
        for text in texts
        for i in range(len(text))
        for j in range(max(0, i - reach), min(len(text), i + reach + 1))
        if i != j and text[i] < N and not N <= text[j] < N + 2
    )


def test_counts_are_those_of_a_plain_loop_over_the_text(corpus: EncodedCorpus, perturbation: Any):
    texts = segments(corpus, perturbation)
    counts = count(corpus, perturbation=perturbation, window=3)
    assert events(counts) == pairs(texts, 3)
    tokens = np.bincount(np.concatenate(texts), minlength=len(VOCABULARY))
    assert np.array_equal(counts.number_counts.sum(axis=0), tokens[:N])
    words = count_words(corpus, perturbation=perturbation, window=3)
    rows = counts.signal("both")
    assert (words.matrix()[:N, rows.columns] != rows.matrix()).nnz == 0
    assert counts.n_documents == words.n_documents


def test_models_that_train_on_text_read_the_same(corpus: EncodedCorpus, perturbation: Any):
    read, prepared = block_reader(corpus, perturbation), prepare(perturbation, corpus)
    for block in corpus.blocks():
        assert np.array_equal(read(block.index).ids, prepared.apply(block).ids)
        assert np.array_equal(read(block.index).starts, prepared.apply(block).starts)


def test_it_joins_with_others(corpus: EncodedCorpus, perturbation: Any):
    given = parse_perturbation(perturbation) if isinstance(perturbation, str) else perturbation
    joined = Joined((parse_perturbation("isolate:1"), given, parse_perturbation("thin:0.8")))
    texts = segments(corpus, joined)
    assert all(sum(token < N for token in text) <= 1 for text in texts)
    assert joined.isolates
    assert joined.loses_pairs


@pytest.mark.parametrize("signal", ["text", "both"])
def test_masking_is_the_same_as_deleting_the_columns(corpus: EncodedCorpus, signal: str):
    masked = count(corpus, perturbation=MaskPunctuation(), window=4)
    deleted = count(corpus, window=4).signal(signal, without=PUNCTUATION)
    kept = masked.signal(signal, without=PUNCTUATION)
    assert (kept.matrix() != deleted.matrix()).nnz == 0
    assert masked.signal(signal, contexts=PUNCTUATION).matrix().nnz == 0


def test_dropping_is_the_same_as_a_text_without_the_words(
    documents: list[list[int]], corpus: EncodedCorpus
):
    without = [[token for token in text if token not in PUNCTUATION] for text in documents]
    assert segments(corpus, DropPunctuation()) == [text for text in without if text]
    counts = count(corpus, perturbation=DropPunctuation(), window=3)
    assert events(counts) == pairs(without, 3)


class Nothing:
    """A name, and nobody who carries it out."""

    name = "nothing"

    def prepare(self, corpus: Any) -> None: ...


class Subclass(Perturbation):
    name = "subclass"  # type: ignore[assignment]


class Wild:
    name = "wild"

    def __init__(self, change: Any) -> None:
        self.change = change

    def prepare(self, corpus: Any) -> Wild:
        return self

    def apply(self, block: Block) -> Any:
        return self.change(block)


@pytest.mark.parametrize("nothing", [Nothing(), Subclass()], ids=lambda p: p.name)
def test_what_nothing_carries_out_is_an_error(corpus: EncodedCorpus, nothing: Any):
    with pytest.raises(UsageError, match=f"nothing carries out the perturbation '{nothing.name}'"):
        count(corpus, perturbation=nothing)


@pytest.mark.parametrize("other", [MaskPunctuation, object(), 3, None])
def test_what_is_no_perturbation_is_an_error(corpus: EncodedCorpus, other: Any):
    with pytest.raises(UsageError, match="this is no perturbation"):
        count(corpus, perturbation=other)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda block: None, "apply has returned no Block"),
        (lambda block: replace(block, ids=block.ids + 10**6), "what is no token id"),
        (lambda block: replace(block, ids=block.ids.astype(int) - 100), "what is no token id"),
        (lambda block: replace(block, ids=block.ids * 1.0), "what is no token id"),
        (lambda block: replace(block, starts=block.starts[1:]), "do not part the text"),
        (lambda block: replace(block, starts=block.starts[::-1]), "do not part the text"),
        (lambda block: replace(block, starts=[]), "do not part the text"),
        (lambda block: replace(block, ids=block.ids[:-1]), "do not part the text"),
    ],
)
def test_texts_that_are_none_reach_no_compiled_loop(
    corpus: EncodedCorpus, change: Any, message: str
):
    with pytest.raises(UsageError, match=f"the perturbation 'wild': .*{message}"):
        count(corpus, perturbation=Wild(change))


def test_a_failure_names_the_perturbation_and_keeps_its_cause(corpus: EncodedCorpus):
    joined = Joined((parse_perturbation("isolate:1"), Wild(lambda block: block.tokens)))
    with pytest.raises(InputError, match="perturbation 'wild' failed\n  got: AttributeError") as it:
        count(corpus, perturbation=joined)
    assert isinstance(it.value.__cause__, AttributeError)
    broken = Wild(None)
    broken.prepare = lambda corpus: {}["a"]  # type: ignore[method-assign]
    with pytest.raises(InputError, match="perturbation 'wild' failed\n  got: KeyError: 'a'"):
        count(corpus, perturbation=broken)


def test_lists_are_taken_for_arrays(corpus: EncodedCorpus):
    same = Wild(lambda block: replace(block, ids=block.ids.tolist(), starts=list(block.starts)))
    assert count(corpus, perturbation=same, window=2).n_events == count(corpus, window=2).n_events


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package of another's that registers two perturbations."""
    (tmp_path / "their_perturbations.py").write_text(
        "class Kept:\n"
        "    def __init__(self, first='a', second='b'):\n"
        "        self.name = f'kept:{first}:{second}'\n"
        "    def prepare(self, corpus):\n"
        "        return self\n"
        "    def apply(self, block):\n"
        "        return block\n"
        "class Seeded(Kept):\n"
        "    forms = 'seeded:X'\n"
        "    @classmethod\n"
        "    def from_options(cls, x, *, random_state):\n"
        "        return cls(str(int(x)), str(random_state))\n"
    )
    info = tmp_path / "their_perturbations-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: their_perturbations\nVersion: 1.0\n"
    )
    (info / "entry_points.txt").write_text(
        "[wordnum.perturbations]\nkept = their_perturbations:Kept\n"
        "seeded = their_perturbations:Seeded\nisolate = their_perturbations:Kept\n"
        "old = their_perturbations.not_there:Kept\nother = their_perturbations:NotThere\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("their_perturbations", None)


@pytest.mark.parametrize("name", ["old", "other"])
def test_a_package_that_cannot_be_loaded_is_named(installed: None, name: str):
    what = rf"'{name}' cannot be loaded, which the package their_perturbations 1.0 has registered\n"
    with pytest.raises(InputError, match=what + "(.|\n)*pip uninstall their_perturbations"):
        parse_perturbation(name)
    assert perturbation_forms()[name] == f"{name} (cannot be loaded)"
    with pytest.raises(UsageError, match=r"unknown perturbation 'odl'\n.*old \(cannot be loaded\)"):
        parse_perturbation("odl")


def test_perturbations_of_other_packages_are_found_by_name(installed: None, corpus: EncodedCorpus):
    assert parse_perturbation("kept:x:y").name == "kept:x:y"
    assert parse_perturbation("seeded:3+isolate:1", random_state=7).name == "kept:3:7+isolate:1"
    assert perturbation_forms()["seeded"] == "seeded:X"
    assert count(corpus, perturbation="kept", window=2).perturbation == "kept:a:b"
    for text, got in ("seeded", "TypeError: .*'x'"), ("seeded:abc", "ValueError: .*'abc'"):
        what = f"options of the perturbation '{text}' cannot be read\n  expected: seeded:X\n"
        with pytest.raises(UsageError, match=f"{what}  got: {got}"):
            parse_perturbation(text)


def test_the_worked_examples_work_as_written(tmp_path: Path, documents: list[list[int]]):
    text = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    example = "".join(part.partition("```")[0] for part in text.split("```python\n")[1:])
    (tmp_path / "example.py").write_text(example)
    made = runpy.run_path(str(tmp_path / "example.py"), run_name="__main__")
    for sevens in made["Sevens"](0.5), made["Sevens"].from_options("0.5", random_state=1):
        test_the_parting_into_blocks_changes_nothing(documents, corpus_of(documents), sevens)


@pytest.mark.parametrize("other", [MaskPunctuation(), DropPunctuation()], ids=lambda p: p.name)
def test_expectations_refuse_what_they_have_no_closed_form_for(corpus: EncodedCorpus, other: Any):
    joined = Joined((parse_perturbation("unigram-replace"), other))
    with pytest.raises(UsageError, match="no closed form"):
        expected_counts(corpus, joined, window=2)
