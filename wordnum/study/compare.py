"""Differences between conditions, with intervals that use the same halves and the same folds."""

from __future__ import annotations

from typing import Any

import numpy as np

from wordnum.analyze.inference import Difference, paired_difference

__all__ = ["compare_conditions"]

_SAME = (
    "corpus", "numerals", "ordinals", "window", "side", "positional", "signal", "model", "seed",
)  # fmt: skip
_MEASURED = ("difference", "low", "high", "p_value", "reason")


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
        A row per cell and modulus T: the cell and its condition (`label`), the cell it is compared
        `against` with its condition, the `difference` in kappa (cell minus reference), its `low`
        and `high` from the complementary half-splits, or the `reason` why there is no interval.
    """
    by_identity: dict[tuple[Any, ...], dict[tuple[str, str], dict[str, Any]]] = {}
    for record in records:
        row = record["row"]
        identity = tuple(row[name] for name in _SAME)
        by_identity.setdefault(identity, {})[row["perturbation"], row["control_for"]] = record
    rows = []
    for conditions in by_identity.values():
        original = conditions.get(("original", ""))
        for (name, control_for), record in conditions.items():
            if record is original or original is None:
                continue
            rows += _differences(record, original)
            control = next(
                (r for (_, of), r in conditions.items() if of == name and not control_for), None
            )
            if control is not None:
                rows += _differences(record, control)
    return rows


def _differences(record: dict[str, Any], reference: dict[str, Any]) -> list[dict[str, Any]]:
    row = record["row"]
    about = {
        **{name: row[name] for name in _SAME},
        "cell": record["key"],
        "label": row["perturbation"],
        "against": reference["key"],
        "against_label": reference["row"]["perturbation"],
    }
    failed = next((r for r in (record, reference) if r["status"] == "failed"), None)
    if failed is not None:
        return [{**about, "T": None, "reason": f"a cell failed: {failed['error']}"}]
    rows = []
    for T, measured in record["measures"].items():
        other = reference["measures"][T]
        gap = measured["kappa"] - other["kappa"]
        reason = measured["interval_reason"] or other["interval_reason"]
        found = (
            Difference(int(T), gap, None, None, None, reason)
            if reason
            else paired_difference(
                int(T),
                gap,
                np.asarray(record["half_kappas"][T]),
                np.asarray(reference["half_kappas"][T]),
            )
        )
        rows.append({**about, "T": int(T), **{name: getattr(found, name) for name in _MEASURED}})
    return rows
