"""Attribution within a study."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from tests.studies.conftest import written
from wordnum.cooccurrence.windows import Window
from wordnum.errors import FormatError, UsageError
from wordnum.studies.attribution_stage import GROUPINGS
from wordnum.studies.grid import Study
from wordnum.studies.results import StudyResults
from wordnum.studies.runner import run_study

# The word right after a number tells its residue; the numbers before it tell nothing.
ONE_SIDED = """
name = "one-sided"
windows = [1]
attribution = true

[[corpora]]
name = "planted"
reader = "synthetic"
[corpora.synthetic]
n_documents = 200
length = 400
size = 300
density = 0.2
residue_words = {10 = 0.6}

[[models]]
name = "Hellinger"
model = "svd"
weighting = "hellinger"
dim = 20
half_samples = false

[[models]]
name = "PPMI"
model = "svd"
weighting = "ppmi"
dim = 10
half_samples = false

[[models]]
model = "frequency"

[probe]
moduli = [2, 10]
nulls = 20
repeats = 1
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return written(ONE_SIDED, tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def results(study: Study, tmp_path_factory: pytest.TempPathFactory) -> StudyResults:
    return run_study(study, tmp_path_factory.mktemp("run") / "out")


@pytest.fixture(scope="module")
def shares(results: StudyResults) -> pd.DataFrame:
    assert results.attribution is not None
    return results.attribution


def kappas(shares: pd.DataFrame, grouping: str, model: str = "Hellinger") -> pd.DataFrame:
    own = shares[(shares["grouping"] == grouping) & (shares["model"] == model)]
    return own[(own["T"] == 10) & own["digit"].isna()].set_index("group")


def test_every_question_is_answered_at_every_modulus_and_digit(shares: pd.DataFrame):
    assert set(shares["grouping"]) == set(GROUPINGS)
    assert set(shares["T"]) == {2, 5, 10}
    assert set(shares["digit"].dropna()) == set(range(10))


def test_the_shares_sum_to_the_whole(shares: pd.DataFrame):
    answers = shares.groupby(["model", "grouping", "T", "digit"], dropna=False)
    whole = answers["whole"].first() - answers["empty"].first()
    assert answers["shapley"].sum().to_numpy() == pytest.approx(whole.to_numpy())


def test_each_model_that_factorizes_weighted_counts_has_shares_of_its_own_kappa(
    results: StudyResults, shares: pd.DataFrame
):
    assert set(shares["model"]) == {"Hellinger", "PPMI"}
    table = results.table
    for model in ("Hellinger", "PPMI"):
        whole = kappas(shares, "text and numbers", model)["whole"].iloc[0]
        [kappa] = table[(table["model"] == model) & (table["T"] == 10)]["kappa"]
        assert whole == pytest.approx(kappa, abs=3)


def test_groups_of_ones_own_stand_in_a_study_or_a_file_beside_it(study: Study, tmp_path: Path):
    (tmp_path / "mine.toml").write_text('[units]\nwords = ["km", "kg"]\n')
    own = written(ONE_SIDED.replace("attribution = true", 'attribution = true\n'
                  'context_groups = "mine.toml"'), tmp_path)  # fmt: skip
    assert own.context_groups == {"units": {"words": ["km", "kg"]}}
    assert own.fingerprint != study.fingerprint
    with pytest.raises(UsageError, match="wrods"):
        replace(study, context_groups={"units": {"wrods": ["km"]}})
    results = run_study(replace(own, models=study.models[:1]), tmp_path / "out")
    assert results.attribution is not None
    groups = results.attribution[results.attribution["grouping"] == "context groups"]["group"]
    assert list(groups.unique()) == ["units", "the rest"]


def test_a_study_without_such_a_model_is_refused(study: Study):
    with pytest.raises(UsageError, match="attribution without an svd with rows="):
        replace(study, models=study.models[2:])


def test_a_changed_attribution_is_refused(results: StudyResults, tmp_path: Path):
    shutil.copytree(results.folder, tmp_path / "out", ignore=shutil.ignore_patterns("cache"))
    path = tmp_path / "out" / "attribution.json"
    path.write_text(path.read_text().replace("PPMI", "PPMJ", 1))
    with pytest.raises(FormatError, match=r"attribution.json cannot be read"):
        _ = StudyResults.open(tmp_path / "out").attribution


def test_words_after_the_number_carry_what_was_planted_there(shares: pd.DataFrame):
    by_side = kappas(shares, "text and numbers, left and right")
    assert set(by_side.index) == {"text, left", "text, right", "number, left", "number, right"}
    assert by_side["shapley"].idxmax() == "text, right"
    assert by_side.loc["text, right", "low"] > by_side.drop("text, right")["high"].max()
    assert kappas(shares, "text and numbers")["shapley"].idxmax() == "text"


def test_a_window_of_one_side_is_not_parted_by_side(study: Study, tmp_path: Path):
    results = run_study(replace(study, windows=(Window(size=1, side="right"),)), tmp_path)
    assert results.attribution is not None
    assert set(results.attribution["grouping"]) == {"context groups", "text and numbers"}


def test_a_second_run_reads_what_the_first_found(study: Study, results: StudyResults):
    before = {p: p.stat().st_mtime_ns for p in results.folder.glob("cache/attribution/*")}
    assert len(before) == 2 * len(GROUPINGS)
    run_study(study, results.folder)
    assert {p: p.stat().st_mtime_ns for p in results.folder.glob("cache/attribution/*")} == before


def test_an_attribution_that_fails_is_kept_with_its_error_and_the_rest_goes_on(
    study: Study, tmp_path: Path
):
    tiny = replace(study.corpora[0], synthetic={"n_documents": 50, "length": 20, "size": 3})
    probe = replace(study.probe, moduli=(2,))
    models = (*study.models[:1], study.models[2])
    with pytest.raises(Exception, match="every run"):
        run_study(replace(study, corpora=(tiny,), models=models, probe=probe), tmp_path)
    about = json.loads((tmp_path / "study.json").read_text())
    assert len(about["failures"]) == len(GROUPINGS)
    assert about["failures"][0].startswith("attribution of planted, whole, ±1, Hellinger: ")
