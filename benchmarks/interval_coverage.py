"""How often the half-split interval of kappa covers: fresh synthetic texts against their mean.

    python benchmarks/interval_coverage.py                 every regime, one after another
    python benchmarks/interval_coverage.py clear --texts 60

Every text is drawn anew from the same model, counted, factorized and probed. The interval of each
is held against the mean kappa of all. The nominal level is 95 %. "growth" is kappa over the mean
kappa of half the text. The last column has the intervals that the standard error of a half would
give, sqrt(2) times as long.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from wordnum.analyze import probe
from wordnum.cooccurrence.count import count
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.embed.svd import SVD

MODULI = (2, 5, 10)


@dataclass(frozen=True)
class Regime:  # noqa: D101
    size: int
    documents: int
    signal: float
    texts: int


REGIMES = {
    "strong": Regime(size=200, documents=400, signal=0.3, texts=200),
    "clear": Regime(size=200, documents=1600, signal=0.08, texts=100),
    "faint": Regime(size=200, documents=400, signal=0.08, texts=200),
    "faint-1000": Regime(size=1000, documents=2000, signal=0.08, texts=100),
    "none": Regime(size=200, documents=400, signal=0.0, texts=200),
}


def one_text(seed: int, regime: Regime) -> list[list[float]]:
    signal = {10: regime.signal, 2: regime.signal / 2} if regime.signal else {}
    corpus = SyntheticCorpus(
        n_documents=regime.documents,
        length=200,
        size=regime.size,
        density=0.05,
        decay=0.3,
        heaping=3,
        residue_words=signal,
        magnitude=0.2,
        seed=seed,
    )
    counts = count(corpus.encoded(), window=2, perturbations="original")
    embedding = SVD(weighting="hellinger", dim=50).fit(counts)
    found = probe(embedding, moduli=MODULI, nulls=0, controls=False)
    return [
        [found[T].kappa, found[T].high - found[T].kappa, found[T].half_kappas.mean()]
        for T in MODULI
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("regimes", nargs="*", choices=[*REGIMES, []], default=[])
    parser.add_argument("--texts", type=int, default=None)
    options = parser.parse_args()
    print(
        "| regime | numbers | documents | texts | T | kappa | growth | sd over texts | rms SE ",
        end="",
    )
    print("| cover, % | cover at the SE of a half, % |\n|" + "---|" * 11)
    for name in options.regimes or REGIMES:
        regime = REGIMES[name]
        texts = options.texts or regime.texts
        with threadpool_limits(1, user_api="blas"):
            found = np.array([one_text(seed, regime) for seed in range(texts)])
        for at, T in enumerate(MODULI):
            kappa, reach, half = found[:, at].T
            miss = np.abs(kappa - kappa.mean())
            growth = f"{kappa.mean() / half.mean():.2f}" if kappa.mean() > 5 else ""
            cells = [
                f"| {name} | {regime.size} | {regime.documents} | {texts} | {T}",
                f"{kappa.mean():.1f}",
                growth,
                f"{kappa.std(ddof=1):.2f}",
                f"{np.sqrt(np.mean((reach / 2.26) ** 2)):.2f}",
                f"{100 * np.mean(miss <= reach):.0f}",
                f"{100 * np.mean(miss <= np.sqrt(2) * reach):.0f} |",
            ]
            print(" | ".join(cells), flush=True)


if __name__ == "__main__":
    main()
