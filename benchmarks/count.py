"""Counting from token ids: tokens per second beside SciPy and a plain compiled loop.

    python benchmarks/count.py                  speed on one core, two cores, peak of memory
    python benchmarks/count.py --only speed     (or some of: speed cores memory beside)
    python benchmarks/count.py --parts 5        all of Wikipedia instead of its first fifth
    python benchmarks/count.py --beside DIR     also another checkout of wordnum, in turn
    python benchmarks/count.py --write          also benchmarks/count.md

Speed: an encoded corpus on disk, one core; the seconds are processor time, which other work on the
machine disturbs least, and the best of several in turn. Peers, which must find the same counts:

- SciPy: a coo_array of all pairs of a block, summed by its conversion to csr;
- plain loop: what one writes first, compiled by numba: a dense table, one increment per pair.

Cores: one worker and two, by the clock and in turn, over the text ten times, since one text is
counted before the second worker is warm. How much two cores of this machine are worth when nothing
is shared is shown by a loop of arithmetic in two threads. Memory: the peak of a process that counts
a text, and the same text ten times over, as sampled a hundred times a second.

Ten conditions are counted one after the other over one reading of each block; the seconds of
reading a signal of each are shown too.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import numba
import numpy as np
from scipy import sparse

import wordnum
from wordnum import EncodedCorpus, encode
from wordnum.corpus.synthetic import SyntheticCorpus

CORPORA = Path(os.environ.get("WORDNUM_CORPORA") or Path(__file__).parents[2] / "shared/corpora")
RESULTS = Path(__file__).with_suffix(".md")
WINDOW = 10
# The conditions of the paper's table.
TEN = (
    "original", "context-length:64", "context-length:8", "context-length:4", "context-length:2",
    "isolate:8", "isolate:2", "isolate:1", "swap-numbers", "unigram-replace",
)  # fmt: skip
WAYS: dict[str, dict[str, Any]] = {
    "number rows": {"verb": "count"},
    "the same under ten conditions": {"verb": "count_conditions", "perturbations": TEN},
    "all rows": {"verb": "count_words"},
}


def counted(corpus: EncodedCorpus, *, verb: str, **way: Any) -> Any:
    return getattr(wordnum, verb)(corpus, window=WINDOW, **way)


def encoded(folder: Path, *, parts: int, times: int = 1) -> Path:
    texts = [str(CORPORA / f"wikipedia2014.{i + 1}of5.txt.xz") for i in range(parts)]
    place = folder / f"wikipedia-{parts}-{times}"
    if not place.exists():
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            encode([again(text, n, Path(temporary)) for n in range(times) for text in texts], place)
    return place


def again(text: str, n: int, folder: Path) -> str:
    """A copy of a text with another end, or wordnum would read it once; the first is itself."""
    copy = folder / f"{n}-{Path(text).name}"
    if n:
        copy.write_bytes(Path(text).read_bytes() + lzma.compress(f"\n\ncopy {n}\n".encode()))
    return str(copy) if n else text


def seconds(call: Callable[[], Any], *, times: int = 5, clock: Callable[[], float]) -> float:
    best = np.inf
    for _ in range(times):
        start = clock()
        call()
        best = min(best, clock() - start)
    return best


def documents_of(starts: np.ndarray) -> np.ndarray:
    return np.repeat(np.arange(starts.size - 1), np.diff(starts))


def pairs(corpus: EncodedCorpus, block: Any, centers: np.ndarray, distances: Any):
    """(center, context) of all pairs of a block, without the two ids that are no words."""
    ids, documents = np.asarray(block.ids), documents_of(block.starts)
    skip = corpus.vocabulary.other_number, corpus.vocabulary.unknown
    rows, columns = [], []
    for d in distances:
        other = centers + d
        inside = (other >= 0) & (other < ids.size)
        here, there = centers[inside], other[inside]
        same = (documents[here] == documents[there]) & ~np.isin(ids[there], skip)
        rows.append(ids[here[same]])
        columns.append(ids[there[same]])
    return np.concatenate(rows).astype(np.int32), np.concatenate(columns).astype(np.int32)


def scipy_number_rows(corpus: EncodedCorpus) -> sparse.csr_array:
    size, width = corpus.vocabulary.size, len(corpus.vocabulary)
    total = sparse.csr_array((size, width), dtype=np.int64)
    distances = [d for d in range(-WINDOW, WINDOW + 1) if d]
    for block in corpus.blocks():
        numbers = np.flatnonzero(block.ids < size)
        cells = pairs(corpus, block, numbers, distances)
        ones = np.ones(cells[0].size, dtype=np.int64)
        total += sparse.coo_array((ones, cells), shape=total.shape).tocsr()
    return total


def scipy_all_rows(corpus: EncodedCorpus) -> sparse.csr_array:
    width, total = len(corpus.vocabulary), None
    skip = corpus.vocabulary.other_number, corpus.vocabulary.unknown
    for block in corpus.blocks():
        words = np.flatnonzero(~np.isin(block.ids, skip))
        cells = pairs(corpus, block, words, range(1, WINDOW + 1))
        ones = np.ones(cells[0].size, dtype=np.int32)
        part = sparse.coo_array((ones, cells), shape=(width, width)).tocsr()
        total = part if total is None else total + part
    return sparse.csr_array(total + total.T)


@numba.njit
def _loop(ids, starts, table, size, reach, skip):
    for k in range(starts.size - 1):
        for i in range(starts[k], starts[k + 1]):
            if ids[i] < size:
                for j in range(max(starts[k], i - reach), min(starts[k + 1], i + reach + 1)):
                    if j != i and ids[j] != skip and ids[j] != skip + 1:
                        table[ids[i], ids[j]] += 1


def loop_number_rows(corpus: EncodedCorpus) -> sparse.csr_array:
    size = corpus.vocabulary.size
    table = np.zeros((size, len(corpus.vocabulary)), dtype=np.int32)
    for block in corpus.blocks():
        _loop(np.asarray(block.ids), np.asarray(block.starts), table, size, WINDOW, size)
    return sparse.csr_array(table)


def check(corpus: EncodedCorpus, found: sparse.csr_array, verb: str) -> None:
    ours = counted(corpus, verb=verb)
    signal = ours if verb == "count_words" else ours.signal("both")
    columns = getattr(signal, "columns", slice(None))
    assert (found[:, columns] != signal.matrix()).nnz == 0, "the peer finds other counts"


def speed(place: Path, lines: list[str]) -> None:
    corpus = EncodedCorpus.open(place)
    small = SyntheticCorpus(n_documents=50).encoded()
    lines += ["", "| one core | M tokens/s | seconds | ratio |", "|---|---|---|---|"]
    spent = dict.fromkeys(WAYS, np.inf)
    for way in WAYS.values():
        counted(small, **way)
    for turn in range(7):
        for name, way in WAYS.items():
            if turn < 3 or way["verb"] != "count_words":
                took = seconds(
                    lambda way=way: counted(corpus, **way),  # type: ignore[misc]
                    times=1,
                    clock=time.process_time,
                )
                spent[name] = min(spent[name], took)
    one = spent["number rows"]
    for name, took in spent.items():
        ratio = f"{took / one:.2f} x one condition" if "ten" in name else ""
        lines.append(row(name, corpus, took, ratio))
        if name == "number rows" or "ten" in name:
            lines.append(row("… and their signals read", corpus, took + reading(corpus, name), ""))
    loop_number_rows(small)
    plain, every = spent["number rows"], spent["all rows"]
    lines.append(beside(corpus, "plain loop, number rows", plain, loop_number_rows))
    lines.append(beside(corpus, "SciPy, number rows", plain, scipy_number_rows))
    lines.append(beside(corpus, "SciPy, all rows", every, scipy_all_rows, "count_words"))


def reading(corpus: EncodedCorpus, name: str) -> float:
    """Seconds to read one signal of each condition."""
    counts = counted(corpus, **WAYS[name])
    conditions = counts.values() if isinstance(counts, dict) else [counts]
    return seconds(
        lambda: [each.signal("both").matrix() for each in conditions],
        times=3,
        clock=time.process_time,
    )


def beside(corpus: EncodedCorpus, name: str, ours: float, peer: Any, verb: str = "count") -> str:
    start = time.process_time()
    found = peer(corpus)
    took = time.process_time() - start
    check(corpus, found, verb=verb)
    return row(name, corpus, took, f"wordnum {took / ours:.1f} x as fast")


def row(name: str, corpus: EncodedCorpus, took: float, remark: str) -> str:
    return f"| {name} | {corpus.n_tokens / took / 1e6:.1f} | {took:.2f} | {remark} |"


@numba.njit(nogil=True)
def _arithmetic(n):
    total = np.uint64(1)
    for i in range(n):
        total = total * np.uint64(6364136223846793005) + np.uint64(i)
    return total


def cores(place: Path, lines: list[str]) -> None:
    corpus = EncodedCorpus.open(place)
    lines += ["", f"| by the clock, {corpus.n_tokens:,} tokens | one worker, s | two, s | ratio |"]
    lines += ["|---|---|---|---|"]
    _arithmetic(1)

    def arithmetic(jobs: int) -> None:
        with ThreadPoolExecutor(jobs) as threads:
            list(threads.map(_arithmetic, [2_500_000_000] * 2))

    lines.append(one_and_two("a loop of arithmetic, twice", arithmetic))
    for name, way in WAYS.items():
        lines.append(
            one_and_two(
                name,
                lambda jobs, way=way: counted(corpus, n_jobs=jobs, **way),  # type: ignore[misc]
                times=2 if way["verb"] == "count_words" else 5,
            )
        )


def one_and_two(name: str, call: Callable[[int], Any], *, times: int = 5) -> str:
    """The best of several by one worker and by two, in turn: what else runs meets both."""
    best = {1: np.inf, 2: np.inf}
    for _ in range(times):
        for jobs in best:
            took = seconds(lambda jobs=jobs: call(jobs), times=1, clock=time.perf_counter)  # type: ignore[misc]
            best[jobs] = min(best[jobs], took)
    return f"| {name} | {best[1]:.2f} | {best[2]:.2f} | {best[1] / best[2]:.2f} |"


PEAK = """
import sys, threading
from pathlib import Path
import wordnum
from wordnum import EncodedCorpus
from wordnum.provenance import peak_memory
own, over = [0], threading.Event()
def watch():
    while not over.wait(0.01):
        status = Path("/proc/self/status").read_text()
        own.append(int(status.partition("RssAnon:")[2].split()[0]) * 1024)
