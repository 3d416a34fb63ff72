"""What a study is: corpora, conditions, windows, signals and models, and the cells they make."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from wordnum.config import build, nearest, one_of, read_toml
from wordnum.cooccurrence.window import Window
from wordnum.corpus.perturb import Isolate, parse_perturbation
from wordnum.corpus.recipe import Recipe, find_recipe
from wordnum.embed.models import make_model, parameter_names
from wordnum.errors import UsageError

__all__ = ["Cell", "ModelSpec", "ProbeSpec", "Study", "builtin_studies", "load_study"]

_BUILTIN = Path(__file__).parent / "builtin"
_SIGNALS = ("text", "number", "both")
_READ_THE_CORPUS = ("word2vec", "fasttext", "sgns")
_HAVE_NO_SIGNAL = ("word2vec", "fasttext", "frequency", "random")


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
    """

    name: str
    model: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], *, where: str) -> ModelSpec:
        """Read a ``[[models]]`` table: name, model, and the model's own keywords."""
        rest = dict(values)
        try:
            model = rest.pop("model")
        except KeyError as error:
            raise UsageError("the key 'model' is missing", where=where) from error
        spec = cls(rest.pop("name", model), model, rest)
        spec.estimator()
        return spec

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
    def has_signal(self) -> bool:
        """Whether text and number contexts can be told apart in what the model reads."""
        return self.model not in _HAVE_NO_SIGNAL


