"""Counting: what stands around the numbers of a corpus, under one condition or several."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.number_pairs import CountedBlock, count_blocks
from wordnum.cooccurrence.tasks import check_numbers
from wordnum.cooccurrence.windows import Window, largest_distance
from wordnum.corpus.encoded_corpus import EncodedCorpus, as_corpus
from wordnum.corpus.perturbations import Perturbation, Prepared, prepare, resolve_perturbations
from wordnum.errors import UsageError
from wordnum.provenance import provenance

if TYPE_CHECKING:
    from numpy import integer

log = logging.getLogger(__name__)


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
    >>> int(counts.signal("number").matrix().sum())
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
    window_size = largest_distance(window)
    chosen = resolve_perturbations(perturbations, random_state=random_state)
    check_numbers(corpus)
    _announce(corpus, window_size, len(chosen))
    conditions = [prepare(perturbation, corpus) for perturbation in chosen]
    found = count_blocks(corpus, conditions, window_size=window_size, n_jobs=n_jobs)
    return {
        condition.name: _assemble(corpus, condition, blocks, window_size)
        for condition, blocks in zip(conditions, found, strict=True)
    }


def _announce(corpus: EncodedCorpus, window_size: int, n_conditions: int) -> None:
    """Say what counting takes, and refuse what no machine of this size can hold."""
    context = 2 if len(corpus.vocabulary) <= 2**16 else 4
    events = 2 * window_size * int(corpus.number_counts.sum()) * n_conditions
    index = 8 * 2 * window_size * corpus.vocabulary.size * corpus.n_blocks * n_conditions
    log.info(
        "counting %s tokens under %d conditions: at most %s MB of events on disk",
        f"{corpus.n_tokens:,}",
        n_conditions,
        f"{(context + 1) * events / 1e6:,.0f}",
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if index > memory:
        raise UsageError(
            "so wide a window does not fit into memory",
            expected=f"at most {memory / 1e9:,.0f} GB of row starts",
            got=f"{index / 1e9:,.0f} GB: window {window_size}, {n_conditions} conditions",
            remedy="count with a smaller window, or fewer conditions at once",
        )


def _assemble(
    corpus: EncodedCorpus, condition: Prepared, blocks: list[CountedBlock], window_size: int
) -> Counts:
    about = provenance(
        corpus=corpus.fingerprint,
        perturbation=condition.perturbation,
        window=window_size,
        n_tokens=sum(block.n_tokens for block in blocks),
    )
    return Counts(
        [block.events for block in blocks],
        vocabulary=corpus.vocabulary,
        window_size=window_size,
        number_counts=np.array([block.number_counts for block in blocks]),
        context_counts=np.array([block.context_counts for block in blocks]),
        documents=np.array([block.documents for block in blocks]),
        perturbation=condition.name,
        flags=corpus.flags,
        provenance={**about, **condition.about, "source": corpus.manifest.get("source")},
    )
