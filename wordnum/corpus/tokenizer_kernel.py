"""Compiled way from bytes to token ids: numba over UTF-8, no Python object per token.

A word of up to 16 bytes is its own key (two 64-bit integers), a longer one is compared by its
bytes, so hash collisions never merge two words. Sixteen ASCII letters are classified at a time;
everything else takes the slower general way.

The loops are one file, because numba's cache on disk does not see a change in another one.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numba import njit

from wordnum.compiling import compiled
from wordnum.corpus.numerals import JOINS, MAX_TOKEN_BYTES, POINTS, SIGNS, character_class
from wordnum.intrinsics import element, first_bytes, first_letters, prefetch, trailing_zeros

# What happened in a call of `tokenize`.
DONE, GROW, INVALID = 0, 1, 2
# What the next stretch of bytes has to know of those before it.
(
    FRESH,  # the next token begins a document
    NEWLINES,  # line ends since the last token
    PREVIOUS,  # what the byte before was: see below
    INSIDE,  # inside a run over MAX_TOKEN_BYTES: the kinds seen in it
    LAST_KIND,  # kind of the last character of that run
    DIGEST,  # of the tokens of the document so far; 0 before any document
) = range(6)
BEGINNING = (1, 0, 0, 0, 0, 0)
# PREVIOUS: anything that no decimal point can lean on; a letter or digit; a point behind such or
# behind another point; a point that stands alone, which makes ".5" a decimal.
_APART, _RUN, _POINT, _LONE_POINT = range(4)
# What ends a document, beside RECORD_END, which always does.
SEPARATORS = {"blank": 0, "line": 1, "file": 2}
_LINE, _BLANK = SEPARATORS["line"], SEPARATORS["blank"]
RECORD_END = 0xFF  # no byte of UTF-8
KINDS = {"whole": 0, "l2r3": 1, "r2l3": 2, "digit": 3}
_WHOLE, _R2L3, _DIGIT = KINDS["whole"], KINDS["r2l3"], KINDS["digit"]

_SPACE, _PUNCTUATION, _LETTER, _NUMERIC = range(4)
_BEYOND = 4  # class of the bytes of characters beyond ASCII
_EXPONENT = 4  # as the kind of a run's last character: an e behind a digit
_JOINS, _SIGNS, _POINTS = (tuple(map(ord, characters)) for characters in (JOINS, SIGNS, POINTS))
_CARET, _E, _FOLD = ord("^"), ord("e"), 0x20
# Kinds of characters seen in a run, as bits.
_SEEN_LETTER, _SEEN_DIGIT, _SEEN_NUMERIC, _SEEN_JOIN = 1, 2, 4, 8

_C1 = np.uint64(0x9E3779B97F4A7C15)
_C2 = np.uint64(0xC2B2AE3D27D4EB4F)
_LONG = np.uint64(0xFF << 56)
_ZERO, _TWENTY_NINE = np.uint64(0), np.uint64(29)
_SEED = np.uint64(0x165667B19E3779F9)  # digest of a document that begins
# A table of words is four arrays: slots of STRIDE 64-bit words (key, key, index + 1, unused), the
# bytes of all words, where each begins in them, and how full the table is.
Words = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
Key = tuple[np.uint64, np.uint64]
STRIDE = 4
N_WORDS, N_BYTES = 0, 1
_WORDS = "Tuple((uint64[::1], uint8[::1], int64[::1], int64[::1]))"
_AHEAD = 16
# Functions that only compiled ones call need no way in from Python.
_INNER = {"nogil": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True, "_nrt": False}


@lru_cache(maxsize=1)
def character_classes() -> np.ndarray:
    """Class of every code point (of every byte below 128), by Python's Unicode tables."""
    classes = np.zeros(0x110000, dtype=np.uint8)
    # All other planes are private use or not assigned; a look at each would take half a second.
    for plane in (0, 1, 2, 3, 14):
        codes = range(plane << 16, (plane + 1) << 16)
        classes[codes.start : codes.stop] = [character_class(chr(code)) for code in codes]
    return classes


