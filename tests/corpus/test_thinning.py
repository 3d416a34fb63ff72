"""Thinning to a share of the number tokens."""

from __future__ import annotations

import numpy as np
import pytest

from wordnum.cooccurrence.counting import count
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.corpus.thinning import thin_to
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import UsageError


@pytest.fixture(scope="module")
def uneven() -> EncodedCorpus:
    """Documents of very different length: a few hold most of the numbers."""
    rng = np.random.default_rng(0)
    sizes = np.maximum(1, rng.pareto(1.2, size=400) * 20).astype(int)
    ids = rng.choice([5, 1002, 1003, 1004], size=sizes.sum(), p=[0.2, 0.3, 0.3, 0.2])
    starts = np.concatenate([[0], np.cumsum(sizes)])
    return EncodedCorpus.from_arrays(ids, starts, Vocabulary.from_words(["a", "b", "c"]))


@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
def test_the_share_of_numbers_is_met_where_chance_alone_would_miss_it(
    uneven: EncodedCorpus, share: float
):
    [thin] = thin_to(uneven, [share])
    counts = count(uneven, window=1, perturbation=thin)
    total = uneven.number_counts.sum()
    assert counts.number_counts.sum() / total == pytest.approx(share, rel=0.02)
    # Each document kept with probability `share` gives another number of tokens.
    assert abs(thin.fraction / share - 1) > 0.02


def test_pairs_follow_the_numbers():
    corpus = SyntheticCorpus(n_documents=500, length=100).encoded()
    whole = count(corpus, window=5).n_events
    [thin] = thin_to(corpus, [0.4])
    assert count(corpus, window=5, perturbation=thin).n_events / whole == pytest.approx(
        0.4, rel=0.01
    )


def test_the_whole_corpus_is_kept_for_a_share_of_one(uneven: EncodedCorpus):
    [thin] = thin_to(uneven, [1.0])
    counts = count(uneven, window=1, perturbation=thin)
    assert (counts.number_counts.sum(axis=0) == uneven.number_counts).all()


@pytest.mark.parametrize("share", [0.0, 1.2])
def test_a_share_out_of_range_is_refused(uneven: EncodedCorpus, share: float):
    with pytest.raises(UsageError, match="no such share of a corpus"):
        thin_to(uneven, [share])
