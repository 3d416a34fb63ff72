"""Pretrained vectors: every format, every spelling, and every way in which a file is broken."""

from __future__ import annotations

import contextlib
import json
import logging
import pickle
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file
from tokenizers import AddedToken, Tokenizer, models

from tests.embeddings import vector_files
from tests.embeddings.vector_files import FORMATS
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.number_spellings import find_numbers, number_of
from wordnum.embeddings.replicates import Replicates
from wordnum.embeddings.vector_files import load_embedding
from wordnum.errors import FormatError, InputError, UsageError

gensim_models = pytest.importorskip("gensim.models", reason="gensim is not installed")

WORDS = ["the", "12", "of", "7", "21st", "007", "1,000", "999", "1000", "-5", "zwölf", "0"]
MATRIX = np.random.default_rng(0).standard_normal((len(WORDS), 6)).astype(np.float32)
NUMBERS = [0, 7, 12, 999]
ROWS = [11, 3, 1, 7]


@pytest.fixture(params=FORMATS, ids=str)
def form(request):
    return request.param


def written(form, folder: Path, words=WORDS, matrix=MATRIX) -> tuple[Path, dict]:
    path = folder / f"vectors{form.suffix}"
    return path, form.write(path, words, matrix)


class TestEveryFormat:
    def test_numbers_are_found_with_their_own_vectors(self, form, tmp_path):
        path, options = written(form, tmp_path)
        embedding = load_embedding(path, **self.tensor(form), **options)
        assert embedding.numbers.tolist() == NUMBERS
        assert np.array_equal(embedding.vectors, MATRIX[ROWS])
        assert embedding.vectors.dtype.kind == "f"
        assert embedding.name == path.name
        assert len(embedding.replicates) == 0
        assert embedding.provenance["bytes"] == path.stat().st_size

    @pytest.mark.parametrize("mark", ["", " ", "Ġ", "▁"])
    def test_numbers_are_found_under_every_spelling(self, form, tmp_path, mark):
        if mark == " " and not form.blanks:
            pytest.skip("a blank ends a word in this format")
        words = [mark + word for word in WORDS]
        path, options = written(form, tmp_path, words)
        embedding = load_embedding(path, **self.tensor(form), **options)
        assert embedding.numbers.tolist() == NUMBERS
        assert np.array_equal(embedding.vectors, MATRIX[ROWS])

    def test_gaps_are_named(self, form, tmp_path, caplog):
        path, options = written(form, tmp_path)
        with caplog.at_level(logging.INFO, logger="wordnum"):
            embedding = load_embedding(path, size=14, **self.tensor(form), **options)
        assert embedding.missing.tolist() == [1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 13]
        assert "11 numbers are missing: 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 13" in caplog.text

    def test_file_without_a_number_is_refused(self, form, tmp_path):
        path, options = written(form, tmp_path, ["the", "of"], MATRIX[:2])
        with pytest.raises(InputError, match="holds no number") as error:
            load_embedding(path, **self.tensor(form), **options)
        assert "tokens such as '7', ' 7', 'Ġ7' or '▁7'" in str(error.value)

    def test_number_that_occurs_twice_is_refused(self, form, tmp_path):
        path, options = written(form, tmp_path, ["the", "7", "of", "7"], MATRIX[:4])
        with pytest.raises(InputError, match="a number token occurs twice") as error:
            load_embedding(path, **self.tensor(form), **options)
        assert "'7'" in str(error.value)

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_vector_that_is_not_finite_is_refused(self, form, tmp_path, value):
        matrix = MATRIX.copy()
        matrix[3, 2] = value
        path, options = written(form, tmp_path, WORDS, matrix)
        with pytest.raises(FormatError, match="is damaged or cut off") as error:
            load_embedding(path, **self.tensor(form), **options)
        assert str(path) in str(error.value)
        assert "7" in error.value.where

    def test_not_finite_vector_of_a_word_does_not_matter(self, form, tmp_path):
        matrix = MATRIX.copy()
        matrix[0, 2] = np.nan
        path, options = written(form, tmp_path, WORDS, matrix)
        embedding = load_embedding(path, **self.tensor(form), **options)
        assert embedding.numbers.tolist() == NUMBERS

    def test_file_that_is_cut_off_is_refused(self, form, tmp_path):
        path, options = written(form, tmp_path)
        whole = path.read_bytes()
        # Text that is cut off in the last number of a line, or after it, looks whole.
        end, middle = len(whole), len(whole) // 2
        if not form.says_size:
            end, middle = whole.rindex(b" ", 0, -3), whole.index(b"\n999 ") + 10
        if form.name == "fasttext-bin":
            end -= 4 * MATRIX.shape[1] + 17  # the output matrix, which is not read
        elif form.name == "word2vec-binary":
            end -= 1  # the last line end
        for length in (1, 5, 11, 30, middle, end - 1):
            path.write_bytes(whole[:length])
            with pytest.raises(InputError) as error:
                load_embedding(path, **self.tensor(form), **options)
            assert str(path) in str(error.value) or str(options.get("vocab")) in str(error.value)

    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(st.data())
    def test_damaged_bytes_are_an_error_or_harmless(self, form, tmp_path, data):
        path, options = written(form, tmp_path)
        content = bytearray(path.read_bytes())
        places = st.integers(0, 140) | st.integers(0, len(content) - 1)
        for place, byte in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=3)):
            content[place] = byte
        path.write_bytes(content[: data.draw(st.just(len(content)) | places)])
        with contextlib.suppress(InputError, UsageError):
            embedding = load_embedding(path, **self.tensor(form), **options)
            assert np.isfinite(embedding.vectors).all()

    @staticmethod
    def tensor(form) -> dict:
        return {"tensor": "wte.weight"} if form.name == "safetensors" else {}


