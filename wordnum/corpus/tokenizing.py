"""The fast tokenizer: UTF-8 bytes in, token ids and document starts out."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from wordnum.config import one_of
from wordnum.corpus import tokenizer_kernel as kernel
from wordnum.corpus.numerals import OTHER, UNKNOWN, NumeralScheme
from wordnum.corpus.word_table import WordTable

PADDING = 16
RECORD_END = bytes([kernel.RECORD_END])


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
    digests : ndarray of uint64
        With each start a hash of the document before it (0: of none in this tokenizer), and at the
        end that of the last one, as far as it goes.
    blob, offsets : ndarray
        The words, lower-cased, in UTF-8: word i is blob[offsets[i]:offsets[i + 1]]. A word may
        come twice, when spellings beyond ASCII become one.
    """

    ids: np.ndarray
    starts: np.ndarray
    digests: np.ndarray
    blob: np.ndarray
    offsets: np.ndarray


class FastTokenizer:
    r"""Turn UTF-8 bytes into ids, stretch after stretch.

    Words are runs of letters and marks of any script, lower-cased; every other visible character
    is a token; whatever is invisible separates. Numerals follow the scheme. The tokens do not
    depend on how the bytes are cut into stretches. A word over 1024 bytes is *unknown*.

    Parameters
    ----------
    numerals : NumeralScheme
        How digits become number tokens.
    separator : {"blank", "line", "file"}
        What ends a document: a line without a visible character, every line end, or the end of
        the file. The byte `RECORD_END`, which UTF-8 does not have, always does.
    slots : int
        Size of the table of words at first, a power of two; it grows with the words.

    Examples
    --------
    >>> tokenizer = FastTokenizer(NumeralScheme(), separator="line")
    >>> tokenizer.read_bytes("A page, 21 pages\nof it".encode())
    >>> piece = tokenizer.take()
    >>> piece.ids.tolist(), piece.starts.tolist()
    ([1002, 1003, 1004, 21, 1005, 1006, 1007], [0, 5])
    """

    def __init__(
        self, numerals: NumeralScheme, *, separator: str = "blank", slots: int = 1 << 17
    ) -> None:
        self.numerals = numerals
        self._separator = kernel.SEPARATORS[one_of(separator, kernel.SEPARATORS, what="separator")]
        self._classes = kernel.character_classes()
        self._slots = slots
        self._stream = np.array(kernel.BEGINNING, dtype=np.int64)
        self._new_piece()

    @property
    def stream_state(self) -> list[int]:
        """What the next stretch has to know of those before it."""
        return [int(value) for value in self._stream]

    @stream_state.setter
    def stream_state(self, values: Sequence[int]) -> None:
        self._stream[:] = values

    def _new_piece(self) -> None:
        self._words = WordTable(self._slots)
        self._ids = np.empty(0, dtype=np.uint32)
        self._starts = np.empty(0, dtype=np.int64)
        self._digests = np.empty(0, dtype=np.uint64)
        self._n_ids = self._n_starts = 0

    def read_documents(self, texts: Iterable[str]) -> None:
        """Read whole documents."""
        self.read_bytes(b"".join(text.encode() + RECORD_END for text in texts))

    def read_bytes(self, data: bytes, *, final: bool = True) -> None:
        """Read a stretch that is held as bytes.

        Raises
        ------
        InvalidBytesError
            The bytes are not UTF-8.
        """
        buffer = np.frombuffer(bytearray(data) + bytes(PADDING), dtype=np.uint8)
        self.read(buffer, len(data), final=final)

    def read(self, buffer: np.ndarray, n: int, *, final: bool) -> int:
        """Read buffer[:n], which has `PADDING` more bytes behind; returns the bytes used up.

        What is not used up (the beginning of a word) has to come again with what follows it,
        unless `final`. Capitals in the buffer become small.

        Raises
        ------
        InvalidBytesError
            The bytes are not UTF-8.
        """
        room = self._n_ids + n + 1
        if len(self._ids) < room:
            # A token has at least one byte; untouched memory of an empty array costs nothing.
            self._ids = _enlarged(self._ids, self._n_ids, 2 * room)
            self._starts = _enlarged(self._starts, self._n_starts, 2 * room)
            self._digests = _enlarged(self._digests, self._n_starts, 2 * room)
        words, numerals = self._words, self.numerals
        how = (
            self._separator, kernel.KINDS[numerals.kind], numerals.size, numerals.ordinals == "keep"
        )  # fmt: skip
        consumed = 0
        while True:
            ids, starts = self._ids[self._n_ids :], self._starts[self._n_starts :]
            digests = self._digests[self._n_starts :]
            status, consumed, n_ids, n_starts = kernel.tokenize(
                *(buffer, consumed, n, final, how, self._classes, ids, starts, digests),
                *(self._stream, words.arrays),
            )
            if status == kernel.INVALID:
                raise InvalidBytesError(consumed)
            starts[:n_starts] += self._n_ids
            self._n_ids += n_ids
            self._n_starts += n_starts
            if status == kernel.DONE:
                return int(consumed)
            words.grow()

    def take(self) -> Piece:
        """Everything read since the last call, with its words lower-cased; starts a new piece."""
        ids, starts = self._ids[: self._n_ids], self._starts[: self._n_starts]
        last = self._stream[kernel.DIGEST :].view(np.uint64)
        digests = np.append(self._digests[: self._n_starts], last)
        piece = Piece(ids, starts, digests, *_lower_case(*self._words.words()))
        self._new_piece()
        return piece


def _enlarged(array: np.ndarray, used: int, size: int) -> np.ndarray:
    larger = np.empty(size, dtype=array.dtype)
    larger[:used] = array[:used]
    return larger


def tokens(text: str, numerals: NumeralScheme | None = None) -> list[int | str]:
    """Tokens of a text: numbers as int, words and punctuation as lower-case str.

    Examples
    --------
    >>> tokens("21st of 350, 007")
    ['<other number>', 'of', 350, ',', '<other number>']
    >>> tokens("21st", NumeralScheme(ordinals="keep")), tokens("12345", NumeralScheme("r2l3"))
    ([21, 'st'], [12, 345])
    """
    tokenizer = FastTokenizer(numerals or NumeralScheme(), separator="file", slots=64)
    tokenizer.read_documents([text])
    piece, size = tokenizer.take(), tokenizer.numerals.size
    data, borders = piece.blob.tobytes(), piece.offsets.tolist()
    words = [data[begin:end].decode() for begin, end in itertools.pairwise(borders)]
    names = [*range(size), OTHER, UNKNOWN, *words]
    return [names[i] for i in piece.ids.tolist()]


def _lower_case(blob: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lower-case the words beyond ASCII as Python does."""
    if not (blob > 127).any():
        return blob, offsets
    # No word holds a line end, and no letter looks beyond one for the form of its lower case.
    ends = np.zeros(len(blob) + len(offsets) - 1, dtype=bool)
    ends[offsets[1:] + np.arange(len(offsets) - 1)] = True
    joined = np.full(len(ends), ord("\n"), dtype=np.uint8)
    joined[~ends] = blob
    lower = np.frombuffer(joined.tobytes().decode().lower().encode(), dtype=np.uint8)
    borders = np.flatnonzero(lower == ord("\n"))
    return lower[lower != ord("\n")], np.concatenate([[0], borders - np.arange(len(borders))])
