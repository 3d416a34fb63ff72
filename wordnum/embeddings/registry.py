"""The models by name: ours, and those that other packages register as entry points."""

from __future__ import annotations

from difflib import get_close_matches
from functools import lru_cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from wordnum.errors import UsageError

if TYPE_CHECKING:
    from wordnum.embeddings.base import NumberModel

__all__ = ["make_model", "model_class", "model_names", "parameter_names"]

_GROUP = "wordnum.models"
# Modules are imported when a model is asked for: gensim and numba take seconds.
_OURS = {
    "svd": "wordnum.embeddings.svd:SVD",
    "glove": "wordnum.embeddings.glove:GloVe",
    "word2vec": "wordnum.embeddings.gensim_models:Word2Vec",
    "sgns": "wordnum.embeddings.sgns:NumberSGNS",
    "fasttext": "wordnum.embeddings.gensim_models:FastText",
    "frequency": "wordnum.embeddings.baselines:TokenFrequency",
    "random": "wordnum.embeddings.baselines:Random",
}


@lru_cache(maxsize=1)
def _registered() -> dict[str, str]:
    return {point.name: point.value for point in entry_points(group=_GROUP)} | _OURS


def model_names() -> list[str]:
    """Names of all models: ours first, then those of the entry points ``wordnum.models``.

    Examples
    --------
    >>> model_names()[:2]
    ['svd', 'glove']
    """
    return [*_OURS, *sorted(set(_registered()) - set(_OURS))]


def model_class(name: str) -> type[NumberModel]:
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
    if name not in _registered():
        raise _unknown("model", str(name), model_names())
    module, _, attribute = _registered()[name].partition(":")
    found: type[NumberModel] = getattr(import_module(module), attribute)
    return found


def parameter_names(name: str) -> list[str]:
    """Names of the parameters that a model takes.

    Examples
    --------
    >>> parameter_names("frequency")
    ['half_samples', 'min_count']
    """
    return model_class(name)._get_param_names()


def make_model(name: str, **parameters: Any) -> NumberModel:
    """Make a model by name.

    Parameters
    ----------
    name : str
        One of `model_names`.
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
    known = parameter_names(name)
    for key in parameters:
        if key not in known:
            raise _unknown(f"parameter of {name}", key, known)
    return model_class(name)(**parameters)


def _unknown(what: str, name: str, known: list[str]) -> UsageError:
    near = get_close_matches(name, known, n=1)
    return UsageError(
        f"unknown {what}: {name!r}",
        expected=", ".join(known),
        remedy=f"did you mean {near[0]!r}?" if near else None,
    )
