"""Shapley values of a cooperative game, exact or from sampled coalitions.

The Shapley value of player i in a game v over n players (Shapley 1953) is its mean marginal
contribution over all n! orders in which the players can join,

    ``phi_i = sum over S without i of |S|! (n - |S| - 1)! / n!  (v(S + i) - v(S))``.

It is the only share that sums to ``v(all) - v(none)`` (efficiency), treats interchangeable players
alike (symmetry), gives nothing to a player that changes nothing (dummy), and is linear in v.
Linear means that a list of coalitions and a matrix of weights is all there is to it: `Coalitions`.

Beyond a dozen players the 2^n coalitions are too many. `circular_coalitions` seats the players
around a table at random and lets them join in the n rotations of that order, clockwise and
counter-clockwise. Every player then joins at every position twice, and the 2n orders share n (n -
1) + 2 coalitions: the arcs of the table. Each order is uniformly random, so the mean is unbiased;
a reversed order is its antithetic partner (Mitchell, Cooper, Frank and Holmes 2022, "Sampling
permutations for Shapley value estimation", JMLR 23). Every order telescopes, so efficiency is
exact in a sample too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np

from wordnum.errors import UsageError

# 2^16 coalitions of 16 players; their weights take 8 MB.
_MOST_PLAYERS = 16


@dataclass(frozen=True, eq=False)
class Coalitions:
    """Coalitions of a game, and the weights that turn their values into Shapley values.

    Attributes
    ----------
    members : bool array of shape (m, n)
        Who is in each coalition. The empty one, the full one, the n singles and the n that lack
        one player are among them.
    weights : array of shape (samples, n, m)
        Shapley values of each independent sample, as sums over the coalitions; one where exact.

    Notes
    -----
    A player that is in no coalition is a dummy, which changes no value: see `with_dummies`.

    Examples
    --------
    >>> game = every_coalition(2)
    >>> game.members.astype(int).tolist()
    [[0, 0], [1, 0], [0, 1], [1, 1]]
    >>> game.shapley([0.0, 1.0, 3.0, 10.0])
    array([4., 6.])
    """

    members: np.ndarray
    weights: np.ndarray

    def __len__(self) -> int:
        return len(self.members)

    @property
    def players(self) -> np.ndarray:
        """Who is in any coalition, and so no dummy: bool (n,)."""
        return np.any(self.members, axis=0)

    @property
    def exact(self) -> bool:
        """Whether all coalitions of the players are there."""
        return len(self.members) == 2.0 ** self.players.sum()

    def with_dummies(self, players: np.ndarray) -> Coalitions:
        """Return the same game among more: the players where `players` is true, dummies elsewhere.

        Examples
        --------
        >>> every_coalition(1).with_dummies(np.array([False, True])).shapley([0.0, 5.0])
        array([0., 5.])
        """
        samples, _, m = self.weights.shape
        members = np.zeros((m, players.size), dtype=bool)
        weights = np.zeros((samples, players.size, m))
        members[:, players], weights[:, players] = self.members, self.weights
        return Coalitions(members, weights)

    def shapley(self, values: np.ndarray) -> np.ndarray:
        """Shapley values (n, ...) of a game's values (m, ...)."""
        return np.tensordot(self.weights.mean(axis=0), np.asarray(values, dtype=float), axes=1)

    def sampling_error(self, values: np.ndarray) -> np.ndarray:
        """Standard error (n, ...) that comes from sampling; 0 where exact, NaN for one sample."""
        each = np.tensordot(self.weights, np.asarray(values, dtype=float), axes=1)
        if len(each) > 1:
            return each.std(axis=0, ddof=1) / np.sqrt(len(each))
        error = np.zeros_like(each[0])
        error[self.players & ~np.array(self.exact)] = np.nan
        return error

    def single(self, values: np.ndarray) -> np.ndarray:
        """Value of each single player: (n, ...)."""
        return np.asarray(values)[self._rows(np.eye(self.members.shape[1], dtype=bool))]

    def leave_one_out(self, values: np.ndarray) -> np.ndarray:
        """Value of all players less that of all but one, for each: (n, ...)."""
        others = ~np.eye(self.members.shape[1], dtype=bool)
        return self.whole(values) - np.asarray(values)[self._rows(others)]

    def whole(self, values: np.ndarray) -> np.ndarray:
        """Value of all players together: (...)."""
        return np.asarray(values)[self._rows(np.ones((1, self.members.shape[1]), dtype=bool))[0]]

    def _rows(self, wanted: np.ndarray) -> np.ndarray:
        row_of = {row.tobytes(): at for at, row in enumerate(self.members)}
        return np.array([row_of[row.tobytes()] for row in wanted & self.players])


