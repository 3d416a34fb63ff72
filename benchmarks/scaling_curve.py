"""Kappa against tokens for the presets, and what the curve says of more text.

    python benchmarks/scaling_curve.py --root TEXTS --ordinals out

All five parts of Wikipedia in pieces that share no document: up to ten pieces of every size, each
counted, factorized and probed alone. Two laws are fitted to the pieces by least squares, a line in
the logarithm of the tokens and a logistic curve in it that cannot pass 100. Both are first tried
on what is known: fitted without the whole text, what do they say of it? Where they differ far
beyond the data, nothing but more text can tell.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from preset_texts import N_BLOCKS, Text
from presets import MODULI, PRESET_OF, kappas
from scipy.optimize import curve_fit
from scipy.stats import t as student
from threadpoolctl import threadpool_limits

from wordnum.embeddings.presets import PRESETS

SIZES = (1, 2, 4, 7, 10, 20)
ASKED = (1e9, 1e10)
LAWS = {
    "line": lambda x, a, b: a + b * x,
    "logistic": lambda x, a, b: 100 / (1 + np.exp(-(a + b * x))),
}


def pieces(text: Text, preset_name: str, dims: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Log10 tokens of every piece, and kappa by piece, dimension and T."""
    preset = PRESETS[preset_name]
    corpus = text.corpus()
    tokens = np.array([len(block.ids) for block in corpus.blocks()])
    order = np.random.default_rng(0).permutation(N_BLOCKS)
    sizes, found = [], []
    for size in SIZES:
        for start in range(0, min(N_BLOCKS // size, 10) * size, size):
            blocks = np.sort(order[start : start + size])
            counts = text.matrix(blocks, window=preset.window, signal=preset.signal)
            embedding = preset.make(half_samples=False, dim=max(dims)).fit_transform(counts)
            vectors, numbers = embedding.vectors, embedding.numbers
            found.append([kappas(vectors[:, :dim], numbers, repeats=5) for dim in dims])
            sizes.append(tokens[blocks].sum())
    return np.log10(sizes), np.array(found)


def predict(law: str, x: np.ndarray, y: np.ndarray, at: float) -> tuple[float, float]:
    """Value of the fitted law and half the width of its 95 % interval, that of the mean."""
    function = LAWS[law]
    start = (-10.0, 3.0) if law == "line" else (-5.0, 0.5)
    best, covariance = curve_fit(function, x, y, p0=start, maxfev=10_000)
    step = 1e-5
    slope = [
        (function(at, *(best + d)) - function(at, *(best - d))) / (2 * step)
        for d in step * np.eye(2)
    ]
    spread = float(np.sqrt(slope @ covariance @ slope))
    return float(function(at, *best)), float(student.ppf(0.975, len(x) - 2) * spread)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, required=True, help="folder of the five texts")
    parser.add_argument("--work", type=Path, default=Path("build/presets"), help="folder to fill")
    parser.add_argument("--ordinals", choices=sorted(PRESET_OF), default="out")
    parser.add_argument("--dims", type=int, nargs="+", default=[100, 200])
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    text = Text(options.root, options.work, "all", options.ordinals)
    name, dims = PRESET_OF[options.ordinals], tuple(options.dims)
    with threadpool_limits(1, user_api="blas"):
        x, found = pieces(text, name, dims)
    print(f"{name}, ordinals {options.ordinals}: kappa at T = 2 / 5 / 10, mean (sd) over pieces\n")
    print("| tokens | pieces | " + " | ".join(f"d = {dim}" for dim in dims) + " |")
    print("|---" * (2 + len(dims)) + "|")
    share = np.round(N_BLOCKS * 10 ** (x - x.max())).astype(int)
    for size in np.unique(share):
        rows = found[share == size]
        cells = [
            " / ".join(
                f"{v.mean():.1f} ({v.std(ddof=1):.1f})" if len(v) > 1 else f"{v[0]:.1f}"
                for v in rows[:, at].T
            )
            for at in range(len(dims))
        ]
        tokens = (10 ** x[share == size]).mean() / 1e6
        print(f"| {tokens:.1f} M | {len(rows)} | {' | '.join(cells)} |")
    whole = share == N_BLOCKS
    print(
        "\n| d | T | law | whole text from the pieces | seen | "
        + " | ".join(f"{n:.0e}" for n in ASKED)
        + " |"
    )
    print("|---" * (5 + len(ASKED)) + "|")
    for at, dim in enumerate(dims):
        for column, T in enumerate(MODULI):
            y = found[:, at, column]
            for law in LAWS:
                values = [predict(law, x[~whole], y[~whole], float(x[whole][0]))]
                values += [predict(law, x, y, np.log10(n)) for n in ASKED]
                shown = [f"{value:.0f} +- {half:.0f}" for value, half in values]
                shown.insert(1, f"{y[whole][0]:.0f}")
                print(f"| {dim} | {T} | {law} | {' | '.join(shown)} |")


if __name__ == "__main__":
    main()
