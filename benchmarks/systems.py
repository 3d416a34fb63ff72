"""All systems on one text: tables of studies of models that train beside counting.

    wordnum study systems -o systems --root TEXTS --jobs 2        an hour: it resumes
    wordnum study docs/results/systems-power.toml -o power --root TEXTS --jobs 2
    python benchmarks/systems.py systems power     tables as Markdown, systems.png in each folder

The spread over seeds is that of all studies together (`wordnum.studies.seeds`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from wordnum.analyzers.plotting import save_figure
from wordnum.report.training_curves import draw_training
from wordnum.studies.results import StudyResults
from wordnum.studies.seeds import over_seeds

MODULI = (2, 5, 10)


def trained_table(seeds: pd.DataFrame, final: pd.DataFrame) -> None:
    print("| system | tokens | seeds | T = 2 | T = 5 | T = 10 | without multiples of 5 at T = 10 "
          "| verdict at 2 / 5 / 10 |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|")
    for (study, name), own in seeds.groupby(["corpus", "model"], sort=False):
        one = own.set_index("T")
        cells = [
            f"{one.loc[T, 'kappa']:.0f} ({one.loc[T, 'low']:.0f} to {one.loc[T, 'high']:.0f})"
            for T in MODULI
        ]
        rows = final[(final["corpus"] == study) & (final["model"] == name)]
        rest = rows.loc[rows["T"] == 10, "kappa_excluding_multiples_of_5"].map("{:.0f}".format)
        verdicts = [
            " or ".join(dict.fromkeys(rows.loc[rows["T"] == T, "verdict"].astype(str)))
            for T in MODULI
        ]
        tokens = f"{one['tokens'].mean() / 1e6:.1f} M"
        print("|", " | ".join([str(name), tokens, str(one["seeds"].min()), *cells,
                                ", ".join(rest), " / ".join(verdicts)]), "|")  # fmt: skip


def contrasts_table(ends: pd.DataFrame) -> None:
    """Phi over its noise, and what of it is roundness: the means over seeds at T = 10."""
    at_ten = ends[ends["T"] == 10]
    noise = at_ten["phi"] - at_ten["phi_corrected"]
    parts = pd.DataFrame(
        {
            "all": at_ten["phi_corrected"] / noise,
            "round": (at_ten["phi_round_or_not"] + at_ten["phi_0_or_5"]) / noise,
            "parity": at_ten["phi_parity_of_the_others"] / noise,
            "rest": at_ten["phi_the_rest"] / noise,
        }
    )
    print("\n| system | Phi over its noise | roundness | parity of the others | the rest |")
    print("|---|---|---|---|---|")
    for (_, name), own in parts.groupby([at_ten["corpus"], at_ten["model"]], sort=False):
        print("|", " | ".join([name, *own.mean().map("{:.1f}".format)]), "|")


def counted_table(counted: pd.DataFrame) -> None:
    print("| counting | tokens | T = 2 | T = 5 | T = 10 | without multiples of 5 at T = 10 |")
    print("|---|---|---|---|---|---|")
    for (name, tokens), own in counted.groupby(["model", "tokens"]):
        one = own.drop_duplicates("T").set_index("T")
        cells = [
            f"{one.loc[T, 'kappa']:.0f} ({one.loc[T, 'low']:.0f} to {one.loc[T, 'high']:.0f})"
            for T in MODULI
        ]
        rest = f"{one.loc[10, 'kappa_excluding_multiples_of_5']:.0f}"
        print(f"| {name} | {tokens / 1e6:.1f} M |", " | ".join([*cells, rest]), "|")


def tokens_to_reach(kappa: float, curve: pd.DataFrame) -> str:
    """Tokens from which a curve of kappa stays above kappa, on a log scale, in millions."""
    tokens, values = np.log(curve["tokens"].to_numpy(float)), curve["kappa"].to_numpy(float)
    below = np.flatnonzero(values < kappa)
    if not len(below):
        return f"at most {np.exp(tokens[0]) / 1e6:.1f} M"
    at = below[-1]
    if at == len(values) - 1:
        return f"over {np.exp(tokens[-1]) / 1e6:.1f} M"
    share = (kappa - values[at]) / (values[at + 1] - values[at])
    return f"{np.exp(tokens[at] + share * (tokens[at + 1] - tokens[at])) / 1e6:.1f} M"


def lead_table(final: pd.DataFrame, counted: pd.DataFrame) -> None:
    """How much text counting needs for the kappa that a system has at its end."""
    names = counted["model"].unique()
    print("| system | tokens | T | kappa |", " | ".join(f"{name} needs" for name in names), "|")
    print("|---|---|---|---|" + "---|" * len(names))
    for (_, name), own in final.groupby(["corpus", "model"], sort=False):
        for T in (5, 10):
            kappa = own.loc[own["T"] == T, "kappa"].mean()
            needed = []
            for model in names:
                ours = counted[(counted["model"] == model) & (counted["T"] == T)]
                curve = ours.groupby("perturbation")[["tokens", "kappa"]].mean()
                needed.append(tokens_to_reach(kappa, curve.sort_values("tokens")))
            read = f"{own['tokens'].mean() / 1e6:.1f} M"
            print(f"| {name} | {read} | {T} | {kappa:.0f} |", " | ".join(needed), "|")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", type=Path, nargs="+", help="of the studies")
    folders = parser.parse_args().folders
    # The study stands in the place of the corpus, which is the same: groups are of one study.
    table = pd.concat(
        StudyResults.open(folder).table.assign(corpus=folder.name) for folder in folders
    )
    seeds = over_seeds(table)
    if seeds is None:
        raise SystemExit("no system has two seeds")
    table = table[table["status"] == "done"]
    final = table[table["step"].notna() & (table["key"] == table["run"])]
    counted = table[table["step"].isna() & table["tokens"].notna()]
    counted = counted.drop_duplicates(["system", "T"])
    trained_table(seeds, final)
    contrasts_table(pd.concat([final, counted[counted["perturbation"] == "original"]]))
    print("\n| T | standard deviation over seeds | degrees of freedom | smallest difference |")
    print("|---|---|---|---|")
    for T in MODULI:
        one = seeds[seeds["T"] == T].iloc[0]
        print(f"| {T} | {one['sd']:.1f} | {one['df']} | {one['smallest_difference']:.1f} |")
    print()
    counted_table(counted)
    print()
    lead_table(final, counted)
    for folder in folders:
        file = folder / "systems.png"
        save_figure(draw_training(table[table["corpus"] == folder.name], MODULI), file)
        print(f"\n{file}")


if __name__ == "__main__":
    main()
