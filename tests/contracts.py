"""Contracts: what every model and every backend must do, as suites to inherit from.

A test module names its cases in a fixture (`case` or `backend`) and subclasses the suite.
"""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone

from wordnum.backend import Backend
from wordnum.cooccurrence.counting import count
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.word_counts import WordCounts
from wordnum.cooccurrence.word_pairs import count_words
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.registry import make_model, model_class
from wordnum.errors import InputError, UsageError

WORDS = Vocabulary.from_words(["a", "b", "c"])
A, B, C = range(WORDS.first_word, WORDS.first_word + 3)


@lru_cache(maxsize=1)
def text() -> EncodedCorpus:
    """A small text in twelve blocks; most numbers occur, many do not."""
    return SyntheticCorpus(
        n_documents=60, length=60, n_fillers=40, n_units=20, residue_words={10: 0.5}, random_state=5
    ).encoded(n_blocks=12)


@lru_cache(maxsize=1)
def text_counts() -> Counts:
    return count(text(), window=2)


def corpus_of(documents: Sequence[Sequence[int]], n_blocks: int = 1) -> EncodedCorpus:
    starts = np.concatenate([[0], np.cumsum([len(document) for document in documents])])
    return EncodedCorpus.from_arrays(np.concatenate(documents), starts, WORDS, n_blocks=n_blocks)


@dataclass(frozen=True)
class ModelCase:
    """A model with parameters under which it is quick.

    Parameters
    ----------
    model : str
        Name in `wordnum.embeddings.registry`.
    parameters : dict
        Of its constructor.
    reads_text : bool
        `fit` takes a corpus; counts otherwise.
    dim : int
        Dimensions of its vectors.
    drawn : bool
        Another seed gives other vectors.
    has_half_samples : bool
        It can fit half-samples.
    rows : {"numbers", "all"}
        Which rows of counts it is given.
    """

    model: str
    parameters: dict[str, Any] = field(default_factory=dict)
    reads_text: bool = False
    dim: int = 4
    drawn: bool = True
    has_half_samples: bool = True
    rows: str = "numbers"

    def __str__(self) -> str:
        return "-".join([self.model, self.rows, *map(str, self.parameters.values())])

    def make(self, **changes: Any) -> Any:
        return make_model(self.model, **{**self.parameters, **changes})

    def data(self, corpus: EncodedCorpus | None = None) -> Any:
        """What the model reads, of a corpus or of the small text."""
        if self.reads_text:
            return corpus or text()
        if corpus is None and self.rows == "numbers":
            return text_counts()
        run = count_words if self.rows == "all" else count
        return run(corpus or text(), window=2)

    def fit(self, data: Any = None, **changes: Any) -> Embedding:
        return self.make(**changes).fit_transform(self.data() if data is None else data)


