"""Controls of a probe: probes of a selection of the numbers, and of columns without a nuisance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from wordnum.analyzers.permutations import Null, permuted_labels
from wordnum.analyzers.refits import Refits
from wordnum.analyzers.residues import Task, tasks_for
from wordnum.analyzers.roundness import roundness
from wordnum.embeddings.embedding import Embedding

WHOLE = "all numbers"
SELECTIONS = ("excluding multiples of 5", "excluding multiples of 10", "within parity")
CONTROLS = (
    *SELECTIONS, "groups", "without frequency", "without frequency within runs of ten",
    "without roundness",
)  # fmt: skip
_RANDOM = 20


@dataclass(frozen=True, eq=False)
class Control:
    """A probe of n mod T beside the probe itself. Every kappa is Cohen's kappa x 100.

    Attributes
    ----------
    kappa : float
        Mean over the repeats, the first three of the probe.
    low, high : float or None
        95 % interval from half-samples; None with `interval_reason`.
    interval_reason : str or None
    p_value : float or None
        Of kappa, against block-restricted permutations of the labels of the same numbers. None
        where there were none.
    null_mean, null_p95 : float or None
        Of these permutations.
    random_mean, random_low, random_high : float or None
        Mean, smallest and largest kappa of twenty random selections of as many numbers, one repeat
        each: what the number of numbers alone does. None where all numbers take part.
    n : int
        Numbers that take part.
    replicate_kappas : dict of int to (float, float)
        Kappas of both halves of every half-sample, by its id.
    """

    kappa: float
    low: float | None
    high: float | None
    interval_reason: str | None
    p_value: float | None
    null_mean: float | None
    null_p95: float | None
    random_mean: float | None
    random_low: float | None
    random_high: float | None
    n: int
    replicate_kappas: dict[int, tuple[float, float]] = field(repr=False)

    @classmethod
    def of(
        cls,
        kappa: float,
        interval: tuple[float | None, float | None, str | None],
        *,
        null: Null | None,
        n: int,
        replicate_kappas: dict[int, tuple[float, float]],
        random: np.ndarray | None = None,
    ) -> Control:
        """Make one of its kappa, its interval with the reason for none, and what stands beside."""
        low, high, reason = interval
        return cls(
            kappa=kappa,
            low=low,
            high=high,
            interval_reason=reason,
            p_value=null.p_value if null else None,
            null_mean=null.mean if null else None,
            null_p95=null.p95 if null else None,
            random_mean=None if random is None else float(random.mean()),
            random_low=None if random is None else float(random.min()),
            random_high=None if random is None else float(random.max()),
            n=n,
            replicate_kappas=replicate_kappas,
        )

    def to_dict(self) -> dict[str, Any]:
        """All but the kappas of the halves, as the JSON has it."""
        found = asdict(self)
        del found["replicate_kappas"]
        return found


@dataclass(frozen=True, eq=False)
class Part:
    """Rows of an embedding, and what is regressed out of their columns, (n, p) or None."""

    rows: np.ndarray
    nuisance: np.ndarray | None = None


def parts_of(name: str, embedding: Embedding) -> list[Part]:
    """What is probed; the kappas of several parts are averaged. None without the counts it needs.

    Parameters
    ----------
    name : str
        One of `CONTROLS`, or `WHOLE`.
    embedding : Embedding
    """
    numbers = embedding.numbers
    every = np.arange(len(numbers))
    if name in (WHOLE, "groups"):
        return [Part(every)]
    if name == "without roundness":
        return [Part(every, roundness(numbers))]
    if name in SELECTIONS:
        of_five, of_ten = numbers % 5 == 0, numbers % 10 == 0
        even = numbers % 2 == 0
        chosen = dict(zip(SELECTIONS, ([~of_five], [~of_ten], [even, ~even]), strict=True))
        return [Part(np.flatnonzero(rows)) for rows in chosen[name]]
    if embedding.counts is None:
        return []
    log_count = np.log(np.maximum(embedding.counts, 1).astype(float))
    if name == "without frequency within runs of ten":
        run = numbers // 10
        mean = np.bincount(run, weights=log_count) / np.maximum(np.bincount(run), 1)
        log_count = log_count - mean[run]
    return [Part(every, log_count[:, None])]


@dataclass(frozen=True, eq=False)
class Subject:
    """An embedding that is refitted at given alphas.

    Parameters
    ----------
    embedding : Embedding
    refits : Refits
    periods : sequence of int
        The T of the columns of the alphas.
    """

    embedding: Embedding
    refits: Refits
    periods: Sequence[int]

    def kappas(
        self, parts: Sequence[Part], by_number: np.ndarray, chosen: Sequence[np.ndarray]
    ) -> dict[int, float]:
        """Kappa x 100 per T, mean over the parts and the repeats; what cannot be asked is absent.

        Parameters
        ----------
        parts : sequence of Part
        by_number : array of int of shape (repeats, size)
            Fold of every number.
        chosen : sequence of int array of shape (folds, number of periods)
            Alphas per repeat.
        """
        found = []
        for part in parts:
            tasks, folds_of, alphas = self._asked(part, by_number, chosen)
            if not tasks:
                return {}
            kappas = self.refits.kappas(part.rows, tasks, folds_of, alphas, nuisance=part.nuisance)
            found.append({t.period: float(kappa) for t, kappa in zip(tasks, kappas, strict=True)})
        return _mean(found)

    def permuted(
        self,
        parts: Sequence[Part],
        by_number: np.ndarray,
        chosen: Sequence[np.ndarray],
        *,
        times: int,
        restricted: bool,
        seed: Sequence[int],
    ) -> dict[int, np.ndarray]:
        """As `kappas`, under `times` permutations of the labels of every part."""
        found, rng = [], np.random.default_rng(seed)
        for part in parts:
            tasks, folds_of, alphas = self._asked(part, by_number, chosen)
            numbers = self.embedding.numbers[part.rows]
            labels = [permuted_labels(t, numbers, times, rng, restricted=restricted) for t in tasks]
            kappas = self.refits.permuted(
                part.rows, tasks, folds_of, alphas, labels, nuisance=part.nuisance
            )
            found.append({t.period: values for t, values in zip(tasks, kappas, strict=True)})
        return _mean(found)

    def random_selections(
        self,
        parts: Sequence[Part],
        by_number: np.ndarray,
        chosen: Sequence[np.ndarray],
        *,
        seed: Sequence[int],
    ) -> dict[int, np.ndarray]:
        """As `kappas`, of twenty random selections of as many numbers, one repeat each."""
        rng = np.random.default_rng(seed)
        edges = np.cumsum([len(part.rows) for part in parts])
        found: dict[int, list[float]] = {}
        for at in range(_RANDOM):
            order = rng.permutation(len(self.embedding.numbers))[: edges[-1]]
            drawn = [Part(np.sort(rows)) for rows in np.split(order, edges[:-1])]
            repeat = at % len(chosen)
            one = self.kappas(drawn, by_number[[repeat]], [chosen[repeat]])
            for T, kappa in one.items():
                found.setdefault(T, []).append(kappa)
        return {T: np.array(kappas) for T, kappas in found.items()}

    def _asked(
        self, part: Part, by_number: np.ndarray, chosen: Sequence[np.ndarray]
    ) -> tuple[list[Task], np.ndarray, list[np.ndarray]]:
        """Tasks that can be asked of a part, its folds, and the alphas of these tasks."""
        numbers = self.embedding.numbers[part.rows]
        tasks = tasks_for(numbers, self.periods)
        able = [t.n_classes > 1 and len(numbers) >= 2 * t.n_classes for t in tasks]
        able = [one and len(np.unique(by_number[:, numbers])) > 1 for one in able]
        columns = np.flatnonzero(able)
        asked = [task for task, one in zip(tasks, able, strict=True) if one]
        return asked, by_number[:, numbers], [alphas[:, columns] for alphas in chosen]


def _mean(found: list[dict[int, Any]]) -> dict[int, Any]:
    shared = [T for T in found[0] if all(T in one for one in found)] if found else []
    return {T: sum(one[T] for one in found) / len(found) for T in shared}
