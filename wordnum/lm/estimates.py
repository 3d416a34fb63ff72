"""What a training will cost: parameters, operations, time, memory and disk."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from wordnum.lm.language_model import LanguageModel, Reading
from wordnum.lm.optimizers import JoinedOptimizer, make_optimizer
from wordnum.lm.plans import snapshot_steps
from wordnum.lm.training import autocast, quiet_trainer
from wordnum.provenance import peak_memory

# Tokens that a step is tried on: enough to fill a core, and no wait for a large model.
_TRIED = 1024
# Seconds after which a step is not tried again.
_PATIENCE = 0.5


def estimate(
    model: LanguageModel, source: Any, *, perturbation: Any = "original"
) -> dict[str, Any]:
    """Say what `model.fit(source)` would cost, after a few small steps on this machine.

    Parameters
    ----------
    model : LanguageModel
        Not fitted.
    source : EncodedCorpus or AdditionTask
        What it would be fitted on.
    perturbation : str or Perturbation
        Of a corpus.

    Returns
    -------
    dict
        ``parameters``; ``tokens`` of the whole training, padding counted; ``passes`` over a text;
        ``flops``, six for each parameter and token, and those of attention; ``tokens_per_second``
        by the quickest step that was tried here, and ``hours`` from it; ``memory_bytes`` of one
        process: weights, gradients, the state of the optimiser, what a step keeps for its gradient,
        logits, and on a CPU what Python with torch holds anyway; ``disk_bytes`` of snapshots,
        model, checkpoints and the rows of the text.

    Raises
    ------
    InputError, UsageError
        What `fit` would raise before it trains.

    Examples
    --------
    >>> from wordnum.lm import AdditionTask
    >>> found = estimate(LanguageModel(max_steps=10), AdditionTask(base=100, tokens=1))
    >>> found["parameters"], found["tokens"]
    (439936, 40960)
    """
    plan = model.check(source, perturbation)
    reading = Reading(model, source, perturbation)
    with tempfile.TemporaryDirectory() as folder:
        batches = reading.batches(Path(folder) / "segments", model.random_state)
        ids, targets = batches.batch(0)
        text = sum(file.stat().st_size for file in Path(folder).rglob("*.*"))
    held = peak_memory() if model.device == "cpu" else 0
    network = model.network(len(reading.tokens), model.random_state).to(model.device)
    optimizer = make_optimizer(network, plan.optimizer, weight_decay=plan.weight_decay)
    rows = max(1, min(len(ids), _TRIED // ids.shape[1]))
    trial = _Trial(network, optimizer, precision=model.precision)
    with quiet_trainer():
        trial.run(ids[:rows], targets[:rows])
    share = model.batch_tokens / ids[:rows].size
    speed = model.batch_tokens / (trial.gradient * share + trial.step / plan.accumulate)
    parameters = sum(p.numel() for p in network.parameters())
    state = 4 * sum(_remembered(optimizer))
    config = network.config
    layers, width = config.num_hidden_layers, config.hidden_size
    tokens = plan.max_steps * plan.accumulate * model.batch_tokens
    attention = 6 * layers * width * ids.shape[1] if model.architecture == "transformer" else 0
    snapshots = len(snapshot_steps(plan.max_steps)) * 4 * reading.size * width
    seeds = model.seeds
    return {
        "architecture": f"{model.architecture}-{model.size}",
        "parameters": parameters,
        "tokens": tokens,
        "passes": tokens / int(batches.lengths.sum()) if hasattr(batches, "lengths") else None,
        "flops": float(tokens * (6 * parameters + attention) * seeds),
        "tokens_per_second": round(speed),
        "hours": tokens * seeds / speed / 3600,
        "memory_bytes": round(held + 8 * parameters + state + trial.kept * share),
        "disk_bytes": seeds * (snapshots + 4 * parameters) + 2 * (4 * parameters + state) + text,
    }


class _Trial:
    """A few steps: seconds of the quickest gradient and step, bytes that a gradient needs."""

    def __init__(self, network: Any, optimizer: Any, *, precision: str) -> None:
        self.network, self.optimizer, self.precision = network, optimizer, precision
        self.gradient = self.step = float("inf")
        self.kept = 0

    def run(self, ids: Any, targets: Any) -> None:
        """Step on a batch until it is known how long that takes; the first also sets things up."""
        begun = time.perf_counter()
        inputs, labels = (torch.from_numpy(x).to(self.network.device) for x in (ids, targets))
        self._keep(inputs, labels)
        while self.step == float("inf") or time.perf_counter() - begun < _PATIENCE:
            times = [time.perf_counter()]
            self._loss(inputs, labels).loss.backward()
            times.append(self._time())
            self.optimizer.step()
            self.optimizer.zero_grad()
            times.append(self._time())
            self.gradient = min(self.gradient, times[1] - times[0])
            self.step = min(self.step, times[2] - times[1])

    def _keep(self, inputs: torch.Tensor, labels: torch.Tensor) -> None:
        """Count what autograd saves, each array once, and logits with their gradient."""
        own = {p.untyped_storage().data_ptr() for p in self.network.parameters()}
        saved: dict[int, int] = {}

        def pack(array: torch.Tensor) -> torch.Tensor:
            storage = array.untyped_storage()
            if storage.data_ptr() not in own:
                saved[storage.data_ptr()] = storage.nbytes()
            return array

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda array: array):
            said = self._loss(inputs, labels)
        self.kept = sum(saved.values()) + 2 * said.logits.nbytes
        said.loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()

    def _loss(self, inputs: torch.Tensor, labels: torch.Tensor) -> Any:
        with autocast(self.network.device.type, self.precision):
            return self.network(input_ids=inputs, labels=labels)

    def _time(self) -> float:
        if self.network.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()


def _remembered(optimizer: Any) -> list[int]:
    """Numbers that an optimiser keeps, after a step."""
    parts = optimizer.optimizers if isinstance(optimizer, JoinedOptimizer) else [optimizer]
    return [
        value.numel()
        for part in parts
        for state in part.state.values()
        for value in state.values()
        if torch.is_tensor(value) and value.ndim
    ]
