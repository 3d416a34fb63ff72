"""How far to thin a corpus so that a given share of its number tokens is left."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.perturbations import Thin
from wordnum.corpus.rewriting import number_sequence, thin_draws
from wordnum.errors import UsageError

__all__ = ["thin_to"]

# Enough for the share to come out as asked, and few enough to be read in a table.
_DIGITS = 4


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
    >>> left = number_sequence(corpus, (thin,)).moving().size
    >>> round(left / int(corpus.number_counts.sum()), 2)
    0.25
    """
    for share in shares:
        if not 0 < share <= 1:
            raise UsageError("no such share of a corpus", expected="in (0, 1]", got=repr(share))
    everything = number_sequence(corpus)
    chance = thin_draws(random_state, np.arange(corpus.n_documents))
    order = np.argsort(chance)
    left = np.cumsum(np.diff(everything.starts)[order])
    found = []
    for share in shares:
        last = int(np.argmin(np.abs(left - share * left[-1])))
        # A document is kept when its draw lies below the probability: halfway to the next draw.
        after = chance[order[last + 1]] if last + 1 < order.size else 1.0
        found.append(Thin(float(f"{(chance[order[last]] + after) / 2:.{_DIGITS}g}"), random_state))
    return found
