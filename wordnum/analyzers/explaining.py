"""What an analysis means, in words, by rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from wordnum.analyzers.controls import Control
from wordnum.analyzers.digit_codes import READINGS
from wordnum.analyzers.probe_results import ModulusProbe
from wordnum.analyzers.reasons import reason_text
from wordnum.analyzers.verdicts import LABELLED, OF_A_SMALL_TEXT, counts, upper_bound

if TYPE_CHECKING:
    from wordnum.analyzers.analysis import Analysis

LABELS = {
    "both": "both (spectral and geometric)",
    "partial": "partial (spectral and partly geometric)",
    "spectral": "spectral only",
    "neither": "neither",
}
UNREAD = {
    "not-beyond-chance": "p is not under 0.01",
    "interval-holds-0": "the interval of kappa holds 0",
    "under-the-floor": "kappa is under 5",
}
_NO_INTERVALS = {"no-replicates": "vectors have no documents"}


def explained(analysis: Analysis) -> list[str]:
    """Sentences on an analysis, each by one rule from its figures."""
    found = analysis.embedding
    shape = f"{len(found)} of {found.size} numbers, {found.dim} dimensions."
    return [
        shape,
        *_of_spikes(analysis),
        *_of_probes(analysis),
        *_of_missing_intervals(analysis),
        *_of_phi(analysis),
        *_of_digits(analysis),
        *_of_the_label(analysis),
        *(f"Mind: {one.text}." for one in analysis.reasons if one.code in analysis.flags),
    ]


def _of_spikes(analysis: Analysis) -> Iterator[str]:
    if analysis.spectrum is None or not analysis.spectrum.spikes:
        return
    spikes = analysis.spectrum.spikes
    seen = [f"{T} (p = {one.p_value:.2g})" for T, one in spikes.items() if one.p_value < 0.05]
    if seen:
        yield f"The spectrum has spikes at T = {_listed(seen)}."
    else:
        yield f"The spectrum has no spike at T = {_listed(list(map(str, spikes)))}."


def _of_probes(analysis: Analysis) -> Iterator[str]:
    if analysis.probe is None or analysis.verdict is None:
        return
    unread: dict[str, list[str]] = {}
    for T, probed in analysis.probe.items():
        geometry = analysis.verdict[T].geometry
        if geometry == "neither":
            (code,) = UNREAD.keys() & {one.code for one in analysis.verdict[T].reasons}
            two = code == "not-beyond-chance" and probed.low is None
            why = UNREAD[code] + " against both nulls" * two
            unread.setdefault(why, []).append(str(T))
            continue
        read = f"n mod {T} is read linearly, kappa x 100 = {_with_interval(probed)}"
        control = probed.controls.get("excluding multiples of 5")
        if control is None:
            yield f"{read}."
            continue
        apart = f"among numbers that are no multiples of 5, {_with_interval(control)}"
        yield f"{read}; {apart}: {_ending(geometry, probed, control)}.{_of_parity(T, probed)}"
    for why, periods in unread.items():
        yield f"n mod {_listed(periods)} is not read: {why}."


def _of_missing_intervals(analysis: Analysis) -> Iterator[str]:
    """What the verdict rests on where no kappa has an interval, but all have permutations."""
    if analysis.probe is None or analysis.verdict is None:
        return
    reasons = {one.interval_reason for one in analysis.probe.values()}
    if None in reasons or any(one.null is None for one in analysis.probe.values()):
        return
    told = "; ".join(
        _NO_INTERVALS.get(one, reason_text(one)) for one in sorted(filter(None, reasons))
    )
    yield f"No interval of kappa: {told}; the verdict rests on two permutation tests."


def _of_parity(T: int, probed: ModulusProbe) -> str:
    """What is left of an even T beyond 2 among the even and among the odd numbers."""
    within = probed.controls.get("within parity")
    if within is None or T % 2 or T == 2:
        return ""
    counted = counts(within.kappa, within.low, within.p_value)
    more = "" if counted else ", so nothing is shown beyond parity"
    return f" Within one parity it is {_with_interval(within)}{more}."


def _ending(geometry: str, probed: ModulusProbe, control: Control) -> str:
    if geometry == "geometric":
        return "more than whether a number is round"
    if probed.interval_reason in OF_A_SMALL_TEXT:
        return "whether it is more than roundness stays open in so small a text"
    # Below nothing there is nothing; without an interval the bound knows of labels, not of texts.
    bound = f"{max(upper_bound(control), 0):.1f} points"
    by = "" if control.high is not None else ", by permuted labels"
    if geometry == "undecided":
        return f"whether it is more than roundness stays open (up to {bound} may be{by})"
    left = " alone" if bound == "0.0 points" else f", but for at most {bound}"
    return f"what is read is roundness{left}{by}"


def _of_phi(analysis: Analysis) -> Iterator[str]:
    one = analysis.phi.by_period.get(10) if analysis.phi else None
    if one is None or one.corrected is None:
        return
    whole, judged = one.corrected, analysis.verdict.by_period if analysis.verdict else {}
    # Without an interval, the verdict says whether there is anything to split.
    told_apart = ("geometric", "by roundness")
    seen = any(j.spectral or j.geometry in told_apart for T, j in judged.items() if 10 % T == 0)
    if whole.value <= 0 or not (seen if whole.low is None else whole.low > 0):
        yield "Last digits lie no farther apart than labels at random would."
        return
    shares = {
        name: f"{100 * share.value / whole.value:.0f} %" for name, share in one.contrasts.items()
    }
    told = ", ".join(f"{name} {share}" for name, share in shares.items())
    yield f"Of the scatter between last digits (Phi at T = 10, corrected): {told}."


def _of_digits(analysis: Analysis) -> Iterator[str]:
    if analysis.digits is not None:
        tens = analysis.digits.probes["tens"]
        reading = READINGS[analysis.digits.reading]
        last = analysis.verdict.by_period.get(10) if analysis.verdict else None
        if analysis.digits.reading == "last digit" and last and last.geometry != "geometric":
            reading = "no digit beyond what is said of n mod 10"
        yield f"Digits or residues? {reading[0].upper()}{reading[1:]}; kappa x 100 of the tens " \
              f"digit is {_with_interval(tens)}."  # fmt: skip


def _of_the_label(analysis: Analysis) -> Iterator[str]:
    if analysis.verdict is not None:
        label = analysis.verdict.paper_label
        left = [str(T) for T in LABELLED if analysis.probe is None or T not in analysis.probe]
        short = left and label in ("partial", "spectral")
        without = f" Without T = {_listed(left)} it may fall short." if short else ""
        told = f"{LABELS[label]}.{without}"
        yield f"By the rule of the paper, which counts roundness as geometry: {told}"


def _with_interval(one: ModulusProbe | Control) -> str:
    around = f" ({one.low:.1f} to {one.high:.1f})" if one.low is not None else ""
    return f"{one.kappa:.1f}{around}"


def _listed(words: list[str]) -> str:
    return ", ".join(words[:-1]) + (" and " if len(words) > 1 else "") + words[-1]
