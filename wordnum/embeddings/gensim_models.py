"""word2vec and FastText through gensim, fed straight from an encoded corpus."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import joblib
import numpy as np

from wordnum import progress
from wordnum._compat import require
from wordnum.config import one_of
from wordnum.corpus.encoded_corpus import Block, EncodedCorpus
from wordnum.embeddings.text_models import TextModel, Trained
from wordnum.errors import InputError, UsageError

# gensim silently cuts off every sentence after so many words.
_LONGEST = 10_000


@dataclass(kw_only=True, eq=False, repr=False)
class Word2Vec(TextModel):
    """word2vec (Mikolov et al. 2013) as gensim trains it, on all words.

    Skip-gram or CBOW with negative sampling. Every id of the vocabulary is a word; *unknown* and
    *other number* are dropped before the window is laid, as words under word2vec's minimum count
    are. Nothing meets across documents or the cuts of a perturbation.

    Parameters
    ----------
    dim : int
        Dimensions d.
    mode : {"sgns", "cbow"}
        Skip-gram (the paper's) or CBOW.
    window, negative, sample, noise_exponent, learning_rate, last_learning_rate, epochs
        As gensim, and with its defaults.
    min_count : int
        Numbers seen less often are dropped from the embedding. Words are the vocabulary's.
    random_state : int
        Of the starting vectors and all draws.
    n_jobs : int
        gensim's workers, -1 for one per core. One is deterministic; more are not, and are faster.
    half_samples : bool or int
        Train half-samples of the document blocks too, for the intervals: about ten times the
        work of one training, hence off.

    Attributes
    ----------
    n_words_ : int
        Words trained in all passes, after subsampling.
    keyed_vectors_ : gensim.models.KeyedVectors
        Vectors of all words.

    Notes
    -----
    There are no losses: gensim adds them up in one float32 that stands still above 2^24 pairs, and
    several workers overwrite each other's sums. `NumberSGNS` and `GloVe` have theirs.

    References
    ----------
    T. Mikolov, I. Sutskever, K. Chen, G. Corrado, J. Dean, "Distributed Representations of Words
    and Phrases and their Compositionality", 2013. R. Rehurek, P. Sojka, gensim.

    Examples
    --------
    >>> import numpy as np
    >>> from wordnum.corpus.encoded_corpus import EncodedCorpus
    >>> from wordnum.corpus.vocabulary import Vocabulary
    >>> numbers = np.random.default_rng(0).integers(0, 10, 500)
    >>> text = np.stack([numbers, 1002 + numbers % 2], axis=1).ravel()
    >>> corpus = EncodedCorpus.from_arrays(
    ...     text, [0, 1000], Vocabulary.from_words(["even", "odd"]))
    >>> Word2Vec(dim=4, epochs=2).fit_transform(corpus)
    <Embedding word2vec: 10 of 1000 numbers; dim 4>
    """

    name = "word2vec"
    axes = frozenset({"window", "dim", "seed"})
    cost = 15.0
    half_samples_side_by_side = False

    dim: int = 100
    mode: Literal["sgns", "cbow"] = "sgns"
    window: int = 5
    negative: int = 5
    sample: float = 1e-3
    noise_exponent: float = 0.75
    learning_rate: float = 0.025
    last_learning_rate: float = 1e-4
    epochs: int = 5
    min_count: int = 1
    random_state: int = 0
    half_samples: bool | int = False
    n_jobs: int = 1

    def _validate(self) -> None:
        super()._validate()
        one_of(self.mode, ("sgns", "cbow"), what="mode")
        # Above this gensim's vectors leave its sigmoid table at once and then never change again.
        if self.learning_rate > 1:
            raise UsageError(
                f"learning_rate={self.learning_rate} is out of range",
                expected="above 0 and at most 1",
                remedy="0.025 is word2vec's",
            )

    def _trainer(
        self, corpus: EncodedCorpus, read: Callable[[int], Block], perturbation: Any
    ) -> Callable[[np.ndarray, tuple[int, ...]], Trained]:
        width = len(corpus.vocabulary)
        unigrams = [np.bincount(read(b).ids, minlength=width) for b in range(corpus.n_blocks)]

        def train(blocks: np.ndarray, spawn: tuple[int, ...]) -> Trained:
            counts = np.sum([unigrams[b] for b in blocks], axis=0)
            return self._train(corpus, read, blocks.tolist(), counts)

        return train

    def _train(
        self,
        corpus: EncodedCorpus,
        read: Callable[[int], Block],
        blocks: Sequence[int],
        counts: np.ndarray,
    ) -> Trained:
        vocabulary = corpus.vocabulary
        words = int(counts.sum())
        numbers = self._numbers_of(counts, vocabulary.size)
        tokens = vocabulary.tokens()
        # No key of the model: gensim passes over them, and the window closes up.
        tokens[vocabulary.other_number] = tokens[vocabulary.unknown] = ""
        frequency = {token: int(n) for token, n in zip(tokens, counts.tolist()) if token and n}
        kind = getattr(require("gensim.models", purpose=type(self).__name__), type(self).__name__)
        model = kind(**self._arguments())
        model.build_vocab_from_freq(frequency, corpus_count=corpus.n_documents)
        self._prepare(model, vocabulary)
        # A rate too high overflows on its way; the check of the vectors says so.
        with (
            np.errstate(all="ignore"),
            progress.bar(self.name, total=self.epochs * words, unit="words") as advance,
        ):
            sentences = Segments(read, blocks, tokens, advance)
            trained, _ = model.train(sentences, total_words=words, epochs=self.epochs)
        rows = [model.wv.key_to_index[vocabulary.token(n)] for n in numbers.tolist()]
        vectors = model.wv.vectors[rows]
        self._check(vectors, words, trained)
        learned = {"keyed_vectors_": model.wv, "n_words_": int(trained)}
        return vectors, numbers, counts[: vocabulary.size], learned

    def _prepare(self, model: Any, vocabulary: Any) -> None:
        """Change gensim's model between the building of its vocabulary and the training."""

    def _arguments(self) -> dict[str, Any]:
        return {
            "vector_size": self.dim,
            "sg": int(self.mode == "sgns"),
            "window": self.window,
            "negative": self.negative,
            "sample": self.sample,
            "ns_exponent": self.noise_exponent,
            "alpha": self.learning_rate,
            "min_alpha": min(self.last_learning_rate, self.learning_rate),
            "min_count": 1,
            "seed": self.random_state,
            "workers": joblib.effective_n_jobs(self.n_jobs),
        }

    def _check(self, vectors: np.ndarray, words: int, trained: int) -> None:
        if not trained:
            raise InputError(
                "gensim trained on no word",
                expected="segments of two known words or more",
                got=f"{words:,} tokens, none left after subsampling",
                remedy="check the perturbation, or set sample=0",
            )
        if not np.isfinite(vectors).all():
            raise InputError(
                f"{self.name} diverged",
                expected="finite vectors",
                got=f"NaN or infinity, at learning_rate={self.learning_rate}",
                remedy="lower learning_rate (0.025 is word2vec's)",
            )


@dataclass(kw_only=True, eq=False, repr=False)
class FastText(Word2Vec):
    """FastText (Bojanowski et al. 2017) as gensim trains it: words are sums of character n-grams.

    The n-grams of words are used, those of numbers are not: they would spell the answer ("17"
    ends in "7"). With ``number_ngrams=True`` they are, a warning is given, and every result
    carries the flag "subwords".

    Parameters
    ----------
    min_n, max_n : int
        Lengths of n-grams, 3 to 6 as published; ``max_n=0`` uses none at all.
    buckets : int
        Hash buckets of the n-grams; 2,000,000 as published. They take 4 * dim bytes each.
    number_ngrams : bool
        Whether numbers have n-grams too.
    dim, mode, window, negative, sample, noise_exponent, learning_rate, last_learning_rate, epochs
        As `Word2Vec`.
    min_count, random_state, n_jobs, half_samples
        As `Word2Vec`.

    Attributes
    ----------
    n_words_, keyed_vectors_
        As `Word2Vec`.

    References
    ----------
    P. Bojanowski, E. Grave, A. Joulin, T. Mikolov, "Enriching Word Vectors with Subword
    Information", 2017.

    Examples
    --------
    >>> FastText(dim=10)._arguments()["max_n"]
    6
    """

    name = "fasttext"
    cost = 40.0

    min_n: int = 3
    max_n: int = 6
    buckets: int = 2_000_000
    number_ngrams: bool = False

    def _validate(self) -> None:
        super()._validate()
        self._require(buckets=1, min_n=1, max_n=0)
        if self._own_flags:
            warnings.warn(
                "character n-grams of numbers spell their last digit: what the embedding knows of "
                'n mod 10 is then spelling, and its results are flagged "subwords"',
                UserWarning,
                stacklevel=3,
            )

    @property
    def _own_flags(self) -> tuple[str, ...]:
        return ("subwords",) if self.number_ngrams and self.max_n >= self.min_n else ()

    def _arguments(self) -> dict[str, Any]:
        ngrams = {"min_n": self.min_n, "max_n": self.max_n, "bucket": self.buckets}
        return super()._arguments() | ngrams

    def _prepare(self, model: Any, vocabulary: Any) -> None:
        if self.number_ngrams:
            return
        for number in range(vocabulary.size):
            row = model.wv.key_to_index.get(vocabulary.token(number))
            if row is not None:
                model.wv.buckets_word[row] = np.array([], dtype=np.uint32)
        # The starting vectors hold the n-grams until they are put together again.
        model.wv.adjust_vectors()


class Segments:
    """Documents of a corpus as lists of tokens, as often as they are asked for.

    Each document (or segment of a perturbation) is one sentence, split where it is longer than
    gensim reads.

    Parameters
    ----------
    read : callable
        Gives block b.
    blocks : sequence of int
        Blocks to read, in order.
    tokens : sequence of str
        Token of every id.
    advance : callable, optional
        Told the tokens of each sentence that was taken.

    Examples
    --------
    >>> import numpy as np
    >>> block = Block(0, np.array([1, 0, 2]), np.array([0, 2, 3]), 0, 0)
    >>> sentences = Segments(lambda b: block, [0], ["a", "b", "c"])
    >>> list(sentences), list(sentences)
    ([['b', 'a'], ['c']], [['b', 'a'], ['c']])
    """

    def __init__(
        self,
        read: Callable[[int], Block],
        blocks: Sequence[int],
        tokens: Sequence[str],
        advance: Callable[[float], None] | None = None,
    ) -> None:
        self._read, self._blocks, self._advance = read, blocks, advance
        # Gathering from an object array gives shared strings, at the speed of a gather.
        self._tokens = np.array(tokens, dtype=object)

    def __iter__(self) -> Iterator[list[str]]:
        for index in self._blocks:
            block = self._read(index)
            for start, stop in zip(block.starts[:-1].tolist(), block.starts[1:].tolist()):
                for first in range(start, stop, _LONGEST):
                    ids = block.ids[first : min(first + _LONGEST, stop)]
                    yield self._tokens[ids].tolist()
                    if self._advance is not None:
                        self._advance(len(ids))
