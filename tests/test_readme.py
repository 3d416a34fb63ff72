"""What the README tells a newcomer to type works as it stands."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
from pathlib import Path

import pytest

import wordnum as wn

README = (Path(__file__).resolve().parents[1] / "README.md").read_text("utf-8")


@pytest.fixture
def articles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with the folder of texts that the README speaks of."""
    monkeypatch.chdir(tmp_path)
    Path("articles").mkdir()
    texts = wn.SyntheticCorpus(n_documents=300, size=120, residue_words={10: 0.5})
    with gzip.open("articles/a.txt.gz", "wt", encoding="utf-8") as file:
        file.write("\n\n".join(texts))
    return tmp_path


def blocks(language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.M | re.S)
    return [code for name, code in found if name == language]


def test_the_example_in_python_prints_what_stands_below_it(capsys: pytest.CaptureFixture[str]):
    code, shown = re.findall(r"^```python\n(.*?)^```\n\n```\n(.*?)^```", README, re.M | re.S)[0]
    exec(code, {})
    # Of the figures, the number of digits: they depend on the linear algebra in the last one.
    rounded = [re.sub(r"\d", "0", text.strip()) for text in (capsys.readouterr().out, shown)]
    assert rounded[0] == rounded[1]


def test_the_readme_is_short():
    assert len(README.split()) < 920


def test_the_commands_from_text_to_verdict_run(articles: Path):
    [block] = [block for block in blocks("") if "wordnum encode" in block]
    for line in block.splitlines()[:4]:
        command = line.partition("#")[0].replace("wordnum", f"{sys.executable} -m wordnum", 1)
        done = subprocess.run(command, shell=True, capture_output=True, text=True)
        assert done.returncode == 0, f"{line}: {done.stderr}"
    assert "verdict" in done.stdout
