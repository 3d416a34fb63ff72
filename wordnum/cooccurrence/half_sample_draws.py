"""The draws of half-samples: which blocks of documents are in either half."""

from __future__ import annotations

import numpy as np

# Orders of Hadamard matrices of Paley's first kind: one more than a prime that leaves 3 over 4.
_ORDERS = (20, 12, 8)
_PAIRS = 10


def half_samples(
    n_blocks: int, *, n_pairs: bool | int = True, random_state: int = 0
) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """Balanced complementary half-samples of the document blocks, behind every interval.

    The columns of a Hadamard matrix of order 20, 12 or 8, the largest that the blocks fill, are
    dealt to half-samples and its rows to blocks at random; more blocks are pooled. Any two
    half-samples share a quarter of the text, so the contrasts of a mean are uncorrelated, and a
    full set of them (19, 11 or 7) gives its variance among the blocks exactly.

    Parameters
    ----------
    n_blocks : int
        Number of blocks.
    n_pairs : bool or int
        Number of pairs of half-samples, ten where True; no more are made than a full set.
    random_state : int
        Seed of the draw.

    Returns
    -------
    list of (int, ndarray, ndarray)
        Id of the pair, and the sorted block indices of either half-sample; together they are all
        blocks. The id is 1000 times the number of blocks and a count from 0, so that pairs of equal
        id are the same blocks. Empty when there are fewer than eight blocks.

    References
    ----------
    McCarthy 1969, "Pseudo-replication: half samples". Paley 1933, "On orthogonal matrices".

    Examples
    --------
    >>> [(pair, a.size, b.size) for pair, a, b in half_samples(20, n_pairs=2)]
    [(20000, 10, 10), (20001, 10, 10)]
    >>> len(half_samples(8)), half_samples(7)
    (7, [])
    """
    order = next((order for order in _ORDERS if order <= n_blocks), None)
    if order is None:
        return []
    wanted = _PAIRS if n_pairs is True else int(n_pairs)
    rng = np.random.default_rng(random_state)
    pooled = np.array_split(rng.permutation(n_blocks), order)
    columns = balanced_signs(order)[:, rng.permutation(order - 1)[:wanted]].T

    def blocks(rows: np.ndarray) -> np.ndarray:
        return np.sort(np.concatenate([pooled[row] for row in np.flatnonzero(rows)]))

    numbered = enumerate(columns, 1000 * n_blocks)
    return [(pair, blocks(signs > 0), blocks(signs < 0)) for pair, signs in numbered]


def balanced_signs(order: int) -> np.ndarray:
    """Columns of a Hadamard matrix of Paley's first kind without its column of ones.

    Examples
    --------
    >>> signs = balanced_signs(8)
    >>> signs.shape, bool((signs.T @ signs == 8 * np.eye(7)).all()), signs.sum(axis=0).any()
    ((8, 7), True, np.False_)
    """
    q = order - 1
    squares = np.arange(1, q) ** 2 % q
    character = np.where(np.isin(np.arange(q), squares), 1, -1)
    place = np.arange(q)
    return np.vstack([np.ones(q, dtype=int), character[(place - place[:, None]) % q]])