@pytest.mark.parametrize("binary", [False, True])
def test_word2vec_files_of_gensim_are_read(tmp_path, binary):
    keyed = gensim_models.KeyedVectors(6)
    keyed.add_vectors(WORDS, MATRIX)
    keyed.save_word2vec_format(tmp_path / "v", binary=binary)
    embedding = load_embedding(tmp_path / "v")
    assert np.array_equal(embedding.vectors.astype(np.float32), MATRIX[ROWS])


@pytest.mark.parametrize(("buckets", "ngrams"), [(300, True), (0, False)])
def test_fasttext_models_are_read_as_gensim_reads_them(tmp_path, buckets, ngrams):
    sentences = [["in", "1984", "and", "100", "or", "7", "zwölf"], ["the", "84", "of", "999"]] * 40
    model = gensim_models.FastText(
        sentences, vector_size=8, min_count=1, epochs=1, bucket=buckets or 1, seed=1,
        min_n=2, max_n=4 if buckets else 0,
    )  # fmt: skip
    path = tmp_path / "model.bin"
    gensim_models.fasttext.save_facebook_model(model, str(path))
    theirs = gensim_models.fasttext.load_facebook_vectors(str(path))
    embedding = load_embedding(path)
    assert embedding.numbers.tolist() == [7, 84, 100, 999]
    for number, vector in zip(embedding.numbers, embedding.vectors, strict=True):
        assert vector == pytest.approx(theirs[str(number)], abs=1e-7)
    assert ("subwords" in embedding.flags) == ngrams


def test_fasttext_numbers_of_a_model_with_ngrams_are_flagged(tmp_path):
    path = tmp_path / "m.bin"
    matrix = np.vstack([MATRIX, np.ones((10, 6), np.float32)])
    vector_files.fasttext_binary(path, WORDS, matrix, maxn=3, bucket=10)
    embedding = load_embedding(path)
    assert "subwords" in embedding.flags
    # "<7>" is the one n-gram of three letters; its row is all ones.
    assert embedding.vectors[1] == pytest.approx((MATRIX[3] + 1) / 2)


def test_word_that_never_ends_is_refused_with_its_byte(tmp_path):
    path = tmp_path / "v.bin"
    path.write_bytes(b"900 8\n" + b"x" * 40_000)
    with pytest.raises(FormatError, match="its header lies") as error:
        load_embedding(path)
    assert error.value.where == "byte 6, word 0 of 900"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"version": 10}, "fastText model of another version"),
        ({"quantized": True}, "quantized fastText model"),
        ({"rows": 10**9}, "1000000000 vectors"),
        ({"rows": 11}, "vectors of 12 words and n-grams"),
        ({"rows": 15, "maxn": 3, "bucket": 4}, "vectors of 16 words and n-grams"),
    ],
)
def test_fasttext_models_of_another_kind_are_refused(tmp_path, options, message):
    path = tmp_path / "m.bin"
    vector_files.fasttext_binary(path, WORDS, MATRIX, **options)
    with pytest.raises(FormatError, match=message):
        load_embedding(path)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("14 6", "expected: 14 words"),
        ("10 6", "got: 12 words"),
        ("12 5", "expected: a word and 5 numbers, as line 1 says"),
        ("12 7", "expected: a word and 7 numbers"),
    ],
)
def test_text_header_that_lies_is_refused_with_the_line(tmp_path, header, message):
    path = tmp_path / "v.txt"
    vector_files.text(path, WORDS, MATRIX, header=True, end="")
    lines = path.read_text().split("\n")
    path.write_text("\n".join([header, *lines[1:]]))
    with pytest.raises(FormatError, match=message) as error:
        load_embedding(path)
    assert "line 1" in error.value.where
    assert str(path) in str(error.value)


