"""The common modules: errors, files, hashes, configuration, parallel maps, progress."""

from __future__ import annotations

import errno
import os
import pickle
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from wordnum import _compat, progress
from wordnum.config import build, nearest, one_of, read_toml, whole_number
from wordnum.errors import (
    FormatError,
    InputError,
    MissingExtraError,
    UsageError,
    WordnumError,
)
from wordnum.parallel import map_tasks, parallel_backend
from wordnum.provenance import content_hash, jsonable, provenance
from wordnum.storage import (
    atomic_folder,
    atomic_path,
    file_hash,
    load_npz,
    locked,
    npz_kind,
    save_npz,
    sweep,
    write_json,
    write_text,
)


@pytest.mark.parametrize("kind", [InputError, FormatError, UsageError, MissingExtraError])
def test_an_error_survives_the_way_back_from_a_worker(kind: type[WordnumError]):
    error = kind("bad", expected="a", got="b", where="c", remedy="d")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == str(error) == "bad\n  expected: a\n  got: b\n  where: c\n  to do: d"


def test_an_atomic_file_is_whole_or_absent(tmp_path: Path):
    target = tmp_path / "sub" / "a.txt"
    write_text(target, "first")
    with pytest.raises(KeyboardInterrupt), atomic_path(target) as path:
        path.write_text("half")
        raise KeyboardInterrupt
    assert target.read_text() == "first"
    assert [p.name for p in target.parent.iterdir()] == ["a.txt"]


def test_a_full_disk_is_one_clear_error_and_leaves_nothing(tmp_path: Path):
    with pytest.raises(InputError, match="No space left on device") as caught:  # noqa: SIM117
        with atomic_path(tmp_path / "a") as path:
            path.write_text("x")
            raise OSError(28, "No space left on device")
    assert "free disk space" in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_named(tmp_path: Path):
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="cannot write"):
        write_text(tmp_path / "a", "x")


def test_an_atomic_folder_is_whole_or_absent(tmp_path: Path):
    with pytest.raises(ValueError, match="stop"), atomic_folder(tmp_path / "out") as folder:
        (folder / "part").write_text("x")
        raise ValueError("stop")
    assert not list(tmp_path.iterdir())
    with atomic_folder(tmp_path / "out") as folder:
        (folder / "part").write_text("x")
    assert (tmp_path / "out" / "part").read_text() == "x"
    with pytest.raises(InputError, match="exists already"), atomic_folder(tmp_path / "out"):
        pass


def test_npz_keeps_header_and_arrays_and_refuses_what_it_is_not(tmp_path: Path):
    arrays = {"x": np.arange(3), "y": np.ones((2, 2))}
    path = save_npz(tmp_path / "a", kind="toy", version=2, header={"k": [1]}, arrays=arrays)
    assert path.name == "a.npz"
    header, found = load_npz(path, kind="toy", version=2)
    assert header["k"] == [1]
    assert all(np.array_equal(found[name], arrays[name]) for name in arrays)
    with pytest.raises(FormatError, match="does not hold counts"):
        load_npz(path, kind="counts", version=2)
    with pytest.raises(FormatError, match="format version 2"):
        load_npz(path, kind="toy", version=1)
    with pytest.raises(InputError, match="no such file"):
        load_npz(tmp_path / "b.npz", kind="toy", version=2)


@pytest.mark.parametrize("keep", [0.2, 0.9])
def test_a_truncated_npz_is_refused(tmp_path: Path, keep: float):
    path = save_npz(tmp_path / "a", kind="toy", version=1, header={}, arrays={"x": np.arange(9999)})
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(FormatError, match="cannot be read as toy"):
        load_npz(path, kind="toy", version=1)


def test_an_npz_with_a_pickle_inside_is_refused(tmp_path: Path):
    np.savez(tmp_path / "evil.npz", x=np.array([{"a": 1}], dtype=object))
    with pytest.raises(FormatError, match="cannot be read"):
        load_npz(tmp_path / "evil.npz", kind="toy", version=1)


