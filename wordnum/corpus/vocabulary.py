"""The vocabulary: which id is which number or word, and how often it occurs."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from typing import Any

import numpy as np

from wordnum.corpus.numerals import RULES, NumeralScheme
from wordnum.errors import FormatError, InputError
from wordnum.provenance import content_hash

_PREFIX = "vocabulary_"


class Vocabulary:
    """Ids of numbers and words: 0..N-1 numbers, N *other number*, N+1 *unknown*, then words.

    Encoding orders the words by (count descending, UTF-8 bytes ascending).

    Parameters
    ----------
    blob : ndarray of uint8
        The words in UTF-8, one behind the other.
    offsets : ndarray of int64, shape (n_words + 1,)
        Where each word begins in `blob`.
    counts : ndarray of int64, shape (N + 2 + n_words,), optional
        Occurrences of every id; zeros when not given.
    numerals : NumeralScheme
        The scheme, which fixes N.

    Attributes
    ----------
    words : sequence of str
        The words alone; word i has the id N + 2 + i.
    fingerprint : str
        Hash of the numerals and words; the counts do not take part, so that two corpora with one
        vocabulary are known to share it.

    Examples
    --------
    >>> vocabulary = Vocabulary.from_words(["the", "of"])
    >>> len(vocabulary), vocabulary.token(7), vocabulary.token(1002)
    (1004, '7', 'the')
    >>> vocabulary.id("of"), vocabulary.id("7"), vocabulary.id("unheard") == vocabulary.unknown
    (1003, 7, True)
    """

    def __init__(
        self,
        blob: np.ndarray,
        *,
        offsets: np.ndarray,
        counts: np.ndarray | None = None,
        numerals: NumeralScheme | None = None,
    ) -> None:
        self.numerals = numerals or NumeralScheme()
        self._blob = np.ascontiguousarray(blob, dtype=np.uint8)
        self._offsets = np.ascontiguousarray(offsets, dtype=np.int64)
        if counts is None:
            counts = np.zeros(len(self), dtype=np.int64)
        self.counts = np.ascontiguousarray(counts, dtype=np.int64)
        if self.counts.shape != (len(self),):
            raise InputError(
                "the counts do not fit the vocabulary",
                expected=f"one count for each of {len(self)} ids",
                got=f"an array of shape {self.counts.shape}",
            )

    @classmethod
    def from_words(
        cls,
        words: Iterable[str],
        counts: Sequence[int] | np.ndarray | None = None,
        numerals: NumeralScheme | None = None,
    ) -> Vocabulary:
        """Make a vocabulary by hand; the words keep their order.

        Parameters
        ----------
        words : iterable of str
            Different from each other.
        counts : sequence of int, optional
            One for each word, or one for each id (numbers first).
        numerals : NumeralScheme, optional
            `whole`, N = 1000 by default.

        Raises
        ------
        InputError
            A word comes twice, or the counts do not fit.
        """
        words = list(words)
        if len(set(words)) != len(words):
            twice = next(word for i, word in enumerate(words) if word in words[:i])
            raise InputError("a vocabulary holds every word once", got=f"{twice!r} twice")
        encoded = [word.encode() for word in words]
        offsets = np.concatenate([[0], np.cumsum([len(word) for word in encoded])])
        numerals = numerals or NumeralScheme()
        if counts is not None:
            counts = np.asarray(counts, dtype=np.int64)
            if len(counts) == len(words):
                counts = np.concatenate([np.zeros(numerals.size + 2, np.int64), counts])
        blob = np.frombuffer(b"".join(encoded), dtype=np.uint8)
        return cls(blob, offsets=offsets, counts=counts, numerals=numerals)

    def __len__(self) -> int:
        return self.numerals.size + 1 + len(self._offsets)

    def __repr__(self) -> str:
        return f"Vocabulary({self.size} numbers, {len(self.words)} words)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Vocabulary):
            return NotImplemented
        return self.fingerprint == other.fingerprint and np.array_equal(self.counts, other.counts)

    __hash__ = None  # type: ignore[assignment]

    def __getstate__(self) -> dict[str, Any]:
        return self.to_arrays()

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(Vocabulary.from_arrays(state).__dict__)

    @property
    def size(self) -> int:
        """N: the numbers are the ids 0..N-1."""
        return self.numerals.size

    @property
    def other_number(self) -> int:
        """Id of a number that is not one of 0..N-1, or not plainly written: N."""
        return self.numerals.other_number

    @property
    def unknown(self) -> int:
        """Id of a word outside the vocabulary: N + 1."""
        return self.numerals.unknown

    @property
    def first_word(self) -> int:
        """Id of the first word: N + 2."""
        return self.size + 2

    def blob(self) -> tuple[np.ndarray, np.ndarray]:
        """Words as one blob of UTF-8, and where each begins in it (one entry more at the end)."""
        return self._blob, self._offsets

    @cached_property
    def words(self) -> Sequence[str]:
        """The words, without the numbers."""
        data, borders = self._blob.tobytes(), self._offsets.tolist()
        return [data[begin:end].decode() for begin, end in itertools.pairwise(borders)]

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the numerals and words."""
        return content_hash(self.numerals, self._blob, self._offsets)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {word: self.first_word + i for i, word in enumerate(self.words)}

    def token(self, index: int) -> str:
        """Spelling of an id: digits, a word, ``<other number>`` or ``<unknown>``."""
        if not 0 <= index < len(self):
            raise InputError(
                f"no token has the id {index}", expected=f"an id of 0..{len(self) - 1}"
            )
        if index < self.size:
            return str(index)
        if index < self.first_word:
            return "<other number>" if index == self.other_number else "<unknown>"
        return self.words[index - self.first_word]

    def id(self, word: str) -> int:
        """Id of a word, or of a number written plainly; the id of *unknown* if absent."""
        if word in self._ids:
            return self._ids[word]
        number = int(word) if word.isascii() and word.isdigit() and len(word) <= 8 else self.size
        if number < self.size and str(number) == word:
            return number
        return self.other_number if word == "<other number>" else self.unknown

    def tokens(self) -> list[str]:
        """Spellings of all ids, in order."""
        numbers = [str(n) for n in range(self.size)]
        return [*numbers, "<other number>", "<unknown>", *self.words]

    def with_counts(self, counts: np.ndarray) -> Vocabulary:
        """Make the same vocabulary with other counts."""
        return Vocabulary(self._blob, offsets=self._offsets, counts=counts, numerals=self.numerals)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Arrays that hold the vocabulary, for an npz of any stage; names begin with vocabulary_.

        Examples
        --------
        >>> arrays = Vocabulary.from_words(["the"]).to_arrays()
        >>> Vocabulary.from_arrays(arrays).token(1002)
        'the'
        """
        about = {**asdict(self.numerals), "rules": RULES}
        numerals = json.dumps(about, sort_keys=True).encode()
        return {
            f"{_PREFIX}blob": self._blob,
            f"{_PREFIX}offsets": self._offsets,
            f"{_PREFIX}counts": self.counts,
            f"{_PREFIX}numerals": np.frombuffer(numerals, dtype=np.uint8),
        }

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, np.ndarray], *, where: str | None = None
    ) -> Vocabulary:
        """Rebuild from the arrays of `to_arrays`; other names are skipped.

        `where` they came from is said in errors.

        Raises
        ------
        FormatError
            An array is missing or does not fit, or the numbers were read by other rules.
        """
        try:
            about = json.loads(arrays[f"{_PREFIX}numerals"].tobytes())
            if (rules := about.pop("rules", 1)) != RULES:
                raise FormatError(
                    "the numbers were read from the text by other rules",
                    expected=f"version {RULES} of the rules of numerals",
                    got=f"version {rules}",
                    where=where,
                    remedy="encode the text again and count anew; what changed is in CHANGELOG.md",
                )
            numerals = NumeralScheme(**about)
            blob, offsets = arrays[f"{_PREFIX}blob"], arrays[f"{_PREFIX}offsets"]
            counts = arrays[f"{_PREFIX}counts"]
            if any(array.dtype.kind not in "iu" for array in (blob, offsets, counts)):
                raise ValueError("words, borders or counts that are no integers")
            if blob.dtype != np.uint8 or counts.min(initial=0) < 0:
                raise ValueError("words that are no bytes, or counts below 0")
            if offsets[0] != 0 or offsets[-1] != len(blob) or (np.diff(offsets) < 0).any():
                raise ValueError("word borders out of order")
            return cls(blob, offsets=offsets, counts=counts, numerals=numerals)
        except (KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
            if isinstance(error, FormatError):
                raise
            raise FormatError(
                "the vocabulary cannot be read",
                got=f"{type(error).__name__}: {error}",
                where=where,
                remedy="make the file again",
            ) from error
