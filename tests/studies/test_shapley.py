"""Shapley values against brute force, known games and the axioms."""

from __future__ import annotations

from itertools import permutations
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordnum.errors import UsageError
from wordnum.studies.shapley import Coalitions, circular_coalitions, every_coalition


def brute_force(n: int, values: dict[frozenset[int], float]) -> np.ndarray:
    """Mean marginal contribution over all n! orders, by walking through every one."""
    total = np.zeros(n)
    for order in permutations(range(n)):
        joined: frozenset[int] = frozenset()
        for player in order:
            total[player] += values[joined | {player}] - values[joined]
            joined |= {player}
    return total / factorial(n)


def values_of(game: Coalitions, v) -> np.ndarray:
    return np.array([v(frozenset(np.flatnonzero(row).tolist())) for row in game.members])


@settings(max_examples=20, deadline=None)
@given(n=st.integers(1, 5), seed=st.integers(0, 1000))
def test_exact_values_equal_brute_force_over_all_orders(n, seed):
    game = every_coalition(n)
    values = np.random.default_rng(seed).normal(size=len(game))
    table = {
        frozenset(np.flatnonzero(r).tolist()): x for r, x in zip(game.members, values, strict=True)
    }
    np.testing.assert_allclose(game.shapley(values), brute_force(n, table), atol=1e-12)


@pytest.mark.parametrize("make", [every_coalition, circular_coalitions])
def test_an_additive_game_gives_each_player_its_own_worth(make):
    game, worth = make(6), np.array([1.0, -2.0, 0.0, 3.5, 10.0, 0.25])
    np.testing.assert_allclose(game.shapley(game.members @ worth + 7), worth, atol=1e-12)


def test_glove_game():
    # Players 0 and 1 hold a left glove each, player 2 the only right one: 1/6, 1/6, 4/6.
    v = lambda s: float(2 in s and len(s) > 1)  # noqa: E731
    np.testing.assert_allclose(
        every_coalition(3).shapley(values_of(every_coalition(3), v)), [1 / 6, 1 / 6, 2 / 3]
    )


def test_unanimity_game_is_shared_by_its_carrier():
    game = every_coalition(7)
    values = values_of(game, lambda s: float({1, 3, 4} <= s))
    np.testing.assert_allclose(game.shapley(values), [0, 1 / 3, 0, 1 / 3, 1 / 3, 0, 0], atol=1e-15)


def test_majority_with_a_large_party():
    # Weights 3, 1, 1, 1 and a quota of 4: the large party wins with any small one; the small ones
    # never do without it. It fails only as the first to join: 3/4, and 1/12 for each small one.
    weights = np.array([3, 1, 1, 1])
    game = every_coalition(4)
    values = (game.members @ weights >= 4).astype(float)
    np.testing.assert_allclose(game.shapley(values), [3 / 4, 1 / 12, 1 / 12, 1 / 12])


@pytest.mark.parametrize("make", [every_coalition, circular_coalitions])
@settings(max_examples=15, deadline=None)
@given(n=st.integers(1, 7), seed=st.integers(0, 1000))
def test_values_sum_to_the_whole_less_the_empty(make, n, seed):
    game = make(n)
    values = np.random.default_rng(seed).normal(size=(len(game), 2, 3))
    empty = values[~game.members.any(axis=1)][0]
    np.testing.assert_allclose(
        game.shapley(values).sum(axis=0), game.whole(values) - empty, atol=1e-12
    )


def test_interchangeable_players_share_and_a_dummy_gets_nothing():
    # v depends on players 0, 1 only through how many they are, and on player 4 not at all.
    game = every_coalition(5)
    values = values_of(game, lambda s: len(s & {0, 1}) ** 2.0 + 3 * (2 in s) * (3 in s))
    shapley = game.shapley(values)
    assert shapley[0] == pytest.approx(shapley[1], abs=1e-12)
    assert shapley[4] == pytest.approx(0, abs=1e-12)


