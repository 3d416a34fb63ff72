"""GGUF files as the package gguf writes them, and what is cut off or lies."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wordnum.embeddings.vector_files import load_embedding
from wordnum.errors import FormatError, InputError, UsageError

gguf = pytest.importorskip("gguf", reason="gguf is not installed")

WORDS = ["the", "▁7", "7", "▁12", "of", "▁x", "3", "y"]
MATRIX = np.random.default_rng(0).standard_normal((len(WORDS), 256)).astype(np.float32)


def written(path: Path, *, words=WORDS, kind: str = "F32", **more: np.ndarray) -> Path:
    writer = gguf.GGUFWriter(path, "llama")
    if words:
        writer.add_tokenizer_model("llama")
        writer.add_token_list(words)
        writer.add_token_scores([0.0] * len(words))
    tensors = {"token_embd.weight": MATRIX, **more}
    for name, tensor in tensors.items():
        of = gguf.GGMLQuantizationType[kind] if tensor.ndim == 2 else gguf.GGMLQuantizationType.F32
        writer.add_tensor(name, gguf.quantize(tensor, of), raw_dtype=of)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.mark.parametrize(
    ("kind", "tolerance", "flags"),
    [
        ("F32", 0, ()),
        ("F16", 1e-3, ()),
        ("BF16", 1e-2, ()),
        ("Q8_0", 2e-2, ("quantized",)),
        ("Q4_0", 0.4, ("quantized",)),
    ],
)
def test_rows_of_the_numbers_are_dequantized(tmp_path, kind, tolerance, flags):
    found = load_embedding(written(tmp_path / "m.gguf", kind=kind))
    assert found.numbers.tolist() == [3, 7, 12]
    whole = gguf.dequantize(
        gguf.quantize(MATRIX, gguf.GGMLQuantizationType[kind]), gguf.GGMLQuantizationType[kind]
    )
    assert np.array_equal(found.vectors, whole[[6, 1, 3]])
    assert np.abs(found.vectors - MATRIX[[6, 1, 3]]).max() <= tolerance
    assert [flag for flag in found.flags if flag == "quantized"] == list(flags)
    assert f"token_embd.weight [8, 256] of m.gguf, {kind}" in found.provenance["notes"][0]
    assert "2 as ` 7`, 2 as `7`" in found.provenance["notes"][1]


def test_only_rows_that_are_numbers_are_dequantized(tmp_path, monkeypatch):
    seen = []
    whole = gguf.dequantize
    monkeypatch.setattr(
        gguf, "dequantize", lambda data, kind: seen.append(len(data)) or whole(data, kind)
    )
    load_embedding(written(tmp_path / "m.gguf", kind="Q8_0"))
    assert seen == [3]


def test_folder_with_one_gguf_is_read(tmp_path):
    written(tmp_path / "m.gguf")
    found = load_embedding(tmp_path, spelling="plain")
    assert found.numbers.tolist() == [3, 7]
    assert found.name == tmp_path.name


def test_output_embedding_by_name(tmp_path):
    path = written(tmp_path / "m.gguf", **{"output.weight": -MATRIX})
    found = load_embedding(path, tensor="output.weight")
    assert np.array_equal(found.vectors, -MATRIX[[6, 1, 3]])


def test_vocabulary_of_digits_is_split_without_a_tokenizer(tmp_path):
    words = list("0123456789")
    matrix = np.arange(10, dtype=np.float32)[:, None] * np.ones((1, 32), np.float32)
    path = written(tmp_path / "m.gguf", words=words, **{"token_embd.weight": matrix})
    found = load_embedding(path, several="mean")
    assert found.vectors[:, 0] == pytest.approx(
        [np.mean([int(digit) for digit in str(n)]) for n in range(1000)]
    )


def test_what_is_not_in_it_is_named(tmp_path):
    path = written(tmp_path / "m.gguf", bias=np.ones(3, np.float32))
    with pytest.raises(InputError, match="does not hold the tensor 'wte'") as error:
        load_embedding(path, tensor="wte")
    assert error.value.got == "token_embd.weight"
    with pytest.raises(InputError, match="cannot be an embedding"):
        load_embedding(path, tensor="bias")
    with pytest.raises(InputError, match="does not hold tokenizer.ggml.tokens"):
        load_embedding(written(tmp_path / "n.gguf", words=[]))
    with pytest.raises(UsageError, match="names its own words"):
        load_embedding(path, vocab=path)
    with pytest.raises(InputError, match="is not the vocabulary of"):
        load_embedding(written(tmp_path / "o.gguf", words=[*WORDS, *(f"w{i}" for i in range(90))]))


def test_file_that_is_cut_off_is_refused(tmp_path):
    path = written(tmp_path / "m.gguf")
    whole = path.read_bytes()
    for length in range(4, len(whole) - 1, 97):
        path.write_bytes(whole[:length])
        with pytest.raises(FormatError, match="is damaged or cut off") as error:
            load_embedding(path)
        assert f"{length} bytes" in error.value.where


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_bytes_are_an_error_or_harmless(tmp_path, data):
    path = written(tmp_path / "m.gguf")
    content = bytearray(path.read_bytes())
    head = st.integers(4, 700)
    for place, byte in data.draw(
        st.lists(st.tuples(head, st.integers(0, 255)), min_size=1, max_size=3)
    ):
        content[place] = byte
    path.write_bytes(content)
    with contextlib.suppress(InputError, UsageError):
        assert np.isfinite(load_embedding(path).vectors).all()
