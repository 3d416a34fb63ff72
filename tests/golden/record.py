"""Record golden values: ``python -m tests.golden.record`` in the root of the repository.

What is recorded is what later changes are compared with, so it is done again only where a result
is meant to change. Values of the real text are kept where that text is not found.

Every model runs with one worker and a fixed seed, and linear algebra with one thread: two runs on
one machine then give the same numbers. Another processor or another build of BLAS, NumPy, gensim or
scikit-learn may differ in the last bits, which training in single precision (GloVe, SGNS, word2vec,
FastText) and the iterative classifiers (logistic, MLP) can make visible.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from tests.golden import values

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]


def load() -> dict[str, values.Values]:
    """Recorded values by part and name."""
    found: dict[str, values.Values] = json.loads((HERE / "golden.json").read_text("utf-8"))
    with np.load(HERE / "golden.npz", allow_pickle=False) as arrays:
        index = json.loads(str(arrays["index"]))
        for part, name, first, last in index:
            found.setdefault(part, {})[name] = arrays["numbers"][first:last]
    return found


def save(recorded: dict[str, values.Values]) -> None:
    """Write text to golden.json and arrays, one behind the other, to golden.npz."""
    words: dict[str, Any] = {part: {} for part in recorded}
    index, numbers = [], [np.zeros(0)]
    for part, named in recorded.items():
        for name, value in named.items():
            if isinstance(value, np.ndarray):
                first = sum(map(len, numbers))
                numbers.append(value)
                index.append((part, name, first, first + len(value)))
            else:
                words[part][name] = value
    text = json.dumps(words, indent=1, ensure_ascii=False, sort_keys=True)
    (HERE / "golden.json").write_text(text + "\n", "utf-8")
    arrays = {"numbers": np.concatenate(numbers), "index": np.array(json.dumps(index))}
    np.savez_compressed(HERE / "golden.npz", **arrays)


def measure(folder: Path) -> dict[str, values.Values]:
    """Compute all values anew."""
    corpora = values.Corpora(folder)
    parts = {
        "tokens": lambda: values.tokens(corpora),
        "counts": lambda: values.counts(corpora.ids),
        "svds": lambda: values.svds(corpora),
        "models": lambda: values.models(corpora),
        "presets": lambda: values.presets(corpora),
        "measures": lambda: values.measures(corpora),
        "attribution": lambda: values.attribution(corpora),
        "demo": lambda: values.demo(folder / "demo", everything=True),
    }
    texts = Path(os.environ.get("WORDNUM_CORPORA") or REPOSITORY.parent / "shared" / "corpora")
    if values.real_text(texts).is_file():
        parts["real counts"] = lambda: values.counts(corpora.real(texts))
    found = {}
    for part, make in parts.items():
        started = time.perf_counter()
        found[part] = make()
        print(f"{part:12} {time.perf_counter() - started:6.1f} s")  # noqa: T201
    return found


def main() -> None:
    """Measure and write."""
    before = load() if (HERE / "golden.npz").is_file() else {}
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1, user_api="blas"):
        save(before | measure(Path(folder)))


if __name__ == "__main__":
    main()
