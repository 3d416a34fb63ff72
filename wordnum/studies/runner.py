"""Run a study: shared stages once, every run under its key, what failed beside what is done."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from wordnum._compat import require
from wordnum.analyzers.analysis import analyze
from wordnum.backend import get_backend, one_blas_thread
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.signals import Signal
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.trajectory import Snapshot
from wordnum.errors import InputError
from wordnum.parallel import map_tasks
from wordnum.provenance import content_hash, linear_algebra, versions
from wordnum.storage import is_of_the_machine
from wordnum.studies.attribution_stage import attribute_study
from wordnum.studies.folder import about, claim
from wordnum.studies.grid import ProbeSpec, Run, Study
from wordnum.studies.records import make_record, read_record, record_path, write_record
from wordnum.studies.results import StudyResults
from wordnum.studies.stages import (
    Cache,
    Stages,
    code_version,
    count_pairs,
    identity,
    load_or_discard,
    prepare_stages,
    timed,
)  # fmt: skip
from wordnum.studies.tasks import TaskRecipe
from wordnum.studies.words_stage import words_of_study

logger = logging.getLogger(__name__)
# Controls of the checkpoints before the last: those that a verdict rests on.
_EARLIER = ("excluding multiples of 5",)


def run_study(
    study: Study,
    folder: str | Path,
    *,
    n_jobs: int | None = 1,
    device: str = "cpu",
    overwrite: bool = False,
    command: str = "",
) -> StudyResults:
    """Do every run of a study that is not done yet, and write its table.

    A study that was cut off, at any moment, goes on where it was when it is started again. Runs
    that failed are tried again.

    Parameters
    ----------
    study : Study
    folder : path-like
        Where the table, the records and the cache go. A folder that holds this very study is
        continued; one of another study is refused.
    n_jobs : int
        Workers. Wrap the call in `wordnum.parallel.parallel_backend` to send them to a cluster,
        whose machines must all see `folder`.
    device : {"cpu", "cuda"}
        Where factorization and probes run.
    overwrite : bool
        Replace the results of another study in `folder`; its cache is kept and used.
    command : str
        How the study was started, kept for the page.

    Returns
    -------
    StudyResults

    Raises
    ------
    InputError
        The folder holds another study or another process is writing to it, or every run failed;
        the disk is full, or too many files are open: what is done is kept.
    UsageError, MissingExtraError
        A device that does not exist, or that nothing here can drive.
    """
    folder = Path(folder)
    get_backend(device)  # what is missing is an error before anything is done
    for model in study.models:
        for package in model.kind.requires:
            require(package, purpose=f"the model {model.name!r}")
    spent: dict[str, float] = {}
    cache = Cache(folder / "cache")
    with claim(folder, study, overwrite=overwrite):
        prepared = [prepare_stages(study, r, cache, spent, n_jobs=n_jobs) for r in study.recipes()]
        with timed(spent, "measure"):
            keys = _measure_runs(study, prepared, folder, n_jobs, device)
        failures: list[str] = []
        if study.attribution:
            with timed(spent, "attribute"):
                failures = attribute_study(study, prepared, folder, n_jobs=n_jobs, device=device)
        if study.words:
            with timed(spent, "words"):
                failures += words_of_study(study, prepared, folder)
        found = {
            **about(study),
            "versions": versions(),
            "linear_algebra": linear_algebra(),
            "command": command,
            "seconds": {stage: round(seconds, 2) for stage, seconds in spent.items()},
            "runs": keys,
            "corpora": [stages.about() for stages in prepared],
            "failures": failures,
        }
        write_record(folder / "study.json", found)
        results = StudyResults.open(folder)
        results.write_tables()
    if len(results.errors()) == len(results.records):
        raise InputError(
            f"every run of study {study.name!r} failed",
            got=results.errors()[0],
            where=str(folder / "table.csv"),
        )
    return results


def _measure_runs(
    study: Study, prepared: list[Stages], folder: Path, n_jobs: int | None, device: str
) -> list[str]:
    """Measure the runs without a record; returns the keys of all."""
    keyed = [
        (run, _key(run, stages, study.probe, device), stages)
        for stages in prepared
        for run in [*study.runs_of(stages.recipe), *stages.controls]
    ]
    missing = [one for one in keyed if not _is_done(folder, one[1])]
    tasks = [(*one, folder, study.probe, device) for one in missing]
    done = len(keyed) - len(missing)
    map_tasks(measure, tasks, n_jobs=n_jobs, description="measuring", done=done)
    _read_signal.cache_clear()
    return [key for _, key, _ in keyed]


def _fit_key(run: Run, stages: Stages, device: str) -> str:
    """Hash of all that vectors depend on; those made from the text, on no window of a count."""
    condition = run.perturbation
    text = stages.text(condition) if run.model.reads_corpus else stages.counts(condition).stem
    data = (text, run.signal, run.window, run.seed, device)
    model = (run.model.model, run.model.parameters, identity(run.model.kind))
    package = run.model.kind.__module__.split(".")[1:2]  # of ours, where that is another
    return content_hash(data, model, code_version("embeddings", *set(package) & {"lm"}))


def _key(run: Run, stages: Stages, probe: ProbeSpec, device: str) -> str:
    """Hash of all that a run's measures depend on: its provenance in one word."""
    code = code_version("analyzers", "studies/records")
    return content_hash(_fit_key(run, stages, device), run.row(), probe, code)


