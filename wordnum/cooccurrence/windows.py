"""The co-occurrence window: which positions beside a number count, and with what weight."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from wordnum.config import one_of, whole_number
from wordnum.errors import UsageError

if TYPE_CHECKING:
    from numpy import integer

Side = Literal["both", "left", "right"]
WindowWeighting = Literal["flat", "harmonic", "linear"]


# Far more than any text gives a meaning to: what is wider is a slip of the pen.
_LARGEST = 10_000


@dataclass(frozen=True)
class Window:
    """Positions around a number that are read as its context.

    A signed distance is the position of the context minus the position of the number: -1 is the
    token right before the number, +1 the token right after it.

    Parameters
    ----------
    size : int
        Largest distance in tokens, 5 by default (word2vec's default).
    side : {"both", "left", "right"}
        Positions before the number (left), after it (right), or both.
    positional : bool
        Keep one block of columns per signed distance instead of their sum.
    weighting : {"flat", "harmonic", "linear"}
        Weight of distance d: 1, 1/d (GloVe, Pennington et al. 2014), or (size + 1 - d)/size, the
        expected weight under word2vec's random window (Mikolov et al. 2013; Levy, Goldberg and
        Dagan 2015, section 3.1).

    Raises
    ------
    UsageError
        A size below 1, or a side or weighting that does not exist.

    Examples
    --------
    >>> Window(size=2).distances
    array([-2, -1,  1,  2])
    >>> Window(size=2, side="right", weighting="harmonic").weights
    array([1. , 0.5])
    """

    size: int = 5
    _: KW_ONLY
    side: Side = "both"
    positional: bool = False
    weighting: WindowWeighting = "flat"

    def __post_init__(self) -> None:
        size = whole_number(self.size, most=_LARGEST, what="the size of a window")
        object.__setattr__(self, "size", size)
        for name, kind in (("side", Side), ("weighting", WindowWeighting)):
            one_of(getattr(self, name), get_args(kind), what=f"{name} of a window")

    @property
    def distances(self) -> np.ndarray:
        """Signed distances of the window, ascending, int64."""
        left = np.arange(-self.size, 0) if self.side != "right" else np.arange(0)
        right = np.arange(1, self.size + 1) if self.side != "left" else np.arange(0)
        return np.concatenate([left, right])

    @property
    def weights(self) -> np.ndarray:
        """Weight of each of `distances`, float64."""
        distance = np.abs(self.distances).astype(np.float64)
        if self.weighting == "harmonic":
            return 1.0 / distance
        if self.weighting == "linear":
            return (self.size + 1 - distance) / self.size
        return np.ones_like(distance)

    @property
    def label(self) -> str:
        """Short name for tables and figures.

        Examples
        --------
        >>> Window(size=2).label, Window(size=1, side="left", positional=True).label
        ('±2', '−1 positional')
        """
        sign = {"both": "±", "left": "−", "right": "+"}[self.side]
        extras = ["positional"] * self.positional
        extras += [self.weighting] * (self.weighting != "flat")
        return " ".join([f"{sign}{self.size}", *extras])


def as_window(window: int | integer | Window) -> Window:
    """Return a window itself, or the flat one of a size on both sides.

    Examples
    --------
    >>> as_window(2) == as_window(Window(2)) == Window(size=2)
    True
    """
    return window if isinstance(window, Window) else Window(window)  # type: ignore[arg-type]


def largest_distance(window: int | integer | Window) -> int:
    """Size of a window in which every distance is counted apart.

    Raises
    ------
    UsageError
        A window with a side, a weighting or positions, which are chosen afterwards.

    Examples
    --------
    >>> largest_distance(Window(2))
    2
    """
    around = as_window(window)
    if around != Window(around.size):
        raise UsageError(
            "numbers are counted at every distance on both sides",
            expected="the largest distance, an integer",
            got=str(window),
            remedy="choose side and weighting afterwards: counts.signal(window=...)",
        )
    return around.size
