"""Trajectories: the order of checkpoints, the names that say it, and folders of them."""

import numpy as np
import pytest

from wordnum.embeddings.checkpoints import read_progress
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.trajectory import Snapshot, Trajectory, load_trajectory
from wordnum.errors import InputError


def at(value: float) -> Embedding:
    return Embedding(np.full((3, 2), value), name=f"at {value}")


@pytest.mark.parametrize(
    ("name", "progress"),
    [
        ("step-1000", (1000, None)),
        ("step1000", (1000, None)),
        ("global_step128", (128, None)),
        ("checkpoint-500", (500, None)),
        ("ckpt_7", (7, None)),
        ("step-00001000.npz", (1000, None)),
        ("tokens-2B", (None, 2_000_000_000)),
        ("stage1-step1000-tokens3B", (1000, 3_000_000_000)),
        ("1.5T_tokens", (None, 1_500_000_000_000)),
        ("tokens-640", (None, 640)),
        ("model-7b", (None, None)),
        ("doorstep-5", (None, None)),
        ("tokens-2BX", (None, None)),
        ("step-" + "9" * 5000, (None, None)),
        ("README.md", (None, None)),
    ],
)
def test_names_of_checkpoints_say_steps_and_tokens(name, progress):
    assert read_progress(name) == progress


def test_snapshots_are_in_the_order_of_steps_and_not_of_names(tmp_path):
    for step in (900, 1000, 20):
        Snapshot(step, 8 * step, at(step)).save(tmp_path)
    trajectory = load_trajectory(tmp_path)
    assert trajectory.steps == (20, 900, 1000)
    assert [s.tokens for s in trajectory] == [160, 7200, 8000]
    assert [s.embedding.vectors[0, 0] for s in trajectory] == [20, 900, 1000]
    assert trajectory.final is trajectory[-1].embedding
    assert len(trajectory) == 3
    assert tmp_path.name in repr(trajectory)


def test_folder_of_snapshots_within_is_read_before_the_checkpoints_beside_it(tmp_path):
    Snapshot(7, None, at(7)).save(tmp_path / "snapshots")
    (tmp_path / "checkpoint-7").mkdir()
    assert load_trajectory(tmp_path).steps == (7,)


def test_checkpoints_with_tokens_alone_are_ordered_by_them(tmp_path):
    for tokens in (2_000_000_000, 500):
        Snapshot(None, tokens, at(tokens)).save(tmp_path)
    trajectory = load_trajectory(tmp_path)
    assert trajectory.unit == "tokens"
    assert trajectory.steps == (500, 2_000_000_000)


def test_other_files_and_unfinished_ones_are_no_checkpoints(tmp_path):
    Snapshot(5, None, at(5)).save(tmp_path)
    for name in ("step-5.json", ".step-6.npz.wordnum-abcdefgh.part.npz", "notes.txt"):
        (tmp_path / name).write_text("7 1 2\n")
    assert load_trajectory(tmp_path).steps == (5,)


@pytest.mark.parametrize(
    ("snapshots", "message"),
    [
        ([], "has no order"),
        ([(None, None, at(1))], "has no order"),
        ([(1, None, at(1)), (None, 5, at(2))], "has no order"),
        ([(1, None, at(1)), (1, None, at(2))], "are at one step"),
        ([(1, None, at(1)), (2, None, Embedding([[1.0], [2.0]]))], "do not fit one another"),
    ],
)
def test_what_has_no_order_is_refused(snapshots, message):
    with pytest.raises(InputError, match=message):
        Trajectory(snapshots)


def test_folder_without_checkpoints_is_refused_with_the_names_they_have(tmp_path):
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(InputError, match="holds no checkpoints") as error:
            load_trajectory(folder)
        assert "step-1000" in str(error.value)
