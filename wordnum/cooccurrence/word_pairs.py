"""Counting all words by all words: what one worker does, and all of them together."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from wordnum.cooccurrence import pair_kernels
from wordnum.cooccurrence.estimate import announce, estimate
from wordnum.cooccurrence.pairs import PairMerger, PairSums
from wordnum.cooccurrence.passes import (
    CHUNK_TOKENS,
    check_numbers,
    chunks,
    restricted,
    run_tasks,
)
from wordnum.cooccurrence.windows import Window, as_window
from wordnum.cooccurrence.word_counts import WordCounts
from wordnum.corpus.encoded_corpus import Block, EncodedCorpus, as_corpus
from wordnum.corpus.perturbations import Perturbation, resolve_perturbations
from wordnum.corpus.rewriting import Prepared, prepare_all
from wordnum.errors import UsageError
from wordnum.provenance import provenance

if TYPE_CHECKING:
    from numpy import integer

__all__ = ["PairTask", "count_all", "count_pair_chunk", "count_words"]


@dataclass(frozen=True, eq=False)
class PairTask:
    """Consecutive documents, and the conditions to count all pairs under.

    Attributes
    ----------
    blocks : tuple of Block
        The documents: small blocks are counted together, since the fewer parts there are, the
        fewer pairs come twice.
    conditions : tuple of Prepared
        Prepared perturbations, their rewriting restricted to these documents.
    size, width : int
        Numbers are the ids below `size`; ids are below `width`.
    weights : ndarray of uint64, shape (reach + 1,)
        Integer weight of each distance.
    """

    blocks: tuple[Block, ...]
    conditions: tuple[Prepared, ...]
    size: int
    width: int
    weights: np.ndarray

    @property
    def n_tokens(self) -> int:
        """Tokens of the documents."""
        return sum(block.ids.size for block in self.blocks)


@dataclass(frozen=True, eq=False)
class CountedPairs:
    """Pairs of some documents, occurrences of each token (V,), and the number of documents."""

    sums: PairSums
    tokens: np.ndarray
    documents: int


def count_words(
    corpus: EncodedCorpus | str | os.PathLike[str],
    *,
    perturbation: str | Perturbation = "original",
    window: int | integer | Window = 5,
    random_state: int = 0,
    n_jobs: int | None = 1,
) -> WordCounts:
    """Count what stands around every word of the vocabulary, summed over the window.

    Parameters
    ----------
    corpus, perturbation, random_state, n_jobs
        As in `count`.
    window : int or Window
        Its size and its weighting hold for good.

    Returns
    -------
    WordCounts

    Raises
    ------
    InputError
        The corpus has no number tokens, or no disk space is left.
    UsageError
        A perturbation or a window that does not exist, or one with positions.

    Examples
    --------
    >>> from wordnum.corpus.synthetic import SyntheticCorpus
    >>> corpus = SyntheticCorpus(n_documents=20, length=100).encoded()
    >>> counts = count_words(corpus, window=2)
    >>> counts.matrix().shape == (len(corpus.vocabulary), len(corpus.vocabulary))
    True
    """
    corpus = as_corpus(corpus)
    window = as_window(window)
    if window.positional:
        raise UsageError(
            "positional columns are not counted for all rows",
            expected="positional=False",
            remedy="count number rows, and choose them afterwards: counts.signal(window=...)",
        )
    chosen = resolve_perturbations([perturbation], random_state=random_state)
    check_numbers(corpus)
    announce(estimate(corpus, rows="all", window=window.size, n_jobs=n_jobs))
    conditions = prepare_all(chosen, corpus)
    return count_all(corpus, conditions, window=window, n_jobs=n_jobs)[0]


def count_all(
    corpus: EncodedCorpus,
    conditions: Sequence[Prepared],
    *,
    window: Window,
    n_jobs: int | None = 1,
    spill: str | os.PathLike[str] | None = None,
) -> list[WordCounts]:
    """Count all words by all words under several conditions in one pass; one result for each."""
    mergers = [PairMerger(spill) for _ in conditions]
    tokens = np.zeros((len(conditions), len(corpus.vocabulary)), dtype=np.int64)
    documents = np.zeros(len(conditions), dtype=np.int64)
    tasks = _tasks(corpus, conditions, window)
    for parts in run_tasks(count_pair_chunk, tasks, corpus=corpus, n_jobs=n_jobs):
        for at, part in enumerate(parts):
            mergers[at].add(part.sums)
            tokens[at] += part.tokens
            documents[at] += part.documents
    return [
        WordCounts(
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
    for blocks in _batches(corpus):
        n_documents = sum(block.starts.size - 1 for block in blocks)
        yield PairTask(
            blocks=tuple(blocks),
            conditions=restricted(conditions, blocks[0].first_document, n_documents),
            size=corpus.vocabulary.size,
            width=len(corpus.vocabulary),
            weights=weights,
        )


def _batches(corpus: EncodedCorpus) -> Iterator[list[Block]]:
    """Consecutive chunks of at most `CHUNK_TOKENS` together."""
    batch: list[Block] = []
    for chunk in chunks(corpus, most=CHUNK_TOKENS):
        if batch and sum(block.ids.size for block in batch) + chunk.ids.size > CHUNK_TOKENS:
            yield batch
            batch = []
        batch.append(chunk)
    yield batch


def _joined(blocks: Sequence[Block]) -> Block:
    """One block of the documents of several."""
    begin = np.cumsum([0, *(block.ids.size for block in blocks)])
    starts = [block.starts[:-1] + first for block, first in zip(blocks, begin)]
    return replace(
        blocks[0],
        ids=np.concatenate([block.ids for block in blocks]),
        starts=np.concatenate([*starts, begin[-1:]]),
    )


def count_pair_chunk(task: PairTask) -> list[CountedPairs]:
    """Count the documents of a task: one result per condition, in their order."""
    block = _joined(task.blocks)
    return [_count(task, block, condition) for condition in task.conditions]


def _count(task: PairTask, block: Block, condition: Prepared) -> CountedPairs:
    text = condition.apply(block)
    documents = condition.kept(block.first_document + np.arange(block.starts.size - 1))
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
