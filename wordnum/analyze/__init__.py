"""From an embedding to measures: spectrum, separability, probes, verdict."""

from __future__ import annotations

from wordnum.analyze.analysis import Analysis, analyze
from wordnum.analyze.fourier import Spectrum, spectrum
from wordnum.analyze.inference import Difference, compare
from wordnum.analyze.probe import probe
from wordnum.analyze.results import ModulusProbe, ProbeResult
from wordnum.analyze.separability import Separability, separability
from wordnum.analyze.verdict import Verdict, verdict

__all__ = [
    "Analysis",
    "Difference",
    "ModulusProbe",
    "ProbeResult",
    "Separability",
    "Spectrum",
    "Verdict",
    "analyze",
    "compare",
    "probe",
    "separability",
    "spectrum",
    "verdict",
]
