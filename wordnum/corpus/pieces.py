"""From the parts of a source to pieces of token ids on disk, and from those to blocks."""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from wordnum.corpus.blocks import array_hash, block_borders, check_lengths
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.other_tokenizers import Tokenizer, make_tokenizer
from wordnum.corpus.sources import Part
from wordnum.corpus.streams import BlockReader, Skips
from wordnum.corpus.text_encodings import invalid_bytes
from wordnum.corpus.text_readers import TextReader
from wordnum.corpus.tokenizing import (
    PADDING,
    RECORD_END,
    FastTokenizer,
    InvalidBytesError,
    Piece,
)  # fmt: skip
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.corpus.word_table import LIMIT, WordCounter, WordTable
from wordnum.errors import FormatError, InputError
from wordnum.parallel import map_tasks
from wordnum.provenance import content_hash
from wordnum.storage import DAMAGE, atomic_path, load_npz, read_failure, save_npz, write_json

CHUNK = 8 * 2**20
CHUNKS_PER_PIECE = 4
_TOKENS = 2**18  # looked up at a time: NumPy makes 64-bit indices of them
_verified: set[tuple[Path, int]] = set()  # pieces of this call, and when they changed
_KIND: dict[str, Any] = {"kind": "piece", "version": 3}
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """What the tokens depend on, beside the text, and the folder where the work is kept."""

    numerals: NumeralScheme
    tokenizer: Tokenizer
    folder: Path


def write_part(part: Part, job: Job) -> None:
    """Write the pieces of a part, going on behind those that are there already.

    A piece KEY-NUMBER.npz is there whole or not at all; KEY.json, which names them all, says that
    the part is done. What is damaged is made again. Where pieces end depends on the text alone.
    """
    report = job.folder / f"{part.key}.json"
    pieces = list(_whole_pieces(part, job))
    if report.exists():
        try:
            read_report(report, pieces)
            return
        except FormatError as error:
            logger.warning("%s", error)
            pieces = []
    for path in job.folder.glob(f"{part.key}-*.npz"):
        if path not in pieces:
            path.unlink()
    point: dict[str, Any] = {"used": 0, "state": None}
    if pieces:
        point = json.loads(open_piece(pieces[-1])[0]["point"])
    skips = Skips()
    for number, (piece, reached) in enumerate(_pieces(part, job, point, skips), len(pieces)):
        pieces.append(job.folder / f"{part.key}-{number:06d}.npz")
        save_piece(pieces[-1], piece, reached, job.numerals.size + 2)
    about = {"pieces": [path.name for path in pieces], "skips": skips.to_json()}
    write_json(report, {**about, "checksum": content_hash(about)})


def read_report(path: Path, pieces: list[Path] | None = None) -> dict[str, Any]:
    """What was written of a part: names of the pieces, and what was skipped.

    Raises
    ------
    FormatError
        The report is damaged, or, with `pieces`, does not name those.
    InputError
        It is not there, or cannot be read.
    """
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        checksum = about.pop("checksum")
        if checksum != content_hash(about):
            raise ValueError("its checksum does not hold")
        if pieces is not None and about["pieces"] != [piece.name for piece in pieces]:
            raise ValueError("pieces are missing or damaged")
    except FileNotFoundError as error:
        raise InputError(
            "what a worker wrote cannot be seen here",
            expected="a folder that all workers share",
            where=str(path.parent),
            remedy="choose an output path on a file system that every machine mounts",
        ) from error
    except OSError as error:
        raise read_failure(path, error) from error
    except DAMAGE as error:
        raise FormatError(
            "unfinished work is damaged and made again", got=str(error), where=str(path)
        ) from error
    return about


def _whole_pieces(part: Part, job: Job) -> Iterator[Path]:
    """Pieces of a part from the first to the last one before any that is missing or damaged."""
    for number in itertools.count():
        path = job.folder / f"{part.key}-{number:06d}.npz"
        if not path.exists():
            return
        try:
            open_piece(path)
        except FormatError as error:
            logger.warning("%s; it is made again", error.message)
            return
        yield path


