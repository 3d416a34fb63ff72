"""Embedding: one vector per number, whatever made them, with all that the measures need to know."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from wordnum.embeddings.replicates import Replicates
from wordnum.errors import FormatError, InputError
from wordnum.provenance import content_hash, jsonable
from wordnum.storage import atomic_path, load_npz, save_npz

__all__ = ["Embedding", "as_embedding"]

_KIND = "embedding"
_VERSION = 2


@dataclass(frozen=True, eq=False, repr=False)
class Embedding:
    """Vectors of the numbers that are present, out of 0..size-1.

    Parameters
    ----------
    vectors : array of shape (n, d)
        Row i is the vector of ``numbers[i]``; real and finite. float32 and float64 are kept,
        float16 becomes float32, integers become float64.
    numbers : array of int of shape (n,), optional
        The numbers present; 0..n-1 when left out. Given out of order, rows are sorted by it.
    size : int
        N: how many numbers there are in all. Numbers that are not present are `missing`.
    counts : array of shape (n,), optional
        How often each number was seen.
    replicates : Replicates
        The same model fitted on half-samples of the documents, or under other seeds; intervals
        come from them.
    n_documents : int, optional
        Documents behind the counts; None where the vectors do not come from a corpus of ours.
    flags : sequence of str
        What a reader must be told beside every result, such as ``"ordinals-kept"``.
    name : str
        What made the vectors, such as ``"svd"`` or a file name.
    provenance : mapping
        Versions, parameters and hashes.

    Raises
    ------
    InputError
        Shapes that do not fit, NaN or infinity, a number twice or outside 0..size-1.

    Examples
    --------
    >>> e = Embedding([[1.0, 2.0], [3.0, 4.0]], [7, 3], size=10)
    >>> e.numbers, e.vectors[0], e.dim
    (array([3, 7]), array([3., 4.]), 2)
    >>> e.missing
    array([0, 1, 2, 4, 5, 6, 8, 9])
    """

    vectors: np.ndarray
    numbers: np.ndarray = None  # type: ignore[assignment]
    _: KW_ONLY
    size: int = 1000
    counts: np.ndarray | None = None
    replicates: Replicates = field(default_factory=Replicates)
    n_documents: int | None = None
    flags: tuple[str, ...] = ()
    name: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        vectors = _checked_vectors(self.vectors)
        given = np.arange(len(vectors)) if self.numbers is None else np.asarray(self.numbers)
        numbers = _checked_numbers(given, rows=len(vectors), size=self.size)
        counts = None if self.counts is None else np.asarray(self.counts)
        if counts is not None and counts.shape != numbers.shape:
            raise InputError(
                "counts do not fit the vectors",
                expected=f"{len(numbers)} counts, one per number present",
                got=f"an array of shape {counts.shape}",
            )
        order = np.argsort(numbers, kind="stable")
        if np.any(order[1:] < order[:-1]):
            vectors, numbers = vectors[order], numbers[order]
            counts = None if counts is None else counts[order]
        values = {
            "vectors": vectors,
            "numbers": numbers,
            "counts": counts,
            "size": int(self.size),
            "flags": tuple(dict.fromkeys(self.flags)),
            "provenance": dict(self.provenance),
        }
        for key, value in values.items():
            object.__setattr__(self, key, value)
        others = {e.size for _, each in self.replicates for e in each} - {self.size}
        if others:
            raise InputError(
                "replicates do not fit the embedding",
                expected=f"embeddings of size {self.size}",
                got=f"size {min(others)}",
            )

    def __repr__(self) -> str:
        parts = [f"{len(self)} of {self.size} numbers", f"dim {self.dim}"]
        if self.replicates:
            parts.append(f"{len(self.replicates)} {self.replicates.kind}")
        if self.flags:
            parts.append("flags " + ", ".join(self.flags))
        return f"<Embedding {self.name or 'unnamed'}: {'; '.join(parts)}>"

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def dim(self) -> int:
        """Dimensions of a vector, d."""
        return int(self.vectors.shape[1])

    @property
    def missing(self) -> np.ndarray:
        """Numbers of 0..size-1 that have no vector, ascending."""
        return np.setdiff1d(np.arange(self.size), self.numbers)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the vectors, numbers and counts, with those of the replicates."""
        counts = np.empty(0) if self.counts is None else self.counts
        parts = [[i, *(e.fingerprint for e in each)] for i, each in self.replicates]
        return content_hash(self.vectors, self.numbers, counts, [self.size, *parts])

    def select(self, numbers: Sequence[int] | np.ndarray) -> Embedding:
        """Keep these numbers only; the replicates keep those of them that they have.

        A replicate that has none of them is left out.

        Raises
        ------
        InputError
            A number is not present; the message names it.

        Examples
        --------
        >>> Embedding([[1.0], [2.0], [3.0]], size=3).select([0, 2]).vectors.ravel()
        array([1., 3.])
        """
        wanted = np.unique(np.asarray(numbers, dtype=np.int64))
        absent = np.setdiff1d(wanted, self.numbers)
        if absent.size or not wanted.size:
            raise InputError(
                "cannot select these numbers",
                expected="numbers that have a vector",
                got=f"without one: {_some(absent)}" if absent.size else "no number",
                remedy="intersect with embedding.numbers first",
            )
        chosen = self._among(wanted)
        assert chosen is not None
        return replace(chosen, replicates=self.replicates.map(lambda e: e._among(wanted)))

    def _among(self, wanted: np.ndarray) -> Embedding | None:
        keep = np.isin(self.numbers, wanted)
        if not keep.any():
            return None
        counts = None if self.counts is None else self.counts[keep]
        return Embedding(
            self.vectors[keep],
            self.numbers[keep],
            size=self.size,
            counts=counts,
            n_documents=self.n_documents,
            flags=self.flags,
            name=self.name,
            provenance=self.provenance,
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write one .npz with vectors, counts and replicates; `load` brings all of it back.

        Examples
        --------
        >>> import tempfile, pathlib
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> path = Embedding([[1.0], [2.0]], size=2, name="tiny").save(folder / "tiny.npz")
        >>> Embedding.load(path)
        <Embedding tiny: 2 of 2 numbers; dim 1>
        """
        arrays = dict(self._arrays(""))
        for i, each in self.replicates:
            for side, embedding in zip("ab", each):
                arrays.update(embedding._arrays(f"replicate_{i}_{side}_"))
        header = {
            "size": self.size,
            "n_documents": self.n_documents,
            "flags": list(self.flags),
            "name": self.name,
            "replicates": {
                "kind": self.replicates.kind,
                "ids": self.replicates.ids,
                "names": [[e.name for e in each] for _, each in self.replicates],
            },
            "provenance": jsonable(self.provenance),
        }
        # Not compressed: floats shrink by a tenth and take fifty times as long.
        return save_npz(
            path, kind=_KIND, version=_VERSION, header=header, arrays=arrays, compress=False
        )

    def _arrays(self, prefix: str) -> Iterator[tuple[str, np.ndarray]]:
        yield prefix + "vectors", self.vectors
        yield prefix + "numbers", self.numbers
        if self.counts is not None:
            yield prefix + "counts", self.counts

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Embedding:
        """Read a file of `save`.

        Raises
        ------
        InputError, FormatError
            No such file; not an embedding of ours; arrays that do not fit each other.
        """
        header, arrays = load_npz(path, kind=_KIND, version=_VERSION)

        def one(prefix: str, **more: Any) -> Embedding:
            return cls(
                arrays[prefix + "vectors"],
                arrays[prefix + "numbers"],
                size=header["size"],
                counts=arrays.get(prefix + "counts"),
                **more,
            )

        try:
            kept = header["replicates"]
            each = [
                [one(f"replicate_{i}_{side}_", name=name) for side, name in zip("ab", names)]
                for i, names in zip(kept["ids"], kept["names"], strict=True)
            ]
            made = each if kept["kind"] == "half-samples" else [e for (e,) in each]
            more = {key: header[key] for key in ("n_documents", "flags", "name", "provenance")}
            return one("", replicates=Replicates(kept["kind"], kept["ids"], tuple(made)), **more)
        except (KeyError, InputError) as error:
            raise FormatError(
                f"{path} does not hold a usable embedding",
                got=str(error),
                remedy="make the file again",
            ) from error

    def to_word2vec(self, path: str | os.PathLike[str], *, binary: bool = False) -> Path:
        """Write the vectors in the word2vec format, numbers spelled in decimal.

        Parameters
        ----------
        path : path-like
            The file to write.
        binary : bool
            The binary variant, which is float32; text keeps every digit.

        Examples
        --------
        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "vectors.txt"
        >>> print(Embedding([[1.5, -2.0]], [7]).to_word2vec(path).read_text(), end="")
        1 2
        7 1.5 -2.0
        """
        path = Path(path)
        with atomic_path(path) as temporary, open(temporary, "wb") as file:
            file.write(f"{len(self)} {self.dim}\n".encode())
            for number, vector in zip(self.numbers.tolist(), self.vectors, strict=True):
                if binary:
                    row = vector.astype("<f4").tobytes()
                else:
                    row = " ".join(str(x) for x in vector).encode()
                file.write(f"{number} ".encode() + row + b"\n")
        return path

    @classmethod
    def from_keyed_vectors(cls, vectors: Any, *, size: int = 1000, name: str = "") -> Embedding:
        """Take the numbers' vectors out of a gensim KeyedVectors (or anything that quacks so).

        Parameters
        ----------
        vectors : gensim.models.KeyedVectors
            Needs ``key_to_index`` and ``vectors``. Numbers are found under their usual
            spellings, see `wordnum.embeddings.spelling`. Those of a FastText model with character
            n-grams are flagged "subwords".
        size : int
            N: numbers 0..N-1 are looked for.
        name : str
            Name of the embedding.

        Raises
        ------
        InputError
            No number is among the keys, or the object has no such attributes.
        """
        from wordnum.embeddings.spelling import rows_of_numbers

        try:
            keys, matrix = vectors.key_to_index, vectors.vectors
        except AttributeError as error:
            raise InputError(
                "this object is not a gensim KeyedVectors",
                expected="attributes key_to_index and vectors",
                got=type(vectors).__name__,
                remedy="pass model.wv of a gensim model, or its KeyedVectors",
            ) from error
        numbers, rows = rows_of_numbers(keys.items(), size=size, where="the KeyedVectors")
        spelled = getattr(vectors, "bucket", 0) and vectors.max_n >= vectors.min_n
        flags = ("subwords",) if spelled else ()
        return cls(matrix[rows], numbers, size=size, name=name or "keyed-vectors", flags=flags)


def as_embedding(value: Any) -> Embedding:
    """Return an Embedding as it is; take row n of a plain (n, d) array as the vector of number n.

    Examples
    --------
    >>> as_embedding([[1.0], [2.0]]).size
    2
    """
    if isinstance(value, Embedding):
        return value
    vectors = _checked_vectors(value)
    return Embedding(vectors, size=len(vectors), name="array")


def _checked_vectors(given: Any) -> np.ndarray:
    try:
        vectors = np.asarray(given)
    except (ValueError, TypeError) as error:
        raise InputError("vectors cannot be read as a matrix", got=str(error)) from error
    if vectors.ndim != 2 or vectors.shape[0] < 1 or vectors.shape[1] < 1:
        raise InputError(
            "vectors must be a matrix",
            expected="shape (n, d) with n >= 1 numbers and d >= 1 dimensions",
            got=f"shape {vectors.shape}",
        )
    if vectors.dtype.kind not in "fiu":
        raise InputError(
            "vectors must be real numbers",
            expected="float or integer entries",
            got=f"dtype {vectors.dtype}",
            remedy="split complex vectors into real and imaginary columns",
        )
    if vectors.dtype not in (np.float32, np.float64):
        vectors = vectors.astype(np.float32 if vectors.dtype == np.float16 else np.float64)
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        row = int(np.argmin(finite))
        column = int(np.argmin(np.isfinite(vectors[row])))
        raise InputError(
            "vectors hold NaN or infinity",
            expected="finite entries",
            got=f"{vectors[row, column]} in {int((~finite).sum())} of {len(vectors)} rows",
            where=f"first in row {row}, column {column}",
            remedy="drop these rows and name the rest with numbers=",
        )
    return vectors


def _checked_numbers(numbers: np.ndarray, *, rows: int, size: int) -> np.ndarray:
    if numbers.shape != (rows,) or numbers.dtype.kind not in "iu":
        raise InputError(
            "numbers do not fit the vectors",
            expected=f"{rows} integers, one per row",
            got=f"an array of shape {numbers.shape} and dtype {numbers.dtype}",
        )
    numbers = numbers.astype(np.int64)
    outside = numbers[(numbers < 0) | (numbers >= size)]
    if outside.size:
        raise InputError(
            "a number lies outside the range",
            expected=f"0..{size - 1} (size={size})",
            got=_some(outside),
            remedy="pass the size= that the numbers were encoded with",
        )
    values, times = np.unique(numbers, return_counts=True)
    if (times > 1).any():
        raise InputError(
            "a number occurs twice",
            expected="every number once",
            got=_some(values[times > 1]),
        )
    return numbers


def _some(numbers: np.ndarray, limit: int = 8) -> str:
    shown = ", ".join(str(number) for number in numbers[:limit].tolist())
    return shown + (f" and {numbers.size - limit} more" if numbers.size > limit else "")
