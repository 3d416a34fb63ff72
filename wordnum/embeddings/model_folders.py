"""Model folders of ``save_pretrained``: which tensor is the embedding, what names its rows."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from wordnum.embeddings.checkpoints import read_progress
from wordnum.embeddings.gguf_file import read_gguf
from wordnum.embeddings.number_spellings import number_of
from wordnum.embeddings.tensor_files import (
    Tensor,
    open_index,
    open_matrix,
    open_safetensors,
    open_torch,
)
from wordnum.embeddings.token_splits import splitter
from wordnum.embeddings.token_vectors import TokenVectors, damaged
from wordnum.embeddings.vocabulary_files import check_fits, read_vocabulary
from wordnum.errors import FormatError, InputError

log = logging.getLogger(__name__)

# How the input embedding's tensor ends, and the `model_type` of the configs that have it so.
_INPUTS = {
    "embed_tokens.weight": "cohere deepseek_v2 deepseek_v3 gemma gemma2 gemma3 gemma3_text glm "
    "glm4 granite llama mistral mixtral olmo olmo2 olmoe opt persimmon phi phi3 qwen2 qwen2_moe "
    "qwen3 qwen3_moe smollm3 stablelm starcoder2",
    "wte.weight": "codegen gpt2 gpt_bigcode gpt_neo gptj mpt",
    "embed_in.weight": "gpt_neox gpt_neox_japanese",
    "word_embeddings.weight": "albert bert bloom camembert deberta deberta-v2 distilbert electra "
    "falcon mpnet roberta xlm-roberta",
    "shared.weight": "bart longt5 mbart mt5 pegasus t5 umt5",
    "embeddings.weight": "mamba mamba2 rwkv",
    "tok_embeddings.weight": "internlm2 modernbert",
    "word_embedding.weight": "xlnet",
    "embedding.weight": "",
    "embeddings": "model2vec",
}
_OUTPUTS = ("lm_head.weight", "embed_out.weight", "output.weight", "decoder.weight")
_VOCABULARIES = ("tokenizer.json", "vocab.json", "vocab.txt", "tokenizer.model", "spiece.model")
# Their rows are shifted against the pieces of sentencepiece.
_SHIFTED = ("pegasus", "bigbird_pegasus")


def weights_of(folder: Path) -> Path | None:
    """File of a folder that has the weights, or the index of them; None where it is no model.

    Raises
    ------
    InputError
        Several that could be meant.
    """
    if not folder.is_dir():
        return None
    for name in (
        "model.safetensors",
        "model.safetensors.index.json",
        "pytorch_model.bin",
        "pytorch_model.bin.index.json",
    ):
        if (folder / name).is_file():
            return folder / name
    # A static model of sentence-transformers.
    within = folder / "0_StaticEmbedding" / "model.safetensors"
    if within.is_file():
        return within
    others = sorted([*folder.glob("*.safetensors"), *folder.glob("*.gguf")])
    if len(others) > 1:
        shown = ", ".join(path.name for path in others[:8])
        remedy = "pass the path of one of them, or bring the index of its shards"
        raise InputError(f"which file of {folder}?", got=shown, remedy=remedy)
    return others[0] if others else None


def read_model_folder(
    folder: Path, *, tensor: str | None, vocab: Path | None, size: int
) -> TokenVectors:
    """Read the input embedding of a model folder, or the tensor that is named.

    Parameters
    ----------
    folder : Path
        Holds weights (.safetensors, whole or in shards; .gguf; or pytorch_model.bin), config.json
        and the files of a tokenizer. For a checkpoint, the tokenizer may be in the folder above.
    tensor : str, optional
        Of which tensor the rows are read; the input embedding by the config.
    vocab : Path, optional
        The vocabulary, instead of the folder's.
    size : int
        N.

    Raises
    ------
    InputError
        A file that is not there, two tensors that could be the embedding, a vocabulary that does
        not fit, or weights that are no floats.
    FormatError
        A damaged file, or an index that leads out of the folder.
    """
    weights = weights_of(folder)
    if weights is None:
        raise InputError(f"{folder} is no model folder", expected="model.safetensors")
    if weights.suffix == ".gguf":
        return read_gguf(weights, tensor=tensor, size=size)
    config = _config(folder)
    vocabulary = vocab or _vocabulary(weights.parent, folder, str(config.get("model_type")))
    tokens = read_vocabulary(vocabulary)
    if vocab is None:
        _check_alike(vocabulary, tokens, size=size)
    tensors = _opened(weights)
    name, how = (tensor, "as named") if tensor else _input(folder, tensors, config, len(tokens))
    if tensor in _OUTPUTS and tensor not in tensors and config.get("tie_word_embeddings"):
        raise InputError(
            f"{folder} has no {tensor} of its own",
            got="tie_word_embeddings in its config: the output embedding is the input embedding",
            remedy="leave the tensor out",
        )
    matrix = open_matrix(folder, tensors, name)
    n_rows, read = matrix.shape[0], matrix.read
    if tensor is None and ("mapping" in tensors or "weights" in tensors):
        n_rows, read = _of_static_model(weights, tensors, matrix)
    elif config.get("vocab_size", n_rows) != n_rows:
        log.warning("%s has %s rows, its config %s", name, n_rows, config["vocab_size"])
    check_fits(vocabulary, tokens, path=matrix.file, n_rows=n_rows, size=size, strict=vocab is None)
    return TokenVectors(
        tokens,
        read,
        splitter=partial(splitter, vocabulary),
        where=str(vocabulary),
        facts={"file": matrix.file.name, "format": "model folder", "tensor": name,
               "vocab": vocabulary.name, "model_type": config.get("model_type")},
        notes=(f"{name} {list(matrix.shape)} of {matrix.file.name}, {how}; rows by "
               f"{vocabulary.name}",),
    )  # fmt: skip


def _opened(weights: Path) -> Mapping[str, Tensor | str]:
    if weights.suffix == ".json":
        return open_index(weights)
    return open_torch(weights) if weights.suffix == ".bin" else open_safetensors(weights)


def _config(folder: Path) -> dict[str, Any]:
    """Read config.json; a model of text and images has what is of the text within."""
    path = folder / "config.json"
    if not path.is_file():
        return {}
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        return {**config, **(config.get("text_config") or {})}
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        got = f"{type(error).__name__}: {error}"[:200]
        raise FormatError(f"{path} is no config", expected="a JSON object", got=got) from error


def _vocabulary(beside: Path, folder: Path, model_type: str) -> Path:
    """The file that names the rows."""
    places = [beside, folder]
    if read_progress(folder.name) != (None, None):
        places.append(folder.resolve().parent)
    for place in places:
        for name in _VOCABULARIES:
            if (place / name).is_file():
                if name.endswith(".model") and model_type in _SHIFTED:
                    break
                return place / name
    there = ", ".join(sorted(path.name for path in folder.iterdir())[:12])
    raise InputError(
        f"{folder} has no vocabulary",
        expected=", ".join(_VOCABULARIES),
        got=there,
        remedy="save the tokenizer beside the model, "
        "AutoTokenizer.from_pretrained(NAME).save_pretrained(FOLDER), or pass vocab=",
    )


def _check_alike(vocabulary: Path, tokens: list[tuple[str, int]], *, size: int) -> None:
    """Refuse a folder whose tokenizer.json is that of another model than its vocabulary."""
    if vocabulary.name != "tokenizer.json":
        return
    rows = dict(tokens)
    for other in map(vocabulary.with_name, ("vocab.json", "vocab.txt")):
        for token, row in read_vocabulary(other) if other.is_file() else ():
            if rows.get(token, row) != row and number_of(token, size=size):
                raise InputError(
                    f"{vocabulary} and {other.name} beside it are of two models",
                    expected="one row for each token",
                    got=f"{token!r} in row {rows[token]} and in row {row}",
                    remedy="pass the vocabulary that was saved with the model: vocab=",
                )


def _input(
    folder: Path, tensors: Mapping[str, Tensor | str], config: Mapping[str, Any], n_tokens: int
) -> tuple[str | None, str]:
    """Name of the input embedding, and how it was found."""
    kind = config.get("model_type")
    known = [end for end, kinds in _INPUTS.items() if kind in kinds.split()]

    def ending(ends: Iterable[str]) -> list[str]:
        return [name for name in tensors for end in ends if f".{name}".endswith(f".{end}")]

    def fits(tensor: Tensor | str) -> bool:
        if isinstance(tensor, str) or len(tensor.shape) != 2:
            return False
        spare = tensor.shape[0] - n_tokens
        return -n_tokens // 100 <= spare <= max(256, n_tokens // 20)

    how = f"the input embedding of {kind}"
    if not (named := ending(known)):
        named, how = ending(_INPUTS), "found by its name"
    if not named:
        inner = [name for name in tensors if not name.endswith(_OUTPUTS)]
        named, how = [name for name in inner if fits(tensors[name])], "found by its shape"
    if kind and not known:
        how += f", since the architecture {kind!r:.40} is not known"
    if len(named) > 1:
        shown = ", ".join(
            f"{name} {list(t.shape)}" if isinstance(t := tensors[name], Tensor) else name
            for name in named[:8]
        )
        raise InputError(
            f"{len(named)} tensors of {folder} could be the embedding",
            expected="one",
            got=shown,
            remedy="name one with tensor=NAME",
        )
    return (named[0] if named else None), how


def _of_static_model(
    weights: Path, tensors: Mapping[str, Tensor | str], matrix: Tensor
) -> tuple[int, Any]:
    """Rows of a static model: tokens may share vectors (mapping), and each may have a weight."""
    n_vectors = matrix.shape[0]
    mapping = _column(weights, tensors, "mapping", np.arange(n_vectors))
    if mapping.dtype.kind not in "iu" or mapping.min() < 0 or mapping.max() >= n_vectors:
        got = f"{mapping.dtype}, {mapping.min()} to {mapping.max()}"
        expected = f"whole numbers below {n_vectors}"
        raise damaged(weights, expected=expected, got=got, where="the tensor mapping")
    scale = _column(weights, tensors, "weights", np.ones(mapping.size, np.float32))
    if scale.shape != mapping.shape:
        got, where = f"{scale.size} for {mapping.size} tokens", "the tensor weights"
        raise damaged(weights, expected="one weight for each token", got=got, where=where)
    return mapping.size, lambda rows: matrix.read(mapping[rows]) * scale[rows, None]


def _column(
    weights: Path, tensors: Mapping[str, Tensor | str], name: str, default: np.ndarray
) -> np.ndarray:
    tensor = tensors.get(name)
    if tensor is None:
        return default
    if isinstance(tensor, str) or len(tensor.shape) != 1 or not tensor.shape[0]:
        got = tensor if isinstance(tensor, str) else f"shape {list(tensor.shape)}"
        where = f"the tensor {name}"
        raise damaged(weights, expected="one value for each token", got=got, where=where)
    return tensor.read(np.arange(tensor.shape[0]))
