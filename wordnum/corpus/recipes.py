"""Recipes: one TOML file says where a corpus is and how to read it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from pathlib import Path
from typing import Any

from wordnum._compat import require
from wordnum.config import build, one_of, read_toml
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.formats import READERS
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.readers import SEPARATORS, Reader
from wordnum.corpus.sources import find_parts
from wordnum.corpus.streams import Skips
from wordnum.errors import InputError, UsageError
from wordnum.storage import file_hash

ROOT_VARIABLE = "WORDNUM_CORPORA"
ALLOW_VARIABLE = "WORDNUM_ALLOW_OUTSIDE"
_TOO_LARGE_TO_HASH = 2**30
_READERS = ("auto", *READERS, "synthetic", "encoded")


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
    reader : str
        How documents are found in the source: "auto" (by its content, then by its name) or one of
        `wordnum.encode`; "encoded" where it is an encoded corpus already, "synthetic" where it is
        generated.
    separator : {"blank", "line", "file"}
        What separates documents in plain text: a blank line, every line, or nothing.
    field : str, optional
        Field of JSON or column of a table that holds the text, as in `wordnum.encode`.
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
    reader: str = "auto"
    separator: str = "blank"
    field: str | None = None
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
        one_of(self.separator, SEPARATORS, what="separator", where=where)
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
        recipe = build(cls, read_toml(path), where=str(path))
        check_sources(recipe.source, where=str(path))
        return recipe

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
        about["files"] = [_fingerprint(path) for path in self._files()]
        if self.tokenizer.endswith(".json"):
            about["tokenizer_file"] = _fingerprint(self.tokenizer)
        return about

    def _files(self) -> list[str]:
        if not self.source:
            return []
        if self.reader == "encoded":
            return self.paths()
        parts = find_parts(
            self.paths(), reader=self.reader, options=Reader(), skips=Skips(), cut=False
        )
        return [path for part in parts for path in part.files]

    def _resolve(self, source: str) -> str:
        if source.startswith("gensim:"):
            data = require("gensim.test.utils", purpose="gensim's sample of Wikipedia")
            return str(data.datapath(source.removeprefix("gensim:")))
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


def check_sources(sources: Iterable[str], *, where: str) -> None:
    """Refuse a source that a file of somebody else's may name to read what it should not.

    Raises
    ------
    UsageError
        An address, or a path that leads up, while the environment variable that allows it is not
        set.
    """
    for source in sources:
        leads_out = "://" in source or ".." in Path(source).parts
        if leads_out and not os.environ.get(ALLOW_VARIABLE):
            raise UsageError(
                "the source leads out of the folder of texts",
                expected="a path below the folder, an absolute path, or gensim:FILE",
                got=source,
                where=where,
                remedy=f"set {ALLOW_VARIABLE}=1 if you trust whoever wrote it, or name the source "
                "to wordnum encode yourself",
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


def encode_recipe(
    recipe: Recipe, path: str | os.PathLike[str], *, n_jobs: int | None = 1, **options: Any
) -> EncodedCorpus:
    """Encode the corpus of a recipe into the folder `path`.

    Parameters
    ----------
    recipe : Recipe
    path : path-like
    n_jobs, options
        As in `wordnum.corpus.encoding.encode`: what a recipe leaves open.

    Raises
    ------
    UsageError
        The recipe is of a corpus that is encoded already.
    """
    if recipe.reader == "encoded":
        raise UsageError(
            f"the corpus {recipe.name!r} is encoded already",
            got=recipe.paths()[0],
            remedy="name the text instead, or use the folder as it is",
        )
    # A plan, which only opens what is encoded, need not wait for compiled code.
    from wordnum.corpus.encoding import encode, encode_documents
    from wordnum.corpus.synthetic import SyntheticCorpus

    how = {"numerals": recipe.scheme, "tokenizer": recipe.tokenizer, "n_jobs": n_jobs, **options}
    if recipe.reader == "synthetic":
        for name in ("errors", "strict", "max_record"):
            how.pop(name, None)  # they are about files
        return encode_documents(SyntheticCorpus(**_by_period(recipe.synthetic)), path, **how)
    return encode(
        recipe.paths(),
        path,
        reader=recipe.reader,
        field=recipe.field,
        separator=recipe.separator,
        **how,
    )


def encoded_recipe(path: str | os.PathLike[str]) -> Recipe:
    """Make a recipe of the folder of an encoded corpus, under the scheme it was encoded with.

    Parameters
    ----------
    path : path-like
        Folder; its name up to the first point is the recipe's.

    Raises
    ------
    InputError, FormatError
        No such folder, or no whole encoded corpus in it.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = encode_recipe(find_recipe("synthetic"), f"{folder}/mine")
    ...     encoded_recipe(f"{folder}/mine").name
    'mine'
    """
    place = Path(path).resolve()
    corpus = EncodedCorpus.open(place)
    scheme = corpus.numerals
    return Recipe(
        name=place.name.split(".")[0],
        source=(str(place),),
        reader="encoded",
        tokenizer=corpus.manifest["parameters"]["tokenizer"],
        numerals=scheme.kind,
        ordinals=scheme.ordinals,
        spelled_out=scheme.spelled_out,
    )


def open_encoded(recipe: Recipe) -> EncodedCorpus:
    """Open the encoded corpus of a recipe.

    Raises
    ------
    UsageError
        It was encoded under another numeral scheme or with another tokenizer than the recipe's, or
        there are several.
    InputError, FormatError
        No such folder, or no whole encoded corpus in it.
    """
    place, *others = recipe.paths()
    if others:
        raise UsageError(
            f"the recipe {recipe.name!r} names several encoded corpora",
            expected="one folder made by wordnum encode",
            got=f"{1 + len(others)} sources",
            remedy="write a recipe for each, or encode their texts together",
        )
    corpus = EncodedCorpus.open(place)
    has, wanted = (
        (scheme.kind, scheme.ordinals, scheme.spelled_out)
        for scheme in (corpus.numerals, recipe.scheme)
    )
    if has != wanted:
        raise UsageError(
            f"the corpus {recipe.name!r} was encoded under another numeral scheme",
            expected=f"{wanted[0]}, ordinals {wanted[1]}, spelled-out numbers {wanted[2]}",
            got=f"{has[0]}, ordinals {has[1]}, spelled-out numbers {has[2]}",
            where=place,
            remedy="name the text instead, which can be encoded under any scheme",
        )
    recorded = corpus.manifest["parameters"]
    name, digest = recorded["tokenizer"], recorded["tokenizer_sha256"]
    now = file_hash(recipe.tokenizer) if digest and Path(recipe.tokenizer).is_file() else None
    if now != digest if now else recipe.tokenizer != name:
        raise UsageError(
            f"the corpus {recipe.name!r} was encoded with another tokenizer",
            expected=recipe.tokenizer + (" of other content" if recipe.tokenizer == name else ""),
            got=name,
            where=place,
            remedy=f"say tokenizer = {name!r} in the recipe, or name the text instead",
        )
    return corpus


def _by_period(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Turn tables of the recipe into mappings from a period, whose keys TOML writes as text."""
    return {
        name: {int(T): share for T, share in value.items()} if isinstance(value, Mapping) else value
        for name, value in parameters.items()
    }
