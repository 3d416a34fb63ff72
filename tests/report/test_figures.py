"""Figures of a study, as files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.report.fake_study import grid, make_study
from wordnum.errors import InputError, UsageError
from wordnum.report.figures import write_figures


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_study(tmp_path_factory.mktemp("study") / "out", grid())


@pytest.mark.parametrize("kind", ["pdf", "svg"])
def test_every_figure_is_written_with_its_fonts(study: Path, kind: str):
    paths = write_figures(study, format=kind)
    names = {path.stem for path in paths}
    assert {"systems", "conditions-T2", "conditions-T5", "conditions-T10", "attribution"} <= names
    for path in paths:
        content = path.read_bytes()
        assert content.startswith(b"%PDF" if kind == "pdf" else b"<?xml")
        # Type 3 fonts are bitmaps of a kind; journals refuse them.
        assert b"/Type3" not in content


def test_mistakes_are_named(study: Path, tmp_path: Path):
    with pytest.raises(UsageError, match="did you mean 'pdf'"):
        write_figures(study, format="pdff")
    with pytest.raises(InputError, match="no such study folder"):
        write_figures(tmp_path / "none")
