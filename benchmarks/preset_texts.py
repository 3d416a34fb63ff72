"""Texts of the preset benchmarks: encoded and counted once, kept in a folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from scipy import sparse

from wordnum.cooccurrence.counting import count
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.windows import Window
from wordnum.cooccurrence.word_pairs import count_words
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.encoding import encode
from wordnum.corpus.numerals import NumeralScheme
from wordnum.embeddings.svd import SVD

N_BLOCKS = 20
PARTS = {"1to4": (1, 2, 3, 4), "5": (5,), "all": (1, 2, 3, 4, 5)}


@dataclass(frozen=True)
class Text:
    """Some parts of Wikipedia, ordinals kept or excluded.

    Parameters
    ----------
    root, work : Path
        Folder of the compressed texts, and of what is made of them.
    parts : {"1to4", "5", "all"}
    ordinals : {"out", "keep"}
    """

    root: Path
    work: Path
    parts: str
    ordinals: str
    matrices: dict = field(default_factory=dict, compare=False, repr=False)

    @cache  # noqa: B019
    def corpus(
        self, numerals: str = "whole", words: int = 50_000, spelled_out: bool = False
    ) -> EncodedCorpus:
        """Token ids, with the vocabulary of these parts."""
        name = f"{self.ordinals}-{numerals}-{words}{'-spelled' * spelled_out}-{self.parts}"
        folder = self.work / name
        if folder.exists():
            return EncodedCorpus.open(folder)
        files = [str(self.root / f"wikipedia2014.{i}of5.txt.xz") for i in PARTS[self.parts]]
        scheme = NumeralScheme(kind=numerals, ordinals=self.ordinals, spelled_out=spelled_out)
        return encode(files, folder, separator="blank", numerals=scheme, vocabulary_size=words)

    @cache  # noqa: B019
    def counts(self, **reading) -> Counts:
        """Counts up to ten tokens apart."""
        corpus = self.corpus(**reading)
        path = self.work / f"{corpus.fingerprint}.npz"
        if not path.exists():
            count(corpus, window=10).save(path)
        return Counts.load(path)

    def matrix(
        self,
        blocks: np.ndarray,
        *,
        window: Window,
        signal: str = "both",
        **reading,
    ) -> sparse.csr_array:
        """Counts of the numbers in some blocks. The last few signals are kept in memory."""
        key = (window, signal, *sorted(reading.items()))
        if key not in self.matrices:
            if len(self.matrices) > 3:
                self.matrices.clear()
            self.matrices[key] = self.counts(**reading).signal(signal, window=window)
        return self.matrices[key].matrix(blocks)

    @cache  # noqa: B019
    def word_vectors(self) -> np.ndarray:
        """Unit vectors of all tokens, (V, 200): PPMI of all words, two tokens each side."""
        corpus = self.corpus()
        path = self.work / f"{corpus.fingerprint}-words.npy"
        if not path.exists():
            every = count_words(corpus, window=2)
            model = SVD(weighting="ppmi:smoothing=0.75", dim=200, p=0.5, rows="all", tol=1e-2)
            model.fit(every)
            np.save(path, model.vectors_.astype(np.float32))
        vectors = np.load(path).astype(float)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def views(n_blocks: int = N_BLOCKS) -> list[np.ndarray]:
    """All blocks, then all but each quarter."""
    every = np.arange(n_blocks)
    return [every, *(np.setdiff1d(every, quarter) for quarter in np.array_split(every, 4))]
