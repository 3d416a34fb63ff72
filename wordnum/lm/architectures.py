"""The architectures, at named sizes: what of transformers' models stands for each of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wordnum.config import one_of, whole_number

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel


@dataclass(frozen=True)
class Size:
    """Depth and width of a model.

    Parameters
    ----------
    layers : int
        Blocks on top of each other.
    width : int
        Dimensions of the embeddings and of what runs through the blocks.
    heads : int
        Of attention, or of the state of a linear RNN.
    """

    layers: int
    width: int
    heads: int

    @property
    def inner(self) -> int:
        """Width of the feed-forward layers: 8/3 of the width, as Llama's, up to a 64th."""
        return -(-8 * self.width // (3 * 64)) * 64


# Parameters are about those of the name with 50,000 tokens; 300m, with the 128,256 of Llama 3, has
# the 12 blocks of width 1024 of the published Transformer.
SIZES = {
    "nano": Size(2, 64, 4),
    "tiny": Size(2, 128, 4),
    "small": Size(4, 256, 4),
    "30m": Size(6, 384, 6),
    "100m": Size(12, 640, 10),
    "300m": Size(12, 1024, 16),
}
# Length of an embedding at the start: that of width 1024 under transformers' usual spread of 0.02.
# Under one spread for all widths, embeddings of narrow models start short: what they learn first
# outgrows the rest, and addition modulo 100 stays unlearned (docs/results/addition.md).
_LENGTH = 0.64


def _transformer(size: Size, **common: Any) -> PreTrainedConfig:
    from transformers import LlamaConfig

    return LlamaConfig(
        intermediate_size=size.inner,
        num_attention_heads=size.heads,
        num_key_value_heads=size.heads,
        **common,
    )


def _mamba2(size: Size, **common: Any) -> PreTrainedConfig:
    from transformers import Mamba2Config

    return Mamba2Config(
        num_heads=size.heads,
        head_dim=2 * size.width // size.heads,
        n_groups=1,
        state_size=min(128, size.width // 2),
        chunk_size=min(256, 32 * -(-common["max_position_embeddings"] // 32)),
        **common,
    )


def _gated_deltanet(size: Size, **common: Any) -> PreTrainedConfig:
    from transformers import Qwen3NextConfig

    head = size.width // size.heads
    return Qwen3NextConfig(
        intermediate_size=size.inner,
        layer_types=["linear_attention"] * size.layers,
        mlp_only_layers=list(range(size.layers)),
        num_experts=0,
        num_attention_heads=size.heads,
        num_key_value_heads=size.heads,
        head_dim=head,
        linear_num_key_heads=size.heads,
        linear_num_value_heads=size.heads,
        linear_key_head_dim=head,
        linear_value_head_dim=head,
        **common,
    )


def _lstm(size: Size, **common: Any) -> PreTrainedConfig:
    from wordnum.lm.lstm import LSTMConfig

    return LSTMConfig(**common)


ARCHITECTURES: dict[str, Callable[..., PreTrainedConfig]] = {
    "transformer": _transformer,
    "mamba2": _mamba2,
    "gated-deltanet": _gated_deltanet,
    "lstm": _lstm,
}


def make_config(
    architecture: str,
    *,
    size: str = "tiny",
    vocabulary_size: int,
    context: int,
    initializer_range: float | None = None,
) -> PreTrainedConfig:
    """Make the configuration of a model.

    Parameters
    ----------
    architecture : {"transformer", "mamba2", "gated-deltanet", "lstm"}
        Llama; Mamba-2; Qwen3-Next with all its blocks of linear attention; an LSTM.
    size : {"nano", "tiny", "small", "30m", "100m", "300m"}
        See `SIZES`.
    vocabulary_size : int
        Tokens.
    context : int
        Most tokens in a row.
    initializer_range : float, optional
        Standard deviation of the weights at the start, of embeddings too; 0.64 / sqrt(width) by
        default, which is 0.02 at the width of 1024.

    Raises
    ------
    UsageError
        Unknown names, or no token.

    Examples
    --------
    >>> make_config("transformer", vocabulary_size=102, context=16).hidden_size
    128
    """
    make = ARCHITECTURES[one_of(architecture, ARCHITECTURES, what="architecture")]
    chosen = SIZES[one_of(size, SIZES, what="size")]
    return make(
        chosen,
        vocab_size=whole_number(vocabulary_size, what="vocabulary_size"),
        max_position_embeddings=whole_number(context, what="context"),
        hidden_size=chosen.width,
        num_hidden_layers=chosen.layers,
        initializer_range=initializer_range or _LENGTH / chosen.width**0.5,
        tie_word_embeddings=True,
        use_cache=False,
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=None,
    )


def make_network(config: PreTrainedConfig, *, random_state: int = 0) -> PreTrainedModel:
    """Make an untrained model; its weights follow from the seed.

    The seed of torch is as it was before afterwards.

    Examples
    --------
    >>> network = make_network(make_config("lstm", vocabulary_size=102, context=16))
    >>> network.get_input_embeddings().weight.shape
    torch.Size([102, 128])
    """
    import torch
    from transformers import AutoModelForCausalLM

    from wordnum.lm.losses import next_token_loss

    with torch.random.fork_rng(devices=()):
        torch.manual_seed(random_state)
        network = AutoModelForCausalLM.from_config(config)
    network.loss_function = next_token_loss
    return network
