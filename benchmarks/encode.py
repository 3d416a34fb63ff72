"""Text to token ids: megabytes per second beside spaCy, Hugging Face tokenizers and gensim.

    python benchmarks/encode.py                 speed on one core, two cores, peak of memory
    python benchmarks/encode.py --only speed    (or cores, or memory)
    python benchmarks/encode.py --write         also benchmarks/encode.md
    python benchmarks/encode.py --only beside --beside CHECKOUT    another checkout of wordnum

Speed: the same documents for all, as plain text in memory, on one core; the seconds are processor
time, which other work on the machine disturbs least. wordnum tokenizes, lower-cases, counts,
chooses 50,000 words and translates every token to its id. The peers:

- spaCy: `nlp.pipe` of a blank English pipeline;
- Hugging Face: `encode_batch_fast`, word level, lower-cased, a vocabulary of 50,000 made before;
- gensim: `simple_preprocess`, which gives words only, no ids.

Cores: `encode` of a plain file on disk into a folder, by one worker and by two, by the clock; the
workers are started before. Memory: the peak of a process that encodes all of Wikipedia from .xz,
and the same list of files ten times over. Beside: the least processor seconds of `encode` of one
part of Wikipedia, from a plain file to a folder, by one worker, in processes in turn.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np
from count import again

CORPORA = Path(os.environ.get("WORDNUM_CORPORA") or Path(__file__).parents[2] / "shared/corpora")
VOCABULARY = 50_000
CHUNK = 8 * 2**20
RESULTS = Path(__file__).with_suffix(".md")


def wikipedia(parts: int) -> list[Path]:
    return [CORPORA / f"wikipedia2014.{i + 1}of5.txt.xz" for i in range(parts)]


def text_of(paths: list[Path]) -> bytes:
    return b"".join(lzma.open(path).read() for path in paths)


def beginning(data: bytes, size: int) -> bytes:
    """Whole documents from the beginning of a text."""
    return data[: data.index(b"\n\n", size) + 2] if len(data) > size else data


def wordnum_ids(data: bytes) -> np.ndarray:
    """Ids of a text, by the steps that `encode` takes, without files."""
    from wordnum.corpus.numerals import NumeralScheme
    from wordnum.corpus.tokenizing import PADDING, FastTokenizer
    from wordnum.corpus.vocabulary import Vocabulary
    from wordnum.corpus.word_table import WordCounter, WordTable

    scheme = NumeralScheme()
    first = scheme.size + 2
    tokenizer, counter, pieces = FastTokenizer(scheme), WordCounter(), []
    buffer, begin, held = np.zeros(CHUNK + PADDING, dtype=np.uint8), 0, 0
    source = np.frombuffer(data, dtype=np.uint8)
    while begin < len(data) or held:
        block = source[begin : begin + CHUNK - held]
        buffer[held : held + len(block)] = block
        begin += len(block)
        held += len(block)
        final = begin == len(data)
        used = tokenizer.read(buffer, held, final=final)
        held -= used
        buffer[:held] = buffer[used : used + held].copy()
        if final or begin // CHUNK % 4 == 0:
            piece = tokenizer.take()
            counts = np.bincount(piece.ids, minlength=first + len(piece.offsets) - 1)
            counter.add(piece.blob, piece.offsets, counts[first:])
            pieces.append(piece)
    blob, offsets = counter.most_common(VOCABULARY)
    vocabulary = Vocabulary(blob, offsets=offsets, numerals=scheme)
    table = WordTable()
    table.intern(*vocabulary.blob())
    ids, at = np.empty(sum(len(piece.ids) for piece in pieces), dtype=np.uint32), 0
    for piece in pieces:
        own = ids[at : (at := at + len(piece.ids))]
        np.take(id_map(piece, table, vocabulary), piece.ids, out=own)
    return ids


def id_map(piece, table, vocabulary) -> np.ndarray:
    known = table.intern(piece.blob, piece.offsets, add=False)
    words = np.where(known >= 0, vocabulary.first_word + known, vocabulary.unknown)
    return np.concatenate([np.arange(vocabulary.first_word), words]).astype(np.uint32)


def spacy_tokens(documents: list[str]) -> int:
    import spacy

    nlp = spacy.blank("en")
    nlp.max_length = 10**9
    return sum(len(doc) for doc in nlp.pipe(documents))


def gensim_tokens(documents: list[str]) -> int:
    from gensim.utils import simple_preprocess

    return sum(len(simple_preprocess(document)) for document in documents)


def word_level(documents: list[str]):
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.WordLevelTrainer(
        vocab_size=VOCABULARY, special_tokens=["[UNK]"], show_progress=False
    )
    tokenizer.train_from_iterator(documents, trainer)
    return tokenizer


def huggingface_tokens(tokenizer, documents: list[str]) -> int:
    return sum(len(encoding.ids) for encoding in tokenizer.encode_batch_fast(documents))


def best(call, *, times: int) -> float:
    """Least processor seconds of several calls."""
    seconds = []
    for _ in range(times):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    return min(seconds)


def speed(megabytes: int, times: int) -> list[str]:
    whole = text_of(wikipedia(1))
    data = beginning(whole, megabytes * 10**6)
    documents = data.decode().split("\n\n")
    wordnum_ids(data[:10_000])
    ours = len(data) / 1e6 / best(lambda: wordnum_ids(data), times=2 * times + 1)
    large = len(whole) / 1e6 / best(lambda: wordnum_ids(whole), times=times)
    tokenizer = word_level(documents)
    peers = [
        ("spaCy `nlp.pipe`, blank English", 60, lambda: spacy_tokens(documents)),
        (
            "Hugging Face `encode_batch_fast`, word level",
            15,
            lambda: huggingface_tokens(tokenizer, documents),
        ),
        ("gensim `simple_preprocess`", 12, lambda: gensim_tokens(documents)),
    ]
    rows = [
        "| one core | text | MB/s | wordnum is | target |",
        "|---|---|---|---|---|",
        f"| wordnum | {len(whole) / 1e6:.0f} MB | {large:.0f} | | 100 MB/s |",
        f"| wordnum | {len(data) / 1e6:.0f} MB | {ours:.0f} | | |",
    ]
    for name, target, call in peers:
        theirs = len(data) / 1e6 / best(call, times=times)
        ratio = f"{ours / theirs:.1f} times as fast"
        rows.append(f"| {name} | the same | {theirs:.2f} | {ratio} | {target} times |")
    return rows


def cores(parts: int, times: int) -> list[str]:
    from wordnum.corpus.encoding import encode

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text.txt"
        path.write_bytes(text_of(wikipedia(parts)))
        size = path.stat().st_size / 1e6
        warm = Path(folder) / "warm.txt"
        warm.write_bytes(b"page 7\n\n" * 10_000_000)
        seconds: dict[int, list[float]] = {1: [], 2: []}
        for jobs in (1, 2):
            encode(warm, Path(folder) / "warm", n_jobs=jobs)
            shutil.rmtree(Path(folder) / "warm")
        for _ in range(times):
            for jobs in (1, 2):
                start = time.perf_counter()
                encode(path, Path(folder) / "corpus", n_jobs=jobs)
                seconds[jobs].append(time.perf_counter() - start)
                shutil.rmtree(Path(folder) / "corpus")
    one, two = min(seconds[1]), min(seconds[2])
    return [
        f"| `encode` of a file of {size:.0f} MB | MB/s by the clock | two cores are | target |",
        "|---|---|---|---|",
        f"| one worker | {size / one:.0f} | | |",
        f"| two workers | {size / two:.0f} | {one / two:.2f} times as fast | 1.8 times |",
    ]


def peak(paths: list[Path]) -> int:
    """Peak of the memory of a process that encodes some files, in MB."""
    script = (
        "import json, sys\n"
        "from wordnum.corpus.encoding import encode\n"
        "from wordnum.provenance import peak_memory\n"
        "encode(json.loads(sys.argv[1]), sys.argv[2])\n"
        "print(peak_memory() // 10**6)\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", script, json.dumps([str(path) for path in paths])]
        done = subprocess.run([*command, f"{folder}/c"], capture_output=True, text=True, check=True)
    return int(done.stdout)


def memory(parts: int) -> list[str]:
    paths = wikipedia(parts)
    with tempfile.TemporaryDirectory() as folder:
        copies = [Path(again(str(path), n, Path(folder))) for n in range(10) for path in paths]
        large = peak(copies)
    return [
        "| peak of memory, one worker | MB | target |",
        "|---|---|---|",
        f"| {parts} parts of Wikipedia | {peak(paths)} | under 1000 |",
        f"| the same ten times over | {large} | no more |",
    ]


BESIDE = """
import resource, shutil, sys
from wordnum import encode
text, folder = sys.argv[1:]
taken = []
for _ in range(4):
    start = resource.getrusage(resource.RUSAGE_SELF)
    encode(text, folder)
    end = resource.getrusage(resource.RUSAGE_SELF)
    taken.append(end.ru_utime - start.ru_utime + end.ru_stime - start.ru_stime)
    shutil.rmtree(folder)
