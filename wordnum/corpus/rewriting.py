"""Perturbations made ready for the blocks of one corpus."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wordnum.corpus import swap
from wordnum.corpus.encoded_corpus import Block, EncodedCorpus
from wordnum.corpus.perturbations import (
    REWRITE,
    ContextLength,
    Isolate,
    Perturbation,
    SwapNumbers,
    Thin,
    UnigramReplace,
)
from wordnum.errors import InputError

__all__ = ["Prepared", "Rewriting", "number_sequence", "prepare_all", "thin_draws"]


@dataclass(frozen=True, eq=False)
class Rewriting:
    """Which numbers come to stand in the places of number tokens.

    Attributes
    ----------
    numbers, starts : ndarray
        New numbers in corpus order from document `first_document` on, and where each document's
        begin; None where they are drawn for each document by itself.
    marginal, seed
        What they are drawn from then.
    share_in_place : float or None
        SwapNumbers: share of number tokens whose run kept its place.
    """

    numbers: np.ndarray | None = None
    starts: np.ndarray | None = None
    first_document: int = 0
    marginal: np.ndarray | None = None
    random_state: int = 0
    share_in_place: float | None = None

    def restrict(self, first_document: int, n_documents: int) -> Rewriting:
        """Keep what some consecutive documents need: less to send to a worker."""
        if self.numbers is None or self.starts is None:
            return self
        first = first_document - self.first_document
        starts = self.starts[first : first + n_documents + 1]
        return replace(
            self,
            numbers=self.numbers[starts[0] : starts[-1]],
            starts=starts - starts[0],
            first_document=first_document,
        )

    def read(self, *, first_document: int, starts: np.ndarray) -> np.ndarray:
        """Return the numbers of consecutive documents.

        Parameters
        ----------
        first_document : int
            Ordinal of the first of the documents.
        starts : ndarray, shape (n_documents + 1,)
            Where each document's numbers begin among those of the documents.

        Returns
        -------
        ndarray of uint32, shape (starts[-1],)
        """
        if self.numbers is not None and self.starts is not None:
            first = self.starts[first_document - self.first_document]
            return self.numbers[first : first + int(starts[-1])].astype(np.uint32)
        assert self.marginal is not None
        return swap.redraw(
            self.marginal,
            random_state=self.random_state,
            first_document=first_document,
            starts=starts,
        )


@dataclass(frozen=True, eq=False)
class Prepared:
    """A perturbation ready for the blocks of one corpus.

    Attributes
    ----------
    perturbation : Perturbation
        What was prepared.
    size : int
        N; ids below it are numbers.
    thins, cuts : tuple of Perturbation
        Its parts of either kind.
    rewriting : Rewriting or None
        The outcome of all its rewrites.
    """

    perturbation: Perturbation
    size: int
    thins: tuple[Thin, ...] = ()
    cuts: tuple[ContextLength | Isolate, ...] = ()
    rewriting: Rewriting | None = None

    @property
    def name(self) -> str:
        """Canonical name of the perturbation."""
        return self.perturbation.name

    @property
    def share_in_place(self) -> float | None:
        """SwapNumbers: share of number tokens whose run kept its place; else None."""
        return self.rewriting.share_in_place if self.rewriting else None

    @property
    def marks_other(self) -> bool:
        """Whether the cuts count *other numbers* too."""
        return any(isinstance(cut, Isolate) and cut.count_other for cut in self.cuts)

    def kept(self, documents: np.ndarray) -> np.ndarray:
        """Which documents, by ordinal in the corpus, are left by thinning."""
        return _kept(self.thins, documents)

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
        if self.rewriting:
            places = swap.number_positions(ids, self.size)
            inside = np.searchsorted(places, starts)
            ids = np.array(ids)
            ids[places] = self.rewriting.read(first_document=block.first_document, starts=inside)
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


def prepare_all(
    perturbations: Iterable[Perturbation],
    corpus: EncodedCorpus,
    *,
    places: swap.Places | None = None,
) -> list[Prepared]:
    """Prepare several perturbations; those with the same thinning and rewrites share the work.

    Parameters
    ----------
    perturbations : iterable of Perturbation
    corpus : EncodedCorpus
        Read once for each different rewriting that needs all numbers.
    places : Places, optional
        Where the numbers are, if known; then they are not looked for.

    Examples
    --------
    >>> from wordnum.corpus.perturbations import parse_perturbation
    >>> from wordnum.corpus.synthetic import SyntheticCorpus
    >>> corpus = SyntheticCorpus(n_documents=5).encoded()
    >>> parts = [parse_perturbation(p) for p in ("swap-numbers", "swap-numbers+isolate:1")]
    >>> one, other = prepare_all(parts, corpus)
    >>> one.rewriting is other.rewriting
    True
    """
    done: dict[Any, Rewriting] = {}
    prepared = []
    for perturbation in perturbations:
        parts = perturbation.parts
        thins = tuple(p for p in parts if isinstance(p, Thin))
        cuts = tuple(p for p in parts if isinstance(p, (ContextLength, Isolate)))
        rewrites = tuple(p for p in parts if p.kind == REWRITE)
        key = (thins, rewrites)
        if rewrites and key not in done:
            done[key] = _rewrite(corpus, thins, rewrites, places)
        prepared.append(Prepared(perturbation, corpus.vocabulary.size, thins, cuts, done.get(key)))
    return prepared


def _kept(thins: tuple[Thin, ...], documents: np.ndarray) -> np.ndarray:
    keep = np.ones(documents.size, dtype=bool)
    for thin in thins:
        keep &= thin_draws(thin.random_state, documents) < thin.fraction
    return keep


def thin_draws(random_state: int, documents: np.ndarray) -> np.ndarray:
    """One number in [0, 1) per document; it is kept where that lies below the fraction."""
    draw = swap.draws(random_state, "thin", documents, np.zeros_like(documents))
    return (draw >> np.uint64(11)) * 2.0**-53


def number_sequence(
    corpus: EncodedCorpus, thins: tuple[Thin, ...] = (), places: swap.Places | None = None
) -> swap.NumberSequence:
    """Number tokens of a corpus in order; those of documents left by thinning move.

    Raises
    ------
    InputError
        There are none.
    """
    sequence = swap.NumberSequence.read(corpus, lambda documents: _kept(thins, documents), places)
    _check_some(sequence.moving().size)
    return sequence


def _rewrite(
    corpus: EncodedCorpus,
    thins: tuple[Thin, ...],
    rewrites: tuple[Perturbation, ...],
    places: swap.Places | None,
) -> Rewriting:
    size = corpus.vocabulary.size
    last = rewrites[-1]
    if isinstance(last, UnigramReplace) and not thins:
        # Nothing of what was rewritten before is left.
        _check_some(int(corpus.number_counts.sum()))
        return Rewriting(marginal=corpus.number_counts, random_state=last.random_state)
    sequence = number_sequence(corpus, thins, places)
    numbers = sequence.numbers
    origin = None
    for rewrite in rewrites:
        if isinstance(rewrite, UnigramReplace):
            marginal = np.bincount(sequence.moving(numbers), minlength=size)
            drawn = swap.redraw(
                marginal,
                random_state=rewrite.random_state,
                first_document=0,
                starts=sequence.starts,
            )
            numbers = drawn.astype(numbers.dtype)
        elif isinstance(rewrite, SwapNumbers):
            if rewrite.variant == "sequence":
                order = sequence.shift(rewrite.random_state)
            else:
                order = sequence.permute_runs(rewrite.random_state, rewrite.reach)
            numbers, origin = numbers[order], order if origin is None else origin[order]
    share = None
    if origin is not None:
        share = float(sequence.moving(origin == np.arange(origin.size)).mean())
    return Rewriting(numbers=numbers, starts=sequence.starts, share_in_place=share)


def _check_some(tokens: int) -> None:
    if not tokens:
        raise InputError("there is no number to rewrite", got="0 number tokens")
