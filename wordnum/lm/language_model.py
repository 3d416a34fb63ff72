"""LanguageModel: a language model trained on a corpus or a task, as an estimator."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from wordnum._compat import require
from wordnum.config import one_of
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.embeddings.base import NumberModel
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.number_rows import numbers_to_embed
from wordnum.embeddings.replicates import Replicates
from wordnum.embeddings.trajectory import Snapshot, Trajectory, load_trajectory
from wordnum.errors import InputError, UsageError
from wordnum.lm.addition import AdditionBatches, AdditionTask
from wordnum.lm.architectures import ARCHITECTURES, SIZES, make_config, make_network
from wordnum.lm.checkpoints import TrainingFolder
from wordnum.lm.plans import TrainingPlan
from wordnum.lm.segments import CutVocabulary, Segments, fingerprint
from wordnum.provenance import provenance


@dataclass(kw_only=True, eq=False, repr=False)
class LanguageModel(NumberModel):
    """A language model trained from scratch; its embeddings of the numbers are what is left.

    Each segment of the text stands in a row of its own, so that the cuts and masks of a
    perturbation hold for every architecture. Embeddings are tied to the output, and the loss is the
    mean cross-entropy of the next token; of a task, of the answers alone. The Trainer of
    transformers trains: on several GPUs or machines the same script runs by ``accelerate launch``.

    A training in a `folder` that was killed goes on from its last checkpoint, with the losses that
    it would have had; one that is finished is loaded.

    Parameters
    ----------
    architecture : {"transformer", "mamba2", "gated-deltanet", "lstm"}
        See `make_config`.
    size : {"nano", "tiny", "small", "30m", "100m", "300m"}
        2 blocks of width 64, or 128, up to 12 of width 1024.
    optimizer : {"adamw", "muon", "sgd"}
        See `make_optimizer`.
    learning_rate : float, optional
        At its highest; 0.002 by default, 0.1 for SGD.
    weight_decay : float
        Of matrices and embeddings.
    warmup : float
        Share of the steps in which the learning rate rises from 0.
    schedule : {"cosine", "linear", "constant"}
        How it falls afterwards, to 0.
    clip : float
        Longest gradient; 0 does not clip.
    initializer_range : float, optional
        Standard deviation of the weights at the start; 0.64 / sqrt(width) by default.
    precision : {"float32", "bf16"}
        Of the products; weights are float32 always.
    max_steps : int
        Steps of the optimiser.
    batch_tokens : int
        Tokens of a batch, at most, padding counted.
    accumulate : int
        Batches for each step of the optimiser, on each process.
    context : int
        Most tokens of a row; longer segments go on in another row.
    words : int
        The vocabulary is cut to so many words, the most frequent; numbers stay, other words become
        *unknown*.
    min_count : int
        Numbers seen less often are dropped from the embedding; not from the text.
    seeds : int
        Trainings, under `random_state` and the seeds after it; those after the first are the
        replicates of the embedding.
    save_every : int, optional
        Steps from one checkpoint to the next; a twentieth of the training by default.
    folder : path-like, optional
        Where snapshots, checkpoints and the model are kept (with several seeds in folders
        ``seed-0``, ``seed-1``, …); a temporary one by default.
    random_state : int
        Of weights and order.
    device : {"cpu", "cuda"}
        Where to train.

    Attributes
    ----------
    embedding_ : Embedding
        Input embeddings after the last step, float32, of the numbers seen `min_count` times.
    trajectory_ : Trajectory
        The embedding at step 0, at eight steps for every factor of ten, and at the last.
    trajectories_ : dict of int to Trajectory
        The same for each seed.
    history_ : list of dict
        Of the first seed, with rows along the training: step, tokens, loss, learning_rate,
        grad_norm, tokens_per_second, and accuracy for a task.
    network_ : transformers.PreTrainedModel
        The trained model of the first seed.

    Examples
    --------
    >>> model = LanguageModel(max_steps=2, batch_tokens=64)
    >>> model.fit_transform(AdditionTask(base=20, tokens=1))
    <Embedding transformer-tiny: 20 of 20 numbers; dim 128>
    >>> model.trajectory_.steps, model.history_[-1]["tokens"]
    ((0, 1, 2), 120)
    """

    name = "language-model"
    reads = "corpus"
    axes = frozenset({"seed"})
    replicate_kind = "seeds"
    devices = ("cpu", "cuda")
    cost = 200.0
    requires = ("torch", "transformers", "accelerate")
    takes_tasks = True

    architecture: Literal["transformer", "mamba2", "gated-deltanet", "lstm"] = "transformer"
    size: Literal["nano", "tiny", "small", "30m", "100m", "300m"] = "tiny"
    optimizer: Literal["adamw", "muon", "sgd"] = "adamw"
    learning_rate: float | None = None
    weight_decay: float = 0.1
    warmup: float = 0.05
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    clip: float = 1.0
    initializer_range: float | None = None
    precision: Literal["float32", "bf16"] = "float32"
    max_steps: int = 1000
    batch_tokens: int = 4096
    accumulate: int = 1
    context: int = 128
    words: int = 8000
    min_count: int = 1
    seeds: int = 1
    save_every: int | None = None
    folder: str | os.PathLike[str] | None = None
    random_state: int = 0
    device: Literal["cpu", "cuda"] = "cpu"

    def seconds(self, n_tokens: float) -> float:
        """Seconds of one core, by the size of its blocks: it reads what its steps ask for."""
        chosen, tiny = SIZES[one_of(self.size, SIZES, what="size")], SIZES["tiny"]
        blocks = chosen.layers * chosen.width**2 / (tiny.layers * tiny.width**2)
        read = self.max_steps * self.accumulate * self.batch_tokens * self.seeds
        return super().seconds(read * blocks)

    def fit(
        self, source: EncodedCorpus | AdditionTask, *, perturbation: Any = "original"
    ) -> LanguageModel:
        """Train on an encoded corpus or on a task.

        Parameters
        ----------
        source : EncodedCorpus or AdditionTask
            What is read.
        perturbation : str or Perturbation
            Applied to a corpus first.

        Raises
        ------
        InputError
            Less text than one batch, a training that diverges, a GPU that is not there, a full
            disk, or a folder with another training.
        UsageError
            Parameters out of range, or a perturbation of a task.
        MissingExtraError
            torch, transformers or accelerate is not installed.
        """
        self.check(source, perturbation)
        if self.folder is not None:
            return self._fit(source, perturbation, Path(self.folder))
        with tempfile.TemporaryDirectory() as temporary:
            return self._fit(source, perturbation, Path(temporary) / "training")

    def check(self, source: Any, perturbation: Any = "original") -> TrainingPlan:
        """Return how `fit` would train, or raise what it raises before it does."""
        one_of(self.architecture, ARCHITECTURES, what="architecture")
        one_of(self.size, SIZES, what="size")
        least = source.length if isinstance(source, AdditionTask) else 2
        self._require(context=least, batch_tokens=least, min_count=1, seeds=1, words=0)
        self._require_positive("weight_decay", "clip", zero=True)
        given = ("learning_rate", "initializer_range")
        self._require_positive(*(name for name in given if getattr(self, name) is not None))
        named = {field.name: getattr(self, field.name) for field in fields(TrainingPlan)}
        plan = TrainingPlan(**named).checked()
        if not isinstance(source, EncodedCorpus | AdditionTask):
            raise InputError(
                "a language model trains on text or on a task, not on counts",
                expected="an EncodedCorpus or an AdditionTask",
                got=type(source).__name__,
                remedy="encode the text (wn.encode) and pass the corpus",
            )
        named_so = getattr(perturbation, "name", perturbation)
        if isinstance(source, AdditionTask) and named_so != "original":
            raise UsageError("a task is not perturbed", got=str(named_so))
        torch, *_ = (require(package, purpose="a language model") for package in self.requires)
        if self.device == "cuda" and not torch.cuda.is_available():
            raise InputError(
                'device="cuda" finds no GPU',
                got=f"torch {torch.__version__} without one",
                remedy='install a torch for your CUDA, or use device="cpu"',
            )
        return plan

    def _fit(self, source: Any, perturbation: Any, folder: Path) -> LanguageModel:
        self.trajectories_: dict[int, Trajectory] = {}
        for seed in range(self.random_state, self.random_state + self.seeds):
            place = folder if self.seeds == 1 else folder / f"seed-{seed}"
            network, history = self._train(source, perturbation, seed, place)
            self.trajectories_[seed] = load_trajectory(place)
            if seed == self.random_state:
                self.network_, self.history_ = network, history
        self.trajectory_ = self.trajectories_[self.random_state]
        others = {s: t.final for s, t in self.trajectories_.items() if s != self.random_state}
        self.embedding_ = replace(
            self.trajectory_.final,
            replicates=Replicates("seeds", tuple(others), tuple(others.values())),
        )
        return self

    def _train(
        self, source: Any, perturbation: Any, seed: int, place: Path
    ) -> tuple[Any, list[dict[str, Any]]]:
        from accelerate import PartialState
        from transformers import AutoModelForCausalLM

        from wordnum.lm.training import quiet_trainer, train

        reading = Reading(self, source, perturbation)
        # One process of those that share the work makes the folder; the others find it.
        with PartialState(cpu=self.device == "cpu").main_process_first():
            folder = TrainingFolder(place, about={**reading.about, **self._said(seed)})
            if folder.finished:
                with quiet_trainer():
                    return AutoModelForCausalLM.from_pretrained(place), folder.history()
            batches = reading.batches(folder.resume / "segments", seed)
            folder.begin()
        network = self.network(len(reading.tokens), seed)
        numbers, counts = reading.numbers(batches)
        made = provenance(model=self.name, **{**self.get_params(deep=False), "random_state": seed})

        def take(vectors: np.ndarray, known: dict[str, Any]) -> None:
            step, tokens = known.pop("step"), known.pop("tokens")
            embedding = Embedding(
                vectors[numbers],
                numbers,
                size=reading.size,
                counts=None if counts is None else counts[numbers],
                n_documents=getattr(source, "n_documents", None),
                flags=getattr(source, "flags", ()),
                name=f"{self.architecture}-{self.size}",
                provenance={**reading.about, "embed": made, **known},
            )
            Snapshot(step, tokens, embedding).save(folder.snapshots)

        plan = replace(self.check(source, perturbation), random_state=seed)
        history = train(network, batches, plan=plan, folder=folder, take=take)
        state = PartialState()
        if state.is_main_process:
            with quiet_trainer():
                folder.finish(network, tokens=reading.tokens, history=history)
        state.wait_for_everyone()
        return network.eval(), history

    def network(self, n_tokens: int, seed: int) -> Any:
        """Make the untrained model for so many tokens."""
        config = make_config(
            self.architecture,
            size=self.size,
            vocabulary_size=n_tokens,
            context=self.context,
            initializer_range=self.initializer_range,
        )
        return make_network(config, random_state=seed)

    def _said(self, seed: int) -> dict[str, Any]:
        """Parameters that a training depends on."""
        without = ("folder", "seeds", "device", "save_every", "min_count")
        said = {k: v for k, v in self.get_params(deep=False).items() if k not in without}
        return {**said, "random_state": seed}


class Reading:
    """What a model reads of a source: its tokens, its numbers, and batches of it."""

    def __init__(self, model: LanguageModel, source: Any, perturbation: Any) -> None:
        self.model, self.source, self.perturbation = model, source, perturbation
        self.size = source.vocabulary.size
        if isinstance(source, AdditionTask):
            self.tokens = source.vocabulary.tokens()
            self.about = {"task": source.name}
        else:
            self.cut = CutVocabulary.of(source.vocabulary, words=model.words)
            self.tokens = list(self.cut.tokens)
            self.about = {
                "corpus_fingerprint": source.fingerprint,
                "perturbation": str(getattr(perturbation, "name", perturbation)),
                "text": fingerprint(source, perturbation, self.cut),
            }

    def batches(self, folder: Path, seed: int) -> Segments | AdditionBatches:
        """Batches under a seed; rows of a text are written to a folder unless they are there."""
        how = {"batch_tokens": self.model.batch_tokens, "random_state": seed}
        if isinstance(self.source, AdditionTask):
            return AdditionBatches(self.source, **how)
        if not folder.exists():
            Segments.write(
                self.source,
                folder,
                vocabulary=self.cut,
                context=self.model.context,
                perturbation=self.perturbation,
            )
        return Segments(folder, **how)

    def numbers(self, batches: Any) -> tuple[np.ndarray, np.ndarray | None]:
        """Numbers to embed, and occurrences of all; a task has each as often as any other."""
        if isinstance(self.source, AdditionTask):
            return np.arange(self.size), None
        seen = batches.counts[: self.size]
        return numbers_to_embed(seen, min_count=self.model.min_count), seen
