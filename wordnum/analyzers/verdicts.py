"""The verdict per T: spectral, geometric, by roundness or undecided; the label of the paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wordnum.analyzers.by_period import ByPeriod
from wordnum.analyzers.controls import Control
from wordnum.analyzers.probe_results import ModulusProbe, ProbeResult
from wordnum.analyzers.reasons import MIN_DOCUMENTS, REASONS, Reason
from wordnum.analyzers.spectra import Spectrum

SPIKE_LEVEL = 0.05
PERMUTATION_LEVEL = 0.01
# Kappa x 100 below which a readout is too weak to be called one.
FLOOR = 5.0
_CONTROL = "excluding multiples of 5"
# Of the paper's label.
_LABEL_FLOOR, _LABEL_BOTH = 15.0, 50.0
LABELLED, _BOTH, _SPIKES = (2, 5, 10), (2, 10), (10, 5)
# A kappa of a text has no interval for these: another text as small may differ by any amount.
OF_A_SMALL_TEXT = ("few-documents", "few-blocks")
# Upper end of a 95 % interval from the spread of a null between its mean and its 95 % point.
_UPPER = 1.96 / 1.645


@dataclass(frozen=True, repr=False)
class Judgement:
    """What is said of one T.

    Attributes
    ----------
    spectral : bool
        The spike at 1/T is significant at 0.05 after Holm; False where it is not tested.
    geometry : {"geometric", "by roundness", "undecided", "neither"}
    reasons : tuple of Reason
    """

    spectral: bool
    geometry: str
    reasons: tuple[Reason, ...]

    def __repr__(self) -> str:
        return f"<Judgement: {self}>"

    def __str__(self) -> str:
        if not self.spectral:
            return self.geometry
        return "spectral" + (f", {self.geometry}" if self.geometry != "neither" else " only")

    def to_dict(self) -> dict[str, Any]:
        """As the JSON has it."""
        named = {"geometric": "geometric", "roundness": "by roundness", "undecided": "undecided"}
        return {
            "spectral": self.spectral,
            **{key: self.geometry == word for key, word in named.items()},
            "reasons": [reason.code for reason in self.reasons],
        }

    def row(self) -> dict[str, Any]:
        """What the table has of this T."""
        return {"spectral": self.spectral, "verdict": self.geometry}


@dataclass(frozen=True, eq=False, repr=False)
class Verdict(ByPeriod[Judgement]):
    """What an embedding of numbers has, and why that is said: a mapping from T to `Judgement`.

    Attributes
    ----------
    by_period : dict of int to Judgement
    paper_label : {"both", "partial", "spectral", "neither"}
        The label of the paper's cladogram, by `paper_label`.
    reasons : tuple of Reason
        The steps of the rule with their figures, and what the flags mean.
    flags : tuple of str
        What a reader must be told beside the verdict.
    """

    paper_label: str
    reasons: tuple[Reason, ...]
    flags: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<Verdict: {self}>"

    def __str__(self) -> str:
        kinds = {"spectral": [T for T, one in self.items() if one.spectral]}
        for word in ("geometric", "by roundness", "undecided"):
            kinds[word] = [T for T, one in self.items() if one.geometry == word]
        told = (f"{word} at T = {', '.join(map(str, at))}" for word, at in kinds.items() if at)
        return "; ".join(told) or "neither"


def paper_label(
    kappas: Mapping[int, float],
    *,
    spectral: bool = True,
    p_values: Mapping[int, float] | None = None,
) -> str:
    """The paper's label of kappas x 100 per T, given whether there is a spike.

    ``neither``: no spike. ``both``: kappa >= 50 at T = 2 and T = 10. ``partial``: kappa >= 15 at
    T = 2, 5 or 10. ``spectral``: the spike only. Where `p_values` of the permutations are given, a
    kappa counts if its own is below 0.01. It takes roundness for geometry.

    Examples
    --------
    >>> paper_label({2: 96.1, 5: 63.5, 10: 85.4}), paper_label({2: 54.4, 5: 20.8, 10: 27.1})
    ('both', 'partial')
    >>> paper_label({2: 9.0, 5: 2.7, 10: 2.0}), paper_label({2: 99.0, 10: 99.0}, spectral=False)
    ('spectral', 'neither')
    """

    def reaches(period: int, floor: float) -> bool:
        small_p = p_values is None or p_values.get(period, 0.0) < PERMUTATION_LEVEL
        return kappas.get(period, -np.inf) >= floor and small_p

    if not spectral:
        return "neither"
    if all(reaches(T, _LABEL_BOTH) for T in _BOTH):
        return "both"
    if any(reaches(T, _LABEL_FLOOR) for T in LABELLED):
        return "partial"
    return "spectral"


def verdict(
    spectrum: Spectrum,
    probe: ProbeResult,
    *,
    flags: Sequence[str] = (),
    n_documents: int | None = None,
) -> Verdict:
    """Judge an embedding by its spectrum and its probe, T by T.

    Parameters
    ----------
    spectrum : Spectrum
    probe : ProbeResult
        With its controls: without them nothing is called geometric where T shares a factor with 10.
    flags : sequence of str
        Flags of the embedding, which the verdict repeats.
    n_documents : int, optional
        Documents behind the embedding; below 40 a flag says so.

    Returns
    -------
    Verdict

    Notes
    -----
    *Spectral*: the spike at 1/T has p < 0.05, Holm over the periods tested.

    A kappa counts where it is at least 5, its p against block-restricted permutations is below
    0.01, and its interval lies above 0. Without intervals, as for pretrained vectors, p < 0.01
    against both nulls stands in for the last, and an upper bound is the kappa plus the spread of
    its null; a reason says so. Where there is none since the text is small, what is no roundness
    is not judged.

    For T that share a factor with 10 roundness must be told from geometry. If kappa counts, then
    *geometric* where the kappa that excludes multiples of 5 counts too, *by roundness* where the
    upper bound of that one is below 5, and *undecided* between, or where nothing was tested.
    Otherwise *neither*. For other T *geometric* is a kappa that counts.

    How often the rule is right: ``benchmarks/verdicts.md``.

    Examples
    --------
    >>> import wordnum.analyzers as analyze
    >>> n = np.arange(1000)[:, None]
    >>> waves = 6 * np.cos(2 * np.pi * n / 10 - [0, 1.5]) @ np.eye(2, 10)
    >>> e = waves + np.random.default_rng(0).standard_normal((1000, 10))
    >>> found = analyze.verdict(analyze.spectrum(e), analyze.probe(e, moduli=[5, 7, 10]))
    >>> str(found), found.paper_label
    ('spectral at T = 10; geometric at T = 10', 'partial')
    """
    spikes = {T: spike.p_value < SPIKE_LEVEL for T, spike in spectrum.spikes.items()}
    judged = {}
    for T in sorted({*spikes, *probe}):
        spike, probed = spectrum.spikes.get(T), probe.by_period.get(T)
        geometry, reasons = "neither", [Reason.of("not-probed", T=T)]
        if probed is not None:
            geometry, reasons = _geometry(T, probed)
        if spike is not None:
            code = "spike" if spikes[T] else "no-spike"
            reasons.insert(0, Reason.of(code, T=T, magnitude=spike.magnitude, p=spike.p_value))
        judged[T] = Judgement(spikes.get(T, False), geometry, tuple(reasons))
    untested = [Reason.of("untested-spike", T=T) for T in _SPIKES if T not in spikes]
    found = {
        "few-documents": n_documents is not None and n_documents < MIN_DOCUMENTS,
        "missing-numbers": len(spectrum.numbers) < spectrum.size,
        "constant": not spectrum.power.any(),
    }
    all_flags = dict.fromkeys([*flags, *(flag for flag, holds in found.items() if holds)])
    return Verdict(
        judged,
        paper_label=paper_label(
            {T: p.kappa for T, p in probe.items()},
            spectral=any(spikes.get(T, False) for T in _SPIKES),
            p_values={T: p.null.p_value for T, p in probe.items() if p.null is not None},
        ),
        reasons=(
            *(reason for one in judged.values() for reason in one.reasons),
            *untested,
            *(Reason.of(flag) for flag in all_flags if flag in REASONS),
        ),
        flags=tuple(all_flags),
    )


def _geometry(T: int, probed: ModulusProbe) -> tuple[str, list[Reason]]:
    kappa, null, other = probed.kappa, probed.null, probed.null_unrestricted
    p_values = [one.p_value for one in (null, other) if one is not None]
    bound = null.p_value if null else None
    if probed.low is None and p_values:
        bound = max(p_values)
    told: dict[str, Any] = {
        "T": T,
        "kappa": kappa,
        "p": "no permutations" if bound is None else f"p = {bound:.2g}",
    }
    reasons = list(_caveats(T, probed))
    if why := _shortfall(kappa, probed.low, bound):
        return "neither", [Reason.of(why, **told), *reasons]
    if bound is None and probed.low is None:
        return "undecided", [Reason.of("untested", **told)]
    if T % 2 and T % 5:
        return "geometric", [Reason.of("geometric", **told), *reasons]
    control = probed.controls.get(_CONTROL)
    if control is None:
        return "undecided", [Reason.of("no-control", **told), *reasons]
    if probed.interval_reason in OF_A_SMALL_TEXT:
        return "undecided", [Reason.of("small-text", **told), *reasons]
    upper = upper_bound(control)
    told |= {"control": control.kappa, "upper": upper}
    # A control has half as many permutations, whose smallest p may be the level itself.
    likely = control.p_value is None or control.p_value <= PERMUTATION_LEVEL
    if likely and counts(control.kappa, control.low, None):
        return "geometric", [Reason.of("geometric-beyond-roundness", **told), *reasons]
    if upper < FLOOR:
        return "by roundness", [Reason.of("by-roundness", **told), *reasons]
    return "undecided", [Reason.of("undecided", **told), *reasons]


def counts(kappa: float, low: float | None, p_value: float | None) -> bool:
    """Whether a kappa x 100 reaches the floor, its p the level, and its interval lies above 0."""
    return not _shortfall(kappa, low, p_value)


def _shortfall(kappa: float, low: float | None, p_value: float | None) -> str:
    """Code of what a kappa lacks to count; empty where it counts."""
    if p_value is not None and p_value >= PERMUTATION_LEVEL:
        return "not-beyond-chance"
    if low is not None and low <= 0:
        return "interval-holds-0"
    return "" if kappa >= FLOOR else "under-the-floor"


def upper_bound(control: Control) -> float:
    """Largest kappa x 100 that a control leaves open: the end of its interval, or by its null."""
    if control.high is not None:
        return control.high
    if control.null_p95 is None or control.null_mean is None:
        return np.inf
    return control.kappa + _UPPER * (control.null_p95 - control.null_mean)


def _caveats(T: int, probed: ModulusProbe) -> Iterator[Reason]:
    if probed.null is None:
        return
    n = len(probed.null.values)
    if 1 / (1 + n) >= PERMUTATION_LEVEL:
        yield Reason.of("few-permutations", T=T, least=PERMUTATION_LEVEL, permutations=n)
    if probed.low is None:
        yield Reason.of("no-interval", T=T)
