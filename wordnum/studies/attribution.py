"""Attribution: which contexts carry n mod T."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from wordnum.analyzers.intervals import standard_error, t_quantile
from wordnum.analyzers.plotting import GREY, bare_axes, period_color
from wordnum.analyzers.reasons import MIN_DOCUMENTS, reason_text
from wordnum.analyzers.residues import check_classes, checked_moduli
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.groups import Groups
from wordnum.cooccurrence.half_sample_draws import half_samples
from wordnum.cooccurrence.windows import Window, as_window
from wordnum.embeddings.weightings import Weighting
from wordnum.errors import InputError, UsageError
from wordnum.parallel import map_tasks
from wordnum.provenance import provenance
from wordnum.studies.shapley import Coalitions, circular_coalitions, every_coalition
from wordnum.studies.subset_kappas import FOLDS, MEASURES, SubsetKappas, grouped_columns

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Coalitions per task: long beside making the Gram matrices, and the same for any number of jobs.
_CHUNK = 128
_STATISTICS = {
    "shapley": Coalitions.shapley,
    "single_group": Coalitions.single,
    "leave_one_out": Coalitions.leave_one_out,
}


@dataclass(frozen=True, eq=False, repr=False)
class Attribution:
    """Kappas attributed to groups of contexts, by T and by last digit.

    Arrays have the axes group, T and measure: kappa x 100 at 0, then recall in per cent of the
    numbers whose last digit is 0, 1, ... 9 when n mod T is probed.

    Attributes
    ----------
    names : tuple of str
        The groups.
    moduli : tuple of int
    whole, empty : array of shape (T, 11)
        Value of all groups together, and of none.
    shapley, single_group, leave_one_out : array of shape (groups, T, 11)
        Shapley value, value of the single group, and what is lost when only it is left out.
    standard_errors : dict of str to array of shape (groups, T, 11)
        Of these three, from half-samples of the documents; NaN where `reason` says why.
    sampling_error : array of shape (groups, T, 11)
        Standard error of `shapley` that comes from sampling coalitions; 0 where `exact`.
    exact : bool
        Whether all coalitions were valued.
    reason : str or None
        Code of `wordnum.analyzers.reasons` that says why there is no interval.
    n_half_samples : int
        Behind the intervals.
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
    shapley: np.ndarray
    single_group: np.ndarray
    leave_one_out: np.ndarray
    standard_errors: dict[str, np.ndarray]
    sampling_error: np.ndarray
    exact: bool
    reason: str | None
    n_half_samples: int
    coalitions: np.ndarray
    values: np.ndarray
    flags: tuple[str, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def low(self) -> np.ndarray:
        """Lower end of the 95 % interval of `shapley`."""
        return self._ends("shapley")[0]

    @property
    def high(self) -> np.ndarray:
        """Upper end of the 95 % interval of `shapley`."""
        return self._ends("shapley")[1]

    def _ends(self, statistic: str) -> tuple[np.ndarray, np.ndarray]:
        t = t_quantile(max(1, self.n_half_samples))
        middle, margin = getattr(self, statistic), t * self.standard_errors[statistic]
        return middle - margin, middle + margin

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
            Then `shapley`, `single_group` and `leave_one_out`, the ends of their intervals (`low`
            and `high` are those of `shapley`), the `whole`, the value of no contexts (`empty`), the
            `sampling_error`, and why there is no interval (`reason`).
        """
        import pandas as pd

        shape = self.shapley.shape
        group, modulus, measure = np.indices(shape).reshape(3, -1)
        columns = {name: getattr(self, name) for name in _STATISTICS}
        for name in _STATISTICS:
            prefix = "" if name == "shapley" else f"{name}_"
            columns[f"{prefix}low"], columns[f"{prefix}high"] = self._ends(name)
        columns["whole"] = np.broadcast_to(self.whole, shape)
        columns["empty"] = np.broadcast_to(self.empty, shape)
        columns["sampling_error"] = self.sampling_error
        return pd.DataFrame(
            {
                "group": np.array(self.names, dtype=object)[group],
                "T": np.array(self.moduli)[modulus],
                "digit": pd.array([None, *MEASURES[1:]], dtype="Int64")[measure],
                **{name: array.ravel() for name, array in columns.items()},
                "reason": self.reason or "",
            }
        )

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the Shapley value of each group by T with its interval; hollow: the single group."""
        ax = bare_axes(ax, (6.4, 1.4 + 0.3 * len(self.names)))
        draw_shares(ax, self.to_frame(), groups=self.names, moduli=self.moduli)
        ax.legend(frameon=False, fontsize=7)
        return ax

    def _repr_html_(self) -> str:
        """Kappa by group and T: Shapley value with its interval, single-group, leave-one-out."""
        from html import escape

        frame = self.to_frame()
        frame = frame[frame["digit"].isna()].round(1)
        if self.reason is None:
            ends = frame["low"].astype(str) + ", " + frame["high"].astype(str)
            frame["shapley"] = frame["shapley"].astype(str) + " [" + ends + "]"
        wide = frame.pivot_table(
            index="group", columns="T", values=list(_STATISTICS), aggfunc="first", sort=False
        )
        wide = wide.swaplevel(axis="columns")[list(self.moduli)].reindex(self.names)
        table = wide.rename_axis(None).to_html(border=0)
        wholes = ", ".join(
            f"{kappa:.1f} at T = {T}" for T, kappa in zip(self.moduli, self.whole[:, 0])
        )
        notes = [f"all together: {wholes}", *self.flags]
        notes += [f"no interval: {reason_text(self.reason)}"] if self.reason else []
        return f"{table}<p>{escape('; '.join(notes))}</p>"


def attribute(
    counts: Counts,
    *,
    window: int | Window | None = None,
    signal: str = "both",
    groups: Groups = "contexts",
    sides: bool = False,
    weighting: str | Weighting = "hellinger",
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
    embedding made from the columns of S only: weighted counts, SVD. For each group: its
    single-group value v(group), its leave-one-out loss v(all) - v(all but the group), and its
    Shapley value, the mean of what it adds over all orders in which the groups can join. Groups
    that say the same are redundant: each costs nothing when left out, and has a large value as a
    single group; the Shapley values share what they have in common, and sum to v(all) - v(none).

    Parameters
    ----------
    counts : Counts
        Counted by block and distance.
    window : int or Window, optional
        Positions beside the number; all that was counted by default.
    signal : {"both", "text", "number"}
        Which contexts take part at all.
    groups : {"contexts", "signals", "all"}, path-like or mapping
        The named context groups of `wordnum.cooccurrence`; text against number; all in one; or
        groups of your own, as `context_groups` takes them: a TOML file, or lists of words and
        context ids by name. Contexts in none of yours are "the rest".
    sides : bool
        Part every group into its contexts before and after the number. The whole is then the
        embedding with a column per context and side.
    weighting : str or Weighting
        Of the embedding, as in `wordnum.SVD`.
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
        Also the intervals from half-samples.
    n_jobs : int
        Workers.
    random_state : int
        Of folds, half-samples and sampled orders.
    device : {"cpu", "cuda"}
        Where to compute.

    Returns
    -------
    Attribution

    Raises
    ------
    UsageError
        A signal, grouping or modulus that does not exist; an unknown id.
    InputError
        Too few numbers with contexts, or no counts at all.

    Notes
    -----
    - v(all) is the kappa of the library's probe on ``SVD(weighting=weighting, dim=dim)``. All
      other sets use the folds of the same numbers and the regularisation alphas that were
      selected for the whole, inside each fold: selecting anew for every set costs more and changes
      little.
    - v(none) is 0: no columns, one class for every number. In the rows about recall it is
      100 / T per cent, that of a guess by lot.
    - Counts are weighted once, over all columns, so that a group's columns are the same numbers in
      every set. A number without any context in S stays, at the origin.
    - A group without counts has exactly 0 in all columns.
    - **The interval** says how far the Shapley value would move with other documents from the same
      source; the numbers, the folds, the groups and the regularisation stay as they are. The
      attribution is repeated on both halves of ten balanced half-samples of the document blocks,
      with one circle of 2n orders each, the same for both halves, and the folds of the whole. The
      interval is ``phi -+ t SE``, SE as in `wordnum.analyzers.intervals.standard_error`, t with a
      degree of freedom for each half-sample. As one circle samples the orders, SE is on average
      slightly too large.
      Halves hold half the text and so less of the kappa, which centring on the full data
      leaves out. None with fewer than eight blocks or 40 documents.

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
    window = as_window(counts.window_size if window is None else window)
    checked = checked_moduli(moduli, size=counts.vocabulary.size)
    for name, value in (("dim", dim), ("permutations", permutations), ("repeats", repeats)):
        if value < 1:
            raise UsageError(f"{name} is too small", expected="1 or more", got=str(value))
    blocks, columns = grouped_columns(
        counts, window=window, signal=signal, groups=groups, sides=sides
    )
    game = SubsetKappas(
        blocks, list(columns.values()), checked, weighting, dim, random_state, device
    )
    counted = game.counted()
    if not counted.any():
        raise InputError(
            "no context was counted",
            expected="pairs of a number and a context",
            remedy="check that the corpus holds numbers, the window and the signal",
        )
    check_classes(game.numbers(), checked, folds=FOLDS)
    n = int(counted.sum())
    coalitions = (
        every_coalition(n)
        if n <= exact_limit
        else circular_coalitions(
            n, circles=ceil(permutations / (2 * n)), random_state=[random_state, 0]
        )
    ).with_dummies(counted)
    splits = [(a, b) for _, a, b in half_samples(len(blocks), random_state=random_state)]
    reason = _no_interval(counts, game, splits) if intervals else "not-asked"
    plans = [
        circular_coalitions(n, random_state=[random_state, 1 + at]).with_dummies(counted)
        for at in range(0 if reason else len(splits))
    ]
    alphas = game.selected_alphas(repeats)
    values, halves = _valued(game, coalitions, alphas, list(zip(plans, splits)), n_jobs)

    found = {name: statistic(coalitions, values) for name, statistic in _STATISTICS.items()}
    errors = {name: np.full(value.shape, np.nan) for name, value in found.items()}
    for name, statistic in _STATISTICS.items() if halves else ():
        pairs = zip(plans, halves, strict=True)
        both = np.array([[statistic(plan, half) for half in pair] for plan, pair in pairs])
        errors[name] = standard_error(both[:, 0], both[:, 1])
    return Attribution(
        names=tuple(columns),
        moduli=checked,
        whole=coalitions.whole(values),
        empty=game.empty(),
        **found,
        standard_errors=errors,
        sampling_error=coalitions.sampling_error(values),
        exact=coalitions.exact,
        reason=reason,
        n_half_samples=len(halves),
        coalitions=coalitions.members,
        values=values,
        flags=tuple(counts.flags),
        provenance=provenance(
            counts=counts.fingerprint,
            perturbation=counts.perturbation,
            window=window,
            signal=signal,
            sides=sides,
            weighting=Weighting.parse(weighting).name,
            dim=dim,
            permutations=permutations,
            repeats=repeats,
            random_state=random_state,
            alphas=alphas,
        ),
    )


def _no_interval(
    counts: Counts, game: SubsetKappas, splits: Sequence[Sequence[np.ndarray]]
) -> str | None:
    if counts.n_documents < MIN_DOCUMENTS:
        return "few-documents"
    try:
        for half in (half for pair in splits for half in pair):
            check_classes(game.numbers(half), game.moduli, folds=FOLDS)
    except InputError:
        return "few-replicates"
    return None if splits else "few-blocks"


def _valued(
    game: SubsetKappas,
    coalitions: Coalitions,
    alphas: np.ndarray,
    plans: list[tuple[Coalitions, Sequence[np.ndarray]]],
    n_jobs: int | None,
) -> tuple[np.ndarray, list[list[np.ndarray]]]:
    """Values of all coalitions on the whole, and of each half-sample's on both of its halves."""
    tasks: list[tuple[np.ndarray, np.ndarray, np.ndarray | None]] = [
        (coalitions.members[start : start + _CHUNK], alphas, None)
        for start in range(0, len(coalitions), _CHUNK)
    ]
    first = len(tasks)
    tasks += [(plan.members, alphas, half) for plan, pair in plans for half in pair]
    found = map_tasks(
        game.values,
        tasks,
        n_jobs=n_jobs,
        description="attributing",
        weights=[len(members) * (4.0 + len(chosen)) for members, chosen, _ in tasks],
    )
    halves = [found[at : at + 2] for at in range(first, len(found), 2)]
    return np.concatenate(found[:first]), halves


def draw_shares(
    ax: Axes, rows: pd.DataFrame, *, groups: Iterable[str], moduli: Iterable[int]
) -> None:
    """Draw kappas of an attribution's table (`Attribution.to_frame`), a line per group.

    Filled: the Shapley value with its interval, a colour per T; hollow: the single group.
    """
    groups, moduli = list(groups), list(moduli)
    step = 0.75 / len(moduli)
    for at, T in enumerate(moduli):
        own = rows[(rows["T"] == T) & rows["digit"].isna()]
        y = own["group"].map(groups.index).astype(float) + (at - (len(moduli) - 1) / 2) * step
        color = period_color(T)
        ax.hlines(y, own["low"], own["high"], color=color, linewidth=1.3)
        ax.plot(own["single_group"], y, "o", color=color, markerfacecolor="white", markersize=3)
        ax.plot(own["shapley"], y, "o", color=color, markersize=4, label=f"n mod {T}")
    ax.plot([], [], "o", color=GREY, markerfacecolor="white", markersize=3, label="single group")
    ax.axvline(0, color=GREY, linewidth=0.6, zorder=0)
    ax.set_yticks(range(len(groups)), groups, parse_math=False)
    ax.set_ylim(len(groups) - 0.5, -0.5)
    ax.set_xlabel("Shapley value, kappa x 100")
