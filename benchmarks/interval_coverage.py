"""How often half-sample intervals cover: fresh synthetic texts against their mean.

    python benchmarks/interval_coverage.py measure DRAWS.jsonl            every regime, in turns
    python benchmarks/interval_coverage.py measure DRAWS.jsonl clear --texts 400
    WORDNUM_CORPORA=FOLDER python benchmarks/interval_coverage.py measure DRAWS.jsonl wikipedia
    python benchmarks/interval_coverage.py report DRAWS.jsonl             the tables

Every text is drawn anew from the same model, counted, factorized under Hellinger and under PPMI
weights, and probed: kappa (Hellinger) and the difference of the two, with their half-samples, a
line of JSON each. A run that was stopped goes on where it was. `report` makes the intervals from
the lines and holds each against the mean of all texts; the nominal level is 95 %. The regime
"eight blocks" has the fewest blocks that give an interval, "dominant" one document that is a
quarter of the text, "wikipedia" a quarter of each of the five parts of Wikipedia as a text,
ordinals kept.
"""

from __future__ import annotations

import argparse
import itertools
import json
import lzma
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binomtest
from threadpoolctl import threadpool_limits

from wordnum.analyzers import probe
from wordnum.analyzers.intervals import (
    paired_difference,
    standard_error,
    t_quantile,
    variance_inflation,
)
from wordnum.cooccurrence.counting import count
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.encoding import encode_documents
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.embeddings.svd import SVD

MODULI = (2, 5, 10)
WEIGHTINGS = ("hellinger", "ppmi")


@dataclass(frozen=True)
class Regime:  # noqa: D101
    size: int
    documents: int
    signal: float
    dim: int = 50
    blocks: int = 20
    dominant: float = 0.0

    def text(self, seed: int) -> EncodedCorpus:  # noqa: D102
        corpus = SyntheticCorpus(
            n_documents=self.documents,
            length=200,
            size=self.size,
            density=0.05,
            decay=0.3,
            heaping=3,
            residue_words={10: self.signal, 2: self.signal / 2} if self.signal else {},
            magnitude=0.2,
            random_state=seed,
        ).encoded(n_blocks=self.blocks)
        return one_dominant(corpus, self.dominant) if self.dominant else corpus


def one_dominant(corpus: EncodedCorpus, share: float) -> EncodedCorpus:
    """Join the first documents into one that is a share of the text."""
    ids = np.concatenate([block.ids for block in corpus.blocks()])
    starts = np.concatenate([block.starts[:-1] + block.first_token for block in corpus.blocks()])
    rest = starts[starts >= share * len(ids)]
    return EncodedCorpus.from_arrays(ids, [0, *rest, len(ids)], corpus.vocabulary)


WIKIPEDIA = Regime(size=1000, documents=10_500, signal=0)
REGIMES = {
    "strong": Regime(size=200, documents=400, signal=0.3),
    "clear": Regime(size=200, documents=1600, signal=0.08),
    "faint": Regime(size=200, documents=400, signal=0.08),
    "faint-1000": Regime(size=1000, documents=2000, signal=0.08),
    "steep": Regime(size=500, documents=2000, signal=0.06),
    "rising": Regime(size=1000, documents=3000, signal=0.06),
    "none": Regime(size=200, documents=400, signal=0.0),
    "eight blocks": Regime(size=200, documents=800, signal=0.08, blocks=8),
    "dominant": Regime(size=200, documents=800, signal=0.08, dominant=0.25),
}


def wikipedia_texts(pieces: int = 4) -> Iterator[EncodedCorpus]:
    numerals = NumeralScheme(kind="whole", ordinals="keep")
    for part in sorted(Path(os.environ["WORDNUM_CORPORA"]).glob("wikipedia2014.*of5.txt.xz")):
        documents = lzma.decompress(part.read_bytes()).decode().split("\n\n")
        cuts = np.linspace(0, len(documents), pieces + 1).astype(int)
        for first, last in itertools.pairwise(cuts):
            yield encode_documents(documents[first:last], numerals=numerals)


def measured(corpus: EncodedCorpus, dim: int) -> dict[str, Any]:
    """Kappas (weighting, T), and those of the halves (weighting, T, half-samples, 2)."""
    counts = count(corpus, window=2)
    embeddings = [SVD(weighting=name, dim=dim).fit_transform(counts) for name in WEIGHTINGS]
    probes = [probe(made, moduli=MODULI, nulls=0, controls=False) for made in embeddings]
    return {
        "kappas": [[one[T].kappa for T in MODULI] for one in probes],
        "halves": [[list(one[T].replicate_kappas.values()) for T in MODULI] for one in probes],
    }


