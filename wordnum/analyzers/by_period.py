"""Results that are a mapping from T."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from wordnum.showing import ShownTable

if TYPE_CHECKING:
    import pandas


class _Row(Protocol):
    def row(self) -> dict[str, Any]: ...


Result = TypeVar("Result", bound=_Row)


@dataclass(frozen=True, eq=False, repr=False)
class ByPeriod(ShownTable, Mapping[int, Result]):
    """A result per T, each of which knows its row of a table.

    Attributes
    ----------
    by_period : dict of int to result
    """

    by_period: dict[int, Result]

    def __getitem__(self, period: int) -> Result:
        return self.by_period[period]

    def __iter__(self) -> Iterator[int]:
        return iter(self.by_period)

    def __len__(self) -> int:
        return len(self.by_period)

    def rows(self) -> dict[int, dict[str, Any]]:
        """Per T, what the table, a record and the JSON have of it: one column per name."""
        return {T: one.row() for T, one in self.items()}

    def to_frame(self) -> pandas.DataFrame:
        """One row per T."""
        import pandas as pd

        return pd.DataFrame.from_dict(self.rows(), orient="index").rename_axis("T")
