"""Every optional import, once: a package that is missing is named with the extra that brings it."""

from __future__ import annotations

from importlib import import_module, util
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Any

from wordnum.errors import InputError, MissingExtraError, WordnumError

# Import name -> how to get it. Core dependencies are listed too, because a GPU machine may hold
# only numpy, scipy, scikit-learn and cupy.
_INSTALL = {
    "accelerate": "pip install 'wordnum[lm]'",
    "boto3": "pip install 'wordnum[s3]'",
    "cupy": "pip install 'wordnum[gpu-cuda13x]' (or gpu-cuda12x, by the machine's CUDA)",
    "dask": "pip install 'wordnum[dask]'",
    "distributed": "pip install 'wordnum[dask]'",
    "gensim": "pip install gensim (Python 3.11 to 3.13: it has no wheel for 3.14 yet)",
    "gguf": "pip install 'wordnum[models]'",
    "google.cloud.storage": "pip install 'wordnum[gcs]'",
    "pyarrow": "pip install 'wordnum[parquet]'",
    "ray": "pip install 'wordnum[ray]'",
    "sentencepiece": "pip install 'wordnum[models]'",
    "tokenizers": "pip install 'wordnum[huggingface]'",
    "torch": "pip install 'wordnum[lm]'",
    "transformers": "pip install 'wordnum[lm]'",
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


def load_plugin(point: EntryPoint) -> Any:
    """Load what an entry point names, which may be another package's.

    Raises
    ------
    InputError
        It cannot be loaded; the message names the package that registered it.
    """
    try:
        return point.load()
    except Exception as error:  # what another package raises when it is imported
        if point.dist is None or isinstance(error, WordnumError):  # ours, or it says why itself
            raise
        raise InputError(
            f"{point.name!r} cannot be loaded, which the package {point.dist.name} "
            f"{point.dist.version} has registered",
            got=f"{type(error).__name__}: {error}",
            where=f"{point.group}: {point.value}",
            remedy=f"upgrade it, or remove it (pip uninstall {point.dist.name})",
        ) from error
