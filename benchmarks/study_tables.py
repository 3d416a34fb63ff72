"""Write the tables of the pages of results anew, from the folders of their studies.

    python benchmarks/study_tables.py RUNS docs/results/signals.md …

RUNS holds a folder per study. On a page a comment says what the table below it shows:

    <!-- table: signals kappas --by window,signal -->

It names the study, then one of: `texts`, their sizes; `kappas` x 100, with the verdict; `controls`,
kappas excluding multiples of 5; `differences` to the original, and to the original thinned to as
many pairs ("thinned like" it); `contrasts`, parts of the corrected Phi at T = 10 in per cent of it;
`attribution`, the Shapley values. `--by` lists the columns that name a row; `--where
ordinals=out,model=...` selects rows. Intervals are 95 %.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

MODULI = (2, 5, 10)
DIRECTIVE = re.compile(r"(<!-- table: (.*) -->\n\n)(?:\|.*\n)*\n?")
SAID = {"keep": "kept", "out": "excluded"}
CONTRASTS = ("round or not", "0 or 5", "parity of the others", "the rest")


def table(names: list[str], rows: Iterator[list[str]]) -> str:
    head, *lines = ("| " + " | ".join(map(str, cells)) + " |" for cells in (names, *rows))
    return "\n".join([head, "|---" * len(names) + "|", *lines, "\n"])


def shown(names: list[str]) -> list[str]:
    return [{"n_pairs": "pairs", "window": "tokens a side"}.get(name, name) for name in names]


def interval(row: pd.Series, value: str, low: str = "low", high: str = "high", scale=1.0) -> str:
    """Write a value with its interval, if there is one."""
    if pd.isna(row[value]):
        return ""
    middle, *ends = (f"{round(scale * row[name]) + 0:.0f}" for name in (value, low, high)
                     if not pd.isna(row[name]))  # fmt: skip
    return f"{middle} ({' to '.join(ends)})" if ends else middle


def by_modulus(rows: pd.DataFrame, *columns: str) -> list[str]:
    at = rows.set_index("T")
    return [interval(at.loc[T], *columns) for T in MODULI]


def texts(study: Path, by: list[str], where: str) -> str:
    about = json.loads((study / "study.json").read_text("utf-8"))["corpora"]
    names = ("documents", "tokens", "numbers", "distinct_numbers")

    def rows() -> Iterator[list[str]]:
        for text in about:
            scheme = f"{text['numerals']}, ordinals {text['ordinals'].replace('keep', 'kept')}"
            yield [text["name"], scheme, *(f"{text[name]:,}" for name in names)]

    return table(["text", "numerals", *(name.replace("_", " ") for name in names)], rows())


def kappas(study: Path, by: list[str], where: str) -> str:
    def rows() -> Iterator[list[str]]:
        for names, _, own in runs(study / "table.csv", by, where):
            judged = own.set_index("T")["verdict"]
            said = [judged[T] for T in MODULI]
            verdict = said[0] if len(set(said)) == 1 else " / ".join(said)
            yield [*names, *by_modulus(own, "kappa"), verdict]

    return table([*shown(by), *(f"T = {T}" for T in MODULI), "verdict"], rows())


def controls(study: Path, by: list[str], where: str) -> str:
    name = "kappa_excluding_multiples_of_5"

    def rows() -> Iterator[list[str]]:
        for names, _, own in runs(study / "table.csv", by, where):
            yield [*names, *by_modulus(own, name, f"{name}_low", f"{name}_high")]

    return table([*shown(by), *(f"T = {T}" for T in MODULI)], rows())


def contrasts(study: Path, by: list[str], where: str) -> str:
    columns = {name: f"phi_{name.replace(' ', '_')}" for name in CONTRASTS}

    def rows() -> Iterator[list[str]]:
        for names, _, own in runs(study / "table.csv", by, where):
            row = own.set_index("T").loc[10]
            scale = 100 / row["phi_corrected"]
            shares = [interval(row, c, f"{c}_low", f"{c}_high", scale) for c in columns.values()]
            yield [*names, *shares]

    return table([*shown(by), *columns], rows())


def differences(study: Path, by: list[str], where: str) -> str:
    def rows() -> Iterator[list[str]]:
        for names, first, own in runs(study / "comparisons.csv", [*by, "against"], where):
            if not first["condition"].startswith("thinned like"):
                less = first["against_condition"].replace(f" {first['condition']}", "")
                yield [*names[:-1], less, *by_modulus(own, "difference")]

    return table([*shown(by), "less", *(f"T = {T}" for T in MODULI)], rows())


def attribution(study: Path, by: list[str], where: str) -> str:
    found = pd.read_csv(study / "attribution.csv")
    found = selected(found[found["digit"].isna()], where)

    def rows() -> Iterator[list[str]]:
        for group, own in found.groupby("group", sort=False):
            alone = own.set_index("T")["single_group"]
            single = " / ".join(f"{alone[T]:.0f}" for T in MODULI)
            yield [str(group), *by_modulus(own, "shapley"), single]

    return table(["contexts", *(f"T = {T}" for T in MODULI), "single group"], rows())


def selected(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    for condition in filter(None, where.split(",")):
        name, _, value = condition.partition("=")
        frame = frame[frame[name].fillna("").astype(str) == value]
    return frame


def runs(
    path: Path, by: list[str], where: str
) -> Iterator[tuple[list[str], pd.Series, pd.DataFrame]]:
    """Names of each run, its first row, and its rows by T."""
    frame = selected(pd.read_csv(path, keep_default_na=True).dropna(subset="T"), where)
    for _, own in frame.groupby(["key", *(["against"] if "against" in by else [])], sort=False):
        first = own.iloc[0]
        yield [said(first[name]) for name in by], first, own


def said(value: object) -> str:
    """Write what names a row."""
    if pd.isna(value):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    return (
        f"{value:,.0f}"
        if isinstance(value, int | float | np.integer)
        else SAID.get(str(value), str(value))
    )


KINDS: dict[str, Callable[[Path, list[str], str], str]] = {
    kind.__name__: kind for kind in (texts, kappas, controls, contrasts, differences, attribution)
}


def written(directive: str, studies: Path) -> str:
    """Make the table that a directive asks for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("study")
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--by", default="condition")
    parser.add_argument("--where", default="")
    asked = parser.parse_args(shlex.split(directive))
    return KINDS[asked.kind](studies / asked.study, asked.by.split(","), asked.where)


def main() -> None:
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    studies, *pages = map(Path, sys.argv[1:])
    for page in pages:
        text = page.read_text(encoding="utf-8")
        page.write_text(
            DIRECTIVE.sub(lambda found: found[1] + written(found[2], studies), text), "utf-8"
        )


if __name__ == "__main__":
    main()
