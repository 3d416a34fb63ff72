"""Attribution within a study: the original condition of each corpus, by window and model."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wordnum.cooccurrence.counts import Counts
from wordnum.corpus.perturbations import Original
from wordnum.errors import WordnumError
from wordnum.storage import is_of_the_machine
from wordnum.studies.attribution import attribute
from wordnum.studies.grid import Study
from wordnum.studies.records import read_frame, write_frame
from wordnum.studies.stages import Stages, code_version, load_or_discard

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)
# Name of each question, and how `attribute` parts the contexts to answer it.
GROUPINGS: dict[str, dict[str, Any]] = {
    "context groups": {"groups": "contexts"},
    "text and numbers": {"groups": "signals"},
    "text and numbers, left and right": {"groups": "signals", "sides": True},
}
_CODE = (
    "embeddings", "analyzers", "studies/attribution", "studies/shapley", "studies/subset_kappas",
)  # fmt: skip


def attribute_study(
    study: Study, prepared: list[Stages], folder: Path, *, n_jobs: int | None, device: str
) -> list[str]:
    """Write attribution.json; returns what went wrong, which is not in it."""
    import pandas as pd

    frames, failures = [], []
    for stages, about, options in _questions(study, prepared):
        try:
            frame = _attributed(stages, {**options, "device": device}, n_jobs)
        except WordnumError as error:
            if is_of_the_machine(error):
                raise
            logger.warning("attribution of %s failed: %s", about["label"], error)
            failures.append(f"attribution of {about['label']}: {error}")
            continue
        frames.append(frame.assign(**about)[[*about, *frame.columns]])
    if frames:
        write_frame(folder / "attribution.json", pd.concat(frames))
    return failures


def _questions(
    study: Study, prepared: list[Stages]
) -> Iterator[tuple[Stages, dict[str, str], dict[str, Any]]]:
    """Corpus, what the rows say of the question, and what `attribute` is asked."""
    models = [model for model in study.models if model.attributable]
    grid = product(prepared, study.windows, models, GROUPINGS.items())
    for stages, window, model, (grouping, asked) in grid:
        if asked.get("sides") and window.side != "both":
            continue  # a window of one side has no sides to part
        recipe, parameters = stages.recipe, model.estimator().get_params()
        kept = ", ordinals kept" if recipe.ordinals == "keep" else ""
        about = {
            "corpus": recipe.name,
            "numerals": recipe.numerals,
            "ordinals": recipe.ordinals,
            "window": window.label,
            "model": model.name,
            "grouping": grouping,
            "label": f"{recipe.name}, {recipe.numerals}{kept}, {window.label}, {model.name}: "
            f"{grouping}",
        }
        options = {
            "window": window,
            "weighting": parameters["weighting"],
            "dim": parameters["dim"] or 100,
            "random_state": study.probe.random_state,
            **asked,
        }
        if study.context_groups and asked["groups"] == "contexts":
            options["groups"] = study.context_groups
        yield stages, about, options


def _attributed(stages: Stages, options: dict[str, Any], n_jobs: int | None) -> pd.DataFrame:
    if stages.error:
        raise WordnumError(stages.error)
    source = stages.counts(Original())
    path = stages.cache.path("attributions", ".json", source.stem, options, code_version(*_CODE))
    found = load_or_discard(path, read_frame)
    if found is None:
        found = attribute(Counts.load(source), **options, n_jobs=n_jobs).to_frame()
        write_frame(path, found)
    return found
