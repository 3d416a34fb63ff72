"""The page's data: what the browser needs, packed so that the whole stays small."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from wordnum.report.data import Cell, StudyData, normalised_spectrum, notices
from wordnum.studies.columns import IDENTITY, MEASURES

__all__ = ["build_payload", "script_json"]


def build_payload(
    data: StudyData, *, budget: int = 5_000_000
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the page shows at once, and the details it opens cell by cell.

    Parameters
    ----------
    data : StudyData
    budget : int
        Bytes that both may take together as JSON. Circles are the bulk of the details; when
        they do not fit they are kept for T = 10, 5, 2 only, then T = 10, then left out, and
        `overview["left_out"]` says so.
    """
    overview = {
        "title": data.title,
        "identity": list(IDENTITY),
        "varying": data.varying(),
        "constant": data.constant(),
        "moduli": list(data.moduli),
        "measures": [name for name in MEASURES if name != "interval_reason"],
        "cells": [_overview(cell, data.moduli) for cell in data.cells],
        "comparisons": _columns(data.comparisons),
        "attribution": _columns(data.attribution),
        "origin": data.origin,
        "left_out": "",
    }
    size = len(script_json(overview))
    choices: tuple[tuple[Sequence[int], str], ...] = (
        (data.moduli, ""),
        ((10, 5, 2), "circles are kept for T = 10, 5 and 2 only, to keep this file small"),
        ((10,), "circles are kept for T = 10 only, to keep this file small"),
        ((), "circles are left out, to keep this file small"),
    )
    for circles, note in choices:
        overview["left_out"] = note
        details = {cell.id: _details(cell, circles) for cell in data.done if cell.details}
        if size + len(script_json(details)) <= budget:
            return overview, details
    overview["left_out"] = "confusion matrices and circles are left out, to keep this file small"
    spectra = {name: {"recall": item.get("recall", {})} for name, item in details.items()}
    return overview, spectra


def script_json(value: Any) -> str:
    r"""JSON that is safe inside a script element, whatever text it holds.

    Examples
    --------
    >>> script_json({"word": "</script>"})
    '{"word":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _overview(cell: Cell, moduli: Sequence[int]) -> dict[str, Any]:
    return {
        "id": cell.id,
        "system": cell.system,
        **cell.identity,
        "verdict": cell.verdict,
        "reasons": list(cell.reasons),
        "flags": list(cell.flags),
        "notices": [list(notice) for notice in notices(cell)],
        "status": cell.status,
        "error": cell.error,
        "n_numbers": cell.n_numbers,
        "coverage": _short(cell.coverage),
        "n_pairs": cell.n_pairs,
        "seconds": _short(cell.seconds),
        "interval_reason": [cell.interval_reasons.get(T, "") for T in moduli],
        "T": {
            name: [_short(by_modulus.get(T)) for T in moduli]
            for name, by_modulus in cell.measures.items()
            if any(value is not None for value in by_modulus.values())
        },
        "spectrum": _spectrum(cell),
    }


def _spectrum(cell: Cell) -> dict[str, Any] | None:
    """Normalised magnitudes on their frequencies, 16 bits a value."""
    found = normalised_spectrum(cell)
    if found is None:
        return None
    frequency, magnitude = found
    top = float(magnitude.max())
    scale = top / 65535 if top > 0 else 1.0
    step = np.diff(frequency)
    even = len(step) == 0 or bool(np.allclose(step, step[0], rtol=1e-6, atol=1e-9))
    return {
        "first": float(frequency[0]),
        "step": float(step.mean()) if len(step) else 0.0,
        "frequency": None if even else [round(float(f), 6) for f in frequency],
        "scale": float(f"{scale:.6g}"),
        "values": _pack(np.round(magnitude / scale).astype("<u2")),
    }


def _details(cell: Cell, circles: Sequence[int]) -> dict[str, Any]:
    found = cell.details
    return {
        "confusion": {
            T: [[_short(value) for value in row] for row in matrix]
            for T, matrix in (found.get("confusion") or {}).items()
        },
        "recall": {
            T: [_short(value, 3) for value in recall]
            for T, recall in (found.get("recall_by_digit") or {}).items()
        },
        "circle": {
            T: _circle(circle)
            for T, circle in (found.get("circle") or {}).items()
            if int(T) in circles
        },
        "missing": _runs(found.get("missing") or []),
    }


def _circle(circle: Mapping[str, Any]) -> dict[str, Any]:
    """Points of the plane of one period: 8 bits a coordinate is finer than the drawing.

    The farthest hundredth is drawn at the edge, so that a few outliers do not shrink the rest.
    """
    x, y = (np.nan_to_num(np.asarray(circle[axis], dtype=float)) for axis in "xy")
    far = np.maximum(np.abs(x), np.abs(y))
    reach = (float(np.quantile(far, 0.99)) if far.size else 0.0) or 1.0
    at = {axis: np.clip(value / reach, -1, 1) for axis, value in (("x", x), ("y", y))}
    return {
        "numbers": _runs(circle["numbers"]),
        **{axis: _pack(np.round(127 * value).astype("i1")) for axis, value in at.items()},
    }


def _runs(numbers: Iterable[Any]) -> list[list[int]]:
    """Sorted integers as [first, last] runs.

    Examples
    --------
    >>> _runs([0, 1, 2, 7])
    [[0, 2], [7, 7]]
    """
    runs: list[list[int]] = []
    for number in sorted(int(n) for n in numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return runs


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Rows turned into columns, which repeat no names."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [_short(row.get(name)) for row in rows] for name in names}


def _short(value: Any, digits: int = 5) -> Any:
    if isinstance(value, float):
        if not np.isfinite(value):
            return None
        return (
            int(value)
            if value == int(value) and abs(value) < 1e15
            else float(f"{value:.{digits}g}")
        )
    return value


def _pack(values: np.ndarray) -> str:
    return base64.b64encode(values.tobytes()).decode("ascii")
