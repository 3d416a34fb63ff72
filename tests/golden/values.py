"""What golden values are made of: each part gives names and values, text or arrays of floats."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from tests.golden import adapter

Values = dict[str, Any]

CONDITIONS = [
    "original",
    "context-length:8",
    "context-length:2",
    "isolate:1",
    "isolate:2",
    "isolate:8",
    "swap-numbers",
    "swap-numbers:sequence",
    "unigram-replace",
    "thin:0.5",
]
WORD_CONDITIONS = ["original", "context-length:8", "swap-numbers"]
NUMERALS = [(kind, ordinals) for kind in ("whole", "l2r3", "r2l3", "digit")
            for ordinals in ("out", "keep")]  # fmt: skip
# Round and odd, small and large, of every last digit.
SHOWN = [
    *range(11),
    12,
    15,
    17,
    20,
    24,
    25,
    33,
    48,
    50,
    66,
    71,
    99,
    100,
    119,
    200,
    250,
    500,
    750,
    999,
]


class Corpora:
    """Corpora that the parts share, made when first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made: dict[str, Any] = {}

    @property
    def ids(self) -> Any:
        """Made-up documents of 200 numbers, as token ids."""
        texts = adapter.synthetic(n_documents=1500, length=300, size=200)
        return self._once("ids", lambda: adapter.ids_of(texts))

    def text(self, numerals: str, ordinals: str) -> Any:
        """Made-up documents of 1000 numbers, and spellings of all kinds, read as text."""
        texts = [*adapter.synthetic(n_documents=400, length=200, size=1000), *_spellings()]
        return self._encoded(f"{numerals}, {ordinals}", texts, numerals, ordinals, words=400)

    def real(self, texts: Path) -> Any:
        """A fifth of Wikipedia."""
        return self._encoded("real", real_text(texts), "whole", "out", words=50_000)

    def _encoded(self, name: str, source: Any, numerals: str, ordinals: str, words: int) -> Any:
        folder = self.folder / name.replace(", ", "-")
        made = lambda: adapter.encoded(  # noqa: E731
            source, folder, numerals=numerals, ordinals=ordinals, spelled_out=False, words=words
        )
        return self._once(name, made)

    def _once(self, name: str, make: Any) -> Any:
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]


def real_text(texts: Path) -> Path:
    """File of the real text in the folder of all texts."""
    return texts / "wikipedia2014.1of5.txt.xz"


def _spellings() -> list[str]:
    """Texts whose numbers depend on the scheme they are read by."""
    endings = ("st", "nd", "rd", "th")
    return [
        f"The {n}{endings[n % 4]} of {n} units, $ {n}% and {n},234 or {n}.5 (00{n}); A{n}, {n}g, "
        f"{n}/{n + 1}, {n}-{n + 2}, twenty-three, −{n}, Été {n}!"
        for n in range(0, 300, 3)
    ]


def tokens(corpora: Corpora) -> Values:
    """Token ids and vocabularies of one text under every numeral scheme."""
    found: Values = {}
    for numerals, ordinals in NUMERALS:
        parts = adapter.tokens(corpora.text(numerals, ordinals))
        words = "\n".join(parts.pop("words")).encode()
        found[f"{numerals}, {ordinals}: words"] = hashlib.sha256(words).hexdigest()
        for name, array in parts.items():
            found[f"{numerals}, {ordinals}: {name}"] = _hash(array)
    return found


def counts(corpus: Any) -> Values:
    """Hashes of number rows and of all rows, a few sums of weighted all rows."""
    found: Values = {}
    for condition, parts in zip(CONDITIONS, adapter.number_rows(corpus, CONDITIONS, window=10)):
        found[f"{condition}: events"] = _hash(_in_order(parts["events"]))
        for name in ("numbers", "contexts", "documents"):
            found[f"{condition}: {name}"] = _hash(parts[name])
    flat = adapter.word_rows(corpus, WORD_CONDITIONS, window=5, decay="flat")
    for condition, matrix in zip(WORD_CONDITIONS, flat):
        found[f"{condition}: all rows"] = _hash(_triples(matrix))
    for matrix in adapter.word_rows(corpus, ["original"], window=5, decay="harmonic"):
        found["original: harmonic"] = _sums(matrix)
    return found


def _hash(array: np.ndarray) -> str:
    plain = np.ascontiguousarray(array, dtype=np.int64)
    return hashlib.sha256(str(plain.shape).encode() + plain.tobytes()).hexdigest()


