"""Perturbations: the same corpus with one tie between numbers and their text taken away.

Three kinds, applied in this order when joined: thinning leaves whole documents out, rewrites put
other numbers in the places of number tokens, cuts add borders that nothing crosses. Every random
draw is keyed by (seed, ordinal of the document in the corpus), so it does not depend on how the
work is split.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from wordnum.config import nearest
from wordnum.corpus import swap
from wordnum.corpus.encoded import Block, EncodedCorpus
from wordnum.errors import InputError, UsageError

__all__ = [
    "ContextLength",
    "Isolate",
    "Joined",
    "Original",
    "Perturbation",
    "Prepared",
    "SwapNumbers",
    "Thin",
    "UnigramReplace",
    "parse_perturbation",
]

_THIN, _REWRITE, _CUT = range(3)


@dataclass(frozen=True)
class Perturbation:
    """What all perturbations share: a canonical name, and `prepare`.

    `prepare(corpus)` does what needs the whole corpus, once; `.apply(block)` of what it returns
    gives the perturbed block, whose `starts` are borders that nothing crosses.
    """

    kind: ClassVar[int] = _CUT

    @property
    def name(self) -> str:
        """Canonical name, as `parse_perturbation` reads it; the seed is not part of it."""
        raise NotImplementedError

    @property
    def parts(self) -> tuple[Perturbation, ...]:
        """Single perturbations, in the order in which they act."""
        return (self,)

    def prepare(self, corpus: EncodedCorpus) -> Prepared:
        """Do what needs the whole corpus.

        Parameters
        ----------
        corpus : EncodedCorpus
            Read once where numbers are rewritten, else not at all.

        Raises
        ------
        InputError
            Nothing is left to rewrite: no number tokens.
        """
        thins = tuple(p for p in self.parts if isinstance(p, Thin))
        rewrites = [p for p in self.parts if p.kind == _REWRITE]
        cuts = tuple(p for p in self.parts if isinstance(p, (ContextLength, Isolate)))
        prepared = Prepared(self, corpus.vocabulary.size, thins, cuts)
        if not rewrites:
            return prepared
        if not any(isinstance(p, SwapNumbers) for p in rewrites):
            # Later draws overwrite earlier ones, so the last alone counts.
            marginal = swap.number_marginal(corpus, prepared.kept)
            return replace(prepared, unigram=rewrites[-1], marginal=marginal)  # type: ignore[arg-type]
        return _rewrite_globally(corpus, prepared, rewrites)


@dataclass(frozen=True)
class Original(Perturbation):
    """The corpus as it is.

    Examples
    --------
    >>> Original().name
    'original'
    """

    @property
    def name(self) -> str:  # noqa: D102
        return "original"

    @property
    def parts(self) -> tuple[Perturbation, ...]:  # noqa: D102
        return ()


@dataclass(frozen=True)
class ContextLength(Perturbation):
    """Each document (or segment) is cut into consecutive chunks of `length` tokens.

    Examples
    --------
    >>> ContextLength(4).borders(np.array([0, 10]), np.array([], dtype=int))
    array([ 0,  4,  8, 10])
    """

    length: int

    def __post_init__(self) -> None:
        _at_least_one(self.length, "context length")

    @property
    def name(self) -> str:  # noqa: D102
        return f"context-length:{self.length}"

    def borders(self, starts: np.ndarray, marks: np.ndarray) -> np.ndarray:
        """Borders after the cut, from those before it."""
        chunks = -(-np.diff(starts) // self.length)
        ends = np.cumsum(chunks)
        within = np.arange(ends[-1] if ends.size else 0) - np.repeat(ends - chunks, chunks)
        return np.append(np.repeat(starts[:-1], chunks) + within * self.length, starts[-1])

    def bounds(
        self, marks: np.ndarray, low: np.ndarray, high: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Narrow the segment [low, high) around each mark; the same as `borders`."""
        low = marks - (marks - low) % self.length
        return low, np.minimum(high, low + self.length)


