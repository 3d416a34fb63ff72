"""Stages that runs share: the encoded corpus, and the counts of each condition."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

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
from wordnum.studies.grid import Run, Study

__all__ = ["Source", "Stages", "prepare_stages"]

logger = logging.getLogger(__name__)
# A run with fewer pairs than this share of the original's has a thinned control.
_LOSES_PAIRS = 0.98


@dataclass(frozen=True)
class Source:
    """What a model is fitted on: counts or a corpus, and the hash of all that it depends on."""

    path: Path
    key: str
    error: str = ""


@dataclass
class Stages:
    """What the runs on one corpus share.

    Attributes
    ----------
    recipe : Recipe
    cache : Cache
    reach : int
        The widest window, up to which conditions are counted.
    corpus : Path
        The encoded corpus.
    fingerprint : str
        Content hash of the encoded corpus.
    controls : list of Run
        The thinned originals to set beside the runs that lose pairs.
    error : str
        Why there is nothing, or not all.
    seconds : dict of str to float
        Time that each stage took in this run; what was cached took none.
    """

    recipe: Recipe
    cache: Cache
    reach: int
    corpus: Path = Path()
    fingerprint: str = ""
    controls: list[Run] = field(default_factory=list)
    error: str = ""
    seconds: dict[str, float] = field(default_factory=dict)

    def counts(self, perturbation: str, random_state: int) -> Path:
        """File of the counts of a condition, up to the widest window."""
        return self.cache.path(
            "counts",
            ".npz",
            code_version("cooccurrence"),
            code_version("corpus"),
            self.fingerprint,
            perturbation,
            parse_perturbation(perturbation, random_state=random_state),
            self.reach,
        )

    def source(self, run: Run) -> Source:
        """What the model of a run is fitted on."""
        if run.model.reads_corpus:
            code = (code_version("cooccurrence"), code_version("corpus"))
            return Source(self.corpus, "-".join((self.fingerprint, *code)), self.error)
        counts = self.counts(run.perturbation, run.random_state)
        return Source(counts, counts.stem, self.error)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the time that the block takes to a stage."""
        started = time.perf_counter()
        yield
        self.seconds[stage] = round(time.perf_counter() - started, 2)


def prepare_stages(study: Study, recipe: Recipe, cache: Cache, *, n_jobs: int | None = 1) -> Stages:
    """Encode and count one corpus, as far as it is not done; an error is kept, not raised."""
    stages = Stages(recipe, cache, max(window.size for window in study.windows))
    runs = list(study.runs_of(recipe))
    conditions = {(r.perturbation, r.random_state) for r in runs if not r.model.reads_corpus}
    if study.attribution:
        conditions.add(("original", study.seeds[0]))
    cut = [run for run in runs if study.may_need_control(run)]
    for run in cut:
        conditions |= {(run.perturbation, run.random_state), ("original", run.random_state)}
    try:
        with stages.timed("encode"):
            corpus = _encoded(stages, n_jobs)
        with stages.timed("count"):
            _count(stages, corpus, conditions, n_jobs)
            stages.controls = _thinned(stages, corpus, cut)
            thinned = {(run.perturbation, run.random_state) for run in stages.controls}
            _count(stages, corpus, thinned, n_jobs)
    except WordnumError as error:
        logger.warning("corpus %s failed: %s", recipe.name, error)
        stages.error = str(error)
    return stages


def _encoded(stages: Stages, n_jobs: int | None) -> EncodedCorpus:
    """Open the corpus of a recipe, encoded now if it was not yet."""
    recipe = stages.recipe
    if recipe.reader == "encoded":
        stages.corpus, corpus = Path(recipe.paths()[0]), open_encoded(recipe)
    else:
        stages.corpus = stages.cache.path("corpus", "", code_version("corpus"), recipe.identity())
        found = load_or_discard(stages.corpus, lambda path: EncodedCorpus.open(path, verify=True))
        corpus = found or encode_recipe(recipe, stages.corpus, n_jobs=n_jobs)
    stages.fingerprint = corpus.fingerprint
    return corpus


def _count(
    stages: Stages, corpus: EncodedCorpus, conditions: Iterable[tuple[str, int]], n_jobs: int | None
) -> None:
    """Count the conditions that are not in the cache, those of one seed in one pass."""
    missing: dict[int, list[str]] = {}
    for name, random_state in sorted(conditions):
        if load_or_discard(stages.counts(name, random_state), Counts.load) is None:
            missing.setdefault(random_state, []).append(name)
    for random_state, names in missing.items():
        found = count_conditions(
            corpus,
            window=stages.reach,
            perturbations=names,
            random_state=random_state,
            n_jobs=n_jobs,
        )
        for name, counts in found.items():
            counts.save(stages.counts(name, random_state))


def _thinned(stages: Stages, corpus: EncodedCorpus, cut: list[Run]) -> list[Run]:
    """Controls of the runs that have lost pairs."""
    totals: dict[Path, dict[str, np.ndarray]] = {}

    def pairs(perturbation: str, run: Run) -> float:
        path = stages.counts(perturbation, run.random_state)
        if path not in totals:
            totals[path] = _pairs_by_distance(Counts.load(path))
        assert run.window is not None
        return _pairs_within(totals[path], run.window, run.signal)

    controls = []
    for random_state in sorted({run.random_state for run in cut}):
        runs = [run for run in cut if run.random_state == random_state]
        shares = [pairs(r.perturbation, r) / max(pairs("original", r), 1) for r in runs]
        losing = [share for share in shares if 0 < share < _LOSES_PAIRS]
        thins = dict(
            zip(losing, thin_to(corpus, losing, random_state=random_state) if losing else [])
        )
        controls += [r.as_control(thins[s].name) for r, s in zip(runs, shares) if s in thins]
    return controls


def _pairs_by_distance(counts: Counts) -> dict[str, Any]:
    """Sums of counted pairs by signed distance, for words and for numbers as contexts."""
    size, first_word = counts.vocabulary.size, counts.vocabulary.first_word
    totals: dict[str, Any] = {"distances": counts.distances, "number": 0, "text": 0}
    for block in counts.blocks:
        for kind, chosen in (
            ("number", block.contexts < size),
            ("text", block.contexts >= first_word),
        ):
            sums = np.concatenate([[0], np.cumsum(block.counts * chosen, dtype=np.int64)])
            totals[kind] = totals[kind] + np.diff(sums[block.indptr[::size]])
    return {**totals, "both": totals["text"] + totals["number"]}


def _pairs_within(totals: dict[str, Any], window: Window, signal: str | None) -> int:
    """Pairs within a window, each with the weight of its distance."""
    at = np.searchsorted(totals["distances"], window.distances)
    return round(window.weights @ totals[signal or "both"][at])
