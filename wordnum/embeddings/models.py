"""The models by name."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from inspect import signature
from typing import Any

from wordnum.errors import UsageError

__all__ = ["MODELS", "make_model", "model_class", "parameter_names"]

# Modules are imported when a model is asked for: gensim and numba take seconds.
MODELS: dict[str, str] = {
    "svd": "wordnum.embeddings.svd:SVD",
    "glove": "wordnum.embeddings.glove:GloVe",
    "word2vec": "wordnum.embeddings.gensim_models:Word2Vec",
    "sgns": "wordnum.embeddings.sgns:NumberSGNS",
    "fasttext": "wordnum.embeddings.gensim_models:FastText",
    "frequency": "wordnum.embeddings.baselines:TokenFrequency",
    "random": "wordnum.embeddings.baselines:Random",
}


def model_class(name: str) -> type:
    """Class of a model.

    Raises
    ------
    UsageError
        No model has this name; the message has the nearest one.

    Examples
    --------
    >>> model_class("frequency").__name__
    'TokenFrequency'
    """
    if name not in MODELS:
        raise _unknown("model", str(name), list(MODELS))
    module, _, attribute = MODELS[name].partition(":")
    return getattr(import_module(module), attribute)


def parameter_names(name: str) -> list[str]:
    """Names of the parameters that a model takes.

    Examples
    --------
    >>> parameter_names("frequency")
    ['min_count', 'half_samples']
    """
    return list(signature(model_class(name)).parameters)


def make_model(name: str, **parameters: Any) -> Any:
    """Make a model by name.

    Parameters
    ----------
    name : str
        One of `MODELS`.
    **parameters
        Those of the model's constructor.

    Raises
    ------
    UsageError
        Unknown model or parameter.

    Examples
    --------
    >>> make_model("svd", dim=20).dim
    20
    """
    kind = model_class(name)
    known = parameter_names(name)
    for key in parameters:
        if key not in known:
            raise _unknown(f"parameter of {name}", key, known)
    return kind(**parameters)


def _unknown(what: str, name: str, known: list[str]) -> UsageError:
    near = get_close_matches(name, known, n=1)
    return UsageError(
        f"unknown {what}: {name!r}",
        expected=", ".join(known),
        remedy=f"did you mean {near[0]!r}?" if near else None,
    )
