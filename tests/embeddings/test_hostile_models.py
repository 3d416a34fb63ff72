"""Model folders and checkpoints that are damaged, or that nobody made: refused, or finite."""

from __future__ import annotations

import contextlib
import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.embeddings.model_folders import bpe, gpt2, matrix_of, save_model
from tests.embeddings.test_hostile_vectors import JSON
from wordnum._compat import available
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.trajectory import load_trajectory
from wordnum.embeddings.vector_files import load_embedding
from wordnum.errors import WordnumError

FUZZ = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def with_merges(folder: Path) -> Path:
    save_model(folder, {"embed_tokens.weight": matrix_of(range(15))}, config={"model_type": "x"})
    bpe().model.save(str(folder))
    return folder


def static(folder: Path, **more: np.ndarray) -> Path:
    tensors = {"embeddings": matrix_of(range(6)), "mapping": np.arange(6), "weights": np.ones(6)}
    save_model(folder, tensors | more, config={"model_type": "model2vec"})
    (folder / "vocab.txt").write_text("[UNK]\n##7\n7\n1\n##0\nthe\n")
    return folder


def of_pieces(folder: Path) -> Path:
    import sentencepiece

    text = folder.with_suffix(".txt")
    text.write_text("".join(f"the {n % 40} of {n % 7} and {n}\n" for n in range(2000)))
    save_model(folder, {"embed_tokens.weight": matrix_of(range(60))}, config={})
    prefix = str(folder / "tokenizer")
    sentencepiece.SentencePieceTrainer.train(
        input=str(text), model_prefix=prefix, vocab_size=60, minloglevel=2
    )
    (folder / "tokenizer.vocab").unlink()
    return folder


FOLDERS: dict[str, Callable[[Path], Path]] = {
    "tokenizer.json": lambda folder: gpt2(folder, shards=2),
    "vocab.json": with_merges,
    "vocab.txt": static,
}
if available("sentencepiece"):
    FOLDERS["tokenizer.model"] = of_pieces
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "spelling": st.sampled_from(["blank", "plain", None]),
        "several": st.sampled_from(["leave", "mean"]),
        "size": st.sampled_from([1, 10, 100, 1000]),
        "tensor": st.sampled_from(["wte.weight", "wpe.weight", "mapping", "", "x"]),
    },
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    place = tmp_path_factory.mktemp("models")
    return {name: make(place / str(at)) for at, (name, make) in enumerate(FOLDERS.items())}


def read_or_refused(folder: Path, **options) -> None:
    with contextlib.suppress(WordnumError):
        assert np.isfinite(load_embedding(folder, **options).vectors).all()


@FUZZ
@given(st.sampled_from(sorted(FOLDERS)), st.data(), OPTIONS)
def test_damaged_files_of_a_model_folder(folders, kind: str, data, options):
    path = data.draw(st.sampled_from(sorted(folders[kind].iterdir())))
    whole = path.read_bytes()
    content = bytearray(whole)
    places = st.integers(0, min(len(whole), 400) - 1) | st.integers(0, len(whole) - 1)
    for place, byte in data.draw(
        st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=4)
    ):
        content[place] = byte
    path.write_bytes(content[: data.draw(st.just(len(whole)) | places)])
    try:
        read_or_refused(folders[kind], **options)
    finally:
        path.write_bytes(whole)


def places_in(value: object, at: tuple = ()) -> list[tuple]:
    """Ways to every value within JSON."""
    items = value.items() if isinstance(value, dict) else ()
    items = enumerate(value[:5]) if isinstance(value, list) else items
    return [at, *(way for key, inner in items for way in places_in(inner, (*at, key)))]


@FUZZ
@given(st.sampled_from(["tokenizer.json", "vocab.json"]), st.data(), OPTIONS)
def test_any_values_in_the_files_of_a_tokenizer(folders, kind: str, data, options):
    path = folders[kind] / kind
    whole = path.read_text()
    content = json.loads(whole)
    for way in data.draw(st.lists(st.sampled_from(places_in(content)), min_size=1, max_size=2)):
        inner, value = content, data.draw(JSON)
        with contextlib.suppress(LookupError, TypeError):
            for key in way[:-1]:
                inner = inner[key]
            inner[way[-1]] = value
    path.write_text(json.dumps(content))
    try:
        read_or_refused(folders[kind], **options)
    finally:
        path.write_text(whole)


@FUZZ
@given(
    st.sampled_from(["embeddings", "mapping", "weights"]),
    st.sampled_from(["f2", "f4", "f8", "i1", "i8", "u8", "?"]),
    st.lists(st.integers(0, 7), max_size=3),
    st.sampled_from([0, 1, 5, 6, -1, 2**62, float("nan"), float("inf"), 1e300]),
)
def test_any_tensors_of_a_static_model(tmp_path, name, dtype, shape, value):
    with np.errstate(all="ignore"):
        array = np.full(shape, value).astype(dtype)
    read_or_refused(static(tmp_path / "m", **{name: array}))


@FUZZ
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["step-", "checkpoint-", "tokens-", "step1-tokens", "-", ".step-"]),
            st.text("0123456789.kMBT_-", max_size=18),
            st.sampled_from([".npz", ".npy", ".gguf", ".bin", ".txt", "", "/"]),
            st.sampled_from(["ours", "other", "empty", "bytes"]),
        ),
        max_size=4,
    ),
    st.sampled_from([".", "snapshots"]),
)
def test_any_names_of_checkpoints_are_a_trajectory_or_refused(tmp_path, entries, within):
    place = tmp_path / "training"
    shutil.rmtree(place, ignore_errors=True)
    (place / within).mkdir(parents=True)
    for at, (stem, number, suffix, what) in enumerate(entries):
        path = place / within / f"{stem}{number}{suffix}"
        if path.exists():
            continue
        if suffix == "/":
            path.mkdir()
        elif what in ("ours", "other"):
            made = Embedding(matrix_of("abcd"[: 4 - at % 2]), size=20 if what == "ours" else 30)
            shutil.move(made.save(tmp_path / "e.npz"), path)
        else:
            path.write_bytes(b"" if what == "empty" else b"GGUF\3\0\0\0\1")
    with contextlib.suppress(WordnumError):
        found = load_trajectory(place)
        assert list(found.steps) == sorted(set(found.steps))
        assert repr(found)


@pytest.mark.skipif(not available("gguf"), reason="gguf is not installed")
@FUZZ
@given(
    st.sampled_from([0, 1, 2, 3, 2**32 - 1]),
    st.lists(st.sampled_from([0, 1, 2, 7, 2**31, 2**63, 2**64 - 1]), min_size=2, max_size=2),
    st.lists(
        st.tuples(
            st.sampled_from(["tokenizer.ggml.tokens", "general.alignment", "general.architecture"])
            | st.text(max_size=4),
            st.integers(0, 13),
            st.binary(max_size=24),
        ),
        max_size=3,
    ),
    st.binary(max_size=64),
)
def test_any_header_of_gguf(tmp_path, version, counts, fields, rest):
    parts = [b"GGUF", struct.pack("<IQQ", version, *counts)]
    for key, kind, value in fields:
        name = key.encode()
        parts += [struct.pack("<Q", len(name)), name, struct.pack("<I", kind), value]
    (tmp_path / "m.gguf").write_bytes(b"".join([*parts, rest]))
    read_or_refused(tmp_path / "m.gguf")
