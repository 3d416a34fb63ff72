"""Tasks as corpora of a study: a language model reads the task, all others its problems as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.encoding import encode_documents
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.recipes import Recipe
from wordnum.errors import UsageError
from wordnum.lm.addition import AdditionTask, parse_task

# Problems of the text that counts are made of: pairs of tokens of a base of 1000 are all there.
_PROBLEMS = 300_000
_TASKS = ("addition",)


@dataclass(frozen=True, kw_only=True)
class TaskRecipe(Recipe):
    """The text of a task, under the task's own numbers.

    Examples
    --------
    >>> recipe = task_recipe("addition:base=100,tokens=2")
    >>> recipe.scheme.size, next(recipe.texts()).split()[2]
    (100, '+')
    """

    reader: str = "synthetic"

    @property
    def task(self) -> AdditionTask:
        """What a language model trains on."""
        return parse_task(self.name)

    @property
    def scheme(self) -> NumeralScheme:
        """Numbers 0..base-1, each a token."""
        return NumeralScheme(size=self.task.base)

    def with_numerals(self, numerals: str, ordinals: str) -> TaskRecipe:
        """Return the task: its numbers are written in one way only.

        Raises
        ------
        UsageError
            Another numeral scheme.
        """
        if numerals != "whole":
            raise UsageError(
                f"{self.name} has its own numerals",
                expected="whole",
                got=numerals,
                remedy="put tasks into a study of their own",
            )
        return self

    def identity(self) -> dict[str, Any]:
        """What the text depends on."""
        return {"task": self.name, "problems": _PROBLEMS, "scheme": self.scheme}

    def texts(self) -> Iterator[str]:
        """Problems that are not held out, one a document."""
        task = self.task
        token = np.array(task.vocabulary.tokens(), dtype=object)
        for row in task.spell(*task.draw(_PROBLEMS, np.random.default_rng(0))):
            yield " ".join(token[row])

    def encode(self, path: Path) -> EncodedCorpus:
        """Encode the text into a folder."""
        return encode_documents(self.texts(), path, numerals=self.scheme)


def is_task(name: str) -> bool:
    """Whether a corpus of a study names a task.

    Examples
    --------
    >>> is_task("addition:base=100"), is_task("wikipedia2014")
    (True, False)
    """
    return name.partition(":")[0] in _TASKS


def task_recipe(name: str) -> TaskRecipe:
    """Make the recipe of a task from "addition:base=100,tokens=2".

    Raises
    ------
    UsageError
        Options that cannot be read.
    """
    task = parse_task(name)
    return TaskRecipe(name=task.name, title=f"{task.tokens}-token addition, base {task.base}")
