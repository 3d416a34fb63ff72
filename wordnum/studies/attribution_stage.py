"""Attribution within a study: the original condition of each corpus, by window and model."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wordnum.cooccurrence.counts import Counts
from wordnum.studies.attribution import attribute
from wordnum.studies.grid import Study
from wordnum.studies.questions import Question, about_corpus, write_answers
from wordnum.studies.stages import Stages

if TYPE_CHECKING:
    import pandas as pd

# Name of each question, and how `attribute` parts the contexts to answer it.
GROUPINGS: dict[str, dict[str, Any]] = {
    "context groups": {"groups": "contexts"},
    "text and numbers": {"groups": "signals"},
    "text and numbers, left and right": {"groups": "signals", "sides": True},
}
_CODE = ("analyzers", "studies/attribution", "studies/shapley", "studies/subset_kappas")


def attribute_study(
    study: Study, prepared: list[Stages], folder: Path, *, n_jobs: int | None, device: str
) -> list[str]:
    """Write attribution.json; returns what went wrong, which is not in it."""
    questions = _questions(study, prepared, n_jobs=n_jobs, device=device)
    return write_answers(questions, folder / "attribution.json", code=_CODE)


def _questions(study: Study, prepared: list[Stages], **how: Any) -> Iterator[Question]:
    models = [model for model in study.models if model.attributable]
    grid = product(prepared, study.windows, models, GROUPINGS.items())
    for stages, window, model, (grouping, asked) in grid:
        if asked.get("sides") and window.side != "both":
            continue  # a window of one side has no sides to part
        parameters = model.estimator().get_params()
        about = about_corpus(stages, window, f"{model.name}: {grouping}")
        options = {
            "window": window,
            "weighting": parameters["weighting"],
            "dim": parameters["dim"] or 100,
            "random_state": study.probe.random_state,
            **asked,
        }
        if study.context_groups and asked["groups"] == "contexts":
            options["groups"] = study.context_groups
        about |= {"model": model.name, "grouping": grouping, "label": about.pop("label")}
        yield Question(stages, about, options, partial(_attributed, **options, **how))


def _attributed(counts: Counts, **options: Any) -> pd.DataFrame:
    return attribute(counts, **options).to_frame()
