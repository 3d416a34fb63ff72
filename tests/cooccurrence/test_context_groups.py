"""Context groups: a partition of the columns that users may extend."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wordnum.cooccurrence.context_groups import REST, context_groups, group_names
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import FormatError, InputError

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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[pets", "cannot be read"),
        ("[pets]\nword = ['cat']", "unknown key 'word'"),
        ("[pets]\nwords = 'cat'", "words that are not strings"),
        ("[pets]\nwords = [1]", "words that are not strings"),
        ("[pets]\npatterns = ['(']", "cannot be read"),
        ("pets = 3", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, text: str, message: str):
    path = tmp_path / "groups.toml"
    path.write_text(text)
    with pytest.raises(FormatError, match=message) as caught:
        context_groups(Vocabulary.from_words(["cat"]), path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(InputError, match="no such file"):
        group_names(tmp_path / "none.toml")
