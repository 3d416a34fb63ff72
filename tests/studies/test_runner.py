"""Running a study: what is shared, kept, continued and refused."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.studies.conftest import QUICK
from wordnum import _compat
from wordnum.corpus.encoded_corpus import Block, EncodedCorpus
from wordnum.corpus.recipes import encode_recipe, encoded_recipe, find_recipe
from wordnum.corpus.rewriting import SwapNumbers
from wordnum.errors import InputError, MissingExtraError, UsageError
from wordnum.parallel import parallel_backend
from wordnum.studies.columns import MEASURES
from wordnum.studies.folder import claim
from wordnum.studies.grid import ModelSpec, ProbeSpec, Study
from wordnum.studies.records import read_record, write_record
from wordnum.studies.results import StudyResults
from wordnum.studies.runner import run_study
from wordnum.studies.toml_files import load_study

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals as on POSIX")


def assert_same_table(a: StudyResults, b: StudyResults) -> None:
    left, right = (r.table.drop(columns="seconds").reset_index(drop=True) for r in (a, b))
    pd.testing.assert_frame_equal(left, right, check_exact=True)


def written_at(folder: Path, pattern: str) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.glob(pattern) if path.is_file()}


def test_workers_change_nothing(planted: Study, done: StudyResults, tmp_path: Path):
    assert_same_table(done, run_study(planted, tmp_path / "out", n_jobs=2))


@pytest.mark.long
def test_a_cluster_changes_nothing(quick: Study, quick_done: StudyResults, tmp_path: Path):
    pytest.importorskip("distributed", reason="dask.distributed is not installed")
    with parallel_backend("dask"):
        assert_same_table(quick_done, run_study(quick, tmp_path / "out", n_jobs=2))


def test_an_encoded_corpus_measures_as_its_text_does(
    quick: Study, quick_done: StudyResults, tmp_path: Path
):
    folder = tmp_path / "mine.corpus"
    encode_recipe(quick.corpora[0], folder)
    found = run_study(replace(quick, corpora=(encoded_recipe(folder),)), tmp_path / "out").table
    pd.testing.assert_frame_equal(found[list(MEASURES)], quick_done.table[list(MEASURES)])
    assert set(found["corpus"]) == {"mine"}


def test_another_corpus_of_the_same_name_is_fitted_anew(tmp_path: Path):
    """What is cached goes by what a corpus holds, not by what its folder is called."""
    model = ModelSpec("sgns", "sgns", {"dim": 4, "epochs": 1, "min_count": 1})
    tables = []
    for seed in (1, 2):
        folder = tmp_path / str(seed) / "mine"
        folder.parent.mkdir()
        parameters = {"n_documents": 60, "length": 80, "density": 0.2, "random_state": seed}
        encode_recipe(find_recipe("synthetic").changed(synthetic=parameters), folder)
        study = Study(
            name="same", corpora=(encoded_recipe(folder),), models=(model,),
            probe=ProbeSpec(moduli=(2,), nulls=0),
        )  # fmt: skip
        tables.append(run_study(study, tmp_path / "out", overwrite=True).table)
    assert tables[0]["corpus"].tolist() == tables[1]["corpus"].tolist() == ["mine"]
    assert tables[0]["phi"].tolist() != tables[1]["phi"].tolist()


def test_a_device_that_is_missing_is_an_error_before_anything_is_done(quick: Study, tmp_path: Path):
    with pytest.raises(UsageError, match="gpu"):
        run_study(quick, tmp_path / "out", device="gpu")
    if not _compat.available("cupy"):
        with pytest.raises(MissingExtraError, match=r"pip install 'wordnum\[gpu-cuda"):
            run_study(quick, tmp_path / "out", device="cuda")
    assert not (tmp_path / "out").exists()


def test_a_second_run_does_nothing_again(quick: Study, quick_done: StudyResults):
    before = written_at(quick_done.folder, "cache/*/*") | written_at(quick_done.folder, "runs/*")
    again = run_study(quick, quick_done.folder)
    assert before
    assert before == written_at(quick_done.folder, "cache/*/*") | written_at(
        quick_done.folder, "runs/*"
    )
    assert_same_table(quick_done, again)


def test_a_resumed_study_says_what_is_done_already(
    quick: Study, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    first = run_study(quick, tmp_path)
    (tmp_path / "runs" / f"{first.records[0]['key']}.json").unlink()
    with caplog.at_level(logging.INFO):
        run_study(quick, tmp_path)
    assert "measuring: 3 of 4 done already" in caplog.text


def test_identity_columns_hold_what_was_used_and_not_what_was_typed(quick: Study, tmp_path: Path):
    models = (ModelSpec("S", "svd"), ModelSpec("R", "random", {"dim": 4}))
    results = run_study(replace(quick, models=models, perturbations=("original",)), tmp_path)
    rows = results.table.groupby("model")[["weighting", "dim", "window", "signal"]].first()
    default = ModelSpec("S", "svd").estimator()
    assert rows.loc["S"].tolist() == [str(default.weighting), 100, 2, "both"]
    assert rows.loc["R", "dim"] == 4
    assert rows.loc["R", ["weighting", "window", "signal"]].isna().all()


def test_conditions_may_be_objects_which_keep_their_seed(quick: Study, tmp_path: Path):
    conditions = ("original", SwapNumbers(random_state=5))
    results = run_study(replace(quick, perturbations=conditions, seeds=(0, 1)), tmp_path)
    frequency = results.table[results.table["model"] == "F"]
    assert set(frequency["condition"]) == {"original", "swap-numbers"}
    assert frequency["seed"].isna().all()
    assert set(results.table.loc[results.table["model"] == "R", "seed"]) == {0, 1}


@dataclass(frozen=True)
class MaskWords:
    """Every word becomes unknown but for the numbers: one that no package knows."""

    name = "mask-words"

    def prepare(self, corpus: EncodedCorpus) -> Masked:
        return Masked(corpus.vocabulary.size, corpus.vocabulary.unknown)


@dataclass(frozen=True)
class Masked:
    size: int
    unknown: int

    def apply(self, block: Block) -> Block:
        return replace(block, ids=np.where(block.ids < self.size, block.ids, self.unknown))


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_perturbation_of_the_users_own_reaches_counts_and_text_models(
    quick: Study, tmp_path: Path, jobs: int
):
    svd = ModelSpec("S", "svd", {"weighting": "hellinger", "dim": 5})
    sgns = ModelSpec("G", "sgns", {"dim": 4, "epochs": 1, "min_count": 1})
    study = replace(
        quick, models=(svd, sgns), signals=("text", "number"),
        perturbations=("original", MaskWords()),
    )  # fmt: skip
    results = run_study(study, tmp_path, n_jobs=jobs)
    table = results.table[results.table["T"].isna() | (results.table["T"] == 2)]
    rows = table.set_index(["model", "condition", "signal"]).sort_index()
    for model in ("S", "G"):  # no word is left that numbers could stand beside
        assert rows.loc[(model, "mask-words", "text"), "status"] == "failed"
        numbers = rows.loc[model].xs("number", level="signal")
        assert set(numbers["status"]) == {"done"}
    numbers = rows.loc["S"].xs("number", level="signal")
    assert numbers.loc["mask-words", "phi"] == numbers.loc["original", "phi"]
    assert results.about["spec"]["perturbations"] == ["original", "mask-words"]


def test_a_changed_probe_measures_again_and_fits_nothing_again(quick: Study, tmp_path: Path):
    first = run_study(quick, tmp_path)
    cached = written_at(tmp_path, "cache/*/*")
    other = replace(quick, probe=replace(quick.probe, repeats=2))
    with pytest.raises(InputError, match="which has other probe\n"):
        run_study(other, tmp_path)
    second = run_study(other, tmp_path, overwrite=True)
    assert written_at(tmp_path, "cache/*/*") == cached
    assert any("embeddings" in str(path) for path in cached)
    assert set(second.table["key"]).isdisjoint(first.table["key"])
    assert second.about["seconds"]["count"] < second.about["seconds"]["measure"]


def test_a_renamed_model_is_not_fitted_again(quick: Study, tmp_path: Path):
    run_study(quick, tmp_path)
    cached = written_at(tmp_path, "cache/embeddings/*")
    renamed = replace(quick, models=tuple(replace(m, name=m.name + "2") for m in quick.models))
    run_study(renamed, tmp_path, overwrite=True)
    assert written_at(tmp_path, "cache/embeddings/*") == cached


def started(tmp_path: Path, *more: str) -> subprocess.Popen[bytes]:
    study = tmp_path / "quick.toml"
    study.write_text(QUICK)
    command = [sys.executable, "-m", "wordnum", "study", str(study), "-o", str(tmp_path / "out")]
    return subprocess.Popen(
        [*command, *more],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # Whoever runs the tests in the background has their interrupts ignored, and hands that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def caught(process: subprocess.Popen[bytes], happened: Callable[[], object]) -> bool:
    """Whether it happened before the process ended; then a signal still reaches it."""
    deadline = time.monotonic() + 120
    while process.poll() is None:
        if happened():
            return True
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return False


@pytest.mark.long
@POSIX
def test_a_run_killed_again_and_again_goes_on_to_the_same_table(
    quick: Study, quick_done: StudyResults, tmp_path: Path
):
    out = tmp_path / "out"
    moments: list[Callable[[], object]] = [
        lambda: list(out.glob("cache/corpus/.*")),
        lambda: list(out.glob("cache/corpus/*/*")),
        lambda: list(out.glob("cache/counts/.*")),
        lambda: list(out.glob("runs/*")),
        lambda: len(list(out.glob("runs/*.json"))) > 1,
    ]
    for happened in moments:
        process = started(tmp_path)
        if caught(process, happened):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    assert_same_table(quick_done, run_study(quick, out))
    assert not [path for path in out.rglob("*") if ".part" in path.name]


@pytest.mark.long
@POSIX
@pytest.mark.parametrize("jobs", [pytest.param("1", marks=pytest.mark.slow), "2"])
def test_an_interrupt_leaves_no_half_written_file_and_says_how_to_go_on(tmp_path: Path, jobs: str):
    out = tmp_path / "out"
    process = started(tmp_path, "--jobs", jobs)
    assert caught(process, lambda: list(out.glob("cache/counts/*")))
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    assert b"interrupted" in stderr
    assert b"the same command goes on" in stderr
    assert b"Traceback" not in stderr
    assert not [path for path in out.rglob("*") if ".part" in path.name]


def alive(group: int) -> list[str]:
    """Processes of a process group that have not ended."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text().rpartition(")")
        except OSError:  # gone meanwhile
            continue
        state, _, of_group = rest.split()[:3]
        if int(of_group) == group and state != "Z":
            found.append(name)
    return found


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes as on Linux")
@pytest.mark.parametrize(
    "sent", [signal.SIGTERM, pytest.param(signal.SIGKILL, marks=pytest.mark.slow)]
)
def test_workers_end_with_their_parent(tmp_path: Path, sent: signal.Signals):
    process = started(tmp_path, "--jobs", "2")
    assert caught(process, lambda: list((tmp_path / "out").glob("cache/counts/*")))
    process.send_signal(sent)
    process.communicate()
    deadline = time.monotonic() + 60
    while alive(process.pid):
        assert time.monotonic() < deadline, alive(process.pid)
        time.sleep(0.1)


