"""How many words suffice to read n mod T, chosen and measured on other documents and numbers."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from wordnum.analyzers.agreement import kappa
from wordnum.analyzers.closed_form import ClosedFormFold, gram_basis
from wordnum.analyzers.contrasts import residue_contrasts, run_length
from wordnum.analyzers.folds import random_folds
from wordnum.analyzers.keyword_finding import signal_of_words
from wordnum.analyzers.keyword_tests import block_f
from wordnum.analyzers.residues import Task, check_classes, checked_moduli, class_labels
from wordnum.analyzers.sufficiency_results import OF_ALL, OF_WORDS, Reader, Sufficiency
from wordnum.backend import get_backend, one_blas_thread
from wordnum.config import whole_number
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.signals import Signal
from wordnum.cooccurrence.windows import Side, Window
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.embeddings.gram import gram, leading
from wordnum.embeddings.weightings import Weighting, weight
from wordnum.errors import InputError

if TYPE_CHECKING:
    pass

SIZES = (1, 2, 5, 10, 20, 50, 100)
_FOLDS, _DRAWS, _CANDIDATES, _DIM = 5, 3, 10, 100


@one_blas_thread
def sufficiency(
    source: Signal | Counts | EncodedCorpus | str | os.PathLike[str],
    *,
    modulus: int = 10,
    sizes: Sequence[int] = SIZES,
    chosen_on: Signal | None = None,
    exclude_multiples_of: int | None = None,
    window: int | Window | None = None,
    side: Side | None = None,
    signal: str = "text",
    weighting: str | Weighting = "hellinger",
    min_count: int = 100,
    splits: int = 10,
    random_state: int = 0,
) -> Sufficiency:
    """Kappa of n mod T by the number of words that are kept.

    Documents are split into halves, several times; numbers are dealt into five folds. Words are
    ranked by F (see `keywords`) on one half of the documents and the training numbers only.
    What is read is their weighted columns in the other half: the probe is trained on the training
    numbers and asked for the others. So no word is chosen by what it is then measured on. Beside
    it stand, in the same halves and folds,

    - random words, each as frequent near numbers as one that was chosen (the mean of three draws),
    - the most frequent words,
    - all columns, read by regularised LDA and by ridge regression with columns as they are, and by
      LDA of their first singular vectors (100, or a quarter of the numbers), which never saw a
      residue,
    - the logarithm of a number's count less its mean over the run of ten, and no word; and this
      with the words that were chosen: what they tell beyond how often a number occurs.

    All are kappas at half the text.

    Parameters
    ----------
    source : Signal, Counts, EncodedCorpus or path
    modulus : int
        T.
    sizes : sequence of int
        Numbers of words to keep; those above the number of candidates are left out.
    chosen_on : Signal, optional
        Another text, on all of whose documents words are chosen instead.
    exclude_multiples_of : int, optional
        Leave these numbers out, as 5 leaves out what is round.
    window, side, signal, weighting
        As in `keywords`.
    min_count : int
        Least pairs, in the whole text that words are chosen on, of a word that can be chosen.
    splits : int
        Pairs of halves.
    random_state : int
        Of folds and random words.

    Returns
    -------
    Sufficiency

    Raises
    ------
    InputError
        No half-samples of documents; too few numbers, or words.

    Examples
    --------
    >>> from wordnum.corpus.synthetic import SyntheticCorpus
    >>> text = SyntheticCorpus(n_documents=400, density=0.2, size=100, residue_words={5: 0.5})
    >>> found = sufficiency(text.encoded(), modulus=5, window=1, sizes=[15], splits=2)
    >>> found.named("words")[0].kappa > 2 * found.named("random words")[0].kappa
    True
    """
    measured = signal_of_words(source, window=window, side=side, signal=signal)
    (T,) = checked_moduli([modulus], size=measured.shape[0])
    sizes = sorted({whole_number(size, what="a number of words") for size in sizes})
    other = None if chosen_on is None else _as_columns_of(measured, chosen_on)
    found: dict[tuple[str, int | None], list[Any]] = {}
    numbers = np.arange(0)
    for split, *pair in _splits(measured, whole_number(splits, what="splits")):
        numbers = _numbers(*pair, excluded=exclude_multiples_of)
        check_classes(numbers, [T], folds=_FOLDS)
        fold_of = random_folds(measured.shape[0], folds=_FOLDS, repeats=split + 1,
                               random_state=random_state)[split, numbers]  # fmt: skip
        task = Task(T, *class_labels(numbers, T))
        for order, (choosing, reading) in enumerate((pair, pair[::-1])):
            half = _Half(
                choosing=(choosing[0] if other is None else other)[numbers],
                reading=reading[0][numbers],
                number_counts=reading[1][numbers],
                numbers=numbers,
                task=task,
                fold_of=fold_of,
                least=min_count / (2 if other is None else 1),
                weighting=weighting,
                rng=np.random.default_rng([random_state, split, order]),
            )
            for key, labels in half.predictions(sizes):
                found.setdefault(key, []).append(kappa(task.labels, labels, task.n_classes))
    readers = [
        Reader(name, words, np.reshape([np.mean(k) for k in kappas], (-1, 2)))
        for (name, words), kappas in found.items()
    ]
    names = [*OF_WORDS, *OF_ALL]
    readers.sort(key=lambda one: (names.index(one.name), one.words or 0))
    return Sufficiency(T, tuple(readers), len(numbers))


Half = tuple[sparse.csr_array, np.ndarray]


def _splits(signal: Signal, splits: int) -> Iterator[tuple[int, Half, Half]]:
    at = -1
    for at, (_, first, second) in zip(range(splits), signal.half_samples()):
        yield at, first, second
    if at < 0:
        raise InputError(
            "there are no half-samples of documents to choose words on and to read them in",
            expected="counts of several blocks of documents",
            got=f"{signal.n_blocks} blocks",
            remedy="encode more documents",
        )


def _numbers(first: Half, second: Half, *, excluded: int | None) -> np.ndarray:
    """Numbers with contexts in both halves."""
    both = np.logical_and(*(np.diff(half.indptr) > 0 for half, _ in (first, second)))
    numbers = np.flatnonzero(both)
    return numbers if excluded is None else numbers[numbers % excluded > 0]


def _as_columns_of(measured: Signal, chosen_on: Signal) -> sparse.csr_array:
    """Counts of another text in the columns of this one; words that it lacks have none."""
    matrix = chosen_on.matrix()
    there = {
        (chosen_on.vocabulary.token(int(c)), int(d)): at
        for at, (c, d) in enumerate(zip(chosen_on.columns, chosen_on.offsets))
    }
    names = [measured.vocabulary.token(int(c)) for c in measured.columns]
    found = [there.get((name, int(d)), -1) for name, d in zip(names, measured.offsets)]
    known = np.flatnonzero(np.array(found) >= 0)
    shape = (matrix.shape[1], len(names))
    pick = sparse.csr_array((np.ones(known.size), (np.array(found)[known], known)), shape=shape)
    return sparse.csr_array(matrix @ pick)


@dataclass(frozen=True, eq=False)
class _Half:
    """One half of the documents to choose words on, and the other to read them in."""

    choosing: sparse.csr_array
    reading: sparse.csr_array
    number_counts: np.ndarray
    numbers: np.ndarray
    task: Task
    fold_of: np.ndarray
    least: float
    weighting: str | Weighting
    rng: np.random.Generator

    def predictions(
        self, sizes: Sequence[int]
    ) -> Iterator[tuple[tuple[str, int | None], np.ndarray]]:
        """Labels (draws, n) of every reader, by its name and number of words."""
        labels: dict[tuple[str, int | None], np.ndarray] = {}
        for fold in range(_FOLDS):
            held, rows = np.flatnonzero(self.fold_of == fold), np.flatnonzero(self.fold_of != fold)
            for key, draw, said in self._of_fold(rows, held, sizes):
                draws = _DRAWS if key[0] == "random words" else 1
                kept = labels.setdefault(key, np.zeros((draws, len(self.fold_of)), dtype=int))
                kept[draw, held] = said
        yield from labels.items()

    def _of_fold(
        self, rows: np.ndarray, held: np.ndarray, sizes: Sequence[int]
    ) -> Iterator[tuple[tuple[str, int | None], int, np.ndarray]]:
        ranked, pairs = self._ranked(rows)
        frequent = np.argsort(-pairs, kind="stable")
        for m in (m for m in sizes if m <= ranked.size):
            yield ("words", m), 0, self._read(ranked[:m], rows, held)
            yield ("frequent words", m), 0, self._read(frequent[:m], rows, held)
            X = np.hstack([self._log_count, self._columns[:, ranked[:m]]])
            yield ("words and log count", m), 0, self._fit(X[rows], X[held], rows)
            for draw in range(_DRAWS):
                words = _matched(pairs, ranked[:m], self.rng)
                yield ("random words", m), draw, self._read(words, rows, held)
        basis = gram_basis(get_backend("cpu"), self._gram, rows, held)
        for name, ridge in ((OF_ALL[0], False), (OF_ALL[1], True)):
            yield (name, None), 0, self._fit(basis.train, basis.test, rows, ridge, basis)
        for name, X in ((OF_ALL[2], self._vectors), (OF_ALL[3], self._log_count)):
            yield (name, None), 0, self._fit(X[rows], X[held], rows)

    @cached_property
    def _candidates(self) -> np.ndarray:
        found = np.flatnonzero(self.choosing.sum(axis=0) >= self.least)
        if not found.size:
            raise InputError(
                f"no word stands {self.least:g} times near a number in half of the text",
                remedy="lower min_count, or count more text",
            )
        return found

    def _ranked(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Candidates by falling F over the training numbers, and the pairs of each with them."""
        counts = self.choosing[rows]
        seen = np.flatnonzero(counts.sum(axis=1))
        shares = sparse.diags_array(1 / counts.sum(axis=1)[seen]) @ counts[seen]
        contrasts = residue_contrasts(self.numbers[rows][seen], self.task.period)
        f = block_f(contrasts, sparse.csr_array(shares[:, self._candidates]))[0]
        return np.argsort(-f, kind="stable"), counts[:, self._candidates].sum(axis=0)

    def _read(self, words: np.ndarray, rows: np.ndarray, held: np.ndarray) -> np.ndarray:
        X = self._columns[:, words]
        return self._fit(X[rows], X[held], rows)

    def _fit(
        self, train: np.ndarray, test: np.ndarray, rows: np.ndarray, ridge: bool = False,
        basis: Any = None,
    ) -> np.ndarray:  # fmt: skip
        fold = ClosedFormFold(
            get_backend("cpu"), [self.task], train, test, rows, ridge=ridge, basis=basis
        )
        return fold.predict(fold.choose(None))[0]

    @cached_property
    def _weighted(self) -> Any:
        return weight(self.reading, weighting=self.weighting, checked=True)

    @cached_property
    def _columns(self) -> np.ndarray:
        """Weighted columns of the candidates."""
        return np.asarray(self._weighted.matrix.tocsc()[:, self._candidates].toarray())

    @cached_property
    def _gram(self) -> np.ndarray:
        return np.asarray(gram(self._weighted))

    @cached_property
    def _vectors(self) -> np.ndarray:
        # The probe standardises columns, so that singular values have no say.
        # With more columns than rows to train on, LDA reads nothing of what it has not seen.
        dim = min(_DIM, len(self.numbers) // 4)
        return leading(self._gram, dim, backend=get_backend("cpu"), exact=False)[1]

    @cached_property
    def _log_count(self) -> np.ndarray:
        log = np.log(np.maximum(self.number_counts, 1).astype(float))
        run = np.unique(self.numbers // run_length(self.task.period), return_inverse=True)[1]
        return (log - (np.bincount(run, log) / np.bincount(run))[run])[:, None]


def _matched(pairs: np.ndarray, chosen: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """For each chosen word another with about as many pairs, drawn of the ten nearest."""
    free = np.ones(pairs.size, dtype=bool)
    free[chosen] = False
    log, found = np.log(np.maximum(pairs, 1.0)), []
    for word in chosen[np.argsort(-pairs[chosen], kind="stable")]:
        left = np.flatnonzero(free)
        if not left.size:
            break
        near = left[np.argsort(np.abs(log[left] - log[word]), kind="stable")[:_CANDIDATES]]
        found.append(rng.choice(near))
        free[found[-1]] = False
    return np.array(found, dtype=int)
