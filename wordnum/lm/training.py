"""Training by transformers' Trainer: batches by their number, snapshots, checkpoints, history."""

from __future__ import annotations

import ctypes
import logging
import random
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from accelerate import PartialState
from safetensors import SafetensorError
from torch.utils.data import Dataset
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments
from transformers.utils import logging as logs

import wordnum.lm.lstm  # noqa: F401  it registers with transformers, to be loaded
from wordnum.errors import InputError
from wordnum.lm.checkpoints import TrainingFolder
from wordnum.lm.optimizers import make_optimizer
from wordnum.lm.plans import SCHEDULES, TrainingPlan, snapshot_steps
from wordnum.progress import bar
from wordnum.storage import write_failure

# Below that of the progress, so that it is heard where that is.
log = logging.getLogger("wordnum.progress.training")
# Seconds between lines that say how it goes.
_PAUSE = 30.0
# Numbers of glibc's mallopt, and its defaults.
_TRIM_THRESHOLD, _MMAP_MAX = (-1, 128 * 2**10), (-4, 65_536)


class Batches(Protocol):
    """What is trained on: batch i follows from i alone."""

    def batch(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        """Tokens and targets, int64 (rows, longest)."""
        ...

    def tokens(self, i: int) -> int:
        """Tokens of batch i, without the padding."""
        ...

    def evaluate(self, network: Any) -> dict[str, float]:
        """Measures of a network that only the source knows, such as accuracy."""
        ...


class _Numbered(Dataset):
    """Batches as items of a dataset, which the Trainer shares out among its processes."""

    def __init__(self, batches: Batches, n: int) -> None:
        self.batches, self.n = batches, n

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, i: int) -> dict[str, torch.Tensor]:
        ids, targets = self.batches.batch(i)
        return {"input_ids": torch.from_numpy(ids), "labels": torch.from_numpy(targets)}


class _Recorder(TrainerCallback):
    """Counts tokens, takes the snapshots, shows progress."""

    def __init__(
        self, batches: Batches, *, max_steps: int, take: Callable[..., None], advance: Any
    ) -> None:
        self.batches, self.take, self.advance = batches, take, advance
        self.steps = set(snapshot_steps(max_steps))
        self.tokens = self.begun = 0
        self.measured: dict[str, float] = {}
        self.loss: float | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        self.per_step = args.world_size * args.gradient_accumulation_steps
        done = range(state.global_step * self.per_step)
        self.tokens = self.begun = sum(map(self.batches.tokens, done))
        self.clock = self.said = time.monotonic()
        self.advance(state.global_step)
        if not state.global_step:
            self._snapshot(state, more["model"])

    def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        first = (state.global_step - 1) * self.per_step
        self.tokens += sum(map(self.batches.tokens, range(first, first + self.per_step)))
        self.advance()
        if state.global_step in self.steps:
            self._snapshot(state, more["model"])
            control.should_log = True

    def _snapshot(self, state: Any, network: Any) -> None:
        self.measured = self.batches.evaluate(network)
        if state.is_world_process_zero:
            vectors = network.get_input_embeddings().weight.detach().float().cpu().numpy()
            about = {"step": state.global_step, "tokens": self.tokens, "loss": self.loss}
            self.take(vectors, {**about, **self.measured})

    def is_time(self) -> bool:
        """Whether it is a while since this was last so."""
        pause = time.monotonic() - self.said > _PAUSE
        if pause:
            self.said = time.monotonic()
        return pause

    def row(self) -> dict[str, float]:
        """What the history says beside the loss."""
        speed = (self.tokens - self.begun) / max(time.monotonic() - self.clock, 1e-9)
        measured, self.measured = self.measured, {}
        return {"tokens": self.tokens, "tokens_per_second": round(speed, 1), **measured}


class _Trainer(Trainer):
    """The Trainer, which stops where numbers are no longer finite, before it saves any."""

    recorder: _Recorder

    def training_step(self, *given: Any, **more: Any) -> torch.Tensor:
        loss = super().training_step(*given, **more)
        self.recorder.loss = float(loss)
        if not np.isfinite(self.recorder.loss):
            raise self._diverged(f"a loss of {self.recorder.loss}")
        return loss

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        if not all(bool(torch.isfinite(p).all()) for p in self.model.parameters()):
            raise self._diverged("weights that are not finite")
        super()._save_checkpoint(model, trial)

    def log(self, row: dict[str, float], start_time: float | None = None) -> None:
        if "loss" in row:
            row.update(self.recorder.row())
            done = self.state.global_step, self.state.max_steps
            due = self.recorder.is_time() or done[0] == done[1]
            if due and self.is_world_process_zero():
                words = "step %d of %d: loss %.4f, %.0f tokens/s"
                log.info(words, *done, row["loss"], row["tokens_per_second"])
        super().log(row, start_time)

    def _diverged(self, got: str) -> InputError:
        return InputError(
            f"the training diverged at step {self.state.global_step + 1}",
            expected="a finite loss",
            got=got,
            where=str(Path(self.args.output_dir).parent),
            remedy="lower learning_rate, or lengthen warmup; snapshots and checkpoints until then "
            "are kept",
        )


