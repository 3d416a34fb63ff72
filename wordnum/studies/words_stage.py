"""Words within a study: which ones carry n mod T in the original condition of each corpus."""

from __future__ import annotations

from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from wordnum.analyzers.keyword_finding import keywords
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.windows import Window
from wordnum.studies.grid import Study
from wordnum.studies.questions import Question, about_corpus, write_answers
from wordnum.studies.stages import Stages

if TYPE_CHECKING:
    import pandas as pd

# Words of every T that the table and the page have.
_TOP = 30


def words_of_study(study: Study, prepared: list[Stages], folder: Path) -> list[str]:
    """Write words.json; returns what went wrong, which is not in it."""
    questions = []
    for stages, window in product(prepared, study.windows):
        about, moduli = about_corpus(stages, window), study.probe.moduli
        table = partial(_table, window=window, moduli=moduli)
        questions.append(Question(stages, about, {"window": window, "moduli": moduli}, table))
    code = ("analyzers", "studies/words_stage")
    return write_answers(questions, folder / "words.json", code=code)


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
                told=one.told(),
                **{"class": one.class_name},
            )
        )
    return pd.concat(frames, ignore_index=True)
