"""Code that CPU and GPU share: parity where a GPU is, and what it may call where none is.

On a machine without a GPU the same functions run on a make-believe CuPy, whose arrays refuse
NumPy's; what they call is recorded, and compared with what the real CuPy has.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce

import numpy as np
import pytest
from scipy import sparse

from tests.make_believe_cupy import gpu_is_there
from wordnum._compat import available
from wordnum.analyzers.probing import probe
from wordnum.backend import get_backend
from wordnum.embeddings.gram import gram
from wordnum.embeddings.krylov import block_krylov_svd
from wordnum.embeddings.svd import SVD
from wordnum.embeddings.weightings import WEIGHTINGS, weight
from wordnum.theory import planted_embedding

needs_gpu = pytest.mark.skipif(not gpu_is_there(), reason="needs CuPy and a GPU")

# Largest gap between CPU and GPU, by dtype of the arithmetic, relative to the largest entry.
TOLERANCE = {"float64": 1e-10, "float32": 1e-5}

# What the shared code uses of CuPy: add a name only after looking it up in CuPy.
IN_CUPY = set(
    """
    abs arange argmax asarray asnumpy bincount broadcast_to concatenate cumsum diagonal
    einsum empty exp eye float32 float64 int32 int64 isfinite linalg.cholesky linalg.eigh
    linalg.eigvalsh linalg.inv linalg.pinv linalg.qr linalg.solve log log1p maximum minimum moveaxis
    ones sqrt stack swapaxes where zeros
    zeros_like
    ndarray.all ndarray.any ndarray.argmax ndarray.astype ndarray.copy ndarray.diagonal ndarray.max
    ndarray.mean ndarray.min ndarray.ravel ndarray.reshape ndarray.sum ndarray.swapaxes
    csr_matrix.T csr_matrix.astype csr_matrix.data csr_matrix.dtype csr_matrix.eliminate_zeros
    csr_matrix.indices csr_matrix.indptr csr_matrix.nnz csr_matrix.shape csr_matrix.toarray
    csr_matrix.copy csr_matrix.tocoo csr_matrix.tocsc csr_matrix.tocsr coo_matrix.row diff
    csc_matrix.data csc_matrix.indices csc_matrix.indptr csc_matrix.shape csc_matrix.toarray
    csc_matrix.tocsr flatnonzero
    """.split()  # noqa: SIM905
)


def counts(n: int = 60, columns: int = 300) -> sparse.csr_array:
    rng = np.random.default_rng(0)
    return sparse.csr_array(
        rng.poisson(30 / (1 + np.arange(columns)) * rng.gamma(1.0, size=(n, columns)))
    )


# Shared code: each gives arrays that must agree on every device, and the dtype it works in.


def weighted(kind: str, device: str) -> list[np.ndarray]:
    return [weight(counts(), weighting=kind, device=device).toarray()]


def product(kind: str, single: bool, device: str) -> list[np.ndarray]:
    backend = get_backend(device)
    return [backend.to_numpy(gram(weight(counts(), weighting=kind, device=device), single=single))]


def of_number_rows(kind: str, precision: str, device: str) -> list[np.ndarray]:
    model = SVD(weighting=kind, dim=10, precision=precision, device=device)
    vectors = model.fit_transform(counts()).vectors
    return [model.singular_values_, vectors @ vectors.T]


def of_all_rows(kind: str, single: bool, device: str) -> list[np.ndarray]:
    found = block_krylov_svd(
        weight(counts(150, 130), weighting=kind, device=device), 8, tol=1e-5, single=single
    )
    return [found.singular_values, (found.left * found.singular_values) @ found.right.T]


SHARED: dict[str, tuple[Callable[[str], list[np.ndarray]], str]] = {
    **{f"weight-{k}": (partial(weighted, k), "float64") for k in WEIGHTINGS},
    **{
        f"gram-{kind}-{dtype}": (partial(product, kind, dtype == "float32"), dtype)
        for kind in ("hellinger", "qwem")
        for dtype in TOLERANCE
    },
    "svd-numbers": (partial(of_number_rows, "ppmi", "double"), "float64"),
    "svd-numbers-single": (partial(of_number_rows, "qwem", "single"), "float32"),
    "svd-all": (partial(of_all_rows, "ppmi", False), "float64"),
    "svd-all-qwem": (partial(of_all_rows, "qwem", False), "float64"),
    "svd-all-single": (partial(of_all_rows, "ppmi", True), "float32"),
}


@pytest.fixture(params=SHARED)
def shared(request):
    return SHARED[request.param]


def assert_devices_agree(shared) -> None:
    function, dtype = shared
    for there, here in zip(function("cuda"), function("cpu"), strict=True):
        assert type(there) is np.ndarray
        assert there.shape == here.shape
        assert np.abs(there - here).max() < TOLERANCE[dtype] * np.abs(here).max()


@needs_gpu
def test_gpu_agrees_with_the_cpu(shared):
    assert_devices_agree(shared)


@needs_gpu
def test_probe_on_the_gpu_agrees_with_the_cpu():
    made = planted_embedding(phi=100, kappa=60, dim=60)
    here, there = (probe(made, moduli=[2, 10], nulls=20, device=d) for d in ("cpu", "cuda"))
    for T in (2, 10):
        assert there[T].kappa == pytest.approx(here[T].kappa, abs=0.5)
        assert there[T].null.mean == pytest.approx(here[T].null.mean, abs=0.5)


def test_shared_code_keeps_to_its_device_and_uses_what_cupy_has(shared, make_believe):
    assert_devices_agree(shared)
    assert make_believe.calls
    assert make_believe.calls <= IN_CUPY


def test_probe_uses_what_cupy_has(make_believe):
    made = planted_embedding(phi=100, kappa=60, dim=14, size=200)
    for classifier in ("lda", "ridge"):
        probe(made, moduli=[2, 5], nulls=9, repeats=1, classifier=classifier, device="cuda")
    assert make_believe.calls <= IN_CUPY


@pytest.mark.skipif(not available("cupy"), reason="CuPy is not installed")
def test_cupy_has_what_the_shared_code_uses():
    cupy, found = pytest.importorskip("cupy"), pytest.importorskip("cupyx.scipy.sparse")
    homes = {
        "ndarray": cupy.ndarray,
        **{f"{f}_matrix": getattr(found, f"{f}_matrix") for f in ("csr", "csc", "coo")},
    }
    built = {"data", "indices", "indptr", "row"}  # attributes of instances
    for name in sorted(IN_CUPY):
        home, _, attribute = name.partition(".")
        if home not in homes:
            assert reduce(getattr, name.split("."), cupy), name
        elif attribute not in built:
            assert hasattr(homes[home], attribute), name
