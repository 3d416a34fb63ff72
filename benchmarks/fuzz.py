"""The tests that draw hostile inputs, run for longer and counted.

    python benchmarks/fuzz.py --minutes 25

One process. Every target gets its turn, round after round, each round with another seed, until the
time is over. Prints executions and failures by target; an input that fails is printed by pytest,
with what draws it again.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from functools import wraps
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

FILES = (
    "tests/corpus/test_hostile.py", "tests/corpus/test_hostile_formats.py",
    "tests/corpus/test_streams.py", "tests/corpus/test_tokenize.py", "tests/corpus/test_encoded.py",
    "tests/corpus/test_duplicates.py", "tests/corpus/test_wikipedia.py",
    "tests/embeddings/test_hostile_vectors.py", "tests/embeddings/test_hostile_models.py",
    "tests/embeddings/test_model_folders.py", "tests/embeddings/test_pretrained.py",
    "tests/embeddings/test_gguf.py", "tests/cooccurrence/test_hostile_counts.py",
    "tests/cooccurrence/test_hostile_masks.py", "tests/studies/test_hostile_studies.py",
    "tests/report/test_hostile_results.py",
)  # fmt: skip


class Counting:
    """Plugin: keeps the tests with drawn inputs, and counts how often each is called."""

    def __init__(self, examples: int) -> None:
        self.examples = examples
        self.calls: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Keep what hypothesis draws for, with as many examples as are asked for."""
        items[:] = [item for item in items if hasattr(item.obj, "hypothesis")]
        for item in items:
            test = getattr(item.obj, "__func__", item.obj)
            test._hypothesis_internal_use_settings = settings(
                max_examples=self.examples,
                deadline=None,
                phases=[Phase.explicit, Phase.generate, Phase.shrink],
                database=None,
                suppress_health_check=list(HealthCheck),
            )
            # A test with parameters is one function, which is wrapped once.
            name = item.nodeid.partition("[")[0]
            if name not in self.calls:
                self.calls[name] = 0
                test.hypothesis.inner_test = self._counted(name, test.hypothesis.inner_test)

    def _counted(self, name: str, call: Any) -> Any:
        @wraps(call)
        def counted(*arguments: Any, **options: Any) -> Any:
            self.calls[name] += 1
            return call(*arguments, **options)

        return counted

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count failures."""
        if report.failed:
            self.failures[report.nodeid.partition("[")[0]] += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument("--examples", type=int, default=200, help="of each target in a round")
    parser.add_argument("--only", default="", help="as pytest's -k")
    given = parser.parse_args()
    end, rounds = time.monotonic() + 60 * given.minutes, 0
    calls: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    while time.monotonic() < end:
        plugin = Counting(given.examples)
        seed = f"--hypothesis-seed={int(time.time())}"
        selection = ["-k", given.only] if given.only else []
        pytest.main(["-q", "-n0", "--no-header", "-m", "", seed, *selection, *FILES], [plugin])
        calls, failures, rounds = calls + plugin.calls, failures + plugin.failures, rounds + 1
        print(f"after {rounds} rounds: {sum(calls.values()):,} executions of {len(calls)} targets, "
              f"{sum(failures.values())} failures", flush=True)  # fmt: skip
    for name, count in sorted(calls.items()):
        print(f"{count:>9,}  {failures[name]:>3} failures  {name}")


if __name__ == "__main__":
    main()
