"""Words that carry n mod T, against statsmodels, planted words and enumeration."""

import itertools
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from matplotlib.figure import Figure
from scipy import sparse
from statsmodels.formula.api import ols
from statsmodels.stats.contingency_tables import StratifiedTable

from wordnum.analyzers.contrasts import residue_contrasts
from wordnum.analyzers.keyword_figures import _ticks
from wordnum.analyzers.keyword_finding import keywords
from wordnum.analyzers.keyword_tables import as_text, word_cells
from wordnum.analyzers.keyword_tests import block_f, permutation_p, residue_profile
from wordnum.analyzers.odds_ratios import stratified_odds_ratios
from wordnum.analyzers.phi import phi_of_counts
from wordnum.analyzers.plotting import GREY, LESS, MORE
from wordnum.cooccurrence.counting import count
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.windows import Window
from wordnum.cooccurrence.word_pairs import count_words
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.embeddings.embedding import Embedding
from wordnum.errors import InputError, UsageError


def text_of(seed: int) -> SyntheticCorpus:
    """Words right of the number tell its residue of 5 or its size, and many tell nothing."""
    return SyntheticCorpus(
        n_documents=1000, length=300, density=0.2, size=100, decay=0.3, n_fillers=300,
        residue_words={5: 0.3}, magnitude=0.2, random_state=seed,
    )  # fmt: skip


@pytest.fixture(scope="module")
def text():
    return text_of(3)


@pytest.fixture(scope="module")
def counts(text):
    return count(text.encoded(), window=2)


@pytest.fixture(scope="module")
def found(counts):
    return keywords(counts, moduli=[2, 5], window=1, residues=[1])


def planted(text) -> set[str]:
    return {text.vocabulary.token(int(i)) for i in text.residue_ids(5).ravel()}


def with_and_without_gaps() -> list[np.ndarray]:
    return [np.arange(60), np.delete(np.arange(60), [3, 4, 17, 31, 59])]


