"""Embeddings behave as people who know gensim, pandas and NumPy expect."""

from __future__ import annotations

import inspect
import pickle

import numpy as np
import pandas as pd
import pytest

from wordnum import analyzers, theory
from wordnum.analyzers.probing import probe
from wordnum.embeddings.baselines import TokenFrequency
from wordnum.embeddings.embedding import Embedding, as_embedding
from wordnum.embeddings.vector_files import load_embedding
from wordnum.errors import InputError, MissingNumberError, UsageError

gensim_models = pytest.importorskip("gensim.models", reason="gensim is not installed")

VECTORS = np.random.default_rng(0).standard_normal((3, 4))


@pytest.fixture
def embedding() -> Embedding:
    return Embedding(VECTORS, [8, 3, 5], counts=[80, 30, 50])


class TestMapping:
    @pytest.mark.parametrize("integer", [int, np.int64, np.uint8])
    def test_number_gives_its_vector(self, embedding, integer):
        assert np.array_equal(embedding[integer(8)], VECTORS[0])
        assert integer(8) in embedding
        assert integer(7) not in embedding

    @pytest.mark.parametrize("key", ["7", 7.0, slice(1, 3)])
    def test_what_is_no_integer_is_shown_with_what_is_expected(self, embedding, key):
        with pytest.raises(KeyError) as error:
            embedding[key]
        assert "expected: an integer" in str(error.value)
        assert f"got: {key!r}\n" in str(error.value)

    def test_several_numbers_give_a_matrix_in_their_order(self, embedding):
        assert np.array_equal(embedding[[5, 8]], VECTORS[[2, 0]])

    @pytest.mark.parametrize("key", [7, -1, 1000, "8", 8.0, None, [8, 7], []])
    def test_what_is_absent_is_a_key_error_that_says_so(self, embedding, key):
        with pytest.raises(KeyError, match="cannot select these numbers") as error:
            embedding[key]
        assert isinstance(error.value, MissingNumberError)
        assert "\n  to do: " in str(error.value)

    def test_numbers_are_iterated_in_ascending_order(self, embedding):
        assert list(embedding) == [3, 5, 8]
        assert len(embedding) == 3
        assert all(number in embedding for number in embedding)
        assert "8" not in embedding

    def test_missing_number_error_survives_a_worker(self, embedding):
        with pytest.raises(MissingNumberError) as error:
            embedding[7]
        assert str(pickle.loads(pickle.dumps(error.value))) == str(error.value)


class TestNeighbours:
    def test_they_are_those_of_gensim(self):
        vectors = np.random.default_rng(1).standard_normal((50, 6)).astype(np.float32)
        embedding = Embedding(vectors)
        keyed = embedding.to_keyed_vectors()
        for number, key in ((7, "7"), ([7, 9], ["7", "9"])):
            theirs = keyed.most_similar(key, topn=12)
            ours = embedding.most_similar(number, topn=12)
            assert [str(n) for n, _ in ours] == [key for key, _ in theirs]
            assert [s for _, s in ours] == pytest.approx([s for _, s in theirs], abs=1e-6)

    def test_similarity_is_that_of_gensim(self, embedding):
        theirs = embedding.to_keyed_vectors().similarity("3", "8")
        assert embedding.similarity(3, 8) == pytest.approx(theirs)
        with pytest.raises(KeyError, match="without one: 7"):
            embedding.similarity(3, 7)

    def test_zero_vectors_are_similar_to_nothing(self):
        found = Embedding([[1.0, 0.0], [0.0, 0.0], [2.0, 0.0]]).most_similar(0)
        assert found == [(2, 1.0), (1, 0.0)]
        assert isinstance(found[0][0], int)

    def test_no_more_than_there_are(self, embedding):
        assert len(embedding.most_similar(3)) == 2
        assert len(embedding.most_similar(3, topn=1)) == 1


