"""Differences between conditions, with intervals that use the same halves and the same folds."""

from __future__ import annotations

from typing import Any

import numpy as np

from wordnum.analyzers.intervals import Difference, paired_difference

__all__ = ["COMPARISON", "compare_conditions"]

_SAME = (
    "corpus", "numerals", "ordinals", "window", "side", "positional", "window_weighting", "signal",
    "model", "seed",
)  # fmt: skip
_MEASURED = ("difference", "low", "high", "p_value", "reason")
COMPARISON = (*_SAME, "cell", "condition", "against", "against_condition", "T", *_MEASURED)


def compare_conditions(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Compare each condition with the original, and with its thinned control.

    Parameters
    ----------
    records : list of dict
        Records of the cells of one study. Cells that failed take part in no comparison; each is
        listed with its error.

    Returns
    -------
    list of dict
        A row per cell and modulus T with the columns `COMPARISON`: the cell and its condition, the
        cell it is compared `against` and the condition of that, the `difference` in kappa (cell
        minus reference), its `low` and `high` from the complementary half-splits with the p-value,
        or the `reason` why there is no interval.
    """
    by_identity: dict[tuple[Any, ...], dict[str, dict[str, Any]]] = {}
    for record in records:
        identity = tuple(record["row"][name] for name in _SAME)
        by_identity.setdefault(identity, {})[record["row"]["condition"]] = record
    rows = []
    for conditions in by_identity.values():
        controls = {
            r["row"]["control_for"]: r for r in conditions.values() if r["row"]["control_for"]
        }
        for name, record in conditions.items():
            if name != "original" and "original" in conditions:
                rows += _differences(record, conditions["original"])
            if name in controls:
                rows += _differences(record, controls[name])
    return rows


def _differences(record: dict[str, Any], reference: dict[str, Any]) -> list[dict[str, Any]]:
    row = record["row"]
    about = {
        **{name: row[name] for name in _SAME},
        "cell": record["key"],
        "condition": row["condition"],
        "against": reference["key"],
        "against_condition": reference["row"]["condition"],
    }
    failed = next((r for r in (record, reference) if r["status"] == "failed"), None)
    if failed is not None:
        return [{**about, "T": None, "reason": f"a cell failed: {failed['error']}"}]
    rows = []
    for T in sorted(record["measures"], key=int):
        measured = record["measures"][T]
        other = reference["measures"][T]
        gap = measured["kappa"] - other["kappa"]
        reason = measured["interval_reason"] or other["interval_reason"]
        found = (
            Difference(int(T), gap, None, None, None, reason)
            if reason
            else paired_difference(
                int(T),
                (measured["kappa"], other["kappa"]),
                (np.asarray(record["half_kappas"][T]), np.asarray(reference["half_kappas"][T])),
            )
        )
        rows.append({**about, "T": int(T), **{name: getattr(found, name) for name in _MEASURED}})
    return rows
