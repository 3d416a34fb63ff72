"""How spikes, Phi_T and kappa grow with the text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wordnum.analyzers.analysis import Analysis
from wordnum.errors import InputError, UsageError

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

__all__ = ["Dynamics", "dynamics"]

_MEASURES = ("magnitude", "p_value", "phi", "lambda_max", "kappa", "low", "high")


@dataclass(frozen=True, eq=False)
class Dynamics:
    """Analyses in the order of the text behind them.

    Attributes
    ----------
    sizes : tuple of float
        Ascending.
    analyses : tuple of Analysis
    unit : str
        What `sizes` counts.
    """

    sizes: tuple[float, ...]
    analyses: tuple[Analysis, ...]
    unit: str

    def series(self, measure: str, period: int) -> np.ndarray:
        """One measure at one T over the sizes; NaN where an analysis does not have it.

        Parameters
        ----------
        measure : {"magnitude", "p_value", "phi", "lambda_max", "kappa", "low", "high"}
            "low" and "high" are the ends of the interval of kappa.
        period : int
            T.
        """
        if measure not in _MEASURES:
            raise UsageError(f"no such measure: {measure}", expected=", ".join(_MEASURES))
        return np.array([_measure(one, measure, period) for one in self.analyses])

    def to_frame(self) -> pandas.DataFrame:
        """One row per size and T."""
        import pandas as pd

        frames = [one.to_frame().assign(size=size) for size, one in zip(self.sizes, self.analyses)]
        return pd.concat(frames).reset_index().set_index(["size", "T"])

    def plot(self, *, title: str = "") -> Figure:
        """Draw magnitude, Phi_T and kappa against the size."""
        from wordnum.analyzers.plotting import plot_dynamics

        return plot_dynamics(self, title=title)


def dynamics(analyses: Mapping[float, Analysis], *, unit: str = "tokens") -> Dynamics:
    """Put the analyses of embeddings from growing text in order.

    Parameters
    ----------
    analyses : mapping of float to Analysis
        By the size of the text.
    unit : str
        What the sizes count.

    Raises
    ------
    InputError
        No analysis.

    Examples
    --------
    >>> from wordnum.analyzers import analyze
    >>> from wordnum.theory.theorem import planted_embedding
    >>> grown = {
    ...     1e6 * kappa: analyze(planted_embedding(phi=kappa, kappa=kappa), moduli=[10], nulls=0)
    ...     for kappa in (10, 80)
    ... }
    >>> kappas = dynamics(grown).series("kappa", 10)
    >>> bool(kappas[1] > kappas[0])
    True
    """
    if not analyses:
        raise InputError("no analysis to put in order", expected="at least one size")
    sizes = sorted(analyses)
    return Dynamics(tuple(sizes), tuple(analyses[size] for size in sizes), unit)


def _measure(analysis: Analysis, measure: str, period: int) -> float:
    if measure in ("magnitude", "p_value"):
        part = analysis.spectrum.spikes if analysis.spectrum else {}
    elif measure in ("kappa", "low", "high"):
        part = analysis.probe.by_period if analysis.probe else {}  # type: ignore[assignment]
    else:
        part = analysis.separability.by_period if analysis.separability else {}  # type: ignore[assignment]
    value = getattr(part[period], measure) if period in part else None
    return float("nan") if value is None else float(value)
