"""Corrected Phi_T of weighted counts: its parts, and what a truncation to d dimensions keeps.

    python benchmarks/phi_kept.py COUNTS.npz --window 1

The first table is straight from the counts, over all their columns: squares are products of
complementary halves of the documents, so that sampling noise adds nothing. In the second, vectors
are those of the singular value decomposition of the same weighted counts, cut to d dimensions: the
share that is left of the raw Phi_T, and of the Phi_T corrected by the same analysis of variance.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable

import numpy as np

from wordnum.analyzers.phi import CONTRASTS, Phi, phi_of_counts, phi_parts
from wordnum.cooccurrence.counts import Counts
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.svd import SVD

MODULI = (2, 5, 10)
DIMS = (10, 25, 50, 100, 200, 300, 500)


def line(cells: Iterable[object]) -> None:
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def of_corrected(phi: Phi, name: str) -> str:
    """Write a contrast in per cent of the corrected Phi_T, with its interval."""
    share = phi.contrasts.get(name)
    if share is None:
        return ""
    scale = 100 / phi.corrected.value
    middle = f"{scale * share.value:.0f}"
    return (
        middle
        if share.low is None
        else (f"{middle} ({scale * share.low:.0f} to {scale * share.high:.0f})")
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("counts")
    parser.add_argument("--window", type=int, default=1)
    parser.add_argument("--weighting", default="hellinger")
    options = parser.parse_args()
    signal = Counts.load(options.counts).signal("both", window=options.window)
    counted = phi_of_counts(signal, moduli=MODULI, weighting=options.weighting)
    line(["T", "corrected, % of raw", *CONTRASTS])
    print("|---" * (2 + len(CONTRASTS)) + "|")
    for T, phi in counted.items():
        share = f"{100 * phi.corrected.value / phi.value:.0f}"
        line([T, share, *(of_corrected(phi, name) for name in CONTRASTS)])

    numbers = int(np.count_nonzero(np.diff(signal.matrix().indptr)))
    model = SVD(weighting=options.weighting, dim=numbers, half_samples=False)
    whole = model.fit_transform(signal)
    full = phi_parts(whole, moduli=MODULI)
    print()
    line(
        ["dimensions", *(f"raw, T = {T}" for T in MODULI), *(f"corrected, T = {T}" for T in MODULI)]
    )
    print("|---" * (1 + 2 * len(MODULI)) + "|")
    for dim in (d for d in DIMS if d < whole.dim):
        cut = Embedding(whole.vectors[:, :dim], whole.numbers, size=whole.size)
        kept, phi = counted.kept_by(cut), phi_parts(cut, moduli=MODULI)
        corrected = (phi[T].corrected.value / full[T].corrected.value for T in MODULI)
        line([dim, *(f"{100 * kept[T]:.0f} %" for T in MODULI),
              *(f"{100 * share:.0f} %" for share in corrected)])  # fmt: skip


if __name__ == "__main__":
    main()
