"""Every architecture: no token sees what follows, no row another, padding, saving, loading."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (make test LM=1)")

from transformers import AutoModelForCausalLM  # noqa: E402

from wordnum.errors import UsageError  # noqa: E402
from wordnum.lm.architectures import ARCHITECTURES, SIZES, make_config, make_network  # noqa: E402

VOCABULARY, CONTEXT = 52, 40


@pytest.fixture(scope="module", params=ARCHITECTURES)
def network(request):
    return make_network(
        make_config(request.param, vocabulary_size=VOCABULARY, context=CONTEXT)
    ).eval()


@pytest.fixture(scope="module")
def ids():
    return torch.from_numpy(np.random.default_rng(0).integers(VOCABULARY, size=(3, CONTEXT)))


def logits(network, ids):
    with torch.no_grad():
        return network(input_ids=ids).logits


def test_a_token_cannot_see_what_follows(network, ids):
    changed = ids.clone()
    changed[:, 25:] = (changed[:, 25:] + 1) % VOCABULARY
    before, after = logits(network, ids), logits(network, changed)
    assert torch.allclose(before[:, :25], after[:, :25], atol=1e-5)
    assert not torch.allclose(before[:, 25:], after[:, 25:], atol=1e-4)


def test_a_token_sees_what_stands_before_it(network, ids):
    changed = ids.clone()
    changed[:, 20] = (changed[:, 20] + 1) % VOCABULARY
    before, after = logits(network, ids)[:, 21], logits(network, changed)[:, 21]
    assert not torch.allclose(before, after, atol=1e-5)


def test_rows_do_not_see_each_other(network, ids):
    together = logits(network, ids)
    for row in range(len(ids)):
        assert torch.allclose(together[row], logits(network, ids[row : row + 1])[0], atol=1e-5)


def test_padding_on_the_right_changes_nothing(network, ids):
    padded = ids.clone()
    padded[:, 17:] = 0
    assert torch.allclose(logits(network, padded)[:, :17], logits(network, ids[:, :17]), atol=1e-5)


def test_no_loss_is_taken_where_there_is_no_target(network, ids):
    padded, targets = ids.clone(), ids.clone()
    padded[:, 17:], targets[:, 17:] = 0, -100
    short = ids[:, :17]
    with torch.no_grad():
        one = network(input_ids=padded, labels=targets).loss
        other = network(input_ids=short, labels=short).loss
    assert torch.isclose(one, other, atol=1e-5)


def test_the_loss_is_the_mean_cross_entropy_of_the_token_that_follows(network, ids):
    said = torch.log_softmax(logits(network, ids).double(), -1)[:, :-1]
    by_hand = -said.gather(2, ids[:, 1:, None]).mean()
    with torch.no_grad():
        assert torch.isclose(network(input_ids=ids, labels=ids).loss.double(), by_hand, atol=1e-5)


def test_embeddings_are_tied_and_start_as_long_as_those_of_the_paper(network):
    weight = network.get_input_embeddings().weight
    assert network.get_output_embeddings().weight is weight
    length = float(weight.detach().square().sum(1).mean().sqrt())
    assert abs(length - 0.02 * 1024**0.5) < 0.03
    narrow = make_config("lstm", vocabulary_size=9, context=8, initializer_range=0.3)
    assert narrow.initializer_range == 0.3


def test_what_is_saved_is_loaded(network, ids, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    network.save_pretrained(tmp_path)
    assert not list(tmp_path.glob("*.bin"))
    again = AutoModelForCausalLM.from_pretrained(tmp_path).eval()
    assert torch.equal(logits(network, ids), logits(again, ids))
    assert again.get_output_embeddings().weight is again.get_input_embeddings().weight


def test_weights_follow_from_the_seed_and_the_state_of_torch_stays():
    config = make_config("lstm", vocabulary_size=20, context=8)
    before = torch.random.get_rng_state()
    one, same, other = (make_network(config, random_state=s) for s in (3, 3, 4))
    assert torch.equal(torch.random.get_rng_state(), before)
    weights = [n.get_input_embeddings().weight for n in (one, same, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize(("size", "low", "high"), [("30m", 25, 35), ("100m", 80, 125)])
def test_sizes_have_about_the_parameters_of_their_names(size, low, high):
    with torch.device("meta"):
        network = AutoModelForCausalLM.from_config(
            make_config("transformer", size=size, vocabulary_size=50_000, context=1024)
        )
    assert low < network.num_parameters() / 1e6 < high


def test_the_largest_is_that_of_the_paper():
    assert (SIZES["300m"].layers, SIZES["300m"].width, SIZES["300m"].heads) == (12, 1024, 16)
    with torch.device("meta"):
        network = AutoModelForCausalLM.from_config(
            make_config("transformer", size="300m", vocabulary_size=128_256, context=1024)
        )
    assert 270 < network.num_parameters() / 1e6 < 330


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"architecture": "transformers"}, "did you mean 'transformer'"),
        ({"size": "huge"}, "unknown size 'huge'"),
        ({"context": 0}, "context cannot be 0"),
        ({"vocabulary_size": 0}, "vocabulary_size cannot be 0"),
    ],
)
def test_what_cannot_be_made_is_refused(change, message):
    given = {"architecture": "lstm", "vocabulary_size": 10, "context": 8, **change}
    with pytest.raises(UsageError, match=message):
        make_config(given.pop("architecture"), **given)
