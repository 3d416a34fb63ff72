"""Fixtures that all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.make_believe_cupy import MakeBelieveCuPy, install

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def corpora_folder() -> Path:
    """Folder of the real texts: $WORDNUM_CORPORA, or ../shared/corpora beside the repository."""
    folder = Path(os.environ.get("WORDNUM_CORPORA") or REPOSITORY.parent / "shared" / "corpora")
    if not folder.is_dir():
        pytest.skip(f"real texts not found: {folder} (set WORDNUM_CORPORA to their folder)")
    return folder


@pytest.fixture
def make_believe(monkeypatch: pytest.MonkeyPatch) -> MakeBelieveCuPy:
    """Let ``device="cuda"`` mean a make-believe CuPy, which records what is called."""
    return install(monkeypatch)
