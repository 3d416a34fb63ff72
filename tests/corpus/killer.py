"""Encode in processes that kill themselves: python -m tests.corpus.killer TEXT PATH STEPS [append].

STEPS are numbers joined by commas. For each, a process takes the work up where the one before left
it, and is killed (signal 9) just before its change of that number to names on the disk: a file or
folder takes its name, or is deleted. With "every", PATH is a folder in which each change of the
work has its turn, with a corpus of its own; the last word may be overwrite, too.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.corpus.texts import leftovers
from wordnum.corpus import pieces, sources
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.encoding import encode
from wordnum.errors import InputError


def killed_at(step: int, text: Path, path: Path, **options: bool) -> bool:
    """Whether the process was killed before it was done."""
    child = os.fork()
    if child:
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])
    done = 0

    def deadly(change: Callable[..., None]) -> Callable[..., None]:
        def changed(*names: Any, **how: Any) -> None:
            nonlocal done
            if done == step:
                os.kill(os.getpid(), signal.SIGKILL)
            done += 1
            change(*names, **how)

        return changed

    for name in ("replace", "unlink", "rmdir"):
        setattr(os, name, deadly(getattr(os, name)))
    encode(text, path, **options)
    os._exit(0)


def one_after_the_other(text: Path, path: Path, steps: list[int], *, append: bool) -> int:
    """Kill the same work at each step; how many pieces are there in the end."""
    before = EncodedCorpus.open(path).fingerprint if append else None
    there: dict[Path, int] = {}
    for step in steps:
        assert killed_at(step, text, path, append=append), f"outran the kill at {step}"
        found = path.parent.glob(f".{path.name}.part-*/[0-9a-f]*.npz")
        now = {piece: piece.stat().st_mtime_ns for piece in found}
        assert now.items() >= there.items(), "a piece was lost or made again"
        there = now
        if append:
            assert EncodedCorpus.open(path, verify=True).fingerprint == before
        else:
            assert not path.exists()
    return len(there)


def at_every_step(text: Path, folder: Path, **options: bool) -> int:
    """Kill at each step, each time from the start, and run again; how many steps there are."""
    (folder / "before.txt").write_text("8 pages of 9")

    def begun(name: str) -> Path:
        path = folder / name / "c"
        path.parent.mkdir()
        if options:
            encode(folder / "before.txt", path)
        return path

    whole = encode(text, begun("whole"), **options).fingerprint
    for step in range(10**6):
        path = begun(str(step))
        killed = killed_at(step, text, path, **options)
        try:
            encode(text, path, **options)
            assert leftovers(path) == [], step
            left = leftovers(path.parent)
        except InputError:  # it was done, but for its clean-up
            left = [name for name in leftovers(path.parent) if ".wordnum-" in name]
        assert left == [], step
        assert EncodedCorpus.open(path, verify=True).fingerprint == whole, step
        if not killed:
            return step
    raise AssertionError("it never ends")


def main() -> None:
    text, path, steps, *way = sys.argv[1:]
    pieces.CHUNK, pieces.CHUNKS_PER_PIECE = 4096, 2
    sources.RANGE = 16_384
    if steps == "every":
        done = at_every_step(Path(text), Path(path), **dict.fromkeys(way, True))
    else:
        numbers = list(map(int, steps.split(",")))
        done = one_after_the_other(Path(text), Path(path), numbers, append="append" in way)
    sys.stdout.write(f"{done}\n")


if __name__ == "__main__":
    main()
