"""The counterexample of Theorem 1.2: Phi_T stays, the best linear accuracy falls to chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wordnum.analyzers.class_scatter import separability
from wordnum.analyzers.plotting import BLUE, GREY, RED, bare_axes, new_figure, residue_colors
from wordnum.embeddings.embedding import Embedding
from wordnum.errors import UsageError
from wordnum.theory.theorem import best_linear_accuracy, check_divides

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure


def counterexample(
    *, period: int = 10, A: float = 5.0, B: float = 31.0, size: int = 1000
) -> Embedding:
    """Vectors with a large Phi_T that no linear classifier reads (Theorem 1, part 2).

    With ``n = r + m T``, ``e(n) = A r + B m`` in one dimension.
    ``Phi_T = N A^2 (T^2 - 1) / 12`` whatever B is; B spreads every class, and with a large one no
    linear classifier does much better than chance.

    Parameters
    ----------
    period : int
        T; it divides `size`.
    A, B : float
        Steps of the residue and of the quotient.
    size : int
        N.

    Examples
    --------
    >>> from wordnum.analyzers import separability
    >>> [round(separability(counterexample(B=B), moduli=[10])[10].phi) for B in (0.03, 31)]
    [206250, 206250]
    >>> from wordnum.theory import best_linear_accuracy
    >>> [best_linear_accuracy(counterexample(B=B), period=10).correct for B in (0.03, 31)]
    [1000, 109]
    """
    check_divides(period, size)
    n = np.arange(size)
    values = A * (n % period) + B * (n // period)
    return Embedding(values[:, None].astype(float), size=size, name=f"counterexample, B = {B:g}")


@dataclass(frozen=True, eq=False)
class CounterexampleSpread:
    """``e(n) = A r + B m`` at growing B, measured.

    Attributes
    ----------
    period : int
        T.
    A : float
        Step of the residue r.
    embeddings : tuple of Embedding
        One per B, of shape (N, 1).
    B : array of shape (n,)
        Steps of the quotient m, ascending.
    phi : array of shape (n,)
        Phi_T.
    correct : array of shape (n,)
        Numbers that the best linear classifier gets right, of N.
    """

    period: int
    A: float
    embeddings: tuple[Embedding, ...]
    B: np.ndarray
    phi: np.ndarray
    correct: np.ndarray

    @property
    def size(self) -> int:
        """N."""
        return self.embeddings[0].size

    @property
    def accuracy(self) -> np.ndarray:
        """Best linear accuracy at every B, 0..1."""
        return self.correct / self.size

    def __repr__(self) -> str:
        return f"<CounterexampleSpread, T = {self.period}, B = {self.B[0]:g} .. {self.B[-1]:g}>"

    def to_frame(self) -> pandas.DataFrame:
        """One row per B."""
        import pandas as pd

        columns = {"phi": self.phi, "correct": self.correct, "accuracy": self.accuracy}
        return pd.DataFrame({"B": self.B, **columns}).set_index("B")

    def plot(self, figure: Figure | None = None, *, title: str = "") -> Figure:
        """Draw the numbers at the least and the greatest B, and both measures between them."""
        T = self.period
        figure = new_figure(figure, (8.6, 2.8))
        *ends, ax = figure.subplots(1, 3)
        residue = np.arange(self.size) % T
        for end, at in zip(ends, (0, -1), strict=True):
            values, colors = self.embeddings[at].vectors[:, 0], residue_colors(T)[residue]
            bare_axes(end).scatter(values, residue, s=30, marker="|", linewidths=0.5, c=colors)
            label = f"e(n) = {self.A:g} r + {self.B[at]:g} m"
            end.set(xlabel=label, ylabel=f"r = n mod {T}", title=f"B = {self.B[at]:g}")
        bare_axes(ax)
        accuracy, phi = 100 * self.accuracy, 100 * self.phi / self.phi[0]
        ax.plot(self.B, accuracy, "o-", color=BLUE, markersize=3, label="best linear accuracy, %")
        ax.plot(self.B, phi, "--", color=RED, label="$\\Phi_T$, % of the first")
        ax.axhline(100 / T, color=GREY, linewidth=0.8, linestyle=":", label="chance")
        ax.set(xscale="log", xlabel="B", ylim=(0, 112), title=f"T = {T}, A = {self.A:g}")
        ax.legend(frameon=False, fontsize=7)
        figure.suptitle(title)
        return figure


def counterexample_spread(
    *,
    period: int = 10,
    A: float = 5.0,
    B: Sequence[float] | np.ndarray | None = None,
    size: int = 1000,
) -> CounterexampleSpread:
    """Measure the counterexample of Theorem 1.2 at several B.

    Parameters
    ----------
    period : int
        T, at most 16, a divisor of `size`.
    A : float
        Step of the residue.
    B : sequence of float, optional
        Steps of the quotient, above 0; 13 of them from 0.03 to 31, equal in ratio, if None.
    size : int
        N.

    Raises
    ------
    UsageError
        No B, or one that is not a number above 0; T does not divide N.

    Examples
    --------
    >>> counterexample_spread(B=[0.03, 31]).to_frame().reset_index()
           B       phi  correct  accuracy
    0   0.03  206250.0     1000     1.000
    1  31.00  206250.0      109     0.109
    """
    steps = np.geomspace(0.03, 31.0, 13) if B is None else np.sort(np.asarray(B, dtype=float))
    if steps.ndim != 1 or not len(steps) or not (np.isfinite(steps) & (steps > 0)).all():
        raise UsageError("no such steps", expected="one B or more, above 0", got=f"B={B}")
    made = tuple(counterexample(period=period, A=A, B=float(step), size=size) for step in steps)
    phi = [separability(one, moduli=[period])[period].phi for one in made]
    correct = [best_linear_accuracy(one, period=period).correct for one in made]
    return CounterexampleSpread(period, A, made, steps, np.array(phi), np.array(correct))