class ModelContract:
    """Suite of every model; the fixture `case` is a `ModelCase`."""

    def test_constructor_takes_keywords_only_and_only_stores_them(self, case):
        kind = model_class(case.model)
        names = list(inspect.signature(kind).parameters)
        with pytest.raises(TypeError):
            kind(1)
        given = {name: object() for name in names}
        made = kind(**given)
        assert vars(made) == given
        assert made.get_params() == given

    def test_is_a_scikit_learn_estimator(self, case):
        model = case.make()
        again = clone(model)
        assert again is not model
        assert again.get_params() == model.get_params()
        assert again.set_params(min_count=2) is again
        assert again.min_count == 2
        assert repr(model).startswith(f"{type(model).__name__}(")
        with pytest.raises(ValueError, match="Invalid parameter 'nonsense'"):
            model.set_params(nonsense=1)

    def test_fit_gives_the_model_and_leaves_what_fit_transform_gives(self, case):
        model, data = case.make(), case.data()
        assert model.fit(data) is model
        embedding = clone(model).fit_transform(data)
        assert model.embedding_.fingerprint == embedding.fingerprint

    def test_capabilities_stand_on_the_class(self, case):
        kind = model_class(case.model)
        assert kind.name == case.model
        assert kind.reads in ("counts", "words", "corpus", "task")
        assert kind.replicate_kind in ("half-samples", "seeds", None)
        assert set(kind.devices) <= {"cpu", "cuda"}
        assert ("device" in case.make().get_params()) == ("cuda" in kind.devices)
        assert ("dim" in kind.axes) == ("dim" in case.make().get_params())
        assert kind.cost > 0

    def test_fit_gives_finite_vectors_of_the_numbers_present_in_ascending_order(self, case):
        model = case.make()
        embedding = model.fit_transform(case.data())
        assert embedding is model.embedding_
        assert embedding.vectors.shape == (len(embedding.numbers), case.dim)
        assert embedding.vectors.dtype in (np.float32, np.float64)
        assert np.isfinite(embedding.vectors).all()
        assert (np.diff(embedding.numbers) > 0).all()
        assert np.array_equal(embedding.numbers, np.flatnonzero(text().number_counts))
        assert embedding.name

    def test_absent_numbers_are_listed_and_have_no_row(self, case):
        embedding = case.fit()
        assert np.array_equal(embedding.missing, np.flatnonzero(text().number_counts == 0))
        assert embedding.missing.size > 0
        assert (embedding.vectors != 0).any(axis=1).all()

    def test_counts_are_the_occurrences_and_the_documents_are_known(self, case):
        embedding = case.fit()
        assert np.array_equal(embedding.counts, text().number_counts[embedding.numbers])
        assert embedding.n_documents == text().n_documents

    def test_numbers_under_min_count_are_missing(self, case):
        embedding = case.fit(min_count=3)
        assert np.array_equal(embedding.numbers, np.flatnonzero(text().number_counts >= 3))

    def test_same_seed_gives_the_same_bytes(self, case):
        data = case.data()
        first, again = case.make().fit_transform(data), case.make().fit_transform(data)
        assert first.fingerprint == again.fingerprint
        assert first.vectors.tobytes() == again.vectors.tobytes()

    def test_another_seed_gives_other_vectors_just_where_there_is_something_to_draw(self, case):
        if "random_state" in case.make().get_params():
            same = np.allclose(case.fit(random_state=0).vectors, case.fit(random_state=1).vectors)
            assert same != case.drawn
        else:
            assert not case.drawn

    def test_global_random_state_is_left_alone(self, case):
        before = np.random.get_state()[1].copy()  # noqa: NPY002
        case.fit()
        assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002

    def test_data_is_left_as_it_was(self, case):
        data = case.data()
        before = data.fingerprint
        parts = [part.copy() for part in arrays_of(data)]
        case.fit(data)
        vars(data).pop("fingerprint", None)
        assert data.fingerprint == before
        assert all(np.array_equal(a, b) for a, b in zip(parts, arrays_of(data), strict=True))

    def test_provenance_says_model_parameters_versions_and_data(self, case):
        model = case.make()
        recorded = json.loads(json.dumps(model.fit_transform(case.data()).provenance))
        assert recorded["embed"]["parameters"] == {"model": case.model, **model.get_params()}
        assert "numpy" in recorded["embed"]["versions"]
        source = recorded["corpus_fingerprint" if case.reads_text else "counts_fingerprint"]
        assert isinstance(source, str)

    def test_flags_of_the_data_come_through(self, case):
        data = case.data(corpus_of([[A, 7, B, 8, C, 9, A, 6]] * 20))
        data.flags = ("ordinals-kept",)
        assert "ordinals-kept" in case.fit(data, **self.low(case)).flags

    def test_file_brings_everything_back(self, case, tmp_path):
        embedding = case.fit()
        again = Embedding.load(embedding.save(tmp_path / "e.npz"))
        assert again.fingerprint == embedding.fingerprint
        assert again.provenance == json.loads(json.dumps(embedding.provenance))

    def test_halves_are_fitted_on_complementary_blocks(self, case):
        if not case.has_half_samples:
            assert len(case.fit().replicates) == 0
            return
        embedding = case.fit(half_samples=True)
        assert embedding.replicates.kind == "half-samples"
        assert embedding.replicates.ids == tuple(range(12000, 12010))
        for pair in embedding.replicates.pairs:
            total = np.zeros(embedding.size, dtype=np.int64)
            for half in pair:
                total[half.numbers] += half.counts
            assert np.array_equal(total[embedding.numbers], embedding.counts)
        assert len(case.fit(half_samples=False).replicates) == 0
        assert len(case.fit(half_samples=99).replicates) == 11  # a full set of twelve blocks

    def test_half_that_cannot_be_fitted_is_left_out_and_said(self, case, caplog):
        if not case.has_half_samples:
            return
        numbers_at_the_start = [[A, 7, B, 8, C, 9, A, 6, B, 5]] * 10 + [[A, B, C] * 4] * 60
        data = case.data(corpus_of(numbers_at_the_start, n_blocks=8))
        with caplog.at_level(logging.WARNING, logger="wordnum"):
            embedding = case.fit(data, half_samples=True, **self.low(case))
        assert len(embedding.replicates) == 0
        assert "half-sample 8006 is left out" in caplog.text

    def test_a_single_number_is_refused(self, case):
        data = case.data(corpus_of([[A, 7, B, C]] * 30))
        with pytest.raises(InputError, match="too few numbers to embed") as error:
            case.fit(data, **self.low(case))
        assert "expected: two numbers or more" in str(error.value)
        assert "1 of 1000" in str(error.value)

    def test_min_count_above_all_counts_is_refused(self, case):
        with pytest.raises(InputError, match="too few numbers to embed") as error:
            case.fit(min_count=10**6)
        assert "lower min_count" in str(error.value)

    def test_min_count_of_zero_is_refused(self, case):
        with pytest.raises(UsageError, match="min_count"):
            case.fit(min_count=0)

    @pytest.mark.parametrize("data", ["some text", None, 3.0, [1, 2, 3], [[1, 2], [3]]])
    def test_what_is_no_data_is_refused_by_its_type(self, case, data):
        with pytest.raises(InputError) as error:
            case.make().fit_transform(data)
        assert type(data).__name__ in str(error.value)

    def low(self, case) -> dict[str, Any]:
        """Parameters for a text of a few words."""
        names = inspect.signature(model_class(case.model)).parameters
        few = {"dim": 2, "sample": 0.0}
        return {name: value for name, value in few.items() if name in names}


