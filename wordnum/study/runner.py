"""Run a study: shared stages once, every cell under its hash, what failed beside what is done."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby, product
from pathlib import Path
from typing import Any

from wordnum.analyze.analysis import analyze
from wordnum.cooccurrence.count import count
from wordnum.cooccurrence.counts import CooccurrenceCounts
from wordnum.corpus.encode import encode
from wordnum.corpus.encoded import EncodedCorpus
from wordnum.corpus.perturb import parse_perturbation
from wordnum.corpus.recipe import Recipe
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.embed.embedding import Embedding
from wordnum.errors import InputError, WordnumError
from wordnum.parallel import map_tasks
from wordnum.provenance import content_hash, versions
from wordnum.storage import atomic_path, write_json
from wordnum.study.attribution import attribute
from wordnum.study.cache import Cache, stage_version
from wordnum.study.records import failed_record, make_record, read_record
from wordnum.study.results import StudyResults, write_results
from wordnum.study.spec import Cell, ProbeSpec, Study

__all__ = ["encode_recipe", "run_study"]

logger = logging.getLogger(__name__)
# A condition with fewer pairs than this share of the original's has a thinned control.
_LOSES_PAIRS = 0.98


@dataclass
class _Stages:
    """What is shared by the cells of one corpus: its encoding and the counts of each condition."""

    recipe: Recipe
    corpus: Path | None = None
    counts: dict[tuple[str, int], Path] = field(default_factory=dict)
    controls: dict[str, str] = field(default_factory=dict)
    error: str = ""


def encode_recipe(recipe: Recipe, path: Path, *, jobs: int = 1) -> EncodedCorpus:
    """Encode the corpus of a recipe into the folder `path`."""
    synthetic = recipe.reader == "synthetic"
    return encode(
        SyntheticCorpus(**_by_period(recipe.synthetic)) if synthetic else recipe.paths(),
        path,
        reader=None if synthetic else recipe.reader,
        field=recipe.field,
        separator=recipe.separator,
        numerals=recipe.scheme,
        tokenizer=recipe.tokenizer,
        jobs=jobs,
    )


def _by_period(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Turn tables of the recipe into mappings from a period, whose keys TOML writes as text."""
    return {
        name: {int(T): share for T, share in value.items()} if isinstance(value, Mapping) else value
        for name, value in parameters.items()
    }


def run_study(
    study: Study,
    folder: str | Path,
    *,
    jobs: int = 1,
    device: str = "cpu",
    overwrite: bool = False,
    command: str = "",
) -> StudyResults:
    """Run every cell of a study that is not done yet, and write its table.

    Parameters
    ----------
    study : Study
    folder : path-like
        Where the table, the cells and the cache go. A folder that holds this very study is
        continued; one of another study is refused.
    jobs : int
        Workers. Wrap the call in `wordnum.parallel.parallel_backend` to send them to a cluster,
        whose machines must all see `folder`.
    device : {"cpu", "cuda"}
        Where factorization and probes run.
    overwrite : bool
        Replace the table of another study in `folder`; its cache is kept and used.
    command : str
        How the run was started, kept for the page.

    Returns
    -------
    StudyResults

    Raises
    ------
    InputError
        The folder holds another study, or every cell failed.
    """
    folder = Path(folder)
    _claim(folder, study, overwrite)
    cache = Cache(folder / "cache")
    prepared = [_prepare(study, recipe, cache, jobs) for recipe in study.recipes()]
    tasks = [
        (group, stages, folder, study.probe, device)
        for stages in prepared
        for group in _groups(study, stages)
    ]
    keys = [
        key
        for done in map_tasks(
            _run_group,
            tasks,
            jobs=jobs,
            description="measuring",
            weights=[len(task[0]) for task in tasks],
        )
        for key in done
    ]
    if study.attribution:
        _write_attribution(study, prepared, folder, cache, jobs, device)
    write_json(folder / "study.json", _describe(study, command, keys, prepared))
    results = write_results(folder)
    if results.all_failed:
        raise InputError(
            f"every cell of study {study.name!r} failed",
            got=results.errors()[0],
            where=str(folder / "table.csv"),
        )
    return results


