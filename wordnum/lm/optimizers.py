"""Optimisers for a language model: AdamW, Muon with AdamW for what is no matrix, SGD."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from wordnum.config import one_of
from wordnum.errors import UsageError
from wordnum.lm.plans import LEARNING_RATES

# As for GPT-3; the second moment forgets faster than by AdamW's default.
_BETAS = (0.9, 0.95)
_MOMENTUM = 0.9
# Learning rate of Muon's matrices beside that of AdamW for the rest.
_MUON = 10


class JoinedOptimizer(torch.optim.Optimizer):
    """Several optimisers as one, each over parameters of its own, under one learning rate schedule.

    Parameters
    ----------
    *optimizers : torch.optim.Optimizer
        Their groups come one after the other.
    """

    def __init__(self, *optimizers: torch.optim.Optimizer) -> None:
        self.optimizers = optimizers
        self.defaults: dict[str, Any] = {}

    @property
    def param_groups(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """Groups of all of them."""
        return [group for one in self.optimizers for group in one.param_groups]

    @property
    def state(self) -> Any:  # type: ignore[override]
        """What all of them remember, by parameter."""
        return ChainMap(*(one.state for one in self.optimizers))

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients."""
        for one in self.optimizers:
            one.zero_grad(set_to_none)

    def step(self, closure: Callable[[], float] | None = None) -> Any:  # type: ignore[override]
        """Step with all of them."""
        loss = None if closure is None else closure()
        for one in self.optimizers:
            one.step()
        return loss

    def state_dict(self) -> dict[str, Any]:
        """States of all of them, in order."""
        return {"optimizers": [one.state_dict() for one in self.optimizers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take back what `state_dict` gave."""
        for one, state in zip(self.optimizers, state_dict["optimizers"], strict=True):
            one.load_state_dict(state)


def make_optimizer(
    network: nn.Module, name: str, *, learning_rate: float | None = None, weight_decay: float = 0.1
) -> torch.optim.Optimizer:
    """Make the optimiser of a network.

    Parameters
    ----------
    network : torch module
        With `get_input_embeddings`, if its embeddings are tied to its output.
    name : {"adamw", "muon", "sgd"}
        "muon" orthogonalises the momentum of the matrices and leaves embeddings, norms and all that
        is not two-dimensional to AdamW. The learning rate of the matrices is ten times that of the
        rest: at 0.002 it is 0.02, as published.
    learning_rate : float, optional
        0.002 by default, 0.1 for SGD.
    weight_decay : float
        Of matrices and embeddings; what has one dimension does not decay.

    Raises
    ------
    UsageError
        An unknown name, or Muon for a network without a matrix.

    References
    ----------
    K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024.

    Examples
    --------
    >>> make_optimizer(nn.Linear(3, 2), "adamw", learning_rate=0.5).param_groups[0]["lr"]
    0.5
    """
    one_of(name, LEARNING_RATES, what="optimizer")
    rate = LEARNING_RATES[name] if learning_rate is None else learning_rate
    parameters = list(network.parameters())
    embeddings = getattr(network, "get_input_embeddings", lambda: None)()
    tied = {id(p) for p in embeddings.parameters()} if embeddings is not None else set()
    # The output is tied to the embeddings: they are told by identity, not by name.
    matrices = [p for p in parameters if p.ndim == 2 and id(p) not in tied]
    if name == "muon" and not matrices:
        raise UsageError(
            "Muon needs matrices to orthogonalise",
            expected="parameters of two dimensions beside the embeddings",
            got=f"{len(parameters)} parameters, none of them such",
            remedy="use adamw",
        )
    if name != "muon":
        groups = _decaying(parameters, weight_decay)
        if name == "sgd":
            return torch.optim.SGD(groups, lr=rate, momentum=_MOMENTUM)
        return torch.optim.AdamW(groups, lr=rate, betas=_BETAS)
    chosen = {id(p) for p in matrices}
    rest = [p for p in parameters if id(p) not in chosen]
    muon = torch.optim.Muon(matrices, lr=_MUON * rate, weight_decay=weight_decay)
    if not rest:
        return muon
    return JoinedOptimizer(
        muon, torch.optim.AdamW(_decaying(rest, weight_decay), lr=rate, betas=_BETAS)
    )


def _decaying(parameters: list[nn.Parameter], weight_decay: float) -> list[dict[str, Any]]:
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]
