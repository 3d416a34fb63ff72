"""`SVD.fit` with its half-samples, beside another checkout of wordnum.

    python benchmarks/svd_fit.py --text TEXT
    python benchmarks/svd_fit.py --text TEXT --beside ../older-checkout

Hellinger rows of three tokens each side, 100 dimensions, 20 half-samples. Each fit runs in a
process of its own, once with BLAS's own number of threads and once with one, in turn; seconds are
those of the processor, all threads together, the least of some. Singular values of the whole must
agree to 1e-8.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

WORK = """
import json, sys, time
from wordnum import SVD, EncodedCorpus, count
corpus = EncodedCorpus.open(sys.argv[1])
try:
    signal = count(corpus, window=3).signal("both")
    fit = lambda: SVD(weighting="hellinger", dim=100).fit(signal)
    values = lambda made: made.singular_values_
    fit()
except Exception:  # the first edition: parameters by other names, fit gave the embedding
    signal = count(corpus, window=3, perturbations="original").signal("both")
    model = SVD(weighting="hellinger", dim=100)
    def fit():
        model.fit(signal)
        return model
    values = lambda made: getattr(made, "singular_values_", getattr(made, "singular_values", []))
    fit()
start = time.process_time()
made = fit()
print(json.dumps([time.process_time() - start, list(map(float, values(made)))]))
"""


def fitted(checkout: Path, corpus: Path, threads: int | None) -> tuple[float, list[float]]:
    """Processor seconds and singular values of one fit by the code of a checkout."""
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    environment.pop("OPENBLAS_NUM_THREADS", None)
    if threads:
        environment["OPENBLAS_NUM_THREADS"] = str(threads)
    command = [sys.executable, "-c", WORK, str(corpus)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=environment, cwd="/"
    )
    seconds, values = json.loads(done.stdout.splitlines()[-1])
    return seconds, values


def encoded(checkout: Path, texts: list[str], folder: Path) -> Path:
    """Corpus of texts, encoded by the code of a checkout: each reads its own."""
    path = folder / f"{checkout.name}.corpus"
    script = "import sys; from wordnum import encode; encode(sys.argv[2:], sys.argv[1])"
    command = [sys.executable, "-c", script, str(path), *(str(Path(t).resolve()) for t in texts)]
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    subprocess.run(command, check=True, env=environment, cwd="/")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--text", required=True, nargs="+", help="files or folders")
    parser.add_argument("--beside", type=Path, help="another checkout of wordnum")
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    checkouts = [
        Path(__file__).resolve().parents[1],
        *([given.beside.resolve()] if given.beside else []),
    ]
    with tempfile.TemporaryDirectory() as place:
        corpora = [encoded(checkout, given.text, Path(place)) for checkout in checkouts]
        print("| threads | checkout | seconds | ratio | singular values differ by |")
        print("|---|---|---|---|---|")
        for threads in (None, 1):
            best: list[float] = [float("inf")] * len(checkouts)
            values: list[list[float]] = [[] for _ in checkouts]
            for _ in range(given.times):
                for at, (checkout, corpus) in enumerate(zip(checkouts, corpora)):
                    seconds, values[at] = fitted(checkout, corpus, threads)
                    best[at] = min(best[at], seconds)
            for at, checkout in enumerate(checkouts):
                off = max(
                    (abs(a / b - 1) for a, b in zip(values[at], values[0])), default=float("nan")
                )
                name = "this one" if at == 0 else checkout.name
                print(f"| {threads or 'as they are'} | {name} | {best[at]:.2f} | "
                      f"{best[at] / best[0]:.2f} | {off:.0e} |")  # fmt: skip


if __name__ == "__main__":
    main()
