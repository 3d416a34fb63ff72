"""What is released is whole: the wheel holds every file of the packages, under the right names."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
import yaml

import wordnum as wn

ROOT = Path(__file__).resolve().parents[1]
TRACKED = ("wordnum/", "corpora/")

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    out = tmp_path_factory.mktemp("wheel")
    copy = out / "source"
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if names.returncode:
        pytest.skip("not a git checkout, so which files belong to it is unknown")
    for name in filter(None, names.stdout.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(out), str(copy)]
    subprocess.run(command, check=True)
    [path] = out.glob("*.whl")
    return zipfile.ZipFile(path)


def test_every_file_of_the_packages_is_in_the_wheel(wheel: zipfile.ZipFile):
    names = subprocess.run(
        ["git", "ls-files", *TRACKED], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    here = {n.replace("corpora/", "wordnum/corpora/", 1) if n.startswith("corpora/") else n
            for n in names if (ROOT / n).is_file()}  # fmt: skip
    assert here - set(wheel.namelist()) == set()
    packaged = {n for n in wheel.namelist() if not n.startswith(f"wordnum-{wn.__version__}")}
    assert packaged - here == set()


def test_its_metadata_are_those_of_this_version(wheel: zipfile.ZipFile):
    [name] = [n for n in wheel.namelist() if n.endswith("dist-info/METADATA")]
    about = Parser().parsestr(wheel.read(name).decode("utf-8"))
    assert about["Version"] == wn.__version__
    assert about["License-Expression"] or about["License"]
    assert "wordnum" in about.get_payload()[:200].lower()
    needed = [line.partition(";")[0].lower() for line in about.get_all("Requires-Dist", [])
              if "extra ==" not in line]  # fmt: skip
    assert not any(line.startswith(("torch", "transformers", "pyarrow")) for line in needed)


def test_the_citation_names_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == wn.__version__
    assert citation["references"][0]["identifiers"][0]["value"] == "arXiv:2604.20817"


def test_nothing_claims_to_be_on_an_index():
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        if "_build" not in path.parts:
            text = path.read_text("utf-8")
            assert "pip install wordnum" not in text, path
