"""Players of an attribution: which columns of the counts belong to which group of contexts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from wordnum.config import one_of
from wordnum.cooccurrence.context_groups import REST, context_groups
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import UsageError

__all__ = ["GROUPINGS", "Groups", "Players", "read_players"]

GROUPINGS = ("contexts", "signals", "all")
Groups = str | Mapping[str, Iterable[int]]


@dataclass(frozen=True, eq=False)
class Players:
    """Counts per block, and the columns of each player.

    Attributes
    ----------
    blocks : list of csr_array, shape (N, c)
    names : tuple of str
    columns : list of ndarray of int
        Parts of 0..c-1; a player without any column is there too.
    """

    blocks: list[sparse.csr_array]
    names: tuple[str, ...]
    columns: list[np.ndarray]

    def counted(self) -> np.ndarray:
        """Whether each player was counted at all."""
        total = np.sum([block.sum(axis=0) for block in self.blocks], axis=0)
        return np.array([bool(total[ids].any()) for ids in self.columns])


def read_players(
    counts: Counts, *, window: Window, signal: str, groups: Groups, sides: bool
) -> Players:
    """Part the columns of a signal among the groups, or among groups and sides.

    Raises
    ------
    UsageError
        A grouping that does not exist, a context in two groups, an id that is no context, or a
        one-sided window to be parted by side.
    """
    members = _members(counts.vocabulary, groups)
    if sides and window.side != "both":
        raise UsageError(
            "sides=True parts a window by its sides",
            expected='a window with side="both"',
            got=f"side={window.side!r}",
        )
    windows = [replace(window, side=side) for side in ("left", "right")] if sides else [window]
    parts = [counts.signal(signal, window=one) for one in windows]
    blocks = [
        sparse.csr_array(sparse.hstack([part.matrix([b]) for part in parts], format="csr"))
        for b in range(parts[0].n_blocks)
    ]
    names, columns, first = [], [], 0
    for part, mark in zip(parts, (", left", ", right") if sides else ("",), strict=True):
        names += [name + mark for name in members]
        columns += [first + np.flatnonzero(np.isin(part.columns, ids)) for ids in members.values()]
        first += part.columns.size
    return Players(blocks, tuple(names), columns)


def _members(vocabulary: Vocabulary, groups: Groups) -> dict[str, np.ndarray]:
    """Context ids by group; together they are all contexts."""
    numbers = np.arange(vocabulary.size)
    words = np.arange(vocabulary.first_word, len(vocabulary))
    if isinstance(groups, str):
        one_of(groups, GROUPINGS, what="grouping")
        if groups == "contexts":
            return context_groups(vocabulary)
        if groups == "signals":
            return {"text": words, "number": numbers}
        return {"all": np.concatenate([numbers, words])}
    members = {str(k): np.unique(np.asarray(list(v), dtype=np.int64)) for k, v in groups.items()}
    taken = np.concatenate([np.empty(0, dtype=np.int64), *members.values()])
    wrong = taken[(taken < 0) | (taken >= len(vocabulary))]
    if wrong.size:
        raise UsageError(
            f"there is no context {wrong[0]}", expected=f"ids from 0 to {len(vocabulary) - 1}"
        )
    ids, times = np.unique(taken, return_counts=True)
    if (times > 1).any():
        twice = int(ids[times > 1][0])
        raise UsageError(
            f"the context {vocabulary.token(twice)!r} is in two groups",
            expected="groups that part the contexts",
            got=", ".join(repr(name) for name, own in members.items() if twice in own),
            remedy="take it out of one of them",
        )
    rest = np.setdiff1d(np.concatenate([numbers, words]), taken)
    members[REST] = np.union1d(members.get(REST, rest[:0]), rest)
    return members
