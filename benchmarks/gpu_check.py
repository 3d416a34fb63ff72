"""What needs a GPU, in under ten minutes: base-1000 addition, parity of the core.

    python benchmarks/gpu_check.py -o gpu-check
    python benchmarks/gpu_check.py -o gpu-check --minutes 1     each training shorter
    wordnum analyze gpu-check/three-tokens                      the snapshots afterwards

It needs the extras lm and gpu-cuda13x (or gpu-cuda12x).
Trainings: three tokens a number (nine digits) for four minutes, one token under two seeds for two
minutes each, all with Muon in bf16. How many steps that is follows from the speed of a first try.
Parity: SVD and probe by CuPy beside NumPy, on a synthetic corpus. A line each, as JSON.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from wordnum.analyzers.probing import probe
from wordnum.cooccurrence.counting import count
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.embeddings.svd import SVD
from wordnum.lm.addition import AdditionTask
from wordnum.lm.estimates import estimate
from wordnum.lm.language_model import LanguageModel

MODULI = (2, 5, 10)
BATCH = 2**17


def parity() -> dict:
    """Largest differences between both devices; the documented tolerances are in docs/speed.md."""
    counts = count(SyntheticCorpus(n_documents=500, residue_words={10: 0.5}).encoded(), window=3)
    fitted = [
        SVD(dim=50, half_samples=False, device=d).fit_transform(counts) for d in ("cpu", "cuda")
    ]
    kappas = [
        [probe(fitted[0], moduli=MODULI, nulls=0, device=d)[T].kappa for T in MODULI]
        for d in ("cpu", "cuda")
    ]
    grams = [np.asarray(e) @ np.asarray(e).T for e in fitted]
    return {
        "gram": float(abs(grams[0] - grams[1]).max() / abs(grams[0]).max()),
        "kappa": float(np.abs(np.subtract(*kappas)).max()),
    }


def trained(name: str, tokens: int, minutes: float, folder: Path, **more) -> dict:
    """Train for about so many minutes; kappas of the last snapshot of every seed."""
    task = AdditionTask(base=1000, tokens=tokens, order="least")
    how = {"size": "tiny", "optimizer": "muon", "precision": "bf16", "device": "cuda",
           "batch_tokens": BATCH, **more}  # fmt: skip
    speed = estimate(LanguageModel(**{**how, "batch_tokens": BATCH}), task)["tokens_per_second"]
    steps = max(100, int(minutes * 60 * speed / BATCH))
    model = LanguageModel(**how, max_steps=steps, folder=folder / name)
    begun = time.monotonic()
    model.fit(task)
    ends = {seed: t.final for seed, t in model.trajectories_.items()}
    return {
        "training": name,
        "steps": steps,
        "seconds": round(time.monotonic() - begun),
        "accuracy": {seed: e.provenance["accuracy"] for seed, e in ends.items()},
        "kappa": {
            seed: {T: round(probe(e, moduli=MODULI, nulls=0)[T].kappa, 1) for T in MODULI}
            for seed, e in ends.items()
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("-o", "--output", type=Path, default=Path("gpu-check"))
    parser.add_argument("--minutes", type=float, default=4.0, help="of the longest training")
    options = parser.parse_args()
    print(json.dumps({"parity": parity()}), flush=True)
    long, short = options.minutes, options.minutes / 2
    print(json.dumps(trained("three-tokens", 3, long, options.output)), flush=True)
    print(json.dumps(trained("one-token", 1, short, options.output, seeds=2)), flush=True)


if __name__ == "__main__":
    main()
