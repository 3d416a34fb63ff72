"""Training: it learns, it goes on after a kill, and what is wrong is told and costs nothing."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (make test LM=1)")

from sklearn.base import clone  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402
from transformers import AutoModelForCausalLM, Trainer  # noqa: E402

from wordnum.corpus.synthetic import SyntheticCorpus  # noqa: E402
from wordnum.embeddings.trajectory import load_trajectory  # noqa: E402
from wordnum.embeddings.vector_files import load_embedding  # noqa: E402
from wordnum.errors import FormatError, InputError, UsageError  # noqa: E402
from wordnum.lm.addition import AdditionBatches, AdditionTask  # noqa: E402
from wordnum.lm.architectures import ARCHITECTURES  # noqa: E402
from wordnum.lm.estimates import estimate  # noqa: E402
from wordnum.lm.language_model import LanguageModel  # noqa: E402
from wordnum.lm.plans import snapshot_steps  # noqa: E402

TASK = AdditionTask(base=10, tokens=1)
QUICK = {"size": "nano", "max_steps": 12, "batch_tokens": 60, "save_every": 4}


@pytest.fixture(scope="module")
def corpus():
    return SyntheticCorpus(n_documents=60, length=60, n_fillers=40, size=50).encoded(n_blocks=6)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished training, and its folder."""
    folder = tmp_path_factory.mktemp("lm") / "model"
    return LanguageModel(**QUICK, folder=folder).fit(TASK)


def losses(model):
    return [(row["step"], row["tokens"], row["loss"]) for row in model.history_]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_architecture_learns_from_a_text_and_is_read_back(corpus, architecture, tmp_path):
    model = LanguageModel(
        architecture=architecture,
        max_steps=15,
        batch_tokens=512,
        context=32,
        learning_rate=0.01,
        folder=tmp_path / "m",
    )
    embedding = model.fit_transform(corpus, perturbation="isolate:1")
    assert embedding.vectors.dtype == np.float32
    assert embedding.shape == ((corpus.number_counts > 0).sum(), 128)
    assert embedding.counts.tolist() == corpus.number_counts[embedding.numbers].tolist()
    assert embedding.provenance["perturbation"] == "isolate:1"
    assert embedding.provenance["embed"]["parameters"]["architecture"] == architecture
    first, last = model.history_[0]["loss"], model.history_[-1]["loss"]
    assert last < 0.9 * first
    assert (model.trajectory_[0].embedding.vectors != embedding.vectors).any()
    read = load_embedding(tmp_path / "m", size=50)
    assert np.array_equal(read[embedding.numbers], embedding.vectors)
    again = AutoModelForCausalLM.from_pretrained(tmp_path / "m").get_input_embeddings().weight
    assert np.array_equal(again.detach().numpy()[:50], read.vectors)


def test_addition_is_learned_and_its_accuracy_told():
    task = AdditionTask(base=5, tokens=2, carries="none")
    how = {"size": "nano", "optimizer": "muon", "learning_rate": 0.005}
    model = LanguageModel(**how, max_steps=120, batch_tokens=512).fit(task)
    told = [row["accuracy"] for row in model.history_ if "accuracy" in row]
    assert told[-1] > 0.6 > 0.2 > told[0]
    assert model.trajectory_.final.provenance["accuracy"] == told[-1]


def test_it_is_an_estimator_registered_by_its_entry_point(finished):
    from importlib.metadata import entry_points

    points = [p for p in entry_points(group="wordnum.models") if p.name == "language-model"]
    assert [p.load() for p in points] == [LanguageModel]
    assert clone(finished).get_params() == finished.get_params()
    assert (LanguageModel.reads, LanguageModel.replicate_kind) == ("corpus", "seeds")
    assert repr(finished).startswith("LanguageModel(")


def test_the_time_that_a_study_plans_with_grows_with_steps_and_blocks():
    tiny = LanguageModel(size="tiny").seconds(0)
    assert LanguageModel(size="nano").seconds(0) == tiny / 4
    assert LanguageModel(size="300m", seeds=2).seconds(0) == pytest.approx(2 * 6 * 64 * tiny)
    with pytest.raises(UsageError, match="unknown size 'big'"):
        LanguageModel(size="big").seconds(0)


def test_snapshots_are_spaced_like_a_logarithm_and_do_not_depend_on_the_end():
    steps = snapshot_steps(100_000)
    assert steps[:3] == [0, 1, 2]
    assert steps[-1] == 100_000
    assert len([s for s in steps if 100 < s <= 1000]) == 8
    assert set(snapshot_steps(5000)) - {5000} <= set(steps)


