"""Questions about the original condition of each corpus, answered in a table beside the runs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.perturbations import Original
from wordnum.errors import WordnumError
from wordnum.storage import is_of_the_machine
from wordnum.studies.records import read_frame, write_frame
from wordnum.studies.stages import Stages, code_version, load_or_discard

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)


class Question(NamedTuple):
    """What is asked of the counts of one corpus.

    Attributes
    ----------
    stages : Stages
        Those of the corpus.
    about : dict
        Columns that say what was asked; among them "label", for messages.
    depends : dict
        What the answer depends on, beside counts and code.
    answer : callable
        Gives a table of counts.
    """

    stages: Stages
    about: dict[str, str]
    depends: dict[str, Any]
    answer: Callable[[Counts], pd.DataFrame]


def about_corpus(stages: Stages, window: Window, *more: str) -> dict[str, str]:
    """Columns about a corpus and a window; "label" names them, and what else is asked."""
    recipe = stages.recipe
    kept = ", ordinals kept" if recipe.ordinals == "keep" else ""
    return {
        "corpus": recipe.name,
        "numerals": recipe.numerals,
        "ordinals": recipe.ordinals,
        "window": window.label,
        "label": ", ".join([recipe.name, recipe.numerals + kept, window.label, *more]),
    }


def write_answers(questions: Iterable[Question], path: Path, *, code: tuple[str, ...]) -> list[str]:
    """Write one table of all answers, those of an earlier run among them.

    Parameters
    ----------
    questions : iterable of Question
    path : Path
        The table, whose name says what it is.
    code : tuple of str
        What answers are made by, as `code_version` takes it.

    Returns
    -------
    list of str
        What went wrong, and is not in the table.
    """
    import pandas as pd

    frames, failures = [], []
    for stages, about, depends, answer in questions:
        try:
            if stages.error:
                raise WordnumError(stages.error)
            source = stages.counts(Original())
            cached = stages.cache.path(
                path.stem, ".json", source.stem, depends, code_version("embeddings", *code)
            )
            frame = load_or_discard(cached, read_frame)
            if frame is None:
                frame = answer(Counts.load(source))
                write_frame(cached, frame)
        except Exception as error:  # one question must not take the others with it
            if is_of_the_machine(error):
                raise
            logger.warning("%s of %s failed: %s", path.stem, about["label"], error)
            failures.append(f"{path.stem} of {about['label']}: {str(error) or repr(error)}")
            continue
        frames.append(frame.assign(**about)[[*about, *frame.columns]])
    if frames:
        write_frame(path, pd.concat(frames, ignore_index=True))
    return failures
