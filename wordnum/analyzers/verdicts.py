"""The verdict: spectral and geometric convergence, by a written rule, with reasons and flags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wordnum.analyzers.probe_results import ProbeResult
from wordnum.analyzers.reasons import MIN_DOCUMENTS, REASONS, Reason
from wordnum.analyzers.spectra import Spectrum

SPIKE_LEVEL = 0.05
PERMUTATION_LEVEL = 0.01
KAPPA_FLOOR = 15.0
KAPPA_BOTH = 50.0
_SPIKES = (10, 5)
_BOTH = (2, 10)
_PARTIAL = (2, 5, 10)


@dataclass(frozen=True, repr=False)
class Verdict:
    """What an embedding of numbers has, and why that is said.

    Attributes
    ----------
    name : {"both", "partial", "spectral", "neither"}
    spectral : bool
        The spike at T = 10 or 5 is significant at 0.05 (Holm).
    geometric : tuple of int
        Every T with kappa of 15 or more and a permutation p below 0.01.
    reasons : tuple of Reason
        The steps of the rule with their figures, and what the flags mean.
    flags : tuple of str
        What a reader must be told beside the verdict.
    """

    name: str
    spectral: bool
    geometric: tuple[int, ...]
    reasons: tuple[Reason, ...]
    flags: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<Verdict {self.name}: {'; '.join(reason.text for reason in self.reasons)}>"

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
    T = 2, 5 or 10. ``spectral``: the spike only. Where `p_values` of the permutations are given, a
    kappa counts if its own is below 0.01.

    Examples
    --------
    >>> kappa_rule({2: 96.1, 5: 63.5, 10: 85.4}), kappa_rule({2: 54.4, 5: 20.8, 10: 27.1})
    ('both', 'partial')
    >>> kappa_rule({2: 9.0, 5: 2.7, 10: 2.0}), kappa_rule({2: 99.0, 10: 99.0}, spectral=False)
    ('spectral', 'neither')
    """

    def reaches(period: int, floor: float) -> bool:
        small_p = p_values is None or p_values.get(period, 0.0) < PERMUTATION_LEVEL
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
    The rule: *spectral* where the spike at T = 10 or 5 is significant at 0.05 (Holm over
    T = 2, 5, 10); *geometric at T* where kappa >= 15 and p < 0.01 against block-restricted
    permutations (within runs of T). ``both``: spectral, and geometric with kappa >= 50 at T = 2 and
    T = 10. ``partial``: spectral, and geometric at T = 2, 5 or 10. ``spectral``: a spike only.
    ``neither``: no spike.

    Examples
    --------
    >>> import wordnum.analyzers as analyze
    >>> noise = np.random.default_rng(0).standard_normal((1000, 10))
    >>> found = analyze.verdict(analyze.spectrum(noise), analyze.probe(noise, moduli=[2, 5, 10]))
    >>> found.name
    'neither'
    """
    tested = [spike for T, spike in spectrum.spikes.items() if T in _SPIKES]
    spectral = any(spike.p_value < SPIKE_LEVEL for spike in tested)
    p_values = {T: p.null.p_value for T, p in probe.items() if p.null is not None}
    kappas = {T: p.kappa for T, p in probe.items()}
    likely = [T for T in kappas if p_values.get(T, 0.0) < PERMUTATION_LEVEL]
    geometric = tuple(T for T in likely if kappas[T] >= KAPPA_FLOOR)
    found = {
        "few-documents": n_documents is not None and n_documents < MIN_DOCUMENTS,
        "missing-numbers": len(spectrum.numbers) < spectrum.size,
        "constant": not spectrum.power.any(),
    }
    all_flags = dict.fromkeys([*flags, *(flag for flag, holds in found.items() if holds)])
    return Verdict(
        name=kappa_rule(kappas, spectral=spectral, p_values=p_values),
        spectral=spectral,
        geometric=geometric,
        reasons=(
            *_spike_reasons(spectrum),
            *_kappa_reasons(probe, geometric),
            *(Reason.of(flag) for flag in all_flags if flag in REASONS),
        ),
        flags=tuple(all_flags),
    )


def _spike_reasons(spectrum: Spectrum) -> Iterator[Reason]:
    for T in _SPIKES:
        spike = spectrum.spikes.get(T)
        if spike is None:
            yield Reason.of("untested-spike", T=T)
            continue
        code = "spike" if spike.p_value < SPIKE_LEVEL else "no-spike"
        yield Reason.of(code, T=T, magnitude=spike.magnitude, p=spike.p_value)


def _kappa_reasons(probe: ProbeResult, geometric: Sequence[int]) -> Iterator[Reason]:
    for T in _PARTIAL:
        if T not in probe:
            yield Reason.of("not-probed", T=T)
            continue
        null = probe[T].null
        p = f"p = {null.p_value:.3g}" if null else "no permutations"
        code = "geometric" if T in geometric else "not-geometric"
        yield Reason.of(code, T=T, kappa=probe[T].kappa, p=p)
        if null and 1 / (1 + len(null.values)) >= PERMUTATION_LEVEL:
            n = len(null.values)
            yield Reason.of("few-permutations", T=T, least=PERMUTATION_LEVEL, permutations=n)