def every_coalition(n: int) -> Coalitions:
    """All 2^n coalitions of n players: exact Shapley values.

    Coalition c holds the players whose bits are set in c.

    Raises
    ------
    UsageError
        No player, or more than 16.
    """
    _check_players(n)
    if n > _MOST_PLAYERS:
        raise UsageError(
            f"{n} players have {2**n:,} coalitions",
            expected=f"at most {_MOST_PLAYERS} players for exact Shapley values",
            remedy="sample them, or merge players",
        )
    code = np.arange(2**n)
    members = (code[:, None] >> np.arange(n)) & 1 == 1
    size = members.sum(axis=1)
    joining = np.array([1.0 / (n * comb(n - 1, k)) for k in range(n)])
    weights = np.zeros((n, 2**n))
    for player in range(n):
        without = np.flatnonzero(~members[:, player])
        weights[player, without] = -joining[size[without]]
        weights[player, without + 2**player] = joining[size[without]]
    return Coalitions(members, weights[None])


def circular_coalitions(
    n: int, *, circles: int = 1, random_state: int | Sequence[int] = 0
) -> Coalitions:
    """Coalitions of random seatings around a table: sampled Shapley values.

    Parameters
    ----------
    n : int
        Players.
    circles : int
        Independent seatings; each stands for 2n orders of joining.
    random_state : int or sequence of int
        Seed of the seatings. More circles of one seed contain the fewer.

    Examples
    --------
    >>> game = circular_coalitions(5, circles=2)
    >>> bool(len(game) <= 2 * 5 * 4 + 2)
    True
    >>> additive = game.members @ np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    >>> game.shapley(additive).round(12)
    array([1., 2., 3., 4., 5.])
    """
    _check_players(n)
    if circles < 1:
        raise UsageError("no order to join in", expected="circles of at least 1", got=str(circles))
    rng = np.random.default_rng(random_state)
    row_of: dict[bytes, int] = {}
    terms: list[tuple[int, int, int, float]] = []

    def index(coalition: np.ndarray) -> int:
        return row_of.setdefault(coalition.tobytes(), len(row_of))

    for circle in range(circles):
        seats = rng.permutation(n)
        for start in range(n):
            arc = np.zeros(n, dtype=bool)
            for length in range(n):
                # Whoever sits at either end of the arc may be the one that joins it.
                before = index(arc)
                behind, ahead = seats[start - 1], seats[(start + length) % n]
                for player in (behind, ahead):
                    joined = arc.copy()
                    joined[player] = True
                    terms += [(circle, player, index(joined), 1.0), (circle, player, before, -1.0)]
                arc[ahead] = True
    members = np.frombuffer(b"".join(row_of), dtype=bool).reshape(-1, n)
    weights = np.zeros((circles, n, len(row_of)))
    *where, signs = (np.array(part) for part in zip(*terms))
    np.add.at(weights, tuple(where), signs / (2 * n))
    return Coalitions(members, weights)


def _check_players(n: int) -> None:
    if n < 1:
        raise UsageError("a game needs players", expected="one or more", got=str(n))