watcher = threading.Thread(target=watch)
watcher.start()
corpus, ways = EncodedCorpus.open(sys.argv[1]), eval(sys.argv[2])
verb = ways.pop("verb")
counts = getattr(wordnum, verb)(corpus, window={window}, **ways)
over.set()
watcher.join()
print(corpus.n_tokens, max(own), peak_memory())
"""


def memory(places: list[Path], lines: list[str]) -> None:
    lines += ["", "Memory of one worker: its own, and with the pages of files that it has mapped,"]
    lines += ["which the system takes back when it needs them.", ""]
    lines += ["| peak of memory, MB | tokens | own | with pages |", "|---|---|---|---|"]
    for name, way in WAYS.items():
        for place in places:
            command = [sys.executable, "-c", PEAK.format(window=WINDOW), str(place), repr(way)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            tokens, *peaks = map(int, done.stdout.split())
            shown = " | ".join(f"{peak / 1e6:.0f}" for peak in peaks)
            lines.append(f"| {name} | {tokens:,} | {shown} |")


OLDER = """
import json, resource, sys, tempfile
import numpy as np
import wordnum
from wordnum import EncodedCorpus
corpus, ten = EncodedCorpus.open(sys.argv[1]), json.loads(sys.argv[2])
now = hasattr(wordnum, "count_conditions")
def one(window):
    if now:
        return lambda: wordnum.count(corpus, window=window)
    return lambda: wordnum.count(corpus, window=window, perturbations="original")
