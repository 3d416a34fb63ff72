"""`paper-data` from text to page: time of each stage, and memory with all workers.

    python benchmarks/study.py --root ~/texts -o runs/paper-data
    python benchmarks/study.py --root ~/texts -o runs/few --study few.toml --jobs 1

Three runs: a plan; the study, in an empty folder; the study again with another probe, on the
cache of the first. Memory is the sum over the process and its workers of what each has to itself
plus its share of what they map together (PSS), sampled five times a second. The time on the
processors is theirs together: beside it, one sees whether the machine had other work.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

STAGES = ("encode", "count", "measure")
# Room for the rows of a plan: what was promised, and what was hoped for.
TARGETS = {"plan": "2 s", "study": "20 min, 4 GB", "another probe": "3 min"}


class Run(NamedTuple):
    """Seconds by the clock and on the processors, peak memory in bytes, standard output."""

    seconds: float
    processor: float
    peak: int
    output: str


def descendants(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            children = (task / "children").read_text().split()
        except OSError:
            continue
        for child in children:
            found += descendants(int(child))
    return found


def memory(pid: int) -> int:
    """Bytes of a process and all below it."""
    total = 0
    for each in descendants(pid):
        try:
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += next((1024 * int(x.split()[1]) for x in lines if x.startswith("Pss:")), 0)
    return total


def processor_time(pid: int) -> dict[int, float]:
    """Seconds that a process and each below it have computed so far."""
    spent = {}
    for each in descendants(pid):
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        spent[each] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return spent


def run(*arguments: str) -> Run:
    """Run the command line and watch it."""
    command = [sys.executable, "-m", "wordnum", "-q", *arguments]
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    peak, spent, over = 0, {}, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.2):
            peak = max(peak, memory(process.pid))
            spent.update(processor_time(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    output, _ = process.communicate()
    over.set()
    watcher.join()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return Run(time.perf_counter() - started, sum(spent.values()), peak, output)


def duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def stages(folder: Path, total: float) -> str:
    spent = json.loads((folder / "study.json").read_text())["seconds"]
    rest = total - sum(spent.values())
    parts = [f"{stage} {duration(spent[stage])}" for stage in STAGES]
    return ", ".join([*parts, f"start, table and page {duration(rest)}"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", default=os.environ.get("WORDNUM_CORPORA", "."))
    parser.add_argument("--study", default="paper-data", help="a built-in study or a TOML file")
    parser.add_argument("--corpus", default="wikipedia2014")
    parser.add_argument("--jobs", default="2")
    parser.add_argument("-o", "--output", type=Path, required=True, help="an empty folder")
    options = parser.parse_args()
    folder = options.output
    folder.mkdir(parents=True, exist_ok=True)
    other = folder / "other-probe.toml"
    named = json.dumps(os.path.abspath(options.study) if "." in options.study else options.study)
    other.write_text(f'extends = {named}\nname = "other-probe"\n[probe]\nrandom_state = 1\n')
    out = folder / "out"
    common = ("-o", str(out), "--root", options.root, "--corpus", options.corpus,
              "--jobs", options.jobs, "--json")  # fmt: skip
    print(f"| run | time | on the processors | peak memory | target |\n|{'---|' * 5}")

    def row(name: str, *arguments: str) -> Run:
        done = run("study", *arguments, *common)
        print(f"| {name} | {duration(done.seconds)} | {duration(done.processor)} | "
              f"{done.peak / 1e9:.2f} GB | {TARGETS[name]} |", flush=True)  # fmt: skip
        return done

    plan = row("plan", options.study, "--dry-run")
    first = row("study", options.study)
    first_stages = stages(out, first.seconds)
    second = row("another probe", str(other), "--overwrite")
    expected = json.loads(plan.output)
    disk = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    facts = json.loads(first.output)
    print(
        f"\nstudy: {first_stages}\nanother probe: {stages(out, second.seconds)}\n"
        f"{facts['runs']} runs, {facts['failed']} failed; "
        f"page {Path(facts['report']).stat().st_size / 1e6:.1f} MB, folder {disk / 1e9:.2f} GB\n"
        f"planned: {duration(expected['seconds'])}, {expected['memory'] / 1e9:.2f} GB of memory, "
        f"{expected['disk'] / 1e9:.2f} GB of disk"
    )


if __name__ == "__main__":
    main()
