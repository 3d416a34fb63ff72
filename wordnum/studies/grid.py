"""What a study is: corpora, conditions, windows, signals and models, and the runs they make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from itertools import product
from typing import Any

from wordnum.analyzers.residues import checked_moduli
from wordnum.config import one_of, whole_number
from wordnum.cooccurrence.groups import group_names
from wordnum.cooccurrence.masking import Mask
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.perturbations import Perturbation, parts_of, resolve_perturbations
from wordnum.corpus.recipes import Recipe
from wordnum.embeddings.registry import make_model, model_class, parameter_names
from wordnum.errors import UsageError
from wordnum.provenance import content_hash, jsonable

# As in wordnum.analyzers.probing, which takes too long to import for a plan.
CLASSIFIERS = ("lda", "ridge", "logistic", "mlp")
_SIGNALS = ("text", "number", "both")
_ATTRIBUTABLE = 'an svd with rows="numbers", marginals="pairs" and min_count=1'
_WORDS = ("title", "description", "licence", "notes", "root")
_OF_TEXTS = ("separator", "field", "synthetic")
# Columns that are empty where the model has no such axis.
_OF_MODELS = {"window", "side", "positional", "window_weighting", "weighting", "dim"}


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
    conditions : tuple of str
        The perturbations of the study that it is fitted under; all of them where there is none.

    Raises
    ------
    UsageError
        A model or a parameter that does not exist; the message names the nearest one.
    """

    name: str
    model: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    conditions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "conditions", tuple(self.conditions))
        self.estimator()

    def estimator(self, **offered: Any) -> Any:
        """Make the model; of what is `offered` it takes the parameters that it has."""
        known = parameter_names(self.model)
        taken = {k: value for k, value in offered.items() if k in known and value is not None}
        return make_model(self.model, **{**taken, **self.parameters})

    @property
    def kind(self) -> Any:
        """Class of the model, on which its capabilities stand: see `NumberModel`."""
        return model_class(self.model)

    @property
    def reads_corpus(self) -> bool:
        """Whether the model trains on the text itself rather than on counts."""
        return bool(self.kind.reads == "corpus")

    def window(self, window: Window) -> Window | None:
        """What the model takes of a window: all of it, its size, or nothing."""
        if not self.has("window"):
            return None
        return window if self.has("window_weighting") else Window(size=window.size)

    @property
    def attributable(self) -> bool:
        """Whether its kappas can be attributed to contexts: it factorizes weighted number rows."""
        wanted = {"rows": "numbers", "marginals": "pairs", "min_count": 1}
        return self.has("weighting") and wanted.items() <= self.estimator().get_params().items()

    def has(self, axis: str) -> bool:
        """Whether the model has an axis of a study, such as "window"."""
        return axis in self.kind.axes


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
        # As the probe has it, which is asked when the work is done.
        for name, least, most in (("nulls", 0, 10_000), ("repeats", 1, 1000)):
            whole_number(getattr(self, name), least=least, most=most, what=name, where="probe")


