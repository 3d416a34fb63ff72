"""How far the numbers of some documents see: borders, cuts and thinning as two small integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wordnum.cooccurrence.number_pairs import see
from wordnum.corpus import swap
from wordnum.corpus.encoded_corpus import Block
from wordnum.corpus.rewriting import Prepared

__all__ = ["Extent", "find_extents"]

_Pair = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Extent:
    """Tokens that each number sees on either side under one condition.

    Attributes
    ----------
    left, right : ndarray of unsigned int, shape (n_numbers,)
        At most the reach of the window; 0 in documents that thinning leaves out.
    kept : ndarray of bool, shape (n_numbers,), or None
        Numbers of documents that are kept; all when None.
    documents : ndarray of bool, shape (n_documents,)
        Documents that are kept.
    """

    left: np.ndarray
    right: np.ndarray
    kept: np.ndarray | None
    documents: np.ndarray


def find_extents(
    block: Block,
    conditions: Sequence[Prepared],
    positions: np.ndarray,
    inside: np.ndarray,
    *,
    size: int,
    reach: int,
) -> list[Extent]:
    """Tokens that each number sees under each condition.

    Parameters
    ----------
    block : Block
        The documents.
    conditions : sequence of Prepared
        Whose cuts and thinning narrow the documents.
    positions, inside : ndarray
        Positions of the numbers, and where each document's begin among them.
    size : int
        N.
    reach : int
        Largest distance.
    """
    starts = block.starts.astype(positions.dtype)
    documents = np.repeat(np.arange(starts.size - 1), np.diff(inside))
    whole = starts[documents], starts[documents + 1]
    found: dict[object, Extent] = {}
    for condition in conditions:
        if (condition.cuts, condition.thins) in found:
            continue
        if condition.marks_other:
            segments = _segments_with_other(block, condition, size)
        else:
            segments = condition.bounds(positions, *whole)
        left, right = see(positions, *segments, np.min_scalar_type(reach).type(reach))
        keep = condition.kept(block.first_document + np.arange(starts.size - 1))
        kept = None if keep.all() else keep[documents]
        if kept is not None:
            left, right = left * kept, right * kept
        found[condition.cuts, condition.thins] = Extent(left, right, kept, keep)
    return [found[condition.cuts, condition.thins] for condition in conditions]


def _segments_with_other(block: Block, condition: Prepared, size: int) -> _Pair:
    """Segments around the numbers after cuts that count *other numbers* too."""
    ids = np.asarray(block.ids)
    marks = swap.number_positions(ids, size + 1)
    document = np.searchsorted(block.starts, marks, side="right") - 1
    low, high = condition.bounds(marks, block.starts[document], block.starts[document + 1])
    own = ids[marks] < size
    return low[own], high[own]
