"""How often noise and trends pass for spikes, and how often a wave is found: levels and power.

    python benchmarks/false_positives.py --text articles.corpus      all tables, 20,000 draws
    python benchmarks/false_positives.py spikes --draws 1000

Spikes: share of draws with p <= 5, 1 and 0.1 % at each T, before Holm, for processes that hold no
period; the rank among the neighbours beside it. Draws are kept in a file, and a run goes on where
it was stopped.

Power: the same for waves of T = 2, 5 and 10 in such processes.

Permutations: the p-value of kappa where rows of a run are exchangeable, with alpha taken from the
real labels (as the probe does) and chosen anew for every permutation.
"""

from __future__ import annotations

import argparse
import json
import time
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from real_text import open_text
from scipy import stats
from scipy.signal import fftconvolve
from threadpoolctl import threadpool_limits

from wordnum.analyzers.agreement import kappa
from wordnum.analyzers.cross_validation import out_of_fold
from wordnum.analyzers.folds import random_folds
from wordnum.analyzers.inputs import centred_columns
from wordnum.analyzers.periodogram import (
    detrending_basis,
    grid_waves,
    wave_coefficients,
    whitened_coefficients,
)
from wordnum.analyzers.permutations import Null, permuted_labels
from wordnum.analyzers.refits import Refits
from wordnum.analyzers.residues import Task, tasks_for
from wordnum.analyzers.spikes import excess_p_value, near_frequencies, rank_p_value
from wordnum.backend import get_backend
from wordnum.embeddings.presets import embed

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


def round_numbers():
    """What a small vocabulary holds, all small numbers, of the others mostly round ones."""
    rng = np.random.default_rng(0)
    likely = np.exp(-np.maximum(N - 300, 0) / 100)
    return np.flatnonzero((rng.random(1000) < likely) | (N % 50 == 0) | (N % 10 == 0) & (N < 700))


def unequal(seed, d=30):
    """White noise whose directions differ in size."""
    return white(seed, d) / np.arange(1, d + 1)


def walk(seed, d=20):
    return np.cumsum(white(seed, d), axis=0) + 3 * white([seed, 1], d)


def like_real(seed):
    """Gaussian vectors with the spectrum of real ones, their periods interpolated away."""
    rng, amplitude = np.random.default_rng(seed), real_amplitude()
    shape = amplitude.shape
    F = amplitude * (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)) / np.sqrt(2)
    F[-1] = amplitude[-1] * rng.standard_normal(shape[1])
    return np.fft.irfft(F, 1000, axis=0, norm="ortho")


@cache
def real_amplitude():
    """Root mean power of every frequency and dimension of an embedding of real text: (501, d)."""
    with TemporaryDirectory() as folder:
        found = embed(open_text(OPTIONS.text, folder), half_samples=False)
    x = np.zeros((1000, found.dim))
    x[found.numbers] = found.vectors
    power = np.abs(np.fft.rfft(x - x.mean(axis=0), axis=0, norm="ortho")) ** 2
    periodic = [k for k in range(501) if min(k % 100, -k % 100, k % 125, -k % 125) <= 1]
    power[periodic] = np.nan
    k = np.arange(501)
    # Local means in the logarithm over 41 frequencies, as a spectrum without peaks has them.
    near = [np.abs(k - one) <= 20 for one in k]
    return np.sqrt(np.stack([np.nanmean(power[rows], axis=0) for rows in near]))


EVERY = slice(None)
REGIMES = {
    "white noise, d = 1": (lambda s: white(s, 1), EVERY),
    "white noise, d = 10": (lambda s: white(s, 10), EVERY),
    "white noise, d = 100": (lambda s: white(s, 100), EVERY),
    "unequal directions": (unequal, EVERY),
    "random walk + noise": (walk, EVERY),
    "smooth, length 8": (lambda s: smooth(s, 8), EVERY),
    "smooth, length 100": (lambda s: smooth(s, 100), EVERY),
    "log n + 0.3 white": (lambda s: magnitude(s, 0.3), EVERY),
    "real spectrum without its periods": (like_real, EVERY),
    "gaps, white noise": (white, round_numbers()),
    "gaps, log n + 0.3 white": (lambda s: magnitude(s, 0.3), round_numbers()),
    "gaps, smooth, length 20": (lambda s: smooth(s, 20), round_numbers()),
}
LEVELS = (0.05, 0.01, 0.001)


