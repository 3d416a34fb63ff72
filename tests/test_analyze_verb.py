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
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.trajectory import Snapshot

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


def test_json_is_a_list_also_of_one(model):
    (found,) = json.loads(analyzed(model, *FAST, "--json"))
    assert found["name"] == "model"
    assert len(found["numbers"]) == 1000
    assert found["notes"][1] == "numbers: 1000 as `7`"


def test_several_are_one_table_and_a_list(model, tmp_path):
    made = Embedding(np.random.default_rng(1).standard_normal((1000, 5)), name="noise")
    other = made.save(tmp_path / "e.npz")
    shown = analyzed(model, other, *FAST)
    rows = [line.split() for line in shown.splitlines()]
    assert [row[:3] for row in rows if row[:1] in (["model"], ["noise"])] == [
        ["model", "1000", "8"],
        ["noise", "1000", "5"],
    ]
    assert "model: numbers: 1000 as `7`" in shown
    found = json.loads(analyzed(model, other, *FAST, "--json"))
    assert [each["name"] for each in found] == ["model", "noise"]
    assert [each["dim"] for each in found] == [8, 5]


def test_embeddings_of_one_name_are_told_apart_by_their_paths(tmp_path):
    for name in ("a" * 60, "b" * 60):
        made = Embedding(np.random.default_rng(len(name)).standard_normal((1000, 5)))
        made.save(tmp_path / name / "e.npz")
    paths = [path / "e.npz" for path in sorted(tmp_path.iterdir())]
    shown = analyzed(*paths, *FAST)
    assert all(f" {path} " in shown for path in paths)


def test_folder_of_checkpoints_is_a_row_for_each_in_their_order(tmp_path):
    for step in (1000, 200):
        made = Embedding(np.random.default_rng(step).standard_normal((1000, 4)))
        Snapshot(step, 32 * step, made).save(tmp_path / "lm" / "snapshots")
    found = json.loads(analyzed(tmp_path / "lm", *FAST, "--json"))
    assert [each["step"] for each in found] == [200, 1000]
    assert [each["tokens"] for each in found] == [6400, 32000]
    shown = analyzed(tmp_path / "lm", *FAST)
    assert shown.index("step 200") < shown.index("step 1,000")


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


def test_plot_is_of_one_embedding(model, tmp_path):
    arguments = ["analyze", str(model), str(model), "--plot", str(tmp_path / "p.svg")]
    assert "a plot is of one embedding" in str(CliRunner().invoke(app, arguments).exception)
