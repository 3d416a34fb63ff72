"""The fast tokenizer: UTF-8 bytes in, token ids and document starts out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from wordnum.corpus import tokenizer_kernel
from wordnum.corpus.numerals import NumeralScheme
from wordnum.errors import UsageError

__all__ = ["PADDING", "FastTokenizer", "InvalidBytesError", "Piece", "WordTable", "gather"]

PADDING = 16


class InvalidBytesError(Exception):
    """The bytes at `position` of the stretch at hand are not UTF-8."""

    def __init__(self, position: int) -> None:
        self.position = position
        super().__init__(f"not UTF-8 at byte {position}")


@dataclass(frozen=True)
class Piece:
    """Tokens of a stretch of text with word ids of its own.

    Attributes
    ----------
    ids : ndarray of uint32
        N + 2 + i is word i of this piece; smaller ids are those of every corpus.
    starts : ndarray of int64
        Where in `ids` documents begin; a document may go on from the piece before.
    blob, offsets : ndarray
        The words, lower-cased, in UTF-8: word i is blob[offsets[i]:offsets[i + 1]]. A word may
        come twice, when spellings beyond ASCII become one.
    """

    ids: np.ndarray
    starts: np.ndarray
    blob: np.ndarray
    offsets: np.ndarray


class WordTable:
    """Words interned by their bytes; the index of a word is the order of its first coming.

    Examples
    --------
    >>> table = WordTable()
    >>> words = np.frombuffer(b"thecatthe", dtype=np.uint8)
    >>> table.intern(words, np.array([0, 3, 6, 9])).tolist()
    [0, 1, 0]
    """

    def __init__(self, slots: int = 1 << 16) -> None:
        self.table = _aligned(slots)
        self.blob = np.empty(slots * 4, dtype=np.uint8)
        self.offsets = np.zeros(slots // 2 + 1, dtype=np.int64)
        self.state = np.zeros(tokenizer_kernel.STATE_SLOTS, dtype=np.int64)

    def __len__(self) -> int:
        return int(self.state[tokenizer_kernel.N_WORDS])

    @property
    def n_bytes(self) -> int:
        """Bytes of all words together."""
        return int(self.state[tokenizer_kernel.N_BLOB])

    def grow(self) -> None:
        """Make room for twice as much."""
        slots = len(self.table) // tokenizer_kernel.STRIDE
        if len(self) * 4 > slots:
            larger = _aligned(slots * 2)
            tokenizer_kernel.rehash(self.table, self.blob, self.offsets, len(self), larger)
            self.table = larger
            self.offsets = _enlarged(self.offsets, slots + 1)
        if self.n_bytes * 2 > len(self.blob):
            self.blob = _enlarged(self.blob, len(self.blob) * 2)

    def intern(self, blob: np.ndarray, offsets: np.ndarray, *, add: bool = True) -> np.ndarray:
        """Indices of the words blob[offsets[i]:offsets[i + 1]].

        Unseen ones are added, or are -1 if not to `add`.
        """
        # The kernel is compiled once, for arrays that may be written.
        blob = np.require(blob, requirements=["C", "W"])
        offsets = np.require(offsets, dtype=np.int64, requirements=["C", "W"])
        indices = np.empty(len(offsets) - 1, dtype=np.int64)
        done = 0
        while True:
            done = tokenizer_kernel.intern_words(
                *(blob, offsets, done, add),
                *(self.table, self.blob, self.offsets, self.state, indices),
            )
            if done == len(indices):
                return indices
            self.grow()
            needed = self.n_bytes + int(offsets[done + 1] - offsets[done])
            if needed > len(self.blob):
                self.blob = _enlarged(self.blob, needed * 2)

    def words(self) -> tuple[np.ndarray, np.ndarray]:
        """Blob and offsets of all words, copied."""
        return self.blob[: self.n_bytes].copy(), self.offsets[: len(self) + 1].copy()


class FastTokenizer:
    r"""Turn UTF-8 bytes into ids, stretch after stretch.

    Words are runs of letters and marks of any script, lower-cased; every other visible character
    is a token; whatever is invisible separates. Numerals follow the scheme. The tokens do not
    depend on how the bytes are cut into stretches. A word over 1024 bytes is *unknown*.

    Parameters
    ----------
    numerals : NumeralScheme
        How digits become number tokens.
    separator : {"blank", "line", "file", "record"}
        What ends a document: a line without a visible character, every line end, the end of the
        file, or the byte 0xFF.

    Examples
    --------
    >>> tokenizer = FastTokenizer(NumeralScheme(), separator="line")
    >>> tokenizer.read_bytes("A page, 21 pages\nof it".encode())
    >>> piece = tokenizer.take()
    >>> piece.ids.tolist(), piece.starts.tolist()
    ([1002, 1003, 1004, 21, 1005, 1006, 1007], [0, 5])
    """

    def __init__(self, numerals: NumeralScheme, *, separator: str = "blank") -> None:
        if separator not in tokenizer_kernel.SEPARATORS:
            raise UsageError(
                f"unknown separator {separator!r}", expected="blank, line, file or record"
            )
        self.numerals = numerals
        self._separator = tokenizer_kernel.SEPARATORS[separator]
        self._words = WordTable()
        self._classes = tokenizer_kernel.character_classes()
        self._ids = np.empty(0, dtype=np.uint32)
        self._starts = np.empty(0, dtype=np.int64)
        self._new_table()
        self.begin_part()

    def begin_part(self) -> None:
        """Forget what came before: a new file, hence a new document, begins."""
        self.stream_state = [1, 0, 0, 0, 0]

    @property
    def stream_state(self) -> list[int]:
        """What the next stretch has to know of those before it."""
        return [int(value) for value in self._words.state[: tokenizer_kernel.N_IDS]]

    @stream_state.setter
    def stream_state(self, values: Sequence[int]) -> None:
        self._words.state[: tokenizer_kernel.N_IDS] = values

    @property
    def nuls(self) -> int:
        """NUL bytes passed over since the last `take`."""
        return int(self._words.state[tokenizer_kernel.NULS])

    @property
    def first_nul(self) -> int:
        """Where the first of them was, in the stretch that it came with."""
        return int(self._words.state[tokenizer_kernel.FIRST_NUL])

    def read_documents(self, texts: Iterable[str]) -> None:
        """Read whole documents; for the separator "record"."""
        self.read_bytes(b"".join(text.encode() + b"\xff" for text in texts))

    def _new_table(self) -> None:
        before = self._words.state[: tokenizer_kernel.N_IDS]
        self._words = WordTable()
        self._words.state[: tokenizer_kernel.N_IDS] = before
        self._punctuation = np.full(128, -1, dtype=np.int64)
        self._parts: list[np.ndarray] = []
        self._part_starts: list[np.ndarray] = []
        self._n_ids = 0

    def read_bytes(self, data: bytes, *, final: bool = True) -> None:
        """Read a stretch that is held as bytes.

        Raises
        ------
        InvalidBytesError
            The bytes are not UTF-8.
        """
        buffer = np.empty(len(data) + PADDING, dtype=np.uint8)
        buffer[: len(data)] = np.frombuffer(data, dtype=np.uint8)
        self.read(buffer, len(data), final=final)

    def read(self, buffer: np.ndarray, n: int, *, final: bool) -> int:
        """Read buffer[:n], which has `PADDING` more bytes behind; returns the bytes used up.

        What is not used up (the beginning of a word) has to come again with what follows it,
        unless `final`.

        Raises
        ------
        InvalidBytesError
            The bytes are not UTF-8.
        """
        if len(self._ids) < n + 1:
            # A token has at least one byte; untouched memory of an empty array costs nothing.
            self._ids = np.empty(n + 1, dtype=np.uint32)
            self._starts = np.empty(n + 1, dtype=np.int64)
        words, numerals = self._words, self.numerals
        words.state[tokenizer_kernel.N_IDS] = words.state[tokenizer_kernel.N_STARTS] = 0
        consumed = 0
        while True:
            status, consumed = tokenizer_kernel.tokenize(
                buffer,
                consumed,
                n,
                final,
                self._separator,
                tokenizer_kernel.KINDS[numerals.kind],
                numerals.size,
                numerals.ordinals == "keep",
                self._classes,
                self._punctuation,
                self._ids,
                self._starts,
                words.table,
                words.blob,
                words.offsets,
                words.state,
            )
            if status == tokenizer_kernel.INVALID:
                raise InvalidBytesError(consumed)
            if status == tokenizer_kernel.DONE:
                break
            words.grow()
        n_ids, n_starts = (
            words.state[tokenizer_kernel.N_IDS],
            words.state[tokenizer_kernel.N_STARTS],
        )
        self._parts.append(self._ids[:n_ids].copy())
        self._part_starts.append(self._starts[:n_starts] + self._n_ids)
        self._n_ids += int(n_ids)
        return int(consumed)

    def take(self) -> Piece:
        """Everything read since the last call, with its words lower-cased; starts a new piece."""
        ids = np.concatenate(self._parts) if self._parts else np.empty(0, dtype=np.uint32)
        starts = np.concatenate([*self._part_starts, np.empty(0, dtype=np.int64)])
        piece = Piece(ids, starts, *_lower_case(*self._words.words()))
        self._new_table()
        return piece


def _lower_case(blob: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lower-case the words beyond ASCII as Python does."""
    begins, ends = offsets[:-1].copy(), offsets[1:].copy()
    words = np.unique(np.searchsorted(offsets, np.flatnonzero(blob > 127), side="right") - 1)
    if not words.size:
        return blob, offsets
    data = blob.tobytes()
    raw = b"\n".join(data[begins[word] : ends[word]] for word in words.tolist())
    # No word holds a line end, and no letter looks beyond one for the form of its lower case.
    lower = np.frombuffer(raw.decode().lower().encode() + b"\n", dtype=np.uint8)
    ends[words] = len(data) + np.flatnonzero(lower == ord("\n"))
    begins[words[0]] = len(data)
    begins[words[1:]] = ends[words[:-1]] + 1
    return gather(np.concatenate([blob, lower]), begins, ends)


def gather(data: np.ndarray, begins: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Blob and offsets of the words data[begins[i]:ends[i]].

    Examples
    --------
    >>> data = np.frombuffer(b"thecat", dtype=np.uint8)
    >>> blob, offsets = gather(data, np.array([3, 0]), np.array([6, 3]))
    >>> blob.tobytes(), offsets.tolist()
    (b'catthe', [0, 3, 6])
    """
    offsets = np.zeros(len(begins) + 1, dtype=np.int64)
    np.cumsum(ends - begins, out=offsets[1:])
    blob = np.empty(offsets[-1], dtype=np.uint8)
    tokenizer_kernel.gather(np.require(data, requirements="W"), begins, ends, blob)
    return blob, offsets


def _aligned(slots: int) -> np.ndarray:
    """Empty table whose slots do not straddle cache lines."""
    raw = np.zeros(slots * tokenizer_kernel.STRIDE + 8, dtype=np.uint64)
    skip = (-raw.ctypes.data % 64) // 8
    return raw[skip : skip + slots * tokenizer_kernel.STRIDE]


def _enlarged(array: np.ndarray, size: int) -> np.ndarray:
    larger = np.zeros(size, dtype=array.dtype)
    larger[: len(array)] = array
    return larger
