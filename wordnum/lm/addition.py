"""Addition as a text: problems a + b = c in tokens of a base, with answers to be right about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from wordnum.config import one_of, whole_number
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import InputError, UsageError

# One problem in so many is held out.
_HELD_OUT = 10
# How the options of a task are read.
_OPTIONS: dict[str, Callable[[str], Any]] = {
    "base": int,
    "tokens": int,
    "order": str,
    "carries": str,
}
# Draws in a row that may all fall on the wrong side before there is nothing to draw.
_TRIES = 200


@dataclass(frozen=True, kw_only=True)
class AdditionTask:
    """Problems a + b = c, the numbers written in tokens of a base: ``a1 a0 + b1 b0 = c2 c1 c0``.

    Operands are drawn uniformly; one problem in ten, with its mirror image b + a, is held out from
    training. A token of the answer is (a_i + b_i + carry) mod base, which asks for residues. With a
    single token and all carries, a + b stays below the base, and nothing is ever reduced.

    Parameters
    ----------
    base : int
        Tokens 0..base-1.
    tokens : int
        Tokens of an operand. The answer has as many, and one more for the last carry of several.
    order : {"most", "least"}
        Whether the most or the least significant token comes first.
    carries : {"all", "inner", "none"}
        "all" carries from token to token, and the last carry is a token of its own. "inner" drops
        the last carry: c = (a + b) mod base^tokens. "none" carries nothing: each token of the
        answer is (a_i + b_i) mod base.

    Raises
    ------
    UsageError
        A base below 2, no tokens, or an unknown order.

    Examples
    --------
    >>> task = AdditionTask(base=10, tokens=2)
    >>> task.spell([[4, 7]], [[3, 5]])
    array([[ 4,  7, 12,  3,  5, 13,  0,  8,  2]])
    >>> task.vocabulary.token(12), task.vocabulary.token(13), task.n_problems
    ('+', '=', 10000)
    """

    base: int = 100
    tokens: int = 2
    order: Literal["most", "least"] = "most"
    carries: Literal["all", "inner", "none"] = "all"

    def __post_init__(self) -> None:
        whole_number(self.base, least=2, most=10**6, what="base")
        whole_number(self.tokens, least=1, most=64, what="tokens")
        one_of(self.order, ("most", "least"), what="order of the tokens")
        one_of(self.carries, ("all", "inner", "none"), what="carries")

    @property
    def name(self) -> str:
        """As `parse_task` reads it."""
        options = (f"{key}={getattr(self, key)}" for key in _OPTIONS)
        return "addition:" + ",".join(options)

    @property
    def below_base(self) -> bool:
        """Whether a + b stays below the base: one token, and nothing to carry to."""
        return self.tokens == 1 and self.carries == "all"

    @property
    def n_answer(self) -> int:
        """Tokens of an answer."""
        return self.tokens + (self.carries == "all" and not self.below_base)

    @property
    def length(self) -> int:
        """Tokens of a problem with its answer."""
        return 2 * self.tokens + 2 + self.n_answer

    @property
    def n_problems(self) -> int:
        """Different problems, those held out among them."""
        if self.below_base:
            return self.base * (self.base + 1) // 2
        return int(self.base) ** (2 * self.tokens)

    @property
    def vocabulary(self) -> Vocabulary:
        """Numbers 0..base-1, then "+" and "="."""
        return Vocabulary.from_words(["+", "="], numerals=NumeralScheme(size=self.base))

    def answer(self, a: Any, b: Any) -> np.ndarray:
        """Tokens of the answers, in the order of the task: int64 (n, n_answer).

        Parameters
        ----------
        a, b : array-like of int, shape (n, tokens)
            Tokens of the operands, in the order of the task.

        Raises
        ------
        InputError
            Tokens that the base does not have, or a sum that does not fit one token.
        """
        step = -1 if self.order == "most" else 1
        total = (self._checked(a) + self._checked(b))[:, ::step]
        if self.carries == "none":
            return (total % self.base)[:, ::step]
        if self.below_base:
            if (total >= self.base).any():
                raise InputError(
                    "the sum does not fit one token",
                    expected=f"a + b below {self.base}",
                    got=f"{int(total.max())}",
                )
            return total
        carry = np.zeros(len(total), np.int64)
        found = []
        for column in total.T:
            carry, digit = np.divmod(column + carry, self.base)
            found.append(digit)
        return np.stack([*found, carry], axis=1)[:, : self.n_answer][:, ::step]

    def spell(self, a: Any, b: Any) -> np.ndarray:
        """Ids of whole problems, int64 (n, length); parameters and errors as of `answer`."""
        answer = self.answer(a, b)
        plus = np.full((len(answer), 1), self.vocabulary.first_word)
        return np.hstack([self._checked(a), plus, self._checked(b), plus + 1, answer])

    def draw(
        self, n: int, rng: np.random.Generator, *, held_out: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw the operands of n problems, int64 (n, tokens) each.

        Raises
        ------
        InputError
            There are too few problems to hold one out.
        """
        found: list[np.ndarray] = []
        missing = n
        for _ in range(_TRIES):
            pair = rng.integers(self.base, size=(2 * n + 64, 2, self.tokens))
            keep = self._is_held_out(pair) == held_out
            if self.below_base:
                keep &= pair.sum(axis=1)[:, 0] < self.base
            found.append(pair[keep][:missing])
            missing -= len(found[-1])
            if not missing:
                drawn = np.concatenate(found)
                return drawn[:, 0], drawn[:, 1]
        raise InputError(
            "too few problems to hold some out",
            expected="some hundred different ones",
            got=f"{self.n_problems} of {self.name}",
            remedy="use a larger base or more tokens",
        )

    def encoded(self, n_problems: int = 100_000, *, random_state: int = 0) -> EncodedCorpus:
        """Text of problems that are not held out, one a document, for models that read text."""
        rng = np.random.default_rng(random_state)
        rows = self.spell(*self.draw(whole_number(n_problems, what="n_problems"), rng))
        starts = np.arange(len(rows) + 1) * self.length
        return EncodedCorpus.from_arrays(rows.ravel(), starts, self.vocabulary)

    def _checked(self, operand: Any) -> np.ndarray:
        array = np.asarray(operand)
        fits = array.ndim == 2 and array.shape[1] == self.tokens and array.dtype.kind in "iu"
        if not fits or (array < 0).any() or (array >= self.base).any():
            raise InputError(
                "the digits do not fit the base",
                expected=f"rows of {self.tokens} integers in 0..{self.base - 1}",
                got=f"{operand!r:.80}",
            )
        return array.astype(np.int64)

    def _is_held_out(self, pair: np.ndarray) -> np.ndarray:
        # A hash of each operand; the sum of both is that of the mirror image too.
        key = np.zeros(pair.shape[:2], np.uint64)
        for digit in np.moveaxis(pair, 2, 0):
            key = _mixed(key * np.uint64(1_000_003) + digit.astype(np.uint64) + np.uint64(1))
        return np.asarray(_mixed(key.sum(axis=1)) % np.uint64(_HELD_OUT) == 0)


