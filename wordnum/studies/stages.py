"""Stages that runs share, kept under the hash of all they depend on: corpora and counts."""

from __future__ import annotations

import inspect
import logging
import os
import shlex
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, is_dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from wordnum.cooccurrence.counting import count_conditions
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.signals import Signal
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.perturbations import Original, Perturbation
from wordnum.corpus.recipes import Recipe, encode_recipe, open_encoded
from wordnum.corpus.thinning import thin_to
from wordnum.errors import FormatError, WordnumError
from wordnum.provenance import content_hash
from wordnum.storage import is_of_the_machine
from wordnum.studies.grid import Run, Study
from wordnum.studies.tasks import TaskRecipe

T = TypeVar("T")
logger = logging.getLogger(__name__)
# A run with fewer pairs than this share of the original's has a thinned control.
_LOSES_PAIRS = 0.98
# Options of `wordnum encode` that a manifest has, with what they are where nobody names them.
_ENCODE = {
    "numerals": "whole", "ordinals": "out", "spelled_out": False, "tokenizer": "fast",
    "separator": "blank", "field": None, "words": 50_000, "errors": "strict", "strict": False,
    "drop_duplicates": False, "reader": None, "append": False,
}  # fmt: skip
# More files than this are named by their folder.
_FILES = 5


@cache
def code_version(*parts: str) -> str:
    """Hash of the source code that results depend on, apart from their inputs.

    Parameters
    ----------
    *parts : str
        Folders of wordnum, such as "embeddings", or modules of one, such as "studies/records".

    Notes
    -----
    A changed probe makes new measures and leaves counts and embeddings as they are: each result
    carries the version of its own stage, and its inputs carry those of the stages before.
    """
    sources = []
    for folder, _, module in (part.partition("/") for part in parts):
        for item in (files("wordnum") / folder).iterdir():
            name, _, kind = item.name.rpartition(".")
            if kind in ("py", "toml") and module in ("", name):
                sources.append((folder, item.name, item.read_text(encoding="utf-8")))
    return content_hash(sorted(sources))


def identity(thing: Any) -> list[Any]:
    """What results depend on in a model or perturbation of a user's: parameters and code, by part.

    Code that was typed into a session, and stands in no file, has no identity.
    """
    found = []
    for part in [thing] if isinstance(thing, type) else getattr(thing, "parts", [thing]):
        kind = part if isinstance(part, type) else type(part)
        try:
            source = inspect.getsource(inspect.getmodule(kind) or kind)
        except (OSError, TypeError):
            source = ""
        parameters = part if is_dataclass(part) or kind is part else vars(part)
        found.append((kind.__qualname__, source, parameters))
    return found


@dataclass(frozen=True)
class Cache:
    """Paths for intermediate results, named by what they depend on."""

    folder: Path

    def path(self, kind: str, suffix: str, *depends: Any) -> Path:
        """Where a result is, or will be.

        Parameters
        ----------
        kind : str
            What it is, such as "counts"; a folder within the cache.
        suffix : str
            Ending of the file name; empty for a folder.
        *depends
            All that the result depends on, as `wordnum.provenance.content_hash` takes it.
        """
        return self.folder / kind / f"{content_hash(kind, *depends)}{suffix}"


def load_or_discard(path: Path, load: Callable[[Path], T]) -> T | None:
    """Read what is cached at `path`; None where there is nothing.

    What fails its format or its checksum is removed, with a warning, and counts as nothing. An
    error of the machine, such as too many open files, is raised: what is there may be whole.

    Examples
    --------
    >>> load_or_discard(Path("never made.npz"), Path.read_bytes) is None
    True
    """
    if not path.exists():
        return None
    try:
        return load(path)
    except FormatError as error:
        logger.warning("%s is damaged and is made again: %s", path, error.got or error.message)
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        return None


