"""What a source given to `encode` means: files, or documents in memory."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from wordnum.corpus.sources import Part, check_options, find_parts
from wordnum.corpus.streams import Skips, is_remote
from wordnum.errors import UsageError

__all__ = ["Source", "Text", "resolve"]

Source = str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | Iterable[str]
# No white space, and a slash, a pattern or the suffix of a file.
_LIKE_A_PATH = re.compile(r"\S*([/*?]|\.[A-Za-z]\w{1,7}$)\S*")


@dataclass(frozen=True)
class Text:
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

    def state(self) -> list[float | None]:
        """When each part was changed last."""
        paths = [part.path for part in self.parts]
        return [os.path.getmtime(path) if os.path.isfile(path) else None for path in paths]

    @property
    def lasting(self) -> bool:
        """Whether any process can read it, and again: not memory, standard input or a pipe."""
        return self.texts is None and all(
            os.path.isfile(part.path) or part.reader == "hf" or is_remote(part.path)
            for part in self.parts
        )


def resolve(source: Source, *, reader: str, separator: str, errors: str, **options: Any) -> Text:
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
        return Text([memory], skips, source)  # type: ignore[arg-type]
    parts = find_parts(
        source,  # type: ignore[arg-type]
        reader=reader,
        separator=separator,
        errors=errors,
        skips=skips,
        cut=True,
        **options,
    )
    # A worker may have started in another folder.
    here = [
        replace(p, path=os.path.abspath(p.path)) if os.path.exists(p.path) else p for p in parts
    ]
    return Text(here, skips)


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
