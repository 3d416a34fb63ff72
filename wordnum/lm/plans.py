"""How a training goes: its steps, their size, and where snapshots are taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from wordnum.config import one_of, whole_number
from wordnum.errors import UsageError

# Learning rates where none is given, by optimiser.
LEARNING_RATES = {"adamw": 2e-3, "muon": 2e-3, "sgd": 0.1}
# Names that transformers has for the schedules.
SCHEDULES = {"cosine": "cosine", "linear": "linear", "constant": "constant_with_warmup"}
# Snapshots for every factor of ten in the steps.
_PER_DECADE = 8


@dataclass(frozen=True, kw_only=True)
class TrainingPlan:
    """How long and by what steps; the parameters are those of `LanguageModel`."""

    max_steps: int
    optimizer: str
    learning_rate: float | None
    weight_decay: float
    warmup: float
    schedule: str
    clip: float
    precision: Literal["float32", "bf16"]
    accumulate: int
    save_every: int | None
    random_state: int
    device: str

    def checked(self) -> TrainingPlan:
        """Return itself.

        Raises
        ------
        UsageError
            A parameter out of range.
        """
        for name in ("max_steps", "accumulate"):
            whole_number(getattr(self, name), what=name)
        if self.save_every is not None:
            whole_number(self.save_every, what="save_every")
        one_of(self.optimizer, LEARNING_RATES, what="optimizer")
        one_of(self.schedule, SCHEDULES, what="schedule")
        one_of(self.precision, ("float32", "bf16"), what="precision")
        one_of(self.device, ("cpu", "cuda"), what="device")
        if not 0 <= self.warmup < 1:
            raise UsageError(f"warmup={self.warmup!r} is out of range", expected="a share below 1")
        return self


def snapshot_steps(max_steps: int) -> list[int]:
    """Steps of the snapshots: 0, eight for every factor of ten, and the last.

    They do not depend on `max_steps`, so trainings of different lengths can be compared.

    Examples
    --------
    >>> snapshot_steps(20)
    [0, 1, 2, 3, 4, 6, 7, 10, 13, 18, 20]
    """
    powers = np.arange(1 + _PER_DECADE * np.log10(max_steps))
    steps = np.round(10 ** (powers / _PER_DECADE)).astype(int)
    return sorted({0, *steps[steps <= max_steps].tolist(), max_steps})
