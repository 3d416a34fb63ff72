"""Masks: how they are written, what they take away, and the random ones beside them."""

import json
import logging

import numpy as np
import pytest

from wordnum.cooccurrence.counting import count
from wordnum.cooccurrence.groups import context_groups
from wordnum.cooccurrence.masking import Mask, MaskRandom
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.perturbations import Joined, parse_perturbation, prepare
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import FormatError, InputError, UsageError

WORDS = Vocabulary.from_words(
    ["about", "over", "km", ",", "c++", "rare", "most", "often"], numerals=NumeralScheme(size=20)
)
ABOUT, OVER, KM, COMMA, CPP, RARE, MOST, OFTEN = range(22, 30)


def corpus_of(*documents: list[int]) -> EncodedCorpus:
    starts = np.cumsum([0, *map(len, documents)])
    return EncodedCorpus.from_arrays(np.concatenate(documents), starts, WORDS, n_blocks=1)


@pytest.fixture(scope="module")
def real_size() -> EncodedCorpus:
    return SyntheticCorpus(n_documents=300, length=200, density=0.1, n_fillers=500).encoded()


def masked(corpus: EncodedCorpus, mask) -> list[str]:
    about = prepare(mask, corpus).about
    return about.get("masked", about.get("masked_at_random"))


def test_words_become_unknown_and_hold_their_place():
    corpus = corpus_of([ABOUT, 7, KM, OVER], [KM, ABOUT])
    text = prepare("mask:about,over", corpus).apply(corpus.block(0))
    assert text.ids.tolist() == [WORDS.unknown, 7, KM, WORDS.unknown, KM, WORDS.unknown]
    assert text.starts.tolist() == [0, 4, 6]


@pytest.mark.parametrize("signal", ["text", "both"])
def test_a_mask_is_the_same_as_deleting_the_columns(real_size: EncodedCorpus, signal: str):
    words = [real_size.vocabulary.words[i] for i in (0, 3, 70, 71)]
    counts = count(real_size, perturbation=Mask(words), window=4)
    deleted = count(real_size, window=4).signal(signal, without=words)
    assert (counts.signal(signal, without=words).matrix() != deleted.matrix()).nnz == 0
    assert counts.signal(signal, contexts=words).matrix().nnz == 0
    assert counts.provenance["masked"] == words


@pytest.mark.parametrize(
    "words", [("about",), ("over", "about"), (",", "c++"), ("50%", "a:b", "a@b")]
)
@pytest.mark.parametrize("kind", ["mask", "mask-random"])
def test_a_name_is_read_back_as_what_it_names(kind: str, words: tuple[str, ...]):
    mask = Mask(words)
    named = mask if kind == "mask" else MaskRandom(mask, random_state=3)
    assert named.name.startswith(f"{kind}:")
    assert parse_perturbation(named.name, random_state=3) == named
    joined = Joined((parse_perturbation("isolate:1"), named))
    assert parse_perturbation(joined.name, random_state=3).name == joined.name


def test_a_file_is_part_of_the_name_by_its_content(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "strong.txt").write_text("about\n\n ,\nover\nabout\n", encoding="utf-8")
    mask = parse_perturbation("mask:strong.txt")
    assert mask.words == ("about", ",", "over")
    assert parse_perturbation(mask.name) == mask
    (tmp_path / "strong.txt").write_text("about\n")
    assert parse_perturbation("mask:strong.txt").name != mask.name
    with pytest.raises(UsageError, match="the words in strong.txt have changed"):
        parse_perturbation(mask.name)
    with pytest.raises(InputError, match="no such file: absent.txt"):
        parse_perturbation("mask:absent.txt")
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9\n")
    with pytest.raises(FormatError, match="no text in UTF-8"):
        parse_perturbation("mask:latin.txt")


