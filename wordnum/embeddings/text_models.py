"""What models that train on text share: reading it, perturbed or not, and its half-samples."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from wordnum.cooccurrence.half_sample_draws import half_samples
from wordnum.corpus.encoded_corpus import Block, EncodedCorpus
from wordnum.embeddings.base import NumberModel, fit_half_samples
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.number_rows import Origin, numbers_to_embed
from wordnum.errors import InputError

# Vectors of the numbers present, these numbers, occurrences of all N, and attributes of the model.
Trained = tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]


class TextModel(NumberModel):
    """Base of the models that train on an encoded corpus; a subclass says how by `_trainer`.

    The text is seen as the perturbation's ``prepare(corpus).apply(block)`` leaves it.
    """

    reads = "corpus"
    replicate_kind = "seeds"
    # Whether half-samples are trained side by side, and not each by several workers.
    half_samples_side_by_side = True

    n_jobs: int
    min_count: int
    half_samples: bool | int

    def fit(self, corpus: Any, *, perturbation: Any = "original") -> Any:
        """Train on an encoded corpus.

        Parameters
        ----------
        corpus : EncodedCorpus
            The text.
        perturbation : str or Perturbation
            Applied to the text first, by name ("isolate:1") or as an object.

        Returns
        -------
        The model itself; `embedding_` is float32, of the numbers seen `min_count` times.

        Raises
        ------
        InputError
            Fewer than two numbers, nothing to train on, or training that diverges.
        UsageError
            Parameters out of range.
        """
        self._validate()
        read = block_reader(corpus, perturbation)
        size = corpus.vocabulary.size
        train = self._trainer(corpus, read, perturbation)
        vectors, numbers, counts, learned = train(np.arange(corpus.n_blocks), ())
        for name, value in learned.items():
            setattr(self, name, value)

        def half(blocks: np.ndarray, *spawn: int) -> Embedding:
            vectors, numbers, counts, _ = train(blocks, spawn)
            return Embedding(vectors, numbers, size=size, counts=counts[numbers])

        ids = half_samples(corpus.n_blocks, n_pairs=self.half_samples)
        jobs = self.n_jobs if self.half_samples_side_by_side else 1
        origin = Origin(
            size,
            n_documents=corpus.n_documents,
            flags=tuple(corpus.flags),
            provenance={
                "corpus_fingerprint": corpus.fingerprint,
                "n_blocks": corpus.n_blocks,
                "perturbation": str(getattr(perturbation, "name", perturbation)),
            },
        )
        self.embedding_ = self._made(
            vectors,
            numbers,
            origin,
            counts=counts,
            flags=self._own_flags,
            replicates=fit_half_samples(
                half, ((i, (a, b)) for i, a, b in ids), n_jobs=jobs, threads=True
            ),
        )
        return self

    @property
    def _own_flags(self) -> tuple[str, ...]:
        return ()

    def _validate(self) -> None:
        self._require(dim=1, window=1, negative=1, epochs=1, min_count=1)
        self._require_positive("learning_rate", "last_learning_rate")
        self._require_positive("sample", "noise_exponent", zero=True)

    @abstractmethod
    def _trainer(
        self, corpus: EncodedCorpus, read: Callable[[int], Block], perturbation: Any
    ) -> Callable[[np.ndarray, tuple[int, ...]], Trained]:
        """Function that trains on some blocks, with what else tells their seed apart."""

    def _numbers_of(self, unigrams: np.ndarray, size: int) -> np.ndarray:
        """Numbers to embed, by the occurrences of all ids."""
        if not unigrams[:size].any():
            raise InputError(
                "the text holds no numbers",
                expected=f"tokens 0..{size - 1}",
                got=f"0 of {int(unigrams.sum()):,} tokens",
                remedy="check the numeral scheme that the text was encoded with",
            )
        found: np.ndarray = numbers_to_embed(unigrams[:size], min_count=self.min_count)
        return found


def block_reader(corpus: Any, perturbation: Any = "original") -> Callable[[int], Block]:
    """Return the function that reads block b of a corpus as a perturbation leaves it.

    Parameters
    ----------
    corpus : EncodedCorpus
        The text.
    perturbation : str or Perturbation
        A name such as "isolate:1" (seed 0), or an object; see `wordnum.corpus.perturbations`.

    Raises
    ------
    InputError
        Not an encoded corpus.
    """
    if not isinstance(corpus, EncodedCorpus):
        raise InputError(
            "this model trains on text, not on counts",
            expected="an EncodedCorpus",
            got=type(corpus).__name__,
            remedy="encode the text (wn.encode) and pass the corpus",
        )
    from wordnum.corpus.perturbations import PerturbedCorpus, prepare

    return PerturbedCorpus(corpus, prepare(perturbation, corpus)).block
