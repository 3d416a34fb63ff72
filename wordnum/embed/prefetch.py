"""Asking for memory before it is needed, inside compiled loops."""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.extending import intrinsic

__all__ = ["LINE", "prefetch"]

LINE = 16  # float32 entries in a cache line


@intrinsic
def prefetch(typing_context: Any, array: Any, i: Any, j: Any) -> Any:
    """Ask for the cache line that holds ``array[i, j]``, which will be written."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array_type = signature.args[0]
        view = context.make_array(array_type)(context, builder, arguments[0])
        wide = ir.IntType(64)
        index = [
            a if a.type.width == 64 else (builder.sext if t.signed else builder.zext)(a, wide)
            for a, t in zip(arguments[1:], signature.args[1:], strict=True)
        ]
        address = cgutils.get_item_pointer(
            context, builder, array_type, view, index, wraparound=False
        )
        byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        to_write, keep, data = word(1), word(3), word(1)
        builder.call(function, [builder.bitcast(address, byte), to_write, keep, data])
        return context.get_dummy_value()

    return types.void(array, i, j), generate
