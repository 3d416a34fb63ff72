"""Weightings: what a count becomes before it is factorized, all of them sparse.

With counts ``n_ij``, their sum n, row shares ``p_i``, context shares ``p_j`` (raised to the power
`smoothing` and normalised again) and ``p_ij = n_ij / n``:

=============  =========================================================  =================
name           entry                                                      where nothing was seen
=============  =========================================================  =================
raw            n_ij                                                       0
log            log(1 + n_ij)                                              0
conditional    n_ij / sum_j n_ij                                          0
hellinger      (n_ij / sum_j n_ij) ^ power / p_j ^ mass, power = 1/2      0
pmi            log(p_ij / (p_i p_j)) - shift                              0 (by convention)
ppmi           max(pmi, 0)                                                0
qwem           2 (p_ij - k p_i p_j) / (p_ij + k p_i p_j), k = exp(shift)  -2
=============  =========================================================  =================

Sources: Levy, Goldberg and Dagan 2015 (PPMI, shift, context distribution smoothing); Lebret and
Collobert 2014 (Hellinger PCA); Greenacre 2010, "Power transformations in correspondence analysis"
(from Hellinger, mass 0, to the chi-square distance, power 1 and mass 1/2); Karkada et al. 2025,
"Closed-form training dynamics reveal learned features and linear structure in word2vec-like
models" (the quadratic target of word2vec).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from scipy import sparse

from wordnum.backend import Backend, get_backend
from wordnum.config import one_of
from wordnum.errors import InputError, UsageError

WEIGHTINGS = ("raw", "log", "conditional", "hellinger", "pmi", "ppmi", "qwem")


@dataclass(frozen=True)
class Weighting:
    """A weighting with its parameters.

    Parameters
    ----------
    kind : str
        One of `WEIGHTINGS`.
    shift : float
        Natural logarithm of the number of negative samples, for pmi, ppmi and qwem.
    smoothing : float
        Exponent of the context distribution, for pmi, ppmi and qwem (0.75 in word2vec).
    power : float
        Exponent of the conditional probability, for hellinger.
    mass : float
        Exponent of the context shares that hellinger is divided by: rare contexts weigh more.

    Raises
    ------
    UsageError
        Unknown kind, or a parameter out of its range.

    Examples
    --------
    >>> Weighting.parse("ppmi:smoothing=0.75")
    Weighting(kind='ppmi', shift=0.0, smoothing=0.75, power=0.5, mass=0.0)
    >>> Weighting.parse("ppmi:smoothing=0.75").name
    'ppmi:smoothing=0.75'
    """

    kind: str = "hellinger"
    shift: float = 0.0
    smoothing: float = 1.0
    power: float = 0.5
    mass: float = 0.0

    def __post_init__(self) -> None:
        one_of(self.kind, WEIGHTINGS, what="weighting")
        shares = all(0 <= value <= 1 for value in (self.smoothing, self.mass, self.power))
        if not (math.isfinite(self.shift) and shares and self.power):
            raise UsageError(
                f"the weighting {self.name} is out of range",
                expected="shift finite, smoothing and mass in 0..1, power above 0 and up to 1",
            )

    @property
    def name(self) -> str:
        """The string that `parse` reads back: the kind, and what differs from the defaults."""
        parts = [
            f"{f.name}={getattr(self, f.name):g}"
            for f in fields(self)
            if f.name != "kind" and getattr(self, f.name) != f.default
        ]
        return self.kind + (":" + ",".join(parts) if parts else "")

    @classmethod
    def parse(cls, text: str | Weighting) -> Weighting:
        """Read ``kind`` or ``kind:parameter=value,...``; a Weighting passes through."""
        if isinstance(text, Weighting):
            return text
        kind, _, tail = str(text).partition(":")
        values: dict[str, float] = {}
        for part in filter(None, tail.split(",")):
            key, _, value = part.partition("=")
            try:
                if key not in ("shift", "smoothing", "power", "mass"):
                    raise ValueError(key)
                values[key] = float(value)
            except ValueError:
                raise UsageError(
                    f"cannot read the weighting {text!r}",
                    expected="kind:shift=NUMBER,smoothing=NUMBER,power=NUMBER,mass=NUMBER",
                    got=part,
                ) from None
        return cls(kind, **values)


@dataclass(frozen=True, eq=False)
class Weighted:
    """A weighted matrix: sparse `matrix` plus the constant `base` in the columns `used`.

    Parameters
    ----------
    matrix : sparse array of shape (n, c), float64
        Values above the base, on the backend's device.
    base : float
        What an unseen pair has: -2 for qwem, 0 otherwise.
    used : bool array of shape (c,)
        Columns with any count; in the others no share is defined and every entry is 0.
    backend : Backend
        Where the arrays live.
    """

    matrix: Any
    base: float
    used: Any
    backend: Backend

    def squared_norm(self) -> float:
        """Sum of the squares of all entries."""
        data, base = self.matrix.data, self.base
        spread = base**2 * self.matrix.shape[0] * float(self.used.sum())
        return float((data**2).sum()) + 2 * base * float(data.sum()) + spread

    def toarray(self) -> np.ndarray:
        """Dense NumPy array of shape (n, c)."""
        dense = self.matrix.toarray() + self.base * self.used
        return self.backend.to_numpy(dense)


def weight(
    counts: Any,
    *,
    weighting: str | Weighting = "hellinger",
    column_totals: Any = None,
    device: str = "cpu",
    checked: bool = False,
) -> Weighted:
    """Weight a matrix of counts.

    Parameters
    ----------
    counts : sparse or dense array of shape (n, c)
        Non-negative and finite. A row without counts stays without values.
    weighting : str or Weighting
        See the table above.
    column_totals : array of shape (c,), optional
        Context counts that pmi, ppmi and qwem take for ``p_j``; column sums when left out.
    device : {"cpu", "cuda"}
        Where to compute. All sums are in float64.
    checked : bool
        The counts come from `checked_counts` and are not looked through again.

    Raises
    ------
    InputError
        No counts at all, or negative or non-finite ones.

    Examples
    --------
    >>> weight([[1, 3], [0, 4]], weighting="hellinger").toarray().round(3)
    array([[0.5  , 0.866],
           [0.   , 1.   ]])
    >>> weight([[2, 2], [0, 4]], weighting="ppmi").toarray().round(3)
    array([[0.693, 0.   ],
           [0.   , 0.288]])
    """
    chosen, backend = Weighting.parse(weighting), get_backend(device)
    xp = backend.xp
    matrix = backend.csr(counts if checked else checked_counts(counts), dtype=np.float64)
    data, rows, columns = matrix.data, matrix.tocoo().row, matrix.indices
    conditional = data / xp.bincount(rows, weights=data, minlength=matrix.shape[0])[rows]
    if column_totals is None:
        totals = xp.bincount(columns, weights=data, minlength=matrix.shape[1])
    else:
        totals = _checked_totals(column_totals, matrix, backend)

    def context_shares(exponent: float) -> Any:
        shares = totals**exponent * (totals > 0)
        return (shares / shares.sum())[columns]

    base = 0.0
    if chosen.kind == "raw":
        values = data
    elif chosen.kind == "log":
        values = xp.log1p(data)
    elif chosen.kind in ("conditional", "hellinger"):
        values = conditional if chosen.kind == "conditional" else conditional**chosen.power
        if chosen.kind == "hellinger" and chosen.mass:
            values = values / context_shares(1.0) ** chosen.mass
    else:
        ratio = conditional / context_shares(chosen.smoothing)
        if chosen.kind == "qwem":
            ratio = ratio * math.exp(-chosen.shift)
            # 2 (r - 1) / (r + 1) less the base of -2 that all unseen pairs share.
            values, base = 4.0 * ratio / (ratio + 1.0), -2.0
        else:
            values = xp.log(ratio) - chosen.shift
            values = xp.maximum(values, 0.0) if chosen.kind == "ppmi" else values
    weighted = backend.sparse.csr_matrix((values, columns, matrix.indptr), shape=matrix.shape)
    if chosen.kind == "ppmi":
        weighted = weighted.copy()  # the places are the caller's
        weighted.eliminate_zeros()
    return Weighted(weighted, base, totals > 0, backend)


def checked_counts(counts: Any) -> sparse.csr_array:
    """Return counts as a canonical SciPy csr_array, or say what is wrong with them."""
    try:
        given = counts if sparse.issparse(counts) else np.asarray(counts)
    except ValueError:  # rows of different lengths
        given = np.array(None)
    if given.ndim != 2 or given.dtype.kind not in "biuf":
        raise InputError(
            "this cannot be fitted on",
            expected="counts, a signal of counts, or a matrix with one row per number",
            got=f"{type(counts).__name__} of shape {given.shape}",
        )
    matrix = sparse.csr_array(given)
    if not matrix.has_canonical_format:
        matrix = matrix.copy()
        matrix.sum_duplicates()
    low = matrix.data.min() if matrix.nnz else 0
    with np.errstate(invalid="ignore"):  # infinities of both signs
        finite = np.isfinite(matrix.data.sum(dtype=np.float64))
    if not finite or low < 0:
        raise InputError(
            "counts hold values that are no counts",
            expected="finite, non-negative entries",
            got="NaN or infinity" if low >= 0 or np.isnan(low) else f"{low}",
        )
    if not matrix.nnz or matrix.data.max() == 0:
        raise InputError(
            "all counts are zero",
            expected="at least one pair of a number and a context",
            got=f"an empty matrix of shape {matrix.shape}",
            remedy="check that the corpus holds numbers, and the window, signal and context group",
        )
    if matrix.data.min() == 0:
        matrix = matrix.copy()
        matrix.eliminate_zeros()
    return matrix


def _checked_totals(totals: Any, matrix: Any, backend: Backend) -> Any:
    columns = backend.asarray(totals, dtype=np.float64)
    if columns.shape != (matrix.shape[1],):
        raise InputError(
            "column totals do not fit the counts",
            expected=f"{matrix.shape[1]} totals, one per column",
            got=f"an array of shape {columns.shape}",
        )
    if not float(columns[matrix.indices].min()) > 0:
        raise InputError(
            "a context with counts has no column total",
            expected="totals above 0 wherever a column has counts",
            got=f"{float(columns[matrix.indices].min())}",
        )
    return columns