@dataclass
class Stages:
    """What the runs on one corpus share.

    Attributes
    ----------
    recipe : Recipe
    cache : Cache
    widest : int
        The widest window, up to which conditions are counted.
    corpus : Path
        The encoded corpus.
    fingerprint : str
        Content hash of the encoded corpus.
    controls : list of Run
        The thinned originals to set beside the runs that lose pairs.
    error : str
        Why there is nothing, or not all.
    """

    recipe: Recipe
    cache: Cache
    widest: int
    corpus: Path = Path()
    fingerprint: str = ""
    controls: list[Run] = field(default_factory=list)
    error: str = ""

    def text(self, perturbation: Perturbation) -> tuple[Any, ...]:
        """What the text of a condition depends on, as its counts and trainings read it."""
        condition = (perturbation.name, identity(perturbation))
        return code_version("cooccurrence", "corpus"), self.fingerprint, condition

    def counts(self, perturbation: Perturbation) -> Path:
        """File of the counts of a condition, up to the widest window."""
        return self.cache.path("counts", ".npz", *self.text(perturbation), self.widest)

    def about(self) -> dict[str, Any]:
        """What a table should say of the corpus."""
        names = ("name", "title", "licence", "numerals", "ordinals")
        facts = {name: getattr(self.recipe, name) for name in names} | {"error": self.error}
        if self.fingerprint:
            corpus = EncodedCorpus.open(self.corpus)
            encoding = dict(corpus.manifest["parameters"])
            if "text" not in {entry["reader"] for entry in corpus.manifest["source"]}:
                del encoding["separator"]  # it is of plain text
            facts |= {
                "encoding": encoding,
                "encoded_by": encode_commands(corpus) if self.recipe.reader == "encoded" else [],
                "fingerprint": corpus.fingerprint,
                "tokens": corpus.n_tokens,
                "documents": corpus.n_documents,
                "numbers": int(corpus.number_counts.sum()),
                "distinct_numbers": int((corpus.number_counts > 0).sum()),
            }
        return facts


def encode_commands(corpus: EncodedCorpus) -> list[str]:
    """Commands that encode these texts so again, as the manifest has it; none for held documents.

    Where the files are many, their folder stands for them.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from wordnum import encode
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "a.txt").write_text("7 of 9")
    ...     made = encode(f"{folder}/a.txt", f"{folder}/c", separator="line")
    ...     print(encode_commands(made)[0].replace(folder, "…"))
    wordnum encode …/a.txt -o …/c --separator line --reader text
    """
    commands = []
    for made in (corpus.manifest, *corpus.manifest.get("appended", [])):
        about, source = made["parameters"], made["source"]
        files = list(dict.fromkeys(entry["path"] for entry in source))
        readers = {entry["reader"] for entry in source}
        if "" in readers:
            continue
        given = about | about["numerals"] | {"numerals": about["numerals"]["kind"]}
        given |= {"words": about["vocabulary_size"], "append": made is not corpus.manifest}
        given["reader"] = readers.pop() if len(readers) == 1 else None
        few = len(files) <= _FILES
        prefix = os.path.commonprefix(files)  # noqa: RUF071  addresses are no paths
        command = [*files] if few else [os.path.dirname(prefix) or "."]
        command += ["-o", str(corpus.path)]
        for name, usual in _ENCODE.items():
            if given[name] != usual:
                command.append(f"--{name.replace('_', '-')}")
                command += [] if given[name] is True else [str(given[name])]
        more = "" if few else f"  # {len(files):,} of its files"
        commands.append(shlex.join(["wordnum", "encode", *command]) + more)
    return commands


@contextmanager
def timed(spent: dict[str, float], stage: str) -> Iterator[None]:
    """Add the time that the block takes to a stage."""
    started = time.perf_counter()
    yield
    spent[stage] = spent.get(stage, 0.0) + time.perf_counter() - started


