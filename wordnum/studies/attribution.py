"""What an attribution found: the worth of each group of contexts, with its interval."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wordnum.analyzers.intervals import T_QUANTILE
from wordnum.storage import atomic_path
from wordnum.studies.game import MEASURES

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Attribution"]


@dataclass(frozen=True, eq=False, repr=False)
class Attribution:
    """What each group of contexts is worth, by T and by last digit.

    Arrays have the axes group, T and measure: kappa x 100 at 0, then recall in per cent of the
    numbers whose last digit is 0, 1, ... 9 when n mod T is probed.

    Attributes
    ----------
    names : tuple of str
        The groups.
    moduli : tuple of int
    whole, empty : array of shape (T, 11)
        Value of all groups together, and of none.
    alone, left_out, shapley : array of shape (groups, T, 11)
        Value of the group alone, of all others without it, and its Shapley value.
    alone_error, loss_error, shapley_error : array of shape (groups, T, 11)
        Standard errors from half-splits of the documents, NaN where `reason` says why.
    sampling_error : array of shape (groups, T, 11)
        Standard error of `shapley` that comes from sampling coalitions; 0 where `exact`.
    half_shapley : array of shape (splits, 2, groups, T, 11)
        Shapley values within the halves (one circle of coalitions each), to compare attributions
        on the same splits.
    exact : bool
        Whether all coalitions were valued.
    reason : str or None
        Why there is no interval.
    coalitions : bool array of shape (m, groups)
        Coalitions of the groups that were valued.
    values : array of shape (m, T, 11)
        Their values.
    flags : tuple of str
    provenance : dict
    """

    names: tuple[str, ...]
    moduli: tuple[int, ...]
    whole: np.ndarray
    empty: np.ndarray
    alone: np.ndarray
    left_out: np.ndarray
    shapley: np.ndarray
    alone_error: np.ndarray
    loss_error: np.ndarray
    shapley_error: np.ndarray
    sampling_error: np.ndarray
    half_shapley: np.ndarray
    exact: bool
    reason: str | None
    coalitions: np.ndarray
    values: np.ndarray
    flags: tuple[str, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def loss(self) -> np.ndarray:
        """What is lost when the group is left out, (groups, T, 11)."""
        return self.whole - self.left_out

    @property
    def low(self) -> np.ndarray:
        """Lower end of the 95 % interval of `shapley`."""
        return self.shapley - T_QUANTILE * self.shapley_error

    @property
    def high(self) -> np.ndarray:
        """Upper end of the 95 % interval of `shapley`."""
        return self.shapley + T_QUANTILE * self.shapley_error

    def __repr__(self) -> str:
        kind = "exact" if self.exact else "sampled"
        return (
            f"Attribution({len(self.names)} groups, moduli={self.moduli}, {kind} from "
            f"{len(self.coalitions)} coalitions)"
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a row per group, T and measure.

        Returns
        -------
        DataFrame
            `digit` is missing in the rows about kappa, and a last digit in those about recall.
            Then `alone`, `left_out`, `loss`, `shapley` with `low` and `high`, the ends of the
            intervals of `alone` and `loss`, the `whole`, the value of no contexts (`empty`), the
            `sampling_error`, and why there is no interval (`reason`).
        """
        import pandas as pd

        shape = self.shapley.shape
        group, modulus, measure = np.indices(shape).reshape(3, -1)
        columns = {
            "alone": self.alone,
            "left_out": self.left_out,
            "loss": self.loss,
            "shapley": self.shapley,
            "low": self.low,
            "high": self.high,
            "alone_low": self.alone - T_QUANTILE * self.alone_error,
            "alone_high": self.alone + T_QUANTILE * self.alone_error,
            "loss_low": self.loss - T_QUANTILE * self.loss_error,
            "loss_high": self.loss + T_QUANTILE * self.loss_error,
            "whole": np.broadcast_to(self.whole, shape),
            "empty": np.broadcast_to(self.empty, shape),
            "sampling_error": self.sampling_error,
        }
        digits = pd.array([None, *MEASURES[1:]], dtype="Int64")
        return pd.DataFrame(
            {
                "group": np.array(self.names, dtype=object)[group],
                "T": np.array(self.moduli)[modulus],
                "digit": digits[measure],
                **{name: array.ravel() for name, array in columns.items()},
                "reason": self.reason or "",
            }
        )

    def to_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write `to_frame` to a CSV file, atomically; returns its path."""
        path = Path(path)
        with atomic_path(path) as temporary:
            self.to_frame().to_csv(temporary, index=False)
        return path

    def _repr_html_(self) -> str:
        """Kappa by group and T: Shapley value with its interval, alone, and loss."""
        head = "".join(f"<th colspan=3>n mod {T}</th>" for T in self.moduli)
        second = "<th>Shapley</th><th>alone</th><th>loss</th>" * len(self.moduli)
        body = []
        for g, name in enumerate(self.names):
            cells = []
            for t in range(len(self.moduli)):
                share = f"{self.shapley[g, t, 0]:.1f}"
                if self.reason is None:
                    share += f" [{self.low[g, t, 0]:.1f}, {self.high[g, t, 0]:.1f}]"
                rest = (self.alone[g, t, 0], self.loss[g, t, 0])
                cells.append(f"<td>{share}</td>" + "".join(f"<td>{x:.1f}</td>" for x in rest))
            body.append(f"<tr><th>{escape(name)}</th>{''.join(cells)}</tr>")
        wholes = "".join(f"<td>{row[0]:.1f}</td><td></td><td></td>" for row in self.whole)
        notes = "; ".join([*self.flags, *([f"no interval: {self.reason}"] if self.reason else [])])
        return (
            f"<table><tr><th></th>{head}</tr><tr><th></th>{second}</tr>{''.join(body)}"
            f"<tr><th>all</th>{wholes}</tr></table><p>{escape(notes)}</p>"
        )
