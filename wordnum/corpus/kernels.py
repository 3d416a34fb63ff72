"""Compiled way from bytes to token ids: numba over UTF-8, no Python object per token.

A word of up to 16 bytes is its own key (two 64-bit integers), a longer one is compared by its
bytes, so hash collisions never merge two words. Eight bytes are classified and lower-cased at a
time; anything beyond ASCII letters takes the slower general way.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from wordnum.corpus.numerals import MAX_TOKEN_BYTES, character_class

__all__ = ["character_classes", "intern_words", "rehash", "tokenize"]

# What happened in a call of `tokenize`.
DONE, GROW, INVALID = 0, 1, 2
# Slots of the state that lasts from one stretch of bytes to the next.
(
    FRESH,  # the next token begins a document
    NEWLINES,  # line ends since the last token
    PREVIOUS,  # what the byte before was: see below
    OVERLONG,  # inside a run over MAX_TOKEN_BYTES: the kinds seen in it
    LAST_KIND,  # kind of the last character of that run
    N_IDS,  # ids written
    N_STARTS,  # document starts written
    N_WORDS,  # words interned
    N_BLOB,  # bytes of interned words
    NULS,  # NUL bytes passed over
    FIRST_NUL,  # where the first of them was, in the stretch of this call
) = range(11)
STATE_SLOTS = 11
# PREVIOUS: anything that no decimal point can lean on; a letter or digit; a point behind such or
# behind another point; a point that stands alone, which makes ".5" a decimal.
_APART, _RUN, _POINT, _LONE_POINT = range(4)
# SEPARATOR: what ends a document.
SEPARATORS = {"file": 0, "line": 1, "blank": 2, "record": 3}
RECORD_END = 0xFF  # no byte of UTF-8
_RECORD = SEPARATORS["record"]
KINDS = {"whole": 0, "l2r3": 1, "r2l3": 2, "digit": 3}
_WHOLE, _R2L3, _DIGIT = KINDS["whole"], KINDS["r2l3"], KINDS["digit"]

_SPACE, _PUNCTUATION, _LETTER, _NUMERIC = range(4)
_BEYOND = 4  # class of the bytes of characters beyond ASCII
# Kinds of characters seen in a run, as bits.
_SEEN_LETTER, _SEEN_DIGIT, _SEEN_NUMERIC, _SEEN_JOIN = 1, 2, 4, 8

_C1 = np.uint64(0x9E3779B97F4A7C15)
_C2 = np.uint64(0xC2B2AE3D27D4EB4F)
_LONG = np.uint64(0xFF << 56)
_HIGH = np.uint64(0x8080808080808080)
_LOW7 = np.uint64(0x7F7F7F7F7F7F7F7F)
_CASE = np.uint64(0x2020202020202020)
_BELOW_A = np.uint64(0x1F1F1F1F1F1F1F1F)
_ABOVE_Z = np.uint64(0x0505050505050505)
_ZERO, _ONE, _EIGHT, _ALL = np.uint64(0), np.uint64(1), np.uint64(8), np.uint64(2**64 - 1)
_SEVEN, _TWENTY_NINE = np.uint64(7), np.uint64(29)
_FOLD = 0x20  # bit that makes an ASCII letter lower-case
STRIDE = 4  # 64-bit words per slot of the table: key, key, id + 1, unused


@lru_cache(maxsize=1)
def character_classes() -> np.ndarray:
    """Class of every code point (of every byte below 128), by Python's Unicode tables."""
    classes = np.empty(0x110000, dtype=np.uint8)
    for code in range(0x110000):
        classes[code] = character_class(chr(code))
    return classes


@intrinsic
def _load64(typingctx: Any, data: Any, position: Any) -> Any:  # pragma: no cover
    """Eight bytes as one little-endian integer, from any address; no bounds check."""
    signature = types.uint64(data, position)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        array = cgutils.create_struct_proxy(sig.args[0])(context, builder, value=args[0])
        address = builder.gep(array.data, [args[1]])
        word = builder.bitcast(address, ir.IntType(64).as_pointer())
        return builder.load(word, align=1)

    return signature, codegen


@intrinsic
def _trailing_zeros(typingctx: Any, value: Any) -> Any:  # pragma: no cover
    signature = types.uint64(types.uint64)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return signature, codegen