print(min(taken))
"""


def beside(other: Path, times: int) -> list[str]:
    checkouts = {"wordnum": Path(__file__).resolve().parents[1], "first edition": other.resolve()}
    best = dict.fromkeys(checkouts, np.inf)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text.txt"
        path.write_bytes(text_of(wikipedia(1)))
        for _ in range(times):
            for name, checkout in checkouts.items():
                command = [sys.executable, "-c", BESIDE, str(path), f"{folder}/c"]
                environment = {**os.environ, "PYTHONPATH": str(checkout)}
                done = subprocess.run(
                    command, env=environment, cwd="/", capture_output=True, text=True, check=True
                )
                best[name] = min(best[name], float(done.stdout))
        size = path.stat().st_size / 1e6
    ours, theirs = best.values()
    return [
        "| `encode`, processor seconds | wordnum | first edition | ratio |",
        "|---|---|---|---|",
        f"| {size:.0f} MB, one worker | {ours:.3f} | {theirs:.3f} | {ours / theirs:.2f} |",
    ]


def machine() -> str:
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":")[1].strip() for line in file if "model name" in line), "")
    return f"{model or platform.processor()}, {os.cpu_count()} cores, {date.today():%B %Y}"


def conditions() -> str:
    """Command, machine, and what else matters to the clock."""
    fifo = getattr(os, "SCHED_FIFO", None)
    shielded = fifo is not None and os.sched_getscheduler(0) == fifo
    priority = ", at real-time priority, as others worked on the machine" if shielded else ""
    return (
        f"`python benchmarks/encode.py --write` on {machine()};\n"
        f"files in {tempfile.gettempdir()}{priority}."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=("speed", "cores", "memory", "beside"))
    parser.add_argument("--megabytes", type=int, default=32, help="of text for the peers")
    parser.add_argument("--parts", type=int, default=5, help="of Wikipedia, for cores and memory")
    parser.add_argument("--times", type=int, default=2, help="repeats; the best counts")
    parser.add_argument("--beside", type=Path, help="another checkout of wordnum")
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    options = parser.parse_args()
    os.environ.update(TOKENIZERS_PARALLELISM="false", RAYON_NUM_THREADS="1")
    tables = {
        "speed": lambda: speed(options.megabytes, options.times),
        "cores": lambda: cores(options.parts, 2 * options.times),
        "memory": lambda: memory(options.parts),
    }
    if options.beside:
        tables["beside"] = lambda: beside(options.beside, options.times)
    lines = ["# Text to token ids", "", conditions()]
    print("\n".join(lines), flush=True)
    for name, table in tables.items():
        if options.only in (None, name):
            rows = ["", *table()]
            print("\n".join(rows), flush=True)
            lines += rows
    if options.write:
        RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
