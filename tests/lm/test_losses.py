"""The loss over parts of the rows is that of transformers, and so is its gradient."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (make test LM=1)")

from transformers.loss.loss_utils import ForCausalLMLoss  # noqa: E402

from wordnum.lm.losses import next_token_loss  # noqa: E402
from wordnum.lm.segments import NO_TARGET  # noqa: E402


@pytest.mark.parametrize("n", [None, 7, torch.tensor(1000)])
@pytest.mark.parametrize(("kind", "close"), [(torch.float32, 1e-6), (torch.bfloat16, 1e-2)])
def test_loss_and_gradient_are_those_of_transformers(n, kind, close):
    generator = torch.Generator().manual_seed(0)
    made = torch.randn(9, 70, 11, generator=generator).to(kind)  # parts of 256 rows, and a rest
    labels = torch.randint(11, (9, 70), generator=generator)
    labels[2:5, 30:] = NO_TARGET
    found = []
    for loss_function in (next_token_loss, ForCausalLMLoss):
        logits = made.clone().requires_grad_()
        loss = loss_function(logits, labels, 11, num_items_in_batch=n)
        (3 * loss).backward()
        assert logits.grad.dtype == kind
        found.append((float(loss.detach()), logits.grad.float()))
    (loss, gradient), (expected, theirs) = found
    assert loss == pytest.approx(expected, rel=1e-6)
    assert torch.allclose(gradient, theirs, rtol=close, atol=1e-7)
    assert not gradient[:, -1].any()
    assert not gradient[2:5, 29:].any()


def test_a_gradient_is_taken_once():
    loss = next_token_loss(torch.zeros(1, 2, 3, requires_grad=True), torch.zeros(1, 2).long(), 3)
    loss.backward(retain_graph=True)
    with pytest.raises(AttributeError):
        loss.backward()
