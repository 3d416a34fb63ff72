"""Kappas by the number of words that are read: readers, their intervals, a table, a drawing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wordnum.analyzers.intervals import half_width
from wordnum.analyzers.plotting import BLUE, GREY, PALETTE, bare_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Readers of a number of words, and those of everything, or of no word.
OF_WORDS = ("words", "random words", "frequent words", "words and log count")
OF_ALL = ("all columns, LDA", "all columns, ridge", "SVD to 100, LDA", "log count in its run")


@dataclass(frozen=True, eq=False)
class Reader:
    """Kappas of one reader of n mod T.

    Attributes
    ----------
    name : str
        One of `OF_WORDS` or `OF_ALL`.
    words : int or None
        How many words it reads.
    kappas : array of shape (K, 2)
        Kappa x 100 on both halves of every split, of words chosen on the other half.
    """

    name: str
    words: int | None
    kappas: np.ndarray

    @property
    def kappa(self) -> float:
        """Mean over halves and splits: kappa x 100 at half the text."""
        return float(self.kappas.mean())

    def interval(self) -> tuple[float, float]:
        """95 % interval of the mean, the population being the documents.

        ``SE^2 = sum h_k^2 / (4 K)``, h_k being the difference of both halves of split k of K, and
        Student's t of K degrees of freedom.
        """
        width = half_width(self.kappas)
        return self.kappa - width, self.kappa + width

    def less_than(self, other: Reader) -> Reader:
        """What the other reads beyond this one, half by half."""
        return Reader(f"{other.name} less {self.name}", self.words, other.kappas - self.kappas)


@dataclass(frozen=True, eq=False, repr=False)
class Sufficiency:
    """Kappas of n mod T by the number of words that are read, and of what they are compared with.

    Attributes
    ----------
    period : int
        T.
    readers : tuple of Reader
    numbers : int
        Numbers that were read.
    """

    period: int
    readers: tuple[Reader, ...]
    numbers: int

    def __repr__(self) -> str:
        told = ", ".join(f"{one.words}: {one.kappa:.1f}" for one in self.named("words"))
        return f"<Sufficiency of n mod {self.period}: {told}, all: {self.all.kappa:.1f}>"

    def named(self, name: str) -> list[Reader]:
        """Readers of one name, by rising number of words; see `OF_WORDS`."""
        return [one for one in self.readers if one.name == name]

    @property
    def all(self) -> Reader:
        """Whichever reader of all columns has the largest kappa."""
        every = [one for name in OF_ALL[:3] for one in self.named(name)]
        return max(every, key=lambda one: one.kappa)

    def rows(self) -> list[dict[str, Any]]:
        """Per reader its kappa with an interval, and what all columns tell beyond it."""
        found = []
        for one in self.readers:
            beyond = one.less_than(self.all)
            row = {"reader": one.name, "words": one.words, "kappa": one.kappa}
            row |= dict(zip(("low", "high"), one.interval()))
            row |= {"beyond": beyond.kappa}
            row |= dict(zip(("beyond_low", "beyond_high"), beyond.interval()))
            found.append(row)
        return found

    def to_frame(self) -> pd.DataFrame:
        """One row per reader, as `rows`."""
        import pandas as pd

        return pd.DataFrame(self.rows()).astype({"words": "Int64"})

    def plot(self, ax: Axes | None = None, *, title: str = "") -> Axes:
        """Draw kappa against the number of words, with what all columns and no word tell."""
        ax = bare_axes(ax, (4.8, 3.2))
        for name, color in zip(OF_WORDS[:3], (BLUE, GREY, PALETTE[4])):
            found = self.named(name)
            sizes, kappas = [one.words or 0 for one in found], [one.kappa for one in found]
            ends = np.array([one.interval() for one in found]).T
            ax.fill_between(sizes, *ends, color=color, alpha=0.2, linewidth=0)
            ax.plot(sizes, kappas, "o-", color=color, markersize=3, label=name)
        for name, style in ((self.all.name, "--"), (OF_ALL[3], ":")):
            (one,) = self.named(name)
            ax.axhline(one.kappa, color="black", linewidth=0.9, linestyle=style, label=name)
        ax.axhline(0, color="black", linewidth=0.6)
        ax.set_xscale("log")
        sizes = sorted({one.words or 0 for one in self.named(OF_WORDS[0])})
        ax.set_xticks(sizes, list(map(str, sizes)))
        ax.minorticks_off()
        below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.18), "ncols": 2}
        ax.legend(frameon=False, fontsize=7, **below)
        ax.set(xlabel="words", ylabel=f"kappa x 100 of n mod {self.period}", title=title)
        return ax
