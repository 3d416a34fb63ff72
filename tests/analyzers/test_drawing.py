from dataclasses import replace
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

mpl.use("agg")

from wordnum.analyzers import SideBySide, analyze, probe, spectrum
from wordnum.analyzers.circles import circle
from wordnum.analyzers.plotting import save_figure
from wordnum.analyzers.verdicts import Judgement
from wordnum.errors import InputError
from wordnum.theory import counterexample_spread, planted_embedding


@pytest.fixture(scope="module")
def made():
    return planted_embedding(phi=300, kappa=60)


@pytest.fixture(scope="module")
def found(made):
    return analyze(made, moduli=[2, 5, 10], nulls=9)


@pytest.fixture(autouse=True)
def closed():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def test_every_result_draws_itself_with_named_axes(made, found):
    drawn = [
        found.spectrum.plot(title="spectrum"),
        found.probe.plot(),
        found.probe[10].plot_confusion(),
        found.probe[10].plot_recall(),
        found.separability.plot(),
        circle(made).plot(),
    ]
    assert all(ax.get_xlabel() and ax.get_ylabel() for ax in drawn)
    assert drawn[0].get_title() == "spectrum"
    marks = {text.get_text().split("\n")[0] for text in drawn[0].texts}
    assert {"T = 2", "T = 5", "T = 10"} <= marks


def test_a_slow_trend_does_not_hide_the_spikes(made):
    found = spectrum(made)  # on a drift 30 times as large as its wave
    ax = found.plot()
    highest = max(spike.magnitude for spike in found.spikes.values())
    assert highest < ax.get_ylim()[1] < 1.2 * highest


def test_a_result_draws_into_the_axes_it_is_given(found):
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    assert found.probe.plot(ax=ax) is ax


def test_titles_stay_on_the_page(found):
    figure = found.plot()
    figure.canvas.draw()
    box = figure._suptitle.get_window_extent()
    assert 0 <= box.x0 < box.x1 <= figure.bbox.width
    assert box.y1 <= figure.bbox.height


@pytest.mark.parametrize("moduli", [[10], [2, 5, 10], range(2, 11), range(2, 21)])
def test_on_the_page_no_label_runs_into_another_and_no_legend_hides_a_point(made, moduli):
    found = analyze(made, moduli=moduli, nulls=9, repeats=1, controls=False)
    figure = found.plot(Figure(layout="constrained"))
    figure.draw_without_rendering()
    labels = [label for ax in figure.axes for label in (ax.xaxis.label, ax.yaxis.label)]
    labels += [tick for ax in figure.axes for tick in ax.get_xticklabels()]
    boxes = [label.get_window_extent() for label in labels if label.get_text()]
    assert len(boxes) > 20
    assert not [(a, b) for a, b in combinations(boxes, 2) if a.overlaps(b)]
    (eigen,) = [ax for ax in figure.axes if "eigenvalues" in ax.get_ylabel()]
    points = [point for line in eigen.lines for point in line.get_xydata()]
    legend = eigen.get_legend().get_window_extent()
    assert len(points) >= 9
    assert not [point for point in points if legend.contains(*eigen.transData.transform(point))]


FIGURES = {
    "page": lambda found, made: found.plot(),
    "spectrum": lambda found, made: found.spectrum.plot(title="A spectrum").figure,
    "kappa": lambda found, made: found.probe.plot().figure,
    "confusion": lambda found, made: found.probe[5].plot_confusion().figure,
    "recall": lambda found, made: found.probe[10].plot_recall().figure,
    "fisher": lambda found, made: found.separability.plot().figure,
    "circle": lambda found, made: circle(made).plot().figure,
    "line": lambda found, made: circle(made, period=2).plot().figure,
    "strips": lambda found, made: SideBySide({"one": found, "other": found}).plot(title="Strips"),
    "counterexample": lambda found, made: counterexample_spread(size=100).plot(),
}


@pytest.mark.parametrize("name", FIGURES)
def test_pdf_embeds_its_fonts_whole(name, found, made, tmp_path):
    pdf = save_figure(FIGURES[name](found, made), tmp_path / "figure.pdf").read_bytes()
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in pdf
    assert list(tmp_path.glob(".*")) == []


