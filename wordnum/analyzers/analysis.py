"""The whole analysis of one embedding: spectrum, probe, separability and verdict."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wordnum.analyzers.class_scatter import Separability, separability
from wordnum.analyzers.inputs import one_blas_thread, rows_with_data
from wordnum.analyzers.plotting import new_figure
from wordnum.analyzers.probing import ProbeResult, probe
from wordnum.analyzers.reasons import Reason, reason_text
from wordnum.analyzers.residues import checked_moduli
from wordnum.analyzers.spectra import Spectrum, spectrum
from wordnum.analyzers.verdicts import Verdict, verdict
from wordnum.config import one_of
from wordnum.embeddings.embedding import Embedding, as_embedding
from wordnum.embeddings.vector_checks import some
from wordnum.errors import UsageError

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

PARTS = ("spectrum", "probe", "separability")
_SHOWN = ["magnitude", "spike_p", "kappa", "low", "high", "null_p"]


@dataclass(frozen=True, eq=False, repr=False)
class Analysis:
    """What `analyze` measured.

    Attributes
    ----------
    embedding : Embedding
        What was analyzed.
    spectrum : Spectrum or None
    probe : ProbeResult or None
    separability : Separability or None
        None for a part that was not asked for.
    verdict : Verdict or None
        None without spectrum and probe.
    reasons : tuple of Reason
        The verdict's, what was done about a singular S_W, fits that did not converge, missing
        intervals.
    flags : tuple of str
    """

    embedding: Embedding
    spectrum: Spectrum | None
    probe: ProbeResult | None
    separability: Separability | None
    verdict: Verdict | None
    reasons: tuple[Reason, ...]
    flags: tuple[str, ...]

    def __repr__(self) -> str:
        verdict = self.verdict.name if self.verdict else "no verdict"
        return f"<Analysis of {self.embedding.name or 'an embedding'}: {verdict}>"

    def _parts(self) -> dict[str, dict[int, dict[str, Any]]]:
        """Rows by T of every part."""
        spikes = self.spectrum.spikes if self.spectrum else {}
        return {
            "spectrum": {T: spike.row() for T, spike in spikes.items()},
            "probe": self.probe.rows() if self.probe else {},
            "separability": self.separability.rows() if self.separability else {},
        }

    def rows(self) -> dict[int, dict[str, Any]]:
        """Per T, everything that has a T: one column per name, as tables and records have it."""
        rows: dict[int, dict[str, Any]] = {}
        for part in self._parts().values():
            for T, row in part.items():
                rows.setdefault(T, {}).update(row)
        return dict(sorted(rows.items()))

    def to_dict(self) -> dict[str, Any]:
        """One JSON object, as `wordnum analyze --json` prints it.

        Parts that were not asked for are empty objects, and the verdict is then null.
        """
        return {
            "name": self.embedding.name,
            "numbers": self.embedding.numbers.tolist(),
            "dim": self.embedding.dim,
            **{
                part: {str(T): {k: _finite(v) for k, v in row.items()} for T, row in rows.items()}
                for part, rows in self._parts().items()
            },
            "verdict": self.verdict.name if self.verdict else None,
            "reasons": [reason._asdict() for reason in self.reasons],
            "flags": list(self.flags),
        }

    def to_frame(self) -> pandas.DataFrame:
        """One row per T with everything that has a T."""
        import pandas as pd

        return pd.DataFrame.from_dict(self.rows(), orient="index").rename_axis("T")

    def _repr_html_(self) -> str:
        frame = self.to_frame()
        shown = frame.columns.intersection(_SHOWN, sort=False)
        values = frame[shown].astype(float)
        table = values.to_html(float_format=lambda x: f"{x:.3g}", na_rep="", border=0)
        items = "".join(f"<li>{html.escape(reason.text)}</li>" for reason in self.reasons)
        return f"<h4>{html.escape(repr(self)[1:-1])}</h4>{table}<ul>{items}</ul>"

    def plot(self, figure: Figure | None = None) -> Figure:
        """Draw all parts on one page: spectrum, kappa, recall by digit, eigenvalues."""
        figure = new_figure(figure, (9.2, 5.4))
        grid = figure.add_gridspec(2, 3)
        if self.spectrum:
            self.spectrum.plot(figure.add_subplot(grid[0, :]))
        if self.probe:
            self.probe.plot(figure.add_subplot(grid[1, 0]))
            T = 10 if 10 in self.probe else max(self.probe)
            self.probe[T].plot_recall(figure.add_subplot(grid[1, 1]))
        if self.separability:
            self.separability.plot(figure.add_subplot(grid[1, 2]))
        shape = f"{len(self.embedding)} numbers, {self.embedding.dim} dimensions"
        verdict = f": {self.verdict.name}" if self.verdict else ""
        title = f"{self.embedding.name or 'embedding'} ({shape}){verdict}"
        figure.suptitle(title, parse_math=False)  # a name with a dollar sign is no formula
        return figure


@one_blas_thread
def analyze(
    embedding: Embedding | np.ndarray,
    *,
    only: str | Iterable[str] = PARTS,
    moduli: Iterable[int] = range(2, 11),
    classifier: str = "lda",
    random_state: int = 0,
    device: str = "cpu",
    nulls: int | None = None,
    repeats: int | None = None,
    folds: int = 5,
    controls: bool = True,
    intervals: bool = True,
) -> Analysis:
    """Say what an embedding knows about numbers, with the evidence.

    Parameters
    ----------
    embedding : Embedding or array of shape (n, d)
        Row n of a plain array is the vector of number n.
    only : str or iterable of str
        Parts to compute, of "spectrum", "probe", "separability"; the verdict needs the first two.
        Commas part several in one string.
    moduli : iterable of int
        The T of probe and separability.
    classifier, random_state, device, nulls, repeats, folds, controls, intervals
        See `probe`.

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
    given, embedding = as_embedding(embedding), rows_with_data(embedding)
    named = only.replace(" ", "").split(",") if isinstance(only, str) else only
    parts = [one_of(part, PARTS, what="part of the analysis") for part in named]
    if not parts:
        raise UsageError("nothing to analyze", expected=f"some of {', '.join(PARTS)}")
    periods = checked_moduli(moduli, size=embedding.size)
    probed = judged = None
    if "probe" in parts:
        probed = probe(
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
    spikes = spectrum(embedding) if "spectrum" in parts else None
    scatter = separability(embedding, moduli=periods) if "separability" in parts else None
    if spikes and probed:
        flags, n_documents = embedding.flags, embedding.n_documents
        judged = verdict(spikes, probed, flags=flags, n_documents=n_documents)
    reasons = [*(judged.reasons if judged else ())]
    if len(embedding) < len(given):
        dropped = np.setdiff1d(given.numbers, embedding.numbers)
        reasons.append(Reason.of("no-data", n=len(dropped), numbers=some(dropped)))
    if probed:
        unsure = sorted({p.interval_reason for p in probed.values() if p.interval_reason})
        reasons += probed.notes
        reasons += [Reason(c, None, f"no interval of kappa: {reason_text(c)}") for c in unsure]
    if scatter:
        reasons += scatter.notes
    return Analysis(
        embedding=embedding,
        spectrum=spikes,
        probe=probed,
        separability=scatter,
        verdict=judged,
        reasons=tuple(reasons),
        flags=judged.flags if judged else embedding.flags,
    )


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