def test_a_finished_training_is_a_model_folder(finished):
    folder = Path(finished.folder)
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "training.json", "history.json", "config.json", "generation_config.json",
        "model.safetensors", "vocab.txt", "snapshots",
    }  # fmt: skip
    assert (folder / "vocab.txt").read_text().splitlines() == TASK.vocabulary.tokens()
    trajectory = load_trajectory(folder)
    assert trajectory.steps == tuple(snapshot_steps(12))
    assert [s.tokens for s in trajectory] == [60 * step for step in trajectory.steps]
    weight = AutoModelForCausalLM.from_pretrained(folder).get_input_embeddings().weight
    assert np.array_equal(weight.detach().numpy()[:10], finished.embedding_.vectors)


def test_it_is_loaded_and_not_trained_again(finished, monkeypatch):
    monkeypatch.setattr(Trainer, "train", None)
    again = clone(finished).fit(TASK)
    assert again.history_ == finished.history_
    assert again.embedding_.fingerprint == finished.embedding_.fingerprint
    ids = torch.arange(5)[None]
    with torch.no_grad():
        one, other = (m.network_(input_ids=ids).logits for m in (again, finished))
    assert torch.equal(one, other)


def test_the_seed_decides_and_random_states_stay(finished, tmp_path):
    torch_state, numpy_state = torch.random.get_rng_state(), np.random.get_state()  # noqa: NPY002
    same = LanguageModel(**QUICK).fit(TASK)
    other = LanguageModel(**QUICK, random_state=1).fit(TASK)
    assert torch.equal(torch.random.get_rng_state(), torch_state)
    assert (np.random.get_state()[1] == numpy_state[1]).all()  # noqa: NPY002
    assert losses(same) == losses(finished)
    assert losses(other) != losses(finished)


def test_seeds_are_replicates(finished, tmp_path):
    two = np.int64(2)
    model = LanguageModel(**QUICK, seeds=two, random_state=np.int64(0), folder=tmp_path / "m")
    model.fit(TASK)
    assert model.embedding_.replicates.kind == "seeds"
    assert model.embedding_.replicates.ids == (1,)
    assert np.array_equal(model.embedding_.vectors, finished.embedding_.vectors)
    (replicate,) = model.embedding_.replicates.embeddings
    assert np.array_equal(replicate.vectors, model.trajectories_[1].final.vectors)
    assert {p.name for p in (tmp_path / "m").iterdir()} == {"seed-0", "seed-1"}


