"""Checking what wordnum wrote: corpora, counts, embeddings and studies, to the last bit."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from wordnum.errors import FormatError, InputError, WordnumError
from wordnum.storage import npz_kind


def verify(path: str | os.PathLike[str]) -> dict[str, str]:
    """Read everything in a file or folder of ours and check it against its checksums.

    Parameters
    ----------
    path : path-like
        A file of counts or of an embedding, an encoded corpus, or the folder of a study with all
        that it has cached. The page and the figures of a study have no checksum and are left out.

    Returns
    -------
    dict of str to str
        What is wrong with each file or folder that was checked; empty where nothing is.

    Raises
    ------
    InputError
        There is nothing of ours at `path`.

    Examples
    --------
    >>> import wordnum as wn
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     texts = wn.SyntheticCorpus(n_documents=5)
    ...     _ = wn.encode_documents(texts, f"{folder}/mine.corpus")
    ...     list(verify(f"{folder}/mine.corpus").values())
    ['']
    """
    found: dict[str, str] = {}
    for place, check in _checks(Path(path)):
        try:
            check(place)
            found[str(place)] = ""
        except WordnumError as error:
            found[str(place)] = error.got or error.message
    if not found:
        raise InputError(
            f"nothing of wordnum's in {path}",
            expected="a file or folder that wordnum wrote",
            remedy="check the path",
        )
    return found


def _checks(path: Path) -> Iterator[tuple[Path, Callable[[Path], Any]]]:
    """Files and folders of ours at a path, each with what checks it."""
    if (path / "manifest.json").is_file():
        from wordnum.corpus.encoded_corpus import EncodedCorpus

        yield path, lambda folder: EncodedCorpus.open(folder, verify=True)
    elif path.is_dir():
        for inside in sorted(path.iterdir()):
            yield from _checks(inside)
        if (path / "study.json").is_file():
            yield path / "table.csv", lambda _: _compare_tables(path)
    elif path.suffix == ".npz":
        yield path, _load
    elif path.suffix == ".json":
        from wordnum.studies.records import read_record

        yield path, read_record


def _load(path: Path) -> Any:
    from wordnum.cooccurrence.counts import Counts
    from wordnum.cooccurrence.expectations import ExpectedCounts
    from wordnum.cooccurrence.word_counts import WordCounts
    from wordnum.embeddings.embedding import Embedding

    kinds: dict[str | None, Any] = {
        "counts": Counts,
        "word-counts": WordCounts,
        "expected-counts": ExpectedCounts,
        "embedding": Embedding,
    }
    kind = npz_kind(path)
    if kind not in kinds:
        raise FormatError(f"{path} is damaged, or none of ours", got=f"kind {kind}")
    return kinds[kind].load(path)


def _compare_tables(folder: Path) -> None:
    """Make the tables of a study again from its records: they are to be the same bytes."""
    from wordnum.studies.results import StudyResults

    with tempfile.TemporaryDirectory() as again:
        for part in ("study.json", "attribution.json", "words.json"):
            if (folder / part).is_file():
                shutil.copy(folder / part, again)
        shutil.copytree(folder / "runs", Path(again, "runs"))
        StudyResults.open(again).write_tables()
        for made in sorted({*Path(again).glob("*.csv"), *Path(again).glob("*.parquet")}):
            there = folder / made.name
            if not there.is_file() or there.read_bytes() != made.read_bytes():
                raise FormatError(
                    f"{there} is not what the records say", got=f"another {made.name}"
                )