class CountModelContract:
    """More, of the models that read counts or a plain matrix."""

    counts = np.random.default_rng(0).poisson(2.0, (12, 30)) + np.eye(12, 30, dtype=np.int64)

    def test_plain_matrix_has_number_n_in_row_n(self, case):
        embedding = case.fit(self.counts)
        assert embedding.size == 12
        assert np.array_equal(embedding.numbers, np.arange(12))
        assert len(embedding.replicates) == 0

    def test_sparse_and_dense_give_the_same_vectors(self, case):
        dense = case.fit(self.counts)
        for kind in (sparse.csr_array, sparse.csr_matrix, sparse.coo_array, sparse.csc_array):
            assert np.array_equal(case.fit(kind(self.counts)).vectors, dense.vectors)

    def test_given_matrix_is_left_as_it_was(self, case):
        given = sparse.csr_array(self.counts)
        before = given.copy()
        case.fit(given)
        for part in ("data", "indices", "indptr"):
            assert np.array_equal(getattr(given, part), getattr(before, part))

    def test_empty_row_is_a_missing_number(self, case):
        counts = self.counts.copy()
        counts[5] = 0
        assert case.fit(counts).missing.tolist() == [5]

    def test_all_zero_counts_are_refused(self, case):
        with pytest.raises(InputError, match="zero|too few numbers|nothing to train") as error:
            case.fit(np.zeros((5, 8)))
        assert error.value.expected
        assert error.value.remedy

    def test_matrix_of_one_number_is_refused(self, case):
        with pytest.raises(InputError, match="too few numbers to embed"):
            case.fit(np.array([[3, 4]]))

    @pytest.mark.parametrize("shape", [(0, 4), (4, 0)])
    def test_matrix_without_rows_or_columns_is_refused(self, case, shape):
        with pytest.raises(InputError):
            case.fit(np.zeros(shape))

    @pytest.mark.parametrize("value", [-1.0, np.nan, np.inf])
    def test_entries_that_are_no_counts_are_refused(self, case, value):
        counts = self.counts.astype(float)
        counts[3, 2] = value
        with pytest.raises(InputError, match="counts"):
            case.fit(counts)


class ContextModelContract(CountModelContract):
    """More, of the models that look at the contexts of a matrix."""

    def test_empty_column_changes_nothing(self, case):
        counts = np.insert(self.counts, [0, 7, 30], 0, axis=1)
        assert case.fit(counts).numbers.tolist() == list(range(12))
        if not case.drawn:
            assert np.allclose(case.fit(counts).vectors, case.fit(self.counts).vectors, atol=1e-12)


