"""Recipes: one TOML file says where a corpus is and how to read it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from pathlib import Path
from typing import Any

from wordnum.config import build, one_of, read_toml
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.sources import find_parts
from wordnum.errors import InputError, UsageError
from wordnum.storage import file_hash

__all__ = ["ROOT_VARIABLE", "Recipe", "find_recipe", "recipe_names"]

ROOT_VARIABLE = "WORDNUM_CORPORA"
_TOO_LARGE_TO_HASH = 2**30
_READERS = ("text", "jsonl", "parquet", "wikipedia", "synthetic", "encoded")
_SEPARATORS = ("blank", "line", "file")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Where a corpus is and how it becomes tokens.

    Parameters
    ----------
    name : str
        Short name, used in tables.
    source : str or list of str
        Files, folders, globs or URLs. A relative path starts at `root`. ``gensim:FILE`` is a file
        of gensim's test data. Not needed by the synthetic reader.
    reader : {"text", "jsonl", "parquet", "wikipedia", "synthetic", "encoded"}
        How documents are found in the source; "encoded" where it is an encoded corpus already.
    separator : {"blank", "line", "file"}
        What separates documents in plain text: a blank line, every line, or nothing.
    field : str
        Field (JSON Lines) or column (Parquet) that holds the text.
    numerals, ordinals, tokenizer : str
        As in `wordnum.corpus.numerals.NumeralScheme` and the encoder.
    spelled_out : bool
        Read spelled-out numbers too.
    root : str
        Folder that relative sources start from; empty means ``$WORDNUM_CORPORA`` if it is set,
        else the current folder.
    synthetic : mapping
        Parameters of `wordnum.corpus.synthetic.SyntheticCorpus`.
    title, licence, notes : str
        For people.
    """

    name: str
    source: tuple[str, ...] = ()
    reader: str = "text"
    separator: str = "blank"
    field: str = "text"
    numerals: str = "whole"
    ordinals: str = "out"
    tokenizer: str = "fast"
    spelled_out: bool = False
    root: str = ""
    synthetic: Mapping[str, Any] = dataclass_field(default_factory=dict)
    title: str = ""
    licence: str = ""
    notes: str = ""

    def __post_init__(self) -> None:
        where = f"recipe {self.name!r}"
        if isinstance(self.source, str):
            object.__setattr__(self, "source", (self.source,))
        object.__setattr__(self, "source", tuple(self.source))
        one_of(self.reader, _READERS, what="reader", where=where)
        one_of(self.separator, _SEPARATORS, what="separator", where=where)
        if not self.source and self.reader != "synthetic":
            raise UsageError("a recipe needs a source", where=where, remedy="add source = …")
        self.scheme  # noqa: B018  an impossible numeral scheme is refused here, not when encoding

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Recipe:
        """Read a recipe from a TOML file.

        Raises
        ------
        InputError, FormatError, UsageError
            No such file, not TOML, or a key that does not exist (with the nearest known one).
        """
        return build(cls, read_toml(path), where=str(path))

    @property
    def scheme(self) -> NumeralScheme:
        """How digit runs become number tokens."""
        return NumeralScheme(
            kind=self.numerals, ordinals=self.ordinals, spelled_out=self.spelled_out
        )

    def with_numerals(self, numerals: str, ordinals: str) -> Recipe:
        """Return the same corpus under another numeral scheme."""
        return replace(self, numerals=numerals, ordinals=ordinals)

    def changed(self, **values: Any) -> Recipe:
        """Return the same corpus read in another way.

        Raises
        ------
        UsageError
            A value that does not exist, or one about files where the text is generated.

        Examples
        --------
        >>> find_recipe("synthetic").changed(numerals="digit").scheme.kind
        'digit'
        """
        about_files = sorted({"field", "reader", "separator"} & values.keys())
        if self.reader == "synthetic" and about_files:
            raise UsageError(
                f"the text of the recipe {self.name!r} is generated, not read",
                got=", ".join(f"{name}={values[name]}" for name in about_files),
                remedy=f"drop {' and '.join(about_files)}",
            )
        return replace(self, **values)

    def paths(self) -> list[str]:
        """Sources with ``gensim:`` names and relative paths resolved.

        Raises
        ------
        InputError
            A relative source was not found; the message names the variable to set.
        """
        return [self._resolve(source) for source in self.source]

    def identity(self) -> dict[str, Any]:
        """What the encoded corpus depends on: parameters, and content hashes of local files."""
        about = {
            key: getattr(self, key)
            for key in ("reader", "separator", "field", "tokenizer", "synthetic")
        }
        about["scheme"] = self.scheme
        parts = find_parts(self.paths(), reader=self.reader) if self.source else []
        about["files"] = [_fingerprint(part.path) for part in parts]
        if self.tokenizer.endswith(".json"):
            about["tokenizer_file"] = _fingerprint(self.tokenizer)
        return about

    def _resolve(self, source: str) -> str:
        if source.startswith("gensim:"):
            from gensim.test.utils import datapath

            return str(datapath(source.removeprefix("gensim:")))
        if source == "-" or re.match(r"[a-z0-9]+:", source) or Path(source).is_absolute():
            return source
        root = self.root or os.environ.get(ROOT_VARIABLE) or "."
        path = Path(root).expanduser() / source
        if any(sign in source for sign in "*?[") or path.exists():
            return str(path)
        raise InputError(
            f"the source of recipe {self.name!r} was not found",
            expected=str(path),
            remedy=f"set {ROOT_VARIABLE} (or the option --root) to the folder that holds {source}",
        )


def _fingerprint(path: str) -> str:
    """Content hash of a local file; name, size and time of a very large one; else the name."""
    local = Path(path)
    if not local.is_file():
        return path
    about = local.stat()
    if about.st_size > _TOO_LARGE_TO_HASH:
        return f"{local.name} {about.st_size} {about.st_mtime_ns}"
    return file_hash(local)


def _folders() -> Iterable[Path]:
    """Where recipes are looked for: the current folder's, the checkout's, the installed ones."""
    package = Path(__file__).resolve().parents[1]
    return (Path("corpora"), package.parent / "corpora", package / "corpora")


def recipe_names() -> list[str]:
    """Names of the recipes that can be found.

    Examples
    --------
    >>> "synthetic" in recipe_names()
    True
    """
    return sorted({path.stem for folder in _folders() for path in folder.glob("*.toml")})


def find_recipe(name: str, *, root: str = "") -> Recipe:
    """Load a recipe by its name or by the path of its TOML file.

    Parameters
    ----------
    name : str
        ``wikipedia2014`` or ``my/corpus.toml``.
    root : str
        Folder that relative sources start from, instead of ``$WORDNUM_CORPORA``.

    Raises
    ------
    UsageError
        There is no recipe of that name.

    Examples
    --------
    >>> find_recipe("synthetic").reader
    'synthetic'
    """
    if name.endswith(".toml"):
        recipe = Recipe.load(name)
    else:
        one_of(name, recipe_names(), what="corpus recipe")
        found = [folder / f"{name}.toml" for folder in _folders()]
        recipe = Recipe.load(next(path for path in found if path.is_file()))
    return replace(recipe, root=root) if root else recipe
