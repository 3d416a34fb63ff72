"""A small disk that fills up: one clear error, nothing half-written, and work goes on with room."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from tests.corpus.texts import content, make_text
from tests.studies.conftest import QUICK
from wordnum.cooccurrence import number_pairs, word_pairs
from wordnum.cooccurrence.counting import count
from wordnum.cooccurrence.word_pairs import count_words
from wordnum.corpus import pieces, sources
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.encoding import encode
from wordnum.errors import MachineError

FULL = r"No space left on device \(the disk is full\)"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Folder of a file system of so many kilobytes, which may be made larger."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def of(kilobytes: int) -> Path:
        again = "remount," if folder.is_mount() else ""
        options = f"{again}size={kilobytes}k"
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
        return folder

    if shutil.which("mount") is None:
        pytest.skip("no small disk can be mounted here: there is no command mount")
    yield of
    if folder.is_mount():
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("texts") / "a.txt"
    path.write_text(make_text(2000))
    return path


@pytest.fixture(scope="module")
def whole(text: Path, tmp_path_factory: pytest.TempPathFactory) -> EncodedCorpus:
    return encode(text, tmp_path_factory.mktemp("whole") / "c")


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.long)])
@pytest.mark.parametrize("kilobytes", [40, 200, 500, 800])
def test_encoding_goes_on_once_there_is_room(
    disk: Callable[[int], Path],
    text: Path,
    whole: EncodedCorpus,
    monkeypatch: pytest.MonkeyPatch,
    kilobytes: int,
    jobs: int,
):
    monkeypatch.setattr(pieces, "CHUNK", 65_536)
    monkeypatch.setattr(pieces, "CHUNKS_PER_PIECE", 1)
    monkeypatch.setattr(sources, "RANGE", 131_072)
    folder = disk(kilobytes)
    with pytest.raises(MachineError, match=FULL):
        encode(text, folder / "c", n_jobs=jobs)
    assert not (folder / "c").exists()
    kept = {path: path.stat().st_mtime_ns for path in folder.glob(".c.part-*/[0-9a-f]*.npz")}
    disk(64_000)
    encode(text, folder / "c", n_jobs=jobs)
    assert whole.path is not None
    assert content(folder / "c") == content(whole.path)
    assert [path.name for path in folder.iterdir()] == ["c"]
    assert bool(kept) == (kilobytes > 100)


def test_counts_are_whole_or_absent(disk: Callable[[int], Path], whole: EncodedCorpus):
    counts, folder = count(whole, window=10), disk(20)
    with pytest.raises(MachineError, match=FULL):
        counts.save(folder / "counts.npz")
    assert list(folder.iterdir()) == []
    disk(64_000)
    assert type(counts).load(counts.save(folder / "counts.npz")).fingerprint == counts.fingerprint


@pytest.mark.parametrize("rows", ["numbers", "all"])
def test_events_that_find_no_room_on_disk_are_an_error_that_names_the_folder(
    disk: Callable[[int], Path],
    whole: EncodedCorpus,
    monkeypatch: pytest.MonkeyPatch,
    rows: str,
):
    for module in (number_pairs, word_pairs):
        monkeypatch.setattr(module, "IN_MEMORY", 1000)
    monkeypatch.setattr(word_pairs, "RUN_PAIRS", 10_000)
    monkeypatch.setattr(tempfile, "tempdir", str(disk(20)))
    with pytest.raises(MachineError, match=rf"counted events to .*disk\n.*{FULL}\n.*TMPDIR"):
        count(whole, window=10) if rows == "numbers" else count_words(whole, window=10)
    disk(64_000)
    assert list(Path(tempfile.gettempdir()).iterdir()) == []


@pytest.mark.long
@pytest.mark.parametrize("kilobytes", [60, 1000])
def test_a_study_ends_with_an_error_and_goes_on_once_there_is_room(
    disk: Callable[[int], Path], tmp_path: Path, kilobytes: int
):
    """With two workers, whose errors travel: encoding does not fit at first, later the results."""
    (tmp_path / "quick.toml").write_text(QUICK)
    command = [sys.executable, "-m", "wordnum", "study", str(tmp_path / "quick.toml"), "--jobs=2"]

    def run(folder: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, "-o", str(folder)], capture_output=True, text=True)

    folder = disk(kilobytes)
    done = run(folder / "out")
    assert done.returncode == 1
    assert "the disk is full" in done.stderr
    assert "Traceback" not in done.stderr
    kept = {path: path.stat().st_mtime_ns for path in folder.glob("out/cache/corpus/*/*")}
    disk(256_000)
    assert run(folder / "out").returncode == 0
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items())
    assert run(tmp_path / "whole").returncode == 0
    tables = [pd.read_csv(place / "table.csv") for place in (folder / "out", tmp_path / "whole")]
    pd.testing.assert_frame_equal(*(table.drop(columns="seconds") for table in tables))
    assert bool(kept) == (kilobytes > 100)
