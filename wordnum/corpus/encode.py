"""From text to an encoded corpus: pieces, one vocabulary, blocks of whole documents."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wordnum.corpus.adapters import Tokenizer, make_tokenizer, tokenizer_name
from wordnum.corpus.encoded import (
    BLOCKS,
    MANIFEST,
    VERSION,
    EncodedCorpus,
    array_hash,
)
from wordnum.corpus.encoded import block_borders as borders_of
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.pieces import Job, load_piece, piece_files, write_pieces
from wordnum.corpus.sources import Part, find_parts
from wordnum.corpus.streams import Skips
from wordnum.corpus.tokenize import WordTable
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.corpus.wordcount import LIMIT, WordCounter
from wordnum.errors import InputError, UsageError, WordnumError
from wordnum.parallel import map_tasks
from wordnum.progress import track
from wordnum.provenance import content_hash, jsonable, versions
from wordnum.storage import atomic_folder, atomic_path, save_npz, write_json

__all__ = ["Source", "encode"]

logger = logging.getLogger(__name__)
Source = str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | Iterable[str]


@dataclass(frozen=True)
class _Text:
    """A source, resolved: its parts, and the documents themselves where they are in memory."""

    parts: list[Part]
    skips: Skips
    texts: Iterable[str] | None = None

    def describe(self) -> list[dict[str, Any]]:
        """Name, size and range of each part, for the manifest."""
        return [
            {
                "path": part.path,
                "reader": part.reader,
                "bytes": os.path.getsize(part.path) if os.path.isfile(part.path) else None,
                "range": [part.begin, part.end] if part.end or part.begin else None,
            }
            for part in self.parts
        ]

    @property
    def resumable(self) -> bool:
        """Whether reading again gives the same text, so that half-done work can go on."""
        return self.texts is None and all(part.path != "-" for part in self.parts)


def encode(
    source: Source,
    path: str | os.PathLike[str],
    *,
    reader: str | None = None,
    field: str | None = None,
    separator: str = "blank",
    numerals: NumeralScheme | str = "whole",
    tokenizer: Tokenizer = "fast",
    vocabulary_size: int = 50_000,
    errors: str = "strict",
    strict: bool = False,
    append: bool = False,
    jobs: int | None = 1,
) -> EncodedCorpus:
    """Turn text into a folder of token ids.

    The folder is the same, byte for byte, for any number of workers, but for the time and memory
    that its manifest notes. It appears when it is whole; work that was cut off goes on where it
    was when the same call is made again.

    Parameters
    ----------
    source : path, sequence of paths, or iterable of str
        Files (plain, .gz .bz2 .xz .zst), folders, globs, addresses such as s3://bucket/key,
        hf:owner/name, "-" for standard input; or documents in memory, as an object that can be
        iterated over.
    path : path-like
        Folder to make; with `append`, the corpus to add to.
    reader : {"text", "jsonl", "parquet", "wikipedia", "hf"}, optional
        What the files hold; by their suffixes when None.
    field : str, optional
        Field of JSON lines or column of Parquet that holds the text; "text" by default.
    separator : {"blank", "line", "file"}
        What ends a document of plain text.
    numerals : NumeralScheme or {"whole", "l2r3", "r2l3", "digit"}
        How digit runs become number tokens.
    tokenizer : {"fast", "spacy"}, path of a tokenizer.json, or callable
        How text becomes words.
    vocabulary_size : int
        Words to keep, by (count desc, bytes asc); numbers come on top.
    errors : {"strict", "replace"}
        Bytes that are not UTF-8: an error, or U+FFFD and counted.
    strict : bool
        A record that cannot be used is an error; else it is skipped and counted.
    append : bool
        Add blocks to the corpus at `path`, keeping its vocabulary.
    jobs : int or None
        Workers, through joblib.

    Returns
    -------
    EncodedCorpus

    Raises
    ------
    InputError
        The source is missing, damaged, empty, or has no number token; `path` exists already.
    UsageError
        An option that does not exist, or an iterator, which can be read only once.

    Examples
    --------
    >>> import tempfile
    >>> corpus = encode(["page 7 of 12", "21 pages"], tempfile.mkdtemp() + "/toy.corpus")
    >>> corpus.n_documents, int(corpus.number_counts[[7, 12, 21]].sum())
    (2, 3)
    """
    path = Path(path)
    started = time.perf_counter()
    scheme = NumeralScheme(kind=numerals) if isinstance(numerals, str) else numerals
    base = _base(path, scheme, append=append)
    if vocabulary_size < 1:
        raise UsageError("the vocabulary needs room", got=f"vocabulary_size={vocabulary_size}")
    text = _resolve(
        source,
        reader=reader or "auto",
        field=field,
        separator=separator,
        errors=errors,
        strict=strict,
    )
    make_tokenizer(tokenizer, scheme, separator=separator)
    job = Job(scheme, tokenizer, separator)
    about = {
        "tokenizer": tokenizer_name(tokenizer),
        "separator": separator,
        "field": field,
        "errors": errors,
        "strict": strict,
        "vocabulary_size": vocabulary_size,
        "numerals": scheme.__dict__,
    }
    with _working_folder(path, text, about, append) as folder:
        tasks = [(part, at, folder, job, text.texts) for at, part in enumerate(text.parts)]
        map_tasks(write_pieces, tasks, jobs=jobs, description="reading")
        files = [file for at in range(len(tasks)) for file in piece_files(folder, at)]
        skips = text.skips.to_json() + _skips(folder, len(tasks))
        manifest = {
            "source": text.describe(),
            "parameters": about,
            "flags": list(scheme.flags),
            "skips": skips,
            "versions": versions(),
        }
        made = _Pieces(files, scheme)
        if base is None:
            vocabulary, pruned = made.vocabulary(vocabulary_size)
            manifest["pruned"] = pruned
            with atomic_folder(path) as new:
                _write_corpus(new, made, vocabulary, manifest, started)
        else:
            _append_corpus(path, base, made, manifest, started)
    for entry in skips:
        logger.warning("%s: %s, %s times", entry["file"], entry["reason"], entry["count"])
    return EncodedCorpus.open(path)


def _base(path: Path, scheme: NumeralScheme, *, append: bool) -> EncodedCorpus | None:
    """Open the corpus to append to; or None, once it is clear that `path` is free."""
    if not append:
        if path.exists():
            raise InputError(
                f"{path} exists already",
                expected="a new folder",
                remedy="choose another path, remove the folder, or append to it",
            )
        return None
    base = EncodedCorpus.open(path)
    if base.numerals != scheme:
        raise UsageError(
            "the corpus was encoded with other numerals",
            expected=str(base.numerals),
            got=str(scheme),
            remedy="append with the same numerals, or encode all of it again",
        )
    return base


def _resolve(source: Source, **options: Any) -> _Text:
    """Find the files of a source, or take documents that are in memory."""
    skips = Skips()
    if isinstance(source, Iterator):
        raise UsageError(
            "an iterator can be read only once",
            expected="a list of str, or an object whose __iter__ starts again",
            got=type(source).__name__,
        )
    if not isinstance(source, (str, os.PathLike)):
        listed = isinstance(source, (list, tuple))
        paths = [s for s in source if isinstance(s, os.PathLike) or _is_path(s)] if listed else []
        if not listed or (source and not paths):
            memory = Part("<memory>", "text", separator=options["separator"])
            return _Text([memory], skips, source)  # type: ignore[arg-type]
    parts = find_parts(source, skips=skips, cut=True, **options)  # type: ignore[arg-type]
    return _Text(parts, skips)


def _is_path(text: str) -> bool:
    """Whether an item of a list names a file rather than being a document."""
    return (
        "\n" not in text
        and len(text) < 4096
        and (
            text == "-"
            or os.path.exists(text)
            or (any(sign in text for sign in "*?/") and " " not in text)
        )
    )


class _working_folder:  # noqa: N801  a context manager, used like a function
    """Where pieces are kept until the corpus is whole.

    A mistake of the user's removes it. A kill leaves it, under a name that tells what is made in
    it, and the same call finds it again.
    """

    def __init__(self, path: Path, text: _Text, about: dict[str, Any], append: bool) -> None:
        key = content_hash(text.describe(), [_modified(p) for p in text.parts], about, append)
        self.folder = path.parent / f".{path.name}.part-{key}"
        self.resumable = text.resumable

    def __enter__(self) -> Path:
        if not self.resumable:
            shutil.rmtree(self.folder, ignore_errors=True)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"cannot write to {self.folder.parent}",
                got=error.strerror or str(error),
                remedy="choose another output path",
            ) from error
        return self.folder

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None or issubclass(kind, WordnumError) or not self.resumable:
            shutil.rmtree(self.folder, ignore_errors=True)


def _modified(part: Part) -> float | None:
    return os.path.getmtime(part.path) if os.path.isfile(part.path) else None


def _skips(folder: Path, n_parts: int) -> list[dict[str, Any]]:
    reports = (folder / f"report-{index:06d}.json" for index in range(n_parts))
    return [
        skip
        for report in reports
        for skip in json.loads(report.read_text(encoding="utf-8"))["skips"]
    ]


class _Pieces:
    """The pieces of a text, in order, read one at a time."""

    def __init__(self, files: list[Path], scheme: NumeralScheme) -> None:
        self.files = files
        self.scheme = scheme

    def vocabulary(self, size: int) -> tuple[Vocabulary, dict[str, int]]:
        """Most frequent words, and what had to be pruned on the way."""
        counter = WordCounter(max(LIMIT, 4 * size))
        first = self.scheme.size + 2
        for file in track(self.files, "counting words"):
            _, piece = load_piece(file)
            counts = np.bincount(piece.ids, minlength=first + len(piece.offsets) - 1)
            counter.add(piece.blob, piece.offsets, counts[first:])
        blob, offsets = counter.most_common(size)
        return Vocabulary(blob, offsets=offsets, numerals=self.scheme), counter.pruned

    def starts(self) -> np.ndarray:
        """Where each document begins, and the number of tokens as the last entry."""
        begin, parts = 0, []
        for file in self.files:
            header, piece = load_piece(file)
            parts.append(piece.starts + begin)
            begin += header["n_tokens"]
        return np.unique(np.concatenate([np.zeros(1, np.int64), *parts, [begin]]))

    def ids(self, vocabulary: Vocabulary) -> Iterator[np.ndarray]:
        """Ids of each piece in a vocabulary."""
        table = WordTable()
        table.intern(vocabulary._blob, vocabulary._offsets)
        for file in track(self.files, "writing"):
            _, piece = load_piece(file)
            known = table.intern(piece.blob, piece.offsets, add=False)
            words = np.where(known >= 0, vocabulary.first_word + known, vocabulary.unknown)
            lookup = np.concatenate([np.arange(vocabulary.first_word), words]).astype("<u4")
            yield lookup[piece.ids]


def _write_corpus(
    folder: Path,
    pieces: _Pieces,
    vocabulary: Vocabulary,
    manifest: dict[str, Any],
    started: float,
) -> None:
    counts, blocks = _write_blocks(folder, pieces, vocabulary, n_blocks=BLOCKS, first=0)
    _check_numbers(counts, vocabulary)
    entry = _write_vocabulary(folder, vocabulary.with_counts(counts))
    _write_manifest(folder, {**manifest, "blocks": blocks, "vocabulary": entry}, started)


def _append_corpus(
    folder: Path,
    base: EncodedCorpus,
    pieces: _Pieces,
    manifest: dict[str, Any],
    started: float,
) -> None:
    """Add blocks of about the size of those that are there; the manifest changes last."""
    n_tokens = int(pieces.starts()[-1])
    wanted = max(1, round(n_tokens * base.n_blocks / base.n_tokens))
    counts, blocks = _write_blocks(
        folder, pieces, base.vocabulary, n_blocks=min(wanted, BLOCKS), first=base.n_blocks
    )
    before = base.manifest["vocabulary"]["file"]
    entry = _write_vocabulary(folder, base.vocabulary.with_counts(base.vocabulary.counts + counts))
    appended = {
        **base.manifest,
        "blocks": [*base.manifest["blocks"], *blocks],
        "vocabulary": entry,
        "appended": [*base.manifest.get("appended", []), manifest],
    }
    _write_manifest(folder, appended, started)
    if before != entry["file"]:
        (folder / before).unlink(missing_ok=True)


def _write_blocks(
    folder: Path, pieces: _Pieces, vocabulary: Vocabulary, *, n_blocks: int, first: int
) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """Write one file of ids and one of document starts per block; returns counts of all ids."""
    starts = pieces.starts()
    if starts.size < 2:
        raise InputError(
            "the source is empty",
            expected="text with words and numbers",
            got="no token",
            remedy="check the path, and --reader and --field for structured files",
        )
    borders = borders_of(starts, n_blocks)
    counts = np.zeros(len(vocabulary), dtype=np.int64)
    entries = []
    take = _reader(pieces.ids(vocabulary))
    for at in range(borders.size - 1):
        own = starts[borders[at] : borders[at + 1] + 1]
        ids = take(int(own[-1] - own[0]))
        counts += np.bincount(ids, minlength=len(vocabulary))
        name = f"block-{first + at:05d}"
        entries.append(
            {
                "n_tokens": int(ids.size),
                "n_documents": int(own.size - 1),
                "ids": _save(folder, f"{name}.ids.npy", ids),
                "starts": _save(folder, f"{name}.starts.npy", (own - own[0]).astype("<i8")),
            }
        )
    return counts, entries


def _reader(parts: Iterator[np.ndarray]) -> Callable[[int], np.ndarray]:
    """Return a function that takes the next n ids, whatever parts they come in."""
    held = [np.empty(0, dtype="<u4")]

    def take(n: int) -> np.ndarray:
        have = sum(part.size for part in held)
        while have < n:
            held.append(next(parts))
            have += held[-1].size
        joined = np.concatenate(held)
        held[:] = [joined[n:].copy()]
        return joined[:n]

    return take


def _save(folder: Path, name: str, array: np.ndarray) -> dict[str, str]:
    with atomic_path(folder / name) as temporary, open(temporary, "wb") as file:
        np.save(file, array, allow_pickle=False)
    return {"file": name, "sha256": array_hash(array)}


def _check_numbers(counts: np.ndarray, vocabulary: Vocabulary) -> None:
    if not counts[: vocabulary.size].any():
        raise InputError(
            "the text has no number token",
            expected=f"integers 0 to {vocabulary.size - 1}",
            got=f"{int(counts.sum()):,} tokens, {int(counts[vocabulary.size]):,} of them other "
            "numbers",
            remedy="check the text and the numeral scheme",
        )


def _write_vocabulary(folder: Path, vocabulary: Vocabulary) -> dict[str, str]:
    arrays = vocabulary.to_arrays()
    name = f"vocabulary-{content_hash(*arrays.values())}.npz"
    save_npz(folder / name, kind="vocabulary", version=VERSION, header={}, arrays=arrays)
    return {"file": name, "fingerprint": vocabulary.fingerprint}


def _write_manifest(folder: Path, manifest: dict[str, Any], started: float) -> None:
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024
    cost = {"seconds": round(time.perf_counter() - started, 2), "peak_bytes": peak * unit}
    manifest = jsonable({"kind": "corpus", "version": VERSION, **manifest, "cost": cost})
    write_json(folder / MANIFEST, {**manifest, "checksum": content_hash(manifest)})
