"""The linear probe of n mod T: cross-validated kappa with its interval, nulls and controls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from wordnum.analyzers.agreement import confusion_matrix, kappa
from wordnum.analyzers.controls import CONTROLS, SELECTIONS, WHOLE, Control, Subject, parts_of
from wordnum.analyzers.cross_validation import CLOSED_FORM, Predictions, out_of_fold
from wordnum.analyzers.folds import group_folds, group_size, random_folds
from wordnum.analyzers.inputs import centred_columns, rows_with_data
from wordnum.analyzers.intervals import Interval, Pairs, equal_halves, half_sample_interval
from wordnum.analyzers.permutations import Null, permuted_labels
from wordnum.analyzers.probe_results import ModulusProbe, ProbeResult
from wordnum.analyzers.reasons import Reason, reason_text
from wordnum.analyzers.refits import Refits
from wordnum.analyzers.residues import Task, check_classes, checked_moduli, tasks_for
from wordnum.backend import Backend, get_backend, one_blas_thread
from wordnum.config import one_of, whole_number
from wordnum.embeddings.embedding import Embedding
from wordnum.errors import InputError

CLASSIFIERS = ("lda", "ridge", "logistic", "mlp")
_PERMUTATIONS, _MOST_PERMUTATIONS = 200, 10_000
# Of the repeats and permutations of the probe, what a control takes: there are seven of them.
_CONTROL_REPEATS, _CONTROL_PERMUTATIONS = 3, 0.5
# Points of kappa x 100 by which two classifiers may differ unflagged.
_AGREE = 20.0


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
    controls: bool | Iterable[str] = True,
    intervals: bool = True,
) -> ProbeResult:
    """Probe n mod T for every T: Cohen's kappa x 100 of out-of-fold predictions.

    Numbers are dealt into five random folds, five times, the same for every T and every
    embedding. Inside each fold columns are standardised and one of seven regularisation alphas
    is chosen by leaving training numbers out; the predictions for the left-out
    numbers of the five folds are pooled into one kappa, and the repeats are averaged.

    Parameters
    ----------
    embedding : Embedding or array of shape (n, d)
        Row n of a plain array is the vector of number n.
    moduli : iterable of int
        The T.
    classifier : {"lda", "ridge", "logistic", "mlp"}
        Linear discriminant with covariance ``S_W + a I`` and equal priors (the default, exact in
        closed form, see `wordnum.analyzers.closed_form`); least squares on class indicators, as
        scikit-learn's RidgeClassifierCV; multinomial logistic regression; one hidden layer.
    random_state : int
        Of folds and permutations.
    device : {"cpu", "cuda"}
        Where the closed-form classifiers compute.
    nulls : int, optional
        Permutations of either kind, and half as many for every control; 200 for lda and ridge, 0
        for the iterative ones, which would train thousands of times.
    repeats : int, optional
        Times the folds are drawn; 5 for lda and ridge, 1 for the iterative ones.
    folds : int
        Parts that the numbers are dealt into, at least 2.
    controls : bool or iterable of str
        Also the controls, or those named, each with its interval and null, from the first three
        repeats: see `ModulusProbe`. The iterative classifiers have none.
    intervals : bool
        Also the intervals, where the embedding has half-samples.

    Returns
    -------
    ProbeResult

    Raises
    ------
    UsageError, InputError
        Unknown classifier; a T below 2 or above N; nulls above 10,000, repeats above 1000; fewer
        numbers than folds or twice the classes; one class only; vectors that are not finite and
        real.

    Notes
    -----
    Ties go to the smallest class. Negative kappa is reported as it is: a smooth embedding has
    neighbours of all other residues. A constant embedding has kappa 0.

    Permutations, half-samples and controls take the alpha that the probe selected in the same fold
    of the same repeat. Choosing it anew for each permutation takes eighty times as long and leaves
    the mean of the p-values under their null where it is, within 0.01
    (``benchmarks/false_positives.py``).

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
    embedding = rows_with_data(embedding)
    one_of(classifier, CLASSIFIERS, what="classifier")
    periods = checked_moduli(moduli, size=embedding.size)
    closed = classifier in CLOSED_FORM
    nulls = (_PERMUTATIONS if closed else 0) if nulls is None else nulls
    repeats = (5 if closed else 1) if repeats is None else repeats
    nulls = whole_number(nulls, least=0, most=_MOST_PERMUTATIONS, what="nulls")
    repeats = whole_number(repeats, most=1000, what="repeats")
    folds = whole_number(folds, least=2, what="folds")
    random_state = whole_number(random_state, least=0, most=2**63, what="random_state")
    check_classes(embedding.numbers, periods, folds=folds)
    run = _Run(get_backend(device), embedding, periods, classifier, folds, repeats, random_state)
    asked = CONTROLS if controls is True else [*(controls or ())]
    asked = [one_of(name, CONTROLS, what="control") for name in asked] if closed else []
    names = [WHOLE, *asked]
    names = [name for name in names if parts_of(name, embedding)]
    halves = run.halves(names) if intervals else {}
    null, unrestricted = (run.nulls(WHOLE, nulls, restricted=kind) for kind in (True, False))
    beside = {
        name: run.control(name, int(nulls * _CONTROL_PERMUTATIONS), halves) for name in names[1:]
    }
    by_period = {}
    for at, task in enumerate(run.tasks):
        T = task.period
        predicted = np.stack([predictions.labels[at] for predictions in run.main])
        repeated = np.asarray(kappa(task.labels[None], predicted, task.n_classes))
        right = predicted == task.labels
        mean = float(repeated.mean())
        pairs, (low, high, reason) = run.interval(T, mean, halves.get((WHOLE, T)))
        by_period[T] = ModulusProbe(
            period=T,
            kappa=mean,
            low=low,
            high=high,
            interval_reason=reason if intervals else "not-asked",
            repeat_sd=float(repeated.std(ddof=1)) if repeats > 1 else None,
            accuracy=float(right.mean()),
            kappa_repeats=repeated,
            alternative_kappa=run.alternative[at],
            controls={name: found[T] for name, found in beside.items() if T in found},
            residues=task.residues,
            confusion=confusion_matrix(task.labels[None], predicted, task.n_classes).sum(axis=0),
            recall_by_digit=_recall_by_digit(embedding.numbers, right),
            null=Null(null[T], mean) if nulls else None,
            null_unrestricted=Null(unrestricted[T], mean) if nulls else None,
            replicate_kappas=pairs,
        )
    return ProbeResult(
        by_period=by_period,
        classifier=classifier,
        size=embedding.size,
        random_state=random_state,
        folds=folds,
        repeats=repeats,
        notes=(*run.notes(by_period), *([] if nulls else [Reason.of("no-permutations")])),
    )


