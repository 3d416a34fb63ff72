"""The embedding object: what it accepts, what it refuses, and what its files bring back."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest

from wordnum.embeddings.embedding import Embedding, as_embedding
from wordnum.embeddings.replicates import Replicates
from wordnum.embeddings.vector_files import load_embedding
from wordnum.errors import FormatError, InputError
from wordnum.storage import save_npz

gensim_models = pytest.importorskip("gensim.models", reason="gensim is not installed")


def made(numbers=(3, 5, 8), dim=4, seed=0, **more) -> Embedding:
    vectors = np.random.default_rng(seed).standard_normal((len(numbers), dim))
    return Embedding(vectors, numbers, **{"size": 10, **more})


def full() -> Embedding:
    half_samples = (
        (made(seed=1, name="first"), made((3, 8), seed=2)),
        (made((5,), seed=3), made(seed=4)),
    )
    return made(
        counts=[4, 1, 9],
        replicates=Replicates("half-samples", [2, 5], half_samples),
        n_documents=77,
        flags=("ordinals-kept", "other"),
        name="mine",
        provenance={"model": {"dim": 4}, "of": ["a", "b"]},
    )


def test_numbers_are_sorted_with_their_vectors_and_counts():
    embedding = Embedding([[7.0], [3.0], [5.0]], [7, 3, 5], size=10, counts=[70, 30, 50])
    assert embedding.numbers.tolist() == [3, 5, 7]
    assert embedding.vectors.ravel().tolist() == [3, 5, 7]
    assert embedding.counts.tolist() == [30, 50, 70]


def test_missing_are_the_numbers_without_a_vector():
    assert made().missing.tolist() == [0, 1, 2, 4, 6, 7, 9]
    assert Embedding(np.eye(3), size=3).missing.size == 0


def test_rows_are_the_first_numbers_where_none_are_named():
    assert Embedding(np.eye(3)).numbers.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("given", "stored"),
    [("f2", "f4"), ("f4", "f4"), ("f8", "f8"), ("i4", "f8"), ("u1", "f8")],
)
def test_dtypes_are_kept_or_widened(given, stored):
    assert Embedding(np.ones((2, 2), dtype=given)).vectors.dtype == stored


def test_select_keeps_numbers_counts_and_replicates():
    chosen = full().select([8, 5])
    assert chosen.numbers.tolist() == [5, 8]
    assert chosen.counts.tolist() == [1, 9]
    assert [half.numbers.tolist() for half in chosen.replicates.pairs[0]] == [[5, 8], [8]]
    assert np.array_equal(chosen.vectors, full().vectors[[1, 2]])
    assert chosen.flags == full().flags


def test_select_leaves_out_a_replicate_that_has_none_of_the_numbers():
    assert full().select([3, 8]).replicates.ids == (2,)


@pytest.mark.parametrize(("numbers", "message"), [([4, 3], "without one: 4"), ([], r"got: \[\]")])
def test_select_of_an_absent_number_is_refused_by_name(numbers, message):
    with pytest.raises(InputError, match=message):
        made().select(numbers)


def test_fingerprint_tells_vectors_numbers_counts_size_and_replicates_apart():
    embeddings = [
        made(),
        made(seed=1),
        made((3, 5, 7)),
        made(counts=[1, 1, 1]),
        made(size=11),
        made(replicates=Replicates("half-samples", [0], [(made(), made())])),
        made(replicates=Replicates("half-samples", [1], [(made(), made())])),
        made(replicates=Replicates("seeds", [1], [made()])),
    ]
    assert len({e.fingerprint for e in embeddings}) == len(embeddings)
    assert made().fingerprint == made(name="other", flags=("x",)).fingerprint


def test_repr_tells_numbers_dim_replicates_and_flags():
    assert repr(full()) == (
        "<Embedding mine: 3 of 10 numbers; dim 4; 2 half-samples; flags ordinals-kept, other>"
    )


def test_file_brings_back_everything(tmp_path):
    embedding = full()
    again = Embedding.load(embedding.save(tmp_path / "e"))
    assert again.fingerprint == embedding.fingerprint
    assert again.vectors.dtype == embedding.vectors.dtype
    for name in ("size", "n_documents", "flags", "name", "provenance"):
        assert getattr(again, name) == getattr(embedding, name)
    assert again.replicates.kind == embedding.replicates.kind
    for (i, pair), (j, other) in zip(again.replicates, embedding.replicates, strict=True):
        assert i == j
        for one, two in zip(pair, other, strict=True):
            assert np.array_equal(one.vectors, two.vectors)
            assert np.array_equal(one.numbers, two.numbers)
            assert one.name == two.name


def test_file_holds_no_pickle(tmp_path):
    path = full().save(tmp_path / "e.npz")
    with np.load(path, allow_pickle=False) as archive:
        assert all(archive[name].dtype.kind in "fiu" for name in archive.files)


@pytest.mark.parametrize("binary", [False, True])
def test_word2vec_files_by_way_of_gensim_are_read_back(tmp_path, binary):
    embedding = made()
    embedding.to_keyed_vectors().save_word2vec_format(tmp_path / "v", binary=binary)
    again = load_embedding(tmp_path / "v", size=10)
    assert np.array_equal(again.vectors.astype(np.float32), embedding.vectors.astype(np.float32))
    assert np.array_equal(again.numbers, embedding.numbers)


def test_keyed_vectors_are_taken_by_their_usual_spellings():
    keyed = gensim_models.KeyedVectors(2)
    keyed.add_vectors(["the", "7", "12", "21st"], np.arange(8, dtype=np.float32).reshape(4, 2))
    embedding = Embedding(keyed)
    assert embedding.numbers.tolist() == [7, 12]
    assert embedding.vectors.tolist() == [[2, 3], [4, 5]]
    assert embedding.size == 1000


def test_what_is_no_keyed_vectors_is_refused_with_the_way_to_go():
    with pytest.raises(InputError, match="matrix of real numbers") as error:
        Embedding({"7": [1.0]})
    assert "model.wv" in str(error.value)


def test_array_is_an_embedding_of_its_rows():
    embedding = made()
    assert as_embedding(embedding) is embedding
    assert as_embedding(np.eye(4)).numbers.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (np.zeros((0, 3)), "vectors must be a matrix"),
        (np.zeros((3, 0)), "vectors must be a matrix"),
        (np.zeros(3), "vectors must be a matrix"),
        ([[1.0], [1.0, 2.0]], "cannot be read as a matrix"),
        (np.eye(2) * 1j, "vectors must be a matrix of real"),
        ([["a"]], "vectors must be a matrix of real"),
        ([[1.0, 2.0], [3.0, np.nan]], "first in row 1, column 1"),
        ([[np.inf, 2.0], [3.0, 1.0]], "inf in 1 of 2 rows"),
    ],
)
def test_vectors_that_are_none_are_refused(vectors, message):
    with pytest.raises(InputError, match=message):
        as_embedding(vectors)
    with pytest.raises(InputError, match=message):
        Embedding(vectors)


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ([1, 2], "numbers do not fit the vectors"),
        ([1.0, 2.0, 3.0], "numbers do not fit the vectors"),
        ([1, 2, 10], "a number lies outside the range"),
        ([-1, 2, 3], "a number lies outside the range"),
        ([4, 2, 4], "a number occurs twice"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(numbers, message):
    with pytest.raises(InputError, match=message):
        Embedding(np.ones((3, 2)), numbers, size=10)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"counts": [1, 2]}, "counts do not fit the vectors"),
        ({"replicates": Replicates("seeds", embeddings=[made(size=11)])}, "replicates do not fit"),
    ],
)
def test_counts_and_replicates_that_do_not_fit_are_refused(more, message):
    with pytest.raises(InputError, match=message):
        made(**more)


def test_half_samples_come_in_pairs_and_replicates_have_ids_of_their_own():
    with pytest.raises(InputError, match="half-samples must come in pairs"):
        Replicates("half-samples", embeddings=[(made(),)])
    with pytest.raises(InputError, match="ids do not fit"):
        Replicates("seeds", [3, 3], [made(), made()])
    with pytest.raises(InputError, match="ids do not fit"):
        Replicates("seeds", [3], [made(), made()])


def test_file_of_another_kind_is_refused(tmp_path):
    path = save_npz(tmp_path / "c", kind="counts", version=1, header={}, arrays={"a": np.eye(2)})
    with pytest.raises(FormatError, match="does not hold embedding"):
        Embedding.load(path)


def test_file_that_lacks_an_array_is_refused(tmp_path):
    whole = full().save(tmp_path / "e.npz")
    with zipfile.ZipFile(whole) as archive, zipfile.ZipFile(tmp_path / "f.npz", "w") as other:
        for name in archive.namelist():
            if name != "replicate_5_b_vectors.npy":
                other.writestr(name, archive.read(name))
    with pytest.raises(FormatError, match="some of its arrays are missing"):
        Embedding.load(tmp_path / "f.npz")


def test_file_of_a_later_version_is_refused(tmp_path):
    arrays_ = {"vectors": np.eye(2), "numbers": np.arange(2)}
    path = save_npz(tmp_path / "e", kind="embedding", version=99, header={}, arrays=arrays_)
    with pytest.raises(FormatError, match="format version 99") as error:
        Embedding.load(path)
    assert "upgrade wordnum" in str(error.value)


def test_provenance_of_arrays_is_written_as_lists(tmp_path):
    embedding = made(provenance={"values": np.arange(2), "one": np.float64(0.5)})
    again = Embedding.load(embedding.save(tmp_path / "e.npz"))
    assert json.dumps(again.provenance) == '{"one": 0.5, "values": [0, 1]}'
