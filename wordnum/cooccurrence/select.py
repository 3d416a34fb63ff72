"""Choosing a signal: which columns of counted or expected events a model is fitted on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import numpy as np

from wordnum.cooccurrence.context_groups import context_groups
from wordnum.cooccurrence.signals import EventSource, Signal
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import UsageError

__all__ = ["Selectable", "select_contexts"]

SIGNALS = ("both", "text", "number")


class Selectable:
    """What every event source offers: signals chosen by columns and window.

    Attributes
    ----------
    vocabulary, distances
        As in `EventSource`, whose other members a subclass adds.
    window_size : int
        Largest distance.
    """

    vocabulary: Vocabulary
    distances: np.ndarray
    window_size: int

    def signal(
        self,
        signal: str = "both",
        *,
        window: Window | None = None,
        contexts: str | Iterable[int] | None = None,
        without: str | Iterable[int] | None = None,
    ) -> Signal:
        """Choose what a model is fitted on.

        Parameters
        ----------
        signal : {"both", "text", "number"}
            Words as contexts, numbers as contexts, or both.
        window : Window, optional
            Which distances, and how they are weighted; all that was counted by default.
        contexts : str or iterable of int, optional
            Keep these columns only: the name of a context group, or context ids.
        without : str or iterable of int, optional
            Leave these columns out.

        Raises
        ------
        UsageError
            An unknown signal or group, a window larger than was counted, or no column left.
        """
        window = Window(size=self.window_size) if window is None else window
        self._check_window(window)
        name, columns = select_contexts(self.vocabulary, signal, contexts=contexts, without=without)
        return Signal(cast(EventSource, self), name=name, window=window, contexts=columns)

    @property
    def text_number(self) -> Signal:
        """The signal from words."""
        return self.signal("text")

    @property
    def number_number(self) -> Signal:
        """The signal from other numbers."""
        return self.signal("number")

    def contexts(self, group: str | Iterable[int], *, window: Window | None = None) -> Signal:
        """Return the signal from one context group alone."""
        return self.signal("both", window=window, contexts=group)

    def _check_window(self, window: Window) -> None:
        if window.size > self.window_size:
            raise UsageError(
                f"the counts hold no window of {window.size}",
                expected=f"a window of at most {self.window_size}",
                remedy="count again with a larger window",
            )
        if self.distances.size == 1 and window != Window(size=self.window_size):
            raise UsageError(
                "these counts are plain sums over the whole window",
                expected=f"Window(size={self.window_size})",
                got=str(window),
                remedy='count with by="block-distance" to choose the window afterwards',
            )


def select_contexts(
    vocabulary: Vocabulary,
    signal: str,
    *,
    contexts: str | Iterable[int] | None = None,
    without: str | Iterable[int] | None = None,
) -> tuple[str, np.ndarray]:
    """Name and context ids of a signal, ascending; never *other number* or *unknown*.

    Examples
    --------
    >>> from wordnum.corpus.vocabulary import Vocabulary
    >>> select_contexts(Vocabulary.from_words(["km", "the"]), "text")
    ('text', array([1002, 1003]))
    """
    if signal not in SIGNALS:
        raise UsageError(f"there is no signal {signal!r}", expected=", ".join(SIGNALS))
    numbers = np.arange(vocabulary.size)
    words = np.arange(vocabulary.first_word, len(vocabulary))
    chosen = {"both": np.concatenate([numbers, words]), "text": words, "number": numbers}[signal]
    name = signal
    for restriction, keep, mark in ((contexts, True, ":"), (without, False, "-")):
        if restriction is None:
            continue
        label, ids = _resolve(vocabulary, restriction)
        chosen = chosen[np.isin(chosen, ids) == keep]
        name += mark + label
    if not chosen.size:
        raise UsageError(
            f"the signal {name!r} has no column",
            expected="at least one context",
            remedy="choose another group, or encode with a larger vocabulary",
        )
    return name, chosen


def _resolve(vocabulary: Vocabulary, contexts: str | Iterable[int]) -> tuple[str, np.ndarray]:
    if not isinstance(contexts, str):
        ids = np.unique(np.asarray(list(contexts), dtype=np.int64))
        return f"{ids.size} contexts", ids
    groups = context_groups(vocabulary)
    if contexts not in groups:
        raise UsageError(f"there is no context group {contexts!r}", expected=", ".join(groups))
    return contexts, groups[contexts]
