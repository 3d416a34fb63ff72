"""A make-believe CuPy for machines without a GPU: it computes with NumPy and behaves as CuPy.

Its arrays refuse to meet NumPy's, or to become them other than by `asnumpy`, and every function,
method and operator that is used leaves its name in `MakeBelieveCuPy.calls`.
"""

from __future__ import annotations

import operator
import sys
import types
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from typing import Any

import numpy as np
from scipy import sparse

from wordnum import backend
from wordnum.errors import InputError, MissingExtraError


def gpu_is_there() -> bool:
    """Whether CuPy is installed and finds a GPU."""
    try:
        backend.get_backend("cuda")
    except (MissingExtraError, InputError):
        return False
    return True


def leaves(values):
    for value in values:
        if isinstance(value, (tuple, list)):
            yield from leaves(value)
        else:
            yield value


def refuse_host_arrays(values, where: str) -> None:
    if any(isinstance(value, np.ndarray) and value.ndim for value in leaves(values)):
        raise TypeError(f"a NumPy array among device arrays in {where}")


def lowered(value):
    """The NumPy values behind device values."""
    if isinstance(value, (DeviceArray, DeviceSparse)):
        return value.host
    if isinstance(value, (tuple, list)):
        return type(value)(lowered(item) for item in value)
    return value


class DeviceArray:
    """An array that only its own kind may touch."""

    __array_ufunc__ = None  # NumPy's operators then leave the work to ours
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, host: np.ndarray, calls: set[str]) -> None:
        self.host, self.calls = host, calls

    def __array__(self, *args, **kwargs):
        raise TypeError("Implicit conversion to a NumPy array is not allowed: use asnumpy")

    def raised(self, value):
        return raised(value, self.calls)

    def __getattr__(self, name: str):
        if name.startswith("_"):
            raise AttributeError(name)
        value = getattr(self.host, name)
        return self.raised(value) if not callable(value) else self._method(name, value)

    def _method(self, name: str, method: Callable[..., Any]):
        self.calls.add(f"ndarray.{name}")

        def call(*inputs, **options):
            refuse_host_arrays([*inputs, *options.values()], name)
            return self.raised(
                method(*lowered(inputs), **{k: lowered(v) for k, v in options.items()})
            )

        return call

    def __getitem__(self, index):
        refuse_host_arrays([index], "an index")
        return self.raised(self.host[lowered(index)])

    def __setitem__(self, index, value):
        refuse_host_arrays([index, value], "an assignment")
        self.host[lowered(index)] = lowered(value)

    def __len__(self):
        return len(self.host)

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __float__(self):
        return float(self.host)

    def __int__(self):
        return int(self.host)

    def __bool__(self):
        return bool(self.host)

    def __index__(self):
        return operator.index(self.host)


def _operator(name: str) -> Callable[..., Any]:
    def apply(self, *others):
        if any(isinstance(other, DeviceSparse) for other in others):
            return NotImplemented
        refuse_host_arrays(others, name)
        found = getattr(self.host, name)(*lowered(others))
        if found is NotImplemented:
            return found
        if found is self.host:  # in place
            return self
        return self.raised(found)

    return apply


for _name in (
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "matmul",
    "and",
    "or",
    "xor",
):
    for _prefix in ("", "r", "i"):
        setattr(DeviceArray, f"__{_prefix}{_name}__", _operator(f"__{_prefix}{_name}__"))
for _name in (
    "lt",
    "le",
    "eq",
    "ne",
    "gt",
    "ge",
    "neg",
    "pos",
    "invert",
    "abs",
    "lshift",
    "rshift",
):
    setattr(DeviceArray, f"__{_name}__", _operator(f"__{_name}__"))