def test_a_circle_holds_the_arcs_of_a_table_and_each_player_joins_everywhere_twice():
    n = 7
    game = circular_coalitions(n, random_state=3)
    assert len(game) == n * (n - 1) + 2
    size = game.members.sum(axis=1)
    for player in range(n):
        w = game.weights[0, player] * 2 * n
        with_player = game.members[:, player]
        assert [w[with_player & (size == k)].sum() for k in range(1, n + 1)] == [2.0] * n
        assert [w[~with_player & (size == k)].sum() for k in range(n)] == [-2.0] * n


def test_one_circle_is_exact_for_three_players():
    values = np.random.default_rng(0).normal(size=8)
    exact, circle = every_coalition(3), circular_coalitions(3, random_state=5)
    place = [np.flatnonzero((exact.members == row).all(axis=1))[0] for row in circle.members]
    np.testing.assert_allclose(circle.shapley(values[place]), exact.shapley(values), atol=1e-14)
    assert (circle.sampling_error(values[place]) == 0).all()


def test_circles_are_unbiased_and_know_their_error():
    n = 6
    exact = every_coalition(n)
    values = np.random.default_rng(1).normal(size=len(exact)) * 3
    code = 2 ** np.arange(n)
    truth = exact.shapley(values)
    misses = []
    for seed in range(60):
        game = circular_coalitions(n, circles=8, random_state=seed)
        mine = values[game.members @ code]
        misses.append((game.shapley(mine) - truth) / game.sampling_error(mine))
    misses = np.array(misses)
    assert abs(misses.mean()) < 0.2
    # Student's t with 7 degrees of freedom has a standard deviation of 1.18.
    assert 0.9 < misses.std() < 1.5


def test_more_circles_contain_fewer():
    few, many = (
        circular_coalitions(8, circles=1, random_state=2),
        circular_coalitions(8, circles=3, random_state=2),
    )
    assert (many.members[: len(few)] == few.members).all()


def test_single_and_leave_one_out_values_are_read_from_the_coalitions():
    for game in (every_coalition(5), circular_coalitions(5)):
        values = game.members @ np.array([1.0, 2.0, 4.0, 8.0, 16.0])
        assert game.single(values).tolist() == [1, 2, 4, 8, 16]
        assert game.leave_one_out(values).tolist() == [1, 2, 4, 8, 16]
        assert game.whole(values) == 31


def test_one_player_takes_all():
    for game in (every_coalition(1), circular_coalitions(1)):
        values = game.members @ np.array([5.0]) + 2
        assert game.shapley(values).tolist() == [5.0]
        assert game.leave_one_out(values).tolist() == [5.0]


def test_dummies_change_nothing_and_get_nothing():
    players = np.array([True, False, True, True, False])
    for game in (every_coalition(3), circular_coalitions(3, circles=2)):
        values = np.random.default_rng(4).normal(size=len(game))
        wider = game.with_dummies(players)
        assert wider.exact
        for statistic in (Coalitions.shapley, Coalitions.leave_one_out, Coalitions.sampling_error):
            assert (statistic(wider, values)[players] == statistic(game, values)).all()
            assert (statistic(wider, values)[~players] == 0).all()
        assert (wider.single(values)[~players] == values[~game.members.any(axis=1)]).all()


def test_the_error_of_one_sample_is_unknown_and_of_all_coalitions_nothing():
    game = circular_coalitions(6)
    assert np.isnan(game.sampling_error(np.zeros(len(game)))).all()
    assert (every_coalition(4).sampling_error(np.zeros(16)) == 0).all()


def test_impossible_games_are_refused():
    with pytest.raises(UsageError, match="a game needs players"):
        every_coalition(0)
    with pytest.raises(UsageError, match=r"17 players have 131,072 coalitions"):
        every_coalition(17)
    with pytest.raises(UsageError, match="no order to join in"):
        circular_coalitions(4, circles=0)
