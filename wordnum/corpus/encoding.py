"""From text to an encoded corpus: pieces, one vocabulary, blocks of whole documents."""

from __future__ import annotations

import json
import logging
import os
import re
import tempfile
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from wordnum.corpus.blocks import Pieces, write_blocks
from wordnum.corpus.encoded_corpus import BLOCKS, MANIFEST, VERSION, EncodedCorpus
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.other_tokenizers import Tokenizer, make_tokenizer, tokenizer_name
from wordnum.corpus.pieces import Job, piece_files, report_file, write_pieces
from wordnum.corpus.resolve import Paths, Text, find_text, hold_documents
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.corpus.working import working_folder
from wordnum.errors import InputError, UsageError
from wordnum.parallel import stream_tasks
from wordnum.progress import track
from wordnum.provenance import content_hash, jsonable, peak_memory, versions
from wordnum.storage import atomic_folder, file_hash, save_npz, write_json

__all__ = ["encode", "encode_documents"]

# Files of a corpus, and those on their way to be one.
_OURS = re.compile(r"block-\d{5}\.|vocabulary-|\.(block-|vocabulary-|manifest\.).*\.part\.\w+$")
logger = logging.getLogger(__name__)


def encode(
    paths: Paths,
    output: str | os.PathLike[str] | None = None,
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
    n_jobs: int | None = 1,
) -> EncodedCorpus:
    """Turn the text of files into token ids; for documents in memory see `encode_documents`.

    The folder is the same, byte for byte, for any number of workers, but for the time and memory
    that its manifest notes. It appears when it is whole; work that was cut off goes on where it
    was when the same call is made again.

    Parameters
    ----------
    paths : path or sequence of paths
        Files (plain, .gz .bz2 .xz .zst), folders, globs, addresses such as s3://bucket/key,
        hf:owner/name, or "-" for standard input. A str is a path, never a text.
    output : path-like, optional
        Folder to make; with `append`, the corpus to add to. Without it the corpus is held in
        memory.
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
        Add blocks to the corpus at `output`, keeping its vocabulary.
    n_jobs : int or None
        Workers, through joblib.

    Returns
    -------
    EncodedCorpus

    Raises
    ------
    InputError
        A file is missing, damaged or empty, there is no number token, or `output` exists already.
    UsageError
        An option that does not exist.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> text = pathlib.Path(tempfile.mkdtemp(), "pages.txt")
    >>> _ = text.write_text("page 7 of 12")
    >>> corpus = encode(text, text.with_suffix(".corpus"))
    >>> corpus.n_documents, int(corpus.number_counts[[7, 12]].sum())
    (1, 2)
    """
    text = find_text(
        paths,
        reader=reader or "auto",
        field=field,
        separator=separator,
        errors=errors,
        strict=strict,
    )
    about = {"separator": separator, "field": field, "errors": errors, "strict": strict}
    job = Job(_scheme(numerals), tokenizer, separator)
    return _encode(text, output, job, about, vocabulary_size, append=append, n_jobs=n_jobs)


def encode_documents(
    documents: Iterable[str],
    output: str | os.PathLike[str] | None = None,
    *,
    numerals: NumeralScheme | str = "whole",
    tokenizer: Tokenizer = "fast",
    vocabulary_size: int = 50_000,
    append: bool = False,
    n_jobs: int | None = 1,
) -> EncodedCorpus:
    """Turn documents into token ids; for files see `encode`.

    Parameters
    ----------
    documents : iterable of str
        One text each, as a list, a generator, or anything else that gives one after the other.
    output, numerals, tokenizer, vocabulary_size, append, n_jobs
        As in `encode`.

    Returns
    -------
    EncodedCorpus

    Raises
    ------
    InputError
        A document is no text, none holds a number token, or `output` exists already.
    UsageError
        `documents` is a single str, or an option does not exist.

    Examples
    --------
    >>> corpus = encode_documents(["page 7 of 12", "21 pages"])
    >>> corpus.n_documents, int(corpus.number_counts[[7, 12, 21]].sum())
    (2, 3)
    """
    about = {"separator": "blank", "field": None, "errors": "strict", "strict": False}
    job = Job(_scheme(numerals), tokenizer, "blank")
    text = hold_documents(documents)
    return _encode(text, output, job, about, vocabulary_size, append=append, n_jobs=n_jobs)


def _scheme(numerals: NumeralScheme | str) -> NumeralScheme:
    return NumeralScheme(kind=numerals) if isinstance(numerals, str) else numerals


