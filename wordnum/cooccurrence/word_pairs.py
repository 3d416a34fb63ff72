"""Counting all words by all words: sorted runs of pairs on disk, and one merge of all of them.

As GloVe's cooccur (Pennington et al. 2014) does it: the pairs of a run of the text are summed in
memory and written sorted; the runs are merged once, a few rows of all of them at a time.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numba
import numpy as np
from scipy import sparse

from wordnum.cooccurrence.count_files import Rows
from wordnum.cooccurrence.row_sums import (
    add,
    clear,
    empty_row,
    merge_rows,
    sort_rows,
    take_row,
)
from wordnum.cooccurrence.tasks import check_numbers, chunks, run_tasks
from wordnum.cooccurrence.temp_arrays import Spool, forget
from wordnum.cooccurrence.windows import Window, as_window
from wordnum.cooccurrence.word_counts import WordCounts
from wordnum.corpus.encoded_corpus import Block, EncodedCorpus, as_corpus
from wordnum.corpus.perturbations import Perturbation, Prepared, prepare, resolve_perturbations
from wordnum.errors import UsageError
from wordnum.intrinsics import prefetch
from wordnum.provenance import provenance

if TYPE_CHECKING:
    from numpy import integer

# Tokens that a worker reads at once, unless a single document is longer.
TASK_TOKENS = 6_000_000
# Pairs of a run, at most, and distinct pairs of all runs that are merged at once: few, in buffers
# that are used again, since memory that is new to the process takes longer than the sums.
RUN_PAIRS = 60_000_000
MERGED_PAIRS = 4_000_000
# Bytes of columns or of values that stay in memory: writing them takes longer than counting.
IN_MEMORY = 128_000_000
# Positions between asking for memory and reading it.
_AHEAD = 16


def count_words(
    corpus: EncodedCorpus | str | os.PathLike[str],
    *,
    perturbation: str | Perturbation = "original",
    window: int | integer | Window = 5,
    random_state: int = 0,
    n_jobs: int | None = 1,
) -> WordCounts:
    """Count what stands around every word of the vocabulary, summed over the window.

    Counts of a flat window are exact integers; weighted ones are sums of float64 in the order of
    the text, the same bytes for any number of workers.

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
    condition = prepare(chosen[0], corpus)
    n_words = len(corpus.vocabulary)
    tokens = np.zeros(n_words, dtype=np.int64)
    documents = 0
    begin, values, columns = Spool(), Spool(memory=IN_MEMORY), Spool(memory=IN_MEMORY)
    with begin, values, columns:
        tasks = _tasks(corpus, condition, window)
        for found, seen, n in run_tasks(count_documents, tasks, corpus=corpus, n_jobs=n_jobs):
            tokens += seen
            documents += n
            for run in found:
                for spool, array in zip((begin, columns, values), run, strict=True):
                    spool.append(array)
        runs = (
            begin.mapped(np.int64).reshape(-1, n_words + 1),
            columns.mapped(run[1].dtype),
            values.mapped(run[2].dtype),
        )
    exact = np.uint32 if corpus.n_tokens * window.size < 2**32 else np.uint64
    about = provenance(
        corpus=corpus.fingerprint, perturbation=condition.perturbation, window=window, rows="all"
    )
    return WordCounts(
        _merged(*runs, dtype=exact if window.weighting == "flat" else np.float64),
        vocabulary=corpus.vocabulary,
        window=window,
        context_counts=tokens,
        n_documents=documents,
        perturbation=condition.name,
        flags=corpus.flags,
        provenance={**about, **condition.about, "source": corpus.manifest.get("source")},
    )


@dataclass(frozen=True, eq=False)
class PairTask:
    """Consecutive documents, a prepared perturbation, and the window to count pairs in."""

    blocks: tuple[Block, ...]
    condition: Prepared
    window: Window
    size: int
    n_words: int

    @property
    def n_tokens(self) -> int:
        """Tokens of the documents."""
        return sum(block.ids.size for block in self.blocks)