@pytest.mark.parametrize("words", [11, 13])
@pytest.mark.parametrize("binary", [None, b"", b"\n"])
def test_header_that_is_off_by_one_word_is_told_and_all_is_read(tmp_path, words, binary):
    path = tmp_path / "v"
    if binary is None:
        vector_files.text(path, WORDS, MATRIX, header=True, end="")
    else:
        vector_files.word2vec_binary(path, WORDS, MATRIX, end=binary)
    _, _, rest = path.read_bytes().partition(b"\n")
    path.write_bytes(f"{words} 6\n".encode() + rest)
    found = load_embedding(path)
    assert np.array_equal(found.vectors.astype(np.float32), MATRIX[ROWS])
    assert found.numbers.tolist() == NUMBERS
    assert f"its header says {words} words, and it holds 12" in found.provenance["notes"][0]


@pytest.mark.parametrize("header", ["14 6", "10 6", "12 5", "12 7", "12 0", "0 6", f"{10**12} 6"])
def test_binary_header_that_lies_is_refused(tmp_path, header):
    path = tmp_path / "v.bin"
    vector_files.word2vec_binary(path, WORDS, MATRIX, end=b"\n")
    _, _, rest = path.read_bytes().partition(b"\n")
    path.write_bytes(header.encode() + b"\n" + rest)
    with pytest.raises(FormatError) as error:
        load_embedding(path)
    assert str(path) in str(error.value)
    assert error.value.where


