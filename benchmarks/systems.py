"""All systems on one text: tables of a study of models that train beside counting.

    wordnum study systems -o systems --root TEXTS --jobs 2        an hour: it resumes
    wordnum study docs/results/systems-power.toml -o power --root TEXTS --jobs 2
    python benchmarks/systems.py systems power     tables as Markdown, systems.png in each folder

Two seeds say little of their spread. So it is estimated from the last checkpoints of all systems
together, for each T: s^2, the mean over systems of the variance over their seeds. A mean over n
seeds then has the interval t s / sqrt(n), with as many degrees of freedom as there are seeds
beyond the first of each system, and a difference of two means is seen in four of five repetitions
where it is at least (1.96 + 0.84) s sqrt(2 / n).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from wordnum.analyzers.plotting import save_figure
from wordnum.report.training_curves import draw_training
from wordnum.studies.results import StudyResults

MODULI = (2, 5, 10)
# Normal quantiles of a two-sided test at 5 % that finds what is there four times in five.
FOUR_IN_FIVE = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)


def last(table: pd.DataFrame) -> pd.DataFrame:
    """Last checkpoints of the systems that train, a row for each seed and T."""
    return table[table["step"].notna() & (table["key"] == table["run"])]


def spread(final: pd.DataFrame) -> pd.DataFrame:
    """Standard deviation over seeds and its degrees of freedom, by T."""
    groups = final.groupby(["T", "study", "model"])["kappa"]
    found = pd.DataFrame({"squares": groups.var() * (groups.count() - 1), "df": groups.count() - 1})
    by_modulus = found.groupby("T").sum()
    return pd.DataFrame(
        {"sd": np.sqrt(by_modulus["squares"] / by_modulus["df"]), "df": by_modulus["df"]}
    )


def cell(mean: float, half: float) -> str:
    return f"{mean:.0f} ({mean - half:.0f} to {mean + half:.0f})"


def trained_table(final: pd.DataFrame, noise: pd.DataFrame) -> None:
    print("| system | tokens | seeds | T = 2 | T = 5 | T = 10 | without multiples of 5 at T = 10 "
          "| verdict at 2 / 5 / 10 |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|")
    for (_, name), own in final.groupby(["study", "model"], sort=False):
        n = own["seed"].nunique()
        cells = []
        for T in MODULI:
            half = stats.t.ppf(0.975, noise.loc[T, "df"]) * noise.loc[T, "sd"] / np.sqrt(n)
            cells.append(cell(own.loc[own["T"] == T, "kappa"].mean(), half))
        at_ten = own[own["T"] == 10]
        rest = at_ten["kappa_excluding_multiples_of_5"].map("{:.0f}".format)
        verdicts = [
            " or ".join(dict.fromkeys(own.loc[own["T"] == T, "verdict"].astype(str)))
            for T in MODULI
        ]
        tokens = f"{at_ten['tokens'].mean() / 1e6:.1f} M"
        print("|", " | ".join([str(name), tokens, str(n), *cells, ", ".join(rest),
                                " / ".join(verdicts)]), "|")  # fmt: skip


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
    for (_, name), own in parts.groupby([at_ten["study"], at_ten["model"]], sort=False):
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
    for (_, name), own in final.groupby(["study", "model"], sort=False):
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
    table = pd.concat(
        StudyResults.open(folder).table.assign(study=folder.name) for folder in folders
    )
    table = table[table["status"] == "done"]
    final = last(table)
    counted = table[table["step"].isna() & table["tokens"].notna()]
    counted = counted.drop_duplicates(["system", "T"])
    noise = spread(final)
    trained_table(final, noise)
    contrasts_table(pd.concat([final, counted[counted["perturbation"] == "original"]]))
    print("\n| T | standard deviation over seeds | degrees of freedom | smallest difference |")
    print("|---|---|---|---|")
    n = int(final.groupby(["study", "model"])["seed"].nunique().min())
    for T in MODULI:
        sd, df = noise.loc[T, "sd"], noise.loc[T, "df"]
        print(f"| {T} | {sd:.1f} | {df:.0f} | {FOUR_IN_FIVE * sd * np.sqrt(2 / n):.1f} |")
    print()
    counted_table(counted)
    print()
    lead_table(final, counted)
    for folder in folders:
        file = folder / "systems.png"
        save_figure(draw_training(table[table["study"] == folder.name], MODULI), file)
        print(f"\n{file}")


if __name__ == "__main__":
    main()
