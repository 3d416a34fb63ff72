"""What counting takes of memory and disk, told before it starts."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from dataclasses import dataclass
from typing import Literal

from wordnum.cooccurrence.kernels import LANES
from wordnum.cooccurrence.pairs import BATCH
from wordnum.cooccurrence.passes import CHUNK_TOKENS, IN_MEMORY
from wordnum.corpus.encoded import EncodedCorpus

__all__ = ["Estimate", "announce", "estimate"]

log = logging.getLogger(__name__)

# Bytes of an interpreter with the packages that count.
_PROCESS = 250_000_000
# Bytes per number token of the corpus while numbers trade places.
_SWAPPED = 64


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
    jobs: int | None = 1,
) -> Estimate:
    """Bound the memory and disk that `count` takes, from the sizes of the corpus.

    An event of number rows takes at most 4 bytes; a worker holds a chunk's ids, the events of up
    to LANES conditions before they are packed, and its results. Where numbers trade places
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
    workers = min(effective_n_jobs(1 if jobs is None else jobs), max(os.cpu_count() or 1, 1))
    longest = max(min(tokens, CHUNK_TOKENS) for tokens in corpus.block_tokens)
    if rows == "all":
        events = window * corpus.n_tokens
        worker = (16 + 8 * window) * longest
        here = 4 * window * longest + 20 * BATCH
    else:
        events = 2 * window * int(corpus.number_counts.sum())
        share = longest / max(corpus.n_tokens, 1)
        table = 8 * (2 * window * corpus.vocabulary.size + 1)
        unpacked = 4 * min(max(conditions, 2), LANES)
        each = 12 + unpacked + 4 * conditions
        worker = int(4 * longest + each * share * events + conditions * table)
        margins = 8 * conditions * corpus.n_blocks * (len(corpus.vocabulary) + table // 8)
        here = margins + min(4 * conditions * events, IN_MEMORY)
    memory = _PROCESS + workers * worker + here
    if swaps:
        chunks = corpus.n_blocks + corpus.n_tokens // CHUNK_TOKENS
        memory += _SWAPPED * int(corpus.number_counts.sum()) + 4 * chunks * len(corpus.vocabulary)
    return Estimate(int(memory), 4 * conditions * events, events)


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
