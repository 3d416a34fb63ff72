"""Words within a study."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path

import pytest

from tests.studies.conftest import written
from wordnum.analyzers.keyword_finding import keywords
from wordnum.cooccurrence.counting import count
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.report.page import write_page
from wordnum.studies.columns import WORDS
from wordnum.studies.grid import Study
from wordnum.studies.plan import plan_study
from wordnum.studies.results import StudyResults
from wordnum.studies.runner import run_study
from wordnum.verification import verify

PLANTED = """
name = "planted"
windows = [{ size = 1, side = "left" }, { size = 1, side = "right" }]
words = true

[[corpora]]
name = "planted"
reader = "synthetic"
[corpora.synthetic]
n_documents = 400
length = 300
size = 100
density = 0.2
residue_words = {5 = 0.5}

[[models]]
model = "frequency"

[probe]
moduli = [2, 5]
nulls = 20
repeats = 1
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return written(PLANTED, tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def results(study: Study, tmp_path_factory: pytest.TempPathFactory) -> StudyResults:
    return run_study(study, tmp_path_factory.mktemp("run") / "out")


def test_the_table_has_the_strongest_words_of_every_window_and_modulus(results: StudyResults):
    table = results.words
    assert table is not None
    assert list(table)[: len(WORDS)] == list(WORDS)
    assert list(table)[len(WORDS) :] == [f"residue_{r}" for r in range(5)]
    assert set(table.groupby(["window", "T"]).size()) <= set(range(1, 31))
    confirmed = table[table["confirmed"] & (table["T"] == 5)]
    assert (confirmed["window"] == "+1").sum() >= 15
    assert (confirmed["window"] == "−1").sum() <= 2
    assert (results.folder / "words.csv").is_file()
    assert set(verify(results.folder).values()) == {""}


def test_the_words_are_those_that_keywords_finds(study: Study, results: StudyResults):
    [folder] = (results.folder / "cache" / "corpus").iterdir()
    counts = count(EncodedCorpus.open(folder), window=1)
    found = keywords(counts, moduli=[5], window=Window(size=1, side="right"))[5]
    table = results.words
    assert table is not None
    own = table[(table["window"] == "+1") & (table["T"] == 5)]
    assert own["word"].tolist() == [found.words[i] for i in found.order()[:30]]
    assert own["sentence"].iloc[0] == found.sentence(found.order()[0])


def test_a_second_run_reads_what_the_first_found(study: Study, results: StudyResults):
    before = {p: p.stat().st_mtime_ns for p in results.folder.glob("cache/words/*")}
    assert len(before) == 2
    run_study(study, results.folder)
    assert {p: p.stat().st_mtime_ns for p in results.folder.glob("cache/words/*")} == before


def test_words_that_cannot_be_tested_are_said_and_the_rest_goes_on(study: Study, tmp_path: Path):
    tiny = replace(study.corpora[0], synthetic={"n_documents": 50, "length": 40, "size": 100})
    results = run_study(replace(study, corpora=(tiny,), windows=(Window(size=1),)), tmp_path)
    assert results.words is None
    [failure] = results.about["failures"]
    assert failure.startswith("words of planted, whole, ±1: too few numbers")


def test_a_fault_in_the_words_leaves_tables_and_page(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def broken(*_: object, **__: object) -> None:
        raise ValueError("shapes (111,) (112,)")

    monkeypatch.setattr("wordnum.studies.words_stage.keywords", broken)
    little = replace(study, windows=(Window(size=1),))
    results = run_study(little, tmp_path / "out")
    assert results.about["failures"] == ["words of planted, whole, ±1: shapes (111,) (112,)"]
    assert (results.folder / "table.csv").is_file()
    assert write_page(results.folder).is_file()


def test_a_full_disk_ends_the_study(study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr("wordnum.studies.words_stage.keywords", full)
    with pytest.raises(OSError, match="no space left"):
        run_study(replace(study, windows=(Window(size=1),)), tmp_path / "out")


def test_a_plan_counts_the_words(study: Study):
    assert ("words", 2) in [stage[:2] for stage in plan_study(study).stages]
