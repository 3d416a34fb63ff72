"""The table of a study and its comparisons."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from wordnum.errors import FormatError, InputError, UsageError
from wordnum.studies.columns import IDENTITY, SCHEMA, TABLE
from wordnum.studies.comparisons import compare_conditions
from wordnum.studies.records import write_record
from wordnum.studies.results import StudyResults


def kappa(results: StudyResults, **where: object) -> float:
    table = results.table
    for name, value in where.items():
        table = table[table[name] == value]
    assert len(table) == 1, table[list(IDENTITY)]
    return float(table["kappa"].iloc[0])


def test_a_planted_signal_is_found_and_gone_where_it_is_taken_away(done: StudyResults):
    assert kappa(done, model="H", condition="original", T=10) > 50
    assert kappa(done, model="H", condition="isolate:1", T=10) > 50
    assert abs(kappa(done, model="H", condition="unigram-replace", T=10)) < 15


def test_the_table_has_a_row_per_record_and_modulus_with_interval_and_null(done: StudyResults):
    table = done.table
    assert not table.duplicated(["key", "T"]).any()
    records = table[table["status"] == "done"].groupby("key")
    assert all(list(own) == [2, 5, 10] for _, own in records["T"])
    original = table[(table["model"] == "H") & (table["condition"] == "original")]
    assert (original["low"] < original["kappa"]).all()
    assert (original["kappa"] < original["high"]).all()
    for name in (
        "null_mean", "null_p95", "null_p", "phi", "magnitude", "spike_p", "spike_p_raw",
        "spike_rank_p", "spike_q", "spike_family", "lambda_max", "lambda_max_noise",
        "cond", "coverage", "n_pairs", "seconds",
    ):  # fmt: skip
        assert original[name].notna().all(), name
    assert set(original["paper_label"]) == {"both"}
    # Three hundred numbers leave it open whether geometry is more than roundness.
    assert set(original["verdict"]) <= {"geometric", "undecided"}
    assert original["spectral"].all()
    parts = ("round_or_not", "0_or_5", "parity_of_the_others", "the_rest")
    ten = original[original["T"] == 10]
    whole = ten[[f"phi_{name}" for name in parts]].astype(float).sum(axis=1)
    assert whole.to_numpy() == pytest.approx(ten["phi_corrected"].to_numpy(float), rel=1e-4)
    assert list(table.columns) == list(TABLE)


def test_spikes_of_a_study_are_one_family_for_benjamini_and_hochberg(done: StudyResults):
    tested = done.table[done.table["spike_p_raw"].notna()]
    n, raw = len(tested), tested["spike_p_raw"].to_numpy(float)
    at_most = [min(n * other / (raw <= other).sum() for other in raw[raw >= p]) for p in raw]
    assert tested["spike_q"].to_numpy(float) == pytest.approx(at_most)
    assert set(tested["spike_family"]) == {f"{n} spikes of this study"}


def test_csv_and_parquet_hold_the_same_table(done: StudyResults):
    from_parquet = pd.read_parquet(done.folder / "table.parquet")
    from_csv = pd.read_csv(done.folder / "table.csv", dtype={"key": str}, keep_default_na=False)
    assert list(from_csv) == list(from_parquet) == list(done.table)
    for name, column in from_parquet.items():
        written = from_csv[name]
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            written, column = pd.to_numeric(written), column.astype(float)
        else:
            written = written.astype(str)
            column = column.astype(object).where(column.notna(), "").astype(str)
        pd.testing.assert_series_equal(
            written, column, check_dtype=False, check_exact=True, obj=str(name)
        )


def test_the_table_says_where_it_comes_from(done: StudyResults):
    about = json.loads((done.folder / "study.json").read_text())
    assert about["command"] == "wordnum study planted.toml"
    assert about["versions"]["numpy"]
    assert about["corpora"][0]["documents"] == 300
    assert set(about["seconds"]) == {"encode", "count", "measure"}
    assert set(about["runs"]) == set(done.table["run"])
    attrs = pd.read_parquet(done.folder / "table.parquet").attrs
    assert attrs == {name: about[name] for name in ("schema", "versions", "linear_algebra")}
    assert about["schema"] == SCHEMA
    assert any(one["library"] == "openblas" for one in about["linear_algebra"])


def test_a_notebook_shows_kappas_by_system_and_counts_failures(done: StudyResults):
    shown = done._repr_html_()
    heads = re.findall(r"<th>(H[^<]*|F[^<]*)</th>", shown)
    assert heads == list(dict.fromkeys(done.table.query("status == 'done'")["system"]))
    assert f"<td>{done.table['kappa'].iloc[0]:.1f}</td>" in shown
    assert "4 of 11 runs failed" in shown
    # What a notebook shows must not change with the folder it was run in.
    assert str(done.folder) not in shown + repr(done)


def test_a_record_is_found_by_its_key(done: StudyResults):
    details = done.record(done.table["key"].iloc[0])
    assert len(details["spectrum"]["magnitude"]) == len(details["spectrum"]["frequency"])
    assert set(details["confusion"]) == {"2", "5", "10"}
    with pytest.raises(UsageError, match="no record 'x'"):
        done.record("x")


def test_comparisons_are_paired_and_name_what_they_compare(done: StudyResults):
    frame = done.comparisons
    rows = frame[(frame["model"] == "H") & (frame["T"] == 10)]
    pairs = set(zip(rows["condition"], rows["against_condition"], strict=True))
    assert pairs == {
        ("isolate:1", "original"),
        ("isolate:1", "thinned like isolate:1"),
        ("thinned like isolate:1", "original"),
        ("unigram-replace", "original"),
    }
    unigram = rows[rows["condition"] == "unigram-replace"].iloc[0]
    assert unigram["low"] < unigram["difference"] < unigram["high"] < 0
    assert unigram["p_value"] < 0.01
    before = kappa(done, model="H", condition="original", T=10)
    after = kappa(done, model="H", condition="unigram-replace", T=10)
    assert unigram["difference"] == pytest.approx(after - before)


def record(condition: str, kappa: float, halves: list[list[float]]) -> dict[str, object]:
    row = dict.fromkeys(IDENTITY, "") | {"condition": condition, "control_for": ""}
    measured = {"10": {"kappa": kappa, "interval_reason": None}}
    return {
        "key": condition,
        "row": row,
        "status": "done",
        "error": "",
        "measures": measured,
        "replicate_kappas": {"10": dict(enumerate(halves))},
    }


def test_what_both_conditions_share_cancels_in_the_interval_of_their_difference():
    apart = [1.0, -1.0, 1.0, -1.0, 0.0]

    def difference(swing: list[float]) -> dict[str, Any]:
        original = [[30 + s, 30 - s] for s in swing]
        swapped = [[20 + s + e, 20 - s] for s, e in zip(swing, apart, strict=True)]
        [row] = compare_conditions(
            [record("original", 30, original), record("swap-numbers", 20, swapped)]
        )
        return row

    still, swinging = difference([0.0] * 5), difference([0.0, 20.0, -20.0, 10.0, -10.0])
    assert still["difference"] == swinging["difference"] == -10
    assert (still["low"], still["high"]) == pytest.approx((swinging["low"], swinging["high"]))
    assert -13 < swinging["low"] < -10 < swinging["high"] < -7


def test_a_run_that_failed_makes_no_difference_and_says_why(done: StudyResults):
    failed = done.table[done.table["status"] == "failed"]
    assert set(failed["model"]) == {"broken"}
    assert failed["error"].str.contains("dim cannot be 0").all()
    compared = done.comparisons[done.comparisons["model"] == "broken"]
    assert set(compared["reason"]) == {"run-failed"}
    assert compared["difference"].isna().all()


def test_a_control_has_as_many_pairs_as_the_condition_it_stands_beside(done: StudyResults):
    table = done.table[done.table["model"] == "H"]
    pairs = table.groupby("condition")["n_pairs"].first()
    assert pairs["isolate:1"] < 0.9 * pairs["original"]
    assert pairs["thinned like isolate:1"] == pytest.approx(pairs["isolate:1"], rel=0.01)


def test_what_loses_no_pairs_and_what_reads_none_has_no_control(done: StudyResults):
    controls = done.table[done.table["control_for"] != ""]
    assert set(controls["control_for"]) == {"isolate:1"}
    assert set(controls["model"]) == {"H", "broken"}


def test_results_of_no_study_are_an_error(tmp_path: Path):
    with pytest.raises(InputError, match="holds no study"):
        StudyResults.open(tmp_path)
    write_record(tmp_path / "study.json", {"schema": SCHEMA, "runs": []})
    with pytest.raises(InputError, match="was not run to its end"):
        StudyResults.open(tmp_path)


def test_results_in_another_format_are_refused_with_the_way_out(tmp_path: Path):
    write_record(tmp_path / "study.json", {"cells": ["a"]})
    with pytest.raises(FormatError, match="another version") as caught:
        StudyResults.open(tmp_path)
    assert "run it again" in str(caught.value)


def test_without_pyarrow_there_is_no_parquet_and_none_of_an_earlier_run(
    done: StudyResults, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "copy"
    shutil.copytree(done.folder, folder)
    assert (folder / "table.parquet").exists()
    monkeypatch.setattr("wordnum.studies.results.available", lambda name: False)
    StudyResults.open(folder).write_tables()
    assert not (folder / "table.parquet").exists()
    assert (folder / "table.csv").read_bytes() == (done.folder / "table.csv").read_bytes()
