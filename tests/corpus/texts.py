"""A text to encode, and what the tests look at in a corpus."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.readers import Reader
from wordnum.corpus.sources import Part, find_parts
from wordnum.corpus.streams import Skips
from wordnum.storage import file_hash

__all__ = [
    "TEXT",
    "DocumentStream",
    "content",
    "leftovers",
    "make_text",
    "memory_of",
    "read_documents",
    "spelled",
]


def make_text(n_documents: int, seed: int = 0) -> str:
    """Documents of a Zipf law, with numbers, marks and capitals."""
    rng = np.random.default_rng(seed)
    words = [f"{chr(97 + i % 26)}{'éß' * (i % 3)}{chr(97 + i // 26 % 26)}" for i in range(600)]
    words += [str(n) for n in range(0, 1200, 7)] + ["The", "21st", ",", ".", "“", "ÉTÉ", "3.14"]
    chance = 1 / np.arange(2, len(words) + 2)
    documents = []
    for n in range(n_documents):
        drawn = rng.choice(len(words), rng.integers(5, 60), p=chance / chance.sum())
        documents.append(" ".join(words[i] for i in drawn) + f" {n}")
    return "\n\n".join(documents) + "\n"


TEXT = make_text(400)


def content(folder: Path) -> dict[str, str]:
    """Hash of every file; of the manifest without source, time and memory."""
    found = {
        path.name: file_hash(path) for path in sorted(folder.iterdir()) if path.suffix != ".lock"
    }
    manifest = json.loads((folder / "manifest.json").read_text())
    for key in ("cost", "checksum", "source"):
        del manifest[key]
    found["manifest.json"] = json.dumps(manifest, sort_keys=True)
    return found


def spelled(corpus: EncodedCorpus) -> list[list[int | str]]:
    """Documents of a corpus, their tokens written out."""
    names: list[int | str] = [*range(corpus.vocabulary.size)]
    names += corpus.vocabulary.tokens()[corpus.vocabulary.size :]
    return [
        [names[i] for i in block.ids[begin:end].tolist()]
        for block in corpus.blocks()
        for begin, end in itertools.pairwise(block.starts.tolist())
    ]


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


class DocumentStream:
    """Documents of files, as often as they are asked for, without tokens."""

    def __init__(self, parts: list[Part], skips: Skips) -> None:
        self.parts, self.skips = parts, skips

    def __iter__(self) -> Iterator[str]:
        for part in self.parts:
            yield from part.documents(self.skips)


def read_documents(paths, *, reader: str = "auto", **options) -> DocumentStream:
    skips = Skips()
    parts = find_parts(paths, reader=reader, options=Reader(**options), skips=skips, cut=False)
    return DocumentStream(parts, skips)


def memory_of(work: str, path: Path, *, imports: str) -> tuple[int, list[str]]:
    """Megabytes that a process of its own comes to hold in some work on a path, sys.argv[1].

    With them come the lines it prints. What is imported first does not count. The allocator gives
    large arrays back at once: by default it comes to keep them, and how much of that is free but
    not given back depends on where the system happens to place things.
    """
    script = (
        f"import sys\n{imports}\n"
        "from wordnum.provenance import peak_memory\n"
        f"before = peak_memory()\n{work}\n"
        "print((peak_memory() - before) // 10**6)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        env={**os.environ, "MALLOC_MMAP_THRESHOLD_": str(2**17)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    *lines, peak = done.stdout.splitlines()
    return int(peak), lines
