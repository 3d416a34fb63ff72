"""Counting: several perturbations of one corpus in one pass over its blocks."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from wordnum.config import one_of
from wordnum.cooccurrence.chunk import Counted, OncePer
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.estimate import announce, estimate
from wordnum.cooccurrence.passes import (
    blocks_of,
    count_blocks,
    number_places,
    number_tasks,
    scan_chunks,
    tokens_per_task,
)
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.perturbations import Perturbation, SwapNumbers, parse_perturbation
from wordnum.corpus.rewriting import Prepared, prepare_all
from wordnum.errors import InputError, UsageError
from wordnum.provenance import provenance

if TYPE_CHECKING:
    from wordnum.cooccurrence.word_counts import WordCounts

__all__ = ["count", "resolve_perturbations"]

By = Literal["block-distance", "sum"]


@overload
def count(  # type: ignore[overload-overlap]  # a str is an iterable of str, and means one condition
    corpus: EncodedCorpus,
    *,
    perturbations: str | Perturbation,
    rows: Literal["numbers"] = ...,
    window: int = ...,
    random_state: int = ...,
    n_jobs: int | None = ...,
    by: By = ...,
    spill: str | os.PathLike[str] | None = ...,
) -> Counts: ...
@overload
def count(
    corpus: EncodedCorpus,
    *,
    perturbations: Iterable[str | Perturbation] = ...,
    rows: Literal["numbers"] = ...,
    window: int = ...,
    random_state: int = ...,
    n_jobs: int | None = ...,
    by: By = ...,
    spill: str | os.PathLike[str] | None = ...,
) -> dict[str, Counts]: ...
@overload
def count(  # type: ignore[overload-overlap]
    corpus: EncodedCorpus,
    *,
    perturbations: str | Perturbation,
    rows: Literal["all"],
    window: int | Window = ...,
    random_state: int = ...,
    n_jobs: int | None = ...,
    spill: str | os.PathLike[str] | None = ...,
) -> WordCounts: ...
@overload
def count(
    corpus: EncodedCorpus,
    *,
    perturbations: Iterable[str | Perturbation] = ...,
    rows: Literal["all"],
    window: int | Window = ...,
    random_state: int = ...,
    n_jobs: int | None = ...,
    spill: str | os.PathLike[str] | None = ...,
) -> dict[str, WordCounts]: ...
def count(
    corpus: EncodedCorpus,
    *,
    rows: Literal["numbers", "all"] = "numbers",
    window: int | Window = 10,
    perturbations: str | Perturbation | Iterable[str | Perturbation] = ("original",),
    random_state: int = 0,
    n_jobs: int | None = 1,
    by: By = "block-distance",
    spill: str | os.PathLike[str] | None = None,
) -> Counts | WordCounts | dict[str, Counts] | dict[str, WordCounts]:
    """Count what stands around the numbers, or around all words, under all perturbations at once.

    Parameters
    ----------
    corpus : EncodedCorpus
        Read once, and once more if numbers trade places.
    rows : {"numbers", "all"}
        Count what stands around the numbers, by block and distance, or around every word of the
        vocabulary, summed over the window.
    window : int or Window
        Largest distance in tokens. With ``rows="all"`` also a Window, whose weighting holds for
        good; of number rows side and weighting are chosen afterwards, by `signal`.
    perturbations : str, Perturbation, or iterable of these
        Conditions to count; see `parse_perturbation`.
    random_state : int
        Seed of the perturbations that are given as text.
    n_jobs : int or None
        Workers (-1 for all cores), through joblib: inside `wordnum.parallel.parallel_backend` they
        may be those of a cluster. The result is the same bytes for any number of them.
    by : {"block-distance", "sum"}
        Number rows: keep the events of every signed distance apart, or add all distances up:
        faster and smaller, but the window cannot be chosen afterwards.
    spill : path-like, optional
        Folder for counted events, which are kept on disk.

    Returns
    -------
    Counts (or WordCounts), or dict of str to these
        One object for one perturbation given alone; else by canonical name.

    Raises
    ------
    InputError
        The corpus has no number tokens, or no disk space is left.
    UsageError
        A perturbation that does not exist or comes twice, or a window that does not.

    Examples
    --------
    >>> from wordnum.corpus.synthetic import SyntheticCorpus
    >>> corpus = SyntheticCorpus(n_documents=20, length=100).encoded()
    >>> counts = count(corpus, window=2, perturbations=["original", "isolate:1"])
    >>> int(counts["isolate:1"].number_number.matrix().sum())
    0
    """
    one_of(rows, ("numbers", "all"), what="choice of rows")
    one_of(by, ("block-distance", "sum"), what="way to count")
    around = _checked_window(window, rows)
    alone = isinstance(perturbations, (str, Perturbation))
    chosen = resolve_perturbations(perturbations, random_state=random_state)
    _check_numbers(corpus)
    swaps = any(isinstance(part, SwapNumbers) for p in chosen for part in p.parts)
    bound = estimate(
        corpus,
        rows=rows,
        window=around.size,
        conditions=len(chosen),
        swaps=swaps,
        n_jobs=n_jobs,
    )
    announce(bound, spill=spill)
    results: dict[str, Any] = {}
    if rows == "all":
        conditions = prepare_all(chosen, corpus)
        from wordnum.cooccurrence.word_pairs import count_all

        found = count_all(corpus, conditions, window=around, n_jobs=n_jobs, spill=spill)
        results = {counts.perturbation: counts for counts in found}
    else:
        reach = around.size
        most = tokens_per_task(corpus, n_jobs=n_jobs)
        # Numbers that trade places must all be known first; what finds them is needed again.
        scans = scan_chunks(corpus, most=most, n_jobs=n_jobs) if swaps else None
        places = None if scans is None else number_places(corpus, scans, most=most)
        conditions = prepare_all(chosen, corpus, places=places)
        tasks = number_tasks(
            corpus, conditions, most=most, reach=reach, merged=by == "sum", scans=scans
        )
        blocks = count_blocks(corpus, tasks, n_jobs=n_jobs, spill=spill)
        # Margins are stacked once for the conditions that share them.
        stack = OncePer(np.array)
        for at, condition in enumerate(conditions):
            results[condition.name] = _assemble(
                corpus, condition, blocks, at, stack, window=reach, by=by
            )
    return next(iter(results.values())) if alone else results


def _checked_window(window: int | Window, rows: str) -> Window:
    if not isinstance(window, Window):
        return Window(size=window)
    if rows == "numbers":
        raise UsageError(
            "number rows are counted at every distance",
            expected="the largest distance, an integer",
            got=str(window),
            remedy="choose side and weighting afterwards: counts.signal(window=...)",
        )
    if window.positional:
        raise UsageError(
            "positional columns are not counted for all rows",
            expected="positional=False",
            remedy="count number rows, and choose them afterwards: counts.signal(window=...)",
        )
    return window


def _check_numbers(corpus: EncodedCorpus) -> None:
    if not corpus.number_counts.any():
        raise InputError(
            "the corpus has no number token",
            expected=f"integers 0 to {corpus.vocabulary.size - 1}",
            got=f"0 among {corpus.n_tokens} tokens",
            remedy="check the text, and the numeral scheme it was encoded with",
        )


def resolve_perturbations(
    perturbations: str | Perturbation | Iterable[str | Perturbation], *, random_state: int
) -> list[Perturbation]:
    """Perturbation objects from names and objects; names must differ."""
    if isinstance(perturbations, (str, Perturbation)):
        perturbations = [perturbations]
    chosen = [
        parse_perturbation(p, random_state=random_state) if isinstance(p, str) else p
        for p in perturbations
    ]
    names = [p.name for p in chosen]
    twice = [name for name in names if names.count(name) > 1]
    if twice or not names:
        raise UsageError(
            f"the perturbation {twice[0]!r} comes twice" if twice else "no perturbation to count",
            expected="different perturbations, at least one",
        )
    return chosen


def _assemble(
    corpus: EncodedCorpus,
    condition: Prepared,
    blocks: list[Counted],
    at: int,
    stack: OncePer,
    *,
    window: int,
    by: By,
) -> Counts:
    distances = Window(size=window).distances if by == "block-distance" else np.zeros(1, int)
    about = provenance(
        corpus=corpus.fingerprint, perturbation=condition.perturbation, window=window, by=by
    )
    if condition.share_in_place is not None:
        about["share_in_place"] = condition.share_in_place
    margins = [counted.margins[at] for counted in blocks]
    return Counts(
        blocks_of(blocks, at),
        distances=distances,
        vocabulary=corpus.vocabulary,
        window_size=window,
        number_counts=stack([m.number_counts for m in margins]),
        context_counts=stack([m.context_counts for m in margins]),
        documents=np.array([m.documents for m in margins]),
        perturbation=condition.name,
        flags=corpus.flags,
        provenance={**about, "source": corpus.manifest.get("source")},
    )
