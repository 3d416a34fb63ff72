"""A study of models that train: a record per checkpoint, tasks beside texts."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from wordnum.corpus import EncodedCorpus
from wordnum.embeddings import registry
from wordnum.embeddings.base import NumberModel
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.trajectory import Trajectory
from wordnum.errors import MissingExtraError, UsageError
from wordnum.report.figures import study_figures
from wordnum.report.page_data import page_data
from wordnum.report.training_curves import draw_training
from wordnum.studies.results import StudyResults
from wordnum.studies.runner import run_study
from wordnum.studies.tasks import TaskRecipe, task_recipe
from wordnum.studies.toml_files import load_study

FITS: list[object] = []


class Growing(NumberModel):
    """Learns a circle of period 10 as it goes on: nothing, half of it, all of it."""

    name = "growing"
    reads = "corpus"
    axes = frozenset({"seed"})
    replicate_kind = "seeds"
    takes_tasks = True

    def __init__(self, *, random_state=0, folder=None):
        self.random_state = random_state
        self.folder = folder

    def fit(self, source, *, perturbation="original"):
        FITS.append(source)
        if not isinstance(source, EncodedCorpus) and perturbation != "original":
            raise UsageError("a task is not perturbed", got=str(perturbation))
        size = source.vocabulary.size
        noise = np.random.default_rng(self.random_state).standard_normal((size, 20))
        turn = 2 * np.pi * np.arange(size)[:, None] / np.array([10.0, 5.0, 2.0])
        circle = np.hstack([np.cos(turn), np.sin(turn)])
        self.trajectory_ = Trajectory(
            [
                (step, 100 * step, Embedding(np.hstack([noise, strength * circle])))
                for step, strength in ((0, 0.0), (10, 1.0), (100, 30.0))
            ]
        )
        self.embedding_ = self.trajectory_.final
        return self


class NeedsMore(Growing):
    """A model of an extra that is not installed."""

    name = "needs-more"
    requires = ("torch_of_another_world",)


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    points = {
        kind.name: EntryPoint(kind.name, f"{__name__}:{kind.__name__}", "wordnum.models")
        for kind in (Growing, NeedsMore)
    }
    monkeypatch.setattr(registry, "_registered", lambda: {**registry._OURS, **points})
    classes = {"growing": Growing, "needs-more": NeedsMore}
    monkeypatch.setattr(registry, "load_plugin", lambda p: classes.get(p.name) or type(p).load(p))


STUDY = """
name = "systems"
corpora = [{corpora}]
windows = [1]

[[models]]
model = "{model}"

[[models]]
model = "svd"
name = "counting"
weighting = "hellinger"
dim = 10

