"""Measuring the cells of a study: what one worker does."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from wordnum.analyzers.analysis import analyze
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.signals import Signal
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.perturbations import parse_perturbation
from wordnum.embeddings.embedding import Embedding
from wordnum.errors import InputError
from wordnum.provenance import content_hash
from wordnum.storage import write_json
from wordnum.studies.cache import Cache, code_version, load_or_discard
from wordnum.studies.grid import Cell, ProbeSpec
from wordnum.studies.plan import cell_seconds
from wordnum.studies.records import failed_record, make_record, read_record
from wordnum.studies.stages import Stages

__all__ = ["Task", "cell_key", "is_done", "make_tasks", "measure"]

logger = logging.getLogger(__name__)
# Cells per task: enough to share what they load, few enough to keep all workers busy.
_CELLS = 6
_QUICK = ("svd", "frequency", "random")


@dataclass(frozen=True)
class Task:
    """Cells on the same counts, or on the same corpus, for one worker.

    Attributes
    ----------
    cells : tuple of Cell
    keys : tuple of str
        Their hashes, which name their records.
    source : Path or None
        Counts, or a corpus; None where there is none because of `error`.
    source_key : str
        Hash of what it holds: see `Stages.source_key`.
    error : str
        What went wrong before.
    """

    cells: tuple[Cell, ...]
    keys: tuple[str, ...]
    source: Path | None
    source_key: str
    error: str

    @property
    def seconds(self) -> float:
        """About how long it takes, for the time left."""
        return sum(map(cell_seconds, self.cells))


def cell_key(cell: Cell, source: str, probe: ProbeSpec) -> str:
    """Hash of all that a cell's measures depend on: its provenance in one word.

    `source` is the hash of what its model is fitted on.
    """
    return content_hash(
        source,
        cell.row(),
        cell.model,
        cell.window,
        probe,
        code_version("embeddings"),
        code_version("analyzers"),
        code_version("studies", "records"),
    )


def make_tasks(cells: Iterable[tuple[Cell, str]], stages: Stages) -> Iterator[Task]:
    """Group cells (with their keys) by what they read; long ones stand alone."""
    groups: dict[tuple[Any, ...], list[tuple[Cell, str]]] = {}
    for number, (cell, key) in enumerate(cells):
        alone = number if cell.model.model not in _QUICK else -1
        place = (stages.source(cell), cell.perturbation, cell.random_state, alone)
        groups.setdefault(place, []).append((cell, key))
    for (source, *_), members in groups.items():
        members.sort(key=lambda member: (member[0].window.label, member[0].signal))
        for start in range(0, len(members), _CELLS):
            chosen, keys = zip(*members[start : start + _CELLS], strict=True)
            yield Task(chosen, keys, source, stages.source_key(chosen[0]), stages.error)


def is_done(folder: Path, key: str) -> bool:
    """Whether the record of a cell is there, whole, and no failure."""
    record = load_or_discard(_record(folder, key), read_record)
    return record is not None and record["status"] == "done"


def _record(folder: Path, key: str) -> Path:
    return folder / "cells" / f"{key}.json"


def measure(task: Task, folder: Path, probe: ProbeSpec, device: str) -> None:
    """Measure cells, writing the record of each as it is done; a failure is a record too.

    Linear algebra has one thread: workers are the way to use more cores, and the table must not
    depend on how many there are.
    """
    inputs = _Inputs(task)
    with threadpool_limits(limits=1, user_api="blas"):
        for cell, key in zip(task.cells, task.keys, strict=True):
            started = time.perf_counter()
            try:
                record = _measured(cell, key, inputs, Cache(folder / "cache"), probe, device)
            except Exception as error:  # one failed cell must not take the others with it
                if not task.error:  # that was told once, for all of them
                    logger.warning("a cell failed: %s: %s", describe(cell), error)
                record = failed_record(key, cell.row(), error)
            record["seconds"] = round(time.perf_counter() - started, 3)
            write_json(_record(folder, key), record)


def describe(cell: Cell) -> str:
    """Name a cell in a message."""
    return ", ".join((cell.recipe.name, cell.model.name, cell.condition, cell.signal))


class _Inputs:
    """What the cells of a task read: loaded when first needed, the last signal kept."""

    def __init__(self, task: Task) -> None:
        self.source = task.source
        self.key = task.source_key
        self.error = task.error
        self._held: tuple[Any, Signal | None] = (None, None)

    @cached_property
    def corpus(self) -> EncodedCorpus:
        assert self.source is not None
        return EncodedCorpus.open(self.source)

    @cached_property
    def counts(self) -> Counts:
        assert self.source is not None
        return Counts.load(self.source)

    def signal(self, cell: Cell) -> Signal:
        # A model that reads no pairs gets the narrowest window, which is the quickest to sum.
        window = cell.window if cell.model.reads_pairs else Window(size=1)
        place, signal = self._held
        if signal is None or place != (cell.signal, window):
            signal = self.counts.signal(cell.signal, window=window)
            self._held = ((cell.signal, window), signal)
        return signal


def _measured(
    cell: Cell, key: str, inputs: _Inputs, cache: Cache, probe: ProbeSpec, device: str
) -> dict[str, Any]:
    if inputs.error:
        raise InputError(inputs.error)
    embedding = _embedding(cell, inputs, cache, device)
    analysis = analyze(
        embedding,
        moduli=probe.moduli,
        classifier=probe.classifier,
        nulls=probe.nulls,
        repeats=probe.repeats,
        random_state=probe.random_state,
        device=device,
    )
    return make_record(key, cell.row(), embedding, analysis)


def _embedding(cell: Cell, inputs: _Inputs, cache: Cache, device: str) -> Embedding:
    """Fit the cell's model, or load what it gave before."""
    path = cache.path(
        "embeddings",
        ".npz",
        code_version("embeddings"),
        inputs.key,
        cell.perturbation,
        cell.signal,
        cell.window,
        cell.model.model,
        cell.model.parameters,
        cell.random_state,
    )
    found = load_or_discard(path, Embedding.load)
    if found is not None:
        return found
    model = cell.model.estimator(
        random_state=cell.random_state, window=cell.window.size, signal=cell.signal, device=device
    )
    if cell.model.reads_corpus:
        perturbation = parse_perturbation(cell.perturbation, random_state=cell.random_state)
        embedding = model.fit_transform(inputs.corpus, perturbation=perturbation)
    else:
        embedding = _with_pairs(model.fit_transform(inputs.signal(cell)), cell, inputs)
    embedding.save(path)
    return embedding


def _with_pairs(embedding: Embedding, cell: Cell, inputs: _Inputs) -> Embedding:
    """Note how many pairs the vectors were made from, where they were made from pairs."""
    if not cell.model.reads_pairs:
        return embedding
    n_pairs = round(sum(block.sum() for block in inputs.signal(cell).block_matrices()))
    return replace(embedding, provenance={**embedding.provenance, "n_pairs": n_pairs})
