"""Counting number rows: several perturbations of one corpus in one pass over its blocks."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, overload

import numpy as np

from wordnum.config import one_of
from wordnum.cooccurrence.chunk import ChunkTask, Counted, count_chunk
from wordnum.cooccurrence.counts import BlockEvents, CooccurrenceCounts
from wordnum.cooccurrence.spool import Spool
from wordnum.cooccurrence.window import Window
from wordnum.corpus.encoded import Block, EncodedCorpus
from wordnum.corpus.perturb import Perturbation, parse_perturbation
from wordnum.corpus.prepare import Prepared, prepare_all
from wordnum.errors import InputError, UsageError
from wordnum.parallel import stream_tasks
from wordnum.progress import track
from wordnum.provenance import provenance

__all__ = ["Estimate", "chunk_borders", "count", "estimate"]

# Tokens of one task, unless a single document is longer: bounds the memory of a worker.
CHUNK_TOKENS = 6_000_000
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
    blocks = _run(
        _tasks(corpus, conditions, reach=window, merged=by == "sum"),
        total=sum(len(chunk_borders(block.starts)) for block in corpus.blocks()),
        width=len(corpus.vocabulary),
        jobs=jobs,
        spill=spill,
    )
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


def chunk_borders(starts: np.ndarray, most: int = CHUNK_TOKENS) -> list[tuple[int, int]]:
    """Part the documents of a block into runs of about equal size, at most `most` tokens each.

    A document longer than that is a run of its own.

    Examples
    --------
    >>> chunk_borders(np.array([0, 4, 6, 9, 20]), most=10)
    [(0, 4)]
    """
    n_documents = starts.size - 1
    wanted = max(1, -(-int(starts[-1]) // most))
    goals = np.arange(1, wanted) * (int(starts[-1]) / wanted)
    borders = np.unique(np.concatenate([[0], np.searchsorted(starts, goals), [n_documents]]))
    return [(int(a), int(b)) for a, b in zip(borders[:-1], borders[1:])]  # noqa: RUF007


def _tasks(
    corpus: EncodedCorpus, conditions: list[Prepared], *, reach: int, merged: bool
) -> Iterator[ChunkTask]:
    """Runs of documents with what each condition needs to know of them."""
    for block in corpus.blocks():
        for first, last in chunk_borders(block.starts):
            documents = block.first_document + first
            begin, end = int(block.starts[first]), int(block.starts[last])
            chunk = Block(
                index=block.index,
                ids=block.ids[begin:end],
                starts=block.starts[first : last + 1] - begin,
                first_document=documents,
                first_token=block.first_token + begin,
            )
            yield ChunkTask(
                block=chunk,
                conditions=_restricted(conditions, documents, last - first),
                size=corpus.vocabulary.size,
                width=len(corpus.vocabulary),
                reach=reach,
                merged=merged,
            )


def _restricted(
    conditions: list[Prepared], first_document: int, n_documents: int
) -> tuple[Prepared, ...]:
    """Conditions that know of some documents only; a shared rewriting stays shared."""
    shared = {id(c.rewriting): c.rewriting for c in conditions if c.rewriting is not None}
    cut = {key: r.restrict(first_document, n_documents) for key, r in shared.items()}
    return tuple(replace(c, rewriting=cut.get(id(c.rewriting))) for c in conditions)


def _run(
    tasks: Iterable[ChunkTask],
    *,
    total: int,
    width: int,
    jobs: int | None,
    spill: str | os.PathLike[str] | None,
) -> list[list[Counted]]:
    """Count the tasks; by block, what was counted under each condition, events on disk."""
    blocks: list[list[Counted]] = []
    with Spool(spill) as spool:
        stream = stream_tasks(count_chunk, ((t,) for t in tasks), jobs=jobs)
        pending: list[Counted] = []
        for counted in track(stream, "counting", total=total):
            if pending and pending[0].events.index == counted[0].events.index:
                pending = [a.merge(b, width=width) for a, b in zip(pending, counted, strict=True)]
                continue
            if pending:
                blocks.append([_spooled(c, spool) for c in pending])
            pending = counted
        blocks.append([_spooled(c, spool) for c in pending])
    return blocks


def _spooled(counted: Counted, spool: Spool) -> Counted:
    events = counted.events
    kept = BlockEvents(
        events.index, events.indptr, spool.keep(events.contexts), spool.keep(events.counts)
    )
    return replace(counted, events=kept)


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


@dataclass(frozen=True)
class Estimate:
    """What counting will take, told before it starts.

    Attributes
    ----------
    memory : int
        Bytes at the peak, over all workers.
    disk : int
        Bytes of spilled events at most, all conditions together.
    events : int
        Pair events of one condition at most.
    """

    memory: int
    disk: int
    events: int


def estimate(
    corpus: EncodedCorpus, *, window: int = 10, conditions: int = 1, jobs: int = 1
) -> Estimate:
    """Bound the memory and disk that `count` takes, from the sizes of the corpus.

    An event takes at most 4 bytes; a worker holds a chunk's ids, the events of four conditions
    before they are packed, and its results.

    Examples
    --------
    >>> from wordnum.corpus.synthetic import SyntheticCorpus
    >>> corpus = SyntheticCorpus(n_documents=20, length=100).encoded()
    >>> estimate(corpus, window=2).events == 4 * int(corpus.number_counts.sum())
    True
    """
    numbers = int(corpus.number_counts.sum())
    events = 2 * window * numbers
    longest = max(min(len(block.ids), CHUNK_TOKENS) for block in corpus.blocks())
    share = longest / max(corpus.n_tokens, 1)
    rows = 8 * (2 * window * corpus.vocabulary.size + 1)
    worker = 4 * longest + (24 + 4 * conditions) * share * events + conditions * rows
    margins = 8 * conditions * corpus.n_blocks * (len(corpus.vocabulary) + rows // 8)
    return Estimate(int(jobs * worker + margins), conditions * 4 * events, events)
