"""Number-centred skip-gram with negative sampling: word2vec's objective, for numbers only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from wordnum import progress
from wordnum.config import one_of
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.encoded_corpus import Block, EncodedCorpus
from wordnum.embeddings.number_streams import NumberStream, number_stream
from wordnum.embeddings.svd import SVD
from wordnum.embeddings.text_models import TextModel, Trained
from wordnum.embeddings.weightings import Weighting
from wordnum.errors import InputError

# Tokens beside a number that are kept, in windows: subsampled words are closed up, so the window
# reaches further in the text. 4 windows hold a whole one unless three tokens in four are dropped.
_REACH = 4
# Mean length of the context vectors of all words, which sets how far a step of training goes: with
# it, numbers are as far after five passes as word2vec's, whose contexts have come to a length of
# 2.9 by then.
_LENGTH = 2.5


@dataclass(kw_only=True, eq=False, repr=False)
class NumberSGNS(TextModel):
    """Skip-gram with negative sampling, trained only on pairs of a number and its context.

    For a number n and a word c of its window, with noise words c_1..c_k drawn from P(c)^0.75, a
    step of gradient descent on

        -log s(w_n . v_c) - sum_i log s(-w_n . v_{c_i}),    s(x) = 1 / (1 + exp(-x))

    with word2vec's random window (1..window, uniform), subsampling of frequent words, which closes
    up the text, linear decay of the learning rate, and no meeting across documents or the cuts of
    a perturbation. Every pair that word2vec would train with a number as its input is trained;
    pairs without a number are not, which is why it is fast. Numbers are 1 to 3 % of the words, so
    the context vectors see less text than word2vec's: `epochs` makes up for it. With more passes
    spikes sink; at 15 they are as high as word2vec's after five.

    Context vectors that numbers alone have trained tell apart what numbers differ by; those of
    word2vec are trained by all words. ``contexts="words"`` takes vectors of all words from a
    factorization and keeps them as they are. Where numbers have a context that spells them, such
    as the suffix of an ordinal, kappas agree with word2vec's only so (``benchmarks/sgns.md``).

    *Unknown* and *other number* are left out of the text first, as word2vec leaves out the words
    under its minimum count. Compiled and
    deterministic; the factorization is so up to the rounding of the linear algebra.

    Parameters
    ----------
    dim : int
        Dimensions d.
    window : int
        Largest window; 5 as word2vec.
    negative : int
        Noise words per pair; 5 as word2vec.
    noise_exponent : float
        Exponent of the noise distribution; 0.75 as published.
    sample : float
        Subsampling threshold, 1e-3 as word2vec; 0 keeps every word.
    epochs : int
        Passes over the numbers; 5 do what word2vec's do where contexts are those of all words.
    learning_rate, last_learning_rate : float
        At the start and at the end; 0.025 and 0.0001 as word2vec.
    contexts : {"numbers", "words"}
        Context vectors trained along with the numbers, or those that all words have as contexts of
        each other (`word_contexts`), which half-samples share.
    signal : {"both", "text", "number"}
        Contexts trained and drawn as noise: all, words alone, or numbers alone.
    min_count : int
        Numbers seen less often are dropped.
    random_state : int
        Of the starting vectors and all draws.
    half_samples : bool or int
        Train half-samples of the document blocks too, for the intervals: about ten times the work
        of one training.
    n_jobs : int
        Half-samples trained at a time; results do not depend on it.

    Attributes
    ----------
    losses_ : ndarray of float64, shape (epochs,)
        Mean loss of a pair in each pass, each taken before its step. (1 + negative) log 2 is the
        loss of untrained vectors. NaN for a pass that subsampling left without a pair.
    n_pairs_ : int
        Pairs trained in all passes.
    context_vectors_ : float32 array of shape (V, d)
        Context vectors v of the whole vocabulary, zero where a context never occurs.

    References
    ----------
    T. Mikolov, I. Sutskever, K. Chen, G. Corrado, J. Dean, "Distributed Representations of Words
    and Phrases and their Compositionality", 2013, sections 2.2 and 2.3.

    Examples
    --------
    >>> import numpy as np
    >>> from wordnum.corpus.encoded_corpus import EncodedCorpus
    >>> from wordnum.corpus.vocabulary import Vocabulary
    >>> rng = np.random.default_rng(0)
    >>> numbers = rng.integers(0, 10, 2000)
    >>> text = np.stack([numbers, 1002 + numbers % 2], axis=1).ravel()
    >>> corpus = EncodedCorpus.from_arrays(
    ...     text, [0, 4000], Vocabulary.from_words(["even", "odd"]))
    >>> NumberSGNS(dim=4, epochs=3).fit_transform(corpus)
    <Embedding sgns: 10 of 1000 numbers; dim 4>
    """

    name = "sgns"
    axes = frozenset({"window", "signal", "dim", "seed"})
    cost = 1.0

    dim: int = 100
    window: int = 5
    negative: int = 5
    noise_exponent: float = 0.75
    sample: float = 1e-3
    epochs: int = 15
    learning_rate: float = 0.025
    last_learning_rate: float = 1e-4
    contexts: Literal["numbers", "words"] = "numbers"
    signal: Literal["both", "text", "number"] = "both"
    min_count: int = 1
    random_state: int = 0
    half_samples: bool | int = False
    n_jobs: int = 1

    def _validate(self) -> None:
        super()._validate()
        one_of(self.signal, ("both", "text", "number"), what="signal")
        one_of(self.contexts, ("numbers", "words"), what="choice of contexts")

    def _trainer(
        self, corpus: EncodedCorpus, read: Callable[[int], Block], perturbation: Any
    ) -> Callable[[np.ndarray, tuple[int, ...]], Trained]:
        vocabulary = corpus.vocabulary
        streams = [
            number_stream(read(b), vocabulary=vocabulary, reach=_REACH * self.window)
            for b in progress.track(range(corpus.n_blocks), "finding numbers")
        ]
        start = None
        if self.contexts == "words":
            start = word_contexts(
                corpus,
                perturbation=perturbation,
                window=self.window,
                dim=self.dim,
                noise_exponent=self.noise_exponent,
                random_state=self.random_state,
            )
        return lambda blocks, spawn: self._train(
            [streams[b] for b in blocks], vocabulary, start, spawn
        )

    def _train(
        self,
        streams: list[NumberStream],
        vocabulary: Any,
        start: np.ndarray | None,
        spawn: tuple[int, ...],
    ) -> Trained:
        from wordnum.embeddings.sgns_kernel import LINE, sgns_pass

        unigrams = np.sum([stream.unigrams for stream in streams], axis=0)
        unigrams[[vocabulary.other_number, vocabulary.unknown]] = 0
        size = vocabulary.size
        numbers = self._numbers_of(unigrams, size)
        trained = self._contexts(unigrams, size)
        tables = (
            _keep(unigrams, self.sample),
            trained,
            *_alias_table(np.where(trained, unigrams, 0) ** self.noise_exponent),
        )
        rng = np.random.default_rng(np.random.SeedSequence(self.random_state, spawn_key=spawn))
        width = -(-self.dim // LINE) * LINE
        W = np.zeros((size, width), np.float32)
        W[:, : self.dim] = (rng.random((size, self.dim), np.float32) - 0.5) / self.dim
        C = np.zeros((len(vocabulary), width), np.float32)
        if start is not None:
            C[:, : self.dim] = start
        losses, pairs = np.zeros(self.epochs), np.zeros(self.epochs, np.int64)
        sizes = np.array([len(stream.places) for stream in streams])
        done = np.concatenate([[0], np.cumsum(np.tile(sizes, self.epochs))])
        decay = self.last_learning_rate - self.learning_rate
        rates = self.learning_rate + decay * (done / done[-1])
        with (
            np.errstate(all="ignore"),
            progress.bar("number-centred SGNS", total=int(done[-1]), unit="numbers") as advance,
        ):
            for turn in range(self.epochs * len(streams)):
                epoch, stream = turn // len(streams), streams[turn % len(streams)]
                key = rng.integers(2**64, dtype=np.uint64)
                options = self.window, self.negative, *rates[turn : turn + 2], start is None, key
                loss, count = sgns_pass(*stream[:4], *tables, W, C, *options)
                losses[epoch] += loss
                pairs[epoch] += count
                advance(len(stream.places))
        self._check(losses, pairs)
        learned = {
            "losses_": np.where(pairs, losses / np.maximum(pairs, 1), np.nan),
            "n_pairs_": int(pairs.sum()),
            "context_vectors_": C[:, : self.dim].copy(),
        }
        return W[numbers, : self.dim], numbers, unigrams[:size], learned

    def _contexts(self, unigrams: np.ndarray, numbers: int) -> np.ndarray:
        trained = unigrams > 0
        if self.signal != "both":
            trained[slice(numbers) if self.signal == "text" else slice(numbers, None)] = False
        if not trained.any():
            raise InputError(
                "there are no contexts to train on",
                expected=f'contexts of the signal "{self.signal}"',
                got="none in the text",
            )
        return trained

    def _check(self, losses: np.ndarray, pairs: np.ndarray) -> None:
        # Subsampling may leave single passes over a small text without a pair.
        filled = np.flatnonzero(pairs)
        if not filled.size:
            raise InputError(
                "number-centred SGNS has nothing to train on",
                expected="numbers with words or numbers beside them",
                got=f"no pair in {self.epochs} passes",
                remedy="check the perturbation and the signal, or lower subsampling (sample=0)",
            )
        untrained = (1 + self.negative) * np.log(2)
        last = losses[filled[-1]] / pairs[filled[-1]]
        if not (np.isfinite(losses).all() and last < untrained * 1.01):
            raise InputError(
                "number-centred SGNS diverged",
                expected=f"a loss below that of untrained vectors, {untrained:.3g}",
                got=f"{last:.3g} in the last pass, at learning_rate={self.learning_rate}",
                remedy="lower learning_rate (0.025 is word2vec's)",
            )


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
    from wordnum.cooccurrence.word_pairs import count_words

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


def _keep(unigrams: np.ndarray, sample: float) -> np.ndarray:
    """Chance that each id stays under word2vec's subsampling, in units of 2^-32."""
    if sample == 0:
        return np.full(len(unigrams), 2**32 - 1, np.uint32)
    limit = sample * unigrams.sum()
    count = np.maximum(unigrams, 1)
    chance = (np.sqrt(count / limit) + 1) * limit / count
    return np.minimum(chance * 2**32, 2**32 - 1).astype(np.uint32)


def _alias_table(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Tables that draw i with probability weights[i] / sum in constant time (Vose 1991).

    Examples
    --------
    >>> threshold, alias = _alias_table(np.array([1.0, 3.0]))
    >>> (threshold / 2**32).round(3), alias
    (array([0.5, 1. ]), array([1, 1], dtype=uint32))
    """
    share = weights * (len(weights) / weights.sum())
    threshold = np.full(len(weights), 2**32 - 1, np.uint32)
    alias = np.arange(len(weights), dtype=np.uint32)
    small = list(np.flatnonzero(share < 1))
    large = list(np.flatnonzero(share >= 1))
    while small and large:
        low, high = small.pop(), large[-1]
        threshold[low] = min(int(share[low] * 2**32), 2**32 - 1)
        alias[low] = high
        share[high] -= 1 - share[low]
        if share[high] < 1:
            small.append(large.pop())
    return threshold, alias
