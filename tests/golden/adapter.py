"""The library as golden values see it: the only file here that knows its names.

Inputs and outputs are plain (strings, paths, dicts, arrays); a corpus is passed on unlooked at.
Every parameter is given, so that a default may change without changing a golden value.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from wordnum.analyzers.class_scatter import separability as _separability
from wordnum.analyzers.probing import probe as _probe
from wordnum.analyzers.spectra import spectrum as _spectrum
from wordnum.analyzers.verdicts import verdict as _verdict
from wordnum.cooccurrence.counting import count_conditions
from wordnum.cooccurrence.windows import Window
from wordnum.cooccurrence.word_pairs import count_words
from wordnum.corpus.encoding import encode, encode_documents
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.embeddings.baselines import Random, TokenFrequency
from wordnum.embeddings.gensim_models import FastText, Word2Vec
from wordnum.embeddings.glove import GloVe
from wordnum.embeddings.presets import PRESETS, Preset, embed
from wordnum.embeddings.sgns import NumberSGNS
from wordnum.embeddings.svd import SVD
from wordnum.embeddings.weightings import Weighting
from wordnum.studies.attribution import attribute as _attribute
from wordnum.studies.grid import ModelSpec, ProbeSpec
from wordnum.studies.runner import run_study
from wordnum.studies.toml_files import load_study

Array = np.ndarray

# Corpora ------------------------------------------------------------------------------------------


def synthetic(*, n_documents: int, length: int, size: int) -> Any:
    """Made-up documents with every kind of signal, which give texts and token ids."""
    return SyntheticCorpus(
        n_documents=n_documents,
        length=length,
        size=size,
        density=0.08,
        decay=0.5,
        heaping=3.0,
        residue_words={10: 0.15},
        magnitude=0.3,
        companions=0.5,
        same_residue={10: 0.4},
        neighbours=0.1,
        variants=3,
        n_fillers=500,
        n_units=50,
        random_state=0,
    )


def ids_of(texts: Any) -> Any:
    """Corpus of made-up documents without the way through text."""
    return texts.encoded(n_blocks=20)


def encoded(
    source: Any, folder: Path, *, numerals: str, ordinals: str, spelled_out: bool, words: int
) -> Any:
    """Corpus of texts, or of a file whose documents end at blank lines."""
    files = {"reader": "text", "field": None, "separator": "blank", "errors": "strict",
             "strict": True}  # fmt: skip
    of_files = isinstance(source, Path)
    return (encode if of_files else encode_documents)(
        source,
        folder,
        **(files if of_files else {}),
        numerals=NumeralScheme(numerals, size=1000, ordinals=ordinals, spelled_out=spelled_out),
        tokenizer="fast",
        vocabulary_size=words,
        append=False,
        n_jobs=1,
    )


def tokens(corpus: Any) -> dict[str, Any]:
    """Token ids of all documents, where each begins, and the words by their ids."""
    blocks = list(corpus.blocks())
    return {
        "ids": np.concatenate([block.ids for block in blocks]),
        "lengths": np.concatenate([np.diff(block.starts) for block in blocks]),
        "blocks": np.array([len(block.starts) - 1 for block in blocks]),
        "words": [corpus.vocabulary.token(i) for i in range(len(corpus.vocabulary))],
        "counts": corpus.vocabulary.counts,
    }


# Counts -------------------------------------------------------------------------------------------


def number_rows(corpus: Any, conditions: list[str], *, window: int) -> Iterator[dict[str, Any]]:
    """Events (signed distance, number, context, count) and margins by block, per condition."""
    counted = _counted(corpus, conditions, window)
    for condition in conditions:
        counts = counted.pop(condition)
        yield {
            "events": _events(counts.signal("both", window=_window(window, positional=True))),
            "numbers": counts.number_counts,
            "contexts": counts.context_counts,
            "documents": counts.documents,
        }


def _counted(corpus: Any, conditions: list[str], window: int) -> dict[str, Any]:
    return count_conditions(
        corpus, perturbations=conditions, window=window, random_state=0, n_jobs=1
    )


def _events(signal: Any) -> Array:
    found = signal.matrix().tocoo()
    distance, context = signal.offsets[found.col], signal.columns[found.col]
    return np.stack([distance, found.row, context, found.data.astype(np.int64)], axis=1)


def word_rows(corpus: Any, conditions: list[str], *, window: int, decay: str) -> Iterator[Any]:
    """Counts of all words by all words as a sparse matrix, per condition."""
    around = _window(window, weighting=decay)
    for condition in conditions:
        yield _counted_words(corpus, condition, around).matrix(side="both")


def _counted_words(corpus: Any, condition: str, window: Any) -> Any:
    return count_words(corpus, perturbation=condition, window=window, random_state=0, n_jobs=1)


def _window(
    size: int, *, side: str = "both", positional: bool = False, weighting: str = "flat"
) -> Any:
    return Window(size=size, side=side, positional=positional, weighting=weighting)


# Vectors ------------------------------------------------------------------------------------------

# Weighting (kind, shift, smoothing, power, mass), power of the singular values, signal, window,
# and whose shares are taken.
SVDS: dict[str, tuple[tuple[str, float, float, float, float], float, str, dict[str, Any], str]] = {
    "raw": (("raw", 0.0, 1.0, 0.5, 0.0), 1.0, "both", {"size": 5}, "pairs"),
    "log": (("log", 0.0, 1.0, 0.5, 0.0), 1.0, "both", {"size": 5}, "pairs"),
    "conditional": (("conditional", 0.0, 1.0, 0.5, 0.0), 1.0, "both", {"size": 5}, "pairs"),
    "hellinger": (("hellinger", 0.0, 1.0, 0.5, 0.0), 1.0, "both", {"size": 5}, "pairs"),
    "hellinger, power 0.7": (("hellinger", 0.0, 1.0, 0.7, 0.3), 1.0, "both", {"size": 3}, "pairs"),
    "pmi": (("pmi", 0.0, 1.0, 0.5, 0.0), 1.0, "both", {"size": 5}, "pairs"),
    "ppmi": (("ppmi", 0.0, 1.0, 0.5, 0.0), 1.0, "both", {"size": 5}, "pairs"),
    "ppmi, shifted": (("ppmi", 1.0, 0.75, 0.5, 0.0), 0.5, "both", {"size": 5}, "pairs"),
    "ppmi, corpus": (("ppmi", 0.0, 0.75, 0.5, 0.0), 1.0, "both", {"size": 5}, "corpus"),
    "qwem": (("qwem", 0.5, 1.0, 0.5, 0.0), 0.5, "both", {"size": 5}, "pairs"),
    "text": (("hellinger", 0.0, 1.0, 0.5, 0.0), 1.0, "text", {"size": 2}, "pairs"),
    "number": (("ppmi", 0.0, 1.0, 0.5, 0.0), 0.0, "number", {"size": 10}, "pairs"),
    "left": (("ppmi", 0.0, 1.0, 0.5, 0.0), 1.0, "both", {"size": 3, "side": "left"}, "pairs"),
    "positional": (
        ("hellinger", 0.0, 1.0, 0.5, 0.0), 1.0, "both", {"size": 2, "positional": True}, "pairs",
    ),
    "harmonic": (
        ("log", 0.0, 1.0, 0.5, 0.0), 1.0, "both", {"size": 5, "weighting": "harmonic"}, "pairs",
    ),
    "linear": (
        ("ppmi", 0.0, 1.0, 0.5, 0.0), 1.0, "both", {"size": 5, "weighting": "linear"}, "pairs",
    ),
}  # fmt: skip

_SVD = {"rows": "numbers", "min_count": 1, "marginals": "pairs", "half_samples": False,
        "device": "cpu", "precision": "double", "tol": 1e-6, "random_state": 0}  # fmt: skip
_GLOVE = {"dim": 30, "epochs": 3, "x_max": 100.0, "alpha": 0.75, "learning_rate": 0.05,
          "sum_vectors": False, "min_count": 1, "random_state": 0, "n_jobs": 1,
          "half_samples": False}  # fmt: skip
_SGNS = {"dim": 30, "window": 5, "negative": 5, "noise_exponent": 0.75, "sample": 1e-3, "epochs": 2,
         "learning_rate": 0.025, "last_learning_rate": 1e-4, "signal": "both", "min_count": 1,
         "random_state": 0, "half_samples": False}  # fmt: skip
_WORD2VEC = {"dim": 30, "window": 5, "negative": 5, "sample": 1e-3, "noise_exponent": 0.75,
             "learning_rate": 0.025, "last_learning_rate": 1e-4, "epochs": 2, "min_count": 1,
             "random_state": 0, "n_jobs": 1, "half_samples": False}  # fmt: skip
_NGRAMS = {"min_n": 3, "max_n": 6, "buckets": 2000, "number_ngrams": False}


def svd_vectors(corpus: Any) -> Iterator[tuple[str, Array, Array]]:
    """Name, numbers and vectors of SVDs of number rows."""
    counts = _counted(corpus, ["original"], 10)["original"]
    for name, (weighting, p, signal, window, marginals) in SVDS.items():
        kind, shift, smoothing, power, mass = weighting
        chosen = Weighting(kind, shift=shift, smoothing=smoothing, power=power, mass=mass)
        model = SVD(**{**_SVD, "weighting": chosen, "dim": 30, "p": p, "marginals": marginals})
        yield _named(name, model.fit_transform(counts.signal(signal, window=_window(**window))))


def other_vectors(corpus: Any) -> Iterator[tuple[str, Array, Array]]:
    """Name, numbers and vectors of every other model, each trained by one worker."""
    counts = _counted(corpus, ["original"], 5)["original"]
    words = _counted_words(corpus, "original", _window(5, weighting="harmonic"))
    signal = counts.signal("both", window=_window(5, weighting="harmonic"))
    text = counts.signal("text", window=_window(2))
    every = {**_SVD, "weighting": "ppmi", "dim": 30, "p": 1.0, "rows": "all"}
    yield _named("svd of all rows", SVD(**every).fit_transform(words))
    single = {**_SVD, "weighting": "hellinger", "dim": 30, "p": 1.0, "precision": "single"}
    yield _named("svd, single", SVD(**single).fit_transform(text))
    yield _named("glove", GloVe(**_GLOVE).fit_transform(signal))
    yield _named("glove, summed", GloVe(**{**_GLOVE, "sum_vectors": True}).fit_transform(words))
    for contexts in ("numbers", "words"):
        model = NumberSGNS(**_SGNS, contexts=contexts)
        yield _named(f"sgns, {contexts}", model.fit_transform(corpus, perturbation="original"))
    cut = NumberSGNS(**_SGNS, contexts="numbers").fit_transform(corpus, perturbation="isolate:1")
    yield _named("sgns, isolated", cut)
    for mode in ("sgns", "cbow"):
        model = Word2Vec(**_WORD2VEC, mode=mode)
        yield _named(f"word2vec, {mode}", model.fit_transform(corpus, perturbation="original"))
    model = FastText(**_WORD2VEC, **_NGRAMS, mode="sgns")
    yield _named("fasttext", model.fit_transform(corpus, perturbation="original"))
    yield _named("random", Random(dim=30, random_state=0, min_count=1).fit_transform(corpus))
    yield _named("frequency", TokenFrequency(min_count=1, half_samples=False).fit_transform(signal))


def _named(name: str, embedding: Any) -> tuple[str, Array, Array]:
    return name, embedding.numbers, embedding.vectors


# Ordinals, window, model and its parameters, those that a preset leaves to its model among them.
_PRESETS: dict[str, tuple[str, dict[str, Any], str, dict[str, Any]]] = {
    "hellinger-mass-3": ("out", {"size": 3}, "svd",
                         {**_SVD, "weighting": "hellinger:mass=0.15", "dim": 100, "p": 1.0}),
    "hellinger-2": ("out", {"size": 2}, "svd",
                    {**_SVD, "weighting": "hellinger", "dim": 100, "p": 1.0}),
    "hellinger-1": ("out", {"size": 1}, "svd",
                    {**_SVD, "weighting": "hellinger", "dim": 100, "p": 1.0}),
    "hellinger-1-ordinals": ("keep", {"size": 1}, "svd",
                             {**_SVD, "weighting": "hellinger", "dim": 100, "p": 1.0}),
    "ppmi-2": ("out", {"size": 2}, "svd", {**_SVD, "weighting": "ppmi", "dim": 100, "p": 1.0}),
    "paper-ppmi": ("keep", {"size": 5}, "svd",
                   {**_SVD, "weighting": "ppmi", "dim": 300, "p": 1.0}),
    "paper-word2vec": ("keep", {"size": 5, "weighting": "linear"}, "word2vec",
                       {**_WORD2VEC, "mode": "sgns", "dim": 300}),
    "glove-5": ("out", {"size": 5, "weighting": "harmonic"}, "glove", {**_GLOVE, "dim": 100}),
    "qwem-5": ("out", {"size": 5, "weighting": "linear"}, "svd",
               {**_SVD, "weighting": "qwem", "dim": 100, "p": 0.5}),
}  # fmt: skip


def preset_vectors(out: Any, kept: Any) -> Iterator[tuple[str, Array, Array]]:
    """Name, numbers and vectors of presets spelled out here, on corpora of either ordinals."""
    for name, (ordinals, window, model, parameters) in _PRESETS.items():
        preset = Preset(
            name=name,
            description="",
            numerals="whole",
            ordinals=ordinals,
            window=_window(**window),
            signal="both",
            model=model,
            parameters=parameters,
        )
        corpus = out if ordinals == "out" else kept
        yield _named(name, embed(corpus, preset=preset, random_state=0, device="cpu", n_jobs=1))


def preset_meanings() -> dict[str, str]:
    """What each preset of the library says, in words."""
    return {
        name: f"{p.numerals}, ordinals {p.ordinals}, {p.signal}, {p.window.size} "
        f"{p.window.side} {p.window.weighting}{' positional' * p.window.positional}, {p.model} "
        + ", ".join(
            f"{key}={value}"
            for key, value in sorted(
                {**({"dim": 100} if p.model != "word2vec" else {}), **p.parameters}.items()
            )
        )
        for name, p in PRESETS.items()
    }


# Measures -----------------------------------------------------------------------------------------

MODULI = tuple(range(2, 11))


def measured_embeddings(corpus: Any) -> dict[str, Any]:
    """Two embeddings with half-samples of the documents."""
    counts = _counted(corpus, ["original"], 5)["original"]
    options = {**_SVD, "half_samples": True, "dim": 12, "p": 1.0}
    words = SVD(**options, weighting="hellinger").fit_transform(
        counts.signal("text", window=_window(2))
    )
    numbers = SVD(**options, weighting="ppmi").fit_transform(
        counts.signal("number", window=_window(5))
    )
    return {"words": words, "numbers": numbers}


# Shuffles, repeats, folds, and whether there are controls.
CLASSIFIERS = {
    "lda": (60, 3, 5, True),
    "ridge": (60, 3, 5, True),
    "logistic": (3, 1, 3, True),
    "mlp": (0, 1, 2, False),
}


def probed(embedding: Any, classifier: str) -> dict[str, list[Any]]:
    """Measures of the probe of n mod T, each a list over T; None where there is none."""
    found = _probed(embedding, classifier)
    names = {
        "kappa": "kappa",
        "accuracy": "accuracy",
        "spread over repeats": "repeat_sd",
        "low": "low",
        "high": "high",
    }
    parts = [found[T] for T in MODULI]
    values = {name: [getattr(p, attribute) for p in parts] for name, attribute in names.items()}
    controls = {
        "grouped folds": "groups",
        "without fives": "excluding multiples of 5",
        "within parity": "within parity",
        "without frequency": "without frequency",
    }
    for name, control in controls.items():
        found_controls = [p.controls.get(control) for p in parts]
        values[name] = [one and one.kappa for one in found_controls]
    for name, attribute in {"runs": "null", "plain": "null_unrestricted"}.items():
        nulls = [getattr(p, attribute) for p in parts]
        values[f"p, {name}"] = [null and null.p_value for null in nulls]
        values[f"null mean, {name}"] = [null and null.mean for null in nulls]
    return values


def _probed(embedding: Any, classifier: str) -> Any:
    nulls, repeats, folds, controls = CLASSIFIERS[classifier]
    return _probe(
        embedding,
        moduli=MODULI,
        classifier=classifier,
        random_state=0,
        device="cpu",
        nulls=nulls,
        repeats=repeats,
        folds=folds,
        controls=controls,
        intervals=controls,
    )


def half_kappas(embedding: Any) -> Array:
    """Kappas of the halves of every split, (T, splits, 2)."""
    found = _probed(embedding, "lda")
    return np.array([list(found[T].replicate_kappas.values()) for T in MODULI])


def spectrum(embedding: Any) -> dict[str, Any]:
    """Magnitude and power of every frequency, and the p-values of the spikes."""
    found = _spectrum(embedding, periods=(2, 5, 10))
    spikes = [found.spikes[T] for T in (2, 5, 10)]
    return {
        "magnitude": found.magnitude,
        "power": found.power,
        "p": [spike.p_value for spike in spikes],
    }


def separability(embedding: Any) -> dict[str, list[float]]:
    """Measures of the class scatter, each a list over T."""
    found = _separability(embedding, moduli=MODULI)
    names = ("phi", "lambda_max", "lambda_max_noise", "cond", "lower", "upper")
    return {name: [getattr(found[T], name) for T in MODULI] for name in names}


def verdict(embedding: Any) -> str:
    """The paper's label, and the verdict of every T."""
    spikes = _spectrum(embedding, periods=(2, 5, 10))
    found = _verdict(spikes, _probed(embedding, "lda"), flags=(), n_documents=1000)
    return f"{found.paper_label}; {found}"


