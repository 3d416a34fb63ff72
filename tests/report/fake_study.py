"""A study folder made up from the published layout, with numbers of realistic size."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from wordnum.analyzers.controls import CONTROLS
from wordnum.analyzers.probe_results import control_column
from wordnum.analyzers.reasons import Reason
from wordnum.analyzers.roundness import roundness_ceiling
from wordnum.studies.columns import MEASURES, SCHEMA
from wordnum.studies.records import record_path, write_frame, write_record

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
    interval_reason: str = ""
    missing: int = 0
    absent: int | None = None
    status: str = "done"
    error: str = "GloVe did not converge\n  got: cost NaN at epoch 3\n  to do: lower the rate"
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


def label(kappas: Mapping[int, float], spike: bool) -> str:
    """The label of the paper."""
    if not spike:
        return "neither"
    if kappas[2] >= 50 and kappas[10] >= 50:
        return "both"
    return "partial" if max(kappas[T] for T in (2, 5, 10)) >= 15 else "spectral"


def record(recipe: Recipe, index: int) -> dict[str, Any]:
    """Record of one made-up run."""
    rng = np.random.default_rng([index, 7])
    row = {
        "corpus": recipe.corpus, "numerals": "whole", "ordinals": recipe.ordinals,
        "condition": f"thinned like {recipe.control_for}" * bool(recipe.control_for)
        or recipe.perturbation,
        "perturbation": recipe.perturbation, "control_for": recipe.control_for,
        "window": recipe.window, "side": "both",
        "positional": False, "window_weighting": "flat", "signal": recipe.signal,
        "model": recipe.model, "weighting": "hellinger", "dim": 100, "seed": recipe.seed,
    }  # fmt: skip
    if recipe.model == "frequency":
        axes = ("window", "side", "positional", "window_weighting", "signal", "weighting", "dim")
        row |= dict.fromkeys(axes)
    key = f"{index:016x}"
    about = {"key": key, "run": key, "row": row, "status": recipe.status, "seconds": 4.2}
    if recipe.status == "failed":
        return {**about, "error": recipe.error}
    strength = (
        STRENGTH.get(recipe.perturbation, 0.8)
        * SIGNALS.get(recipe.signal, 0.9)
        * MODELS.get(recipe.model, 0.8)
        * (1.0 if recipe.ordinals == "keep" else 0.55)
    )
    numbers = np.setdiff1d(np.arange(1000), rng.choice(1000, recipe.missing, replace=False))
    flags = ["ordinals-kept"] if recipe.ordinals == "keep" else []
    flags += ["missing-numbers"] if recipe.missing else []
    kappas = dict(zip(MODULI, strength * CLASSICAL + rng.normal(0, 1.2, len(MODULI))))
    spikes = spectrum(rng, strength)
    confusions = {T: confusion(rng, T, kappas[T], len(numbers)) for T in MODULI}
    residues = {T: list(range(T)) for T in MODULI}
    if recipe.absent is not None:
        for T in MODULI:
            gone = recipe.absent % T
            residues[T].remove(gone)
            confusions[T] = np.delete(np.delete(confusions[T], gone, axis=0), gone, axis=1)
    angle = 2 * np.pi * numbers[None, :] / np.array(MODULI)[:, None]
    noise = rng.normal(0, 0.5, (2, *angle.shape))
    share = np.array([0.8, 0.5, 0.3, 0.3, 0.1, 0.4, 0.1, 0.1, 0.1, 0.2])
    return {
        **about,
        "error": "",
        "measures": {T: measures(recipe, rng, T, kappas[T], strength, spikes) for T in MODULI},
        "n_pairs": round(12_345_678 * strength),
        "n_numbers": len(numbers),
        "coverage": len(numbers) / 1000,
        "missing": np.setdiff1d(np.arange(1000), numbers),
        "n_documents": 31 if recipe.interval_reason == "few-documents" else 4000,
        "paper_label": label(kappas, spike=strength > 0.05),
        "reasons": [
            Reason.of("geometric" if kappas[T] > 6 else "under-the-floor", T=T, kappa=kappas[T],
                      p="p = 0.005")._asdict()
            for T in (2, 5, 10)
        ],
        "flags": flags,
        "spectrum": {
            "frequency": np.arange(1, 501) / 1000, "magnitude": spikes, "power": spikes**2,
        },
        "residues": residues,
        "confusion": confusions,
        "recall_by_digit": {
            T: np.clip(1 / T + strength * share + rng.normal(0, 0.03, 10), 0, 1) for T in MODULI
        },
        "circle": {
            T: {
                "numbers": numbers,
                "x": strength * np.cos(angle[i]) + noise[0, i],
                "y": strength * np.sin(angle[i]) + noise[1, i],
            }
            for i, T in enumerate(MODULI)
        },
        "replicates": {"kind": "half-samples", "ids": list(range(10))},
        "replicate_kappas": {
            T: dict(enumerate(kappas[T] - 2 + rng.normal(0, 1, (10, 2)))) for T in MODULI
        },
    }  # fmt: skip


def controls(kappa: float, without_interval: str | None) -> dict[str, Any]:
    """Columns of the controls of one made-up probe."""
    found = {}
    for at, name in enumerate(CONTROLS):
        value = kappa * (0.3 + 0.1 * at) + 1
        found[control_column(name)] = value
        found[control_column(name, "p_value")] = 0.0099 if value > 4 else 0.3
        if not without_interval:
            found[control_column(name, "low")] = value - 2.5
            found[control_column(name, "high")] = value + 2.5
        if at < 3:
            found[control_column(name, "random_mean")] = 0.95 * kappa
    return found


def measures(
    recipe: Recipe,
    rng: np.random.Generator,
    T: int,
    kappa: float,
    strength: float,
    spikes: np.ndarray,
) -> dict[str, Any]:
    """Measures of one made-up run at one T."""
    half = 2.26 * {2: 1.8, 5: 0.9, 10: 0.8}.get(T, 1.0)
    none = recipe.interval_reason
    low, high = (None, None) if none else (kappa - half, kappa + half)
    null = rng.normal(0.5, 0.4)
    found = {
        "kappa": kappa, "low": low, "high": high, "interval_reason": none or None,
        "repeat_sd": abs(rng.normal(0.8, 0.2)), "kappa_minus_ceiling": kappa - roundness_ceiling(T),
        **controls(kappa, none), "null_mean": null, "null_p95": null + 9 / T + 1,
        "null_p": 0.005 if kappa > 6 else 0.4, "phi": 30 * strength + 1,
        "lambda_max": 0.19 + strength * 2 / T, "lambda_max_noise": 0.19, "cond": 126.0,
        "accuracy": 1 / T + kappa / 100 * (1 - 1 / T),
    }  # fmt: skip
    if T in (2, 5, 10):
        p = 0.012 if strength > 0.05 else 0.4
        shares = {"parity": 1.0}
        if T > 2:
            shares = {"round_or_not": 0.66, "0_or_5": 0.28, "the_rest": 0.06}
        for name, share in {"corrected": 1.0, **shares}.items():
            value = 30 * strength * share
            found |= {
                f"phi_{name}": value,
                f"phi_{name}_low": value - 2 * half * strength,
                f"phi_{name}_high": value + 2 * half * strength,
            }
        found |= {
            "spectral": strength > 0.05,
            "verdict": "by roundness" if kappa > 6 else "neither",
        }
        found |= {"magnitude": spikes[1000 // T - 1], "spike_p": p}
    return {**dict.fromkeys(MEASURES), **found}


def attribution(
    labels: Sequence[str] = ("context groups", "text and numbers"),
    groups: Sequence[str] = GROUPS,
) -> pd.DataFrame:
    """Shares of context groups by T and by last digit; the Shapley values sum to the whole."""
    rng = np.random.default_rng(5)
    rows = []
    for label, T, digit in itertools.product(labels, (2, 5, 10), (None, *range(10))):
        whole = 25.0 if digit is None else 60.0
        share = rng.dirichlet(np.linspace(0.4, 3, len(groups))) * whole
        for group, value in zip(groups, share):
            rows.append({
                "label": f"wikipedia, whole, ±1, SVD: {label}", "grouping": label, "group": group,
                "T": T, "digit": digit,
                "single_group": value * 2.5, "leave_one_out": value * 0.3,
                "shapley": value, "low": value - 1, "high": value + 1, "whole": whole,
                "reason": "",
            })  # fmt: skip
    return pd.DataFrame(rows).astype({"digit": "Int64"})


def words(labels: Sequence[str] = ("wikipedia, whole, ±1",), first: str = "over") -> pd.DataFrame:
    """Words that carry n mod T, the last of them not confirmed."""
    rng = np.random.default_rng(6)
    rows = []
    for label, T, (at, word) in itertools.product(
        labels, (2, 10), enumerate([first, "about", "games"])
    ):
        ratio = (8.0, 4.0, 0.9)[at]
        rows.append({
            "corpus": "wikipedia", "numerals": "whole", "ordinals": "out", "window": "±1",
            "label": label, "T": T, "word": word, "side": ("both", "left", "right 2")[at],
            "count": 8000.0 / (at + 1), "share": 0.1 / (at + 1), "f": 50.0 / (at + 1) ** 3,
            "p_value": 1e-9, "q_value": 1e-7 if at < 2 else 0.3, "confirmed": at < 2,
            "odds_ratio": ratio, "low": 0.8 * ratio, "high": 1.3 * ratio, "in_class": 0.8,
            "class": f"multiples of {T // 2 if T > 2 else T}", "tested": 827,
            "told": f"80 % of the numbers beside “{first}” (±2) are round, where 30 % are.",
            "sentence": f"80 % of the numbers beside “{word}” (±2) are round, where 30 % are.",
            **{f"residue_{r}": rng.normal(0, 4) if r < T else None for r in range(10)},
        })  # fmt: skip
    return pd.DataFrame(rows)


def make_study(
    folder: Path,
    recipes: Sequence[Recipe] | None = None,
    *,
    extras: bool = True,
    groups: Sequence[str] = GROUPS,
    **about: Any,
) -> Path:
    """Write a study folder and return it; `about` takes the place of what study.json says."""
    records = [record(recipe, index) for index, recipe in enumerate(recipes or grid())]
    folder = Path(folder)
    for one in records:
        write_record(record_path(folder, one["key"]), one)
    if extras:
        write_frame(folder / "attribution.json", attribution(groups=groups))
        write_frame(folder / "words.json", words(first=groups[0] if groups != GROUPS else "over"))
    told = {
        "schema": SCHEMA,
        "name": "paper-data",
        "title": "",
        "description": "The conditions of the paper's data figure, with classical embeddings.",
        "spec": {"window": 10, "moduli": list(MODULI), "seeds": [0]},
        "versions": {"python": "3.11.2", "wordnum": "0.1.0", "numpy": "2.4.6", "scipy": "1.17.1"},
        "linear_algebra": {},
        "fingerprint": "aa00bb11cc22dd33",
        "command": "wordnum study paper-data --corpus wikipedia.txt.xz -o out --jobs 2",
        "seconds": {"encode": 30.2, "count": 0.0, "measure": 611.0},
        "corpora": [],
        "failures": [],
        "runs": [one["key"] for one in records],
    }
    write_record(folder / "study.json", {**told, **about})
    return folder


# Markup, quotes, a template, a formula, rich's markup, commands to a terminal, turned direction.
HOSTILE = (
    "</script><script>document.title='ran'</script><img src=x onerror=\"document.title='ran'\">"
    "'\"`${document.title='ran'}` {{overview}} $x_{ [/b] \x1b]0;ran\x07\x1b[31m \u202e =1+1"
)


def hostile_study(folder: Path) -> Path:
    """Study whose every name is hostile."""
    base = Recipe(corpus=HOSTILE, model=HOSTILE)
    return make_study(
        folder,
        [
            base,
            replace(base, perturbation=HOSTILE, signal=HOSTILE),
            replace(base, perturbation=f"2{HOSTILE}", missing=3),
            replace(base, model=f"3{HOSTILE}", status="failed", error=HOSTILE),
        ],
        groups=[HOSTILE, f"2{HOSTILE}"],
        title=HOSTILE,
        name=HOSTILE,
        description=HOSTILE,
        command=HOSTILE,
        corpora=[{"name": HOSTILE, "title": HOSTILE, "licence": HOSTILE, "numerals": HOSTILE,
                  "ordinals": HOSTILE, "error": HOSTILE}],
        failures=[HOSTILE],
    )  # fmt: skip


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
        replace(base, corpus="gensim sample", interval_reason="few-documents", missing=460),
        replace(base, model="word2vec", interval_reason="no-replicates", absent=0),
        replace(base, corpus=hostile, perturbation=f"{hostile}:1"),
        replace(base, model="glove", status="failed"),
    ]


def trained_study(folder: Path) -> Path:
    """Study of a model that trains, with one checkpoint, beside counting of half and all text."""
    recipes = [Recipe(perturbation="thin:0.5"), Recipe(), Recipe(model="Transformer")]
    make_study(folder, recipes, extras=False)
    half, whole, last = (record(recipe, at) for at, recipe in enumerate(recipes))
    earlier = {**record(recipes[-1], 3), "run": last["key"]}
    last["checkpoints"] = [earlier["key"]]
    for one, step, tokens in (
        (half, None, 500_000), (whole, None, 1_000_000), (earlier, 10, 40_000), (last, 20, 80_000)
    ):  # fmt: skip
        write_record(record_path(folder, one["key"]), {**one, "step": step, "tokens": tokens})
    return folder