KILLED = """
import os, sys
from wordnum.lm import training
from wordnum.embeddings.trajectory import Snapshot
from wordnum.lm.addition import AdditionTask
from wordnum.lm.language_model import LanguageModel
save = Snapshot.save
Snapshot.save = lambda s, folder: (print("saved step", s.step, flush=True), save(s, folder))[1]
step = training._Recorder.on_step_end
def on_step_end(self, args, state, control, **more):
    step(self, args, state, control, **more)
    if state.global_step == 10:
        os._exit(9)
training._Recorder.on_step_end = on_step_end
LanguageModel(**eval(sys.argv[1]), folder=sys.argv[2]).fit(AdditionTask(base=10, tokens=1))
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """A training killed after step 10, with checkpoints at 4 and 8."""
    folder = tmp_path_factory.mktemp("killed") / "model"
    command = [sys.executable, "-c", KILLED, repr(QUICK), str(folder)]
    out = subprocess.run(command, capture_output=True, text=True)
    assert out.returncode == 9, out.stderr
    return folder


def copied(folder, tmp_path):
    import shutil

    return Path(shutil.copytree(folder, tmp_path / "model"))


def test_a_killed_training_goes_on_to_the_same_losses(killed, finished, tmp_path, caplog):
    folder = copied(killed, tmp_path)
    assert {p.name for p in (folder / "resume").iterdir()} == {"checkpoint-4", "checkpoint-8"}
    again = LanguageModel(**QUICK, folder=folder)
    seen = []
    again_fit = Trainer.training_step
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            Trainer, "training_step", lambda *a, **k: seen.append(1) or again_fit(*a, **k)
        )
        again.fit(TASK)
    assert len(seen) == 4
    assert losses(again) == losses(finished)
    assert again.trajectory_.steps == finished.trajectory_.steps
    for one, other in zip(again.trajectory_, finished.trajectory_):
        assert np.array_equal(one.embedding.vectors, other.embedding.vectors)
        assert one.tokens == other.tokens
    assert not (folder / "resume").exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda c: (c / "trainer_state.json").unlink(),
        lambda c: (c / "trainer_state.json").write_text('{"global_st'),
        lambda c: (c / "optimizer.pt").write_bytes((c / "optimizer.pt").read_bytes()[:1000]),
        lambda c: (c / "model.safetensors").write_bytes(b"{"),
    ],
)
def test_a_checkpoint_that_is_not_whole_is_left_out(killed, finished, tmp_path, caplog, damage):
    folder = copied(killed, tmp_path)
    damage(folder / "resume" / "checkpoint-8")
    again = LanguageModel(**QUICK, folder=folder).fit(TASK)
    assert "checkpoint-8 is left out" in caplog.text
    assert losses(again) == losses(finished)


def test_a_training_of_another_model_or_text_is_refused(killed, finished, tmp_path, corpus):
    folder = copied(killed, tmp_path)
    for model, source, named in (
        (LanguageModel(**QUICK, architecture="lstm", folder=folder), TASK, "architecture=lstm"),
        (LanguageModel(**QUICK, folder=folder), replace(TASK, base=11), "base=11"),
        (LanguageModel(**QUICK, folder=folder), corpus, "perturbation=original"),
        (LanguageModel(**QUICK, folder=finished.folder, optimizer="muon"), TASK, "optimizer=muon"),
    ):
        with pytest.raises(InputError, match="another model or text") as caught:
            model.fit(source)
        assert named in str(caught.value)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="holds something else"):
        LanguageModel(**QUICK, folder=tmp_path / "other").fit(TASK)
    (folder / "training.json").write_text('{"kind": "lang')
    with pytest.raises(FormatError, match="is damaged"):
        LanguageModel(**QUICK, folder=folder).fit(TASK)


def test_a_loss_that_is_no_number_ends_the_training_and_keeps_what_was_good(tmp_path, monkeypatch):
    step = Trainer.training_step

    def fails(self, model, *given, **more):
        loss = step(self, model, *given, **more)
        return loss * float("nan") if self.state.global_step == 9 else loss

    monkeypatch.setattr(Trainer, "training_step", fails)
    with pytest.raises(InputError, match=r"diverged at step 10\n(.|\n)*lower learning_rate"):
        LanguageModel(**QUICK, folder=tmp_path / "m").fit(TASK)
    monkeypatch.undo()
    assert (tmp_path / "m" / "resume" / "checkpoint-8" / "trainer_state.json").exists()
    assert load_trajectory(tmp_path / "m").steps[-1] == 7
    again = LanguageModel(**QUICK, folder=tmp_path / "m").fit(TASK)
    assert losses(again)[-1][0] == 12


def test_weights_that_are_not_finite_are_not_saved(tmp_path, monkeypatch):
    step = Trainer.training_step

    def poisons(self, model, *given, **more):
        loss = step(self, model, *given, **more)
        if self.state.global_step == 7:
            with torch.no_grad():
                model.model.norm.weight.fill_(float("inf"))
        return loss

    monkeypatch.setattr(Trainer, "training_step", poisons)
    with pytest.raises(InputError, match=r"not finite"):
        LanguageModel(**QUICK, folder=tmp_path / "m").fit(TASK)
    assert {p.name for p in (tmp_path / "m" / "resume").iterdir()} == {"checkpoint-4"}


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        RuntimeError("[enforce fail at inline_container.cc] PytorchStreamWriter failed writing"),
    ],
)
def test_a_full_disk_keeps_the_last_checkpoint(tmp_path, monkeypatch, error):
    save = torch.save

    def full(value, file, *given, **more):
        if "checkpoint-8" in str(file):
            Path(file).write_bytes(b"PK")
            raise error
        return save(value, file, *given, **more)

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(InputError, match=r"cannot write(.|\n)*free disk space"):
        LanguageModel(**QUICK, folder=tmp_path / "m").fit(TASK)
    monkeypatch.undo()
    assert {p.name for p in (tmp_path / "m" / "resume").iterdir()} == {"checkpoint-4"}
    assert losses(LanguageModel(**QUICK, folder=tmp_path / "m").fit(TASK))[-1][0] == 12


def test_an_error_of_another_kind_is_not_taken_for_a_full_disk(monkeypatch):
    def fails(*given, **more):
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr(Trainer, "training_step", fails)
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        LanguageModel(**QUICK).fit(TASK)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"context": 0}, "context cannot be 0"),
        ({"context": 4}, "context cannot be 4"),
        ({"batch_tokens": 3}, "batch_tokens cannot be 3"),
        ({"max_steps": 0}, "max_steps cannot be 0"),
        ({"accumulate": 0}, "accumulate cannot be 0"),
        ({"save_every": 0}, "save_every cannot be 0"),
        ({"seeds": 0}, "seeds cannot be 0"),
        ({"warmup": 1.5}, "warmup=1.5 is out of range"),
        ({"initializer_range": -1.0}, "initializer_range=-1.0 is out of range"),
        ({"learning_rate": 0}, "learning_rate=0 is out of range"),
        ({"weight_decay": -1}, "weight_decay=-1 is out of range"),
        ({"optimizer": "adam"}, "unknown optimizer 'adam'"),
        ({"schedule": "cosin"}, "did you mean 'cosine'"),
        ({"precision": "fp8"}, "unknown precision 'fp8'"),
        ({"device": "tpu"}, "unknown device 'tpu'"),
        ({"architecture": "rnn"}, "unknown architecture 'rnn'"),
    ],
)
def test_parameters_out_of_range_are_refused(change, message, tmp_path):
    with pytest.raises(UsageError, match=message):
        LanguageModel(**{**QUICK, **change}, folder=tmp_path / "m").fit(TASK)
    assert not (tmp_path / "m").exists()


def test_sources_that_cannot_be_read_are_refused(corpus, tmp_path):
    with pytest.raises(InputError, match="not on counts"):
        LanguageModel(**QUICK).fit(np.ones((3, 3)))
    with pytest.raises(UsageError, match="a task is not perturbed"):
        LanguageModel(**QUICK).fit(TASK, perturbation="isolate:1")
    with pytest.raises(InputError, match="shorter than one batch"):
        LanguageModel(max_steps=2, batch_tokens=10**6).fit(corpus)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_an_error():
    with pytest.raises(InputError, match=r'device="cuda" finds no GPU'):
        LanguageModel(**QUICK, device="cuda").fit(TASK)


def test_batches_are_accumulated(monkeypatch):
    seen = []
    step = Trainer.training_step
    monkeypatch.setattr(Trainer, "training_step", lambda *a, **k: seen.append(1) or step(*a, **k))
    model = LanguageModel(max_steps=3, batch_tokens=60, accumulate=4).fit(TASK)
    assert len(seen) == 12
    assert model.history_[-1]["tokens"] == 720


def test_half_precision_of_products_changes_little(finished):
    with warnings.catch_warnings(action="error"):
        LanguageModel(**{**QUICK, "max_steps": 1}, precision="bf16", architecture="lstm").fit(TASK)
    model = LanguageModel(**QUICK, precision="bf16").fit(TASK)
    assert model.embedding_.vectors.dtype == np.float32
    assert losses(model) != losses(finished)
    assert abs(losses(model)[-1][2] - losses(finished)[-1][2]) < 0.2


def test_progress_says_loss_and_speed(caplog):
    caplog.set_level(logging.INFO, logger="wordnum.progress")
    LanguageModel(**QUICK).fit(TASK)
    assert "step 12 of 12: loss " in caplog.text
    assert "tokens/s" in caplog.text


@pytest.mark.parametrize("optimizer", ["adamw", "muon", "sgd"])
def test_the_estimate_knows_parameters_tokens_and_disk(tmp_path, optimizer):
    model = LanguageModel(**QUICK, optimizer=optimizer, folder=tmp_path / "m")
    found = estimate(model, TASK)
    assert not (tmp_path / "m").exists()
    network = model.fit(TASK).network_
    n = network.num_parameters()
    assert found["parameters"] == n
    assert found["tokens"] == model.history_[-1]["tokens"] == 12 * 60
    assert found["flops"] >= 6 * n * 720
    assert found["hours"] > 0
    matrices = sum(
        p.numel() for p in network.parameters()
        if p.ndim == 2 and p is not network.get_input_embeddings().weight
    )  # fmt: skip
    state = {"adamw": 2 * n, "muon": 2 * n - matrices, "sgd": n}[optimizer]
    assert found["memory_bytes"] > 8 * n + 4 * state
    kept = sum(f.stat().st_size for f in (tmp_path / "m").rglob("*") if f.is_file())
    assert kept < found["disk_bytes"] < kept + 3 * 4 * (n + state)


@pytest.mark.parametrize("size", ["nano", "tiny"])
def test_the_estimated_operations_are_those_that_torch_counts(size):
    task = AdditionTask(base=1000, tokens=4)
    how = {"size": size, "max_steps": 1, "batch_tokens": 20 * task.length}
    found = estimate(LanguageModel(**how), task)["flops"]
    network = LanguageModel(**how).network(len(task.vocabulary), 0)
    ids, targets = map(
        torch.from_numpy, AdditionBatches(task, batch_tokens=20 * task.length).batch(0)
    )
    with FlopCounterMode(display=False) as counter:
        network(input_ids=ids, labels=targets).loss.backward()
    assert found == pytest.approx(counter.get_total_flops(), rel=0.03)


@pytest.mark.long
def test_the_estimated_memory_is_about_what_a_training_takes():
    code = """
