"""Masks: some words hold their place and become unknown, so that no number has them as context."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote

import numpy as np

from wordnum.config import nearest, one_of
from wordnum.cooccurrence.groups import context_groups
from wordnum.corpus.encoded_corpus import Block
from wordnum.corpus.random_draws import draws, unit_interval
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import FormatError, InputError, UsageError
from wordnum.provenance import content_hash

logger = logging.getLogger(__name__)
_FORMS = "WORDS, {0}:FILE.txt, {0}:TABLE.json:M or {0}:group:NAME"
# What parts the options, words and perturbations of a text; a word that holds one is escaped.
_MARKS = "%,:+@"
# Tokens on either side of a number that count as near, and words near in frequency to choose from.
_NEAR = 5
_CANDIDATES = 10


@dataclass(frozen=True)
class Mask:
    """Some words become *unknown*: they hold their place and are nobody's context.

    Written ``mask:about,over`` (of a word that holds one of ``%,:+@`` write the code, %2C is the
    comma), ``mask:FILE.txt`` (a word a line), ``mask:TABLE.json:M`` (the first M words of a file
    of ``wordnum words --json``; of several T name one, ``mask:TABLE.json:M:T``) or
    ``mask:group:NAME`` (a context group). A file is part of the name by its content.

    Parameters
    ----------
    words : tuple of str
        As they are in the vocabulary. Those that it lacks are named in a warning.
    group : str
        A context group instead.
    source : str
        What the name says instead of the words.

    Raises
    ------
    UsageError
        No words; prepared: none that the vocabulary has, or a number, which is no word.

    Examples
    --------
    >>> Mask(("about", "$", ",")).name
    'mask:about,$,%2C'
    """

    acts_on: ClassVar[str] = "words"
    loses_pairs: ClassVar[bool] = True
    forms: ClassVar[str] = "mask:" + _FORMS.format("mask")

    words: tuple[str, ...] = ()
    group: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", tuple(self.words))
        if bool(self.words) == bool(self.group):
            raise UsageError("a mask needs words, or a group of them", expected=self.forms)

    @classmethod
    def from_options(cls, *options: str, random_state: int) -> Mask:
        """Read words, a file, a table of words, or a group."""
        first, *rest = options
        if first == "group":
            (group,) = rest
            return cls(group=unquote(group))
        last, _, known = options[-1].partition("@")
        if not first.partition("@")[0].endswith((".txt", ".json")):
            (words,) = options
            return cls(words=tuple(unquote(word) for word in words.split(",") if word))
        path, *numbers = [*options[:-1], last]
        found = _of_table(path, *map(int, numbers)) if numbers else _of_file(path)
        mask = cls(found, source=":".join([path, *numbers]))
        if known and known != mask.digest:
            raise UsageError(
                f"the words in {path} have changed",
                expected=f"words of hash {known}, as in the name of the perturbation",
                got=mask.digest,
                remedy=f"leave @{known} out to take them as they are",
            )
        return mask

    @property
    def digest(self) -> str:
        """Hash of the words."""
        return content_hash(self.words)[:8]

    @property
    def name(self) -> str:
        """Canonical name."""
        return f"mask:{self.described}"

    @property
    def described(self) -> str:
        """Which words, as a name has it."""
        if self.source:
            return f"{self.source}@{self.digest}"
        return (
            f"group:{_escaped(self.group)}" if self.group else ",".join(map(_escaped, self.words))
        )

    def prepare(self, corpus: Any) -> _Masking:
        """Look the words up."""
        return _Masking.of(corpus.vocabulary, self.ids(corpus.vocabulary), "masked")

    def ids(self, vocabulary: Vocabulary) -> np.ndarray:
        """Ids of the words that the vocabulary has, ascending."""
        if self.group:
            groups = context_groups(vocabulary)
            ids, missing = groups[one_of(self.group, groups, what="context group")], list[str]()
        else:
            ids = np.array([vocabulary.id(word) for word in self.words])
            missing = [w for w, i in zip(self.words, ids) if i == vocabulary.unknown]
            numbers = [w for w, i in zip(self.words, ids) if i <= vocabulary.other_number]
            if numbers:
                raise UsageError(
                    f"a mask is for words, and {numbers[0]} is a number",
                    expected="words of the vocabulary",
                    remedy="numbers are taken from each other's context by isolate:1",
                )
        ids = np.unique(ids[ids >= vocabulary.first_word])
        if not ids.size:
            raise UsageError(
                f"the perturbation {self.name!r} names no word of the vocabulary",
                expected="words as the corpus has them, in lower case where it has",
                got=", ".join(missing[:5])
                or f"a group of {len(vocabulary.words)} words without any",
                remedy=_meant(missing, vocabulary) if missing else None,
            )
        if missing:
            logger.warning(
                "%s masks %d of its %d words; not in the vocabulary: %s (%s)",
                self.name, len(self.words) - len(missing), len(self.words),
                ", ".join(missing[:5]), _meant(missing, vocabulary),
            )  # fmt: skip
        return ids


@dataclass(frozen=True)
class MaskRandom:
    """As many random words become unknown, each about as frequent near numbers as one of a mask.

    For every word of the mask, the most frequent first, one is drawn of the ten other words that
    stand within five tokens of a number about as often. What `Mask` takes away beyond this is not
    taken away by masking so many pairs.

    Parameters
    ----------
    mask : Mask
        None of its words is drawn.
    random_state : int
        Of the draw.

    Examples
    --------
    >>> MaskRandom(Mask(("about", "over"))).name
    'mask-random:about,over'
    """

    acts_on: ClassVar[str] = "words"
    loses_pairs: ClassVar[bool] = True
    forms: ClassVar[str] = "mask-random:" + _FORMS.format("mask-random")

    mask: Mask
    random_state: int = 0

    @classmethod
    def from_options(cls, *options: str, random_state: int) -> MaskRandom:
        """Read the mask."""
        return cls(Mask.from_options(*options, random_state=random_state), random_state)

    @property
    def name(self) -> str:
        """Canonical name."""
        return f"mask-random:{self.mask.described}"

    def prepare(self, corpus: Any) -> _Masking:
        """Count the words near numbers, and draw."""
        vocabulary, masked = corpus.vocabulary, self.mask.ids(corpus.vocabulary)
        near = np.zeros(len(vocabulary), dtype=np.int64)
        for block in corpus.blocks():
            near += _near_numbers(block, vocabulary)
        free = near > 0
        free[: vocabulary.first_word] = free[masked] = False
        if free.sum() < masked.size:
            raise InputError(
                f"too few words for {self.name!r}",
                expected=f"at least {masked.size} other words near numbers",
                got=f"{free.sum()}",
            )
        zeros, order = np.zeros(masked.size, dtype=np.int64), masked[np.argsort(-near[masked])]
        bits = draws(self.random_state, "mask-random", zeros, np.arange(masked.size))
        drawn = []
        for word, u in zip(order, unit_interval(bits), strict=True):
            left = np.flatnonzero(free)
            distance = np.abs(np.log(near[left] / max(near[word], 1)))
            nearest_ids = left[np.argsort(distance, kind="stable")[:_CANDIDATES]]
            drawn.append(nearest_ids[int(u * nearest_ids.size)])
            free[drawn[-1]] = False
        return _Masking.of(vocabulary, np.sort(drawn), "masked_at_random")


@dataclass(frozen=True, eq=False)
class _Masking:
    """Some ids become *unknown*."""

    ids: np.ndarray
    unknown: int
    about: dict[str, Any]

    @classmethod
    def of(cls, vocabulary: Vocabulary, ids: np.ndarray, told: str) -> _Masking:
        words = [vocabulary.token(int(i)) for i in ids]
        return cls(ids, vocabulary.unknown, {told: words})

    def apply(self, block: Block) -> Block:
        masked = np.isin(block.ids, self.ids)
        return replace(block, ids=np.where(masked, self.unknown, block.ids))


def _near_numbers(block: Block, vocabulary: Vocabulary) -> np.ndarray:
    """How often each id stands within a few tokens of a number of the same document."""
    number = np.flatnonzero(block.ids < vocabulary.size)
    document = np.searchsorted(block.starts, number, side="right")
    found = np.zeros(len(vocabulary), dtype=np.int64)
    for step in [d for d in range(-_NEAR, _NEAR + 1) if d]:
        beside = number + step
        same = (beside >= block.starts[document - 1]) & (beside < block.starts[document])
        found += np.bincount(block.ids[beside[same]], minlength=len(vocabulary))
    return found


def _meant(missing: list[str], vocabulary: Vocabulary) -> str:
    """Words like the first ones that are missing."""
    hints = [f"{word}: {nearest(word, vocabulary.words)}" for word in missing[:5]]
    return "; ".join([hint for hint in hints if "did you mean" in hint] or hints[:1])


def _escaped(word: str) -> str:
    return "".join(f"%{ord(mark):02X}" if mark in _MARKS else mark for mark in word)


def _of_file(path: str) -> tuple[str, ...]:
    """Words of a text, one a line."""
    return tuple(dict.fromkeys(filter(None, map(str.strip, _read(path).splitlines()))))


def _of_table(path: str, most: int, modulus: int | None = None) -> tuple[str, ...]:
    """Words that come first in what ``wordnum words --json`` has printed."""
    try:
        table = json.loads(_read(path))
        lists = {int(T): [str(row["word"]) for row in one["words"]] for T, one in table.items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise FormatError(
            f"{path} is no table of words",
            expected="what wordnum words --json prints",
            got=f"{type(error).__name__}: {error}",
            remedy="make it again: wordnum words COUNTS --json",
        ) from error
    if modulus is None and len(lists) == 1:
        (modulus,) = lists
    # A word may come twice, from either side of the number.
    words = tuple(dict.fromkeys(lists.get(modulus or 0, ())))
    if not 0 < most <= len(words):
        raise UsageError(
            f"{path} has no {most} words to mask" + (f" at T = {modulus}" if modulus else ""),
            expected=f"one T of {', '.join(map(str, lists))}, and of its words 1 or more",
            got=f"{len(words)} words",
            remedy="name T behind the number of words, or print more words with --top",
        )
    return words[:most]


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise InputError(f"no such file: {path}", remedy="check the path") from error
    except UnicodeDecodeError as error:
        raise FormatError(f"{path} is no text in UTF-8", got=str(error)) from error