def test_the_first_words_of_a_table_are_masked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = {"5": ["about", "over", "about", "km"], "10": ["over"]}
    rows = {T: {"words": [{"word": w} for w in words]} for T, words in table.items()}
    (tmp_path / "both.json").write_text(json.dumps(rows))
    (tmp_path / "one.json").write_text(json.dumps({"5": rows["5"]}))
    assert parse_perturbation("mask:one.json:2").words == ("about", "over")
    assert parse_perturbation("mask:both.json:3:5").words == ("about", "over", "km")
    mask = parse_perturbation("mask:both.json:1:10")
    assert parse_perturbation(mask.name) == mask
    for wrong in ("both.json:1", "one.json:4", "one.json:0", "both.json:1:3"):
        with pytest.raises(UsageError, match="words to mask") as error:
            parse_perturbation(f"mask:{wrong}")
        assert "--top" in str(error.value)
    for text in ("[1]", "about", '{"x": 1}', '{"5": {"words": [3]}}', "[" * 5000):
        (tmp_path / "bad.json").write_text(text)
        with pytest.raises(FormatError, match="no table of words"):
            parse_perturbation("mask:bad.json:1")


def test_a_group_is_masked_without_its_numbers(real_size: EncodedCorpus):
    vocabulary = Vocabulary.from_words(["km", "cat", "$"])
    corpus = EncodedCorpus.from_arrays([1002, 7, 1003, 1004], [0, 4], vocabulary)
    assert masked(corpus, "mask:group:units") == ["km"]
    ids = context_groups(vocabulary)["units"]
    assert prepare("mask:group:units", corpus).steps[0].ids.tolist() == ids.tolist()
    for name, message in (("pets", "unknown context group 'pets'"), ("percent", "names no word")):
        with pytest.raises(UsageError, match=message):
            prepare(f"mask:group:{name}", corpus)


def test_a_mask_that_names_no_word_is_refused_and_one_that_names_some_says_so(caplog):
    corpus = corpus_of([ABOUT, 7])
    with pytest.raises(UsageError, match="names no word of the vocabulary") as error:
        prepare("mask:unheard,abot", corpus)
    assert "to do: abot: did you mean 'about'" in str(error.value)
    with pytest.raises(UsageError, match="7 is a number"):
        prepare("mask:about,7", corpus)
    with caplog.at_level(logging.WARNING, logger="wordnum"):
        assert masked(corpus, "mask:about,unheard") == ["about"]
    assert "masks 1 of its 2 words; not in the vocabulary: unheard (unheard: " in caplog.text


@pytest.mark.parametrize(
    "wrong", ["mask", "mask:", "mask:,", "mask:a:b", "mask:group", "mask:x.json:two", "mask-random"]
)
def test_what_cannot_be_read_says_how_a_mask_is_written(wrong: str):
    with pytest.raises(UsageError) as error:
        parse_perturbation(wrong)
    assert "WORDS" in str(error.value)


def test_random_words_are_as_frequent_near_numbers_and_none_of_the_mask(real_size: EncodedCorpus):
    words = [real_size.vocabulary.words[i] for i in (80, 100, 150, 300, 301)]
    matrix = count(real_size, window=5).signal("text").matrix()
    near = dict(zip(real_size.vocabulary.words, matrix.sum(axis=0)))
    drawn = [masked(real_size, MaskRandom(Mask(words), seed)) for seed in range(20)]
    for one in drawn:
        assert len(one) == 5 == len(set(one) - set(words))
        assert sum(map(near.get, one)) == pytest.approx(sum(map(near.get, words)), rel=0.2)
    assert len({tuple(one) for one in drawn}) > 10
    assert masked(real_size, MaskRandom(Mask(words), 3)) == drawn[3]


def test_words_near_numbers_are_those_of_the_same_document():
    """Of 'most', five tokens from 7 but in another document, nothing is near."""
    corpus = corpus_of([ABOUT, 7, KM], [MOST, MOST, OFTEN])
    assert masked(corpus, MaskRandom(Mask(("about",)))) == ["km"]
    with pytest.raises(InputError, match="too few words") as error:
        masked(corpus, MaskRandom(Mask(("about", "km"))))
    assert "at least 2 other words near numbers" in str(error.value)
