"""The linear probe of n mod T: cross-validated kappa with its interval, nulls and controls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wordnum.analyzers.agreement import confusion_matrix, kappa
from wordnum.analyzers.columns import centred_columns
from wordnum.analyzers.crossval import Predictions, Task, closed_form_predictions, tasks_for
from wordnum.analyzers.folds import GROUP, group_folds, random_folds
from wordnum.analyzers.intervals import half_split_interval
from wordnum.analyzers.moduli import check_classes, checked_moduli
from wordnum.analyzers.permutations import Null, shuffled_kappas, shuffled_labels
from wordnum.analyzers.results import ModulusProbe, ProbeResult
from wordnum.analyzers.threads import one_blas_thread
from wordnum.backend import Backend, get_backend
from wordnum.config import one_of
from wordnum.embeddings.embedding import Embedding, as_embedding
from wordnum.errors import UsageError

__all__ = ["CLASSIFIERS", "probe"]

CLASSIFIERS = ("lda", "ridge", "logistic", "mlp")
_CLOSED_FORM = ("lda", "ridge")
_SHUFFLES = 200


@one_blas_thread
def probe(
    embedding: Embedding | np.ndarray,
    *,
    moduli: Iterable[int] = range(2, 11),
    classifier: str = "lda",
    random_state: int = 0,
    device: str = "cpu",
    nulls: int | None = None,
    repeats: int | None = None,
    folds: int = 5,
    controls: bool = True,
    intervals: bool = True,
) -> ProbeResult:
    """Probe n mod T for every T: Cohen's kappa x 100 of out-of-fold predictions.

    Numbers are dealt into five random folds, five times, the same for every T and every
    embedding. Inside each fold columns are standardised and one of seven strengths of
    regularisation is chosen by leaving training numbers out; the predictions for the left-out
    numbers of the five folds are pooled into one kappa, and the repeats are averaged.

    Parameters
    ----------
    embedding : Embedding or array of shape (n, d)
        Row n of a plain array is the vector of number n.
    moduli : iterable of int
        The T.
    classifier : {"lda", "ridge", "logistic", "mlp"}
        Linear discriminant with covariance ``S_W + a I`` and equal priors (the default, exact in
        closed form, see `wordnum.analyzers.lda`); least squares on class indicators, as
        scikit-learn's RidgeClassifierCV; multinomial logistic regression; one hidden layer.
    random_state : int
        Of folds and shuffles.
    device : {"cpu", "cuda"}
        Where the closed-form classifiers compute.
    nulls : int, optional
        Shuffles of either kind; 200 for lda and ridge, 0 for the iterative ones, which would
        train thousands of times.
    repeats : int, optional
        Times the folds are drawn; 5 for lda and ridge, 1 for the iterative ones.
    folds : int
        Parts of the numbers, at least 2.
    controls : bool
        Also the kappas of groups, without multiples of 5, within parity, without frequency
        (one repeat each).
    intervals : bool
        Also the half-split intervals, where the embedding has halves.

    Returns
    -------
    ProbeResult

    Raises
    ------
    UsageError, InputError
        Unknown classifier; a T below 2 or above N; fewer numbers than folds or twice the classes;
        one class only; vectors that are not finite and real.

    Notes
    -----
    Ties go to the smallest class. Negative kappa is reported as it is: a smooth embedding has
    neighbours of all other residues. A constant embedding has kappa 0.

    The strength of the shuffles is that of the real labels. Choosing it anew for each of them takes
    eighty times as long and leaves the mean of the p-values under their null where it is, within
    0.01 (``benchmarks/false_positives.py``).

    References
    ----------
    Fu et al., arXiv 2604.20817, geometric convergence.

    Examples
    --------
    >>> n = np.arange(200)
    >>> e = np.stack([np.cos(2 * np.pi * n / 5), np.sin(2 * np.pi * n / 5)], axis=1)
    >>> result = probe(e, moduli=[2, 5], nulls=19)
    >>> round(result[5].kappa, 1), result[5].null.p_value
    (100.0, 0.05)
    """
    embedding = as_embedding(embedding)
    one_of(classifier, CLASSIFIERS, what="classifier")
    periods = checked_moduli(moduli, size=embedding.size)
    closed = classifier in _CLOSED_FORM
    nulls = (_SHUFFLES if closed else 0) if nulls is None else nulls
    repeats = (5 if closed else 1) if repeats is None else repeats
    for name, value, least in (("folds", folds, 2), ("repeats", repeats, 1), ("nulls", nulls, 0)):
        if value < least:
            raise UsageError(f"{name} is too small", expected=f"{least} or more", got=str(value))
    check_classes(embedding.numbers, periods, folds=folds)
    run = _Run(get_backend(device), embedding, periods, classifier, folds, repeats, random_state)
    main = [run.predict(folds_of) for folds_of in run.folds_of]
    parts = _Parts(
        main=main,
        nulls=run.nulls(main[0], nulls) if nulls else {},
        controls=run.controls() if controls else {},
        halves=run.halves(main[0].chosen) if intervals else {},
    )
    notes = {note for predictions in main for note in predictions.notes}
    if not nulls:
        notes.add("no label shuffles were run")
    return ProbeResult(
        by_period={task.period: _modulus(run, at, parts) for at, task in enumerate(run.tasks)},
        classifier=classifier,
        numbers=embedding.numbers,
        size=embedding.size,
        dim=embedding.dim,
        random_state=random_state,
        folds=folds,
        repeats=repeats,
        notes=tuple(sorted(notes)),
    )


@dataclass(frozen=True, eq=False)
class _Parts:
    main: list[Predictions]
    nulls: dict[str, list[np.ndarray]]
    controls: dict[str, dict[int, float]]
    halves: dict[int, np.ndarray]


class _Run:
    """One embedding with its folds, and every way it is cross-validated."""

    def __init__(
        self,
        backend: Backend,
        embedding: Embedding,
        periods: Sequence[int],
        classifier: str,
        folds: int,
        repeats: int,
        random_state: int,
    ) -> None:
        self.backend = backend
        self.embedding = embedding
        self.periods = periods
        self.classifier = classifier
        self.folds = folds
        self.random_state = random_state
        self.tasks = tasks_for(embedding.numbers, periods)
        self.X = backend.asarray(centred_columns(embedding.vectors))
        self.by_number = random_folds(
            embedding.size, folds=folds, repeats=repeats, random_state=random_state
        )
        self.folds_of = self.by_number[:, embedding.numbers]

    def predict(self, fold_of: np.ndarray, **options: Any) -> Predictions:
        return self._predict(self.X, self.tasks, fold_of, **options)

    def _predict(
        self, X: Any, tasks: Sequence[Task], fold_of: np.ndarray, **options: Any
    ) -> Predictions:
        if self.classifier in _CLOSED_FORM:
            return closed_form_predictions(
                self.backend, X, tasks, fold_of, classifier=self.classifier, **options
            )
        from wordnum.analyzers.classifiers import iterative_predictions

        return iterative_predictions(
            X, tasks, fold_of, classifier=self.classifier, random_state=self.random_state, **options
        )

    def nulls(self, real: Predictions, shuffles: int) -> dict[str, list[np.ndarray]]:
        """Kappas under shuffles of either kind, per task."""
        rng = np.random.default_rng([self.random_state, 2])
        labels = [
            np.concatenate(
                [
                    shuffled_labels(
                        task, self.embedding.numbers, shuffles, rng, within_runs=within_runs
                    )
                    for within_runs in (True, False)
                ]
            )
            for task in self.tasks
        ]
        if self.classifier in _CLOSED_FORM:
            kappas = shuffled_kappas(
                self.backend,
                self.X,
                self.tasks,
                labels,
                self.folds_of[0],
                real.chosen,
                classifier=self.classifier,
            )
        else:
            kappas = self._refitted(labels, real.chosen)
        return {
            "runs": [values[:shuffles] for values in kappas],
            "plain": [values[shuffles:] for values in kappas],
        }

    def _refitted(self, labels: list[np.ndarray], chosen: np.ndarray) -> list[np.ndarray]:
        found = []
        for one in range(len(labels[0])):
            tasks = [
                Task(task.period, shuffled[one], task.residues)
                for task, shuffled in zip(self.tasks, labels, strict=True)
            ]
            predicted = self._predict(self.X, tasks, self.folds_of[0], chosen=chosen).labels
            found.append([_kappa(task, row) for task, row in zip(tasks, predicted, strict=True)])
        return list(np.array(found).T)

    def controls(self) -> dict[str, dict[int, float]]:
        """Kappa per T of the beyond-roundness controls; a T that cannot be asked is left out."""
        numbers = self.embedding.numbers
        first = self.folds_of[0]
        grouped = group_folds(
            self.embedding.size, folds=self.folds, repeats=1, random_state=self.random_state
        )
        group = max(1, min(GROUP, self.embedding.size // self.folds))
        every = np.ones(len(numbers), dtype=bool)
        found = {
            "groups": self._subset(every, grouped[0][numbers], group_of=numbers // group),
            "without_fives": self._subset(numbers % 5 != 0, first),
        }
        even, odd = (self._subset(numbers % 2 == parity, first) for parity in (0, 1))
        both = even.keys() & odd.keys()
        found["within_parity"] = {T: (even[T] + odd[T]) / 2 for T in both}
        if self.embedding.counts is not None:
            log_count = np.log(np.maximum(self.embedding.counts, 1).astype(float))
            found["without_frequency"] = self._subset(every, first, nuisance=log_count)
        return found

    def _subset(
        self, keep: np.ndarray, fold_of: np.ndarray, **options: np.ndarray
    ) -> dict[int, float]:
        rows = np.flatnonzero(keep)
        tasks = [
            task
            for task in tasks_for(self.embedding.numbers[rows], self.periods)
            if task.n_classes > 1 and len(rows) >= 2 * task.n_classes
        ]
        if not tasks or len(np.unique(fold_of[rows])) < 2:
            return {}
        X = self.X if keep.all() else self.X[self.backend.asarray(rows)]
        predicted = self._predict(
            X, tasks, fold_of[rows], **{name: value[rows] for name, value in options.items()}
        ).labels
        return {t.period: _kappa(t, row) for t, row in zip(tasks, predicted, strict=True)}

    def halves(self, chosen: np.ndarray) -> dict[int, np.ndarray]:
        """Kappas of both halves of every split per T: (splits, 2); first repeat, same strengths."""
        pairs = self.embedding.replicates.pairs
        usable = all(_probeable(half, self.periods, self.folds) for pair in pairs for half in pair)
        if not pairs or not usable:
            return {}
        found = np.array([[self._half(half, chosen) for half in pair] for pair in pairs])
        return {T: found[:, :, at] for at, T in enumerate(self.periods)}

    def _half(self, half: Embedding, chosen: np.ndarray) -> list[float]:
        tasks = tasks_for(half.numbers, self.periods)
        X = self.backend.asarray(centred_columns(half.vectors))
        fold_of = self.by_number[0][half.numbers]
        predicted = self._predict(X, tasks, fold_of, chosen=chosen).labels
        return [_kappa(task, row) for task, row in zip(tasks, predicted, strict=True)]


def _probeable(half: Embedding, periods: Sequence[int], folds: int) -> bool:
    n = len(half)
    return n >= folds and all(n >= 2 * T and len(np.unique(half.numbers % T)) > 1 for T in periods)


def _kappa(task: Task, predicted: np.ndarray) -> float:
    return float(kappa(task.labels, predicted, task.n_classes))


def _modulus(run: _Run, at: int, parts: _Parts) -> ModulusProbe:
    task, embedding = run.tasks[at], run.embedding
    predicted = np.stack([predictions.labels[at] for predictions in parts.main])
    kappas = np.asarray(kappa(task.labels[None], predicted, task.n_classes))
    right = predicted == task.labels
    null: Callable[[str], Null | None] = lambda kind: (  # noqa: E731
        Null.of(parts.nulls[kind][at], float(kappas[0])) if parts.nulls else None
    )
    control: Callable[[str], float | None] = lambda name: (  # noqa: E731
        parts.controls.get(name, {}).get(task.period)
    )
    half_kappas = parts.halves.get(task.period, np.zeros((0, 2)))
    interval = half_split_interval(
        task.period, float(kappas.mean()), half_kappas, embedding=embedding
    )
    return ModulusProbe(
        period=task.period,
        kappa=float(kappas.mean()),
        low=interval.low,
        high=interval.high,
        reason=interval.reason,
        repeat_sd=float(kappas.std(ddof=1)) if len(kappas) > 1 else None,
        accuracy=float(right.mean()),
        kappa_repeats=kappas,
        kappa_groups=control("groups"),
        kappa_without_fives=control("without_fives"),
        kappa_within_parity=control("within_parity"),
        kappa_without_frequency=control("without_frequency"),
        residues=task.residues,
        confusion=confusion_matrix(task.labels[None], predicted, task.n_classes).sum(axis=0),
        recall_by_digit=_recall_by_digit(embedding.numbers, right),
        null=null("runs"),
        null_plain=null("plain"),
        half_kappas=half_kappas,
    )


def _recall_by_digit(numbers: np.ndarray, right: np.ndarray) -> np.ndarray:
    digit = numbers % 10
    seen = np.bincount(digit, minlength=10)
    hits = np.bincount(digit, weights=right.mean(axis=0), minlength=10)
    return np.where(seen > 0, hits / np.maximum(seen, 1), np.nan)
