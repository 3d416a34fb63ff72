"""Vector files that are damaged, lie, or were made to harm: an error or harmless, never a hang."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import struct
import tempfile
import tracemalloc
import zipfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.embeddings import vector_files
from tests.embeddings.test_pretrained import MATRIX, ROWS, WORDS, written
from tests.embeddings.vector_files import FORMATS
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.replicates import Replicates
from wordnum.embeddings.vector_files import load_embedding
from wordnum.errors import FormatError, InputError, UsageError
from wordnum.storage import save_npz

CASES = Path(__file__).with_name("cases")
SLOW_FOLDERS = [HealthCheck.function_scoped_fixture]


class TestCases:
    def test_word_with_a_blank_in_a_binary_file_costs_no_number(self):
        found = load_embedding(CASES / "space.bin")
        assert found.numbers.tolist() == [7, 8]
        assert found.vectors.tolist() == [[2.5] * 3, [3.5] * 3]

    @pytest.mark.parametrize("end", [b"", b"\n"])
    def test_words_with_several_blanks_are_read_anywhere(self, tmp_path, end):
        words = ["a b c", "7", "new york", "é x", "12", "of the", "x y"]
        rng = np.random.default_rng(0)
        for dim in (4, 10, 50):
            matrix = rng.standard_normal((len(words), dim)).astype(np.float32)
            vector_files.word2vec_binary(tmp_path / "v.bin", words, matrix, end=end)
            found = load_embedding(tmp_path / "v.bin")
            assert np.array_equal(found.vectors, matrix[[1, 4]])

    def test_vocabulary_of_another_model_is_refused_with_both_lengths(self):
        with pytest.raises(InputError, match="is not the vocabulary of") as error:
            load_embedding(CASES / "m.npy", vocab=CASES / "vocab.txt")
        assert "20 tokens, one for each row" in str(error.value)
        assert "102 tokens" in str(error.value)

    def test_vocabulary_much_shorter_than_the_matrix_is_told(self, tmp_path, caplog):
        np.save(tmp_path / "m.npy", np.ones((1000, 2)))
        load_embedding(tmp_path / "m.npy", vocab=CASES / "vocab.txt")
        assert "has 1000 rows" in caplog.text
        assert "has 102 tokens" in caplog.text

    @pytest.mark.parametrize("name", ["float.json", "huge.json", "negative.json", "scores.json"])
    def test_scores_are_no_rows(self, name):
        with pytest.raises(FormatError, match="is no vocabulary") as error:
            load_embedding(CASES / "m.npy", vocab=CASES / name)
        assert "is not the row of" in str(error.value)

    @pytest.mark.parametrize(
        "text",
        [
            '{"7": -1}',
            '{"7": 1.9}',
            '{"7": true}',
            '{"7": null}',
            '{"7": "1"}',
            '{"7": ' + "1" * 4301 + "}",
            "[" * 5000,
            '{"model": {"vocab": [["7"]]}}',
            '{"model": {"vocab": 3}}',
            '{"model": {"vocab": {"7": -1}}}',
            '{"model": {"vocab": {}}, "added_tokens": [{"content": "7", "id": -2}]}',
            '{"model": {"vocab": {}}, "added_tokens": [3]}',
            "3",
            "null",
        ],
    )
    def test_vocabularies_made_to_mislead_are_refused(self, tmp_path, text):
        (tmp_path / "vocab.json").write_text(text)
        with pytest.raises(FormatError, match="is no vocabulary"):
            load_embedding(CASES / "m.npy", vocab=tmp_path / "vocab.json")


class TestOtherKindsOfFile:
    @pytest.mark.parametrize(
        ("kind", "verb"),
        [("counts", "wordnum embed"), ("word-counts", "wordnum embed"), ("vocabulary", "check")],
    )
    def test_file_of_ours_says_which_command_takes_it(self, tmp_path, kind, verb):
        path = save_npz(tmp_path / "c", kind=kind, version=1, header={}, arrays={"a": np.eye(2)})
        with pytest.raises(FormatError, match=f"it is {kind}") as error:
            load_embedding(path)
        assert verb in error.value.remedy

    @pytest.mark.parametrize(
        ("name", "what", "verb"),
        [
            ("manifest.json", "an encoded corpus", "wordnum embed"),
            ("study.json", "the folder of a study", "wordnum report"),
            ("other", "a folder", "check the path"),
        ],
    )
    def test_folder_says_which_command_takes_it(self, tmp_path, name, what, verb):
        (tmp_path / name).write_text("{}")
        with pytest.raises(FormatError, match=f"it is {what}") as error:
            load_embedding(tmp_path)
        assert verb in error.value.remedy

    def test_pipe_is_refused_and_not_waited_for(self, tmp_path):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(FormatError, match="neither a file nor a folder"):
            load_embedding(tmp_path / "pipe")

    def test_text_goes_to_encode(self, tmp_path):
        (tmp_path / "t.txt").write_text("It was 1984.\nThere were 7 of them, or 12.\n")
        with pytest.raises(FormatError, match="wordnum encode takes it"):
            load_embedding(tmp_path / "t.txt")


class TestHeaders:
    @pytest.mark.parametrize(
        "entry",
        [
            {"shape": None},
            {"shape": [3, None]},
            {"shape": [-1, 6]},
            {"shape": [2**40, 2**40]},
            {"shape": [2**70, 1]},
            {"shape": "12"},
            {"data_offsets": [0]},
            {"data_offsets": [-60, -56]},
            {"data_offsets": [0, 2**62]},
            {"data_offsets": [288, 0]},
            {"data_offsets": None},
            {"dtype": None},
            {"dtype": "F99"},
        ],
        ids=str,
    )
    def test_safetensors_headers_that_lie_are_refused(self, tmp_path, entry):
        whole = {"dtype": "F32", "shape": [12, 6], "data_offsets": [0, MATRIX.nbytes]}
        header = json.dumps({"t": {**whole, **entry}}).encode()
        path = tmp_path / "m.safetensors"
        path.write_bytes(struct.pack("<Q", len(header)) + header + MATRIX.tobytes())
        with pytest.raises(FormatError, match="expected: a .safetensors file"):
            load_embedding(path, tensor="t", vocab=vector_files.vocab_txt(path, WORDS))

    def test_eight_bit_floats_are_refused_clearly(self, tmp_path):
        header = json.dumps(
            {"t": {"dtype": "F8_E4M3", "shape": [2, 3], "data_offsets": [0, 6]}}
        ).encode()
        path = tmp_path / "m.safetensors"
        path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(6))
        with pytest.raises(InputError, match="dtype F8_E4M3"):
            load_embedding(path)

    def test_fasttext_ngrams_end_with_the_word(self, tmp_path):
        matrix = np.vstack([MATRIX, np.ones((10, 6), np.float32)])
        vectors = []
        for maxn in (2**31 - 1, 5):
            path = tmp_path / "m.bin"
            vector_files.fasttext_binary(path, WORDS, matrix, maxn=maxn, bucket=10)
            vectors.append(load_embedding(path).vectors)
        assert np.array_equal(*vectors)

    @pytest.mark.parametrize("field", range(2, 20))
    @pytest.mark.parametrize("value", [-1, -(2**31), 2**31 - 1])
    def test_no_field_of_a_fasttext_head_harms(self, tmp_path, field, value):
        path = tmp_path / "m.bin"
        vector_files.fasttext_binary(path, WORDS, MATRIX)
        content = bytearray(path.read_bytes())
        content[4 * field : 4 * field + 4] = struct.pack("<i", value)
        path.write_bytes(content)
        with contextlib.suppress(FormatError):
            found = load_embedding(path)
            assert np.array_equal(found.vectors, MATRIX[ROWS])

    @pytest.mark.parametrize("rest", ["7 0.5 0.5\n", "7 \0\0\0\0"])
    @pytest.mark.parametrize("header", ["{} 2", "2 {}", "{} {}"])
    def test_header_of_thousands_of_digits_is_refused(self, tmp_path, header, rest):
        digits = "9" * 4301
        (tmp_path / "v.txt").write_text(header.format(digits, digits) + "\n" + rest)
        with pytest.raises(FormatError, match="its header lies"):
            load_embedding(tmp_path / "v.txt")

    @pytest.mark.parametrize(
        "head",
        [
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000, 1000000000)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (12, -6)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': None}",
            "{'descr': 'O', 'fortran_order': False, 'shape': (12, 6)}",
            "{'descr': '<f4'}",
            "{",
            "[" * 1000,
        ],
    )
    def test_npy_headers_that_lie_are_refused(self, tmp_path, head):
        text = head.encode()
        magic = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text
        (tmp_path / "m.npy").write_bytes(magic + MATRIX.tobytes())
        with pytest.raises(InputError):
            load_embedding(tmp_path / "m.npy")

    def test_archive_that_would_fill_the_memory_is_refused(self, tmp_path):
        path = tmp_path / "v.npz"
        head = {"descr": "<f4", "fortran_order": False, "shape": (50_000, 500)}
        with (
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open("vectors.npy", "w") as member,
        ):
            np.lib.format.write_array_header_1_0(member, head)
            for _ in range(100):
                member.write(bytes(10**6))
        tracemalloc.start()
        try:
            with pytest.raises(FormatError, match="would become"):
                load_embedding(path)
            assert tracemalloc.get_traced_memory()[1] < 10**7
        finally:
            tracemalloc.stop()

    def test_file_of_holes_is_not_read_as_one_line(self, tmp_path):
        with open(tmp_path / "v.txt", "wb") as file:
            file.truncate(10**10)
        with pytest.raises(FormatError, match="of no known format"):
            load_embedding(tmp_path / "v.txt")


class TestFailingDisk:
    """A file that cannot be read is not called damaged."""

    @pytest.mark.parametrize("number", [errno.EIO, errno.EMFILE, errno.EACCES])
    @pytest.mark.parametrize("form", FORMATS, ids=str)
    def test_system_errors_are_told_as_such(self, form, tmp_path, monkeypatch, number):
        path, options = written(form, tmp_path)

        def failing(*_, **__):
            raise OSError(number, "told by the system")

        monkeypatch.setattr("safetensors.safe_open", failing)
        monkeypatch.setattr("numpy.load", failing)
        monkeypatch.setattr("mmap.mmap", failing)
        if form.name in ("word2vec-text", "glove", "fasttext-vec"):
            monkeypatch.setattr("builtins.open", failing)
        with pytest.raises(InputError, match="cannot read") as error:
            load_embedding(path, **options)
        assert not isinstance(error.value, FormatError)
        assert "told by the system" in str(error.value)


@cache
def ours() -> tuple[bytes, str]:
    """Return the file of an embedding with counts and replicates, and its fingerprint."""
    half = Embedding(MATRIX[:5], size=20, name="half")
    embedding = Embedding(
        MATRIX, size=20, counts=np.arange(12), replicates=Replicates(embeddings=[(half, half)])
    )
    with tempfile.TemporaryDirectory() as folder:
        return embedding.save(Path(folder) / "e.npz").read_bytes(), embedding.fingerprint


@settings(max_examples=150, suppress_health_check=SLOW_FOLDERS, deadline=None)
@given(st.data())
def test_flipped_bit_in_a_file_of_ours_is_an_error_or_harmless(tmp_path, data):
    whole, fingerprint = ours()
    content = bytearray(whole)
    bit = data.draw(st.integers(0, 8 * len(content) - 1))
    content[bit // 8] ^= 1 << bit % 8
    (tmp_path / "e.npz").write_bytes(content)
    with contextlib.suppress(InputError, UsageError):
        assert load_embedding(tmp_path / "e.npz").fingerprint == fingerprint


@settings(max_examples=60, suppress_health_check=SLOW_FOLDERS, deadline=None)
@given(st.data())
def test_file_of_ours_that_is_cut_off_is_refused(tmp_path, data):
    whole, _ = ours()
    (tmp_path / "e.npz").write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(InputError):
        load_embedding(tmp_path / "e.npz")


HEADS = [
    b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
    struct.pack("<ii", 793712314, 12),
    struct.pack("<ii", 793712314, 11),
    b"3 2\n7 ",
    b"3 2\n",
    b"7 0.5 0.5\n",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b'\x40\0\0\0\0\0\0\0{"t": {"data_offsets": [0, 8], "dtype": "F32", "shape": [2, 1]}}',
    b"",
]


@settings(max_examples=400, suppress_health_check=SLOW_FOLDERS, deadline=None)
@given(
    st.sampled_from(HEADS),
    st.binary(max_size=400),
    st.sampled_from(["", ".npz", ".npy", ".safetensors"]),
)
def test_any_bytes_after_any_head_are_an_error_or_finite(tmp_path, head, rest, suffix):
    path = tmp_path / f"v{suffix}"
    path.write_bytes(head + rest)
    with contextlib.suppress(InputError, UsageError):
        assert np.isfinite(load_embedding(path).vectors).all()


@settings(max_examples=300, suppress_health_check=SLOW_FOLDERS, deadline=None)
@given(st.text(st.sampled_from("0123456789. \n\r\t-einfa,ĠÀ\0"), max_size=80))
def test_any_text_is_an_error_or_finite(tmp_path, text):
    path = tmp_path / "v.txt"
    path.write_text(text, newline="")
    with contextlib.suppress(InputError):
        assert np.isfinite(load_embedding(path).vectors).all()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["7", "12", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["7", "12", "model", "vocab", "added_tokens", "content", "id"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=200, suppress_health_check=SLOW_FOLDERS, deadline=None)
@given(JSON)
def test_any_json_is_a_vocabulary_or_an_error(tmp_path, content):
    (tmp_path / "vocab.json").write_text(json.dumps(content))
    with contextlib.suppress(InputError):
        found = load_embedding(CASES / "m.npy", vocab=tmp_path / "vocab.json")
        assert len(found) <= 20


@settings(max_examples=200, suppress_health_check=SLOW_FOLDERS, deadline=None)
@given(
    st.sampled_from(["size", "replicates", "flags", "name", "provenance", "n_documents"]),
    JSON
    | st.fixed_dictionaries({"kind": JSON, "ids": JSON, "names": JSON})
    | st.sampled_from([-1, 10**12, {"kind": "seeds", "ids": [0], "names": [["a", "b"]]}]),
)
def test_any_header_of_a_file_of_ours_is_an_error_or_harmless(tmp_path, key, value):
    header = {
        "size": 20, "n_documents": None, "flags": [], "name": "", "provenance": {},
        "replicates": {"kind": "half-samples", "ids": [], "names": []}, key: value,
    }  # fmt: skip
    arrays = {"vectors": MATRIX, "numbers": np.arange(12)}
    path = save_npz(tmp_path / "e", kind="embedding", version=2, header=header, arrays=arrays)
    with contextlib.suppress(FormatError):
        found = load_embedding(path)
        assert np.array_equal(found.vectors, MATRIX)
        assert len(found.missing) + len(found) == found.size
        assert repr(found)