@njit(inline="always")
def _not_letters(word: np.uint64) -> np.uint64:  # pragma: no cover
    """High bit of every byte of `word` that is no ASCII letter."""
    low = (word | _CASE) & _LOW7
    return (~((low + _BELOW_A) & ~(low + _ABOVE_Z)) | word) & _HIGH


@njit(inline="always")
def _first_bytes(word: np.uint64, n: int) -> np.uint64:  # pragma: no cover
    """The first `n` (0..8) bytes of `word`, the rest zero."""
    if n >= 8:
        return word
    return word & ((_ONE << np.uint64(8 * n)) - _ONE)


@njit(nogil=True)
def _decode(data: np.ndarray, p: int, n: int) -> int:  # pragma: no cover
    """Code point * 8 + bytes of the character at `p`; -1 if cut off by `n`, -2 if not UTF-8."""
    lead = np.int64(data[p])
    if lead < 0x80:
        return lead * 8 + 1
    if lead < 0xC2 or lead > 0xF4:
        return -2
    length = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
    code = lead & (0xFF >> (length + 1))
    for i in range(1, length):
        if p + i >= n:
            return -1
        byte = np.int64(data[p + i])
        if byte & 0xC0 != 0x80:
            return -2
        code = code << 6 | (byte & 0x3F)
        # The second byte decides: overlong forms, surrogates, beyond U+10FFFF.
        if i == 1 and (
            (length == 3 and (code < 0x20 or 0x360 <= code < 0x380))
            or (length == 4 and (code < 0x10 or code >= 0x110))
        ):
            return -2
    return code * 8 + length


@njit(nogil=True)
def _scan_run(
    data: np.ndarray,
    classes: np.ndarray,
    p: int,
    n: int,
    seen: int,
    last: int,
    joins: bool,
    keep: bool,
) -> tuple[int, int, int, bool]:  # pragma: no cover
    """Follow a run of letters and digits from `p`.

    Returns its end, the kinds seen, the kind of its last character, and whether it is known to
    end there. Bytes that are not UTF-8 end it; what is wrong is said when their turn comes.
    """
    while p < n:
        character = _decode(data, p, n)
        if character < 0:
            return p, seen, last, character == -2
        code, length = character >> 3, character & 7
        kind = np.int64(classes[code])
        if kind < _LETTER:
            if not (joins and last == _NUMERIC and (code == 46 or code == 44)):
                return p, seen, last, True
            if p + 1 >= n:
                return p, seen, last, False
            following = _decode(data, p + 1, n)
            if following < 0:
                return p, seen, last, following == -2
            if classes[following >> 3] != _NUMERIC:
                return p, seen, last, True
            seen |= _SEEN_JOIN
            p += 1
            continue
        if keep and last and kind != last:
            return p, seen, last, True
        if kind == _LETTER:
            seen |= _SEEN_LETTER
        elif code < 128:
            seen |= _SEEN_DIGIT
        else:
            seen |= _SEEN_NUMERIC
        last = kind
        p += length
    return p, seen, last, False


@njit(inline="always")
def _folded(byte: int, fold: int) -> int:  # pragma: no cover
    return byte | fold if 65 <= byte <= 90 else byte


@njit(nogil=True)
def _key(
    data: np.ndarray, start: int, end: int, fold: int
) -> tuple[np.uint64, np.uint64]:  # pragma: no cover
    """Key of a word: its bytes when they are up to 16, else a hash and the length.

    `fold` is 32 to lower-case ASCII letters, 0 to leave them.
    """
    first, second = _ZERO, _ZERO
    length = end - start
    if length <= 16:
        for i in range(length):
            byte = np.uint64(_folded(np.int64(data[start + i]), fold))
            if i < 8:
                first |= byte << np.uint64(8 * i)
            else:
                second |= byte << np.uint64(8 * (i - 8))
        return first, second
    for i in range(length):
        first = (first ^ np.uint64(_folded(np.int64(data[start + i]), fold))) * _C1
        first ^= first >> _TWENTY_NINE
    return first, _LONG | np.uint64(length)


@njit(inline="always")
def _slot(first: np.uint64, second: np.uint64, shift: np.uint64) -> int:  # pragma: no cover
    return np.int64(((first + second * _C2) * _C1) >> shift)


