"""Running a study: what is shared, kept, continued and refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from wordnum.errors import FormatError, InputError
from wordnum.study.results import StudyResults
from wordnum.study.runner import run_study
from wordnum.study.files import load_study
from wordnum.study.spec import Study

STUDY = """
name = "toy"
perturbations = ["original", "isolate:1", "unigram-replace"]
signals = ["both", "number"]
windows = [2]
thinned_controls = true

[[corpora]]
name = "planted"
reader = "synthetic"
[corpora.synthetic]
n_documents = 300
length = 300
density = 0.15
decay = 0.2
residue_words = {10 = 0.5}

[[models]]
name = "H"
model = "svd"
weighting = "hellinger"
dim = 20

[[models]]
name = "F"
model = "frequency"

[[models]]
name = "too wide"
model = "svd"
dim = 5000

[probe]
moduli = [2, 5, 10]
nulls = 100
repeats = 2
"""
IDENTITY = ["perturbation", "control_for", "signal", "model", "T"]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    path = tmp_path_factory.mktemp("study") / "toy.toml"
    path.write_text(STUDY)
    return load_study(path)


@pytest.fixture(scope="module")
def done(study: Study, tmp_path_factory: pytest.TempPathFactory) -> StudyResults:
    return run_study(study, tmp_path_factory.mktemp("run") / "out", command="wordnum study toy")


def kappa(results: StudyResults, **where: object) -> float:
    table = results.table
    for name, value in where.items():
        table = table[table[name] == value]
    assert len(table) == 1, table[IDENTITY]
    return float(table["kappa"].iloc[0])


def test_a_planted_signal_is_found_and_gone_where_it_is_taken_away(done: StudyResults):
    found = {"model": "H", "signal": "both", "T": 10, "control_for": ""}
    assert kappa(done, perturbation="original", **found) > 50
    assert kappa(done, perturbation="isolate:1", **found) > 50
    assert abs(kappa(done, perturbation="unigram-replace", **found)) < 15


def test_the_table_has_a_row_per_cell_and_modulus_with_interval_and_null(done: StudyResults):
    table = done.table
    assert not table.duplicated(["cell", "T"]).any()
    done_cells = table[table["status"] == "done"].groupby("cell")
    assert (done_cells["T"].nunique() == 3).all()
    rows = table[table["model"] == "H"]
    original = rows[(rows["perturbation"] == "original") & (rows["signal"] == "both")]
    assert (original["low"] < original["kappa"]).all()
    assert (original["high"] > original["kappa"]).all()
    assert original["null_p95"].notna().all()
    assert original["phi"].gt(0).all()


def test_a_condition_that_loses_pairs_has_the_original_thinned_to_as_many(done: StudyResults):
    table = done.table[(done.table["model"] == "H") & (done.table["signal"] == "both")]
    pairs = table.groupby(["perturbation", "control_for"])["n_pairs"].first()
    control = pairs.xs("isolate:1", level="control_for").iloc[0]
    assert pairs["original", ""] > pairs["isolate:1", ""]
    assert control == pytest.approx(pairs["isolate:1", ""], rel=0.1)


def test_comparisons_are_paired_and_name_what_they_compare(done: StudyResults):
    frame = done.comparisons
    unigram = frame[
        (frame["label"] == "unigram-replace")
        & (frame["against_label"] == "original")
        & (frame["model"] == "H")
        & (frame["signal"] == "both")
        & (frame["T"] == 10)
    ]
    assert len(unigram) == 1
    row = unigram.iloc[0]
    assert row["high"] < 0
    assert row["low"] < row["difference"] < row["high"]


def test_a_cell_that_fails_is_kept_with_its_error_and_the_rest_goes_on(done: StudyResults):
    failed = done.table[done.table["status"] == "failed"]
    assert set(failed["model"]) == {"too wide"}
    assert failed["error"].str.contains("5000").all()
    compared = done.comparisons[done.comparisons["model"] == "too wide"]
    assert compared["reason"].str.contains("a cell failed").all()
    assert compared["difference"].isna().all()


def test_isolated_numbers_make_no_cell_of_number_pairs(done: StudyResults):
    isolated = done.table[done.table["perturbation"] == "isolate:1"]
    assert set(isolated["signal"]) == {"both"}


def test_files_hold_what_the_object_shows(done: StudyResults):
    from_csv = pd.read_csv(done.folder / "table.csv")
    from_parquet = pd.read_parquet(done.folder / "table.parquet")
    assert len(from_csv) == len(from_parquet) == len(done.table)
    about = json.loads((done.folder / "study.json").read_text())
    assert about["command"] == "wordnum study toy"
    assert about["versions"]["numpy"]
    assert "<h4>" in done._repr_html_()


def same_table(a: StudyResults, b: StudyResults) -> bool:
    drop = ["seconds"]
    left, right = (r.table.drop(columns=drop).reset_index(drop=True) for r in (a, b))
    pd.testing.assert_frame_equal(left, right)
    return True


def test_workers_change_nothing(study: Study, done: StudyResults, tmp_path: Path):
    assert same_table(done, run_study(study, tmp_path / "out", jobs=2))


def test_a_second_run_measures_nothing_again(study: Study, done: StudyResults):
    before = {path: path.stat().st_mtime_ns for path in (done.folder / "cells").iterdir()}
    ok = [path for path in before if json.loads(path.read_text())["status"] == "done"]
    again = run_study(study, done.folder)
    assert all(path.stat().st_mtime_ns == before[path] for path in ok)
    assert same_table(done, again)


def test_a_killed_run_goes_on_to_the_same_table(study: Study, done: StudyResults, tmp_path: Path):
    path = tmp_path / "toy.toml"
    path.write_text(STUDY)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "wordnum", "study", str(path), "-o", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while process.poll() is None and not list(out.glob("cells/*.json")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert same_table(done, run_study(study, out))


def test_a_folder_of_another_study_is_refused_and_replaced_only_when_asked(
    study: Study, done: StudyResults, tmp_path: Path
):
    out = tmp_path / "out"
    out.mkdir()
    (out / "study.json").write_text('{"name": "other", "fingerprint": "x", "cells": []}')
    with pytest.raises(InputError, match="holds another study"):
        run_study(study, out)
    assert json.loads((out / "study.json").read_text())["name"] == "other"


def test_a_folder_with_other_files_is_left_alone(study: Study, tmp_path: Path):
    (tmp_path / "thesis.doc").write_text("x")
    with pytest.raises(InputError, match="is not empty and holds no study"):
        run_study(study, tmp_path)


def test_a_cache_of_a_newer_version_is_refused(study: Study, tmp_path: Path):
    out = tmp_path / "out"
    (out / "cache").mkdir(parents=True)
    (out / "cache" / "VERSION").write_text("99\n")
    with pytest.raises(FormatError, match="written by a newer version"):
        run_study(study, out)


def test_results_of_no_study_are_an_error(tmp_path: Path):
    with pytest.raises(InputError, match="holds no study"):
        StudyResults.load(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="signals as on POSIX")
def test_an_interrupt_leaves_no_half_written_file(tmp_path: Path):
    path = tmp_path / "toy.toml"
    path.write_text(STUDY)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "wordnum", "study", str(path), "-o", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while process.poll() is None and not list(out.glob("cells/*.json")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode != 0
    assert b"Traceback" not in stderr
    assert not [p for p in out.rglob("*") if ".part" in p.name]
