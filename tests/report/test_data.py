"""Reading a study's folder: what is understood, what is refused, what the reader is told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.report.fake_study import MODULI, Recipe, make_study, mixed
from wordnum.errors import FormatError, InputError
from wordnum.report.data import Cell, load_study, normalised_spectrum, notices
from wordnum.report.payload import build_payload, script_json


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_study(tmp_path / "out", mixed())


def test_cells_come_in_the_order_of_the_table_with_every_measure(folder: Path):
    data = load_study(folder)
    table = pd.read_csv(folder / "table.csv", dtype={"key": str})
    assert [cell.id for cell in data.cells] == list(dict.fromkeys(table["key"]))
    assert data.moduli == MODULI
    first = table[(table["key"] == data.cells[0].id) & (table["T"] == 10)].iloc[0]
    for name in ("kappa", "low", "high", "null_p95", "phi", "lambda_max", "cond"):
        assert data.cells[0].measures[name][10] == pytest.approx(first[name])
    assert [cell.failed for cell in data.cells] == [False] * 8 + [True]


def test_what_differs_is_told_apart_from_what_all_share(folder: Path):
    data = load_study(folder)
    assert data.varying() == ["corpus", "ordinals", "condition", "signal", "model"]
    assert data.constant()["window"] == 2
    assert "perturbation" not in data.constant()


def test_a_parameter_with_one_value_per_model_is_told_by_the_model(tmp_path: Path):
    folder = make_study(tmp_path / "out", [Recipe(), Recipe(model="frequency")], extras=False)
    table = pd.read_csv(folder / "table.csv")
    table["dim"] = table["dim"].where(table["model"] == "frequency")
    table.to_csv(folder / "table.csv", index=False)
    assert load_study(folder).varying() == ["model"]


def test_comparisons_and_attribution_are_optional(tmp_path: Path):
    data = load_study(make_study(tmp_path / "out", [Recipe()], extras=False))
    assert data.comparisons == data.attribution == ()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("table.csv", "", "table.csv cannot be read"),
        ("table.csv", "key,T\nx,2\n", "is not a study's table\n.*\n.*no column kappa"),
        ("table.csv", "key,T,kappa\n", "has no rows"),
        ("table.parquet", "PAR1 cut off", "table.parquet cannot be read\n.*\n.*\n.*run the study"),
        ("study.json", '{"cut', "study.json cannot be read"),
        ("comparisons.csv", "key,T\nx,2\n", "comparisons.csv cannot be used\n.*\n.*no column"),
        ("attribution.csv", "group\nx\n", "attribution.csv cannot be used"),
        ("runs/0000000000000000.json", "[", "0000000000000000.json cannot be read"),
    ],
)
def test_a_damaged_file_is_named(folder: Path, name: str, content: str, message: str):
    (folder / name).write_text(content)
    with pytest.raises((FormatError, InputError), match=message):
        load_study(folder)


def words(cell: Cell) -> dict[str, str]:
    return dict(notices(cell))


def test_too_little_data_is_said_plainly():
    bare = Cell("x", "x", {}, {"kappa": {10: 3.0}})
    assert notices(bare) == []
    few = replace(bare, interval_reasons={10: "only 31 documents, 40 are needed"})
    assert words(few)["too-little"].startswith("too little data: only 31 documents")
    assert "46 % of the numbers are missing" in words(replace(bare, coverage=0.54))["too-little"]
    assert words(replace(bare, coverage=0.9)) == {"caution": "10 % of the numbers are missing"}
    assert words(replace(bare, coverage=0.999)) == {"note": "0.1 % of the numbers are missing"}


def test_leaks_of_spelling_are_said_plainly():
    bare = Cell("x", "x", {"ordinals": "keep"}, {})
    assert "spell the last digit" in words(bare)["spelling"]
    subwords = Cell("x", "x", {}, {}, flags=("subwords-spell-the-digits",))
    assert "read the last digit off the string" in words(subwords)["spelling"]


def test_a_spectrum_is_shown_over_its_median(folder: Path):
    found = normalised_spectrum(load_study(folder).cells[0])
    assert found is not None
    frequency, magnitude = found
    assert np.median(magnitude) == pytest.approx(1)
    assert frequency[0] > 0


def test_a_large_study_leaves_out_circles_before_anything_else_and_says_so(folder: Path):
    data = load_study(folder)
    overview, details = build_payload(data)
    assert overview["left_out"] == ""
    first = data.cells[0].id
    everything = len(script_json(overview)) + len(script_json(details))
    fewer, thinner = build_payload(data, budget=round(0.8 * everything))
    assert "circles are kept for T =" in fewer["left_out"]
    assert thinner[first]["confusion"] == details[first]["confusion"]
    assert set(thinner[first]["circle"]) < set(details[first]["circle"])
    least, bare = build_payload(data, budget=1)
    assert "confusion matrices and circles are left out" in least["left_out"]
    assert set(bare[first]) == {"recall"}


def test_no_number_that_json_lacks_reaches_the_page(folder: Path):
    overview, details = build_payload(load_study(folder))
    json.loads(script_json(overview), parse_constant=lambda name: pytest.fail(name))
    json.loads(script_json(details), parse_constant=lambda name: pytest.fail(name))
