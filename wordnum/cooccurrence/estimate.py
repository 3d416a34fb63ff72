"""What counting takes of memory and disk, told before it starts."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from dataclasses import dataclass
from typing import Literal

from wordnum.cooccurrence.chunk import MOST_POSITIONS
from wordnum.cooccurrence.number_pairs import LANES, ROW_POSITIONS
from wordnum.cooccurrence.passes import CHUNK_TOKENS, IN_MEMORY, tokens_per_task
from wordnum.corpus.encoded_corpus import EncodedCorpus

__all__ = ["Estimate", "announce", "estimate"]

log = logging.getLogger(__name__)

# Bytes of an interpreter with the packages that count.
_PROCESS = 250_000_000
# Bytes per number token of the corpus while numbers trade places.
_SWAPPED = 64
# Bytes of a worker per number token: where it is, in which document, between which borders.
_PER_NUMBER = 64
# And under each condition: how far it sees, to the left and to the right, as found, stacked and in
# the order of the rows.
_PER_EXTENT = 12
# Bytes per word of the vocabulary that a worker sums in.
_PER_WORD = 64


@dataclass(frozen=True)
class Estimate:
    """What counting will take, told before it starts.

    Attributes
    ----------
    memory : int
        Bytes at the peak, at most, of this process and its threads. Pages of files that are
        mapped, which the system takes back when it needs them, come on top.
    disk : int
        Bytes of spilled events, at most, all conditions together.
    events : int
        Pair events of one condition, at most.
    """

    memory: int
    disk: int
    events: int


def estimate(
    corpus: EncodedCorpus,
    *,
    rows: Literal["numbers", "all"] = "numbers",
    window: int = 10,
    conditions: int = 1,
    swaps: bool = False,
    n_jobs: int | None = 1,
) -> Estimate:
    """Bound the memory and disk that `count` takes, from the sizes of the corpus.

    The numbers are taken to be spread evenly over the blocks. An event of number rows takes 3
    bytes, or 5 where the vocabulary does not fit into 16 bits. A worker holds where its numbers
    are and how far each condition sees from them, the contexts around them, twice, the events of
    up to LANES conditions before they are packed, and its results; the parts of one block wait
    for the last, and are merged beside a copy of them and their sum. Where numbers trade places
    (`swaps`), all number tokens of the corpus are held at once, before the events are, and the
    histograms of all chunks. Of all rows, a distinct pair of a chunk takes 3 bytes, or 4 if it is
    weighted, and there are far fewer of them than events.

    Examples
    --------
    >>> from wordnum.corpus.synthetic import SyntheticCorpus
    >>> corpus = SyntheticCorpus(n_documents=20, length=100).encoded()
    >>> estimate(corpus, window=2).events == 4 * int(corpus.number_counts.sum())
    True
    """
    from joblib import effective_n_jobs

    # Those of a cluster have memory of their own.
    workers = min(effective_n_jobs(1 if n_jobs is None else n_jobs), max(os.cpu_count() or 1, 1))
    parts = (
        _all_rows(corpus, window)
        if rows == "all"
        else _number_rows(corpus, window, conditions, n_jobs)
    )
    events, each, worker, here = parts
    memory = _PROCESS + workers * worker + here
    if swaps:
        chunks = corpus.n_blocks + 2 * (corpus.n_tokens // tokens_per_task(corpus, n_jobs=n_jobs))
        memory += _SWAPPED * int(corpus.number_counts.sum()) + 4 * chunks * len(corpus.vocabulary)
    return Estimate(memory, each * conditions * events, events)


def _longest(corpus: EncodedCorpus, most: int) -> int:
    return max(min(tokens, most) for tokens in corpus.block_tokens)


def _all_rows(corpus: EncodedCorpus, window: int) -> tuple[int, int, int, int]:
    """Events, bytes of one, bytes of a worker, and of what puts the results together."""
    longest = _longest(corpus, CHUNK_TOKENS)
    here = 4 * window * longest + 20 * 16_000_000
    return window * corpus.n_tokens, 4, (16 + 8 * window) * longest, here


def _number_rows(
    corpus: EncodedCorpus, window: int, conditions: int, n_jobs: int | None
) -> tuple[int, int, int, int]:
    """As `_all_rows`."""
    width, tokens = len(corpus.vocabulary), max(corpus.n_tokens, 1)
    numbers = int(corpus.number_counts.sum())
    events = 2 * window * numbers
    block = events * max(corpus.block_tokens) // tokens
    task = events * _longest(corpus, tokens_per_task(corpus, n_jobs=n_jobs)) // tokens
    several = conditions > 1
    slab = min(task, 2 * window * MOST_POSITIONS)
    if several and corpus.number_counts.max() > ROW_POSITIONS:
        slab = min(slab, 2 * window * ROW_POSITIONS)
    context = 2 if width <= 2**16 else 4
    each = context + 1
    unpacked = context + (LANES if several else 1)
    indptr = 8 * (2 * window * corpus.vocabulary.size + 1)
    # Parts, beside them what they are put together as, the sum, and a copy of what is used of it.
    merging = 3 * unpacked
    slabs, tasks = -(-task // max(slab, 1)), -(-block // max(task, 1))
    worker = (2 * context + unpacked) * slab + each * conditions * task + _PER_WORD * width
    worker += (_PER_NUMBER + _PER_EXTENT * conditions) * task // (2 * window)
    worker += conditions * indptr * slabs + (merging * task if slabs > 1 else 0)
    here = conditions * corpus.n_blocks * (8 * width + indptr)
    if tasks > 1:
        here += (each * conditions + merging) * block + conditions * indptr * tasks
    return events, each, worker, here + min(each * conditions * events, IN_MEMORY)


def announce(bound: Estimate, *, spill: str | os.PathLike[str] | None = None) -> None:
    """Log an estimate, and warn where it is more than the machine has."""
    folder = os.fspath(spill or tempfile.gettempdir())
    log.info(
        "counting takes at most %s of memory and %s of disk",
        *map(_size, (bound.memory, bound.disk)),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if bound.memory > memory:
        log.warning(
            "counting may take %s of memory, and this machine has %s: use fewer jobs, a smaller "
            "window or fewer perturbations at once",
            _size(bound.memory),
            _size(memory),
        )
    # Whether the folder exists is told by what writes to it.
    free = shutil.disk_usage(folder).free if os.path.isdir(folder) else bound.disk
    if bound.disk > free:
        log.warning(
            "counting may take %s of disk, and %s has %s: name another folder (spill=, or the "
            "variable TMPDIR), or count fewer perturbations at once",
            _size(bound.disk),
            folder,
            _size(free),
        )


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:,.0f} MB"
