"""What the report reads from a study folder: the only module that knows its files and columns."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from wordnum.analyzers.reasons import reason_text
from wordnum.errors import FormatError, InputError
from wordnum.studies.columns import IDENTITY, MEASURES

__all__ = [
    "Cell",
    "StudyData",
    "load_study",
    "normalised_spectrum",
    "notices",
]

_COMPARISON = (
    "key", "condition", "against", "against_condition", "T", "difference", "low", "high", "reason",
)  # fmt: skip
_ATTRIBUTION = (
    "label", "grouping", "group", "T", "digit", "single_group", "leave_one_out",
    "shapley", "low", "high", "whole", "reason",
)  # fmt: skip
# Hashes such as 12e4 and labels made of digits stay text.
_TEXT = (
    "key", "against", "condition", "against_condition", "label", "grouping", "group",
    "reason",
)  # fmt: skip
# What the condition says in a word.
_TOLD_BY_CONDITION = ("perturbation", "control_for")
_OF_THE_MODEL = ("weighting", "dim")
# Below this share of the numbers, most residues of a large T have too few members to conclude from.
_TOO_FEW_NUMBERS = 0.6


@dataclass(frozen=True)
class Cell:
    """One system of the study: who it is, what was measured at each T, and its details.

    Attributes
    ----------
    id : str
        The cell's hash.
    system : str
        Short label.
    identity : dict
        Corpus, condition, signal, model and the rest of `IDENTITY` that the table has.
    measures : dict of str to dict of int to float or None
        Measure by T; None where it is not defined.
    interval_reasons : dict of int to str
        Why there is no interval, by T.
    verdict : str
        "both", "partial", "spectral", "neither", or "" for a failed cell.
    reasons, flags : tuple of str
    n_numbers, coverage, n_pairs, seconds : float or None
    status, error : str
    details : dict
        The cell's own JSON file: spectrum, confusion, recall_by_digit, circle, missing.
    """

    id: str
    system: str
    identity: dict[str, Any]
    measures: dict[str, dict[int, float | None]]
    interval_reasons: dict[int, str] = field(default_factory=dict)
    verdict: str = ""
    reasons: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    n_numbers: float | None = None
    coverage: float | None = None
    n_pairs: float | None = None
    seconds: float | None = None
    status: str = "done"
    error: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether the cell has an error instead of measures."""
        return self.status != "done"


@dataclass(frozen=True)
class StudyData:
    """A study folder, read: its cells in the table's order, comparisons, attribution and origin."""

    folder: Path
    title: str
    cells: tuple[Cell, ...]
    moduli: tuple[int, ...]
    comparisons: tuple[dict[str, Any], ...] = ()
    attribution: tuple[dict[str, Any], ...] = ()
    origin: dict[str, Any] = field(default_factory=dict)

    @property
    def done(self) -> tuple[Cell, ...]:
        """The cells that did not fail."""
        return tuple(cell for cell in self.cells if not cell.failed)

    def varying(self) -> list[str]:
        """Identity fields in which the cells differ, in the order of `IDENTITY`.

        A parameter that each model has but one value of is told by the model.
        """
        return [
            name
            for name in IDENTITY
            if name not in _TOLD_BY_CONDITION
            and self._several(name)
            and (name not in _OF_THE_MODEL or self._several("model", name) > self._several("model"))
        ]

    def _several(self, *names: str) -> int:
        """How many values some fields take together; 0 where it is one."""
        found = {tuple(str(cell.identity.get(name)) for name in names) for cell in self.cells}
        return len(found) if len(found) > 1 else 0

    def constant(self) -> dict[str, Any]:
        """Identity fields that all cells share."""
        first = self.cells[0].identity if self.cells else {}
        return {
            name: first[name]
            for name in IDENTITY
            if name in first and name not in _TOLD_BY_CONDITION and not self._several(name)
        }


