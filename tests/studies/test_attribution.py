"""Attribution: planted groups are found, shares obey the axioms, the whole is the probe's kappa."""

from __future__ import annotations

import numpy as np
import pytest

from wordnum.analyzers.probing import probe
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.embeddings.svd import SVD
from wordnum.errors import InputError, UsageError
from wordnum.studies.attribution import Attribution, attribute

PLANTED = SyntheticCorpus(
    n_documents=600, length=250, size=200, density=0.15, residue_words={5: 0.4}, n_fillers=300,
    companions=0.5, same_residue={2: 0.5}, random_state=1,
)  # fmt: skip


def tally(corpus: EncodedCorpus, window: int = 1) -> Counts:
    """Count neighbours by plain indexing."""
    size, rows, documents = corpus.numerals.size, [], []
    for block in corpus.blocks():
        ids = block.ids.astype(np.int64)
        document = np.searchsorted(block.starts, np.arange(ids.size), side="right")
        documents.append(len(block.starts) - 1)
        for d in range(1, window + 1):
            same = document[d:] == document[:-d]
            for sign, n, c in ((1, ids[:-d], ids[d:]), (-1, ids[d:], ids[:-d])):
                keep = same & (n < size) & ((c < size) | (c > size + 1))
                pairs, k = np.unique(np.stack([n[keep], c[keep]]), axis=1, return_counts=True)
                rows.append(np.array([np.full(k.size, block.index), np.full(k.size, sign * d)]))
                rows[-1] = np.vstack([rows[-1], pairs, k]).T
    return Counts.from_events(
        np.concatenate(rows),
        vocabulary=corpus.vocabulary,
        window_size=window,
        n_blocks=corpus.n_blocks,
        documents=np.array(documents),
    )


@pytest.fixture(scope="module")
def counts() -> Counts:
    return tally(PLANTED.encoded(), window=2)


@pytest.fixture(scope="module")
def groups() -> dict[str, np.ndarray]:
    residues = PLANTED.residue_ids(5)
    first = PLANTED.vocabulary.first_word
    return {
        "one": residues[:, 0],
        "two": residues[:, 1],
        "units": np.arange(first + 1, first + 1 + PLANTED.n_units),
        "never counted": np.array([], dtype=np.int64),
    }


@pytest.fixture(scope="module")
def found(counts, groups) -> Attribution:
    return attribute(counts, groups=groups, window=1, dim=20, moduli=(2, 5), repeats=2)


def kappas(found: Attribution, what: str = "shapley") -> dict[str, np.ndarray]:
    return dict(zip(found.names, getattr(found, what)[..., 0], strict=True))


def test_planted_words_share_their_modulus_and_the_rest_has_little(counts):
    words = PLANTED.residue_ids(5)
    found = attribute(
        counts, groups={"planted": words.ravel()}, window=1, dim=20, moduli=(5,), repeats=2,
        intervals=False,
    )  # fmt: skip
    share = kappas(found)
    assert share["planted"][0] > 80
    assert share["the rest"][0] < 15


def test_duplicates_share_what_neither_loses_alone(found):
    share, single, loss = (
        kappas(found, what) for what in ("shapley", "single_group", "leave_one_out")
    )
    at_5 = found.moduli.index(5)
    for name in ("one", "two"):
        assert single[name][at_5] > 85
        assert loss[name][at_5] < 5
        assert share[name][at_5] > 20
    assert abs(share["one"][at_5] - share["two"][at_5]) < 6
    assert share["units"][at_5] < 5


def test_shares_sum_to_the_whole(found):
    np.testing.assert_allclose(
        found.shapley.sum(axis=0), found.whole - found.empty, rtol=0, atol=1e-10
    )


def test_a_group_without_counts_is_worth_exactly_nothing(found):
    at = found.names.index("never counted")
    for what in ("shapley", "leave_one_out", "low", "high", "sampling_error"):
        assert (getattr(found, what)[at] == 0).all()
    assert (found.single_group[at] == found.empty).all()


@pytest.mark.parametrize("weighting", ["hellinger", "ppmi", "qwem:shift=0.5"])
def test_the_whole_is_the_kappa_of_the_probe(counts, weighting):
    found = attribute(
        counts, groups="signals", weighting=weighting, window=1, dim=20, moduli=(2, 5, 10),
        intervals=False,
    )  # fmt: skip
    embedding = SVD(weighting=weighting, dim=20, half_samples=False).fit_transform(
        counts.signal("both", window=Window(size=1))
    )
    reference = probe(embedding, moduli=(2, 5, 10), nulls=0, controls=False, intervals=False)
    for at, T in enumerate(found.moduli):
        tolerance = max(reference[T].repeat_sd, 1e-9)
        assert found.whole[at, 0] == pytest.approx(reference[T].kappa, abs=tolerance)
        np.testing.assert_allclose(
            found.whole[at, 1:] / 100, reference[T].recall_by_digit, atol=0.05
        )


