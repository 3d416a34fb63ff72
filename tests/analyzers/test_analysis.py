import json
from dataclasses import replace

import numpy as np
import pytest

from wordnum.analyzers import Analysis, analyze, probe
from wordnum.analyzers.alternative_classifiers import AlternativeClassifier
from wordnum.analyzers.closed_form import standardised
from wordnum.analyzers.cross_validation import out_of_fold
from wordnum.analyzers.folds import random_folds
from wordnum.analyzers.reasons import REASONS
from wordnum.analyzers.residues import tasks_for
from wordnum.analyzers.side_by_side import SideBySide
from wordnum.backend import get_backend
from wordnum.embeddings.embedding import Embedding
from wordnum.errors import InputError, UsageError
from wordnum.theory import planted_embedding
from wordnum.theory.planted_kinds import planted_kind

MAYBE = (float, type(None))
OF_A_PROBE = {
    "kappa": float, "low": MAYBE, "high": MAYBE, "p_value": MAYBE, "null_mean": MAYBE,
    "null_p95": MAYBE,
}  # fmt: skip
# What `analyze --json` prints: types by key, of a dict the keys that it must have.
SCHEMA = {
    "schema": int, "name": str, "numbers": list, "n": int, "dim": int,
    "spectrum": {"10": dict.fromkeys(("magnitude", "power", "p_value", "rank_p_value"), float)},
    "probe": {"10": {**OF_A_PROBE, "controls": {"excluding multiples of 5": OF_A_PROBE}}},
    "digits": {"units": OF_A_PROBE, "tens": OF_A_PROBE},
    "phi": {"10": {"value": float, "corrected": float, "contrasts": {
        name: {"value": float, "low": MAYBE, "high": MAYBE}
        for name in ("round or not", "0 or 5", "parity of the others", "the rest")}}},
    "separability": {"10": {"phi": float, "lambda_max": float}},
    "verdict": {"10": {**dict.fromkeys(("spectral", "geometric", "roundness", "undecided"), bool),
                       "reasons": list}},
    "paper_label": str, "flags": list,
}  # fmt: skip


def check(found, schema, where="json"):
    """Every key of the schema is there, with a value of its type."""
    if not isinstance(schema, dict):
        assert isinstance(found, schema), f"{where}: {found!r}"
        return
    for key, inner in schema.items():
        assert key in found, f"{where} lacks {key}"
        check(found[key], inner, f"{where}.{key}")


@pytest.fixture(scope="module")
def found() -> Analysis:
    return analyze(planted_embedding(phi=300, kappa=60), moduli=[2, 5, 10], nulls=199)


def test_json_is_schema_2(found):
    told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    check(told, SCHEMA)
    assert (told["schema"], told["n"], told["dim"]) == (2, 1000, 20)
    assert told["numbers"] == list(range(1000))
    assert set(told["spectrum"]) == set(told["probe"]) == set(told["phi"]) == {"2", "5", "10"}
    assert told["paper_label"] in ("both", "partial", "spectral", "neither")
    assert set(told["verdict"]["10"]["reasons"]) <= set(REASONS)
    parts = told["phi"]["10"]["contrasts"].values()
    whole = told["phi"]["10"]["corrected"]
    assert sum(part["value"] for part in parts) == pytest.approx(whole, abs=1e-9)
    assert told["phi"]["10"]["value"] == pytest.approx(told["separability"]["10"]["phi"])
    # What does not exist is null, with the reason beside it.
    assert told["probe"]["10"]["low"] is None
    assert told["probe"]["10"]["interval_reason"] == "no-replicates"


def test_parts_that_were_not_asked_for_are_empty_and_give_no_verdict():
    x = np.random.default_rng(0).standard_normal((100, 3))
    found = analyze(x, only=["separability"], moduli=[2])
    told = found.to_dict()
    assert (told["spectrum"], told["probe"], told["phi"], told["verdict"]) == ({}, {}, {}, {})
    assert told["digits"] is told["paper_label"] is None
    assert "no-verdict" in [reason["code"] for reason in told["reasons"]]
    assert list(told["separability"]) == ["2"]
    assert list(found.to_frame().index) == [2]


def test_parts_are_named_in_one_string_too():
    x = np.random.default_rng(0).standard_normal((100, 3))
    found = analyze(x, only="spectrum, separability", moduli=[2])
    assert found.spectrum
    assert found.separability
    assert not found.probe
    with pytest.raises(UsageError, match="'prob'(.|\n)*did you mean 'probe'"):
        analyze(x, only="prob")


def test_every_part_of_a_result_has_a_telling_repr_of_one_line(found):
    parts = [found.probe[10], found.probe[10].null, found.spectrum.spikes[10],
             found.separability[10], found.verdict]  # fmt: skip
    shown = [repr(part) for part in (*parts, found.probe, found.spectrum, found.separability)]
    assert all("\n" not in text and text[0] == "<" for text in shown)
    assert max(map(len, shown[:4])) < 100
    kappa, p = found.probe[10].kappa, found.probe[10].null.p_value
    none = "no interval: no-replicates"
    assert shown[0] == f"<ModulusProbe of n mod 10: kappa {kappa:.1f} ({none}), p = {p:.2g}>"
    known = replace(found.probe[10], low=40.0, high=71.24, null=None)
    assert repr(known) == f"<ModulusProbe of n mod 10: kappa {kappa:.1f} (40.0 to 71.2)>"


