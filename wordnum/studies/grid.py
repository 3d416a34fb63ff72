"""What a study is: corpora, conditions, windows, signals and models, and the cells they make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from itertools import product
from typing import Any

from wordnum.config import one_of
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.perturbations import ContextLength, Isolate, parse_perturbation
from wordnum.corpus.recipes import Recipe
from wordnum.embeddings.models import make_model, parameter_names
from wordnum.errors import UsageError
from wordnum.provenance import content_hash, jsonable

__all__ = ["CLASSIFIERS", "Cell", "ModelSpec", "ProbeSpec", "Study"]

# As in wordnum.analyzers.probing, which takes too long to import for a plan.
CLASSIFIERS = ("lda", "ridge", "logistic", "mlp")
_SIGNALS = ("text", "number", "both")
_READ_THE_CORPUS = ("word2vec", "fasttext", "sgns")
_HAVE_NO_SIGNAL = ("word2vec", "fasttext", "frequency", "random")
_READ_NO_PAIRS = ("frequency", "random")


@dataclass(frozen=True)
class ModelSpec:
    """A model under a name of its own.

    Parameters
    ----------
    name : str
        Label in tables and figures.
    model : str
        Registered name, such as "svd".
    parameters : mapping
        Keyword arguments of the model.

    Raises
    ------
    UsageError
        A model or a parameter that does not exist; the message names the nearest one.
    """

    name: str
    model: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.estimator()

    def estimator(self, **offered: Any) -> Any:
        """Make the model; of what is `offered` it takes the parameters that it has."""
        known = parameter_names(self.model)
        taken = {name: value for name, value in offered.items() if name in known}
        return make_model(self.model, **{**taken, **self.parameters})

    @property
    def reads_corpus(self) -> bool:
        """Whether the model trains on the text itself rather than on counts."""
        return self.model in _READ_THE_CORPUS

    @property
    def reads_pairs(self) -> bool:
        """Whether the model depends on what stands beside the numbers, and not on how many."""
        return self.model not in _READ_NO_PAIRS

    @property
    def has_signal(self) -> bool:
        """Whether text and number contexts can be told apart in what the model reads."""
        return self.model not in _HAVE_NO_SIGNAL


@dataclass(frozen=True, kw_only=True)
class ProbeSpec:
    """How every embedding of the study is measured; see `wordnum.analyzers.analyze`."""

    moduli: tuple[int, ...] = tuple(range(2, 11))
    classifier: str = "lda"
    nulls: int = 200
    repeats: int = 5
    random_state: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "moduli", tuple(self.moduli))
        one_of(self.classifier, CLASSIFIERS, what="classifier", where="probe")
        if not self.moduli or not all(isinstance(T, int) and T > 1 for T in self.moduli):
            raise UsageError("moduli must be integers above 1", got=repr(self.moduli))


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One row of the grid: everything that one embedding depends on."""

    recipe: Recipe
    perturbation: str
    window: Window
    signal: str
    model: ModelSpec
    random_state: int
    control_for: str = ""

    @property
    def condition(self) -> str:
        """The perturbation; of a control, what it is a control for.

        Controls are thinned to the pairs of each window and signal, hence each a bit differently.
        """
        return f"thinned like {self.control_for}" if self.control_for else self.perturbation

    def as_control(self, thinned: str) -> Cell:
        """Return the same cell on the original, thinned to the pairs of this condition."""
        return replace(self, perturbation=thinned, control_for=self.perturbation)

    def row(self) -> dict[str, Any]:
        """Identity columns of the results table."""
        return {
            "corpus": self.recipe.name,
            "numerals": self.recipe.numerals,
            "ordinals": self.recipe.ordinals,
            "condition": self.condition,
            "perturbation": self.perturbation,
            "control_for": self.control_for,
            "window": self.window.size,
            "side": self.window.side,
            "positional": self.window.positional,
            "window_weighting": self.window.weighting,
            "signal": self.signal,
            "model": self.model.name,
            "weighting": self.model.parameters.get("weighting", ""),
            "dim": self.model.parameters.get("dim"),
            "seed": self.random_state,
        }


