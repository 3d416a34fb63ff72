"""Tests whether the share of a word among the contexts of a number is tied to n mod T."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from scipy.special import fdtrc

from wordnum.analyzers.contrasts import Contrasts

# Permutations that reach the observed value of every word, before no more are drawn.
_HOPELESS = 40
# Coefficients of permutations that are held at once.
_ENTRIES = 2_000_000


def block_f(contrasts: Contrasts, values: Any) -> tuple[np.ndarray, np.ndarray]:
    """F of n mod T beside runs of numbers, per column, and its p.

    ``F = [sum over contrasts of SS / (T - 1)] / MS_res``: the test of the residues in a two-way
    analysis of variance of residues and runs. A column that does not vary within runs has F = 0.

    Parameters
    ----------
    contrasts : Contrasts
        With d degrees of freedom in all.
    values : array or sparse array of shape (n, c)

    Returns
    -------
    f, p_value : array of shape (c,)
    """
    between, residual = contrasts.squares(values)
    between, df = between.sum(axis=0), contrasts.df.sum()
    varies = residual > 1e-12 * between / contrasts.residual_df
    f = np.where(varies, between / df / np.where(varies, residual, 1.0), 0.0)
    return f, fdtrc(df, contrasts.residual_df, f)


def residue_profile(contrasts: Contrasts, values: Any) -> np.ndarray:
    """Standardised residuals by residue, runs taken out: (c, T).

    The mean of a residue's numbers less that of their runs, over its standard error. Where no
    number is missing the squares of a column have the mean F.

    Parameters
    ----------
    contrasts : Contrasts
    values : array or sparse array of shape (n, c)
    """
    T, run_of = contrasts.period, contrasts.run_of
    indicator = np.eye(T)[contrasts.numbers % T]
    lengths = np.bincount(run_of)
    in_run = np.stack([np.bincount(run_of, column) for column in indicator.T], axis=1)
    indicator -= (in_run / lengths[:, None])[run_of]
    norm = np.sqrt((indicator**2).sum(axis=0))
    error = np.sqrt(contrasts.squares(values)[1])
    effect = np.asarray(indicator.T @ values).T
    scale = error[:, None] * norm
    return np.divide(effect, scale, out=np.zeros_like(effect), where=scale > 0)


def permutation_p(
    contrasts: Contrasts, values: np.ndarray, *, family: int, q: float, random_state: int
) -> tuple[np.ndarray, int]:
    """P of F by permutations within runs, fine enough to be corrected over a family.

    The numbers of every run are moved round by a random step each: a group of permutations under
    which the test is exact where the numbers of a run are exchangeable. W columns of m are
    rejected together by Benjamini and Hochberg at p <= q W / m; 20 m / (q W) permutations give
    that p a standard error of a fifth. Fewer are drawn where all p are far above it.

    Parameters
    ----------
    contrasts : Contrasts
    values : array of shape (n, W)
        Columns that an F test has passed; each varies within runs.
    family : int
        m, the columns that were tested.
    q : float
        False discovery rate.
    random_state : int

    Returns
    -------
    p_value : array of shape (W,)
        ``(1 + #{F >= observed}) / (1 + permutations)``.
    permutations : int
    """
    W, lengths = values.shape[1], np.bincount(contrasts.run_of)
    wanted = int(np.ceil(20 * family / (q * W)))
    rng = np.random.default_rng([random_state, contrasts.period])
    first = np.cumsum(lengths) - lengths
    # Of every run and step, what it adds to the coefficients, (steps of all runs, df W). Runs and
    # residual stay, so that F grows with the squares of the coefficients.
    Q, scaled = np.hstack(list(contrasts.columns.values())), values / np.abs(values).max(axis=0)
    runs = np.split(np.argsort(contrasts.run_of, kind="stable"), first[1:])
    steps = [np.roll(Q[run], k, axis=0).T @ scaled[run] for run in runs for k in range(run.size)]
    table = np.stack(steps).reshape(len(Q), -1).astype(np.float32)
    observed = (table[first].sum(axis=0).reshape(-1, W) ** 2).sum(axis=0) * (1 - 1e-5)
    batch = max(1, _ENTRIES // table.shape[1])
    reached, drawn = np.zeros(W, dtype=np.int64), 0
    while drawn < wanted and reached.min() < _HOPELESS:
        times = min(batch, wanted - drawn)
        chosen = (first + rng.integers(0, lengths, size=(times, lengths.size))).ravel()
        ends, ones = np.arange(times + 1) * lengths.size, np.ones(chosen.size, dtype=np.float32)
        pick = sparse.csr_array((ones, chosen, ends), shape=(times, len(table)))
        squares = ((pick @ table).reshape(times, -1, W) ** 2).sum(axis=1)
        reached += (squares >= observed).sum(axis=0)
        drawn += times
    return (1 + reached) / (1 + drawn), drawn