def every():
    if now:
        return wordnum.count_words(corpus, window=10)
    return wordnum.count(corpus, window=10, perturbations="original", rows="all")
def conditions():
    count = wordnum.count_conditions if now else wordnum.count
    return count(corpus, window=10, perturbations=ten).values()
def saved():
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        for at, counts in enumerate(conditions()):
            matrix = counts.signal("both").matrix()
            np.savez(f"{folder}/{at}.npz", matrix.data, matrix.indices, matrix.indptr)
ways = {
    "number rows, window 5": (one(5), 12), "number rows, window 10": (one(10), 12),
    "ten conditions, from count to saved signals": (saved, 4), "all rows, window 10": (every, 2),
}
found = {}
for name, (call, times) in ways.items():
    call()
    taken = []
    for _ in range(times):
        start = resource.getrusage(resource.RUSAGE_SELF)
        call()
        end = resource.getrusage(resource.RUSAGE_SELF)
        user, system = end.ru_utime - start.ru_utime, end.ru_stime - start.ru_stime
        taken.append((user + system, user))
    found[name] = min(taken)
print(json.dumps(found))
"""


def older(parts: int, folder: Path, other: Path, lines: list[str], *, times: int = 3) -> None:
    """Least processor seconds of this checkout and another, in processes of their own, in turn."""
    checkouts = {"wordnum": Path(__file__).resolve().parents[1], "older": other.resolve()}
    texts = [str(CORPORA / f"wikipedia2014.{i + 1}of5.txt.xz") for i in range(parts)]
    best: dict[str, dict[str, list[float]]] = {name: {} for name in checkouts}
    script = "import sys; from wordnum import encode; encode(sys.argv[2:], sys.argv[1])"

    def run(checkout: Path, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", *arguments],
            env={**os.environ, "PYTHONPATH": str(checkout)},
            cwd="/", stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        return done.stdout

    for name, checkout in checkouts.items():
        if not (folder / name).exists():
            run(checkout, script, str(folder / name), *texts)
    for _ in range(times):
        for name, checkout in checkouts.items():
            found = json.loads(run(checkout, OLDER, str(folder / name), json.dumps(TEN)))
            for way, took in found.items():
                best[name][way] = min(best[name].get(way, took), took)
    lines += [
        "",
        f"Beside the first edition, each the least of {times} processes in turn:",
    ]
    lines += [
        "",
        "| one core, processor seconds | wordnum | first edition | ratio | without the system's |",
        "|---|---|---|---|---|",
    ]
    for way, took in best["wordnum"].items():
        first = best["older"][way]
        shown = " | ".join(f"{a / b:.2f}" for a, b in zip(took, first, strict=True))
        lines.append(f"| {way} | {took[0]:.3f} | {first[0]:.3f} | {shown} |")


def machine() -> str:
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return f"{names[0]}, {len(names)} cores, Python {platform.python_version()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", default=["speed", "cores", "memory", "beside"])
    parser.add_argument("--parts", type=int, default=1, help="fifths of Wikipedia")
    parser.add_argument("--folder", type=Path, help="where encoded corpora are kept for next time")
    parser.add_argument("--beside", type=Path, help="another checkout of wordnum")
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    options = parser.parse_args()
    lines = ["# Counting beside SciPy and a plain compiled loop", ""]
    lines += [
        f"`python benchmarks/count.py --parts {options.parts}`: window {WINDOW}, 50,000 words."
    ]
    lines += [f"{date.today()}, {machine()}."]
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        place = encoded(folder, parts=options.parts)
        if "speed" in options.only:
            speed(place, lines)
        if "cores" in options.only:
            cores(encoded(folder, parts=options.parts, times=10), lines)
        if "memory" in options.only:
            memory([place, encoded(folder, parts=options.parts, times=10)], lines)
        if options.beside and "beside" in options.only:
            older(options.parts, folder, options.beside, lines)
    print("\n".join(lines))
    if options.write:
        RESULTS.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