@dataclass(frozen=True, kw_only=True)
class Study:
    """A grid of corpora x numerals x perturbations x windows x signals x models x seeds.

    Parameters
    ----------
    name : str
        Short name.
    corpora : tuple of Recipe
        Corpora, each under its own numeral scheme unless `numerals` says otherwise.
    models : tuple of ModelSpec
        Models. One that reads the corpus itself, or only number frequencies, has no signal to
        choose and makes one cell per condition, under "both".
    numerals : tuple of (str, str)
        Pairs of numeral scheme and ordinals rule; empty keeps each recipe's own.
    perturbations : tuple of str
        Conditions, as `wordnum.corpus.perturbations.parse_perturbation` reads them.
    windows : tuple of Window
    signals : tuple of {"text", "number", "both"}
    seeds : tuple of int
        Each seeds the random conditions and the models.
    thinned_controls : bool
        Beside each cell that loses pairs, the original thinned to as many pairs.
    attribution : bool
        Attribute the kappas to contexts (Shapley values) in the original condition.
    probe : ProbeSpec
    title, description : str
        For people.

    Raises
    ------
    UsageError
        A condition, corpus, model, signal, seed, window or numeral scheme named twice, or none of
        them; a signal that does not exist; thinned controls or attribution without the original.

    Examples
    --------
    >>> from wordnum import load_study
    >>> study = load_study("demo")
    >>> sorted({cell.signal for cell in study.cells()})
    ['both', 'number', 'text']
    """

    name: str
    corpora: tuple[Recipe, ...]
    models: tuple[ModelSpec, ...]
    numerals: tuple[tuple[str, str], ...] = ()
    perturbations: tuple[str, ...] = ("original",)
    windows: tuple[Window, ...] = (Window(size=5),)
    signals: tuple[str, ...] = ("both",)
    seeds: tuple[int, ...] = (0,)
    thinned_controls: bool = False
    attribution: bool = False
    probe: ProbeSpec = ProbeSpec()
    title: str = ""
    description: str = ""

    def __post_init__(self) -> None:
        where = f"study {self.name!r}"
        names = [parse_perturbation(p).name for p in self.perturbations]
        object.__setattr__(self, "perturbations", tuple(names))
        for what, values in (
            ("condition", names),
            ("corpus", [recipe.name for recipe in self.corpora]),
            ("model", [model.name for model in self.models]),
            ("signal", list(self.signals)),
            ("seed", list(self.seeds)),
            ("window", [window.label for window in self.windows]),
            ("numeral scheme", [", ordinals ".join(scheme) for scheme in self.numerals]),
        ):
            _refuse_twice(what, values, where)
            if not values and what != "numeral scheme":
                raise UsageError(f"a study needs at least one {what}", where=where)
        for signal in self.signals:
            one_of(signal, _SIGNALS, what="signal", where=where)
        for what in ("thinned_controls", "attribution"):
            if getattr(self, what) and "original" not in self.perturbations:
                raise UsageError(
                    f"{what.replace('_', ' ')} without the original condition",
                    got=", ".join(self.perturbations),
                    where=where,
                    remedy=f"add 'original' to the perturbations, or drop {what}",
                )

    def recipes(self) -> Iterator[Recipe]:
        """Corpora under every numeral scheme of the study."""
        for recipe in self.corpora:
            for numerals, ordinals in self.numerals or ((recipe.numerals, recipe.ordinals),):
                yield recipe.with_numerals(numerals, ordinals)

    def cells(self) -> Iterator[Cell]:
        """Cells of the grid, conditions of one corpus next to each other; no controls."""
        for recipe, perturbation in product(self.recipes(), self.perturbations):
            yield from self.cells_of(recipe, perturbation)

    def cells_of(self, recipe: Recipe, perturbation: str) -> Iterator[Cell]:
        """Cells of one corpus under one condition.

        Where numbers are isolated one by one, no two of them meet: the number signal is empty by
        construction and makes no cell.
        """
        parts = parse_perturbation(perturbation).parts
        isolated = any(isinstance(part, Isolate) and part.k == 1 for part in parts)
        grid = product(self.windows, self.signals, self.models, self.seeds)
        for window, signal, model, random_state in grid:
            if isolated and signal == "number":
                continue
            if model.has_signal or signal == self._signal_of_all:
                yield Cell(
                    recipe=recipe,
                    perturbation=perturbation,
                    window=window,
                    signal=signal,
                    model=model,
                    random_state=random_state,
                )

    @property
    def _signal_of_all(self) -> str:
        """The signal under which models without a choice of signal are listed."""
        return "both" if "both" in self.signals else self.signals[0]

    def may_need_control(self, cell: Cell) -> bool:
        """Whether the cell's condition can lose pairs that a thinned original would lose too."""
        parts = parse_perturbation(cell.perturbation).parts
        cuts = any(isinstance(part, (ContextLength, Isolate)) for part in parts)
        return self.thinned_controls and cuts and cell.model.reads_pairs

    def to_dict(self) -> dict[str, Any]:
        """Return the resolved study as JSON holds it."""
        found: dict[str, Any] = jsonable(asdict(self))
        return found

    @property
    def fingerprint(self) -> str:
        """Hash of all that the table depends on: not of titles, nor of where the texts are."""
        return content_hash(essence(self.to_dict()))


def essence(study: Mapping[str, Any]) -> dict[str, Any]:
    """Keep of `Study.to_dict` what the table depends on."""
    kept = {key: value for key, value in study.items() if key not in ("title", "description")}
    words = ("title", "licence", "notes", "root")
    kept["corpora"] = [
        {key: value for key, value in recipe.items() if key not in words}
        for recipe in study.get("corpora", ())
    ]
    return kept


def _refuse_twice(what: str, values: list[Any], where: str) -> None:
    twice = {str(value) for value in values if values.count(value) > 1}
    if twice:
        raise UsageError(
            f"{what} named twice: {', '.join(sorted(twice))}", where=where, remedy="name it once"
        )