@pytest.mark.parametrize("numbers", with_and_without_gaps(), ids=["complete", "gaps"])
@pytest.mark.parametrize("T", [2, 5, 10])
def test_f_is_that_of_a_two_way_analysis_of_variance(numbers, T):
    values = np.random.default_rng(T).exponential(size=(numbers.size, 3)) + numbers[:, None] / 9
    f, p_value = block_f(residue_contrasts(numbers, T), sparse.csr_array(values))
    for column in range(3):
        table = pd.DataFrame({"y": values[:, column], "r": numbers % T, "run": numbers // 10})
        expected = sm.stats.anova_lm(ols("y ~ C(run) + C(r)", table).fit(), typ=2)
        assert f[column] == pytest.approx(expected.loc["C(r)", "F"], rel=1e-9)
        assert p_value[column] == pytest.approx(expected.loc["C(r)", "PR(>F)"], rel=1e-7)


def test_residuals_are_the_t_values_of_sum_coded_residues():
    n = np.arange(100)
    y = np.random.default_rng(0).standard_normal(100) + 2.0 * (n % 5 == 2)
    profile = residue_profile(residue_contrasts(n, 5), y[:, None])[0]
    table = pd.DataFrame({"y": y, "r": n % 5, "run": n // 10})
    fit = ols("y ~ C(run) + C(r, Sum)", table).fit()
    assert profile[:4] == pytest.approx(fit.tvalues.filter(like="C(r, Sum)"), rel=1e-9)
    assert profile.sum() == pytest.approx(0, abs=1e-9)
    f = block_f(residue_contrasts(n, 5), y[:, None])[0][0]
    assert np.mean(profile**2) == pytest.approx(f, rel=1e-9)


def tables(blocks, totals, exposed, strata, column):
    """The stratified 2 x 2 tables of one word."""
    words, around = sum(blocks).toarray()[:, column], totals.sum(axis=0)
    found = []
    for j in np.unique(strata):
        sides = [(strata == j) & exposed, (strata == j) & ~exposed]
        a, c = (words[rows].sum() for rows in sides)
        b, d = (around[rows].sum() - known for rows, known in zip(sides, (a, c)))
        found.append([[a, b], [c, d]])
    return found


def some_blocks(n_blocks=6):
    rng = np.random.default_rng(7)
    numbers = np.arange(40)
    rate = np.array([2.0, 6.0, 1.0]) * (1 + (numbers % 5 == 0))[:, None]
    blocks = [sparse.csr_array(rng.poisson(rate).astype(float)) for _ in range(n_blocks)]
    totals = np.stack([block.sum(axis=1) + rng.poisson(20.0, 40) for block in blocks])
    return blocks, totals, numbers % 5 == 0, numbers // 10


def test_odds_ratio_is_that_of_statsmodels_stratified_table():
    blocks, totals, exposed, strata = some_blocks()
    found = stratified_odds_ratios(blocks, totals, exposed=exposed, strata=strata)
    for column in range(3):
        expected = StratifiedTable(tables(blocks, totals, exposed, strata, column))
        assert found.ratio[column] == pytest.approx(expected.oddsratio_pooled, rel=1e-12)


def test_interval_of_the_odds_ratio_is_a_jackknife_over_blocks():
    blocks, totals, exposed, strata = some_blocks()
    found = stratified_odds_ratios(blocks, totals, exposed=exposed, strata=strata)
    left_out = []
    for b in range(6):
        rest = [block for i, block in enumerate(blocks) if i != b]
        table = tables(rest, np.delete(totals, b, axis=0), exposed, strata, 0)
        left_out.append(np.log(StratifiedTable(table).oddsratio_pooled))
    error = np.sqrt(5 / 6 * ((left_out - np.mean(left_out)) ** 2).sum())
    width = np.log(found.high[0] / found.ratio[0])
    assert width == pytest.approx(2.5706 * error, rel=1e-4)
    assert found.ratio[0] / found.low[0] == pytest.approx(found.high[0] / found.ratio[0])


def test_odds_ratio_without_pairs_on_a_side_has_no_interval():
    blocks = [sparse.csr_array([[3.0, 0.0, 0.0], [0.0, 2.0, 0.0]])] * 4
    given = {"exposed": np.array([True, False]), "strata": np.zeros(2, dtype=int)}
    found = stratified_odds_ratios(blocks, np.full((4, 2), 9.0), **given)
    assert found.ratio[:2].tolist() == [np.inf, 0.0]
    assert np.isnan([found.ratio[2], *found.low, *found.high]).all()


def test_permutation_p_is_that_of_all_rotations_of_all_runs():
    numbers = np.arange(20)
    contrasts = residue_contrasts(numbers, 5)
    y = np.random.default_rng(2).standard_normal((20, 2)) + 0.7 * (numbers % 5 == 0)[:, None]
    p_value, drawn = permutation_p(contrasts, y, family=200, q=0.05, random_state=0)
    assert drawn == 20 * 200 / (0.05 * 2)
    turned = [
        np.concatenate([np.roll(y[:10], i, axis=0), np.roll(y[10:], j, axis=0)])
        for i, j in itertools.product(range(10), range(10))
    ]
    f = np.stack([block_f(contrasts, one)[0] for one in turned])
    expected = (f >= f[0] - 1e-9).mean(axis=0)
    assert p_value == pytest.approx(expected, abs=0.01)


def test_hopeless_words_get_few_permutations():
    numbers = np.arange(200)
    y = np.random.default_rng(0).standard_normal((200, 3))
    p_value, drawn = permutation_p(
        residue_contrasts(numbers, 10), y, family=10**6, q=0.05, random_state=0
    )
    assert drawn < 10**6
    assert (p_value > 0.0001).all()


def test_p_is_uniform_where_contexts_are_those_of_the_run_of_ten():
    """Real totals: round numbers are several times as frequent as their neighbours."""
    rng = np.random.default_rng(0)
    n = np.arange(500)
    totals = (40_000 / (n + 3) * np.where(n % 10 == 0, 4, np.where(n % 5 == 0, 2.5, 1))).astype(int)
    shares = rng.dirichlet(np.full(120, 0.5), 50)
    p = {T: [] for T in (2, 5, 10)}
    for _ in range(25):
        drawn = np.stack([rng.multinomial(totals[i], shares[i // 10]) for i in n])
        drawn = drawn[:, drawn.sum(axis=0) >= 100] / totals[:, None]
        for T, values in p.items():
            values.append(block_f(residue_contrasts(n, T), drawn)[1])
    for values in p.values():
        values = np.concatenate(values)
        assert values.size > 2500
        assert 0.025 < (values <= 0.05).mean() < 0.06
        assert (values <= 0.001).mean() < 0.003
        assert 0.4 < np.median(values) < 0.6


def test_planted_words_are_found_and_others_at_the_stated_rate():
    false = []
    for seed in range(12):
        text = text_of(seed)
        found = keywords(count(text.encoded(), window=1), moduli=[2, 5])
        carried = {found[5].words[i] for i in np.flatnonzero(found[5].confirmed)}
        assert planted(text) <= carried
        assert found[2].confirmed.sum() <= 1
        false.append(len(carried - planted(text)) / len(carried))
    assert np.mean(false) < 0.05 + 2 * np.std(false) / np.sqrt(len(false))


def test_planted_words_have_the_odds_of_their_residue(text, found):
    """A word of residue 1 stands with no other number but by companions; others never with it."""
    of = dict(zip(found[5].words, range(len(found[5].words))))
    own, other = (
        [of[text.vocabulary.token(int(i))] for i in ids] for ids in text.residue_ids(5)[[1, 3]]
    )
    assert (found[5].low[own] > 3).all()
    assert (found[5].high[other] < 0.5).all()
    assert (found[5].profile[own].argmax(axis=1) == 1).all()
    assert (found[5].in_class[own] > 2 * found[5].base).all()


def test_shares_add_up_to_the_corrected_phi_of_the_weighted_counts(counts, found):
    phi = phi_of_counts(counts.signal("text", window=1), moduli=[2, 5])
    for T, one in found.items():
        assert one.phi.sum() + one.rest == pytest.approx(one.corrected_phi, rel=1e-10)
        expected = phi[T].corrected
        told = (one.corrected_phi, one.phi_low, one.phi_high)
        assert told == pytest.approx((expected.value, expected.low, expected.high), rel=1e-10)
    assert found[5].share.sum() == pytest.approx(1 - found[5].rest / found[5].corrected_phi)


def test_a_part_of_what_may_be_nothing_is_no_share(found):
    """No word carries n mod 2 here; what is left of Phi_2 is noise, of either sign."""
    for one in (found[2], replace(found[5], phi_low=-0.1)):
        assert one.phi_low < 0
        assert np.isnan(one.share).all()
        told = one.to_dict()
        assert {word["share"] for word in told["words"]} == {None}
        assert told["all"]["rest_share"] is None
    assert np.isfinite(found[5].share).all()


def test_counts_of_one_block_have_no_intervals_and_no_shares(text):
    one = keywords(count(text.encoded(n_blocks=1), window=1), moduli=[5])[5]
    assert one.phi.sum() + one.rest == pytest.approx(one.corrected_phi, rel=1e-10)
    assert np.isnan([*one.low, *one.share, one.phi_low]).all()
    assert one.to_dict(top=1)["words"][0]["low"] is None


def test_numbers_can_be_left_out(text, counts):
    one = keywords(counts, moduli=[5], window=1, exclude_multiples_of=5, residues=[1])[5]
    carried = {one.words[i] for i in np.flatnonzero(one.confirmed)}
    of_zero = {text.vocabulary.token(int(i)) for i in text.residue_ids(5)[0]}
    assert planted(text) - of_zero <= carried
    assert one.phi.sum() + one.rest == pytest.approx(one.corrected_phi, rel=1e-10)
    assert (one.profile[:, 0] == 0).all()
    assert one.base < 0.35


def test_words_are_looked_for_on_the_side_that_is_asked_for(text, counts):
    left, right = (keywords(counts, moduli=[5], window=1, side=side)[5] for side in
                   ("left", "right"))  # fmt: skip
    assert left.confirmed.sum() <= 2
    assert planted(text) <= {right.words[i] for i in np.flatnonzero(right.confirmed)}
    assert set(right.sides) == {"right"}
    both = keywords(counts, moduli=[5], window=Window(2, positional=True))[5]
    assert set(both.sides) == {"left 1", "left 2", "right 1", "right 2"}
    assert {both.sides[i] for i in np.flatnonzero(both.confirmed)} >= {"right 1"}


def test_sentence_says_what_a_word_stands_beside(text, counts):
    right = keywords(counts, moduli=[5], window=1, side="right", residues=[1])[5]
    at = right.order("odds")[0]
    assert right.sentence(at) == (
        f"{100 * right.in_class[at]:.0f} % of the numbers before “{right.words[at]}” (window +1) "
        f"are 1 mod 5, where {100 * right.base:.0f} % beside any word are."
    )


def test_sentence_says_where_shares_and_odds_point_to_different_sides(found):
    one = found[5]
    at = one.order("odds")[0]
    assert one.in_class[at] > one.base
    assert one.low[at] > 1
    assert "other way round" not in one.sentence(at)
    below, ratios = one.high.copy(), one.odds_ratio.copy()
    below[at], ratios[at] = 0.96, 0.92
    turned = replace(one, high=below, odds_ratio=ratios)
    assert turned.sentence(at) == one.sentence(at) + (
        " Among neighbouring numbers it is the other way round."
    )
    unsure = replace(turned, low=np.full_like(one.low, 0.8), high=np.full_like(below, 1.1))
    assert unsure.sentence(at) == one.sentence(at)


def test_the_word_that_is_quoted_has_the_surest_odds_of_the_first_that_agree(found):
    one = found[5]
    first = one.order()[:6]
    low, high = np.full_like(one.low, 1.1), np.full_like(one.low, 9.0)
    low[first], high[first] = [1.1, 0.9, 1.5, 2.0, 1.2, 3.0], [8.0, 9.0, 9.0, 9.0, 9.0, 9.0]
    ratio = np.sqrt(low * high)
    ratio[first[3]], low[first[3]], high[first[3]] = 0.4, 0.3, 0.5  # shares say the other side
    share = np.full_like(ratio, one.base + 0.2)
    made = replace(one, odds_ratio=ratio, low=low, high=high, in_class=share)
    assert one.confirmed[first].all()
    assert made.told() == (
        f"{made.sentence(first[5])} Among neighbouring numbers the odds ratio is 5.2 (3 to 9)."
    )
    low[first[5]] = 1.01
    assert made.told().startswith(made.sentence(first[2]))
    nowhere = replace(one, low=np.full_like(low, np.nan), high=np.full_like(high, np.nan))
    assert nowhere.told() == (
        "No word is shown to favour 1 mod 5, or to avoid them, both among all numbers and among "
        "neighbours."
    )
    turned = replace(one, odds_ratio=1 / one.odds_ratio, low=1 / one.high, high=1 / one.low)
    assert turned.differs[first[0]]
    assert turned.told() == nowhere.told()
    none = replace(one, confirmed=np.zeros_like(one.confirmed))
    assert none.told() == "No word is shown to carry n mod 5."
    for shown in (made, nowhere, none):
        assert shown.plot(order="odds").get_supxlabel().split() == shown.told().split()


def test_order_puts_confirmed_words_first(found):
    assert (np.diff(found[5].confirmed[found[5].order()].astype(int)) <= 0).all()
    first = found[5].order()[:15]
    assert (np.diff(found[5].phi[first]) <= 0).all()


def test_other_orders_are_of_what_they_say(found):
    one = replace(
        found[5], confirmed=found[5].confirmed & (np.arange(len(found[5].words)) % 2 == 0)
    )
    odds = np.maximum(one.low, 1 / one.high)
    for by, strength in (("share", one.share), ("f", one.f), ("odds", odds)):
        known = strength[one.order(by)]
        known = known[~np.isnan(known)]
        assert known.tolist() == sorted(known, reverse=True)
    with pytest.raises(UsageError, match="unknown order"):
        one.order("alphabet")


def test_few_pairs_do_not_head_the_odds(found):
    """A wide interval around a large ratio is behind a narrow one; no interval is last."""
    one = found[5]
    n = len(one.words)
    ratio, low, high = np.full(n, 1.1), np.full(n, 0.9), np.full(n, 1.3)
    ratio[:5], low[:5], high[:5] = (
        [9, 0.2, 3, np.inf, np.inf],
        [1.01, 0.1, 2.5, np.nan, np.nan],
        [80, 0.25, 3.6, np.nan, np.nan],
    )
    confirmed = np.isin(np.arange(n), (0, 1, 2, 3))
    made = replace(one, odds_ratio=ratio, low=low, high=high, confirmed=confirmed)
    order = made.order("odds").tolist()
    assert order[:4] == [3, 1, 2, 0]
    assert order[-1] == 4
    rows = word_cells(made, top=n, order="odds")
    assert [("not confirmed" in row[5]) for row in rows] == [False] * 4 + [True] * (n - 4)


def test_print_and_notebooks_show_the_first_ten_words_of_every_period(counts, found):
    words, phi = ("<b>bold</b>\x1b[31m", *found[5].words[1:]), found[5].phi.copy()
    phi[0] = 1e9
    confirmed = found[5].confirmed | (np.arange(len(words)) == 0)
    one = replace(found[5], words=words, phi=phi, confirmed=confirmed)
    lines = str(one).splitlines()
    assert lines[0] == (
        f"n mod 5: {one.confirmed.sum()} of {len(one.words)} words carry it (text, ±1, both sides)"
        "; the first 10 are shown"
    )
    assert "shown" not in as_text(one, top=len(words))
    assert " ".join(lines[1].split()) == "word side pairs share F q odds ratio interval in class"
    assert [line.split()[0] for line in lines[2:12]] == [
        r"<b>bold</b>\x1b[31m",
        *(one.words[i] for i in one.order()[1:10]),
    ]
    assert lines[12] == one.told()
    shown = one._repr_html_()
    assert "&lt;b&gt;bold" in shown
    assert "<b>" not in shown
    assert shown.count("<tr>") == 11
    assert str(found) == f"{found[2]}\n\n{found[5]}"
    assert found._repr_html_().count("<table>") == 2
    right = keywords(counts, moduli=[5], window=1, side="right")[5]
    assert right.title().endswith("(text, +1, right of numbers)")


def test_table_and_json_hold_one_row_per_word(found):
    frame = found.to_frame(top=4)
    assert frame.groupby("T").size().to_dict() == {2: 4, 5: 4}
    told = json.loads(json.dumps(found.to_dict(top=4), allow_nan=False))
    assert set(told) == {"2", "5"}
    assert len(told["5"]["words"][0]["residues"]) == 5
    assert told["5"]["all"]["confirmed"] == int(found[5].confirmed.sum())


def test_figure_shows_the_words_and_says_it_plainly(found):
    figure = found[5].plot(Figure((7, 5)), top=6)
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == [found[5].words[i] for i in found[5].order()[:6]]
    assert "% of the numbers beside" in figure.get_supxlabel()


def test_the_figure_quotes_punctuation_and_says_what_is_not_confirmed_and_of_which_class(found):
    one = found[5]
    confirmed = np.arange(len(one.words)) > 0
    words = ("$", "4.", *one.words[2:])
    figure = replace(one, words=words, confirmed=confirmed).plot(Figure(), top=len(words))
    heat, odds = figure.axes[:2]
    names = {label.get_text() for label in heat.get_yticklabels()}
    assert {r"(“\$”)", "4."} <= names
    assert heat.get_title(loc="left") == "in parentheses: not confirmed"
    assert odds.get_title().startswith("1 mod 5 against all others")
    assert odds.get_xlabel() == "odds ratio (log scale)"
    assert replace(one, confirmed=confirmed | True).plot(Figure()).axes[0].get_title("left") == ""


@pytest.mark.parametrize(("low", "high"), [(0.5, 2), (0.08, 4.3), (0.4, 25), (0.02, 50)])
def test_an_axis_of_odds_has_marks_enough_and_room_for_them(low, high):
    marks = _ticks(low, high)
    assert 1 in marks
    assert 5 <= len(marks) <= 10
    assert marks[0] <= 2.6 * low
    assert marks[-1] >= high / 2.6
    if high < 5:
        assert marks[-1] <= 2 or 3 in marks


def test_more_is_blue_and_less_is_orange(found):
    from matplotlib.colors import to_rgb

    one = found[5]
    at = one.order()[:40]
    heat, odds = one.plot(Figure((7, 5)), top=40).axes[:2]
    image = heat.get_images()[0]
    assert image.cmap(1.0)[:3] == pytest.approx(to_rgb(MORE), abs=0.01)
    assert image.cmap(0.0)[:3] == pytest.approx(to_rgb(LESS), abs=0.01)
    marks = [line.get_color() for line in odds.lines if line.get_marker() == "o"]
    expected = [GREY if not one.differs[i] else MORE if one.odds_ratio[i] > 1 else LESS for i in at]
    assert marks == expected
    assert {MORE, LESS} <= set(expected)


def test_words_of_an_embedding_are_those_of_its_counts(tmp_path):
    embedding = Embedding(np.ones((20, 2)) * np.arange(20)[:, None])
    with pytest.raises(InputError, match="neither counts nor a corpus") as error:
        keywords(embedding)
    assert "those of the counts" in error.value.remedy
    with pytest.raises(InputError, match="holds no counts"):
        keywords(embedding.save(tmp_path / "e.npz"))


@pytest.mark.parametrize(
    ("size", "gaps"),
    [(600, ()), (1000, ()), (1000, (3, 471, 997, 998, 999)), (600, tuple(range(590, 600)))],
    ids=["600", "1000", "gaps", "no last run"],
)
def test_every_period_is_tested_however_the_numbers_end(size, gaps):
    """1000 numbers are 111 runs of nine and one number: no matter whether that one is there."""
    vocabulary = Vocabulary.from_words(["km", "kg"], numerals=NumeralScheme(size=size))
    rng = np.random.default_rng(0)
    there = [n for n in range(size) if n not in gaps]
    events = [
        (block, 1, n, vocabulary.id(word), int(rng.integers(5, 50)))
        for block in range(4) for n in there for word in ("km", "kg")
    ]  # fmt: skip
    counts = Counts.from_events(events, vocabulary=vocabulary, window_size=1, n_blocks=4)
    found = keywords(counts, moduli=range(2, 11), window=1)
    for T, one in found.items():
        assert one.words == ("km", "kg")
        assert one.profile.shape == (2, T)
        assert np.isfinite(one.f).all()


def test_what_cannot_be_tested_is_refused(text, counts):
    few = Counts.from_events(
        [(0, 1, n, 1002, 200) for n in range(15)], vocabulary=Vocabulary.from_words(["km"]),
        window_size=1,
    )  # fmt: skip
    with pytest.raises(InputError, match="too few numbers to look for words of n mod 10") as error:
        keywords(few)
    assert "1 among 15 numbers" in error.value.got
    with pytest.raises(UsageError, match="a modulus"):
        keywords(few, moduli=[2000])
    with pytest.raises(InputError, match="stands 1000000 times"):
        keywords(counts, min_count=10**6)
    with pytest.raises(UsageError, match="no class of n mod 10"):
        keywords(counts, residues=[10])
    with pytest.raises(UsageError, match="has its window already"):
        keywords(counts.signal("text"), window=1)
    with pytest.raises(InputError, match="do not know the documents apart"):
        keywords(count_words(text.encoded(), window=1))
