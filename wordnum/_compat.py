"""Every optional import, once: a package that is missing is named with the extra that brings it."""

from __future__ import annotations

from importlib import import_module, util
from types import ModuleType

from wordnum.errors import MissingExtraError

# Import name -> how to get it. Core dependencies are listed too, because a GPU machine may hold
# only numpy, scipy, scikit-learn and cupy.
_INSTALL = {
    "boto3": "pip install 'wordnum[s3]'",
    "cupy": "pip install 'wordnum[gpu-cuda13x]' (or gpu-cuda12x, by the machine's CUDA)",
    "dask": "pip install 'wordnum[dask]'",
    "distributed": "pip install 'wordnum[dask]'",
    "gensim": "pip install gensim (Python 3.11 to 3.13: it has no wheel for 3.14 yet)",
    "google.cloud.storage": "pip install 'wordnum[gcs]'",
    "ray": "pip install 'wordnum[ray]'",
    "tokenizers": "pip install 'wordnum[huggingface]'",
}


def available(name: str) -> bool:
    """Whether a package can be imported, without importing it."""
    try:
        return util.find_spec(name) is not None
    except ModuleNotFoundError:  # a package above it
        return False


def install_hint(package: str) -> str:
    """Command that installs a package that may be missing.

    Examples
    --------
    >>> install_hint("ray")
    "pip install 'wordnum[ray]'"
    """
    return _INSTALL.get(package, "pip install wordnum")


def require(name: str, *, purpose: str) -> ModuleType:
    """Import an optional package or say how to install it.

    Parameters
    ----------
    name : str
        Import name, which may be dotted.
    purpose : str
        What it is needed for, for the message.

    Raises
    ------
    MissingExtraError
        The package is not installed.

    Examples
    --------
    >>> require("json", purpose="reading").__name__
    'json'
    """
    package = name.partition(".")[0]
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingExtraError(
            f"{purpose} needs the package {package!r}, which cannot be imported",
            got=str(error),
            remedy=install_hint(package),
        ) from error
