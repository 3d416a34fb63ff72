"""Study files: TOML, built-in or a user's own, that may extend each other."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from wordnum.config import build, check_types, nearest, one_of, read_toml
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.encoded_corpus import MANIFEST
from wordnum.corpus.recipes import Recipe, check_sources, encoded_recipe, find_recipe
from wordnum.embeddings.registry import parameter_types
from wordnum.errors import InputError, UsageError
from wordnum.studies.grid import ModelSpec, ProbeSpec, Study
from wordnum.studies.tasks import is_task, task_recipe

_BUILTIN = Path(__file__).parent / "builtin"


# Lists as they stand in a file; what is not here is of the type that `Study` gives it.
_LISTS = {
    "corpora": list[str | Mapping[str, Any]],
    "models": list[Mapping[str, Any]],
    "numerals": list[str],
    "perturbations": list[str],
    "windows": list[int | Mapping[str, Any]],
    "signals": list[str],
    "seeds": list[int],
}


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

    A file may hold ``extends = "paper-data"`` or the path of another file, relative to its own:
    what it does not name it takes from there. ``context_groups`` is a table, or the path of a TOML
    file relative to this one.

    Parameters
    ----------
    study : str or path
        ``mine.toml`` or ``paper-data``.
    corpora : list of str, optional
        Recipes, text files or encoded corpora to use instead of the study's own.
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
    path = _locate(os.fspath(study), Path())
    where = str(path)
    values = _extended(path, ())
    if corpora:
        values["corpora"] = corpora
    if isinstance(values.get("context_groups"), str):
        values["context_groups"] = read_toml(path.parent / values["context_groups"])
    check_types(values, _LISTS, where=where)
    for part in "+".join(values.get("perturbations", ())).split("+"):
        check_sources(part.split(":")[1:2], where=where)  # a mask may name a file of words
    corpus = partial(_corpus, root=root)
    readers: dict[str, Callable[[Any, str], Any]] = {
        "corpora": corpus,
        "models": _model,
        "numerals": _numerals,
        "windows": _window,
    }
    for key, read in readers.items():
        if key in values:
            values[key] = tuple(read(entry, where) for entry in values[key])
    probe = build(ProbeSpec, values.get("probe", {}), where=f"{where}, [probe]")
    return build(Study, {**values, "probe": probe}, where=where)


def _locate(name: str, folder: Path) -> Path:
    """Find a built-in study, or a file relative to a folder."""
    if name in builtin_studies():
        return _BUILTIN / f"{name}.toml"
    if not name.endswith(".toml"):
        raise UsageError(
            f"unknown study {name!r}",
            expected="a file ending in .toml, or the name of a built-in study",
            remedy=nearest(name, builtin_studies()),
        )
    return folder / name


def _extended(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    """Read the file over the file that it extends, if it does."""
    path = path.resolve()
    if path in seen:
        chain = " -> ".join(p.name for p in (*seen, path))
        raise UsageError(
            "studies extend each other in a circle",
            got=chain,
            where=str(path),
            remedy="take one 'extends' out",
        )
    values = read_toml(path)
    if "extends" not in values:
        return values
    base = _locate(str(values.pop("extends")), path.parent)
    return {**_extended(base, (*seen, path)), **values}


def _corpus(entry: str | Mapping[str, Any], where: str, *, root: str) -> Recipe:
    """Load a recipe or task by name, read one from the study, or make one for what exists."""
    if isinstance(entry, Mapping):
        recipe = build(Recipe, {"root": root, **entry}, where=f"{where}, [[corpora]]")
        check_sources(recipe.source, where=where)
        return recipe
    if is_task(entry):
        return task_recipe(entry)
    if (Path(entry) / MANIFEST).is_file():
        return encoded_recipe(entry)
    if not entry.endswith(".toml") and Path(entry).exists():
        return Recipe(name=Path(entry).name.split(".")[0], source=(str(Path(entry).resolve()),))
    if Path(entry).suffix and not Path(entry).exists():
        raise InputError(
            f"no such corpus: {entry}",
            expected="text, an encoded corpus, or the name or path of a recipe",
            remedy="check the path",
        )
    return find_recipe(entry, root=root)


def _model(entry: Mapping[str, Any], where: str) -> ModelSpec:
    """Read a ``[[models]]`` table: name, model, conditions, the model's keywords."""
    rest = dict(entry)
    where = f"{where}, [[models]]"
    check_types(rest, {"model": str, "name": str, "conditions": list[str]}, where=where)
    if "model" not in rest:
        raise UsageError("the key 'model' is missing", where=where, remedy="add model = …")
    model = rest.pop("model")
    name, conditions = rest.pop("name", model), rest.pop("conditions", ())
    check_types(rest, parameter_types(model), where=where)
    return ModelSpec(name, model, rest, tuple(conditions))


def _numerals(entry: str, where: str) -> tuple[str, str]:
    """Read "whole" or "whole, ordinals kept"."""
    kind, _, rule = (part.strip() for part in entry.partition(","))
    one_of(rule, ("", "ordinals kept", "ordinals out"), what="ordinals rule", where=where)
    return kind, "keep" if rule == "ordinals kept" else "out"


def _window(entry: int | Mapping[str, Any], where: str) -> Window:
    values = {"size": entry} if isinstance(entry, int) else entry
    return build(Window, values, where=f"{where}, windows")
