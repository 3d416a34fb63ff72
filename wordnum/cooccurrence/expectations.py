"""Expected counts: what counting gives on average when numbers are redrawn or permuted."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from wordnum.config import whole_number
from wordnum.cooccurrence.count_files import (
    MARGINS,
    checked_margins,
    checked_matrix,
    matrix_rows,
    row_arrays,
)
from wordnum.cooccurrence.number_pairs import CountedBlock, count_blocks
from wordnum.cooccurrence.signals import SignalSource, sum_events
from wordnum.cooccurrence.strata import find_strata
from wordnum.cooccurrence.windows import Window, largest_distance
from wordnum.corpus.cutting import ContextLength, Isolate
from wordnum.corpus.encoded_corpus import EncodedCorpus, as_corpus
from wordnum.corpus.perturbations import (
    Joined,
    Perturbation,
    PerturbedCorpus,
    parts_of,
    prepare,
    resolve_perturbations,
)
from wordnum.corpus.rewriting import NumberSequence, SwapNumbers, UnigramReplace
from wordnum.corpus.thinning import Thin
from wordnum.errors import InputError, UsageError
from wordnum.provenance import provenance

if TYPE_CHECKING:
    from numpy import integer


@dataclass(eq=False, repr=False, kw_only=True)
class ExpectedCounts(SignalSource):
    """Expectation of counts over the random draws of one rewriting, in closed form, float64.

    With strata s of number tokens among which the rewriting makes no difference, p_s(n) the
    probability that number n comes to stand at a token of s, and T_s(d, w) how often word w
    stands at distance d of one::

        E[d, n, w] = sum over s of p_s(n) T_s(d, w).

    Under UnigramReplace all number tokens are one stratum, and p its marginal: the expectation is
    the outer product of number marginal and context totals, and E[d, n, m] = p(n) p(m) K(d)
    between numbers, with K(d) the pairs of number tokens at distance d. All rows are alike.

    Under SwapNumbers a stratum is a pattern of gaps and a position in it, and a run of a pattern
    of its own keeps its numbers. If numbers of all patterns were distributed alike, this would be
    the same outer product; in text they are not ("12 May 1990"), and its rows differ by as much.
    Number beside number stays what it was, exactly, within the reach of the runs; beyond it, or
    where segments are cut, it has no closed form.

    In the variant "sequence" every token takes the number of another: with N(n) the occurrences
    of n and C the counts of the original, E[d, n, w] = (N(n) T(d, w) - C[d, n, w]) / (tokens - 1).
    Number beside number has no closed form.

    An expectation has one block: no half-samples, hence no intervals. Made by `expected_counts`.

    Parameters
    ----------
    strata : csr_array of shape (2 * window_size * n_strata, V)
        Events by (distance, stratum) and context.
    chances : csr_array of shape (N, n_strata)
        p_s(n).
    kept : csr_array of shape (2 * window_size * N, V), optional
        Events by (distance, number) and context of which those of numbers stay as they are.
    independent : bool
        Every number token is drawn by itself.
    vocabulary, window_size, perturbation, flags, provenance
        As in Counts.
    number_counts : ndarray of shape (1, N)
        Expected occurrences of each number, which are those in the original.
    context_counts : ndarray of shape (1, V)
        The same of each token.
    documents : ndarray of shape (1,)
        Documents.
    """

    kind = "expected-counts"

    strata: sparse.csr_array
    chances: sparse.csr_array
    kept: sparse.csr_array | None = None
    independent: bool = False

    def __repr__(self) -> str:
        return (
            f"ExpectedCounts({self.perturbation!r}, window_size={self.window_size}, "
            f"n_strata={self.n_strata}, numbers={int(self.number_counts.sum())})"
        )

    @property
    def n_strata(self) -> int:
        """Strata of number tokens; of one, all rows are alike."""
        return self.chances.shape[1]

    def block_matrix(self, block: int, *, window: Window, columns: np.ndarray) -> sparse.csr_array:
        """Sum the expected events over a window: float64 (N, n_columns)."""
        is_number = columns < self.vocabulary.size
        text = self.chances @ self._summed(self.strata, window, columns[~is_number])
        if not is_number.any():
            return sparse.csr_array(text)
        numbers = self._numbers(window, columns[is_number])
        joined = sparse.hstack([numbers, text], format="csr")
        # Both have a copy of their columns for each distance of a positional window.
        copies = window.distances.size if window.positional else 1
        columns_of = np.split(np.arange(joined.shape[1]), [numbers.shape[1]])
        order = np.hstack([places.reshape(copies, -1) for places in columns_of]).ravel()
        return sparse.csr_array(joined[:, order])

    def _contents(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        header = {n: getattr(self, n) for n in ("n_strata", "independent", "window_size")}
        arrays = {name: getattr(self, name) for name in MARGINS}
        for name in ("strata", "chances", "kept"):
            matrix = getattr(self, name)
            if matrix is not None:
                arrays |= row_arrays(name, matrix_rows(matrix))
        return header, arrays

    @classmethod
    def _made_of(
        cls, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray], about: dict[str, Any]
    ) -> ExpectedCounts:
        vocabulary, window = about["vocabulary"], Window(header["window_size"]).size
        n_strata = whole_number(header["n_strata"], what="n_strata")
        rows = {"strata": 2 * window * n_strata, "kept": 2 * window * vocabulary.size}
        matrices = {
            name: checked_matrix(name, arrays, shape=(n_rows, len(vocabulary)))
            for name, n_rows in rows.items()
            if f"{name}/indptr" in arrays
        }
        return cls(
            **matrices,
            chances=checked_matrix("chances", arrays, shape=(vocabulary.size, n_strata), most=1),
            independent=bool(header["independent"]),
            window_size=window,
            **checked_margins(arrays, vocabulary, n_blocks=1),
            **about,
        )

    def _numbers(self, window: Window, columns: np.ndarray) -> sparse.csr_array:
        if self.kept is not None:
            return self._summed(self.kept, window, columns)
        if not self.independent:
            raise InputError(
                f"number beside number has no closed form under {self.perturbation!r}",
                expected="unigram-replace, or swap-numbers without cuts and a window within its "
                "reach",
                remedy='choose the signal "text", or average the counts of several seeds',
            )
        numbers = np.arange(self.vocabulary.size)
        pairs = self._summed(self.strata, window, numbers).toarray().reshape(-1, numbers.size)
        chances = self.chances.toarray().ravel()
        expected = pairs.sum(axis=1)[:, None] * chances[columns]
        return sparse.csr_array(np.outer(chances, expected))

    def _summed(
        self, events: sparse.csr_array, window: Window, columns: np.ndarray
    ) -> sparse.csr_array:
        rows = matrix_rows(events)
        return sum_events(rows, window_size=self.window_size, window=window, columns=columns)


def expected_counts(
    corpus: EncodedCorpus | str | os.PathLike[str],
    perturbation: str | Perturbation,
    *,
    window: int | integer | Window = 5,
    random_state: int = 0,
    n_jobs: int | None = 1,
) -> ExpectedCounts:
    """Mean of the counts over all seeds of a rewriting, without drawing one.

    Parameters
    ----------
    corpus : EncodedCorpus or path-like
        Read two or three times.
    perturbation : str or Perturbation
        UnigramReplace or SwapNumbers, which may be joined with Thin and cuts (these as they are,
        Thin with its seed).
    window : int
        Largest distance in tokens.
    random_state, n_jobs
        As in `count`.

    Raises
    ------
    UsageError
        A perturbation without a rewriting, with two, or with a part that has no closed form.
    InputError
        The corpus has no number tokens.

    Examples
    --------
    >>> from wordnum.corpus.synthetic import SyntheticCorpus
    >>> corpus = SyntheticCorpus(n_documents=20, length=100).encoded()
    >>> expected = expected_counts(corpus, "unigram-replace", window=2)
    >>> rows = expected.signal("text").matrix().toarray()
    >>> rows = rows[rows.sum(axis=1) > 0]
    >>> shares = rows / rows.sum(axis=1, keepdims=True)
    >>> bool(np.allclose(shares, shares[0]))
    True
    """
    corpus = as_corpus(corpus)
    reach = largest_distance(window)
    (whole,) = resolve_perturbations([perturbation], random_state=random_state)
    rewriting, thins, cuts = _parted(whole)
    # The numbers are rewritten after thinning, and before the cuts.
    thinned = PerturbedCorpus(corpus, prepare(Joined(thins), corpus))
    sequence = NumberSequence.read(thinned)
    strata, chances = find_strata(rewriting, sequence, size=corpus.vocabulary.size)
    condition = prepare(Joined((*thins, *cuts)), corpus)

    def events(rows: list[np.ndarray] | None, n_rows: int) -> list[CountedBlock]:
        return count_blocks(
            corpus, [condition], window_size=reach, n_jobs=n_jobs, rows=rows, n_rows=n_rows
        )[0]

    begins = [block.first_document for block in corpus.blocks()][1:]
    blocks = events(np.split(strata, sequence.starts[begins]), chances.shape[1])
    keeps = (
        isinstance(rewriting, SwapNumbers)
        and rewriting.variant == "runs"
        and reach <= rewriting.reach
        and not cuts
    )
    about = provenance(expected=whole, corpus=corpus.fingerprint, window=reach)
    return ExpectedCounts(
        strata=_added(blocks),
        chances=chances,
        kept=_added(events(None, corpus.vocabulary.size)) if keeps else None,
        independent=isinstance(rewriting, UnigramReplace),
        vocabulary=corpus.vocabulary,
        window_size=reach,
        **{name: np.sum([getattr(b, name) for b in blocks], axis=0)[None] for name in MARGINS},
        perturbation=whole.name,
        flags=(*corpus.flags, "expected-counts"),
        provenance={**about, "source": corpus.manifest.get("source")},
    )


def _parted(
    whole: Perturbation,
) -> tuple[SwapNumbers | UnigramReplace, tuple[Perturbation, ...], tuple[Perturbation, ...]]:
    """Its rewriting, thinnings and cuts."""
    parts = parts_of(whole)
    rewritings = [part for part in parts if isinstance(part, (SwapNumbers, UnigramReplace))]
    thins = tuple(part for part in parts if isinstance(part, Thin))
    cuts = tuple(part for part in parts if isinstance(part, (ContextLength, Isolate)))
    known = (SwapNumbers, UnigramReplace, Thin, ContextLength, Isolate)
    others = [part.name for part in parts if not isinstance(part, known)]
    if len(rewritings) != 1 or others:
        raise UsageError(
            f"{whole.name!r} has no closed form",
            expected="one swap-numbers or unigram-replace, alone or joined with thin:F and cuts",
            got=", ".join(others) or f"{len(rewritings)} rewritings",
            remedy="count several seeds" if rewritings else "count it; nothing else is random",
        )
    return rewritings[0], thins, cuts


def _added(blocks: Sequence[CountedBlock]) -> sparse.csr_array:
    """Events of all blocks."""
    width = blocks[0].context_counts.size
    return sparse.csr_array(reduce(add, (block.events.matrix(width) for block in blocks)))
