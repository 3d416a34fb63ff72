"""Kappas of embeddings made from some groups of contexts only.

Counts are weighted once, over all columns. Then the Gram matrix of any set S of groups is a sum,
``G_S = sum over groups g in S of W_g W_g'``, and the vectors of its SVD come from ``G_S = U s U'``:
one N x N eigenproblem for each set, with no look at the text or the columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import Any

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from wordnum.analyzers.agreement import kappa
from wordnum.analyzers.cross_validation import out_of_fold
from wordnum.analyzers.folds import random_folds
from wordnum.analyzers.inputs import centred_columns
from wordnum.analyzers.residues import Task, tasks_for
from wordnum.backend import Backend, get_backend
from wordnum.config import one_of
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.groups import Groups, context_groups
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.embeddings.gram import gram, leading
from wordnum.embeddings.weightings import Weighted, Weighting, weight
from wordnum.errors import UsageError

GROUPINGS = ("contexts", "signals", "all")
# Kappa of all numbers, then recall (in per cent) of the numbers with last digit 0, 1, ... 9.
MEASURES = ("kappa", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
FOLDS = 5
# Gram matrices summed in one product: the groups' matrices are read once for so many sets.
_BATCH = 8


def grouped_columns(
    counts: Counts, *, window: Window, signal: str, groups: Groups, sides: bool
) -> tuple[list[sparse.csr_array], dict[str, np.ndarray]]:
    """Part the columns of a signal among groups, or among groups and sides of the number.

    Returns
    -------
    blocks : list of csr_array, shape (N, c)
        Counts per block of documents.
    columns : dict of str to ndarray of int
        Columns of each group, a part of 0..c-1; a group without any is there too.

    Raises
    ------
    UsageError
        A grouping that does not exist, an id that is no context, or a one-sided window to be
        parted by side.
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
    columns, first = {}, 0
    for part, mark in zip(parts, (", left", ", right") if sides else ("",), strict=True):
        for name, ids in members.items():
            columns[name + mark] = first + np.flatnonzero(np.isin(part.columns, ids))
        first += part.columns.size
    return blocks, columns


def _members(vocabulary: Vocabulary, groups: Groups) -> dict[str, np.ndarray]:
    """Context ids by group; together they are all contexts."""
    if not isinstance(groups, str) or groups.endswith(".toml"):
        return context_groups(vocabulary, groups, language=None)
    one_of(groups, GROUPINGS, what="grouping")
    if groups == "contexts":
        return context_groups(vocabulary)
    numbers = np.arange(vocabulary.size)
    words = np.arange(vocabulary.first_word, len(vocabulary))
    if groups == "signals":
        return {"text": words, "number": numbers}
    return {"all": np.concatenate([numbers, words])}


