"""Compiled way from bytes to token ids: numba over UTF-8, no Python object per token.

A word of up to 16 bytes is its own key (two 64-bit integers), a longer one is compared by its
bytes, so hash collisions never merge two words. Sixteen bytes are classified and lower-cased at a
time; anything beyond ASCII letters takes the slower general way.

The loops are one file, because numba's cache on disk does not see a change in another one.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numba import njit

from wordnum.corpus.numerals import MAX_TOKEN_BYTES, character_class
from wordnum.intrinsics import element, first_bytes, first_letters, prefetch, trailing_zeros

__all__ = [
    "character_classes",
    "count_ids",
    "gather",
    "intern_words",
    "rehash",
    "tokenize",
    "translate",
]

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
# Further classes of bytes: of characters beyond ASCII; any, inside a run over MAX_TOKEN_BYTES.
_BEYOND, _GOES_ON = 4, 5
# Kinds of characters seen in a run, as bits.
_SEEN_LETTER, _SEEN_DIGIT, _SEEN_NUMERIC, _SEEN_JOIN = 1, 2, 4, 8

_C1 = np.uint64(0x9E3779B97F4A7C15)
_C2 = np.uint64(0xC2B2AE3D27D4EB4F)
_LONG = np.uint64(0xFF << 56)
_ZERO, _TWENTY_NINE = np.uint64(0), np.uint64(29)
_FOLD = 0x20  # bit that makes an ASCII letter lower-case
_AHEAD = 16  # words whose keys are made before they are looked up
STRIDE = 4  # 64-bit words per slot of the table: key, key, id + 1, unused


@lru_cache(maxsize=1)
def character_classes() -> np.ndarray:
    """Class of every code point (of every byte below 128), by Python's Unicode tables."""
    classes = np.zeros(0x110000, dtype=np.uint8)
    # All other planes are private use or not assigned; a look at each would take half a second.
    for plane in (0, 1, 2, 3, 14):
        codes = range(plane << 16, (plane + 1) << 16)
        classes[codes.start : codes.stop] = [character_class(chr(code)) for code in codes]
    return classes


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
def _add(
    data: np.ndarray,
    start: int,
    end: int,
    first: np.uint64,
    second: np.uint64,
    slot: int,
    table: np.ndarray,
    blob: np.ndarray,
    offsets: np.ndarray,
    state: np.ndarray,
    fold: int,
) -> int:  # pragma: no cover
    """Put the word data[start:end] into an empty slot; the caller has made room."""
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
    return _add(data, start, end, first, second, slot, table, blob, offsets, state, fold)


@njit(inline="always")
def _find_short(
    first: np.uint64, second: np.uint64, table: np.ndarray, shift: np.uint64
) -> int:  # pragma: no cover
    """Index of a word of up to 16 bytes, or -1 - the slot where it would have to go."""
    mask = table.shape[0] // STRIDE - 1
    slot = _slot(first, second, shift)
    while True:
        at = slot * STRIDE
        if element(table, at) == first and element(table, at + 1) == second:
            return np.int64(element(table, at + 2)) - 1
        if element(table, at + 2) == _ZERO:
            return -1 - slot
        slot = (slot + 1) & mask


@njit(nogil=True)
def _has_room(
    table: np.ndarray, blob: np.ndarray, state: np.ndarray, words: int, size: int
) -> bool:  # pragma: no cover
    return (state[N_WORDS] + words) * 2 <= table.shape[0] // STRIDE and state[
        N_BLOB
    ] + size <= blob.shape[0]


