"""Blocks: whole documents of a corpus as arrays of ids, on disk or in memory."""

from __future__ import annotations

import hashlib
import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wordnum.errors import FormatError, InputError
from wordnum.storage import DAMAGE, read_failure

# Positions within a document are 32-bit integers where pairs are counted.
LONGEST = 2**31 - 1


@dataclass(frozen=True)
class Block:
    """Contiguous whole documents of a corpus.

    A block of a corpus on disk travels to a worker as a reference to the file of its ids, which
    the worker must see under the same path.

    Attributes
    ----------
    index : int
        Which block of the corpus.
    ids : ndarray of uint32, shape (n_tokens,)
        Token ids; memory-mapped where the corpus is on disk.
    starts : ndarray of int64, shape (n_documents + 1,)
        Where each document begins in `ids`; the last entry is len(ids).
    first_document, first_token : int
        Ordinals in the whole corpus of the first document and token.
    n_documents : int
        Documents that have a token; of a perturbed block, whose `starts` are the borders of
        segments, still those.
    """

    index: int
    ids: np.ndarray
    starts: np.ndarray
    first_document: int
    first_token: int
    n_documents: int = -1

    def __post_init__(self) -> None:
        if self.n_documents < 0:
            object.__setattr__(self, "n_documents", len(self.starts) - 1)

    def documents(self, first: int, last: int, *, index: int) -> Block:
        """Documents `first` to `last`, which is not among them, as a block of their own."""
        begin, end = int(self.starts[first]), int(self.starts[last])
        return Block(
            index=index,
            ids=self.ids[begin:end],
            starts=self.starts[first : last + 1] - begin,
            first_document=self.first_document + int(first),
            first_token=self.first_token + begin,
        )

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        if isinstance(self.ids, np.memmap):
            state["ids"] = _reference(self.ids)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        ids = state["ids"]
        self.__dict__.update(state, ids=_mapped(*ids) if isinstance(ids, tuple) else ids)


def block_borders(starts: np.ndarray, n_blocks: int) -> np.ndarray:
    """Documents at which blocks begin (last entry: n_documents), balanced by tokens.

    Examples
    --------
    >>> block_borders(np.array([0, 5, 6, 7, 10]), 2).tolist()
    [0, 1, 4]
    """
    n_documents = len(starts) - 1
    n_blocks = max(1, min(n_blocks, n_documents))
    borders = [0]
    for b in range(1, n_blocks):
        goal = starts[-1] * b / n_blocks
        nearest = int(np.searchsorted(starts, goal))
        if nearest and goal - starts[nearest - 1] <= starts[nearest] - goal:
            nearest -= 1
        # Every block keeps at least one document, however long some are.
        borders.append(min(max(nearest, borders[-1] + 1), n_documents - (n_blocks - b)))
    return np.array([*borders, n_documents], dtype=np.int64)


def array_hash(array: np.ndarray) -> str:
    """SHA-256 of the bytes of an array."""
    return hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()


def _reference(ids: np.memmap) -> tuple[str, int, int]:
    """File, offset and length of a part of a mapped file (`offset` of a slice is its parent's)."""
    whole = np.frombuffer(ids._mmap, dtype=np.uint8)  # type: ignore[attr-defined]
    skipped = ids.offset - ids.offset % mmap.ALLOCATIONGRANULARITY
    return str(ids.filename), skipped + ids.ctypes.data - whole.ctypes.data, ids.size


def _mapped(file: str, offset: int, size: int) -> np.ndarray:
    try:
        return np.memmap(file, dtype=np.uint32, mode="r", offset=offset, shape=(size,))
    except (OSError, ValueError) as error:
        raise InputError(
            "a worker cannot read the corpus",
            got=f"{type(error).__name__}: {error}",
            where=file,
            remedy="keep the corpus folder where all workers see it under the same path",
        ) from error


def map_array(path: Path, dtype: str, length: int) -> np.memmap:
    """Map the one array of a file, which must be of that type and length."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError as error:
        raise damaged(path, "it is missing") from error
    except OSError as error:
        raise read_failure(path, error) from error
    except DAMAGE as error:
        raise damaged(path, f"{type(error).__name__}: {error}") from error
    if array.dtype.str != dtype or array.shape != (length,):
        raise damaged(path, f"{array.dtype} of shape {array.shape}, not {dtype} ({length},)")
    return array


def check_arrays(ids: np.ndarray, starts: np.ndarray, n_ids: int) -> None:
    """Refuse ids without a meaning, and documents that do not fit them."""
    if len(ids) and (ids.min() < 0 or ids.max() >= n_ids):
        raise InputError(
            "ids outside the vocabulary",
            expected=f"0..{n_ids - 1}",
            got=f"{ids.min()}..{ids.max()}",
        )
    steps = np.diff(starts)
    if not len(starts) or starts[0] != 0 or starts[-1] != len(ids) or (steps < 0).any():
        expected, got = f"non-decreasing from 0 to {len(ids)}", np.array2string(starts, threshold=8)
        raise InputError("document_starts does not fit the ids", expected=expected, got=got)
    check_lengths(starts)


def check_lengths(starts: np.ndarray) -> None:
    """Refuse documents of more tokens than positions have numbers."""
    steps = np.diff(starts)
    if len(steps) and steps.max() > LONGEST:
        raise InputError(
            f"a document has {steps.max():,} tokens",
            expected=f"at most {LONGEST:,}",
            remedy="separate it into documents (--separator line)",
        )


def damaged(place: Path, problem: str) -> FormatError:
    """Build the error for a file of a corpus that is not as it was written."""
    return FormatError(
        "the corpus is damaged",
        got=problem,
        where=str(place),
        remedy="encode the text again, or fetch the folder again",
    )
