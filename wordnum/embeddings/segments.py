"""Sentences for gensim out of token ids, without a way round through text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from wordnum.corpus.encoded_corpus import Block

__all__ = ["Segments"]

# gensim silently cuts off every sentence after so many words.
_LONGEST = 10_000


class Segments:
    """Documents of a corpus as lists of tokens, as often as they are asked for.

    Each document (or segment of a perturbation) is one sentence, split where it is longer than
    gensim reads.

    Parameters
    ----------
    read : callable
        Gives block b.
    blocks : sequence of int
        Blocks to read, in order.
    tokens : sequence of str
        Token of every id.
    advance : callable, optional
        Told the tokens of each sentence that was taken.

    Examples
    --------
    >>> import numpy as np
    >>> block = Block(0, np.array([1, 0, 2]), np.array([0, 2, 3]), 0, 0)
    >>> sentences = Segments(lambda b: block, [0], ["a", "b", "c"])
    >>> list(sentences), list(sentences)
    ([['b', 'a'], ['c']], [['b', 'a'], ['c']])
    """

    def __init__(
        self,
        read: Callable[[int], Block],
        blocks: Sequence[int],
        tokens: Sequence[str],
        advance: Callable[[float], None] | None = None,
    ) -> None:
        self._read, self._blocks, self._advance = read, blocks, advance
        # Gathering from an object array gives shared strings, at the speed of a gather.
        self._tokens = np.array(tokens, dtype=object)

    def __iter__(self) -> Iterator[list[str]]:
        for index in self._blocks:
            block = self._read(index)
            for start, stop in zip(block.starts[:-1].tolist(), block.starts[1:].tolist()):
                for first in range(start, stop, _LONGEST):
                    ids = block.ids[first : min(first + _LONGEST, stop)]
                    yield self._tokens[ids].tolist()
                    if self._advance is not None:
                        self._advance(len(ids))
