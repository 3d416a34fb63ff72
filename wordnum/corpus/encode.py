"""From text to an encoded corpus: pieces, one vocabulary, blocks of whole documents."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wordnum.corpus.adapters import Tokenizer, make_tokenizer, tokenizer_name
from wordnum.corpus.blocks import Pieces, count_words, write_blocks
from wordnum.corpus.encoded import BLOCKS, MANIFEST, VERSION, EncodedCorpus
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.pieces import Job, PieceFile, piece_files, write_pieces
from wordnum.corpus.sources import Part, check_options, find_parts
from wordnum.corpus.streams import Skips, is_remote
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import InputError, UsageError, WordnumError
from wordnum.parallel import map_tasks
from wordnum.provenance import content_hash, jsonable, versions
from wordnum.storage import atomic_folder, file_hash, save_npz, write_json

__all__ = ["Source", "encode"]

# No white space, and a slash, a pattern or the suffix of a file.
_LIKE_A_PATH = re.compile(r"\S*([/*?]|\.[A-Za-z]\w{1,7}$)\S*")
# Files of a corpus, and those on their way to be one.
_OURS = re.compile(r"block-\d{5}\.|vocabulary-|\.(block-|vocabulary-|manifest\.).*\.part\.\w+$")
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
    def lasting(self) -> bool:
        """Whether any process can read it, and again: not memory, standard input or a pipe."""
        return self.texts is None and all(
            os.path.isfile(part.path) or part.reader == "hf" or is_remote(part.path)
            for part in self.parts
        )


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
    base = _base(path, scheme, tokenizer_name(tokenizer), append=append)
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
    name = tokenizer_name(tokenizer)
    about = {
        "tokenizer": name,
        "tokenizer_sha256": file_hash(name) if name.endswith(".json") else None,
        "separator": separator,
        "field": field,
        "errors": errors,
        "strict": strict,
        "vocabulary_size": vocabulary_size,
        "numerals": scheme.__dict__,
    }
    # Two callables may share a name, so what another run has left behind is not to be trusted.
    resumable = text.lasting and not callable(tokenizer)
    with _working_folder(path, text, about, append, resumable) as folder:
        tasks = [(part, at, folder, job, text.texts) for at, part in enumerate(text.parts)]
        readers = jobs if text.lasting else 1
        map_tasks(write_pieces, tasks, jobs=readers, description="reading")
        files = [file for at in range(len(tasks)) for file in piece_files(folder, at)]
        skips = text.skips.to_json() + _skips(folder, len(tasks))
        manifest = {
            "source": text.describe(),
            "parameters": about,
            "flags": list(scheme.flags),
            "skips": skips,
            "versions": versions(),
        }
        made = _survey(files)
        if base is None:
            with atomic_folder(path) as new:
                manifest |= _write_corpus(new, made, scheme, vocabulary_size, jobs)
                _write_manifest(new, manifest, started)
        else:
            _append_corpus(path, made, manifest, base, jobs, started)
    _tell(manifest)
    return EncodedCorpus.open(path)


def _base(
    path: Path, scheme: NumeralScheme, tokenizer: str, *, append: bool
) -> EncodedCorpus | None:
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
    before = base.manifest["parameters"]["tokenizer"]
    if before != tokenizer:
        raise UsageError(
            "the corpus was encoded with another tokenizer",
            expected=before,
            got=tokenizer,
            remedy="append with the same tokenizer, or encode all of it again",
        )
    return base


def _resolve(source: Source, *, reader: str, separator: str, errors: str, **options: Any) -> _Text:
    """Find the files of a source, or take documents that are in memory."""
    check_options(reader=reader, separator=separator, errors=errors)
    skips = Skips()
    if isinstance(source, Iterator):
        raise UsageError(
            "an iterator can be read only once",
            expected="a list of str, or an object whose __iter__ starts again",
            got=type(source).__name__,
        )
    if isinstance(source, (list, tuple)):
        in_memory = _are_documents(source)
    else:
        in_memory = not isinstance(source, (str, os.PathLike))
    if in_memory:
        memory = Part("<memory>", "text", separator=separator)
        return _Text([memory], skips, source)  # type: ignore[arg-type]
    parts = find_parts(
        source,  # type: ignore[arg-type]
        reader=reader,
        separator=separator,
        errors=errors,
        skips=skips,
        cut=True,
        **options,
    )
    return _Text(parts, skips)


def _are_documents(items: Sequence[Any]) -> bool:
    """Whether a list holds documents, and not the names of files."""
    if not items or any(isinstance(item, os.PathLike) for item in items):
        return False
    if not all(isinstance(item, str) for item in items):
        return True  # refused when they are read
    like_paths = [bool(_LIKE_A_PATH.fullmatch(item)) for item in items]
    there = [len(item) < 4096 and (item == "-" or os.path.exists(item)) for item in items]
    # A document may happen to be the name of something; a path with a mistake is not a document.
    surely = any(like and found for like, found in zip(like_paths, there, strict=True))
    return not (surely or all(like or found for like, found in zip(like_paths, there, strict=True)))


class _working_folder:  # noqa: N801  a context manager, used like a function
    """Where pieces are kept until the corpus is whole.

    A mistake of the user's removes it. A kill leaves it, under a name that tells what is made in
    it, and the same call finds it again; other leftovers go when a corpus is made.
    """

    def __init__(
        self, path: Path, text: _Text, about: dict[str, Any], append: bool, resumable: bool
    ) -> None:
        key = content_hash(text.describe(), [_modified(p) for p in text.parts], about, append)
        self.folder = path.parent / f".{path.name}.part-{key}"
        self.resumable = resumable
        leftover = rf"\.{re.escape(path.name)}\.(part-[0-9a-f]{{16}}|[a-z0-9_]{{8}}\.part)"
        self._leftover = re.compile(leftover)

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
        if kind is None:
            for path in list(self.folder.parent.iterdir()):
                if self._leftover.fullmatch(path.name):
                    shutil.rmtree(path, ignore_errors=True)
        elif issubclass(kind, WordnumError) or not self.resumable:
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


def _write_corpus(
    folder: Path, made: Pieces, scheme: NumeralScheme, size: int, jobs: int | None
) -> dict[str, Any]:
    """Write vocabulary and blocks; returns what the manifest says of them."""
    vocabulary, pruned = count_words(made, scheme, size)
    counts, blocks = write_blocks(folder, made, vocabulary, n_blocks=BLOCKS, first=0, jobs=jobs)
    _check_numbers(counts, vocabulary)
    entry = _write_vocabulary(folder, vocabulary.with_counts(counts))
    return {"pruned": pruned, "blocks": blocks, "vocabulary": entry}


def _append_corpus(
    folder: Path,
    made: Pieces,
    manifest: dict[str, Any],
    base: EncodedCorpus,
    jobs: int | None,
    started: float,
) -> None:
    """Add blocks of about the size of those that are there; the manifest changes last."""
    wanted = max(1, round(made.n_tokens * base.n_blocks / base.n_tokens))
    counts, blocks = write_blocks(
        folder,
        made,
        base.vocabulary,
        n_blocks=min(wanted, BLOCKS),
        first=base.n_blocks,
        jobs=jobs,
    )
    entry = _write_vocabulary(folder, base.vocabulary.with_counts(base.vocabulary.counts + counts))
    appended = {
        **base.manifest,
        "blocks": [*base.manifest["blocks"], *blocks],
        "vocabulary": entry,
        "appended": [*base.manifest.get("appended", []), manifest],
    }
    _write_manifest(folder, appended, started)
    _sweep(folder, appended)


def _sweep(folder: Path, manifest: dict[str, Any]) -> None:
    """Remove what the corpus no longer needs, or a killed append left behind."""
    files = {block[part]["file"] for block in manifest["blocks"] for part in ("ids", "starts")}
    files.add(manifest["vocabulary"]["file"])
    for path in list(folder.iterdir()):
        if path.name not in files and _OURS.match(path.name):
            path.unlink()


def _tell(manifest: dict[str, Any]) -> None:
    """Say what was passed over and what had to be forgotten."""
    for skip in manifest["skips"]:
        first = ", ".join(place for place in skip["first"] if place)
        logger.warning(
            "%s: %s, %s times%s",
            *(skip["file"], skip["reason"], f"{skip['count']:,}"),
            f" (first: {first})" if first else "",
        )
    pruned = manifest.get("pruned", {"words": 0})
    if pruned["words"]:
        logger.warning(
            "%s rare words were forgotten while counting; none of them came more than %s times "
            "before that, in each of %s rounds",
            *(f"{pruned['words']:,}", f"{pruned['largest']:,}", pruned["rounds"]),
        )


def _survey(files: list[PieceFile]) -> Pieces:
    made = Pieces.survey(files)
    if not made.n_tokens:
        raise InputError(
            "the source is empty",
            expected="text with words and numbers",
            got="no token",
            remedy="check the path, and --reader and --field for structured files",
        )
    return made


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
