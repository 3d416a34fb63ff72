"""Expected counts: what counting gives on average when numbers are redrawn or trade places."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property, reduce
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from wordnum.cooccurrence.counts import BlockEvents
from wordnum.cooccurrence.signals import SignalSource, sum_events
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import FormatError, InputError
from wordnum.provenance import content_hash
from wordnum.storage import load_npz, save_npz

__all__ = ["ExpectedCounts"]

_KIND = "expected-counts"
_VERSION = 1
_MARGINS = ("number_counts", "context_counts", "documents")


class ExpectedCounts(SignalSource):
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

    Parameters
    ----------
    strata : sequence of BlockEvents
        Events by (distance, stratum, context), which add up.
    chances : csr_array of shape (N, n_strata)
        p_s(n).
    kept : sequence of BlockEvents, optional
        Events by (distance, number, number) that the rewriting keeps as they are.
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

    def __init__(
        self,
        strata: Sequence[BlockEvents],
        *,
        chances: sparse.csr_array,
        kept: Sequence[BlockEvents] | None = None,
        independent: bool = False,
        vocabulary: Vocabulary,
        window_size: int,
        number_counts: np.ndarray,
        context_counts: np.ndarray,
        documents: np.ndarray,
        perturbation: str,
        flags: tuple[str, ...] = (),
        provenance: dict[str, Any] | None = None,
    ) -> None:
        self.strata = strata
        self.chances = chances
        self.kept = kept
        self.independent = independent
        self.vocabulary = vocabulary
        self.window_size = window_size
        self.number_counts = number_counts
        self.context_counts = context_counts
        self.documents = documents
        self.perturbation = perturbation
        self.flags = tuple(flags)
        self.provenance = dict(provenance or {})

    def __repr__(self) -> str:
        return (
            f"ExpectedCounts({self.perturbation!r}, window_size={self.window_size}, "
            f"n_strata={self.n_strata}, numbers={int(self.number_counts.sum())})"
        )

    @property
    def n_strata(self) -> int:
        """Strata of number tokens; of one, all rows are alike."""
        return self.chances.shape[1]

    @cached_property
    def fingerprint(self) -> str:
        """Hash of everything that the expectation is made of."""
        return content_hash(
            *self._arrays().values(),
            self.independent,
            self.window_size,
            self.perturbation,
            self.vocabulary.fingerprint,
        )

    def block_matrix(self, block: int, *, window: Window, columns: np.ndarray) -> sparse.csr_array:
        """Sum the expected events over a window: float64 (N, n_columns)."""
        is_number = columns < self.vocabulary.size
        place = np.arange(columns.size)
        parts = [(self._text(window, columns[~is_number]), place[~is_number])]
        if is_number.any():
            parts.append((self._numbers(window, columns[is_number]), place[is_number]))
        return _side_by_side(parts, copies=window.distances.size if window.positional else 1)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write to an npz file (kind "expected-counts"), atomically; returns its path."""
        header = {
            "shape": self.chances.shape,
            "blocks": {
                name: None if blocks is None else [block.index for block in blocks]
                for name, blocks in (("strata", self.strata), ("kept", self.kept))
            },
            "independent": self.independent,
            "window_size": self.window_size,
            "perturbation": self.perturbation,
            "flags": list(self.flags),
            "provenance": self.provenance,
        }
        arrays = self._arrays() | self.vocabulary.to_arrays()
        return save_npz(
            path, kind=_KIND, version=_VERSION, header=header, arrays=arrays, compress=False
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> ExpectedCounts:
        """Read a file of `save`; events stay on disk until they are summed.

        Raises
        ------
        InputError, FormatError
            No such file; damaged, of another kind, or of another version.
        """
        header, arrays = load_npz(path, kind=_KIND, version=_VERSION, mapped=True)
        try:
            blocks = {
                name: [BlockEvents.from_arrays(i, arrays, prefix=f"{name}/") for i in indices or ()]
                for name, indices in header["blocks"].items()
            }
            chances = (arrays[f"chances/{part}"] for part in ("data", "indices", "indptr"))
            return cls(
                blocks["strata"],
                chances=sparse.csr_array(tuple(chances), shape=header["shape"]),
                kept=None if header["blocks"]["kept"] is None else blocks["kept"],
                independent=header["independent"],
                vocabulary=Vocabulary.from_arrays(arrays),
                window_size=header["window_size"],
                **{name: arrays[name] for name in _MARGINS},
                perturbation=header["perturbation"],
                flags=tuple(header["flags"]),
                provenance=header["provenance"],
            )
        except (KeyError, TypeError) as error:
            raise FormatError(
                f"{path} lacks {error}",
                expected="expected counts written by wordnum",
                remedy="make them again",
            ) from error

    def _arrays(self) -> dict[str, np.ndarray]:
        """Everything that the expectation is made of, by name."""
        arrays = {f"chances/{p}": getattr(self.chances, p) for p in ("data", "indices", "indptr")}
        arrays |= {name: getattr(self, name) for name in _MARGINS}
        for name, blocks in (("strata/", self.strata), ("kept/", self.kept or ())):
            for block in blocks:
                arrays |= block.to_arrays(prefix=name)
        return arrays

    def _text(self, window: Window, columns: np.ndarray) -> sparse.csr_array:
        return sparse.csr_array(self.chances @ self._reduce(self.strata, window, columns))

    def _numbers(self, window: Window, columns: np.ndarray) -> sparse.csr_array:
        if self.kept is not None:
            return self._reduce(self.kept, window, columns)
        if not self.independent:
            raise InputError(
                f"number beside number has no closed form under {self.perturbation!r}",
                expected="unigram-replace, or swap-numbers without cuts and a window within its "
                "reach",
                remedy='choose the signal "text", or average the counts of several seeds',
            )
        numbers = np.arange(self.vocabulary.size)
        beside = self._reduce(self.strata, window, numbers).toarray().reshape(-1, numbers.size)
        chances = self.chances.toarray().ravel()
        expected = beside.sum(axis=1)[:, None] * chances[columns]
        return sparse.csr_array(np.outer(chances, expected))

    def _reduce(
        self, blocks: Sequence[BlockEvents], window: Window, columns: np.ndarray
    ) -> sparse.csr_array:
        parts = (
            sum_events(
                block.rows,
                window_size=self.window_size,
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
