"""Expecting: the mean of counts over all draws of a rewriting, from one pass over the corpus."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wordnum.cooccurrence.counts import BlockEvents
from wordnum.cooccurrence.expected_counts import ExpectedCounts
from wordnum.cooccurrence.number_pairs import count_blocks
from wordnum.cooccurrence.strata import find_strata
from wordnum.cooccurrence.windows import as_window
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.perturbations import (
    Joined,
    Perturbation,
    PerturbedCorpus,
    Prepared,
    parse_perturbation,
    parts_of,
    prepare,
)
from wordnum.corpus.rewriting import NumberSequence, SwapNumbers, UnigramReplace
from wordnum.corpus.thinning import Thin
from wordnum.errors import UsageError
from wordnum.provenance import provenance

__all__ = ["expected_counts"]


def expected_counts(
    corpus: EncodedCorpus,
    perturbation: str | Perturbation,
    *,
    window: int = 10,
    n_jobs: int | None = 1,
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
    n_jobs
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
    window = as_window(window).size
    whole = parse_perturbation(perturbation) if isinstance(perturbation, str) else perturbation
    rewriting, rest = _parted(whole)
    condition = prepare(rest, corpus)
    # The numbers are rewritten after thinning, and before the cuts.
    thinned = Joined(tuple(part for part in parts_of(rest) if isinstance(part, Thin)))
    sequence = NumberSequence.read(PerturbedCorpus(corpus, prepare(thinned, corpus)))
    strata = find_strata(rewriting, sequence, size=corpus.vocabulary.size)

    begins = [block.first_document for block in corpus.blocks()][1:]
    rows = np.split(strata.of_token, sequence.starts[begins])

    def counted(
        rows: list[np.ndarray] | None, n_rows: int
    ) -> tuple[Sequence[BlockEvents], dict[str, np.ndarray]]:
        return _count(corpus, condition, rows, n_rows, window=window, n_jobs=n_jobs)

    events, margins = counted(rows, strata.n_strata)
    keeps = (
        isinstance(rewriting, SwapNumbers)
        and rewriting.variant == "runs"
        and window <= rewriting.reach
        and not any(getattr(part, "loses_pairs", False) for part in parts_of(whole))
    )
    about = provenance(expected=whole, corpus=corpus.fingerprint, window=window)
    return ExpectedCounts(
        events,
        chances=strata.chances,
        kept=counted(None, corpus.vocabulary.size)[0] if keeps else None,
        independent=isinstance(rewriting, UnigramReplace),
        vocabulary=corpus.vocabulary,
        window_size=window,
        **margins,
        perturbation=whole.name,
        flags=(*corpus.flags, "expected-counts"),
        provenance={**about, "source": corpus.manifest.get("source")},
    )


def _parted(whole: Perturbation) -> tuple[SwapNumbers | UnigramReplace, Perturbation]:
    rewrites = [p for p in parts_of(whole) if isinstance(p, (SwapNumbers, UnigramReplace))]
    if len(rewrites) != 1:
        raise UsageError(
            f"{whole.name!r} has no closed form",
            expected="one swap-numbers or unigram-replace, alone or joined with thin:F and cuts",
            got=f"{len(rewrites)} rewritings",
            remedy="count it; nothing else is random" if not rewrites else "count several seeds",
        )
    return rewrites[0], Joined(tuple(p for p in parts_of(whole) if p is not rewrites[0]))


def _count(
    corpus: EncodedCorpus,
    condition: Prepared,
    rows: list[np.ndarray] | None,
    n_rows: int,
    *,
    window: int,
    n_jobs: int | None,
) -> tuple[Sequence[BlockEvents], dict[str, np.ndarray]]:
    """Events by stratum (by number, where there are none) and the margins of the corpus."""
    (blocks,) = count_blocks(
        corpus, [condition], reach=window, n_jobs=n_jobs, rows=rows, n_rows=n_rows
    )
    margins = {
        name: np.sum([getattr(block, name) for block in blocks], axis=0)[None]
        for name in ("number_counts", "context_counts", "documents")
    }
    return [block.events for block in blocks], margins
