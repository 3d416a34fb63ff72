"""How often the half-split interval of kappa covers: fresh synthetic texts against their mean.

    python benchmarks/interval_coverage.py                       1000 numbers, 50 texts
    python benchmarks/interval_coverage.py --size 200 --texts 200 --documents 400

Every text is drawn anew from the same model, counted, factorized and probed. The interval of each
is held against the mean kappa of all. The nominal level is 95 %.
"""

from __future__ import annotations

import argparse

import numpy as np
from threadpoolctl import threadpool_limits

from wordnum.analyze import probe
from wordnum.cooccurrence.count import count
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.embed.svd import SVD

MODULI = (2, 5, 10)


def one_text(seed: int, options: argparse.Namespace) -> list[list[float]]:
    corpus = SyntheticCorpus(
        n_documents=options.documents,
        length=200,
        size=options.size,
        density=0.05,
        decay=0.3,
        heaping=3,
        residue_words={10: options.signal, 2: options.signal / 2},
        magnitude=0.2,
        seed=seed,
    )
    embedding = SVD(weighting="hellinger", dim=options.dim).fit(count(corpus.encoded(), window=2))
    found = probe(embedding, moduli=MODULI, nulls=0, controls=False)
    return [[found[T].kappa, found[T].low, found[T].high] for T in MODULI]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=int, default=50)
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--dim", type=int, default=50)
    parser.add_argument("--signal", type=float, default=0.08)
    options = parser.parse_args()
    with threadpool_limits(1, user_api="blas"):
        found = np.array([one_text(seed, options) for seed in range(options.texts)])
    for at, T in enumerate(MODULI):
        kappa, low, high = found[:, at].T
        covered = np.mean((low <= kappa.mean()) & (kappa.mean() <= high))
        error = (high - low).mean() / (2 * 2.26)
        print(f"T = {T}: kappa {kappa.mean():.1f}, sd over texts {kappa.std(ddof=1):.2f}, ", end="")
        print(f"mean SE {error:.2f}, {100 * covered:.0f} % of {options.texts} intervals cover")


if __name__ == "__main__":
    main()
