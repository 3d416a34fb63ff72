"""The models by name: ours, and those that other packages register as entry points."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, get_type_hints

from wordnum._compat import load_plugin
from wordnum.config import one_of

if TYPE_CHECKING:
    from wordnum.embeddings.base import NumberModel

_GROUP = "wordnum.models"
# Modules are imported when a model is asked for: gensim and numba take seconds.
_OURS = {
    name: EntryPoint(name, f"wordnum.embeddings.{place}", _GROUP)
    for name, place in {
        "svd": "svd:SVD",
        "glove": "glove:GloVe",
        "word2vec": "gensim_models:Word2Vec",
        "sgns": "sgns:NumberSGNS",
        "fasttext": "gensim_models:FastText",
        "frequency": "baselines:TokenFrequency",
        "random": "baselines:Random",
    }.items()
}


@lru_cache(maxsize=1)
def _registered() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=_GROUP)} | _OURS


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
    InputError
        The package that registered it cannot be loaded.

    Examples
    --------
    >>> model_class("frequency").__name__
    'TokenFrequency'
    """
    known = _registered()
    found: type[NumberModel] = load_plugin(known[one_of(name, known, what="model")])
    return found


def parameter_names(name: str) -> list[str]:
    """Names of the parameters that a model takes.

    Examples
    --------
    >>> parameter_names("frequency")
    ['half_samples', 'min_count']
    """
    return model_class(name)._get_param_names()


def parameter_types(name: str) -> dict[str, Any]:
    """Types of the parameters of a model, as far as its constructor tells them.

    Examples
    --------
    >>> parameter_types("random")["dim"]
    <class 'int'>
    """
    with suppress(NameError):  # of another package, imported for type checkers only
        return get_type_hints(model_class(name).__init__)
    return {}


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
        one_of(key, known, what=f"parameter of {name}")
    return model_class(name)(**parameters)
