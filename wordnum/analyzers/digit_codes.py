"""Digits or residues: whether the tens digit is read, and what lies beyond a code of digits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wordnum.analyzers.agreement import kappa
from wordnum.analyzers.contrasts import residue_contrasts
from wordnum.analyzers.controls import Control
from wordnum.analyzers.cross_validation import out_of_fold
from wordnum.analyzers.digit_effects import Effect, beyond_digits, digit_effects
from wordnum.analyzers.inputs import centred_columns, rows_with_data
from wordnum.analyzers.intervals import half_sample_interval
from wordnum.analyzers.permutations import Null
from wordnum.analyzers.plotting import BLUE, GREY, bare_axes, new_figure
from wordnum.analyzers.refits import Refits
from wordnum.analyzers.residues import Task
from wordnum.backend import get_backend, one_blas_thread
from wordnum.embeddings.embedding import Embedding
from wordnum.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FOLDS, _REPEATS, _LEVEL = 5, 5, 0.01
# The digit of every number; labels of numbers in another order.
_Digit = Callable[[np.ndarray], np.ndarray]
_Permuted = Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]
# Functions of the last digit by character of the cyclic group of ten.
_CHARACTERS = {"n mod 5": (2, 4), "parity": (5,), "digit itself": (1, 3)}
READINGS = {
    "residues": "residues: n mod 4 or n mod 25 is coded beyond what digits tell",
    "digits": "digits: the tens digit is read, and n mod 4 and n mod 25 hold nothing beyond digits",
    "last digit": "the last digit alone: residues mod 10 and units digit are one and the same",
    "nothing": "no digit is read from numbers in other hundreds",
}


@dataclass(frozen=True, eq=False, repr=False)
class Digits:
    """What an embedding codes of digits, and what beyond.

    Attributes
    ----------
    probes : dict of str to Control
        "units", "tens" and "tens excluding multiples of 5": kappa x 100 of the digit in hundreds
        that no training number is in. The null of the units permutes numbers within decades, that
        of the tens decades within hundreds. The hundreds digit is magnitude, and no digit to test.
    effects : dict of str to Effect
        Analysis of variance of the cube of digits, a cubic trend and the hundreds taken out:
        "units", "tens", "hundreds x tens", "tens x units", "hundreds x units"; and "n mod 4" and
        "n mod 25" beyond the digits, where an additive code of digits has nothing. Those are
        without multiples of 5: 25, 50 and 75 are round.
    characters : dict of str to float
        Corrected Phi_10 by character of the last digit: "n mod 5", "parity", "digit itself".
    reading : {"residues", "digits", "last digit", "nothing"}
        See `READINGS`.
    """

    probes: Mapping[str, Control]
    effects: Mapping[str, Effect]
    characters: Mapping[str, float]
    reading: str

    def __repr__(self) -> str:
        told = ", ".join(f"{name} {one.kappa:.1f}" for name, one in self.probes.items())
        return f"<Digits: {self.reading}; kappa of {told}>"

    def to_dict(self) -> dict[str, Any]:
        """The probes, as the JSON has them."""
        return {name: one.to_dict() for name, one in self.probes.items()}

    def plot(self, figure: Figure | None = None) -> Figure:
        """Draw the kappas of digits over their nulls, and the energy of every factor."""
        figure = new_figure(figure, (8.6, 2.6))
        left, right = figure.subplots(1, 2, width_ratios=(2, 3))
        bare_axes(left), bare_axes(right)
        for y, one in enumerate(self.probes.values()):
            left.barh(-y, one.kappa, color=BLUE, height=0.6)
            if one.null_mean is not None and one.null_p95 is not None:
                left.plot([one.null_mean, one.null_p95], [-y, -y], color=GREY, linewidth=6,
                          alpha=0.5, solid_capstyle="butt")  # fmt: skip
            if one.low is not None and one.high is not None:
                left.plot([one.low, one.high], [-y, -y], color="black", linewidth=1.2)
        names = [name.replace(" excluding", "\nexcluding") for name in self.probes]
        left.set_yticks(-np.arange(len(names)), names, fontsize=8)
        left.set(xlabel="kappa x 100; grey: permuted, mean to 95 %")
        of_digits = [one.value for name, one in self.effects.items() if "mod" not in name]
        total = sum(value for value in of_digits if value > 0)
        for y, effect in enumerate(self.effects.values()):
            color = BLUE if effect.p_value < _LEVEL else "white"
            share = 100 * effect.value / (total or 1.0)
            right.barh(-y, share, color=color, height=0.6, edgecolor=BLUE)
        named = [f"{name} beyond digits" if "mod" in name else name for name in self.effects]
        right.set_yticks(-np.arange(len(named)), named, fontsize=8)
        right.set(xlabel="% of the energy of digits; filled: p < 0.01")
        for ax in (left, right):
            ax.axvline(0, color="black", linewidth=0.6)
        return figure


@one_blas_thread
def digits(embedding: Embedding | np.ndarray, *, nulls: int = 200, random_state: int = 0) -> Digits:
    """Say whether an embedding codes digits or residues.

    ``n mod 10`` is the units digit, so that a kappa at T = 10 above that at T = 5 tells neither.
    What tells them apart: a code of digits knows the tens digit, and is additive in the digits, so
    that n mod 4 and n mod 25, which hang on two digits together, have no energy beyond their main
    effects. Mod 20, 50 and 100 do not tell.

    Parameters
    ----------
    embedding : Embedding or array of shape (n, d)
        Row n of a plain array is the vector of number n.
    nulls : int
        Permutations of each probe.
    random_state : int
        Of folds and permutations.

    Returns
    -------
    Digits

    Raises
    ------
    InputError
        Fewer than two hundreds with several decades each.

    Examples
    --------
    >>> n, rng = np.arange(1000), np.random.default_rng(0)
    >>> units, tens = 2 * rng.standard_normal((2, 10, 12))
    >>> noise = rng.standard_normal((1000, 12))
    >>> digits(units[n % 10] + tens[n // 10 % 10] + noise, nulls=199).reading
    'digits'
    >>> angle = 2 * np.pi * n[:, None] / [4, 25]
    >>> circles = 2 * np.hstack([np.cos(angle), np.sin(angle), noise])
    >>> digits(circles, nulls=199).reading
    'residues'
    """
    embedding = rows_with_data(embedding)
    numbers = embedding.numbers
    hundreds = np.unique(numbers // 100)
    if len(hundreds) < 2 or len(np.unique(numbers // 10)) < 3 * len(hundreds):
        raise InputError(
            "too few numbers to tell digits",
            expected="two hundreds or more, of several decades each",
            got=f"{len(numbers)} numbers in {len(hundreds)} hundreds",
        )
    tens = (_tens, _decades_renamed)
    whole = {"units": (lambda n: n % 10, _within_decades), "tens": tens}
    fewer = {"tens excluding multiples of 5": tens}
    probes = _probes(embedding, whole, nulls, random_state)
    probes |= _probes(embedding, fewer, nulls, random_state, without_fives=True)
    X, odd = centred_columns(embedding.vectors), numbers % 5 > 0
    effects = digit_effects(X, numbers) | beyond_digits(X[odd] - X[odd].mean(axis=0), numbers[odd])
    r = np.arange(10)
    waves = {
        name: np.stack([f(2 * np.pi * k * r / 10) for k in ks for f in (np.cos, np.sin)], axis=1)
        for name, ks in _CHARACTERS.items()
    }
    split = residue_contrasts(numbers, 10, split=waves)
    characters = dict(zip(split.columns, split.corrected(X).sum(axis=1).tolist()))
    return Digits(probes, effects, characters, _reading(probes, effects))


def _reading(probes: Mapping[str, Control], effects: Mapping[str, Effect]) -> str:
    read = {name for name, one in probes.items() if _is_read(one)}
    if any(effects[name].p_value < _LEVEL / 2 for name in ("n mod 4", "n mod 25")):
        return "residues"
    if {"units", "tens", "tens excluding multiples of 5"} <= read:
        return "digits"
    return "last digit" if "units" in read else "nothing"


def _is_read(one: Control) -> bool:
    likely = one.p_value is None or one.p_value < _LEVEL
    return likely and one.kappa > 0 and (one.low is None or one.low > 0)


def _probes(
    embedding: Embedding,
    digits: Mapping[str, tuple[_Digit, _Permuted]],
    nulls: int,
    random_state: int,
    *,
    without_fives: bool = False,
) -> dict[str, Control]:
    """Probes of digits by name, folds of whole hundreds."""

    def asked(one: Embedding) -> tuple[np.ndarray, list[Task], np.ndarray, Refits]:
        rows = np.flatnonzero(one.numbers % 5 > 0) if without_fives else np.arange(len(one))
        numbers, tasks = one.numbers[rows], []
        for digit, _ in digits.values():
            residues, labels = np.unique(digit(numbers), return_inverse=True)
            tasks.append(Task(10, labels, residues))
        X = backend.asarray(centred_columns(one.vectors))
        return rows, tasks, folds_by[:, numbers // 100], Refits(backend, X)

    backend, rng = get_backend("cpu"), np.random.default_rng([random_state, 4])
    hundreds = -(-embedding.size // 100)
    deal = np.arange(hundreds) % min(_FOLDS, len(np.unique(embedding.numbers // 100)))
    folds_by = np.stack([rng.permutation(deal) for _ in range(_REPEATS)])
    rows, tasks, folds_of, refits = asked(embedding)
    found = [out_of_fold(backend, refits.X[rows], tasks, fold_of) for fold_of in folds_of]
    chosen, numbers = [one.chosen for one in found], embedding.numbers[rows]
    null = []
    if nulls:
        drawn = []
        for task, (_, permuted) in zip(tasks, digits.values(), strict=True):
            same = deepcopy(rng)
            drawn.append(np.stack([permuted(numbers, task.labels, same) for _ in range(nulls)]))
        null = refits.permuted(rows, tasks, folds_of, chosen, drawn)
    halves = {}
    for i, pair in zip(embedding.replicates.ids, embedding.replicates.pairs):
        both = []
        for half in pair:
            where, own, dealt, refitted = asked(half)
            both.append(refitted.kappas(where, own, dealt, chosen))
        halves[i] = np.stack(both)
    probes = {}
    for at, (name, task) in enumerate(zip(digits, tasks, strict=True)):
        value = float(
            np.mean([kappa(task.labels, one.labels[at], task.n_classes) for one in found])
        )
        pairs = {i: (float(both[0, at]), float(both[1, at])) for i, both in halves.items()}
        probes[name] = Control.of(
            value,
            half_sample_interval(10, value, pairs, embedding=embedding),
            null=Null(null[at], value) if nulls else None,
            n=len(rows),
            replicate_kappas=pairs,
        )
    return probes


def _tens(numbers: np.ndarray) -> np.ndarray:
    found: np.ndarray = numbers // 10 % 10
    return found


def _within_decades(
    numbers: np.ndarray, labels: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    return labels[np.argsort(rng.random(len(numbers)) + numbers // 10)]


def _decades_renamed(
    numbers: np.ndarray, labels: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Labels of decades that changed places within their hundred, all numbers of one together."""
    decades, first, which = np.unique(numbers // 10, return_index=True, return_inverse=True)
    order = np.argsort(rng.random(len(decades)) + decades // 10)
    return labels[first][order][which]
