"""Expecting: the mean of counts over all draws of a rewriting, from one pass over the corpus."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from wordnum.cooccurrence.events import BlockEvents
from wordnum.cooccurrence.expected_counts import ExpectedCounts
from wordnum.cooccurrence.passes import blocks_of, count_blocks, number_tasks, tokens_per_task
from wordnum.cooccurrence.strata import Strata, find_strata
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.perturbations import (
    REWRITE,
    Joined,
    Perturbation,
    SwapNumbers,
    UnigramReplace,
    parse_perturbation,
)
from wordnum.corpus.rewriting import Prepared, number_sequence
from wordnum.errors import UsageError
from wordnum.provenance import provenance

__all__ = ["expected_counts"]


def expected_counts(
    corpus: EncodedCorpus,
    perturbation: str | Perturbation,
    *,
    window: int = 10,
    n_jobs: int | None = 1,
    spill: str | os.PathLike[str] | None = None,
) -> ExpectedCounts:
    """Mean of the counts over all seeds of a rewriting, without drawing one.

    Parameters
    ----------
    corpus : EncodedCorpus
        Read two or three times.
    perturbation : str or Perturbation
        UnigramReplace or SwapNumbers, which may be joined with Thin and cuts (these as they are,
        Thin with its seed).
    window : int
        Largest distance in tokens.
    n_jobs, spill
        As in `count`.

    Raises
    ------
    UsageError
        A perturbation without a rewriting, or with two.
    InputError
        The corpus has no number tokens.

    Examples
    --------
    >>> from wordnum.corpus.synthetic import SyntheticCorpus
    >>> corpus = SyntheticCorpus(n_documents=20, length=100).encoded()
    >>> expected = expected_counts(corpus, "unigram-replace", window=2)
    >>> rows = expected.text_number.matrix().toarray()
    >>> rows = rows[rows.sum(axis=1) > 0]
    >>> shares = rows / rows.sum(axis=1, keepdims=True)
    >>> bool(np.allclose(shares, shares[0]))
    True
    """
    window = Window(size=window).size
    whole = parse_perturbation(perturbation) if isinstance(perturbation, str) else perturbation
    rewriting, rest = _parted(whole)
    condition = rest.prepare(corpus)
    sequence = number_sequence(corpus, condition.thins)
    strata = find_strata(rewriting, sequence, size=corpus.vocabulary.size)

    def counted(rows: Strata | None) -> tuple[Sequence[BlockEvents], dict[str, np.ndarray]]:
        return _count(corpus, condition, rows, window=window, n_jobs=n_jobs, spill=spill)

    events, margins = counted(strata)
    keeps = (
        isinstance(rewriting, SwapNumbers)
        and rewriting.variant == "runs"
        and window <= rewriting.reach
        and not condition.cuts
    )
    about = provenance(expected=whole, corpus=corpus.fingerprint, window=window)
    return ExpectedCounts(
        events,
        chances=strata.chances,
        kept=counted(None)[0] if keeps else None,
        independent=isinstance(rewriting, UnigramReplace),
        vocabulary=corpus.vocabulary,
        window_size=window,
        **margins,
        perturbation=whole.name,
        flags=(*corpus.flags, "expected-counts"),
        provenance={**about, "source": corpus.manifest.get("source")},
    )


def _parted(whole: Perturbation) -> tuple[SwapNumbers | UnigramReplace, Perturbation]:
    rewrites = [p for p in whole.parts if isinstance(p, (SwapNumbers, UnigramReplace))]
    if len(rewrites) != 1:
        raise UsageError(
            f"{whole.name!r} has no closed form",
            expected="one swap-numbers or unigram-replace, alone or joined with thin:F and cuts",
            got=f"{len(rewrites)} rewritings",
            remedy="count it; nothing else is random" if not rewrites else "count several seeds",
        )
    return rewrites[0], Joined(tuple(p for p in whole.parts if p.kind != REWRITE))


def _count(
    corpus: EncodedCorpus,
    condition: Prepared,
    strata: Strata | None,
    *,
    window: int,
    n_jobs: int | None,
    spill: str | os.PathLike[str] | None,
) -> tuple[Sequence[BlockEvents], dict[str, np.ndarray]]:
    """Events by stratum (by number, where there are none) and the margins of the corpus."""
    tasks = number_tasks(
        corpus,
        [condition],
        most=tokens_per_task(corpus, n_jobs=n_jobs),
        reach=window,
        rows=None if strata is None else strata.of_token,
        n_rows=None if strata is None else strata.n_strata,
    )
    blocks = count_blocks(corpus, tasks, n_jobs=n_jobs, spill=spill)
    margins = {
        name: np.sum([getattr(block.margins[0], name) for block in blocks], axis=0)[None]
        for name in ("number_counts", "context_counts", "documents")
    }
    return blocks_of(blocks, 0), margins
