"""`wordnum analyze` on one path and on several: files, model folders, checkpoints."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.embeddings.model_folders import save_model
from tests.test_cli import wordnum
from wordnum.cli import app
from wordnum.cooccurrence.counting import count
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.svd import SVD
from wordnum.embeddings.trajectory import Snapshot
from wordnum.theory import planted_embedding

FAST = ("--only", "spectrum", "--moduli", "2,5")


def analyzed(*arguments: object) -> str:
    done = CliRunner().invoke(app, ["analyze", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def words(folder: Path, tokens: list[str]) -> Path:
    matrix = np.random.default_rng(0).standard_normal((len(tokens), 8)).astype(np.float32)
    save_model(folder, {"embed_tokens.weight": matrix}, config={"model_type": "llama"})
    (folder / "vocab.txt").write_text("".join(f"{token}\n" for token in tokens))
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return words(tmp_path / "model", ["the", *map(str, range(1000))])


def test_model_folder_is_named_with_its_tensor_and_spellings(model):
    shown = analyzed(model, *FAST)
    assert "1000 numbers, 8 dimensions" in shown
    assert (
        "embed_tokens.weight [1001, 8] of model.safetensors, the input embedding of llama" in shown
    )
    assert "numbers: 1000 as `7`" in shown
    (key,) = [line for line in shown.splitlines() if "λ noise:" in line]
    assert all(f"{column}: " in key for column in ("null 95 %", "spike", "λ"))


def test_json_is_a_list_also_of_one(model):
    (found,) = json.loads(analyzed(model, *FAST, "--json"))
    assert found["name"] == "model"
    assert len(found["numbers"]) == 1000
    assert found["notes"][1] == "numbers: 1000 as `7`"


def test_the_wait_is_told_also_of_one_and_not_if_quiet(model):
    assert "analyzing" in wordnum("analyze", model, *FAST).stderr
    assert wordnum("-q", "analyze", model, *FAST).stderr == ""


def test_several_are_one_table_and_a_list(model, tmp_path):
    made = Embedding(np.random.default_rng(1).standard_normal((1000, 5)), name="noise")
    other = made.save(tmp_path / "noise.npz")
    shown = analyzed(model, other, *FAST)
    rows = [line.split() for line in shown.splitlines()]
    assert [row[:3] for row in rows if row[:1] in (["model"], ["noise.npz"])] == [
        ["model", "1000", "8"],
        ["noise.npz", "1000", "5"],
    ]
    assert "model: numbers: 1000 as `7`" in shown
    found = json.loads(analyzed(model, other, *FAST, "--json"))
    assert [each["name"] for each in found] == ["model", "noise"]
    assert [each["dim"] for each in found] == [8, 5]


def test_embeddings_of_different_texts_are_said_to_be_so(tmp_path):
    for seed in (0, 1):
        corpus = SyntheticCorpus(n_documents=40, random_state=seed).encoded()
        for name, window in (("narrow", 1), ("wide", 3)):
            made = SVD(dim=4, half_samples=False).fit_transform(count(corpus, window=window))
            made.save(tmp_path / f"{name}-{seed}.npz")
    of_one = [tmp_path / "narrow-0.npz", tmp_path / "wide-0.npz"]
    assert "different texts" not in analyzed(*of_one, *FAST)
    assert "of 2 different texts" in analyzed(*of_one, tmp_path / "wide-1.npz", *FAST)


def test_embeddings_of_one_name_are_told_apart_by_their_paths(tmp_path):
    for name in ("a" * 60, "b" * 60):
        made = Embedding(np.random.default_rng(len(name)).standard_normal((1000, 5)))
        made.save(tmp_path / name / "e.npz")
    paths = [path / "e.npz" for path in sorted(tmp_path.iterdir())]
    shown = analyzed(*paths, *FAST)
    assert all(f" {path.parent.name} " in shown for path in paths)
    assert str(tmp_path) in "".join(shown.split())  # once, in the title


def test_folder_of_checkpoints_is_a_row_for_each_in_their_order(tmp_path):
    for step in (1000, 200):
        made = Embedding(np.random.default_rng(step).standard_normal((1000, 4)))
        Snapshot(step, 32 * step, made).save(tmp_path / "lm" / "snapshots")
    found = json.loads(analyzed(tmp_path / "lm", *FAST, "--json"))
    assert [each["step"] for each in found] == [200, 1000]
    assert [each["tokens"] for each in found] == [6400, 32000]
    shown = analyzed(tmp_path / "lm", *FAST)
    assert shown.index("  step 200") < shown.index("  step 1,000")
    assert "".join(shown.split()).count(str(tmp_path / "lm")) == 1


def test_heads_and_names_of_rows_are_not_cut(tmp_path):
    made = Embedding(np.random.default_rng(0).standard_normal((1000, 4)))
    for step in (200, 1000):
        Snapshot(step, None, made).save(tmp_path / "lm")
    shown = analyzed(tmp_path / "lm", "--only", "spectrum", "--moduli", "2-10")
    assert "paper's label" in shown


def test_too_few_numbers_are_said_to_be_split(tmp_path):
    model = words(tmp_path / "digits", [*"abc", *"0123456789"])
    refused = wordnum("analyze", model, "--moduli", "6", code=1).stderr
    assert "990 numbers are several tokens: a vocabulary of digits" in refused
    assert "--several mean" in refused
    assert "leave 6 out" not in refused
    (found,) = json.loads(analyzed(model, *FAST, "--several", "mean", "--json"))
    assert len(found["numbers"]) == 1000
    assert "several-tokens" in found["flags"]


def test_spelling_and_tensor_are_choices(tmp_path):
    model = words(tmp_path / "two", [*map(str, range(40)), *(f"Ġ{n}" for n in range(20))])
    for spelling, many in (("blank", 20), ("plain", 40)):
        (found,) = json.loads(analyzed(model, *FAST, "--spelling", spelling, "--json"))
        assert found["numbers"] == list(range(many))
    refused = CliRunner().invoke(app, ["analyze", str(model), "--tensor", "wte"]).exception
    assert "holds no tensor 'wte'" in str(refused)
    assert "embed_tokens.weight [60, 8]" in str(refused)


@pytest.fixture
def drawn(monkeypatch) -> list[dict]:
    """Rows of the figures of several systems that a test draws."""
    from wordnum.analyzers import side_by_side

    rows, draw = [], side_by_side.plot_systems
    monkeypatch.setattr(
        side_by_side,
        "plot_systems",
        lambda given, *a, **k: rows.extend(given) or draw(given, *a, **k),
    )
    return rows


def test_plot_of_several_shows_them_by_label_under_short_names(tmp_path, drawn):
    planted = {"noise": (0, 0), "hidden": (300, 0), "read": (300, 95)}
    for name, (phi, kappa) in planted.items():
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / "e.npy", planted_embedding(phi=phi, kappa=kappa).vectors)
    paths = [tmp_path / name / "e.npy" for name in planted]
    plot = tmp_path / "p.png"
    analyzed(*paths, "--plot", plot, "--only", "spectrum,probe", "--moduli", "2,10")
    assert plot.read_bytes()[1:4] == b"PNG"
    assert [row.name for row in drawn] == ["read", "hidden", "noise"]
    assert [row.label for row in drawn] == [
        "both (spectral and geometric)",
        "spectral only",
        "neither",
    ]
    assert drawn[0].details[10] == "p .005"


def test_plot_of_a_training_has_twelve_steps_from_the_first_to_the_last(tmp_path, drawn):
    noise = Embedding(np.random.default_rng(0).standard_normal((1000, 4)))
    for step in range(0, 2000, 100):
        Snapshot(step, None, noise).save(tmp_path / "lm")
    analyzed(tmp_path / "lm", *FAST, "--plot", tmp_path / "p.svg")
    names = [row.name for row in drawn]
    assert len(names) <= 12
    assert names[0] == "step 0"
    assert names[-1] == "step 1,900"
    assert all(row.label == "" for row in drawn)  # no probe, no label


def test_plot_of_several_needs_something_to_draw(model, tmp_path):
    arguments = ["analyze", str(model), str(model), "--plot", str(tmp_path / "p.svg")]
    refused = CliRunner().invoke(app, [*arguments, "--only", "digits"]).exception
    assert "shows spectra and probes" in str(refused)