@dataclass(frozen=True, kw_only=True)
class ProbeSpec:
    """How every embedding of the study is measured; see `wordnum.analyze.analyze`."""

    moduli: tuple[int, ...] = tuple(range(2, 11))
    classifier: str = "lda"
    nulls: int = 200
    repeats: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "moduli", tuple(self.moduli))


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One row of the grid: everything that one embedding depends on."""

    recipe: Recipe
    perturbation: str
    window: Window
    signal: str
    model: ModelSpec
    seed: int
    control_for: str = ""

    @property
    def corpus_key(self) -> tuple[str, str, str]:
        """Names the encoded corpus within the study."""
        return (self.recipe.name, self.recipe.numerals, self.recipe.ordinals)

    def row(self) -> dict[str, Any]:
        """Identity columns of the results table."""
        return {
            "corpus": self.recipe.name,
            "numerals": self.recipe.numerals,
            "ordinals": self.recipe.ordinals,
            "perturbation": self.perturbation,
            "control_for": self.control_for,
            "window": self.window.size,
            "side": self.window.side,
            "positional": self.window.positional,
            "signal": self.signal,
            "model": self.model.name,
            "weighting": self.model.parameters.get("weighting", ""),
            "dim": self.model.parameters.get("dim"),
            "seed": self.seed,
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
        Conditions, as `wordnum.corpus.perturb.parse_perturbation` reads them.
    windows : tuple of Window
    signals : tuple of {"text", "number", "both"}
    seeds : tuple of int
        Each seeds the random conditions and the models.
    thinned_controls : bool
        Beside each condition that loses pairs, the original thinned to as many pairs.
    attribution : bool
        Attribute the kappas to context groups (Shapley values) in the original condition.
    probe : ProbeSpec
    title, description : str
        For people.

    Examples
    --------
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
            ("window", list(self.windows)),
            ("numeral scheme", list(self.numerals)),
        ):
            _refuse_twice(what, values, where)
            if not values and what != "numeral scheme":
                raise UsageError(f"a study needs at least one {what}", where=where)
        for signal in self.signals:
            one_of(signal, _SIGNALS, what="signal", where=where)
        if self.thinned_controls and "original" not in self.perturbations:
            raise UsageError(
                "thinned controls need the original", where=where, remedy="add 'original'"
            )

    def recipes(self) -> Iterator[Recipe]:
        """Corpora under every numeral scheme of the study."""
        for recipe in self.corpora:
            for numerals, ordinals in self.numerals or ((recipe.numerals, recipe.ordinals),):
                yield recipe.with_numerals(numerals, ordinals)

    def cells(self) -> Iterator[Cell]:
        """Cells of the grid, conditions of one corpus next to each other."""
        for recipe, perturbation in product(self.recipes(), self.perturbations):
            yield from self.cells_of(recipe, perturbation)

    def cells_of(self, recipe: Recipe, perturbation: str, control_for: str = "") -> Iterator[Cell]:
        """Cells of one corpus under one condition.

        Where numbers are isolated one by one, no two of them meet: the number signal is empty by
        construction and makes no cell.
        """
        parts = parse_perturbation(perturbation).parts
        isolated = any(isinstance(part, Isolate) and part.k == 1 for part in parts)
        grid = product(self.windows, self.signals, self.models, self.seeds)
        for window, signal, model, seed in grid:
            if isolated and signal == "number":
                continue
            if model.has_signal or signal == self._signal_of_all:
                yield Cell(
                    recipe=recipe,
                    perturbation=perturbation,
                    window=window,
                    signal=signal,
                    model=model,
                    seed=seed,
                    control_for=control_for,
                )

    @property
    def _signal_of_all(self) -> str:
        """The signal under which models without a choice of signal are listed."""
        return "both" if "both" in self.signals else self.signals[0]

    def to_dict(self) -> dict[str, Any]:
        """Return the resolved study as JSON holds it."""
        return asdict(self)


def _refuse_twice(what: str, values: list[Any], where: str) -> None:
    twice = {str(value) for value in values if values.count(value) > 1}
    if twice:
        raise UsageError(
            f"{what} named twice: {', '.join(sorted(twice))}", where=where, remedy="name it once"
        )


@dataclass(frozen=True, kw_only=True)
class _File:
    """The keys of a study file."""

    name: str
    corpora: list[Any]
    models: list[dict[str, Any]]
    extends: str = ""
    numerals: list[str] = field(default_factory=list)
    perturbations: list[str] = field(default_factory=lambda: ["original"])
    windows: list[Any] = field(default_factory=lambda: [5])
    signals: list[str] = field(default_factory=lambda: ["both"])
    seeds: list[int] = field(default_factory=lambda: [0])
    thinned_controls: bool = False
    attribution: bool = False
    probe: dict[str, Any] = field(default_factory=dict)
    title: str = ""
    description: str = ""


def builtin_studies() -> list[str]:
    """Names of the studies that come with the package.

    Examples
    --------
    >>> "demo" in builtin_studies()
    True
    """
    return sorted(path.stem for path in _BUILTIN.glob("*.toml"))


def load_study(
    study: str | os.PathLike[str], *, corpora: list[str] | None = None, root: str = ""
) -> Study:
    """Read a study from a TOML file or by the name of a built-in one.

    Parameters
    ----------
    study : str or path
        ``mine.toml`` or ``paper-data``.
    corpora : list of str, optional
        Recipes or text files to use instead of the study's own corpora.
    root : str
        Folder that the recipes' relative sources start from.

    Raises
    ------
    InputError, FormatError, UsageError
        No such file, not TOML, an unknown key, model, signal, condition or corpus, a name given
        twice, or files that extend each other in a circle.

    Examples
    --------
    >>> load_study("demo").name
    'demo'
    """
    path = _locate(study)
    file = build(_File, _extended(path, ()), where=str(path))
    where = str(path)
    recipes = [
        Recipe(**entry) if isinstance(entry, Mapping) else _corpus(entry, root)
        for entry in (corpora or file.corpora)
    ]
    return Study(
        name=file.name,
        corpora=tuple(recipes),
        models=tuple(
            ModelSpec.from_mapping(model, where=f"{where}, [[models]]") for model in file.models
        ),
        numerals=tuple(_numerals(entry, where) for entry in file.numerals),
        perturbations=tuple(file.perturbations),
        windows=tuple(_window(entry, where) for entry in file.windows),
        signals=tuple(file.signals),
        seeds=tuple(file.seeds),
        thinned_controls=file.thinned_controls,
        attribution=file.attribution,
        probe=build(ProbeSpec, file.probe, where=f"{where}, [probe]"),
        title=file.title,
        description=file.description,
    )


def _locate(study: str | os.PathLike[str]) -> Path:
    name = os.fspath(study)
    if name in builtin_studies():
        return _BUILTIN / f"{name}.toml"
    if not name.endswith(".toml"):
        raise UsageError(
            f"unknown study {name!r}",
            expected="a file ending in .toml, or the name of a built-in study",
            remedy=nearest(name, builtin_studies()),
        )
    return Path(name)


def _extended(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    """Read the file over the file that it extends, if it does."""
    path = path.resolve()
    if path in seen:
        chain = " -> ".join(p.name for p in (*seen, path))
        raise UsageError("studies extend each other in a circle", got=chain, where=str(path))
    values = read_toml(path)
    if "extends" not in values:
        return values
    other = str(values["extends"])
    base = _BUILTIN / f"{other}.toml" if other in builtin_studies() else path.parent / other
    return {**_extended(base, (*seen, path)), **values}


def _corpus(entry: str, root: str) -> Recipe:
    """Load a recipe by name, or make one for a text file or folder."""
    if not entry.endswith(".toml") and Path(entry).exists():
        return Recipe(name=Path(entry).name.split(".")[0], source=(str(Path(entry).resolve()),))
    return find_recipe(entry, root=root)


def _numerals(entry: str, where: str) -> tuple[str, str]:
    """Read "whole" or "whole, ordinals kept"."""
    kind, _, rule = (part.strip() for part in entry.partition(","))
    one_of(rule, ("", "ordinals kept", "ordinals out"), what="ordinals rule", where=where)
    return kind, "keep" if rule == "ordinals kept" else "out"


def _window(entry: Any, where: str) -> Window:
    values = {"size": entry} if isinstance(entry, int) else entry
    return build(Window, values, where=f"{where}, windows")
