"""The tidy table of a study: a row per cell and modulus, from the cells' records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wordnum.cooccurrence.windows import Window
from wordnum.errors import FormatError, InputError, UsageError
from wordnum.storage import atomic_path
from wordnum.studies.compare import COMPARISON, compare_conditions
from wordnum.studies.folder import FORMAT
from wordnum.studies.records import read_record

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["IDENTITY", "MEASURES", "StudyResults", "system_labels", "write_results"]

IDENTITY = (
    "corpus", "numerals", "ordinals", "condition", "perturbation", "control_for", "window", "side",
    "positional", "window_weighting", "signal", "model", "weighting", "dim", "seed",
)  # fmt: skip
MEASURES = (
    "kappa", "low", "high", "interval_reason", "repeat_sd", "kappa_groups", "kappa_without_fives",
    "kappa_within_parity", "kappa_without_frequency", "null_mean", "null_p95", "null_p",
    "null_plain_mean", "null_plain_p95", "null_plain_p", "accuracy", "phi", "magnitude", "power",
    "spike_p", "lambda_max", "lambda_noise", "cond", "lower", "upper",
)  # fmt: skip
_WHOLE = ("T", "window", "dim", "seed", "n_numbers", "n_pairs")


@dataclass(frozen=True, repr=False)
class StudyResults:
    """What a study left in its folder.

    Parameters
    ----------
    folder : Path
        The study's output folder.
    about : dict
        The resolved study: name, spec, versions, command, corpora.
    """

    folder: Path
    about: Mapping[str, Any]

    def __repr__(self) -> str:
        failed = f", {len(self.errors())} failed" if self.errors() else ""
        return f"<StudyResults of {self.about['name']}: {len(self.records)} cells{failed}>"

    @classmethod
    def load(cls, folder: str | Path) -> StudyResults:
        """Open the folder of a study.

        Raises
        ------
        InputError
            The folder holds no study.
        FormatError
            Another version of wordnum wrote it.
        """
        folder = Path(folder)
        if not (folder / "study.json").is_file():
            raise InputError(
                f"{folder} holds no study",
                expected="a folder written by wordnum study",
                remedy="run: wordnum study NAME -o DIR",
            )
        about = read_record(folder / "study.json")
        if about.get("format") != FORMAT:
            raise FormatError(
                f"the study in {folder} was written by another version of wordnum",
                expected=f"study format {FORMAT}",
                got=str(about.get("format", "none")),
                remedy="run it again, into the same folder: what is in its cache still counts",
            )
        if not about.get("cells"):
            raise InputError(
                f"the study in {folder} was not run to its end",
                remedy="run it again, into the same folder: it goes on where it was",
            )
        return cls(folder, about)

    @cached_property
    def records(self) -> list[dict[str, Any]]:
        """One record per cell, in the study's order."""
        return [read_record(self.folder / "cells" / f"{key}.json") for key in self.about["cells"]]

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row per cell and modulus T; a cell that failed has one row, without a T.

        Returns
        -------
        DataFrame
            ``cell`` (the hash of all that the cell depends on) and ``system`` (its label), the
            columns of `IDENTITY`, T, those of `MEASURES` (kappa x 100 with its interval, nulls and
            controls, Phi_T, spike magnitude and p-value, lambda_max beside its noise level), then
            coverage, pairs, verdict with its reasons, seconds, and the error of a failed cell.
        """
        import pandas as pd

        labels = system_labels([record["row"] for record in self.records])
        rows = [
            row
            for record, system in zip(self.records, labels, strict=True)
            for row in _rows(record, system)
        ]
        frame = pd.DataFrame(rows)
        return frame.astype({name: "Int64" for name in _WHOLE if name in frame})

    @cached_property
    def comparisons(self) -> pd.DataFrame:
        """Differences between each condition and the original, with paired intervals."""
        import pandas as pd

        frame = pd.DataFrame(compare_conditions(self.records), columns=COMPARISON)
        return frame.astype({name: "Int64" for name in _WHOLE if name in frame})

    @cached_property
    def attribution(self) -> pd.DataFrame | None:
        """Share of each context group in the kappas, if the study asked for it."""
        import pandas as pd

        path = self.folder / "attribution.csv"
        return pd.read_csv(path) if path.is_file() else None

    def details(self, cell: str) -> dict[str, Any]:
        """Record of one cell: spectrum, confusion matrices, circles, half-split kappas.

        Raises
        ------
        UsageError
            The study has no such cell.
        """
        for record in self.records:
            if record["key"] == cell:
                return record
        raise UsageError(
            f"no cell {cell!r}", expected="a hash from the column 'cell'", where=str(self.folder)
        )

    @property
    def all_failed(self) -> bool:
        """Whether no cell was measured."""
        return all(record["status"] == "failed" for record in self.records)

    def errors(self) -> list[str]:
        """Messages of the cells that failed."""
        return [record["error"] for record in self.records if record["status"] == "failed"]

    def _repr_html_(self) -> str:
        """Kappa by system and modulus with the verdict, for notebooks."""
        from html import escape

        done = self.table[self.table["status"] == "done"]
        several = ["corpus"] * (done["corpus"].nunique() > 1)
        names = ["cell", *several, "system", "verdict"]
        wide = done.pivot_table(index=names, columns="T", values="kappa", sort=False)
        wide = wide.droplevel("cell").round(1).rename_axis(columns="kappa x 100, T =")
        failed = len(self.errors())
        note = f"{failed} of {len(self.records)} cells failed" if failed else ""
        body: str = wide.to_html(escape=True, border=0)
        return f"<h4>{escape(str(self.about['title'] or self.about['name']))}</h4>{body}{note}"


def _rows(record: dict[str, Any], system: str) -> list[dict[str, Any]]:
    """Rows of one cell."""
    identity = {name: record["row"][name] for name in IDENTITY}
    failed = record["status"] == "failed"
    measures = {int(T): found for T, found in record.get("measures", {}).items()}
    ends = {
        "n_numbers": record.get("n_numbers"),
        "coverage": record.get("coverage"),
        "n_pairs": record.get("n_pairs"),
        "verdict": record.get("verdict", ""),
        "flags": ";".join(record.get("flags", ())),
        "reasons": ";".join(record.get("reasons", ())),
        "seconds": record["seconds"],
        "status": record["status"],
        "error": record["error"],
    }
    return [
        {
            "cell": record["key"],
            "system": system,
            **identity,
            "T": T,
            **{name: measures[T][name] if T is not None else None for name in MEASURES},
            **ends,
        }
        for T in ([None] if failed else sorted(measures))
    ]


def system_labels(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name each cell by its model and by what tells it from the other cells of its study.

    Examples
    --------
    >>> row = {"model": "PPMI-SVD", "signal": "text", "condition": "original", "seed": 0,
    ...        "ordinals": "keep", "numerals": "whole", "window": 2, "side": "both",
    ...        "positional": False, "window_weighting": "flat"}
    >>> system_labels([row, {**row, "ordinals": "out"}])
    ['PPMI-SVD · ordinals kept', 'PPMI-SVD · ordinals out']
    """
    parts = [_label_parts(row) for row in rows]
    varying = (
        [name for name in parts[0] if len({part[name] for part in parts}) > 1] if parts else []
    )
    return [
        " · ".join([str(row["model"]), *(part[name] for name in varying if part[name])])
        for row, part in zip(rows, parts, strict=True)
    ]


def _label_parts(row: Mapping[str, Any]) -> dict[str, str]:
    window = Window(
        size=row["window"],
        side=row["side"],
        positional=row["positional"],
        weighting=row["window_weighting"],
    )
    return {
        "signal": row["signal"],
        "condition": row["condition"],
        "numerals": row["numerals"],
        "ordinals": "ordinals kept" if row["ordinals"] == "keep" else "ordinals out",
        "window": window.label,
        "seed": f"seed {row['seed']}",
    }


def write_results(folder: Path) -> StudyResults:
    """Write table.parquet, table.csv and comparisons.csv from the cells' records."""
    results = StudyResults.load(folder)
    with atomic_path(folder / "table.parquet") as path:
        results.table.to_parquet(path, index=False)
    with atomic_path(folder / "table.csv") as path:
        results.table.to_csv(path, index=False)
    with atomic_path(folder / "comparisons.csv") as path:
        results.comparisons.to_csv(path, index=False)
    return results
