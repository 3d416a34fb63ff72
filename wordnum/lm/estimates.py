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
from wordnum.lm.training import autocast

# Tokens that the speed is measured on: enough to fill a core, and no wait for a large model.
_TRIED = 1024
# Arrays of (tokens, width) that a block keeps for its gradient: inputs of norms and products, and
# the inner layers, which are 8/3 as wide.
_KEPT = 20
# Arrays of (tokens, vocabulary): logits, their softmax, their gradient.
_KEPT_OUTPUT = 3


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
        measured here, and ``hours`` from it; ``memory_bytes`` of weights, gradients, the state of
        the optimiser and activations (from the shapes); ``disk_bytes`` of snapshots, model,
        checkpoints and the rows of the text.

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
    network = model.network(len(reading.tokens), model.random_state).to(model.device)
    optimizer = make_optimizer(network, plan.optimizer, weight_decay=plan.weight_decay)
    rows = max(1, min(len(ids), _TRIED // ids.shape[1]))
    speed = _speed(network, optimizer, ids[:rows], targets[:rows], model.precision)
    parameters = sum(p.numel() for p in network.parameters())
    state = 4 * sum(_remembered(optimizer))
    config = network.config
    layers, width = config.num_hidden_layers, config.hidden_size
    tokens = plan.max_steps * plan.accumulate * model.batch_tokens
    attention = 6 * layers * width * ids.shape[1] if model.architecture == "transformer" else 0
    kept = 4 * model.batch_tokens * (_KEPT * layers * width + _KEPT_OUTPUT * len(reading.tokens))
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
        "memory_bytes": 8 * parameters + state + kept,
        "disk_bytes": seeds * (snapshots + 4 * parameters) + 2 * (4 * parameters + state) + text,
    }


def _speed(network: Any, optimizer: Any, ids: Any, targets: Any, precision: str) -> float:
    """Tokens per second of the second step; the first one also sets things up."""
    inputs = torch.from_numpy(ids).to(network.device)
    labels = torch.from_numpy(targets).to(network.device)
    for _ in range(2):
        begun = time.perf_counter()
        with autocast(network.device.type, precision):
            loss = network(input_ids=inputs, labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        float(loss.detach())
    return ids.size / (time.perf_counter() - begun)


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
