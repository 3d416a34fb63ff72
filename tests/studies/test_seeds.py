"""Intervals over seeds: worked by hand, and held against what planted spreads give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from wordnum.studies.seeds import over_seeds


def rows(kappas: dict[str, list[float]], **changed: Any) -> pd.DataFrame:
    """Last checkpoints of models that train, a seed for each kappa."""
    return pd.DataFrame(
        {
            "key": f"{model}{seed}", "run": f"{model}{seed}", "corpus": "texts",
            "numerals": "whole", "ordinals": "keep", "condition": "original", "window": None,
            "signal": None, "model": model, "seed": seed, "step": 100, "tokens": 1000.0, "T": 10,
            "kappa": kappa, "status": "done", **changed,
        }
        for model, own in kappas.items()
        for seed, kappa in enumerate(own)
    )  # fmt: skip


def summary(table: pd.DataFrame) -> pd.DataFrame:
    found = over_seeds(table)
    assert found is not None
    return found.set_index("model")


def test_two_systems_of_two_seeds_by_hand():
    found = summary(rows({"a": [10.0, 14.0], "b": [20.0, 20.0]}))
    assert found["kappa"].tolist() == [12, 20]
    sd = np.sqrt((8 + 0) / 2)  # of squares 8 and 0, a degree of freedom each
    np.testing.assert_allclose(found["sd"], sd)
    np.testing.assert_allclose(found["high"] - found["kappa"], 4.302653 * sd / np.sqrt(2))
    assert found["df"].tolist() == [2, 2]
    np.testing.assert_allclose(found["smallest_difference"], (4.302653 + 1.060660) * sd, rtol=1e-6)


def test_the_spread_is_the_mean_square_of_an_analysis_of_variance():
    groups = [np.array([3.0, 5, 4]), np.array([9.0, 6]), np.array([1.0, 2, 2, 7])]
    found = summary(rows({str(i): list(group) for i, group in enumerate(groups)}))
    f = stats.f_oneway(*groups).statistic
    means, sizes = np.array([g.mean() for g in groups]), np.array([len(g) for g in groups])
    grand = np.concatenate(groups).mean()
    between = (sizes * (means - grand) ** 2).sum() / 2
    np.testing.assert_allclose(found["sd"] ** 2, between / f)


def test_intervals_cover_and_the_smallest_difference_is_found_four_times_in_five():
    draws = range(2000)  # each under a T of its own, as if it were a study of its own
    rng = np.random.default_rng(0)
    far = (stats.t.ppf(0.975, 6) + stats.t.ppf(0.8, 6)) * 1.0
    kappas = rng.normal(size=(len(draws), 6, 2))
    kappas[:, 1] += far
    tables = (
        rows({str(i): list(own) for i, own in enumerate(kappas[draw])}, T=draw) for draw in draws
    )
    found = over_seeds(pd.concat(tables))
    assert found is not None
    first, second = (found[found["model"] == name].set_index("T") for name in "01")
    covered = (first["low"] <= 0) & (first["high"] >= 0)
    differ = (second["kappa"] - first["kappa"]).abs() > stats.t.ppf(0.975, 6) * first["sd"]
    assert abs(covered.mean() - 0.95) < 0.015
    assert abs(differ.mean() - 0.8) < 0.05
    np.testing.assert_allclose(first["smallest_difference"], far * first["sd"])


def test_a_seed_that_did_not_finish_is_named_and_leaves_the_others_their_interval():
    table = rows({"a": [10.0, 14.0], "b": [20.0, 21.0]})
    failed = (table["model"] == "b") & (table["seed"] == 1)
    table.loc[failed, ["T", "kappa", "step"]] = None
    table.loc[failed, "status"] = "failed"
    found = summary(table)
    assert found[["seeds", "asked"]].values.tolist() == [[2, 2], [1, 2]]
    assert found.loc["b", "kappa"] == 20
    assert found["df"].tolist() == [1, 1]


def test_counting_and_single_seeds_have_no_interval_over_seeds():
    assert over_seeds(rows({"a": [10.0]})) is None
    assert over_seeds(rows({"a": [10.0, 12.0]}, step=None)) is None


@pytest.mark.parametrize("other", [{"condition": "swap-numbers"}, {"corpus": "other texts"}])
def test_other_texts_and_conditions_are_other_systems(other: dict[str, str]):
    table = pd.concat([rows({"a": [10.0, 14.0]}), rows({"a": [1.0, 1.0]}, **other)])
    assert summary(table)["kappa"].tolist() == [12, 1]
