"""Number streams: the stretches of a text around its numbers."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from wordnum.corpus.encoded_corpus import Block


class NumberStream(NamedTuple):
    """The stretches of one block around its numbers, all that number-centred training reads.

    Attributes
    ----------
    ids : ndarray of uint32, shape (n,)
        Tokens near a number; *unknown* and *other number* are left out and closed up.
    places : ndarray of int64, shape (m,)
        Where the numbers are in `ids`.
    left, right : ndarrays of int16, shape (m,)
        Tokens before and after each number within its segment, at most the reach.
    unigrams : ndarray of int64, shape (V,)
        Occurrences of every id in the block.
    """

    ids: np.ndarray
    places: np.ndarray
    left: np.ndarray
    right: np.ndarray
    unigrams: np.ndarray


def number_stream(block: Block, *, vocabulary: Any, reach: int) -> NumberStream:
    """Extract the stretches around the numbers of a block.

    Parameters
    ----------
    block : Block
        Tokens and the borders that nothing crosses.
    vocabulary : Vocabulary
        Says which ids are numbers.
    reach : int
        Tokens kept on each side of a number.

    Examples
    --------
    >>> import numpy as np
    >>> from wordnum.corpus.encoded_corpus import EncodedCorpus
    >>> from wordnum.corpus.vocabulary import Vocabulary
    >>> words = Vocabulary.from_words(["a", "b", "c"])
    >>> corpus = EncodedCorpus.from_arrays([1002, 1003, 1004, 7, 1002], [0, 5], words)
    >>> stream = number_stream(corpus.block(0), vocabulary=words, reach=2)
    >>> stream.ids.tolist(), stream.places.tolist(), stream.left.tolist(), stream.right.tolist()
    ([1003, 1004, 7, 1002], [2], [2], [1])
    """
    ids = np.asarray(block.ids)
    known = (ids != vocabulary.unknown) & (ids != vocabulary.other_number)
    starts = np.concatenate([[0], np.cumsum(known)])[block.starts]
    unigrams = np.bincount(ids, minlength=len(vocabulary))
    ids = ids[known]
    places = np.flatnonzero(ids < vocabulary.size)
    segment = np.searchsorted(starts, places, side="right") - 1
    left = np.minimum(places - starts[segment], reach)
    right = np.minimum(starts[segment + 1] - 1 - places, reach)
    change = np.bincount(places - left, minlength=len(ids) + 1)
    change -= np.bincount(places + right + 1, minlength=len(ids) + 1)
    near = np.cumsum(change[:-1]) > 0
    return NumberStream(
        ids[near].astype(np.uint32),
        (np.cumsum(near) - 1)[places],
        left.astype(np.int16),
        right.astype(np.int16),
        unigrams,
    )
