"""One JSON record per cell: what it is, what was measured, or why it failed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from wordnum.analyzers.analysis import Analysis
from wordnum.analyzers.circle import circle
from wordnum.analyzers.spikes import SPIKE_PERIODS
from wordnum.embeddings.embedding import Embedding
from wordnum.errors import FormatError
from wordnum.provenance import jsonable

_COLUMN_NAMES = {"reason": "interval_reason", "lambda_max_noise": "lambda_noise"}

__all__ = ["failed_record", "make_record", "read_record"]


def make_record(
    key: str,
    row: dict[str, Any],
    embedding: Embedding,
    analysis: Analysis,
) -> dict[str, Any]:
    """Everything the table and the page show of one cell, as JSON holds it."""
    probe, spectrum, verdict = analysis.probe, analysis.spectrum, analysis.verdict
    assert probe is not None
    assert spectrum is not None
    assert verdict is not None
    by_period = probe.by_period
    return _finite(
        {
            "key": key,
            "row": row,
            "status": "done",
            "error": "",
            "n_pairs": embedding.provenance.get("n_pairs"),
            "n_numbers": len(embedding.numbers),
            "coverage": len(embedding.numbers) / embedding.size,
            "missing": embedding.missing,
            "n_documents": embedding.n_documents,
            "measures": _measures(analysis),
            "verdict": verdict.name,
            "reasons": verdict.reasons,
            "flags": verdict.flags,
            "spectrum": {
                "frequency": spectrum.frequency,
                "magnitude": spectrum.magnitude,
                "power": spectrum.power,
            },
            "residues": {T: found.residues for T, found in by_period.items()},
            "confusion": {T: found.confusion for T, found in by_period.items()},
            "recall_by_digit": {T: found.recall_by_digit for T, found in by_period.items()},
            "half_kappas": {T: found.half_kappas for T, found in by_period.items()},
            "circle": {T: _circle(embedding, T) for T in SPIKE_PERIODS if T > 2},
        }
    )


def failed_record(key: str, row: dict[str, Any], error: Exception) -> dict[str, Any]:
    """Record of a cell that failed, with the error as the user should read it."""
    return {"key": key, "row": row, "status": "failed", "error": str(error) or repr(error)}


def read_record(path: Path) -> dict[str, Any]:
    """Read one JSON object.

    Raises
    ------
    FormatError
        The file is damaged.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FormatError(
            f"{path} cannot be read", got=str(error), remedy="remove it and run the study again"
        ) from error
    if not isinstance(record, dict):
        raise FormatError(f"{path} is not a record", remedy="remove it and run the study again")
    return record


def _measures(analysis: Analysis) -> dict[str, dict[str, Any]]:
    """Every measure of the moduli that were probed, by T and by its column in the table."""
    assert analysis.probe is not None
    frame = analysis.to_frame().rename(columns=_COLUMN_NAMES)
    return {str(T): dict(frame.loc[T]) for T in analysis.probe.by_period}


def _circle(embedding: Embedding, period: int) -> dict[str, Any]:
    plane = circle(embedding, period=period)
    return {"numbers": plane.numbers, "x": plane.x, "y": plane.y}


def _finite(value: Any) -> Any:
    """Round floats to what a reader can use and turn NaN into null, which JSON knows."""
    value = jsonable(value)
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if np.isfinite(value) else None
    return value