@dataclass(frozen=True, kw_only=True)
class Run:
    """One fit: everything that it depends on. None is an axis that its model does not have."""

    recipe: Recipe
    perturbation: Perturbation
    window: Window | None
    signal: str | None
    model: ModelSpec
    seed: int | None
    control_for: str = ""

    @property
    def condition(self) -> str:
        """Name of the perturbation; of a control, what it is a control for.

        Controls are thinned to the pairs of each window and signal, hence each a bit differently.
        """
        return f"thinned like {self.control_for}" if self.control_for else self.perturbation.name

    def as_control(self, thinned: Perturbation) -> Run:
        """Return the same run on the original, thinned to the pairs of this condition."""
        return replace(self, perturbation=thinned, control_for=self.perturbation.name)

    def row(self) -> dict[str, Any]:
        """Identity columns of the results table, as far as they are known before the fit."""
        parameters = self.model.estimator().get_params()
        window = self.window or Window(size=1)
        row = {
            "corpus": self.recipe.name,
            "numerals": self.recipe.numerals,
            "ordinals": self.recipe.ordinals,
            "condition": self.condition,
            "perturbation": self.perturbation.name,
            "control_for": self.control_for,
            "window": window.size,
            "side": window.side,
            "positional": window.positional,
            "window_weighting": window.weighting,
            "signal": self.signal,
            "model": self.model.name,
            "weighting": str(parameters.get("weighting")),
            "dim": parameters.get("dim"),
            "seed": self.seed,
        }
        absent = _OF_MODELS - self.model.kind.axes
        return {name: None if name in absent else value for name, value in row.items()}


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
        Models. An axis that a model does not have, such as the signal of one that reads the text
        itself, is empty in its rows and makes no second run.
    numerals : tuple of (str, str)
        Pairs of numeral scheme and ordinals rule; empty keeps each recipe's own.
    perturbations : tuple of str or Perturbation
        Conditions: names, as `wordnum.corpus.perturbations.parse_perturbation` reads them, or
        objects, which keep the seed that they have.
    windows : tuple of Window
    signals : tuple of {"text", "number", "both"}
    seeds : tuple of int
        Each seeds the random conditions and the models.
    thinned_controls : bool
        Beside each run that loses pairs, the original thinned to as many pairs.
    attribution : bool
        Attribute the kappas to contexts (Shapley values) in the original condition, for the
        models that factorize weighted counts.
    words : bool
        Find the words that carry n mod T in the original condition (`keywords`).
    context_groups : mapping
        Groups of contexts to attribute to, by name, instead of the library's: see
        `wordnum.cooccurrence.context_groups`.
    probe : ProbeSpec
    title, description : str
        For people.

    Raises
    ------
    UsageError
        A condition, corpus, model, signal, seed, window or numeral scheme named twice, or none of
        them; a modulus that no corpus has the numbers for; a signal that does not exist; thinned
        controls, attribution or words without the original, attribution without a model that
        factorizes weighted counts.

    Examples
    --------
    >>> from wordnum import load_study
    >>> study = load_study("demo")
    >>> sorted({run.model.name for run in study.runs() if run.signal is None})
    ['token frequency']
    """

    name: str
    corpora: tuple[Recipe, ...]
    models: tuple[ModelSpec, ...]
    numerals: tuple[tuple[str, str], ...] = ()
    perturbations: tuple[str | Perturbation, ...] = ("original",)
    windows: tuple[Window, ...] = (Window(size=5),)
    signals: tuple[str, ...] = ("both",)
    seeds: tuple[int, ...] = (0,)
    thinned_controls: bool = False
    attribution: bool = False
    words: bool = False
    context_groups: Mapping[str, Any] = field(default_factory=dict)
    probe: ProbeSpec = ProbeSpec()
    title: str = ""
    description: str = ""

    def __post_init__(self) -> None:
        where = f"study {self.name!r}"
        names = [perturbation.name for perturbation in self._conditions(0)]
        axes: tuple[tuple[str, list[Any]], ...] = (
            ("condition", names),
            ("corpus", [recipe.name for recipe in self.corpora]),
            ("model", [model.name for model in self.models]),
            ("signal", list(self.signals)),
            ("seed", list(self.seeds)),
            ("window", [window.label for window in self.windows]),
            ("numeral scheme", [", ordinals ".join(scheme) for scheme in self.numerals]),
        )
        for what, values in axes:
            twice = sorted({str(value) for value in values if values.count(value) > 1})
            if twice:
                raise UsageError(f"{what} named twice: {', '.join(twice)}", where=where)
            if not values and what != "numeral scheme":
                raise UsageError(f"a study needs at least one {what}", where=where)
        for model in self.models:
            for condition in model.conditions:
                one_of(condition, names, what="condition", where=f"{where}, model {model.name!r}")
        largest = max(recipe.scheme.size for recipe in self.recipes())
        checked_moduli(self.probe.moduli, size=largest, where=f"{where}, [probe]")
        group_names(self.context_groups, language=None)  # says what is wrong with them
        for signal in self.signals:
            one_of(signal, _SIGNALS, what="signal", where=where)
        original = "original" in names, "the original condition", ", ".join(names)
        attributable = [model.name for model in self.models if model.attributable]
        for what, asked, (there, needed, got) in (
            ("thinned controls", self.thinned_controls, original),
            ("attribution", self.attribution, original),
            ("words", self.words, original),
            ("attribution", self.attribution, (attributable, _ATTRIBUTABLE, "other models")),
        ):
            if asked and not there:
                remedy = f"add it, or drop {what}"
                raise UsageError(f"{what} without {needed}", got=got, where=where, remedy=remedy)

    def recipes(self) -> Iterator[Recipe]:
        """Corpora under every numeral scheme of the study."""
        for recipe in self.corpora:
            for numerals, ordinals in self.numerals or ((recipe.numerals, recipe.ordinals),):
                yield recipe.with_numerals(numerals, ordinals)

    def runs(self) -> Iterator[Run]:
        """Runs of the grid, conditions of one corpus next to each other; no controls."""
        return (run for recipe in self.recipes() for run in self.runs_of(recipe))

    def runs_of(self, recipe: Recipe) -> Iterator[Run]:
        """Runs on one corpus.

        Where numbers are isolated one by one, no two of them meet: the number signal is empty by
        construction and makes no run.
        """
        runs: dict[tuple[Any, ...], Run] = {}
        conditions = list(zip(*map(self._conditions, self.seeds)))  # each under every seed
        seeds = range(len(self.seeds))
        for seeded, at, window, signal, model in product(
            conditions, seeds, self.windows, self.signals, self.models
        ):
            drawn = any(one != seeded[0] for one in seeded)
            run = Run(
                recipe=recipe,
                perturbation=seeded[at],
                window=model.window(window),
                signal=signal if model.has("signal") else None,
                model=model,
                seed=self.seeds[at] if drawn or model.has("seed") else None,
            )
            if model.conditions and run.perturbation.name not in model.conditions:
                continue
            if run.signal != "number" or not getattr(run.perturbation, "isolates", False):
                # A run that comes again, along an axis that its model does not have, stands last.
                key = (run.perturbation.name, run.window, run.signal, model.name, run.seed)
                runs.pop(key, None)
                runs[key] = run
        yield from runs.values()

    def _conditions(self, seed: int) -> list[Perturbation]:
        """The perturbations under one seed."""
        return [resolve_perturbations([p], random_state=seed)[0] for p in self.perturbations]

    def may_need_control(self, run: Run) -> bool:
        """Whether the run's condition can lose pairs that a thinned original would lose too."""
        loses = getattr(run.perturbation, "loses_pairs", False)
        return bool(self.thinned_controls and loses and run.window)

    @property
    def masks(self) -> dict[str, list[str]]:
        """Words of the conditions whose names say a file of them."""
        found: dict[str, list[str]] = {}
        for condition in self._conditions(0):
            for part in parts_of(condition):
                mask = getattr(part, "mask", part)
                if isinstance(mask, Mask) and mask.source:
                    found.setdefault(condition.name, []).extend(mask.words)
        return found

    def to_dict(self) -> dict[str, Any]:
        """All that the table depends on, as JSON holds it: no titles, nor where the texts are.

        Of a corpus that is encoded already, its manifest says how it was read.
        """
        spec = jsonable(asdict(self))
        spec["corpora"] = [
            {
                key: value
                for key, value in recipe.items()
                if key not in _WORDS + _OF_TEXTS * (recipe["reader"] == "encoded")
            }
            for recipe in spec["corpora"]
        ]
        spec["perturbations"] = [perturbation.name for perturbation in self._conditions(0)]
        return {key: value for key, value in spec.items() if key not in _WORDS}

    @property
    def fingerprint(self) -> str:
        """Hash of all that the table depends on."""
        return content_hash(self.to_dict())
