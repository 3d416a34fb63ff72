"""A study folder made up from the published layout, with numbers of realistic size."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from wordnum.studies.results import system_labels

MODULI = tuple(range(2, 11))
CLASSICAL = np.array([30.0, -2.0, 13.0, 38.0, 9.0, -4.0, 5.0, -3.0, 35.0])
GROUPS = (
    "ordinal suffixes", "currency", "percent", "units", "months and dates", "era and age",
    "page and section", "numbers", "punctuation", "function words", "the rest",
)  # fmt: skip
STRENGTH = {
    "original": 1.0,
    "thin:0.5": 0.86,
    "context-length:64": 0.97,
    "context-length:8": 0.92,
    "context-length:2": 0.7,
    "isolate:8": 0.99,
    "isolate:1": 1.05,
    "swap-numbers": 0.1,
    "unigram-replace": 0.04,
}
SIGNALS = {"both": 1.0, "text": 0.94, "number": 0.28}
MODELS = {"hellinger-svd": 1.0, "ppmi-svd": 0.68, "glove": 0.6, "frequency": 0.06}


@dataclass(frozen=True)
class Recipe:
    """What one made-up cell is."""

    corpus: str = "wikipedia"
    perturbation: str = "original"
    signal: str = "both"
    model: str = "hellinger-svd"
    ordinals: str = "out"
    seed: int = 0
    few_documents: bool = False
    missing: int = 0
    status: str = "done"
    control_for: str = ""
    window: int = 2


def grid(
    corpora: Sequence[str] = ("wikipedia",),
    conditions: Sequence[str] = tuple(STRENGTH),
    signals: Sequence[str] = tuple(SIGNALS),
    models: Sequence[str] = tuple(MODELS),
) -> list[Recipe]:
    """Cross everything, as a study does."""
    return [
        Recipe(*combination)
        for combination in itertools.product(corpora, conditions, signals, models)
    ]


def spectrum(rng: np.random.Generator, strength: float, numbers: int = 1000) -> np.ndarray:
    """Normalised magnitudes at k/N: a smooth trend, noise, and combs at 10, 5 and 2."""
    k = np.arange(1, numbers // 2 + 1)
    magnitude = rng.normal(1.0, 0.05, len(k)) + 9.0 / (1 + (k / 3.0) ** 1.4)
    for period, height in ((10, 1.4), (5, 2.2), (2, 1.2)):
        for harmonic in range(1, period // 2 + 1):
            magnitude[harmonic * numbers // period - 1] += strength * height / harmonic**0.5
    return magnitude / np.median(magnitude)


def confusion(rng: np.random.Generator, T: int, kappa: float, numbers: int) -> np.ndarray:
    """Counts whose kappa is about the one asked for."""
    accuracy = np.clip(1 / T + kappa / 100 * (1 - 1 / T), 0.0, 1.0)
    p = np.full((T, T), (1 - accuracy) / max(T - 1, 1))
    np.fill_diagonal(p, accuracy)
    return np.stack([rng.multinomial(numbers // T, row / row.sum()) for row in p])


def verdict(kappas: Mapping[int, float], spike: bool) -> str:
    """The written rule."""
    if not spike:
        return "neither"
    if kappas[2] >= 50 and kappas[10] >= 50:
        return "both"
    return "partial" if max(kappas[T] for T in (2, 5, 10)) >= 15 else "spectral"


def cell(recipe: Recipe, index: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Rows of the table and the details of one made-up cell."""
    rng = np.random.default_rng([index, 7])
    strength = (
        STRENGTH.get(recipe.perturbation, 0.8)
        * SIGNALS.get(recipe.signal, 0.9)
        * MODELS.get(recipe.model, 0.8)
        * (1.0 if recipe.ordinals == "keep" else 0.55)
    )
    numbers = np.setdiff1d(np.arange(1000), rng.choice(1000, recipe.missing, replace=False))
    flags = ["ordinals-kept"] if recipe.ordinals == "keep" else []
    flags += ["few-documents"] if recipe.few_documents else []
    flags += ["missing-numbers"] if recipe.missing else []
    reason = "31 documents, fewer than 40" if recipe.few_documents else ""
    kappas = dict(zip(MODULI, strength * CLASSICAL + rng.normal(0, 1.2, len(MODULI))))
    spikes = spectrum(rng, strength)
    word = verdict(kappas, spike=strength > 0.05)
    reasons = [
        f"spike at T = 10: magnitude {spikes[99]:.2f}, p = {0.012 if strength > 0.05 else 0.4:g}",
        *(f"kappa {kappas[T]:.1f} at T = {T}, shuffle p = 0.005" for T in (2, 5, 10)),
    ]
    identity = {
        "key": f"{index:016x}", "corpus": recipe.corpus, "numerals": "whole",
        "ordinals": recipe.ordinals,
        "condition": f"thinned like {recipe.control_for}" * bool(recipe.control_for)
        or recipe.perturbation,
        "perturbation": recipe.perturbation, "control_for": recipe.control_for,
        "window": recipe.window, "side": "both",
        "positional": False, "window_weighting": "flat", "signal": recipe.signal,
        "model": recipe.model, "weighting": "hellinger", "dim": 100, "seed": recipe.seed,
    }  # fmt: skip
    if recipe.status == "failed":
        row = {**identity, "T": np.nan, "kappa": np.nan, "status": "failed", "verdict": "",
               "flags": "", "error": "InputError: GloVe did not converge\n"
               "  got: cost NaN at epoch 3\n  to do: lower the learning rate"}  # fmt: skip
        return [row], {}
    rows = []
    for T in MODULI:
        kappa, se = kappas[T], {2: 1.8, 5: 0.9, 10: 0.8}.get(T, 1.0)
        low, high = (np.nan, np.nan) if reason else (kappa - 2.26 * se, kappa + 2.26 * se)
        null = rng.normal(0.5, 0.4)
        spike_tested = T in (2, 5, 10)
        rows.append({
            **identity, "T": T, "kappa": kappa, "low": low, "high": high,
            "interval_reason": reason, "repeat_sd": abs(rng.normal(0.8, 0.2)),
            "kappa_groups": kappa + rng.normal(1, 1),
            "kappa_excluding_multiples_of_5": kappa * 0.3 + 1,
            "kappa_within_parity": kappa * 0.6, "kappa_without_frequency": kappa * 0.9,
            "null_mean": null, "null_p95": null + 9 / T + 1, "null_p": 0.005 if kappa > 6 else 0.4,
            "phi": 30 * strength + 1,
            "magnitude": spikes[1000 // T - 1] if spike_tested else np.nan,
            "spike_p": (0.012 if strength > 0.05 else 0.4) if spike_tested else np.nan,
            "lambda_max": 0.19 + strength * 2 / T, "lambda_max_noise": 0.19, "cond": 126.0,
            "n_numbers": len(numbers), "coverage": len(numbers) / 1000, "verdict": word,
            "flags": ";".join(flags), "reasons": ";".join(reasons),
            "n_pairs": round(12_345_678 * strength), "seconds": 4.2, "status": "done", "error": "",
        })  # fmt: skip
    angle = 2 * np.pi * numbers[None, :] / np.array(MODULI)[:, None]
    noise = rng.normal(0, 0.5, (2, *angle.shape))
    details = {
        "row": identity,
        "spectrum": {
            "frequency": (np.arange(1, 501) / 1000).tolist(),
            "magnitude": spikes.tolist(),
            "power": (spikes**2).tolist(),
        },
        "confusion": {str(T): confusion(rng, T, kappas[T], len(numbers)).tolist() for T in MODULI},
        "recall_by_digit": {
            str(T): np.clip(
                1 / T + strength * np.array([0.8, 0.5, 0.3, 0.3, 0.1, 0.4, 0.1, 0.1, 0.1, 0.2])
                + rng.normal(0, 0.03, 10), 0, 1,
            ).tolist()
            for T in MODULI
        },
        "circle": {
            str(T): {
                "numbers": numbers.tolist(),
                "x": (strength * np.cos(angle[i]) + noise[0, i]).tolist(),
                "y": (strength * np.sin(angle[i]) + noise[1, i]).tolist(),
            }
            for i, T in enumerate(MODULI)
        },
        "verdict": word,
        "reasons": reasons,
        "flags": flags,
        "missing": np.setdiff1d(np.arange(1000), numbers).tolist(),
    }  # fmt: skip
    return rows, details


def comparisons(table: pd.DataFrame) -> pd.DataFrame:
    """Every condition against the original of the same signal and model."""
    rng = np.random.default_rng(3)
    same = ["corpus", "signal", "model", "ordinals", "T"]
    done = table[table.status == "done"]
    original = done[done.perturbation == "original"][[*same, "key", "kappa"]]
    pairs = done.merge(original, on=same, suffixes=("", "_against"))
    pairs = pairs[pairs.perturbation != "original"]
    difference = pairs.kappa - pairs.kappa_against
    half = rng.uniform(1, 4, len(pairs))
    return pd.DataFrame({
        "key": pairs.key, "condition": pairs.condition, "against": pairs.key_against,
        "against_condition": "original", "T": pairs["T"].astype(int), "difference": difference,
        "low": difference - half, "high": difference + half, "p_value": 0.01, "reason": "",
    })  # fmt: skip


def attribution(labels: Sequence[str] = ("context groups", "text and numbers")) -> pd.DataFrame:
    """Shares of context groups by T and by last digit; the Shapley values sum to the whole."""
    rng = np.random.default_rng(5)
    rows = []
    for label, T, digit in itertools.product(labels, (2, 5, 10), (None, *range(10))):
        whole = 25.0 if digit is None else 60.0
        share = rng.dirichlet(np.linspace(0.4, 3, len(GROUPS))) * whole
        for group, value in zip(GROUPS, share):
            rows.append({
                "label": f"wikipedia, whole, ±1: {label}", "grouping": label, "group": group,
                "T": T, "digit": digit,
                "single_group": value * 2.5, "leave_one_out": value * 0.3,
                "shapley": value, "low": value - 1, "high": value + 1, "whole": whole,
                "reason": "",
            })  # fmt: skip
    return pd.DataFrame(rows).astype({"digit": "Int64"})


def make_study(
    folder: Path, recipes: Sequence[Recipe] | None = None, *, extras: bool = True
) -> Path:
    """Write a study folder and return it."""
    recipes = list(recipes or grid())
    folder = Path(folder)
    (folder / "runs").mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    for index, recipe in enumerate(recipes):
        cell_rows, details = cell(recipe, index)
        rows += cell_rows
        if details:
            path = folder / "runs" / f"{cell_rows[0]['key']}.json"
            path.write_text(json.dumps(details), encoding="utf-8")
    table = pd.DataFrame(rows)
    table.insert(1, "system", system_labels(rows))
    table.to_csv(folder / "table.csv", index=False)
    if extras:
        comparisons(table).to_csv(folder / "comparisons.csv", index=False)
        attribution().to_csv(folder / "attribution.csv", index=False)
    study = {
        "name": "paper-data",
        "description": "The conditions of the paper's data figure, with classical embeddings.",
        "spec": {"window": 10, "moduli": list(MODULI), "seeds": [0]},
        "versions": {"python": "3.11.2", "wordnum": "0.1.0", "numpy": "2.4.6", "scipy": "1.17.1"},
        "fingerprint": "aa00bb11cc22dd33",
        "command": "wordnum study paper-data --corpus wikipedia.txt.xz -o out --jobs 2",
        "seconds": {"encode": 30.2, "count": 0.0, "measure": 611.0},
        "failures": [],
    }
    (folder / "study.json").write_text(json.dumps(study), encoding="utf-8")
    return folder


def mixed(*, hostile: str = "<script>alert(1)</script>") -> list[Recipe]:
    """A small study with everything that can go wrong in one."""
    base = Recipe()
    return [
        base,
        replace(base, ordinals="keep"),
        replace(base, perturbation="swap-numbers"),
        replace(base, perturbation="unigram-replace"),
        replace(base, signal="number"),
        replace(base, model="frequency"),
        replace(base, corpus="gensim sample", few_documents=True, missing=460),
        replace(base, corpus=hostile, perturbation=f"{hostile}:1"),
        replace(base, model="glove", status="failed"),
    ]
