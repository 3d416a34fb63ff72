"""Words within a study: which ones carry n mod T in the original condition of each corpus."""

from __future__ import annotations

import logging
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from wordnum.analyzers.keyword_finding import keywords
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.perturbations import Original
from wordnum.errors import WordnumError
from wordnum.studies.grid import Study
from wordnum.studies.records import read_frame, write_frame
from wordnum.studies.stages import Stages, code_version, load_or_discard

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)
# Words of every T that the table and the page have.
_TOP = 30


def words_of_study(study: Study, prepared: list[Stages], folder: Path) -> list[str]:
    """Write words.json; returns what went wrong, which is not in it."""
    import pandas as pd

    frames, failures = [], []
    for stages, window in product(prepared, study.windows):
        recipe = stages.recipe
        kept = ", ordinals kept" if recipe.ordinals == "keep" else ""
        about = {
            "corpus": recipe.name,
            "numerals": recipe.numerals,
            "ordinals": recipe.ordinals,
            "window": window.label,
            "label": f"{recipe.name}, {recipe.numerals}{kept}, {window.label}",
        }
        try:
            frame = _words(stages, window, study.probe.moduli)
        except WordnumError as error:
            logger.warning("words of %s: %s", about["label"], error)
            failures.append(f"words of {about['label']}: {error}")
            continue
        frames.append(frame.assign(**about))
    if frames:
        write_frame(folder / "words.json", pd.concat(frames, ignore_index=True))
    return failures


def _words(stages: Stages, window: Window, moduli: tuple[int, ...]) -> pd.DataFrame:
    if stages.error:
        raise WordnumError(stages.error)
    source = stages.counts(Original())
    code = code_version("embeddings", "analyzers", "studies/words_stage")
    path = stages.cache.path("words", ".json", source.stem, window, moduli, code)
    found = load_or_discard(path, read_frame)
    if found is None:
        found = _table(Counts.load(source), window, moduli)
        write_frame(path, found)
    return found


def _table(counts: Counts, window: Window, moduli: tuple[int, ...]) -> pd.DataFrame:
    """The strongest words of every T, each with its sentence."""
    import pandas as pd

    frames = []
    for T, one in keywords(counts, moduli=moduli, window=window).items():
        at = one.order()[:_TOP]
        frames.append(
            one.to_frame(top=_TOP).assign(
                T=T,
                tested=len(one.words),
                sentence=[one.sentence(i) for i in at],
                **{"class": one.class_name},
            )
        )
    return pd.concat(frames, ignore_index=True)
