"""Checking what was written: whole is whole, and one flipped bit is found."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import wordnum as wn
from wordnum.errors import InputError
from wordnum.studies.toml_files import load_study
from wordnum.verification import verify

STUDY = """
name = "small"
corpora = ["synthetic"]
perturbations = ["original"]
windows = [2]
signals = ["both"]
[probe]
moduli = [2]
nulls = 19
repeats = 1
[[models]]
name = "SVD"
model = "svd"
dim = 4
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus, counts of numbers and of words, an embedding and a study."""
    folder = tmp_path_factory.mktemp("written")
    corpus = wn.encode_documents(wn.SyntheticCorpus(n_documents=40), folder / "a.corpus")
    counts = wn.count(corpus, window=2)
    counts.save(folder / "counts.npz")
    wn.count_words(corpus, window=2).save(folder / "words.npz")
    wn.expected_counts(corpus, "swap-numbers", window=2).save(folder / "expected.npz")
    wn.SVD(dim=3, half_samples=False).fit_transform(counts.signal("both")).save(folder / "e.npz")
    (folder / "small.toml").write_text(STUDY)
    wn.run_study(load_study(folder / "small.toml"), folder / "out")
    (folder / "small.toml").unlink()
    return folder


def test_what_is_whole_is_found_whole(written: Path):
    found = verify(written)
    assert {str(written / name) for name in ("a.corpus", "counts.npz", "e.npz")} < set(found)
    assert any("cache" in place for place in found)
    assert set(found.values()) == {""}


def test_one_flipped_bit_is_found_wherever_it_is(written: Path, tmp_path: Path):
    rng = np.random.default_rng(0)
    files = [
        path for path in sorted(written.rglob("*"))
        if path.is_file() and path.name not in ("LOCK", "VERSION", "report.html")
    ]  # fmt: skip
    assert len(files) > 12
    for path in files:
        copy = tmp_path / path.name
        shutil.copytree(written, copy)
        broken = copy / path.relative_to(written)
        data = bytearray(broken.read_bytes())
        place = int(rng.integers(len(data)))
        data[place] ^= 1 << int(rng.integers(8))
        broken.write_bytes(data)
        assert any(verify(copy).values()), f"byte {place} of {path.name}"
        shutil.rmtree(copy)


def test_where_nothing_is_ours_it_says_so(tmp_path: Path):
    with pytest.raises(InputError, match="nothing of wordnum's"):
        verify(tmp_path)
