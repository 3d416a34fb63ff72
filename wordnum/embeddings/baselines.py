"""Baselines: embeddings of numbers that no model made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.embeddings.base import NumberModel, fit_half_samples
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.number_rows import (
    NumberRows,
    Rows,
    numbers_to_embed,
    read_rows,
    rows_of_corpus,
)


@dataclass(kw_only=True, eq=False, repr=False)
class TokenFrequency(NumberModel):
    """The paper's "token distribution": log frequency as a one-dimensional embedding.

    ``e(n) = log(c_n / sum_m c_m)`` with c_n the occurrences of number n. It has spikes at
    periods 2, 5 and 10, since round numbers are frequent, and next to no geometry.

    Parameters
    ----------
    min_count : int
        A number is present when it was seen this often.
    half_samples : bool or int
        Give half-samples of the document blocks too.

    Attributes
    ----------
    embedding_ : Embedding
        The number vectors.

    Examples
    --------
    >>> import numpy as np
    >>> TokenFrequency().fit_transform(np.array([[4, 4], [1, 1], [0, 0]])).vectors.round(3)
    array([[-0.223],
           [-1.609]])
    """

    name = "frequency"
    replicate_kind = "half-samples"
    cost = 0.01

    min_count: int = 1
    half_samples: bool | int = True

    def fit(self, X: Any, y: Any = None) -> TokenFrequency:
        """Read the number counts of a corpus, of counts or a signal, or a matrix's row sums.

        Raises
        ------
        InputError
            Fewer than two numbers were seen `min_count` times.
        """
        self._require(min_count=1)
        source = _read(X)
        size = source.origin.size

        def half(rows: Rows, index: int, side: int) -> Embedding:
            vectors, numbers = self._logarithms(rows.number_counts)
            return Embedding(vectors, numbers, size=size, counts=rows.number_counts[numbers])

        pairs = source.half_samples(self.half_samples)
        counts = source.rows.number_counts
        self.embedding_ = self._made(
            *self._logarithms(counts),
            source.origin,
            counts=counts,
            replicates=fit_half_samples(half, pairs),
        )
        return self

    def _logarithms(self, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        numbers = numbers_to_embed(counts, min_count=self.min_count)
        return np.log(counts[numbers] / counts.sum())[:, None], numbers


@dataclass(kw_only=True, eq=False, repr=False)
class Random(NumberModel):
    """The baseline: independent standard normal vectors, which know nothing of numbers.

    Parameters
    ----------
    dim : int
        Dimensions.
    random_state : int
        Seed of the draw. The vector of a number does not depend on which others are present.
    min_count : int
        A number is present when it was seen this often.

    Attributes
    ----------
    embedding_ : Embedding
        The number vectors.

    Examples
    --------
    >>> import numpy as np
    >>> Random(dim=3).fit_transform(np.ones((5, 2))).vectors.shape
    (5, 3)
    """

    name = "random"
    axes = frozenset({"dim", "seed"})
    cost = 0.01

    dim: int = 100
    random_state: int = 0
    min_count: int = 1

    def fit(self, X: Any, y: Any = None) -> Random:
        """Draw a vector for every number present in a corpus, counts, a signal or a matrix.

        There are no replicates: nothing is estimated from the text.

        Raises
        ------
        InputError
            Fewer than two numbers were seen `min_count` times.
        """
        self._require(dim=1, min_count=1)
        source = _read(X)
        counts, size = source.rows.number_counts, source.origin.size
        numbers = numbers_to_embed(counts, min_count=self.min_count)
        drawn = np.random.default_rng(self.random_state).standard_normal((size, self.dim))
        self.embedding_ = self._made(drawn[numbers], numbers, source.origin, counts=counts)
        return self


def _read(data: Any) -> NumberRows:
    """Read number counts; a corpus serves as well as counts, since no context is looked at."""
    return rows_of_corpus(data) if isinstance(data, EncodedCorpus) else read_rows(data)
