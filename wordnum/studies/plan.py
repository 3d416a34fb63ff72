"""What a study will do and cost, before it starts."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wordnum.corpus.recipes import Recipe, open_encoded
from wordnum.errors import WordnumError
from wordnum.studies.grid import Study

# Measured on one core by benchmarks/study.py, and good to a factor of two: what a
# model takes, its `cost` says in the order of magnitude.
_ENCODE_BYTES_PER_S = 28e6  # xz text to blocks on disk, decompression included
_COUNT_TOKENS_PER_S = 200e6  # one condition, by block and distance, saved
_RUN_S, _PERIOD_S = 3.0, 0.6  # a run of 1000 numbers with its replicates, and every T of it
_ATTRIBUTION_S = 900.0  # groups, signals and sides of one corpus and window, intervals included
_WORDS_S = 6.0  # nine moduli of one corpus and window

# Bytes of text per byte of file, and per token, as on English Wikipedia.
_EXPANSION = {".xz": 3.7, ".bz2": 3.9, ".gz": 2.9, ".zst": 3.0, ".parquet": 2.0}
_BYTES_PER_TOKEN = 5.1
_NUMBER_SHARE = 0.0114

# Bytes of a process with its libraries, and per pair that it sums; on disk per token and pair, and
# of one embedding with its half-samples.
_PROCESS_BYTES, _SUMMED_PAIR_BYTES = 4.3e8, 18
_TOKEN_BYTES, _PAIR_BYTES, _EMBEDDING_BYTES = 4.2, 3.1, 17e6


@dataclass(frozen=True)
class Plan:
    """Estimates of a study: see `plan_study`.

    Attributes
    ----------
    study : Study
    n_runs : int
        Fits that will be measured, thinned controls not counted.
    n_controls : int
        Thinned controls, at most: a run that turns out to lose no pairs needs none.
    stages : list of tuple
        (what, how often, seconds on one core) of each stage.
    seconds : float
        In all, with the workers asked for.
    memory : float
        Bytes at the peak, over all workers.
    disk : float
        Bytes of the output folder, cache included.
    notes : list of str
        What the estimate could not see.
    """

    study: Study
    n_runs: int
    n_controls: int
    stages: list[tuple[str, int, float]]
    seconds: float
    memory: float
    disk: float
    notes: list[str]


def plan_study(study: Study, *, n_jobs: int | None = 1) -> Plan:
    """Estimate a study without reading its text.

    Parameters
    ----------
    study : Study
    n_jobs : int or None
        Workers; -1 is one for each core of this machine, None is taken for one.

    Examples
    --------
    >>> from wordnum import load_study
    >>> plan_study(load_study("demo")).n_runs
    36
    """
    notes: list[str] = []
    work: defaultdict[str, Any] = defaultdict(lambda: np.zeros(2))  # how often, and seconds
    all_pairs = all_tokens = largest = 0.0
    measured = _RUN_S + _PERIOD_S * len(study.probe.moduli)
    pairs_per_token = 2 * max(window.size for window in study.windows) * _NUMBER_SHARE
    for recipe in study.recipes():
        tokens = _text_bytes(recipe, notes) / _BYTES_PER_TOKEN
        runs = list(study.runs_of(recipe))
        controls = [run for run in runs if study.may_need_control(run)]
        thinned = {(run.condition, run.window, run.signal, run.seed) for run in controls}
        counted = len({(run.condition, run.seed) for run in runs}) + len(thinned)
        if recipe.reader != "encoded":
            work["encode"] += 1, tokens * _BYTES_PER_TOKEN / _ENCODE_BYTES_PER_S
        work["count"] += counted, counted * tokens / _COUNT_TOKENS_PER_S
        for stage, members in (("fit and measure", runs), ("controls", controls)):
            costs = [measured + run.model.estimator().seconds(tokens) for run in members]
            work[stage] += len(members), sum(costs)
        if study.attribution:
            work["attribute"] += np.array([1, _ATTRIBUTION_S]) * len(study.windows)
        if study.words:
            work["words"] += np.array([1, _WORDS_S]) * len(study.windows)
        largest, all_tokens = max(largest, tokens), all_tokens + tokens
        all_pairs += tokens * counted * pairs_per_token
    workers = (os.cpu_count() or 1) if n_jobs == -1 else max(n_jobs or 1, 1)
    n_runs, n_controls = (int(work[stage][0]) for stage in ("fit and measure", "controls"))
    return Plan(
        study=study,
        n_runs=n_runs,
        n_controls=n_controls,
        stages=[(stage, int(often), seconds) for stage, (often, seconds) in work.items() if often],
        seconds=sum(seconds for _, seconds in work.values()) / (0.9 * workers + 0.1),
        memory=(workers + (workers > 1)) * _PROCESS_BYTES
        + workers * _SUMMED_PAIR_BYTES * largest * pairs_per_token,
        disk=all_tokens * _TOKEN_BYTES
        + all_pairs * _PAIR_BYTES
        + (n_runs + n_controls) * _EMBEDDING_BYTES,
        notes=notes,
    )


def _text_bytes(recipe: Recipe, notes: list[str]) -> float:
    """Bytes of text behind a recipe, from the sizes of its files."""
    if recipe.reader == "synthetic":
        settings = recipe.synthetic
        return 6.0 * settings.get("n_documents", 2000) * settings.get("length", 500)
    total = 0.0
    try:
        if recipe.reader == "encoded":
            return _BYTES_PER_TOKEN * open_encoded(recipe).n_tokens
        for path in map(Path, recipe.paths()):
            files = [path] if path.is_file() else path.rglob("*") if path.is_dir() else []
            for file in files:
                total += _EXPANSION.get(file.suffix, 1.0) * file.stat().st_size
    except (WordnumError, OSError) as error:
        notes.append(f"{recipe.name}: {error}")
    if not total:
        notes.append(f"{recipe.name}: size unknown, not in the estimate")
    return total
