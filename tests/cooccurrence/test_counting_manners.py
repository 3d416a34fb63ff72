"""What counting takes: corpora and their folders, integers of any type, and clear refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wordnum.cooccurrence.counting import count, count_conditions
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.expectations import expected_counts
from wordnum.cooccurrence.windows import Window
from wordnum.cooccurrence.word_counts import WordCounts
from wordnum.cooccurrence.word_pairs import count_words
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.encoding import encode
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.errors import UsageError


def counted_conditions(corpus: Any, **way: Any) -> Counts:
    return count_conditions(corpus, perturbations=["original"], **way)["original"]


def expected(corpus: Any, *, random_state: int = 0, **way: Any) -> Any:
    return expected_counts(corpus, "unigram-replace", **way)


VERBS = [count, counted_conditions, count_words, expected]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> EncodedCorpus:
    folder = tmp_path_factory.mktemp("manners")
    text = folder / "text.txt"
    text.write_text("\n\n".join(SyntheticCorpus(n_documents=60, length=40, density=0.2)))
    return encode([text], folder / "corpus")


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.__name__)
@pytest.mark.parametrize("kind", [Path, str])
def test_the_folder_of_a_corpus_is_a_corpus(verb: Any, kind: type, corpus: EncodedCorpus):
    assert verb(kind(corpus.path), window=2).fingerprint == verb(corpus, window=2).fingerprint


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.__name__)
@pytest.mark.parametrize("window", [np.int64(3), np.uint8(3), Window(3), Window(size=3)])
def test_a_window_is_any_integer_or_a_window(
    verb: Any, window: Any, corpus: EncodedCorpus, tmp_path: Path
):
    counts = verb(corpus, window=window)
    assert counts.fingerprint == verb(corpus, window=3).fingerprint
    assert type(counts).load(counts.save(tmp_path / "c")).fingerprint == counts.fingerprint


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.__name__)
@pytest.mark.parametrize("window", [3.0, 0, -1, True, "3", None, 99999999999999999999])
def test_what_is_no_window_is_refused(verb: Any, window: Any, corpus: EncodedCorpus):
    with pytest.raises(UsageError, match="the size of a window cannot be"):
        verb(corpus, window=window)


@pytest.mark.parametrize("verb", [count, count_words])
@pytest.mark.parametrize("seed", [np.int64(3), np.uint32(3), 2**32 - 1])
def test_a_seed_is_any_integer(verb: Any, seed: Any, corpus: EncodedCorpus, tmp_path: Path):
    way = {"perturbation": "thin:0.5+swap-numbers", "window": 2}
    counts = verb(corpus, random_state=seed, **way)
    assert counts.fingerprint == verb(corpus, random_state=int(seed), **way).fingerprint
    again = type(counts).load(counts.save(tmp_path / "c"))
    assert again.provenance == counts.provenance


@pytest.mark.parametrize("verb", [count, count_words])
@pytest.mark.parametrize("seed", [-1, 2**32, 1.0, True, "0", None])
def test_what_is_no_seed_is_refused(verb: Any, seed: Any, corpus: EncodedCorpus):
    with pytest.raises(UsageError, match="random_state cannot be"):
        verb(corpus, perturbation="swap-numbers", random_state=seed, window=2)


def test_the_windows_of_a_signal_are_as_those_of_counting(corpus: EncodedCorpus):
    counts = count(corpus, window=3)
    for window in (2, np.int64(2), Window(2)):
        matrix = counts.signal("text", window=window).matrix()
        assert (matrix != counts.signal("text", window=Window(size=2)).matrix()).nnz == 0


def test_one_window_is_the_default_of_all(corpus: EncodedCorpus):
    assert count(corpus).window_size == expected(corpus).window_size == Window().size == 5
    words = count_words(corpus)
    assert isinstance(words, WordCounts)
    assert words.window == Window(5)


@pytest.mark.parametrize("other", [{"side": "left"}, {"weighting": "linear"}, {"positional": True}])
def test_numbers_are_counted_on_both_sides(corpus: EncodedCorpus, other: dict[str, Any]):
    with pytest.raises(UsageError, match="numbers are counted at every distance"):
        count(corpus, window=Window(2, **other))
