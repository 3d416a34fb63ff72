"""Attribution within a study: the original condition of each corpus, window by window."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.windows import Window
from wordnum.errors import FormatError, WordnumError
from wordnum.storage import atomic_path
from wordnum.studies.attribution import attribute
from wordnum.studies.cache import Cache, code_version, load_or_discard
from wordnum.studies.grid import Study
from wordnum.studies.stages import Stages

__all__ = ["GROUPINGS", "attribute_study"]

logger = logging.getLogger(__name__)
# Name of each question, and how `attribute` parts the contexts to answer it.
GROUPINGS: dict[str, dict[str, Any]] = {
    "context groups": {"groups": "contexts"},
    "text and numbers": {"groups": "signals"},
    "text and numbers, left and right": {"groups": "signals", "sides": True},
}
_MODULES = ("attribution", "shapley", "subset_kappas")


def attribute_study(
    study: Study,
    prepared: list[Stages],
    folder: Path,
    cache: Cache,
    *,
    n_jobs: int | None,
    device: str,
) -> list[str]:
    """Write attribution.csv; returns what went wrong, which is not in it."""
    import pandas as pd

    frames, failures = [], []
    for stages, window, grouping in _questions(study, prepared):
        kept = ", ordinals kept" if stages.recipe.ordinals == "keep" else ""
        label = f"{stages.recipe.name}, {stages.recipe.numerals}{kept}, {window.label}"
        try:
            frame = _attributed(study, stages, window, grouping, cache, n_jobs, device)
        except WordnumError as error:
            logger.warning("attribution of %s failed: %s", label, error)
            failures.append(f"attribution of {label} to {grouping}: {error}")
            continue
        about = {
            "corpus": stages.recipe.name,
            "numerals": stages.recipe.numerals,
            "ordinals": stages.recipe.ordinals,
            "window": window.label,
            "grouping": grouping,
            "label": f"{label}: {grouping}",
        }
        frames.append(frame.assign(**about)[[*about, *frame.columns]])
    if frames:
        with atomic_path(folder / "attribution.csv") as target:
            pd.concat(frames).to_csv(target, index=False)
    return failures


def _questions(study: Study, prepared: list[Stages]) -> Iterator[tuple[Stages, Window, str]]:
    for stages in prepared:
        for window in study.windows:
            for grouping, options in GROUPINGS.items():
                # A window of one side has no sides to part.
                if not (options.get("sides") and window.side != "both"):
                    yield stages, window, grouping


def _attributed(
    study: Study,
    stages: Stages,
    window: Window,
    grouping: str,
    cache: Cache,
    n_jobs: int | None,
    device: str,
) -> Any:
    if stages.error:
        raise WordnumError(stages.error)
    source = stages.counts("original", study.seeds[0])
    path = cache.path(
        "attributions",
        ".csv",
        source.stem,
        window,
        GROUPINGS[grouping],
        study.probe.random_state,
        code_version("studies", *_MODULES),
        code_version("embeddings"),
        code_version("analyzers"),
    )
    found = load_or_discard(path, _read)
    if found is None:
        made = attribute(
            Counts.load(source),
            window=window,
            **GROUPINGS[grouping],
            random_state=study.probe.random_state,
            n_jobs=n_jobs,
            device=device,
        )
        with atomic_path(path) as temporary:
            made.to_frame().to_csv(temporary, index=False)
        found = _read(path)
    return found


def _read(path: Path) -> Any:
    import pandas as pd

    try:
        frame = pd.read_csv(path)
    except (ValueError, OSError) as error:
        raise FormatError(f"{path} cannot be read", got=str(error)) from error
    if "shapley" not in frame:
        raise FormatError(f"{path} is no attribution", got=", ".join(map(str, frame.columns[:5])))
    return frame
