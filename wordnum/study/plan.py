"""What a study will do and cost, told before it starts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from wordnum.corpus.recipe import Recipe
from wordnum.errors import WordnumError
from wordnum.study.spec import Cell, Study

__all__ = ["Plan", "cell_seconds", "plan_study"]

# Measured on one core of an AMD EPYC at 2.6 GHz by the scripts in benchmarks/. A plan rests on
# them: on another machine its times are off by the ratio of the machines.
_ENCODE_BYTES_PER_S = 35e6  # xz text to blocks on disk, decompression included
_COUNT_TOKENS_PER_S = 20e6  # one condition, by block and distance, saved
_SVD_CELL_S = 12.0
_TRAINED_CELL_S = 300.0
_PLAIN_CELL_S = 1.5
_ATTRIBUTION_S = 600.0  # groups, signals and sides of one corpus and window, intervals included

# Bytes of text per byte of file, and per token, as on English Wikipedia.
_EXPANSION = {".xz": 3.7, ".bz2": 3.9, ".gz": 2.9, ".zst": 3.0, ".parquet": 2.0}
_BYTES_PER_TOKEN = 5.1
_NUMBER_SHARE = 0.014


@dataclass(frozen=True)
class Plan:
    """Estimates of a study: see `plan_study`.

    Attributes
    ----------
    study : Study
    n_cells : int
        Embeddings that will be measured, thinned controls not counted.
    n_controls : int
        Thinned controls, at most: a cell that turns out to lose no pairs needs none.
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
    n_cells: int
    n_controls: int
    stages: list[tuple[str, int, float]]
    seconds: float
    memory: float
    disk: float
    notes: list[str]


def plan_study(study: Study, *, jobs: int | None = 1) -> Plan:
    """Estimate a study without reading its text.

    Parameters
    ----------
    study : Study
    jobs : int or None
        Workers; -1 is one for each core of this machine, None is taken for one.

    Examples
    --------
    >>> from wordnum import load_study
    >>> plan_study(load_study("demo")).n_cells
    52
    """
    notes: list[str] = []
    recipes = list(study.recipes())
    sizes = [_text_bytes(recipe, notes) for recipe in recipes]
    reach = max(window.size for window in study.windows)
    conditions = len(study.perturbations) * len(study.seeds)
    cells = list(study.cells())
    controls = [replace(c, control_for=c.perturbation) for c in cells if study.may_need_control(c)]
    tokens = sum(sizes) / _BYTES_PER_TOKEN
    stages = [
        ("encode", len(recipes), sum(sizes) / _ENCODE_BYTES_PER_S),
        ("count", len(recipes) * conditions, tokens * conditions / _COUNT_TOKENS_PER_S),
        *_cell_stages([*cells, *controls]),
    ]
    if study.attribution:
        times = len(recipes) * len(study.windows)
        stages.append(("attribute", times, times * _ATTRIBUTION_S))
    workers = (os.cpu_count() or 1) if jobs == -1 else max(jobs or 1, 1)
    events = tokens * _NUMBER_SHARE * 2 * reach
    return Plan(
        study=study,
        n_cells=len(cells),
        n_controls=len(controls),
        stages=stages,
        seconds=sum(seconds for _, _, seconds in stages) / (0.9 * workers + 0.1),
        memory=workers * (6e8 + 40 * max(events / max(len(recipes), 1), 1)),
        disk=4.2 * tokens + 4 * events * conditions + 9e6 * len(cells),
        notes=notes,
    )


def cell_seconds(cell: Cell) -> float:
    """About how long one cell takes on one core: fitted, with its half-splits, and measured."""
    if cell.model.reads_corpus or cell.model.model == "glove":
        return _TRAINED_CELL_S
    return _SVD_CELL_S if cell.model.reads_pairs else _PLAIN_CELL_S


def _cell_stages(cells: list[Cell]) -> Iterator[tuple[str, int, float]]:
    """Cells by what is done for them."""
    kinds: dict[str, list[float]] = {}
    for cell in cells:
        kind = "fit and measure" if cell.model.reads_pairs else "measure"
        kind += " controls" if cell.control_for else ""
        kinds.setdefault(kind, []).append(cell_seconds(cell))
    for kind, seconds in kinds.items():
        yield kind, len(seconds), sum(seconds)


def _text_bytes(recipe: Recipe, notes: list[str]) -> float:
    """Bytes of text behind a recipe, from the sizes of its files."""
    if recipe.reader == "synthetic":
        settings = recipe.synthetic
        return 6.0 * settings.get("n_documents", 2000) * settings.get("length", 500)
    total = 0.0
    try:
        for path in map(Path, recipe.paths()):
            files = [path] if path.is_file() else path.rglob("*") if path.is_dir() else []
            for file in files:
                total += _EXPANSION.get(file.suffix, 1.0) * file.stat().st_size
    except (WordnumError, OSError) as error:
        notes.append(f"{recipe.name}: {error}")
    if not total:
        notes.append(f"{recipe.name}: size unknown, not in the estimate")
    return total
