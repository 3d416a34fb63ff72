"""What is printed where a screen has no λ, and where there is no terminal."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from wordnum import cli
from wordnum.embeddings.embedding import Embedding


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A text, counts and an embedding whose names and words no Western code page has."""
    folder = tmp_path_factory.mktemp("экран")
    text = "\n\n".join(f"страница {n} из λ {n % 7}" for n in range(300))
    (folder / "λ.txt").write_text(text, encoding="utf-8")
    (folder / "ab\udcff.txt").write_text("7")  # no UTF-8, and no Unicode
    rng = np.random.default_rng(0)
    Embedding(rng.normal(size=(100, 8))).save(folder / "λ.npz")
    return folder


@pytest.mark.parametrize("encoding", ["cp1252", "cp437"])
def test_no_verb_fails_over_what_a_screen_does_not_have(
    place: Path, encoding: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(place)
    shown = ""
    for command in (
        *("--help", "encode --help", "encode λ.txt ab\udcff.txt -o λ.corpus --overwrite"),
        *("count λ.corpus -o λ.counts.npz --overwrite", "analyze λ.npz", "verify λ.corpus"),
        "encode нет.txt -o c",
    ):
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2))
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        monkeypatch.setattr(sys, "argv", ["wordnum", *command.split()])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        expected = 1 if "нет" in command else 0
        for stream in (out, err):
            stream.flush()
            shown += stream.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]
        assert (ended.value.code or 0) == expected, shown
    assert "\\u03bb" in shown
    assert "no such file or folder: \\u043d\\u0435\\u0442.txt" in shown


@pytest.mark.long
def test_without_a_terminal_and_its_variables_everything_is_said(place: Path):
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    for command in ("encode λ.txt -o again.corpus", "analyze λ.npz"):
        done = subprocess.run(
            [sys.executable, "-m", "wordnum", *command.split()],
            cwd=place, env={**environment, "PYTHONIOENCODING": "cp1252", "LC_ALL": "C"},
            capture_output=True, stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert b"Traceback" not in done.stderr
        assert b"\x1b" not in done.stdout + done.stderr