# Study --------------------------------------------------------------------------------------------

# Golden name of a column of the table -> its name in the library.
IDENTITY = {
    "corpus": "corpus", "numerals": "numerals", "ordinals": "ordinals", "condition": "condition",
    "control": "control_for", "window": "window", "side": "side", "positional": "positional",
    "decay": "window_weighting", "signal": "signal", "model": "model", "weighting": "weighting",
    "dim": "dim", "seed": "seed",
}  # fmt: skip
MEASURES = {
    "kappa": "kappa", "low": "low", "high": "high", "spread over repeats": "repeat_sd",
    "grouped folds": "kappa_groups", "without fives": "kappa_excluding_multiples_of_5",
    "within parity": "kappa_within_parity", "without frequency": "kappa_without_frequency",
    "null mean": "null_mean", "null 95 %": "null_p95", "p": "null_p",
    "plain null mean": "null_unrestricted_mean", "plain null 95 %": "null_unrestricted_p95",
    "plain p": "null_unrestricted_p", "accuracy": "accuracy", "phi": "phi",
    "magnitude": "magnitude", "power": "power", "spike p": "spike_p", "lambda": "lambda_max",
    "lambda noise": "lambda_max_noise",
    "cond": "cond", "lower": "lower", "upper": "upper", "numbers": "n_numbers",
    "coverage": "coverage", "pairs": "n_pairs",
}  # fmt: skip
WORDS = {"no interval": "interval_reason", "verdict": "paper_label", "flags": "flags"}
# What stands in the golden rows where a model does not have the axis, which is empty now.
_NO_AXIS = {
    "window": 2, "side": "both", "positional": False, "window_weighting": "flat", "signal": "both",
    "seed": 0,
}  # fmt: skip