def _is_done(folder: Path, key: str) -> bool:
    """Whether the records of a run are there, whole, and no failure."""
    record = load_or_discard(record_path(folder, key), read_record)
    if record is None or record["status"] != "done":
        return False
    return all(_is_done(folder, checkpoint) for checkpoint in record.get("checkpoints", ()))


@one_blas_thread
def measure(
    run: Run, key: str, stages: Stages, folder: Path, probe: ProbeSpec, device: str
) -> None:
    """Fit and measure one run and write its record; a failure is a record too.

    Linear algebra has one thread: workers are the way to use more cores, and the table must not
    depend on how many there are.
    """
    started = time.perf_counter()
    record: dict[str, Any] = {"key": key, "run": key, "row": run.row(), "error": ""}
    try:
        if stages.error:
            raise InputError(stages.error)
        *before, last = _snapshots(run, stages, device)
        for snapshot in before:
            checkpoint = content_hash(key, snapshot.step)
            about = {**record, "key": checkpoint, "status": "done", "seconds": None}
            found = _measured(run, snapshot, probe, device, controls=_EARLIER)
            write_record(record_path(folder, checkpoint), {**about, **found})
            record.setdefault("checkpoints", []).append(checkpoint)
        record |= {"status": "done", **_measured(run, last, probe, device)}
    except Exception as error:  # one failed run must not take the others with it
        if is_of_the_machine(error):
            raise
        if not stages.error:  # that was said once, for all of them
            names = (run.recipe.name, run.model.name, run.condition, run.signal)
            logger.warning("a run failed: %s: %s", ", ".join(filter(None, names)), error)
        record |= {"status": "failed", "error": str(error) or repr(error)}
    record["seconds"] = round(time.perf_counter() - started, 3)
    write_record(record_path(folder, key), record)


def _measured(
    run: Run, snapshot: Snapshot, probe: ProbeSpec, device: str, **options: Any
) -> dict[str, Any]:
    """Measure one checkpoint: what its record holds beside its identity."""
    embedding = snapshot.embedding
    analysis = analyze(embedding, **vars(probe), device=device, **options)
    row = run.row()
    if run.model.has("dim"):  # a small text may have fewer than the default
        row["dim"] = embedding.dim
    progress = {"step": snapshot.step, "tokens": snapshot.tokens, "row": row}
    return {**progress, **make_record(embedding, analysis)}


def _snapshots(run: Run, stages: Stages, device: str) -> Iterable[Snapshot]:
    """What a run leaves: the embedding of every checkpoint, most often of one."""
    path = stages.cache.path("embeddings", ".npz", _fit_key(run, stages, device))
    found = load_or_discard(path, Embedding.load)
    if found is not None:
        return [_only(found)]
    model = run.model.estimator(
        random_state=run.seed if run.model.has("seed") else 0,
        window=run.window and run.window.size,
        signal=run.signal,
        device=device,
        folder=path.parent.with_name("trainings") / path.stem,  # of a model that keeps its own
    )
    if run.model.reads_corpus:
        if isinstance(stages.recipe, TaskRecipe) and run.model.kind.takes_tasks:
            # By name: a task that is not the original is refused by the model, never ignored.
            task, condition = stages.recipe.task, run.perturbation.name
            embedding = model.fit_transform(task, perturbation=condition)
        else:
            corpus = EncodedCorpus.open(stages.corpus)
            embedding = model.fit_transform(corpus, perturbation=run.perturbation)
        if hasattr(model, "trajectory_"):
            return model.trajectory_
    else:
        counts = stages.counts(run.perturbation)
        # A model that reads no pairs gets the narrowest window, which is the quickest to sum.
        signal = _read_signal(counts, run.signal or "both", run.window or Window(size=1))
        embedding = model.fit_transform(signal)
        if run.window:
            about = {**embedding.provenance, "n_pairs": count_pairs(signal)}
            embedding = replace(embedding, provenance=about)
    embedding.save(path)
    return [_only(embedding)]


def _only(embedding: Embedding) -> Snapshot:
    """The one snapshot of a model that counts: it has read the whole text."""
    return Snapshot(None, embedding.provenance.get("parameters", {}).get("n_tokens"), embedding)


@lru_cache(maxsize=1)
def _read_signal(path: Path, name: str, window: Window) -> Signal:
    """Read a signal, which the runs of a worker share as they come one after the other."""
    return Counts.load(path).signal(name, window=window)