def test_what_a_killed_process_left_is_removed_by_the_next_and_what_is_being_written_is_not(
    tmp_path: Path,
):
    script = (
        "import os, sys; from wordnum.storage import atomic_path\n"
        "with atomic_path(sys.argv[1]) as path:\n"
        "    path.write_text('half'); os._exit(9)"
    )
    target = tmp_path / "a.npz"
    assert subprocess.run([sys.executable, "-c", script, str(target)]).returncode == 9
    assert len(list(tmp_path.iterdir())) == 1
    with atomic_path(target) as mine:
        with atomic_path(target) as other:
            assert mine.exists()
            other.write_text("other")
        mine.write_text("mine")
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]
    assert target.read_text() == "mine"


def test_sweeping_removes_only_what_is_ours_and_unfinished(tmp_path: Path):
    kept = [".a.part", ".b.npz.part.npz", "c.wordnum-abcdefgh.part"]
    for name in [*kept, ".a.npz.wordnum-abcdefgh.part.npz"]:
        (tmp_path / name).write_text("x")
    sweep(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(kept)


def test_a_lock_is_held_by_one_and_ends_with_its_process(tmp_path: Path):
    script = (
        "import sys, time; from wordnum.storage import locked\n"
        "with locked(sys.argv[1], what='x'):\n    print(1, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "LOCK")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(InputError, match="another run is writing to out"):  # noqa: SIM117
            with locked(tmp_path / "LOCK", what="out"):
                pass
        other.kill()
        other.wait()
        with locked(tmp_path / "LOCK", what="out"):
            pass


def npz_bytes(tmp_path: Path, **arrays: np.ndarray) -> bytes:
    path = save_npz(
        tmp_path / "whole", kind="toy", version=1, header={}, arrays=arrays, compress=False
    )
    return path.read_bytes()


@pytest.mark.parametrize("mapped", [False, True])
def test_after_one_flipped_bit_an_npz_is_refused_or_the_same(tmp_path: Path, mapped: bool):
    arrays = {"x": np.arange(40), "y": np.ones((3, 2), np.float32)}
    data = npz_bytes(tmp_path, **arrays)
    rng = np.random.default_rng(0)
    refused = 0
    for bit in rng.choice(8 * len(data), 400, replace=False):
        broken = bytearray(data)
        broken[bit // 8] ^= 1 << (bit % 8)
        (tmp_path / "b.npz").write_bytes(broken)
        try:
            _, found = load_npz(tmp_path / "b.npz", kind="toy", version=1, mapped=mapped)
        except FormatError:
            refused += 1
        else:
            assert all(np.array_equal(found[name], arrays[name]) for name in arrays)
    assert refused > 200


@pytest.mark.parametrize("content", [b"", b"PK", b"{" * 22, b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_npz_is_refused(tmp_path: Path, content: bytes):
    (tmp_path / "a.npz").write_bytes(content)
    for mapped in (False, True):
        with pytest.raises(FormatError, match="cannot be read as toy"):
            load_npz(tmp_path / "a.npz", kind="toy", version=1, mapped=mapped)
    assert npz_kind(tmp_path / "a.npz") is None


def test_an_npz_that_would_fill_the_memory_is_refused(tmp_path: Path):
    arrays = {"x": np.zeros(80 * 2**20, np.uint8)}
    path = save_npz(tmp_path / "a", kind="toy", version=1, header={}, arrays=arrays)
    with pytest.raises(FormatError, match="that would become"):
        load_npz(path, kind="toy", version=1)


def test_a_mapped_npz_needs_one_descriptor(tmp_path: Path):
    arrays = {f"a{i}": np.arange(5) + i for i in range(40)}
    path = save_npz(tmp_path / "a", kind="toy", version=1, header={}, arrays=arrays, compress=False)
    before = len(os.listdir("/dev/fd"))
    _, found = load_npz(path, kind="toy", version=1, mapped=True)
    assert len(os.listdir("/dev/fd")) <= before + 1
    assert found["a7"].tolist() == [7, 8, 9, 10, 11]


def test_a_file_that_cannot_be_opened_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = save_npz(tmp_path / "a", kind="toy", version=1, header={}, arrays={"x": np.arange(9)})

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(zipfile, "ZipFile", full)
    with pytest.raises(InputError, match="too many files are open") as caught:
        load_npz(path, kind="toy", version=1)
    assert not isinstance(caught.value, FormatError)


def test_json_is_written_with_sorted_keys(tmp_path: Path):
    write_json(tmp_path / "a.json", {"b": 1, "a": "é"})
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == '{\n  "a": "é",\n  "b": 1\n}\n'


def test_hashes_tell_content_apart(tmp_path: Path):
    assert content_hash(np.arange(3)) != content_hash(np.arange(3.0))
    assert content_hash(np.arange(4)) != content_hash(np.arange(4).reshape(2, 2))
    assert content_hash("a", "b") != content_hash("ab")
    (tmp_path / "x").write_bytes(b"abc")
    assert file_hash(tmp_path / "x").startswith("ba7816bf")


def test_jsonable_turns_all_that_results_hold_into_json():
    value = {"a": (np.int64(1), {2.5}), 3: Path("x"), "n": np.arange(2), "t": np.bool_(True)}
    assert jsonable(value) == {"a": [1, [2.5]], "3": "x", "n": [0, 1], "t": True}
    assert "numpy" in provenance()["versions"]


@dataclass(frozen=True)
class Toy:
    name: str
    size: int = 1


def test_a_toml_with_an_unknown_key_names_the_nearest(tmp_path: Path):
    path = tmp_path / "toy.toml"
    path.write_text('name = "a"\nsise = 2\n')
    with pytest.raises(UsageError, match="did you mean 'size'"):
        build(Toy, read_toml(path), where=str(path))
    assert build(Toy, {"name": "a"}, where="here") == Toy("a")
    with pytest.raises(UsageError, match="the key 'name' is missing"):
        build(Toy, {}, where="here")


@pytest.mark.parametrize("content", [b"name = ", b"\xff\xfe", b"a = 1\na = 2"])
def test_a_broken_toml_is_one_clear_error(tmp_path: Path, content: bytes):
    (tmp_path / "a.toml").write_bytes(content)
    with pytest.raises(FormatError, match="cannot be read as TOML"):
        read_toml(tmp_path / "a.toml")


def test_a_missing_toml_and_an_unknown_word_are_named(tmp_path: Path):
    with pytest.raises(InputError, match="no such file"):
        read_toml(tmp_path / "none.toml")
    with pytest.raises(UsageError, match="unknown side 'lift'.*\n.*did you mean 'left'"):
        one_of("lift", ["left", "right"], what="side")


def test_a_list_of_files_makes_no_flood():
    files = ", ".join(f"{n}.txt" for n in range(10_000))
    error = InputError("10,000 are damaged", where=files, remedy="make them again")
    assert str(error).endswith("characters more)\n  to do: make them again")
    assert len(str(error)) < 2200
    assert error.where == files


def test_of_many_names_an_error_names_few_and_soon():
    known = [f"s{n}" for n in range(300_000)] + ["season"]
    with pytest.raises(UsageError) as error:
        one_of("sectoin", ["section", "sections", *known], what="word")
    remedy = "did you mean 'section' or 'sections'? 300,003 are known"
    assert error.value.remedy == remedy
    started = time.process_time()
    for name in ("s123456", "s" * 100_000, "unheard"):
        assert len(nearest(name, ["s" * 37 + f"{n % 1000}" for n in range(300_000)])) < 300
        assert len(nearest(name, known)) < 300
    assert time.process_time() - started < 5


@pytest.mark.parametrize("value", [0, 3.0, True, "3", 10**20, None])
def test_what_is_no_whole_number_within_bounds_is_refused(value: object):
    assert whole_number(np.uint8(3), what="window") == 3
    with pytest.raises(UsageError, match="window cannot be .*\n.*an integer of at least 1"):
        whole_number(value, what="window")


def test_a_missing_package_is_an_error_that_names_the_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(_compat._INSTALL, "nosuchpackage", "pip install 'wordnum[such]'")
    with pytest.raises(MissingExtraError, match=r"pip install 'wordnum\[such\]'"):
        _compat.require("nosuchpackage.sub", purpose="the test")
    assert not _compat.available("nosuchpackage")


def square(x: int) -> int:
    if x < 0:
        raise InputError("negative", got=str(x))
    return x * x


@pytest.mark.parametrize("jobs", [1, 2])
def test_tasks_keep_their_order_on_any_number_of_workers(jobs: int):
    assert map_tasks(square, [(i,) for i in range(9)], n_jobs=jobs, description="") == [
        i * i for i in range(9)
    ]


def test_an_error_in_a_worker_arrives_as_it_was():
    with pytest.raises(InputError, match="negative"):
        map_tasks(square, [(1,), (-1,)], n_jobs=2, description="")


def die(_: int) -> None:
    os._exit(9)


def test_a_worker_that_dies_is_an_error_with_its_likely_cause():
    with pytest.raises(InputError, match="a worker died.*\n.*\n.*memory ran out, most likely"):
        map_tasks(die, [(1,), (2,)], n_jobs=2, description="")


def test_zero_workers_and_unknown_backends_are_refused():
    with pytest.raises(UsageError, match="0 workers"):
        map_tasks(square, [(1,)], n_jobs=0, description="")
    with pytest.raises(UsageError, match="did you mean 'dask'"), parallel_backend("task"):
        pass
    with pytest.raises(UsageError, match="loky has no address"), parallel_backend(address="a"):
        pass


def hears_of_an_interrupt(_: int) -> bool:
    return signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_workers_leave_ctrl_c_to_their_parent():
    assert not any(map_tasks(hears_of_an_interrupt, [(1,), (2,)], n_jobs=2, description=""))
    assert hears_of_an_interrupt(0)


def stay(folder: str) -> None:
    Path(folder, str(os.getpid())).touch()
    time.sleep(60)


def test_workers_end_with_their_parent(tmp_path: Path):
    script = (
        "import sys; from tests.test_common import stay; from wordnum.parallel import map_tasks\n"
        "map_tasks(stay, [(sys.argv[1],)] * 2, n_jobs=2, description='')"
    )
    root = Path(__file__).resolve().parents[1]
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=root) as parent:
        until(lambda: len(list(tmp_path.iterdir())) == 2)
        parent.kill()
    workers = [int(path.name) for path in tmp_path.iterdir()]
    until(lambda: not any(map(lives, workers)))


def lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def until(condition: Callable[[], bool]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("waited half a minute")


def test_elsewhere_than_on_a_terminal_work_is_told_in_lines(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(progress, "_PAUSE", 0.05)
    with caplog.at_level("INFO"), progress.bar("outer", total=52, unit="runs", done=12) as advance:
        list(progress.track([1, 2], "inner"))
        advance()
        until(lambda: len(caplog.messages) >= 4)  # also while nothing advances
    assert caplog.messages[:3] == [
        "outer: 12 of 52 done already", "outer", "outer: 13 of 52 runs, 0 s",
    ]  # fmt: skip
    assert set(caplog.messages[3:]) == {"outer: 13 of 52 runs, 0 s"}


def test_a_bar_shows_on_a_terminal_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    list(progress.track([1, 2], "quiet work"))
    assert "quiet work" not in capsys.readouterr().err
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert list(progress.track([1, 2], "shown work")) == [1, 2]
    assert "shown work" in capsys.readouterr().err
    progress.set_quiet()
    try:
        list(progress.track([1], "hidden work"))
        assert "hidden work" not in capsys.readouterr().err
    finally:
        progress.set_quiet(False)
