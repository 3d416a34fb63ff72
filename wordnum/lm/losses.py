"""Cross-entropy of the next token over parts of the rows, in a fraction of the memory."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from wordnum.lm.segments import NO_TARGET

# Rows of logits that a softmax is taken of at a time.
_PART = 256


class _CrossEntropy(torch.autograd.Function):
    """Sum over rows with a target; the gradient is made on the way, and no softmax is kept."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, targets: Tensor) -> Tensor:
        ctx.gradient = torch.empty_like(logits)
        total = torch.zeros((), device=logits.device)
        parts = (each.split(_PART) for each in (logits, targets, ctx.gradient))
        for part, target, gradient in zip(*parts):
            known, at = (target != NO_TARGET)[:, None], target.clamp(min=0)[:, None]
            scores = part.float().log_softmax(-1)
            total -= (scores.gather(1, at) * known).sum()
            softmax = scores.exp_()
            softmax.scatter_add_(1, at, torch.full_like(at, -1, dtype=softmax.dtype))
            gradient.copy_(softmax.mul_(known))
        return total

    @staticmethod
    def backward(ctx: Any, *scales: Tensor) -> tuple[Tensor, None]:
        gradient, ctx.gradient = ctx.gradient, None  # scaled in place: good for one time
        return gradient.mul_(scales[0]), None


def next_token_loss(
    logits: Tensor,
    labels: Tensor,
    vocab_size: int,
    num_items_in_batch: Tensor | int | None = None,
    **more: Any,
) -> Tensor:
    """Mean cross-entropy of the next token, as transformers has it for its causal models.

    Beside the logits (rows, length, vocabulary) only their gradient is held; theirs holds three
    arrays more of that size.

    Parameters
    ----------
    logits : Tensor, shape (rows, length, vocabulary)
        Their gradient is of the same type; softmaxes are of float32.
    labels : Tensor of int64, shape (rows, length)
        Tokens; there is no loss where they are -100.
    vocab_size : int
        Of the logits.
    num_items_in_batch : int, optional
        What the sum is divided by; the number of targets by default.

    Examples
    --------
    >>> round(next_token_loss(torch.zeros(1, 2, 8), torch.tensor([[0, 3]]), 8).item(), 3)  # log 8
    2.079
    """
    targets = nn.functional.pad(labels, (0, 1), value=NO_TARGET)[:, 1:].reshape(-1)
    total = _CrossEntropy.apply(logits.reshape(-1, logits.shape[-1]), targets)
    n = (targets != NO_TARGET).sum() if num_items_in_batch is None else num_items_in_batch
    return total / n
