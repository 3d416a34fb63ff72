"""What the page shows of a study, packed so that the whole stays small."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from wordnum.analyzers.controls import CONTROLS
from wordnum.analyzers.explaining import UNREAD
from wordnum.analyzers.probe_results import control_column
from wordnum.analyzers.reasons import reason_text
from wordnum.errors import printable
from wordnum.provenance import jsonable
from wordnum.report.headline import headline
from wordnum.report.training_curves import phi_ratios, trained
from wordnum.studies.columns import IDENTITY, MEASURES
from wordnum.studies.results import StudyResults, system_labels
from wordnum.studies.seeds import OVER_SEEDS

if TYPE_CHECKING:
    import pandas as pd

_COMPARISON = (
    "key", "condition", "against", "against_condition", "T", "difference", "low", "high",
    "smallest_difference", "reason",
)  # fmt: skip
_ATTRIBUTION = (
    "label", "grouping", "group", "T", "digit", "shapley", "low", "high", "single_group",
    "leave_one_out", "whole", "reason",
)  # fmt: skip
_WORDS = (
    "label", "T", "word", "side", "count", "share", "f", "q_value", "confirmed", "odds_ratio",
    "low", "high", "in_class", "class", "tested", "sentence", "told",
)  # fmt: skip
_SHOWN_AS = {"groups": "folds of 50 consecutive numbers"}
# Of every T that the page has words of.
_TOP_WORDS = 20
# What the page draws along training.
_ALONG = {
    "kappa": "kappa x 100",
    "kappa_excluding_multiples_of_5": "without multiples of 5",
    "phi_ratio": "Phi over its noise",
    "task_accuracy": "problems right",
}
# Of a record as a whole; the measures are by T.
_WHOLE = (
    "key",
    "status",
    "error",
    "paper_label",
    "digits",
    "n_numbers",
    "coverage",
    "n_pairs",
    "seconds",
)
# What the condition says in a word, and what the model says where each has but one value.
_TOLD_BY_CONDITION = ("perturbation", "control_for")
_TOLD_BY_MODEL = ["weighting", "dim"]
# How much a reader must mind a code; of an interval's others "caution", of flags "note".
_KINDS = {"few-documents": "too-little", "ordinals-kept": "spelling", "subwords": "spelling"}
# Below this share of the numbers, most residues of a large T have too few members to conclude from.
_TOO_FEW_NUMBERS = 0.6


def page_data(
    results: StudyResults, *, budget: int = 5_000_000
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the page shows at once, and the details it opens record by record.

    Parameters
    ----------
    results : StudyResults
    budget : int
        Bytes that both may take together as JSON. Circles are the bulk of the details; when
        they do not fit they are kept for T = 10 only, then left out, and
        `overview["left_out"]` says so.
    """
    done = [record for record in results.runs if record["status"] == "done"]
    moduli = sorted({int(T) for record in done for T in record["measures"]})
    labels = system_labels([record["row"] for record in results.runs])
    varying, constant = _identities(results.final)
    overview = {
        "title": results.about["title"] or results.about["name"],
        "identity": IDENTITY,
        "measures": MEASURES,
        "varying": varying,
        "constant": constant,
        "moduli": moduli,
        "controls": [(_SHOWN_AS.get(name, name), control_column(name)) for name in CONTROLS],
        "records": [
            _overview(record, system, moduli)
            for record, system in zip(results.runs, labels, strict=True)
        ],
        "spike_q": _over_the_study(results, moduli),
        "comparisons": _columns(results.comparisons, _COMPARISON),
        "attribution": _columns(results.attribution, _ATTRIBUTION),
        "words": _words(results.words),
        "origin": {
            key: value for key, value in results.about.items() if key not in ("runs", "masks")
        },
        "masks": {
            name: {"first": first, "all": ", ".join(results.about["masks"][name])}
            for name, first in results.masks.items()
        },
        "training": _training(results),
        "training_measures": _ALONG,
        "seeds": _columns(results.seeds, OVER_SEEDS),
        "headline": [found._asdict() for found in headline(results)],
        "left_out": "",
    }
    overview = _shown(jsonable(overview))
    details = {record["key"]: _details(record) for record in done}
    left = budget - len(script_json(overview))
    choices = {"": moduli, "circles are kept for T = 10 only": [10], "circles are left out": []}
    for note, kept in choices.items():
        overview["left_out"] = note and f"{note}, to keep this file small"
        for one in details.values():
            one["circle"] = {T: circle for T, circle in one["circle"].items() if int(T) in kept}
        if len(script_json(details)) <= left:
            return overview, details
    overview["left_out"] = "confusion matrices and circles are left out, to keep this file small"
    return overview, {key: {"recall": item["recall"]} for key, item in details.items()}


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