@njit(**_INNER)
def _decode(data: np.ndarray, p: int, n: int) -> int:  # pragma: no cover
    """Code point * 8 + bytes of the character at `p`; -1 if cut off by `n`, -2 if not UTF-8."""
    lead = np.int64(element(data, p))
    if lead < 0x80:
        return lead * 8 + 1
    if lead < 0xC2 or lead > 0xF4:
        return -2
    length = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
    code = lead & (0xFF >> (length + 1))
    for i in range(1, length):
        if p + i >= n:
            return -1
        byte = np.int64(element(data, p + i))
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


@njit(**_INNER)
def _scan_run(
    data: np.ndarray,
    p: int,
    n: int,
    classes: np.ndarray,
    run: tuple[int, int],
    how: tuple[bool, bool],
) -> tuple[int, int, int, bool]:  # pragma: no cover
    """Follow a run of letters and digits from `p`.

    Returns its end, the kinds seen, the kind of its last character, and whether it is known to
    end there. Bytes that are not UTF-8 end it; what is wrong is said when their turn comes.
    """
    (seen, last), (joins, keep) = run, how
    end = p  # of the run so far; what joins stands between `end` and `p` and waits for a digit
    whole = caret = False
    while p < n:
        character = _decode(data, p, n)
        if character < 0:
            whole = character == -2
            break
        code, length = character >> 3, character & 7
        kind = np.int64(classes[code])
        if kind < _LETTER:
            if end == p:
                joining = (last == _NUMERIC and code in _JOINS) or (
                    last == _EXPONENT and code in _SIGNS
                )
                caret = code == _CARET
            else:
                joining = caret and end + 1 == p and code in _SIGNS
            whole = not (joins and joining)
            if whole:
                break
            p += length
            continue
        if end < p:
            if kind != _NUMERIC:
                whole = True
                break
            seen |= _SEEN_JOIN
        elif keep and last and kind != last:
            whole = True
            break
        if kind == _LETTER:
            seen |= _SEEN_LETTER
            if last == _NUMERIC and code | _FOLD == _E:
                kind = _EXPONENT
        elif code < 128:
            seen |= _SEEN_DIGIT
        else:
            seen |= _SEEN_NUMERIC
        last = kind
        p += length
        end = p
    return end, seen, last, whole


@njit(**_INNER)
def _key(data: np.ndarray, start: int, end: int) -> Key:  # pragma: no cover
    """Key of a word: its bytes when they are up to 16, else a hash and the length."""
    first, second = _ZERO, _ZERO
    length = end - start
    if 0 < length <= 16 and start + 16 <= data.shape[0]:
        first, second = first_bytes(data, start, length)
        return first, second
    if length <= 16:
        for i in range(length):
            byte = np.uint64(element(data, start + i)) << np.uint64(8 * (i & 7))
            if i < 8:
                first |= byte
            else:
                second |= byte
        return first, second
    for i in range(length):
        first = (first ^ np.uint64(element(data, start + i))) * _C1
        first ^= first >> _TWENTY_NINE
    return first, _LONG | np.uint64(length)