[probe]
moduli = [5, 10]
nulls = 20
repeats = 1
"""


@pytest.fixture
def corpus(tmp_path: Path) -> str:
    from wordnum import SyntheticCorpus, encode_documents

    texts = SyntheticCorpus(n_documents=60, length=200, size=300, residue_words={10: 0.5})
    encode_documents(texts, tmp_path / "text.corpus")
    return str(tmp_path / "text.corpus")


def run(tmp_path: Path, *corpora: str, model: str = "growing") -> StudyResults:
    file = tmp_path / "study.toml"
    file.write_text(STUDY.format(corpora=", ".join(f'"{c}"' for c in corpora), model=model))
    return run_study(load_study(str(file)), tmp_path / "out")


def test_every_checkpoint_has_its_rows_and_systems_are_compared_by_the_last(
    tmp_path: Path, corpus: str
):
    results = run(tmp_path, corpus)
    table = results.table
    mine = table[(table["model"] == "growing") & (table["T"] == 10)]
    assert mine["step"].tolist() == [0, 10, 100]
    assert mine["tokens"].tolist() == [0, 1000, 10_000]
    assert mine["run"].nunique() == 1
    assert mine["key"].nunique() == 3
    first, _, last = mine["kappa"]
    assert abs(first) < 15
    assert last > 80
    final = results.final
    assert final[final["model"] == "growing"]["step"].unique().tolist() == [100]
    assert len(results.runs) == 2


def test_counting_says_how_many_tokens_it_has_read(tmp_path: Path, corpus: str):
    from wordnum import EncodedCorpus

    table = run(tmp_path, corpus).table
    read = table[table["model"] == "counting"]["tokens"].unique().tolist()
    assert read == [EncodedCorpus.open(corpus).n_tokens]


def test_a_study_that_is_run_again_trains_and_measures_nothing_again(tmp_path: Path, corpus: str):
    before = run(tmp_path, corpus)
    FITS.clear()
    again = run(tmp_path, corpus)
    assert not FITS
    assert again.table.equals(before.table)


def test_a_checkpoint_that_is_missing_in_the_middle_is_measured_again(tmp_path: Path, corpus: str):
    before = run(tmp_path, corpus)
    [run_record] = [r for r in before.runs if r["row"]["model"] == "growing"]
    (tmp_path / "out" / "runs" / f"{run_record['checkpoints'][1]}.json").unlink()
    again = run(tmp_path, corpus)
    kappas = ["key", "step", "T", "kappa"]
    assert again.table[kappas].equals(before.table[kappas])


def test_a_task_is_read_by_the_model_itself_and_as_text_by_those_that_count(tmp_path: Path):
    FITS.clear()
    results = run(tmp_path, "addition:base=20,tokens=2")
    [task] = {id(source): source for source in FITS}.values()
    assert task.name.startswith("addition:base=20")  # type: ignore[attr-defined]
    counting = results.table[results.table["model"] == "counting"]
    assert counting["n_numbers"].unique().tolist() == [20]
    assert counting["status"].unique().tolist() == ["done"]


def test_the_text_of_a_task_is_its_problems():
    recipe = task_recipe("addition:base=100,tokens=2")
    assert isinstance(recipe, TaskRecipe)
    words = next(recipe.texts()).split()
    assert (words[2], words[5]) == ("+", "=")
    a, b = (100 * int(words[i]) + int(words[i + 1]) for i in (0, 3))
    answer = [int(word) for word in words[6:]]
    assert answer == [(a + b) // 10_000, (a + b) // 100 % 100, (a + b) % 100]


def test_a_model_whose_extra_is_missing_is_an_error_before_any_work(tmp_path: Path, corpus: str):
    with pytest.raises(MissingExtraError, match="needs-more"):
        run(tmp_path, corpus, model="needs-more")
    assert not (tmp_path / "out" / "runs").exists()


def test_a_task_under_other_numerals_is_refused():
    with pytest.raises(UsageError, match="has its own numerals"):
        task_recipe("addition:base=20").with_numerals("l2r3", "keep")


def test_a_model_may_be_fitted_under_some_conditions_only(tmp_path: Path, corpus: str):
    text = STUDY.format(corpora=f'"{corpus}"', model="growing")
    text = text.replace("windows", 'perturbations = ["original", "thin:0.5"]\nwindows')
    file = tmp_path / "study.toml"
    file.write_text(
        text.replace('model = "growing"', 'model = "growing"\nconditions = ["original"]')
    )
    pairs = [(run.model.name, run.condition) for run in load_study(str(file)).runs()]
    assert sorted(pairs) == [
        ("counting", "original"), ("counting", "thin:0.5"), ("growing", "original")
    ]  # fmt: skip
    file.write_text(text.replace('model = "growing"', 'model = "growing"\nconditions = ["swap"]'))
    with pytest.raises(UsageError, match="condition"):
        load_study(str(file))


def test_training_is_drawn_beside_counting_by_the_tokens_read(tmp_path: Path, corpus: str):
    results = run(tmp_path, corpus)
    figure = draw_training(results.table, [5, 10])
    ax = figure.axes[1]
    assert ax.get_title() == "n mod 10"
    training, counting = ax.get_lines()[1:3]  # the first is the axis
    assert training.get_xdata().tolist() == [1000, 10_000]
    table = results.table
    kappas = table[(table["model"] == "growing") & (table["T"] == 10)]["kappa"].tolist()
    assert training.get_ydata().tolist() == kappas[1:]  # before the first step none is read
    assert counting.get_linestyle() == "--"
    assert "training" in dict(study_figures(results))


def test_phi_is_drawn_so_that_no_length_of_vectors_changes_it(tmp_path: Path, corpus: str):
    table = run(tmp_path, corpus).table

    def lines(table: pd.DataFrame) -> list[list[float]]:
        panels = [ax for ax in draw_training(table, [10]).axes if "Phi" in ax.get_ylabel()]
        assert panels
        return [line.get_ydata().tolist() for line in panels[0].get_lines()[1:]]

    longer = table.copy()
    phis = [name for name in table if name.startswith("phi")]
    longer.loc[longer["model"] == "growing", phis] *= 400
    for before, after in zip(lines(table), lines(longer), strict=True):
        np.testing.assert_allclose(before, after)


def test_the_page_has_the_checkpoints(tmp_path: Path, corpus: str):
    overview, _ = page_data(run(tmp_path, corpus))
    steps = [s for s, T in zip(overview["training"]["step"], overview["training"]["T"]) if T == 10]
    assert steps == [10, 100, None]
    assert len(overview["records"]) == 2


def test_a_perturbed_task_is_a_run_that_failed_and_no_other_result(tmp_path: Path):
    text = STUDY.format(corpora='"addition:base=20,tokens=2"', model="growing")
    file = tmp_path / "study.toml"
    file.write_text(text.replace("windows", 'perturbations = ["original", "thin:0.5"]\nwindows'))
    table = run_study(load_study(str(file)), tmp_path / "out").final
    mine = table[table["model"] == "growing"].drop_duplicates("key").set_index("condition")
    assert mine["status"].to_dict() == {"original": "done", "thin:0.5": "failed"}
    assert "a task is not perturbed" in mine["error"]["thin:0.5"]


def test_a_training_has_no_window_and_is_kept_where_another_is_counted(tmp_path: Path, corpus: str):
    first = run(tmp_path, corpus)
    FITS.clear()
    file = tmp_path / "study.toml"
    file.write_text(file.read_text().replace("windows = [1]", "windows = [1, 3]"))
    second = run_study(load_study(str(file)), tmp_path / "out", overwrite=True)
    assert FITS == []
    assert second.table["window"].max() == 3
    keys = [set(r.table.query("model == 'growing'")["key"]) for r in (first, second)]
    assert keys[0] == keys[1]