def _in_order(tuples: np.ndarray) -> np.ndarray:
    """Distinct tuples of integers, sorted; the last entry of each does not tell them apart."""
    key = np.zeros(len(tuples), dtype=np.int64)
    for column in tuples.T[:-1]:
        key = key * (int(np.ptp(column)) + 1) + (column - column.min())
    return tuples[np.argsort(key)]


def _triples(matrix: Any) -> np.ndarray:
    """(row, column, count) of a sparse matrix of whole numbers, sorted."""
    found = matrix.tocsr()
    found.sort_indices()
    found = found.tocoo()
    return np.stack([found.row, found.col, found.data.astype(np.int64)], axis=1)


def _sums(matrix: Any) -> np.ndarray:
    """Norm, total, trace, sums of the first 200 and 1200 rows."""
    rows = np.asarray(matrix.sum(axis=1)).ravel()
    norm = np.sqrt((matrix.tocoo().data ** 2).sum())
    return np.array(
        [norm, rows.sum(), matrix.diagonal().sum(), rows[:200].sum(), rows[:1200].sum()]
    )


def svds(corpora: Corpora) -> Values:
    """Gram matrices of SVDs of number rows."""
    return _grams(adapter.svd_vectors(corpora.text("whole", "out")))


def models(corpora: Corpora) -> Values:
    """Gram matrices of all other models."""
    return _grams(adapter.other_vectors(corpora.text("whole", "out")))


def presets(corpora: Corpora) -> Values:
    """Gram matrices of all presets, and what they say."""
    both = corpora.text("whole", "out"), corpora.text("whole", "keep")
    said = {f"{name} says": text for name, text in adapter.preset_meanings().items()}
    return _grams(adapter.preset_vectors(*both)) | said


def _grams(named: Any) -> Values:
    return {name: _gram(numbers, vectors) for name, numbers, vectors in named}


def _gram(numbers: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Numbers present, trace and norm of the Gram matrix, its part of the numbers in `SHOWN`.

    The Gram matrix does not depend on signs and rotations. Absent numbers have zeros.
    """
    vectors = vectors.astype(np.float64)
    shown = np.zeros((1000, vectors.shape[1]))
    shown[numbers] = vectors
    shown = shown[SHOWN]
    part = (shown @ shown.T)[np.triu_indices(len(SHOWN))]
    whole = vectors.T @ vectors
    return np.array([len(numbers), np.trace(whole), np.linalg.norm(whole), *part])


def measures(corpora: Corpora) -> Values:
    """Kappas, spectra, separability, verdicts and half-samples of two embeddings."""
    found: Values = {}
    for name, embedding in adapter.measured_embeddings(corpora.ids).items():
        parts = {"spectrum": adapter.spectrum(embedding),
                 "separability": adapter.separability(embedding)}  # fmt: skip
        for classifier in ("lda", "ridge", "logistic", "mlp"):
            parts[classifier] = adapter.probed(embedding, classifier)
        for part, values in parts.items():
            found |= {f"{name}, {part}: {key}": _floats(value) for key, value in values.items()}
        found[f"{name}: halves"] = adapter.half_kappas(embedding).ravel()
        found[f"{name}: verdict"] = adapter.verdict(embedding)
    return found


def _floats(values: Any) -> np.ndarray:
    """Array of floats, NaN where there is none."""
    return np.array([np.nan if _absent(v) else float(v) for v in values])


def _absent(value: Any) -> bool:
    # Empty values of a table compare to nothing, not even to themselves.
    return value is None or str(value) in ("nan", "<NA>", "None")


def attribution(corpora: Corpora) -> Values:
    """Shares of sides in a window, exact with intervals, and of seven groups, sampled."""
    sides = adapter.attributed(
        corpora.ids, groups="signals", sides=True, intervals=True, exact_limit=4
    )
    groups = {f"group {i}": range(60 * i, 60 * (i + 1)) for i in range(6)}
    sampled = adapter.attributed(
        corpora.ids, groups=groups, sides=False, intervals=False, exact_limit=4
    )
    named = {"sides": sides, "sampled": sampled}
    return {
        f"{n}: {key}": array.ravel() for n, found in named.items() for key, array in found.items()
    }


def demo(folder: Path, *, everything: bool) -> Values:
    """Rows of the demo study by their identity: arrays over rows, and what they say in words."""
    table = adapter.demo_table(folder, everything=everything)
    found: Values = {name: _floats(table[name]) for name in adapter.MEASURES}
    named = [*adapter.IDENTITY, "T"]
    found["rows"] = [" | ".join(row) for row in zip(*(_texts(table[name]) for name in named))]
    for name in adapter.WORDS:
        found[name] = _texts(table[name])
    return found


def _texts(values: Any) -> list[str]:
    return ["" if _absent(v) else str(v) for v in values]