@dataclass(frozen=True)
class Isolate(Perturbation):
    """Each document (or segment) is cut so that none holds more than `k` numbers.

    Parameters
    ----------
    k : int
        Most numbers per segment; 1 leaves the text-number signal only.
    cut : {"midway", "before", "after"}
        Where between the k-th number and the next: midway, right before the next, or right after
        the k-th. An odd token in the middle goes to the right.
    count_other : bool
        *Other numbers* count as numbers too.

    Examples
    --------
    >>> Isolate(1).borders(np.array([0, 10]), np.array([2, 6, 8]))
    array([ 0,  4,  7, 10])
    """

    k: int
    cut: Literal["midway", "before", "after"] = "midway"
    count_other: bool = False

    def __post_init__(self) -> None:
        _at_least_one(self.k, "isolate")
        if self.cut not in ("midway", "before", "after"):
            raise UsageError(f"isolate cannot cut {self.cut!r}", expected="midway, before or after")

    @property
    def name(self) -> str:  # noqa: D102
        name = f"isolate:{self.k}"
        if self.cut != "midway":
            name += f":{self.cut}"
        return name + (":other" if self.count_other else "")

    def borders(self, starts: np.ndarray, marks: np.ndarray) -> np.ndarray:
        """Borders after the cut, from those before it and the positions of the numbers."""
        low = starts[np.searchsorted(starts, marks, side="right") - 1]
        _, cuts = self._cuts(marks, low)
        return np.unique(np.concatenate([starts, cuts]))

    def bounds(
        self, marks: np.ndarray, low: np.ndarray, high: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Narrow the segment [low, high) around each mark; the same as `borders`."""
        last, cuts = self._cuts(marks, low)
        low, high = low.copy(), high.copy()
        low[last + 1] = cuts
        high[last] = cuts
        return np.maximum.accumulate(low), np.minimum.accumulate(high[::-1])[::-1]

    def _cuts(self, marks: np.ndarray, low: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Index of the last mark before each cut, and the cut positions."""
        order = np.arange(marks.size)
        fresh = np.ones(marks.size, dtype=bool)
        fresh[1:] = low[1:] != low[:-1]
        rank = order - np.maximum.accumulate(np.where(fresh, order, 0))
        last = np.flatnonzero(~fresh & (rank % self.k == 0)) - 1
        here, there = marks[last], marks[last + 1]
        if self.cut == "before":
            return last, there
        return last, here + 1 if self.cut == "after" else (here + there + 1) // 2


@dataclass(frozen=True)
class SwapNumbers(Perturbation):
    """Numbers trade places over the whole corpus; what stands around them stays.

    In the variant "runs", numbers of one document at most `reach` tokens apart form a run, and
    runs are permuted at random among those with the same pattern of gaps. So the counts of
    number beside number up to `reach` stay exactly as they were. In the variant "sequence" the
    sequence of all number tokens is shifted cyclically by a random offset, which keeps no more
    than their order.

    Parameters
    ----------
    seed : int
        Seed of the permutation, or of the offset.
    reach : int
        W, 1 to 255; runs only.
    variant : {"runs", "sequence"}
        See above.

    Notes
    -----
    A run whose pattern is unlike any other stays where it is; the share of number tokens left in
    place is `Prepared.share_in_place`.
    """

    kind: ClassVar[int] = _REWRITE

    seed: int = 0
    reach: int = 10
    variant: Literal["runs", "sequence"] = "runs"

    def __post_init__(self) -> None:
        if self.variant not in ("runs", "sequence"):
            raise UsageError(f"no variant {self.variant!r}", expected="runs or sequence")
        if not 1 <= self.reach <= 255:
            raise UsageError("swap-numbers needs a reach of 1 to 255", got=repr(self.reach))

    @property
    def name(self) -> str:  # noqa: D102
        if self.variant == "sequence":
            return "swap-numbers:sequence"
        return "swap-numbers" if self.reach == 10 else f"swap-numbers:{self.reach}"


@dataclass(frozen=True)
class UnigramReplace(Perturbation):
    """Every number token is redrawn independently from the marginal of the numbers."""

    kind: ClassVar[int] = _REWRITE

    seed: int = 0

    @property
    def name(self) -> str:  # noqa: D102
        return "unigram-replace"


@dataclass(frozen=True)
class Thin(Perturbation):
    """Keep each document with probability `fraction`: the same corpus, only smaller."""

    kind: ClassVar[int] = _THIN

    fraction: float
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.fraction <= 1:
            raise UsageError("thin needs a fraction in (0, 1]", got=repr(self.fraction))

    @property
    def name(self) -> str:  # noqa: D102
        return f"thin:{self.fraction:.12g}"


@dataclass(frozen=True)
class Joined(Perturbation):
    """Several perturbations: thinning first, then rewrites, then cuts, each from left to right.

    Examples
    --------
    >>> Joined((Isolate(1), SwapNumbers())).name
    'swap-numbers+isolate:1'
    """

    members: tuple[Perturbation, ...]

    @property
    def parts(self) -> tuple[Perturbation, ...]:  # noqa: D102
        flat = [part for member in self.members for part in member.parts]
        return tuple(sorted(flat, key=lambda part: part.kind))

    @property
    def name(self) -> str:  # noqa: D102
        return "+".join(part.name for part in self.parts) or "original"


@dataclass(frozen=True, eq=False)
class Prepared:
    """A perturbation ready for the blocks of one corpus.

    Attributes
    ----------
    perturbation : Perturbation
        What was prepared.
    size : int
        N; ids below it are numbers.
    share_in_place : float or None
        SwapNumbers: share of number tokens whose run kept its place.
    numbers, number_starts, first_document
        Rewritten numbers in corpus order from document `first_document` on, and where each
        document's begin, where a rewrite needed the whole corpus.
    """

    perturbation: Perturbation
    size: int
    thins: tuple[Thin, ...] = ()
    cuts: tuple[ContextLength | Isolate, ...] = ()
    unigram: UnigramReplace | None = None
    marginal: np.ndarray | None = None
    numbers: np.ndarray | None = None
    number_starts: np.ndarray | None = None
    first_document: int = 0
    share_in_place: float | None = None

    @property
    def name(self) -> str:
        """Canonical name of the perturbation."""
        return self.perturbation.name

    @property
    def rewrites(self) -> bool:
        """Whether numbers change."""
        return self.unigram is not None or self.numbers is not None

    @property
    def marks_other(self) -> bool:
        """Whether the cuts count *other numbers* too."""
        return any(isinstance(cut, Isolate) and cut.count_other for cut in self.cuts)

    def restrict(self, first_document: int, n_documents: int) -> Prepared:
        """Keep what the documents from `first_document` on need: less to send to a worker."""
        if self.numbers is None or self.number_starts is None:
            return self
        first = first_document - self.first_document
        starts = self.number_starts[first : first + n_documents + 1]
        return replace(
            self,
            numbers=self.numbers[starts[0] : starts[-1]],
            number_starts=starts - starts[0],
            first_document=first_document,
        )

    def kept(self, documents: np.ndarray) -> np.ndarray:
        """Which documents, by ordinal in the corpus, are left by thinning."""
        keep = np.ones(documents.size, dtype=bool)
        for thin in self.thins:
            draw = swap.draws(thin.seed, "thin", documents, np.zeros_like(documents))
            keep &= (draw >> np.uint64(11)) * 2.0**-53 < thin.fraction
        return keep

    def rewrite(
        self, numbers: np.ndarray, *, first_document: int, starts: np.ndarray
    ) -> np.ndarray:
        """Numbers that stand in the places of these.

        Parameters
        ----------
        numbers : ndarray, shape (n,)
            Number tokens of some consecutive documents, in order.
        first_document : int
            Ordinal of the first of the documents.
        starts : ndarray, shape (n_documents + 1,)
            Where each document's numbers begin in `numbers`.

        Returns
        -------
        ndarray of uint32, shape (n,)
        """
        if self.numbers is not None and self.number_starts is not None:
            start = self.number_starts[first_document - self.first_document]
            return self.numbers[start : start + numbers.size].astype(np.uint32)
        if self.unigram is None or self.marginal is None:
            return numbers
        return swap.redraw(
            self.marginal, seed=self.unigram.seed, first_document=first_document, starts=starts
        )

    def bounds(
        self, marks: np.ndarray, low: np.ndarray, high: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Segments [low, high) around the marked positions after the cuts."""
        for cut in self.cuts:
            low, high = cut.bounds(marks, low, high)
        return low, high

    def apply(self, block: Block) -> Block:
        """Perturb one block.

        Returns
        -------
        Block
            `ids` after thinning and rewriting; `starts` are the borders of its segments, which
            nothing crosses. The block itself when nothing changes.
        """
        ids, starts = block.ids, block.starts
        if not self.perturbation.parts:
            return block
        if self.rewrites:
            places = swap.number_positions(ids, self.size)
            inside = np.searchsorted(places, starts)
            ids = np.array(ids)
            ids[places] = self.rewrite(
                ids[places], first_document=block.first_document, starts=inside
            )
        if self.thins:
            keep = self.kept(block.first_document + np.arange(starts.size - 1))
            lengths = np.diff(starts)
            ids = ids[np.repeat(keep, lengths)]
            starts = np.concatenate([[0], np.cumsum(lengths[keep])])
        if self.cuts:
            marks = swap.number_positions(ids, self.size + self.marks_other)
            for cut in self.cuts:
                starts = cut.borders(starts, marks)
        return replace(block, ids=ids, starts=starts)


def parse_perturbation(text: str, *, seed: int = 0) -> Perturbation:
    """Read a perturbation: names joined by "+".

    Parameters
    ----------
    text : str
        ``original``, ``context-length:L``, ``isolate:K`` (then ``:before``, ``:after`` or
        ``:other``), ``swap-numbers`` (then ``:W`` or ``:sequence``), ``unigram-replace``,
        ``thin:F``, or several joined by ``+``.
    seed : int
        Seed of all random draws.

    Raises
    ------
    UsageError
        A name or an option that does not exist.

    Examples
    --------
    >>> parse_perturbation("isolate:1+swap-numbers").name
    'swap-numbers+isolate:1'
    """
    parts = [_parse_one(part.strip(), seed) for part in text.split("+")]
    return parts[0] if len(parts) == 1 else Joined(tuple(parts))


def _parse_one(text: str, seed: int) -> Perturbation:
    name, *options = text.split(":")
    try:
        if name == "original" and not options:
            return Original()
        if name == "context-length" and len(options) == 1:
            return ContextLength(int(options[0]))
        if name == "isolate" and options:
            places = [option for option in options[1:] if option != "other"] or ["midway"]
            if len(places) == 1:
                other = "other" in options
                return Isolate(int(options[0]), cut=places[0], count_other=other)  # type: ignore[arg-type]
        if name == "swap-numbers" and len(options) <= 1:
            if options == ["sequence"]:
                return SwapNumbers(seed, variant="sequence")
            return SwapNumbers(seed, reach=int(options[0]) if options else 10)
        if name == "unigram-replace" and not options:
            return UnigramReplace(seed)
        if name == "thin" and len(options) == 1:
            return Thin(float(options[0]), seed)
    except ValueError as error:
        if isinstance(error, UsageError):
            raise
    forms = {
        "original": "original",
        "context-length": "context-length:L",
        "isolate": "isolate:K, isolate:K:before, isolate:K:after or isolate:K:other",
        "swap-numbers": "swap-numbers, swap-numbers:W or swap-numbers:sequence",
        "unigram-replace": "unigram-replace",
        "thin": "thin:F",
    }
    raise UsageError(
        f"unknown perturbation {text!r}",
        expected=forms.get(name, ", ".join(forms.values())),
        remedy=None if name in forms else nearest(name, forms),
    )


def _rewrite_globally(
    corpus: EncodedCorpus, prepared: Prepared, rewrites: list[Perturbation]
) -> Prepared:
    sequence = swap.NumberSequence.read(corpus, prepared.kept)
    if not sequence.numbers.size:
        raise InputError("there is no number to rewrite", got="0 number tokens")
    numbers = sequence.numbers
    place = np.arange(numbers.size)
    origin = place
    for rewrite in rewrites:
        if isinstance(rewrite, UnigramReplace):
            marginal = np.bincount(sequence.moving(numbers), minlength=prepared.size)
            drawn = swap.redraw(
                marginal, seed=rewrite.seed, first_document=0, starts=sequence.starts
            )
            numbers = drawn.astype(numbers.dtype)
        elif isinstance(rewrite, SwapNumbers):
            if rewrite.variant == "sequence":
                order = sequence.shift(rewrite.seed)
            else:
                order = sequence.permute_runs(rewrite.seed, rewrite.reach)
            numbers, origin = numbers[order], origin[order]
    return replace(
        prepared,
        numbers=numbers,
        number_starts=sequence.starts,
        share_in_place=float(sequence.moving(origin == place).mean()),
    )


def _at_least_one(value: int, what: str) -> None:
    if isinstance(value, bool) or int(value) != value or value < 1:
        raise UsageError(f"{what} needs an integer >= 1", got=repr(value))