@njit(nogil=True)
def _find(
    data: np.ndarray,
    start: int,
    end: int,
    first: np.uint64,
    second: np.uint64,
    table: np.ndarray,
    shift: np.uint64,
    blob: np.ndarray,
    offsets: np.ndarray,
    fold: int,
) -> int:  # pragma: no cover
    """Index of the word data[start:end], or -1 - the slot where it would have to go."""
    mask = table.shape[0] // STRIDE - 1
    slot = _slot(first, second, shift)
    while True:
        entry = table[slot * STRIDE + 2]
        if entry == _ZERO:
            return -1 - slot
        if table[slot * STRIDE] == first and table[slot * STRIDE + 1] == second:
            index = np.int64(entry) - 1
            if end - start <= 16:
                return index
            origin = offsets[index]
            same = True
            for i in range(end - start):
                if blob[origin + i] != _folded(np.int64(data[start + i]), fold):
                    same = False
                    break
            if same:
                return index
        slot = (slot + 1) & mask


@njit(nogil=True)
def _intern(
    data: np.ndarray,
    start: int,
    end: int,
    first: np.uint64,
    second: np.uint64,
    table: np.ndarray,
    shift: np.uint64,
    blob: np.ndarray,
    offsets: np.ndarray,
    state: np.ndarray,
    fold: int,
) -> int:  # pragma: no cover
    """Index of the word data[start:end], new or known; the caller has made room."""
    found = _find(data, start, end, first, second, table, shift, blob, offsets, fold)
    if found >= 0:
        return found
    slot = -1 - found
    index = state[N_WORDS]
    table[slot * STRIDE] = first
    table[slot * STRIDE + 1] = second
    table[slot * STRIDE + 2] = np.uint64(index + 1)
    size = state[N_BLOB]
    for i in range(end - start):
        blob[size + i] = _folded(np.int64(data[start + i]), fold)
    state[N_BLOB] = size + end - start
    state[N_WORDS] = index + 1
    offsets[index + 1] = state[N_BLOB]
    return index


@njit(nogil=True)
def _has_room(
    table: np.ndarray, blob: np.ndarray, state: np.ndarray, words: int, size: int
) -> bool:  # pragma: no cover
    return (state[N_WORDS] + words) * 2 <= table.shape[0] // STRIDE and state[
        N_BLOB
    ] + size <= blob.shape[0]


@njit(nogil=True)
def _chunk_word(
    data: np.ndarray,
    start: int,
    end: int,
    table: np.ndarray,
    shift: np.uint64,
    blob: np.ndarray,
    offsets: np.ndarray,
    state: np.ndarray,
) -> int:  # pragma: no cover
    first, second = _key(data, start, end, _FOLD)
    return _intern(data, start, end, first, second, table, shift, blob, offsets, state, _FOLD)


@njit(nogil=True)
def _emit_digits(
    data: np.ndarray,
    start: int,
    end: int,
    scheme: int,
    size: int,
    ids: np.ndarray,
    table: np.ndarray,
    shift: np.uint64,
    blob: np.ndarray,
    offsets: np.ndarray,
    state: np.ndarray,
) -> None:  # pragma: no cover
    """Write the tokens of a run of the digits 0-9."""
    n = state[N_IDS]
    if scheme == _WHOLE:
        value = 0
        plain = end - start <= 8 and (data[start] != 48 or end - start == 1)
        if plain:
            for i in range(start, end):
                value = value * 10 + np.int64(data[i]) - 48
        ids[n] = value if plain and value < size else size
        state[N_IDS] = n + 1
        return
    length = 1 if scheme == _DIGIT else 3
    stop = start + ((end - start - 1) % length + 1 if scheme == _R2L3 else length)
    while start < end:
        stop = min(stop, end)
        if data[start] == 48 and stop - start > 1:
            ids[n] = size + 2 + _chunk_word(data, start, stop, table, shift, blob, offsets, state)
        else:
            value = 0
            for i in range(start, stop):
                value = value * 10 + np.int64(data[i]) - 48
            ids[n] = value
        n += 1
        start = stop
        stop = start + length
    state[N_IDS] = n


