"""Phi_T split into contrasts of residues, beside runs of ten numbers: analysis of variance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from wordnum.errors import InputError

_RUN = 10
_SINGULAR = 1e-9


@dataclass(frozen=True, eq=False)
class Contrasts:
    """Orthonormal contrasts of the residues of one T over some numbers, runs taken out.

    Attributes
    ----------
    period : int
        T.
    numbers : array of int of shape (n,)
    run_of : array of int of shape (n,)
        Run 0..R-1 of every number: `run_length` consecutive numbers each.
    columns : dict of str to array of shape (n, df)
        Per contrast its orthonormal columns, orthogonal to the runs and to the contrasts before
        it. Where no run lacks a number they span what ``sum_r N_r |mu_r - mu|^2`` measures.
    residual_df : int
        Degrees of freedom left: numbers less runs less contrasts.
    """

    period: int
    numbers: np.ndarray
    run_of: np.ndarray
    columns: Mapping[str, np.ndarray]
    residual_df: int

    @property
    def df(self) -> np.ndarray:
        """Degrees of freedom of every contrast; T - 1 in all where no residue is absent."""
        return np.array([Q.shape[1] for Q in self.columns.values()])

    def squares(self, first: Any, second: Any = None) -> tuple[np.ndarray, np.ndarray]:
        """Sums of squares of every contrast (contrasts, c), and residual mean squares (c,).

        Parameters
        ----------
        first, second : array or sparse array of shape (n, c)
            Rows are `numbers`. Of two, the complementary halves of a text, products stand in for
            squares: their noise is independent and adds nothing on average.
        """
        second = first if second is None else second
        parts = [((Q.T @ first) * (Q.T @ second)).sum(axis=0) for Q in self.columns.values()]
        between = np.stack(parts).astype(float)
        runs = sparse.csr_array(
            (np.ones(len(self.run_of)), (self.run_of, np.arange(len(self.run_of))))
        )
        lengths = runs.sum(axis=1)
        means = [runs @ first] if second is first else [runs @ first, runs @ second]
        scaled = sparse.diags_array(1 / lengths) @ means[0]
        within = _column_products(first, second) - _column_products(scaled, means[-1])
        return between, (within - between.sum(axis=0)) / self.residual_df

    def corrected(self, first: Any, second: Any = None) -> np.ndarray:
        """Share of every contrast and column in the corrected Phi_T: (contrasts, c).

        ``SS - df MS_res``: what is left of each sum of squares when what labels at random give is
        taken off. It may be negative. Its sum is the corrected Phi_T, that over contrasts the
        share of a column, that over columns the share of a contrast.

        Parameters
        ----------
        first, second : array or sparse array of shape (n, c)
            As of `squares`.

        Examples
        --------
        >>> n = np.arange(1000)
        >>> wave = np.cos(2 * np.pi * n[:, None] / 5)
        >>> found = residue_contrasts(n, 5).corrected(wave)
        >>> round(float(found.sum()), 6)
        500.0
        """
        between, residual = self.squares(first, second)
        return between - self.df[:, None] * residual


def run_length(period: int) -> int:
    """Numbers of a run: the multiple of T nearest to ten, so that every residue comes as often.

    Examples
    --------
    >>> [run_length(T) for T in range(2, 12)]
    [10, 9, 8, 10, 12, 7, 8, 9, 10, 11]
    """
    return period * max(1, round(_RUN / period))


def residue_contrasts(
    numbers: np.ndarray, period: int, *, split: Mapping[str, np.ndarray] | None = None
) -> Contrasts:
    """Contrasts of n mod T over these numbers.

    By default: of multiples of 5 against the others (T a multiple of 5), of 0 against 5 and of the
    parity of the others (T a multiple of 10), of parity (other even T), and the rest.

    Parameters
    ----------
    numbers : array of int of shape (n,)
    period : int
        T.
    split : mapping of str to array of shape (T, k), optional
        Other contrasts: functions of the residue. What they leave is "the rest".

    Raises
    ------
    InputError
        Too few numbers: no degree of freedom is left for the residual, or no residue differs
        within any run.

    Examples
    --------
    >>> {name: Q.shape[1] for name, Q in residue_contrasts(np.arange(1000), 10).columns.items()}
    {'round or not': 1, '0 or 5': 1, 'parity of the others': 1, 'the rest': 6}
    """
    numbers = np.asarray(numbers)
    run_of = np.unique(numbers // run_length(period), return_inverse=True)[1]
    sizes = np.bincount(run_of)
    groups = {**(by_roundness(period) if split is None else split), "the rest": np.eye(period)}
    known = np.zeros((len(numbers), 0))
    columns = {}
    for name, functions in groups.items():
        Z = functions[numbers % period]
        sums = np.stack([np.bincount(run_of, column) for column in Z.T], axis=1)
        # Twice: what is left of a contrast that the earlier ones hold is rounding, not a direction.
        Z = Z - (sums / sizes[:, None])[run_of]
        for _ in range(2):
            Z = Z - known @ (known.T @ Z)
        Q, values, _ = np.linalg.svd(Z, full_matrices=False)
        Q = Q[:, values > _SINGULAR * np.sqrt(len(numbers))]
        if Q.shape[1]:
            columns[name] = Q
            known = np.hstack([known, Q])
    left = len(numbers) - len(sizes) - known.shape[1]
    if left < 1 or not columns:
        raise InputError(
            f"too few numbers for an analysis of variance of n mod {period}",
            expected=f"several runs of {run_length(period)} consecutive numbers",
            got=f"{len(numbers)} numbers in {len(sizes)} runs",
            remedy=f"leave {period} out of moduli",
        )
    return Contrasts(period, numbers, run_of, columns, left)


def by_roundness(period: int) -> dict[str, np.ndarray]:
    """Functions of the residue that tell what is round, and parity beside it: (T, 1) each.

    Examples
    --------
    >>> list(by_roundness(5)), list(by_roundness(4)), list(by_roundness(7))
    (['round or not'], ['parity'], [])
    """
    r = np.arange(period)[:, None]
    found = {}
    if period % 5 == 0:
        found["round or not"] = (r % 5 == 0) * 1.0
    if period % 10 == 0:
        found["0 or 5"] = (r % 10 == 0) * 1.0 - (r % 10 == 5)
        found["parity of the others"] = np.where(r % 5 == 0, 0.0, (-1.0) ** r)
    elif period % 2 == 0:
        found["parity"] = (-1.0) ** r
    return found


def _column_products(first: Any, second: Any) -> np.ndarray:
    product = first.multiply(second) if sparse.issparse(first) else np.asarray(first) * second
    return np.asarray(product.sum(axis=0)).ravel()
