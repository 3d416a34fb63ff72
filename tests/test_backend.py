"""Backends: the contract of each, what is said where one is missing, and the make-believe CuPy."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

import wordnum
import wordnum.backend
from tests.contracts import BackendContract
from tests.make_believe_cupy import gpu_is_there, install
from wordnum._compat import available, install_hint, require
from wordnum.analyzers.probing import probe
from wordnum.backend import Backend, get_backend
from wordnum.embeddings.svd import SVD
from wordnum.embeddings.weightings import weight
from wordnum.errors import InputError, MissingExtraError, UsageError
from wordnum.theory import planted_embedding

needs_gpu = pytest.mark.skipif(not gpu_is_there(), reason="needs CuPy and a GPU")


class TestBackends(BackendContract):
    @pytest.fixture(params=["cpu", "make-believe", pytest.param("cuda", marks=needs_gpu)])
    def backend(self, request, monkeypatch) -> Backend:
        if request.param == "make-believe":
            install(monkeypatch)
        return get_backend("cpu" if request.param == "cpu" else "cuda")


def test_a_backend_is_made_once():
    assert get_backend("cpu") is get_backend("cpu")


@pytest.mark.parametrize("device", ["gpu", "CUDA", "", None, 3, [], "cuda:1"])
def test_unknown_device_is_refused(device):
    with pytest.raises(UsageError, match="unknown device") as error:
        get_backend(device)
    assert "expected: cpu or cuda" in str(error.value)


def test_missing_cupy_is_an_error_that_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    uncached = wordnum.backend._cuda.__wrapped__
    monkeypatch.setitem(wordnum.backend._BACKENDS, "cuda", uncached)
    counts = np.diag([3, 2, 1])
    for ask in (
        lambda: get_backend("cuda"),
        lambda: SVD(dim=2, device="cuda").fit_transform(counts),
        lambda: weight(counts, device="cuda"),
        lambda: probe(planted_embedding(phi=50, kappa=50, size=100), device="cuda"),
    ):
        with pytest.raises(MissingExtraError, match="'cupy', which cannot be imported") as error:
            ask()
        assert "pip install 'wordnum[gpu-cuda13x]'" in str(error.value)
        assert isinstance(error.value, ImportError)


def test_cupy_without_a_gpu_is_an_error_that_says_so(make_believe):
    make_believe.cuda.runtime.getDeviceCount = lambda: 0
    with pytest.raises(InputError, match='device="cuda" finds no GPU') as error:
        get_backend("cuda")
    assert "0 devices" in str(error.value)


def test_driver_that_fails_is_an_error_with_its_words(make_believe):
    def fail():
        raise RuntimeError("cudaErrorInsufficientDriver")

    make_believe.cuda.runtime.getDeviceCount = fail
    with pytest.raises(InputError, match="finds no GPU") as error:
        get_backend("cuda")
    assert "cudaErrorInsufficientDriver" in str(error.value)
    assert "nvidia-smi" in str(error.value)


def test_missing_package_is_named_with_the_command_that_installs_it(monkeypatch):
    for package, command in (("ray", "wordnum[ray]"), ("gensim", "pip install gensim")):
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(
            MissingExtraError, match=f"probing needs the package '{package}'"
        ) as error:
            require(package, purpose="probing")
        assert command in str(error.value)
        assert command in install_hint(package)
    assert not available("no_such_package")


def test_only_the_backend_names_cupy():
    """Elsewhere CuPy is neither imported nor asked for, but by the one that says what is there."""
    package = Path(wordnum.__file__).parent
    for path in package.rglob("*.py"):
        if path.name in ("backend.py", "_compat.py", "information.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = [getattr(node, "module", "") or "", *(alias.name for alias in node.names)]
                assert not any(re.match(r"cupyx?\b", name) for name in names), path


class TestMakeBelieve:
    """The stand-in must notice what CuPy would refuse, or the tests above show nothing."""

    @pytest.mark.parametrize(
        "mix",
        [
            lambda a, x: a + x,
            lambda a, x: x + a,
            lambda a, x: x @ a,
            lambda a, x: a[np.arange(2)],
            lambda a, x: a.__setitem__(0, x),
            lambda a, x: a.reshape(-1) @ x,
            lambda a, x: a.dot(x),
            lambda a, x: get_backend("cuda").xp.stack([a, x]),
            lambda a, x: get_backend("cuda").xp.maximum(a, x),
            lambda a, x: np.log(a),
            lambda a, x: np.asarray(a),
            lambda a, x: np.linalg.norm(a),
            lambda a, x: np.stack([x, a]),
            lambda a, x: sparse.csr_matrix(np.diag(x)) @ a,
            lambda a, x: get_backend("cuda").csr(np.diag(x)) @ x,
        ],
    )
    def test_arrays_of_host_and_device_do_not_meet(self, make_believe, mix):
        x = np.ones(3)
        with pytest.raises((TypeError, ValueError)):
            mix(get_backend("cuda").asarray(x), x)

    def test_numpy_values_pass_as_they_do_in_cupy(self, make_believe):
        xp = get_backend("cuda").xp
        there = get_backend("cuda").asarray(np.arange(3.0))
        there += np.float64(1)
        assert float((np.float64(2) * there).sum()) == 12
        assert get_backend("cuda").to_numpy(xp.where(there > 1, there, 0.0)).tolist() == [0, 2, 3]
        assert {"asarray", "where", "asnumpy", "ndarray.sum"} <= make_believe.calls

    def test_sparse_matrices_of_whole_numbers_are_refused_as_in_cupy(self, make_believe):
        with pytest.raises(ValueError, match="Only bool, float32"):
            get_backend("cuda").csr(sparse.csr_array(np.eye(3, dtype=np.int64)))
