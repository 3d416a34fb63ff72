"""What this machine has: versions, linear algebra, GPU, and what is missing and how to get it."""

from __future__ import annotations

import os
from typing import Any

from wordnum._compat import available, install_hint
from wordnum.errors import WordnumError
from wordnum.provenance import versions

_OPTIONAL = ("cupy", "dask", "ray", "tokenizers", "pyarrow", "boto3", "google.cloud.storage")


def gather() -> dict[str, Any]:
    """Collect facts about the machine and the installation.

    Examples
    --------
    >>> gather()["cores"] >= 1
    True
    """
    import numpy  # noqa: F401  its BLAS is what threadpoolctl finds
    from threadpoolctl import threadpool_info

    pools = {
        f"{pool['internal_api']} {pool.get('version') or ''}".strip(): pool["num_threads"]
        for pool in threadpool_info()
    }
    facts: dict[str, Any] = dict(versions())
    facts["blas"] = [f"{name} ({threads} threads)" for name, threads in pools.items()] or ["none"]
    facts["cores"] = os.cpu_count() or 1
    facts["gpu"] = _gpu()
    facts["missing"] = [
        f"{name}: {install_hint(name)}" for name in _OPTIONAL if not available(name)
    ]
    return facts


def _gpu() -> str:
    from wordnum.backend import get_backend

    try:
        cupy = get_backend("cuda").xp
        return str(cupy.cuda.runtime.getDeviceProperties(0)["name"].decode())
    except WordnumError as error:
        return f"none ({error.message})"
