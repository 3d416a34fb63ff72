"""CPU seconds and memory of the words of nine T, and of how many suffice at one T.

OPENBLAS_NUM_THREADS=1 python benchmarks/words_cost.py counts.npz
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from typing import Any

from wordnum.analyzers.keyword_finding import keywords
from wordnum.analyzers.sufficient_words import sufficiency
from wordnum.cooccurrence.counts import Counts


def measured(what: str, work: Callable[[], Any]) -> None:
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    work()
    spent, after = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{what}: {spent:.1f} s of CPU, {(after - before) / 1e3:.0f} MB more")


def main() -> None:
    counts = Counts.load(sys.argv[1])
    for window in (1, 5):
        signal = counts.signal("text", window=window)
        about = f"{signal.shape[1]} columns, {signal.matrix().nnz} counts, ±{window}"
        measured(f"words of nine T, {about}", lambda s=signal: keywords(s, moduli=range(2, 11)))
    measured("how many suffice, T = 10, ±1", lambda: sufficiency(counts, modulus=10, window=1))


if __name__ == "__main__":
    main()
