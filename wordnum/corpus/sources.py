"""Which files the paths of a source mean, in which parts they are read, and by which reader."""

from __future__ import annotations

import glob
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from wordnum.config import one_of
from wordnum.corpus.formats import READERS, by_name, plain_suffix, recognise
from wordnum.corpus.readers import Reader
from wordnum.corpus.streams import (
    COMPRESSED,
    RANGE,
    Skips,
    identity,
    is_compressed,
    is_remote,
    ranges,
    read_blocks,
    without_compression,
)  # fmt: skip
from wordnum.corpus.text_readers import TextReader
from wordnum.errors import InputError, UsageError
from wordnum.provenance import content_hash

_FILES = 1000  # in one part, at most
# What stands beside the texts of a data set, and is about them.
_ABOUT = re.compile(
    r"(readme|licen[cs]e|citation)(\.\w+)?$|(dataset_infos?|dataset_dict|state)\.json$",
    re.IGNORECASE,
)
Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


@dataclass(frozen=True)
class Part:
    """What one worker reads: some small files, a file, or a range of one.

    Attributes
    ----------
    files : tuple of str
        Files, an address, or "-" for standard input.
    reader : Reader
        How they become documents.
    states : tuple
        Size, time and number of each file when it was found; None for what has none.
    begin, end : int, int or None
        Range of bytes of a plain file, from one document border to another.
    """

    files: tuple[str, ...]
    reader: Reader
    states: tuple[list[int] | None, ...]
    begin: int = 0
    end: int | None = None

    def documents(self, skips: Skips) -> Iterator[str]:
        """Documents of the files, one after the other.

        Raises
        ------
        InputError
            As `Reader.read`; or a file has changed since it was found.
        """
        for path in self._unchanged():
            yield from self.reader.read(path, skips)

    def blocks(self, skips: Skips) -> Iterator[tuple[str, int, Iterator[bytes]]]:
        """Path, first byte and bytes of each file of plain text; it raises as `documents` does."""
        reader = cast("TextReader", self.reader)
        for path in self._unchanged():
            yield path, self.begin, reader.blocks(path, skips, begin=self.begin, end=self.end)

    def _unchanged(self) -> Iterator[str]:
        for path, state in zip(self.files, self.states, strict=True):
            for when in ("before", "while"):
                if state != identity(path):
                    raise InputError(
                        f"the file has changed {when} it was read",
                        expected="a file that stays as it is while it is encoded",
                        where=path,
                        remedy="encode again when nothing writes to it",
                    )
                if when == "before":
                    yield path

    @property
    def lasting(self) -> bool:
        """Whether any process can read it, and again: not standard input or a pipe."""
        return all(
            state is not None or is_remote(path)
            for path, state in zip(self.files, self.states, strict=True)
        )

    @cached_property
    def key(self) -> str:
        """Hash of all that the documents depend on."""
        return content_hash(self.files, self.reader, self.states, self.begin, self.end)

    def describe(self) -> list[dict[str, Any]]:
        """What a manifest says of each file."""
        return [
            {
                "path": path,
                "reader": self.reader.name,
                "bytes": state[0] if state else None,
                "modified_ns": state[1] if state else None,
                "range": [self.begin, self.end] if self.end or self.begin else None,
            }
            for path, state in zip(self.files, self.states, strict=True)
        ]


@dataclass(frozen=True)
class HeldDocuments(Part):
    """Documents in memory."""

    texts: Iterable[str] = ()

    def documents(self, skips: Skips) -> Iterator[str]:
        """Each of them, if it is a text."""
        for number, text in enumerate(self.texts, 1):
            try:
                text.encode()
            except (AttributeError, UnicodeEncodeError) as error:
                raise InputError(
                    "a document cannot be used",
                    expected="str, without halves of surrogate pairs",
                    got=f"{type(text).__name__}: {error}",
                    where=f"document {number}",
                ) from error
            yield self.reader.without_nuls(text, self.files[0], f"document {number}", skips)


def find_parts(
    paths: Paths, *, reader: str = "auto", options: Reader, skips: Skips, cut: bool = True
) -> list[Part]:
    """Parts of a source, in order: files of folders and globs by the bytes of their names.

    Parameters
    ----------
    paths : path or sequence of paths
        Files, folders, globs, addresses (s3://), "-" for standard input.
    reader : str
        One of `READERS`, or "auto".
    options : Reader
        How documents are found, whatever the format.
    skips : Skips
        Gets what was found and not taken.
    cut : bool
        Cut large plain files into ranges. Small files come together in any case. The parts depend
        on the files alone.

    Raises
    ------
    InputError
        Something is missing, or a folder has nothing readable.
    UsageError
        There is no such reader.
    """
    one_of(reader, ["auto", *READERS], what="reader")
    sources = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    if not sources:
        raise InputError("no source given", expected="files, folders, globs or addresses")
    found = (path for item in sources for path in _files(_path(item), reader, skips))
    parts: list[Part] = []
    room = 0
    for path in _once(found, skips):
        state = identity(path)
        size = state[0] * (4 if is_compressed(path) else 1) if state else RANGE + 1
        kind, encoding = recognise(path, reader)
        how = kind(**{**options.__dict__, "encoding": encoding})
        _tell_kind(path, kind, encoding, reader, skips)
        # A worker may have started in another folder.
        part = Part((os.path.abspath(path) if state else path,), how, (state,))
        if parts and size <= room and parts[-1].reader == how:
            last = parts[-1]
            parts[-1] = replace(
                last, files=last.files + part.files, states=last.states + part.states
            )
            room = room - size if len(parts[-1].files) < _FILES else -1
        elif cut and size > RANGE and isinstance(how, TextReader) and how.as_it_is:
            for begin, end in ranges(part.files[0], how.separator, RANGE):
                parts.append(replace(part, begin=begin, end=end))
            room = -1
        else:
            parts.append(part)
            room = RANGE - size
    return parts


