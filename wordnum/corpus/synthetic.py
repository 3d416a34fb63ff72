"""A control corpus with planted signals: what is planted must be found, and what is not, not."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import UsageError

# Documents are drawn in groups of this many, each group from its own generator, so that text can
# be streamed and started again anywhere.
_GROUP = 1000


@dataclass(frozen=True, kw_only=True, eq=False)
class SyntheticCorpus:
    """Documents drawn from a model with separately adjustable number signals.

    A document is a row of phrases; their number is 1 + Poisson, its mean set by `length`. A phrase
    is a run of filler words (a geometric number of them, its mean set by `density`) and then
    ``n unit`` or, with probability `companions`, ``n link m unit``, with link a fixed word:

    - n follows the *marginal* p(n) proportional to (n + 1)^-decay, times `heaping` for multiples
      of 10, and for multiples of 100 again, times sqrt(heaping) for odd multiples of 5;
    - m is, with probability `same_residue[T]`, drawn from the marginal within the residue class of
      n modulo T; with probability `neighbours`, n plus or minus a geometric step of mean 2; else
      from the marginal, independently of n;
    - the unit right after the last number k of a phrase is, with probability `residue_words[T]`,
      one of `variants` words of the class k mod T; with probability `magnitude`, a word of the
      size class floor(log2(k + 1)), which varies smoothly with k and holds no period; else a unit
      word that knows nothing of k;
    - fillers and units have Zipf-Mandelbrot marginals, p(rank) proportional to 1/(rank + 2.7).

    Iterate over it for texts (as often as you like), or take `encoded()` for token ids directly.

    Parameters
    ----------
    n_documents : int
        Number of documents.
    length : int
        Mean tokens per document.
    size : int
        Numbers are 0..size-1; size at most 1000 where text is read back by the default numerals.
    density : float
        Mean share of number tokens, at most 0.25. Real text has about 0.015.
    decay, heaping : float
        Shape of the marginal; heaping 1 is none.
    residue_words : mapping of int to float
        T -> share of the units that tell k mod T. Empty is none.
    magnitude : float
        Share of the units that tell the size of k.
    companions : float
        Share of phrases with two numbers.
    same_residue : mapping of int to float
        T -> share of companions of the same residue modulo T.
    neighbours : float
        Share of companions close by.
    variants : int
        Words per residue class.
    n_fillers, n_units : int
        Words of either kind.
    random_state : int
        Seed of everything.

    Raises
    ------
    UsageError
        A share outside 0..1, or shares of one draw that sum to more than 1.

    Examples
    --------
    >>> corpus = SyntheticCorpus(n_documents=3, length=30, residue_words={10: 0.5})
    >>> sum(1 for text in corpus), next(iter(corpus)) == next(iter(corpus))
    (3, True)
    >>> corpus.encoded().n_documents
    3
    """

    n_documents: int = 2000
    length: int = 500
    size: int = 1000
    density: float = 0.05
    decay: float = 0.8
    heaping: float = 3.0
    residue_words: Mapping[int, float] = field(default_factory=dict)
    magnitude: float = 0.0
    companions: float = 0.3
    same_residue: Mapping[int, float] = field(default_factory=dict)
    neighbours: float = 0.0
    variants: int = 3
    n_fillers: int = 3000
    n_units: int = 50
    random_state: int = 0

    def __post_init__(self) -> None:
        units = sum(self.residue_words.values()) + self.magnitude
        partners = sum(self.same_residue.values()) + self.neighbours
        shares = [*self.residue_words.values(), *self.same_residue.values()]
        shares += [self.magnitude, self.neighbours, self.companions, units, partners]
        if min(shares) < 0 or max(shares) > 1:
            raise UsageError(
                "the shares of one draw must be in 0..1 and sum to at most 1",
                got=f"units {units:g}, companions {self.companions:g} ({partners:g} of them tied)",
            )
        if not 0 < self.density <= 0.25:
            raise UsageError("density must be in (0, 0.25]", got=repr(self.density))
        if min(self.n_documents, self.length, self.size, self.variants, self.n_units) < 1:
            raise UsageError("sizes must be at least 1")
        moduli = [*self.residue_words, *self.same_residue]
        if moduli and not 2 <= min(moduli) <= max(moduli) <= self.size:
            raise UsageError("periods must be in 2..size", got=str(sorted(moduli)))

    @cached_property
    def marginal(self) -> np.ndarray:
        """p(n), float64 (size,)."""
        n = np.arange(self.size)
        weight = (n + 1.0) ** -self.decay
        weight[n % 10 == 0] *= self.heaping
        weight[n % 100 == 0] *= self.heaping
        weight[n % 10 == 5] *= np.sqrt(self.heaping)
        return weight / weight.sum()

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Numbers and words; from the first word on: link, units, size and residue words, fillers.

        Counts are zeros; those of `encoded()` are filled in.
        """
        from wordnum.corpus.numerals import NumeralScheme

        words = ["link", *(f"unit{_letters(i)}" for i in range(self.n_units))]
        words += [f"size{_letters(i)}" for i in range(self._n_sizes)]
        for T in self.residue_words:
            words += [
                f"mod{_letters(T)}is{_letters(r)}v{_letters(v)}"
                for r in range(T)
                for v in range(self.variants)
            ]
        words += [f"filler{_letters(i)}" for i in range(self.n_fillers)]
        return Vocabulary.from_words(words, numerals=NumeralScheme(size=self.size))

    def residue_ids(self, T: int) -> np.ndarray:
        """Ids of the words that tell n mod T, int64 (T, variants)."""
        first = self._first_unit + self.n_units + self._n_sizes
        for modulus in self.residue_words:
            if modulus == T:
                return first + np.arange(T * self.variants).reshape(T, self.variants)
            first += modulus * self.variants
        raise UsageError(f"no words tell n mod {T}", expected=str(list(self.residue_words)))

    def __iter__(self) -> Iterator[str]:
        names = np.array(self.vocabulary.tokens(), dtype=object)
        for ids, starts in self._groups():
            tokens = names[ids]
            for first, last in itertools.pairwise(starts):
                yield " ".join(tokens[first:last])

    def __len__(self) -> int:
        return self.n_documents

    def encoded(self, n_blocks: int = 20) -> EncodedCorpus:
        """Token ids without the way through text.

        Parameters
        ----------
        n_blocks : int
            Blocks of whole documents, as `EncodedCorpus.from_arrays` makes them.
        """
        groups = list(self._groups())
        lengths = np.concatenate([np.diff(starts) for _, starts in groups])
        return EncodedCorpus.from_arrays(
            np.concatenate([ids for ids, _ in groups]),
            np.concatenate([[0], np.cumsum(lengths)]),
            self.vocabulary,
            n_blocks=n_blocks,
        )

    @property
    def _first_unit(self) -> int:
        return self.size + 3

    @property
    def _n_sizes(self) -> int:
        return self.size.bit_length() + 1

    def _groups(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for group, first in enumerate(range(0, self.n_documents, _GROUP)):
            rng = np.random.default_rng([self.random_state, group])
            yield self._draw(rng, min(_GROUP, self.n_documents - first))

    def _draw(self, rng: np.random.Generator, n_documents: int) -> tuple[np.ndarray, np.ndarray]:
        """Token ids (uint32) of some documents and where each begins."""
        numbers_per_phrase = 1 + self.companions
        mean_phrase = numbers_per_phrase / self.density
        fillers = max(mean_phrase - 2 * numbers_per_phrase, 0.0)
        phrases = 1 + rng.poisson(max(self.length / mean_phrase - 1, 0.0), n_documents)
        total = int(phrases.sum())
        before = rng.geometric(1 / (1 + fillers), total) - 1
        paired = rng.random(total) < self.companions
        ends = np.cumsum(before + np.where(paired, 4, 2))
        n = _sample(rng, self.marginal, total)
        last = np.where(paired, self._companions(rng, n), n)
        first_filler = len(self.vocabulary) - self.n_fillers
        ids = (first_filler + _sample(rng, _zipf(self.n_fillers), int(ends[-1]))).astype(np.uint32)
        ids[ends - 1] = self._units(rng, last)
        ids[ends - 2] = last
        ids[ends[paired] - 3] = self.size + 2
        ids[ends[paired] - 4] = n[paired]
        return ids, np.concatenate([[0], ends[np.cumsum(phrases) - 1]])

    def _companions(self, rng: np.random.Generator, n: np.ndarray) -> np.ndarray:
        m = _sample(rng, self.marginal, n.size)
        draw = rng.random(n.size)
        edge = 0.0
        for T, share in self.same_residue.items():
            chosen = (draw >= edge) & (draw < edge + share)
            for r in range(T):
                mine = chosen & (n % T == r)
                p = self.marginal[r::T] / self.marginal[r::T].sum()
                m[mine] = r + T * _sample(rng, p, int(mine.sum()))
            edge += share
        chosen = (draw >= edge) & (draw < edge + self.neighbours)
        step = rng.geometric(0.5, n.size) * rng.choice([-1, 1], n.size)
        return np.where(chosen, np.clip(n + step, 0, self.size - 1), m)

    def _units(self, rng: np.random.Generator, k: np.ndarray) -> np.ndarray:
        unit = self._first_unit + _sample(rng, _zipf(self.n_units), k.size)
        draw = rng.random(k.size)
        variant = rng.integers(self.variants, size=k.size)
        edge = 0.0
        for T, share in self.residue_words.items():
            chosen = (draw >= edge) & (draw < edge + share)
            unit = np.where(chosen, self.residue_ids(T)[k % T, variant], unit)
            edge += share
        chosen = (draw >= edge) & (draw < edge + self.magnitude)
        size_class = np.log2(k + 1.0).astype(np.int64)
        return np.where(chosen, self._first_unit + self.n_units + size_class, unit)


def _zipf(n: int) -> np.ndarray:
    weight = 1.0 / (np.arange(1, n + 1) + 2.7)
    return weight / weight.sum()


def _sample(rng: np.random.Generator, p: np.ndarray, size: int) -> np.ndarray:
    edges = np.cumsum(p)
    return np.minimum(np.searchsorted(edges, rng.random(size), side="right"), p.size - 1)


def _letters(index: int) -> str:
    """Spell an index in letters, as digits would make the word a number."""
    word = ""
    while True:
        index, digit = divmod(index, 26)
        word = chr(97 + digit) + word
        if index == 0:
            return word
        index -= 1
