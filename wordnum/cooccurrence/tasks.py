"""One pass over a corpus: tasks for workers, and their results in the order of the tasks."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from wordnum.corpus.encoded_corpus import Block, EncodedCorpus
from wordnum.errors import InputError
from wordnum.parallel import stream_tasks
from wordnum.progress import bar


def check_numbers(corpus: EncodedCorpus) -> None:
    """Refuse a corpus without a number token."""
    if not corpus.number_counts.any():
        raise InputError(
            "the corpus has no number token",
            expected=f"integers 0 to {corpus.vocabulary.size - 1}",
            got=f"0 among {corpus.n_tokens} tokens",
            remedy="check the text, and the numeral scheme it was encoded with",
        )


def chunks(corpus: EncodedCorpus, *, most: int) -> Iterator[Block]:
    """Runs of whole documents of about `most` tokens, or of one document that is longer."""
    for block in corpus.blocks():
        inner = np.searchsorted(block.starts, np.arange(most, block.ids.size, most))
        borders = np.unique([0, *inner, block.starts.size - 1])
        for first, last in itertools.pairwise(borders.tolist()):
            yield block.documents(first, last, index=block.index)


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