@dataclass(frozen=True, eq=False)
class SubsetKappas:
    """What a probe finds in the columns of some groups only.

    Parameters
    ----------
    blocks : sequence of csr_array, shape (N, c)
        Counts per block of documents.
    columns : sequence of ndarray of int
        Columns of each group, disjoint.
    moduli : tuple of int
        The T.
    weighting : str or Weighting
        What a count becomes, over the columns of all groups.
    dim : int
        Dimensions of the embedding; a set of lower rank has fewer.
    random_state : int
        Of the folds.
    device : {"cpu", "cuda"}
        Where to compute.
    """

    blocks: Sequence[sparse.csr_array]
    columns: Sequence[np.ndarray]
    moduli: tuple[int, ...]
    weighting: str | Weighting
    dim: int
    random_state: int
    device: str

    def counts(self, only: np.ndarray | None = None) -> sparse.csr_array:
        """Sum of some blocks, (N, c); all by default."""
        blocks = self.blocks if only is None else [self.blocks[b] for b in only]
        return sparse.csr_array(reduce(add, blocks))

    def numbers(self, only: np.ndarray | None = None) -> np.ndarray:
        """Numbers with any context in these blocks."""
        return np.flatnonzero(np.diff(self.counts(only).indptr))

    def counted(self) -> np.ndarray:
        """Whether each group was counted at all."""
        total = self.counts().sum(axis=0)
        return np.array([bool(total[ids].any()) for ids in self.columns])

    def empty(self) -> np.ndarray:
        """Values of no context at all, (T, measures): kappa 0, and the recall of a guess by lot."""
        guess = np.array([100.0 / len(np.unique(self.numbers() % T)) for T in self.moduli])
        return np.hstack([np.zeros((len(guess), 1)), np.repeat(guess[:, None], 10, axis=1)])

    def selected_alphas(self, repeats: int) -> np.ndarray:
        """Regularisation alpha selected inside each fold with all groups: (repeats, folds, T)."""
        probe = self._probe(
            tasks_for(self.numbers(), self.moduli), self.numbers(), [None] * repeats
        )
        return np.stack([one.chosen for one in probe(self._grams(self.counts()).sum(axis=0))])

    def values(
        self, members: np.ndarray, alphas: np.ndarray, only: np.ndarray | None = None
    ) -> np.ndarray:
        """Values of sets of groups.

        Parameters
        ----------
        members : bool array of shape (m, groups)
            The sets.
        alphas : array of int of shape (repeats, folds, T)
            From `selected_alphas`.
        only : array of int, optional
            Blocks to sum; all by default.

        Returns
        -------
        ndarray of shape (m, T, measures)
            In the order of `MEASURES`, the mean over the repeats.

        Notes
        -----
        On one BLAS thread: workers share out the sets, and the values do not depend on how many
        there are.
        """
        with threadpool_limits(limits=1, user_api="blas"):
            counts, numbers = self.counts(only), self.numbers(only)
            tasks = tasks_for(numbers, self.moduli)
            probe, grams = self._probe(tasks, numbers, alphas), self._grams(counts)
            found = [
                self.empty() if product is None else _measured(tasks, numbers, probe(product))
                for product in _sums(grams, members, get_backend(self.device))
            ]
        return np.stack(found)

    def _probe(
        self, tasks: list[Task], numbers: np.ndarray, alphas: Iterable[Any]
    ) -> Callable[[Any], list[Any]]:
        """Predictions of the library's probe in every repeat, from a Gram matrix."""
        backend, alphas = get_backend(self.device), list(alphas)
        folds = random_folds(
            self.blocks[0].shape[0],
            folds=FOLDS,
            repeats=len(alphas),
            random_state=self.random_state,
        )[:, numbers]

        def predictions(product: Any) -> list[Any]:
            vectors = leading(product, self.dim, backend=backend, exact=False)[1]
            # The probe standardises columns, so that the eigenvalues have no say.
            X = backend.asarray(centred_columns(vectors))
            return [
                out_of_fold(backend, X, tasks, fold_of, chosen=chosen)
                for fold_of, chosen in zip(folds, alphas, strict=True)
            ]

        return predictions

    def _grams(self, counts: sparse.csr_array) -> Any:
        """Gram matrix of each group's columns, (groups, n, n), over the numbers with contexts."""
        backend = get_backend(self.device)
        present = np.flatnonzero(np.diff(counts.indptr))
        weighted = weight(counts[present], weighting=self.weighting)
        rows = weighted.matrix.tocsc()
        grams = backend.xp.zeros((len(self.columns), present.size, present.size))
        for at, columns in enumerate(self.columns):
            part = backend.csr(rows[:, columns])
            if part.nnz:
                used = backend.asarray(weighted.used[columns])
                grams[at] = gram(Weighted(part, weighted.base, used, backend))
        return grams


def _sums(grams: Any, members: np.ndarray, backend: Backend) -> Iterator[Any]:
    """Sum of each set's Gram matrices, or None where it is zero."""
    n_groups, n, _ = grams.shape
    flat = grams.reshape(n_groups, n * n)
    counted = backend.to_numpy(backend.xp.trace(grams, axis1=1, axis2=2)) > 0
    for start in range(0, len(members), _BATCH):
        batch = members[start : start + _BATCH]
        sums = (backend.asarray(batch, dtype=np.float64) @ flat).reshape(-1, n, n)
        for row, product in zip(batch, sums, strict=True):
            yield product if (row & counted).any() else None


def _measured(tasks: list[Task], numbers: np.ndarray, predictions: list[Any]) -> np.ndarray:
    """Kappa and recall by last digit at every T, (T, measures), from the repeats."""
    found, rows = np.stack([p.labels for p in predictions]), []
    seen = np.bincount(numbers % 10, minlength=10)
    for at, task in enumerate(tasks):
        right = (found[:, at] == task.labels).mean(axis=0)
        hits = np.bincount(numbers % 10, weights=right, minlength=10)
        recall = np.where(seen > 0, 100.0 * hits / np.maximum(seen, 1), np.nan)
        rows.append([kappa(task.labels[None], found[:, at], task.n_classes).mean(), *recall])
    return np.array(rows)
