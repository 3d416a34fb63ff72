"""One pass over the blocks of a corpus: tasks for workers, and what they counted put together."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wordnum.cooccurrence.chunk import SCRATCH, ChunkTask, Counted, count_chunk, merge_counted
from wordnum.cooccurrence.events import BlockEvents
from wordnum.cooccurrence.scan import Scan, scan
from wordnum.cooccurrence.shared import BlocksOf
from wordnum.cooccurrence.temp_arrays import Spool
from wordnum.corpus.encoded_corpus import Block, EncodedCorpus
from wordnum.corpus.rewriting import Prepared, Rewriting
from wordnum.corpus.swap import Places
from wordnum.errors import InputError
from wordnum.parallel import stream_tasks
from wordnum.progress import bar

__all__ = [
    "CHUNK_TOKENS",
    "IN_MEMORY",
    "MOST_TOKENS",
    "blocks_of",
    "check_numbers",
    "chunk_borders",
    "chunks",
    "count_blocks",
    "number_places",
    "number_tasks",
    "restricted",
    "run_tasks",
    "scan_chunks",
    "tokens_per_task",
]

# Tokens of one task, unless a single document is longer: bounds the memory of a worker.
CHUNK_TOKENS = 6_000_000
# The same of number rows: numbers are few, and what is counted together needs no merging.
MOST_TOKENS = 48_000_000
# Bytes of events that are kept in memory: small corpora need no disk.
IN_MEMORY = 256_000_000
# Parts of a block that are merged at once.
_FAN = 8


def check_numbers(corpus: EncodedCorpus) -> None:
    """Refuse a corpus without a number token."""
    if not corpus.number_counts.any():
        raise InputError(
            "the corpus has no number token",
            expected=f"integers 0 to {corpus.vocabulary.size - 1}",
            got=f"0 among {corpus.n_tokens} tokens",
            remedy="check the text, and the numeral scheme it was encoded with",
        )


def chunk_borders(starts: np.ndarray, most: int) -> list[tuple[int, int]]:
    """Part the documents of a block into runs of about equal size, at most `most` tokens each.

    A document longer than that is a run of its own.

    Examples
    --------
    >>> chunk_borders(np.array([0, 4, 6, 9, 20]), most=10)
    [(0, 3), (3, 4)]
    """
    wanted = max(1, -(-int(starts[-1]) // most))
    share = -(-int(starts[-1]) // wanted)
    borders = [0]
    while borders[-1] < starts.size - 1:
        goal = starts[borders[-1]] + share
        border = int(np.searchsorted(starts, goal))
        if border == starts.size or starts[border] > starts[borders[-1]] + most:
            border -= 1
        borders.append(max(border, borders[-1] + 1))
    return list(itertools.pairwise(borders))


def tokens_per_task(corpus: EncodedCorpus, *, n_jobs: int | None) -> int:
    """Tokens of a task that counts number rows: several tasks a worker, and none too small."""
    from joblib import effective_n_jobs

    share = corpus.n_tokens // (8 * effective_n_jobs(1 if n_jobs is None else n_jobs))
    return min(max(share, CHUNK_TOKENS), MOST_TOKENS)


def chunks(corpus: EncodedCorpus, *, most: int) -> Iterator[Block]:
    """Runs of whole documents that one worker counts, with the index of their block."""
    for block in corpus.blocks():
        for first, last in chunk_borders(block.starts, most):
            begin, end = int(block.starts[first]), int(block.starts[last])
            yield Block(
                index=block.index,
                ids=block.ids[begin:end],
                starts=block.starts[first : last + 1] - begin,
                first_document=block.first_document + first,
                first_token=block.first_token + begin,
            )


def run_tasks(
    function: Callable[[Any], Any],
    tasks: Iterable[Any],
    *,
    corpus: EncodedCorpus,
    n_jobs: int | None,
    description: str = "counting",
) -> Iterator[Any]:
    """Yield ``function(task)`` for every task, in order; the bar shows tokens (`task.n_tokens`)."""
    sizes: deque[int] = deque()

    def sized() -> Iterator[tuple[Any]]:
        for task in tasks:
            sizes.append(task.n_tokens)
            yield (task,)

    with bar(description, total=corpus.n_tokens, unit="tokens") as advance:
        for result in stream_tasks(function, sized(), n_jobs=n_jobs, threads=True):
            yield result
            advance(sizes.popleft())


@dataclass(frozen=True, eq=False)
class _ScanTask:
    block: Block
    size: int
    width: int

    @property
    def n_tokens(self) -> int:
        return self.block.ids.size

    def run(self) -> Scan:
        return scan(self.block, size=self.size, width=self.width)


def scan_chunks(corpus: EncodedCorpus, *, most: int, n_jobs: int | None = 1) -> list[Scan]:
    """Read all chunks, where the numbers of all of them must be known before any is counted.

    Workers are threads of this machine even where others count: tokens travel once.
    """
    from joblib import effective_n_jobs, parallel_config

    size, width = corpus.vocabulary.size, len(corpus.vocabulary)
    tasks = (_ScanTask(chunk, size, width) for chunk in chunks(corpus, most=most))
    threads = min(effective_n_jobs(1 if n_jobs is None else n_jobs), os.cpu_count() or 1)
    with parallel_config("threading"):
        found = run_tasks(
            _ScanTask.run, tasks, corpus=corpus, n_jobs=threads, description="finding the numbers"
        )
        return list(found)


def number_places(corpus: EncodedCorpus, scans: Sequence[Scan], *, most: int) -> Places:
    """Chunks with the places of their numbers and the numbers, as often as they are asked for."""
    return lambda: (
        (chunk, found.positions, found.numbers)
        for chunk, found in zip(chunks(corpus, most=most), scans, strict=True)
    )


def number_tasks(
    corpus: EncodedCorpus,
    conditions: Sequence[Prepared],
    *,
    most: int,
    reach: int,
    merged: bool = False,
    rows: Rewriting | None = None,
    n_rows: int | None = None,
    scans: Sequence[Scan] | None = None,
) -> Iterator[ChunkTask]:
    """Tasks of `count_blocks`: what each condition needs to know of each run of documents.

    Parameters
    ----------
    corpus, conditions, reach, merged
        See `ChunkTask`.
    most : int
        Tokens of one task, unless a single document is longer.
    rows : Rewriting, optional
        Rows that the events of the number tokens go to, below `n_rows`; by default the numbers.
    scans : sequence of Scan, optional
        What was found in each of the chunks, where they have been read before.
    """
    for at, chunk in enumerate(chunks(corpus, most=most)):
        documents = chunk.first_document, chunk.starts.size - 1
        yield ChunkTask(
            block=chunk,
            conditions=restricted(conditions, *documents),
            size=corpus.vocabulary.size,
            width=len(corpus.vocabulary),
            reach=reach,
            merged=merged,
            rows=None if rows is None else rows.restrict(*documents),
            n_rows=corpus.vocabulary.size if n_rows is None else n_rows,
            scan=None if scans is None else scans[at],
        )


def restricted(
    conditions: Sequence[Prepared], first_document: int, n_documents: int
) -> tuple[Prepared, ...]:
    """Conditions that know of some documents only; a shared rewriting stays shared."""
    shared = {id(c.rewriting): c.rewriting for c in conditions if c.rewriting is not None}
    cut = {key: r.restrict(first_document, n_documents) for key, r in shared.items()}
    return tuple(replace(c, rewriting=cut.get(id(c.rewriting))) for c in conditions)


def count_blocks(
    corpus: EncodedCorpus,
    tasks: Iterable[ChunkTask],
    *,
    n_jobs: int | None = 1,
    spill: str | os.PathLike[str] | None = None,
) -> list[Counted]:
    """Count the tasks, one result per block; events go to disk where they are many."""
    width = len(corpus.vocabulary)
    blocks = []
    try:
        with Spool(spill, memory=IN_MEMORY) as spool:
            counted = run_tasks(count_chunk, tasks, corpus=corpus, n_jobs=n_jobs)
            for _, parts in itertools.groupby(counted, key=lambda found: found.index):
                blocks.append(_spooled(_tree_sum(parts, width=width), spool))
    finally:
        SCRATCH.clear()
    return blocks


def _tree_sum(parts: Iterable[Counted], *, width: int) -> Counted:
    """Merge the parts of a block as they come: each is added to others only log(parts) times."""
    levels: list[list[Counted]] = [[]]
    for part in parts:
        levels[0].append(part)
        for level in itertools.count():
            if len(levels[level]) < _FAN:
                break
            if level + 1 == len(levels):
                levels.append([])
            levels[level + 1].append(merge_counted(levels[level], width=width))
            levels[level] = []
    return merge_counted([part for level in reversed(levels) for part in level], width=width)


def _spooled(counted: Counted, spool: Spool) -> Counted:
    kept = {
        together: replace(events, contexts=spool.keep(events.contexts), low=spool.keep(events.low))
        for together, events in counted.events.items()
    }
    return replace(counted, events=kept)


def blocks_of(blocks: Sequence[Counted], condition: int) -> Sequence[BlockEvents]:
    """Events of one condition, by its place among all."""
    together = next(t for t in blocks[0].events if condition in t)
    return BlocksOf([block.events[together] for block in blocks], together.index(condition))
