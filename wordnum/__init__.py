"""Find out which co-occurrence signals in text give numbers their structure.

Text becomes tokens (`encode`), tokens become counts (`count`), counts become embeddings (`SVD`,
`GloVe`, `NumberSGNS`, …), embeddings become measures (`spectrum`, `probe`, `separability`, or all
of them with `wordnum.analyze.analyze`), and a grid of all that becomes a table (`run_study`) and a
page (`write_page`). Names load when they are first used, so that importing wordnum is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "AllCounts": "wordnum.cooccurrence.all_counts",
    "CooccurrenceCounts": "wordnum.cooccurrence.counts",
    "Embedding": "wordnum.embed.embedding",
    "EncodedCorpus": "wordnum.corpus.encoded",
    "ExpectedCounts": "wordnum.cooccurrence.expected",
    "FastText": "wordnum.embed.word2vec",
    "GloVe": "wordnum.embed.glove",
    "ModelSpec": "wordnum.study.spec",
    "NumberSGNS": "wordnum.embed.sgns",
    "NumeralScheme": "wordnum.corpus.numerals",
    "Random": "wordnum.embed.baselines",
    "SVD": "wordnum.embed.svd",
    "Study": "wordnum.study.spec",
    "StudyResults": "wordnum.study.results",
    "SyntheticCorpus": "wordnum.corpus.synthetic",
    "TokenFrequency": "wordnum.embed.baselines",
    "Vocabulary": "wordnum.corpus.vocabulary",
    "Window": "wordnum.cooccurrence.window",
    "Word2Vec": "wordnum.embed.word2vec",
    "attribute": "wordnum.study.attribute",
    "compare": "wordnum.analyze.inference",
    "count": "wordnum.cooccurrence.count",
    "embed_numbers": "wordnum.embed.make",
    "encode": "wordnum.corpus.encode",
    "encode_recipe": "wordnum.corpus.from_recipe",
    "expected_counts": "wordnum.cooccurrence.expect",
    "find_recipe": "wordnum.corpus.recipe",
    "load_embedding": "wordnum.embed.pretrained",
    "load_study": "wordnum.study.files",
    "parallel_backend": "wordnum.parallel",
    "probe": "wordnum.analyze.probe",
    "run_study": "wordnum.study.runner",
    "separability": "wordnum.analyze.separability",
    "spectrum": "wordnum.analyze.fourier",
    "verdict": "wordnum.analyze.verdict",
    "write_page": "wordnum.report.page",
}

__all__ = [
    "SVD",
    "AllCounts",
    "CooccurrenceCounts",
    "Embedding",
    "EncodedCorpus",
    "ExpectedCounts",
    "FastText",
    "GloVe",
    "ModelSpec",
    "NumberSGNS",
    "NumeralScheme",
    "Random",
    "Study",
    "StudyResults",
    "SyntheticCorpus",
    "TokenFrequency",
    "Vocabulary",
    "Window",
    "Word2Vec",
    "__version__",
    "attribute",
    "compare",
    "count",
    "embed_numbers",
    "encode",
    "encode_recipe",
    "expected_counts",
    "find_recipe",
    "load_embedding",
    "load_study",
    "parallel_backend",
    "probe",
    "run_study",
    "separability",
    "spectrum",
    "verdict",
    "write_page",
]


_STAGES = ("analyze", "cooccurrence", "corpus", "embed", "report", "study")


def __getattr__(name: str) -> Any:
    if name in _STAGES:
        return import_module(f"wordnum.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'wordnum' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
