"""Attribution: which contexts carry n mod T."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from wordnum.analyzers.intervals import MIN_DOCUMENTS
from wordnum.analyzers.moduli import check_classes, checked_moduli
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.signals import half_splits
from wordnum.cooccurrence.windows import Window
from wordnum.errors import InputError, UsageError
from wordnum.parallel import map_tasks
from wordnum.provenance import provenance
from wordnum.studies.attribution import Attribution
from wordnum.studies.game import FOLDS, KappaGame
from wordnum.studies.players import Groups, read_players
from wordnum.studies.shapley import Coalitions, circular_coalitions, every_coalition

__all__ = ["attribute"]

# Coalitions per task: long beside making the Gram matrices, and the same for any number of jobs.
_CHUNK = 128


def attribute(
    counts: Counts,
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
    n_jobs: int | None = 1,
    random_state: int = 0,
    device: str = "cpu",
) -> Attribution:
    """Attribute the kappa of n mod T to groups of contexts.

    The value v(S) of a set S of groups is the kappa that `wordnum.analyzers.probing` finds in the
    embedding made from the columns of S only: Hellinger rows, SVD. For each group: v(group), the
    loss v(all) - v(all but the group), and its Shapley value, the mean of what it adds over all
    orders in which the groups can join. Groups that say the same are redundant: each costs
    nothing when left out, though alone each is worth much; the Shapley values share what they
    have in common, and sum to v(all) - v(none).

    Parameters
    ----------
    counts : Counts
        Counted by block and distance.
    window : Window, optional
        Positions beside the number; ``Window(size=1)`` by default.
    signal : {"both", "text", "number"}
        Which contexts take part at all.
    groups : {"contexts", "signals", "all"} or mapping of str to context ids
        The named context groups of `wordnum.cooccurrence`; text against number; all in
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
        `wordnum.studies.shapley`.
    repeats : int
        Times the folds are drawn, 5 in the library's probe.
    intervals : bool
        Also the half-split intervals.
    n_jobs : int
        Workers.
    random_state : int
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
    >>> from wordnum.cooccurrence.counts import Counts
    >>> from wordnum.corpus.numerals import NumeralScheme
    >>> from wordnum.corpus.vocabulary import Vocabulary
    >>> words = Vocabulary.from_words(["even", "odd", "cat"], numerals=NumeralScheme(size=40))
    >>> events = [(0, 1, n, 42 + n % 2, 4) for n in range(40)]
    >>> events += [(0, 1, n, 44, 4) for n in range(40)]
    >>> counts = Counts.from_events(events, vocabulary=words, window_size=1)
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
    game = KappaGame(players.blocks, alive, periods, dim, random_state, device)
    check_classes(game.numbers(), periods, folds=FOLDS)
    n = len(alive)
    circles = ceil(permutations / (2 * n))
    coalitions = (
        every_coalition(n)
        if n <= exact_limit
        else circular_coalitions(n, circles=circles, random_state=[random_state, 0])
    )
    splits = half_splits(len(players.blocks), random_state=random_state)
    reason = _no_interval(counts, game, splits) if intervals else "intervals were not asked for"
    plans = [
        circular_coalitions(n, random_state=[random_state, 1 + at])
        for at in range(0 if reason else len(splits))
    ]
    strengths = game.strengths(repeats)
    values, halves = _play(game, coalitions, strengths, list(zip(plans, splits)), n_jobs)
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
            random_state=random_state,
            strengths=strengths,
        ),
    )


def _no_interval(
    counts: Counts, game: KappaGame, splits: list[tuple[np.ndarray, np.ndarray]]
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
    game: KappaGame,
    coalitions: Coalitions,
    strengths: np.ndarray,
    plans: _Plans,
    n_jobs: int | None,
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
        n_jobs=n_jobs,
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
