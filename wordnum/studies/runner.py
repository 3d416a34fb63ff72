"""Run a study: shared stages once, every cell under its hash, what failed beside what is done."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from wordnum.backend import get_backend
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.errors import InputError
from wordnum.parallel import map_tasks
from wordnum.provenance import versions
from wordnum.storage import write_json
from wordnum.studies.attribution_stage import attribute_study
from wordnum.studies.folder import about, claim
from wordnum.studies.grid import Study
from wordnum.studies.measure import cell_key, is_done, make_tasks, measure
from wordnum.studies.results import StudyResults, write_results
from wordnum.studies.stages import Stages, prepare_stages

__all__ = ["run_study"]


def run_study(
    study: Study,
    folder: str | Path,
    *,
    n_jobs: int | None = 1,
    device: str = "cpu",
    overwrite: bool = False,
    command: str = "",
) -> StudyResults:
    """Run every cell of a study that is not done yet, and write its table.

    A run that was cut off, at any moment, goes on where it was when it is started again. Cells
    that failed are tried again.

    Parameters
    ----------
    study : Study
    folder : path-like
        Where the table, the cells and the cache go. A folder that holds this very study is
        continued; one of another study is refused.
    n_jobs : int
        Workers. Wrap the call in `wordnum.parallel.parallel_backend` to send them to a cluster,
        whose machines must all see `folder`.
    device : {"cpu", "cuda"}
        Where factorization and probes run.
    overwrite : bool
        Replace the results of another study in `folder`; its cache is kept and used.
    command : str
        How the run was started, kept for the page.

    Returns
    -------
    StudyResults

    Raises
    ------
    InputError
        The folder holds another study or another run is writing to it, or every cell failed.
    UsageError, MissingExtraError
        A device that does not exist, or that nothing here can drive.
    """
    folder = Path(folder)
    get_backend(device)  # a device that is missing is an error before anything is done
    with claim(folder, study, overwrite=overwrite) as cache:
        prepared = [prepare_stages(study, r, cache, n_jobs=n_jobs) for r in study.recipes()]
        keys, spent = _measure_cells(study, prepared, folder, n_jobs, device)
        failures: list[str] = []
        if study.attribution:
            started = time.perf_counter()
            failures = attribute_study(study, prepared, folder, cache, n_jobs=n_jobs, device=device)
            spent["attribute"] = round(time.perf_counter() - started, 2)
        write_json(
            folder / "study.json",
            {
                **about(study),
                "versions": versions(),
                "command": command,
                "seconds": spent,
                "cells": keys,
                "corpora": [_about_corpus(stages) for stages in prepared],
                "failures": failures,
            },
        )
        results = write_results(folder)
    if results.all_failed:
        raise InputError(
            f"every cell of study {study.name!r} failed",
            got=results.errors()[0],
            where=str(folder / "table.csv"),
        )
    return results


def _measure_cells(
    study: Study, prepared: list[Stages], folder: Path, n_jobs: int | None, device: str
) -> tuple[list[str], dict[str, float]]:
    """Measure the cells without a record; returns the keys of all, and the time of each stage."""
    keys, tasks = [], []
    for stages in prepared:
        named = [
            (cell, cell_key(cell, stages.source_key(cell), study.probe))
            for cell in stages.cells(study)
        ]
        keys += [key for _, key in named]
        missing = [(cell, key) for cell, key in named if not is_done(folder, key)]
        tasks += list(make_tasks(missing, stages))
    started = time.perf_counter()
    map_tasks(
        measure,
        [(task, folder, study.probe, device) for task in tasks],
        n_jobs=n_jobs,
        description="measuring",
        weights=[task.seconds for task in tasks],
    )
    spent = {
        stage: round(sum(stages.seconds.get(stage, 0.0) for stages in prepared), 2)
        for stage in ("encode", "count")
    }
    return keys, {**spent, "measure": round(time.perf_counter() - started, 2)}


def _about_corpus(stages: Stages) -> dict[str, Any]:
    about_it: dict[str, Any] = {
        "name": stages.recipe.name,
        "title": stages.recipe.title,
        "licence": stages.recipe.licence,
        "numerals": stages.recipe.numerals,
        "ordinals": stages.recipe.ordinals,
        "error": stages.error,
    }
    if stages.corpus is not None and stages.corpus.exists():
        corpus = EncodedCorpus.open(stages.corpus)
        about_it |= {
            "fingerprint": corpus.fingerprint,
            "tokens": corpus.n_tokens,
            "documents": corpus.n_documents,
            "numbers": int(corpus.number_counts.sum()),
            "distinct_numbers": int((corpus.number_counts > 0).sum()),
        }
    return about_it