def test_the_interval_of_the_whole_is_the_probes(counts):
    found = attribute(counts, groups="all", window=1, dim=20, moduli=(5,), repeats=1)
    embedding = SVD(weighting="hellinger", dim=20).fit_transform(
        counts.signal("both", window=Window(size=1))
    )
    reference = probe(embedding, moduli=(5,), nulls=0, repeats=1, controls=False)[5]
    assert found.low[0, 0, 0] == pytest.approx(reference.low, abs=0.5)
    assert found.high[0, 0, 0] == pytest.approx(reference.high, abs=0.5)


def test_no_contexts_are_worth_kappa_0_and_a_guess_by_lot(found):
    assert found.empty[:, 0].tolist() == [0, 0]
    assert (found.empty[0, 1:] == 50).all()
    assert (found.empty[1, 1:] == 20).all()


def test_recall_by_digit_averages_to_accuracy(found):
    # Every digit is equally frequent and every class equally large: kappa follows from accuracy.
    for at, T in enumerate(found.moduli):
        accuracy = found.shapley[..., at, 1:].mean(axis=-1) / 100
        np.testing.assert_allclose(100 * accuracy / (1 - 1 / T), found.shapley[:, at, 0], atol=1e-9)


def test_sampled_shares_agree_with_exact_ones(counts):
    residues, first = PLANTED.residue_ids(5), PLANTED.vocabulary.first_word
    groups = {f"class {r}": residues[r] for r in range(5)}
    groups["units"] = np.arange(first + 1, first + 1 + PLANTED.n_units)
    options = {"groups": groups, "dim": 20, "moduli": (5,), "repeats": 1, "intervals": False}
    exact = attribute(counts, **options)
    sampled = attribute(counts, **options, exact_limit=3, permutations=60)
    assert exact.exact
    assert not sampled.exact
    assert (exact.sampling_error == 0).all()
    assert (sampled.sampling_error[..., 0] > 0).all()
    np.testing.assert_allclose(sampled.shapley.sum(axis=0), exact.shapley.sum(axis=0), atol=1e-9)
    assert np.abs(sampled.shapley - exact.shapley)[..., 0].max() < 6
    np.testing.assert_array_equal(sampled.single_group, exact.single_group)
    np.testing.assert_array_equal(sampled.leave_one_out, exact.leave_one_out)


def test_text_and_number_are_players_too(counts):
    found = attribute(
        counts, groups="signals", window=Window(size=2), dim=20, moduli=(2, 5), repeats=1,
        intervals=False,
    )  # fmt: skip
    share = kappas(found)
    assert share["number"][0] > share["text"][0] + 20
    assert share["text"][1] > share["number"][1] + 60


def test_sides_are_players_too(counts):
    found = attribute(
        counts, groups="all", sides=True, window=1, dim=20, moduli=(5,), repeats=1, intervals=False
    )
    share = kappas(found)
    # The unit that tells the residue stands right after the number.
    assert share["all, right"][0] > share["all, left"][0] + 60


def test_a_signal_without_the_planted_words_has_no_value(counts):
    found = attribute(
        counts, signal="number", groups="signals", window=Window(size=2), dim=20, moduli=(5,),
        repeats=1, intervals=False,
    )  # fmt: skip
    assert kappas(found)["text"][0] == 0
    assert kappas(found)["number"][0] < 20


def test_any_number_of_jobs_gives_the_same(counts, groups, found):
    again = attribute(counts, groups=groups, window=1, dim=20, moduli=(2, 5), repeats=2, n_jobs=2)
    np.testing.assert_allclose(again.shapley, found.shapley, atol=1e-9)
    np.testing.assert_allclose(again.low, found.low, atol=1e-9)


def test_context_groups_are_the_default(counts):
    found = attribute(counts, dim=20, moduli=(5,), repeats=1, intervals=False)
    assert found.names[0] == "ordinal suffixes"
    assert found.names[-1] == "the rest"
    assert found.shapley.sum() == pytest.approx((found.whole - found.empty).sum())


