"""Which parameter goes to which optimiser, and several optimisers as one."""

from __future__ import annotations

import copy

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (make test LM=1)")

from torch import nn  # noqa: E402

from wordnum.errors import UsageError  # noqa: E402
from wordnum.lm.architectures import ARCHITECTURES, make_config, make_network  # noqa: E402
from wordnum.lm.optimizers import JoinedOptimizer, make_optimizer  # noqa: E402


@pytest.fixture(params=ARCHITECTURES)
def network(request):
    return make_network(make_config(request.param, vocabulary_size=20, context=8))


def names_in(network, groups):
    names = {id(p): name for name, p in network.named_parameters()}
    return {names[id(p)] for group in groups for p in group["params"]}


def test_muon_takes_the_matrices_and_leaves_embeddings_and_the_rest(network):
    optimizer = make_optimizer(network, "muon", weight_decay=0.3)
    muon, rest = (names_in(network, one.param_groups) for one in optimizer.optimizers)
    named = dict(network.named_parameters())
    embedding = {n for n, p in named.items() if p is network.get_input_embeddings().weight}
    assert muon == {n for n, p in named.items() if p.ndim == 2} - embedding
    assert muon | rest == set(named)
    assert not muon & rest
    assert embedding <= rest


@pytest.mark.parametrize("name", ["adamw", "muon", "sgd"])
def test_what_has_one_dimension_does_not_decay(network, name):
    groups = make_optimizer(network, name, weight_decay=0.3).param_groups
    for group in groups:
        assert group["weight_decay"] == (0.3 if group["params"][0].ndim > 1 else 0.0)
    assert sum(len(group["params"]) for group in groups) == len(list(network.parameters()))


@pytest.mark.parametrize("name", ["adamw", "muon", "sgd"])
def test_the_loss_falls(network, name):
    ids = torch.arange(8).repeat(4, 1)
    optimizer = make_optimizer(network, name, learning_rate=0.01)
    losses = []
    for _ in range(15):
        loss = network(input_ids=ids, labels=ids).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.9 * losses[0]


def test_joined_optimisers_step_as_they_would_alone():
    torch.manual_seed(0)
    one = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    other = copy.deepcopy(one)

    def pair(network):
        first, second = (list(layer.parameters()) for layer in network)
        return torch.optim.SGD(first, lr=0.1, momentum=0.9), torch.optim.AdamW(second, lr=0.01)

    joined, alone = JoinedOptimizer(*pair(one)), pair(other)
    schedule = torch.optim.lr_scheduler.LambdaLR(joined, lambda step: 0.5**step)
    x = torch.randn(5, 4)
    for step in range(4):
        for network in (one, other):
            network(x).square().sum().backward()
        for optimizer, rate in zip(alone, (0.1, 0.01)):
            optimizer.param_groups[0]["lr"] = rate * 0.5**step
            optimizer.step()
            optimizer.zero_grad()
        joined.step()
        joined.zero_grad()
        schedule.step()
        if step == 1:  # as when a training goes on
            again = JoinedOptimizer(*pair(one))
            again.load_state_dict(copy.deepcopy(joined.state_dict()))
            rates = [group["lr"] for group in joined.param_groups]
            assert [group["lr"] for group in again.param_groups] == rates
            joined.optimizers = again.optimizers
    for p, q in zip(one.parameters(), other.parameters()):
        assert torch.equal(p, q)


def test_a_network_without_matrices_is_not_for_muon():
    class OnlyEmbeddings(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.norm = nn.Embedding(5, 3), nn.LayerNorm(3)

        def get_input_embeddings(self):
            return self.embedding

    with pytest.raises(UsageError, match=r"Muon needs matrices(.|\n)*use adamw"):
        make_optimizer(OnlyEmbeddings(), "muon")
    assert make_optimizer(OnlyEmbeddings(), "adamw").param_groups
    with pytest.raises(UsageError, match="unknown optimizer 'adam'"):
        make_optimizer(OnlyEmbeddings(), "adam")
