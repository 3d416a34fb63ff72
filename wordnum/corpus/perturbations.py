"""Perturbations: the same corpus with one tie between numbers and their text taken away.

A perturbation is any object with a name and `prepare`; everything that reads a text through one,
counting as well as models that train on text, asks only what `apply` makes of a block. Ours are in
`cutting`, `rewriting`, `thinning` and `wordnum.cooccurrence.masking`; other packages register
theirs by the entry point group "wordnum.perturbations". Every random draw of ours is keyed by
(seed, ordinal of the document in the corpus), so it does not depend on how the work is split.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from wordnum._compat import load_plugin
from wordnum.config import nearest, whole_number
from wordnum.corpus.encoded_corpus import Block
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import InputError, UsageError, WordnumError

_GROUP = "wordnum.perturbations"
_OURS = {
    name: EntryPoint(name, f"wordnum.{place}", _GROUP)
    for name, place in {
        "original": "corpus.perturbations:Original",
        "context-length": "corpus.cutting:ContextLength",
        "isolate": "corpus.cutting:Isolate",
        "swap-numbers": "corpus.rewriting:SwapNumbers",
        "unigram-replace": "corpus.rewriting:UnigramReplace",
        "mask": "cooccurrence.masking:Mask",
        "mask-random": "cooccurrence.masking:MaskRandom",
        "thin": "corpus.thinning:Thin",
    }.items()
}
# What a perturbation acts on, in the order in which joined ones act.
_ORDER = ("documents", "numbers", "words", "borders")


@runtime_checkable
class Perturbation(Protocol):
    """What a perturbation has to offer.

    `prepare(corpus)` does once what needs the whole corpus and returns an object with
    ``apply(block) -> Block``. The block that `apply` gives holds the token ids of the perturbed
    text in `ids`, and in `starts` the borders of its segments, which nothing crosses. To mask a
    token, put ``vocabulary.unknown`` in its place: it holds its place and is no context. To drop
    one, leave it out: the gap closes, and `starts` move with it. Documents that are left out stay
    as segments of no token. What `prepare` returns travels to workers that are other processes.

    Optional attributes of the perturbation:

    acts_on : {"documents", "numbers", "words", "borders"}
        Joined perturbations act in this order; "words" by default.
    loses_pairs : bool
        Fewer pairs are left, so that studies compare with a thinned control; False by default.
    isolates : bool
        No number stands beside a number any more; False by default.
    from_options : classmethod
        ``from_options(*options, random_state)`` makes it from the parts of "name:option:option".
        Without it a registered class is called with the options as they are.
    forms : str
        How it is written, for messages.

    And of what `prepare` returns:

    about : dict
        What the provenance of counts should say.
    """

    @property
    def name(self) -> str:
        """Canonical name, as `parse_perturbation` reads it; the seed is not part of it."""
        ...

    def prepare(self, corpus: Any) -> Any:
        """Do what needs the whole corpus: its blocks, vocabulary and number counts."""
        ...


@dataclass(frozen=True)
class Original:
    """The corpus as it is.

    Examples
    --------
    >>> Original().name
    'original'
    """

    forms: ClassVar[str] = "original"
    name: ClassVar[str] = "original"
    parts: ClassVar[tuple[Perturbation, ...]] = ()

    def prepare(self, corpus: Any) -> Original:
        """Return itself: there is nothing to do."""
        return self

    def apply(self, block: Block) -> Block:
        """Return the block itself."""
        return block


@dataclass(frozen=True)
class Joined:
    """Several perturbations: of documents first, then numbers, words and borders.

    Those that act on the same come from left to right; each sees the text as those before it
    leave it.

    Examples
    --------
    >>> from wordnum.corpus.cutting import Isolate
    >>> from wordnum.corpus.rewriting import SwapNumbers
    >>> Joined((Isolate(1), SwapNumbers())).name
    'swap-numbers+isolate:1'
    """

    members: tuple[Perturbation, ...]

    @property
    def parts(self) -> tuple[Perturbation, ...]:
        """Single perturbations, in the order in which they act."""
        flat = [part for member in self.members for part in parts_of(member)]
        return tuple(sorted(flat, key=lambda part: _ORDER.index(getattr(part, "acts_on", "words"))))

    @property
    def name(self) -> str:
        """Names of the parts, joined by "+"."""
        return "+".join(part.name for part in self.parts) or Original.name

    @property
    def loses_pairs(self) -> bool:
        """Whether one of the parts does."""
        return any(getattr(part, "loses_pairs", False) for part in self.parts)

    @property
    def isolates(self) -> bool:
        """Whether one of the parts does."""
        return any(getattr(part, "isolates", False) for part in self.parts)

    def prepare(self, corpus: Any) -> Prepared:
        """Prepare the parts, each on the text as those before it leave it."""
        return prepare(self, corpus)


@dataclass(frozen=True, eq=False)
class Prepared:
    """A perturbation ready for the blocks of one corpus.

    Attributes
    ----------
    perturbation : Perturbation
        What was prepared.
    steps : tuple
        What its parts have prepared, in the order in which they act.
    width : int
        Token ids are below it.
    """

    perturbation: Perturbation
    steps: tuple[Any, ...]
    width: int

    @property
    def name(self) -> str:
        """Canonical name of the perturbation."""
        return self.perturbation.name

    @property
    def about(self) -> dict[str, Any]:
        """What the parts have to say of themselves."""
        return {k: v for step in self.steps for k, v in getattr(step, "about", {}).items()}

    def apply(self, block: Block) -> Block:
        """Perturb one block.

        Returns
        -------
        Block
            The perturbed ids; `starts` are the borders of its segments, which nothing crosses.
            The block itself when nothing changes.

        Raises
        ------
        InputError, UsageError
            A part has failed, or has made what is no text of this vocabulary.
        """
        for part, step in zip(parts_of(self.perturbation), self.steps):
            text = _carried_out(part, step.apply, block)
            if text is not block:
                block = self._checked(text, block)
        return block

    def _checked(self, text: Any, block: Block) -> Block:
        if not isinstance(text, Block):
            raise self._wrong("apply has returned no Block", "a Block", type(text).__name__)
        text = replace(text, ids=np.asanyarray(text.ids), starts=np.asanyarray(text.starts))
        ids, starts = text.ids, text.starts
        if ids is not block.ids and ids.size:
            whole = ids.ndim == 1 and ids.dtype.kind in "iu"
            if not whole or ids.min() < 0 or ids.max() >= self.width:
                raise self._wrong(
                    "it has written what is no token id",
                    f"integers of 0 to {self.width - 1}",
                    f"{ids.min()} to {ids.max()}, {ids.dtype} of shape {ids.shape}",
                )
        whole = starts.ndim == 1 and starts.size and starts.dtype.kind in "iu"
        whole = whole and [starts[0], starts[-1]] == [0, ids.size]
        if not whole or (starts[1:] < starts[:-1]).any():
            raise self._wrong(
                "its segments do not part the text",
                f"integers that ascend from 0 to {ids.size}",
                f"{starts[:1]} to {starts[-1:]}, {starts.dtype} of shape {starts.shape}",
            )
        return text

    def _wrong(self, what: str, expected: str, got: str) -> UsageError:
        return UsageError(f"the perturbation {self.name!r}: {what}", expected=expected, got=got)


@dataclass(frozen=True, eq=False)
class PerturbedCorpus:
    """A corpus as a perturbation leaves it.

    Examples
    --------
    >>> from wordnum.corpus.encoded_corpus import EncodedCorpus
    >>> corpus = EncodedCorpus.from_arrays([1002, 7, 8], [0, 3], Vocabulary.from_words(["page"]))
    >>> changed = PerturbedCorpus(corpus, prepare(parse_perturbation("context-length:2"), corpus))
    >>> changed.block(0).starts
    array([0, 2, 3])
    """

    corpus: Any
    prepared: Prepared

    @property
    def vocabulary(self) -> Vocabulary:
        """That of the corpus."""
        return self.corpus.vocabulary

    @property
    def n_documents(self) -> int:
        """Documents of the corpus, also those without a token left."""
        return self.corpus.n_documents

    @property
    def n_blocks(self) -> int:
        """Blocks of the corpus."""
        return self.corpus.n_blocks

    @cached_property
    def number_counts(self) -> np.ndarray:
        """Occurrences of the numbers, int64, shape (N,)."""
        size = self.vocabulary.size
        return sum(
            (np.bincount(block.ids[block.ids < size], minlength=size) for block in self.blocks()),
            start=np.zeros(size, dtype=np.int64),
        )

    def block(self, index: int) -> Block:
        """Block `index`, perturbed."""
        return self.prepared.apply(self.corpus.block(index))

    def blocks(self) -> Iterator[Block]:
        """All blocks, in order."""
        return (self.block(index) for index in range(self.n_blocks))


def prepare(perturbation: str | Perturbation, corpus: Any) -> Prepared:
    """Make a perturbation ready for the blocks of a corpus.

    Parameters
    ----------
    perturbation : str or Perturbation
        Of a text the seed is 0.
    corpus : EncodedCorpus
        Read once for each part that rewrites numbers, else not at all.

    Raises
    ------
    InputError
        There is no number to rewrite, or a part has failed.
    UsageError
        Nothing carries the perturbation out.

    Examples
    --------
    >>> from wordnum.corpus.encoded_corpus import EncodedCorpus
    >>> corpus = EncodedCorpus.from_arrays([1002, 7, 8], [0, 3], Vocabulary.from_words(["page"]))
    >>> prepare("context-length:2", corpus).apply(corpus.block(0)).starts
    array([0, 2, 3])
    """
    (whole,) = resolve_perturbations([perturbation], random_state=0)
    width = len(corpus.vocabulary)
    prepared = Prepared(whole, (), width)
    for part in parts_of(whole):
        seen = PerturbedCorpus(corpus, prepared) if prepared.steps else corpus
        step = _carried_out(part, part.prepare, seen)
        if not callable(getattr(step, "apply", None)):
            raise UsageError(
                f"nothing carries out the perturbation {part.name!r}",
                expected="prepare(corpus) returns an object with apply(block)",
                got=f"{type(step).__name__} from {type(part).__name__}.prepare",
            )
        prepared = replace(prepared, steps=(*prepared.steps, step))
    return prepared


def _carried_out(part: Perturbation, work: Callable[[Any], Any], on: Any) -> Any:
    try:
        return work(on)
    except (WordnumError, MemoryError):
        raise
    except Exception as error:
        raise InputError(
            f"the perturbation {part.name!r} failed",
            got=f"{type(error).__name__}: {error}",
            remedy="look where, with --debug or in the error's __cause__",
        ) from error


def parts_of(perturbation: Perturbation) -> tuple[Perturbation, ...]:
    """Single perturbations in the order in which they act; none of the original.

    Examples
    --------
    >>> [part.name for part in parts_of(parse_perturbation("isolate:1+thin:0.5"))]
    ['thin:0.5', 'isolate:1']
    """
    return getattr(perturbation, "parts", (perturbation,))


def parse_perturbation(text: str, *, random_state: int = 0) -> Perturbation:
    """Read a perturbation: names joined by "+".

    Parameters
    ----------
    text : str
        ``original``, ``context-length:L``, ``isolate:K`` (then ``:before``, ``:after`` or
        ``:other``), ``swap-numbers`` (then ``:W`` or ``:sequence``), ``unigram-replace``,
        ``thin:F``, ``mask:WORDS``, ``mask-random:WORDS``, one that another package has
        registered, or several joined by ``+``.
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
    seed = whole_number(random_state, least=0, most=2**32 - 1, what="random_state")
    parts = [_parse_one(part.strip(), seed) for part in text.split("+")]
    return parts[0] if len(parts) == 1 else Joined(tuple(parts))


