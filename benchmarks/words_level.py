"""Level of the test of words: contexts pooled per run of ten, with the real totals of numbers.

Under this null no word is tied to a residue, and numbers keep how often they occur: round ones
several times as often as their neighbours. Prints the share of words that are rejected at 5, 1 and
0.1 %, and beside it that of a plain F of Hellinger columns, whose mean depends on the total.

    python benchmarks/words_level.py counts.npz --draws 50
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy import sparse

from wordnum.analyzers.contrasts import residue_contrasts
from wordnum.analyzers.keyword_tests import block_f
from wordnum.cooccurrence.counts import Counts

LEVELS = (0.05, 0.01, 0.001)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("counts")
    parser.add_argument("--window", type=int, default=1)
    parser.add_argument("--draws", type=int, default=50)
    parser.add_argument("--moduli", type=int, nargs="*", default=[2, 5, 10])
    options = parser.parse_args()
    counts = Counts.load(options.counts).signal("text", window=options.window).matrix()
    totals = counts.sum(axis=1).astype(int)
    numbers = np.flatnonzero(totals)
    run = np.unique(numbers // 10, return_inverse=True)[1]
    pooled = np.stack([counts[numbers[run == j]].sum(axis=0) for j in range(run.max() + 1)])
    tested = np.flatnonzero(pooled.sum(axis=0) >= 100)
    # All other words together are one.
    shares = np.hstack([pooled[:, tested], pooled.sum(axis=1, keepdims=True)])
    shares[:, -1] -= shares[:, :-1].sum(axis=1)
    shares /= shares.sum(axis=1, keepdims=True)
    rng = np.random.default_rng(0)
    p: dict[tuple[int, str], list[np.ndarray]] = {}
    for _ in range(options.draws):
        drawn = np.stack([rng.multinomial(totals[n], shares[j]) for n, j in zip(numbers, run)])
        seen = drawn[:, :-1] / totals[numbers, None]
        for T in options.moduli:
            contrasts = residue_contrasts(numbers, T)
            for name, values in (("shares", seen), ("Hellinger", np.sqrt(seen))):
                p.setdefault((T, name), []).append(block_f(contrasts, sparse.csr_array(values))[1])
    print(f"{tested.size} words, {options.draws} draws, window {options.window}; % rejected")
    print("T   test         " + "".join(f"{100 * level:>8g} %" for level in LEVELS))
    for (T, name), values in p.items():
        found = np.concatenate(values)
        told = "".join(f"{100 * (found <= level).mean():>10.2f}" for level in LEVELS)
        print(f"{T:<4}{name:<12} {told}")


if __name__ == "__main__":
    main()