def cut(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])


@pytest.mark.parametrize("pattern", ["cache/counts/*.npz", "cache/embeddings/*.npz", "runs/*.json"])
def test_a_damaged_file_is_found_and_made_again(
    quick: Study,
    quick_done: StudyResults,
    tmp_path: Path,
    pattern: str,
    caplog: pytest.LogCaptureFixture,
):
    run_study(quick, tmp_path)
    damaged = sorted(tmp_path.glob(pattern))
    for path in damaged:
        cut(path)
    if not pattern.startswith("runs"):
        for path in tmp_path.glob("runs/*"):
            path.unlink()
    with caplog.at_level(logging.WARNING):
        assert_same_table(quick_done, run_study(quick, tmp_path))
    assert f"{damaged[0]} is damaged and is made again" in caplog.text


def test_a_damaged_corpus_is_encoded_again(
    quick: Study, quick_done: StudyResults, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    run_study(quick, tmp_path)
    cut(next(tmp_path.glob("cache/corpus/*/*.ids.npy")))
    with caplog.at_level(logging.WARNING):
        assert_same_table(quick_done, run_study(quick, tmp_path))
    assert "is damaged and is made again" in caplog.text


def test_a_corpus_that_cannot_be_read_fails_its_runs_and_no_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    text = QUICK.replace(
        "[[models]]", '[[corpora]]\nname = "lost"\nsource = "no.txt"\n[[models]]', 1
    )
    (tmp_path / "two.toml").write_text(text)
    results = run_study(load_study(tmp_path / "two.toml", root=str(tmp_path)), tmp_path / "out")
    status = results.table.groupby("corpus")["status"].first()
    assert dict(status) == {"lost": "failed", "small": "done"}
    failed = results.table[results.table["corpus"] == "lost"]
    assert failed["error"].str.contains("the source of recipe 'lost' was not found").all()
    assert len(failed) > 1
    assert caplog.text.count("the source of recipe 'lost' was not found") == 1, "told once for all"


def test_a_study_of_which_every_run_failed_is_an_error(quick: Study, tmp_path: Path):
    bad = replace(quick, models=(replace(quick.models[1], parameters={"dim": 0}),))
    with pytest.raises(InputError, match="every run of study .quick. failed\n.*dim cannot be 0"):
        run_study(bad, tmp_path)


def test_a_folder_of_another_study_is_refused_with_what_is_different(
    quick: Study, quick_done: StudyResults
):
    before = written_at(quick_done.folder, "*")
    other = replace(quick, perturbations=("original",), seeds=(1,))
    with pytest.raises(InputError, match="holds another study\n.*\n.*other perturbations, seeds"):
        run_study(other, quick_done.folder)
    assert written_at(quick_done.folder, "*") == before


def test_titles_and_places_make_no_other_study(quick: Study):
    recipe = replace(quick.corpora[0], root="/elsewhere", title="T")
    assert replace(quick, title="new", corpora=(recipe,)).fingerprint == quick.fingerprint
    assert replace(quick, probe=ProbeSpec(nulls=7)).fingerprint != quick.fingerprint


def test_overwriting_takes_away_what_the_other_study_left(
    quick: Study, quick_done: StudyResults, tmp_path: Path
):
    write_record(tmp_path / "study.json", {"name": "other", "fingerprint": "x", "runs": []})
    for name in ("attribution.csv", "report.html"):
        (tmp_path / name).write_text("of the other study")
    assert_same_table(quick_done, run_study(quick, tmp_path, overwrite=True))
    assert not (tmp_path / "attribution.csv").exists()
    assert not (tmp_path / "report.html").exists()


def test_a_folder_with_other_files_is_left_alone(quick: Study, tmp_path: Path):
    (tmp_path / "thesis.doc").write_text("x")
    with pytest.raises(InputError, match="is not empty and holds no study\n.*\n  got: thesis.doc"):
        run_study(quick, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.doc"]


@POSIX
def test_two_runs_do_not_write_to_one_folder(quick: Study, tmp_path: Path):
    with (
        claim(tmp_path, quick, overwrite=False),
        pytest.raises(InputError, match="another run is writing to"),
    ):
        run_study(quick, tmp_path)


def test_an_interrupted_second_run_keeps_the_results_of_the_first(
    quick: Study, quick_done: StudyResults
):
    with (
        pytest.raises(KeyboardInterrupt),
        claim(quick_done.folder, quick, overwrite=False),
    ):
        raise KeyboardInterrupt
    assert_same_table(StudyResults.open(quick_done.folder), quick_done)


def test_half_encoded_text_is_not_swept_away(quick: Study, tmp_path: Path):
    resumable = tmp_path / "cache" / "corpus" / ".abc.part-0123"
    resumable.mkdir(parents=True)
    left = tmp_path / "cache" / "counts" / ".abc.npz.wordnum-abcd1234.part.npz"
    left.parent.mkdir()
    left.write_text("half")
    with claim(tmp_path, quick, overwrite=False):
        assert resumable.exists()
        assert not left.exists()


def test_work_left_beside_a_finished_corpus_is_swept_away(quick: Study, tmp_path: Path):
    run_study(quick, tmp_path)
    [corpus] = (tmp_path / "cache" / "corpus").iterdir()
    left = corpus.with_name(f".{corpus.name}.part-0123")
    left.mkdir()
    (left / "piece").write_text("of an encoding that was killed while it cleaned up")
    run_study(quick, tmp_path)
    assert not left.exists()
    assert corpus.exists()


def test_isolated_numbers_make_no_run_of_number_pairs(quick: Study):
    study = replace(
        load_study("demo"), corpora=quick.corpora, perturbations=("original", "isolate:1")
    )
    signals = {(run.condition, run.signal) for run in study.runs()}
    assert ("original", "number") in signals
    assert ("isolate:1", "number") not in signals
    assert ("isolate:1", "text") in signals


def test_study_json_is_whole_before_anything_is_measured(quick: Study, tmp_path: Path):
    with claim(tmp_path, quick, overwrite=False):
        about = read_record(tmp_path / "study.json")
    assert about["spec"]["name"] == "quick"
    assert about["runs"] == []