def notices(record: Mapping[str, Any]) -> list[dict[str, str]]:
    """What a reader must know before believing a record's numbers.

    Returns
    -------
    list of dict
        ``code``, ``kind`` ("too-little", "spelling", "caution" or "note") and ``text``.

    Examples
    --------
    >>> record = {"flags": ["subwords"], "coverage": 0.5, "measures": {}, "row": {}}
    >>> [(notice["code"], notice["kind"]) for notice in notices(record)]
    [('missing-numbers', 'too-little'), ('subwords', 'spelling')]
    """
    found = []
    coverage = record.get("coverage")
    if coverage is not None and coverage < 1:
        lost = 100 * (1 - coverage)
        kind = "note" if coverage >= 0.95 else "caution"
        kind = "too-little" if coverage < _TOO_FEW_NUMBERS else kind
        share = f"{lost:.0f}" if lost >= 1 else f"{lost:.1f}"
        found.append(("missing-numbers", kind, f"{share} % of the numbers are missing"))
    reasons = [measures["interval_reason"] for measures in record.get("measures", {}).values()]
    flags = ["ordinals-kept"] * (record["row"].get("ordinals") == "keep") + record.get("flags", [])
    for codes, kind, start in ((reasons, "caution", "no interval: "), (flags, "note", "")):
        for code in dict.fromkeys(filter(None, codes)):
            if code not in [known for known, _, _ in found]:
                found.append((code, _KINDS.get(code, kind), start + reason_text(code)))
    return [dict(zip(("code", "kind", "text"), notice, strict=True)) for notice in found]


def _identities(table: pd.DataFrame) -> tuple[list[str], dict[str, Any]]:
    """Identity columns in which the records differ, and the values of those that all share.

    A parameter that each model has but one value of is told by the model.
    """
    rows = table.drop_duplicates("key")[list(IDENTITY)]
    several = rows.nunique() > 1
    of_the_model = rows.groupby("model")[_TOLD_BY_MODEL].nunique().max() <= 1
    names = [name for name in IDENTITY if name not in _TOLD_BY_CONDITION]
    varying = [name for name in names if several[name] and not of_the_model.get(name, False)]
    shared = {name: table[name].dropna().head(1) for name in names if not several[name]}
    return varying, {name: value.item() for name, value in shared.items() if len(value)}


def _overview(record: Mapping[str, Any], system: str, moduli: Sequence[int]) -> dict[str, Any]:
    by_modulus = [record.get("measures", {}).get(str(T), {}) for T in moduli]
    measures = {name: [found.get(name) for found in by_modulus] for name in MEASURES}
    measures["interval_reason"] = [
        code and reason_text(code) for code in measures["interval_reason"]
    ]
    return {
        **{name: value for name, value in record["row"].items() if value is not None},
        **{name: record.get(name) for name in _WHOLE},
        "system": system,
        "flags": record.get("flags", []),
        "reasons": [reason["text"] for reason in record.get("reasons", [])],
        "unread": {
            reason["T"]: reason["text"].partition(": ")[2]
            for reason in record.get("reasons", [])
            if reason["code"] in UNREAD
        },
        "notices": notices(record),
        "measures": {
            name: values
            for name, values in measures.items()
            if any(value is not None for value in values)
        },
        "spectrum": _spectrum(record["spectrum"]) if "spectrum" in record else None,
    }


def _spectrum(spectrum: Mapping[str, Any]) -> dict[str, Any]:
    """Normalised magnitudes at evenly spaced frequencies, 16 bits a value."""
    frequency = spectrum["frequency"]
    magnitude = np.nan_to_num(np.asarray(spectrum["magnitude"], dtype=float))
    scale = float(f"{magnitude.max() / 65535:.6g}") or 1.0
    return {
        "first": frequency[0],
        "step": (frequency[-1] - frequency[0]) / max(len(frequency) - 1, 1),
        "scale": scale,
        "values": _pack(np.round(magnitude / scale).astype("<u2")),
    }


