"""The encoded corpus: token ids in blocks of whole documents, on disk or in memory."""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from wordnum.corpus.blocks import (
    Block,
    array_hash,
    block_borders,
    check_arrays,
    damaged,
    map_array,
)  # fmt: skip
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import FormatError, InputError, UsageError
from wordnum.provenance import content_hash
from wordnum.showing import Shown, most_frequent
from wordnum.storage import load_npz, read_failure

VERSION = 1
BLOCKS = 20
MANIFEST = "manifest.json"
# Files of a corpus beside its manifest.
OURS = re.compile(r"block-\d{5,}\.(ids|starts)\.npy|vocabulary-[0-9a-f]{16}\.npz")


class EncodedCorpus(Shown):
    """Token ids of a corpus in blocks of whole documents.

    Open one with `open`, make one from text with `wordnum.corpus.encoding.encode`, or by hand with
    `from_arrays`.

    Attributes
    ----------
    vocabulary : Vocabulary
        With the count of every id in this corpus.
    numerals : NumeralScheme
        The scheme the text was read with.
    n_tokens, n_documents, n_blocks : int
        Sizes.
    flags : tuple of str
        What every result made from this corpus has to say about itself.
    manifest : dict
        How the corpus was made: source, parameters, versions, skips, hashes.
    path : Path or None
        The folder; None in memory.

    Examples
    --------
    >>> corpus = EncodedCorpus.from_arrays([1002, 7, 1002, 8], [0, 2, 4],
    ...                                    Vocabulary.from_words(["page"]))
    >>> corpus.n_documents, [block.ids.tolist() for block in corpus.blocks()]
    (2, [[1002, 7], [1002, 8]])
    """

    def __init__(
        self,
        blocks: Sequence[Block] | None,
        *,
        vocabulary: Vocabulary,
        flags: tuple[str, ...] = (),
        manifest: dict[str, Any] | None = None,
        path: Path | None = None,
    ) -> None:
        self._blocks = blocks
        self._checked: set[int] = set()
        self.vocabulary = vocabulary
        self.flags = tuple(flags)
        self.manifest = manifest or {}
        self.path = path
        if blocks is not None:
            self._sizes = [(len(block.ids), len(block.starts) - 1) for block in blocks]
        else:
            self._sizes = [(b["n_tokens"], b["n_documents"]) for b in self.manifest["blocks"]]

    @classmethod
    def from_arrays(
        cls,
        ids: Sequence[int] | np.ndarray,
        document_starts: Sequence[int] | np.ndarray,
        vocabulary: Vocabulary,
        n_blocks: int = BLOCKS,
        flags: tuple[str, ...] = (),
    ) -> EncodedCorpus:
        """Make a corpus in memory; the vocabulary gets the counts of these ids.

        Parameters
        ----------
        ids : array-like of int, shape (n_tokens,)
            Token ids, below len(vocabulary).
        document_starts : array-like of int, shape (n_documents + 1,)
            Where each document begins; the last entry is n_tokens. Empty documents are dropped.
        vocabulary : Vocabulary
            What the ids mean.
        n_blocks : int
            At most so many blocks, balanced by tokens; never more than documents.
        flags : tuple of str
            Added to the flags of the numerals.

        Raises
        ------
        InputError
            No tokens, ids outside the vocabulary, or borders out of order.
        """
        raw = np.asarray(ids)
        if raw.dtype.kind not in "iu" and raw.size:
            raise InputError("ids are integers", got=f"an array of {raw.dtype}")
        starts = np.asarray(document_starts, dtype=np.int64)
        if raw.ndim != 1 or not len(raw):
            raise InputError("a corpus needs tokens", got=f"ids of shape {raw.shape}")
        check_arrays(raw, starts, len(vocabulary))
        array = np.ascontiguousarray(raw, dtype=np.uint32)
        starts = np.unique(starts)
        whole = Block(0, array, starts, first_document=0, first_token=0)
        borders = itertools.pairwise(block_borders(starts, n_blocks))
        blocks = [whole.documents(first, last, index=b) for b, (first, last) in enumerate(borders)]
        counts = np.bincount(array, minlength=len(vocabulary))
        flags = tuple(dict.fromkeys([*vocabulary.numerals.flags, *flags]))
        return cls(blocks, vocabulary=vocabulary.with_counts(counts), flags=flags)

    @classmethod
    def open(cls, path: str | os.PathLike[str], verify: bool = False) -> EncodedCorpus:
        """Open a corpus folder; the ids stay on disk.

        Parameters
        ----------
        path : path-like
            A folder written by `encode`.
        verify : bool
            Read everything once and compare the hashes.

        Raises
        ------
        InputError
            There is no such folder.
        FormatError
            Not a corpus, another format version, or a file is missing, cut or altered.
        """
        folder = Path(path)
        manifest = _read_manifest(folder)
        entry = manifest["vocabulary"]
        _, arrays = load_npz(folder / entry["file"], kind="vocabulary", version=VERSION)
        vocabulary = Vocabulary.from_arrays(arrays, where=str(folder))
        if vocabulary.fingerprint != entry["fingerprint"]:
            raise damaged(folder / entry["file"], "its words are not those of the manifest")
        corpus = cls(
            None,
            vocabulary=vocabulary,
            flags=tuple(manifest["flags"]),
            manifest=manifest,
            path=folder,
        )
        for entry, mapped in zip(manifest["blocks"], map(corpus._map, range(corpus.n_blocks))):
            for part, array in zip(("ids", "starts"), mapped):
                if verify and array_hash(array) != entry[part]["sha256"]:
                    raise damaged(
                        folder / entry[part]["file"], "its hash is not that of the manifest"
                    )
        return corpus

    def __repr__(self) -> str:
        place = f" at {self.path}" if self.path else ""
        return (
            f"EncodedCorpus({self.n_tokens:,} tokens, {self.n_documents:,} documents, "
            f"{self.n_blocks} blocks{place})"
        )

    def _facts(self) -> dict[str, Any]:
        numbers = self.number_counts
        n_numbers = int(numbers.sum())
        words = self.vocabulary.counts[self.vocabulary.first_word :]
        return {
            "tokens": f"{self.n_tokens:,}",
            "documents": f"{self.n_documents:,} in {self.n_blocks} blocks",
            "numbers": f"{n_numbers:,}, {np.count_nonzero(numbers)} of {len(numbers)} distinct",
            "most frequent": most_frequent(range(len(numbers)), numbers),
            "words": f"{len(self.vocabulary.words):,}",
            "most frequent words": most_frequent(self.vocabulary.words, words),
            "numerals": f"{self.numerals.kind}, ordinals {self.numerals.ordinals}",
        }

    def __getstate__(self) -> dict[str, Any]:
        # A worker maps the folder itself: only the way to it travels.
        if self.path is None:
            return dict(self.__dict__)
        return {"path": self.path.absolute(), "_checked": self._checked}

    def __setstate__(self, state: dict[str, Any]) -> None:
        if "manifest" not in state:
            self.__dict__.update(EncodedCorpus.open(state["path"]).__dict__)
            state = {"_checked": state["_checked"]}
        self.__dict__.update(state)

    @property
    def numerals(self) -> NumeralScheme:
        """The scheme the text was read with."""
        return self.vocabulary.numerals

    @property
    def n_tokens(self) -> int:
        """Tokens in all."""
        return sum(tokens for tokens, _ in self._sizes)

    @property
    def n_documents(self) -> int:
        """Documents in all."""
        return sum(documents for _, documents in self._sizes)

    @property
    def n_blocks(self) -> int:
        """Blocks, each of whole documents."""
        return len(self._sizes)

    @property
    def number_counts(self) -> np.ndarray:
        """Occurrences of the numbers 0..N-1, int64, shape (N,)."""
        return self.vocabulary.counts[: self.vocabulary.size]

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the content: vocabulary, ids and document borders."""
        if self._blocks is None:
            hashes = [(b["ids"]["sha256"], b["starts"]["sha256"]) for b in self.manifest["blocks"]]
        else:
            hashes = [(array_hash(b.ids), array_hash(b.starts)) for b in self._blocks]
        return content_hash(self.vocabulary.fingerprint, self.flags, hashes)

    def block(self, index: int) -> Block:
        """Block `index`, memory-mapped when the corpus is on disk."""
        if not 0 <= index < self.n_blocks:
            raise InputError(f"no block {index}", expected=f"0..{self.n_blocks - 1}")
        if self._blocks is not None:
            return self._blocks[index]
        ids, starts = self._map(index)
        if index not in self._checked:
            try:
                check_arrays(ids, starts, len(self.vocabulary))
            except InputError as error:
                raise damaged(Path(str(ids.filename)), error.message) from error
            self._checked.add(index)
        return Block(
            index=index,
            ids=ids,
            starts=np.array(starts),
            first_document=sum(documents for _, documents in self._sizes[:index]),
            first_token=sum(tokens for tokens, _ in self._sizes[:index]),
        )

    def _map(self, index: int) -> tuple[np.memmap, np.memmap]:
        assert self.path is not None
        entry, (n_tokens, n_documents) = self.manifest["blocks"][index], self._sizes[index]
        return (
            map_array(self.path / entry["ids"]["file"], "<u4", n_tokens),
            map_array(self.path / entry["starts"]["file"], "<i8", n_documents + 1),
        )

    def blocks(self) -> Iterator[Block]:
        """All blocks, in order."""
        return (self.block(index) for index in range(self.n_blocks))

    def in_memory(self) -> EncodedCorpus:
        """Make the same corpus with all ids in memory, so that its folder may go."""
        blocks = [
            replace(block, ids=np.array(block.ids), starts=np.array(block.starts))
            for block in self.blocks()
        ]
        return EncodedCorpus(
            blocks, vocabulary=self.vocabulary, flags=self.flags, manifest=self.manifest
        )


def as_corpus(corpus: EncodedCorpus | str | os.PathLike[str]) -> EncodedCorpus:
    """Return a corpus itself, or open the folder of one."""
    if isinstance(corpus, EncodedCorpus):
        return corpus
    if not isinstance(corpus, (str, os.PathLike)):
        raise UsageError(
            "this is no corpus",
            expected="an encoded corpus, or the folder of one",
            got=f"{corpus!r:.80}",
            remedy="texts become a corpus by wn.encode or wn.encode_documents",
        )
    return EncodedCorpus.open(corpus)


def _read_manifest(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise InputError(
            f"no such corpus: {folder}",
            expected="a folder written by `wordnum encode`",
            got="a file" if folder.exists() else "nothing of that name",
            remedy="encode the text first",
        )
    place = folder / MANIFEST
    try:
        manifest = json.loads(place.read_text(encoding="utf-8"))
        kind, version = manifest["kind"], manifest["version"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
            raise read_failure(place, error) from error
        raise FormatError(
            f"{folder} is not an encoded corpus",
            expected=f"a folder with a {MANIFEST} written by `wordnum encode`",
            got=f"{type(error).__name__}: {error}",
            remedy="encode the text first",
        ) from error
    if kind != "corpus" or version != VERSION:
        raise FormatError(
            f"{folder} holds {kind} of format version {version}",
            expected=f"corpus of version {VERSION}",
            remedy="encode the text again with this version of wordnum, or upgrade wordnum",
        )
    if manifest.pop("checksum", None) != content_hash(manifest):
        raise damaged(place, "its checksum does not hold")
    try:
        files = [manifest["vocabulary"]["file"]]
        for block in manifest["blocks"]:
            files += [block["ids"]["file"], block["starts"]["file"]]
            if min(block["n_tokens"] + 0, block["n_documents"] - 1) < 0:
                raise ValueError("a block of no size")
        # A name that leads out of the folder is none of ours.
        known = {"flags", "parameters", "source"} <= manifest.keys() and len(files) > 1
        if not known or not all(OURS.fullmatch(name) for name in files):
            raise ValueError("names that are missing, or of no corpus")
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(place, f"it does not say what the folder holds: {error}") from error
    return manifest
