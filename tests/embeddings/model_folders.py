"""Small model folders as the usual libraries write them, for the tests that read them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

# As GPT-2: some numbers follow a blank, some do not, some are several tokens.
WORDS = ["the", "Ġof", "7", "Ġ7", "12", "Ġ12", "Ġ", "1", "2", "0", "3", "8", "100", "x"]


def matrix_of(words: Sequence[str], dim: int = 4) -> np.ndarray:
    """Row r is r + 0.0, r + 0.25, ...: exact in every float of 16 bits."""
    return (np.arange(len(words))[:, None] + np.arange(dim) / 4).astype(np.float32)


def bpe(words: Sequence[str] = WORDS) -> Tokenizer:
    """A byte-level BPE whose merges make the numbers that are among the words."""
    merges = [("1", "2"), ("Ġ", "12"), ("Ġ", "7")]
    if "100" in words:
        merges += [("0", "0"), ("1", "00")]
    known = {**{word: row for row, word in enumerate(words)}}
    for a, b in merges:
        known.setdefault(a + b, len(known))
    tokenizer = Tokenizer(models.BPE(vocab=known, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def save_model(
    folder: Path,
    tensors: dict[str, np.ndarray],
    *,
    config: dict[str, Any] | None = None,
    shards: int = 1,
) -> Path:
    """Write config.json and model.safetensors, or shards of it with their index."""
    folder.mkdir(parents=True, exist_ok=True)
    if config is not None:
        (folder / "config.json").write_text(json.dumps(config))
    if shards == 1:
        save_file(tensors, folder / "model.safetensors")
        return folder
    weight_map = {}
    for part in range(shards):
        name = f"model-{part + 1:05d}-of-{shards:05d}.safetensors"
        held = dict(list(tensors.items())[part::shards])
        save_file(held, folder / name)
        weight_map |= dict.fromkeys(held, name)
    index = {"metadata": {"total_size": 0}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


def gpt2(folder: Path, *, dtype: Any = np.float32, shards: int = 1) -> Path:
    """A folder as of GPT-2: wte, wpe, tokenizer.json."""
    tokenizer = bpe()
    rows = tokenizer.get_vocab_size()
    words = [tokenizer.id_to_token(row) for row in range(rows)]
    tensors = {
        "wpe.weight": np.ones((3, 4), np.float32).astype(dtype),
        "wte.weight": matrix_of(words).astype(dtype),
        "ln_f.bias": np.ones(4, np.float32).astype(dtype),
    }
    config = {"model_type": "gpt2", "vocab_size": rows}
    save_model(folder, tensors, config=config, shards=shards)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


BFLOAT16 = ml_dtypes.bfloat16