def _claim(folder: Path, study: Study, overwrite: bool) -> None:
    """Refuse a folder that holds the results of another study or anything else."""
    file = folder / "study.json"
    if file.is_file():
        found = read_record(file)
        if found.get("fingerprint") != content_hash(study.to_dict()) and not overwrite:
            raise InputError(
                f"{folder} holds another study",
                expected=f"study {study.name!r} as it is now, or a new folder",
                got=f"study {found.get('name')!r} with other parameters",
                remedy="choose another folder, or add --overwrite to replace its table",
            )
    elif folder.is_dir() and any(p.name != "cache" for p in folder.iterdir()) and not overwrite:
        raise InputError(
            f"{folder} is not empty and holds no study",
            expected="a new or empty folder",
            remedy="choose another folder, or add --overwrite",
        )
    write_json(file, _describe(study, "", [], []))


def _describe(
    study: Study, command: str, keys: list[str], prepared: list[_Stages]
) -> dict[str, Any]:
    return {
        "name": study.name,
        "title": study.title,
        "description": study.description,
        "fingerprint": content_hash(study.to_dict()),
        "spec": study.to_dict(),
        "versions": versions(),
        "command": command,
        "cells": keys,
        "corpora": [_about(stages) for stages in prepared],
    }


def _about(stages: _Stages) -> dict[str, Any]:
    about: dict[str, Any] = {
        "name": stages.recipe.name,
        "title": stages.recipe.title,
        "licence": stages.recipe.licence,
        "numerals": stages.recipe.numerals,
        "ordinals": stages.recipe.ordinals,
        "error": stages.error,
    }
    if stages.corpus is not None:
        corpus = EncodedCorpus.open(stages.corpus)
        about |= {
            "fingerprint": corpus.fingerprint,
            "tokens": corpus.n_tokens,
            "documents": corpus.n_documents,
            "numbers": int(corpus.number_counts.sum()),
            "distinct_numbers": int((corpus.number_counts > 0).sum()),
        }
    return about


def _prepare(study: Study, recipe: Recipe, cache: Cache, jobs: int) -> _Stages:
    """Encode and count one corpus, as far as it is not done; an error is kept, not raised."""
    stages = _Stages(recipe)
    try:
        stages.corpus = cache.path("corpus", "", recipe.identity())
        if not stages.corpus.exists():
            encode_recipe(recipe, stages.corpus, jobs=jobs)
        if all(model.reads_corpus for model in study.models):
            return stages
        for seed in study.seeds:
            _count_missing(study, stages, study.perturbations, seed, cache, jobs)
        if study.thinned_controls:
            _count_controls(study, stages, cache, jobs)
    except WordnumError as error:
        logger.warning("corpus %s failed: %s", recipe.name, error)
        stages.error = str(error)
    return stages


def _count_missing(
    study: Study, stages: _Stages, names: tuple[str, ...], seed: int, cache: Cache, jobs: int
) -> None:
    """Count the conditions that are not in the cache, all in one pass over the corpus."""
    assert stages.corpus is not None
    corpus = EncodedCorpus.open(stages.corpus)
    reach = max(window.size for window in study.windows)
    missing = []
    for name in names:
        depends = (corpus.fingerprint, parse_perturbation(name, seed=seed), reach)
        stages.counts[name, seed] = cache.path(
            "cooccurrence", ".npz", stage_version("corpus"), *depends
        )
        if not stages.counts[name, seed].exists():
            missing.append(name)
    if missing:
        found = count(corpus, window=reach, perturbations=missing, seed=seed, jobs=jobs)
        for name, counts in found.items():
            counts.save(stages.counts[name, seed])


def _count_controls(study: Study, stages: _Stages, cache: Cache, jobs: int) -> None:
    """Count the original thinned to the pairs of each condition that loses pairs."""
    for seed in study.seeds:
        pairs = {
            name: CooccurrenceCounts.load(stages.counts[name, seed]).signal().matrix().sum()
            for name in study.perturbations
        }
        for name, n_pairs in pairs.items():
            share = n_pairs / max(pairs["original"], 1)
            if name != "original" and 0 < share < _LOSES_PAIRS:
                stages.controls.setdefault(name, f"thin:{share:.3f}")
        _count_missing(study, stages, tuple(set(stages.controls.values())), seed, cache, jobs)