def _details(record: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = _shown(
        {
            "residues": record["residues"],
            "confusion": record["confusion"],
            "recall": record["recall_by_digit"],
            "circle": {T: _circle(circle) for T, circle in record["circle"].items()},
            "missing": _ranges(record["missing"]),
        }
    )
    return found


def _circle(circle: Mapping[str, Any]) -> dict[str, Any]:
    """Points of the plane of one period: 8 bits a coordinate is finer than the drawing.

    The farthest hundredth is drawn at the edge, so that a few outliers do not shrink the rest.
    """
    points = np.nan_to_num(np.asarray([circle["x"], circle["y"]], dtype=float))
    edge = (float(np.quantile(np.abs(points).max(axis=0), 0.99)) if points.size else 0.0) or 1.0
    x, y = np.round(127 * np.clip(points / edge, -1, 1)).astype("i1")
    return {"numbers": _ranges(circle["numbers"]), "x": _pack(x), "y": _pack(y)}


def _ranges(numbers: Iterable[int]) -> list[list[int]]:
    """Sorted integers as [first, last] ranges.

    Examples
    --------
    >>> _ranges([0, 1, 2, 7])
    [[0, 2], [7, 7]]
    """
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


def _over_the_study(results: StudyResults, moduli: Sequence[int]) -> dict[str, Any]:
    """False discovery rates of the spikes by record and T, and the name of the family."""
    rows = results.final[results.final["spike_q"].notna()]
    by_key = rows.pivot(index="key", columns="T", values="spike_q").reindex(columns=list(moduli))
    return {
        "family": next(iter(rows["spike_family"]), ""),
        "of": {key: [float(q) for q in own] for key, own in zip(by_key.index, by_key.to_numpy())},
    }


def _training(results: StudyResults) -> dict[str, list[Any]]:
    """Measures at every checkpoint, and of what counts by the tokens that it has read."""
    table = results.table
    if trained(table).empty:
        return {}
    rows = table[table["tokens"].notna() & (table["tokens"] > 0) & (table["status"] == "done")]
    about = ["model", "condition", "seed", "step", "tokens", "T"]
    chosen = phi_ratios(rows)[[*about, *_ALONG]].astype(object)
    columns: dict[str, list[Any]] = chosen.where(chosen.notna(), None).to_dict("list")  # type: ignore[assignment]
    return columns


def _columns(frame: pd.DataFrame | None, names: Sequence[str]) -> dict[str, list[Any]]:
    """Columns of a table, which repeat no names; what is missing is None."""
    if frame is None or frame.empty:
        return {}
    chosen = frame[list(names)].astype(object)
    columns: dict[str, list[Any]] = chosen.where(chosen.notna(), None).to_dict("list")  # type: ignore[assignment]
    if "reason" in columns:
        columns["reason"] = [reason and reason_text(reason) for reason in columns["reason"]]
    return columns


def _words(frame: pd.DataFrame | None) -> dict[str, list[Any]]:
    """Words by column, with a list of residuals each, and how many are confirmed in all."""
    if frame is None or frame.empty:
        return {}
    by_period = frame.groupby(["label", "T"], sort=False)
    kept, confirmed = (
        by_period["confirmed"].transform("size"),
        by_period["confirmed"].transform("sum"),
    )
    # The table begins with the confirmed ones and is cut: where all are, there may be more.
    cut = (confirmed == kept) & (kept < frame["tested"])
    told = [f"{n:.0f}{' or more' * more}" for n, more in zip(confirmed, cut)]
    shown = frame.assign(confirmed_in_all=told).groupby(["label", "T"], sort=False).head(_TOP_WORDS)
    residues = shown.filter(regex=r"^residue_\d+$").to_numpy(dtype=float)
    names = [*_WORDS, "confirmed_in_all"]
    columns: dict[str, list[Any]] = shown[names].to_dict("list")  # type: ignore[assignment]
    # Residuals to a tenth are finer than the colours that show them.
    tenths = (row[~np.isnan(row)].round(1).tolist() for row in residues)
    return {**columns, "residues": list(tenths)}


def _shown(value: Any) -> Any:
    """Floats at five digits, NaN as null, which JSON knows, and text that commands nothing."""
    if isinstance(value, dict):
        return {printable(key): _shown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shown(item) for item in value]
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if value == int(value) and abs(value) < 1e15 else float(f"{value:.5g}")
    return value


def _pack(values: np.ndarray) -> str:
    return base64.b64encode(values.tobytes()).decode("ascii")
