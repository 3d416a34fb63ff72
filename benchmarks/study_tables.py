"""Print what a study found as Markdown: kappa x 100 with its interval at T = 2, 5 and 10.

python benchmarks/study_tables.py DIR [--by perturbation,model] [--where signal=both,ordinals=out]
python benchmarks/study_tables.py DIR --differences   conditions less the original, and less the
                                                      original thinned to equal pairs
python benchmarks/study_tables.py DIR --attribution   Shapley values by context group and T
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

MODULI = (2, 5, 10)


def line(cells: Iterable[object]) -> None:
    print("| " + " | ".join(map(str, cells)) + " |")


def heading(*names: str) -> None:
    line(names)
    print("|---" * len(names) + "|")


def intervals(rows: pd.DataFrame, value: str) -> list[str]:
    """Write the value at each T with its interval, if there is one."""
    at = rows.set_index("T")
    return [
        f"{at.loc[T, value]:.0f}"
        + (
            ""
            if pd.isna(at.loc[T, "low"])
            else f" ({at.loc[T, 'low']:.0f} to {at.loc[T, 'high']:.0f})"
        )
        for T in MODULI
    ]


def slashed(rows: pd.DataFrame, value: str) -> str:
    at = rows.set_index("T")[value]
    return " / ".join(f"{at[T]:.0f}" for T in MODULI)


def select(frame: pd.DataFrame, conditions: str) -> pd.DataFrame:
    for condition in filter(None, conditions.split(",")):
        name, _, value = condition.partition("=")
        frame = frame[frame[name].astype(str) == value]
    return frame


def kappas(frame: pd.DataFrame, by: list[str]) -> None:
    heading(*by, *(f"T = {T}" for T in MODULI), "excluding multiples of 5", "verdict")
    for _, rows in frame[frame["status"] == "done"].groupby("key", sort=False):
        first = rows.iloc[0]
        measured = [*intervals(rows, "kappa"), slashed(rows, "kappa_excluding_multiples_of_5")]
        line([*(first[name] for name in by), *measured, first["paper_label"]])


def differences(frame: pd.DataFrame, by: list[str]) -> None:
    heading(*by, "less", *(f"T = {T}" for T in MODULI))
    frame = frame.rename(columns={"condition": "perturbation"})
    for _, rows in frame.dropna(subset="T").groupby(["key", "against"], sort=False):
        first = rows.iloc[0]
        line([*(first[k] for k in by), first["against_condition"], *intervals(rows, "difference")])


def attribution(frame: pd.DataFrame) -> None:
    kappa = frame[frame["digit"].isna()]
    for label, found in kappa.groupby("label", sort=False):
        whole = found.groupby("T", as_index=False)["whole"].first()
        print(f"\n{label}; the whole: {slashed(whole, 'whole')}\n")
        heading("contexts", *(f"Shapley, T = {T}" for T in MODULI), "single group", "leave-one-out")
        for group, rows in found.groupby("group", sort=False):
            single, lost = slashed(rows, "single_group"), slashed(rows, "leave_one_out")
            line([group, *intervals(rows, "shapley"), single, lost])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--by", default="perturbation,signal,model")
    parser.add_argument("--where", default="")
    parser.add_argument("--differences", action="store_true")
    parser.add_argument("--attribution", action="store_true")
    options = parser.parse_args()
    by = options.by.split(",")
    if options.attribution:
        attribution(pd.read_csv(options.folder / "attribution.csv"))
    elif options.differences:
        differences(select(pd.read_csv(options.folder / "comparisons.csv"), options.where), by)
    else:
        kappas(select(pd.read_csv(options.folder / "table.csv"), options.where), by)


if __name__ == "__main__":
    main()
