"""What a study found, in a few sentences per corpus, made by rule from its tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import stats

from wordnum.analyzers.explaining import UNREAD
from wordnum.analyzers.reasons import reason_text
from wordnum.analyzers.spikes import holm
from wordnum.studies.results import StudyResults

if TYPE_CHECKING:
    import pandas as pd

ALPHA = 0.05
_PERIODS = (10, 5, 2)  # of English text; the other T are asked where none of these was
_CORPUS = ["corpus", "ordinals"]
# Systems that a sentence names.
_NAMED = 3


class Finding(NamedTuple):
    """What was found in one corpus, read in one way.

    Attributes
    ----------
    corpus : str
        The corpus, with "ordinals kept" where they were.
    sentences : tuple of str
        What is read best, which words carry it, what changes it most, what cannot be concluded.
    """

    corpus: str
    sentences: tuple[str, ...]


def headline(results: StudyResults) -> list[Finding]:
    """Say what a study found, corpus by corpus.

    Rules. What is read: the kappa with the highest lower bound among the originals, if the p of
    its interval is under 5 % after Bonferroni over them, that of permuted labels under 5 %, and
    its verdict is not *neither*. Of kappas without an interval, how many are above 95 % of those
    of permuted labels, and the highest: nothing more is concluded of them. What is *geometric* by
    its verdict, at any T, where the first sentence does not say it. What changes it: the
    largest difference from the original whose p is under 5 % after Holm over the corpus's
    comparisons.

    Parameters
    ----------
    results : StudyResults

    Returns
    -------
    list of Finding
        In the order of the table.
    """
    table = results.final[results.final["status"] == "done"]
    comparisons = results.comparisons
    found = []
    for key, rows in table.groupby(_CORPUS, sort=False):
        corpus, ordinals = map(str, key)  # type: ignore[call-overload]
        name = f"{corpus}, ordinals kept" if ordinals == "keep" else corpus
        asked = rows[rows["T"].isin(_PERIODS)]
        asked = rows if asked.empty else asked
        mine = comparisons[(comparisons[_CORPUS] == list(key)).all(axis=1)]  # type: ignore[call-overload]
        mine = mine[mine["T"].isin(asked["T"]) & (mine["against_condition"] == "original")]
        systems = rows.drop_duplicates("key").set_index("key")["system"]
        read = list(_read(asked, results))
        sentences = [
            *_too_little(rows),
            *read,
            *_geometric(rows, read),
            *_carried(results.words, key),
            *_changed(mine, systems),
        ]
        found.append(Finding(name, tuple(sentences)))
    return found


def _too_little(rows: pd.DataFrame) -> Iterator[str]:
    """Where most numbers are missing, whatever follows is a trial."""
    missing = 100 * (1 - rows["coverage"].astype(float).max())
    if missing > 40:
        yield f"Too little data to conclude from: {missing:.0f} % of the numbers are missing."


def _read(rows: pd.DataFrame, results: StudyResults) -> Iterator[str]:
    """What is read in the text as it is."""
    rows = rows[(rows["condition"] == "original") & rows["kappa"].notna()]
    sure = rows[rows["low"].notna()]
    unsure = rows[rows["low"].isna()]
    if len(sure):
        yield _read_for_sure(sure, results, of_all=unsure.empty)
    if len(unsure):
        yield _read_without_interval(unsure)


def _read_without_interval(rows: pd.DataFrame) -> str:
    """What permuted labels say of kappas of which no other sample of the text is known."""
    why = rows["interval_reason"].dropna()
    reason = f" ({reason_text(why.iloc[0])})" if len(why) and why.iloc[0] else ""
    above = rows[rows["null_p"] < ALPHA].sort_values("kappa", kind="stable")
    told = (
        f"{len(above) or 'None'} of {len(rows)} kappas without an interval{reason} "
        f"{'are' if len(above) > 1 else 'is'} above 95 % of those of permuted labels"
    )
    if above.empty:
        return f"{told}."
    best = above.iloc[-1]
    return (
        f"{told}, where {0.05 * len(rows):.1f} would be by chance. The highest is "
        f"{_system(best)}, kappa {best['kappa']:.0f} at T = {int(best['T'])}."
    )


def _read_for_sure(sure: pd.DataFrame, results: StudyResults, *, of_all: bool) -> str:
    """What is read best among kappas with an interval, which may be `of_all` or of some."""
    best = sure.sort_values("low").iloc[-1]
    record = results.record(str(best["key"]))
    # The interval's own p, since permutations have none under 1/201, beside theirs.
    df = len(record["replicate_kappas"][str(int(best["T"]))])
    error = (best["high"] - best["low"]) / 2 / stats.t.ppf(0.975, df)
    p_value = stats.t.sf(best["kappa"] / error, df) if error else float(best["kappa"] <= 0)
    highest = (
        f"{_system(best)}, kappa {best['kappa']:.0f} ({best['low']:.0f} to {best['high']:.0f})"
    )
    any_of_them = min(1, p_value * len(sure))
    if any_of_them >= ALPHA:
        why = f"the highest of {len(sure)} is as high by chance, p = {any_of_them:.2g} (Bonferroni)"
    elif best["null_p"] >= ALPHA:
        why = f"permuted labels give as much, p = {best['null_p']:.2g}"
    elif best.get("verdict") == "neither":
        codes = [one["code"] for one in record["reasons"] if one["T"] == best["T"]]
        why = next((UNREAD[code] for code in codes if code in UNREAD), "the verdict is neither")
    else:
        return f"n mod {int(best['T'])} is read best by {highest}.{_without_fives(best)}"
    nothing = "Nothing" if of_all else "Where kappa has an interval, nothing"
    return f"{nothing} is read of n mod T. The highest is {highest} at T = {int(best['T'])}: {why}."


def _without_fives(row: pd.Series[Any]) -> str:
    left = row.get("kappa_excluding_multiples_of_5")
    if left is None or not np.isfinite(left):
        return ""
    low, high = (row.get(f"kappa_excluding_multiples_of_5_{end}") for end in ("low", "high"))
    known = low is not None and high is not None and np.isfinite(low)
    around = f" ({low:.0f} to {high:.0f})" if known else ""
    verdict = row.get("verdict")
    told = f": {verdict}" if verdict in ("geometric", "by roundness", "undecided") else ""
    return f" Without multiples of 5 it is {left:.0f}{around}{told}."


def _geometric(rows: pd.DataFrame, read: list[str]) -> Iterator[str]:
    """Which of the originals are geometric, beside the one that was said to be."""
    own = rows[(rows["condition"] == "original") & (rows["verdict"] == "geometric")]
    if own.empty or (len(own) == 1 and any(told.endswith(": geometric.") for told in read)):
        return
    by_system = own.groupby("key", sort=False)
    named = [
        f"{_system(each.iloc[0])} at T = {', '.join(map(str, each['T']))}" for _, each in by_system
    ]
    more = len(named) - _NAMED
    several = [f"{more} more {'systems' if more > 1 else 'system'}"] if more > 0 else []
    yield f"Geometric: {'; '.join(named[:_NAMED] + several)}."


def _carried(words: pd.DataFrame | None, key: Any) -> Iterator[str]:
    """Which words carry it, if the study asked."""
    if words is None or words.empty:
        return
    mine = words[(words[_CORPUS] == list(key)).all(axis=1) & words["confirmed"].astype(bool)]
    for T in _PERIODS:
        best = mine[mine["T"] == T].sort_values("share", ascending=False, kind="stable")
        if len(best):
            first = ", ".join(f"“{word}”" for word in best["word"].drop_duplicates()[:5])
            yield f"Words that carry n mod {T} are {first}. {best['told'].iloc[0]}"
            return
    yield "No word carries n mod T by more than chance."


def _changed(rows: pd.DataFrame, systems: pd.Series[str]) -> Iterator[str]:
    """What takes most of it away, or adds most."""
    tested = rows[rows["p_value"].notna()].copy()
    if tested.empty:
        return
    tested["holm"] = holm(tested["p_value"].tolist())
    sure = tested[tested["holm"] < ALPHA]
    if sure.empty:
        least = tested.groupby("T")["smallest_difference"].median().dropna()
        yield (
            "No condition differs from the original by more than chance in any of "
            f"{_compared(tested)}."
        )
        if len(least):
            points, periods = (
                " / ".join(f"{v:.0f}" for v in part) for part in (least, least.index)
            )
            yield (
                f"A difference under {points} points at T = {periods} would be missed more than "
                "one time in five."
            )
        return
    row = sure.sort_values("difference", key=abs).iloc[-1]
    low, high = sorted((abs(row["low"]), abs(row["high"])))
    yield (
        f"Under {row['condition']} kappa {'falls' if row['difference'] < 0 else 'rises'} by "
        f"{abs(row['difference']):.0f} points ({low:.0f} to {high:.0f}) at T = {int(row['T'])}, in "
        f"{systems[row['key']].removesuffix(' · ' + row['condition'])}; "
        f"a difference is shown in {len(sure)} of {_compared(tested)}."
    )


def _compared(tested: pd.DataFrame) -> str:
    """How many comparisons, and of what: the page has a row per pair of systems."""
    pairs = len(tested[["key", "against"]].drop_duplicates())
    periods = " / ".join(map(str, sorted(tested["T"].unique())))
    return (
        f"{len(tested)} comparisons ({pairs} {'pairs' if pairs > 1 else 'pair'} of systems at "
        f"T = {periods}; Holm, 5 %)"
    )


def _system(row: pd.Series[Any]) -> str:
    return str(row["system"]).replace(" · original", "")