def _tell_kind(path: str, kind: type[Reader], encoding: str, reader: str, skips: Skips) -> None:
    """Say what a file was taken for, if its name does not say it."""
    suffix = plain_suffix(path)
    if reader == "auto" and suffix not in kind.suffixes and kind is not by_name(path):
        remark = f"read as {kind.title}, by its content (--reader text reads it as prose)"
        skips.add(path, remark, count=0)
    if encoding not in ("utf-8", "utf-8-sig"):
        skips.add(path, f"read as {encoding.upper()}, by its first bytes", count=0)


def _once(paths: Iterable[str], skips: Skips) -> Iterator[str]:
    """Each text once: not by another way to the same file, nor packed beside itself."""
    files: dict[object, str] = {}
    unpacked: dict[str, str] = {}
    for path in paths:
        state = _device_and_number(path)
        twin = files.get(state or path)
        name = os.path.abspath(without_compression(path))
        if twin is None and state and name in unpacked and same_text(path, unpacked[name]):
            twin = unpacked[name]
        if twin is None:
            files[state or path] = path
            unpacked.setdefault(name, path)
            yield path
        else:
            skips.add(path, "the same text as another file, read once", twin, count=0)


def _device_and_number(path: str) -> tuple[int, int] | None:
    """What a file has in common with all links to it; None if it is none."""
    try:
        about = os.stat(path)
    except (OSError, ValueError):
        return None
    return about.st_dev, about.st_ino


def same_text(path: str, other: str) -> bool:
    """Whether two files hold the same bytes, once they are decompressed."""
    try:
        first, second = (hashlib.blake2b() for _ in range(2))
        for name, digest in ((path, first), (other, second)):
            for block in read_blocks(name):
                digest.update(block)
    except InputError:
        return False
    return first.digest() == second.digest()


def _path(item: Any) -> str:
    try:
        path = os.fspath(item)
    except TypeError as error:
        raise UsageError(
            "a source is a path",
            got=f"{type(item).__name__} {item!r:.40}",
            remedy="for documents in memory call encode_documents",
        ) from error
    return os.fsdecode(path)


def _files(item: str, reader: str, skips: Skips) -> Iterator[str]:
    if item == "-" or is_remote(item):
        yield item
    elif os.path.isdir(item):
        yield from _folder(item, reader, skips)
    elif os.path.exists(item):
        yield item
    elif glob.has_magic(item):
        found = [path for path in glob.glob(item, recursive=True) if os.path.isfile(path)]
        if not found:
            raise InputError(f"no file matches {item}", remedy="check the pattern")
        for path in sorted(found, key=os.fsencode):
            if _loops(path):
                skips.add(item, "link that loops", path)
            else:
                yield path
    else:
        raise InputError(
            f"no such file or folder: {item}",
            expected="a file, a folder, a glob, an address such as s3://…, or -",
            remedy="check the path",
        )


def _folder(folder: str, reader: str, skips: Skips) -> list[str]:
    """Readable files below a folder; links that loop or lead out of it are not followed."""
    kinds = [READERS[reader]] if reader != "auto" else list(READERS.values())
    known = [suffix for kind in kinds for suffix in kind.suffixes]
    root = os.path.realpath(folder)
    found: list[str] = []
    others: set[str] = set()
    for parent, folders, files in os.walk(folder):
        for name in folders:
            path = os.path.join(parent, name)
            if os.path.islink(path) and not name.startswith("."):
                skips.add(path, "link to a folder", os.path.realpath(path))
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            path = os.path.join(parent, name)
            if name.startswith("."):
                continue
            if _ABOUT.match(name):
                skips.add(folder, "files about the texts, not read", path)
                continue
            out = os.path.islink(path) and not _inside(os.path.realpath(path), root)
            if out or not os.path.isfile(path):
                skips.add(path, "link that leads out of the folder, or no file", "")
            elif plain_suffix(path) in known:
                found.append(path)
            else:
                others.add(Path(path).suffix)
                skips.add(folder, "files of other kinds, by suffix", path)
    if not found:
        raise InputError(
            f"nothing readable in the folder {folder}",
            expected="files such as " + ", ".join(s for s in known if s) + ", plain or with "
            "one of " + ", ".join(COMPRESSED),
            got="files with " + ", ".join(sorted(others)) if others else "no files",
            remedy="name the files themselves to read them whatever their suffix",
        )
    return sorted(found, key=lambda path: os.fsencode(os.path.relpath(path, folder)))


def _loops(path: str) -> bool:
    """Whether the way to a file goes through the same folder twice, by a link."""
    folders = [os.path.realpath(folder) for folder in Path(path).absolute().parents]
    return len(set(folders)) < len(folders)


def _inside(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)
