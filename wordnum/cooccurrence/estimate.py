"""What counting takes of memory and disk, told before it starts."""

from __future__ import annotations

from dataclasses import dataclass

from wordnum.cooccurrence.passes import CHUNK_TOKENS
from wordnum.corpus.encoded import EncodedCorpus

__all__ = ["Estimate", "estimate"]


@dataclass(frozen=True)
class Estimate:
    """What counting will take, told before it starts.

    Attributes
    ----------
    memory : int
        Bytes at the peak, over all workers.
    disk : int
        Bytes of spilled events at most, all conditions together.
    events : int
        Pair events of one condition at most.
    """

    memory: int
    disk: int
    events: int


def estimate(
    corpus: EncodedCorpus, *, window: int = 10, conditions: int = 1, jobs: int = 1
) -> Estimate:
    """Bound the memory and disk that `count` takes, from the sizes of the corpus.

    An event takes at most 4 bytes; a worker holds a chunk's ids, the events of four conditions
    before they are packed, and its results.

    Examples
    --------
    >>> from wordnum.corpus.synthetic import SyntheticCorpus
    >>> corpus = SyntheticCorpus(n_documents=20, length=100).encoded()
    >>> estimate(corpus, window=2).events == 4 * int(corpus.number_counts.sum())
    True
    """
    numbers = int(corpus.number_counts.sum())
    events = 2 * window * numbers
    longest = max(min(len(block.ids), CHUNK_TOKENS) for block in corpus.blocks())
    share = longest / max(corpus.n_tokens, 1)
    rows = 8 * (2 * window * corpus.vocabulary.size + 1)
    worker = 4 * longest + (24 + 4 * conditions) * share * events + conditions * rows
    margins = 8 * conditions * corpus.n_blocks * (len(corpus.vocabulary) + rows // 8)
    return Estimate(int(jobs * worker + margins), conditions * 4 * events, events)
