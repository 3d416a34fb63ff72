"""The tidy table of a study: a row per cell and modulus, from the cells' records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wordnum.cooccurrence.window import Window
from wordnum.errors import InputError
from wordnum.storage import atomic_path
from wordnum.study.compare import compare_conditions
from wordnum.study.records import read_record

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["StudyResults", "write_results"]


@dataclass(frozen=True)
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

    @classmethod
    def load(cls, folder: str | Path) -> StudyResults:
        """Open the folder of a study.

        Raises
        ------
        InputError
            The folder holds no study.
        """
        folder = Path(folder)
        if not (folder / "study.json").is_file():
            raise InputError(
                f"{folder} holds no study",
                expected="a folder written by wordnum study",
                remedy="run: wordnum study NAME -o DIR",
            )
        return cls(folder, read_record(folder / "study.json"))

    @cached_property
    def records(self) -> list[dict[str, Any]]:
        """One record per cell, in the study's order."""
        return [read_record(self.folder / "cells" / f"{key}.json") for key in self.about["cells"]]

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row per cell and modulus T.

        Returns
        -------
        DataFrame
            Identity columns, then kappa (x 100) with its interval, nulls and controls, Phi_T,
            spike magnitude and p-value, lambda_max beside its noise level, coverage, verdict.
        """
        import pandas as pd

        rows = [row for record in self.records for row in _rows(record)]
        labels = system_labels([record["row"] for record in self.records])
        named = dict(zip((record["key"] for record in self.records), labels))
        frame = pd.DataFrame(rows)
        frame.insert(1, "system", frame["cell"].map(named))
        return frame.astype({"T": "Int64"})

    @cached_property
    def comparisons(self) -> pd.DataFrame:
        """Differences between each condition and the original, with paired intervals."""
        import pandas as pd

        return pd.DataFrame(compare_conditions(self.records))

    @cached_property
    def attribution(self) -> pd.DataFrame | None:
        """Share of each context group in the kappas, if the study asked for it."""
        import pandas as pd

        path = self.folder / "attribution.csv"
        return pd.read_csv(path) if path.is_file() else None

    def details(self, cell: str) -> dict[str, Any]:
        """Record of one cell: spectrum, confusion matrices, circles, half-split kappas."""
        return next(record for record in self.records if record["key"] == cell)

    @property
    def all_failed(self) -> bool:
        """Whether no cell was measured."""
        return all(record["status"] == "failed" for record in self.records)

    def errors(self) -> list[str]:
        """Messages of the cells that failed."""
        return [record["error"] for record in self.records if record["status"] == "failed"]

    def _repr_html_(self) -> str:
        """Kappa by system and modulus, for notebooks."""
        from html import escape

        done = self.table[self.table["status"] == "done"]
        wide = done.pivot_table(index="system", columns="T", values="kappa", sort=False)
        failed = len(self.errors())
        note = f"{len(self.records)} cells, {failed} failed" if failed else ""
        body: str = wide.round(1).to_html(escape=True)
        return f"<h4>{escape(str(self.about['title'] or self.about['name']))}</h4>{body}{note}"


def _rows(record: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of one cell; a failed cell has one, without a modulus."""
    row = {"cell": record["key"], **record["row"]}
    ends = {"seconds": record["seconds"], "status": record["status"], "error": record["error"]}
    if record["status"] == "failed":
        return [{**row, "T": None, **ends}]
    common = {
        "n_numbers": record["n_numbers"],
        "coverage": record["coverage"],
        "n_pairs": record["n_pairs"],
        "verdict": record["verdict"],
        "flags": ";".join(record["flags"]),
        "reasons": ";".join(record["reasons"]),
        **ends,
    }
    measures = sorted(
        ((int(T), found) for T, found in record["measures"].items()), key=lambda item: item[0]
    )
    return [{**row, "T": T, **found, **common} for T, found in measures]


def system_labels(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name each cell by its model and by what tells it from the other cells of its study.

    Examples
    --------
    >>> row = {"model": "PPMI-SVD", "signal": "text", "perturbation": "original", "seed": 0,
    ...        "ordinals": "keep", "numerals": "whole", "window": 2, "side": "both",
    ...        "positional": False, "control_for": ""}
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
    window = Window(size=row["window"], side=row["side"], positional=row["positional"])
    control = f" (control for {row['control_for']})" if row["control_for"] else ""
    return {
        "signal": row["signal"],
        "condition": row["perturbation"] + control,
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
