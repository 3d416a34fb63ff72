"""Study files: what they say, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from wordnum.cooccurrence.window import Window
from wordnum.corpus.recipe import find_recipe
from wordnum.errors import FormatError, InputError, UsageError
from wordnum.study.files import builtin_studies, load_study
from wordnum.study.plan import plan_study
from wordnum.study.spec import ModelSpec, Study

SMALL = """
name = "small"
corpora = ["synthetic"]
perturbations = ["original", "isolate:1"]
signals = ["text", "both"]
windows = [2, {size = 3, side = "left"}]
[[models]]
model = "svd"
weighting = "ppmi"
dim = 5
[[models]]
name = "freq"
model = "frequency"
"""


def write(folder: Path, text: str, name: str = "study.toml") -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_a_study_is_the_product_of_what_it_names(tmp_path: Path):
    study = load_study(write(tmp_path, SMALL))
    cells = list(study.cells())
    svd = [cell for cell in cells if cell.model.name == "svd"]
    assert len(svd) == 2 * 2 * 2
    assert {cell.window for cell in svd} == {Window(size=2), Window(size=3, side="left")}
    assert {cell.perturbation for cell in cells} == {"original", "isolate:1"}


def test_a_model_without_a_signal_is_measured_once_per_condition_and_window(tmp_path: Path):
    cells = load_study(write(tmp_path, SMALL)).cells()
    frequency = [cell for cell in cells if cell.model.name == "freq"]
    assert len(frequency) == 2 * 2
    assert {cell.signal for cell in frequency} == {"both"}


@pytest.mark.parametrize("name", builtin_studies())
def test_every_built_in_study_can_be_planned(name: str, tmp_path: Path):
    study = load_study(name, root=str(tmp_path))
    plan = plan_study(study)
    assert plan.n_cells == len(list(study.cells())) > 0
    assert plan.seconds > 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('name = "small"', 'nam = "small"'), "did you mean 'name'"),
        (('model = "svd"', 'model = "svdd"'), "did you mean 'svd'"),
        (("dim = 5", "dimm = 5"), "did you mean 'dim'"),
        (('"isolate:1"', '"isolat:1"'), "isolate"),
        (('"isolate:1"', '"original"'), "condition named twice: original"),
        (('"isolate:1"', '"isolate:0"'), "isolate"),
        (('"text", "both"', '"text", "txt"'), "did you mean 'text'"),
        (('"text", "both"', '"text", "text"'), "signal named twice"),
        (('side = "left"', 'sidee = "left"'), "did you mean 'side'"),
        (('"synthetic"', '"synthetik"'), "did you mean 'synthetic'"),
        (('model = "frequency"', 'name2 = "x"'), "the key 'model' is missing"),
        (('signals = ["text", "both"]', "signals = []"), "at least one signal"),
        (("dim = 5", "dim = 5\n[probe]\nmodulii = [2]"), "did you mean 'moduli'"),
    ],
)
def test_a_mistake_in_a_study_is_named_with_its_remedy(
    tmp_path: Path, change: tuple[str, str], message: str
):
    with pytest.raises(UsageError, match=message):
        load_study(write(tmp_path, SMALL.replace(*change)))


def test_studies_that_extend_each_other_in_a_circle_are_refused(tmp_path: Path):
    write(tmp_path, 'extends = "b.toml"\nname = "a"', "a.toml")
    write(tmp_path, 'extends = "a.toml"\nname = "b"', "b.toml")
    with pytest.raises(UsageError, match=r"a\.toml -> b\.toml -> a\.toml"):
        load_study(tmp_path / "a.toml")


def test_a_study_that_extends_another_replaces_what_it_names(tmp_path: Path):
    study = load_study(write(tmp_path, 'extends = "demo"\nname = "mine"\nwindows = [7]\n'))
    assert (study.name, study.windows) == ("mine", (Window(size=7),))
    assert study.models == load_study("demo").models


def test_missing_and_broken_study_files_are_named(tmp_path: Path):
    with pytest.raises(InputError, match="no such file"):
        load_study(tmp_path / "none.toml")
    with pytest.raises(FormatError, match="cannot be read as TOML"):
        load_study(write(tmp_path, "name = "))
    with pytest.raises(UsageError, match="did you mean 'demo'"):
        load_study("demoo")


def test_thinned_controls_need_the_original():
    with pytest.raises(UsageError, match="thinned controls without the original condition"):
        Study(
            name="x",
            corpora=(find_recipe("synthetic"),),
            models=(ModelSpec("a", "frequency"),),
            perturbations=("isolate:1",),
            thinned_controls=True,
        )


def test_a_text_file_can_stand_for_a_recipe(tmp_path: Path):
    text = tmp_path / "notes.txt"
    text.write_text("7 apples")
    study = load_study("demo", corpora=[str(text)])
    assert [(r.name, r.source) for r in study.corpora] == [("notes", (str(text),))]
