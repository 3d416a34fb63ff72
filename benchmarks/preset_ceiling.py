"""How well n mod T can be read from the counts themselves, with no embedding in between.

    python benchmarks/preset_ceiling.py --root TEXTS --ordinals out      and --ordinals keep

An embedding can lose what the counts hold. How much there is to lose is bounded from below by
classifiers that see every context of every number: ridge on all columns (by way of the Gram matrix,
so that no direction is left out), and ridge in the feature space of a Gaussian kernel, which may
bend. Rows are weighted and brought to length one; the strength is nested in the training folds, by
leaving one out. All five parts of Wikipedia, five folds, mean (sd) of five shuffles.

The last rows are the best of all readers by the same folds: chosen after the fact, so too high.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from preset_texts import N_BLOCKS, Text
from scipy import linalg, sparse
from sklearn.linear_model import RidgeClassifierCV
from sklearn.metrics import cohen_kappa_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from threadpoolctl import threadpool_limits

from wordnum.cooccurrence.windows import Window
from wordnum.embeddings.weightings import weight

MODULI = (2, 5, 10)
SHUFFLES = 5
ALPHAS = np.logspace(-4, 2, 13)
WEIGHTINGS = ("hellinger", "ppmi", "log")
# Squared distances that weigh 1/e, as a multiple of twice the median one.
WIDTHS = (0.25, 0.5, 1.0)


def cosines(text: Text, numbers: np.ndarray, window: Window, weighting: str) -> np.ndarray:
    """Cosines of the weighted rows of some numbers."""
    counts = text.matrix(np.arange(N_BLOCKS), window=window)
    rows = sparse.csr_array(weight(counts[numbers], weighting=weighting).matrix)
    gram = (rows @ rows.T).toarray()
    length = np.sqrt(np.maximum(np.diag(gram), 1e-12))
    return gram / np.outer(length, length)


def kernels(text: Text) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name, kernel matrix and numbers of every way to see the contexts."""
    windows = {f"±{size}": Window(size=size) for size in (1, 2, 3)}
    numbers = np.flatnonzero(text.corpus().number_counts)
    linear = {}
    for weighting in WEIGHTINGS:
        for label, window in windows.items():
            linear[f"{weighting} {label}"] = cosines(text, numbers, window, weighting)
    linear["hellinger ±1, ±2 and ±3"] = np.mean([linear[f"hellinger {w}"] for w in windows], axis=0)
    for name, kernel in linear.items():
        yield f"{name}, linear", kernel, numbers
        distances = np.maximum(2 - 2 * kernel, 0)
        for width in WIDTHS:
            bent = np.exp(-distances / (2 * width * np.median(distances)))
            yield f"{name}, Gaussian, width {width}", bent, numbers


def features(kernel: np.ndarray) -> np.ndarray:
    """All directions of the feature space that the numbers span, of mean square length one."""
    values, vectors = linalg.eigh(kernel)
    coordinates = vectors * np.sqrt(np.maximum(values, 0))
    return coordinates * np.sqrt(len(kernel) / np.trace(kernel))


def kappas(kernel: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Kappa x 100 of n mod T by T and shuffle."""
    rows = features(kernel)
    found = np.zeros((len(MODULI), SHUFFLES))
    for at, period in enumerate(MODULI):
        residues = numbers % period
        for seed in range(SHUFFLES):
            folds = StratifiedKFold(5, shuffle=True, random_state=seed)
            predicted = cross_val_predict(
                RidgeClassifierCV(alphas=ALPHAS), rows, residues, cv=folds
            )
            found[at, seed] = 100 * cohen_kappa_score(residues, predicted)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--root", type=Path, required=True, help="folder of the compressed texts")
    parser.add_argument("--work", type=Path, default=Path("preset-work"))
    parser.add_argument("--ordinals", choices=("out", "keep"), required=True)
    options = parser.parse_args()
    text = Text(options.root, options.work, "all", options.ordinals)
    print("| reader | T = 2 | T = 5 | T = 10 |\n|---|---|---|---|")
    best = np.full((2, len(MODULI)), -np.inf)
    with threadpool_limits(1):
        for name, kernel, numbers in kernels(text):
            found = kappas(kernel, numbers)
            mean, sd = found.mean(axis=1), found.std(axis=1, ddof=1)
            cells = " | ".join(f"{m:.1f} ({s:.1f})" for m, s in zip(mean, sd))
            print(f"| {name} | {cells} |", flush=True)
            bent = int("linear" not in name)
            best[bent] = np.maximum(best[bent], mean)
    for kind, row in zip(("linear", "Gaussian"), best):
        print(f"| best of all that are {kind}, each T by itself | ", end="")
        print(" | ".join(f"{value:.1f}" for value in row), "|")


if __name__ == "__main__":
    main()
