"""A text to encode: files, or documents in memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from wordnum.corpus.sources import Part, check_options, find_parts
from wordnum.corpus.streams import Skips, is_remote
from wordnum.errors import UsageError

__all__ = ["Paths", "Text", "find_text", "hold_documents"]

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


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


def find_text(paths: Paths, *, reader: str, separator: str, errors: str, **options: Any) -> Text:
    """Find the files that paths mean; a worker may have started in another folder."""
    check_options(reader=reader, separator=separator, errors=errors)
    skips = Skips()
    parts = find_parts(
        paths, reader=reader, separator=separator, errors=errors, skips=skips, cut=True, **options
    )
    here = [
        replace(p, path=os.path.abspath(p.path)) if os.path.exists(p.path) else p for p in parts
    ]
    return Text(here, skips)


def hold_documents(documents: Iterable[str]) -> Text:
    """Take documents that are in memory."""
    if isinstance(documents, (str, bytes, os.PathLike)) or not isinstance(documents, Iterable):
        raise UsageError(
            "documents are an iterable of str",
            got=f"{type(documents).__name__} {documents!r:.40}",
            remedy="put a single document into a list; for files call encode",
        )
    return Text([Part("<memory>", "text")], Skips(), documents)
