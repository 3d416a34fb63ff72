"""Windows: which distances, with what weight."""

from __future__ import annotations

import numpy as np
import pytest

from wordnum.cooccurrence.windows import Window, as_window
from wordnum.errors import UsageError


def test_sides_are_the_signs_of_the_distances():
    assert Window(size=3).distances.tolist() == [-3, -2, -1, 1, 2, 3]
    assert Window(size=3, side="left").distances.tolist() == [-3, -2, -1]
    assert Window(size=3, side="right").distances.tolist() == [1, 2, 3]


def test_weights_are_those_of_glove_and_word2vec():
    assert Window(size=4, weighting="harmonic").weights.tolist() == [
        1 / 4, 1 / 3, 1 / 2, 1, 1, 1 / 2, 1 / 3, 1 / 4,
    ]  # fmt: skip
    assert Window(size=4, weighting="linear", side="right").weights.tolist() == [1, 0.75, 0.5, 0.25]
    assert Window(size=2).weights.tolist() == [1, 1, 1, 1]


def test_linear_weights_are_the_mean_over_window_sizes_drawn_at_random():
    size = 5
    reached = [[d <= drawn for d in range(1, size + 1)] for drawn in range(1, size + 1)]
    window = Window(size=size, side="right", weighting="linear")
    assert np.allclose(window.weights, np.mean(reached, axis=0))


@pytest.mark.parametrize("size", [0, -1, 2.5, 3.0, True, 99999999999999999999, "2"])
def test_a_window_needs_a_size(size):
    with pytest.raises(UsageError, match="an integer of at least 1 and at most 10000"):
        Window(size=size)


def test_what_a_window_has_not_is_said_with_what_it_has():
    with pytest.raises(UsageError, match="side of a window .middle.\n  .*both, left, right"):
        Window(side="middle")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="weighting of a window .cosine.\n  .*flat, harmonic"):
        Window(weighting="cosine")  # type: ignore[arg-type]


def test_labels_tell_windows_apart():
    windows = [
        Window(size=size, side=side, positional=positional, weighting=weighting)  # type: ignore[arg-type]
        for size in (1, 2)
        for side in ("both", "left", "right")
        for positional in (False, True)
        for weighting in ("flat", "harmonic", "linear")
    ]
    assert len({window.label for window in windows}) == len(windows)


def test_a_size_is_any_integer_and_may_come_without_its_name():
    assert Window(np.int64(3)) == Window(3) == Window(size=3)
    assert type(Window(np.uint8(3)).size) is int
    assert as_window(np.int32(3)) == Window(3)
    window = Window(2, side="left")
    assert as_window(window) is window
