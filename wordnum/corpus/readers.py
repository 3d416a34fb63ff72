"""Documents of files that hold records: JSON lines, Parquet, Wikipedia dumps, datasets."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from typing import IO, Any

from wordnum._compat import require
from wordnum.corpus.sources import Part
from wordnum.corpus.streams import Skips, is_remote, open_bytes, open_raw
from wordnum.errors import InputError, WordnumError

__all__ = ["records"]

_LINE_LIMIT = 2**30


def records(part: Part, skips: Skips) -> Iterator[str]:
    """Documents of one file of records; what cannot be used is counted in `skips`.

    Raises
    ------
    InputError
        The file is damaged, has no such field, or holds an unusable record while `part.strict`.
    """
    readers = {"jsonl": _jsonl, "parquet": _parquet, "wikipedia": _wikipedia, "hf": _dataset}
    for text, place in readers[part.reader](part, skips):
        if isinstance(text, str):
            try:
                text.encode()
            except UnicodeEncodeError:
                _skip(part, skips, "text with half a surrogate pair", place)
                continue
            yield text
        else:
            _skip(part, skips, f"no text in {part.field or 'text'!r}", place)


def _skip(part: Part, skips: Skips, reason: str, place: str) -> None:
    if part.strict:
        raise InputError(
            f"a record cannot be used: {reason}",
            where=f"{part.path}, {place}",
            remedy="mend the file, or read without strict to skip and count such records",
        )
    skips.add(part.path, reason, place)


def _jsonl(part: Part, skips: Skips) -> Iterator[tuple[object, str]]:
    field = part.field or "text"
    keys: set[str] = set()
    found = used = number = 0
    with open_bytes(part.path) as file:
        while line := file.readline(_LINE_LIMIT):
            number += 1
            place = f"line {number}"
            if len(line) == _LINE_LIMIT:
                raise InputError("a JSON line is over 1 GB", where=f"{part.path}, {place}")
            if not line.strip():
                continue
            found += 1
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                _skip(part, skips, "not JSON", place)
                continue
            if isinstance(record, dict) and field in record:
                used += 1
                yield record[field], place
            else:
                keys.update(list(record)[:20] if isinstance(record, dict) else [])
                _skip(part, skips, f"no field {field!r}", place)
    if found and not used:
        raise InputError(
            f"no line of the file is JSON with the field {field!r}",
            got="the fields " + ", ".join(sorted(keys)[:20]) if keys else "no JSON object",
            where=part.path,
            remedy="name the field that holds the text",
        )


def _parquet(part: Part, skips: Skips) -> Iterator[tuple[object, str]]:
    parquet = require("pyarrow.parquet", purpose="reading Parquet")
    column = part.field or "text"
    remote = None
    try:
        if is_remote(part.path):
            remote = _seekable(part.path)
        elif not os.path.exists(part.path):
            raise InputError(f"no such file: {part.path}", remedy="check the path")
        file = parquet.ParquetFile(remote or part.path)
        names = file.schema_arrow.names
        if column not in names:
            raise InputError(
                f"the Parquet file has no column {column!r}",
                got="the columns " + ", ".join(names),
                where=part.path,
                remedy="name the column that holds the text",
            )
        row = 0
        for batch in file.iter_batches(batch_size=1024, columns=[column]):
            for text in batch.column(0).to_pylist():
                row += 1
                yield text, f"row {row}"
    except WordnumError:
        raise
    except Exception as error:
        raise InputError(
            "the Parquet file cannot be read",
            got=_one_line(error),
            where=part.path,
            remedy="fetch or make the file again",
        ) from error
    finally:
        if remote is not None:
            remote.close()


def _seekable(address: str) -> IO[bytes]:
    """Open an address to jump about in; what can only be read through is copied to disk first."""
    remote = open_raw(address)
    try:
        remote.seek(0, os.SEEK_END)
        remote.seek(0)
        return remote
    except OSError:
        remote.close()
    copy = tempfile.TemporaryFile()  # noqa: SIM115
    try:
        with open_raw(address) as remote:
            shutil.copyfileobj(remote, copy)
    except BaseException:
        copy.close()
        raise
    copy.seek(0)
    return copy


def _wikipedia(part: Part, skips: Skips) -> Iterator[tuple[object, str]]:
    """Articles of a MediaWiki XML dump, found and freed of markup by gensim."""
    from xml.etree.ElementTree import ParseError

    from gensim.corpora.wikicorpus import extract_pages, filter_wiki

    with open_bytes(part.path) as file:
        pages = extract_pages(file, filter_namespaces=("0",))
        while True:
            try:
                page = next(pages, None)
            except (ParseError, SyntaxError) as error:
                raise InputError(
                    "the file is not a whole MediaWiki XML dump",
                    got=str(error),
                    where=part.path,
                    remedy="fetch the dump again",
                ) from error
            if page is None:
                return
            title, markup, _ = page
            if markup and not markup.lstrip()[:9].upper().startswith("#REDIRECT"):
                # gensim leaves the marks of bold and italic type.
                yield re.sub("'{2,}", "", filter_wiki(markup)), f"article {title!r}"


def _dataset(part: Part, skips: Skips) -> Iterator[tuple[object, str]]:
    """Rows of a dataset by the datasets library, streamed: hf:owner/name[:config][#split]."""
    datasets = require("datasets", purpose="reading hf:owner/name")
    name, _, split = part.path.removeprefix("hf:").partition("#")
    path, config = name, None
    if not os.path.exists(name):
        path, _, config = name.partition(":")
    column = part.field or "text"
    try:
        rows: Any = datasets.load_dataset(
            path, config or None, split=split or "train", streaming=True
        )
        for number, row in enumerate(rows, 1):
            if column not in row:
                raise InputError(
                    f"the dataset has no column {column!r}",
                    got="the columns " + ", ".join(row),
                    where=part.path,
                    remedy="name the column that holds the text",
                )
            yield row[column], f"row {number}"
    except WordnumError:
        raise
    except Exception as error:
        raise InputError(
            "the dataset cannot be read",
            expected="hf:owner/name, with :configuration and #split when there are several",
            got=_one_line(error),
            where=part.path,
        ) from error


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
