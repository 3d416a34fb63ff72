"""Stages that runs share: the encoded corpus, and the counts of each condition."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from wordnum.cooccurrence.counting import count_conditions
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.signals import Signal
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.from_recipe import encode_recipe, open_encoded
from wordnum.corpus.perturbations import parse_perturbation
from wordnum.corpus.recipes import Recipe
from wordnum.corpus.thinning import thin_to
from wordnum.errors import WordnumError
from wordnum.studies.cache import Cache, code_version, load_or_discard
from wordnum.studies.grid import Run, Study

__all__ = ["Source", "Stages", "count_pairs", "prepare_stages"]

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


def prepare_stages(study: Study, recipe: Recipe, cache: Cache, *, n_jobs: int | None = 1) -> Stages:
    """Encode and count one corpus, as far as it is not done; an error is kept, not raised."""
    stages = Stages(recipe, cache, max(window.size for window in study.windows))
    runs = list(study.runs_of(recipe))
    cut = [run for run in runs if study.may_need_control(run)]
    conditions = {(r.perturbation, r.random_state) for r in runs if not r.model.reads_corpus}
    conditions |= {(r.perturbation, r.random_state) for r in cut}
    conditions |= {("original", r.random_state) for r in cut}
    if study.attribution:
        conditions.add(("original", study.seeds[0]))
    try:
        started = time.perf_counter()
        corpus = _encoded(stages, n_jobs)
        encoded = time.perf_counter()
        _count(stages, corpus, conditions, n_jobs)
        stages.controls = _thinned(stages, corpus, cut)
        _count(stages, corpus, {(r.perturbation, r.random_state) for r in stages.controls}, n_jobs)
        stages.seconds = {"encode": encoded - started, "count": time.perf_counter() - encoded}
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
    stages: Stages, corpus: EncodedCorpus, conditions: set[tuple[str, int]], n_jobs: int | None
) -> None:
    """Count the conditions that are not in the cache, those of one seed in one pass."""
    wanted = {stages.counts(*condition): condition for condition in sorted(conditions)}
    missing: dict[int, list[str]] = {}
    for path, (name, random_state) in wanted.items():
        if load_or_discard(path, Counts.load) is None:
            missing.setdefault(random_state, []).append(name)
    for random_state, names in missing.items():
        made = count_conditions(
            corpus,
            window=stages.reach,
            perturbations=names,
            random_state=random_state,
            n_jobs=n_jobs,
        )
        for name, counts in made.items():
            counts.save(stages.counts(name, random_state))


def _thinned(stages: Stages, corpus: EncodedCorpus, cut: list[Run]) -> list[Run]:
    """Controls of the runs that have lost pairs: the original, thinned to as many."""

    @cache
    def pairs(path: Path, signal: str, window: Window) -> float:
        return count_pairs(Counts.load(path).signal(signal, window=window))

    losing: dict[int, list[tuple[Run, float]]] = {}
    for run in cut:
        assert run.window is not None
        left, whole = (
            pairs(stages.counts(name, run.random_state), run.signal or "both", run.window)
            for name in (run.perturbation, "original")
        )
        if 0 < left < _LOSES_PAIRS * whole:
            losing.setdefault(run.random_state, []).append((run, left / whole))
    controls = []
    for random_state, runs in losing.items():
        thins = thin_to(corpus, [share for _, share in runs], random_state=random_state)
        controls += [run.as_control(t.name) for (run, _), t in zip(runs, thins, strict=True)]
    return controls


def count_pairs(signal: Signal) -> int:
    """Pairs that a signal sums, each with the weight of its distance."""
    return round(signal.matrix().sum())