def test_text_line_with_a_word_for_a_number_is_refused_with_its_line(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("the 0.1 0.2\n7 0.1 o.2\n")
    with pytest.raises(FormatError, match=r"'o.2'") as error:
        load_embedding(path)
    assert error.value.where == "line 2, word '7'"


def test_text_may_end_with_empty_lines_and_have_line_ends_of_windows(tmp_path):
    path = tmp_path / "v.txt"
    path.write_bytes(b"the 0.1 0.2\r\n7 0.5 0.25\r\n\r\n")
    assert load_embedding(path).vectors.tolist() == [[0.5, 0.25]]


def test_words_with_blanks_are_no_vectors_of_other_shape(tmp_path):
    # The GloVe vectors of Common Crawl have such words.
    path = tmp_path / "v.txt"
    path.write_text("the 0.1 0.2\n. . . 0.3 0.4\n7 0.5 0.25\nat name@domain.com 0.1 0.2\n")
    assert load_embedding(path).vectors.tolist() == [[0.5, 0.25]]


class TestSafetensors:
    def test_only_matrix_needs_no_name(self, tmp_path):
        path = tmp_path / "m.safetensors"
        vocab = vector_files.safetensors(path, WORDS, MATRIX)["vocab"]
        assert load_embedding(path, vocab=vocab).provenance["tensor"] is None

    @pytest.mark.parametrize("tensor", [None, "wte"])
    def test_absent_tensor_is_refused_with_those_there_are(self, tmp_path, tensor):
        path = tmp_path / "m.safetensors"
        save_file({"wte.weight": MATRIX, "wpe.weight": MATRIX[:2]}, path)
        with pytest.raises(InputError, match="tensor") as error:
            load_embedding(path, tensor=tensor, vocab=vector_files.vocab_txt(path, WORDS))
        assert "one of wte.weight [12, 6], wpe.weight [2, 6]" in str(error.value)

    @pytest.mark.parametrize("values", [MATRIX.astype(np.int64), MATRIX[:, :, None]])
    def test_tensor_that_is_no_matrix_of_floats_is_refused(self, tmp_path, values):
        path = tmp_path / "m.safetensors"
        save_file({"t": values, "other": MATRIX}, path)
        with pytest.raises(InputError, match="tensor 't' cannot be an embedding"):
            load_embedding(path, tensor="t", vocab=vector_files.vocab_txt(path, WORDS))

    @pytest.mark.parametrize(
        ("dtype", "tolerance"), [("F64", 0), ("F32", 0), ("F16", 1e-3), ("BF16", 8e-3)]
    )
    def test_every_float_is_read(self, tmp_path, dtype, tolerance):
        bits = MATRIX.view(np.uint32)
        stored = {
            "F64": MATRIX.astype("<f8"),
            "F32": MATRIX.astype("<f4"),
            "F16": MATRIX.astype("<f2"),
            "BF16": (bits >> 16).astype("<u2"),
        }[dtype]
        path = write_safetensors(tmp_path, dtype, MATRIX.shape, stored.tobytes())
        vocab = vector_files.vocab_txt(path, WORDS)
        found = load_embedding(path, tensor="t", vocab=vocab).vectors
        assert found.dtype == (np.float64 if dtype == "F64" else np.float32)
        assert found == pytest.approx(MATRIX[ROWS], rel=tolerance or 1e-12)

    @pytest.mark.parametrize("length", [0x0280, 0x0480, 0x0580])
    def test_header_length_that_looks_like_a_pickle_is_none(self, tmp_path, length):
        plain = write_safetensors(tmp_path, "F32", MATRIX.shape, MATRIX.tobytes()).read_bytes()
        spare = length - struct.unpack("<Q", plain[:8])[0]
        path = tmp_path / "vectors"
        path.write_bytes(
            struct.pack("<Q", length) + plain[8:].replace(b'"pt"', b'"pt"' + b" " * spare)
        )
        vocab = vector_files.vocab_txt(path, WORDS)
        assert load_embedding(path, vocab=vocab).numbers.tolist() == NUMBERS

    def test_header_that_lies_about_the_size_is_refused(self, tmp_path):
        path = write_safetensors(tmp_path, "F32", (13, 6), MATRIX.tobytes())
        with pytest.raises(FormatError, match=r"expected: a .safetensors file"):
            load_embedding(path, tensor="t", vocab=vector_files.vocab_txt(path, WORDS))

    @pytest.mark.parametrize("length", [0, 3, 2**62])
    def test_header_of_no_such_length_is_refused(self, tmp_path, length):
        path = tmp_path / "m.safetensors"
        path.write_bytes(struct.pack("<Q", length) + b'{"t": {"data_offsets": 1}}')
        with pytest.raises(FormatError, match=r"expected: a .safetensors file"):
            load_embedding(path, tensor="t")

    def test_vocabulary_longer_than_the_tensor_is_refused(self, tmp_path):
        path = tmp_path / "m.safetensors"
        vector_files.safetensors(path, WORDS, MATRIX[:8])
        with pytest.raises(InputError, match="is not the vocabulary of") as error:
            load_embedding(path, tensor="wte.weight", vocab=tmp_path / "vocab.txt")
        assert "12 tokens" in str(error.value)

    def test_without_a_vocabulary_rows_must_be_the_numbers(self, tmp_path):
        path = tmp_path / "m.safetensors"
        save_file({"t": MATRIX}, path)
        assert load_embedding(path, size=12).numbers.tolist() == list(range(12))
        with pytest.raises(InputError, match="more rows than there are numbers") as error:
            load_embedding(path, size=11)
        assert "pass vocab=" in str(error.value)


def write_safetensors(folder: Path, dtype: str, shape, content: bytes) -> Path:
    entry = {"dtype": dtype, "shape": list(shape), "data_offsets": [0, len(content)]}
    header = json.dumps({"__metadata__": {"format": "pt"}, "t": entry}).encode()
    path = folder / "m.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + content)
    return path


class TestVocabularies:
    @pytest.mark.parametrize("kind", ["BPE", "WordPiece", "Unigram"])
    def test_tokenizer_json_names_the_rows(self, tmp_path, kind):
        vocab = vector_files.tokenizer_json(tmp_path / "tokenizer.json", kind, WORDS)
        assert self.numbers(tmp_path, vocab) == NUMBERS

    def test_tokenizer_json_of_the_library_names_the_rows(self, tmp_path):
        ids = {word: row for row, word in enumerate([*WORDS[:-1], "[UNK]"])}
        tokenizer = Tokenizer(models.WordLevel(ids, unk_token="[UNK]"))
        tokenizer.add_tokens([AddedToken("5", normalized=False)])
        tokenizer.save(str(tmp_path / "tokenizer.json"))
        np.save(tmp_path / "m.npy", np.vstack([MATRIX, np.ones((1, 6))]))
        embedding = load_embedding(tmp_path / "m.npy", vocab=tmp_path / "tokenizer.json")
        assert embedding.numbers.tolist() == [5, 7, 12, 999]
        assert embedding.vectors[0].tolist() == [1] * 6

    def test_vocab_json_names_the_rows(self, tmp_path):
        path = tmp_path / "vocab.json"
        for content in ({word: row for row, word in enumerate(WORDS)}, WORDS):
            path.write_text(json.dumps(content))
            assert self.numbers(tmp_path, path) == NUMBERS

    def test_vocab_txt_keeps_blanks_and_odd_line_breaks_in_tokens(self, tmp_path):
        path = tmp_path / "vocab.txt"
        path.write_text("a\x85b\n 7\r\nc\u2028d\n12\n", encoding="utf-8", newline="")
        np.save(tmp_path / "m.npy", MATRIX[:4])
        embedding = load_embedding(tmp_path / "m.npy", vocab=path)
        assert np.array_equal(embedding.vectors, MATRIX[[1, 3]])

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("tokenizer.json", b"{"),
            ("tokenizer.json", b"17"),
            ("tokenizer.json", b'{"model": {"type": "BPE"}}'),
            ("vocab.json", b'{"a": "b"}'),
            ("vocab.txt", b"\xff\xfe7\n"),
        ],
    )
    def test_vocabulary_that_is_none_is_refused(self, tmp_path, name, content):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FormatError, match="is no vocabulary"):
            self.numbers(tmp_path, tmp_path / name)

    def test_vocabulary_that_is_not_there_is_refused(self, tmp_path):
        with pytest.raises(InputError, match=r"cannot read .*vocab.txt"):
            self.numbers(tmp_path, tmp_path / "vocab.txt")

    @staticmethod
    def numbers(folder: Path, vocab: Path) -> list[int]:
        np.save(folder / "m.npy", MATRIX)
        return load_embedding(folder / "m.npy", vocab=vocab).numbers.tolist()


