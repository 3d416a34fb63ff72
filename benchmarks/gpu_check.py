"""What needs a GPU, in under ten minutes: parity of the core, addition, four architectures.

    wordnum encode wikipedia2014 -o wikipedia.corpus        beforehand, without the GPU
    python benchmarks/gpu_check.py -o gpu-check --corpus wikipedia.corpus
    python benchmarks/gpu_check.py -o gpu-check --only parity,addition
    python benchmarks/gpu_check.py -o tried --device cpu --minutes 0.2      small: does it run
    wordnum analyze gpu-check/three-tokens                  the snapshots afterwards

It needs the extras lm and gpu-cuda13x (or gpu-cuda12x).
Parity: SVD and probe by CuPy beside NumPy, on a synthetic corpus. Addition: base 1000, three tokens
a number (nine digits), then one token under two seeds, all with Muon. Architectures: all four at
size 30m on a text. All trainings are in bf16; how many steps one has follows from the speed of a
first try. A line each, as JSON. A folder with trainings is not trained in again: choose a new one.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from wordnum.analyzers.probing import probe
from wordnum.cooccurrence.counting import count
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.embeddings.svd import SVD
from wordnum.lm.addition import AdditionTask
from wordnum.lm.architectures import ARCHITECTURES
from wordnum.lm.estimates import estimate
from wordnum.lm.language_model import LanguageModel

MODULI = (2, 5, 10)
# Shares of the minutes; two seeds of one token, four architectures. The rest is for starts.
THREE, ONE, EACH = 0.34, 0.08, 0.1


def parity(device: str) -> dict:
    """Largest differences between both devices; the documented tolerances are in docs/speed.md."""
    counts = count(SyntheticCorpus(n_documents=500, residue_words={10: 0.5}).encoded(), window=3)
    both = ("cpu", device)
    fitted = [SVD(dim=50, half_samples=False, device=d).fit_transform(counts) for d in both]
    kappas = [
        [probe(fitted[0], moduli=MODULI, nulls=0, device=d)[T].kappa for T in MODULI] for d in both
    ]
    grams = [np.asarray(e) @ np.asarray(e).T for e in fitted]
    return {
        "parity": f"cpu, {device}",
        "gram": float(abs(grams[0] - grams[1]).max() / abs(grams[0]).max()),
        "kappa": float(np.abs(np.subtract(*kappas)).max()),
    }


def trained(name: str, source, minutes: float, options: argparse.Namespace, **how) -> dict:
    """Train for about so many minutes; kappas of the last snapshot of every seed."""
    how |= {"precision": "bf16", "device": options.device}
    cost = estimate(LanguageModel(**how), source)
    steps = max(5, int(minutes * 60 * cost["tokens_per_second"] / how["batch_tokens"]))
    model = LanguageModel(**how, max_steps=steps, folder=options.output / name)
    begun = time.monotonic()
    model.fit(source)
    ends = {seed: t.final for seed, t in model.trajectories_.items()}
    found = {
        "training": name,
        "parameters": cost["parameters"],
        "steps": steps,
        "tokens": model.history_[-1]["tokens"],
        "seconds": round(time.monotonic() - begun),
        "loss": model.history_[-1]["loss"],
        "accuracy": {seed: e.provenance.get("accuracy") for seed, e in ends.items()},
        "kappa": {
            seed: {T: round(probe(e, moduli=MODULI, nulls=0)[T].kappa, 1) for T in MODULI}
            for seed, e in ends.items()
        },
    }
    if options.device == "cuda":
        import torch

        found["memory, GB"] = round(torch.cuda.max_memory_allocated() / 2**30, 1)
        torch.cuda.reset_peak_memory_stats()
    return found


def say(row: dict) -> None:
    print(json.dumps(row), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("-o", "--output", type=Path, default=Path("gpu-check"))
    parser.add_argument("--minutes", type=float, default=9.0, help="of all trainings")
    parser.add_argument("--corpus", type=Path, help="an encoded corpus for the architectures")
    parser.add_argument("--only", default="parity,addition,architectures")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    options = parser.parse_args()
    parts, gpu, minutes = options.only.split(","), options.device == "cuda", options.minutes
    begun = time.monotonic()
    if "parity" in parts:
        say(parity(options.device))
    if "addition" in parts:
        base, size, batch = (1000, "tiny", 2**17) if gpu else (100, "nano", 2**11)
        how = {"size": size, "optimizer": "muon", "batch_tokens": batch}
        for name, tokens, share, seeds in (("three-tokens", 3, THREE, 1), ("one-token", 1, ONE, 2)):
            task = AdditionTask(base=base, tokens=tokens, order="least")
            say(trained(name, task, share * minutes, options, seeds=seeds, **how))
    if "architectures" in parts and (options.corpus or not gpu):
        text = SyntheticCorpus(n_documents=200).encoded()
        corpus = EncodedCorpus.open(options.corpus) if options.corpus else text
        size, batch = ("30m", 2**15) if gpu else ("nano", 2**11)
        for name in ARCHITECTURES:
            how = {"size": size, "architecture": name, "batch_tokens": batch, "words": 50_000}
            say(trained(name, corpus, EACH * minutes, options, **how))
    elif "architectures" in parts:
        say({"architectures": "not trained: no --corpus"})
    say({"seconds in all": round(time.monotonic() - begun)})


if __name__ == "__main__":
    main()