def measure(draws: Path, names: list[str], texts: int) -> None:
    """Append what is missing, one text of every regime after the other."""
    known = {(line["regime"], line["seed"]) for line in lines(draws)}
    with draws.open("a") as file, threadpool_limits(1, user_api="blas"):

        def add(name: str, seed: int, corpus: EncodedCorpus, dim: int) -> None:
            line = {"regime": name, "seed": seed, **measured(corpus, dim)}
            print(json.dumps(line), file=file, flush=True)

        for seed in range(texts):
            for name in names:
                if (name, seed) not in known and name in REGIMES:
                    add(name, seed, REGIMES[name].text(seed), REGIMES[name].dim)
        if "wikipedia" in names:
            for seed, corpus in enumerate(wikipedia_texts()):
                if ("wikipedia", seed) not in known:
                    add("wikipedia", seed, corpus, 100)


def lines(draws: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in draws.read_text().splitlines()] if draws.exists() else []


def report(draws: Path, names: list[str]) -> None:
    """Print what the intervals of every regime cover, and how long they are."""
    heads = "regime, numbers, documents, texts, T, of, mean, sd over texts, rms SE, length"
    print("|", heads.replace(", ", " | "), "| covered, % (Wilson 95 %) | without inflation, % |")
    print("|" + "---|" * 12)
    by_regime: dict[str, list[dict[str, Any]]] = {}
    for line in lines(draws):
        by_regime.setdefault(line["regime"], []).append(line)
    pooled: dict[tuple[str, str], list[tuple[np.ndarray, float]]] = {}
    for name in [name for name in [*REGIMES, "wikipedia"] if name in by_regime and name in names]:
        regime, texts = REGIMES.get(name, WIKIPEDIA), by_regime[name]
        for at, T in enumerate(MODULI):
            found = [intervals(T, line, at) for line in texts]
            for of, each in zip(("kappa", "difference"), zip(*found)):
                value, reach, narrow, error = np.array(each).T
                miss = np.abs(value - value.mean())
                pooled.setdefault((name, of), []).append((miss <= reach, 2 * reach.mean()))
                cells = [f"{name} | {regime.size} | {regime.documents} | {len(texts)} | {T} | {of}"]
                cells += [f"{value.mean():.1f}", f"{value.std(ddof=1):.2f}"]
                cells += [f"{np.sqrt((error**2).mean()):.2f}", f"{2 * reach.mean():.1f}"]
                cells += [covered(miss <= reach), f"{100 * np.mean(miss <= narrow):.0f}"]
                print("|", " | ".join(cells), "|", flush=True)
    print("\n| regime | of | mean length | covered at all T, % (Wilson 95 %) |\n|---|---|---|---|")
    for (name, of), each in pooled.items():
        length = np.mean([one for _, one in each])
        print(f"| {name} | {of} | {length:.1f} | {covered(np.concatenate([c for c, _ in each]))} |")


def intervals(T: int, line: dict[str, Any], at: int) -> tuple[tuple[float, ...], ...]:
    """Of kappa and of the difference: value, reach of its interval, of one not inflated, SE."""
    kappas = [one[at] for one in line["kappas"]]
    halves = [np.array(one[at]) for one in line["halves"]]
    pairs = tuple(dict(enumerate(one)) for one in halves)
    t = t_quantile(len(halves[0]))
    gap = paired_difference(T, tuple(kappas), pairs)
    error = standard_error(*halves[0].T) * variance_inflation(T, kappas[0], halves[0])
    narrow = [t * standard_error(*each.T) for each in (halves[0], halves[0] - halves[1])]
    reach = gap.high - gap.difference
    return (kappas[0], t * error, narrow[0], error), (gap.difference, reach, narrow[1], reach / t)


def covered(hits: np.ndarray) -> str:
    """Share of the texts in per cent, with its Wilson interval."""
    found = binomtest(int(hits.sum()), len(hits)).proportion_ci(method="wilson")
    return f"{100 * hits.mean():.1f} ({100 * found.low:.1f} to {100 * found.high:.1f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("measure", "report"))
    parser.add_argument("draws", type=Path)
    parser.add_argument(
        "regimes", nargs="*", metavar="REGIME", help=", ".join([*REGIMES, "wikipedia"])
    )
    parser.add_argument("--texts", type=int, default=400)
    options = parser.parse_args()
    names = options.regimes or list(REGIMES)
    if options.what == "measure":
        measure(options.draws, names, options.texts)
    else:
        report(options.draws, options.regimes or [*REGIMES, "wikipedia"])


if __name__ == "__main__":
    main()