class TestNumpyFiles:
    def test_row_n_is_number_n(self, tmp_path):
        np.save(tmp_path / "m.npy", MATRIX)
        assert load_embedding(tmp_path / "m.npy").numbers.tolist() == list(range(12))

    def test_npz_of_ours_comes_back_whole(self, tmp_path):
        half = Embedding(MATRIX[:3], size=50)
        replicates = Replicates(embeddings=[(half, half)])
        embedding = Embedding(MATRIX, size=50, replicates=replicates, flags=("ordinals-kept",))
        again = load_embedding(embedding.save(tmp_path / "e.npz"))
        assert again.fingerprint == embedding.fingerprint
        assert again.flags == ("ordinals-kept",)
        with pytest.raises(InputError, match="has its own size") as error:
            load_embedding(tmp_path / "e.npz", size=60)
        assert "leave size= out" in str(error.value)

    def test_npz_of_others_needs_vectors_and_may_name_numbers(self, tmp_path):
        np.savez(tmp_path / "v.npz", vectors=MATRIX[:2], numbers=[7, 3])
        assert load_embedding(tmp_path / "v.npz").numbers.tolist() == [3, 7]
        np.savez(tmp_path / "w.npz", vectors=MATRIX)
        assert load_embedding(tmp_path / "w.npz").numbers.tolist() == list(range(12))
        np.savez(tmp_path / "y.npz", vectors=MATRIX[0])
        with pytest.raises(FormatError, match="holds no matrix"):
            load_embedding(tmp_path / "y.npz")
        np.savez(tmp_path / "z.npz", vectors=MATRIX, numbers=[7, 3])
        with pytest.raises(FormatError, match=r"numbers \(2,\)"):
            load_embedding(tmp_path / "z.npz")
        np.savez(tmp_path / "x.npz", weights=MATRIX, bias=MATRIX[0])
        with pytest.raises(FormatError, match="holds no vectors") as error:
            load_embedding(tmp_path / "x.npz")
        assert "weights, bias" in str(error.value)

    @pytest.mark.parametrize("ours", [True, False])
    def test_npz_that_is_cut_off_is_refused(self, tmp_path, ours):
        path = tmp_path / "v.npz"
        Embedding(MATRIX).save(path) if ours else np.savez(path, vectors=MATRIX)
        whole = path.read_bytes()
        for length in (3, 40, len(whole) // 2, len(whole) - 1):
            path.write_bytes(whole[:length])
            with pytest.raises(FormatError, match="v.npz"):
                load_embedding(path)

    def test_array_of_another_shape_is_refused(self, tmp_path):
        np.save(tmp_path / "m.npy", MATRIX[0])
        with pytest.raises(FormatError, match="holds no matrix"):
            load_embedding(tmp_path / "m.npy")


class TestPickles:
    """Nothing that runs code when it is read is read."""

    def refused(self, path: Path) -> str:
        with pytest.raises(InputError, match="is a pickle") as error:
            load_embedding(path)
        return str(error.value)

    def test_gensim_model_is_refused_with_the_way_to_convert_it(self, tmp_path):
        model = gensim_models.Word2Vec([["7", "8"]] * 5, vector_size=3, min_count=1)
        model.save(str(tmp_path / "model"))
        model.wv.save(str(tmp_path / "vectors.kv"))
        for name in ("model", "vectors.kv"):
            message = self.refused(tmp_path / name)
            assert "save_word2vec_format('vectors.bin', binary=True)" in message
            assert "Embedding(model.wv)" in message

    @pytest.mark.parametrize("protocol", [2, 3, 4, 5])
    def test_pickle_of_any_protocol_is_refused(self, tmp_path, protocol):
        (tmp_path / "v.bin").write_bytes(pickle.dumps([1], protocol=protocol))
        self.refused(tmp_path / "v.bin")

    def test_torch_file_is_refused(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "m.pt", "w") as archive:
            archive.writestr("m/data.pkl", pickle.dumps([1]))
        assert "safetensors.torch.save_file" in self.refused(tmp_path / "m.pt")

    def test_array_of_objects_is_refused(self, tmp_path):
        np.save(tmp_path / "m.npy", np.array([[None]]), allow_pickle=True)
        self.refused(tmp_path / "m.npy")
        np.savez(tmp_path / "m.npz", vectors=np.array([[None]]))
        with pytest.raises(FormatError, match="cannot be read"):
            load_embedding(tmp_path / "m.npz")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\x1f\x8b\x08\x00rest", "is damaged or cut off"),
        (b"BZh91AY", "is damaged or cut off"),
        (b"just a line of prose\n", "it is a text"),
        (b"In 1984 there were 3 of them.\nIn 1985 none.\n", "it is a text"),
        (b"\n\n\n", "it is a text"),
        (b'{"a": 1}\n', "wordnum encode takes it"),
        (b"number,x,y\n7,0.5,0.1\n8,0.2,0.3\n", r"table of numbers.*\n.*\n.*\n.*read_csv"),
        (b"7;0.5;0.1", "table of numbers"),
        (b"7\t0.5\t0.1\n", "table of numbers"),
        (b"id,text\n7,seven of them\n", "wordnum encode takes it"),
        (b"\0" * 100, "of no known format"),
    ],
)
def test_file_that_is_no_vector_file_is_refused(tmp_path, content, message):
    (tmp_path / "v.txt").write_bytes(content)
    with pytest.raises(InputError, match=message):
        load_embedding(tmp_path / "v.txt")


