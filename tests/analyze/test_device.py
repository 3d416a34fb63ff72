"""The probe on a make-believe device whose arrays refuse to meet NumPy's, as CuPy's do."""

import types

import numpy as np
import pytest

from wordnum.analyze import probe as probe_function
from wordnum.analyze.regression import regression_probe
from wordnum.analyze.theory import planted_embedding
from wordnum.backend import Backend
from wordnum.embed.embedding import Embedding


def leaves(values):
    for value in values:
        if isinstance(value, (tuple, list)):
            yield from leaves(value)
        else:
            yield value


def no_host_arrays(values, where):
    if any(type(value) is np.ndarray and value.ndim for value in leaves(values)):
        raise TypeError(f"host array among device arrays in {where}")


def lowered(value):
    if isinstance(value, DeviceArray):
        return value.view(np.ndarray)
    if isinstance(value, (tuple, list)):
        return type(value)(lowered(item) for item in value)
    return value


def raised(value):
    if isinstance(value, tuple):
        return tuple(raised(item) for item in value)
    return (
        np.asarray(value).view(DeviceArray)
        if isinstance(value, (np.ndarray, np.generic))
        else value
    )


class DeviceArray(np.ndarray):
    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        no_host_arrays(inputs, ufunc)
        if out:
            options["out"] = tuple(lowered(one) for one in out)
        found = raised(getattr(ufunc, method)(*lowered(inputs), **options))
        return out[0] if out else found

    def __array_function__(self, function, _, inputs, options):
        no_host_arrays([*inputs, *options.values()], function)
        return raised(function(*lowered(inputs), **{k: lowered(v) for k, v in options.items()}))

    def __getitem__(self, index):
        no_host_arrays([index], "an index")
        return raised(self.view(np.ndarray)[lowered(index)])

    def __setitem__(self, index, value):
        no_host_arrays([index, value], "an assignment")
        self.view(np.ndarray)[lowered(index)] = lowered(value)


class DeviceModule:
    def __init__(self, module):
        self.module = module

    def __getattr__(self, name):
        value = getattr(self.module, name)
        if isinstance(value, types.ModuleType):
            return DeviceModule(value)
        if isinstance(value, type) or not callable(value):
            return value

        def call(*inputs, **options):
            no_host_arrays([*inputs, *options.values()], name)
            return raised(value(*lowered(inputs), **{k: lowered(v) for k, v in options.items()}))

        return call


class MakeBelieve(Backend):
    xp = DeviceModule(np)

    def asarray(self, array, dtype=None):
        return raised(np.asarray(lowered(array), dtype=dtype))

    def to_numpy(self, array):
        assert isinstance(array, DeviceArray)
        return lowered(array)

    def eigh(self, matrix, k=None):
        return raised(super().eigh(lowered(matrix), k))


@pytest.fixture
def device(monkeypatch):
    def backend(name):
        return MakeBelieve() if name == "cuda" else Backend()

    for function in (probe_function, regression_probe):
        inner = getattr(function, "__wrapped__", function)
        monkeypatch.setitem(inner.__globals__, "get_backend", backend)


def test_the_device_notices_a_mixture():
    array = MakeBelieve().asarray(np.ones(3))
    for mix in (lambda: array + np.ones(3), lambda: array[np.arange(2)]):
        with pytest.raises(TypeError):
            mix()


@pytest.mark.parametrize("classifier", ["lda", "ridge"])
@pytest.mark.parametrize("dim", [14, 250])
def test_probe_keeps_to_its_device_and_finds_what_the_cpu_finds(device, classifier, dim):
    rng = np.random.default_rng(0)
    made = planted_embedding(phi=100, kappa=60, dim=dim, size=200)
    halves = [[Embedding(made.vectors + 0.1 * rng.standard_normal((200, dim)), size=200)] * 2] * 3
    full = Embedding(
        made.vectors, size=200, counts=rng.integers(1, 99, 200), n_documents=99, halves=halves
    )
    options = {"moduli": [2, 5], "classifier": classifier, "nulls": 9, "repeats": 1}
    cpu, cuda = (probe_function(full, device=name, **options) for name in ("cpu", "cuda"))
    for T in (2, 5):
        for name in ("kappa", "kappa_groups", "kappa_without_frequency", "low"):
            assert getattr(cuda[T], name) == getattr(cpu[T], name)
        np.testing.assert_array_equal(cuda[T].null.values, cpu[T].null.values)


def test_regression_keeps_to_its_device(device):
    made = planted_embedding(phi=100, kappa=60, dim=14, size=200)
    cpu, cuda = (regression_probe(made, moduli=[5], device=name) for name in ("cpu", "cuda"))
    assert cuda.circular == cpu.circular
