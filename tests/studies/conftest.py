"""Small studies that the tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from wordnum.studies.grid import Study
from wordnum.studies.results import StudyResults
from wordnum.studies.runner import run_study
from wordnum.studies.toml_files import load_study

# Words that go with n mod 10 are planted; isolating the numbers leaves them, redrawing does not.
PLANTED = """
name = "planted"
perturbations = ["original", "isolate:1", "unigram-replace"]
windows = [2]
thinned_controls = true

[[corpora]]
name = "planted"
reader = "synthetic"
[corpora.synthetic]
n_documents = 300
length = 300
size = 300
density = 0.15
decay = 0.2
residue_words = {10 = 0.5}

[[models]]
name = "H"
model = "svd"
weighting = "hellinger"
dim = 20

[[models]]
name = "F"
model = "frequency"

[[models]]
name = "broken"
model = "svd"
dim = 0

[probe]
moduli = [2, 5, 10]
nulls = 100
repeats = 2
"""

# Nothing to find, and quick: for what happens to files and processes.
QUICK = """
name = "quick"
perturbations = ["original", "isolate:2"]
windows = [2]

[[corpora]]
name = "small"
reader = "synthetic"
[corpora.synthetic]
n_documents = 60
length = 300
size = 200
density = 0.2

[[models]]
name = "F"
model = "frequency"

[[models]]
name = "R"
model = "random"
dim = 4

[probe]
moduli = [2, 10]
nulls = 20
repeats = 1
"""


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return written(PLANTED, tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="session")
def done(planted: Study, tmp_path_factory: pytest.TempPathFactory) -> StudyResults:
    folder = tmp_path_factory.mktemp("run") / "out"
    return run_study(planted, folder, command="wordnum study planted.toml")


@pytest.fixture(scope="session")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return written(QUICK, tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="session")
def quick_done(quick: Study, tmp_path_factory: pytest.TempPathFactory) -> StudyResults:
    return run_study(quick, tmp_path_factory.mktemp("run") / "quick")


def written(text: str, folder: Path) -> Study:
    """Study of a file with this text."""
    path = folder / "study.toml"
    path.write_text(text)
    return load_study(path)
