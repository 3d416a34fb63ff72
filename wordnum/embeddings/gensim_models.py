"""word2vec and FastText through gensim, fed straight from an encoded corpus."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from wordnum import progress
from wordnum._compat import require
from wordnum.cooccurrence.signals import half_splits
from wordnum.embeddings.base import NumberModel, fit_half_samples, numbers_to_embed
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.feed import block_reader
from wordnum.embeddings.segments import Segments
from wordnum.errors import InputError, UsageError
from wordnum.provenance import provenance

__all__ = ["FastText", "Word2Vec"]


class Word2Vec(NumberModel):
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
    workers : int
        Threads. One is deterministic; more are not, and are faster.
    half_samples : bool
        Train the half-samples of the document blocks too, for the intervals: about ten times the
        work of one training, hence off.

    Attributes
    ----------
    losses_ : ndarray of float64, shape (epochs,)
        Mean loss of a trained word in each pass, as gensim adds it up: over the pairs of the word,
        pairs beyond its sigmoid table left out.
    n_words_ : int
        Words trained in all passes, after subsampling.
    keyed_vectors_ : gensim.models.KeyedVectors
        Vectors of all words.

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
    reads = "corpus"
    axes = frozenset({"window", "dim", "seed"})
    replicate_kind = "seeds"
    cost = 15.0
    _flags: tuple[str, ...] = ()

    def __init__(
        self,
        *,
        dim: int = 100,
        mode: Literal["sgns", "cbow"] = "sgns",
        window: int = 5,
        negative: int = 5,
        sample: float = 1e-3,
        noise_exponent: float = 0.75,
        learning_rate: float = 0.025,
        last_learning_rate: float = 1e-4,
        epochs: int = 5,
        min_count: int = 1,
        random_state: int = 0,
        workers: int = 1,
        half_samples: bool = False,
    ) -> None:
        self.dim = dim
        self.mode = mode
        self.window = window
        self.negative = negative
        self.sample = sample
        self.noise_exponent = noise_exponent
        self.learning_rate = learning_rate
        self.last_learning_rate = last_learning_rate
        self.epochs = epochs
        self.min_count = min_count
        self.random_state = random_state
        self.workers = workers
        self.half_samples = half_samples

    def fit(self, corpus: Any, *, perturbation: Any = "original") -> Word2Vec:
        """Train on an encoded corpus.

        Parameters
        ----------
        corpus : EncodedCorpus
            The text.
        perturbation : str or Perturbation
            Applied to the text first, by name ("isolate:1") or as an object.

        Returns
        -------
        Word2Vec
            Itself; `embedding_` is float32, of the numbers seen `min_count` times.

        Raises
        ------
        InputError
            Fewer than two numbers, nothing that gensim would train on, or vectors that are not
            finite.
        UsageError
            Parameters out of range.
        MissingExtraError
            gensim is not installed.
        """
        self._validate()
        read = block_reader(corpus, perturbation)
        width = len(corpus.vocabulary)
        unigrams = [np.bincount(read(b).ids, minlength=width) for b in range(corpus.n_blocks)]
        splits = half_splits(corpus.n_blocks) if self.half_samples else []
        tokens = sum(int(block.sum()) for block in unigrams)
        total = self.epochs * tokens * (1 + len(splits))
        with progress.bar(self.name, total=total, unit="words") as advance:

            def train(blocks: np.ndarray) -> tuple[Any, Embedding]:
                counts = np.sum([unigrams[b] for b in blocks], axis=0)
                return self._train(corpus, read, blocks.tolist(), counts, advance)

            model, whole = train(np.arange(corpus.n_blocks))
            half_samples = fit_half_samples(splits, lambda blocks, index, side: train(blocks)[1])
        self.keyed_vectors_ = model.wv
        self.n_words_ = int(model.trained_words)
        self.losses_ = np.array(model.losses)
        self.embedding_ = replace(
            whole,
            replicates=half_samples,
            provenance={
                "corpus_fingerprint": corpus.fingerprint,
                "perturbation": str(getattr(perturbation, "name", perturbation)),
                "embed": provenance(model=self.name, **self.get_params()),
            },
        )
        return self

    def _validate(self) -> None:
        least = {"dim": 1, "window": 1, "negative": 1, "epochs": 1, "min_count": 1, "workers": 1}
        for name, bound in least.items():
            if getattr(self, name) < bound:
                raise UsageError(
                    f"{name} is too small", expected=f">= {bound}", got=str(getattr(self, name))
                )
        if self.mode not in ("sgns", "cbow"):
            raise UsageError("there is no such mode", expected="sgns or cbow", got=repr(self.mode))
        # Above this gensim's vectors leave its sigmoid table at once and then never change again.
        if not 0 < self.learning_rate <= 1:
            raise UsageError(
                "learning_rate is out of range",
                expected="above 0 and at most 1",
                got=str(self.learning_rate),
                remedy="0.025 is word2vec's",
            )

    def _train(
        self,
        corpus: Any,
        read: Callable[[int], Any],
        blocks: Sequence[int],
        counts: np.ndarray,
        advance: Callable[[float], None],
    ) -> tuple[Any, Embedding]:
        vocabulary = corpus.vocabulary
        words = int(counts.sum())
        if not counts[: vocabulary.size].any():
            raise InputError(
                "the text holds no numbers",
                expected=f"tokens 0..{vocabulary.size - 1}",
                got=f"0 of {words:,} tokens",
                remedy="check the numeral scheme that the text was encoded with",
            )
        numbers_to_embed(counts[: vocabulary.size], min_count=self.min_count)
        tokens = vocabulary.tokens()
        # No key of the model: gensim passes over them, and the window closes up.
        tokens[vocabulary.other_number] = tokens[vocabulary.unknown] = ""
        frequency = {token: int(n) for token, n in zip(tokens, counts.tolist()) if token and n}
        model = self._model()
        model.build_vocab_from_freq(frequency, corpus_count=corpus.n_documents)
        self._prepare(model, vocabulary)
        sentences = Segments(read, blocks, tokens, advance)
        # A rate too high overflows on its way; the check of the vectors says so.
        with np.errstate(all="ignore"):
            model.train(sentences, total_words=words, epochs=self.epochs, compute_loss=True)
        return model, self._embedding(model, corpus, counts)

    def _model(self) -> Any:
        models = require("gensim.models", purpose="word2vec")
        return _bookkeeping(models.Word2Vec)(**self._arguments())

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
            "workers": self.workers,
        }

    def _embedding(self, model: Any, corpus: Any, counts: np.ndarray) -> Embedding:
        if not model.trained_words:
            raise InputError(
                "gensim trained on no word",
                expected="segments of two known words or more",
                got=f"{int(counts.sum()):,} tokens, none left after subsampling",
                remedy="check the perturbation, or set sample=0",
            )
        numbers = numbers_to_embed(counts[: corpus.vocabulary.size], min_count=self.min_count)
        rows = [model.wv.key_to_index[corpus.vocabulary.token(n)] for n in numbers.tolist()]
        vectors = model.wv.vectors[rows]
        if not np.isfinite(vectors).all():
            raise InputError(
                f"{self.name} diverged",
                expected="finite vectors",
                got=f"NaN or infinity, at learning_rate={self.learning_rate}",
                remedy="lower learning_rate (0.025 is word2vec's)",
            )
        return Embedding(
            vectors,
            numbers,
            size=corpus.vocabulary.size,
            counts=counts[numbers],
            n_documents=corpus.n_documents,
            flags=(*corpus.flags, *self._flags),
            name=self.name,
        )


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
    min_count, seed, workers, half_samples
        As `Word2Vec`.

    Attributes
    ----------
    losses_ : ndarray of float64, shape (0,)
        Empty: gensim keeps no loss of FastText.
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

    def __init__(
        self,
        *,
        dim: int = 100,
        mode: Literal["sgns", "cbow"] = "sgns",
        window: int = 5,
        negative: int = 5,
        sample: float = 1e-3,
        noise_exponent: float = 0.75,
        learning_rate: float = 0.025,
        last_learning_rate: float = 1e-4,
        epochs: int = 5,
        min_n: int = 3,
        max_n: int = 6,
        buckets: int = 2_000_000,
        number_ngrams: bool = False,
        min_count: int = 1,
        random_state: int = 0,
        workers: int = 1,
        half_samples: bool = False,
    ) -> None:
        super().__init__(
            dim=dim,
            mode=mode,
            window=window,
            negative=negative,
            sample=sample,
            noise_exponent=noise_exponent,
            learning_rate=learning_rate,
            last_learning_rate=last_learning_rate,
            epochs=epochs,
            min_count=min_count,
            random_state=random_state,
            workers=workers,
            half_samples=half_samples,
        )
        self.min_n = min_n
        self.max_n = max_n
        self.buckets = buckets
        self.number_ngrams = number_ngrams

    def _validate(self) -> None:
        super()._validate()
        if self.buckets < 1 or self.min_n < 1:
            raise UsageError(
                "min_n and buckets must be at least 1",
                got=f"min_n={self.min_n}, buckets={self.buckets}",
                remedy="use max_n=0 to have no n-grams",
            )
        if self._flags:
            warnings.warn(
                "character n-grams of numbers spell their last digit: what the embedding knows of "
                'n mod 10 is then spelling, and its results are flagged "subwords"',
                UserWarning,
                stacklevel=3,
            )

    @property
    def _flags(self) -> tuple[str, ...]:  # type: ignore[override]
        return ("subwords",) if self.number_ngrams and self.max_n >= self.min_n else ()

    def _model(self) -> Any:
        models = require("gensim.models", purpose="FastText")
        return _bookkeeping(models.FastText)(**self._arguments())

    def _arguments(self) -> dict[str, Any]:
        return super()._arguments() | {
            "min_n": self.min_n,
            "max_n": self.max_n,
            "bucket": self.buckets,
        }

    def _prepare(self, model: Any, vocabulary: Any) -> None:
        if self.number_ngrams:
            return
        for number in range(vocabulary.size):
            row = model.wv.key_to_index.get(vocabulary.token(number))
            if row is not None:
                model.wv.buckets_word[row] = np.array([], dtype=np.uint32)
        # The starting vectors hold the n-grams until they are put together again.
        model.wv.adjust_vectors()


def _bookkeeping(kind: Any) -> Any:
    """A gensim model that adds up its words, and its losses in double precision, by pass.

    gensim sums the loss of all passes in one float32, which stands still above 2^24 pairs; here
    every batch starts from 0.
    """

    class Model(kind):  # type: ignore[misc]
        trained_words = 0

        def train(self, *args: Any, epochs: int, **kwargs: Any) -> Any:
            self.losses: list[float] = []
            self._loss, self._words = 0.0, 0
            return super().train(*args, epochs=epochs, **kwargs)

        def _do_train_job(self, sentences: Any, *args: Any) -> Any:
            self.running_training_loss = 0.0
            words, raw = super()._do_train_job(sentences, *args)
            self._loss += float(self.running_training_loss)
            self._words += int(words)
            return words, raw

        def _train_epoch(self, *args: Any, **kwargs: Any) -> Any:
            result = super()._train_epoch(*args, **kwargs)
            if self._loss:
                self.losses.append(self._loss / max(self._words, 1))
            self.trained_words += self._words
            self._loss, self._words = 0.0, 0
            return result

    return Model
