"""Vectors of gensim models, taken as they are."""

import numpy as np
import pytest

from wordnum.embeddings.embedding import Embedding
from wordnum.errors import InputError

gensim_models = pytest.importorskip("gensim.models", reason="gensim is not installed")
FastText, KeyedVectors = gensim_models.FastText, gensim_models.KeyedVectors


def test_numbers_are_found_under_their_spellings_and_the_rest_is_left_out():
    vectors = KeyedVectors(vector_size=2)
    vectors.add_vectors(["the", "7", "Ġ3", "007"], np.arange(8.0).reshape(4, 2))
    found = Embedding(vectors, size=10)
    assert found.numbers.tolist() == [3, 7]
    np.testing.assert_array_equal(found.vectors, [[4, 5], [2, 3]])
    assert found.flags == ()


@pytest.mark.parametrize(("max_n", "flags"), [(6, ("subwords",)), (0, ())])
def test_character_ngrams_are_flagged(max_n, flags):
    model = FastText(vector_size=4, min_count=1, min_n=3, max_n=max_n, bucket=100)
    model.build_vocab([["the", "7", "12"]])
    assert Embedding(model.wv, name="fasttext").flags == flags


def test_another_object_is_refused_with_what_to_pass():
    with pytest.raises(InputError, match=r"KeyedVectors \(model.wv\)"):
        Embedding({"7": [1.0, 2.0]})
