"""From one part of a source to pieces of token ids in a working folder, resumable."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wordnum.corpus import tokenizer_kernel
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.other_tokenizers import Tokenizer, make_tokenizer
from wordnum.corpus.read import batches, documents, invalid_bytes, open_part
from wordnum.corpus.sources import Part
from wordnum.corpus.streams import BlockReader, Skips
from wordnum.corpus.tokenizing import PADDING, FastTokenizer, InvalidBytesError, Piece, WordTable
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import FormatError, InputError
from wordnum.storage import atomic_path, load_npz, save_npz, write_json

__all__ = ["Job", "PieceFile", "piece_files", "report_file", "write_pieces"]

CHUNK = 8 * 2**20
CHUNKS_PER_PIECE = 4
_BLOCK = 2**20
_VERSION = 1


@dataclass(frozen=True)
class Job:
    """What the tokens depend on, beside the text."""

    numerals: NumeralScheme
    tokenizer: Tokenizer
    separator: str


@dataclass
class _Point:
    """How far a piece goes: bytes of text or records used up, and what the next has to know."""

    used: int = 0
    state: list[int] | None = None
    nuls: int = 0
    first_nul: str = ""


@dataclass(frozen=True)
class PieceFile:
    """A piece on disk: NAME.npz, written last, and the ids beside it in NAME.ids.npy.

    Attributes
    ----------
    path : Path
        The .npz.
    """

    path: Path

    def save(self, piece: Piece, reached: _Point, first_word: int) -> None:
        """Write a piece; it is there when the .npz is."""
        counts = np.zeros(first_word + len(piece.offsets) - 1, dtype=np.int64)
        tokenizer_kernel.count_ids(piece.ids, counts)
        with atomic_path(self._ids_path) as temporary, open(temporary, "wb") as file:
            np.save(file, piece.ids, allow_pickle=False)
        save_npz(
            self.path,
            kind="piece",
            version=_VERSION,
            header={"point": json.dumps(reached.__dict__), "n_tokens": len(piece.ids)},
            arrays={
                "starts": piece.starts,
                "blob": piece.blob,
                "offsets": piece.offsets,
                "counts": counts,
            },
            compress=False,
        )

    @property
    def _ids_path(self) -> Path:
        return self.path.with_suffix(".ids.npy")

    @property
    def _meanings_path(self) -> Path:
        return self.path.with_suffix(".meanings.npy")

    def load(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Header, and all but the ids: starts, blob, offsets, counts of all ids."""
        return load_npz(self.path, kind="piece", version=_VERSION)

    def translate(self, vocabulary: Vocabulary) -> None:
        """Note what the ids of this piece are in a vocabulary."""
        table = WordTable()
        table.intern(*vocabulary.blob())
        _, arrays = self.load()
        known = table.intern(arrays["blob"], arrays["offsets"], add=False)
        words = np.where(known >= 0, vocabulary.first_word + known, vocabulary.unknown)
        meanings = np.concatenate([np.arange(vocabulary.first_word), words]).astype("<u4")
        with atomic_path(self._meanings_path) as temporary, open(temporary, "wb") as file:
            np.save(file, meanings, allow_pickle=False)

    def translated(self, begin: int, end: int) -> np.ndarray:
        """Tokens begin..end as ids of the vocabulary that the piece was translated to."""
        ids = np.load(self._ids_path, mmap_mode="c", allow_pickle=False)[begin:end]
        meanings = np.load(self._meanings_path, allow_pickle=False)
        if len(ids) < end - begin or ids.max() >= len(meanings):
            raise FormatError(
                "work that was cut off cannot go on: a file of it is damaged",
                where=str(self._ids_path),
                remedy="encode again; the damaged work has been removed",
            )
        translated = np.empty(end - begin, dtype="<u4")
        tokenizer_kernel.translate(ids, meanings, translated)
        return translated


def piece_files(folder: Path, index: int) -> list[PieceFile]:
    """Pieces of part `index`, in order."""
    return [PieceFile(path) for path in sorted(folder.glob(f"piece-{index:06d}-*.npz"))]


def report_file(folder: Path, index: int) -> Path:
    """Where part `index` says that it is done, and what was passed over."""
    return folder / f"report-{index:06d}.json"


def write_pieces(
    part: Part, index: int, folder: Path, job: Job, texts: Iterable[str] | None = None
) -> None:
    """Write the pieces of a part, going on behind those that are there already.

    A piece is there whole or not at all; report-INDEX.json says that the part is done. Where
    pieces end depends on the text alone.

    Parameters
    ----------
    part : Part
        What to read.
    index : int
        Which part of the source it is.
    folder : Path
        Working folder, shared by all workers.
    job : Job
        How to tokenize.
    texts : iterable of str, optional
        Documents held in memory, instead of those of the part.
    """
    report = report_file(folder, index)
    if report.exists():
        return
    skips = Skips()
    files = piece_files(folder, index)
    point = _Point()
    for file in files:
        point = _Point(**json.loads(file.load()[0]["point"]))
        _add_nuls(skips, part, point)
    for number, (piece, reached) in enumerate(_pieces(part, job, point, skips, texts), len(files)):
        file = PieceFile(folder / f"piece-{index:06d}-{number:06d}.npz")
        file.save(piece, reached, job.numerals.size + 2)
        _add_nuls(skips, part, reached)
    write_json(report, {"skips": skips.to_json()})


