"""How often noise and trends pass for spikes or geometry: the levels of the tests.

    python benchmarks/false_positives.py                   all tables, 200 seeds
    python benchmarks/false_positives.py spikes --seeds 50

Spikes: share of seeds with a spike at 0.05 at each T, at any of the three, and at T = 5 or 10 as
the verdict asks; the last column ranks the plain power, as if a trend could not leak through the
gaps. The smallest p-value is 3/81, so 3.7 % is the level of "any".

Permutations: the p-value of kappa where rows of a run are exchangeable, with alpha taken from the
real labels (as the probe does) and chosen anew for every permutation.

Verdicts: share of each over seeds, for embeddings that hold no period.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter

import numpy as np
from scipy import stats
from scipy.signal import fftconvolve
from threadpoolctl import threadpool_limits

from wordnum.analyzers import analyze, spectrum
from wordnum.analyzers.agreement import kappa
from wordnum.analyzers.cross_validation import out_of_fold
from wordnum.analyzers.folds import random_folds
from wordnum.analyzers.inputs import centred_columns
from wordnum.analyzers.permutations import Null, permuted_kappas, permuted_labels
from wordnum.analyzers.residues import Task, tasks_for
from wordnum.analyzers.spectra import local_rank_p_value, near_frequencies
from wordnum.backend import get_backend
from wordnum.embeddings.embedding import Embedding

N = np.arange(1000)
PERIODS = (2, 5, 10)


def white(seed, d=20, n=1000):
    return np.random.default_rng(seed).standard_normal((n, d))


def smooth(seed, length, d=20, n=1000):
    """White noise under a Gaussian kernel."""
    kernel = np.exp(-((np.arange(-4 * length, 4 * length + 1) / length) ** 2))
    found = fftconvolve(white(seed, d, n + len(kernel) - 1), kernel[:, None], "valid", axes=0)
    return found / found.std()


def magnitude(seed, noise, d=20):
    slope = np.random.default_rng([seed, 1]).standard_normal(d)
    return np.log1p(N)[:, None] * slope + noise * white(seed, d)


PROCESSES = {
    "white noise": white,
    "smooth, length 8": lambda seed, d=20: smooth(seed, 8, d),
    "smooth, length 20": lambda seed, d=20: smooth(seed, 20, d),
    "smooth, length 100": lambda seed, d=20: smooth(seed, 100, d),
    "smooth 20 + white": lambda seed, d=20: smooth(seed, 20, d) + white([seed, 2], d),
    "log n + 0.3 white": lambda seed, d=20: magnitude(seed, 0.3, d),
    "random walk": lambda seed, d=20: np.cumsum(white(seed, d), axis=0),
}


def numbers_present():
    rng = np.random.default_rng(0)
    likely = np.exp(-np.maximum(N - 300, 0) / 100)
    mostly_round = (rng.random(1000) < likely) | (N % 50 == 0) | (N % 10 == 0) & (N < 700)
    return {
        "all": N,
        "half, at random": np.sort(rng.choice(1000, 500, replace=False)),
        "small and round": np.flatnonzero(mostly_round),
    }


def plain_p_value(found, T):
    near = near_frequencies(found.frequency, T)
    return local_rank_p_value(near, found.power, found.cosine_power, found.spikes[T].power, T)


def spikes(seeds):
    print("| numbers | process | T = 2 | T = 5 | T = 10 | any | 5 or 10 | 5 or 10, plain rank |")
    print("|---|---|---|---|---|---|---|---|")
    for there, numbers in numbers_present().items():
        for name, make in PROCESSES.items():
            rows = []
            for seed in range(seeds):
                found = spectrum(Embedding(make(seed)[numbers], numbers))
                at = [found.spikes[T].p_value < 0.05 for T in PERIODS]
                # Two of them, by Bonferroni: the third is left out to spare its adjustment.
                plain = min(plain_p_value(found, T) for T in (5, 10)) * 3 < 0.05
                rows.append([*at, any(at), at[1] or at[2], plain])
            shares = " | ".join(f"{100 * share:.1f}" for share in np.mean(rows, axis=0))
            print(f"| {there} ({len(numbers)}) | {name} | {shares} |", flush=True)


def stepped(seed, n=200, d=10):
    """A trend constant within runs of ten, and noise: rows of a run are exchangeable."""
    steps = smooth([seed, 1], 4, d, n // 10)
    return np.repeat(steps, 10, axis=0) + white(seed, d, n)


def permutation_p_values(x, seed, permutations):
    cpu, numbers = get_backend("cpu"), np.arange(len(x))
    x, fold_of = centred_columns(x), random_folds(len(x), random_state=seed)[0]
    tasks = tasks_for(numbers, PERIODS)
    rng = np.random.default_rng([seed, 2])
    real = out_of_fold(cpu, x, tasks, fold_of)
    observed = [float(kappa(t.labels, row, t.n_classes)) for t, row in zip(tasks, real.labels)]
    labels = [permuted_labels(t, numbers, permutations, rng, restricted=True) for t in tasks]
    start = time.perf_counter()
    taken = permuted_kappas(cpu, x, tasks, labels, fold_of, real.chosen)
    middle = time.perf_counter()
    anew = np.empty((len(tasks), permutations))
    for one in range(permutations):
        again = [Task(t.period, rows[one], t.residues) for t, rows in zip(tasks, labels)]
        said = out_of_fold(cpu, x, again, fold_of).labels
        anew[:, one] = [kappa(t.labels, row, t.n_classes) for t, row in zip(again, said)]
    spent = middle - start, time.perf_counter() - middle
    p = [[Null(v, o).p_value for v, o in zip(values, observed)] for values in (taken, anew)]
    return np.array(p), spent


def permutations(seeds, count=99):
    print("| process | T | alpha | mean p | p <= 0.01, % | p <= 0.05, % | uniform, KS p |")
    print("|---|---|---|---|---|---|---|")
    spent = []
    for name, make in (("white noise", lambda s: white(s, 10, 200)), ("stepped trend", stepped)):
        found = []
        for seed in range(seeds):
            p, seconds = permutation_p_values(make(seed), seed, count)
            found.append(p)
            spent.append(seconds)
        found = np.array(found)
        jitter = np.random.default_rng(0).random(seeds) / (1 + count)
        for at, T in enumerate(PERIODS):
            for how, words in enumerate(("of the real labels", "anew")):
                p = found[:, how, at]
                ks = stats.kstest(p - jitter, "uniform").pvalue
                low = " | ".join(f"{100 * np.mean(p <= level):.1f}" for level in (0.01, 0.05))
                print(f"| {name} | {T} | {words} | {p.mean():.3f} | {low} | {ks:.3f} |", flush=True)
    taken, anew = np.sum(spent, axis=0)
    print(f"\nChoosing anew takes {anew / taken:.0f} times as long.")


def verdicts(seeds):
    print("| numbers | process | verdicts, % | T called geometric |")
    print("|---|---|---|---|")
    for there, numbers in numbers_present().items():
        for name, make in PROCESSES.items():
            names, geometric = Counter(), 0
            for seed in range(seeds):
                x = make(seed, d=50)[numbers]
                found = analyze(
                    Embedding(x, numbers),
                    only=["spectrum", "probe"],
                    moduli=PERIODS,
                    repeats=1,
                    controls=False,
                    random_state=seed,
                ).verdict
                names[found.name] += 1
                geometric += len(found.geometric)
            shares = ", ".join(f"{name} {100 * n / seeds:.1f}" for name, n in names.most_common())
            print(f"| {there} ({len(numbers)}) | {name} | {shares} | {geometric} of {3 * seeds} |",
                  flush=True)  # fmt: skip


TABLES = {"spikes": spikes, "permutations": permutations, "verdicts": verdicts}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=", ".join(TABLES))
    parser.add_argument("--seeds", type=int, default=200)
    options = parser.parse_args()
    with threadpool_limits(1, user_api="blas"):
        for name in options.tables or TABLES:
            print(f"## {name}, {options.seeds} seeds\n")
            TABLES[name](options.seeds)
            print()


if __name__ == "__main__":
    main()
