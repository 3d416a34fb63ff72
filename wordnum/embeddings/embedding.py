"""Embedding: one vector per number, whatever made them, with all that the measures need to know."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wordnum._compat import require
from wordnum.embeddings.number_spellings import find_numbers
from wordnum.embeddings.replicates import Replicates
from wordnum.embeddings.vector_checks import checked_numbers, checked_vectors, some
from wordnum.errors import FormatError, InputError, MissingNumberError
from wordnum.provenance import content_hash, jsonable
from wordnum.showing import Shown
from wordnum.storage import load_npz, save_npz

if TYPE_CHECKING:
    import pandas as pd

_KIND = "embedding"
_VERSION = 2
_ARRAYS = ("vectors", "numbers", "counts")
_HEADER = ("size", "n_documents", "flags", "name")


@dataclass(frozen=True, eq=False, repr=False)
class Embedding(Shown):
    """Vectors of the numbers that are present, out of 0..size-1.

    Parameters
    ----------
    vectors : array of shape (n, d), DataFrame or KeyedVectors
        Row i is the vector of ``numbers[i]``; real and finite. float32 and float64 are kept,
        float16 becomes float32, integers become float64. A copy is kept, which is read-only.
    numbers : array of int of shape (n,), optional
        The numbers present. Left out, they are the index of a DataFrame, the keys of KeyedVectors
        that are numbers, and 0..n-1 for an array. Given out of order, rows are sorted by it.
    size : int, optional
        N: how many numbers there are in all. Numbers that are not present are `missing`. Left
        out, it is the rows of an array without `numbers`, else 1000.
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
    MissingNumberError
        Asked for a number that has no vector; also a KeyError.

    Examples
    --------
    >>> e = Embedding([[1.0, 2.0], [3.0, 4.0]], [7, 3], size=10)
    >>> e.numbers, e[3], e.dim
    (array([3, 7]), array([3., 4.]), 2)
    >>> 7 in e, 8 in e, list(e)
    (True, False, [3, 7])
    >>> e.missing
    array([0, 1, 2, 4, 5, 6, 8, 9])
    """

    vectors: np.ndarray
    numbers: np.ndarray = None  # type: ignore[assignment]
    size: int = None  # type: ignore[assignment]
    _: KW_ONLY
    counts: np.ndarray | None = None
    replicates: Replicates = field(default_factory=Replicates)
    n_documents: int | None = None
    flags: tuple[str, ...] = ()
    name: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given, numbers, flags = self.vectors, self.numbers, tuple(self.flags)
        if numbers is None:
            given, numbers, more = _named(self.vectors, self.size)
            flags += more
        vectors = checked_vectors(given)
        size = self.size
        if size is None:
            size = len(vectors) if numbers is None else 1000
        numbers = np.arange(len(vectors)) if numbers is None else np.asarray(numbers)
        numbers = checked_numbers(numbers, rows=len(vectors), size=size)
        counts = None if self.counts is None else np.asarray(self.counts)
        if counts is not None and counts.shape != numbers.shape:
            expected = f"{len(numbers)} counts, one per number present"
            got = f"an array of shape {counts.shape}"
            raise InputError("counts do not fit the vectors", expected=expected, got=got)
        order = np.argsort(numbers, kind="stable")
        for name, array in {"vectors": vectors, "numbers": numbers, "counts": counts}.items():
            if array is not None:
                array = array.take(order, axis=0)
                array.flags.writeable = False
            object.__setattr__(self, name, array)
        object.__setattr__(self, "size", int(size))
        object.__setattr__(self, "flags", tuple(dict.fromkeys(map(str, flags))))
        object.__setattr__(self, "provenance", dict(self.provenance))
        others = {e.size for _, each in self.replicates for e in each} - {self.size}
        if others:
            expected, got = f"embeddings of size {self.size}", f"size {min(others)}"
            raise InputError("replicates do not fit the embedding", expected=expected, got=got)

    def __repr__(self) -> str:
        parts = [f"{len(self)} of {self.size} numbers", f"dim {self.dim}"]
        if self.replicates:
            parts.append(f"{len(self.replicates)} {self.replicates.kind}")
        if self.flags:
            parts.append("flags " + ", ".join(self.flags))
        return f"<Embedding {self.name or 'unnamed'}: {'; '.join(parts)}>"

    def _facts(self) -> dict[str, Any]:
        made = self.provenance.get("embed", {}).get("parameters", {})
        origin = {"read from": self.provenance["file"]} if "file" in self.provenance else {}
        if made:
            origin = {"made by": ", ".join(f"{k} {v}" for k, v in made.items() if v is not None)}
        return {
            "numbers": f"{len(self)} of 0..{self.size - 1}",
            "dimensions": self.dim,
            **origin,
            "replicates": f"{len(self.replicates)} {self.replicates.kind}"
            if self.replicates
            else "none, so no intervals of kappa",
            "flags": ", ".join(self.flags) or "none",
        }

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[int]:
        """Yield the numbers present, ascending."""
        return iter(self.numbers.tolist())

    def __contains__(self, number: object) -> bool:
        return bool(np.any(self.numbers == number))

    def __getitem__(self, number: int | Sequence[int]) -> np.ndarray:
        """Vector of a number, shape (d,), or of several, one row each."""
        return self.vectors[self._rows(number)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.vectors, dtype=dtype, copy=copy)

    def _rows(self, numbers: Any) -> np.ndarray:
        wanted = np.asarray(numbers)
        integers = wanted.size and wanted.dtype.kind in "iu"
        absent = np.setdiff1d(wanted, self.numbers) if integers else wanted
        if absent.size or not integers:
            raise MissingNumberError(
                "cannot select these numbers",
                expected="an integer that has a vector, or a list of them: e[7], e[[7, 8]]",
                got=f"without one: {some(absent)}" if integers else f"{numbers!r:.60}",
                remedy="embedding.numbers are those that have one",
            )
        return np.searchsorted(self.numbers, wanted)

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers present and dimensions, (n, d)."""
        return len(self), self.dim

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
        MissingNumberError
            A number is not present; the message names it.

        Examples
        --------
        >>> Embedding([[1.0], [2.0], [3.0]], size=3).select([0, 2]).vectors.ravel()
        array([1., 3.])
        """
        self._rows(numbers)
        return replace(
            self._among(numbers), replicates=self.replicates.map(lambda e: e._among(numbers))
        )

    def _among(self, numbers: Any) -> Any:
        keep = np.isin(self.numbers, numbers)
        counts = None if self.counts is None else self.counts[keep]
        if not keep.any():
            return None
        vectors, numbers = self.vectors[keep], self.numbers[keep]
        return replace(
            self, vectors=vectors, numbers=numbers, counts=counts, replicates=Replicates()
        )

    def most_similar(self, number: int | Sequence[int], topn: int = 10) -> list[tuple[int, float]]:
        """Return the numbers nearest by cosine, nearest first, as gensim does.

        Parameters
        ----------
        number : int or sequence of int
            Of several, the mean of their unit vectors is compared; they are left out themselves.
        topn : int
            How many.

        Returns
        -------
        list of (int, float)
            Numbers and their cosines; that of a zero vector is 0.

        Examples
        --------
        >>> Embedding([[1.0, 0.0], [0.0, 2.0], [3.0, 3.0]]).most_similar(1, topn=1)
        [(2, 0.70710678...)]
        """
        rows = np.atleast_1d(self._rows(number))
        unit = _unit(self.vectors.astype(np.float64))
        cosines = unit @ _unit(unit[rows].mean(axis=0))
        order = np.argsort(-cosines, kind="stable")
        order = order[~np.isin(order, rows)][:topn]
        return list(zip(self.numbers[order].tolist(), cosines[order].tolist()))

    def similarity(self, one: int, other: int) -> float:
        """Cosine of the vectors of two numbers; 0 where one of them is zero."""
        return float(np.vdot(*_unit(self[[one, other]].astype(np.float64))))

    def to_frame(self) -> pd.DataFrame:
        """Table with a row per number, which its index holds, and a column per dimension.

        Examples
        --------
        >>> Embedding([[1.0, 2.0]], [7]).to_frame()
                  0    1
        number
        7       1.0  2.0
        """
        import pandas as pd

        return pd.DataFrame(self.vectors.copy(), index=pd.Index(self.numbers, name="number"))

    def to_keyed_vectors(self) -> Any:
        """Return gensim KeyedVectors whose keys are the numbers in decimal, with their counts.

        Its ``save_word2vec_format(PATH, binary=...)`` writes a word2vec file.

        Raises
        ------
        MissingExtraError
            gensim is not installed.
        """
        gensim = require("gensim.models", purpose="to_keyed_vectors")
        keyed = gensim.KeyedVectors(self.dim, dtype=self.vectors.dtype)
        keyed.add_vectors([str(number) for number in self], self.vectors.copy())
        for number, count in zip(self, [] if self.counts is None else self.counts.tolist()):
            keyed.set_vecattr(str(number), "count", count)
        return keyed

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
        arrays = self._arrays("")
        for i, each in self.replicates:
            for side, embedding in zip("ab", each):
                arrays.update(embedding._arrays(f"replicate_{i}_{side}_"))
        header = {key: getattr(self, key) for key in _HEADER}
        header["provenance"] = jsonable(self.provenance)
        header["replicates"] = {
            "kind": self.replicates.kind,
            "ids": self.replicates.ids,
            "names": [[e.name for e in each] for _, each in self.replicates],
        }
        # Not compressed: floats shrink by a tenth and take fifty times as long.
        return save_npz(
            path, kind=_KIND, version=_VERSION, header=header, arrays=arrays, compress=False
        )

    def _arrays(self, prefix: str) -> dict[str, np.ndarray]:
        arrays = {prefix + key: getattr(self, key) for key in _ARRAYS}
        return {name: array for name, array in arrays.items() if array is not None}

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
            given: dict[str, Any] = {key: arrays.get(prefix + key) for key in _ARRAYS}
            return cls(**given, size=header["size"], **more)

        try:
            kept = header["replicates"]
            each = [
                [one(f"replicate_{i}_{side}_", name=name) for side, name in zip("ab", names)]
                for i, names in zip(kept["ids"], kept["names"], strict=True)
            ]
            made = each if kept["kind"] == "half-samples" else [e for (e,) in each]
            more = {key: header[key] for key in (*_HEADER[1:], "provenance")}
            return one("", replicates=Replicates(kept["kind"], kept["ids"], tuple(made)), **more)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            message = f"{path} does not hold a usable embedding"
            raise FormatError(message, got=str(error), remedy="make the file again") from error


def as_embedding(value: Any) -> Embedding:
    """Return the Embedding of anything that holds vectors of numbers.

    Parameters
    ----------
    value : Embedding, KeyedVectors, DataFrame or array of shape (n, d)
        An Embedding is returned as it is. Of gensim's KeyedVectors the keys are the numbers, of a
        DataFrame its index, unless that is pandas' own 0..n-1; row n of an array is number n.

    Raises
    ------
    InputError
        It is none of these, or does not name each number once.

    Examples
    --------
    >>> as_embedding([[1.0], [2.0]]).size
    2
    """
    return value if isinstance(value, Embedding) else Embedding(value, name=type(value).__name__)


def _named(value: Any, size: int | None) -> tuple[Any, np.ndarray | None, tuple[str, ...]]:
    """Vectors, numbers and flags of what names its rows; the numbers of an array are None."""
    where = f"the {type(value).__name__}"
    if isinstance(value, Embedding):
        return value.vectors, value.numbers, value.flags
    if hasattr(value, "key_to_index"):
        found = find_numbers(value.key_to_index.items(), size=size or 1000, where=where)
        subwords = getattr(value, "bucket", 0) and value.max_n >= value.min_n
        return value.vectors[found.rows], found.numbers, ("subwords",) if subwords else ()
    if not hasattr(value, "iloc"):
        return value, None, ()
    if value.ndim == 2 and "number" in value:
        remedy = 'frame.set_index("number") first'
        raise InputError(f"{where} holds its numbers in a column", remedy=remedy)
    if type(value.index).__name__ == "RangeIndex" and value.index[:2].tolist() in ([0], [0, 1]):
        return value, None, ()
    if value.index.dtype.kind in "iu":
        return value, value.index.to_numpy(), ()
    if value.index.dtype.kind == "f":  # what pandas makes of numbers beside a missing one
        floats = value.index.to_numpy(dtype=float, na_value=np.nan)
        broken = floats[floats % 1 != 0]
        if broken.size:
            message, remedy = f"the index of {where} holds floats that are no numbers", "drop these"
            raise InputError(message, expected="whole ones", got=some(broken), remedy=remedy)
        return value, floats.astype(np.int64), ()
    tokens = zip(map(str, value.index), range(len(value)))
    found = find_numbers(tokens, size=size or 1000, where=f"the index of {where}")
    return value.iloc[found.rows], found.numbers, ()


def _unit(vectors: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(norms > 0, norms, 1)