import sys
from wordnum.lm import AdditionTask, LanguageModel
from wordnum.lm.estimates import estimate
from wordnum.provenance import peak_memory
task, model = AdditionTask(base=5000, tokens=2), LanguageModel(max_steps=4)
print(estimate(model, task)["memory_bytes"] if sys.argv[1] == "estimated" else
      model.fit(task) and peak_memory())
"""
    command = [sys.executable, "-W", "ignore", "-c", code]
    outs = [subprocess.run([*command, what], capture_output=True) for what in ("estimated", "real")]
    assert float(outs[0].stdout) == pytest.approx(float(outs[1].stdout), rel=0.3), outs


@pytest.mark.long
def test_an_lstm_is_loaded_in_another_process(tmp_path):
    how = {"architecture": "lstm", "size": "nano", "max_steps": 2, "batch_tokens": 60}
    made = LanguageModel(**how, folder=tmp_path / "m").fit(TASK)
    code = f"""
from wordnum.lm import AdditionTask, LanguageModel
model = LanguageModel(**{how!r}, folder={str(tmp_path / "m")!r})
print(model.fit_transform(AdditionTask(base=10, tokens=1)).fingerprint)
"""
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert out.stdout.strip() == made.embedding_.fingerprint, out.stderr


@pytest.mark.long
def test_two_processes_do_what_one_does_with_two_batches_a_step(tmp_path):
    folder, killed = tmp_path / "m", tmp_path / "killed.py"
    killed.write_text(KILLED)
    launch = [
        sys.executable,
        "-m",
        "accelerate.commands.launch",
        "--multi_gpu",
        "--num_processes=2",
    ]
    options = [f"--{name.replace('_', '-')}={value}" for name, value in QUICK.items()]
    commands = (
        [*launch, str(killed), repr(QUICK), str(folder)],
        [*launch, "-m", "wordnum", "lm", "train", TASK.name, "-o", str(folder), *options, "--json"],
    )
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    outs = [subprocess.run(c, capture_output=True, text=True, env=environment) for c in commands]
    assert "exitcode  : 9" in outs[0].stderr
    assert [out.stdout.count("saved step 7") for out in outs] == [1, 0]  # by one process, for good
    assert outs[1].returncode == 0, outs[1].stderr
    assert json.loads(outs[1].stdout)["tokens"] == 12 * 2 * 60
    assert outs[1].stderr.count("step 12 of 12") == 1
    alone = LanguageModel(**QUICK, accumulate=2).fit(TASK)
    together = json.loads((folder / "history.json").read_text())
    for name in ("step", "tokens", "loss", "grad_norm", "accuracy"):
        expected = [row[name] for row in alone.history_ if name in row]
        assert [row[name] for row in together if name in row] == pytest.approx(expected, abs=1e-4)
    for one, other in zip(load_trajectory(folder), alone.trajectory_, strict=True):
        assert np.allclose(one.embedding.vectors, other.embedding.vectors, atol=1e-4)


def test_the_command_line_trains_and_says_what_it_costs(tmp_path):
    from typer.testing import CliRunner

    from wordnum.cli import app

    quick = ["--max-steps", "3", "--batch-tokens", "60", "--json"]
    command = ["lm", "train", "addition:base=10,tokens=1", "-o", str(tmp_path / "m"), *quick]
    cost = CliRunner().invoke(app, [*command, "--dry-run"])
    assert json.loads(cost.stdout)["tokens"] == 180
    assert not (tmp_path / "m").exists()
    shown = CliRunner().invoke(app, [*command[:-1], "--dry-run"])
    assert "MB" in shown.stdout
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    facts = json.loads(done.stdout)
    assert (facts["step"], facts["snapshots"], facts["numbers"]) == (3, 4, 10)
    assert 0 <= facts["accuracy"] <= 1
    assert CliRunner().invoke(app, command).stdout == done.stdout
    wrong = CliRunner().invoke(app, [*command, "--context", "4"])
    assert isinstance(wrong.exception, UsageError)
