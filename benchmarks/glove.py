"""GloVe: non-zero counts per second, and the loss reached, side by side with a peer.

    python benchmarks/glove.py                                  one CPU core
    python benchmarks/glove.py --peer path/to/GloVe/build/glove   beside the original C program

The counts are drawn from a Zipf law, so that the script needs no text: hot rows and a long tail,
as in text. All start from random vectors of the same law and make the same number of passes.
Seconds are those that one core spent, so that other work on the machine does not count.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from scipy import sparse

from wordnum.embeddings.glove import GloVe


def zipf_counts(vocabulary: int, nnz: int, seed: int = 0) -> sparse.csr_array:
    """A symmetric matrix of about `nnz` non-zero harmonic counts with Zipf margins."""
    rng = np.random.default_rng(seed)
    chance = 1 / (np.arange(1, vocabulary + 1) + 2.7)
    chance /= chance.sum()
    matrix = sparse.csr_array((vocabulary, vocabulary))
    while matrix.nnz < nnz:
        draws = nnz // 2
        rows, columns = rng.choice(vocabulary, size=(2, draws), p=chance)
        values = 1 / rng.integers(1, 11, draws)
        # Words that go together: half of the pairs prefer a partner of like rank modulo 50.
        columns = np.where(rng.random(draws) < 0.5, columns // 50 * 50 + rows % 50, columns)
        columns = np.minimum(columns, vocabulary - 1)
        part = sparse.csr_array((values, (rows, columns)), shape=matrix.shape)
        matrix = sparse.csr_array(matrix + part + part.T)
    return matrix


def spent() -> float:
    """Seconds of all cores on this process and on those that it has waited for."""
    return sum(os.times()[:4])


def ours(counts: sparse.csr_array, *, dim: int, epochs: int):
    """Seconds per pass and the losses; what is compiled once is left out."""
    GloVe(dim=dim, epochs=1).fit_transform(counts[:50])
    seconds = []
    for passes in (1, 1 + epochs):
        model = GloVe(dim=dim, epochs=passes)
        start = spent()
        model.fit(counts)
        seconds.append(spent() - start)
    return (seconds[1] - seconds[0]) / epochs, model.losses_


def original(counts: sparse.csr_array, *, program: str, dim: int, epochs: int):
    """Seconds per pass and the losses of the original program, one thread."""
    matrix = sparse.coo_array(counts)
    order = np.random.default_rng(0).permutation(matrix.nnz)
    records = np.empty(matrix.nnz, dtype=[("row", "i4"), ("column", "i4"), ("value", "f8")])
    records["row"], records["column"] = matrix.row[order] + 1, matrix.col[order] + 1
    records["value"] = matrix.data[order]
    with tempfile.TemporaryDirectory() as folder:
        pairs, words = Path(folder) / "pairs.bin", Path(folder) / "vocab.txt"
        records.tofile(pairs)
        words.write_text("".join(f"w{i} 1\n" for i in range(counts.shape[0])))
        seconds = []
        for passes in (1, 1 + epochs):
            command = [program, "-input-file", pairs, "-vocab-file", words, "-threads", 1]
            command += ["-vector-size", dim, "-iter", passes, "-save-file", f"{folder}/out"]
            start = spent()
            done = subprocess.run(
                [str(part) for part in command], capture_output=True, text=True, check=True
            )
            seconds.append(spent() - start)
    costs = re.findall(r"cost: ([\d.e+-]+)", done.stderr)
    return (seconds[1] - seconds[0]) / epochs, np.array(costs, float)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dim", type=int, default=300)
    parser.add_argument("--vocabulary", type=int, default=50_000)
    parser.add_argument("--nnz", type=int, default=4_000_000)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--peer", help="the original program, compiled")
    options = parser.parse_args()
    counts = zipf_counts(options.vocabulary, options.nnz)
    size = {"dim": options.dim, "epochs": options.epochs}
    print(f"GloVe, {counts.nnz:,} non-zero counts of {counts.shape}, dim {options.dim}")
    rows = [("wordnum, one CPU core", *ours(counts, **size))]
    if options.peer:
        rows.append(("original C, one core", *original(counts, program=options.peer, **size)))
    print(f"{'':24}{'M nnz/s':>10}{'ratio':>8}   loss after each pass")
    for name, seconds, losses in rows:
        shown = " ".join(f"{loss:.5f}" for loss in losses)
        rate, ratio = counts.nnz / seconds / 1e6, rows[0][1] / seconds
        print(f"{name:24}{rate:10.2f}{ratio:8.2f}   {shown}", flush=True)


if __name__ == "__main__":
    main()
