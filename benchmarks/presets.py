"""Kappas of the presets on one text, and how far the default is from each.

    python benchmarks/presets.py --root TEXTS
    python benchmarks/presets.py --root TEXTS --ordinals keep --corpus wikipedia2014-part1

Presets that factorize counts, of those made for ordinals out or for ordinals kept, whose figures
are not compared. Differences are paired by half-samples; intervals are 95 %.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from threadpoolctl import threadpool_limits

from wordnum.analyzers.intervals import compare
from wordnum.analyzers.probing import ProbeResult, probe
from wordnum.cooccurrence.counting import count
from wordnum.cooccurrence.counts import Counts
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.recipes import encode_recipe, find_recipe
from wordnum.embeddings.presets import DEFAULT_PRESET, PRESETS, Preset

MODULI = (2, 5, 10)
FIRST = {"out": DEFAULT_PRESET, "keep": "hellinger-1-ordinals"}


def counted(options: argparse.Namespace, folder: Path, window: int) -> Counts:
    recipe = find_recipe(options.corpus, root=options.root)
    path = options.encoded or folder / "corpus"
    if not path.exists():
        encode_recipe(recipe.with_numerals("whole", options.ordinals), path)
    return count(EncodedCorpus.open(path), window=window)


def probed(counts: Counts, preset: Preset) -> ProbeResult:
    signal = counts.signal(preset.signal, window=preset.window)
    return probe(preset.make().fit_transform(signal), moduli=MODULI)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", help="folder of the recipe's texts")
    parser.add_argument("--corpus", default="wikipedia2014")
    parser.add_argument("--ordinals", choices=sorted(FIRST), default="out")
    parser.add_argument("--encoded", type=Path, help="where the encoded corpus is, or is to be")
    options = parser.parse_args()
    first = FIRST[options.ordinals]
    tried = {
        name: preset
        for name, preset in sorted(PRESETS.items(), key=lambda item: item[0] != first)
        if preset.model == "svd" and preset.ordinals == options.ordinals
    }
    print("| preset | " + " | ".join(f"T = {T}" for T in MODULI) + " | without multiples of 5 "
          f"| {first} less this |\n" + "|---" * 6 + "|")  # fmt: skip
    default = None
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1, user_api="blas"):
        counts = counted(options, Path(folder), max(p.window.size for p in tried.values()))
        for name, preset in tried.items():
            found = probed(counts, preset)
            default = default or found
            cells = [f"{p.kappa:.0f} ({p.low:.0f} to {p.high:.0f})" for p in found.values()]
            rest = [p.controls["excluding multiples of 5"].kappa for p in found.values()]
            gaps = compare(default, found).values() if found is not default else ()
            less = "; ".join(f"{g.difference:.0f} ({g.low:.0f} to {g.high:.0f})" for g in gaps)
            triple = " / ".join(f"{kappa:.0f}" for kappa in rest)
            print(f"| {name} | {' | '.join(cells)} | {triple} | {less} |", flush=True)


if __name__ == "__main__":
    main()
