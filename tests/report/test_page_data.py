"""What the page is told: what is packed, what the reader is warned of, what is left out."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.report.fake_study import MODULI, Recipe, make_study, mixed
from tests.report.fake_study import record as fake_record
from tests.report.fake_study import words as fake_words
from wordnum.commands.printing import print_summary
from wordnum.report.page_data import notices, page_data, script_json
from wordnum.studies.records import write_frame
from wordnum.studies.results import StudyResults


@pytest.fixture
def results(tmp_path: Path) -> StudyResults:
    return StudyResults.open(make_study(tmp_path / "out", mixed()))


def test_records_come_in_the_order_of_the_study_with_every_measure(results: StudyResults):
    overview, details = page_data(results)
    done = [record for record in results.records if record["status"] == "done"]
    assert [one["key"] for one in overview["records"]] == [one["key"] for one in results.records]
    assert list(details) == [one["key"] for one in done]
    assert overview["moduli"] == list(MODULI)
    shown, first = overview["records"][0]["measures"], done[0]["measures"]["10"]
    for name in ("kappa", "low", "high", "null_p95", "phi", "lambda_max", "cond"):
        assert shown[name][MODULI.index(10)] == pytest.approx(first[name], rel=1e-4)
    assert [one["status"] for one in overview["records"]] == ["done"] * 9 + ["failed"]


def test_what_differs_is_told_apart_from_what_all_share(results: StudyResults):
    overview, _ = page_data(results)
    assert overview["varying"] == ["corpus", "ordinals", "condition", "signal", "model"]
    assert overview["constant"]["window"] == 2
    assert "perturbation" not in overview["constant"]


def test_comparisons_attribution_and_words_are_optional(tmp_path: Path):
    folder = make_study(tmp_path / "out", [Recipe()], extras=False)
    overview, _ = page_data(StudyResults.open(folder))
    assert overview["comparisons"] == overview["attribution"] == overview["words"] == {}


def test_words_have_a_residual_for_every_residue_of_their_modulus(results: StudyResults):
    words = page_data(results)[0]["words"]
    assert [len(row) for row in words["residues"]] == words["T"]
    assert set(words["word"]) == {"over", "about", "games"}


def test_how_many_words_are_confirmed_is_exact_unless_the_table_ends_before_them(tmp_path: Path):
    folder = make_study(tmp_path / "out", mixed())
    table = fake_words()
    assert set(page_data(StudyResults.open(folder))[0]["words"]["confirmed_in_all"]) == {"2"}
    write_frame(folder / "words.json", table[table["confirmed"]])
    words = page_data(StudyResults.open(folder))[0]["words"]
    assert set(words["confirmed_in_all"]) == {"2 or more"}
    write_frame(folder / "words.json", table[table["confirmed"]].assign(tested=2))
    assert set(page_data(StudyResults.open(folder))[0]["words"]["confirmed_in_all"]) == {"2"}


def kinds(recipe: Recipe, **changed: Any) -> dict[str, str]:
    record = json.loads(json.dumps(fake_record(recipe, 0), default=lambda array: array.tolist()))
    return {notice["text"]: notice["kind"] for notice in notices({**record, **changed})}


def test_too_little_data_is_said_plainly_and_only_of_too_little_data():
    assert kinds(Recipe()) == {}
    few = kinds(replace(Recipe(), interval_reason="few-documents"))
    assert few == {"no interval: fewer than 40 documents": "too-little"}
    [kind] = kinds(replace(Recipe(), interval_reason="no-replicates")).values()
    assert kind == "caution"
    assert kinds(Recipe(), coverage=0.54) == {"46 % of the numbers are missing": "too-little"}
    assert kinds(Recipe(), coverage=0.9) == {"10 % of the numbers are missing": "caution"}
    assert kinds(Recipe(), coverage=0.999) == {"0.1 % of the numbers are missing": "note"}


def test_leaks_of_spelling_are_said_plainly():
    assert list(kinds(Recipe(ordinals="keep")).values()) == ["spelling"]
    assert list(kinds(Recipe(), flags=["subwords"]).values()) == ["spelling"]


def test_the_packed_spectrum_is_the_recorded_one(results: StudyResults):
    packed = page_data(results)[0]["records"][0]["spectrum"]
    values = np.frombuffer(base64.b64decode(packed["values"]), dtype="<u2") * packed["scale"]
    recorded = results.records[0]["spectrum"]
    np.testing.assert_allclose(values, recorded["magnitude"], rtol=1e-4, atol=packed["scale"])
    assert packed["first"] == recorded["frequency"][0]
    last = packed["first"] + packed["step"] * (len(values) - 1)
    assert last == pytest.approx(recorded["frequency"][-1], rel=1e-4)


def test_a_large_study_leaves_out_circles_before_anything_else_and_says_so(results: StudyResults):
    overview, details = page_data(results)
    assert overview["left_out"] == ""
    first = results.records[0]["key"]
    everything = len(script_json(overview)) + len(script_json(details))
    fewer, thinner = page_data(results, budget=round(0.8 * everything))
    assert "circles are kept for T =" in fewer["left_out"]
    assert thinner[first]["confusion"] == details[first]["confusion"]
    assert set(thinner[first]["circle"]) < set(details[first]["circle"])
    least, bare = page_data(results, budget=1)
    assert "confusion matrices and circles are left out" in least["left_out"]
    assert set(bare[first]) == {"recall"}


def test_no_number_that_json_lacks_reaches_the_page(results: StudyResults):
    for part in page_data(results):
        json.loads(script_json(part), parse_constant=lambda name: pytest.fail(name))


def test_words_of_a_mask_are_named_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    name, words = "mask:w.txt@1a2b3c4d", [*"abcdef", "g\x1b"]
    recipes = [Recipe(), Recipe(perturbation=name)]
    results = StudyResults.open(make_study(tmp_path / "out", recipes, masks={name: words}))
    overview, _ = page_data(results)
    first = "a, b, c, d, e and 2 more"
    assert overview["masks"] == {name: {"first": first, "all": r"a, b, c, d, e, f, g\x1b"}}
    assert "masks" not in overview["origin"]
    print_summary(results)
    assert f"{name}: the words of the file are {first}" in capsys.readouterr().out