def _silent(amount: float = 1) -> None:
    """Show no progress."""


def train(
    network: Any,
    batches: Batches,
    *,
    plan: TrainingPlan,
    folder: TrainingFolder,
    take: Callable[[np.ndarray, dict[str, Any]], None],
) -> list[dict[str, Any]]:
    """Train a network in place, going on from the last whole checkpoint of the folder.

    Parameters
    ----------
    network : PreTrainedModel
        Of `make_network`; its input embeddings are what the snapshots are of.
    batches : Batches
        What is trained on.
    plan : TrainingPlan
        How.
    folder : TrainingFolder
        Where checkpoints are.
    take : callable
        Called with the embeddings and what is known of them (step, tokens, loss of the last batch,
        and the measures of the source) at each of `snapshot_steps`.

    Returns
    -------
    list of dict
        A row for every snapshot and every fiftieth part of the training: step, tokens, loss (mean
        since the row before), learning_rate, grad_norm, tokens_per_second, and the measures.

    Raises
    ------
    InputError
        A loss or weights that are not finite, or a disk that is full; the last whole checkpoint is
        kept.
    """
    every = plan.save_every or max(50, plan.max_steps // 20)
    speaks = PartialState().is_main_process  # one of the processes that share the work
    steps = bar("training", total=plan.max_steps, unit="steps") if speaks else nullcontext(_silent)
    with quiet_trainer(), _memory_kept(), steps as advance:
        arguments = TrainingArguments(
            output_dir=str(folder.resume),
            max_steps=plan.max_steps,
            per_device_train_batch_size=1,  # an item is a whole batch
            gradient_accumulation_steps=plan.accumulate,
            train_sampling_strategy="sequential",
            warmup_steps=plan.warmup,
            lr_scheduler_type=SCHEDULES[plan.schedule],
            max_grad_norm=plan.clip,
            bf16=plan.precision == "bf16",
            use_cpu=plan.device == "cpu",
            seed=plan.random_state,
            logging_steps=max(1, plan.max_steps // 50),
            logging_nan_inf_filter=False,
            save_steps=every,
            save_total_limit=2,
            disable_tqdm=True,
            report_to="none",
            dataloader_pin_memory=plan.device == "cuda",
            ddp_find_unused_parameters=False,
        )
        n = plan.max_steps * plan.accumulate * arguments.world_size
        recorder = _Recorder(batches, max_steps=plan.max_steps, take=take, advance=advance)
        optimizer = make_optimizer(
            network,
            plan.optimizer,
            learning_rate=plan.learning_rate,
            weight_decay=plan.weight_decay,
        )
        trainer = _Trainer(
            model=network,
            args=arguments,
            train_dataset=_Numbered(batches, n),
            data_collator=lambda items: items[0],
            callbacks=[recorder],
            optimizers=(optimizer, None),
        )
        trainer.recorder = recorder
        trainer.remove_callback(PrinterCallback)
        last = folder.last_checkpoint()
        with _writing(folder):
            trainer.train(resume_from_checkpoint=str(last) if last else None)
        trainer.accelerator.wait_for_everyone()
        return [
            {k: v for k, v in row.items() if k != "epoch"}
            for row in trainer.state.log_history
            if "loss" in row
        ]


@contextmanager
def _writing(folder: TrainingFolder) -> Iterator[None]:
    """Say what a full disk means; torch and safetensors have errors of their own for it."""
    try:
        yield
    except (OSError, SafetensorError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "PytorchStreamWriter" not in str(error):
            raise
        folder.last_checkpoint()
        failed = error if isinstance(error, OSError) else OSError(str(error))
        remedy = "free disk space, and train again: it goes on from the last whole checkpoint"
        raise write_failure(folder.path, failed, remedy=remedy) from error


@contextmanager
def quiet_trainer() -> Iterator[None]:
    """Keep transformers quiet, and give back the random states that it sets for the process."""
    states = random.getstate(), np.random.get_state()  # noqa: NPY002
    level, bars = logs.get_verbosity(), logs.is_progress_bar_enabled()
    logs.set_verbosity_error()
    logs.disable_progress_bar()
    try:
        devices = range(torch.cuda.device_count())
        with torch.random.fork_rng(devices=devices), warnings.catch_warnings():
            # Of the LSTM's norm in bf16, which is right, but slower than it could be.
            warnings.filterwarnings("ignore", "Mismatch dtype between input and weight")
            yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        logs.set_verbosity(level)
        if bars:
            logs.enable_progress_bar()


@contextmanager
def _memory_kept() -> Iterator[None]:
    """Keep freed memory in the process: glibc maps each large array anew, half of a step's time."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallopt"):
        yield
        return
    libc.mallopt(_MMAP_MAX[0], 0)
    libc.mallopt(_TRIM_THRESHOLD[0], 2**31 - 1)
    try:
        yield
    finally:
        for option in (_MMAP_MAX, _TRIM_THRESHOLD):
            libc.mallopt(*option)
        libc.malloc_trim(0)


def autocast(device: str, precision: str) -> Any:
    """Context in which products are of a precision, as the Trainer has it."""
    return torch.autocast(device, torch.bfloat16, enabled=precision == "bf16")
