"""Which files a source means: paths, folders, globs, addresses, and how to read each."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from wordnum.corpus.streams import COMPRESSED, Skips, is_remote, ranges
from wordnum.errors import InputError, UsageError

__all__ = ["ERRORS", "READERS", "SEPARATORS", "Part", "check_options", "find_parts"]

READERS = ("auto", "text", "jsonl", "parquet", "wikipedia", "hf")
SEPARATORS = ("blank", "line", "file")
ERRORS = ("strict", "replace")
_SUFFIXES = {
    "text": (".txt", ".text", ""),
    "jsonl": (".jsonl", ".ndjson", ".json"),
    "parquet": (".parquet",),
    "wikipedia": (".xml",),
}


@dataclass(frozen=True)
class Part:
    """A file, or a range of one that begins at a document border, and how to read it.

    Attributes
    ----------
    path : str
        File, address, or "-" for standard input.
    reader : str
        One of `READERS` but auto.
    field : str or None
        Field of JSON lines or column of Parquet; None is "text".
    separator : str
        What ends a document in plain text.
    errors : str
        Bytes that are not UTF-8 are an error ("strict") or become U+FFFD ("replace").
    strict : bool
        Records that cannot be used are errors instead of counted skips.
    begin, end : int, int or None
        Range of bytes, of plain files only.
    """

    path: str
    reader: str
    field: str | None = None
    separator: str = "blank"
    errors: str = "strict"
    strict: bool = False
    begin: int = 0
    end: int | None = None


def find_parts(
    source: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    reader: str = "auto",
    field: str | None = None,
    separator: str = "blank",
    errors: str = "strict",
    strict: bool = False,
    skips: Skips | None = None,
    cut: bool = False,
) -> list[Part]:
    """Files of a source, in order: those of folders and globs by the bytes of their names.

    Parameters
    ----------
    source : path or sequence of paths
        Files, folders, globs, addresses (s3://, hf:owner/name), "-" for standard input.
    reader, field, separator, errors, strict
        See `Part`; the reader "auto" goes by the suffix of each file.
    skips : Skips, optional
        Gets what was found and not taken.
    cut : bool
        Cut large plain files into ranges.

    Raises
    ------
    InputError
        Something is missing, or a folder has nothing readable.
    UsageError
        An unknown reader, separator or way with errors.
    """
    check_options(reader=reader, separator=separator, errors=errors)
    skips = skips if skips is not None else Skips()
    sources = [source] if isinstance(source, (str, os.PathLike)) else list(source)
    if not sources:
        raise InputError("no source given", expected="files, folders, globs or addresses")
    base = Part("", "", field=field, separator=separator, errors=errors, strict=strict)
    parts: list[Part] = []
    for item in sources:
        for path in _files(os.fspath(item), reader, skips):
            part = replace(base, path=path, reader=_reader(path, reader))
            if cut and part.reader == "text" and part.errors == "strict":
                parts += [
                    replace(part, begin=begin, end=end) for begin, end in ranges(path, separator)
                ]
            else:
                parts.append(part)
    return parts


def check_options(*, reader: str, separator: str, errors: str) -> None:
    """Refuse a reader, separator or way with errors that does not exist."""
    for name, value, known in (
        ("reader", reader, READERS),
        ("separator", separator, SEPARATORS),
        ("errors", errors, ERRORS),
    ):
        if value not in known:
            raise UsageError(f"unknown {name} {value!r}", expected=", ".join(known))


def _plain_suffix(path: str) -> str:
    name = Path(path).name.lower()
    for compressed in COMPRESSED:
        name = name.removesuffix(compressed)
    # Dumps come as pages-articles1.xml-p1p41242.bz2, too.
    return ".xml" if re.search(r"\.xml(-p\d+.*)?$", name) else Path(name).suffix


def _reader(path: str, reader: str) -> str:
    if path.startswith("hf:"):
        return "hf"
    if reader != "auto":
        return reader
    suffix = _plain_suffix(path)
    return next((name for name, known in _SUFFIXES.items() if suffix in known), "text")


def _files(item: str, reader: str, skips: Skips) -> Iterator[str]:
    if item == "-" or item.startswith("hf:") or is_remote(item) or reader == "hf":
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
            expected="a file, a folder, a glob, an address such as s3://… or hf:owner/name, or -",
            remedy="check the path",
        )


def _folder(folder: str, reader: str, skips: Skips) -> list[str]:
    """Readable files below a folder; links that loop or lead out of it are not followed."""
    known = _SUFFIXES.get(reader) or tuple(s for suffixes in _SUFFIXES.values() for s in suffixes)
    root = os.path.realpath(folder)
    visited = {root}
    found: list[str] = []
    others: set[str] = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        kept = []
        for name in sorted(folders, key=os.fsencode):
            path = os.path.join(place, name)
            target = os.path.realpath(path)
            if name.startswith("."):
                continue
            if target in visited or not _inside(target, root):
                skips.add(path, "link that loops or leads out of the folder", target)
                continue
            visited.add(target)
            kept.append(name)
        folders[:] = kept
        for name in files:
            path = os.path.join(place, name)
            if name.startswith("."):
                continue
            if not _inside(os.path.realpath(path), root) or not os.path.isfile(path):
                skips.add(path, "link that leads out of the folder, or no file", "")
            elif _plain_suffix(path) in known:
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
