"""Recipes made into encoded corpora."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.recipes import Recipe
from wordnum.errors import UsageError

__all__ = ["encode_recipe", "encoded_recipe", "open_encoded"]


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
        for name in ("errors", "strict"):
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
    >>> from wordnum.corpus.recipes import find_recipe
    >>> with TemporaryDirectory() as folder:
    ...     _ = encode_recipe(find_recipe("synthetic"), f"{folder}/mine")
    ...     encoded_recipe(f"{folder}/mine").name
    'mine'
    """
    place = Path(path).resolve()
    scheme = EncodedCorpus.open(place).numerals
    return Recipe(
        name=place.name.split(".")[0],
        source=(str(place),),
        reader="encoded",
        numerals=scheme.kind,
        ordinals=scheme.ordinals,
        spelled_out=scheme.spelled_out,
    )


def open_encoded(recipe: Recipe) -> EncodedCorpus:
    """Open the encoded corpus of a recipe.

    Raises
    ------
    UsageError
        It was encoded under another numeral scheme than the recipe's, or there are several.
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
    return corpus


def _by_period(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Turn tables of the recipe into mappings from a period, whose keys TOML writes as text."""
    return {
        name: {int(T): share for T, share in value.items()} if isinstance(value, Mapping) else value
        for name, value in parameters.items()
    }