def demo_table(folder: Path, *, everything: bool) -> dict[str, Any]:
    """Columns of the table of the demo study, or of a few of its cells, a row per cell and T."""
    logging.getLogger("wordnum").setLevel(logging.ERROR)
    study = load_study("demo", corpora=None, root="")
    probe = ProbeSpec(moduli=MODULI, classifier="lda", nulls=200, repeats=5, random_state=0)
    study = replace(study, models=_demo_models(), windows=(_window(2),), seeds=(0,), probe=probe)
    study = replace(study, signals=("text", "number", "both"))
    if not everything:
        study = replace(study, perturbations=("original", "swap-numbers"), signals=("both",))
    table = run_study(study, folder, n_jobs=1, device="cpu", overwrite=False, command="").table
    for column, value in _NO_AXIS.items():
        table[column] = table[column].astype(object).where(table[column].notna(), value)
    columns = {name: table[column] for name, column in (IDENTITY | MEASURES | WORDS).items()}
    return {name: column.to_list() for name, column in columns.items()} | {"T": list(table["T"])}


def _demo_models() -> tuple[Any, ...]:
    halves = {**_SVD, "half_samples": True, "dim": 50, "p": 1.0}
    return (
        ModelSpec("PPMI-SVD", "svd", {**halves, "weighting": "ppmi"}),
        ModelSpec("Hellinger-SVD", "svd", {**halves, "weighting": "hellinger"}),
        ModelSpec("token frequency", "frequency", {"min_count": 1, "half_samples": True}),
    )


# Attribution --------------------------------------------------------------------------------------


def attributed(
    corpus: Any, *, groups: Any, sides: bool, intervals: bool, exact_limit: int
) -> dict[str, Array]:
    """Shares of contexts in the kappas of a window of 2: groups are named, or lists of word slots.

    Arrays have the axes group, T and measure; of `whole` T and measure.
    """
    counts = _counted(corpus, ["original"], 2)["original"]
    if not isinstance(groups, str):
        first = counts.vocabulary.first_word
        groups = {name: first + np.asarray(slots) for name, slots in groups.items()}
    found = _attribute(
        counts,
        window=_window(2),
        signal="both",
        groups=groups,
        sides=sides,
        weighting="hellinger",
        dim=12,
        moduli=(2, 5, 10),
        exact_limit=exact_limit,
        permutations=16,
        repeats=2,
        intervals=intervals,
        n_jobs=1,
        random_state=0,
        device="cpu",
    )
    values = {
        "shapley": found.shapley,
        "single group": found.single_group,
        "leave-one-out": found.leave_one_out,
        "sampling error": found.sampling_error,
        "whole": found.whole,
    }
    return {**values, "low": found.low, "high": found.high} if intervals else values
