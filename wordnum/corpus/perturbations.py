"""Perturbations: the same corpus with one tie between numbers and their text taken away.

Three kinds, applied in this order when joined: thinning leaves whole documents out, rewrites put
other numbers in the places of number tokens, cuts add borders that nothing crosses. Every random
draw is keyed by (seed, ordinal of the document in the corpus), so it does not depend on how the
work is split.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from wordnum.config import nearest
from wordnum.errors import UsageError

if TYPE_CHECKING:
    from wordnum.corpus.encoded_corpus import EncodedCorpus
    from wordnum.corpus.rewriting import Prepared

__all__ = [
    "ContextLength",
    "Isolate",
    "Joined",
    "Original",
    "Perturbation",
    "SwapNumbers",
    "Thin",
    "UnigramReplace",
    "parse_perturbation",
    "resolve_perturbations",
]

THIN, REWRITE, CUT = range(3)


@dataclass(frozen=True)
class Perturbation:
    """What all perturbations share: a canonical name, and `prepare`.

    `prepare(corpus)` does what needs the whole corpus, once; `.apply(block)` of what it returns
    gives the perturbed block, whose `starts` are borders that nothing crosses.
    """

    kind: ClassVar[int] = CUT

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
        from wordnum.corpus.rewriting import prepare_all

        return prepare_all([self], corpus)[0]


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

    loses_pairs: ClassVar[bool] = True

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
        from wordnum.corpus.number_kernels import narrow_to_chunks

        # More than any document has.
        return narrow_to_chunks(marks, low, high, min(self.length, 2**62))


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

    loses_pairs: ClassVar[bool] = True

    k: int
    cut: Literal["midway", "before", "after"] = "midway"
    count_other: bool = False

    def __post_init__(self) -> None:
        _at_least_one(self.k, "isolate")
        if self.cut not in ("midway", "before", "after"):
            raise UsageError(f"isolate cannot cut {self.cut!r}", expected="midway, before or after")

    @property
    def isolates(self) -> bool:
        """No number stands beside another."""
        return self.k == 1

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
        from wordnum.corpus.number_kernels import narrow

        return narrow(low, high, *self._cuts(marks, low))

    def _cuts(self, marks: np.ndarray, low: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Index of the last mark before each cut, and the cut positions."""
        from wordnum.corpus.number_kernels import before_cuts

        last = before_cuts(low, self.k)
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
    random_state : int
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

    kind: ClassVar[int] = REWRITE

    random_state: int = 0
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

    kind: ClassVar[int] = REWRITE

    random_state: int = 0

    @property
    def name(self) -> str:  # noqa: D102
        return "unigram-replace"


@dataclass(frozen=True)
class Thin(Perturbation):
    """Keep each document with probability `fraction`: the same corpus, only smaller."""

    kind: ClassVar[int] = THIN

    fraction: float
    random_state: int = 0

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
    def loses_pairs(self) -> bool:
        """Whether one of the parts does."""
        return any(getattr(part, "loses_pairs", False) for part in self.parts)

    @property
    def isolates(self) -> bool:
        """Whether one of the parts does."""
        return any(getattr(part, "isolates", False) for part in self.parts)

    @property
    def name(self) -> str:  # noqa: D102
        return "+".join(part.name for part in self.parts) or "original"


def parse_perturbation(text: str, *, random_state: int = 0) -> Perturbation:
    """Read a perturbation: names joined by "+".

    Parameters
    ----------
    text : str
        ``original``, ``context-length:L``, ``isolate:K`` (then ``:before``, ``:after`` or
        ``:other``), ``swap-numbers`` (then ``:W`` or ``:sequence``), ``unigram-replace``,
        ``thin:F``, or several joined by ``+``.
    random_state : int
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
    parts = [_parse_one(part.strip(), random_state) for part in text.split("+")]
    return parts[0] if len(parts) == 1 else Joined(tuple(parts))


def resolve_perturbations(
    perturbations: Iterable[str | Perturbation], *, random_state: int
) -> list[Perturbation]:
    """Perturbation objects from names and objects; names must differ."""
    if isinstance(perturbations, (str, Perturbation)):
        perturbations = [perturbations]
    chosen = [
        parse_perturbation(p, random_state=random_state) if isinstance(p, str) else p
        for p in perturbations
    ]
    names = [p.name for p in chosen]
    twice = [name for name in names if names.count(name) > 1]
    if twice or not names:
        raise UsageError(
            f"the perturbation {twice[0]!r} comes twice" if twice else "no perturbation to count",
            expected="different perturbations, at least one",
        )
    return chosen


def _parse_one(text: str, random_state: int) -> Perturbation:
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
                return SwapNumbers(random_state, variant="sequence")
            return SwapNumbers(random_state, reach=int(options[0]) if options else 10)
        if name == "unigram-replace" and not options:
            return UnigramReplace(random_state)
        if name == "thin" and len(options) == 1:
            return Thin(float(options[0]), random_state)
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


def _at_least_one(value: int, what: str) -> None:
    if isinstance(value, bool) or int(value) != value or value < 1:
        raise UsageError(f"{what} needs an integer >= 1", got=repr(value))
