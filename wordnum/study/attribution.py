"""Attribution: which contexts carry n mod T."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html import escape
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wordnum.analyze.inference import MIN_DOCUMENTS
from wordnum.analyze.moduli import check_classes, checked_moduli
from wordnum.cooccurrence.counts import CooccurrenceCounts
from wordnum.cooccurrence.reduce import half_splits
from wordnum.cooccurrence.window import Window
from wordnum.errors import InputError, UsageError
from wordnum.parallel import map_tasks
from wordnum.provenance import provenance
from wordnum.storage import atomic_path
from wordnum.study.game import FOLDS, MEASURES, KappaGame
from wordnum.study.players import Groups, read_players
from wordnum.study.shapley import Coalitions, circular_coalitions, every_coalition

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Attribution", "attribute"]

# 97.5 % point of Student's t with 9 degrees of freedom, as in every half-split interval.
_T_QUANTILE = 2.26
# Coalitions per task: long beside making the Gram matrices, and the same for any number of jobs.
_CHUNK = 128


@dataclass(frozen=True, eq=False, repr=False)
class Attribution:
    """What each group of contexts is worth, by T and by last digit.

    Arrays have the axes group, T and measure: kappa x 100 at 0, then recall in per cent of the
    numbers whose last digit is 0, 1, ... 9 when n mod T is probed.

    Attributes
    ----------
    names : tuple of str
        The groups.
    moduli : tuple of int
    whole, empty : array of shape (T, 11)
        Value of all groups together, and of none.
    alone, left_out, shapley : array of shape (groups, T, 11)
        Value of the group alone, of all others without it, and its Shapley value.
    alone_error, loss_error, shapley_error : array of shape (groups, T, 11)
        Standard errors from half-splits of the documents, NaN where `reason` says why.
    sampling_error : array of shape (groups, T, 11)
        Standard error of `shapley` that comes from sampling coalitions; 0 where `exact`.
    half_shapley : array of shape (splits, 2, groups, T, 11)
        Shapley values within the halves (one circle of coalitions each), to compare attributions
        on the same splits.
    exact : bool
        Whether all coalitions were valued.
    reason : str or None
        Why there is no interval.
    coalitions : bool array of shape (m, groups)
        Coalitions of the groups that were valued.
    values : array of shape (m, T, 11)
        Their values.
    flags : tuple of str
    provenance : dict
    """

    names: tuple[str, ...]
    moduli: tuple[int, ...]
    whole: np.ndarray
    empty: np.ndarray
    alone: np.ndarray
    left_out: np.ndarray
    shapley: np.ndarray
    alone_error: np.ndarray
    loss_error: np.ndarray
    shapley_error: np.ndarray
    sampling_error: np.ndarray
    half_shapley: np.ndarray
    exact: bool
    reason: str | None
    coalitions: np.ndarray
    values: np.ndarray
    flags: tuple[str, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def loss(self) -> np.ndarray:
        """What is lost when the group is left out, (groups, T, 11)."""
        return self.whole - self.left_out

    @property
    def low(self) -> np.ndarray:
        """Lower end of the 95 % interval of `shapley`."""
        return self.shapley - _T_QUANTILE * self.shapley_error

    @property
    def high(self) -> np.ndarray:
        """Upper end of the 95 % interval of `shapley`."""
        return self.shapley + _T_QUANTILE * self.shapley_error

    def __repr__(self) -> str:
        kind = "exact" if self.exact else "sampled"
        return (
            f"Attribution({len(self.names)} groups, moduli={self.moduli}, {kind} from "
            f"{len(self.coalitions)} coalitions)"
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a row per group, T and measure.

        Returns
        -------
        DataFrame
            `digit` is missing in the rows about kappa, and a last digit in those about recall.
            Then `alone`, `left_out`, `loss`, `shapley` with `low` and `high`, the ends of the
            intervals of `alone` and `loss`, the `whole`, the value of no contexts (`empty`), the
            `sampling_error`, and why there is no interval (`reason`).
        """
        import pandas as pd

        shape = self.shapley.shape
        group, modulus, measure = np.indices(shape).reshape(3, -1)
        columns = {
            "alone": self.alone,
            "left_out": self.left_out,
            "loss": self.loss,
            "shapley": self.shapley,
            "low": self.low,
            "high": self.high,
            "alone_low": self.alone - _T_QUANTILE * self.alone_error,
            "alone_high": self.alone + _T_QUANTILE * self.alone_error,
            "loss_low": self.loss - _T_QUANTILE * self.loss_error,
            "loss_high": self.loss + _T_QUANTILE * self.loss_error,
            "whole": np.broadcast_to(self.whole, shape),
            "empty": np.broadcast_to(self.empty, shape),
            "sampling_error": self.sampling_error,
        }
        digits = pd.array([None, *MEASURES[1:]], dtype="Int64")
        return pd.DataFrame(
            {
                "group": np.array(self.names, dtype=object)[group],
                "T": np.array(self.moduli)[modulus],
                "digit": digits[measure],
                **{name: array.ravel() for name, array in columns.items()},
                "reason": self.reason or "",
            }
        )

    def to_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write `to_frame` to a CSV file, atomically; returns its path."""
        path = Path(path)
        with atomic_path(path) as temporary:
            self.to_frame().to_csv(temporary, index=False)
        return path

    def _repr_html_(self) -> str:
        """Kappa by group and T: Shapley value with its interval, alone, and loss."""
        head = "".join(f"<th colspan=3>n mod {T}</th>" for T in self.moduli)
        second = "<th>Shapley</th><th>alone</th><th>loss</th>" * len(self.moduli)
        body = []
        for g, name in enumerate(self.names):
            cells = []
            for t in range(len(self.moduli)):
                share = f"{self.shapley[g, t, 0]:.1f}"
                if self.reason is None:
                    share += f" [{self.low[g, t, 0]:.1f}, {self.high[g, t, 0]:.1f}]"
                rest = (self.alone[g, t, 0], self.loss[g, t, 0])
                cells.append(f"<td>{share}</td>" + "".join(f"<td>{x:.1f}</td>" for x in rest))
            body.append(f"<tr><th>{escape(name)}</th>{''.join(cells)}</tr>")
        wholes = "".join(f"<td>{row[0]:.1f}</td><td></td><td></td>" for row in self.whole)
        notes = "; ".join([*self.flags, *([f"no interval: {self.reason}"] if self.reason else [])])
        return (
            f"<table><tr><th></th>{head}</tr><tr><th></th>{second}</tr>{''.join(body)}"
            f"<tr><th>all</th>{wholes}</tr></table><p>{escape(notes)}</p>"
        )


def attribute(
    counts: CooccurrenceCounts,
    *,
    window: Window | None = None,
    signal: str = "both",
    groups: Groups = "contexts",
    sides: bool = False,
    dim: int = 100,
    moduli: Iterable[int] = (2, 5, 10),
    exact_limit: int = 11,
    permutations: int = 200,
    repeats: int = 5,
    intervals: bool = True,
    jobs: int | None = 1,
    seed: int = 0,
    device: str = "cpu",
) -> Attribution:
    """Attribute the kappa of n mod T to groups of contexts.

    The value v(S) of a set S of groups is the kappa that `wordnum.analyze.probe` finds in the
    embedding made from the columns of S only: Hellinger rows, SVD. For each group: v(group), the
    loss v(all) - v(all but the group), and its Shapley value, the mean of what it adds over all
    orders in which the groups can join. Groups that say the same are redundant: each costs
    nothing when left out, though alone each is worth much; the Shapley values share what they
    have in common, and sum to v(all) - v(none).

    Parameters
    ----------
    counts : CooccurrenceCounts
        Counted by block and distance.
    window : Window, optional
        Positions beside the number; ``Window(size=1)`` by default.
    signal : {"both", "text", "number"}
        Which contexts take part at all.
    groups : {"contexts", "signals", "all"} or mapping of str to context ids
        The named context groups of `wordnum.cooccurrence.groups`; text against number; all in
        one; or groups of your own. Contexts in none of yours are added to "the rest".
    sides : bool
        Part every group into its contexts before and after the number. The whole is then the
        embedding with a column per context and side.
    dim : int
        Dimensions of each embedding.
    moduli : iterable of int
        The T.
    exact_limit : int
        Up to so many groups with counts all 2^n sets of them are valued, and the Shapley values
        are exact; beyond, they are sampled. 11 are the library's own groups.
    permutations : int
        Orders of joining to sample, rounded up to whole circles of 2n, see
        `wordnum.study.shapley`.
    repeats : int
        Times the folds are drawn, 5 in the library's probe.
    intervals : bool
        Also the half-split intervals.
    jobs : int
        Workers.
    seed : int
        Of folds, half-splits and samples.
    device : {"cpu", "cuda"}
        Where to compute.

    Returns
    -------
    Attribution

    Raises
    ------
    UsageError
        A signal, grouping or modulus that does not exist; a context in two groups; an unknown id.
    InputError
        Too few numbers with contexts, or no counts at all.

    Notes
    -----
    - v(all) is the kappa of the library's probe on ``SVD(weighting="hellinger", dim=dim)``. All
      other sets use the folds of the same numbers and the strengths of regularisation that were
      chosen for the whole, inside each fold: choosing anew for every set costs more and changes
      little.
    - v(none) is 0: no columns, one class for every number. In the rows about recall it is
      100 / T per cent, that of a guess by lot.
    - Rows are normalised once, over all columns, so that a group's columns are the same numbers in
      every set. A number without any context in S stays, at the origin.
    - A group without counts has exactly 0 in all columns.
    - **The interval** says how far the Shapley value would move with other documents from the same
      source; the numbers, the folds, the groups and the regularisation stay as they are. The
      attribution is repeated on both halves of ten random splits of the document blocks, with
      one circle of 2n orders per split, the same for both halves, and one draw of the folds:
      ``SE = sd(phi_A - phi_B) / 2``, and the interval is ``phi -+ 2.26 SE`` around the value of
      the full data. As one circle samples the orders, SE is on average slightly too large.
      Halves hold half the text and so less of the kappa, which centring on the full data
      leaves out. None with fewer than two blocks or 40 documents.

    References
    ----------
    Shapley 1953, "A value for n-person games". Lundberg and Lee 2017 (attribution by Shapley
    values); the value function by leaving columns out, not by imputing them, is as in Covert,
    Lundberg and Lee 2021, "Explaining by removing", JMLR 22.

    Examples
    --------
    >>> from wordnum.cooccurrence.counts import CooccurrenceCounts
    >>> from wordnum.corpus.numerals import NumeralScheme
    >>> from wordnum.corpus.vocabulary import Vocabulary
    >>> words = Vocabulary.from_words(["even", "odd", "cat"], numerals=NumeralScheme(size=40))
    >>> events = [(0, 1, n, 42 + n % 2, 4) for n in range(40)]
    >>> events += [(0, 1, n, 44, 4) for n in range(40)]
    >>> counts = CooccurrenceCounts.from_events(events, vocabulary=words, window_size=1)
    >>> found = attribute(counts, groups={"parity": [42, 43], "cats": [44]}, moduli=[2])
    >>> dict(zip(found.names, found.shapley[:, 0, 0].round(1).tolist()))
    {'parity': 100.0, 'cats': 0.0, 'the rest': 0.0}
    """
    window = Window(size=1) if window is None else window
    periods = checked_moduli(moduli, size=counts.vocabulary.size)
    for name, value in (("dim", dim), ("permutations", permutations), ("repeats", repeats)):
        if value < 1:
            raise UsageError(f"{name} is too small", expected="1 or more", got=str(value))
    players = read_players(counts, window=window, signal=signal, groups=groups, sides=sides)
    counted = players.counted()
    if not counted.any():
        raise InputError(
            "no context was counted",
            expected="pairs of a number and a context",
            remedy="check that the corpus holds numbers, the window and the signal",
        )
    alive = [ids for ids, seen in zip(players.columns, counted, strict=True) if seen]
    game = KappaGame(players.blocks, alive, periods, dim, seed, device)
    check_classes(game.numbers(), periods, folds=FOLDS)
    n = len(alive)
    circles = ceil(permutations / (2 * n))
    coalitions = (
        every_coalition(n)
        if n <= exact_limit
        else circular_coalitions(n, circles=circles, seed=[seed, 0])
    )
    splits = half_splits(len(players.blocks), seed=seed)
    reason = _no_interval(counts, game, splits) if intervals else "intervals were not asked for"
    plans = [
        circular_coalitions(n, seed=[seed, 1 + at]) for at in range(0 if reason else len(splits))
    ]
    strengths = game.strengths(repeats)
    values, halves = _play(game, coalitions, strengths, list(zip(plans, splits)), jobs)
    return _result(
        _Outcome(game, coalitions, values, plans, halves),
        counted,
        names=players.names,
        reason=reason,
        flags=tuple(counts.flags),
        provenance=provenance(
            counts=counts.fingerprint,
            perturbation=counts.perturbation,
            window=window,
            signal=signal,
            sides=sides,
            dim=dim,
            permutations=permutations,
            repeats=repeats,
            seed=seed,
            strengths=strengths,
        ),
    )


def _no_interval(
    counts: CooccurrenceCounts, game: KappaGame, splits: list[tuple[np.ndarray, np.ndarray]]
) -> str | None:
    if counts.n_documents < MIN_DOCUMENTS:
        return f"only {counts.n_documents} documents, {MIN_DOCUMENTS} are needed"
    if not splits:
        return "the documents are one block, which has no halves"
    try:
        for half in (half for pair in splits for half in pair):
            check_classes(game.numbers(half), game.moduli, folds=FOLDS)
    except InputError as error:
        return f"a half of the documents cannot be probed: {error.message}"
    return None


_Plans = list[tuple[Coalitions, tuple[np.ndarray, np.ndarray]]]


def _play(
    game: KappaGame, coalitions: Coalitions, strengths: np.ndarray, plans: _Plans, jobs: int | None
) -> tuple[np.ndarray, list[list[np.ndarray]]]:
    """Values of all coalitions on the whole, and of each split's on both of its halves."""
    tasks: list[tuple[np.ndarray, np.ndarray, np.ndarray | None]] = [
        (coalitions.members[start : start + _CHUNK], strengths, None)
        for start in range(0, len(coalitions), _CHUNK)
    ]
    first = len(tasks)
    # The halves have one draw of the folds, and the strengths that the whole chose in it.
    tasks += [(plan.members, strengths[:1], half) for plan, pair in plans for half in pair]
    found = map_tasks(
        game.values,
        tasks,
        jobs=jobs,
        description="attributing",
        weights=[len(members) * (4.0 + len(chosen)) for members, chosen, _ in tasks],
    )
    halves = [found[at : at + 2] for at in range(first, len(found), 2)]
    return np.concatenate(found[:first]), halves