def _encode(
    text: Text,
    output: str | os.PathLike[str] | None,
    job: Job,
    about: dict[str, Any],
    vocabulary_size: int,
    *,
    append: bool,
    n_jobs: int | None,
) -> EncodedCorpus:
    if output is None:
        if append:
            raise UsageError("nothing to append to", expected="output, the corpus to add to")
        with tempfile.TemporaryDirectory(prefix="wordnum-") as folder:
            place = Path(folder) / "corpus"
            corpus = _encode(text, place, job, about, vocabulary_size, append=False, n_jobs=n_jobs)
            return corpus.in_memory()
    path = Path(output).absolute()
    started = time.perf_counter()
    tokenizer, scheme = job.tokenizer, job.numerals
    name = tokenizer_name(tokenizer)
    base = _base(path, scheme, name, append=append)
    if vocabulary_size < 1:
        raise UsageError("the vocabulary needs room", got=f"vocabulary_size={vocabulary_size}")
    make_tokenizer(tokenizer, scheme, separator=job.separator)
    own_file = name.endswith(".json")
    if own_file:
        job = replace(job, tokenizer=os.path.abspath(name))
    about = {
        "tokenizer": name,
        "tokenizer_sha256": file_hash(name) if own_file else None,
        **about,
        "vocabulary_size": vocabulary_size,
        "numerals": scheme.__dict__,
    }
    # Two callables may share a name, so what another run has left behind is not to be trusted.
    resumable = text.lasting and not callable(tokenizer)
    key = content_hash(text.describe(), text.state(), about, append)
    with working_folder(path, key, resumable=resumable) as folder:
        tasks = [(part, at, folder, job, text.texts) for at, part in enumerate(text.parts)]
        readers = n_jobs if text.lasting else 1
        made = Pieces(scheme, vocabulary_size)
        written = stream_tasks(write_pieces, tasks, n_jobs=readers)
        # Words are counted here while others read on.
        for at, _ in enumerate(track(written, "reading", total=len(tasks))):
            _check_shared(report_file(folder, at))
            for file in piece_files(folder, at):
                made.add(file)
        _check_tokens(made)
        skips = text.skips.to_json() + _skips(folder, len(tasks))
        manifest = {
            "source": text.describe(),
            "parameters": about,
            "flags": list(scheme.flags),
            "skips": skips,
            "versions": versions(),
        }
        if base is None:
            with atomic_folder(path) as new:
                manifest |= _write_corpus(new, made, n_jobs)
                _write_manifest(new, manifest, started)
        else:
            _append_corpus(path, made, manifest, base, n_jobs, started)
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


def _skips(folder: Path, n_parts: int) -> list[dict[str, Any]]:
    reports = (report_file(folder, index) for index in range(n_parts))
    return [
        skip
        for report in reports
        for skip in json.loads(report.read_text(encoding="utf-8"))["skips"]
    ]


def _check_shared(report: Path) -> None:
    if not report.exists():
        raise InputError(
            "what a worker wrote cannot be seen here",
            expected="a folder that all workers share",
            where=str(report.parent),
            remedy="choose an output path on a file system that every machine mounts",
        )


def _write_corpus(folder: Path, made: Pieces, n_jobs: int | None) -> dict[str, Any]:
    """Write vocabulary and blocks; returns what the manifest says of them."""
    vocabulary = made.vocabulary()
    counts, blocks = write_blocks(folder, made, vocabulary, n_blocks=BLOCKS, first=0, n_jobs=n_jobs)
    _check_numbers(counts, vocabulary)
    entry = _write_vocabulary(folder, vocabulary.with_counts(counts))
    return {"pruned": made.pruned, "blocks": blocks, "vocabulary": entry}


def _append_corpus(
    folder: Path,
    made: Pieces,
    manifest: dict[str, Any],
    base: EncodedCorpus,
    n_jobs: int | None,
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
        n_jobs=n_jobs,
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


def _check_tokens(made: Pieces) -> None:
    if not made.n_tokens:
        raise InputError(
            "the source is empty",
            expected="text with words and numbers",
            got="no token",
            remedy="check the path, and --reader and --field for structured files",
        )


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
    cost = {
        "seconds": round(time.perf_counter() - started, 2),
        "peak_bytes": peak_memory(),
    }
    manifest = jsonable({"kind": "corpus", "version": VERSION, **manifest, "cost": cost})
    write_json(folder / MANIFEST, {**manifest, "checksum": content_hash(manifest)})
