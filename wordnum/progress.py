"""Progress bars for work over two seconds: on a terminal, never elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import Protocol, TypeVar

__all__ = ["Advance", "bar", "is_quiet", "set_quiet", "track"]

T = TypeVar("T")
_quiet = False


class Advance(Protocol):
    """Reports that `amount` more units are done."""

    def __call__(self, amount: float = 1) -> None: ...  # noqa: D102


def set_quiet(quiet: bool = True) -> None:
    """Switch all progress bars of this process off (or on again)."""
    global _quiet
    _quiet = quiet


def is_quiet() -> bool:
    """Whether bars are switched off."""
    return _quiet


@contextmanager
def bar(
    description: str, *, total: float | None = None, unit: str = "items", binary: bool = False
) -> Iterator[Advance]:
    """Show a bar with the time left while the block runs; yields the function that advances it.

    Parameters
    ----------
    description : str
        What is being done.
    total : float, optional
        Units of work in all; None shows a moving bar.
    unit : str
        What is counted.
    binary : bool
        Units are bytes and shown as such.

    Examples
    --------
    >>> with bar("counting", total=3) as advance:
    ...     for _ in range(3):
    ...         advance()
    """
    if _quiet or not sys.stderr.isatty():
        yield lambda amount=1: None
        return
    from rich import progress as rich_progress
    from rich.console import Console

    counter: rich_progress.ProgressColumn = (
        rich_progress.DownloadColumn()
        if binary
        else rich_progress.TextColumn("{task.completed:,.0f}/{task.total:,.0f} " + unit)
        if total is not None
        else rich_progress.TextColumn("{task.completed:,.0f} " + unit)
    )
    with rich_progress.Progress(
        rich_progress.TextColumn("{task.description}"),
        rich_progress.BarColumn(),
        counter,
        rich_progress.TimeElapsedColumn(),
        rich_progress.TextColumn("left"),
        rich_progress.TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as display:
        task = display.add_task(description, total=total)
        yield lambda amount=1: display.advance(task, amount)


def track(items: Iterable[T], description: str, *, total: float | None = None) -> Iterator[T]:
    """Iterate over `items` under a bar.

    Examples
    --------
    >>> list(track([1, 2], "squaring"))
    [1, 2]
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    with bar(description, total=total) as advance:
        for item in items:
            yield item
            advance()
