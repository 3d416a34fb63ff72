"""Run a study: shared stages once, every run under its key, what failed beside what is done."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

from wordnum.backend import get_backend
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.errors import InputError
from wordnum.parallel import map_tasks
from wordnum.provenance import linear_algebra, versions
from wordnum.studies.attribution_stage import attribute_study
from wordnum.studies.folder import about, claim
from wordnum.studies.grid import Study
from wordnum.studies.measure import forget, is_done, measure, run_key
from wordnum.studies.plan import run_seconds
from wordnum.studies.records import write_record
from wordnum.studies.results import StudyResults
from wordnum.studies.stages import Stages, prepare_stages

__all__ = ["run_study"]

logger = logging.getLogger(__name__)


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
        The folder holds another study or another process is writing to it, or every run failed.
    UsageError, MissingExtraError
        A device that does not exist, or that nothing here can drive.
    """
    folder = Path(folder)
    get_backend(device)  # a device that is missing is an error before anything is done
    with claim(folder, study, overwrite=overwrite) as cache:
        prepared = [prepare_stages(study, r, cache, n_jobs=n_jobs) for r in study.recipes()]
        spent = {
            stage: round(sum(stages.seconds.get(stage, 0.0) for stages in prepared), 2)
            for stage in ("encode", "count")
        }
        started = time.perf_counter()
        keys = _measure_runs(study, prepared, folder, n_jobs, device)
        spent["measure"] = round(time.perf_counter() - started, 2)
        failures: list[str] = []
        if study.attribution:
            started = time.perf_counter()
            failures = attribute_study(study, prepared, folder, cache, n_jobs=n_jobs, device=device)
            spent["attribute"] = round(time.perf_counter() - started, 2)
        told = {
            **about(study),
            "versions": versions(),
            "linear_algebra": linear_algebra(),
            "command": command,
            "seconds": spent,
            "runs": keys,
            "corpora": [_about_corpus(stages) for stages in prepared],
            "failures": failures,
        }
        write_record(folder / "study.json", told)
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
    keyed = []
    for stages in prepared:
        for run in [*study.runs_of(stages.recipe), *stages.controls]:
            source = stages.source(run)
            keyed.append((run, run_key(run, source, study.probe, device), source))
    missing = [one for one in keyed if not is_done(folder, one[1])]
    # Those that read the same signal come one after the other: a worker keeps the last it read.
    missing.sort(key=lambda one: (str(one[2].path), str(one[0].window), str(one[0].signal)))
    map_tasks(
        measure,
        [(*one, folder, study.probe, device) for one in missing],
        n_jobs=n_jobs,
        description="measuring",
        weights=[run_seconds(run) for run, *_ in missing],
    )
    forget()
    return [key for _, key, _ in keyed]


def _about_corpus(stages: Stages) -> dict[str, Any]:
    recipe = stages.recipe
    names = ("name", "title", "licence", "numerals", "ordinals")
    about_it = {name: getattr(recipe, name) for name in names} | {"error": stages.error}
    if stages.fingerprint:
        corpus = EncodedCorpus.open(stages.corpus)
        about_it |= {
            "fingerprint": corpus.fingerprint,
            "tokens": corpus.n_tokens,
            "documents": corpus.n_documents,
            "numbers": int(corpus.number_counts.sum()),
            "distinct_numbers": int((corpus.number_counts > 0).sum()),
        }
    return about_it