def test_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load_embedding(tmp_path / "v.txt")
    with pytest.raises(InputError, match="a folder"):
        load_embedding(tmp_path)


def test_options_that_a_format_does_not_have_are_refused(tmp_path):
    (tmp_path / "v.txt").write_text("7 1 2\n")
    with pytest.raises(UsageError, match="names its own words"):
        load_embedding(tmp_path / "v.txt", vocab="vocab.txt")
    with pytest.raises(UsageError, match="has no named tensors"):
        load_embedding(tmp_path / "v.txt", tensor="wte")


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("0", 0), ("7", 7), ("999", 999), (" 12", 12), ("Ġ12", 12), ("▁12", 12),
        ("", None), ("Ġ", None), ("1000", None), ("07", None), ("000", None), ("7th", None),
        ("-7", None), ("7.", None), ("1 2", None), ("  7", None), ("ĠĠ7", None), ("x7", None),
        ("##7", None), ("７", None), ("²", None), ("VII", None), ("Ġ 7", None),
    ],
)  # fmt: skip
def test_number_is_written_in_digits_alone_or_after_the_mark_of_a_word(token, expected):
    found = number_of(token)
    assert (None if found is None else found[0]) == expected


def test_size_bounds_the_numbers():
    assert number_of("1000", size=1001) == (1000, 3)
    assert number_of("Ġ10", size=10) is None


