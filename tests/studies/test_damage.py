"""What befalls a study's folder from outside: flipped bits, edits, full disks, few descriptors."""

from __future__ import annotations

import errno
import json
import resource
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.studies.conftest import QUICK
from wordnum.commands.printing import print_summary
from wordnum.corpus.recipes import encode_recipe, encoded_recipe
from wordnum.embeddings.embedding import Embedding
from wordnum.errors import FormatError, InputError, MachineError
from wordnum.storage import write_failure
from wordnum.studies.grid import ModelSpec, Study
from wordnum.studies.records import read_record, write_record
from wordnum.studies.results import StudyResults
from wordnum.studies.runner import run_study
from wordnum.studies.stages import load_or_discard

KINDS = {
    "token ids": "cache/corpus/*/*.ids.npy",
    "borders": "cache/corpus/*/*.starts.npy",
    "manifest": "cache/corpus/*/manifest.json",
    "vocabulary": "cache/corpus/*/vocab*.npz",
    "counts": "cache/counts/*.npz",
    "embedding": "cache/embeddings/*.npz",
    "record": "runs/*.json",
    "study": "study.json",
}


def flip(path: Path, rng: np.random.Generator) -> None:
    content = bytearray(path.read_bytes())
    content[rng.integers(len(content))] ^= 1 << rng.integers(8)
    path.write_bytes(content)


def without_seconds(results: StudyResults) -> pd.DataFrame:
    return results.table.drop(columns="seconds")


@pytest.fixture(scope="module")
def little(quick: Study, quick_done: StudyResults) -> Study:
    """A study of one condition and model, which takes part of a second."""
    return replace(quick, perturbations=("original",), models=quick.models[1:])


@pytest.fixture(scope="module")
def sound(little: Study, tmp_path_factory: pytest.TempPathFactory) -> StudyResults:
    return run_study(little, tmp_path_factory.mktemp("run") / "out")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("times", [3, pytest.param(60, marks=pytest.mark.slow)])
def test_a_flipped_bit_gives_the_same_table_or_an_error_and_never_another_table(
    little: Study, sound: StudyResults, tmp_path: Path, kind: str, times: int
):
    rng = np.random.default_rng(len(kind))
    for _ in range(times):
        run_study(little, tmp_path, overwrite=True)
        path = sorted(tmp_path.glob(KINDS[kind]))[0]
        flip(path, rng)
        if kind not in ("record", "study"):
            for record in tmp_path.glob("runs/*"):
                record.unlink()
        if path.is_relative_to(tmp_path / "cache" / "corpus"):
            shutil.rmtree(tmp_path / "cache" / "counts")
            shutil.rmtree(tmp_path / "cache" / "embeddings")
        if kind == "study":
            with pytest.raises(FormatError, match="study.json cannot be read"):
                run_study(little, tmp_path)
        found = run_study(little, tmp_path, overwrite=kind == "study")
        pd.testing.assert_frame_equal(without_seconds(found), without_seconds(sound))


def test_an_encoded_corpus_of_the_users_own_is_checked_too(little: Study, tmp_path: Path):
    folder = tmp_path / "mine"
    encode_recipe(little.corpora[0], folder)
    study = replace(little, corpora=(encoded_recipe(folder),))
    flip(next(folder.glob("*.ids.npy")), np.random.default_rng(0))
    with pytest.raises(InputError, match=r"every run .* failed\n.*the corpus is damaged"):
        run_study(study, tmp_path / "out")


def test_an_edited_kappa_is_refused_and_measured_again(
    little: Study, sound: StudyResults, tmp_path: Path
):
    results = run_study(little, tmp_path)
    [path] = (tmp_path / "runs").iterdir()
    record = json.loads(path.read_text())
    record["measures"]["10"]["kappa"] = 99.0
    path.write_text(json.dumps(record))
    with pytest.raises(FormatError, match=f"{path.name} cannot be read\n.*\n.*checksum"):
        StudyResults.open(tmp_path).table  # noqa: B018
    assert without_seconds(run_study(little, tmp_path)).equals(without_seconds(results))


