"""Loops that are compiled when they are first called."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from wordnum import compiling


def test_compiling_is_told_to_those_who_wait_and_done_once(monkeypatch, caplog):
    monkeypatch.setattr(compiling, "_PATIENCE", 0.0)

    @compiling.compiled("int64(int64)", cache=False)
    def double(x):
        """Twice as much."""
        return 2 * x

    assert caplog.text == ""
    assert double(21) == 42
    assert "compiling double; this happens once after an installation" in caplog.text
    caplog.clear()
    assert double(4) == 8
    assert caplog.text == ""
    assert (double.__name__, double.__doc__) == ("double", "Twice as much.")


def test_what_does_not_fit_the_signature_is_refused():
    @compiling.compiled("int64(int64)", cache=False)
    def double(x):
        return 2 * x

    with pytest.raises(TypeError, match="No matching definition"):
        double("a")


@pytest.fixture
def nowhere(monkeypatch, tmp_path: Path) -> Path:
    """No place for compiled code but the temporary folder."""
    monkeypatch.setattr(compiling, "__file__", "/dev/null/compiling.py")
    monkeypatch.setattr(compiling.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("HOME", "/dev/null")
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("numba.config.CACHE_DIR", "")
    return tmp_path / f"wordnum-{os.geteuid()}"


def test_compiled_code_goes_to_a_private_temporary_folder_and_that_is_said(nowhere: Path, caplog):
    for _ in range(2):
        compiling.find_cache_folder()
        assert os.environ["NUMBA_CACHE_DIR"] == str(nowhere)
        assert nowhere.stat().st_mode & 0o777 == 0o700
        assert caplog.text.count("compiled code is kept in") == 1  # and not by workers


@pytest.mark.parametrize("kind", ["link", "open"])
def test_a_folder_that_others_can_write_to_is_not_used(nowhere: Path, kind: str):
    if kind == "link":
        nowhere.symlink_to(nowhere.parent)
    else:
        nowhere.mkdir(mode=0o755)
    compiling.find_cache_folder()
    found = Path(os.environ["NUMBA_CACHE_DIR"])
    assert found != nowhere
    assert found.stat().st_mode & 0o777 == 0o700


def test_where_code_can_be_kept_nothing_changes(nowhere: Path, monkeypatch, tmp_path: Path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "to be made"))
    compiling.find_cache_folder()
    assert not os.environ["NUMBA_CACHE_DIR"]
    assert not (tmp_path / "to be made").exists()


@pytest.mark.long
def test_an_installation_that_cannot_be_written_to_works_without_a_home(tmp_path: Path):
    package = Path(compiling.__file__).parent
    shutil.copytree(package, tmp_path / "wordnum", ignore=shutil.ignore_patterns("__pycache__"))
    for folder in [tmp_path / "wordnum", *(tmp_path / "wordnum").rglob("*/")]:
        if folder.is_dir():
            (folder / "__pycache__").write_text("no folder, so nobody writes to it")
    (tmp_path / "a.txt").write_text("page 7 of 12\n\npage 8 of 9")
    kept = {"PATH", "LANG"}
    environment = {name: value for name, value in os.environ.items() if name in kept}
    environment |= {"HOME": "/dev/null", "TMPDIR": str(tmp_path), "PYTHONPATH": str(tmp_path)}
    for command in ("encode a.txt -o c", "count c -o n.npz"):
        done = subprocess.run(
            [sys.executable, "-m", "wordnum", *command.split()],
            cwd=tmp_path, env=environment, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert done.stderr.count("compiled code is kept in") == 1
    assert list(tmp_path.glob("wordnum-*/*/*.nbc"))