def _groups(study: Study, stages: _Stages) -> Iterator[list[Cell]]:
    """Cells that share counts go to one worker, which loads them once."""
    conditions = [(name, "") for name in study.perturbations]
    conditions += [(thinned, name) for name, thinned in stages.controls.items()]
    for perturbation, control_for in conditions:
        cells = sorted(
            study.cells_of(stages.recipe, perturbation, control_for), key=lambda cell: cell.seed
        )
        for _, group in groupby(cells, key=lambda cell: cell.seed):
            yield list(group)


def _write_attribution(
    study: Study, prepared: list[_Stages], folder: Path, cache: Cache, jobs: int, device: str
) -> None:
    """Attribute the kappas of the original to context groups, into attribution.csv."""
    import pandas as pd

    frames = []
    for stages, window, grouping in product(prepared, study.windows, ("contexts", "signals")):
        source = stages.counts.get(("original", study.seeds[0]))
        if source is None or stages.error:
            continue
        depends = (source.stem, window, grouping, study.probe.seed, stage_version("analyze"))
        path = cache.path("study", ".csv", *depends)
        if not path.exists():
            attribute(
                CooccurrenceCounts.load(source),
                window=window,
                groups=grouping,
                seed=study.probe.seed,
                jobs=jobs,
                device=device,
            ).to_csv(path)
        kept = ", ordinals kept" if stages.recipe.ordinals == "keep" else ""
        label = f"{stages.recipe.name}, {stages.recipe.numerals}{kept}, {window.label}: {grouping}"
        frames.append(pd.read_csv(path).assign(label=label, grouping=grouping))
    if frames:
        with atomic_path(folder / "attribution.csv") as target:
            pd.concat(frames).to_csv(target, index=False)


def _run_group(
    cells: list[Cell], stages: _Stages, folder: Path, probe: ProbeSpec, device: str
) -> list[str]:
    """Measure cells of one condition, writing each as it is done; returns their keys."""
    cache = Cache(folder / "cache")
    counts: CooccurrenceCounts | None = None
    keys = []
    for cell in cells:
        source = stages.counts.get((cell.perturbation, cell.seed), stages.corpus)
        key = content_hash(
            str(source and source.stem),
            cell.row(),
            cell.model,
            cell.window,
            probe,
            stage_version("embed"),
            stage_version("analyze"),
        )
        keys.append(key)
        target = folder / "cells" / f"{key}.json"
        if target.exists() and read_record(target)["status"] == "done":
            continue
        started = time.perf_counter()
        try:
            if stages.error:
                raise InputError(stages.error)
            if not cell.model.reads_corpus and counts is None:
                counts = CooccurrenceCounts.load(stages.counts[cell.perturbation, cell.seed])
            embedding, n_pairs = _embed(cell, stages, counts, cache, device)
            analysis = analyze(
                embedding,
                moduli=probe.moduli,
                classifier=probe.classifier,
                nulls=probe.nulls,
                repeats=probe.repeats,
                seed=probe.seed,
                device=device,
            )
            record = make_record(key, cell.row(), embedding, analysis, n_pairs)
        except Exception as error:  # one failed cell must not take the others with it
            logger.warning("cell %s failed: %s", cell.row(), error)
            record = failed_record(key, cell.row(), error)
        record["seconds"] = round(time.perf_counter() - started, 3)
        write_json(target, record)
    return keys


def _embed(
    cell: Cell,
    stages: _Stages,
    counts: CooccurrenceCounts | None,
    cache: Cache,
    device: str,
) -> tuple[Embedding, int | None]:
    """Fit the cell's model, or load what it gave before."""
    model = cell.model.estimator(
        seed=cell.seed, window=cell.window.size, signal=cell.signal, device=device
    )
    if cell.model.reads_corpus:
        assert stages.corpus is not None
        data: Any = EncodedCorpus.open(stages.corpus)
        options = {"perturbation": parse_perturbation(cell.perturbation, seed=cell.seed)}
        n_pairs = None
        depends: tuple[Any, ...] = (data.fingerprint, options["perturbation"], cell.signal)
    else:
        assert counts is not None
        data = counts.signal(cell.signal, window=cell.window)
        options = {}
        n_pairs = int(data.matrix().sum())
        depends = (stages.counts[cell.perturbation, cell.seed].stem, cell.signal)
    path = cache.path("embed", ".npz", *depends, cell.window, cell.model, cell.seed)
    if path.exists():
        return Embedding.load(path), n_pairs
    embedding = model.fit(data, **options)
    embedding.save(path)
    return embedding, n_pairs
