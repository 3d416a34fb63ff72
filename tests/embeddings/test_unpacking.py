"""Compressed vector files of every format: read by their content, and what is damaged refused."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile

import numpy as np
import pytest

from tests.embeddings.test_pretrained import MATRIX, NUMBERS, ROWS, written
from tests.embeddings.vector_files import FORMATS
from wordnum.embeddings.vector_files import load_embedding
from wordnum.errors import FormatError

try:
    from compression import zstd
except ImportError:
    from backports import zstd

COMPRESS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zstd.compress}


@pytest.mark.parametrize("form", FORMATS, ids=str)
def test_every_format_is_read_out_of_gzip(form, tmp_path):
    path, options = written(form, tmp_path)
    packed = path.with_name(path.name + ".gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    tensor = {"tensor": "wte.weight"} if form.name == "safetensors" else {}
    found = load_embedding(packed, **tensor, **options)
    assert found.numbers.tolist() == NUMBERS
    assert np.array_equal(found.vectors.astype(np.float32), MATRIX[ROWS])
    assert found.name == packed.name
    assert found.provenance["bytes"] == packed.stat().st_size


@pytest.mark.parametrize("suffix", COMPRESS)
@pytest.mark.parametrize("named", [True, False])
def test_compression_is_known_by_its_content(tmp_path, suffix, named):
    path = tmp_path / ("v.vec" + (suffix if named else ""))
    path.write_bytes(COMPRESS[suffix](b"the 0.1 0.2\n7 0.5 0.25\n"))
    assert load_embedding(path).vectors.tolist() == [[0.5, 0.25]]


@pytest.mark.parametrize("suffix", COMPRESS)
def test_archive_that_is_cut_off_is_refused(tmp_path, suffix):
    rows = np.random.default_rng(0).standard_normal((200, 20))
    text = "".join(f"{n} {' '.join(map(str, row))}\n" for n, row in enumerate(rows))
    whole = COMPRESS[suffix](text.encode())
    for length in (8, len(whole) // 2, len(whole) - 1):
        (tmp_path / "v").write_bytes(whole[:length])
        with pytest.raises(FormatError, match="is damaged or cut off"):
            load_embedding(tmp_path / "v")


def test_error_in_the_content_names_the_file_that_the_user_has(tmp_path):
    path = tmp_path / "v.txt.gz"
    path.write_bytes(gzip.compress(b"the 0.1 0.2\n7 0.1 o.2\n"))
    with pytest.raises(FormatError, match="v.txt.gz is damaged") as error:
        load_embedding(path)
    assert error.value.where == "line 2, word '7'"


def test_archive_that_would_fill_the_disk_is_refused(tmp_path):
    (tmp_path / "v.gz").write_bytes(gzip.compress(bytes(30_000_000)))
    with pytest.raises(FormatError, match="more than 100 times its size"):
        load_embedding(tmp_path / "v.gz")


def test_zip_archive_is_no_pickle(tmp_path):
    with zipfile.ZipFile(tmp_path / "glove.zip", "w") as archive:
        archive.writestr("glove.txt", "7 1 2\n")
    with pytest.raises(FormatError, match="it is a zip archive") as error:
        load_embedding(tmp_path / "glove.zip")
    assert error.value.remedy == "unpack it first"