@njit(nogil=True)
def _intern_folded(
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
    n: int,
    table: np.ndarray,
    shift: np.uint64,
    blob: np.ndarray,
    offsets: np.ndarray,
    state: np.ndarray,
) -> int:  # pragma: no cover
    """Write the tokens of a run of the digits 0-9 from ids[n] on; returns where they end."""
    if scheme == _WHOLE:
        value = 0
        plain = end - start <= 8 and (data[start] != 48 or end - start == 1)
        if plain:
            for i in range(start, end):
                value = value * 10 + np.int64(data[i]) - 48
        ids[n] = value if plain and value < size else size
        return n + 1
    length = 1 if scheme == _DIGIT else 3
    stop = start + ((end - start - 1) % length + 1 if scheme == _R2L3 else length)
    while start < end:
        stop = min(stop, end)
        if data[start] == 48 and stop - start > 1:
            ids[n] = (
                size + 2 + _intern_folded(data, start, stop, table, shift, blob, offsets, state)
            )
        else:
            value = 0
            for i in range(start, stop):
                value = value * 10 + np.int64(data[i]) - 48
            ids[n] = value
        n += 1
        start = stop
        stop = start + length
    return n


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
    shift = np.uint64(64) - trailing_zeros(np.uint64(table.shape[0] // STRIDE))
    joins = scheme == _WHOLE
    first_word = size + 2
    # What changes with every token is kept in registers.
    fresh, newlines, previous = state[FRESH], state[NEWLINES], state[PREVIOUS]
    overlong, last = state[OVERLONG], state[LAST_KIND]
    n_ids, n_starts = state[N_IDS], state[N_STARTS]
    p, status = begin, DONE
    while p < n:
        byte = np.int64(element(data, p))
        kind = np.int64(element(classes, byte)) if byte < 128 else _BEYOND
        if overlong:
            kind = _GOES_ON
        token = -1
        end = p + 1
        if kind == _LETTER:
            run, first, second = first_letters(data, p)
            end = p + np.int64(run)
            plain = False
            if run < 16 and end < n:
                behind = np.int64(element(data, end))
                if behind < 128:
                    plain = keep or element(classes, behind) != _NUMERIC
                else:
                    character = _decode(data, end, n)
                    plain = character == -2 or (
                        character >= 0 and classes[character >> 3] < _LETTER
                    )
            if plain:
                word = _find_short(first, second, table, shift)
                if word < 0:
                    if not _has_room(table, blob, state, 1, 16):
                        status = GROW
                        break
                    word = _add(
                        data, p, end, first, second, -1 - word, table, blob, offsets, state, _FOLD
                    )
                token = first_word + word
                previous = _RUN
        elif kind == _SPACE:
            previous = _APART
            p += 1
            if byte == 10:
                newlines += 1
                if (separator == 2 and newlines > 1) or separator == 1:
                    fresh = 1
            elif byte == 0:
                if state[NULS] == 0:
                    state[FIRST_NUL] = p - 1
                state[NULS] += 1
            continue
        elif kind in (_PUNCTUATION, _BEYOND):
            if kind == _BEYOND:
                if byte == RECORD_END and separator == _RECORD:
                    fresh, newlines, previous = 1, 0, _APART
                    p += 1
                    continue
                character = _decode(data, p, n)
                if character < 0:
                    if character == -2 or final:
                        status = INVALID
                    break
                kind, end = np.int64(classes[character >> 3]), p + (character & 7)
                if kind == _SPACE:
                    previous = _APART
                    p = end
                    continue
            if kind == _PUNCTUATION:
                word = element(punctuation, byte) if byte < 128 else -1
                if word < 0:
                    if not _has_room(table, blob, state, 1, 16):
                        status = GROW
                        break
                    word = _intern_folded(data, p, end, table, shift, blob, offsets, state)
                    if byte < 128:
                        punctuation[byte] = word
                token = first_word + word
                if byte == 46:
                    previous = _LONE_POINT if previous == _APART else _POINT
                else:
                    previous = _APART
        if token < 0:
            if not _has_room(table, blob, state, 512, 2048):
                status = GROW
                break
            seen, tail = overlong, last
            end, seen, tail, whole = _scan_run(data, classes, p, n, seen, tail, joins, keep)
            too_long = overlong != 0 or end - p > MAX_TOKEN_BYTES
            if not whole and not final:
                if too_long:
                    overlong, last = seen, tail
                    p = end
                break
            overlong, last = 0, 0
            lone = previous == _LONE_POINT and kind == _NUMERIC and joins
            previous = _RUN
            if seen == _SEEN_LETTER:
                token = size + 1
                if not too_long:
                    first, second = _key(data, p, end, _FOLD)
                    token = first_word + _intern(
                        data, p, end, first, second, table, shift, blob, offsets, state, _FOLD
                    )
            elif seen != _SEEN_DIGIT or too_long or lone:
                token = size
        if fresh:
            starts[n_starts] = n_ids
            n_starts += 1
            fresh = 0
        newlines = 0
        if token >= 0:
            ids[n_ids] = token
            n_ids += 1
        else:
            n_ids = _emit_digits(
                data, p, end, scheme, size, ids, n_ids, table, shift, blob, offsets, state
            )
        p = end
        if p < n and element(data, p) == 32:
            previous = _APART
            p += 1
    if final and overlong and status == DONE:
        # The bytes ended where the last stretch did: only now the run is known to end there.
        if fresh:
            starts[n_starts] = n_ids
            n_starts += 1
            fresh = 0
        ids[n_ids] = size + 1 if overlong == _SEEN_LETTER else size
        n_ids += 1
        overlong, last = 0, 0
    state[FRESH], state[NEWLINES], state[PREVIOUS] = fresh, newlines, previous
    state[OVERLONG], state[LAST_KIND] = overlong, last
    state[N_IDS], state[N_STARTS] = n_ids, n_starts
    return status, p


@njit(inline="always")
def _prepare(
    words: np.ndarray,
    borders: np.ndarray,
    i: int,
    table: np.ndarray,
    shift: np.uint64,
    keys: np.ndarray,
) -> None:  # pragma: no cover
    """Make the key of word i and ask for its slot."""
    start, end = borders[i], borders[i + 1]
    if 0 < end - start <= 16 and start + 16 <= len(words):
        first, second = first_bytes(words, start, end - start)
    else:
        first, second = _key(words, start, end, 0)
    keys[i % _AHEAD * 2] = first
    keys[i % _AHEAD * 2 + 1] = second
    prefetch(table, _slot(first, second, shift) * STRIDE)


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
    """Look words[borders[i]:borders[i + 1]] up from i = `begin` on; `add` those unseen.

    Returns the first i for which there is no room.
    """
    shift = np.uint64(64) - trailing_zeros(np.uint64(table.shape[0] // STRIDE))
    n = len(borders) - 1
    # The keys of the next words are made ahead, so that their slots are near when they are needed.
    keys = np.empty(2 * _AHEAD, dtype=np.uint64)
    for i in range(begin, min(begin + _AHEAD, n)):
        _prepare(words, borders, i, table, shift, keys)
    for i in range(begin, n):
        start, end = borders[i], borders[i + 1]
        at = i % _AHEAD * 2
        first, second = keys[at], keys[at + 1]
        if i + _AHEAD < n:
            _prepare(words, borders, i + _AHEAD, table, shift, keys)
        found = _find(words, start, end, first, second, table, shift, blob, offsets, 0)
        if found < 0 and add:
            if not _has_room(table, blob, state, 1, end - start):
                return i
            slot = -1 - found
            found = _add(words, start, end, first, second, slot, table, blob, offsets, state, 0)
        indices[i] = max(found, -1)
    return n


@njit("void(uint64[::1], uint8[::1], int64[::1], int64, uint64[::1])", nogil=True, cache=True)
def rehash(
    table: np.ndarray, blob: np.ndarray, offsets: np.ndarray, n_words: int, larger: np.ndarray
) -> None:  # pragma: no cover
    """Move the entries of a table into an empty larger one."""
    shift = np.uint64(64) - trailing_zeros(np.uint64(larger.shape[0] // STRIDE))
    mask = larger.shape[0] // STRIDE - 1
    for old in range(0, table.shape[0], STRIDE):
        if table[old + 2] == _ZERO:
            continue
        slot = _slot(table[old], table[old + 1], shift)
        while larger[slot * STRIDE + 2] != _ZERO:
            slot = (slot + 1) & mask
        for i in range(3):
            larger[slot * STRIDE + i] = table[old + i]


@njit("void(uint8[::1], int64[::1], int64[::1], uint8[::1])", nogil=True, cache=True)
def gather(
    data: np.ndarray, begins: np.ndarray, ends: np.ndarray, joined: np.ndarray
) -> None:  # pragma: no cover
    """Write data[begins[i]:ends[i]] one behind the other into `joined`."""
    at = 0
    for i in range(len(begins)):
        for place in range(begins[i], ends[i]):
            joined[at] = data[place]
            at += 1


@njit("void(uint32[::1], int64[::1])", nogil=True, cache=True)
def count_ids(ids: np.ndarray, counts: np.ndarray) -> None:  # pragma: no cover
    """Add to counts[i] how often i is among `ids`."""
    for i in ids:
        counts[i] += 1


@njit("void(uint32[::1], uint32[::1], uint32[::1])", nogil=True, cache=True)
def translate(
    ids: np.ndarray, meanings: np.ndarray, translated: np.ndarray
) -> None:  # pragma: no cover
    """Write meanings[ids] into `translated`."""
    for i in range(len(ids)):
        translated[i] = meanings[ids[i]]
