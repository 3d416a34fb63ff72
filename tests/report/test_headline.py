"""The headline is made by rule: planted studies, and one in which nothing is to be said."""

from __future__ import annotations

from pathlib import Path

from tests.report.fake_study import Recipe, grid, make_study
from wordnum.report.headline import headline
from wordnum.studies.records import read_record, write_record
from wordnum.studies.results import StudyResults


def said(folder: Path, recipes: list[Recipe]) -> dict[str, str]:
    found = headline(StudyResults.open(make_study(folder / "out", recipes)))
    return {corpus: " ".join(sentences) for corpus, sentences in found}


def test_what_is_read_best_and_what_takes_most_of_it_away(tmp_path: Path):
    recipes = grid(
        conditions=("original", "context-length:8", "unigram-replace"), models=("hellinger-svd",)
    )
    text = said(tmp_path, recipes)["wikipedia"]
    assert text.startswith("n mod 5 is read best by hellinger-svd")  # 38 x 0.55, the largest
    assert "Without multiples of 5 it is " in text
    assert "Under unigram-replace kappa falls by 2" in text
    assert "at T = 5, in hellinger-svd" in text
    assert "context-length" not in text
    assert "of 18 comparisons (6 pairs of systems at T = 2 / 5 / 10; Holm, 5 %)." in text


def test_where_nothing_is_significant_it_says_so(tmp_path: Path):
    recipes = grid(conditions=("original", "isolate:8"), signals=("both",), models=("frequency",))
    text = said(tmp_path, recipes)["wikipedia"]
    assert "Nothing is read of n mod T. The highest is frequency" in text
    assert "of 3 is as high by chance, p = 0." in text
    assert (
        "No condition differs from the original by more than chance in any of 3 comparisons "
        "(1 pair of systems at T = 2 / 5 / 10; Holm, 5 %)."
    ) in text
    assert "points at T = 2 / 5 / 10 would be missed more than one time in five." in text


def test_a_kappa_that_is_not_read_says_by_which_rule(tmp_path: Path):
    folder = make_study(tmp_path / "out", [Recipe()])
    (path,) = (folder / "runs").iterdir()
    one = read_record(path)
    for T, measures in one["measures"].items():
        measures["verdict"] = "neither"
        one["reasons"].append({"code": "under-the-floor", "T": int(T), "text": ""})
    write_record(path, one)
    text = headline(StudyResults.open(folder))[0].sentences[0]
    assert text.startswith("Nothing is read of n mod T.")
    assert text.endswith(" at T = 5: kappa is under 5.")


def judged(folder: Path, verdicts: list[dict[str, str]]) -> str:
    """Headline of a study whose runs have these verdicts by T."""
    recipes = [Recipe(model=model) for model in "abcdefg"[: len(verdicts)]]
    make_study(folder / "out", recipes)
    for at, path in enumerate(sorted((folder / "out" / "runs").iterdir())):
        one = read_record(path)
        for T, verdict in verdicts[at].items():
            one["measures"][T]["verdict"] = verdict
        write_record(path, one)
    return " ".join(headline(StudyResults.open(folder / "out"))[0].sentences)


def test_geometry_at_another_period_than_the_best_read_is_named(tmp_path: Path):
    text = judged(tmp_path, [{"10": "geometric", "2": "geometric"}, {}])
    assert text.startswith("n mod 10 is read best by b, ")
    assert "by roundness. Geometric: a at T = 2, 10. " in text


def test_geometry_that_the_first_sentence_says_is_not_said_twice(tmp_path: Path):
    text = judged(tmp_path, [{"5": "geometric"}])
    assert text.count("eometric") == 1


def test_of_many_geometric_systems_three_are_named(tmp_path: Path):
    text = judged(tmp_path, [{"10": "geometric"}] * 5)
    assert "Geometric: a at T = 10; b at T = 10; c at T = 10; 2 more systems." in text


def test_too_few_documents_conclude_nothing(tmp_path: Path):
    text = said(tmp_path, [Recipe(interval_reason="few-documents")])["wikipedia"]
    start = "3 of 3 kappas without an interval (fewer than 40 documents) are above 95 % of those of"
    assert text.startswith(f"{start} permuted labels, where 0.2 would be by chance. The highest is")
    assert "read best" not in text


def test_a_kappa_without_an_interval_is_told_beside_those_that_have_one(tmp_path: Path):
    text = said(tmp_path, [Recipe(model="frequency"), Recipe(interval_reason="few-documents")])
    assert "Where kappa has an interval, nothing is read of n mod T." in text["wikipedia"]
    assert "3 of 3 kappas without an interval" in text["wikipedia"]


def test_corpora_and_readings_of_ordinals_are_told_apart(tmp_path: Path):
    recipes = [Recipe(corpus=c, ordinals=o) for c in ("a", "b") for o in ("out", "keep")]
    assert list(said(tmp_path, recipes)) == ["a", "a, ordinals kept", "b", "b, ordinals kept"]


def test_a_difference_under_no_condition_is_no_sentence(tmp_path: Path):
    text = said(tmp_path, [Recipe()])["wikipedia"]
    assert "condition" not in text
    assert "Under" not in text


def test_the_words_that_carry_it_are_named_and_no_others(tmp_path: Path):
    text = said(tmp_path, [Recipe()])["wikipedia"]
    assert "Words that carry n mod 10 are “over”, “about”. 80 % of the numbers beside" in text
    assert "games" not in text
