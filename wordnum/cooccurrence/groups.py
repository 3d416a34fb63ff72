"""Context groups: named sets of contexts that part the columns of every signal."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wordnum.config import build, read_toml
from wordnum.errors import UsageError

if TYPE_CHECKING:
    from wordnum.corpus.vocabulary import Vocabulary

REST = "the rest"
# A TOML file, or the contexts of each group by its name.
Groups = str | os.PathLike[str] | Mapping[str, Iterable[str | int] | Mapping[str, Any]]

_ENGLISH = Path(__file__).with_name("groups.toml")
# Groups of any language, in order of precedence, by spaCy's attributes of single words.
_ATTRIBUTES = {
    "currency": "is_currency",
    "numbers": "like_num",
    "punctuation": "is_punct",
    "function words": "is_stop",
}


# Contexts that are named, and tests for the spelling of those that are not.
_Group = tuple[Sequence[str | int], Sequence[Callable[[str], Any]]]


@dataclass(frozen=True)
class _Listed:
    """A group as it is written down."""

    words: list[str | int] = field(default_factory=list)
    patterns: list[str] = field(default_factory=list)


def context_groups(
    vocabulary: Vocabulary, groups: Groups | None = None, *, language: str | None = "en"
) -> dict[str, np.ndarray]:
    """Part the contexts of a vocabulary into named groups.

    Parameters
    ----------
    vocabulary : Vocabulary
        The contexts. *Other number* and *unknown* are no columns and belong to no group.
    groups : path-like or mapping, optional
        Groups of your own: a TOML file with a table per group, or a mapping from its name; with
        ``language = "de"`` among them, the groups of that language follow. A group
        is a list of lower-case words (a number is a word too: "7") and context ids, or a table of
        `words`, such a list, and `patterns`, regular expressions for whole words. They take
        precedence; a group of a known name takes its place.
    language : str, optional
        The groups that follow: for "en" lists of English words (`groups.toml`), for any other
        language of spaCy its currency signs, numerals, punctuation and stop words. With None
        there are none.

    Returns
    -------
    dict of str to ndarray of int64
        Ascending context ids by group, in order of precedence, "the rest" last. Every context is
        in exactly one group: the first that names it, else the first with a pattern for it. A
        group may be empty.

    Raises
    ------
    InputError
        There is no such file.
    FormatError
        It is not TOML.
    UsageError
        A language that spaCy does not know, a key that does not exist, or a value of another kind.

    Examples
    --------
    >>> from wordnum.corpus.vocabulary import Vocabulary
    >>> vocabulary = Vocabulary.from_words(["km", "may", ",", "cat"])
    >>> found = context_groups(vocabulary, {"pets": ["cat", "dog"]})
    >>> found["pets"], found["units"], found["months and dates"], found["punctuation"]
    (array([1005]), array([1002]), array([1003]), array([1004]))
    """
    table = _table(groups, language)
    rest = list(table).index(REST)
    owner = np.full(len(vocabulary), rest)
    # Of several that name a context, the first group writes last.
    for at, (name, (words, _)) in reversed(list(enumerate(table.items()))):
        owner[[_context(vocabulary, word, name) for word in words]] = at
    tests = [(test, at) for at, (_, tests) in enumerate(table.values()) for test in tests]
    if tests:
        tokens = vocabulary.tokens()
        for context in np.flatnonzero(owner == rest):
            matched = (at for test, at in tests if test(tokens[context]))
            owner[context] = next(matched, rest)
    owner[[vocabulary.other_number, vocabulary.unknown]] = -1
    return {name: np.flatnonzero(owner == at) for at, name in enumerate(table)}


def group_names(groups: Groups | None = None, *, language: str | None = "en") -> list[str]:
    """Names of the groups, in order of precedence.

    Examples
    --------
    >>> group_names()[-2:]
    ['function words', 'the rest']
    """
    return list(_table(groups, language))


def _context(vocabulary: Vocabulary, word: str | int, group: str) -> int:
    """Id of a context; that of *unknown* for a word that is not in the vocabulary."""
    if isinstance(word, str):
        return vocabulary.id(word)
    if not 0 <= word < len(vocabulary):
        raise UsageError(
            f"there is no context {word}",
            expected=f"ids from 0 to {len(vocabulary) - 1}",
            where=f"the context group {group!r}",
        )
    return word


def _table(groups: Groups | None, language: str | None) -> dict[str, _Group]:
    """Groups of one's own, then those of a language that have other names, then the rest."""
    in_file = isinstance(groups, (str, os.PathLike))
    own: dict[str, Any] = read_toml(groups) if in_file else dict(groups or {})  # type: ignore
    file = f"{groups}, " if in_file else ""
    if isinstance(own.get("language"), str):
        language = own.pop("language")
    table = {name: _group(one, f"{file}the context group {name!r}") for name, one in own.items()}
    for name, group in _of_language(language).items():
        table.setdefault(name, group)
    table[REST] = table.pop(REST, ((), ()))
    return table


def _of_language(language: str | None) -> dict[str, _Group]:
    if language is None:
        return {}
    if language == "en":
        return {name: _group(listed, name) for name, listed in read_toml(_ENGLISH).items()}
    from spacy.util import get_lang_class
    from spacy.vocab import create_vocab

    try:
        lexemes = create_vocab(language, get_lang_class(language).Defaults)
    except ImportError as error:
        raise UsageError(
            f"spaCy knows no language {language!r}",
            expected="a code such as de, fr, es, or xx for no language of its own",
            remedy="name all groups yourself, with language=None",
        ) from error

    def has(attribute: str) -> Callable[[str], Any]:
        return lambda word: getattr(lexemes[word], attribute)

    return {name: ((), [has(attribute)]) for name, attribute in _ATTRIBUTES.items()}


def _group(value: Any, where: str) -> _Group:
    """A list, or a table of words and patterns."""
    if isinstance(value, Iterable) and not isinstance(value, (str, Mapping)):
        value = {"words": [int(w) if isinstance(w, np.integer) else w for w in value]}
    listed = build(_Listed, value, where=where)
    try:
        return listed.words, [re.compile(pattern).fullmatch for pattern in listed.patterns]
    except (re.error, RecursionError, OverflowError) as error:
        raise UsageError("a pattern cannot be read", got=str(error), where=where) from error
