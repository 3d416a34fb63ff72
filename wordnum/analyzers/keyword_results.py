"""Keywords as they are shown: tables, JSON, a sentence, a figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wordnum.analyzers.by_period import ByPeriod
from wordnum.analyzers.keyword_figures import draw_keywords
from wordnum.analyzers.keyword_tables import as_html, as_text
from wordnum.config import one_of
from wordnum.errors import printable

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

ORDERS = ("confirmed", "share", "f", "odds")
# One row per word and side; the columns of `Keywords.to_frame` and of the JSON.
COLUMNS = ("word", "side", "count", "share", "f", "p_value", "q_value", "confirmed", "odds_ratio",
           "low", "high", "in_class")  # fmt: skip


# Words by share among which one is quoted.
_QUOTABLE = 5


@dataclass(frozen=True, eq=False, repr=False)
class ModulusKeywords:
    """The words of one T that were tested, and what they carry of n mod T.

    Attributes
    ----------
    period : int
        T.
    words, sides : tuple of str of length c
        Spelling, and where the word stands: "left" of the number, "right", "both", or with its
        distance, "left 2", where the window is positional.
    count : array of shape (c,)
        Pairs with numbers.
    phi : array of shape (c,)
        What the word adds to the corrected Phi_T of the weighted counts. Signed.
    corrected_phi, rest : float
        Corrected Phi_T of all contexts, and the part of those that were not tested:
        ``phi.sum() + rest == corrected_phi``.
    phi_low, phi_high : float
        95 % interval of the corrected Phi_T, the population being the documents; NaN for counts
        without half-samples.
    f, p_value, q_value : array of shape (c,)
        F of residues beside runs, of the word's share among the contexts of each number; p of the
        F distribution; Benjamini and Hochberg's q over the c words.
    confirmed : bool array of shape (c,)
        q <= 0.05, and so with p from permutations within runs.
    permutations : int
        How many permutations.
    residues : tuple of int
        The class that odds ratios compare with the other numbers.
    odds_ratio, low, high : array of shape (c,)
        Mantel and Haenszel's ratio, stratified by runs, and its 95 % interval.
    in_class : array of shape (c,)
        Share of the word's pairs whose number is in the class, 0..1.
    base : float
        The same of all pairs.
    profile : array of shape (c, T)
        Standardised residual of the word's share by residue, runs taken out.
    window, signal : str
        Where the words were looked for.
    """

    period: int
    words: tuple[str, ...]
    sides: tuple[str, ...]
    count: np.ndarray
    phi: np.ndarray
    corrected_phi: float
    phi_low: float
    phi_high: float
    rest: float
    f: np.ndarray
    p_value: np.ndarray
    q_value: np.ndarray
    confirmed: np.ndarray
    permutations: int
    residues: tuple[int, ...]
    odds_ratio: np.ndarray
    low: np.ndarray
    high: np.ndarray
    in_class: np.ndarray
    base: float
    profile: np.ndarray
    window: str
    signal: str

    def __repr__(self) -> str:
        first = ", ".join(printable(self.words[at]) for at in self.order() if self.confirmed[at])
        told = f"{self.confirmed.sum()} of {len(self.words)} words carry it: {first or 'none'}"
        told = f"{told[:90]}…" if len(told) > 90 else told
        return f"<ModulusKeywords of n mod {self.period}: {told}>"

    def __str__(self) -> str:
        return as_text(self)

    def _repr_html_(self) -> str:
        return as_html(self)

    def title(self) -> str:
        """How many words carry it, and where they were looked for."""
        place = {"left": "left of numbers", "right": "right of numbers"}
        places = {place.get(side.split()[0], "both sides") for side in self.sides}
        where = places.pop() if len(places) == 1 else "both sides"
        return (
            f"n mod {self.period}: {self.confirmed.sum()} of {len(self.words)} words carry it "
            f"({self.signal}, {self.window}, {where})"
        )

    @property
    def share(self) -> np.ndarray:
        """Part of the corrected Phi_T, which may be negative: (c,).

        NaN where the interval of the corrected Phi_T is not above 0, or there is none: a part of
        what may be nothing means nothing.
        """
        return self.phi / self._whole

    @property
    def _whole(self) -> float:
        return self.corrected_phi if self.phi_low > 0 else np.nan

    @property
    def class_name(self) -> str:
        """The class in words, such as "multiples of 5"."""
        return class_name(self.period, self.residues)

    def order(self, by: str = "confirmed") -> np.ndarray:
        """Indices of the words: confirmed ones first, by share; or all by share, F, or odds ratio.

        Falling; shares by what the word adds to Phi. Odds ratios by the end of their interval that
        is nearer to 1, lest few pairs head the list; 1/3 is as strong as 3. A confirmed word all of
        whose pairs are on one side has no interval, and comes first.
        """
        one_of(by, ORDERS, what="order")
        sided = self.confirmed & np.isin(self.odds_ratio, (0, np.inf))
        strength = {"f": self.f, "odds": np.where(sided, np.inf, self._nearer)}.get(by, self.phi)
        first = ~self.confirmed if by == "confirmed" else np.zeros(len(self.words), dtype=bool)
        return np.lexsort((-self.phi, -np.nan_to_num(strength, nan=-np.inf, posinf=np.inf), first))

    def to_frame(self, *, top: int | None = None, order: str = "confirmed") -> pd.DataFrame:
        """One row per word, with the columns `COLUMNS` and a residual for every residue."""
        import pandas as pd

        at = self.order(order)[:top]
        columns = {name: np.asarray(getattr(self, _ATTRIBUTES.get(name, name)))[at]
                   for name in COLUMNS}  # fmt: skip
        columns |= {f"residue_{r}": self.profile[at, r] for r in range(self.period)}
        return pd.DataFrame(columns)

    def to_dict(self, *, top: int | None = None, order: str = "confirmed") -> dict[str, Any]:
        """Words and totals as JSON holds them; what does not exist is None."""
        rows = self.to_frame(top=top, order=order)
        words = [
            {name: _plain(row[name]) for name in COLUMNS}
            | {"residues": [_plain(row[f"residue_{r}"]) for r in range(self.period)]}
            for row in rows.to_dict("records")
        ]
        return {"words": words, "all": {**self.row(), "order": order}}

    def row(self) -> dict[str, Any]:
        """What is true of all words together."""
        return {
            "tested": len(self.words),
            "confirmed": int(self.confirmed.sum()),
            "permutations": self.permutations,
            "phi": self.corrected_phi,
            "phi_low": _plain(self.phi_low),
            "phi_high": _plain(self.phi_high),
            "rest_share": _plain(self.rest / self._whole),
            "class": self.class_name,
            "in_class": self.base,
            "window": self.window,
            "signal": self.signal,
        }

    def sentence(self, at: int) -> str:
        """What word number `at` says, in plain words.

        The shares are of the pairs of a number and a word within the window, the odds ratio
        compares neighbouring numbers. Where they point to different sides, that is said too.
        """
        side, word = self.sides[at], printable(self.words[at])
        place = {"left": "after", "right": "before"}.get(side.split()[0], "beside")
        told = (
            f"{100 * self.in_class[at]:.0f} % of the numbers {place} “{word}” (window "
            f"{self.window}) are {self.class_name}, where {100 * self.base:.0f} % beside any word "
            "are."
        )
        if self.differs[at] and not self.agrees[at]:
            told += " Among neighbouring numbers it is the other way round."
        return told

    @property
    def differs(self) -> np.ndarray:
        """Whether the interval of the odds ratio excludes 1: (c,)."""
        return (self.low > 1) | (self.high < 1)

    @property
    def _nearer(self) -> np.ndarray:
        """Logarithm of the end of the odds ratio's interval that is nearer to 1, or its inverse."""
        return np.fmax(np.log(self.low), -np.log(self.high))

    @property
    def agrees(self) -> np.ndarray:
        """Whether it does, to the same side as the word's share among all numbers: (c,)."""
        return self.differs & ((self.odds_ratio > 1) == (self.in_class > self.base))

    def told(self) -> str:
        """Say it with one word, as one would quote it.

        Of the five confirmed words with the largest shares whose shares and odds agree, that whose
        odds ratio is the most surely far from 1. The largest share alone may be of a frequent word
        that tells little.
        """
        plain = [at for at in self.order() if self.confirmed[at] and self.agrees[at]][:_QUOTABLE]
        if plain:
            at = plain[np.argmax(self._nearer[plain])]
            ratio, low, high = (
                f"{ends[at]:.0f}" if ends[at] >= 10 else f"{ends[at]:.2g}"
                for ends in (self.odds_ratio, self.low, self.high)
            )
            return (
                f"{self.sentence(at)} Among neighbouring numbers the odds ratio is {ratio} "
                f"({low} to {high})."
            )
        if self.confirmed.any():
            return (
                f"No word is shown to favour {self.class_name}, or to avoid them, both among all "
                "numbers and among neighbours."
            )
        return f"No word is shown to carry n mod {self.period}."

    def plot(
        self,
        figure: Figure | None = None,
        *,
        top: int = 20,
        order: str = "confirmed",
        title: str = "",
    ) -> Figure:
        """Draw the strongest words: residuals by residue, odds ratios, and a line that says it."""
        return draw_keywords(self, figure, top=top, order=order, title=title)


