"""Context groups: a partition of the columns that users may extend."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wordnum.cooccurrence.groups import REST, context_groups, group_names
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import FormatError, InputError, UsageError

WORDS = {
    "ordinal suffixes": ["st", "nd", "rd", "th"],
    "currency": ["$", "euros", "dollars"],
    "percent": ["%", "percent"],
    "units": ["km", "°", "mph", "metres"],
    "months and dates": ["january", "december", "monday"],
    "era and age": ["bc", "aged", "years"],
    "page and section": ["page", "chapter", "pp"],
    "punctuation": [",", ".", "(", "–"],
    "function words": ["the", "of", "and"],
    REST: ["cat", "zyzzyva"],
}


def test_the_groups_of_the_design_are_there_and_the_rest_is_last():
    names = group_names()
    assert names[-1] == REST
    assert len(names) == len(set(names)) >= 11
    assert any("number" in name for name in names)


def test_every_context_is_in_exactly_one_group():
    words = [word for group in WORDS.values() for word in group]
    vocabulary = Vocabulary.from_words(words)
    groups = context_groups(vocabulary)
    assert list(groups) == group_names()
    together = np.concatenate(list(groups.values()))
    columns = [*range(1000), *range(1002, 1002 + len(words))]
    assert sorted(together.tolist()) == columns
    assert all((np.diff(ids) > 0).all() for ids in groups.values())


@pytest.mark.parametrize("group", list(WORDS))
def test_words_are_in_the_group_they_are_known_by(group: str):
    vocabulary = Vocabulary.from_words([word for words in WORDS.values() for word in words])
    found = {
        vocabulary.token(i): name for name, ids in context_groups(vocabulary).items() for i in ids
    }
    names = {found[word] for word in WORDS[group]}
    assert len(names) == 1
    assert set(group.split()) & set(names.pop().replace(",", "").split())


def test_numbers_are_a_group_of_their_own():
    vocabulary = Vocabulary.from_words(["a"], numerals=NumeralScheme(size=10))
    groups = context_groups(vocabulary)
    (name,) = (name for name, ids in groups.items() if 3 in ids)
    assert groups[name].tolist() == list(range(10))


def test_groups_of_ones_own_take_precedence(tmp_path: Path):
    path = tmp_path / "groups.toml"
    path.write_text('[pets]\nwords = ["cat"]\npatterns = ["zyz.*"]\n[currency]\nwords = ["km"]\n')
    vocabulary = Vocabulary.from_words(["cat", "zyzzyva", "km", "$", "the"])
    groups = context_groups(vocabulary, path)
    assert list(groups)[:2] == ["pets", "currency"]
    assert list(groups)[-1] == REST
    assert groups["pets"].tolist() == [1002, 1003]
    assert groups["currency"].tolist() == [1004]
    assert 1005 not in groups["currency"]


def test_groups_are_named_in_python_too():
    vocabulary = Vocabulary.from_words(["cat", "dog", "km"], numerals=NumeralScheme(size=10))
    groups = context_groups(
        vocabulary,
        {
            "pets": ["cat", "dog", "parrot"],
            "round": [0, np.int64(5)],
            "k": {"words": ["7"], "patterns": ["k.*"]},
        },
        language=None,
    )
    assert {name: ids.tolist() for name, ids in groups.items()} == {
        "pets": [12, 13], "round": [0, 5], "k": [7, 14], REST: [1, 2, 3, 4, 6, 8, 9]
    }  # fmt: skip


def test_the_first_group_that_names_a_word_has_it():
    vocabulary = Vocabulary.from_words(["cat", "dog"])
    groups = context_groups(vocabulary, {"a": ["cat"], "b": ["cat", "dog"], REST: ["cat"]})
    assert groups["a"].tolist() == [1002]
    assert groups["b"].tolist() == [1003]
    assert list(groups)[-1] == REST


@pytest.mark.parametrize("language", ["de", "fr", "xx"])
def test_any_language_has_groups(language: str):
    stop = {"de": "und", "fr": "et", "xx": "zzz"}[language]
    vocabulary = Vocabulary.from_words([stop, "€", "»", "km"], numerals=NumeralScheme(size=10))
    groups = context_groups(vocabulary, {"units": ["km"]}, language=language)
    assert list(groups) == group_names({"units": []}, language=language)
    assert groups["units"].tolist() == [15]
    assert groups["currency"].tolist() == [13]
    assert groups["punctuation"].tolist() == [14]
    assert groups["numbers"].tolist() == list(range(10))
    assert groups["function words"].tolist() == ([] if language == "xx" else [12])


def test_groups_of_ones_own_may_name_their_language():
    names = group_names({"language": "de", "pets": ["katze"]}, language=None)
    assert names == ["pets", "currency", "numbers", "punctuation", "function words", REST]


def test_a_language_that_does_not_exist_is_named():
    with pytest.raises(UsageError, match="spaCy knows no language 'qq'"):
        group_names(language="qq")


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({"pets": "cat"}, "a table was expected(.|\n)*'cat'(.|\n)*'pets'"),
        ({"pets": 7}, "a table was expected"),
        ({"pets": [1.5]}, "words cannot be read"),
        ({"pets": [True]}, "words cannot be read"),
        ({"pets": [-1]}, "no context -1\n  expected: ids from 0 to 1002"),
        ({"pets": [1003]}, "no context 1003"),
        ({"pets": {"word": ["cat"]}}, "unknown key 'word'"),
        ({"pets": {"patterns": ["("]}}, "a pattern cannot be read"),
        ({"pets": {"patterns": ["a{99999999999}"]}}, "a pattern cannot be read"),
    ],
)
def test_groups_that_cannot_be_used_are_refused(groups, message: str):
    with pytest.raises(UsageError, match=message):
        context_groups(Vocabulary.from_words(["cat"]), groups)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[pets", "cannot be read"),
        ("[pets]\nword = ['cat']", "unknown key 'word'"),
        ("[pets]\nwords = 'cat'", "words cannot be read"),
        ("[pets]\nwords = [1.5]", "words cannot be read"),
        ("[pets]\npatterns = ['(']", "a pattern cannot be read"),
        ("pets = 3", "a table was expected"),
        ("pets = " + "9" * 4301, "cannot be read"),
        ("pets = " + "[" * 3000, "cannot be read"),
        ("[pets]\npatterns = ['" + "(" * 3000 + ")" * 3000 + "']", "a pattern cannot be read"),
    ],
    ids=range(9),
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, text: str, message: str):
    path = tmp_path / "groups.toml"
    path.write_text(text)
    with pytest.raises((FormatError, UsageError), match=message) as caught:
        context_groups(Vocabulary.from_words(["cat"]), path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(InputError, match="no such file"):
        group_names(tmp_path / "none.toml")
