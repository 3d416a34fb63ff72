"""Model folders: which tensor, which vocabulary, which spelling, and folders that do not fit."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer, models

from tests.embeddings.model_folders import BFLOAT16, WORDS, bpe, gpt2, matrix_of, save_model
from wordnum._compat import available
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.trajectory import load_trajectory
from wordnum.embeddings.vector_files import load_embedding
from wordnum.errors import FormatError, InputError, UsageError

PLAIN = [0, 1, 2, 3, 7, 8, 12, 100]


def word_list(folder: Path, words=("the", "7", "of", "3", "x")) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("".join(f"{word}\n" for word in words))
    return folder


def rows_read(embedding: Embedding) -> list[int]:
    """Rows of `matrix_of`, whose first column is the row."""
    return embedding.vectors[:, 0].round().astype(int).tolist()


def notes(embedding: Embedding) -> str:
    return "\n".join(embedding.provenance["notes"])


class TestWhatIsRead:
    @pytest.mark.parametrize("dtype", [np.float32, np.float16, BFLOAT16, np.float64])
    @pytest.mark.parametrize("shards", [1, 3])
    def test_input_embedding_in_every_float_whole_or_in_shards(self, tmp_path, dtype, shards):
        found = load_embedding(gpt2(tmp_path / "gpt", dtype=dtype, shards=shards))
        assert found.numbers.tolist() == PLAIN
        assert rows_read(found) == [WORDS.index(str(n)) for n in PLAIN]
        assert found.vectors.dtype == (np.float64 if dtype == np.float64 else np.float32)
        assert found.name == "gpt"
        assert found.provenance["tensor"] == "wte.weight"
        assert "wte.weight [15, 4] of model" in notes(found)
        assert "the input embedding of gpt2; rows by tokenizer.json" in notes(found)

    @pytest.mark.parametrize(
        ("kind", "name"),
        [
            ("llama", "model.embed_tokens.weight"),
            ("gpt_neox", "gpt_neox.embed_in.weight"),
            ("bert", "bert.embeddings.word_embeddings.weight"),
            ("t5", "shared.weight"),
            ("bloom", "word_embeddings.weight"),
            ("mamba", "backbone.embeddings.weight"),
            ("opt", "model.decoder.embed_tokens.weight"),
            ("internlm2", "model.tok_embeddings.weight"),
        ],
    )
    def test_embeddings_of_the_architectures(self, tmp_path, kind, name):
        tensors = {
            name: matrix_of("abcde"),
            "lm_head.weight": -matrix_of("abcde"),
            "encoder.embed_tokens.weight" if kind == "t5" else "other.weight": matrix_of("abcde"),
        }
        save_model(word_list(tmp_path), tensors, config={"model_type": kind})
        found = load_embedding(tmp_path)
        assert rows_read(found) == [3, 1]
        assert f"the input embedding of {kind}" in notes(found)

    def test_architecture_that_is_not_known_is_read_by_name_and_said(self, tmp_path):
        tensors = {"backbone.embed_tokens.weight": matrix_of("abcde"), "w": matrix_of("abcde")}
        save_model(word_list(tmp_path), tensors, config={"model_type": "brandnew"})
        found = load_embedding(tmp_path)
        assert found.provenance["tensor"] == "backbone.embed_tokens.weight"
        assert "found by its name, since the architecture 'brandnew' is not known" in notes(found)

    def test_tensor_of_a_name_of_its_own_is_found_by_its_shape(self, tmp_path):
        tensors = {
            "emb": matrix_of("abcde"),
            "w": matrix_of("ab"),
            "lm_head.weight": matrix_of("abcde"),
        }
        save_model(word_list(tmp_path), tensors)
        assert "emb [5, 4] of model.safetensors, found by its shape" in notes(
            load_embedding(tmp_path)
        )

    def test_model_of_text_and_images_has_its_text_within(self, tmp_path):
        config = {"model_type": "gemma3", "text_config": {"model_type": "gemma3_text"}}
        tensors = {"language_model.model.embed_tokens.weight": matrix_of("abcde")}
        save_model(word_list(tmp_path), tensors, config=config)
        assert "of gemma3_text" in notes(load_embedding(tmp_path))

    def test_output_embedding_and_others_by_name(self, tmp_path):
        tensors = {
            "model.embed_tokens.weight": matrix_of("abcde"),
            "lm_head.weight": -matrix_of("abcde"),
        }
        save_model(word_list(tmp_path), tensors, config={"model_type": "llama"})
        assert rows_read(load_embedding(tmp_path, tensor="lm_head.weight")) == [-3, -1]

    def test_output_embedding_that_is_tied_is_said_to_be(self, tmp_path):
        config = {"model_type": "llama", "tie_word_embeddings": True}
        save_model(
            word_list(tmp_path), {"model.embed_tokens.weight": matrix_of("abcde")}, config=config
        )
        with pytest.raises(InputError, match="the output embedding is the input embedding"):
            load_embedding(tmp_path, tensor="lm_head.weight")

    def test_checkpoint_has_the_vocabulary_of_the_folder_above(self, tmp_path):
        word_list(tmp_path)
        for step in (500, 1000):
            tensors = {"embed_tokens.weight": step + matrix_of("abcde")}
            save_model(tmp_path / f"checkpoint-{step}", tensors, config={"model_type": "llama"})
        trajectory = load_trajectory(tmp_path)
        assert trajectory.steps == (500, 1000)
        assert rows_read(trajectory.final) == [1003, 1001]
        with pytest.raises(InputError, match="load_trajectory"):
            load_embedding(tmp_path)

    def test_only_a_checkpoint_looks_above(self, tmp_path):
        save_model(word_list(tmp_path) / "model", {"embed_tokens.weight": matrix_of("abcde")})
        with pytest.raises(InputError, match="has no vocabulary") as error:
            load_embedding(tmp_path / "model")
        assert "tokenizer.json, vocab.json" in error.value.expected
        assert "model.safetensors" in error.value.got


class TestVocabularies:
    def model(self, folder: Path, rows: int) -> Path:
        return save_model(folder, {"embed_tokens.weight": matrix_of(range(rows))})

    def test_vocab_json_with_merges(self, tmp_path):
        bpe().model.save(str(self.model(tmp_path, 15)))
        found = load_embedding(tmp_path, several="mean")
        assert sorted(path.name for path in tmp_path.iterdir())[0] == "merges.txt"
        assert "rows by vocab.json" in notes(found)
        assert 10 in found

    def test_wordpiece_takes_word_starts_alone(self, tmp_path):
        words = ["[UNK]", "##7", "7", "1", "##0", "the"]
        self.model(word_list(tmp_path, words), 6)
        found = load_embedding(tmp_path, several="mean", size=100)
        assert found.numbers.tolist() == [1, 7, 10, 17, 70, 77]
        assert found[17][0] == pytest.approx((3 + 1) / 2)

    def test_sentencepiece(self, tmp_path):
        sentencepiece = pytest.importorskip("sentencepiece")
        text = tmp_path / "text"
        text.write_text("".join(f"the {n % 40} of {n % 7} and {n}\n" for n in range(2000)))
        model = tmp_path / "m" / "tokenizer.model"
        model.parent.mkdir()
        sentencepiece.SentencePieceTrainer.train(
            input=str(text), model_prefix=str(model.with_suffix("")), vocab_size=60,
            minloglevel=2,
        )  # fmt: skip
        pieces = sentencepiece.SentencePieceProcessor(model_file=str(model))
        rows = pieces.get_piece_size()
        found = load_embedding(self.model(model.parent, rows), several="mean")
        row = {n: pieces.piece_to_id(f"▁{n}") for n in range(1000)}
        row = {n: r for n, r in row.items() if r != pieces.unk_id()}
        assert len(row) > 5
        assert rows_read(found.select(list(row))) == list(row.values())
        assert len(found) == 1000
        parts = [i for i in pieces.encode("777") if pieces.id_to_piece(i) != "▁"]
        assert found[777][0] == pytest.approx(np.mean(parts))
        model.write_bytes(model.read_bytes()[:40])
        with pytest.raises(FormatError, match="tokenizer.model is no vocabulary"):
            load_embedding(model.parent)

    def test_sentencepiece_of_shifted_rows_is_refused(self, tmp_path):
        self.model(tmp_path, 15)
        (tmp_path / "config.json").write_text('{"model_type": "pegasus"}')
        (tmp_path / "spiece.model").write_bytes(b"")
        with pytest.raises(InputError, match="has no vocabulary") as error:
            load_embedding(tmp_path)
        assert "save the tokenizer beside the model" in error.value.remedy

    def test_named_vocabulary_stands_for_the_folders(self, tmp_path):
        self.model(word_list(tmp_path), 5)
        other = word_list(tmp_path / "other", ["9", "a", "b", "c", "d"]) / "vocab.txt"
        assert load_embedding(tmp_path, vocab=other).numbers.tolist() == [9]

    def test_tokenizer_of_another_model_is_refused_with_both_lengths(self, tmp_path):
        words = ["7", *(f"w{i}" for i in range(399))]
        with pytest.raises(InputError, match="is not the vocabulary of") as error:
            load_embedding(self.model(word_list(tmp_path, words), 40))
        assert error.value.expected.startswith("40 tokens")
        assert error.value.got == "400 tokens"

    def test_much_shorter_tokenizer_is_refused_in_a_folder(self, tmp_path):
        self.model(word_list(tmp_path), 900)
        with pytest.raises(InputError, match="is not the vocabulary of") as error:
            load_embedding(tmp_path)
        assert error.value.expected.startswith("900 tokens")
        assert error.value.got == "5 tokens"

    @pytest.mark.parametrize("rows", [4, 5, 64])
    def test_few_added_tokens_and_padded_rows_are_normal(self, tmp_path, rows):
        assert load_embedding(self.model(word_list(tmp_path), rows)).numbers.tolist() == [3, 7]

    def test_config_of_another_model_is_told(self, tmp_path, caplog):
        config = {"model_type": "llama", "vocab_size": 32000}
        save_model(word_list(tmp_path), {"embed_tokens.weight": matrix_of("abcde")}, config=config)
        load_embedding(tmp_path)
        assert "embed_tokens.weight has 5 rows, its config 32000" in caplog.text

    def test_tokenizer_json_beside_the_vocabulary_of_another_model_is_refused(self, tmp_path):
        self.model(word_list(tmp_path), 5)
        words = {"7": 0, "the": 1, "of": 2, "3": 3, "x": 4}
        Tokenizer(models.WordLevel(words, unk_token="x")).save(str(tmp_path / "tokenizer.json"))
        with pytest.raises(InputError, match="are of two models") as error:
            load_embedding(tmp_path)
        assert "'7' in row 0 and in row 1" in error.value.got


class TestSpellings:
    def folder(self, tmp_path: Path, words: list[str]) -> Path:
        save_model(word_list(tmp_path, words), {"embed_tokens.weight": matrix_of(words)})
        return tmp_path

    def test_which_were_there_is_said_and_the_more_complete_is_read(self, tmp_path):
        found = load_embedding(self.folder(tmp_path, ["7", "Ġ7", "8", "Ġ9"]))
        assert "numbers: 2 as ` 7`, 2 as `7`; read: 2 as ` 7`, 1 as `7`" in notes(found)
        assert rows_read(found) == [1, 2, 3]
        assert "mixed-spellings" in found.flags

    def test_plain_numbers_are_read_where_they_are_more_complete(self, tmp_path):
        found = load_embedding(self.folder(tmp_path, ["7", "Ġ7", "8", "9"]))
        assert "numbers: 3 as `7`, 1 as ` 7`; read: 3 as `7`" in notes(found)
        assert "mixed-spellings" not in found.flags

    @pytest.mark.parametrize(("spelling", "rows"), [("blank", [1, 3]), ("plain", [0, 2])])
    def test_one_spelling_is_chosen(self, tmp_path, spelling, rows):
        found = load_embedding(self.folder(tmp_path, ["7", "Ġ7", "8", "▁9"]), spelling=spelling)
        assert rows_read(found) == rows
        assert found.flags == ()

    def test_spelling_that_is_not_there_is_refused_with_those_that_are(self, tmp_path):
        with pytest.raises(InputError, match="no number of the spelling 'blank'") as error:
            load_embedding(self.folder(tmp_path, ["7", "8"]), spelling="blank")
        assert error.value.got == "2 as `7`"
        with pytest.raises(UsageError, match="unknown spelling"):
            load_embedding(tmp_path, spelling="roman")

    def test_array_and_embedding_have_no_spelling(self, tmp_path):
        path = Embedding([[1.0], [2.0]]).save(tmp_path / "e.npz")
        with pytest.raises(UsageError, match="holds numbers, not tokens"):
            load_embedding(path, spelling="plain")


class TestSeveralTokens:
    def test_what_is_missing_is_said_with_how_it_is_split(self, tmp_path):
        found = load_embedding(gpt2(tmp_path), size=32)
        assert "numbers are several tokens: 31 is `3` `1`" in notes(found)
        assert "numbers are missing" in notes(found)  # 4, 5, 6 and 9 are no tokens at all
        assert 31 not in found

    def test_vocabulary_of_digits_is_said_to_be_one(self, tmp_path):
        words = [*"abc", *"0123456789"]
        save_model(word_list(tmp_path, words), {"embed_tokens.weight": matrix_of(words)})
        found = load_embedding(tmp_path)
        assert len(found) == 10
        assert "990 numbers are several tokens: a vocabulary of digits" in notes(found)
        found = load_embedding(tmp_path, several="mean")
        assert len(found) == 1000
        assert found[123][0] == pytest.approx((4 + 5 + 6) / 3)
        assert "several-tokens" in found.flags
        assert "990 numbers are the mean of the vectors of their tokens" in notes(found)

    @pytest.mark.parametrize(("spelling", "row"), [("plain", 4), ("blank", 5)])
    def test_numbers_are_split_under_the_spelling_that_is_read(self, tmp_path, spelling, row):
        found = load_embedding(gpt2(tmp_path), spelling=spelling, several="mean", size=200)
        assert found[121][0] == pytest.approx((row + WORDS.index("1")) / 2)
        assert found[12][0] == row

    def test_mean_is_a_choice_of_two(self, tmp_path):
        with pytest.raises(UsageError, match="several tokens 'sum'"):
            load_embedding(gpt2(tmp_path), several="sum")


class TestStaticModels:
    @pytest.mark.parametrize("weights", [False, True])
    def test_vocabulary_quantized_model_maps_tokens_to_vectors(self, tmp_path, weights):
        tensors = {"embeddings": matrix_of("ab"), "mapping": np.array([0, 1, 0, 1, 1])}
        if weights:
            tensors["weights"] = np.array([1, 2, 1, 4, 1], np.float32)
        save_model(word_list(tmp_path), tensors, config={"model_type": "model2vec"})
        found = load_embedding(tmp_path)
        scale = np.array([[4], [2]]) if weights else 1
        assert np.array_equal(found.vectors, scale * matrix_of("ab")[[1, 1]])

    def test_weights_without_a_mapping_are_those_of_the_rows(self, tmp_path):
        scale = np.array([1, 2, 1, 4, 1], np.float32)
        tensors = {"embeddings": matrix_of("abcde"), "weights": scale}
        save_model(word_list(tmp_path), tensors, config={"model_type": "model2vec"})
        assert np.array_equal(
            load_embedding(tmp_path).vectors, (scale[:, None] * matrix_of("abcde"))[[3, 1]]
        )

    @pytest.mark.parametrize(
        "wrong",
        [
            {"mapping": np.array([0, 1, 0, 1, 2])},
            {"mapping": np.array([0, 1, 0, 1, -1])},
            {"mapping": np.array([0.0, 1, 0, 1, 1])},
            {"mapping": np.zeros((5, 2), np.int64)},
            {"mapping": np.zeros(0, np.int64)},
            {"weights": np.ones(4, np.float32)},
        ],
        ids=str,
    )
    def test_mapping_that_leads_out_of_the_vectors_is_refused(self, tmp_path, wrong):
        tensors = {"embeddings": matrix_of("ab"), "mapping": np.array([0, 1, 0, 1, 1])}
        save_model(word_list(tmp_path), tensors | wrong, config={"model_type": "model2vec"})
        with pytest.raises(FormatError, match="is damaged"):
            load_embedding(tmp_path)

    def test_static_model_of_sentence_transformers_lies_in_a_folder_within(self, tmp_path):
        within = word_list(tmp_path / "0_StaticEmbedding")
        save_model(within, {"embedding.weight": matrix_of("abcde")})
        (tmp_path / "modules.json").write_text("[]")
        assert rows_read(load_embedding(tmp_path)) == [3, 1]


class TestWhatIsRefused:
    def test_shard_that_is_not_there(self, tmp_path):
        gpt2(tmp_path, shards=3)
        (tmp_path / "model-00002-of-00003.safetensors").unlink()
        with pytest.raises(InputError, match="the shard of 'wte.weight' is not there") as error:
            load_embedding(tmp_path)
        assert "model-00002-of-00003.safetensors, as the index names it" in error.value.expected
        assert "2 of 3 shards" in error.value.got
        assert error.value.remedy == "fetch it too"

    def test_other_shards_are_not_needed(self, tmp_path):
        gpt2(tmp_path, shards=3)
        (tmp_path / "model-00003-of-00003.safetensors").unlink()
        assert load_embedding(tmp_path).numbers.tolist() == PLAIN

    def test_shard_without_what_the_index_says(self, tmp_path):
        gpt2(tmp_path, shards=3)
        save_file({"a": matrix_of("ab")}, tmp_path / "model-00002-of-00003.safetensors")
        with pytest.raises(FormatError, match="is damaged"):
            load_embedding(tmp_path)

    @pytest.mark.parametrize(
        "shard", ["../outside.safetensors", "/etc/passwd", "a/b.safetensors", "..", "", None, 3]
    )
    def test_index_that_leads_out_of_the_folder(self, tmp_path, shard):
        folder = gpt2(tmp_path / "m", shards=2)
        save_file(
            load_file(folder / "model-00001-of-00002.safetensors"), tmp_path / "outside.safetensors"
        )
        index = folder / "model.safetensors.index.json"
        index.write_text(json.dumps({"weight_map": {"wte.weight": shard}}))
        with pytest.raises(FormatError, match="is no index of shards"):
            load_embedding(folder)

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"weight_map": 3}', "[" * 5000, "\0"])
    def test_index_that_is_none(self, tmp_path, text):
        folder = gpt2(tmp_path / "m", shards=2)
        (folder / "model.safetensors.index.json").write_text(text)
        with pytest.raises(FormatError, match="is no index of shards"):
            load_embedding(folder)

    @pytest.mark.parametrize("text", ["[]", "3", "{", '{"text_config": 3}', "[" * 5000])
    def test_config_that_is_none(self, tmp_path, text):
        (gpt2(tmp_path) / "config.json").write_text(text)
        with pytest.raises(FormatError, match="is no config"):
            load_embedding(tmp_path)

    @pytest.mark.parametrize("kind", [["llama"], {"a": 1}, 3, None, ""])
    def test_model_type_that_is_no_name_is_not_known(self, tmp_path, kind):
        (gpt2(tmp_path) / "config.json").write_text(json.dumps({"model_type": kind}))
        assert load_embedding(tmp_path).provenance["tensor"] == "wte.weight"

    @pytest.mark.parametrize("kind", [None, "llama", "brandnew"])
    def test_two_tensors_that_could_be_the_embedding(self, tmp_path, kind):
        tensors = {f"{part}.embed_tokens.weight": matrix_of("abcde") for part in ("a", "b")}
        save_model(word_list(tmp_path), tensors, config={"model_type": kind})
        with pytest.raises(InputError, match="2 tensors of .* could be the embedding") as error:
            load_embedding(tmp_path)
        assert error.value.got == "a.embed_tokens.weight [5, 4], b.embed_tokens.weight [5, 4]"
        assert "tensor=NAME" in error.value.remedy
        assert rows_read(load_embedding(tmp_path, tensor="a.embed_tokens.weight")) == [3, 1]

    def test_no_tensor_that_could_be(self, tmp_path):
        save_model(word_list(tmp_path), {"w": np.ones((400, 4), np.float32), "v": np.ones((2, 2))})
        with pytest.raises(InputError, match="which tensor of") as error:
            load_embedding(tmp_path)
        assert "w [400, 4], v [2, 2]" in error.value.expected

    @pytest.mark.parametrize("dtype", [np.int8, np.uint8, "float8_e4m3fn"])
    def test_eight_bits_are_refused_with_what_to_take(self, tmp_path, dtype):
        if isinstance(dtype, str):
            import ml_dtypes

            dtype = getattr(ml_dtypes, dtype)
        save_model(word_list(tmp_path), {"embed_tokens.weight": matrix_of("abcde").astype(dtype)})
        with pytest.raises(InputError, match="cannot be an embedding") as error:
            load_embedding(tmp_path)
        assert "before quantization" in error.value.remedy

    def test_pickle_of_torch_without_torch(self, tmp_path, monkeypatch):
        monkeypatch.setattr("wordnum.embeddings.tensor_files.available", lambda name: False)
        (word_list(tmp_path) / "pytorch_model.bin").write_bytes(b"PK\x03\x04")
        with pytest.raises(InputError, match="a pickle, which only PyTorch reads safely") as error:
            load_embedding(tmp_path)
        assert "safe_serialization=True" in error.value.remedy

    def test_several_files_of_weights(self, tmp_path):
        for name in ("a", "b"):
            save_file({"w": matrix_of("ab")}, word_list(tmp_path) / f"{name}.safetensors")
        with pytest.raises(InputError, match="which file of") as error:
            load_embedding(tmp_path)
        assert error.value.got == "a.safetensors, b.safetensors"

    def test_empty_folder_is_no_model(self, tmp_path):
        with pytest.raises(FormatError, match="it is a folder"):
            load_embedding(tmp_path)


VALUES = (
    st.none() | st.integers() | st.floats() | st.sampled_from(["gpt2", "x", "../x", "wte.weight"])
)
JSON = (
    VALUES | st.lists(VALUES, max_size=3) | st.dictionaries(st.text(max_size=3), VALUES, max_size=3)
)
INDICES = st.fixed_dictionaries(
    {"weight_map": st.dictionaries(st.just("wte.weight") | st.text(max_size=3), JSON)}
)
CONFIGS = st.dictionaries(
    st.sampled_from(["model_type", "text_config", "vocab_size", "tie_word_embeddings"]), JSON
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON | INDICES, JSON | CONFIGS)
def test_any_index_and_config_are_read_or_refused(tmp_path, index, config):
    folder = tmp_path / "m"
    if not folder.exists():
        gpt2(folder, shards=2)
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "config.json").write_text(json.dumps(config))
    with contextlib.suppress(InputError):
        assert load_embedding(folder).numbers.tolist() == PLAIN


@pytest.mark.skipif(not available("torch"), reason="PyTorch is not installed")
def test_files_of_torch_are_read_without_running_code(tmp_path):
    import torch

    tensors = {"embed_tokens.weight": torch.from_numpy(matrix_of("abcde")).bfloat16()}
    torch.save(tensors, word_list(tmp_path) / "pytorch_model.bin")
    assert rows_read(load_embedding(tmp_path)) == [3, 1]


TINY = {
    "bart": {"d_model": 8, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 1,
             "decoder_attention_heads": 1, "encoder_ffn_dim": 8, "decoder_ffn_dim": 8},
    "bert": {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1},
    "bloom": {"hidden_size": 8, "n_layer": 1, "n_head": 1},
    "gemma": {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1,
              "num_key_value_heads": 1, "head_dim": 8, "intermediate_size": 8},
    "gpt2": {"n_embd": 8, "n_layer": 1, "n_head": 1},
    "gpt_neox": {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1},
    "llama": {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1,
              "intermediate_size": 8},
    "mamba": {"hidden_size": 8, "num_hidden_layers": 1},
    "opt": {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "ffn_dim": 8,
            "word_embed_proj_dim": 8},
    "t5": {"d_model": 8, "d_ff": 8, "num_layers": 1, "num_heads": 1, "d_kv": 8},
    "xlnet": {"d_model": 8, "n_layer": 1, "n_head": 1, "d_inner": 8},
}  # fmt: skip


@pytest.mark.skipif(not available("transformers"), reason="transformers is not installed")
@pytest.mark.parametrize("kind", TINY)
def test_input_embedding_is_the_one_that_transformers_has(tmp_path, kind):
    import torch
    from transformers import AutoConfig, AutoModel

    words = ["<pad>", "the", *map(str, range(1000))]
    model = AutoModel.from_config(AutoConfig.for_model(kind, vocab_size=len(words), **TINY[kind]))
    model = model.to(torch.bfloat16)
    model.save_pretrained(word_list(tmp_path, words), max_shard_size="20KB")
    found = load_embedding(tmp_path)
    theirs = model.get_input_embeddings().weight[2:].detach().float().numpy()
    assert np.array_equal(found.vectors, theirs)
    assert f"the input embedding of {kind}" in notes(found)


# Not getrusage: a process begins with the peak of the one that started it.
_PEAK = """
import sys
try:
    if len(sys.argv) > 1:
        from wordnum.cli import main
        main()