def prepare_stages(
    study: Study, recipe: Recipe, cache: Cache, spent: dict[str, float], *, n_jobs: int | None = 1
) -> Stages:
    """Encode and count one corpus, as far as it is not done; an error is kept, not raised."""
    stages = Stages(recipe, cache, max(window.size for window in study.windows))
    runs = list(study.runs_of(recipe))
    cut = [run for run in runs if study.may_need_control(run)]
    counted = [r.perturbation for r in runs if r in cut or not r.model.reads_corpus]
    if cut or study.attribution or study.words:
        counted.append(Original())
    try:
        with timed(spent, "encode"):
            corpus = _encoded(stages, n_jobs)
        with timed(spent, "count"):
            _count(stages, corpus, counted, n_jobs)
            stages.controls = _thinned(stages, corpus, cut)
            _count(stages, corpus, [run.perturbation for run in stages.controls], n_jobs)
    except WordnumError as error:
        if is_of_the_machine(error):
            raise
        logger.warning("corpus %s failed: %s", recipe.name, error)
        stages.error = str(error)
    return stages


def _encoded(stages: Stages, n_jobs: int | None) -> EncodedCorpus:
    """Open the corpus of a recipe, encoded now if it was not yet."""
    recipe = stages.recipe
    if recipe.reader == "encoded":
        open_encoded(recipe)  # refuses what does not fit the recipe
        stages.corpus = Path(recipe.paths()[0])
        corpus = EncodedCorpus.open(stages.corpus, verify=True)
    else:
        stages.corpus = stages.cache.path("corpus", "", code_version("corpus"), recipe.identity())
        found = load_or_discard(stages.corpus, lambda path: EncodedCorpus.open(path, verify=True))
        if found is None and isinstance(recipe, TaskRecipe):
            found = recipe.encode(stages.corpus)
        corpus = found or encode_recipe(recipe, stages.corpus, n_jobs=n_jobs)
        # A run that was killed while it cleaned up has left the work that it had finished.
        for left in stages.corpus.parent.glob(f".{stages.corpus.name}.part-*"):
            shutil.rmtree(left, ignore_errors=True)
    stages.fingerprint = corpus.fingerprint
    return corpus


def _count(
    stages: Stages, corpus: EncodedCorpus, conditions: list[Perturbation], n_jobs: int | None
) -> None:
    """Count the conditions that are not in the cache, those of one seed in one pass."""
    wanted = {stages.counts(condition): condition for condition in conditions}
    missing = [c for path, c in wanted.items() if load_or_discard(path, Counts.load) is None]
    while missing:
        batch = {condition.name: condition for condition in missing}
        made = count_conditions(
            corpus, perturbations=[*batch.values()], window=stages.widest, n_jobs=n_jobs
        )
        for name, counts in made.items():
            counts.save(stages.counts(batch[name]))
        missing = [condition for condition in missing if condition is not batch[condition.name]]


def _thinned(stages: Stages, corpus: EncodedCorpus, cut: list[Run]) -> list[Run]:
    """Controls of the runs that have lost pairs: the original, thinned to as many."""

    @cache
    def pairs(path: Path, signal: str, window: Window) -> float:
        return count_pairs(Counts.load(path).signal(signal, window=window))

    losing: dict[int, list[tuple[Run, float]]] = {}
    for run in cut:
        assert run.window is not None
        left, whole = (
            pairs(stages.counts(condition), run.signal or "both", run.window)
            for condition in (run.perturbation, Original())
        )
        if 0 < left < _LOSES_PAIRS * whole:
            losing.setdefault(run.seed or 0, []).append((run, left / whole))
    controls = []
    for random_state, runs in losing.items():
        thins = thin_to(corpus, [share for _, share in runs], random_state=random_state)
        controls += [run.as_control(thin) for (run, _), thin in zip(runs, thins, strict=True)]
    return controls


def count_pairs(signal: Signal) -> int:
    """Pairs that a signal sums, each with the weight of its distance."""
    return round(signal.matrix().sum())