def test_missing_numbers_are_listed():
    x = np.random.default_rng(0).standard_normal((97, 3))
    keep = np.setdiff1d(np.arange(100), [4, 50, 99])
    found = analyze(Embedding(x, keep, size=100), moduli=[2], nulls=0)
    assert found.embedding.missing.tolist() == [4, 50, 99]
    assert "missing-numbers" in found.flags


def test_unknown_and_empty_parts_are_refused():
    with pytest.raises(UsageError, match="did you mean 'probe'"):
        analyze(np.eye(30), only=["prob"])
    with pytest.raises(UsageError, match="nothing to analyze"):
        analyze(np.eye(30), only=[])


def test_html_escapes_the_name(found):
    x = np.random.default_rng(0).standard_normal((100, 3))
    named = analyze(Embedding(x, size=100, name="<script>"), only=["spectrum"])
    assert "<script>" not in named._repr_html_()
    assert "kappa" in found._repr_html_()
    assert "None" not in found._repr_html_()  # planted vectors have no interval


def test_what_it_means_is_told_in_words(found):
    text = found.explain()
    assert text == "\n".join(str(found).splitlines()[1:])
    for sentence in (
        "1000 of 1000 numbers, 20 dimensions.",
        "The spectrum has spikes at T = ",
        "n mod 10 is read linearly, kappa x 100 = ",
        ": more than whether a number is round.",
        "No interval of kappa: vectors have no documents; the verdict rests on two ",
        "Of the scatter between last digits (Phi at T = 10, corrected): round or not ",
        "Digits or residues? The last digit alone",
        "By the rule of the paper, which counts roundness as geometry: ",
    ):
        assert sentence in text
    round_ones = analyze(planted_kind("roundness of 5"), moduli=[5], controls=[
        "excluding multiples of 5"], only="spectrum,probe")  # fmt: skip
    told = round_ones.explain()
    assert "what is read is roundness, but for at most 2.9 points, by permuted labels." in told
    assert (
        "partial (spectral and partly geometric). Without T = 2 and 10 it may fall short." in told
    )
    tens = analyze(planted_kind("roundness of 10"), moduli=[10], controls=[
        "excluding multiples of 5"], only="spectrum,probe,digits")  # fmt: skip
    assert "Digits or residues? No digit beyond what is said of n mod 10;" in tens.explain()
    noise = np.random.default_rng(0).standard_normal((60, 3))
    few = analyze(noise, moduli=[2, 10], nulls=0)
    assert "Last digits lie no farther apart than labels at random would." in few.explain()
    assert few.digits is None
    assert "too few numbers to tell digits from residues" in [r.text for r in few.reasons]


def test_one_row_per_t_holds_everything(found):
    row = found.rows()[10]
    assert row["verdict"] == found.verdict[10].geometry
    assert row["phi_corrected"] == found.phi[10].corrected.value
    assert row["kappa"] == found.probe[10].kappa
    assert row["spike_p"] == found.spectrum.spikes[10].p_value
    assert row["phi"] == found.separability[10].phi
    assert found.to_frame().loc[10, "kappa"] == row["kappa"]
    assert dict(found.probe) == found.probe.by_period


def test_analyses_side_by_side_have_a_row_per_name_and_t(found):
    weak = analyze(planted_embedding(phi=30, kappa=20), moduli=[2, 5, 10], nulls=0)
    frame = SideBySide({1e6: found, 1e5: weak}).to_frame()
    assert list(frame.index.names) == ["system", "T"]
    assert frame["phi"].xs(10, level="T").to_dict() == pytest.approx({1e6: 300, 1e5: 30})
    assert frame.loc[(1e5, 10), "kappa"] < frame.loc[(1e6, 10), "kappa"]
    with pytest.raises(InputError, match="no analysis"):
        SideBySide({})


def test_logistic_predicts_what_scikit_learn_does():
    from sklearn.linear_model import LogisticRegression

    x = planted_embedding(phi=10, kappa=70, dim=12, size=300).vectors
    task = tasks_for(np.arange(300), [10])[0]
    fold_of = random_folds(300)[0]
    ours = out_of_fold(
        get_backend("cpu"), x, [task], fold_of, classifier="logistic", chosen=np.full((5, 1), 2)
    )
    for fold in range(5):
        held = fold_of == fold
        Z, Z_test, *_ = standardised(np, x[~held], x[held])
        model = LogisticRegression(C=1 / (len(Z) * 1e-2), max_iter=5000).fit(Z, task.labels[~held])
        same = ours.labels[0][held] == model.predict(Z_test)
        assert same.mean() > 0.98


def test_a_fit_that_did_not_converge_says_so(monkeypatch):
    fit = AlternativeClassifier.fit
    gives_up = lambda self, X, y: fit(self, X, y).__setattr__("converged_", False) or self  # noqa: E731
    monkeypatch.setattr(AlternativeClassifier, "fit", gives_up)
    x = np.random.default_rng(0).standard_normal((60, 3))
    found = probe(x, moduli=[2], classifier="logistic", controls=False)
    assert "logistic did not converge at T = 2" in [reason.text for reason in found.notes]


def test_logistic_that_needs_more_steps_gets_them():
    rng = np.random.default_rng(0)
    Z = rng.standard_normal((200, 40))
    assert AlternativeClassifier("logistic", alpha=1e-8).fit(Z, np.arange(200) % 7).converged_