def load_study(folder: str | Path) -> StudyData:
    """Read a study folder.

    Parameters
    ----------
    folder : path-like
        Holds table.parquet or table.csv; study.json, runs/, comparisons.csv and attribution.csv
        are read where they are.

    Raises
    ------
    InputError
        The folder or its table is missing or empty.
    FormatError
        A file is damaged, or the table lacks the columns key, T and kappa.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(
            f"no such study folder: {folder}",
            expected="a folder written by `wordnum study`",
            remedy="check the path, or run `wordnum study NAME -o DIR` first",
        )
    origin = _json(folder / "study.json") if (folder / "study.json").is_file() else {}
    cells = _cells(folder, _table(folder))
    moduli = sorted({T for cell in cells for T in cell.measures.get("kappa", {})})
    spec = origin.get("spec") if isinstance(origin.get("spec"), Mapping) else {}
    title = origin.get("title") or origin.get("name") or (spec or {}).get("name") or folder.name
    return StudyData(
        folder=folder,
        title=str(title),
        cells=cells,
        moduli=tuple(moduli),
        comparisons=tuple(_rows(folder / "comparisons.csv", _COMPARISON)),
        attribution=tuple(_rows(folder / "attribution.csv", _ATTRIBUTION)),
        origin=origin,
    )


def notices(cell: Cell) -> list[tuple[str, str]]:
    """Plain words on what a reader must know before believing a cell's numbers.

    Returns
    -------
    list of (str, str)
        A kind ("too-little", "spelling", "caution" or "note") and a sentence.

    Examples
    --------
    >>> notices(Cell("a", "a", {}, {}, flags=("ordinals-kept",)))
    [('spelling', 'ordinals kept: endings such as st, nd, rd and th spell the last digit')]
    """
    found: list[tuple[str, str]] = []
    flags = [flag for flag in cell.flags if flag]
    reasons = list(dict.fromkeys(reason for reason in cell.interval_reasons.values() if reason))
    few = [flag for flag in flags if "few" in flag or "little" in flag]
    few_documents = any("document" in text for text in (*reasons, *few))
    if few_documents or few:
        why = next((r for r in reasons if "document" in r), "too few documents for an interval")
        found.append(("too-little", f"too little data: {why}; no interval can be given"))
    if cell.coverage is not None and cell.coverage < 1:
        share = f"{_share(1 - cell.coverage)} of the numbers are missing"
        if cell.coverage < _TOO_FEW_NUMBERS:
            found.append(("too-little", f"too little data: {share}"))
        else:
            found.append(("caution" if cell.coverage < 0.95 else "note", share))
    if any("ordinal" in flag for flag in flags) or cell.identity.get("ordinals") == "keep":
        words = "ordinals kept: endings such as st, nd, rd and th spell the last digit"
        found.append(("spelling", words))
    if any("subword" in flag or "ngram" in flag for flag in flags):
        found.append(("spelling", "subwords: the model can read the last digit off the string"))
    if not few_documents:
        found += [("caution", f"no interval: {reason}") for reason in reasons]
    known = ("ordinal", "subword", "ngram", "few", "little", "missing")
    others = [flag for flag in flags if not any(word in flag for word in known)]
    return found + [("note", flag.replace("-", " ")) for flag in others]


def normalised_spectrum(cell: Cell) -> tuple[np.ndarray, np.ndarray] | None:
    """Frequencies above 0 and magnitudes over their median; None where there is no spectrum."""
    found = cell.details.get("spectrum") or {}
    if not found.get("magnitude"):
        return None
    magnitude = np.nan_to_num(np.asarray(found["magnitude"], dtype=float))
    if found.get("frequency") is not None:
        frequency = np.asarray(found["frequency"], dtype=float)
    else:
        with np.errstate(divide="ignore"):
            frequency = 1 / np.asarray(found["period"], dtype=float)
    keep = np.isfinite(frequency) & (frequency > 0)
    frequency, magnitude = frequency[keep], magnitude[keep]
    if not len(frequency):
        return None
    baseline = float(np.median(magnitude))
    return frequency, magnitude / baseline if baseline > 0 else magnitude


def _share(part: float) -> str:
    percent = 100 * part
    return f"{percent:.0f} %" if percent >= 1 else f"{percent:.1f} %"


def _table(folder: Path) -> list[dict[str, Any]]:
    """Rows of the tidy table as plain dicts; what is not a number or text is None."""
    import pandas as pd

    parquet, comma = folder / "table.parquet", folder / "table.csv"
    if not parquet.is_file() and not comma.is_file():
        raise InputError(
            f"{folder} holds no table",
            expected="table.parquet or table.csv, written by `wordnum study`",
            remedy="run the study to its end first",
        )
    path = parquet if parquet.is_file() else comma
    try:
        frame = pd.read_parquet(path) if path is parquet else pd.read_csv(path, dtype={"key": str})
    except (ValueError, OSError) as error:
        raise FormatError(
            f"{path} cannot be read",
            expected="a table written by `wordnum study`",
            got=f"{type(error).__name__}: {error}",
            remedy="run the study again; finished cells are taken from its cache",
        ) from error
    lacking = [name for name in ("key", "T", "kappa") if name not in frame.columns]
    if lacking:
        raise FormatError(
            f"{path} is not a study's table",
            expected="columns key, T and kappa",
            got=f"no column {', '.join(lacking)}",
        )
    if frame.empty:
        raise InputError(f"{path} has no rows", remedy="run a study with at least one cell")
    return [
        {str(name): _plain(value) for name, value in row.items()}
        for row in frame.to_dict(orient="records")
    ]


def _cells(folder: Path, rows: Iterable[Mapping[str, Any]]) -> tuple[Cell, ...]:
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        grouped.setdefault(str(row["key"]), []).append(row)
    return tuple(_cell(folder, name, members) for name, members in grouped.items())


def _cell(folder: Path, name: str, rows: list[Mapping[str, Any]]) -> Cell:
    first = rows[0]
    by_modulus = {int(row["T"]): row for row in rows if row.get("T") is not None}
    path = folder / "runs" / f"{name}.json"
    status = str(first.get("status") or "done")
    details = _json(path) if status == "done" and path.is_file() else {}
    return Cell(
        id=name,
        system=str(first.get("system") or name),
        identity={key: first[key] for key in IDENTITY if first.get(key) is not None},
        measures={
            key: {T: _number(row.get(key)) for T, row in by_modulus.items()}
            for key in MEASURES
            if key != "interval_reason"
        },
        interval_reasons={
            T: reason_text(str(row["interval_reason"])) for T, row in by_modulus.items()
            if row.get("interval_reason")
        },
        verdict=str(first.get("verdict") or ""),
        reasons=_listed(details.get("reasons") or first.get("reasons")),
        flags=_listed(details.get("flags") or first.get("flags")),
        n_numbers=_number(first.get("n_numbers")),
        coverage=_number(first.get("coverage")),
        n_pairs=_number(first.get("n_pairs")),
        seconds=_number(first.get("seconds")),
        status=status,
        error=str(first.get("error") or ""),
        details=details,
    )  # fmt: skip


def _rows(path: Path, columns: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of a CSV file; an absent file has none."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        lacking = [name for name in columns if name not in (reader.fieldnames or columns)]
        if lacking:
            raise FormatError(
                f"{path} cannot be used",
                expected=f"columns {', '.join(columns)}",
                got=f"no column {', '.join(lacking)}",
                remedy="run the study again; finished cells are taken from its cache",
            )
        return [
            {name: row[name] or None if name in _TEXT else _cast(row[name]) for name in columns}
            for row in reader
        ]


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FormatError(
            f"{path} cannot be read",
            expected="JSON written by `wordnum study`",
            got=f"{type(error).__name__}: {error}",
            remedy="run the study again; finished cells are taken from its cache",
        ) from error
    return value if isinstance(value, dict) else {}


def _listed(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(";") if part.strip())
    return tuple(str(part) for part in value)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) else None


def _cast(text: str | None) -> Any:
    if text is None or text == "" or text.lower() == "nan":
        return None
    try:
        value = float(text)
    except ValueError:
        return text
    return value if math.isfinite(value) else None


def _plain(value: Any) -> Any:
    """Turn NumPy scalars and missing values into Python's own."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return None if type(value).__name__ in ("NAType", "NaTType") else value
