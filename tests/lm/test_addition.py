"""Addition: right answers by Python's integers, and nothing held out in what is trained on."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from wordnum.errors import InputError, UsageError
from wordnum.lm.addition import AdditionBatches, AdditionTask, parse_task
from wordnum.lm.segments import NO_TARGET

try:
    import torch
except ImportError:
    torch = None

TASKS = [
    AdditionTask(base=base, tokens=tokens, order=order, carries=carries)
    for base, tokens in ((100, 1), (10, 2), (7, 3), (1000, 9))
    for order in ("most", "least")
    for carries in ("all", "inner", "none")
]


def value(tokens: np.ndarray, task: AdditionTask) -> int:
    ordered = tokens if task.order == "most" else tokens[::-1]
    total = 0
    for token in ordered.tolist():
        total = total * task.base + token
    return total


@pytest.mark.parametrize("task", TASKS, ids=lambda t: t.name)
def test_answers_are_those_of_python(task):
    a, b = task.draw(200, np.random.default_rng(0))
    answers = task.answer(a, b)
    assert answers.shape == (200, task.n_answer)
    for x, y, c in zip(a, b, answers):
        total = value(x, task) + value(y, task)
        if task.carries == "all":
            assert value(c, task) == total
        elif task.carries == "inner":
            assert value(c, task) == total % task.base**task.tokens
        else:
            assert c.tolist() == [(i + j) % task.base for i, j in zip(x.tolist(), y.tolist())]


def test_a_problem_is_spelled_in_the_order_of_the_task():
    for order, text in (("most", "1 9 + 0 8 = 0 2 7"), ("least", "9 1 + 8 0 = 7 2 0")):
        task = AdditionTask(base=10, tokens=2, order=order)
        step = 1 if order == "most" else -1
        (row,) = task.spell([[1, 9][::step]], [[0, 8][::step]])
        assert " ".join(map(task.vocabulary.token, row.tolist())) == text


def test_a_single_token_stays_below_the_base():
    task = AdditionTask(base=50, tokens=1)
    a, b = task.draw(5000, np.random.default_rng(0))
    assert (a + b).max() == 49
    assert task.n_answer == 1
    with pytest.raises(InputError, match="does not fit one token"):
        task.answer([[30]], [[20]])


@pytest.mark.parametrize("task", TASKS[:12], ids=lambda t: t.name)
def test_what_is_held_out_is_never_trained_on_nor_its_mirror_image(task):
    rng = np.random.default_rng(0)
    sides = []
    for held_out in (False, True):
        a, b = task.draw(4000, rng, held_out=held_out)
        pairs = {(tuple(x), tuple(y)) for x, y in zip(a.tolist(), b.tolist())}
        sides.append(pairs | {(y, x) for x, y in pairs})
    assert not sides[0] & sides[1]


def test_one_problem_in_ten_is_held_out_and_operands_are_uniform():
    task = AdditionTask(base=100, tokens=2)
    pair = np.random.default_rng(0).integers(100, size=(100_000, 2, 2))
    assert abs(task._is_held_out(pair).mean() - 0.1) < 0.005
    a, b = task.draw(100_000, np.random.default_rng(1))
    for digits in (*a.T, *b.T):
        seen = np.bincount(digits, minlength=100)
        # 99 degrees of freedom: 160 is passed once in ten thousand draws.
        assert ((seen - 1000.0) ** 2 / 1000).sum() < 160


def test_batches_follow_from_seed_and_number():
    task = AdditionTask(base=20, tokens=2)
    one, same, other = (AdditionBatches(task, batch_tokens=100, random_state=s) for s in (0, 0, 1))
    for i in (0, 7):
        assert (one.batch(i)[0] == same.batch(i)[0]).all()
    assert (one.batch(0)[0] != one.batch(1)[0]).any()
    assert (one.batch(0)[0] != other.batch(0)[0]).any()
    assert (one._held_out == other._held_out).all()
    ids, targets = one.batch(0)
    assert ids.shape == (100 // 9, 9)
    assert one.tokens(0) == ids.size
    assert (targets[:, :6] == NO_TARGET).all()
    assert (targets[:, 6:] == ids[:, 6:]).all()


def test_the_same_text_is_read_by_the_classical_models():
    task = AdditionTask(base=30, tokens=2, order="least")
    corpus = task.encoded(500, random_state=3)
    assert corpus.n_documents == 500
    rows = np.concatenate([block.ids for block in corpus.blocks()]).reshape(500, task.length)
    a, b = rows[:, :2].astype(int), rows[:, 3:5].astype(int)
    assert (rows == task.spell(a, b)).all()
    assert not task._is_held_out(np.stack([a, b], axis=1)).any()
    again = task.encoded(500, random_state=3)
    assert again.fingerprint == corpus.fingerprint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("subtraction", "unknown task 'subtraction'"),
        ("addition:base=1", "base cannot be 1"),
        ("addition:base=0", "base cannot be 0"),
        ("addition:base=many", "base cannot be read"),
        ("addition:tokens=0", "tokens cannot be 0"),
        ("addition:order=random", "unknown order of the tokens 'random'"),
        ("addition:carries=maybe", "unknown carries 'maybe'"),
        ("addition:bass=10", "did you mean 'base'"),
    ],
)
def test_a_task_that_cannot_be_is_refused(text, message):
    with pytest.raises(UsageError, match=message):
        parse_task(text)


def test_a_task_is_read_back_from_its_name():
    for task in TASKS:
        assert parse_task(task.name) == task
    assert parse_task("addition") == AdditionTask()


@pytest.mark.parametrize("digits", [[[3, 10]], [[-1, 3]], [[1]], [[1.5, 2.0]], [1, 2]])
def test_digits_that_do_not_fit_the_base_are_refused(digits):
    with pytest.raises(InputError, match="digits do not fit the base"):
        AdditionTask(base=10, tokens=2).answer(digits, [[1, 2]])


class Network:
    """Answers by adding, and says another token in one row of `wrong`."""

    training, device = False, "cpu"

    def __init__(self, task, wrong):
        self.task, self.wrong = task, wrong

    def eval(self):
        return self

    def train(self, on):
        assert on is self.training

    def __call__(self, input_ids):
        n = self.task.n_answer
        ids = input_ids.numpy()
        k = self.task.tokens
        right = self.task.answer(ids[:, :k], ids[:, k + 1 : 2 * k + 1])
        logits = np.zeros((*ids.shape, len(self.task.vocabulary)))
        rows = np.arange(len(ids))
        for at in range(n):
            said = (right[:, at] + (rows % 10 < self.wrong)) % self.task.base
            logits[rows, ids.shape[1] - n + at, said] = 1
        return SimpleNamespace(logits=torch.from_numpy(logits))


@pytest.mark.skipif(torch is None, reason="torch is not installed (make test LM=1)")
@pytest.mark.parametrize(("wrong", "accuracy"), [(0, 1.0), (3, 0.7), (10, 0.0)])
def test_accuracy_is_the_share_of_answers_right_in_every_token(wrong, accuracy):
    task = AdditionTask(base=12, tokens=3)
    batches = AdditionBatches(task, batch_tokens=100)
    assert batches.evaluate(Network(task, wrong)) == {"accuracy": accuracy}


def test_too_few_problems_to_hold_one_out_are_refused():
    with pytest.raises(InputError, match="too few problems"):
        AdditionBatches(AdditionTask(base=2, tokens=1), batch_tokens=100)
    with pytest.raises(UsageError, match="batch_tokens cannot be 8"):
        AdditionBatches(AdditionTask(base=10, tokens=2), batch_tokens=8)