def _registered() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=_GROUP)} | _OURS


def perturbation_forms() -> dict[str, str]:
    """How each registered perturbation is written, by its name.

    Examples
    --------
    >>> perturbation_forms()["thin"]
    'thin:F'
    """
    forms = {}
    for name, point in _registered().items():
        try:
            forms[name] = _forms(name, load_plugin(point))
        except InputError:
            forms[name] = f"{name} (cannot be loaded)"
    return forms


def _forms(name: str, made_by: Any) -> str:
    return getattr(made_by, "forms", f"{name}, {name}:OPTION")


def _parse_one(text: str, random_state: int) -> Perturbation:
    name, *options = text.split(":")
    # Ours come first: what is installed takes a while to be looked through.
    registered = _OURS if name in _OURS else _registered()
    if name not in registered:
        raise UsageError(
            f"unknown perturbation {text!r}",
            expected=", ".join(perturbation_forms().values()),
            remedy=nearest(name, registered),
        )
    made_by = load_plugin(registered[name])
    try:
        if hasattr(made_by, "from_options"):
            return made_by.from_options(*options, random_state=random_state)
        return made_by(*options)
    except WordnumError:
        raise
    except Exception as error:
        raise UsageError(
            f"the options of the perturbation {text!r} cannot be read",
            expected=_forms(name, made_by),
            got=f"{type(error).__name__}: {error}",
        ) from error


def resolve_perturbations(
    perturbations: Iterable[str | Perturbation], *, random_state: int
) -> list[Perturbation]:
    """Perturbation objects from names and objects; names must differ.

    Raises
    ------
    UsageError
        None, the same twice, or what is neither a text nor a perturbation.
    """
    if isinstance(perturbations, (str, Perturbation)):
        perturbations = [perturbations]
    chosen = [
        parse_perturbation(p, random_state=random_state) if isinstance(p, str) else p
        for p in perturbations
    ]
    for perturbation in chosen:
        if not isinstance(perturbation, Perturbation) or isinstance(perturbation, type):
            raise UsageError(
                "this is no perturbation",
                expected="a name, or an object with name and prepare(corpus)",
                got=repr(perturbation),
            )
    names = [p.name for p in chosen]
    twice = [name for name in names if names.count(name) > 1]
    if twice or not names:
        raise UsageError(
            f"the perturbation {twice[0]!r} comes twice" if twice else "no perturbation to count",
            expected="different perturbations, at least one",
        )
    return chosen