def _add_nuls(skips: Skips, part: Part, point: _Point) -> None:
    if point.nuls:
        skips.add(part.path, "NUL bytes, taken as space", point.first_nul, count=point.nuls)


def _pieces(
    part: Part, job: Job, point: _Point, skips: Skips, texts: Iterable[str] | None
) -> Iterator[tuple[Piece, _Point]]:
    if texts is None and part.reader == "text" and job.tokenizer == "fast":
        return _text_pieces(part, job, point, skips)
    if texts is None:
        texts = documents(part, skips)
    else:
        texts = _checked(texts)
    return _document_pieces(texts, job, point)


def _text_pieces(
    part: Part, job: Job, point: _Point, skips: Skips
) -> Iterator[tuple[Piece, _Point]]:
    """Plain text through the fast tokenizer, in bounded memory however long its lines are."""
    tokenizer = FastTokenizer(job.numerals, separator=job.separator)
    if point.state is not None:
        tokenizer.stream_state = point.state
    buffer = np.zeros(CHUNK + PADDING, dtype=np.uint8)
    view = memoryview(buffer)  # type: ignore[arg-type]
    used, held, final, chunks = point.used, 0, False, 0
    first_nul = ""
    stream = open_part(part, skips)
    if job.numerals.spelled_out:
        stream = io.BufferedReader(BlockReader(_spelled(stream, part)), 2**20)
    with stream:
        _pass_over(stream, used)
        while not final:
            while held < CHUNK and (n := stream.readinto(view[held:CHUNK])):
                held += n
            final = held < CHUNK
            nuls = tokenizer.nuls
            try:
                done = tokenizer.read(buffer, held, final=final)
            except InvalidBytesError as error:
                raise invalid_bytes(part.path, part.begin + used + error.position) from error
            if tokenizer.nuls and not nuls:
                first_nul = f"byte {part.begin + used + tokenizer.first_nul}"
            used, chunks = used + done, chunks + 1
            held -= done
            buffer[:held] = buffer[done : done + held].copy()
            if final or chunks == CHUNKS_PER_PIECE:
                reached = _Point(used, tokenizer.stream_state, tokenizer.nuls, first_nul)
                yield tokenizer.take(), reached
                chunks = 0


def _pass_over(stream: io.BufferedIOBase, size: int) -> None:
    while size > 0 and (block := stream.read(min(size, 2**20))):
        size -= len(block)


def _document_pieces(
    texts: Iterable[str], job: Job, point: _Point
) -> Iterator[tuple[Piece, _Point]]:
    """Whole documents through any tokenizer."""
    tokenizer = make_tokenizer(job.tokenizer, job.numerals, separator="record")
    spell = _speller() if job.numerals.spelled_out else None
    reached = _Point(point.used)
    chunks = 0
    for batch in batches(itertools.islice(texts, point.used, None), CHUNK):
        cleaned = [_without_nuls(text, reached) for text in batch]
        tokenizer.read_documents(map(spell, cleaned) if spell else cleaned)
        chunks += 1
        if chunks == CHUNKS_PER_PIECE:
            yield tokenizer.take(), reached
            reached, chunks = _Point(reached.used), 0
    if chunks:
        yield tokenizer.take(), reached


def _without_nuls(text: str, reached: _Point) -> str:
    reached.used += 1
    if "\0" not in text:
        return text
    reached.first_nul = reached.first_nul or f"document {reached.used}"
    reached.nuls += text.count("\0")
    return text.replace("\0", " ")


def _checked(texts: Iterable[str]) -> Iterator[str]:
    """Documents of the caller's making, refused if they are none."""
    for number, text in enumerate(texts, 1):
        try:
            text.encode()
        except (AttributeError, UnicodeEncodeError) as error:
            raise InputError(
                "a document cannot be used",
                expected="str, without halves of surrogate pairs",
                got=f"{type(text).__name__}: {error}",
                where=f"document {number}",
            ) from error
        yield text


def _speller() -> Callable[[str], str]:
    """Write spelled-out English numbers in digits, by the text2num library."""
    from text_to_num import alpha2digit

    def spell(text: str) -> str:
        return "\n".join(alpha2digit(line, "en") for line in text.split("\n"))

    return spell


def _spelled(stream: io.BufferedReader, part: Part) -> Iterator[bytes]:
    """The text with spelled-out numbers in digits; a line over 1 MiB is read in parts."""
    spell = _speller()
    position, held = part.begin, b""
    with stream:
        while True:
            block = stream.read(_BLOCK)
            held += block
            end = _good_end(held) if block else len(held)
            try:
                yield spell(held[:end].decode()).encode()
            except UnicodeDecodeError as error:
                raise invalid_bytes(part.path, position + error.start) from error
            position += end
            held = held[end:]
            if not block:
                return


def _good_end(text: bytes) -> int:
    """Behind the last line, else the last space, else the last whole character of `text`."""
    end = text.rfind(b"\n") + 1 or text.rfind(b" ") + 1
    if not end:
        end = len(text) - 1
        while end > len(text) - 4 and text[end] & 0xC0 == 0x80:
            end -= 1
    return end
