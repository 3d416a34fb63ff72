"""The corrected Phi: unbiased, exact in its parts, the same from counts and from vectors."""

import numpy as np
import pytest
from scipy import sparse

from wordnum.analyzers.class_scatter import separability
from wordnum.analyzers.phi import CONTRASTS, phi_of_counts, phi_parts
from wordnum.cooccurrence.counting import count
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.replicates import Replicates
from wordnum.embeddings.svd import SVD

N = np.arange(1000)


def round_numbers(noise, seed=0, d=10):
    x = noise * np.random.default_rng(seed).standard_normal((1000, d))
    x[:, 0] += N % 5 == 0
    return x


def test_parts_add_up_exactly_and_value_is_that_of_separability():
    x = round_numbers(0.5)
    found, scatter = phi_parts(x), separability(x)
    for T, one in found.items():
        assert sum(share.value for share in one.contrasts.values()) == pytest.approx(
            one.corrected.value, abs=1e-10
        )
        assert set(one.contrasts) <= set(CONTRASTS)
        assert one.value == pytest.approx(scatter[T].phi, rel=1e-12)


@pytest.mark.parametrize("T", [2, 3, 5, 7, 10])
def test_what_is_corrected_is_zero_on_average_for_a_trend_under_noise(T):
    trend = np.log1p(N)[:, None] * [1.0, 0.3, 0.0]
    made = [
        phi_parts(trend + np.random.default_rng(seed).standard_normal((1000, 3)), moduli=[T])[T]
        for seed in range(100)
    ]
    corrected = np.array([one.corrected.value for one in made])
    assert abs(corrected.mean()) < 4 * corrected.std() / 10
    assert np.mean([one.value for one in made]) > 0.8 * 3 * (T - 1)


def test_roundness_is_named_and_its_size_is_what_was_planted():
    found = phi_parts(round_numbers(0.1), moduli=[5, 10])
    for one in found.values():
        assert one.contrasts["round or not"].value == pytest.approx(1000 * 0.2 * 0.8, rel=0.05)
        assert one.contrasts["round or not"].value / one.corrected.value == pytest.approx(
            1, abs=0.05
        )


def test_intervals_come_from_half_samples_and_cover_what_was_planted():
    halves = [
        tuple(Embedding(round_numbers(0.3 * 2**0.5, seed=[k, side])) for side in (0, 1))
        for k in range(10)
    ]
    whole = Embedding(round_numbers(0.3), replicates=Replicates("half-samples", None, halves))
    one = phi_parts(whole, moduli=[10])[10]
    gaps = [phi_parts(a)[10].corrected.value - phi_parts(b)[10].corrected.value for a, b in halves]
    width = 2.228 * np.sqrt(np.square(gaps).sum() / 40)
    assert one.corrected.high - one.corrected.value == pytest.approx(width, rel=1e-3)
    assert one.corrected.low < 160 < one.corrected.high
    assert phi_parts(round_numbers(0.3))[10].corrected.low is None


def test_counts_give_the_phi_of_what_is_weighted():
    counts = count(SyntheticCorpus(n_documents=400, size=100).encoded(), window=2)
    signal = counts.signal()
    found = phi_of_counts(signal, moduli=[2, 5])
    full = SVD(dim=None, half_samples=False).fit_transform(signal)
    kept = found.kept_by(full)
    for T, one in found.items():
        assert sum(s.value for s in one.contrasts.values()) == pytest.approx(
            one.corrected.value, abs=1e-10
        )
        assert one.corrected.low < one.corrected.value < one.corrected.high
        assert 0.98 < kept[T] <= 1 + 1e-9
    few = SVD(dim=5, half_samples=False).fit_transform(signal)
    assert found.kept_by(few)[5] < kept[5]


def test_a_matrix_of_counts_is_measured_without_half_samples():
    matrix = sparse.csr_array(np.random.default_rng(0).poisson(3, (100, 30)))
    one = phi_of_counts(matrix, moduli=[5])[5]
    rows = matrix.toarray() / matrix.sum(axis=1)[:, None]
    assert one.value == pytest.approx(phi_parts(np.sqrt(rows), moduli=[5])[5].value)
    assert one.corrected.low is None


def test_too_few_numbers_have_a_value_and_no_correction():
    one = phi_parts(Embedding(np.eye(10), np.arange(10), size=1000), moduli=[10])[10]
    assert one.corrected is None
    assert one.value > 0
    assert one.row()["phi_corrected"] is None


def test_a_figure_has_a_bar_for_every_contrast():
    ax = phi_parts(round_numbers(0.5), moduli=[2, 5, 10]).plot()
    assert [tick.get_text() for tick in ax.get_yticklabels()][-2:] == [
        "n mod 10: parity of the others", "n mod 10: the rest"
    ]  # fmt: skip
