"""Of what format a file is: by its first bytes, and by its name where those say nothing."""

from __future__ import annotations

import re
from pathlib import Path

from wordnum.corpus.csv_reader import CsvReader
from wordnum.corpus.json_readers import JsonLinesReader, JsonReader
from wordnum.corpus.readers import Head, Reader
from wordnum.corpus.streams import COMPRESSED, HEAD, read_head
from wordnum.corpus.table_readers import ArrowReader, ParquetReader
from wordnum.corpus.text_encodings import find_encoding
from wordnum.corpus.text_readers import DocReader, GutenbergReader, TextReader
from wordnum.corpus.wikipedia import WikipediaReader
from wordnum.errors import InputError

# In the order in which they look at the beginning of a file.
READERS: dict[str, type[Reader]] = {
    kind.name: kind
    for kind in (
        ParquetReader, ArrowReader, WikipediaReader, DocReader, JsonLinesReader, JsonReader,
        CsvReader, GutenbergReader, TextReader,
    )
}  # fmt: skip
# What is no text at all, by how it begins.
_NO_TEXT = {
    b"\x1f\x8b\x08": ("gzip", "give it the suffix .gz"),
    b"BZh": ("bzip2", "give it the suffix .bz2"),
    b"\xfd7zXZ\0": ("xz", "give it the suffix .xz"),
    b"\x28\xb5\x2f\xfd": ("zstandard", "give it the suffix .zst"),
    b"PK\x03\x04": ("ZIP, as .docx and .epub are", "name the files that are in it, as plain text"),
    b"%PDF-": ("PDF", "make plain text of it, for example with pdftotext"),
    b"SQLite format 3\0": ("SQLite", "write its table to a CSV file"),
    b"version https://git-lfs": ("a pointer of Git LFS", "fetch what it stands for: git lfs pull"),
}


def recognise(path: str, reader: str = "auto") -> tuple[type[Reader], str]:
    """Reader of a file and the encoding of its text, by its content, then by its name.

    Parameters
    ----------
    path : str
        File, address or "-".
    reader : str
        Name of the reader, if it is known.

    Raises
    ------
    InputError
        It is packed, but not called so, or no text at all.
    """
    data = read_head(path)
    for magic, (what, remedy) in _NO_TEXT.items():
        if reader == "auto" and data.startswith(magic):
            raise InputError(
                f"the file is {what}, and is not read as text", where=path, remedy=remedy
            )
    encoding = find_encoding(data)
    if reader != "auto":
        return READERS[reader], encoding
    text = data.decode(encoding, "ignore").lstrip("\0")
    head = Head(data, text, whole=len(data) < HEAD)
    found = [kind for kind in READERS.values() if kind.sniff(head)]
    return found[0] if found else by_name(path), encoding


def by_name(path: str) -> type[Reader]:
    """Reader of what a file should be by its suffix."""
    suffix = plain_suffix(path)
    return next((kind for kind in READERS.values() if suffix in kind.suffixes), TextReader)


def plain_suffix(path: str) -> str:
    """Suffix of a file's name, in small letters, before those of compression.

    Examples
    --------
    >>> plain_suffix("dump/pages.JSONL.gz"), plain_suffix("pages-articles1.xml-p1p41242.bz2")
    ('.jsonl', '.xml')
    """
    name = Path(path).name.lower()
    for compressed in COMPRESSED:
        name = name.removesuffix(compressed)
    # Dumps come as pages-articles1.xml-p1p41242.bz2, too.
    return ".xml" if re.search(r"\.xml(-p\d+.*)?$", name) else Path(name).suffix
