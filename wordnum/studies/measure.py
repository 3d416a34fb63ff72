"""Measuring one run of a study: what a worker does."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from functools import lru_cache
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
from wordnum.studies.cache import Cache, code_version, load_or_discard
from wordnum.studies.grid import ProbeSpec, Run
from wordnum.studies.records import make_record, read_record, write_record
from wordnum.studies.stages import Source, count_pairs

__all__ = ["forget", "is_done", "measure", "record_path", "run_key"]

logger = logging.getLogger(__name__)


def run_key(run: Run, source: Source, probe: ProbeSpec, device: str) -> str:
    """Hash of all that a run's measures depend on: its provenance in one word."""
    return content_hash(
        source.key,
        run.row(),
        run.model,
        run.window,
        probe,
        device,
        code_version("embeddings"),
        code_version("analyzers"),
        code_version("studies", "records"),
    )


def record_path(folder: Path, key: str) -> Path:
    """Where the record of a run is, or will be."""
    return folder / "runs" / f"{key}.json"


def is_done(folder: Path, key: str) -> bool:
    """Whether the record of a run is there, whole, and no failure."""
    record = load_or_discard(record_path(folder, key), read_record)
    return record is not None and record["status"] == "done"


def measure(
    run: Run, key: str, source: Source, folder: Path, probe: ProbeSpec, device: str
) -> None:
    """Fit and measure one run and write its record; a failure is a record too.

    Linear algebra has one thread: workers are the way to use more cores, and the table must not
    depend on how many there are.
    """
    started = time.perf_counter()
    record: dict[str, Any] = {"key": key, "run": key, "row": run.row(), "error": ""}
    try:
        if source.error:
            raise InputError(source.error)
        with threadpool_limits(limits=1, user_api="blas"):
            embedding = _embedding(run, source, Cache(folder / "cache"), device)
            analysis = analyze(
                embedding,
                moduli=probe.moduli,
                classifier=probe.classifier,
                nulls=probe.nulls,
                repeats=probe.repeats,
                random_state=probe.random_state,
                device=device,
            )
        record |= {"status": "done", **make_record(embedding, analysis)}
    except Exception as error:  # one failed run must not take the others with it
        if not source.error:  # that was told once, for all of them
            logger.warning("a run failed: %s: %s", _describe(run), error)
        record |= {"status": "failed", "error": str(error) or repr(error)}
    record["seconds"] = round(time.perf_counter() - started, 3)
    write_record(record_path(folder, key), record)


def _describe(run: Run) -> str:
    parts = (run.recipe.name, run.model.name, run.condition, run.signal)
    return ", ".join(part for part in parts if part)


def _embedding(run: Run, source: Source, cache: Cache, device: str) -> Embedding:
    """Fit the run's model, or load what it gave before."""
    path = cache.path(
        "embeddings",
        ".npz",
        code_version("embeddings"),
        source.key,
        run.perturbation,
        run.signal,
        run.window,
        run.model.model,
        run.model.parameters,
        run.seed,
        device,
    )
    found = load_or_discard(path, Embedding.load)
    if found is not None:
        return found
    offered = {"signal": run.signal, "window": run.window and run.window.size, "device": device}
    model = run.model.estimator(
        random_state=run.random_state if run.model.has("seed") else 0,
        **{name: value for name, value in offered.items() if value is not None},
    )
    if run.model.reads_corpus:
        perturbation = parse_perturbation(run.perturbation, random_state=run.random_state)
        corpus = EncodedCorpus.open(source.path)
        embedding = model.fit_transform(corpus, perturbation=perturbation)
    else:
        # A model that reads no pairs gets the narrowest window, which is the quickest to sum.
        signal = _signal(source.path, run.signal or "both", run.window or Window(size=1))
        embedding = model.fit_transform(signal)
        if run.window:
            about = {**embedding.provenance, "n_pairs": count_pairs(signal)}
            embedding = replace(embedding, provenance=about)
    embedding.save(path)
    return embedding


@lru_cache(maxsize=1)
def _counts(path: Path) -> Counts:
    return Counts.load(path)


@lru_cache(maxsize=1)
def _signal(path: Path, name: str, window: Window) -> Signal:
    """Signal that the runs of a worker share as they come one after the other."""
    return _counts(path).signal(name, window=window)


def forget() -> None:
    """Let go of the counts that were read last."""
    _counts.cache_clear()
    _signal.cache_clear()