def test_few_documents_have_no_interval(groups):
    corpus = SyntheticCorpus(n_documents=30, length=5000, size=50, density=0.2)
    found = attribute(tally(corpus.encoded()), groups="all", dim=10, moduli=(5,), repeats=1)
    assert found.reason == "few-documents"
    assert np.isnan(found.low).all()
    assert "no interval: fewer than 40 documents" in found._repr_html_()


def test_one_block_has_no_interval():
    corpus = SyntheticCorpus(n_documents=60, length=2000, size=50, density=0.2)
    found = attribute(tally(corpus.encoded(n_blocks=1)), groups="all", dim=10, moduli=(5,))
    assert found.reason == "few-blocks"


def test_errors_match_the_spread_over_fresh_documents():
    corpora = [
        SyntheticCorpus(
            n_documents=1000, length=60, size=100, density=0.2, residue_words={5: 0.2},
            n_fillers=100, companions=0, random_state=seed,
        )
        for seed in range(10)
    ]  # fmt: skip
    groups = {"planted": corpora[0].residue_ids(5).ravel()}
    shares = [
        attribute(tally(c.encoded()), groups=groups, dim=15, moduli=(5,), repeats=1)
        for c in corpora
    ]
    spread = np.std([s.shapley[:, 0, 0] for s in shares], axis=0, ddof=1)
    error = np.sqrt(np.mean([s.standard_errors["shapley"][:, 0, 0] ** 2 for s in shares], axis=0))
    assert (error > 0.5 * spread).all()
    assert (error < 2.0 * spread).all()


def test_the_frame_has_a_row_per_group_modulus_and_digit(found):
    frame = found.to_frame()
    assert len(frame) == 5 * 2 * 11
    assert frame[frame.digit.isna()].shapley.tolist() == found.shapley[..., 0].ravel().tolist()
    three = frame[(frame.group == "one") & (frame["T"] == 5) & (frame.digit == 3)]
    assert three.shapley.item() == found.shapley[0, 1, 4]
    assert three.leave_one_out_low.item() <= three.leave_one_out.item()


def test_the_page_escapes_group_names(counts):
    found = attribute(
        counts, groups={"<script>": [PLANTED.residue_ids(5)[0, 0]]}, dim=10, moduli=(5,),
        repeats=1, intervals=False,
    )  # fmt: skip
    page = found._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_groups_are_named_by_words_ids_and_files(counts, tmp_path):
    ids = PLANTED.residue_ids(5).ravel()
    words = [PLANTED.vocabulary.token(i) for i in ids]
    (tmp_path / "mine.toml").write_text(f"[planted]\nwords = {words}\n")
    options = {"dim": 10, "moduli": (5,), "repeats": 1, "intervals": False, "window": 1}
    shares = [
        attribute(counts, groups=groups, **options).shapley
        for groups in ({"planted": ids}, {"planted": words}, tmp_path / "mine.toml")
    ]
    assert shares[0][0, 0, 0] > 50
    assert (shares[1] == shares[0]).all()
    assert (shares[2] == shares[0]).all()


def test_the_window_of_the_counts_is_the_default(counts):
    options = {"groups": "all", "dim": 10, "moduli": (5,), "repeats": 1, "intervals": False}
    found = attribute(counts, **options)
    assert (found.values == attribute(counts, window=Window(size=2), **options).values).all()
    assert (found.values != attribute(counts, window=1, **options).values).any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"groups": "context"}, "did you mean 'contexts'"),
        ({"groups": {"a": [10**6]}}, "there is no context 1000000"),
        ({"signal": "texts"}, "unknown signal 'texts'"),
        ({"sides": True, "window": Window(size=1, side="left")}, "parts a window by its sides"),
        ({"dim": 0}, "dim is too small"),
        ({"permutations": 0}, "permutations is too small"),
        ({"moduli": (1,)}, "modulus cannot be 1"),
        ({"window": Window(size=9)}, "the counts hold no window of 9"),
    ],
)
def test_what_cannot_be_asked_is_refused(counts, options, message):
    with pytest.raises(UsageError, match=message):
        attribute(counts, **options)


def test_counts_without_contexts_are_refused():
    vocabulary = Vocabulary.from_words(["km"], numerals=NumeralScheme(size=20))
    counts = Counts.from_events([(0, 1, 3, 22, 1)], vocabulary=vocabulary, window_size=1)
    with pytest.raises(InputError, match="too few numbers for the folds"):
        attribute(counts, moduli=(2,))
    with pytest.raises(InputError, match="no context was counted"):
        attribute(counts, signal="number", groups="signals", moduli=(2,))
