"""Counting number rows: several perturbations of one corpus in one pass over its blocks."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Literal, overload

import numpy as np

from wordnum.config import one_of
from wordnum.cooccurrence.chunk import Counted
from wordnum.cooccurrence.counts import CooccurrenceCounts
from wordnum.cooccurrence.passes import count_blocks, number_tasks
from wordnum.cooccurrence.window import Window
from wordnum.corpus.encoded import EncodedCorpus
from wordnum.corpus.perturb import Perturbation, parse_perturbation
from wordnum.corpus.prepare import Prepared, prepare_all
from wordnum.errors import InputError, UsageError
from wordnum.provenance import provenance

__all__ = ["count", "resolve_perturbations"]

By = Literal["block-distance", "sum"]


@overload
def count(  # type: ignore[overload-overlap]  # a str is an iterable of str, and means one condition
    corpus: EncodedCorpus,
    *,
    perturbations: str | Perturbation,
    window: int = ...,
    seed: int = ...,
    jobs: int | None = ...,
    by: By = ...,
    spill: str | os.PathLike[str] | None = ...,
) -> CooccurrenceCounts: ...
@overload
def count(
    corpus: EncodedCorpus,
    *,
    perturbations: Iterable[str | Perturbation] = ...,
    window: int = ...,
    seed: int = ...,
    jobs: int | None = ...,
    by: By = ...,
    spill: str | os.PathLike[str] | None = ...,
) -> dict[str, CooccurrenceCounts]: ...
def count(
    corpus: EncodedCorpus,
    *,
    window: int = 10,
    perturbations: str | Perturbation | Iterable[str | Perturbation] = ("original",),
    seed: int = 0,
    jobs: int | None = 1,
    by: By = "block-distance",
    spill: str | os.PathLike[str] | None = None,
) -> CooccurrenceCounts | dict[str, CooccurrenceCounts]:
    """Count what stands around the numbers, under all perturbations in one pass.

    Parameters
    ----------
    corpus : EncodedCorpus
        Read once, and once more if numbers trade places.
    window : int
        Largest distance in tokens.
    perturbations : str, Perturbation, or iterable of these
        Conditions to count; see `parse_perturbation`.
    seed : int
        Seed of the perturbations that are given as text.
    jobs : int or None
        Workers (-1 for all cores), through joblib: inside `wordnum.parallel.parallel_backend` they
        may be those of a cluster. The result is the same bytes for any number of them.
    by : {"block-distance", "sum"}
        Keep the events of every signed distance apart, or add all distances up: faster and
        smaller, but the window cannot be chosen afterwards.
    spill : path-like, optional
        Folder for counted events, which are kept on disk.

    Returns
    -------
    CooccurrenceCounts, or dict of str to CooccurrenceCounts
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
    window = Window(size=window).size
    one_of(by, ("block-distance", "sum"), what="way to count")
    alone = isinstance(perturbations, (str, Perturbation))
    chosen = resolve_perturbations(perturbations, seed=seed)
    if not corpus.number_counts.any():
        raise InputError(
            "the corpus has no number token",
            expected=f"integers 0 to {corpus.vocabulary.size - 1}",
            got=f"0 among {corpus.n_tokens} tokens",
            remedy="check the text, and the numeral scheme it was encoded with",
        )
    conditions = prepare_all(chosen, corpus)
    tasks = number_tasks(corpus, conditions, reach=window, merged=by == "sum")
    blocks = count_blocks(corpus, tasks, jobs=jobs, spill=spill)
    results = {
        condition.name: _assemble(
            corpus, condition, [block[at] for block in blocks], window=window, by=by
        )
        for at, condition in enumerate(conditions)
    }
    return next(iter(results.values())) if alone else results


def resolve_perturbations(
    perturbations: str | Perturbation | Iterable[str | Perturbation], *, seed: int
) -> list[Perturbation]:
    """Perturbation objects from names and objects; names must differ."""
    if isinstance(perturbations, (str, Perturbation)):
        perturbations = [perturbations]
    chosen = [parse_perturbation(p, seed=seed) if isinstance(p, str) else p for p in perturbations]
    names = [p.name for p in chosen]
    twice = [name for name in names if names.count(name) > 1]
    if twice or not names:
        raise UsageError(
            f"the perturbation {twice[0]!r} comes twice" if twice else "no perturbation to count",
            expected="different perturbations, at least one",
        )
    return chosen


def _assemble(
    corpus: EncodedCorpus, condition: Prepared, blocks: list[Counted], *, window: int, by: By
) -> CooccurrenceCounts:
    distances = Window(size=window).distances if by == "block-distance" else np.zeros(1, int)
    about = provenance(
        corpus=corpus.fingerprint, perturbation=condition.perturbation, window=window, by=by
    )
    if condition.share_in_place is not None:
        about["share_in_place"] = condition.share_in_place
    return CooccurrenceCounts(
        [counted.events for counted in blocks],
        distances=distances,
        vocabulary=corpus.vocabulary,
        window_size=window,
        number_counts=np.array([counted.number_counts for counted in blocks]),
        context_counts=np.array([counted.context_counts for counted in blocks]),
        documents=np.array([counted.documents for counted in blocks]),
        perturbation=condition.name,
        flags=corpus.flags,
        provenance={**about, "source": corpus.manifest.get("source")},
    )
