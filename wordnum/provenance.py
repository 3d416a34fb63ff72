"""Where a result comes from: versions, parameters and hashes that travel with it."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

_PACKAGES = ("wordnum", "numpy", "scipy", "scikit-learn", "numba", "gensim", "spacy", "joblib")


@lru_cache(maxsize=1)
def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that results depend on.

    Examples
    --------
    >>> sorted({"numpy", "python"} & versions().keys())
    ['numpy', 'python']
    """
    return dict(_versions())


def linear_algebra() -> list[dict[str, Any]]:
    """Libraries that NumPy and SciPy compute with, as `threadpoolctl` sees them.

    Returns
    -------
    list of dict
        For each its name ("openblas"), version, architecture (of OpenBLAS) and threads.

    Examples
    --------
    >>> all({"library", "threads"} <= set(one) for one in linear_algebra())
    True
    """
    from threadpoolctl import threadpool_info

    return [
        {
            "library": pool["internal_api"],
            "version": pool.get("version"),
            "architecture": pool.get("architecture"),
            "threads": pool["num_threads"],
        }
        for pool in threadpool_info()
    ]


def provenance(**parameters: Any) -> dict[str, Any]:
    """Record of how a result was made: its parameters and the versions at work.

    Examples
    --------
    >>> provenance(dim=100)["parameters"]
    {'dim': 100}
    """
    return {"parameters": jsonable(parameters), "versions": versions()}


def peak_memory() -> int:
    """Most memory that this process has held at once, in bytes.

    Examples
    --------
    >>> peak_memory() > 10**6
    True
    """
    try:
        # Linux begins ru_maxrss with what the parent held when it started this process.
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    except (OSError, IndexError):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def jsonable(value: Any) -> Any:
    """Turn dataclasses, arrays, tuples and sets into what JSON holds."""
    if is_dataclass(value) and not isinstance(value, type):
        return jsonable(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(jsonable(item) for item in value)
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return str(value)


def content_hash(*values: Any) -> str:
    """SHA-256 (first 16 hex digits) of arrays and JSON-like values.

    Equal content gives equal hashes on every machine; arrays count with dtype and shape.

    Examples
    --------
    >>> content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1})
    True
    >>> content_hash([1]) == content_hash([2])
    False
    """
    digest = hashlib.sha256()
    for value in values:
        if isinstance(value, np.ndarray):
            digest.update(f"{value.dtype.str}{value.shape}".encode())
            digest.update(np.ascontiguousarray(value).data)
        else:
            digest.update(json.dumps(jsonable(value), sort_keys=True).encode())
        digest.update(b"\0")
    return digest.hexdigest()[:16]
