"""What a study found, read from its folder: the one reader, for tables and for the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wordnum._compat import available
from wordnum.cooccurrence.windows import Window
from wordnum.errors import FormatError, InputError, UsageError
from wordnum.showing import Shown
from wordnum.storage import atomic_path
from wordnum.studies.columns import COMPARISON, SCHEMA, TABLE, WHOLE, WORDS
from wordnum.studies.comparisons import compare_conditions
from wordnum.studies.records import read_frame, read_record, record_path
from wordnum.studies.seeds import over_seeds

if TYPE_CHECKING:
    import pandas as pd


# Words of a mask that are named beside it.
_FIRST = 5


@dataclass(frozen=True, repr=False)
class StudyResults(Shown):
    """What a study left in its folder.

    Parameters
    ----------
    folder : Path
        The study's output folder.
    about : dict
        Schema number, name, title, description and resolved spec of the study; versions, linear
        algebra, command and seconds of its last run; keys of its records, corpora, failures.
    """

    folder: Path
    about: Mapping[str, Any]

    def __repr__(self) -> str:
        failed = f", {len(self.errors())} failed" if self.errors() else ""
        return f"<StudyResults of {self.about['name']}: {len(self.records)} runs{failed}>"

    def _facts(self) -> dict[str, Any]:
        table = self.table
        names = ("corpus", "numerals", "condition", "window", "signal", "system")
        axes = {name: [str(v) for v in table[name].dropna().unique()] for name in names}
        return {
            "folder": self.folder,
            "runs": f"{len(self.records)}, {len(self.errors())} failed",
            **{name: ", ".join(values) for name, values in axes.items() if values},
            "T": ", ".join(str(T) for T in table["T"].dropna().unique()),
        }

    @classmethod
    def open(cls, folder: str | Path) -> StudyResults:
        """Open the folder of a study.

        Raises
        ------
        InputError
            The folder holds no study.
        FormatError
            Another version of wordnum wrote it, or study.json is damaged.
        """
        folder = Path(folder)
        if not (folder / "study.json").is_file():
            raise InputError(
                f"{folder} holds no study",
                expected="a folder written by wordnum study",
                remedy="run: wordnum study NAME -o DIR",
            )
        about = read_record(folder / "study.json")
        if about.get("schema") != SCHEMA:
            raise FormatError(
                f"the study in {folder} was written by another version of wordnum",
                expected=f"schema {SCHEMA}",
                got=str(about.get("schema", "none")),
                remedy="run it again with --overwrite, into the same folder",
            )
        if not about.get("runs"):
            raise InputError(
                f"the study in {folder} was not run to its end",
                remedy="run it again, into the same folder: it goes on where it was",
            )
        return cls(folder, about)

    @cached_property
    def records(self) -> tuple[dict[str, Any], ...]:
        """One record per run and checkpoint, in the study's order; of a failed run, one.

        A record holds `key`, `run`, `row` (the identity columns), `status`, `error`, `seconds`,
        and where the run is done `measures` by T, `paper_label`, `reasons`, `flags`, `missing`
        numbers, `spectrum`, and by T `residues`, `confusion`, `recall_by_digit`, `circle` and
        `replicate_kappas`.

        Raises
        ------
        FormatError
            A record is missing, damaged or was changed.
        """
        found = []
        for key in self.about["runs"]:
            run = read_record(record_path(self.folder, key))
            earlier = run.get("checkpoints", ())
            found += [read_record(record_path(self.folder, one)) for one in earlier]
            found.append(run)
        return tuple(found)

    @property
    def runs(self) -> tuple[dict[str, Any], ...]:
        """The last record of each run, by which systems are compared."""
        return tuple(record for record in self.records if record["key"] == record["run"])

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row per record and modulus T; a run that failed has one row, without a T.

        Returns
        -------
        DataFrame
            With the columns `wordnum.studies.columns.TABLE`. `spike_q` is the p-value of a spike
            after Benjamini and Hochberg over the tests that `spike_family` names. Its `attrs`,
            which table.parquet keeps, hold the schema number, versions and linear algebra.
        """
        labels = system_labels([record["row"] for record in self.records])
        rows = []
        for record, system in zip(self.records, labels, strict=True):
            measures = record.get("measures", {})
            moduli: list[int | None] = [*sorted(map(int, measures))]
            for T in moduli or [None]:
                row = {**measures.get(str(T), {}), **record, **record["row"]}
                row |= {"system": system, "T": T}
                rows.append([_entry(row.get(name)) for name in TABLE])
        return _over_the_study(self._frame(rows, TABLE))

    @property
    def final(self) -> pd.DataFrame:
        """The rows of the last checkpoint of each run, by which systems are compared."""
        return self.table[self.table["key"] == self.table["run"]]

    @cached_property
    def comparisons(self) -> pd.DataFrame:
        """Differences between each condition and the original, with paired intervals."""
        rows = [[row.get(name) for name in COMPARISON] for row in compare_conditions(self.runs)]
        return self._frame(rows, COMPARISON)

    @cached_property
    def seeds(self) -> pd.DataFrame | None:
        """Systems that train over their seeds, with intervals, where there are two and more."""
        return over_seeds(self.table)

    @cached_property
    def attribution(self) -> pd.DataFrame | None:
        """Share of each context group in the kappas, if the study asked for it."""
        path = self.folder / "attribution.json"
        return read_frame(path).astype({"digit": "Int64"}) if path.is_file() else None

    @cached_property
    def words(self) -> pd.DataFrame | None:
        """Words that carry n mod T, the strongest of every corpus and window, if asked for."""
        path = self.folder / "words.json"
        if not path.is_file():
            return None
        frame = read_frame(path)
        residues = sorted({*map(str, frame)} - {*WORDS}, key=lambda name: (len(name), name))
        return frame[[*WORDS, *residues]]

    @property
    def masks(self) -> dict[str, str]:
        """Of each condition whose name says a file of words, the first of them, and how many."""
        return {
            name: ", ".join(words[:_FIRST])
            + (f" and {len(words) - _FIRST:,} more" if len(words) > _FIRST else "")
            for name, words in self.about.get("masks", {}).items()
        }

    def record(self, key: str) -> dict[str, Any]:
        """One record: spectrum, confusion matrices, circles, kappas of the replicates.

        Raises
        ------
        UsageError
            The study has no such record.
        """
        for record in self.records:
            if record["key"] == key:
                return record
        raise UsageError(
            f"no record {key!r}", expected="a hash from the column 'key'", where=str(self.folder)
        )

    def errors(self) -> list[str]:
        """Messages of the runs that failed."""
        return [record["error"] for record in self.records if record["status"] == "failed"]

    def write_tables(self) -> None:
        """Write table.csv, comparisons.csv, seeds.csv, attribution.csv, words.csv to the folder.

        Where pyarrow is installed, table.parquet too, which keeps types and `attrs`.
        """
        parquet = self.folder / "table.parquet"
        parquet.unlink(missing_ok=True)  # of an earlier run, where pyarrow was there
        if available("pyarrow"):
            with atomic_path(parquet) as path:
                self.table.to_parquet(path, index=False)
        for name in ("table", "comparisons", "seeds", "attribution", "words"):
            frame = getattr(self, name)
            if frame is not None:
                with atomic_path(self.folder / f"{name}.csv") as path:
                    frame.map(_harmless).to_csv(path, index=False)

    def _frame(self, rows: list[list[Any]], columns: Sequence[str]) -> pd.DataFrame:
        import pandas as pd

        frame = pd.DataFrame(rows, columns=list(columns))
        kinds = dict.fromkeys(WHOLE, "Int64") | dict.fromkeys(("positional", "spectral"), "boolean")
        frame = frame.astype({name: kinds[name] for name in columns if name in kinds})
        frame.attrs = {name: self.about[name] for name in ("schema", "versions", "linear_algebra")}
        return frame

    def _repr_html_(self) -> str:
        """Kappa by system and modulus with the paper's label, for notebooks."""
        from html import escape

        done = self.final[self.final["status"] == "done"]
        names = ["key", "corpus", "system", "paper_label"]
        wide = done.pivot_table(index=names, columns="T", values="kappa", sort=False)
        wide = wide.droplevel("key").round(1).rename_axis(columns="kappa x 100, T =")
        failed = len(self.errors())
        note = f"{failed} of {len(self.records)} runs failed" if failed else ""
        body: str = wide.to_html(escape=True, border=0)
        return f"<h4>{escape(str(self.about['title'] or self.about['name']))}</h4>{body}{note}"