def forget_pieces() -> None:
    """Close what is open: a deleted file keeps its place on the disk until then."""
    _open_piece.cache_clear()
    _verified.clear()


def open_piece(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and arrays of a piece, on disk; its checksum is verified once."""
    return _open_piece(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=3)
def _open_piece(path: Path, changed: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    found = load_npz(path, **_KIND, mapped=True, verify=(path, changed) not in _verified)
    _verified.add((path, changed))
    return found


def save_piece(path: Path, piece: Piece, reached: dict[str, Any], first_word: int) -> None:
    """Write a piece, with how often each of its ids comes, and how far in its part it goes."""
    counts = np.zeros(first_word + len(piece.offsets) - 1, dtype=np.int64)
    for at in range(0, len(piece.ids), _TOKENS):
        counts += np.bincount(piece.ids[at : at + _TOKENS], minlength=len(counts))
    save_npz(
        path,
        **_KIND,
        header={"point": json.dumps(reached), "n_tokens": len(piece.ids)},
        arrays={**piece.__dict__, "counts": counts},
        compress=False,
    )


def _pieces(
    part: Part, job: Job, point: dict[str, Any], skips: Skips
) -> Iterator[tuple[Piece, dict[str, Any]]]:
    plain = isinstance(part.reader, TextReader) and not job.numerals.spelled_out
    if plain and job.tokenizer == "fast":
        return _text_pieces(part, job, point, skips)
    return _document_pieces(part.documents(skips), job, point)


def _text_pieces(
    part: Part, job: Job, point: dict[str, Any], skips: Skips
) -> Iterator[tuple[Piece, dict[str, Any]]]:
    """Plain text through the fast tokenizer, in bounded memory however long its lines are."""
    tokenizer = FastTokenizer(job.numerals, separator=part.reader.separator)
    if point["state"] is not None:
        tokenizer.stream_state = point["state"]
    origins: list[tuple[int, str, int]] = []  # where each file begins in the stream
    stream = BlockReader(_joined(part, skips, origins))
    buffer = np.zeros(CHUNK + PADDING, dtype=np.uint8)
    view = memoryview(buffer)  # type: ignore[arg-type]
    used, held, final, chunks = 0, 0, False, 0
    while used < point["used"] and (n := stream.readinto(view[: min(CHUNK, point["used"] - used)])):
        used += n
    while not final:
        while held < CHUNK and (n := stream.readinto(view[held:CHUNK])):
            held += n
        final = held < CHUNK
        try:
            done = tokenizer.read(buffer, held, final=final)
        except InvalidBytesError as error:
            position = used + error.position
            begin, path, first = origins[bisect_right(origins, (position, "\U0010ffff")) - 1]
            raise invalid_bytes(path, first + position - begin) from error
        used, held, chunks = used + done, held - done, chunks + 1
        buffer[:held] = buffer[done : done + held].copy()
        if final or chunks == CHUNKS_PER_PIECE:
            yield tokenizer.take(), {"used": used, "state": tokenizer.stream_state}
            chunks = 0


def _joined(part: Part, skips: Skips, origins: list[tuple[int, str, int]]) -> Iterator[bytes]:
    """Bytes of all files of a part, each with the end of a record behind it."""
    position = 0
    for path, first, blocks in part.blocks(skips):
        origins.append((position, path, first))
        for block in blocks:
            position += len(block)
            yield block
        position += 1
        yield RECORD_END


def _document_pieces(
    texts: Iterable[str], job: Job, point: dict[str, Any]
) -> Iterator[tuple[Piece, dict[str, Any]]]:
    """Whole documents through any tokenizer."""
    tokenizer = make_tokenizer(job.tokenizer, job.numerals, separator="file")
    spell = _speller() if job.numerals.spelled_out else str
    used, batch, held, chunks = point["used"], [], 0, 0
    for text in itertools.chain(itertools.islice(texts, used, None), [None]):
        if text is not None:
            batch.append(spell(text))
            held += len(text)
            used += 1
        if batch and (held >= CHUNK or text is None):
            tokenizer.read_documents(batch)
            batch, held, chunks = [], 0, chunks + 1
        if chunks and (chunks == CHUNKS_PER_PIECE or text is None):
            yield tokenizer.take(), {"used": used, "state": None}
            chunks = 0


def _speller() -> Callable[[str], str]:
    """Write spelled-out English numbers in digits, by the text2num library."""
    from text_to_num import alpha2digit

    def spell(text: str) -> str:
        # A number goes on over a line end, and over a hyphen there, not over a blank line.
        paragraphs = _BLANK_LINE.split(_HYPHEN_AT_LINE_END.sub("-", text))
        return "\n\n".join(
            "".join(alpha2digit(stretch, "en") for stretch in _STRETCH.findall(paragraph))
            for paragraph in paragraphs
        )

    return spell


_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
_HYPHEN_AT_LINE_END = re.compile(r"(?<=[A-Za-z])-\r?\n(?=[A-Za-z])")
# The library takes time with the square of the length: cut behind letters no number word ends in.
_STRETCH = re.compile(r"(?s:.{,1000}(?:.{,2000}?(?<=[abcfgijklmpquvwz.!?;:])\s|.{2000}\S*|.+))")


class Pieces:
    """All pieces of a text, taken in one by one, and the words in them.

    Parameters
    ----------
    scheme : NumeralScheme
        The scheme they were made with.
    vocabulary_size : int
        Words that will be asked for.

    Attributes
    ----------
    files : list of Path
        In order.
    vocabulary_size : int
        As it was given.
    n_tokens : int
        Tokens of all.
    counter : WordCounter
        Words of all.
    """

    def __init__(self, scheme: NumeralScheme, vocabulary_size: int) -> None:
        self.scheme = scheme
        self.files: list[Path] = []
        self.n_tokens = 0
        self.counter = WordCounter(max(LIMIT, 4 * vocabulary_size))
        self.vocabulary_size = vocabulary_size
        self._sizes: list[int] = []
        self._starts: list[np.ndarray] = []
        self._digests: list[np.ndarray] = []
        self._last = np.zeros(1, dtype=np.uint64)

    def add(self, path: Path) -> None:
        """Take in the next piece."""
        header, arrays = open_piece(path)
        self.files.append(path)
        self.counter.add(
            arrays["blob"], arrays["offsets"], arrays["counts"][self.scheme.size + 2 :]
        )
        self._starts.append(arrays["starts"] + self.n_tokens)
        digests, last = np.array(arrays["digests"][:-1]), arrays["digests"][-1:].copy()
        if digests[:1].any() or not len(digests):
            self._digests.append(digests)
        else:  # a tokenizer that began anew knows nothing of the document before
            self._digests += [self._last, digests[1:]]
        self._last = last if last.any() else self._last
        self._sizes.append(header["n_tokens"])
        self.n_tokens += header["n_tokens"]

    def vocabulary(self) -> Vocabulary:
        """Most frequent words, by (count desc, bytes asc)."""
        blob, offsets = self.counter.most_common(self.vocabulary_size)
        return Vocabulary(blob, offsets=offsets, numerals=self.scheme)

    def starts(self) -> np.ndarray:
        """Where each document begins among all tokens, and their number as the last entry."""
        return np.concatenate([*self._starts, np.array([self.n_tokens])])

    def digests(self) -> np.ndarray:
        """Hash of each document."""
        return np.concatenate([*self._digests, self._last])[1:]

    def within(self, begin: int, end: int) -> Iterator[tuple[Path, int, int]]:
        """Pieces that hold the tokens begin..end, and which of theirs."""
        offset = 0
        for file, size in zip(self.files, self._sizes, strict=True):
            low, high = max(begin - offset, 0), min(end - offset, size)
            if low < high:
                yield file, low, high
            offset += size


def write_blocks(
    folder: Path,
    pieces: Pieces,
    vocabulary: Vocabulary,
    *,
    n_blocks: int,
    first: int,
    n_jobs: int | None,
) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """Write a file of ids and one of document starts per block.

    Parameters
    ----------
    folder : Path
        Where to.
    pieces : Pieces
        The text.
    vocabulary : Vocabulary
        What the ids are to mean.
    n_blocks : int
        At most so many, balanced by tokens.
    first : int
        Number of the first.
    n_jobs : int or None
        Workers.

    Returns
    -------
    counts : ndarray of int64, shape (len(vocabulary),)
        Occurrences of every id.
    entries : list of dict
        What the manifest says of each block.
    """
    translations = [(file, vocabulary) for file in pieces.files]
    counts = map_tasks(_translate, translations, n_jobs=n_jobs, description="looking words up")
    starts = pieces.starts()
    check_lengths(starts)
    borders = block_borders(starts, n_blocks)
    tasks = []
    for at, (begin, end) in enumerate(itertools.pairwise(borders)):
        own = starts[begin : end + 1]
        parts = list(pieces.within(int(own[0]), int(own[-1])))
        tasks.append((folder, f"block-{first + at:05d}", parts, own - own[0]))
    entries = map_tasks(
        _write_block, tasks, n_jobs=n_jobs, description="writing", weights=np.diff(starts[borders])
    )
    return np.sum(counts, axis=0), entries


def _id_map_path(piece: Path) -> Path:
    return piece.with_suffix(".map.npy")


def _translate(piece: Path, vocabulary: Vocabulary) -> np.ndarray:
    """Note what the ids of a piece are in a vocabulary, and return their counts there."""
    table = WordTable()
    table.intern(*vocabulary.blob())
    _, arrays = open_piece(piece)
    known = table.intern(arrays["blob"], arrays["offsets"], add=False)
    words = np.where(known >= 0, vocabulary.first_word + known, vocabulary.unknown)
    id_map = np.concatenate([np.arange(vocabulary.first_word), words]).astype("<u4")
    with atomic_path(_id_map_path(piece)) as temporary, open(temporary, "wb") as file:
        np.save(file, id_map, allow_pickle=False)
    # Sums of integers below 2^53 are exact.
    return np.bincount(id_map, arrays["counts"], len(vocabulary)).astype(np.int64)


def _write_block(
    folder: Path, name: str, parts: list[tuple[Path, int, int]], starts: np.ndarray
) -> dict[str, Any]:
    digest = hashlib.sha256()
    n_tokens = int(starts[-1])
    layout = {"descr": "<u4", "fortran_order": False, "shape": (n_tokens,)}
    with atomic_path(folder / f"{name}.ids.npy") as temporary, open(temporary, "wb") as file:
        np.lib.format.write_array_header_1_0(file, layout)
        for piece, begin, end in parts:
            _, arrays = open_piece(piece)
            id_map = np.load(_id_map_path(piece), allow_pickle=False)
            for at in range(begin, end, _TOKENS):
                ids = id_map[arrays["ids"][at : min(at + _TOKENS, end)]]
                digest.update(ids.data)
                file.write(ids.data)
    starts = starts.astype("<i8")
    with atomic_path(folder / f"{name}.starts.npy") as temporary, open(temporary, "wb") as file:
        np.save(file, starts, allow_pickle=False)
    return {
        "n_tokens": n_tokens,
        "n_documents": int(starts.size - 1),
        "ids": {"file": f"{name}.ids.npy", "sha256": digest.hexdigest()},
        "starts": {"file": f"{name}.starts.npy", "sha256": array_hash(starts)},
    }
