"""Loops that are compiled when they are first called."""

from __future__ import annotations

import pytest

from wordnum import compiling


def test_compiling_is_told_to_those_who_wait_and_done_once(monkeypatch, caplog):
    monkeypatch.setattr(compiling, "_PATIENCE", 0.0)

    @compiling.compiled("int64(int64)", cache=False)
    def double(x):
        """Twice as much."""
        return 2 * x

    assert caplog.text == ""
    assert double(21) == 42
    assert "compiling double; this happens once after an installation" in caplog.text
    caplog.clear()
    assert double(4) == 8
    assert caplog.text == ""
    assert (double.__name__, double.__doc__) == ("double", "Twice as much.")


def test_what_does_not_fit_the_signature_is_refused():
    @compiling.compiled("int64(int64)", cache=False)
    def double(x):
        return 2 * x

    with pytest.raises(TypeError, match="No matching definition"):
        double("a")
