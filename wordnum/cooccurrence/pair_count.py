"""Counting all words by all words: what one worker does, and all of them together."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from wordnum.cooccurrence import pair_kernels
from wordnum.cooccurrence.all_counts import AllCounts
from wordnum.cooccurrence.pairs import PairMerger, PairSums
from wordnum.cooccurrence.passes import chunks, n_chunks, restricted
from wordnum.cooccurrence.window import Window
from wordnum.corpus.encoded import Block, EncodedCorpus
from wordnum.corpus.prepare import Prepared
from wordnum.parallel import stream_tasks
from wordnum.progress import track
from wordnum.provenance import provenance

__all__ = ["PairTask", "count_all", "count_pair_chunk"]


@dataclass(frozen=True, eq=False)
class PairTask:
    """Documents of one block, and the conditions to count all pairs under.

    Attributes
    ----------
    block : Block
        The documents.
    conditions : tuple of Prepared
        Prepared perturbations, their rewriting restricted to these documents.
    size, width : int
        Numbers are the ids below `size`; ids are below `width`.
    weights : ndarray of uint64, shape (reach + 1,)
        Integer weight of each distance.
    """

    block: Block
    conditions: tuple[Prepared, ...]
    size: int
    width: int
    weights: np.ndarray


@dataclass(frozen=True, eq=False)
class CountedPairs:
    """Pairs of some documents, occurrences of each token (V,), and the number of documents."""

    sums: PairSums
    tokens: np.ndarray
    documents: int


def count_all(
    corpus: EncodedCorpus,
    conditions: Sequence[Prepared],
    *,
    window: Window,
    jobs: int | None = 1,
    spill: str | os.PathLike[str] | None = None,
) -> list[AllCounts]:
    """Count all words by all words under several conditions in one pass; one result for each."""
    mergers = [PairMerger(spill) for _ in conditions]
    tokens = np.zeros((len(conditions), len(corpus.vocabulary)), dtype=np.int64)
    documents = np.zeros(len(conditions), dtype=np.int64)
    tasks = ((task,) for task in _tasks(corpus, conditions, window))
    for parts in track(
        stream_tasks(count_pair_chunk, tasks, jobs=jobs), "counting", total=n_chunks(corpus)
    ):
        for at, part in enumerate(parts):
            mergers[at].add(part.sums)
            tokens[at] += part.tokens
            documents[at] += part.documents
    return [
        AllCounts(
            merger.total(),
            vocabulary=corpus.vocabulary,
            window=window,
            context_counts=seen,
            n_documents=int(n_documents),
            perturbation=condition.name,
            flags=corpus.flags,
            provenance=_described(corpus, condition, window),
        )
        for condition, merger, seen, n_documents in zip(conditions, mergers, tokens, documents)
    ]


def _described(corpus: EncodedCorpus, condition: Prepared, window: Window) -> dict[str, object]:
    about = provenance(
        corpus=corpus.fingerprint, perturbation=condition.perturbation, window=window, rows="all"
    )
    if condition.share_in_place is not None:
        about["share_in_place"] = condition.share_in_place
    return {**about, "source": corpus.manifest.get("source")}


def _tasks(
    corpus: EncodedCorpus, conditions: Sequence[Prepared], window: Window
) -> Iterator[PairTask]:
    weights, _ = window.integer_weights
    for chunk in chunks(corpus):
        yield PairTask(
            block=chunk,
            conditions=restricted(conditions, chunk.first_document, chunk.starts.size - 1),
            size=corpus.vocabulary.size,
            width=len(corpus.vocabulary),
            weights=weights,
        )


def count_pair_chunk(task: PairTask) -> list[CountedPairs]:
    """Count the documents of a task: one result per condition, in their order."""
    return [_count(task, condition) for condition in task.conditions]


def _count(task: PairTask, condition: Prepared) -> CountedPairs:
    text = condition.apply(task.block)
    documents = condition.kept(task.block.first_document + np.arange(task.block.starts.size - 1))
    ids = np.asarray(text.ids).astype(np.min_scalar_type(task.width - 1))
    order, begin = pair_kernels.order_words(ids, task.width)
    reach = task.weights.size - 1
    ahead = np.empty(ids.size, dtype=np.min_scalar_type(reach))
    pair_kernels.see_ahead(text.starts, reach, ahead)
    tokens = np.diff(begin)
    tokens[task.size : task.size + 2] = 0
    sums = _sums(task, ids, order, begin, ahead)
    return CountedPairs(sums, tokens, int(documents.sum()))


def _sums(
    task: PairTask, ids: np.ndarray, order: np.ndarray, begin: np.ndarray, ahead: np.ndarray
) -> PairSums:
    pairs = int(ahead.sum(dtype=np.int64))
    largest = pairs * int(task.weights.max())
    cells = np.zeros(task.width, dtype=np.uint32 if largest < 2**32 else np.uint64)
    contexts = np.empty(pairs, dtype=ids.dtype)
    low = np.empty(pairs, dtype=np.uint8 if task.weights.max() == 1 else np.uint16)
    most_high = (largest >> (8 * low.itemsize)) + 1
    high_at, high = np.empty(most_high, dtype=np.int64), np.empty(most_high, dtype=np.uint64)
    weights = task.weights.astype(cells.dtype)
    indptr, used = pair_kernels.count_pairs(
        ids, order, begin, ahead, weights, task.size, cells, contexts, low, high_at, high
    )
    end = int(indptr[-1])
    return PairSums(
        indptr, contexts[:end].copy(), low[:end].copy(), high_at[:used].copy(), high[:used].copy()
    )
