"""Kappas of models that train, over their seeds: means, intervals, what two can tell apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

# What fits that differ by their seed alone have in common.
SYSTEM = ["corpus", "numerals", "ordinals", "condition", "window", "signal", "model"]
OVER_SEEDS = (
    *SYSTEM, "T", "seeds", "asked", "tokens", "kappa", "low", "high", "sd", "df",
    "smallest_difference",
)  # fmt: skip


def over_seeds(table: pd.DataFrame) -> pd.DataFrame | None:
    r"""Summarise the last checkpoints of each system that trains over its seeds.

    Two or three seeds say little of their spread. So it is estimated for each T from all systems
    of the study together, as if it were the same for all: with :math:`n_i` finished seeds of
    system i, :math:`s^2 = \sum_i (n_i - 1) s_i^2 / \nu` and :math:`\nu = \sum_i (n_i - 1)`. The
    mean of n seeds has the interval :math:`\pm t_{0.975, \nu} \, s / \sqrt n`. The difference of
    two such means is found in four of five repetitions where it is at least
    :math:`(t_{0.975, \nu} + t_{0.8, \nu}) \, s \sqrt{2 / n}`.

    Parameters
    ----------
    table : DataFrame
        Of a study, with the columns of `StudyResults.table`.

    Returns
    -------
    DataFrame or None
        A row per system and T: ``seeds`` finished of those ``asked``, mean ``kappa`` x 100 with
        ``low`` and ``high``, ``sd`` over seeds with ``df`` degrees of freedom, and the
        ``smallest_difference``. None where no system has two finished seeds.

    Notes
    -----
    A seed of a language model is where it starts and in which order it reads. It is no other
    text: half-samples say how far kappa moves with that.
    """
    import pandas as pd
    from scipy import stats

    last = table[table["key"] == table["run"]]
    trains = last.loc[last["step"].notna(), "model"].unique()
    asked = last[last["model"].isin(trains)].groupby(SYSTEM, dropna=False)["seed"].nunique()
    done = last[last["step"].notna() & (last["status"] == "done")]
    groups = done.groupby([*SYSTEM, "T"], sort=False, dropna=False)
    found = pd.DataFrame(
        {
            "seeds": groups["seed"].nunique(),
            "tokens": groups["tokens"].mean(),
            "kappa": groups["kappa"].mean(),
            "squares": groups["kappa"].var().fillna(0) * (groups["seed"].nunique() - 1),
        }
    ).reset_index()
    found["df"] = (found["seeds"] - 1).groupby(found["T"]).transform("sum")
    if not (found["df"] > 0).any():
        return None
    found["sd"] = np.sqrt(found["squares"].groupby(found["T"]).transform("sum") / found["df"])
    quantile = stats.t.ppf(0.975, found["df"])
    half = quantile * found["sd"] / np.sqrt(found["seeds"])
    found = found.assign(low=found["kappa"] - half, high=found["kappa"] + half)
    power = quantile + stats.t.ppf(0.8, found["df"])
    found["smallest_difference"] = power * found["sd"] * np.sqrt(2 / found["seeds"])
    return found.merge(asked.rename("asked").reset_index(), on=SYSTEM)[list(OVER_SEEDS)]
