"""What a training leaves on disk: snapshots of the numbers, checkpoints to go on from, the model.

::

    FOLDER/training.json                what is trained on what; says at the end that it is finished
           snapshots/step-00001000.npz  an `Embedding` of the numbers; kept for good
           config.json, model.safetensors, vocab.txt, history.json     the trained model
           resume/                      rows of the text and two checkpoints, gone at the end

Checkpoints are those of transformers' Trainer. They hold pickles (the state of the optimiser),
which no other file of ours does: go on only from a folder that you trust.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from wordnum.errors import FormatError, InputError
from wordnum.provenance import jsonable
from wordnum.storage import read_failure, write_json, write_text

log = logging.getLogger(__name__)

ABOUT = "training.json"
SNAPSHOTS = "snapshots"
RESUME = "resume"
_KIND, _VERSION = "language-model", 1


class TrainingFolder:
    """Folder of one training.

    Parameters
    ----------
    path : path-like
        Made by `begin`.
    about : mapping
        What is trained on what. A training that has begun goes on only where
        this is what it was begun with.

    Raises
    ------
    InputError
        The folder holds another training, or something else.
    FormatError
        Its training.json cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str], *, about: dict[str, Any]) -> None:
        self.path = Path(path)
        self.about = {"kind": _KIND, "version": _VERSION, **jsonable(about)}
        self.finished = False
        if (self.path / ABOUT).exists():
            self._compare(_read(self.path / ABOUT))
        elif self.path.is_dir() and {entry.name for entry in self.path.iterdir()} - {RESUME}:
            raise InputError(
                f"{self.path} holds something else",
                expected=f"a new folder, or one with {ABOUT}",
                remedy="choose another folder",
            )
        else:  # a text that was not yet wholly written may be another one
            shutil.rmtree(self.resume, ignore_errors=True)

    @property
    def snapshots(self) -> Path:
        """Folder of the snapshots."""
        return self.path / SNAPSHOTS

    @property
    def resume(self) -> Path:
        """Folder of what is needed to go on."""
        return self.path / RESUME

    def begin(self) -> None:
        """Say what is trained here."""
        self.snapshots.mkdir(parents=True, exist_ok=True)
        write_json(self.path / ABOUT, {**self.about, "finished": False})

    def last_checkpoint(self) -> Path | None:
        """Newest whole checkpoint; those that are not whole are removed, with a warning."""
        found = sorted(self.resume.glob("checkpoint-*"), key=lambda p: int(p.name[11:]))
        while found and (problem := _problem(found[-1])):
            log.warning("%s is left out: %s", found[-1], problem)
            shutil.rmtree(found.pop())
        return found[-1] if found else None

    def finish(self, network: Any, *, tokens: list[str], history: list[dict[str, Any]]) -> None:
        """Write the model and its vocabulary, and remove what is needed to go on."""
        with tempfile.TemporaryDirectory(dir=self.path, prefix=".finishing-") as temporary:
            network.save_pretrained(temporary)
            for file in Path(temporary).iterdir():
                os.replace(file, self.path / file.name)
        lines = (token.replace("\n", "\\n").replace("\r", "\\r") for token in tokens)
        write_text(self.path / "vocab.txt", "".join(f"{line}\n" for line in lines))
        write_json(self.path / "history.json", history)
        write_json(self.path / ABOUT, {**self.about, "finished": True})
        self.finished = True
        shutil.rmtree(self.resume, ignore_errors=True)

    def history(self) -> list[dict[str, Any]]:
        """Rows of the history of a finished training."""
        rows: list[dict[str, Any]] = _read(self.path / "history.json")
        return rows

    def _compare(self, found: Any) -> None:
        self.finished = bool(isinstance(found, dict) and found.pop("finished", False))
        if found == self.about:
            return
        told = dict(_flat(found)), dict(_flat(self.about))
        keys = [k for k in {**told[0], **told[1]} if told[0].get(k) != told[1].get(k)]
        raise InputError(
            f"{self.path} holds a training of another model or text",
            expected=", ".join(f"{k}={told[1].get(k)}" for k in keys),
            got=", ".join(f"{k}={told[0].get(k)}" for k in keys),
            remedy="choose another folder, or what this one was begun with",
        )


def _flat(value: Any, name: str = "") -> list[tuple[str, Any]]:
    if not isinstance(value, dict):
        return [(name or "content", value)]
    return [pair for key, item in value.items() for pair in _flat(item, key)]


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise read_failure(path, error) from error
    except (ValueError, RecursionError) as error:
        raise FormatError(
            f"{path} is damaged", got=str(error), remedy="remove the folder and train again"
        ) from error


def _problem(checkpoint: Path) -> str | None:
    """Say why a checkpoint is not whole, if it is not; its state is written last."""
    try:
        json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
        with safe_open(checkpoint / "model.safetensors", framework="numpy"):
            pass
        for name in ("optimizer.pt", "scheduler.pt"):
            if not zipfile.is_zipfile(checkpoint / name):
                return f"{name} is cut off or missing"
    except (OSError, ValueError, SafetensorError) as error:
        return f"{type(error).__name__}: {error}"
    return None
