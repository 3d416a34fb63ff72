"""The whole analysis of one embedding: spectrum, probe, separability and verdict."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wordnum.analyzers.moduli import checked_moduli
from wordnum.analyzers.probing import probe
from wordnum.analyzers.results import ModulusProbe, ProbeResult
from wordnum.analyzers.separability import Separability, separability
from wordnum.analyzers.spectra import Spectrum, spectrum
from wordnum.analyzers.verdicts import Verdict, verdict
from wordnum.config import one_of
from wordnum.embeddings.embedding import Embedding, as_embedding
from wordnum.errors import UsageError

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

__all__ = ["PARTS", "Analysis", "analyze"]

PARTS = ("spectrum", "probe", "separability")


@dataclass(frozen=True, eq=False, repr=False)
class Analysis:
    """What `analyze` found.

    Attributes
    ----------
    numbers : array of int of shape (n,)
        The numbers present.
    missing : array of int
        The numbers of 0..size-1 that are not.
    dim : int
    name : str
        Name of the embedding.
    spectrum : Spectrum or None
    probe : ProbeResult or None
    separability : Separability or None
        None for a part that was not asked for.
    verdict : Verdict or None
        None without spectrum and probe.
    notes : tuple of str
        What was done about a singular S_W, fits that did not converge, missing intervals.
    flags : tuple of str
    """

    numbers: np.ndarray
    missing: np.ndarray
    dim: int
    name: str
    spectrum: Spectrum | None
    probe: ProbeResult | None
    separability: Separability | None
    verdict: Verdict | None
    notes: tuple[str, ...]
    flags: tuple[str, ...]

    def __repr__(self) -> str:
        found = self.verdict.name if self.verdict else "no verdict"
        return f"<Analysis of {self.name or 'an embedding'}: {found}>"

    def to_dict(self) -> dict[str, Any]:
        """One JSON object, as `wordnum analyze --json` prints it.

        Parts that were not asked for are empty objects, and the verdict is then null.
        """
        spikes = self.spectrum.spikes if self.spectrum else {}
        probes = self.probe.by_period if self.probe else {}
        scatter = self.separability.by_period if self.separability else {}
        return {
            "numbers": self.numbers.tolist(),
            "dim": self.dim,
            "spectrum": {
                str(T): {"magnitude": s.magnitude, "power": s.power, "p_value": s.p_value}
                for T, s in spikes.items()
            },
            "probe": {str(T): _probe_dict(p) for T, p in probes.items()},
            "separability": {
                str(T): {
                    name: _finite(getattr(s, name))
                    for name in (
                        "lambda_max",
                        "lambda_max_noise",
                        "phi",
                        "cond",
                        "lower",
                        "upper",
                    )
                }
                for T, s in scatter.items()
            },
            "verdict": self.verdict.name if self.verdict else None,
            "reasons": [*(self.verdict.reasons if self.verdict else ()), *self.notes],
            "flags": list(self.flags),
        }

    def to_frame(self) -> pandas.DataFrame:
        """One row per T with everything that has a T."""
        import pandas as pd

        parts = []
        if self.spectrum:
            rows = [
                {"T": T, "magnitude": s.magnitude, "power": s.power, "spike_p": s.p_value}
                for T, s in self.spectrum.spikes.items()
            ]
            columns = ["T", "magnitude", "power", "spike_p"]
            parts.append(pd.DataFrame(rows, columns=columns).set_index("T"))
        if self.probe:
            parts.append(self.probe.to_frame())
        if self.separability:
            parts.append(self.separability.to_frame())
        return pd.concat(parts, axis=1).sort_index()

    def _repr_html_(self) -> str:
        frame = self.to_frame()
        shown = [
            c for c in ("magnitude", "spike_p", "kappa", "low", "high", "null_p") if c in frame
        ]
        table = (
            frame[shown]
            .astype(float)
            .to_html(float_format=lambda x: f"{x:.3g}", na_rep="", border=0)
        )
        reasons = [*(self.verdict.reasons if self.verdict else ()), *self.notes]
        items = "".join(f"<li>{html.escape(reason)}</li>" for reason in reasons)
        return f"<h4>{html.escape(repr(self)[1:-1])}</h4>{table}<ul>{items}</ul>"

    def plot(self, figure: Figure | None = None) -> Figure:
        """Draw all parts on one page: spectrum, kappa, recall by digit, eigenvalues."""
        from wordnum.analyzers.plotting import plot_analysis

        return plot_analysis(self, figure=figure)


def analyze(
    embedding: Embedding | np.ndarray,
    *,
    only: Iterable[str] = PARTS,
    moduli: Iterable[int] = range(2, 11),
    classifier: str = "lda",
    random_state: int = 0,
    device: str = "cpu",
    nulls: int | None = None,
    repeats: int | None = None,
    folds: int = 5,
    controls: bool = True,
    intervals: bool = True,
    permutations: int = 999,
) -> Analysis:
    """Say what an embedding knows about numbers, with the evidence.

    Parameters
    ----------
    embedding : Embedding or array of shape (n, d)
        Row n of a plain array is the vector of number n.
    only : iterable of str
        Parts to compute, of "spectrum", "probe", "separability"; the verdict needs the first two.
    moduli : iterable of int
        The T of probe and separability.
    classifier, seed, device, nulls, repeats, folds, controls, intervals
        See `probe`.
    permutations : int
        See `spectrum`.

    Returns
    -------
    Analysis

    Raises
    ------
    UsageError, InputError
        See `spectrum`, `probe`, `separability`.

    Examples
    --------
    >>> n = np.arange(1000)[:, None]
    >>> waves = np.cos(2 * np.pi * n / np.array([2, 5, 5, 10, 10]) - np.array([0, 0, 1, 0, 1]))
    >>> noise = np.random.default_rng(0).standard_normal((1000, 5))
    >>> found = analyze(waves + 0.1 * noise, moduli=[2, 5, 10], nulls=199)
    >>> found.verdict.name, round(found.probe[10].kappa)
    ('both', 100)
    """
    embedding = as_embedding(embedding)
    parts = [one_of(part, PARTS, what="part of the analysis") for part in only]
    if not parts:
        raise UsageError("nothing to analyze", expected=f"some of {', '.join(PARTS)}")
    periods = checked_moduli(moduli, size=embedding.size)
    found_spectrum = found_probe = found_scatter = found_verdict = None
    if "spectrum" in parts:
        found_spectrum = spectrum(embedding, permutations=permutations, random_state=random_state)
    if "separability" in parts:
        found_scatter = separability(embedding, moduli=periods)
    if "probe" in parts:
        found_probe = probe(
            embedding,
            moduli=periods,
            classifier=classifier,
            random_state=random_state,
            device=device,
            nulls=nulls,
            repeats=repeats,
            folds=folds,
            controls=controls,
            intervals=intervals,
        )
    if found_spectrum and found_probe:
        found_verdict = verdict(
            found_spectrum,
            found_probe,
            flags=embedding.flags,
            n_documents=embedding.n_documents,
        )
    return Analysis(
        numbers=embedding.numbers,
        missing=embedding.missing,
        dim=embedding.dim,
        name=embedding.name,
        spectrum=found_spectrum,
        probe=found_probe,
        separability=found_scatter,
        verdict=found_verdict,
        notes=_notes(found_probe, found_scatter),
        flags=found_verdict.flags if found_verdict else embedding.flags,
    )


def _notes(probed: ProbeResult | None, scatter: Separability | None) -> tuple[str, ...]:
    notes: list[str] = []
    if probed:
        notes += probed.notes
        reasons = {p.reason for p in probed.by_period.values() if p.reason}
        notes += [f"no interval of kappa: {reason}" for reason in sorted(reasons)]
    if scatter:
        notes += scatter.notes
    return tuple(notes)


def _probe_dict(p: ModulusProbe) -> dict[str, Any]:
    null = p.null
    return {
        "kappa": p.kappa,
        "low": p.low,
        "high": p.high,
        "repeat_sd": p.repeat_sd,
        "kappa_groups": p.kappa_groups,
        "kappa_without_fives": p.kappa_without_fives,
        "null": {
            "mean": null.mean if null else None,
            "p95": null.p95 if null else None,
            "p_value": null.p_value if null else None,
        },
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