def _over_the_study(table: pd.DataFrame) -> pd.DataFrame:
    """Fill in false discovery rates of the spikes, all those of the study being one family."""
    from scipy.stats import false_discovery_control

    tested = table["spike_p_raw"].notna()
    if tested.any():
        p_values = table.loc[tested, "spike_p_raw"].to_numpy(dtype=float)
        table["spike_q"] = table["spike_q"].astype(float)
        table.loc[tested, "spike_q"] = false_discovery_control(p_values)
        table.loc[tested, "spike_family"] = f"{len(p_values)} spikes of this study"
    return table


def _entry(value: Any) -> Any:
    """A value as a cell of the table holds it: of reasons their codes, "geometric:10"."""
    if not isinstance(value, list):
        return value
    words = [v if isinstance(v, str) else f"{v['code']}:{v['T'] or ''}" for v in value]
    return ";".join(word.rstrip(":") for word in words)


def _harmless(value: Any) -> Any:
    """Quote a text that a spreadsheet would take for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(tuple("=+-@\t\r")) else value


def system_labels(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name each run by its model and by what tells it from the other runs of its study.

    Examples
    --------
    >>> row = {"model": "PPMI-SVD", "signal": "text", "condition": "original", "seed": 0,
    ...        "ordinals": "keep", "numerals": "whole", "window": 2, "side": "both",
    ...        "positional": False, "window_weighting": "flat"}
    >>> system_labels([row, {**row, "ordinals": "out"}])
    ['PPMI-SVD · ordinals kept', 'PPMI-SVD · ordinals out']
    """
    parts = [_label_parts(row) for row in rows]
    names = list(parts[0]) if parts else []
    varying = [name for name in names if len({part[name] for part in parts} - {""}) > 1]
    return [
        " · ".join([str(row["model"]), *(part[name] for name in varying if part[name])])
        for row, part in zip(rows, parts, strict=True)
    ]


def _label_parts(row: Mapping[str, Any]) -> dict[str, str]:
    window = row["window"] and Window(
        size=row["window"],
        side=row["side"] or "both",
        positional=bool(row["positional"]),
        weighting=row["window_weighting"] or "flat",
    )
    return {
        "signal": row["signal"] or "",
        "condition": row["condition"],
        "numerals": row["numerals"],
        "ordinals": "ordinals kept" if row["ordinals"] == "keep" else "ordinals out",
        "window": window.label if window else "",
        "seed": "" if row["seed"] is None else f"seed {row['seed']}",
    }