@pytest.mark.parametrize("text", ["", "{", "[1]", "7", "[" * 3000, '{"a": 1}', "\udcff"])
def test_what_is_no_record_is_named(tmp_path: Path, text: str):
    path = tmp_path / "a.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(FormatError, match=r"a\.json cannot be read"):
        read_record(path)


def test_what_cannot_be_opened_is_not_thrown_away(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    path = tmp_path / "a.json"
    write_record(path, {"a": 1})

    def refuse(path: Path) -> None:
        raise PermissionError(errno.EACCES, "permission denied")

    with pytest.raises(PermissionError):
        load_or_discard(path, refuse)
    assert load_or_discard(path, read_record) == {"a": 1}
    path.write_text("{}")
    assert load_or_discard(path, read_record) is None
    assert not path.exists()


@pytest.mark.parametrize("where", ["save", "encode"])
def test_a_full_disk_ends_the_study_and_keeps_what_is_done(
    quick: Study,
    quick_done: StudyResults,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
):
    saved: list[Path] = []
    save, full = Embedding.save, OSError(errno.ENOSPC, "No space left on device")

    def fills_up(self: Embedding, path: Path) -> Path:
        if len(saved) == 2:
            raise write_failure(path, full)
        saved.append(path)
        return save(self, path)

    def full_at_once(*args: object, **options: object) -> None:
        raise write_failure(tmp_path, full)

    with monkeypatch.context() as patched:
        if where == "save":
            patched.setattr(Embedding, "save", fills_up)
        else:
            patched.setattr("wordnum.studies.stages.encode_recipe", full_at_once)
        with pytest.raises(InputError, match="the disk is full"):
            run_study(quick, tmp_path)
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.glob("runs/*")}
    assert len(kept) == len(saved)
    found = run_study(quick, tmp_path)
    pd.testing.assert_frame_equal(without_seconds(found), without_seconds(quick_done))
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items())


def test_a_disk_that_fills_up_with_the_last_table_is_no_answer_that_is_missing(
    little: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(path: Path, frame: pd.DataFrame) -> None:
        raise write_failure(path, OSError(errno.ENOSPC, "No space left on device"))

    monkeypatch.setattr("wordnum.studies.questions.write_frame", full)
    with pytest.raises(MachineError, match="the disk is full"):
        run_study(replace(little, words=True), tmp_path)


def test_cells_that_a_spreadsheet_would_compute_are_quoted(quick: Study, tmp_path: Path):
    models = tuple(
        ModelSpec(f"{sign}1+1", "random", {"dim": 4}) for sign in ("=", "+", "-", "@", "a")
    )
    results = run_study(replace(quick, models=models), tmp_path)
    assert set(results.table["model"]) == {"=1+1", "+1+1", "-1+1", "@1+1", "a1+1"}
    for name in ("table.csv", "comparisons.csv"):
        written = pd.read_csv(tmp_path / name)["model"]
        assert set(written) == {"'=1+1", "'+1+1", "'-1+1", "'@1+1", "a1+1"}


def test_names_are_text_and_never_markup(
    quick: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    model = ModelSpec("[/red]", "random", {"dim": 4})
    corpora = (replace(quick.corpora[0], name="[/b] \x1b[31m"),)
    study = replace(quick, corpora=corpora, models=(model,), perturbations=("original",))
    print_summary(run_study(study, tmp_path))
    shown = capsys.readouterr().out
    assert "[/b] \\x1b[31m" in shown
    assert "[/red]" in shown


def few_descriptors() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


@pytest.mark.long
@pytest.mark.parametrize("jobs", [pytest.param("1", marks=pytest.mark.slow), "2"])
def test_a_study_needs_few_descriptors(tmp_path: Path, jobs: str):
    (tmp_path / "quick.toml").write_text(QUICK)
    command = [sys.executable, "-m", "wordnum", "study", str(tmp_path / "quick.toml")]
    done = subprocess.run(
        [*command, "-o", str(tmp_path / "out"), "--jobs", jobs],
        capture_output=True,
        text=True,
        preexec_fn=few_descriptors,
    )
    assert done.returncode == 0, done.stderr
