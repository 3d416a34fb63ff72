"""Expected counts: what counting gives on average when numbers are redrawn or trade places."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property, reduce

import numpy as np
from scipy import sparse

from wordnum.cooccurrence.counts import BlockEvents
from wordnum.cooccurrence.passes import count_blocks, number_tasks
from wordnum.cooccurrence.reduce import reduce_events
from wordnum.cooccurrence.select import Selectable
from wordnum.cooccurrence.strata import Strata, find_strata
from wordnum.cooccurrence.window import Window
from wordnum.corpus.encoded import EncodedCorpus
from wordnum.corpus.perturb import (
    REWRITE,
    Joined,
    Perturbation,
    SwapNumbers,
    UnigramReplace,
    parse_perturbation,
)
from wordnum.corpus.prepare import Prepared, number_sequence
from wordnum.errors import InputError, UsageError
from wordnum.provenance import content_hash, provenance

__all__ = ["ExpectedCounts", "expected_counts"]


class ExpectedCounts(Selectable):
    """Expectation of counts over the random draws of one rewriting, in closed form, float64.

    With strata s of number tokens among which the rewriting makes no difference, p_s(n) the
    probability that number n comes to stand at a token of s, and T_s(d, w) how often word w
    stands at distance d of one::

        E[d, n, w] = sum over s of p_s(n) T_s(d, w).

    Under UnigramReplace all number tokens are one stratum, and p its marginal: the expectation is
    the outer product of number marginal and context totals, and E[d, n, m] = p(n) p(m) K(d)
    between numbers, with K(d) the pairs of number tokens at distance d. All rows are alike.

    Under SwapNumbers a stratum is a pattern of gaps and a place in it, and a run of a pattern of
    its own keeps its numbers. If numbers of all patterns were distributed alike, this would be
    the same outer product; in text they are not ("12 May 1990"), and its rows differ by as much.
    Number beside number stays what it was, exactly, within the reach of the runs; beyond it, or
    where segments are cut, it has no closed form.

    In the variant "sequence" every token takes the number of another: with N(n) the occurrences
    of n and C the counts of the original, E[d, n, w] = (N(n) T(d, w) - C[d, n, w]) / (tokens - 1).
    Number beside number has no closed form.

    An expectation has one block: no half-splits, hence no intervals. Made by `expected_counts`.

    Attributes
    ----------
    vocabulary, distances, window_size, perturbation, flags, provenance
        As in CooccurrenceCounts.
    number_counts : ndarray of shape (1, N)
        Expected occurrences of each number, which are those in the original.
    context_counts : ndarray of shape (1, V)
        The same of each token.
    documents : ndarray of shape (1,)
        Documents.
    n_strata : int
        Strata of number tokens; 1 means that all rows are alike.
    """

    n_blocks = 1

    def __init__(
        self,
        strata: Sequence[BlockEvents],
        *,
        chances: sparse.csr_array,
        kept: Sequence[BlockEvents] | None,
        window: int,
        corpus: EncodedCorpus,
        margins: Sequence[np.ndarray],
        perturbation: str,
    ) -> None:
        self._strata = tuple(strata)
        self._chances = chances
        self._kept = None if kept is None else tuple(kept)
        self.vocabulary = corpus.vocabulary
        self.window_size = window
        self.distances = Window(size=window).distances
        self.number_counts, self.context_counts, self.documents = margins
        self.perturbation = perturbation
        self.flags = (*corpus.flags, "expected-counts")
        self.provenance = provenance(
            expected=perturbation, corpus=corpus.fingerprint, window=window
        ) | {"source": corpus.manifest.get("source")}

    def __repr__(self) -> str:
        return (
            f"ExpectedCounts({self.perturbation!r}, window_size={self.window_size}, "
            f"n_strata={self.n_strata}, numbers={int(self.number_counts.sum())})"
        )

    @property
    def n_strata(self) -> int:
        """Number of strata."""
        return self._chances.shape[1]

    @property
    def n_documents(self) -> int:
        """Documents of the corpus that are kept."""
        return int(self.documents.sum())

    @cached_property
    def fingerprint(self) -> str:
        """Hash of everything that the expectation is made of."""
        events = [*self._strata, *(self._kept or ())]
        digests = [content_hash(e.indptr, e.contexts, e.counts) for e in events]
        chances = self._chances
        return content_hash(
            digests,
            *(chances.data, chances.indices, chances.indptr),
            self.number_counts,
            self.perturbation,
            self.vocabulary.fingerprint,
        )

    def reduce_block(self, block: int, *, window: Window, columns: np.ndarray) -> sparse.csr_array:
        """Sum the expected events over a window: float64 (N, n_columns)."""
        is_number = columns < self.vocabulary.size
        place = np.arange(columns.size)
        parts = [(self._text(window, columns[~is_number]), place[~is_number])]
        if is_number.any():
            parts.append((self._numbers(window, columns[is_number]), place[is_number]))
        return _side_by_side(parts, copies=window.distances.size if window.positional else 1)

    def _text(self, window: Window, columns: np.ndarray) -> sparse.csr_array:
        return sparse.csr_array(self._chances @ self._reduce(self._strata, window, columns))

    def _numbers(self, window: Window, columns: np.ndarray) -> sparse.csr_array:
        if self._kept is not None:
            return self._reduce(self._kept, window, columns)
        if self.n_strata > 1:
            raise InputError(
                f"number beside number has no closed form under {self.perturbation!r}",
                expected="unigram-replace, or swap-numbers without cuts and a window within its "
                "reach",
                remedy='choose the signal "text", or average the counts of several seeds',
            )
        numbers = np.arange(self.vocabulary.size)
        beside = self._reduce(self._strata, window, numbers).toarray().reshape(-1, numbers.size)
        chances = self._chances.toarray().ravel()
        expected = beside.sum(axis=1)[:, None] * chances[columns]
        return sparse.csr_array(np.outer(chances, expected))

    def _reduce(
        self, blocks: Sequence[BlockEvents], window: Window, columns: np.ndarray
    ) -> sparse.csr_array:
        parts = (
            reduce_events(
                block.matrix(len(self.vocabulary)),
                distances=self.distances,
                window=window,
                columns=columns,
            )
            for block in blocks
        )
        return reduce(lambda a, b: sparse.csr_array(a + b), parts)


def _side_by_side(
    parts: Sequence[tuple[sparse.csr_array, np.ndarray]], *, copies: int
) -> sparse.csr_array:
    """Put the columns of matrices at their places, in each copy of the columns."""
    width = sum(place.size for _, place in parts)
    joined = sparse.hstack([matrix for matrix, _ in parts], format="csr")
    shift = width * np.arange(copies)[:, None]
    target = np.concatenate([(place + shift).ravel() for _, place in parts])
    result = sparse.csr_array(
        (joined.data, target[joined.indices], joined.indptr), shape=joined.shape
    )
    result.sort_indices()
    return result


def expected_counts(
    corpus: EncodedCorpus,
    perturbation: str | Perturbation,
    *,
    window: int = 10,
    jobs: int | None = 1,
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
    jobs, spill
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

    def counted(rows: Strata | None) -> tuple[list[BlockEvents], list[np.ndarray]]:
        return _count(corpus, condition, rows, window=window, jobs=jobs, spill=spill)

    events, margins = counted(strata)
    keeps = (
        isinstance(rewriting, SwapNumbers)
        and rewriting.variant == "runs"
        and window <= rewriting.reach
        and not condition.cuts
    )
    return ExpectedCounts(
        events,
        chances=strata.chances,
        kept=counted(None)[0] if keeps else None,
        window=window,
        corpus=corpus,
        margins=margins,
        perturbation=whole.name,
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
    jobs: int | None,
    spill: str | os.PathLike[str] | None,
) -> tuple[list[BlockEvents], list[np.ndarray]]:
    """Events by stratum (by number, where there are none) and the margins of the corpus."""
    tasks = number_tasks(
        corpus,
        [condition],
        reach=window,
        rows=None if strata is None else strata.of_token,
        n_rows=None if strata is None else strata.n_strata,
    )
    found = [block[0] for block in count_blocks(corpus, tasks, jobs=jobs, spill=spill)]
    margins = [
        np.sum([getattr(c, name) for c in found], axis=0)[None]
        for name in ("number_counts", "context_counts", "documents")
    ]
    return [c.events for c in found], margins
