"""The page: what it holds, that it is whole, and that it escapes what it shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.report.fake_study import grid, make_study, mixed
from wordnum.analyzers.verdicts import paper_label
from wordnum.errors import FormatError, InputError
from wordnum.report.page import write_page
from wordnum.studies.records import read_record, write_record


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = make_study(tmp_path_factory.mktemp("study") / "out", grid())
    return write_page(folder).read_text(encoding="utf-8")


def test_the_page_is_one_file_without_network(page: str):
    assert len(page.encode()) < 6_000_000
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", page)
    assert "@import" not in page
    assert "fetch(" not in page


@pytest.mark.parametrize(
    ("label", "kappas"), [("both", {2: 50, 10: 50}), ("partial", {5: 15}), ("spectral", {10: 14.9})]
)
def test_the_cards_explain_the_labels_as_they_are_given(
    page: str, label: str, kappas: dict[int, float]
):
    assert paper_label(kappas) == label
    least = dict(re.findall(r"(\w+): 'a spike, and (.+?)'", page))
    floors = {
        "both": "kappa of at least 50 at T = 2 and 10",
        "partial": "kappa of at least 15 at T = 2, 5 or 10",
        "spectral": "no such kappa",
    }
    assert least[label] == floors[label]
    assert "Systems by the label of the paper" in page


def test_a_corpus_word_that_is_markup_is_shown_as_text(tmp_path: Path):
    hostile = "<script>alert(1)</script>"
    page = write_page(make_study(tmp_path / "out", mixed(hostile=hostile))).read_text("utf-8")
    assert hostile not in page
    assert "alert(1)" in page


def test_a_folder_without_a_study_is_an_error(tmp_path: Path):
    with pytest.raises(InputError, match="holds no study"):
        write_page(tmp_path / "none")


def test_a_study_of_another_schema_is_refused_with_the_way_out(tmp_path: Path):
    folder = make_study(tmp_path / "out", mixed())
    about = read_record(folder / "study.json")
    write_record(folder / "study.json", {**about, "schema": 1})
    with pytest.raises(FormatError, match="another version of wordnum") as caught:
        write_page(folder)
    assert "run it again" in str(caught.value)


@pytest.mark.parametrize(
    "name", ["study.json", "runs/0000000000000000.json", "attribution.json", "words.json"]
)
def test_a_damaged_or_changed_file_is_named(tmp_path: Path, name: str):
    folder = make_study(tmp_path / "out", mixed())
    path = folder / name
    for content in (path.read_text().replace("a", "b", 1), '{"cut', "[]", ""):
        path.write_text(content)
        with pytest.raises(FormatError, match=re.escape(name)):
            write_page(folder)
