"""What compiled loops need and numba has no name for: single instructions, and bytes by sixteens.

Numba's cache on disk does not see a change in this file: after one, remove ``__pycache__``.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LINE = 16  # float32 entries in a cache line
_BYTE, _HALF, _WORD, _WIDE = (ir.IntType(bits) for bits in (8, 32, 64, 128))
_LANES = ir.VectorType(_BYTE, 16)
_FOLD = 0x20  # bit that makes an ASCII letter lower-case
_READ, _WRITE = 0, 1


@intrinsic
def trailing_zeros(typing_context: Any, value: Any) -> Any:
    """Zero bits below the lowest one of a uint64 that is not 0."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), emit


@intrinsic
def element(typing_context: Any, array: Any, index: Any) -> Any:
    """``array[index]`` of a contiguous array; no bounds check, nothing counts from the end."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_address(context, builder, signature, arguments))

    return array.dtype(array, index), emit


@intrinsic
def prefetch(typing_context: Any, array: Any, index: Any) -> Any:
    """Ask for ``array[index]`` of a contiguous array to be brought near; it need not exist."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _ask(context, builder, _address(context, builder, signature, arguments), _READ)

    return types.void(array, index), emit


@intrinsic
def prefetch_cell(typing_context: Any, array: Any, i: Any, j: Any) -> Any:
    """Ask for the cache line that holds ``array[i, j]``, which will be written."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = signature.args[0]
        view = context.make_array(kind)(context, builder, arguments[0])
        index = [
            a if a.type.width == 64 else (builder.sext if t.signed else builder.zext)(a, _WORD)
            for a, t in zip(arguments[1:], signature.args[1:], strict=True)
        ]
        place = cgutils.get_item_pointer(context, builder, kind, view, index, wraparound=False)
        return _ask(context, builder, place, _WRITE)

    return types.void(array, i, j), emit


@intrinsic
def first_letters(typing_context: Any, data: Any, position: Any) -> Any:
    """The ASCII letters at `position`: how many (up to 16), and they as lower-case key."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        def every(value: int) -> Any:
            return ir.Constant(_LANES, [value] * 16)

        lower = builder.or_(_sixteen(context, builder, signature, arguments), every(_FOLD))
        letter = builder.icmp_unsigned("<", builder.sub(lower, every(ord("a"))), every(26))
        mask = builder.zext(builder.bitcast(letter, ir.IntType(16)), _WORD)
        stop = builder.or_(builder.not_(mask), ir.Constant(_WORD, 1 << 16))
        run = builder.cttz(stop, ir.Constant(ir.IntType(1), 1))
        found = [run, *_leading(builder, lower, run)]
        return context.make_tuple(builder, signature.return_type, found)

    return types.UniTuple(types.uint64, 3)(data, position), emit


@intrinsic
def first_bytes(typing_context: Any, data: Any, position: Any, length: Any) -> Any:
    """Key of the `length` (1..16) bytes at `position`; 16 are read."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        sixteen = _sixteen(context, builder, signature, arguments)
        key = _leading(builder, sixteen, arguments[2])
        return context.make_tuple(builder, signature.return_type, key)

    return types.UniTuple(types.uint64, 2)(data, position, length), emit


def _address(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Pointer to an element of a contiguous array."""
    view = cgutils.create_struct_proxy(signature.args[0])(context, builder, value=arguments[0])
    return builder.gep(view.data, [arguments[1]])


def _ask(context: Any, builder: Any, address: Any, purpose: int) -> Any:
    """Emit the instruction that asks for data, to be kept in all caches."""
    pointer = _BYTE.as_pointer()
    kind = ir.FunctionType(ir.VoidType(), [pointer, _HALF, _HALF, _HALF])
    function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
    hints = [ir.Constant(_HALF, value) for value in (purpose, 3, 1)]
    builder.call(function, [builder.bitcast(address, pointer), *hints])
    return context.get_dummy_value()


def _sixteen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Load 16 bytes of an array, from any address, without a bounds check."""
    address = _address(context, builder, signature, arguments)
    return builder.load(builder.bitcast(address, _LANES.as_pointer()), align=1)


def _leading(builder: Any, sixteen: Any, length: Any) -> tuple[Any, Any]:
    """Two 64-bit integers of the first `length` (1..16) of 16 bytes, the others zero."""
    drop = builder.sub(ir.Constant(_WORD, 128), builder.shl(length, ir.Constant(_WORD, 3)))
    drop = builder.zext(drop, _WIDE)
    key = builder.lshr(builder.shl(builder.bitcast(sixteen, _WIDE), drop), drop)
    second = builder.lshr(key, ir.Constant(_WIDE, 64))
    return builder.trunc(key, _WORD), builder.trunc(second, _WORD)