class TestNumPy:
    def test_array_is_the_vectors(self, embedding):
        assert np.array_equal(np.asarray(embedding), embedding.vectors)
        assert np.asarray(embedding, dtype=np.float32).dtype == np.float32
        assert embedding.shape == embedding.vectors.shape == (3, 4)

    def test_copies_follow_numpy_2(self, embedding):
        assert np.shares_memory(np.asarray(embedding), embedding.vectors)
        assert np.array(embedding).flags.writeable
        assert not np.shares_memory(np.array(embedding), embedding.vectors)
        with pytest.raises(ValueError, match="copy"):
            np.asarray(embedding, dtype=np.float32, copy=False)

    def test_change_of_the_array_given_does_not_reach_the_embedding(self):
        given, counts, numbers = VECTORS.copy(), np.ones(3), np.arange(3)
        embedding = Embedding(given, numbers, counts=counts)
        before = embedding.fingerprint
        for array in (given, counts, numbers):
            array[:] = 5
        again = Embedding(embedding.vectors, embedding.numbers, counts=embedding.counts)
        assert again.fingerprint == before

    @pytest.mark.parametrize("name", ["vectors", "numbers", "counts"])
    def test_arrays_of_an_embedding_cannot_be_changed(self, embedding, name):
        with pytest.raises(ValueError, match="read-only"):
            getattr(embedding, name)[0] = 1
        with pytest.raises(ValueError, match="read-only"):
            np.asarray(embedding)[0] = 1


class TestFrames:
    def test_index_holds_the_numbers(self, embedding):
        frame = embedding.to_frame()
        assert frame.index.tolist() == [3, 5, 8]
        assert frame.index.name == "number"
        frame.iloc[0, 0] = 9.0
        assert embedding.vectors[0, 0] != 9.0

    def test_frame_comes_back(self, embedding):
        again = as_embedding(embedding.to_frame())
        assert again.numbers.tolist() == [3, 5, 8]
        assert again.size == 1000
        assert np.array_equal(again.vectors, embedding.vectors)

    def test_frame_in_another_order_is_sorted_by_its_index(self):
        frame = pd.DataFrame(VECTORS, index=[8, 3, 5])
        assert np.array_equal(as_embedding(frame)[8], VECTORS[0])

    def test_frame_with_pandas_own_index_is_an_array(self):
        assert as_embedding(pd.DataFrame(VECTORS)).size == 3
        assert as_embedding(pd.DataFrame(VECTORS).iloc[1:]).numbers.tolist() == [1, 2]
        assert as_embedding(Embedding(VECTORS, [0, 1, 2]).to_frame()).size == 1000

    @pytest.mark.parametrize("kind", ["float64", "Float64"])
    def test_index_of_whole_floats_holds_numbers(self, kind):
        frame = pd.DataFrame(VECTORS, index=pd.Index([8, 3, 5], dtype=kind))
        assert as_embedding(frame).numbers.tolist() == [3, 5, 8]

    @pytest.mark.parametrize("rows", [slice(None), slice(1, None)])
    def test_numbers_in_a_column_are_no_feature(self, embedding, rows):
        frame = embedding.to_frame().reset_index()[rows]
        for form in (frame, frame[frame["number"] != 5]):
            with pytest.raises(InputError, match=r'to do: frame.set_index\("number"\)'):
                as_embedding(form)

    def test_index_of_words_is_read_as_a_vocabulary(self):
        frame = pd.DataFrame(VECTORS, index=["the", "7", "12"])
        assert as_embedding(frame).numbers.tolist() == [7, 12]

    @pytest.mark.parametrize(
        ("frame", "message"),
        [
            (pd.DataFrame(VECTORS, index=[3, 5, 3]), "a number occurs twice"),
            (pd.DataFrame(VECTORS, index=[3, 5, 1000]), "outside the range"),
            (pd.DataFrame(VECTORS, index=list("abc")), "holds no number"),
            (pd.DataFrame({"a": ["x", "y"]}), "vectors must be a matrix"),
            (pd.DataFrame(VECTORS)[0], "vectors must be a matrix"),
            (pd.DataFrame(VECTORS, index=[3, 5.5, np.nan]), r"holds floats(.|\n)*got: 5.5, nan"),
        ],
    )
    def test_frame_that_is_no_embedding_is_refused(self, frame, message):
        with pytest.raises(InputError, match=message):
            as_embedding(frame)

    def test_size_is_told_to_embedding(self):
        frame = pd.DataFrame(VECTORS, index=[3, 5, 1000])
        assert Embedding(frame, size=2000).size == 2000