@dataclass(frozen=True, eq=False)
class _Outcome:
    game: KappaGame
    coalitions: Coalitions
    values: np.ndarray
    plans: list[Coalitions]
    halves: list[list[np.ndarray]]

    def errors(self, statistic: Callable[[Coalitions, np.ndarray], np.ndarray]) -> np.ndarray:
        """Standard error of a statistic of the game from the halves, NaN without halves."""
        pairs = self.by_half(statistic)
        if not len(pairs):
            return np.full(statistic(self.coalitions, self.values).shape, np.nan)
        return np.std(pairs[:, 0] - pairs[:, 1], axis=0, ddof=1) / 2

    def by_half(self, statistic: Callable[[Coalitions, np.ndarray], np.ndarray]) -> np.ndarray:
        """Statistic on both halves of every split: (splits, 2, ...)."""
        return np.array(
            [
                [statistic(plan, values) for values in pair]
                for plan, pair in zip(self.plans, self.halves, strict=True)
            ]
        )


def _loss(coalitions: Coalitions, values: np.ndarray) -> np.ndarray:
    return coalitions.whole(values) - coalitions.left_out(values)


def _result(outcome: _Outcome, counted: np.ndarray, **about: Any) -> Attribution:
    """Lay the values of the counted groups among those that have none."""
    coalitions, values = outcome.coalitions, outcome.values
    whole, empty = coalitions.whole(values), outcome.game.empty()

    def spread(found: np.ndarray, otherwise: np.ndarray | float = 0.0, axis: int = 0) -> np.ndarray:
        shape = list(found.shape)
        shape[axis] = counted.size
        every = np.empty(shape, dtype=found.dtype)
        every[...] = otherwise
        every[(slice(None),) * axis + (counted,)] = found
        return every

    unknown = np.nan if about["reason"] else 0.0
    half_shapley = outcome.by_half(Coalitions.shapley)
    return Attribution(
        moduli=outcome.game.moduli,
        whole=whole,
        empty=empty,
        alone=spread(coalitions.alone(values), empty),
        left_out=spread(coalitions.left_out(values), whole),
        shapley=spread(coalitions.shapley(values)),
        alone_error=spread(outcome.errors(Coalitions.alone), unknown),
        loss_error=spread(outcome.errors(_loss), unknown),
        shapley_error=spread(outcome.errors(Coalitions.shapley), unknown),
        sampling_error=spread(coalitions.sampling_error(values)),
        half_shapley=spread(half_shapley, axis=2) if len(half_shapley) else half_shapley,
        exact=coalitions.exact,
        coalitions=spread(coalitions.members, False, axis=1),
        values=values,
        **about,
    )
