"""Differences between conditions, with intervals that use the same replicates and folds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from wordnum.analyzers.intervals import paired_difference
from wordnum.studies.columns import SAME

Record = dict[str, Any]


def compare_conditions(records: Iterable[Record]) -> Iterator[dict[str, Any]]:
    """Compare each condition with the original, and with its thinned control.

    Parameters
    ----------
    records : iterable of dict
        Records of one study. Runs that failed take part in no comparison; each is listed with its
        error.

    Yields
    ------
    dict
        For each record and modulus T the columns `wordnum.studies.columns.COMPARISON`: the record
        and its condition, the one it is compared `against` and the condition of that, the
        `difference` in kappa (record minus reference), its `low` and `high` from the replicates
        that both have with the p-value and the `smallest_difference` that they would show, or the
        `reason` why there is no interval.
    """
    records = list(records)
    originals = {_same(r): r for r in records if r["row"]["condition"] == "original"}
    controls = {(r["row"]["control_for"], _same(r)): r for r in records if r["row"]["control_for"]}
    for record in records:
        row, same = record["row"], _same(record)
        # Where chance takes no part in the original, one run of it serves every seed.
        original = originals.get(same) or originals.get(_same(record, seed=None))
        if original and row["condition"] != "original":
            yield from _differences(record, original)
        control = controls.get((row["condition"], same))
        if control:
            yield from _differences(record, control)


def _same(record: Record, **other: Any) -> tuple[Any, ...]:
    """What two records have in common that can be compared."""
    return tuple({**record["row"], **other}.get(name) for name in SAME)


def _differences(record: Record, reference: Record) -> Iterator[dict[str, Any]]:
    about = {
        **record["row"],
        "key": record["key"],
        "against": reference["key"],
        "against_condition": reference["row"]["condition"],
    }
    if "failed" in (record["status"], reference["status"]):
        yield {**about, "reason": "run-failed"}
        return
    for T in sorted(record["measures"], key=int):
        one, other = record["measures"][T], reference["measures"][T]
        found = paired_difference(
            int(T),
            (one["kappa"], other["kappa"]),
            (record["replicate_kappas"][T], reference["replicate_kappas"][T]),
            reason=one["interval_reason"] or other["interval_reason"],
        )
        yield {**about, "T": int(T), **vars(found)}