@njit(
    "Tuple((int64, int64))(uint8[::1], int64, int64, boolean, int64, int64, int64, boolean, "
    "uint8[::1], int64[::1], uint32[::1], int64[::1], uint64[::1], uint8[::1], int64[::1], "
    "int64[::1])",
    nogil=True,
    cache=True,
)
def tokenize(
    data: np.ndarray,
    begin: int,
    n: int,
    final: bool,
    separator: int,
    scheme: int,
    size: int,
    keep: bool,
    classes: np.ndarray,
    punctuation: np.ndarray,
    ids: np.ndarray,
    starts: np.ndarray,
    table: np.ndarray,
    blob: np.ndarray,
    offsets: np.ndarray,
    state: np.ndarray,
) -> tuple[int, int]:  # pragma: no cover
    """Write the ids of data[begin:n]; `data` must go on for 16 bytes behind `n`.

    Words get the ids size + 2 + index of the word among those interned so far. What may go on
    behind `n` is left for the next call, unless `final`.

    Returns
    -------
    status : int
        DONE; GROW: the tables are full, call again from `consumed`; INVALID: `consumed` is where
        the bytes are not UTF-8.
    consumed : int
        Bytes of `data` that need not come again.
    """
    shift = np.uint64(64) - _trailing_zeros(np.uint64(table.shape[0] // STRIDE))
    joins = scheme == _WHOLE
    first_word = size + 2
    p = begin
    while p < n:
        byte = np.int64(data[p])
        kind = np.int64(classes[byte]) if byte < 128 else _BEYOND
        overlong = state[OVERLONG] != 0
        if kind == _SPACE and not overlong:
            state[PREVIOUS] = _APART
            p += 1
            if byte == 10:
                state[NEWLINES] += 1
                if (separator == 2 and state[NEWLINES] > 1) or separator == 1:
                    state[FRESH] = 1
            elif byte == 0:
                if state[NULS] == 0:
                    state[FIRST_NUL] = p - 1
                state[NULS] += 1
            continue
        length = 1
        if kind == _BEYOND and not overlong:
            if byte == RECORD_END and separator == _RECORD:
                state[FRESH], state[NEWLINES], state[PREVIOUS] = 1, 0, _APART
                p += 1
                continue
            character = _decode(data, p, n)
            if character < 0:
                if character == -1 and not final:
                    return DONE, p
                return INVALID, p
            kind, length = np.int64(classes[character >> 3]), character & 7
            if kind == _SPACE:
                state[PREVIOUS] = _APART
                p += length
                continue
        if not _has_room(table, blob, state, 512, 2048):
            return GROW, p

        word = -1
        end = p + length
        if kind == _PUNCTUATION and not overlong:
            if length == 1:
                word = punctuation[byte]
            if word < 0:
                first, second = _key(data, p, end, _FOLD)
                word = _intern(
                    data, p, end, first, second, table, shift, blob, offsets, state, _FOLD
                )
                if length == 1:
                    punctuation[byte] = word
            if byte == 46:
                state[PREVIOUS] = _LONE_POINT if state[PREVIOUS] == _APART else _POINT
            else:
                state[PREVIOUS] = _APART
        else:
            plain = False
            first, second = _ZERO, _ZERO
            if kind == _LETTER and length == 1 and not overlong:
                first = _load64(data, p)
                stops = _not_letters(first)
                if stops:
                    run = np.int64(_trailing_zeros(stops) >> np.uint64(3))
                    first = _first_bytes(first | _CASE, run)
                else:
                    first |= _CASE
                    second = _load64(data, p + 8)
                    stops = _not_letters(second)
                    if stops:
                        run = np.int64(_trailing_zeros(stops) >> np.uint64(3))
                        second = _first_bytes(second | _CASE, run)
                        run += 8
                    else:
                        run = 16
                        second |= _CASE
                end = p + run
                if run < 16 and end < n:
                    behind = np.int64(data[end])
                    if behind < 128:
                        plain = keep or classes[behind] != _NUMERIC
                    else:
                        character = _decode(data, end, n)
                        plain = character == -2 or (
                            character >= 0 and classes[character >> 3] < _LETTER
                        )
            if plain:
                word = _intern(
                    data, p, end, first, second, table, shift, blob, offsets, state, _FOLD
                )
            else:
                seen, last = state[OVERLONG], state[LAST_KIND]
                end, seen, last, whole = _scan_run(data, classes, p, n, seen, last, joins, keep)
                if not whole and not final:
                    if overlong or end - p > MAX_TOKEN_BYTES:
                        state[OVERLONG], state[LAST_KIND] = seen, last
                        return DONE, end
                    return DONE, p
                overlong = overlong or end - p > MAX_TOKEN_BYTES
                state[OVERLONG], state[LAST_KIND] = 0, 0
                lone = state[PREVIOUS] == _LONE_POINT and kind == _NUMERIC and joins
                if state[FRESH]:
                    starts[state[N_STARTS]] = state[N_IDS]
                    state[N_STARTS] += 1
                    state[FRESH] = 0
                state[NEWLINES], state[PREVIOUS] = 0, _RUN
                if seen == _SEEN_LETTER and not overlong:
                    first, second = _key(data, p, end, _FOLD)
                    word = _intern(
                        data, p, end, first, second, table, shift, blob, offsets, state, _FOLD
                    )
                    ids[state[N_IDS]] = first_word + word
                    state[N_IDS] += 1
                elif seen == _SEEN_DIGIT and not overlong and not lone:
                    _emit_digits(
                        data, p, end, scheme, size, ids, table, shift, blob, offsets, state
                    )
                else:
                    ids[state[N_IDS]] = size + 1 if seen == _SEEN_LETTER else size
                    state[N_IDS] += 1
                p = end
                continue
            state[PREVIOUS] = _RUN
        if state[FRESH]:
            starts[state[N_STARTS]] = state[N_IDS]
            state[N_STARTS] += 1
            state[FRESH] = 0
        state[NEWLINES] = 0
        ids[state[N_IDS]] = first_word + word
        state[N_IDS] += 1
        p = end
    if final and state[OVERLONG]:
        # The bytes ended where the last stretch did: only now the run is known to end there.
        if state[FRESH]:
            starts[state[N_STARTS]] = state[N_IDS]
            state[N_STARTS] += 1
            state[FRESH] = 0
        ids[state[N_IDS]] = size + 1 if state[OVERLONG] == _SEEN_LETTER else size
        state[N_IDS] += 1
        state[OVERLONG], state[LAST_KIND] = 0, 0
    return DONE, p


@njit(
    "int64(uint8[::1], int64[::1], int64, boolean, uint64[::1], uint8[::1], int64[::1], "
    "int64[::1], int64[::1])",
    nogil=True,
    cache=True,
)
def intern_words(
    words: np.ndarray,
    borders: np.ndarray,
    begin: int,
    add: bool,
    table: np.ndarray,
    blob: np.ndarray,
    offsets: np.ndarray,
    state: np.ndarray,
    indices: np.ndarray,
) -> int:  # pragma: no cover
    """Look words[borders[i]:borders[i+1]] up from i = `begin` on; `add` those unseen.

    Returns the first i for which there is no room.
    """
    shift = np.uint64(64) - _trailing_zeros(np.uint64(table.shape[0] // STRIDE))
    for i in range(begin, len(borders) - 1):
        start, end = borders[i], borders[i + 1]
        first, second = _key(words, start, end, 0)
        if not add:
            found = _find(words, start, end, first, second, table, shift, blob, offsets, 0)
            indices[i] = max(found, -1)
            continue
        if not _has_room(table, blob, state, 1, end - start):
            return i
        indices[i] = _intern(
            words, start, end, first, second, table, shift, blob, offsets, state, 0
        )
    return len(borders) - 1


@njit("void(uint64[::1], uint8[::1], int64[::1], int64, uint64[::1])", nogil=True, cache=True)
def rehash(
    table: np.ndarray, blob: np.ndarray, offsets: np.ndarray, n_words: int, larger: np.ndarray
) -> None:  # pragma: no cover
    """Move the entries of a table into an empty larger one."""
    shift = np.uint64(64) - _trailing_zeros(np.uint64(larger.shape[0] // STRIDE))
    mask = larger.shape[0] // STRIDE - 1
    for old in range(0, table.shape[0], STRIDE):
        if table[old + 2] == _ZERO:
            continue
        slot = _slot(table[old], table[old + 1], shift)
        while larger[slot * STRIDE + 2] != _ZERO:
            slot = (slot + 1) & mask
        for i in range(3):
            larger[slot * STRIDE + i] = table[old + i]
