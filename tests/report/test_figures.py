"""Figures for print: which are drawn, that they are whole, and what they show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import pytest

from tests.report.fake_study import Recipe, hostile_study, make_study
from wordnum.errors import InputError, UsageError
from wordnum.report.figures import (
    draw_attribution,
    draw_conditions,
    draw_contrasts,
    draw_growth,
    draw_systems,
    draw_windows,
    labelled,
    study_figures,
    thinned,
    write_figures,
)
from wordnum.studies.results import StudyResults

BASE = Recipe()
CELLS = [
    BASE,
    replace(BASE, perturbation="isolate:1"),
    replace(BASE, perturbation="thin:0.5", control_for="isolate:1"),
    replace(BASE, perturbation="thin:0.1"),
    replace(BASE, perturbation="thin:0.2"),
    replace(BASE, model="frequency", interval_reason="few-documents"),
    replace(BASE, signal="number", window=5),
    replace(BASE, signal="number", window=50),
    replace(BASE, model="glove", status="failed"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_study(tmp_path_factory.mktemp("study") / "out", CELLS)


@pytest.fixture(scope="module")
def results(folder: Path) -> StudyResults:
    return StudyResults.open(folder)


@pytest.fixture(scope="module")
def table(results: StudyResults) -> pd.DataFrame:
    return labelled(results.table)


def test_contrasts_have_a_panel_each_and_a_row_per_system_of_the_text_as_it_is(table):
    figure = draw_contrasts(table, 10, "study")
    assert [ax.get_title() for ax in figure.axes] == ["round or not", "0 or 5", "the rest"]
    originals = table[(table["condition"] == "original") & (table["T"] == 10)]
    marks = figure.axes[0].lines[0].get_xdata()
    assert marks == pytest.approx([66] * len(originals))
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == list(
        originals["system"]
    )


def test_every_figure_is_written_with_its_fonts(folder: Path):
    paths = write_figures(folder, format="pdf")
    assert {path.stem for path in paths} == {
        "systems", "conditions-T2", "conditions-T5", "conditions-T10", "contrasts-T10",
        "contrasts-T5", "windows", "growth",
        "attribution-context-groups", "attribution-text-and-numbers",
    }  # fmt: skip
    for path in paths:
        content = path.read_bytes()
        assert content.startswith(b"%PDF")
        # Type 3 fonts are bitmaps of a kind; journals refuse them.
        assert b"/Type3" not in content


@pytest.mark.parametrize(("kind", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_a_format_is_what_it_is_called(tmp_path: Path, kind: str, start: bytes):
    folder = make_study(tmp_path / "out", [BASE], extras=False)
    path, *others = write_figures(folder, format=kind)
    assert path.name == f"systems.{kind}"
    assert [other.stem for other in others] == ["contrasts-T10", "contrasts-T5"]
    assert path.read_bytes().startswith(start)


def test_hostile_names_are_drawn_as_they_are(tmp_path: Path):
    assert write_figures(hostile_study(tmp_path / "out"), format="svg")


def test_a_session_keeps_its_backend_and_has_no_figure_more(tmp_path: Path):
    before, backend = plt.get_fignums(), mpl.get_backend()
    plt.switch_backend("pdf")
    try:
        write_figures(make_study(tmp_path / "out", CELLS[:2]), format="svg")
        assert mpl.get_backend().lower() == "pdf"
        assert plt.get_fignums() == before
    finally:
        plt.switch_backend(backend)


def test_many_systems_go_on_to_another_page(tmp_path: Path):
    many = [replace(BASE, seed=seed) for seed in range(41)]
    results = StudyResults.open(make_study(tmp_path / "out", many, extras=False))
    assert [name for name, _ in study_figures(results)] == [
        "systems", "systems-2", "contrasts-T10", "contrasts-T5"
    ]  # fmt: skip


def test_the_table_of_kappas_says_what_the_study_found(results: StudyResults, table: pd.DataFrame):
    keys = list(table["key"].unique())
    figure = draw_systems(results, keys, title="A study")
    shown = [text.get_text() for text in figure.axes[1].texts]
    first = table[table["key"] == keys[0]].sort_values("T")
    assert shown[: len(first)] == [str(round(kappa)) for kappa in first["kappa"]]
    bold = [text.get_fontweight() == "bold" for text in figure.axes[1].texts]
    read = [verdict in ("geometric", "by roundness", "undecided") for verdict in first["verdict"]]
    assert bold[: len(first)] == read
    assert 0 < sum(read) < len(read)
    ticks = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    rows = [tick.partition("  [")[0] for tick in ticks if "[" in tick]
    assert rows == list(table["system"].unique())


def test_a_control_stands_below_its_condition_and_no_interval_is_a_hollow_mark(table: pd.DataFrame):
    figure = draw_conditions(table, 10)
    ticks = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert ticks == ["original", "isolate:1", "thinned like isolate:1", "thin:0.1", "thin:0.2"]
    assert [ax.get_title() for ax in figure.axes] == ["signal: both", "signal: number"]
    faces = {
        line.get_label(): line.get_markerfacecolor()
        for line in figure.axes[0].lines
        if line.get_marker() == "o"
    }
    assert faces["frequency"] == "white"
    assert faces["hellinger-svd, ±2, both"] != "white"


def test_kappa_grows_over_the_pairs_of_the_thinned_corpus(table: pd.DataFrame):
    assert set(thinned(table)["condition"]) == {"original", "thin:0.1", "thin:0.2"}
    figure = draw_growth(table, [10])
    line = next(line for line in figure.axes[0].lines if len(line.get_xdata()) > 2)
    assert list(line.get_xdata()) == sorted(line.get_xdata())


def test_windows_are_drawn_by_their_size(table: pd.DataFrame):
    figure = draw_windows(table, [2, 10])
    assert len(figure.axes) == 2
    assert [tick.get_text() for tick in figure.axes[1].get_xticklabels()] == ["2", "5", "50"]


def test_attribution_shows_every_group_at_every_modulus(results: StudyResults):
    frame = results.attribution
    assert frame is not None
    figure = draw_attribution(frame[frame["grouping"] == "context groups"])
    assert len(figure.axes[0].get_yticklabels()) == 11
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["n mod 2", "n mod 5", "n mod 10", "single group"]


def test_mistakes_are_named(folder: Path, tmp_path: Path):
    with pytest.raises(UsageError, match="did you mean 'pdf'"):
        write_figures(folder, format="pdff")
    with pytest.raises(InputError, match="holds no study"):
        write_figures(tmp_path / "none")
    failed = make_study(tmp_path / "out", [replace(BASE, status="failed")], extras=False)
    with pytest.raises(InputError, match="every run of the study failed"):
        write_figures(failed)


def test_the_tree_of_verdicts_holds_every_system_once_at_each_modulus(
    results: StudyResults, table: pd.DataFrame
):
    keys = list(table["key"].unique())
    tree = next(ax for ax in draw_systems(results, keys).axes if ax.get_title(loc="left"))
    texts = [text.get_text() for text in tree.texts]
    assert {"n mod 2", "n mod 5", "n mod 10", "spike at 1/T"} <= set(texts)
    numbers = [int(word) for text in texts for word in text.split() if text[0].isdigit()]
    assert sorted(numbers) == sorted(list(range(1, len(keys) + 1)) * 3)
    for T in (2, 5, 10):
        own = table[table["T"] == T]
        kinds = own.groupby([own["spectral"].astype(bool), "verdict"]).size()
        columns = [text for text in tree.texts if text.get_text() == f"n mod {T}"]
        left = columns[0].get_position()[0] - 0.014
        here = [t.get_text() for t in tree.texts if abs(t.get_position()[0] - left) < 1e-6]
        found = [len(text.split()) for text in here if text[0].isdigit()]
        assert sorted(found) == sorted(kinds)


def test_systems_of_one_label_stand_together(tmp_path: Path):
    signals = ["both", "number", "both", "number"]
    study = make_study(
        tmp_path / "out", [replace(BASE, signal=s, seed=i) for i, s in enumerate(signals)]
    )
    draw = dict(study_figures(StudyResults.open(study)))["systems"]
    ticks = [tick.get_text() for tick in draw().axes[0].get_yticklabels()]
    headings = [text for text in ticks if "[" not in text]
    assert headings == list(dict.fromkeys(headings))
