"""Stages that cells share: the encoded corpus, and the counts of each condition."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from wordnum.cooccurrence.counting import count_conditions
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.from_recipe import encode_recipe, open_encoded
from wordnum.corpus.perturbations import parse_perturbation
from wordnum.corpus.recipes import Recipe
from wordnum.corpus.thinning import thin_to
from wordnum.errors import WordnumError
from wordnum.studies.cache import Cache, code_version, load_or_discard
from wordnum.studies.grid import Cell, Study
from wordnum.studies.pairs import PairTotals

__all__ = ["Stages", "prepare_stages"]

logger = logging.getLogger(__name__)
# A cell with fewer pairs than this share of the original's has a thinned control.
_LOSES_PAIRS = 0.98
Place = tuple[str, Window, str, int]


@dataclass
class Stages:
    """What the cells of one corpus share.

    Attributes
    ----------
    recipe : Recipe
    corpus : Path or None
        The encoded corpus.
    fingerprint : str
        Content hash of the encoded corpus.
    counts : dict of (condition, seed) to Path
        Counts up to the widest window.
    controls : dict of (condition, window, signal, seed) to str
        The thinned original to set beside the cells there, which lose pairs.
    error : str
        Why there is nothing, or not all.
    seconds : dict of str to float
        Time that each stage took in this run; what was cached took none.
    """

    recipe: Recipe
    corpus: Path | None = None
    fingerprint: str = ""
    counts: dict[tuple[str, int], Path] = field(default_factory=dict)
    controls: dict[Place, str] = field(default_factory=dict)
    error: str = ""
    seconds: dict[str, float] = field(default_factory=dict)

    def cells(self, study: Study) -> Iterator[Cell]:
        """Cells of the study on this corpus, the controls after the conditions."""
        cells = [c for name in study.perturbations for c in study.cells_of(self.recipe, name)]
        yield from cells
        for cell in cells:
            thinned = self.controls.get(_place(cell))
            if thinned and study.may_need_control(cell):
                yield cell.as_control(thinned)

    def source(self, cell: Cell) -> Path | None:
        """File that the cell's model is fitted on."""
        if cell.model.reads_corpus:
            return self.corpus
        return self.counts.get((cell.perturbation, cell.random_state))

    def source_key(self, cell: Cell) -> str:
        """Hash of what this file holds, or of all that it depends on; empty where there is none."""
        if cell.model.reads_corpus:
            return self.fingerprint
        source = self.source(cell)
        return "" if source is None else source.stem

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the time that the block takes to a stage."""
        started = time.perf_counter()
        yield
        spent = self.seconds.get(stage, 0.0) + time.perf_counter() - started
        self.seconds[stage] = round(spent, 2)


def prepare_stages(study: Study, recipe: Recipe, cache: Cache, *, n_jobs: int | None = 1) -> Stages:
    """Encode and count one corpus, as far as it is not done; an error is kept, not raised."""
    stages = Stages(recipe)
    try:
        with stages.timed("encode"):
            stages.corpus, corpus = _encoded(recipe, cache, n_jobs)
            stages.fingerprint = corpus.fingerprint
        needed = study.thinned_controls or study.attribution
        if needed or not all(model.reads_corpus for model in study.models):
            with stages.timed("count"):
                for random_state in study.seeds:
                    _count_condition(study, stages, corpus, random_state, cache, n_jobs)
    except WordnumError as error:
        logger.warning("corpus %s failed: %s", recipe.name, error)
        stages.error = str(error)
    return stages


def _encoded(recipe: Recipe, cache: Cache, n_jobs: int | None) -> tuple[Path, EncodedCorpus]:
    """Open the corpus of a recipe, encoded now if it was not yet; its folder comes with it."""
    if recipe.reader == "encoded":
        return Path(recipe.paths()[0]), open_encoded(recipe)
    folder = cache.path("corpus", "", code_version("corpus"), recipe.identity())
    corpus = load_or_discard(folder, EncodedCorpus.open)
    if corpus is None:
        corpus = encode_recipe(recipe, folder, n_jobs=n_jobs)
    return folder, corpus


def _count_condition(
    study: Study,
    stages: Stages,
    corpus: EncodedCorpus,
    random_state: int,
    cache: Cache,
    n_jobs: int | None,
) -> None:
    """Count all conditions of one seed, then their controls."""
    reach = max(window.size for window in study.windows)
    _count_missing(study.perturbations, stages, corpus, reach, random_state, cache, n_jobs)
    if study.thinned_controls:
        shares = _shares_left(study, stages, random_state)
        thins = [
            thin.name for thin in thin_to(corpus, list(shares.values()), random_state=random_state)
        ]
        stages.controls |= dict(zip(shares, thins, strict=True))
        _count_missing(
            tuple(dict.fromkeys(thins)), stages, corpus, reach, random_state, cache, n_jobs
        )


def _count_missing(
    names: tuple[str, ...],
    stages: Stages,
    corpus: EncodedCorpus,
    reach: int,
    random_state: int,
    cache: Cache,
    n_jobs: int | None,
) -> None:
    """Count the conditions that are not in the cache, all in one pass over the corpus."""
    missing = []
    for name in names:
        path = cache.path(
            "counts",
            ".npz",
            code_version("cooccurrence"),
            code_version("corpus"),
            corpus.fingerprint,
            name,
            parse_perturbation(name, random_state=random_state),
            reach,
        )
        stages.counts[name, random_state] = path
        if load_or_discard(path, Counts.load) is None:
            missing.append(name)
    if missing:
        found = count_conditions(
            corpus, window=reach, perturbations=missing, random_state=random_state, n_jobs=n_jobs
        )
        for name, counts in found.items():
            counts.save(stages.counts[name, random_state])


def _shares_left(study: Study, stages: Stages, random_state: int) -> dict[Place, float]:
    """Share of the original's pairs that is left, at each place of the grid that loses some."""
    totals = {
        name: PairTotals(Counts.load(stages.counts[name, random_state]))
        for name in study.perturbations
    }
    found = {}
    for name in study.perturbations:
        for cell in study.cells_of(stages.recipe, name):
            if cell.random_state == random_state and study.may_need_control(cell):
                whole = totals["original"].of(cell.window, cell.signal)
                share = totals[name].of(cell.window, cell.signal) / max(whole, 1)
                if 0 < share < _LOSES_PAIRS:
                    found[_place(cell)] = share
    return found


def _place(cell: Cell) -> Place:
    """What decides how many pairs a cell has."""
    return cell.perturbation, cell.window, cell.signal, cell.random_state