class TestKeyedVectors:
    def test_numbers_and_counts_arrive(self, embedding):
        keyed = embedding.to_keyed_vectors()
        assert keyed.index_to_key == ["3", "5", "8"]
        assert np.array_equal(keyed["8"], VECTORS[0])
        assert keyed.get_vecattr("8", "count") == 80

    def test_they_come_back(self, embedding):
        again = as_embedding(embedding.to_keyed_vectors())
        assert again.numbers.tolist() == [3, 5, 8]
        assert np.array_equal(again.vectors, embedding.vectors)
        assert Embedding(embedding.to_keyed_vectors(), size=10).size == 10


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ((VECTORS,), 3),
        ((VECTORS.tolist(),), 3),
        ((VECTORS, [1, 2, 3]), 1000),
        ((VECTORS, None), 3),
    ],
)
def test_array_has_as_many_numbers_as_rows_and_named_vectors_a_thousand(given, size):
    assert Embedding(*given).size == size
    assert Embedding(*given, size=np.int64(20)).size == 20


@pytest.mark.parametrize("size", [2.5, "10", 0, -1, 10**12, True])
def test_size_that_is_no_count_is_refused(size, tmp_path):
    with pytest.raises(UsageError, match="size cannot be"):
        Embedding(VECTORS, size=size)
    path = Embedding(VECTORS).save(tmp_path / "v.npz")
    with pytest.raises(UsageError, match="size cannot be"):
        load_embedding(path, size=size)


@pytest.mark.parametrize(
    "value", ["vectors.txt", {7: [1.0]}, None, 5, TokenFrequency(), [[1.0], ["a"]], np.eye(3)[0]]
)
def test_what_is_no_embedding_is_refused_with_what_is(value):
    with pytest.raises(InputError, match="matrix of real numbers") as error:
        as_embedding(value)
    assert "load_embedding(PATH)" in str(error.value)


def fast(function) -> dict:
    known = {"moduli": [2, 5], "nulls": 5, "permutations": 5, "period": 5, "repeats": 1}
    return {name: known[name] for name in inspect.signature(function).parameters if name in known}


def takers() -> list:
    """Every public measure whose first parameter is an embedding."""
    found = [getattr(package, name) for package in (analyzers, theory) for name in dir(package)]
    functions = filter(inspect.isfunction, found)
    return [f for f in functions if next(iter(inspect.signature(f).parameters), "") == "embedding"]


@pytest.mark.parametrize("function", takers(), ids=lambda function: function.__name__)
def test_whatever_takes_an_embedding_takes_what_is_one(function):
    given = Embedding(
        np.random.default_rng(0).standard_normal((297, 6)), np.arange(3, 300), size=1000
    )
    forms = [given, given.to_frame().sample(frac=1, random_state=0), given.to_keyed_vectors()]
    first, *others = (shown(function(form, **fast(function))) for form in forms)
    assert all(other == first for other in others)
    rows = np.random.default_rng(0).standard_normal((297, 6))
    assert shown(function(rows, **fast(function))) == shown(
        function(Embedding(rows, np.arange(297), size=297), **fast(function))
    )


def test_measures_are_found():
    assert {"analyze", "probe", "spectrum", "separability"} <= {f.__name__ for f in takers()}


def shown(result) -> str:
    if isinstance(result, Embedding):
        return result.fingerprint
    frame = result.to_frame() if hasattr(result, "to_frame") else result
    return frame.to_csv() if isinstance(frame, pd.DataFrame) else repr(frame)


def test_index_of_a_frame_decides_the_residues():
    numbers = np.random.default_rng(0).permutation(200)
    vectors = np.eye(5)[numbers % 5] + np.random.default_rng(1).normal(0, 0.1, (200, 5))
    frame = pd.DataFrame(vectors, index=numbers)
    assert probe(frame, moduli=[5], nulls=0)[5].kappa > 95