class Coefficients:
    """The coefficients that `spectrum` tests, as one linear map of the vectors of some numbers."""

    def __init__(self, numbers):
        there = N[numbers]
        parts, self.near, self.slices = [], {}, {}
        trend = detrending_basis(there, 1000, period=40) if len(there) < 1000 else None
        for T in PERIODS:
            near = near_frequencies(1000, T, above=0 if trend is None else 1 / 40)
            first = sum(map(len, parts))
            for k in (1000 // T, *near):
                ((C, S),) = grid_waves(there, np.array([k]), 1000)
                eye = np.eye(len(there)) - 1 / len(there)
                found = (
                    wave_coefficients(C, S, eye, 1000)
                    if trend is None
                    else whitened_coefficients(C, S, eye, trend)
                )
                parts.append(found)
            self.near[T], self.slices[T] = near - 1000 / T, slice(first, first + 1 + len(near))
        self.map = np.concatenate(parts)

    def p_values(self, x):
        """Of the excess and of the rank, by T, before any adjustment."""
        A = self.map.real @ x + 1j * (self.map.imag @ x)
        found = []
        for T in PERIODS:
            at, *near = A[self.slices[T]]
            near, real = np.array(near), T == 2
            if real:
                at = at.real
            found.append(
                (
                    excess_p_value(at, near, self.near[T], real=real),
                    rank_p_value(at, near, real=real),
                )
            )
        return np.array(found)


def spikes(draws):
    """Share of draws with p <= 5, 1 and 0.1 % at each T, of the excess and of the rank."""
    counted = tallies(draws, REGIMES, lambda make, seed: make(seed))
    print("| process | T | 5 % | 1 % | 0.1 % | 5 %, rank | draws |")
    print("|---|---|---|---|---|---|---|")
    for name, (n, hits) in counted.items():
        for at, T in enumerate(PERIODS):
            shares = [f"{100 * share:.2f}" for share in [*hits[at, 0] / n, hits[at, 1, 0] / n]]
            print(f"| {name} | {T} | {' | '.join(shares)} | {n} |", flush=True)


def power(draws):
    """Share of draws in which a planted wave is found, by the excess and by the rank."""
    sizes = {white: (0.05, 0.1), walk: (0.1, 0.15, 0.2, 0.3, 0.4)}
    names = {white: "white noise", walk: "random walk + noise"}
    waves = {
        f"{names[make]}, d = 20, amplitude {size:g}": (partial(planted, make, 20, size), EVERY)
        for make, amplitudes in sizes.items()
        for size in amplitudes
    }
    counted = tallies(min(draws, 1000), waves, lambda make, seed: make(seed))
    print("| wave | T | 5 % | 0.1 % | 5 %, rank | draws |\n|---|---|---|---|---|---|")
    for name, (n, hits) in counted.items():
        for at, T in enumerate(PERIODS):
            shares = hits[at, 0, 0] / n, hits[at, 0, 2] / n, hits[at, 1, 0] / n
            told = " | ".join(f"{100 * share:.0f}" for share in shares)
            print(f"| {name} | {T} | {told} | {n} |", flush=True)


def planted(make, d, amplitude, seed):
    """Waves of all three periods in one direction each, beside a process without any."""
    x = make(seed, d)
    for at, T in enumerate(PERIODS):
        x[:, at] += amplitude * np.sqrt(d) * np.cos(2 * np.pi * N / T) / (1 if T > 2 else 2**0.5)
    return x


def tallies(draws, regimes, draw, chunk=1000):
    """Draws and hits (T, test, level) of every regime; done chunks are kept in a file."""
    done = Path(OPTIONS.kept)
    kept = [json.loads(line) for line in done.read_text().splitlines()] if done.exists() else []
    known = {(one["regime"], one["first"]): np.array(one["hits"]) for one in kept}
    found = {}
    for name, (make, numbers) in regimes.items():
        coefficients, total = None, 0
        for first in range(0, draws, chunk):
            if (name, first) not in known:
                coefficients = coefficients or Coefficients(numbers)
                p = [
                    coefficients.p_values(draw(make, s)[numbers])
                    for s in range(first, first + chunk)
                ]
                hits = (np.array(p)[..., None] <= LEVELS).sum(axis=0)
                known[name, first] = hits
                with done.open("a") as file:
                    line = {"regime": name, "first": first, "hits": hits.tolist()}
                    file.write(json.dumps(line) + "\n")
            total = total + known[name, first]
        found[name] = draws, total
    return found


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
    refits, chosen = Refits(cpu, x), [real.chosen]
    taken = refits.permuted(numbers, tasks, fold_of[None], chosen, labels)
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


TABLES = {"spikes": spikes, "power": power, "permutations": permutations}


def main():
    global OPTIONS
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=", ".join(TABLES))
    parser.add_argument("--draws", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, default=200, help="of the permutations")
    parser.add_argument("--text", default="wikipedia2014", help="corpus, file or recipe")
    parser.add_argument("--kept", default="spike_draws.jsonl", help="file that draws are kept in")
    OPTIONS = parser.parse_args()
    with threadpool_limits(1, user_api="blas"):
        for name in OPTIONS.tables or TABLES:
            times = OPTIONS.seeds if name == "permutations" else OPTIONS.draws
            print(f"## {name}\n")
            TABLES[name](times)
            print()


if __name__ == "__main__":
    main()
