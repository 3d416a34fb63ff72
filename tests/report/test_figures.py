"""Figures for print: which are drawn, that they are whole, and what they show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from tests.report.fake_study import Recipe, make_study
from wordnum.cooccurrence.counts import Counts
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import InputError, UsageError
from wordnum.report.data import StudyData, load_study
from wordnum.report.figures import plot_systems, write_figures
from wordnum.report.panels import (
    plot_attribution,
    plot_conditions,
    plot_growth,
    plot_windows,
    thinned_cells,
)
from wordnum.studies.attribution import attribute

BASE = Recipe()
CELLS = [
    BASE,
    replace(BASE, perturbation="isolate:1"),
    replace(BASE, perturbation="thin:0.5", control_for="isolate:1"),
    replace(BASE, perturbation="thin:0.1"),
    replace(BASE, perturbation="thin:0.2"),
    replace(BASE, model="frequency", few_documents=True),
    replace(BASE, signal="number", window=5),
    replace(BASE, signal="number", window=50),
    replace(BASE, model="glove", status="failed"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_study(tmp_path_factory.mktemp("study") / "out", CELLS)


@pytest.fixture(scope="module")
def data(folder: Path) -> StudyData:
    return load_study(folder)


@pytest.fixture(autouse=True)
def _headless() -> Iterator[None]:
    mpl.use("agg")
    yield
    plt.close("all")


@pytest.mark.parametrize("kind", ["pdf", "svg", "png"])
def test_every_figure_is_written_with_its_fonts(folder: Path, kind: str):
    paths = write_figures(folder, format=kind)
    assert {path.stem for path in paths} == {
        "systems", "conditions-T2", "conditions-T5", "conditions-T10", "windows", "growth",
        "attribution-context-groups", "attribution-text-and-numbers",
    }  # fmt: skip
    for path in paths:
        content = path.read_bytes()
        assert content.startswith({"pdf": b"%PDF", "svg": b"<?xml", "png": b"\x89PNG"}[kind])
        # Type 3 fonts are bitmaps of a kind; journals refuse them.
        assert b"/Type3" not in content


def test_many_systems_go_on_to_another_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("wordnum.report.figures._ROWS", 2)
    many = [replace(BASE, seed=seed) for seed in range(3)]
    paths = write_figures(make_study(tmp_path / "out", many, extras=False), format="png")
    assert [path.name for path in paths] == ["systems.png", "systems-2.png"]


def test_the_table_of_kappas_says_what_the_study_found(data: StudyData):
    figure = plot_systems(data.done, title="A study")
    table = figure.axes[1]
    shown = [text.get_text() for text in table.texts]
    kappa = data.done[0].measures["kappa"]
    assert shown[: len(kappa)] == [str(round(kappa[T])) for T in sorted(kappa)]
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == [
        cell.system for cell in data.done
    ]


def test_a_control_stands_below_its_condition_and_no_interval_is_a_hollow_mark(data: StudyData):
    figure = plot_conditions(data.done, 10)
    ticks = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert ticks == ["original", "isolate:1", "thinned like isolate:1", "thin:0.1", "thin:0.2"]
    assert [ax.get_title() for ax in figure.axes] == ["signal: number", "signal: both"]
    faces = {
        line.get_label(): line.get_markerfacecolor()
        for line in figure.axes[1].lines
        if line.get_marker() == "o"
    }
    assert faces["frequency, ±2, both"] == "white"
    assert faces["hellinger-svd, ±2, both"] != "white"


def test_kappa_grows_over_the_pairs_of_the_thinned_corpus(data: StudyData):
    assert {cell.identity["condition"] for cell in thinned_cells(data.done)} == {
        "original", "thin:0.1", "thin:0.2",
    }  # fmt: skip
    figure = plot_growth(data.done, [10])
    line = next(line for line in figure.axes[0].lines if len(line.get_xdata()) > 2)
    assert list(line.get_xdata()) == sorted(line.get_xdata())


def test_windows_are_drawn_by_their_size(data: StudyData):
    figure = plot_windows(data.done, [2, 10])
    assert len(figure.axes) == 2
    assert [tick.get_text() for tick in figure.axes[1].get_xticklabels()] == ["2", "5", "50"]


def test_attribution_shows_every_group_at_every_modulus(data: StudyData):
    rows = [row for row in data.attribution if row["grouping"] == "context groups"]
    figure = plot_attribution(rows)
    assert len(figure.axes[0].get_yticklabels()) == 11
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["n mod 2", "n mod 5", "n mod 10", "single group"]


def test_an_attribution_is_drawn_without_a_study():
    words = Vocabulary.from_words(["even", "odd", "cat"], numerals=NumeralScheme(size=40))
    events = [(0, 1, n, 42 + n % 2, 4) for n in range(40)] + [(0, 1, n, 44, 4) for n in range(40)]
    counts = Counts.from_events(events, vocabulary=words, window_size=1)
    found = attribute(counts, groups={"parity": [42, 43], "cats": [44]}, moduli=[2])
    (ax,) = plot_attribution(found).axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["parity", "cats", "the rest"]
    shares = [line for line in ax.lines if line.get_label() == "n mod 2"]
    points = [float(line.get_xdata()[0]) for line in shares]
    assert points == pytest.approx([100.0, 0.0, 0.0])


def test_mistakes_are_named(folder: Path, tmp_path: Path):
    with pytest.raises(UsageError, match="did you mean 'pdf'"):
        write_figures(folder, format="pdff")
    with pytest.raises(InputError, match="no such study folder"):
        write_figures(tmp_path / "none")
    failed = make_study(tmp_path / "out", [replace(BASE, status="failed")], extras=False)
    with pytest.raises(InputError, match="every cell of the study failed"):
        write_figures(failed)
