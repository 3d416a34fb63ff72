"""Progress of long work: one bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import Protocol, TypeVar

T = TypeVar("T")
logger = logging.getLogger(__name__)

# Seconds between lines where there is no terminal; of long work, this share of the time so far.
_PAUSE, _SHARE = 4.0, 1 / 60
_quiet = False
_shown = False


class Advance(Protocol):
    """Reports that `amount` more units are done."""

    def __call__(self, amount: float = 1) -> None: ...  # noqa: D102


def set_quiet(quiet: bool = True) -> None:
    """Switch all progress of this process off (or on again)."""
    global _quiet
    _quiet = quiet


def is_quiet() -> bool:
    """Whether progress is switched off."""
    return _quiet


@contextmanager
def bar(
    description: str,
    *,
    total: float | None = None,
    unit: str = "items",
    done: float = 0,
) -> Iterator[Advance]:
    """Show how far the work of the block is; yields the function that advances it.

    On a terminal that is a bar with the time left. Elsewhere it is a line in the log of
    `wordnum.progress` at the start, every four seconds and ever more rarely as time goes on, also
    when nothing advances, and none within another bar.

    Parameters
    ----------
    description : str
        What is being done.
    total : float, optional
        Units of work in all; None shows a moving bar.
    unit : str
        What is counted.
    done : float
        Units that an earlier run has done already.

    Examples
    --------
    >>> with bar("counting", total=3) as advance:
    ...     for _ in range(3):
    ...         advance()
    """
    global _shown
    if _quiet or _shown:
        yield lambda amount=1: None
        return
    if done and total is not None:
        logger.info("%s: %s of %s done already", description, f"{done:,.0f}", f"{total:,.0f}")
    _shown = True
    try:
        show = _drawn if sys.stderr.isatty() else _told
        with show(description, total=total, unit=unit, done=done) as advance:
            yield advance
    finally:
        _shown = False


@contextmanager
def _drawn(description: str, *, total: float | None, unit: str, done: float) -> Iterator[Advance]:
    from rich import progress as rich_progress
    from rich.console import Console

    with rich_progress.Progress(
        rich_progress.TextColumn("{task.description}", markup=False),
        rich_progress.BarColumn(),
        rich_progress.TextColumn("{task.completed:,.0f}" + _of(total, unit)),
        rich_progress.TimeElapsedColumn(),
        rich_progress.TextColumn("left"),
        rich_progress.TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as display:
        task = display.add_task(description, total=total, completed=int(done))
        yield lambda amount=1: display.advance(task, amount)


@contextmanager
def _told(description: str, *, total: float | None, unit: str, done: float) -> Iterator[Advance]:
    started, over = time.monotonic(), threading.Event()

    def tell() -> None:
        spent = 0.0
        while not over.wait(max(_PAUSE, _SHARE * spent)):
            spent = time.monotonic() - started
            progress = f"{done:,.0f}" + _of(total, unit).rstrip()
            logger.info("%s: %s, %.0f s", description, progress, spent)

    def advance(amount: float = 1) -> None:
        nonlocal done
        done += amount

    logger.info("%s", description)
    if logger.isEnabledFor(logging.INFO):
        threading.Thread(target=tell, daemon=True).start()
    try:
        yield advance
    finally:
        over.set()


def _of(total: float | None, unit: str) -> str:
    return f" {unit}" if total is None else f" of {total:,.0f} {unit}"


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
