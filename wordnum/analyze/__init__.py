"""From an embedding to measures: spectrum, separability, probes, verdict."""

from __future__ import annotations

from wordnum.analyze.analysis import Analysis, analyze
from wordnum.analyze.circle import Circle, circle
from wordnum.analyze.dynamics import Dynamics, dynamics
from wordnum.analyze.fourier import Spectrum, spectrum
from wordnum.analyze.inference import Difference, compare
from wordnum.analyze.probe import probe
from wordnum.analyze.regression import RegressionProbe, regression_probe
from wordnum.analyze.results import ModulusProbe, ProbeResult
from wordnum.analyze.separability import Separability, separability
from wordnum.analyze.systems import Systems, systems
from wordnum.analyze.verdict import Verdict, verdict

__all__ = [
    "Analysis",
    "Circle",
    "Difference",
    "Dynamics",
    "ModulusProbe",
    "ProbeResult",
    "RegressionProbe",
    "Separability",
    "Spectrum",
    "Systems",
    "Verdict",
    "analyze",
    "circle",
    "compare",
    "dynamics",
    "probe",
    "regression_probe",
    "separability",
    "spectrum",
    "systems",
    "verdict",
]
