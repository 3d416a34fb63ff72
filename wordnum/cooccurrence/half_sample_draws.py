"""The draws of half-samples: which blocks of documents are in either half."""

from __future__ import annotations

import numpy as np


def half_samples(
    n_blocks: int, *, n_pairs: int = 10, random_state: int = 0
) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """Random complementary half-samples of the document blocks, behind every interval.

    Parameters
    ----------
    n_blocks : int
        Number of blocks.
    n_pairs : int
        Number of pairs of half-samples.
    random_state : int
        Seed of the draw.

    Returns
    -------
    list of (int, ndarray, ndarray)
        Id of the pair, and the sorted block indices of either half-sample; together they are all
        blocks. Of an odd number of blocks, the first holds one less. Pairs of equal id are the
        same blocks wherever there are as many. Empty when there are fewer than two blocks.

    Examples
    --------
    >>> [(pair, a.size, b.size) for pair, a, b in half_samples(20, n_pairs=2)]
    [(0, 10, 10), (1, 10, 10)]
    >>> half_samples(1)
    []
    """
    if n_blocks < 2:
        return []
    rng = np.random.default_rng(random_state)
    orders = [rng.permutation(n_blocks) for _ in range(n_pairs)]
    half = n_blocks // 2
    return [(pair, np.sort(o[:half]), np.sort(o[half:])) for pair, o in enumerate(orders)]
