"""Counting: what stands around the numbers of a corpus, under one condition or several."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from wordnum.cooccurrence.chunk import Counted, OncePer
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.estimate import announce, estimate
from wordnum.cooccurrence.passes import (
    blocks_of,
    check_numbers,
    count_blocks,
    number_places,
    number_tasks,
    scan_chunks,
    tokens_per_task,
)
from wordnum.cooccurrence.windows import Window, as_window
from wordnum.corpus.encoded_corpus import EncodedCorpus, as_corpus
from wordnum.corpus.perturbations import Perturbation, SwapNumbers, resolve_perturbations
from wordnum.corpus.rewriting import Prepared, prepare_all
from wordnum.errors import UsageError
from wordnum.provenance import provenance

if TYPE_CHECKING:
    from numpy import integer

__all__ = ["count", "count_conditions"]


def count(
    corpus: EncodedCorpus | str | os.PathLike[str],
    *,
    perturbation: str | Perturbation = "original",
    window: int | integer | Window = 5,
    random_state: int = 0,
    n_jobs: int | None = 1,
) -> Counts:
    """Count what stands around the numbers, by block of documents and signed distance.

    Parameters
    ----------
    corpus : EncodedCorpus or path-like
        A corpus, or the folder of one.
    perturbation : str or Perturbation
        What is done to the text first; see `parse_perturbation`.
    window : int or Window
        Largest distance in tokens. Side, weighting and smaller windows are chosen afterwards, by
        `Counts.signal`.
    random_state : int
        Seed of a perturbation that is given as text.
    n_jobs : int or None
        Workers (-1 for all cores), through joblib: inside `wordnum.parallel.parallel_backend` they
        may be those of a cluster. The result is the same bytes for any number of them.

    Returns
    -------
    Counts

    Raises
    ------
    InputError
        The corpus has no number tokens, or no disk space is left.
    UsageError
        A perturbation or a window that does not exist.

    Examples
    --------
    >>> from wordnum.corpus.synthetic import SyntheticCorpus
    >>> corpus = SyntheticCorpus(n_documents=20, length=100).encoded()
    >>> counts = count(corpus, perturbation="isolate:1", window=2)
    >>> int(counts.number_number.matrix().sum())
    0
    """
    found = count_conditions(
        corpus,
        perturbations=[perturbation],
        window=window,
        random_state=random_state,
        n_jobs=n_jobs,
    )
    return next(iter(found.values()))


def count_conditions(
    corpus: EncodedCorpus | str | os.PathLike[str],
    *,
    perturbations: Iterable[str | Perturbation],
    window: int | integer | Window = 5,
    random_state: int = 0,
    n_jobs: int | None = 1,
) -> dict[str, Counts]:
    """Count what stands around the numbers under several perturbations, reading the corpus once.

    Parameters
    ----------
    corpus, window, random_state, n_jobs
        As in `count`.
    perturbations : iterable of str or Perturbation
        The conditions, all different.

    Returns
    -------
    dict of str to Counts
        By the canonical name of the perturbation, in their order.

    Raises
    ------
    InputError, UsageError
        As in `count`; also where there is no perturbation, or one comes twice.

    Examples
    --------
    >>> from wordnum.corpus.synthetic import SyntheticCorpus
    >>> corpus = SyntheticCorpus(n_documents=20, length=100).encoded()
    >>> found = count_conditions(corpus, perturbations=["original", "isolate:1"], window=2)
    >>> list(found)
    ['original', 'isolate:1']
    """
    corpus = as_corpus(corpus)
    reach = _reach(window)
    chosen = resolve_perturbations(perturbations, random_state=random_state)
    check_numbers(corpus)
    swaps = any(isinstance(part, SwapNumbers) for p in chosen for part in p.parts)
    bound = estimate(corpus, window=reach, conditions=len(chosen), swaps=swaps, n_jobs=n_jobs)
    announce(bound)
    most = tokens_per_task(corpus, n_jobs=n_jobs)
    # Numbers that trade places must all be known first; what finds them is needed again.
    scans = scan_chunks(corpus, most=most, n_jobs=n_jobs) if swaps else None
    places = None if scans is None else number_places(corpus, scans, most=most)
    conditions = prepare_all(chosen, corpus, places=places)
    tasks = number_tasks(corpus, conditions, most=most, reach=reach, scans=scans)
    blocks = count_blocks(corpus, tasks, n_jobs=n_jobs)
    # Margins are stacked once for the conditions that share them.
    stack = OncePer(np.array)
    return {
        condition.name: _assemble(corpus, condition, blocks, at, stack, window=reach)
        for at, condition in enumerate(conditions)
    }


def _reach(window: int | integer | Window) -> int:
    around = as_window(window)
    if around != Window(size=around.size):
        raise UsageError(
            "numbers are counted at every distance on both sides",
            expected="the largest distance, an integer",
            got=str(window),
            remedy="choose side and weighting afterwards: counts.signal(window=...)",
        )
    return around.size


def _assemble(
    corpus: EncodedCorpus,
    condition: Prepared,
    blocks: list[Counted],
    at: int,
    stack: OncePer,
    *,
    window: int,
) -> Counts:
    about = provenance(
        corpus=corpus.fingerprint, perturbation=condition.perturbation, window=window
    )
    if condition.share_in_place is not None:
        about["share_in_place"] = condition.share_in_place
    margins = [counted.margins[at] for counted in blocks]
    return Counts(
        blocks_of(blocks, at),
        distances=Window(size=window).distances,
        vocabulary=corpus.vocabulary,
        window_size=window,
        number_counts=stack([m.number_counts for m in margins]),
        context_counts=stack([m.context_counts for m in margins]),
        documents=np.array([m.documents for m in margins]),
        perturbation=condition.name,
        flags=corpus.flags,
        provenance={**about, "source": corpus.manifest.get("source")},
    )
