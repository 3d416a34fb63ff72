"""Attribution within a study: the original condition of each corpus, by window and model."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.perturbations import Original
from wordnum.errors import WordnumError
from wordnum.studies.attribution import attribute
from wordnum.studies.grid import ModelSpec, Study
from wordnum.studies.records import read_frame, write_frame
from wordnum.studies.stages import Cache, Stages, code_version, load_or_discard

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["GROUPINGS", "attribute_study"]

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
    study: Study,
    prepared: list[Stages],
    folder: Path,
    cache: Cache,
    *,
    n_jobs: int | None,
    device: str,
) -> list[str]:
    """Write attribution.json; returns what went wrong, which is not in it."""
    import pandas as pd

    frames, failures = [], []
    for stages, window, model, grouping in _questions(study, prepared):
        recipe = stages.recipe
        kept = ", ordinals kept" if recipe.ordinals == "keep" else ""
        label = f"{recipe.name}, {recipe.numerals}{kept}, {window.label}, {model.name}"
        try:
            frame = _attributed(study, stages, window, model, grouping, cache, n_jobs, device)
        except WordnumError as error:
            logger.warning("attribution of %s failed: %s", label, error)
            failures.append(f"attribution of {label} to {grouping}: {error}")
            continue
        about = {
            "corpus": recipe.name,
            "numerals": recipe.numerals,
            "ordinals": recipe.ordinals,
            "window": window.label,
            "model": model.name,
            "grouping": grouping,
            "label": f"{label}: {grouping}",
        }
        frames.append(frame.assign(**about)[[*about, *frame.columns]])
    if frames:
        write_frame(folder / "attribution.json", pd.concat(frames))
    return failures


def _questions(
    study: Study, prepared: list[Stages]
) -> Iterator[tuple[Stages, Window, ModelSpec, str]]:
    for stages in prepared:
        for window in study.windows:
            for model in (model for model in study.models if model.attributable):
                for grouping, options in GROUPINGS.items():
                    # A window of one side has no sides to part.
                    if not (options.get("sides") and window.side != "both"):
                        yield stages, window, model, grouping


def _attributed(
    study: Study,
    stages: Stages,
    window: Window,
    model: ModelSpec,
    grouping: str,
    cache: Cache,
    n_jobs: int | None,
    device: str,
) -> pd.DataFrame:
    if stages.error:
        raise WordnumError(stages.error)
    source = stages.counts(Original())
    parameters = model.estimator().get_params()
    options = {
        "window": window,
        "weighting": parameters["weighting"],
        "dim": parameters["dim"] or 100,
        "random_state": study.probe.random_state,
        "device": device,
        **GROUPINGS[grouping],
    }
    if study.context_groups and options["groups"] == "contexts":
        options["groups"] = study.context_groups
    path = cache.path("attributions", ".json", source.stem, options, code_version(*_CODE))
    found = load_or_discard(path, read_frame)
    if found is None:
        found = attribute(Counts.load(source), **options, n_jobs=n_jobs).to_frame()
        write_frame(path, found)
    return found
