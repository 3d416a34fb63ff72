"""From text to an encoded corpus: pieces, one vocabulary, blocks of whole documents."""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from wordnum.config import whole_number
from wordnum.corpus.duplicates import repeated, without
from wordnum.corpus.encoded_corpus import (
    BLOCKS,
    MANIFEST,
    OURS,
    VERSION,
    EncodedCorpus,
)  # fmt: skip
from wordnum.corpus.encoding_remarks import tell, without_repeats
from wordnum.corpus.numerals import RULES, NumeralScheme
from wordnum.corpus.other_tokenizers import (
    Tokenizer,
    make_tokenizer,
    tokenizer_hash,
    tokenizer_name,
)  # fmt: skip
from wordnum.corpus.pieces import Job, Pieces, forget_pieces, read_report, write_blocks, write_part
from wordnum.corpus.readers import MAX_RECORD, Reader
from wordnum.corpus.sources import HeldDocuments, Part, Paths, find_parts, same_text
from wordnum.corpus.streams import Skips, without_compression
from wordnum.corpus.unfinished_work import ONCE, UselessTextError, working_folder
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import InputError, UsageError
from wordnum.parallel import stream_tasks
from wordnum.progress import track
from wordnum.provenance import content_hash, jsonable, peak_memory, versions
from wordnum.storage import atomic_folder, locked, save_npz, sweep_beside, write_json


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
    max_record: int = MAX_RECORD,
    drop_duplicates: bool = False,
    append: bool = False,
    overwrite: bool = False,
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
        or "-" for standard input. A str is a path, never a text.
    output : path-like, optional
        Folder to make; with `append`, the corpus to add to. Without it the corpus is held in
        memory.
    reader : str, optional
        What the files hold: "text", "gutenberg", "jsonl", "json", "csv" (TSV, too),
        "wikiextractor", "parquet", "arrow" (Feather, too) or "wikipedia" (an XML dump). When None
        by their content, and by their names where that says nothing; what differs from the name
        is said. UTF-16 is known by its bytes.
    field : str, optional
        Field of JSON or column of a table that holds the text, "doc.text" if one lies in another;
        texts of a list become one document. When None the one that is named text, content or
        document, else the only one that can be it.
    separator : {"blank", "line", "file"}
        What ends a document of plain text.
    numerals : NumeralScheme or {"whole", "l2r3", "r2l3", "digit"}
        How digit runs become number tokens.
    tokenizer : {"fast", "spacy"}, path of a tokenizer.json, or callable
        How text becomes words.
    vocabulary_size : int
        Words to keep, by (count desc, bytes asc); numbers come on top.
    errors : {"strict", "replace"}
        Bytes that are not UTF-8, and halves of surrogate pairs: an error (in a record: skipped),
        or U+FFFD and counted.
    strict : bool
        A record that cannot be used is an error; else it is skipped and counted.
    max_record : int
        Bytes of one record (a line of JSON, a row, an article) at most.
    drop_duplicates : bool
        Leave out documents that have the same tokens as one before (in the same call), other
        numbers compared by what is written. They are counted in any case.
    append : bool
        Add blocks to the corpus at `output`, keeping its vocabulary.
    overwrite : bool
        Put the new corpus in the place of one that is at `output`, once it is whole.
    n_jobs : int or None
        Workers, through joblib.

    Returns
    -------
    EncodedCorpus

    Raises
    ------
    InputError
        A file is missing, damaged, or changes while it is read; there is no number token; `output`
        exists already; `append` finds a file that the corpus holds.
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
    how = Reader(field, separator, errors, strict, max_record)
    skips = Skips()
    parts = find_parts(paths, reader=reader or "auto", options=how, skips=skips)
    about = {"separator": separator, "field": field, "errors": errors, "strict": strict}
    about["drop_duplicates"] = drop_duplicates
    encoder = _Encoder(parts, skips, numerals, tokenizer, vocabulary_size, about, n_jobs)
    return encoder.encode(output, append=append, overwrite=overwrite)


