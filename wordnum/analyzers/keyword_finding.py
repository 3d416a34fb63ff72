"""Finds the words near numbers that carry n mod T, how strongly, and for which residues."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.stats import false_discovery_control

from wordnum.analyzers.contrasts import Contrasts, residue_contrasts, run_length
from wordnum.analyzers.intervals import half_width
from wordnum.analyzers.keyword_results import Keywords, ModulusKeywords
from wordnum.analyzers.keyword_tests import block_f, permutation_p, residue_profile
from wordnum.analyzers.odds_ratios import stratified_odds_ratios
from wordnum.analyzers.residues import checked_moduli
from wordnum.backend import one_blas_thread
from wordnum.config import whole_number
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.opening import open_counts
from wordnum.cooccurrence.signals import Signal
from wordnum.cooccurrence.windows import Side, Window
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.embeddings.weightings import Weighting, weight
from wordnum.errors import InputError, UsageError

_Q = 0.05


@one_blas_thread
def keywords(
    source: Signal | Counts | EncodedCorpus | str | os.PathLike[str],
    *,
    moduli: Iterable[int] = (10,),
    window: int | Window | None = None,
    side: Side | None = None,
    signal: str = "text",
    weighting: str | Weighting = "hellinger",
    min_count: int = 100,
    residues: Collection[int] | None = None,
    exclude_multiples_of: int | None = None,
    random_state: int = 0,
) -> Keywords:
    """Which words carry n mod T.

    A word carries n mod T where its share among the contexts of a number, k/t, differs between
    residues by more than it does between the numbers of one run (of T, or of the multiple of T
    next to ten): F of a two-way analysis of variance of residues and runs. Shares have the same
    mean however often a number occurs; square roots of shares have not, and round numbers are
    frequent. The words with `min_count` pairs are tested, at a false discovery rate of 5 %;
    permutations within runs confirm what passes.

    How much of n mod T a word carries is what its weighted column adds to the corrected Phi_T:
    ``SS_B - (T - 1) MS_res``, with products of complementary halves of the documents for squares,
    averaged over ten pairs of halves (of counts in a single block, the squares themselves). As a
    share of the whole it is given where the interval of the corrected Phi_T lies above 0.

    Parameters
    ----------
    source : Signal, Counts, EncodedCorpus or path
        A signal is taken as it is.
    moduli : iterable of int
        The T.
    window : int or Window, optional
        Tokens on each side; that of the counts by default, 5 of a corpus.
    side : {"both", "left", "right"}, optional
        Where the words stand: left of the number, right of it, or either.
    signal : {"text", "number", "both"}
        Words, numbers as contexts, or both.
    weighting : str or Weighting
        Whose Phi_T the shares are of.
    min_count : int
        Least pairs of a word that is tested.
    residues : collection of int, optional
        The class of odds ratios; multiples of 5 where T is one, multiples of T otherwise.
    exclude_multiples_of : int, optional
        Leave these numbers out, as 5 leaves out what is round.
    random_state : int
        Of permutations.

    Returns
    -------
    Keywords

    Raises
    ------
    InputError
        An embedding or other data without counts of words; fewer than two complete runs of
        numbers; no word with `min_count` pairs.
    UsageError
        A T below 2 or above N; residues that are none of T; a window or side of a signal.

    Notes
    -----
    Level: of words drawn from the pooled contexts of a number's run of ten, with the totals of
    Wikipedia 2014, 3.6 to 4.1 % are rejected at 5 %, 0.03 to 0.11 % at 0.1 %
    (``benchmarks/words_level.py``).

    Examples
    --------
    >>> from wordnum.corpus.synthetic import SyntheticCorpus
    >>> text = SyntheticCorpus(n_documents=300, density=0.2, size=100, residue_words={5: 0.5})
    >>> found = keywords(text.encoded(), moduli=[5], window=1, residues=[3])
    >>> found[5].confirmed.sum(), found[5].words[found[5].order("odds")[0]]
    (np.int64(15), 'modfisdva')
    """
    chosen = signal_of_words(source, window=window, side=side, signal=signal)
    periods = checked_moduli(moduli, size=chosen.shape[0])
    min_count = whole_number(min_count, what="min_count")
    random_state = whole_number(random_state, least=0, most=2**32 - 1, what="random_state")
    allowed = np.arange(chosen.shape[0])
    if exclude_multiples_of is not None:
        allowed = allowed[allowed % whole_number(exclude_multiples_of, what="a multiple") > 0]
    counts = chosen.matrix()
    totals = counts.sum(axis=1)
    numbers = allowed[totals[allowed] > 0]
    _check_runs(numbers, periods, allowed)
    total = counts[numbers].sum(axis=0)
    tested = np.flatnonzero(total >= min_count)
    if not tested.size:
        raise InputError(
            f"no word stands {min_count} times near a number",
            got=f"at most {total.max(initial=0):g} times",
            remedy="lower min_count, or count more text",
        )
    rows = _Rows(
        shares=sparse.csr_array(
            sparse.diags_array(1 / totals[numbers]) @ counts[numbers][:, tested]
        ),
        blocks=[block[numbers][:, tested] for block in chosen.block_matrices],
        totals=np.stack([block[numbers].sum(axis=1) for block in chosen.block_matrices]),
    )
    about: dict[str, Any] = {
        "words": tuple(chosen.vocabulary.token(int(c)) for c in chosen.columns[tested]),
        "sides": tuple(_side(chosen.window, int(d)) for d in chosen.offsets[tested]),
        "count": total[tested],
        "window": chosen.window.label,
        "signal": chosen.name,
    }
    found = {}
    for T, (phi, width) in _added_to_phi(chosen, periods, weighting, allowed).items():
        contrasts = residue_contrasts(numbers, T)
        parts: dict[str, Any] = {
            "phi": phi[tested],
            "corrected_phi": float(phi.sum()),
            "phi_low": float(phi.sum() - width),
            "phi_high": float(phi.sum() + width),
            "rest": float(np.delete(phi, tested).sum()),
        }
        found[T] = ModulusKeywords(
            period=T,
            **about,
            **parts,
            **rows.tests(contrasts, random_state),
            **rows.effects(contrasts, _class_of(T, residues)),
        )
    return Keywords(found)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Counts of the words that are tested beside the numbers that are present."""

    shares: sparse.csr_array
    blocks: list[sparse.csr_array]
    totals: np.ndarray

    def tests(self, contrasts: Contrasts, random_state: int) -> dict[str, Any]:
        f, p_value = block_f(contrasts, self.shares)
        q_value = false_discovery_control(p_value)
        passed, again, permutations = np.flatnonzero(q_value <= _Q), np.ones(f.size), 0
        if passed.size:
            again[passed], permutations = permutation_p(
                contrasts,
                self.shares[:, passed].toarray(),
                family=f.size,
                q=_Q,
                random_state=random_state,
            )
        return {
            "f": f,
            "p_value": p_value,
            "q_value": q_value,
            "confirmed": false_discovery_control(again) <= _Q,
            "permutations": permutations,
            "profile": residue_profile(contrasts, self.shares),
        }

    def effects(self, contrasts: Contrasts, residues: tuple[int, ...]) -> dict[str, Any]:
        exposed = np.isin(contrasts.numbers % contrasts.period, residues)
        odds = stratified_odds_ratios(
            self.blocks, self.totals, exposed=exposed, strata=contrasts.run_of
        )
        pairs = sum(self.blocks)
        return {
            "residues": residues,
            "odds_ratio": odds.ratio,
            "low": odds.low,
            "high": odds.high,
            "in_class": pairs[exposed].sum(axis=0) / pairs.sum(axis=0),
            "base": float(self.totals[:, exposed].sum() / self.totals.sum()),
        }


