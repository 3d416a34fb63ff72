"""The verdict: spectral and geometric convergence, by a written rule, with reasons and flags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wordnum.analyzers.intervals import MIN_DOCUMENTS
from wordnum.analyzers.permutations import Null
from wordnum.analyzers.results import ProbeResult
from wordnum.analyzers.spectra import Spectrum

__all__ = ["VERDICTS", "Verdict", "kappa_rule", "verdict"]

VERDICTS = ("both", "partial", "spectral", "neither")

SPIKE_LEVEL = 0.05
SHUFFLE_LEVEL = 0.01
KAPPA_FLOOR = 15.0
KAPPA_BOTH = 50.0
_SPIKES = (10, 5)
_BOTH = (2, 10)
_PARTIAL = (2, 5, 10)

_FLAG_WORDS = {
    "ordinals-kept": "ordinals were kept: the suffix of 21st spells the last digit",
    "subwords": "the model reads the spelling of a number, so its last digit is given to it",
    "few-documents": f"fewer than {MIN_DOCUMENTS} documents: no interval",
    "numbers-without-contexts": "numbers without any context have no vector",
    "missing-numbers": "not all numbers are present: through the gaps trends leak into magnitudes, "
    "and the tests of spikes allow for a trend",
    "constant": "all vectors are alike",
}


@dataclass(frozen=True)
class Verdict:
    """What an embedding of numbers has, and why that is said.

    Attributes
    ----------
    name : {"both", "partial", "spectral", "neither"}
    spectral : bool
        The spike at T = 10 or 5 is significant at 0.05 (local rank, Holm).
    geometric : tuple of int
        Every T with kappa of 15 or more and a shuffle p below 0.01.
    reasons : tuple of str
        The steps of the rule with their figures.
    flags : tuple of str
        What a reader must be told beside the verdict.
    """

    name: str
    spectral: bool
    geometric: tuple[int, ...]
    reasons: tuple[str, ...]
    flags: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


def kappa_rule(
    kappas: Mapping[int, float],
    *,
    spectral: bool = True,
    p_values: Mapping[int, float] | None = None,
) -> str:
    """Verdict of kappas x 100 per T, given whether there is a spike.

    ``neither``: no spike. ``both``: kappa >= 50 at T = 2 and T = 10. ``partial``: kappa >= 15 at
    T = 2, 5 or 10. ``spectral``: the spike only. Where `p_values` of the shuffles are given, a
    kappa counts if its own is below 0.01.

    Examples
    --------
    >>> kappa_rule({2: 96.1, 5: 63.5, 10: 85.4}), kappa_rule({2: 54.4, 5: 20.8, 10: 27.1})
    ('both', 'partial')
    >>> kappa_rule({2: 9.0, 5: 2.7, 10: 2.0}), kappa_rule({2: 99.0, 10: 99.0}, spectral=False)
    ('spectral', 'neither')
    """

    def reaches(period: int, floor: float) -> bool:
        small_p = p_values is None or p_values.get(period, 0.0) < SHUFFLE_LEVEL
        return kappas.get(period, -np.inf) >= floor and small_p

    if not spectral:
        return "neither"
    if all(reaches(T, KAPPA_BOTH) for T in _BOTH):
        return "both"
    if any(reaches(T, KAPPA_FLOOR) for T in _PARTIAL):
        return "partial"
    return "spectral"


def verdict(
    spectrum: Spectrum,
    probe: ProbeResult,
    *,
    flags: Sequence[str] = (),
    n_documents: int | None = None,
) -> Verdict:
    """Judge an embedding by its spectrum and its probe.

    Parameters
    ----------
    spectrum : Spectrum
        With its spikes at T = 5 and 10.
    probe : ProbeResult
        With T = 2, 5 and 10 among its moduli; one that is not there counts as not geometric,
        which the reasons say.
    flags : sequence of str
        Flags of the embedding, which the verdict repeats.
    n_documents : int, optional
        Documents behind the embedding; below 40 a flag says so.

    Returns
    -------
    Verdict

    Notes
    -----
    The rule: *spectral* where the spike at T = 10 or 5 is significant at 0.05 (local rank, Holm
    over T = 2, 5, 10); *geometric at T* where kappa >= 15 and p < 0.01 against labels shuffled
    within runs of T. ``both``: spectral, and geometric with kappa >= 50 at T = 2 and T = 10.
    ``partial``: spectral, and geometric at T = 2, 5 or 10. ``spectral``: a spike only.
    ``neither``: no spike.

    Examples
    --------
    >>> import wordnum.analyzers as analyze
    >>> noise = np.random.default_rng(0).standard_normal((1000, 10))
    >>> found = analyze.verdict(analyze.spectrum(noise), analyze.probe(noise, moduli=[2, 5, 10]))
    >>> found.name
    'neither'
    """
    significant = [
        T for T in _SPIKES if T in spectrum.spikes and spectrum.spikes[T].p_value < SPIKE_LEVEL
    ]
    p_values = {T: p.null.p_value for T, p in probe.by_period.items() if p.null is not None}
    kappas = {T: p.kappa for T, p in probe.by_period.items()}
    geometric = tuple(
        T
        for T, kappa in kappas.items()
        if kappa >= KAPPA_FLOOR and p_values.get(T, 0.0) < SHUFFLE_LEVEL
    )
    all_flags = _flags(spectrum, flags, n_documents)
    return Verdict(
        name=kappa_rule(kappas, spectral=bool(significant), p_values=p_values),
        spectral=bool(significant),
        geometric=geometric,
        reasons=(
            *_spike_reasons(spectrum),
            *_kappa_reasons(probe),
            *(_FLAG_WORDS[flag] for flag in all_flags if flag in _FLAG_WORDS),
        ),
        flags=all_flags,
    )


def _flags(spectrum: Spectrum, given: Sequence[str], n_documents: int | None) -> tuple[str, ...]:
    flags = list(given)
    if n_documents is not None and n_documents < MIN_DOCUMENTS:
        flags.append("few-documents")
    if len(spectrum.numbers) < spectrum.size:
        flags.append("missing-numbers")
    if not spectrum.power.any():
        flags.append("constant")
    return tuple(dict.fromkeys(flags))


def _spike_reasons(spectrum: Spectrum) -> list[str]:
    reasons = []
    for T in _SPIKES:
        spike = spectrum.spikes.get(T)
        if spike is None:
            reasons.append(f"no test of a spike at T = {T}: too few frequencies around it")
            continue
        found = "a spike" if spike.p_value < SPIKE_LEVEL else "no spike"
        told = f"{found} at T = {T}: magnitude {spike.magnitude:.2f}, p = {spike.p_value:.3g}"
        if spike.p_smallest >= SPIKE_LEVEL:
            told += f" (too few frequencies for a p below {spike.p_smallest:.2g})"
        reasons.append(told)
    return reasons


def _kappa_reasons(probe: ProbeResult) -> list[str]:
    reasons = []
    for T in _PARTIAL:
        if T not in probe.by_period:
            reasons.append(f"T = {T} was not probed and counts as not geometric")
            continue
        one = probe[T]
        p_value = _shuffle_words(one.null)
        enough = one.kappa >= KAPPA_FLOOR and (one.null is None or one.null.p_value < SHUFFLE_LEVEL)
        word = "geometric" if enough else "not geometric"
        reasons.append(f"{word} at T = {T}: kappa {one.kappa:.1f}, {p_value}")
    return reasons


def _shuffle_words(null: Null | None) -> str:
    if null is None:
        return "no shuffles"
    shuffles = len(null.values)
    told = f"p = {null.p_value:.3g}"
    if 1 / (1 + shuffles) >= SHUFFLE_LEVEL:
        told += f" (too few shuffles for a p below {SHUFFLE_LEVEL}: {shuffles})"
    return told