def test_spelling_that_finds_most_numbers_is_used_and_others_fill_its_gaps():
    tokens = ["7", "8", "Ġ8", "Ġ9", "Ġ10", "▁11"]
    found = find_numbers(zip(tokens, range(6)), size=20, where="here")
    assert found.numbers.tolist() == [7, 8, 9, 10, 11]
    assert found.rows.tolist() == [0, 2, 3, 4, 5]


def test_spelling_after_a_blank_is_preferred_among_equals():
    tokens = ["7", "Ġ7", "8", "Ġ8"]
    found = find_numbers(zip(tokens, range(4)), size=20, where="here")
    assert found.rows.tolist() == [1, 3]


class TestMemory:
    """Files of 2 GB, nearly all of it holes: reading them must not take their size."""

    SIZE = 2_000_000_000
    LIMIT = 30_000_000

    def load(self, path: Path, **options) -> Embedding:
        assert path.stat().st_size >= self.SIZE
        tracemalloc.start()
        try:
            embedding = load_embedding(path, **options)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < self.LIMIT
        return embedding

    @pytest.fixture
    def vocab(self, tmp_path) -> Path:
        words = [f"w{i}" for i in range(10_000)]
        words[9_000] = "7"
        return vector_files.vocab_txt(tmp_path / "x", words)

    def test_npy(self, tmp_path, vocab):
        path = tmp_path / "m.npy"
        shape = (10_000, self.SIZE // 40_000)
        np.lib.format.open_memmap(path, "w+", np.float32, shape)[9_000, :2] = 1, 2
        assert self.load(path, vocab=vocab).vectors[0, :3].tolist() == [1, 2, 0]

    def test_safetensors(self, tmp_path, vocab):
        shape = (10_000, self.SIZE // 20_000)
        entry = {"dtype": "F16", "shape": shape, "data_offsets": [0, 2 * shape[0] * shape[1]]}
        header = json.dumps({"t": entry}).encode()
        path = tmp_path / "m.safetensors"
        with open(path, "wb") as file:
            file.write(struct.pack("<Q", len(header)) + header)
            file.seek(2 * 9_000 * shape[1], 1)
            file.write(np.array([1, 2], np.float16).tobytes())
            file.truncate(8 + len(header) + 2 * shape[0] * shape[1])
        found = self.load(path, tensor="t", vocab=vocab)
        assert found.vectors[0, :3].tolist() == [1, 2, 0]

    def test_word2vec_binary(self, tmp_path):
        dim = 500_000
        path = tmp_path / "v.bin"
        with open(path, "wb") as file:
            file.write(f"1000 {dim}\n".encode())
            for row in range(1000):
                file.write(b"7 " if row == 900 else f"w{row} ".encode())
                file.write(np.array([1, row], np.float32).tobytes())
                file.seek(4 * (dim - 2), 1)
            file.truncate()
        assert self.load(path).vectors[0, :3].tolist() == [1, 900, 0]

    def test_fasttext_binary(self, tmp_path):
        path = tmp_path / "m.bin"
        rows = self.SIZE // (4 * 300)
        vector_files.fasttext_binary(path, WORDS, np.tile(MATRIX, 50), rows=rows)
        with open(path, "r+b") as file:
            file.truncate(path.stat().st_size + 4 * 300 * rows)
        assert np.array_equal(self.load(path).vectors, np.tile(MATRIX, 50)[ROWS])


def test_text_is_read_line_by_line(tmp_path):
    path = tmp_path / "v.txt"
    line = " ".join(["0.12345678"] * 300) + "\n"
    with open(path, "w") as file:
        for row in range(5_000):
            file.write(f"w{row} {line}" if row != 4_000 else f"7 {line}")
    tracemalloc.start()
    try:
        assert load_embedding(path).numbers.tolist() == [7]
        assert tracemalloc.get_traced_memory()[1] < path.stat().st_size / 20
    finally:
        tracemalloc.stop()
