"""Context vectors of all words for number-centred SGNS: factorized instead of trained."""

from __future__ import annotations

from typing import Any

import numpy as np

from wordnum.cooccurrence.windows import Window
from wordnum.cooccurrence.word_pairs import count_words
from wordnum.embeddings.svd import SVD
from wordnum.embeddings.weightings import Weighting
from wordnum.errors import InputError

__all__ = ["word_contexts"]

# Mean length of the vectors, which sets how far a step of training goes: with it, numbers are as
# far after five passes as word2vec's, whose contexts have come to a length of 2.9 by then.
_LENGTH = 2.5


def word_contexts(
    corpus: Any,
    *,
    perturbation: Any,
    window: int,
    dim: int,
    noise_exponent: float,
    random_state: int,
) -> np.ndarray:
    """Vectors of all words as contexts of one another: float32 (V, dim).

    What SGNS over all words factorizes in the end is their pointwise mutual information (Levy and
    Goldberg 2014). Here it is factorized at once: P = U S U', with P the positive PMI of all words
    counted as word2vec's random window does on average, and v = U sqrt(S), brought to a mean
    length.

    Parameters
    ----------
    corpus : EncodedCorpus
        The text.
    perturbation : str or Perturbation
        Applied to it first.
    window, dim, noise_exponent, seed
        As in NumberSGNS; the exponent smooths the distribution of the contexts.

    Raises
    ------
    InputError
        No word stands beside another, or their rank is below `dim`.

    Examples
    --------
    >>> from wordnum.corpus.synthetic import SyntheticCorpus
    >>> corpus = SyntheticCorpus(n_documents=50).encoded()
    >>> contexts = word_contexts(corpus, perturbation="original", window=5, dim=8,
    ...     noise_exponent=0.75, random_state=0)
    >>> contexts.shape == (len(corpus.vocabulary), 8)
    True
    """
    around = Window(size=window, weighting="linear")
    counts = count_words(corpus, window=around, perturbation=perturbation)
    model = SVD(
        weighting=Weighting("ppmi", smoothing=noise_exponent),
        dim=dim,
        p=0.5,
        rows="all",
        tol=1e-2,
        precision="single",
        half_samples=False,
        random_state=random_state,
    )
    model.fit(counts)
    vectors = np.asarray(model.vectors_, dtype=np.float32)
    lengths = np.linalg.norm(vectors, axis=1)
    if not lengths.any():
        raise InputError("there are no contexts to train on", got="words that tell nothing apart")
    return vectors * np.float32(_LENGTH / lengths[lengths > 0].mean())
