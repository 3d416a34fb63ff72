"""Encode in processes that kill themselves: python -m tests.corpus.killer TEXT PATH STEPS [append].

STEPS are numbers joined by commas. For each, a process takes the work up where the one before left
it, and is killed (signal 9) just before the file or folder of that number takes its name.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from wordnum.corpus import pieces, sources
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.encoding import encode


def killed_at(step: int, text: Path, path: Path, *, append: bool) -> bool:
    """Whether the process was killed before it was done."""
    child = os.fork()
    if child:
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])
    rename, done = os.replace, 0

    def replace(*names) -> None:
        nonlocal done
        if done == step:
            os.kill(os.getpid(), signal.SIGKILL)
        done += 1
        rename(*names)

    os.replace = replace
    encode(text, path, append=append)
    os._exit(0)


def main() -> None:
    text, path, append = Path(sys.argv[1]), Path(sys.argv[2]), "append" in sys.argv
    pieces.CHUNK, pieces.CHUNKS_PER_PIECE = 4096, 2
    sources.RANGE = 16_384
    before = EncodedCorpus.open(path).fingerprint if append else None
    there: dict[Path, int] = {}
    for step in map(int, sys.argv[3].split(",")):
        assert killed_at(step, text, path, append=append), f"outran the kill at {step}"
        found = path.parent.glob(f".{path.name}.part-*/[0-9a-f]*.npz")
        now = {piece: piece.stat().st_mtime_ns for piece in found}
        assert now.items() >= there.items(), "a piece was lost or made again"
        there = now
        if append:
            assert EncodedCorpus.open(path, verify=True).fingerprint == before
        else:
            assert not path.exists()
    sys.stdout.write(f"{len(there)}\n")


if __name__ == "__main__":
    main()
