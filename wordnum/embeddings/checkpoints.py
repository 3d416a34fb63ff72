"""Checkpoints of a training: the files and folders whose names say a step or tokens."""

from __future__ import annotations

import re
from pathlib import Path

_STEP = re.compile(r"(?<![a-z])(?:steps?|checkpoint|ckpt|iter)[-_=]?([0-9]{1,15})(?![0-9])", re.I)
_MANY = r"([0-9]{1,15}(?:\.[0-9]{1,9})?)([kmbt]?)"
_TOKENS = re.compile(
    rf"(?<![a-z])tokens?[-_=]?{_MANY}(?![a-z0-9])|(?<![a-z0-9.]){_MANY}[-_]?tokens?(?![a-z])",
    re.I,
)
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9, "t": 10**12}
_SUFFIXES = (".npz", ".npy", ".safetensors", ".gguf", ".txt", ".vec", ".bin")


def read_progress(name: str) -> tuple[int | None, int | None]:
    """Read steps and tokens out of the name of a checkpoint.

    Examples
    --------
    >>> read_progress("checkpoint-500"), read_progress("step1000-tokens4B")
    ((500, None), (1000, 4000000000))
    >>> read_progress("tokens-2.5M"), read_progress("model-7b")
    ((None, 2500000), (None, None))
    """
    step, tokens = _STEP.search(name), _TOKENS.search(name)
    amount, unit = [found for found in tokens.groups() if found is not None] if tokens else ("", "")
    return (
        int(step[1]) if step else None,
        round(float(amount) * _UNITS[unit.lower()]) if tokens else None,
    )


def checkpoints(folder: Path) -> list[Path]:
    """Files and folders named by a step or tokens, of ``folder/snapshots`` where there are some."""
    within = folder / "snapshots"
    for place in (within, folder) if within.is_dir() else (folder,):
        found = [
            path
            for path in sorted(place.iterdir())
            if read_progress(path.name) != (None, None)
            and not path.name.startswith(".")
            and (path.is_dir() or path.suffix in _SUFFIXES)
        ]
        if found:
            return found
    return []