def _tasks(corpus: EncodedCorpus, condition: Prepared, window: Window) -> Iterator[PairTask]:
    """Small blocks are counted together: the fewer runs, the fewer pairs come twice."""
    parts = chunks(corpus, most=TASK_TOKENS)
    for _, batch in itertools.groupby(parts, key=lambda part: part.first_token // TASK_TOKENS):
        sizes = corpus.vocabulary.size, len(corpus.vocabulary)
        yield PairTask(tuple(batch), condition, window, *sizes)


def count_documents(task: PairTask) -> tuple[list[Rows], np.ndarray, int]:
    """Runs of pairs (word, later word), occurrences of each token (V,), number of documents."""
    texts = [task.condition.apply(block) for block in task.blocks]
    narrow = np.min_scalar_type(task.n_words - 1)
    ids = np.concatenate([text.ids for text in texts], dtype=narrow, casting="unsafe")
    ahead = np.concatenate([_tokens_ahead(text.starts, task.window.size) for text in texts])
    tokens = np.zeros(task.n_words, dtype=np.int64)
    for text in texts:
        tokens += np.bincount(text.ids, minlength=task.n_words)
    tokens[task.size : task.size + 2] = 0
    step = max(1, RUN_PAIRS // task.window.size)
    flat = task.window.weighting == "flat"
    weights = np.concatenate([[0], replace(task.window, side="right").weights])
    weights = weights.astype(np.uint32 if flat else np.float64)
    runs = [
        _count_run(ids[first:], ahead[first : first + step], weights, task.size, task.n_words)
        for first in range(0, max(ids.size, 1), step)
    ]
    return runs, tokens, sum(text.n_documents for text in texts)


def _count_run(
    ids: np.ndarray, ahead: np.ndarray, weights: np.ndarray, size: int, n_words: int
) -> Rows:
    """Sum the pairs of the first positions, as many as `ahead` tells of."""
    order, begin = sort_rows(ids[: ahead.size], n_words)
    n_pairs = int(ahead.sum(dtype=np.int64))
    # Most pairs come a few times in a run: a count takes a byte, a large one several entries.
    whole = weights.dtype == np.uint32
    kind, most = (np.dtype(np.uint8), np.uint32(255)) if whole else (weights.dtype, np.inf)
    columns, values = np.empty(n_pairs, ids.dtype), np.empty(n_pairs, kind)
    row = empty_row(n_words, weights.dtype)
    indptr = _count_pairs(ids, order, begin, ahead, weights, size, most, row, values, columns)
    return indptr, columns[: indptr[-1]], values[: indptr[-1]]


@numba.njit(cache=True, nogil=True)
def _tokens_ahead(starts, size):  # type: ignore[no-untyped-def]
    """How many tokens each position sees to its right, within its segment and the window."""
    ahead = np.empty(starts[-1], dtype=np.uint16)
    for k in range(starts.size - 1):
        last = starts[k + 1] - 1
        for i in range(starts[k], last + 1):
            ahead[i] = min(size, last - i)
    return ahead


@numba.njit(cache=True, nogil=True)
def _count_pairs(ids, order, begin, ahead, weights, skip, most, row, values, columns):  # type: ignore[no-untyped-def]
    """Sum the weights of the pairs (word, later word) row by row; returns where rows begin.

    Positions come sorted by word, so that all pairs of one word are summed one after the other in
    a row that stays in the cache; what is read far apart is asked for ahead of time. `skip` and
    `skip + 1` are no words.
    """
    indptr = np.zeros_like(begin)
    k = 0
    for word in range(begin.size - 1):
        if word != skip and word != skip + 1:
            for s in range(begin[word], begin[word + 1]):
                i = order[s]
                soon = np.int64(order[min(s + _AHEAD, order.size - 1)])
                prefetch(ids, soon + 1)
                prefetch(ahead, soon)
                for d in range(1, ahead[i] + 1):
                    add(row, ids[i + d], weights[d])
            clear(row, skip)
            clear(row, skip + 1)
            k = take_row(row, values, columns, k, most)
        indptr[word + 1] = k
    return indptr


def _merged(
    begin: np.ndarray, columns: np.ndarray, values: np.ndarray, *, dtype: type
) -> sparse.csr_array:
    """Add all runs, as many rows at once as have `MERGED_PAIRS`; the sums are on disk.

    Rows of run r begin at begin[r] in its part of `columns` and `values`, which hold one run after
    the other.
    """
    n_words = begin.shape[1] - 1
    first = np.cumsum(begin[:, -1:], axis=0) - begin[:, -1:]
    entries = begin.sum(axis=0)
    # SciPy copies columns to the type of `indptr` where that is wider.
    indptr = np.zeros(n_words + 1, dtype=np.int32 if entries[-1] < 2**31 else np.int64)
    row = empty_row(n_words, dtype)
    sums: np.ndarray = np.empty(0, dtype)
    kept = np.empty(0, np.int32)
    done = 0
    merged_values, merged_columns = Spool(memory=IN_MEMORY), Spool(memory=IN_MEMORY)
    with merged_values, merged_columns:
        while done < n_words:
            most = entries[done] + MERGED_PAIRS
            last = max(done + 1, int(np.searchsorted(entries, most, side="right")) - 1)
            if entries[last] - entries[done] > sums.size:
                sums = np.empty(entries[last] - entries[done], dtype)
                kept = np.empty(sums.size, np.int32)
            ends = merge_rows(first + begin[:, done : last + 1], values, columns, row, sums, kept)
            indptr[done + 1 : last + 1] = indptr[done] + ends[1:]
            merged_values.append(sums[: ends[-1]])
            merged_columns.append(kept[: ends[-1]])
            for array in (values, columns):
                forget(array)
            done = last
        merged = merged_values.mapped(dtype), merged_columns.mapped(np.int32), indptr
    return sparse.csr_array(merged, shape=(n_words, n_words))