@dataclass(frozen=True, eq=False)
class _Run:
    """One embedding with its folds, and every way it is cross-validated."""

    backend: Backend
    embedding: Embedding
    periods: Sequence[int]
    classifier: str
    folds: int
    repeats: int
    random_state: int

    @cached_property
    def by_number(self) -> np.ndarray:
        return self._deal(random_folds)

    def _deal(self, deal: Any) -> np.ndarray:
        how = {"folds": self.folds, "repeats": self.repeats, "random_state": self.random_state}
        return np.asarray(deal(self.embedding.size, **how))

    @cached_property
    def tasks(self) -> list[Task]:
        return tasks_for(self.embedding.numbers, self.periods)

    @cached_property
    def main(self) -> list[Predictions]:
        """Predictions per repeat, alphas selected inside the folds."""
        return [self._predict(fold_of) for fold_of in self.by_number[:, self.embedding.numbers]]

    @property
    def _other(self) -> str:
        return "ridge" if self.classifier == "lda" else "lda"

    @cached_property
    def alternative(self) -> list[float]:
        """Kappas of the first repeat by another classifier."""
        fold_of = self.by_number[0, self.embedding.numbers]
        said = self._predict(fold_of, classifier=self._other).labels
        return [float(kappa(t.labels, row, t.n_classes)) for t, row in zip(self.tasks, said)]

    def _predict(self, fold_of: np.ndarray, **options: Any) -> Predictions:
        how = {"classifier": self.classifier, "random_state": self.random_state, **options}
        X = self.subject.refits.X
        return out_of_fold(self.backend, X, self.tasks, fold_of, **how)

    @cached_property
    def subject(self) -> Subject:
        return self._subject(self.embedding)

    def _subject(self, embedding: Embedding) -> Subject:
        X = self.backend.asarray(centred_columns(embedding.vectors))
        refits = Refits(self.backend, X, ridge=self.classifier == "ridge")
        return Subject(embedding, refits, self.periods)

    def _folds_and_alphas(self, name: str) -> tuple[np.ndarray, list[np.ndarray]]:
        if name == "groups":
            return self._groups
        some = None if name == WHOLE else _CONTROL_REPEATS
        return self.by_number[:some], [predictions.chosen for predictions in self.main[:some]]

    @cached_property
    def _groups(self) -> tuple[np.ndarray, list[np.ndarray]]:
        """Folds of groups; alphas selected by leaving whole groups out."""
        numbers, dealt = self.embedding.numbers, self._deal(group_folds)[:_CONTROL_REPEATS]
        group_of = numbers // group_size(self.embedding.size, self.folds)
        found = [self._predict(fold_of, group_of=group_of) for fold_of in dealt[:, numbers]]
        return dealt, [predictions.chosen for predictions in found]

    def nulls(self, name: str, times: int, *, restricted: bool) -> dict[int, np.ndarray]:
        """Kappas under permutations, per T."""
        if not times:
            return {}
        seed = [self.random_state, 2, 1 - restricted, [WHOLE, *CONTROLS].index(name)]
        if self.classifier in CLOSED_FORM:
            asked = parts_of(name, self.embedding), *self._folds_and_alphas(name)
            return self.subject.permuted(*asked, times=times, restricted=restricted, seed=seed)
        numbers, rng = self.embedding.numbers, np.random.default_rng(seed)
        labels = [
            permuted_labels(t, numbers, times, rng, restricted=restricted) for t in self.tasks
        ]
        refitted = []
        for rows in zip(*labels, strict=True):
            tasks = [Task(t.period, row, t.residues) for t, row in zip(self.tasks, rows)]
            refitted.append(self._iterative(self.subject, tasks))
        return dict(zip(self.periods, np.array(refitted).T, strict=True))

    def _iterative(self, subject: Subject, tasks: list[Task]) -> np.ndarray:
        """Kappas of a classifier without a closed form, at the alphas of the probe."""
        folds_of = self.by_number[:, subject.embedding.numbers]
        how: dict[str, Any] = {"classifier": self.classifier, "random_state": self.random_state}
        total = np.zeros(len(tasks))
        for fold_of, one in zip(folds_of, self.main, strict=True):
            X, chosen = subject.refits.X, one.chosen
            said = out_of_fold(self.backend, X, tasks, fold_of, chosen=chosen, **how).labels
            total += [kappa(t.labels, row, t.n_classes) for t, row in zip(tasks, said, strict=True)]
        return total / self.repeats

    def halves(self, names: Sequence[str]) -> dict[tuple[str, int], dict[int, tuple[Any, ...]]]:
        """By what is asked and T: kappas of both halves of every half-sample, by its id."""
        found: dict[tuple[str, int], dict[int, list[float]]] = {}
        replicates = self.embedding.replicates
        for i, pair in zip(replicates.ids, replicates.pairs):
            for half in pair:
                for asked, value in self._half(half, names).items():
                    found.setdefault(asked, {}).setdefault(i, []).append(value)
        return {
            asked: {i: tuple(both) for i, both in pairs.items() if len(both) == 2}
            for asked, pairs in found.items()
        }

    def _half(self, half: Embedding, names: Sequence[str]) -> dict[tuple[str, int], float]:
        subject = self._subject(half)
        if self.classifier not in CLOSED_FORM:
            try:
                check_classes(half.numbers, self.periods, folds=self.folds)
            except InputError:
                return {}
            kappas = self._iterative(subject, tasks_for(half.numbers, self.periods))
            return {(WHOLE, T): float(k) for T, k in zip(self.periods, kappas, strict=True)}
        return {
            (name, T): value
            for name in names
            for T, value in subject.kappas(
                parts_of(name, half), *self._folds_and_alphas(name)
            ).items()
        }

    @cached_property
    def _shares(self) -> dict[int, tuple[float, float]]:
        """Share of the text, by occurrences of numbers, of both halves of every half-sample."""
        replicates = self.embedding.replicates
        known = {
            i: [0.0 if half.counts is None else float(half.counts.sum()) for half in pair]
            for i, pair in zip(replicates.ids, replicates.pairs)
        }
        return {i: (a / (a + b), b / (a + b)) for i, (a, b) in known.items() if a and b}

    def interval(
        self, period: int, value: float, pairs: Pairs | None
    ) -> tuple[dict[int, tuple[float, float]], Interval]:
        """Kappas of halves of equal size, and the interval that they give."""
        equal = equal_halves(value, pairs or {}, self._shares)
        return equal, half_sample_interval(period, value, equal, embedding=self.embedding)

    def control(self, name: str, times: int, halves: Any) -> dict[int, Control]:
        """One control per T; what cannot be asked is absent."""
        parts, given = parts_of(name, self.embedding), self._folds_and_alphas(name)
        nulls = self.nulls(name, times, restricted=True)
        drawn: dict[int, np.ndarray] = {}
        if name in SELECTIONS:
            seed = [self.random_state, 3, CONTROLS.index(name)]
            drawn = self.subject.random_selections(parts, *given, seed=seed)
        found = {}
        for T, value in self.subject.kappas(parts, *given).items():
            pairs, interval = self.interval(T, value, halves.get((name, T)))
            found[T] = Control.of(
                value,
                interval,
                null=Null(nulls[T], value) if T in nulls else None,
                random=drawn.get(T),
                n=sum(len(part.rows) for part in parts),
                replicate_kappas=pairs,
            )
        return found

    def notes(self, found: dict[int, ModulusProbe]) -> list[Reason]:
        """What a reader must know."""
        notes = []
        failed = sorted(frozenset().union(*(predictions.failed for predictions in self.main)))
        if failed:
            periods = ", ".join(map(str, failed))
            notes.append(Reason.of("not-converged", classifier=self.classifier, periods=periods))
        for T, one in found.items():
            first = float(one.kappa_repeats[0])
            if abs(first - one.alternative_kappa) > _AGREE:
                kappas = f"{self.classifier} {first:.0f}, {self._other} {one.alternative_kappa:.0f}"
                text = f"{reason_text('classifiers-disagree')}, at T = {T} {kappas}"
                notes.append(Reason("classifiers-disagree", T, text))
        n = len(self.embedding.numbers)
        if self.embedding.dim >= n - -(-n // self.folds):
            notes.append(Reason.of("more-dimensions"))
        return notes


def _recall_by_digit(numbers: np.ndarray, right: np.ndarray) -> np.ndarray:
    digit = numbers % 10
    seen = np.bincount(digit, minlength=10)
    hits = np.bincount(digit, weights=right.mean(axis=0), minlength=10)
    return np.where(seen > 0, hits / np.maximum(seen, 1), np.nan)
