"""How an object shows itself: facts for `print`, a table in a notebook."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas


class Shown:
    """What the larger objects share: `repr` is one line, `print` and notebooks tell the facts.

    A class gives its facts by name in `_facts`; values may be anything with a `str`. What comes
    from a text is escaped in a notebook.

    Examples
    --------
    >>> class Pair(Shown):
    ...     def __repr__(self):
    ...         return "<Pair>"
    ...     def _facts(self):
    ...         return {"first": 1, "second": "<b>"}
    >>> print(Pair())
    <Pair>
      first   1
      second  <b>
    >>> Pair()._repr_html_().count("&lt;")
    2
    """

    def _facts(self) -> Mapping[str, Any]:
        raise NotImplementedError

    def __str__(self) -> str:
        facts = self._facts()
        width = max(map(len, facts), default=0)
        return "\n".join([repr(self), *(f"  {k:{width}}  {v}" for k, v in facts.items())])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(str(key))}</th>"
            f"<td style='text-align:left'>{html.escape(str(value))}</td></tr>"
            for key, value in self._facts().items()
        )
        return f"<strong>{html.escape(repr(self))}</strong><table>{rows}</table>"


class ShownTable:
    """What results with a `to_frame` share: its figures under `print` and in a notebook."""

    def to_frame(self) -> pandas.DataFrame:
        """Return the figures."""
        raise NotImplementedError

    def _figures(self) -> pandas.DataFrame:
        frame = self.to_frame()
        return frame.loc[:, frame.notna().any()].select_dtypes(["number", "bool"])

    def __str__(self) -> str:
        figures = self._figures().T.to_string(float_format=lambda x: f"{x:.3g}")
        return f"{self!r}\n{figures}"

    def _repr_html_(self) -> str:
        table = self._figures().T.to_html(float_format=lambda x: f"{x:.3g}", border=0)
        return f"<strong>{html.escape(repr(self))}</strong>{table}"


def most_frequent(names: Any, counts: Any, *, top: int = 8) -> str:
    """Say which names are most frequent, with their counts.

    Examples
    --------
    >>> most_frequent(["a", "b", "c"], [1, 5, 3], top=2)
    'b (5), c (3)'
    """
    order = np.argsort(-np.asarray(counts), kind="stable")[:top].tolist()
    return ", ".join(f"{names[i]} ({int(counts[i]):,})" for i in order if counts[i])
