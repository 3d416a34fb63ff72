"""Context groups: named sets of context words that part the columns of every signal."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wordnum.errors import FormatError, InputError

if TYPE_CHECKING:
    from wordnum.corpus.vocabulary import Vocabulary

__all__ = ["REST", "context_groups", "group_names"]

REST = "the rest"
_KEYS = {"words", "patterns", "number_slots", "rest"}


def context_groups(
    vocabulary: Vocabulary, extra_toml: str | os.PathLike[str] | None = None
) -> dict[str, np.ndarray]:
    """Part the context ids of a vocabulary into named groups.

    Parameters
    ----------
    vocabulary : Vocabulary
        The contexts. *Other number* and *unknown* are no columns and belong to no group.
    extra_toml : path-like, optional
        Groups of your own, in the layout of `groups.toml`: a table per group, with `words` (a list
        of lower-case tokens), `patterns` (regular expressions for whole tokens) and
        `number_slots` (true puts the numbers 0..N-1 into it). They take precedence; a group of a
        known name takes its place.

    Returns
    -------
    dict of str to ndarray of int64
        Ascending context ids by group, in order of precedence, "the rest" last. Every context id
        is in exactly one group; a group may be empty.

    Raises
    ------
    InputError
        `extra_toml` does not exist.
    FormatError
        It is not TOML, or has a key that does not exist.

    Examples
    --------
    >>> from wordnum.corpus.vocabulary import Vocabulary
    >>> groups = context_groups(Vocabulary.from_words(["km", "may", ",", "cat"]))
    >>> groups["units"], groups["months and dates"], groups["punctuation"], groups["the rest"]
    (array([1002]), array([1003]), array([1004]), array([1005]))
    """
    table = _read(extra_toml)
    owner: dict[str, str] = {}
    for group, spec in table.items():
        for word in spec.get("words", ()):
            owner.setdefault(word, group)
    patterns = [
        (re.compile(pattern), group)
        for group, spec in table.items()
        for pattern in spec.get("patterns", ())
    ]
    members: dict[str, list[int]] = {group: [] for group in table}
    for slot, word in enumerate(vocabulary.words, start=vocabulary.first_word):
        named = owner.get(word)
        matched = (g for p, g in patterns if p.fullmatch(word))
        members[next(matched, REST) if named is None else named].append(slot)
    slots = next((g for g, spec in table.items() if spec.get("number_slots")), REST)
    numbers = np.arange(vocabulary.size)
    return {
        group: np.concatenate([numbers if group == slots else numbers[:0], ids]).astype(np.int64)
        for group, ids in members.items()
    }


def group_names(extra_toml: str | os.PathLike[str] | None = None) -> list[str]:
    """Names of the groups, in order of precedence.

    Examples
    --------
    >>> group_names()[-2:]
    ['function words', 'the rest']
    """
    return list(_read(extra_toml))


def _read(extra_toml: str | os.PathLike[str] | None) -> dict[str, Mapping[str, Any]]:
    ours = resources.files("wordnum.cooccurrence").joinpath("groups.toml").read_text("utf-8")
    table: dict[str, Mapping[str, Any]] = {}
    if extra_toml is not None:
        path = Path(extra_toml)
        if not path.is_file():
            raise InputError(f"no such file: {path}", expected="a TOML of context groups")
        table |= _parse(path.read_text("utf-8"), str(path))
    for group, spec in _parse(ours, "groups.toml").items():
        table.setdefault(group, spec)
    table[REST] = table.pop(REST)
    return table


def _parse(text: str, where: str) -> dict[str, Mapping[str, Any]]:
    try:
        table = tomllib.loads(text)
        for pattern in (p for spec in table.values() for p in spec.get("patterns", ())):
            re.compile(pattern)
    except (tomllib.TOMLDecodeError, re.error, AttributeError, TypeError) as error:
        raise FormatError(
            "the context groups cannot be read",
            expected="a TOML table per group",
            got=str(error),
            where=where,
        ) from error
    for group, spec in table.items():
        unknown = sorted(set(spec) - _KEYS)
        words = spec.get("words", [])
        if unknown or not (isinstance(words, list) and all(isinstance(w, str) for w in words)):
            raise FormatError(
                f"the context group {group!r} cannot be used",
                expected="the keys " + ", ".join(sorted(_KEYS - {"rest"})) + "; words as strings",
                got=f"unknown key {unknown[0]!r}" if unknown else "words that are not strings",
                where=where,
            )
    return table
