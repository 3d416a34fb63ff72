"""How often the verdict is right on embeddings of which it is known what they hold.

    python benchmarks/verdicts.py --draws 60                       draws, then tables and a figure
    python benchmarks/verdicts.py --draws 60 --kept verdicts.jsonl     goes on where it was stopped

Every kind of `wordnum.theory.planted_kinds` is drawn with seeds 0 to 19, which the rule was set on
and which say what is true, and with seeds from 1000, on which it is judged. True is what the mean
kappa x 100 over the seeds below 1000 says by the rule without noise: neither under the floor,
geometric where the kappa that excludes multiples of 5 is above it too, else by roundness. A kind
and T whose mean lies within 20 % of the floor has no truth and is left out.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from statsmodels.stats.proportion import proportion_confint
from threadpoolctl import threadpool_limits

from wordnum.analyzers import probe, spectrum, verdict
from wordnum.analyzers.plotting import save_figure
from wordnum.analyzers.verdicts import FLOOR
from wordnum.theory.planted_kinds import KINDS, planted_kind

PERIODS = (2, 5, 10)
CONTROL = "excluding multiples of 5"
SETTING, FIRST = 20, 1000
SAID = ("geometric", "by roundness", "undecided", "neither")


def drawn(kind, seed, with_half_samples):
    made = planted_kind(kind, random_state=seed, with_half_samples=with_half_samples)
    probed = probe(made, moduli=PERIODS, controls=[CONTROL], random_state=seed)
    judged = verdict(spectrum(made), probed)
    return {
        "kind": kind,
        "seed": seed,
        "half_samples": with_half_samples,
        "T": {
            T: [probed[T].kappa, probed[T].controls[CONTROL].kappa, judged[T].geometry,
                judged[T].spectral]
            for T in PERIODS
        },
    }  # fmt: skip


def draws(options):
    """Seeds in turn over all kinds, so that a run that is stopped has as many of each."""
    kept = Path(options.kept)
    found = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    done = {(one["kind"], one["seed"]) for one in found}
    seeds = [s for pair in zip(range(SETTING), range(FIRST, FIRST + SETTING)) for s in pair]
    seeds += range(FIRST + SETTING, FIRST + options.draws)
    for seed in seeds:
        for kind in KINDS:
            if (kind, seed) not in done and not options.tables_only:
                found.append(drawn(kind, seed, options.half_samples))
                with kept.open("a") as file:
                    file.write(json.dumps(found[-1]) + "\n")
    return found


def truth(kappa, beyond):
    """What the rule says of population kappas; None within 20 % of its floor."""
    near = [abs(value - FLOOR) <= 0.2 * FLOOR for value in (kappa, beyond)]
    if kappa < FLOOR:
        return None if near[0] else "neither"
    if any(near):
        return None
    return "geometric" if beyond >= FLOOR else "by roundness"


def tables(found, figure):
    by = defaultdict(list)
    for one in found:
        for T, values in one["T"].items():
            by[one["kind"], int(T), one["seed"] >= FIRST].append(values)
    confusion, totals = {T: Counter() for T in PERIODS}, {T: Counter() for T in PERIODS}
    print("| kind | T | kappa | without multiples of 5 | true | right | 95 % | "
          + " | ".join(SAID) + " | spectral |")  # fmt: skip
    print("|---|---|---|---|---|---|---|" + "---|" * (len(SAID) + 1))
    for kind in KINDS:
        for T in PERIODS:
            setting, judged = by[kind, T, False], by[kind, T, True]
            if not setting or not judged:
                continue
            kappa, beyond = np.mean([values[:2] for values in setting], axis=0)
            true, said = truth(kappa, beyond), Counter(values[2] for values in judged)
            n, right, told = len(judged), "", ""
            if true is not None:
                hits = said[true]
                low, high = proportion_confint(hits, n, method="wilson")
                right, told = f"{hits} of {n}", f"{100 * low:.0f} to {100 * high:.0f}"
                totals[T]["right"] += hits
                totals[T]["undecided"] += said["undecided"]
                totals[T]["all"] += n
                for word, times in said.items():
                    confusion[T][true, word] += times
            spectral = f"{100 * np.mean([values[3] for values in judged]):.0f} %"
            cells = [kind, T, f"{kappa:.1f}", f"{beyond:.1f}", true or "within 20 % of the floor",
                     right, told, *(said[word] or "" for word in SAID), spectral]  # fmt: skip
            print("| " + " | ".join(map(str, cells)) + " |")
    print()
    for T, total in totals.items():
        n = max(total["all"], 1)
        low, high = proportion_confint(total["right"], n, method="wilson")
        wrong = total["all"] - total["right"] - total["undecided"]
        print(f"T = {T}: {total['right']} of {n} right ({100 * low:.1f} to {100 * high:.1f} %), "
              f"{total['undecided']} undecided, {wrong} wrong.")  # fmt: skip
    draw(confusion, figure)


def draw(confusion, path):
    """Confusion of what is true with what is said, a panel per T."""
    figure = Figure((9.2, 2.9), layout="constrained")
    true = [word for word in SAID if word != "undecided"]
    for ax, (T, counted) in zip(figure.subplots(1, len(confusion), sharey=True), confusion.items()):
        table = np.array([[counted[row, word] for word in SAID] for row in true])
        share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
        ax.imshow(share, cmap="Blues", vmin=0, vmax=1)
        for (row, column), times in np.ndenumerate(table):
            color = "white" if share[row, column] > 0.6 else "black"
            ax.text(column, row, str(times), ha="center", va="center", color=color)
        ax.set_xticks(range(len(SAID)), SAID, rotation=30, ha="right")
        ax.set_yticks(range(len(true)), true)
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0)
        ax.set(title=f"T = {T}", xlabel="said")
    figure.axes[0].set_ylabel("true")
    save_figure(figure, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=60, help="seeds from 1000")
    parser.add_argument("--half-samples", action="store_true", help="intervals instead of nulls")
    parser.add_argument("--tables-only", action="store_true", help="of the draws that are kept")
    parser.add_argument("--kept", default="verdict_draws.jsonl", help="file of the draws")
    parser.add_argument("--figure", default="benchmarks/verdicts.png")
    options = parser.parse_args()
    with threadpool_limits(1, user_api="blas"):
        tables(draws(options), options.figure)


if __name__ == "__main__":
    main()