finally:
    status = open("/proc/self/status").read().split()
    print(status[status.index("VmHWM:") + 1], file=sys.stderr)
"""


@pytest.mark.parametrize(
    "parts",
    ["spectrum", pytest.param("spectrum,probe,separability,phi,digits", marks=pytest.mark.long)],
)
def test_large_model_costs_what_its_numbers_do(tmp_path, parts):
    """1.2 GB of bfloat16 in ten shards, nearly all of it holes; the libraries take 60 MB."""
    rows, dim, shards = 32_000, 1024, 10
    words = [f"w{row}" for row in range(rows)]
    words[5_000:6_000] = map(str, range(1000))
    word_list(tmp_path, words)
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    weight_map = {}
    for part in range(shards):
        name = f"model-{part + 1:05d}-of-{shards:05d}.safetensors"
        held = {"model.embed_tokens.weight": (rows, dim)} if part == 0 else {}
        held |= {f"model.layers.{part}.w": (6_000, 11_000 if part else 1)}
        header, at = {}, 0
        for key, shape in held.items():
            end = at + 2 * shape[0] * shape[1]
            header[key] = {"dtype": "BF16", "shape": shape, "data_offsets": [at, end]}
            weight_map[key], at = name, end
        head = json.dumps(header).encode()
        with open(tmp_path / name, "wb") as file:
            file.write(len(head).to_bytes(8, "little") + head)
            if part == 0:
                file.seek(2 * dim * 5_000, 1)
                made = np.random.default_rng(0).standard_normal((1000, dim), np.float32)
                file.write(made.astype(BFLOAT16).tobytes())
            file.truncate(8 + len(head) + at)
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    assert sum(path.stat().st_size for path in tmp_path.glob("*.safetensors")) > 1.2e9

    def peak(*command: str) -> int:
        done = subprocess.run(
            [sys.executable, *command], capture_output=True, text=True, check=True
        )
        return int(done.stderr.split()[-1]) * 1024

    interpreter = peak("-c", _PEAK)
    used = peak("-c", _PEAK, "analyze", str(tmp_path), "--only", parts, "--json")
    assert used - interpreter < 200e6
