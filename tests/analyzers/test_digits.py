"""Digits or residues: planted codes are told apart, and the F test is that of the textbook."""

import numpy as np
import pytest
from scipy import stats

from wordnum.analyzers.digit_codes import READINGS, digits
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.replicates import Replicates
from wordnum.errors import InputError
from wordnum.theory.planted_kinds import planted_kind

N = np.arange(1000)


def circles(*periods, strength=2.0, seed=0):
    angle = 2 * np.pi * N[:, None] / periods
    noise = np.random.default_rng(seed).standard_normal((1000, 12))
    return strength * np.hstack([np.cos(angle), np.sin(angle), noise / strength])


@pytest.mark.parametrize(
    ("made", "reading"),
    [
        (planted_kind("digit code"), "digits"),
        (circles(4), "residues"),
        (circles(25), "residues"),
        (planted_kind("strong circle"), "last digit"),
        (planted_kind("roundness of 5"), "last digit"),
        (planted_kind("noise"), "nothing"),
        (planted_kind("random walk"), "nothing"),
    ],
)
def test_what_was_planted_is_read(made, reading):
    found = digits(made, nulls=199)
    assert found.reading == reading
    assert reading in repr(found)
    assert set(READINGS) >= {reading}


def test_round_quarters_are_no_residue_code():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1000, 10))
    x[:, 0] += 4 * (N % 25 == 0) + 3 * (N % 5 == 0)
    assert digits(x, nulls=199).reading == "last digit"


def test_an_effect_of_one_dimension_is_the_f_test_of_the_textbook():
    rng = np.random.default_rng(1)
    y = rng.standard_normal((1000, 1)) + 0.2 * (N % 10 == 3)[:, None]
    found = digits(y, nulls=0).effects["tens x units"]
    hundreds, tens, units = N // 100, N // 10 % 10, N % 10

    def left(*factors):
        trend = np.stack([(N / 1000) ** j for j in range(4)], axis=1)
        columns = [trend, *((f[:, None] == np.unique(f)) * 1.0 for f in factors)]
        design = np.hstack(columns)
        fit, _, rank, _ = np.linalg.lstsq(design, y, rcond=None)
        return float(((y - design @ fit) ** 2).sum()), rank

    pair = lambda a, b: 10 * a + b  # noqa: E731
    before, p = left(hundreds, tens, units, pair(hundreds, tens))
    after, q = left(hundreds, tens, units, pair(hundreds, tens), pair(tens, units))
    rest, r = left(
        hundreds, tens, units, pair(hundreds, tens), pair(tens, units), pair(hundreds, units)
    )
    mean = rest / (1000 - r)
    assert found.df == q - p
    assert found.value == pytest.approx(before - after - found.df * mean)
    f = (before - after) / found.df / mean
    assert found.p_value == pytest.approx(stats.f.sf(f, found.df, 1000 - r))


def test_p_values_of_effects_are_uniform_under_noise_with_unequal_directions():
    scale = 1 / np.arange(1, 9)
    made = [np.random.default_rng(s).standard_normal((1000, 8)) * scale for s in range(60)]
    p = np.array([digits(x, nulls=0).effects["n mod 25"].p_value for x in made])
    assert stats.kstest(p, "uniform").pvalue > 0.01


def test_characters_split_what_the_last_digit_holds():
    shares = digits(circles(10), nulls=0).characters
    assert shares["digit itself"] > 50 * abs(shares["n mod 5"])
    assert digits(circles(5), nulls=0).characters["n mod 5"] > 1000
    parity = digits(np.hstack([3 * (-1.0) ** N[:, None], circles(7)]), nulls=0).characters
    assert max(parity, key=parity.get) == "parity"


def test_half_samples_give_intervals_and_json_has_the_probes():
    halves = [tuple(Embedding(planted_kind("digit code").vectors) for _ in "ab")] * 4
    whole = Embedding(
        planted_kind("digit code").vectors, replicates=Replicates("half-samples", None, halves)
    )
    told = digits(whole, nulls=19).to_dict()
    assert list(told) == ["units", "tens", "tens excluding multiples of 5"]
    tens = told["tens"]
    assert tens["low"] == pytest.approx(tens["kappa"])  # the halves are one another
    assert tens["p_value"] == 1 / 20
    assert tens["null_mean"] < 10 < tens["kappa"]


def test_numbers_too_few_to_tell_are_refused():
    with pytest.raises(InputError, match=r"too few numbers to tell digits(.|\n)*two hundreds"):
        digits(np.eye(90))


def test_a_figure_names_every_factor():
    figure = digits(planted_kind("digit code"), nulls=19).plot()
    left, right = figure.axes
    assert [tick.get_text() for tick in right.get_yticklabels()][-1] == "n mod 25 beyond digits"
    assert [tick.get_text() for tick in left.get_yticklabels()][1] == "tens"
