"""What a study will do and cost, told before it starts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from wordnum.corpus.from_recipe import open_encoded
from wordnum.corpus.recipes import Recipe
from wordnum.errors import WordnumError
from wordnum.studies.grid import Cell, Study

__all__ = ["Plan", "cell_seconds", "plan_study"]

# Measured on one core of an Intel Xeon by benchmarks/study.py. A plan rests on them: on
# another machine its times are off by the ratio of the machines.
_ENCODE_BYTES_PER_S = 28e6  # xz text to blocks on disk, decompression included
_COUNT_TOKENS_PER_S = 200e6  # one condition, by block and distance, saved
_CELL_S = 1.4  # measured, half-splits too where there are any
_HALVES_S = 1.8  # factorized
# Fitted with all halves per pair, or without halves per token.
_S_PER_PAIR = {"svd": 0.2e-6, "glove": 9e-6, "sgns": 7e-6}
_S_PER_TOKEN = {"word2vec": 17e-6, "fasttext": 31e-6}
_ATTRIBUTION_S = 900.0  # groups, signals and sides of one corpus and window, intervals included

# Bytes of text per byte of file, and per token, as on English Wikipedia.
_EXPANSION = {".xz": 3.7, ".bz2": 3.9, ".gz": 2.9, ".zst": 3.0, ".parquet": 2.0}
_BYTES_PER_TOKEN = 5.1
_NUMBER_SHARE = 0.0114

# Bytes of a process with its libraries, and per pair that it sums; on disk per token and pair, and
# of one embedding with its halves.
_PROCESS_BYTES, _SUMMED_PAIR_BYTES = 4.3e8, 18
_TOKEN_BYTES, _PAIR_BYTES, _EMBEDDING_BYTES = 4.2, 3.1, 17e6


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
    >>> plan_study(load_study("demo")).n_cells
    52
    """
    notes: list[str] = []
    recipes = list(study.recipes())
    tokens = {_place(recipe): _text_bytes(recipe, notes) / _BYTES_PER_TOKEN for recipe in recipes}
    cells = list(study.cells())
    controls = [replace(c, control_for=c.perturbation) for c in cells if study.may_need_control(c)]
    all_tokens = sum(tokens.values())
    texts = [tokens[_place(recipe)] for recipe in recipes if recipe.reader != "encoded"]
    counted = len(study.perturbations) * len(study.seeds) + len(
        {(c.perturbation, c.window, c.signal, c.random_state) for c in controls}
    )
    stages = [
        ("encode", len(texts), sum(texts) * _BYTES_PER_TOKEN / _ENCODE_BYTES_PER_S),
        ("count", len(recipes) * counted, all_tokens * counted / _COUNT_TOKENS_PER_S),
        *_cell_stages([*cells, *controls], tokens),
    ]
    if study.attribution:
        times = len(recipes) * len(study.windows)
        stages.append(("attribute", times, times * _ATTRIBUTION_S))
    workers = (os.cpu_count() or 1) if n_jobs == -1 else max(n_jobs or 1, 1)
    pairs = 2 * max(window.size for window in study.windows) * _NUMBER_SHARE
    largest = max(tokens.values(), default=0.0)
    processes = workers + (workers > 1)
    return Plan(
        study=study,
        n_cells=len(cells),
        n_controls=len(controls),
        stages=stages,
        seconds=sum(seconds for _, _, seconds in stages) / (0.9 * workers + 0.1),
        memory=processes * _PROCESS_BYTES + workers * _SUMMED_PAIR_BYTES * largest * pairs,
        disk=all_tokens * (_TOKEN_BYTES + _PAIR_BYTES * pairs * counted)
        + _EMBEDDING_BYTES * sum(cell.model.reads_pairs for cell in [*cells, *controls]),
        notes=notes,
    )


def cell_seconds(cell: Cell, *, tokens: float = 0.0) -> float:
    """About how long one cell takes on one core: fitted, with its half-splits, and measured."""
    model = cell.model.model
    seconds = _CELL_S + _S_PER_TOKEN.get(model, 0.0) * tokens
    if model in _S_PER_PAIR:
        pairs = tokens * _NUMBER_SHARE * len(cell.window.distances) * (cell.signal != "number")
        seconds += _HALVES_S + _S_PER_PAIR[model] * pairs
    return seconds


def _place(recipe: Recipe) -> tuple[str, str, str]:
    return recipe.name, recipe.numerals, recipe.ordinals


def _cell_stages(
    cells: list[Cell], tokens: dict[tuple[str, str, str], float]
) -> Iterator[tuple[str, int, float]]:
    """Cells by what is done for them."""
    kinds: dict[str, list[float]] = {}
    for cell in cells:
        kind = "fit and measure" if cell.model.reads_pairs else "measure"
        kind += " controls" if cell.control_for else ""
        kinds.setdefault(kind, []).append(cell_seconds(cell, tokens=tokens[_place(cell.recipe)]))
    for kind, seconds in kinds.items():
        yield kind, len(seconds), sum(seconds)


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
