"""The game behind an attribution: the kappas of an embedding made from some contexts only.

Rows of counts are normalised once, over all columns, ``H = sqrt(C / C 1)``. Then the Gram matrix
of any coalition S of columns is a sum, ``G_S = sum over players g in S of H_g H_g'``, and the
vectors of its SVD are ``U_k sqrt(s_k)`` from ``G_S = U s U'``: one N x N eigenproblem for each
coalition, with no look at the text or the columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from wordnum.analyzers.agreement import kappa
from wordnum.analyzers.columns import centred_columns
from wordnum.analyzers.crossval import closed_form_predictions, tasks_for
from wordnum.analyzers.folds import random_folds
from wordnum.backend import Backend, get_backend
from wordnum.embeddings.gram import gram, leading
from wordnum.embeddings.weightings import Weighted, weight

__all__ = ["FOLDS", "MEASURES", "KappaGame"]

# Kappa of all numbers, then recall (in per cent) of the numbers with last digit 0, 1, ... 9.
MEASURES = ("kappa", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
FOLDS = 5
# Gram matrices summed in one product: the groups' matrices are read once for so many coalitions.
_BATCH = 8


@dataclass(frozen=True, eq=False)
class KappaGame:
    """Players are sets of columns; the value of a coalition is what a probe finds in them.

    Parameters
    ----------
    blocks : sequence of csr_array, shape (N, c)
        Counts per block of documents.
    players : sequence of ndarray of int
        Columns of each player, disjoint.
    moduli : tuple of int
        The T.
    dim : int
        Dimensions of the embedding; a coalition of lower rank has fewer.
    random_state : int
        Of the folds.
    device : {"cpu", "cuda"}
        Where to compute.
    """

    blocks: Sequence[sparse.csr_array]
    players: Sequence[np.ndarray]
    moduli: tuple[int, ...]
    dim: int
    random_state: int
    device: str

    def counts(self, only: np.ndarray | None = None) -> sparse.csr_array:
        """Sum of the players' columns over some blocks, (N, c)."""
        blocks = self.blocks if only is None else [self.blocks[b] for b in only]
        return sparse.csr_array(reduce(add, blocks))

    def numbers(self, only: np.ndarray | None = None) -> np.ndarray:
        """Numbers with any context in these blocks."""
        return np.flatnonzero(np.diff(self.counts(only).indptr))

    def empty(self) -> np.ndarray:
        """Value of no context at all, (T, measures): kappa 0, and the recall of a guess by lot."""
        guess = np.array([100.0 / len(np.unique(self.numbers() % T)) for T in self.moduli])
        return np.hstack([np.zeros((len(guess), 1)), np.repeat(guess[:, None], 10, axis=1)])

    def strengths(self, repeats: int) -> np.ndarray:
        """Regularisation chosen inside each fold of the full coalition: (repeats, folds, T)."""
        probe = _Probe(self, self.numbers(), repeats=repeats, chosen=None)
        total = _grams(self, self.counts()).sum(axis=0)
        return np.stack([p.chosen for p in probe.predictions(total)])

    def values(
        self,
        members: np.ndarray,
        chosen: np.ndarray,
        only: np.ndarray | None = None,
    ) -> np.ndarray:
        """Values of coalitions.

        Parameters
        ----------
        members : bool array of shape (m, players)
            The coalitions.
        chosen : array of int of shape (repeats, folds, T)
            Strengths of regularisation, from `strengths`.
        only : array of int, optional
            Blocks to sum; all by default.

        Returns
        -------
        ndarray of shape (m, T, measures)
            In the order of `MEASURES`, the mean over the repeats.

        Notes
        -----
        On one BLAS thread: workers share out the coalitions, and the values do not depend on how
        many there are.
        """
        with threadpool_limits(limits=1, user_api="blas"):
            return self._values(members, chosen, only)

    def _values(
        self, members: np.ndarray, chosen: np.ndarray, only: np.ndarray | None
    ) -> np.ndarray:
        counts = self.counts(only)
        numbers = np.flatnonzero(np.diff(counts.indptr))
        probe = _Probe(self, numbers, repeats=len(chosen), chosen=chosen)
        grams = _grams(self, counts)
        empty = self.empty()
        found = [
            empty if product is None else probe.measure(product)
            for product in _coalition_grams(grams, members, probe.backend)
        ]
        return np.stack(found)


class _Probe:
    """The library's probe on the leading eigenvectors of one Gram matrix after another."""

    def __init__(
        self, game: KappaGame, numbers: np.ndarray, *, repeats: int, chosen: np.ndarray | None
    ) -> None:
        self.backend = get_backend(game.device)
        self.dim = game.dim
        self.tasks = tasks_for(numbers, game.moduli)
        folds = random_folds(
            game.blocks[0].shape[0], folds=FOLDS, repeats=repeats, random_state=game.random_state
        )
        self.folds_of = folds[:, numbers]
        self.chosen = [None] * repeats if chosen is None else list(chosen)
        self.digit = numbers % 10

    def predictions(self, product: Any) -> Iterator[Any]:
        vectors = leading(product, self.dim, backend=self.backend, exact=False)[1]
        # The probe standardises columns, so that the eigenvalues have no say.
        X = self.backend.asarray(centred_columns(vectors))
        for fold_of, chosen in zip(self.folds_of, self.chosen, strict=True):
            yield closed_form_predictions(self.backend, X, self.tasks, fold_of, chosen=chosen)

    def measure(self, product: Any) -> np.ndarray:
        labels = np.stack([task.labels for task in self.tasks])
        found = np.stack([p.labels for p in self.predictions(product)])
        seen = np.bincount(self.digit, minlength=10)
        rows = []
        for at, task in enumerate(self.tasks):
            predicted = found[:, at]
            right = (predicted == labels[at]).mean(axis=0)
            hits = np.bincount(self.digit, weights=right, minlength=10)
            recall = np.where(seen > 0, 100.0 * hits / np.maximum(seen, 1), np.nan)
            mean = kappa(labels[at][None], predicted, task.n_classes).mean()
            rows.append([mean, *recall])
        return np.array(rows)


def _grams(game: KappaGame, counts: sparse.csr_array) -> Any:
    """Gram matrix of each player's columns, (players, n, n), over the numbers with contexts."""
    backend = get_backend(game.device)
    present = np.flatnonzero(np.diff(counts.indptr))
    rows = weight(counts[present], weighting="hellinger").matrix.tocsc()
    grams = backend.xp.zeros((len(game.players), present.size, present.size))
    for at, columns in enumerate(game.players):
        part = backend.csr(rows[:, columns])
        if part.nnz:
            used = backend.xp.ones(part.shape[1], dtype=bool)
            grams[at] = gram(Weighted(part, 0.0, used, backend))
    return grams


def _coalition_grams(grams: Any, members: np.ndarray, backend: Backend) -> Iterator[Any]:
    """Sum of each coalition's Gram matrices, or None where nothing was counted."""
    n_players, n, _ = grams.shape
    flat = grams.reshape(n_players, n * n)
    counted = backend.to_numpy(backend.xp.trace(grams, axis1=1, axis2=2)) > 0
    for start in range(0, len(members), _BATCH):
        batch = members[start : start + _BATCH]
        sums = (backend.asarray(batch, dtype=np.float64) @ flat).reshape(-1, n, n)
        for row, product in zip(batch, sums, strict=True):
            yield product if (row & counted).any() else None