class DeviceSparse:
    """A sparse matrix of CuPy's: bool or floating point, with arrays on the device."""

    __array_ufunc__ = None

    def __init__(self, host: Any, calls: set[str]) -> None:
        if host.dtype.char not in "?fdFD":
            raise ValueError("Only bool, float32, float64, complex64 and complex128 are supported")
        self.host, self.calls = host, calls

    def __getattr__(self, name: str):
        if name.startswith("_"):
            raise AttributeError(name)
        self.calls.add(f"{self.host.format}_matrix.{name}")
        value = getattr(self.host, name)
        if not callable(value):
            return raised(value, self.calls)

        def call(*inputs, **options):
            refuse_host_arrays([*inputs, *options.values()], name)
            return raised(value(*lowered(inputs), **options), self.calls)

        return call

    def __getitem__(self, index):
        refuse_host_arrays([index], "an index")
        return raised(self.host[lowered(index)], self.calls)

    def __matmul__(self, other):
        refuse_host_arrays([other], "a product")
        return raised(self.host @ lowered(other), self.calls)


def raised(value, calls: set[str]):
    """Device values of NumPy's; scalars become arrays of no dimension, as CuPy has them."""
    if isinstance(value, tuple):
        return tuple(raised(item, calls) for item in value)
    if sparse.issparse(value):
        return DeviceSparse(value, calls)
    if isinstance(value, (np.ndarray, np.generic)):
        return DeviceArray(np.asarray(value), calls)
    return value


class MakeBelieveModule(types.ModuleType):
    """NumPy's functions over device arrays, each call recorded."""

    def __init__(self, module: types.ModuleType, calls: set[str], prefix: str = "") -> None:
        super().__init__("cupy")
        self.__spec__ = ModuleSpec("cupy", None)
        self.module, self.calls, self.prefix = module, calls, prefix

    def __getattr__(self, name: str):
        if name.startswith("_"):
            raise AttributeError(name)
        value = getattr(self.module, name)
        if isinstance(value, types.ModuleType):
            return MakeBelieveModule(value, self.calls, f"{self.prefix}{name}.")
        if isinstance(value, type) or not callable(value):
            return value
        self.calls.add(self.prefix + name)

        def call(*inputs, **options):
            if name != "asarray":
                refuse_host_arrays([*inputs, *options.values()], name)
            found = value(*lowered(inputs), **{k: lowered(v) for k, v in options.items()})
            return raised(found, self.calls)

        return call


class MakeBelieveCuPy(MakeBelieveModule):
    """The module itself: what CuPy has beside NumPy's functions."""

    def __init__(self) -> None:
        super().__init__(np, set())
        runtime = types.SimpleNamespace(getDeviceCount=lambda: 1)
        stream = types.SimpleNamespace(synchronize=lambda: None)
        self.cuda = types.SimpleNamespace(runtime=runtime, get_current_stream=lambda: stream)

    def asnumpy(self, array):
        assert isinstance(array, DeviceArray), f"{type(array)} is on the host already"
        self.calls.add("asnumpy")
        return array.host.copy()

    def sparse_module(self) -> types.ModuleType:
        """Return the stand-in for cupyx.scipy.sparse."""
        module = types.ModuleType("cupyx.scipy.sparse")

        def csr_matrix(given, shape=None, dtype=None):
            if sparse.issparse(given):  # as CuPy, which sends SciPy's matrices over
                return DeviceSparse(sparse.csr_matrix(given, shape=shape, dtype=dtype), self.calls)
            refuse_host_arrays(given, "csr_matrix")
            return DeviceSparse(sparse.csr_matrix(lowered(given), shape=shape), self.calls)

        module.csr_matrix = csr_matrix  # type: ignore[attr-defined]
        return module


def install(monkeypatch) -> MakeBelieveCuPy:
    """Let ``device="cuda"`` mean the make-believe until the test ends; returns its module."""
    module = MakeBelieveCuPy()
    monkeypatch.setitem(sys.modules, "cupy", module)
    monkeypatch.setitem(sys.modules, "cupyx.scipy.sparse", module.sparse_module())
    # Past the cache, which would outlive the test.
    monkeypatch.setitem(backend._BACKENDS, "cuda", backend._cuda.__wrapped__)
    return module