def signal_of_words(
    source: Any, *, window: int | Window | None, side: Side | None, signal: str
) -> Signal:
    """Counts of words near numbers: of a signal itself, of counts, a corpus or a path."""
    if isinstance(source, Signal):
        if window is not None or side is not None:
            raise UsageError("a signal has its window already", remedy="choose it in counts.signal")
        return source
    opened = open_counts(source)
    if isinstance(opened, EncodedCorpus):
        from wordnum.cooccurrence.counting import count  # numba is not needed where counts are

        size = getattr(window, "size", window)
        opened = count(opened, window=5 if size is None else size)
    if not isinstance(opened, Counts):
        raise InputError(
            "counts of all words do not know the documents apart",
            expected="counts of the numbers' contexts",
            got=type(opened).__name__,
            remedy="count with rows of numbers: wordnum count CORPUS -o COUNTS.npz",
        )
    around = window if isinstance(window, Window) else Window(window or opened.window_size)
    if side is not None:
        around = Window(around.size, side=side, positional=around.positional,
                        weighting=around.weighting)  # fmt: skip
    return opened.signal(signal, window=around)


def _check_runs(numbers: np.ndarray, periods: Iterable[int], allowed: np.ndarray) -> None:
    for T in periods:
        length = run_length(T)
        n_runs = (int(allowed[-1]) + 1) // length
        # The last run may be cut short, and it may have no number at all.
        there, wanted = (
            np.bincount(n // length, minlength=n_runs)[:n_runs] for n in (numbers, allowed)
        )
        complete = int((there == wanted).sum())
        if complete < 2:
            raise InputError(
                f"too few numbers to look for words of n mod {T}",
                expected=f"at least two complete runs of {length} consecutive numbers",
                got=f"{complete} among {numbers.size} numbers with contexts",
                remedy=f"leave {T} out of moduli, or count more text",
            )


def _added_to_phi(
    signal: Signal, periods: Iterable[int], weighting: str | Weighting, allowed: np.ndarray
) -> dict[int, tuple[np.ndarray, float]]:
    """What every column adds to the corrected Phi_T, and half the width of the interval of it all.

    Both as `phi_of_counts` has them.
    """
    found: dict[int, list[np.ndarray]] = {T: [] for T in periods}
    apart: dict[int, list[list[float]]] = {T: [] for T in periods}

    def add(*pair: sparse.csr_array) -> None:
        numbers = allowed[np.logical_and(*(np.diff(half.indptr)[allowed] > 0 for half in pair))]
        # A base is the same for all numbers, and adds to no contrast of them.
        first, second = (
            sparse.csr_array(weight(half[numbers], weighting=weighting, checked=True).matrix)
            for half in pair
        )
        for T, added in found.items():
            contrasts = residue_contrasts(numbers, T)
            added.append(contrasts.corrected(first, second).sum(axis=0))
            apart[T].append([float(contrasts.corrected(half).sum()) for half in (first, second)])

    for _, (first, _), (second, _) in signal.half_samples():
        add(first, second)
    if all(found.values()):
        width = {T: half_width(pairs) for T, pairs in apart.items()}
    else:
        add(signal.matrix(), signal.matrix())
        width = dict.fromkeys(found, np.nan)
    return {T: (np.mean(added, axis=0), width[T]) for T, added in found.items()}


def _class_of(T: int, residues: Collection[int] | None) -> tuple[int, ...]:
    if residues is None:
        return tuple(range(0, T, 5)) if T % 5 == 0 else (0,)
    chosen = sorted({int(r) for r in residues})
    if not chosen or chosen[0] < 0 or chosen[-1] >= T or len(chosen) == T:
        raise UsageError(
            f"this is no class of n mod {T}",
            expected=f"some, and not all, of 0..{T - 1}",
            got=str(list(residues)),
        )
    return tuple(chosen)


def _side(window: Window, offset: int) -> str:
    if not offset:
        return window.side
    name = "left" if offset < 0 else "right"
    return name if window.size == 1 else f"{name} {abs(offset)}"