def test_svg_has_no_text_to_lose(found, tmp_path):
    assert "<text" not in save_figure(found.plot(), tmp_path / "page.svg").read_text()


def test_strips_stand_beside_the_kappas_with_the_name_and_the_verdict_of_each_system(found):
    other = analyze(np.random.default_rng(0).standard_normal((1000, 5)), moduli=[2, 10], nulls=100)
    both = SideBySide({"planted": found, "noise": other})
    label = found.verdict.paper_label
    assert repr(both) == f"<SideBySide of 2 systems, planted: {label}, noise: neither>"
    assert both["noise"] is other
    assert len(both.to_frame()) == 3 + 3
    strips, table = both.plot().axes[:2]
    assert [label.get_text() for label in strips.get_yticklabels()] == ["planted", "noise"]
    assert [label.get_text() for label in table.get_xticklabels()] == ["2", "5", "10"]
    # At its period a planted wave is the darkest of its row, up to the slow drift beside it.
    row = strips.images[0].get_array()[0]
    assert row[100] == pytest.approx(found.spectrum.spikes[10].magnitude)
    # Two of the three T were probed in the second system.
    shown = [text.get_text() for text in table.texts]
    expected = [found.probe[T].kappa for T in (2, 5, 10)] + [other.probe[T].kappa for T in (2, 10)]
    assert shown == [str(round(kappa)) for kappa in expected]
    with pytest.raises(InputError, match="no analysis to put side by side"):
        SideBySide({})


def test_bold_is_what_the_verdict_reads_and_nothing_is_said_of_it_where_nothing_is_read(found):
    read = {
        2: Judgement(spectral=False, geometry="undecided", reasons=()),
        10: Judgement(spectral=True, geometry="neither", reasons=()),
    }
    judged = replace(found, verdict=replace(found.verdict, by_period=read))
    (table,) = SideBySide({"one": judged}).plot().axes[1:2]
    bold = [text.get_text() for text in table.texts if text.get_fontweight() == "bold"]
    assert bold == [str(round(found.probe[2].kappa))]
    assert "bold: read" in table.get_xlabel()
    assert "bold" not in SideBySide({"one": found}).plot().axes[1].get_xlabel()  # 9 permutations


def test_numbers_beyond_the_circle_are_counted_not_drawn_to(made):
    found = circle(made)
    found.x[3] = 500.0
    ax = found.plot()
    assert ax.get_xlim()[1] < 100
    assert any("lie beyond" in text.get_text() for text in ax.texts)


def test_at_period_two_the_line_is_drawn_over_the_numbers(made):
    ax = circle(made, period=2).plot()
    assert ax.get_ylabel() == "n"
    assert ax.get_ylim()[1] > 900


def test_constant_results_can_be_drawn():
    found = analyze(np.ones((100, 2)), moduli=[2, 5], nulls=0)
    assert found.plot().axes


def test_a_confusion_matrix_is_labelled_by_residue_where_one_is_absent(made):
    numbers = np.flatnonzero(np.arange(1000) % 10)
    found = probe(made.select(numbers), moduli=[10], nulls=0, controls=False, repeats=1)[10]
    ax = found.plot_confusion()
    for labels in (ax.get_xticklabels(), ax.get_yticklabels()):
        assert [label.get_text() for label in labels] == [str(r) for r in range(1, 10)]


def test_a_figure_of_its_own_is_drawn_without_pyplot(found, tmp_path):
    import matplotlib.pyplot as plt

    plt.close("all")
    figure = Figure(figsize=(9, 5))
    assert found.plot(figure) is figure
    assert SideBySide({"one": found}).plot(Figure()).axes
    save_figure(figure, tmp_path / "page.png")
    assert plt.get_fignums() == []


def test_a_name_is_never_a_formula(found, tmp_path):
    named = replace(found, embedding=replace(found.embedding, name="$x^$"))
    save_figure(named.plot(), tmp_path / "page.png")
    save_figure(SideBySide({"$x^$": named}).plot(), tmp_path / "strips.png")
