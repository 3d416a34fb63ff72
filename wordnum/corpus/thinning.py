"""Thinning: whole documents left out at random, so that the same corpus is only smaller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from wordnum.corpus.encoded_corpus import Block, EncodedCorpus
from wordnum.corpus.random_draws import draws, unit_interval
from wordnum.corpus.rewriting import NumberSequence
from wordnum.errors import UsageError

# Enough for the share to come out as asked, and few enough to be read in a table.
_DIGITS = 4


@dataclass(frozen=True)
class Thin:
    """Keep each document with probability `fraction`: the same corpus, only smaller.

    Examples
    --------
    >>> Thin(0.5).name
    'thin:0.5'
    """

    acts_on: ClassVar[str] = "documents"
    forms: ClassVar[str] = "thin:F"

    fraction: float
    random_state: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.fraction <= 1:
            raise UsageError("thin needs a fraction in (0, 1]", got=repr(self.fraction))

    @classmethod
    def from_options(cls, fraction: str, *, random_state: int) -> Thin:
        """Read the fraction."""
        return cls(float(fraction), random_state)

    @property
    def name(self) -> str:
        """Canonical name."""
        return f"thin:{self.fraction:.12g}"

    def prepare(self, corpus: Any) -> Thin:
        """Return itself: which documents are kept hangs on their ordinals alone."""
        return self

    def kept(self, documents: np.ndarray) -> np.ndarray:
        """Which documents, by ordinal in the corpus, are left."""
        return _chances(self.random_state, documents) < self.fraction

    def apply(self, block: Block) -> Block:
        """Leave documents of one block out; their ordinals stay, as segments of no token."""
        lengths = np.diff(block.starts)
        keep = self.kept(block.first_document + np.arange(lengths.size))
        return replace(
            block,
            ids=block.ids[np.repeat(keep, lengths)],
            starts=np.concatenate([[0], np.cumsum(lengths * keep)]),
            n_documents=int((keep & (lengths > 0)).sum()),
        )


def _chances(random_state: int, documents: np.ndarray) -> np.ndarray:
    """One number in [0, 1) per document; it is kept where that lies below the fraction."""
    return unit_interval(draws(random_state, "thin", documents, np.zeros_like(documents)))


def thin_to(corpus: EncodedCorpus, shares: Sequence[float], *, random_state: int = 0) -> list[Thin]:
    """Thinnings that leave given shares of the number tokens.

    Documents differ in length and in numbers: to keep each with probability f leaves f of the
    number tokens on average only. Which documents `Thin` keeps is known beforehand, so that the
    probability can be chosen for the outcome.

    Parameters
    ----------
    corpus : EncodedCorpus
        Read once.
    shares : sequence of float
        Each in (0, 1].
    random_state : int
        Of the thinning.

    Returns
    -------
    list of Thin
        As close as whole documents allow; the probability is rounded to four digits.

    Raises
    ------
    UsageError
        A share out of range.

    Examples
    --------
    >>> from wordnum.corpus.synthetic import SyntheticCorpus
    >>> corpus = SyntheticCorpus(n_documents=1000, length=50).encoded()
    >>> [thin] = thin_to(corpus, [0.25])
    >>> left = sum(int((thin.apply(block).ids < 1000).sum()) for block in corpus.blocks())
    >>> round(left / int(corpus.number_counts.sum()), 2)
    0.25
    """
    for share in shares:
        if not 0 < share <= 1:
            raise UsageError("no such share of a corpus", expected="in (0, 1]", got=repr(share))
    chance = _chances(random_state, np.arange(corpus.n_documents))
    order = np.argsort(chance)
    left = np.cumsum(np.diff(NumberSequence.read(corpus).starts)[order])
    found = []
    for share in shares:
        last = int(np.argmin(np.abs(left - share * left[-1])))
        # A document is kept when its draw lies below the probability: halfway to the next draw.
        after = chance[order[last + 1]] if last + 1 < order.size else 1.0
        found.append(Thin(float(f"{(chance[order[last]] + after) / 2:.{_DIGITS}g}"), random_state))
    return found
