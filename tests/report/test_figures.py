"""Figures of a study, as files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.report.fake_study import grid, make_study
from wordnum.cooccurrence.counts import CooccurrenceCounts
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import InputError, UsageError
from wordnum.report.figures import plot_attribution, write_figures
from wordnum.study.attribution import attribute


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


def test_an_attribution_is_drawn_without_a_study():
    words = Vocabulary.from_words(["even", "odd", "cat"], numerals=NumeralScheme(size=40))
    events = [(0, 1, n, 42 + n % 2, 4) for n in range(40)] + [(0, 1, n, 44, 4) for n in range(40)]
    counts = CooccurrenceCounts.from_events(events, vocabulary=words, window_size=1)
    found = attribute(counts, groups={"parity": [42, 43], "cats": [44]}, moduli=[2])
    (ax,) = plot_attribution(found).axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["parity", "cats", "the rest"]
    points = [float(line.get_xdata()[0]) for line in ax.lines if line.get_marker() == "o"]
    assert points == pytest.approx([100.0, 0.0, 0.0])


def test_mistakes_are_named(study: Path, tmp_path: Path):
    with pytest.raises(UsageError, match="did you mean 'pdf'"):
        write_figures(study, format="pdff")
    with pytest.raises(InputError, match="no such study folder"):
        write_figures(tmp_path / "none")
