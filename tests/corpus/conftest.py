"""Fixtures of the tests of the corpus."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpus.texts import TEXT
from wordnum.corpus import pieces, sources


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of 8 KB and ranges of 16 KB, so that little text goes all the ways."""
    monkeypatch.setattr(pieces, "CHUNK", 4096)
    monkeypatch.setattr(pieces, "CHUNKS_PER_PIECE", 2)
    monkeypatch.setattr(sources, "RANGE", 16_384)
