"""The floor and the frequency: embeddings that no model made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse

from wordnum.cooccurrence.signals import half_splits
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.embeddings.base import NumberModel, fit_half_samples, numbers_to_embed
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.source import Rows, Source, read_source
from wordnum.errors import UsageError
from wordnum.provenance import provenance

__all__ = ["Random", "TokenFrequency"]


class TokenFrequency(NumberModel):
    """The paper's "token distribution": log frequency as a one-dimensional embedding.

    ``e(n) = log(c_n / sum_m c_m)`` with c_n the occurrences of number n. It has spikes at
    periods 2, 5 and 10, since round numbers are frequent, and next to no geometry.

    Parameters
    ----------
    min_count : int
        A number is present when it was seen this often.
    half_samples : bool
        Give the half-samples of the document blocks too.

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

    def __init__(self, *, min_count: int = 1, half_samples: bool = True) -> None:
        self.min_count = min_count
        self.half_samples = half_samples

    def fit(self, data: Any) -> TokenFrequency:
        """Read the number counts of a corpus, of counts or a signal, or a matrix's row sums.

        Raises
        ------
        InputError
            Fewer than two numbers were seen `min_count` times.
        """
        source = _source(data)
        half_samples = fit_half_samples(
            source.halves() if self.half_samples else (),
            lambda rows, index, side: self._one(rows.number_counts, source.size),
        )
        self.embedding_ = self._one(
            source.rows.number_counts,
            source.size,
            replicates=half_samples,
            n_documents=source.n_documents,
            flags=source.flags,
            provenance={
                **source.provenance,
                "embed": provenance(model="frequency", **self.get_params()),
            },
        )
        return self

    def _one(self, counts: np.ndarray, size: int, **more: Any) -> Embedding:
        numbers = _seen(counts, self.min_count)
        shares = counts[numbers] / counts.sum()
        return Embedding(
            np.log(shares)[:, None],
            numbers,
            size=size,
            counts=counts[numbers],
            name="frequency",
            **more,
        )


class Random(NumberModel):
    """The floor: independent standard normal vectors, which know nothing of numbers.

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

    def __init__(self, *, dim: int = 100, random_state: int = 0, min_count: int = 1) -> None:
        self.dim = dim
        self.random_state = random_state
        self.min_count = min_count

    def fit(self, data: Any) -> Random:
        """Draw a vector for every number present in a corpus, counts, a signal or a matrix.

        There are no half-splits: nothing is estimated from the text.

        Raises
        ------
        InputError
            Fewer than two numbers were seen `min_count` times.
        """
        if self.dim < 1:
            raise UsageError(f"dim={self.dim} is out of range", expected="at least 1")
        source = _source(data)
        counts = source.rows.number_counts
        numbers = _seen(counts, self.min_count)
        drawn = np.random.default_rng(self.random_state).standard_normal((source.size, self.dim))
        self.embedding_ = Embedding(
            drawn[numbers],
            numbers,
            size=source.size,
            counts=counts[numbers],
            n_documents=source.n_documents,
            flags=source.flags,
            name="random",
            provenance={
                **source.provenance,
                "embed": provenance(model="random", **self.get_params()),
            },
        )
        return self


def _source(data: Any) -> Source:
    """Read number counts; a corpus serves as well as counts, since no context is looked at."""
    if not isinstance(data, EncodedCorpus):
        return read_source(data)
    size = data.vocabulary.size
    by_block = np.stack([np.bincount(b.ids[b.ids < size], minlength=size) for b in data.blocks()])

    def rows(blocks: np.ndarray) -> Rows:
        return Rows(sparse.csr_array((size, 0)), by_block[blocks].sum(axis=0))

    def halves() -> Iterator[tuple[Rows, Rows]]:
        for first, second in half_splits(len(by_block)):
            yield rows(first), rows(second)

    return Source(
        rows(np.arange(len(by_block))),
        size=size,
        halves=halves,
        n_documents=data.n_documents,
        flags=tuple(data.flags),
        provenance={"corpus_fingerprint": data.fingerprint},
    )


def _seen(counts: np.ndarray, min_count: int) -> np.ndarray:
    if min_count < 1:
        raise UsageError(f"min_count={min_count} is out of range", expected="at least 1")
    return numbers_to_embed(counts, min_count=min_count)