@njit(**_INNER)
def _home(key: Key, table: np.ndarray) -> int:  # pragma: no cover
    """Slot where the search for a key begins."""
    shift = np.uint64(64) - trailing_zeros(np.uint64(table.shape[0] // STRIDE))
    return np.int64(((key[0] + key[1] * _C2) * _C1) >> shift)


@njit(**_INNER, forceinline=True)
def find(data: np.ndarray, start: int, end: int, key: Key, words: Words) -> int:  # pragma: no cover
    """Index of the word data[start:end] of that key; -1 - its free entry if new."""
    (first, second), (table, blob, offsets, _) = key, words
    at = _home(key, table) * STRIDE
    while True:
        if element(table, at) == first and element(table, at + 1) == second:
            index = np.int64(element(table, at + 2)) - 1
            if second < _LONG or index < 0:
                return index if index >= 0 else -1 - at
            origin, i = offsets[index] - start, start
            while i < end and element(blob, origin + i) == element(data, i):
                i += 1
            if i == end:
                return index
        elif element(table, at + 2) == _ZERO:
            return -1 - at
        at = (at + STRIDE) & (table.shape[0] - 1)


@njit(**_INNER)
def add(
    data: np.ndarray, start: int, end: int, key: Key, at: int, words: Words
) -> int:  # pragma: no cover
    """Put the word data[start:end] into the free entry `at`; its index, or -1: no room."""
    table, blob, offsets, fill = words
    index, size = fill[N_WORDS], fill[N_BYTES]
    if (index + 1) * 2 * STRIDE > table.shape[0] or size + end - start > blob.shape[0]:
        return -1
    table[at], table[at + 1] = key
    table[at + 2] = np.uint64(index + 1)
    for i in range(start, end):
        blob[size + i - start] = element(data, i)
    fill[N_WORDS] = index + 1
    fill[N_BYTES] = offsets[index + 1] = size + end - start
    return index


@njit(**_INNER)
def _fold(data: np.ndarray, start: int, end: int) -> None:  # pragma: no cover
    """Lower-case the ASCII letters of data[start:end] in place."""
    for i in range(start, end):
        byte = element(data, i)
        if 65 <= byte <= 90:
            data[i] = byte | 0x20


@compiled(
    "UniTuple(int64, 4)(uint8[::1], int64, int64, boolean, Tuple((int64, int64, int64, boolean)), "
    f"uint8[::1], uint32[::1], int64[::1], uint64[::1], int64[::1], {_WORDS})",
    _nrt=False,
)
def tokenize(
    data: np.ndarray, begin: int, n: int, final: bool, how: tuple[int, int, int, bool],
    classes: np.ndarray, ids: np.ndarray, starts: np.ndarray, digests: np.ndarray,
    stream: np.ndarray, words: Words,
) -> tuple[int, int, int, int]:  # fmt: skip # pragma: no cover
    """Write the ids of data[begin:n], which is lower-cased; it must go on 16 bytes behind `n`.

    Words get the ids size + 2 + index of the word among those interned so far. What may go on
    behind `n` is left for the next call, unless `final`. `how` is the separator, the kind and size
    of the numeral scheme, and whether ordinals are kept. `digests` gets, with the start of each
    document, a hash of the tokens of the one before it, other numbers by what they are written as.

    Returns
    -------
    status : int
        DONE; GROW: the table is full, call again from `consumed`; INVALID: `consumed` is where
        the bytes are not UTF-8.
    consumed : int
        Bytes of `data` that need not come again.
    n_ids, n_starts : int
        How many ids and document starts were written.
    """
    separator, scheme, size, keep = how
    joins = scheme == _WHOLE
    width = 1 if scheme == _DIGIT else 3
    fresh, newlines, previous = stream[FRESH], stream[NEWLINES], stream[PREVIOUS]
    inside, last = stream[INSIDE], stream[LAST_KIND]
    digest = np.uint64(stream[DIGEST])
    n_ids = n_starts = 0
    digits_end = chunk_end = 0  # of a run of digits that is written chunk by chunk
    p, status = begin, DONE
    # A run that is known to end only by the end of the bytes is written behind them.
    while p < n or (final and inside):
        end, after = p + 1, _RUN
        token = -1  # until it is known, it is a word
        keyed = False
        key = _ZERO, _ZERO
        if p >= digits_end:
            byte = np.int64(element(data, p))
            kind = np.int64(element(classes, byte)) if byte < 128 else _BEYOND
            general = inside != 0
            if general:
                pass
            elif kind == _LETTER:
                run, first, second = first_letters(data, p)
                key = first, second
                end = p + np.int64(run)
                general = run == 16 or end >= n
                if not general:
                    behind = np.int64(element(data, end))
                    general = behind >= 128 or (
                        not keep and np.int64(element(classes, behind)) == _NUMERIC
                    )
                keyed = True
            elif kind == _SPACE:
                previous = _APART
                p += 1
                if byte == 10:
                    newlines += 1
                    if (separator == _BLANK and newlines > 1) or separator == _LINE:
                        fresh = 1
                continue
            else:
                if byte == RECORD_END:
                    fresh, newlines, previous = 1, 0, _APART
                    p += 1
                    continue
                if kind == _BEYOND:
                    character = _decode(data, p, n)
                    if character < 0:
                        if character == -2 or final:
                            status = INVALID
                        break
                    byte, end = character >> 3, p + (character & 7)
                    kind = np.int64(classes[byte])
                    if kind == _SPACE:
                        previous = _APART
                        p = end
                        continue
                general = kind != _PUNCTUATION
                after = _APART
                if byte in _POINTS:
                    after = _LONE_POINT if previous == _APART else _POINT
            if general:
                end, seen, tail, whole = _scan_run(
                    data, p, n, classes, (inside, last), (joins, keep)
                )
                too_long = inside != 0 or end - p > MAX_TOKEN_BYTES
                if not whole and not final:
                    if too_long:
                        inside, last = seen, tail
                        p = end
                    break
                lone = previous == _LONE_POINT and kind == _NUMERIC and joins and inside == 0
                inside = last = 0
                after, keyed = _RUN, False
                if seen == _SEEN_LETTER:
                    if too_long:
                        token = size + 1
                elif seen != _SEEN_DIGIT or too_long or lone:
                    token = size
                else:
                    digits_end = chunk_end = end
                    if not joins:
                        first_width = (end - p - 1) % width + 1 if scheme == _R2L3 else width
                        chunk_end = min(p + first_width, end)
        if p < digits_end:
            end = chunk_end
            chunk_end = min(end + width, digits_end)
            odd = element(data, p) == 48 and end - p > 1  # a leading zero
            if joins and (odd or end - p > 8):
                token = size
            elif not odd:
                token = 0
                for i in range(p, end):
                    token = token * 10 + np.int64(element(data, i)) - 48
                if joins and token >= size:
                    token = size
        if token < 0:
            if not keyed:
                _fold(data, p, end)
                key = _key(data, p, end)
            word = find(data, p, end, key, words)
            if word < 0:
                _fold(data, p, end)
                word = add(data, p, end, key, -1 - word, words)
                if word < 0:
                    status = GROW
                    break
            token = size + 2 + word
        elif token >= size:
            key = _key(data, p, end)
        else:
            key = _ZERO, np.uint64(token + 1)
        if fresh:
            starts[n_starts] = n_ids
            digests[n_starts] = digest
            digest = _SEED
            n_starts += 1
            fresh = 0
        digest = (digest + key[0] + key[1] * _C2) * _C1
        digest ^= digest >> _TWENTY_NINE
        newlines = 0
        ids[n_ids] = token
        n_ids += 1
        p, previous = end, after
        if p < n and element(data, p) == 32:
            previous = _APART
            p += 1
    stream[FRESH], stream[NEWLINES], stream[PREVIOUS] = fresh, newlines, previous
    stream[INSIDE], stream[LAST_KIND] = inside, last
    stream[DIGEST] = np.int64(digest)
    return status, p, n_ids, n_starts


@compiled(f"int64(uint8[::1], int64[::1], int64, boolean, {_WORDS}, int64[::1])", _nrt=False)
def intern_words(
    blob: np.ndarray,
    borders: np.ndarray,
    begin: int,
    unseen: bool,
    words: Words,
    indices: np.ndarray,
) -> int:  # pragma: no cover
    """Look blob[borders[i]:borders[i + 1]] up from i = `begin` on; those `unseen` are added.

    Returns the first i for which there is no room.
    """
    n = len(borders) - 1
    for i in range(begin, n):
        if i + _AHEAD < n:
            # Its slot is asked for, so that it is near when its turn comes.
            key = _key(blob, borders[i + _AHEAD], borders[i + _AHEAD + 1])
            prefetch(words[0], _home(key, words[0]) * STRIDE)
        start, end = borders[i], borders[i + 1]
        key = _key(blob, start, end)
        index = find(blob, start, end, key, words)
        if index < 0 and unseen:
            index = add(blob, start, end, key, -1 - index, words)
            if index < 0:
                return i
        indices[i] = max(index, -1)
    return n