def encode_documents(
    documents: Iterable[str],
    output: str | os.PathLike[str] | None = None,
    *,
    numerals: NumeralScheme | str = "whole",
    tokenizer: Tokenizer = "fast",
    vocabulary_size: int = 50_000,
    drop_duplicates: bool = False,
    append: bool = False,
    overwrite: bool = False,
    n_jobs: int | None = 1,
) -> EncodedCorpus:
    """Turn documents into token ids; for files see `encode`.

    Parameters
    ----------
    documents : iterable of str
        One text each, as a list, a generator, or anything else that gives one after the other.
    output, numerals, tokenizer, vocabulary_size, drop_duplicates, append, overwrite, n_jobs
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
    if isinstance(documents, (str, bytes, os.PathLike)) or not isinstance(documents, Iterable):
        raise UsageError(
            "documents are an iterable of str",
            got=f"{type(documents).__name__} {documents!r:.40}",
            remedy="put a single document into a list; for files call encode",
        )
    about = {"separator": "blank", "field": None, "errors": "strict", "strict": False}
    about["drop_duplicates"] = drop_duplicates
    parts = [HeldDocuments(("<memory>",), Reader(), (None,), texts=documents)]
    encoder = _Encoder(parts, Skips(), numerals, tokenizer, vocabulary_size, about, n_jobs)
    return encoder.encode(output, append=append, overwrite=overwrite)


@dataclass
class _Encoder:
    """One text on its way to a corpus."""

    parts: Sequence[Part]
    skips: Skips
    numerals: NumeralScheme | str
    tokenizer: Tokenizer
    vocabulary_size: int
    about: dict[str, Any]
    n_jobs: int | None
    started: float = field(default_factory=time.perf_counter)

    def __post_init__(self) -> None:
        kind = self.numerals
        self.scheme = NumeralScheme(kind=kind) if isinstance(kind, str) else kind
        self.vocabulary_size = whole_number(self.vocabulary_size, what="vocabulary_size")
        make_tokenizer(self.tokenizer, self.scheme, separator=self.about["separator"])
        name = tokenizer_name(self.tokenizer)
        if name.endswith(".json"):
            self.tokenizer = os.path.abspath(name)
        self.about = {
            "tokenizer": name,
            "tokenizer_sha256": tokenizer_hash(self.tokenizer),
            **self.about,
            "vocabulary_size": self.vocabulary_size,
            "numerals": {**self.scheme.__dict__, "rules": RULES},
        }

    def encode(
        self, output: str | os.PathLike[str] | None, *, append: bool, overwrite: bool
    ) -> EncodedCorpus:
        """Make the corpus, or add to it."""
        if output is None:
            if append or overwrite:
                raise UsageError("nothing to append to or overwrite", expected="output, a folder")
            with tempfile.TemporaryDirectory(prefix="wordnum-") as folder:
                self._write(Path(folder) / "corpus", overwrite=False)
                return EncodedCorpus.open(Path(folder) / "corpus").in_memory()
        path = Path(output).absolute()
        sweep_beside(path)
        if append and overwrite:
            raise UsageError("append adds to a corpus, overwrite takes its place", expected="one")
        if append:
            EncodedCorpus.open(path)
            with locked(path / "append.lock", what=str(path)):
                self._append(path, EncodedCorpus.open(path))
        else:
            _check_free(path, overwrite=overwrite)
            self._write(path, overwrite=overwrite)
        return EncodedCorpus.open(path)

    def _write(self, path: Path, *, overwrite: bool) -> None:
        with (
            self._pieces(path) as (made, manifest),
            atomic_folder(path, overwrite=overwrite) as folder,
        ):
            vocabulary = made.vocabulary()
            counts, blocks = write_blocks(
                folder, made, vocabulary, n_blocks=BLOCKS, first=0, n_jobs=self.n_jobs
            )
            _check_numbers(counts, vocabulary)
            entry = _write_vocabulary(folder, vocabulary.with_counts(counts))
            pruned = made.counter.pruned
            manifest |= {"pruned": pruned, "blocks": blocks, "vocabulary": entry}
            self._write_manifest(folder, manifest)
        tell(manifest, sum(block["n_documents"] for block in blocks), made.n_tokens)

    def _append(self, path: Path, base: EncodedCorpus) -> None:
        """Add blocks of about the size of those that are there; the manifest changes last."""
        self._check_base(base)
        with self._pieces(path, base.fingerprint) as (made, manifest):
            wanted = max(1, round(made.n_tokens * base.n_blocks / base.n_tokens))
            counts, blocks = write_blocks(
                path,
                made,
                base.vocabulary,
                n_blocks=min(wanted, BLOCKS),
                first=base.n_blocks,
                n_jobs=self.n_jobs,
            )
            vocabulary = base.vocabulary.with_counts(base.vocabulary.counts + counts)
            appended = {
                **base.manifest,
                "blocks": [*base.manifest["blocks"], *blocks],
                "vocabulary": _write_vocabulary(path, vocabulary),
                "appended": [*base.manifest.get("appended", []), manifest],
            }
            self._write_manifest(path, appended)
            _sweep(path, appended)
        tell(manifest, base.n_documents, base.n_tokens)

    def _check_base(self, base: EncodedCorpus) -> None:
        """Refuse to append what was read in another way, or is there already."""
        before, now = base.manifest["parameters"], self.about
        for what, has, given in (
            ("numerals", base.numerals, self.scheme),
            ("tokenizer", *((p["tokenizer_sha256"] or p["tokenizer"]) for p in (before, now))),
        ):
            if has != given:
                raise UsageError(
                    f"the corpus was encoded with another {what}",
                    expected=str(before[what]),
                    got=str(now[what]),
                    remedy="append with the same one, or encode all of it again",
                )
        appended = [base.manifest, *base.manifest.get("appended", [])]
        known = [entry for manifest in appended for entry in manifest["source"]]
        files = {_file_of(entry) for entry in known}
        unpacked = {without_compression(entry["path"]): entry["path"] for entry in known}
        for entry in self._describe():
            path, name = entry["path"], without_compression(entry["path"])
            twin = unpacked.get(name, path)
            if entry["bytes"] is not None and (
                _file_of(entry) in files or (twin != path and same_text(path, twin))
            ):
                raise InputError(
                    "the corpus holds this file already",
                    where=path,
                    remedy="append the others alone",
                )

    def _describe(self) -> list[dict[str, Any]]:
        return [entry for part in self.parts for entry in part.describe()]

    @contextmanager
    def _pieces(self, path: Path, *key: str) -> Iterator[tuple[Pieces, dict[str, Any]]]:
        """Tokenize all parts; what is done with them happens before the working folder goes."""
        lasting = all(part.lasting for part in self.parts)
        # What two processes would have to share is named by what it depends on.
        files = dict.fromkeys(path for part in self.parts for path in part.files)
        name = content_hash(list(files), self.about, *key)
        name = name if lasting else f"{ONCE}{secrets.token_hex(8)}"
        with working_folder(path, name, keep=lasting) as folder:
            job = Job(self.scheme, self.tokenizer, folder)
            tasks = [(part, job) for part in self.parts]
            made = Pieces(self.scheme, self.vocabulary_size)
            written = stream_tasks(write_part, tasks, n_jobs=self.n_jobs if lasting else 1)
            skips = self.skips.to_json()
            # Words are counted here while others read on.
            for part, _ in zip(
                self.parts, track(written, "reading", total=len(tasks)), strict=True
            ):
                report = read_report(folder / f"{part.key}.json")
                skips += report["skips"]
                for name in report["pieces"]:
                    made.add(folder / name)
            if not made.n_tokens:
                raise UselessTextError(
                    "the source is empty",
                    expected="text with words and numbers",
                    got="no token",
                    remedy="check the path, and --reader and --field for structured files",
                )
            again = repeated(made.digests())
            duplicates = {
                "documents": int(again.sum()),
                "tokens": int(np.diff(made.starts())[again].sum()),
                "dropped": self.about["drop_duplicates"],
            }
            if duplicates["dropped"] and duplicates["documents"]:
                made = without(made, again, folder)
            manifest = {
                "source": self._describe(),
                "parameters": self.about,
                "duplicates": duplicates,
                "flags": list(self.scheme.flags),
                "skips": without_repeats(skips),
                "versions": versions(),
            }
            try:
                yield made, manifest
            finally:
                forget_pieces()

    def _write_manifest(self, folder: Path, manifest: dict[str, Any]) -> None:
        cost = {
            "seconds": round(time.perf_counter() - self.started, 2),
            "peak_bytes": peak_memory(),
        }
        manifest = jsonable({"kind": "corpus", "version": VERSION, **manifest, "cost": cost})
        write_json(folder / MANIFEST, {**manifest, "checksum": content_hash(manifest)})


def _file_of(entry: dict[str, Any]) -> tuple[Any, ...]:
    # A link is what it leads to.
    return os.path.realpath(entry["path"]), entry["bytes"], entry.get("modified_ns")


def _check_free(path: Path, *, overwrite: bool) -> None:
    if path.exists() and not overwrite:
        raise InputError(
            f"{path} exists already",
            expected="a new folder",
            remedy="choose another path, append to it, or add --overwrite (overwrite=True)",
        )
    if path.exists() and not (path / MANIFEST).is_file():
        raise InputError(
            f"{path} is no corpus, and is not overwritten",
            expected="a folder written by `wordnum encode`, or a new one",
            remedy="choose another path",
        )


def _sweep(folder: Path, manifest: dict[str, Any]) -> None:
    """Remove what the corpus no longer needs, or a killed append left behind."""
    files = {block[part]["file"] for block in manifest["blocks"] for part in ("ids", "starts")}
    files.add(manifest["vocabulary"]["file"])
    for path in list(folder.iterdir()):
        if path.name not in files and OURS.fullmatch(path.name):
            path.unlink()


def _check_numbers(counts: np.ndarray, vocabulary: Vocabulary) -> None:
    if not counts[: vocabulary.size].any():
        raise UselessTextError(
            "the text has no number token",
            expected=f"integers 0 to {vocabulary.size - 1}",
            got=f"{int(counts.sum()):,} tokens, {int(counts[vocabulary.size]):,} of them other "
            "numbers",
            remedy="check the text and the numeral scheme",
        )


def _write_vocabulary(folder: Path, vocabulary: Vocabulary) -> dict[str, str]:
    arrays = vocabulary.to_arrays()
    name = f"vocabulary-{content_hash(*arrays.values())}.npz"
    # Compressing it would take a twentieth of the time for 77 MB of text.
    save_npz(
        folder / name,
        kind="vocabulary",
        version=VERSION,
        header={},
        arrays=arrays,
        compress=False,
    )
    return {"file": name, "fingerprint": vocabulary.fingerprint}
