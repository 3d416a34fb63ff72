"""How often half-sample intervals cover: fresh synthetic texts against their mean.

    python benchmarks/interval_coverage.py                 every regime, one after another
    python benchmarks/interval_coverage.py clear --texts 60
    WORDNUM_CORPORA=FOLDER python benchmarks/interval_coverage.py wikipedia

Every text is drawn anew from the same model, counted, factorized under Hellinger and under PPMI
weights, and probed: the interval of kappa (Hellinger) and of the difference of the two. Each is
held against the mean of all texts. The nominal level is 95 %. "growth" is kappa over the mean kappa
of half the text. "narrow" is what ``kappa -+ 2.26 sd(kappa_A - kappa_not-A) / 2`` covers, without
the `variance_inflation` of `wordnum.analyzers.intervals`. The regime "wikipedia" takes a quarter of
each of the five parts of Wikipedia as a text, ordinals kept.
"""

from __future__ import annotations

import argparse
import itertools
import lzma
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from wordnum.analyzers import compare, probe
from wordnum.analyzers.intervals import standard_error
from wordnum.cooccurrence.counting import count
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.encoding import encode_documents
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.embeddings.svd import SVD

MODULI = (2, 5, 10)


@dataclass(frozen=True)
class Regime:  # noqa: D101
    size: int
    documents: int
    signal: float
    texts: int
    dim: int = 50


WIKIPEDIA = Regime(size=1000, documents=10_500, signal=0, texts=20, dim=100)
REGIMES = {
    "strong": Regime(size=200, documents=400, signal=0.3, texts=60),
    "clear": Regime(size=200, documents=1600, signal=0.08, texts=40),
    "faint": Regime(size=200, documents=400, signal=0.08, texts=100),
    "faint-1000": Regime(size=1000, documents=2000, signal=0.08, texts=40),
    "steep": Regime(size=500, documents=2000, signal=0.06, texts=50),
    "rising": Regime(size=1000, documents=3000, signal=0.06, texts=40),
    "none": Regime(size=200, documents=400, signal=0.0, texts=60),
}


def synthetic_texts(regime: Regime) -> Iterator[EncodedCorpus]:
    signal = {10: regime.signal, 2: regime.signal / 2} if regime.signal else {}
    for seed in range(regime.texts):
        yield SyntheticCorpus(
            n_documents=regime.documents,
            length=200,
            size=regime.size,
            density=0.05,
            decay=0.3,
            heaping=3,
            residue_words=signal,
            magnitude=0.2,
            random_state=seed,
        ).encoded()


def wikipedia_texts(pieces: int = 4) -> Iterator[EncodedCorpus]:
    numerals = NumeralScheme(kind="whole", ordinals="keep")
    for part in sorted(Path(os.environ["WORDNUM_CORPORA"]).glob("wikipedia2014.*of5.txt.xz")):
        documents = lzma.decompress(part.read_bytes()).decode().split("\n\n")
        cuts = np.linspace(0, len(documents), pieces + 1).astype(int)
        for first, last in itertools.pairwise(cuts):
            yield encode_documents(documents[first:last], numerals=numerals)


def measured(corpus: EncodedCorpus, dim: int) -> list[list[list[float]]]:
    """Value, reach of its interval, of the narrow one, and mean of halves: (T, 2, 4)."""
    counts = count(corpus, window=2)
    first, second = (
        probe(
            SVD(weighting=name, dim=dim).fit_transform(counts),
            moduli=MODULI,
            nulls=0,
            controls=False,
        )
        for name in ("hellinger", "ppmi")
    )
    gaps = compare(first, second)
    found = []
    for T in MODULI:
        one, other, gap = first[T], second[T], gaps[T]
        own, others = (np.array(list(p.replicate_kappas.values())) for p in (one, other))
        narrow = [2.26 * standard_error(*halves.T) for halves in (own, own - others)]
        found.append(
            [
                [one.kappa, one.high - one.kappa, narrow[0], own.mean()],
                [gap.difference, gap.high - gap.difference, narrow[1], (own - others).mean()],
            ]
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "regimes", nargs="*", metavar="REGIME", help=", ".join([*REGIMES, "wikipedia"])
    )
    parser.add_argument("--texts", type=int, default=None)
    options = parser.parse_args()
    heads = "regime, numbers, documents, texts, T, of, mean, growth, sd over texts, rms SE"
    print("|", heads.replace(", ", " | "), "| cover, % | narrow, % |\n|" + "---|" * 12)
    for name in options.regimes or REGIMES:
        regime = REGIMES.get(name, WIKIPEDIA)
        regime = replace(regime, texts=options.texts or regime.texts)
        texts = wikipedia_texts() if name == "wikipedia" else synthetic_texts(regime)
        with threadpool_limits(1, user_api="blas"):
            found = np.array([measured(t, regime.dim) for t in texts])
        start = f"| {name} | {regime.size} | {regime.documents} | {len(found)} | "
        for at, T in enumerate(MODULI):
            for of, label in enumerate(("kappa", "difference")):
                print(start + row(f"{T} | {label}", *found[:, at, of].T), flush=True)


def row(
    start: str, value: np.ndarray, reach: np.ndarray, narrow: np.ndarray, half: np.ndarray
) -> str:
    miss = np.abs(value - value.mean())
    grown = "kappa" in start and value.mean() > 5
    cells = [
        f"{value.mean():.1f}",
        f"{value.mean() / half.mean():.2f}" if grown else "",
        f"{value.std(ddof=1):.2f}",
        f"{np.sqrt(np.mean((reach / 2.26) ** 2)):.2f}",
        f"{100 * np.mean(miss <= reach):.0f}",
        f"{100 * np.mean(miss <= narrow):.0f} |",
    ]
    return " | ".join([start, *cells])


if __name__ == "__main__":
    main()
