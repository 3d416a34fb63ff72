"""What becomes of time and memory as texts grow, and with texts of odd shapes.

    python benchmarks/scale.py --write

1 to 64 times 12 MB of text (made up, Zipfian, a number in every eighth word), then a million
documents, 100,000 small files, one document of 100 MB and two million types. Each is encoded and
its number rows are counted (window 5) by one worker, in a process of its own. Seconds are processor
time of the process; memory is its peak, less that of an interpreter with everything imported.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("agg")
import matplotlib.pyplot as plt

HERE = Path(__file__).parent
FACTORS = (1, 2, 4, 8, 16, 32, 64)
MB = 12

WORK = """
import resource, sys, time
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.encoding import encode
from wordnum.cooccurrence.counting import count
def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))
verb, source, output = sys.argv[1:]
if verb == "encode":
    run = lambda: encode(source, output)
elif verb == "count":
    corpus = EncodedCorpus.open(source)
    run = lambda: count(corpus, window=5).save(output)
else:
    run = lambda: None
start = time.process_time()
run()
print(time.process_time() - start, peak())
"""


def words(rng: np.random.Generator, n: int, types: int) -> np.ndarray:
    """Zipfian words, every eighth of them a number."""
    names = np.array([f"{chr(97 + r % 26)}{r:x}q" for r in range(types)])
    made = names[rng.zipf(1.3, n) % types].astype("U12")
    made[::8] = (rng.zipf(1.2, len(made[::8])) % 1000).astype("U12")
    return made


def text(megabytes: float, *, document: int = 200, types: int = 200_000) -> Iterator[str]:
    """Documents of about so many words, together of so many megabytes."""
    made = words(np.random.default_rng(0), 2_000_000, types)
    left = megabytes * 1e6
    while left > 0:
        for at in range(0, len(made), document):
            one = " ".join(made[at : at + document])
            yield one
            left -= len(one) + 2
            if left <= 0:
                return


def write(path: Path, documents: Iterator[str]) -> Path:
    with open(path, "w", encoding="utf-8") as file:
        for document in documents:
            file.write(document + "\n\n")
    return path


def many_files(folder: Path) -> Path:
    folder.mkdir()
    for at, one in zip(range(100_000), text(1000, document=6)):
        (folder / f"{at:06}.txt").write_text(one)
    return folder


def two_million_types(path: Path) -> Path:
    with open(path, "w", encoding="utf-8") as file:
        for at in range(0, 2_000_000, 100):
            file.write(" ".join(f"w{n:x}" for n in range(at, at + 100)) + f" {at % 1000}\n\n")
    return path


def one_document(path: Path) -> Path:
    with open(path, "w", encoding="utf-8") as file:
        for one in text(100):
            file.write(one + " ")
    return path


def measured(verb: str, source: Path, output: Path) -> tuple[float, float]:
    """Processor seconds and peak megabytes of one stage in a process of its own."""
    command = [sys.executable, "-c", WORK, verb, str(source), str(output)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, peak = map(float, done.stdout.split()[-2:])
    return seconds, peak


def row(name: str, source: Path, folder: Path) -> list[object]:
    size = sum(p.stat().st_size for p in source.rglob("*")) if source.is_dir() else 0
    size = size or source.stat().st_size
    base = measured("nothing", source, folder / "none")[1]
    encoded = measured("encode", source, folder / "corpus")
    counted = measured("count", folder / "corpus", folder / "counts.npz")
    subprocess.run(["rm", "-rf", folder / "corpus", folder / "counts.npz"], check=True)
    found = [name, size / 1e6, encoded[0], encoded[1] - base, counted[0], counted[1] - base]
    print(*(f"{x:,.2f}" if isinstance(x, float) else x for x in found), sep=" | ", flush=True)
    return found


def draw(rows: list[list[object]], path: Path) -> None:
    sizes = [float(r[1]) for r in rows]
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for ax, first, label in zip(
        axes, (2, 3), ("seconds of processor time", "megabytes at the peak")
    ):
        for at, name, mark in ((first, "encode", "o"), (first + 2, "count", "s")):
            ax.plot(sizes, [float(r[at]) for r in rows], marker=mark, label=name)
        ax.set(xscale="log", xlabel="megabytes of text", ylabel=label)
        ax.set_xticks(sizes, [f"{s:,.0f}" for s in sizes])
        ax.minorticks_off()
        ax.spines[["top", "right"]].set_visible(False)
    axes[0].plot(sizes, [float(rows[0][2]) * s / sizes[0] for s in sizes], ":", color="0.6",
                 label="in proportion")  # fmt: skip
    axes[0].set_yscale("log")
    axes[1].set_ylim(bottom=0)
    axes[0].legend(frameon=False)
    figure.savefig(path, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="also scale.md and its figure")
    parser.add_argument("--most", type=int, default=64, help="largest factor")
    given = parser.parse_args()
    odd: dict[str, Callable[[Path], Path]] = {
        "a million documents": lambda path: write(path, text(50, document=9)),
        "100,000 small files": many_files,
        "one document": one_document,
        "two million types": two_million_types,
    }
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        row("compiling", write(folder / "text.txt", text(0.1)), folder)
        rows = []
        for factor in FACTORS:
            if factor <= given.most:
                source = write(folder / "text.txt", text(MB * factor))
                rows.append(row(f"{factor} x {MB} MB", source, folder))
        strange = [
            row(name, make(folder / name.replace(" ", "-")), folder) for name, make in odd.items()
        ]
    if given.write:
        draw(rows, HERE / "scale.png")
        head = "| text | MB | encode, s | peak, MB | count, s | peak, MB |\n"
        table = "|---|---|---|---|---|---|\n" + "".join(
            f"| {r[0]} | {r[1]:,.0f} | {r[2]:.2f} | {r[3]:,.0f} | {r[4]:.2f} | {r[5]:,.0f} |\n"
            for r in [*rows, *strange]
        )
        about = f"{date.today():%d %B %Y}, {platform.machine()}, Python {platform.python_version()}"
        HERE.joinpath("scale.md").write_text(
            f"# Scale\n\n{__doc__.split(chr(10) * 2)[2]}\n\n{about}; "
            "`python benchmarks/scale.py --write`.\n\n"
            "Time grows in proportion from 100 MB on; below, reading compiled code is most of it.\n"
            "Encoding stays below 200 MB, small files apart; counting holds "
            "a twentieth of the text.\n\n"
            f"![Seconds and megabytes against the size of the text](scale.png)\n\n{head}{table}"
        )


if __name__ == "__main__":
    main()