def _mixed(x: np.ndarray) -> np.ndarray:
    """Finalizer of splitmix64 (Steele, Lea, Flood 2014): every bit depends on every bit."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


class AdditionBatches:
    """Batches of problems; batch i is a function of the seed and of i alone.

    Parameters
    ----------
    task : AdditionTask
        What is drawn from.
    batch_tokens : int
        Tokens of a batch, at most.
    random_state : int
        Of all draws; the problems of `evaluate` are the same for every seed.

    Raises
    ------
    UsageError
        A batch that does not hold one problem.
    """

    # Held-out problems that accuracy is measured on: a standard error of 0.3 % at 99 %.
    n_evaluated = 1000

    def __init__(self, task: AdditionTask, *, batch_tokens: int, random_state: int = 0) -> None:
        whole_number(batch_tokens, least=task.length, what="batch_tokens")
        self.task, self._seed = task, random_state
        self._n = batch_tokens // task.length
        rng = np.random.default_rng(0)
        self._held_out = task.spell(*task.draw(self.n_evaluated, rng, held_out=True))

    def batch(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        """Tokens and targets of batch i, int64 (rows, length); targets are the answers alone."""
        from wordnum.lm.segments import NO_TARGET

        ids = self.task.spell(*self.task.draw(self._n, np.random.default_rng([self._seed, i])))
        targets = ids.copy()
        targets[:, : -self.task.n_answer] = NO_TARGET
        return ids, targets

    def tokens(self, i: int) -> int:
        """Tokens of batch i."""
        return self._n * self.task.length

    def evaluate(self, network: Any) -> dict[str, float]:
        """Share of held-out problems with every token of the answer right.

        Each token is the most likely one after the right tokens before it: all of them are right
        exactly where the answer that the model writes by itself is right.
        """
        import torch

        n = self.task.n_answer
        ids = torch.from_numpy(self._held_out).to(network.device)
        was_training = network.training
        network.eval()
        with torch.no_grad():
            said = network(input_ids=ids[:, :-1]).logits[:, -n:].argmax(-1)
        network.train(was_training)
        right = (said == ids[:, -n:]).all(1)
        return {"accuracy": int(right.sum()) / len(right)}


def parse_task(text: str) -> AdditionTask:
    """Read a task: "addition", or "addition:base=100,tokens=2,order=least,carries=inner".

    Raises
    ------
    UsageError
        Another name, or options that cannot be read.

    Examples
    --------
    >>> parse_task("addition:base=200,tokens=1").n_problems
    20100
    """
    name, _, options = text.partition(":")
    one_of(name, ("addition",), what="task")
    given: dict[str, Any] = {}
    for option in filter(None, options.split(",")):
        key, _, value = option.partition("=")
        one_of(key, _OPTIONS, what="option of addition")
        try:
            given[key] = _OPTIONS[key](value)
        except ValueError as error:
            raise UsageError(
                f"{key} cannot be read", expected="an integer", got=f"{value!r:.40}"
            ) from error
    return AdditionTask(**given)