def arrays_of(data: EncodedCorpus | Counts | WordCounts) -> list[np.ndarray]:
    if isinstance(data, EncodedCorpus):
        return [np.asarray(block.ids) for block in data.blocks()]
    if isinstance(data, WordCounts):
        return [data.matrix().data, data.context_counts]
    events = [part for block in data.blocks for part in (block.contexts, block.counts)]
    return [*events, data.number_counts, data.context_counts]


class BackendContract:
    """Suite of every backend; the fixture `backend` is a `Backend`."""

    def test_arrays_go_there_and_come_back(self, backend):
        for dtype in (np.float32, np.float64, np.int64, bool):
            there = backend.asarray(np.arange(6).reshape(2, 3), dtype=dtype)
            back = backend.to_numpy(there)
            assert type(back) is np.ndarray
            assert back.dtype == dtype
            assert np.array_equal(back, np.arange(6).reshape(2, 3).astype(dtype))

    def test_sparse_matrices_go_there(self, backend):
        host = sparse.csr_array(np.array([[0, 2, 0], [1, 0, 3]]))
        there = backend.csr(host, dtype=np.float64)
        assert there.shape == (2, 3)
        assert np.array_equal(backend.to_numpy(there.toarray()), host.toarray())
        assert np.array_equal(backend.to_numpy(there.indptr), host.indptr)
        product = there @ backend.asarray(np.eye(3))
        assert np.array_equal(backend.to_numpy(product), host.toarray())

    @pytest.mark.parametrize(("n", "k"), [(6, None), (6, 1), (6, 2), (6, 5), (6, 6), (1, 1)])
    def test_eigh_gives_the_largest_in_ascending_order(self, backend, n, k):
        half = np.random.default_rng(0).standard_normal((n, n))
        matrix = half @ half.T
        values, vectors = backend.eigh(backend.asarray(matrix), k)
        values, vectors = backend.to_numpy(values), backend.to_numpy(vectors)
        count_of = n if k is None else k
        assert values == pytest.approx(np.linalg.eigvalsh(matrix)[n - count_of :], rel=1e-10)
        alone = backend.to_numpy(backend.eigvalsh(backend.asarray(matrix), count_of))
        assert alone == pytest.approx(values, rel=1e-10)
        assert vectors.shape == (n, count_of)
        assert np.abs(matrix @ vectors - vectors * values).max() < 1e-10 * values[-1]
        assert np.abs(vectors.T @ vectors - np.eye(count_of)).max() < 1e-12

    @pytest.mark.parametrize("shape", [(9, 4), (4, 4), (5, 1)])
    def test_qr_gives_an_orthonormal_basis_and_its_triangle(self, backend, shape):
        matrix = np.random.default_rng(1).standard_normal(shape)
        basis, triangle = (backend.to_numpy(a) for a in backend.qr(backend.asarray(matrix)))
        assert basis.shape == shape
        assert np.abs(basis @ triangle - matrix).max() < 1e-12
        assert np.abs(basis.T @ basis - np.eye(shape[1])).max() < 1e-12
        assert np.array_equal(np.triu(triangle), triangle)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("columns", [1, 8, 37])
    def test_multiply_gives_the_product_of_sparse_and_dense(self, backend, dtype, columns):
        rng = np.random.default_rng(2)
        matrix = sparse.csr_array(rng.poisson(0.5, (20, 30)).astype(dtype))
        block = rng.standard_normal((30, columns)).astype(dtype)
        product = backend.multiply(backend.csr(matrix), backend.asarray(block))
        product = backend.to_numpy(product)
        assert product.dtype == dtype
        assert product == pytest.approx(
            matrix.toarray() @ block, abs=float(100 * np.finfo(dtype).eps)
        )

    def test_waiting_ends(self, backend):
        assert backend.synchronize() is None

    def test_methods_are_those_of_the_base_with_its_signatures(self, backend):
        for name, method in inspect.getmembers(Backend, inspect.isfunction):
            own = getattr(type(backend), name)
            if not name.startswith("_"):
                assert inspect.signature(own) == inspect.signature(method), name
        public = {name for name in vars(type(backend)) if not name.startswith("_")}
        assert public <= {*dir(Backend)}
