"""The whole analysis of one embedding: spectrum, probe, separability, Phi, digits and verdict."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wordnum.analyzers.class_scatter import Separability, separability
from wordnum.analyzers.digit_codes import Digits, digits
from wordnum.analyzers.explaining import explained
from wordnum.analyzers.inputs import rows_with_data
from wordnum.analyzers.phi import PhiParts, phi_parts
from wordnum.analyzers.plotting import new_figure
from wordnum.analyzers.probing import ProbeResult, probe
from wordnum.analyzers.reasons import Reason, reason_text
from wordnum.analyzers.residues import checked_moduli
from wordnum.analyzers.spectra import Spectrum, spectrum
from wordnum.analyzers.verdicts import Verdict, verdict
from wordnum.backend import one_blas_thread
from wordnum.config import one_of
from wordnum.embeddings.embedding import Embedding, as_embedding
from wordnum.embeddings.vector_checks import some
from wordnum.errors import InputError, UsageError

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

PARTS = ("spectrum", "probe", "separability", "phi", "digits")
_SHOWN = ["magnitude", "spike_p", "kappa", "low", "high", "null_p", "verdict"]


@dataclass(frozen=True, eq=False, repr=False)
class Analysis:
    """What `analyze` measured.

    Attributes
    ----------
    embedding : Embedding
        What was analyzed: the numbers that have data.
    spectrum : Spectrum or None
    probe : ProbeResult or None
    separability : Separability or None
    phi : PhiParts or None
    digits : Digits or None
        None for a part that was not asked for, and digits of numbers too few to tell.
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
    phi: PhiParts | None
    digits: Digits | None
    verdict: Verdict | None
    reasons: tuple[Reason, ...]
    flags: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<Analysis of {self.embedding.name or 'an embedding'}: {self._verdict}>"

    def __str__(self) -> str:
        return "\n".join([repr(self), *explained(self)])

    @property
    def _verdict(self) -> str:
        return str(self.verdict) if self.verdict else "no verdict"

    def rows(self) -> dict[int, dict[str, Any]]:
        """Per T, everything that has a T: one column per name, as tables and records have it."""
        parts = [self.probe, self.phi, self.separability, self.verdict]
        found = [part.rows() for part in parts if part is not None]
        spikes = self.spectrum.spikes if self.spectrum else {}
        rows: dict[int, dict[str, Any]] = {}
        for part in ({T: spike.row() for T, spike in spikes.items()}, *found):
            for T, row in part.items():
                rows.setdefault(T, {}).update(row)
        return dict(sorted(rows.items()))

    def to_dict(self) -> dict[str, Any]:
        """One JSON object, as `wordnum analyze --json` prints it: schema 2.

        Kappa is x 100 and a T a string. Parts that were not asked for are empty objects, or null
        where they are no object by T; what does not exist is null, and its reason beside it.
        """
        spikes = self.spectrum.spikes if self.spectrum else {}
        parts: dict[str, Mapping[int, Any]] = {
            "spectrum": {T: one.to_dict() for T, one in spikes.items()},
            "probe": {T: one.to_dict() for T, one in (self.probe or {}).items()},
            "phi": {T: one.to_dict() for T, one in (self.phi or {}).items()},
            "separability": self.separability.rows() if self.separability else {},
            "verdict": {T: one.to_dict() for T, one in (self.verdict or {}).items()},
        }
        found: dict[str, Any] = _finite(
            {
                "schema": 2,
                "name": self.embedding.name,
                "numbers": self.embedding.numbers.tolist(),
                "n": self.embedding.size,
                "dim": self.embedding.dim,
                **{name: {str(T): one for T, one in part.items()} for name, part in parts.items()},
                "digits": self.digits.to_dict() if self.digits else None,
                "paper_label": self.verdict.paper_label if self.verdict else None,
                "reasons": [reason._asdict() for reason in self.reasons],
                "flags": list(self.flags),
            }
        )
        return found

    def to_frame(self) -> pandas.DataFrame:
        """One row per T with everything that has a T."""
        import pandas as pd

        return pd.DataFrame.from_dict(self.rows(), orient="index").rename_axis("T")

    def explain(self) -> str:
        """Say what this means, in words, by rule.

        Examples
        --------
        >>> noise = np.random.default_rng(0).standard_normal((200, 5))
        >>> print(analyze(noise, moduli=[2, 5], nulls=99, only="spectrum,probe").explain())
        200 of 200 numbers, 5 dimensions.
        The spectrum has no spike at T = 2, 5 and 10.
        n mod 2 and 5 is not read: p is not under 0.01 against both nulls.
        No interval of kappa: vectors have no documents; the verdict rests on two permutation tests.
        By the rule of the paper, which counts roundness as geometry: neither.
        """
        return "\n".join(explained(self))

    def _repr_html_(self) -> str:
        frame = self.to_frame()
        shown = frame[frame.columns.intersection(_SHOWN, sort=False)]
        shown = shown.astype(dict.fromkeys(shown.columns.drop("verdict", errors="ignore"), float))
        table = shown.to_html(float_format=lambda x: f"{x:.3g}", na_rep="", border=0)
        lines = "".join(f"<p>{html.escape(line)}</p>" for line in explained(self))
        return f"<h4>{html.escape(repr(self)[1:-1])}</h4>{table}{lines}"

    def plot(self, figure: Figure | None = None) -> Figure:
        """Draw all parts on one page: spectrum, kappa, recall by digit, eigenvalues, contrasts.

        The size of the figure is set to what that takes.
        """
        size = (9.2, 7.6 if self.phi else 5.4)
        figure = new_figure(figure, size)
        figure.set_size_inches(size)
        grid = figure.add_gridspec(3 if self.phi else 2, 3)
        if self.spectrum:
            self.spectrum.plot(figure.add_subplot(grid[0, :]))
        if self.probe:
            self.probe.plot(figure.add_subplot(grid[1, 0]))
            T = 10 if 10 in self.probe else max(self.probe)
            self.probe[T].plot_recall(figure.add_subplot(grid[1, 1]))
        if self.separability:
            self.separability.plot(figure.add_subplot(grid[1, 2]))
        if self.phi:
            told = {T: one for T, one in self.phi.items() if T in (2, 5, 10)} or self.phi.by_period
            PhiParts(told).plot(figure.add_subplot(grid[2, :]))
        for ax in figure.axes:
            for label in (ax.xaxis.label, ax.yaxis.label):
                label.set_fontsize(9)
        shape = f"{len(self.embedding)} numbers, {self.embedding.dim} dimensions"
        title = f"{self.embedding.name or 'embedding'} ({shape})\n{self._verdict}"
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
    controls: bool | Iterable[str] = True,
    intervals: bool = True,
) -> Analysis:
    """Say what an embedding knows about numbers, with the evidence.

    Parameters
    ----------
    embedding : Embedding or array of shape (n, d)
        Row n of a plain array is the vector of number n.
    only : str or iterable of str
        Parts to compute, of "spectrum", "probe", "separability", "phi", "digits"; the verdict needs
        the first two. Commas part several in one string.
    moduli : iterable of int
        The T of probe, separability and phi.
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
    >>> str(found.verdict), found.verdict.paper_label, round(found.probe[10].kappa)
    ('spectral at T = 2, 5, 10; geometric at T = 2, 5, 10', 'both', 100)
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
    told = phi_parts(embedding, moduli=periods) if "phi" in parts else None
    coded = None
    if "digits" in parts:
        with suppress(InputError):  # too few numbers to tell
            coded = digits(
                embedding, nulls=200 if nulls is None else nulls, random_state=random_state
            )
    if spikes and probed:
        flags, n_documents = embedding.flags, embedding.n_documents
        judged = verdict(spikes, probed, flags=flags, n_documents=n_documents)
    reasons = [*(judged.reasons if judged else ())]
    if len(embedding) < len(given):
        dropped = np.setdiff1d(given.numbers, embedding.numbers)
        share = "shares a vector with another, or has none, and counts as missing"
        if len(dropped) > 1:
            share = "share a vector with another, or have none, and count as missing"
        missing = f"{len(embedding)} of {len(given)} numbers: {len(dropped)} {share}"
        reasons = [one for one in reasons if one.code != "equal-rows"]
        reasons.insert(0, Reason("equal-rows", None, missing))
        reasons.append(Reason.of("no-data", n=len(dropped), numbers=some(dropped)))
    if probed:
        unsure = sorted({p.interval_reason for p in probed.values() if p.interval_reason})
        reasons += probed.notes
        reasons += [Reason(c, None, f"no interval of kappa: {reason_text(c)}") for c in unsure]
    if scatter:
        reasons += scatter.notes
    if "digits" in parts and coded is None:
        reasons.append(Reason.of("few-hundreds"))
    if judged is None:
        reasons.append(Reason.of("no-verdict"))
    return Analysis(
        embedding=embedding,
        spectrum=spikes,
        probe=probed,
        separability=scatter,
        phi=told,
        digits=coded,
        verdict=judged,
        reasons=tuple(reasons),
        flags=(*(judged.flags if judged else embedding.flags), *(probed.flags if probed else ())),
    )


def _finite(value: Any) -> Any:
    """The same, NaN and infinity as null, which JSON knows."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