# Columns whose attribute has another name.
_ATTRIBUTES = {"word": "words", "side": "sides"}


@dataclass(frozen=True, eq=False, repr=False)
class Keywords(ByPeriod[ModulusKeywords]):
    """Words that carry n mod T: a mapping from T to `ModulusKeywords`."""

    def __repr__(self) -> str:
        told = ", ".join(f"{T}: {one.confirmed.sum()}" for T, one in self.items())
        return f"<Keywords, confirmed {told}>"

    def __str__(self) -> str:
        return "\n\n".join(map(str, self.values()))

    def _repr_html_(self) -> str:
        return "".join(map(as_html, self.values()))

    def to_frame(self, *, top: int | None = None, order: str = "confirmed") -> pd.DataFrame:
        """One row per T and word."""
        import pandas as pd

        frames = [one.to_frame(top=top, order=order).assign(T=T) for T, one in self.items()]
        return pd.concat(frames, ignore_index=True).set_index("T").reset_index()

    def to_dict(self, *, top: int | None = None, order: str = "confirmed") -> dict[str, Any]:
        """Per T, the words and their totals as JSON holds them."""
        return {str(T): one.to_dict(top=top, order=order) for T, one in self.items()}


def class_name(period: int, residues: tuple[int, ...]) -> str:
    """Say which numbers have these residues.

    Examples
    --------
    >>> class_name(10, (0, 5)), class_name(3, (0,)), class_name(10, (1, 3))
    ('multiples of 5', 'multiples of 3', '1 or 3 mod 10')
    """
    step = period // len(residues)
    if residues == tuple(range(0, period, step)):
        return f"multiples of {step}"
    return f"{' or '.join(map(str, residues))} mod {period}"


def _plain(value: Any) -> Any:
    """A value as JSON has it: floats that are no numbers are None."""
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not np.isfinite(value) else value
