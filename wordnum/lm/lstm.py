"""An LSTM language model in the manner of transformers, which has none."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutput


class LSTMConfig(PreTrainedConfig):
    """Sizes of an `LSTMForCausalLM`."""

    model_type = "wordnum-lstm"

    vocab_size: int = 1002
    hidden_size: int = 128
    num_hidden_layers: int = 2
    initializer_range: float = 0.02
    tie_word_embeddings: bool = True


class LSTMForCausalLM(PreTrainedModel):
    """Embeddings, torch's LSTM, and the same embeddings again as output.

    Rows are padded on the right: an LSTM reads what stands on the left of a token.
    """

    config_class = LSTMConfig
    _tied_weights_keys: ClassVar = {"lm_head.weight": "embed_tokens.weight"}

    def __init__(self, config: LSTMConfig) -> None:
        super().__init__(config)
        width, depth = config.hidden_size, config.num_hidden_layers
        self.embed_tokens = nn.Embedding(config.vocab_size, width)
        self.lstm = nn.LSTM(width, width, depth, batch_first=True)
        self.norm = nn.RMSNorm(width)
        self.lm_head = nn.Linear(width, config.vocab_size, bias=False)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        """Embeddings of the tokens."""
        return self.embed_tokens

    def set_input_embeddings(self, value: nn.Module) -> None:
        """Replace the embeddings of the tokens."""
        self.embed_tokens = value

    def get_output_embeddings(self) -> nn.Module:
        """The same, as output."""
        return self.lm_head

    def forward(
        self, input_ids: Tensor, labels: Tensor | None = None, **kwargs: Any
    ) -> CausalLMOutput:
        """Logits of the token that follows, shape (rows, length, vocabulary), and the loss."""
        hidden, _ = self.lstm(self.embed_tokens(input_ids))
        logits = self.lm_head(self.norm(hidden))
        loss = None
        if labels is not None:
            loss = self.loss_function(
                logits=logits, labels=labels, vocab_size=self.config.vocab_size, **kwargs
            )
        return CausalLMOutput(loss=loss, logits=logits)


AutoConfig.register(LSTMConfig.model_type, LSTMConfig)
AutoModelForCausalLM.register(LSTMConfig, LSTMForCausalLM)
