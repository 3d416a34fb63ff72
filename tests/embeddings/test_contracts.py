"""Every model under the contracts that all of them share."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint

import pytest

from tests.contracts import ContextModelContract, CountModelContract, ModelCase, ModelContract, text
from wordnum.embeddings import registry
from wordnum.embeddings.base import fit_half_samples
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.registry import make_model, model_class, model_names, parameter_names
from wordnum.errors import InputError, MissingExtraError, UsageError

ON_COUNTS = [
    ModelCase("svd", {"dim": 4}, drawn=False),
    ModelCase("svd", {"dim": 4, "weighting": "qwem", "p": 0.5}, drawn=False),
    ModelCase("svd", {"dim": 4, "weighting": "ppmi", "precision": "single"}, drawn=False),
    ModelCase("glove", {"dim": 4, "epochs": 1, "half_samples": False}),
]
ON_ALL_ROWS = [
    ModelCase("svd", {"dim": 4, "rows": "all"}, has_half_samples=False, rows="all"),
    ModelCase("glove", {"dim": 4, "epochs": 1}, has_half_samples=False, rows="all"),
]
WITHOUT_CONTEXTS = [
    ModelCase("frequency", dim=1, drawn=False),
    ModelCase("random", {"dim": 4}, has_half_samples=False),
]
ON_TEXT = [
    ModelCase("word2vec", {"dim": 4, "epochs": 1}, reads_text=True),
    ModelCase("word2vec", {"dim": 4, "epochs": 1, "mode": "cbow"}, reads_text=True),
    ModelCase("sgns", {"dim": 4, "epochs": 1, "half_samples": False}, reads_text=True),
    ModelCase("fasttext", {"dim": 4, "epochs": 1, "buckets": 50}, reads_text=True),
]

GENSIMS = ("word2vec", "fasttext")


class TestEveryModel(ModelContract):
    @pytest.fixture(params=[*ON_COUNTS, *ON_ALL_ROWS, *WITHOUT_CONTEXTS, *ON_TEXT], ids=str)
    def case(self, request):
        if request.param.model in GENSIMS:
            pytest.importorskip("gensim", reason="gensim is not installed")
        return request.param


class TestModelsOfCounts(CountModelContract):
    @pytest.fixture(params=WITHOUT_CONTEXTS, ids=str)
    def case(self, request):
        return request.param


class TestModelsOfContexts(ContextModelContract):
    @pytest.fixture(params=ON_COUNTS, ids=str)
    def case(self, request):
        return request.param


def test_every_model_is_under_contract():
    assert {case.model for case in [*ON_COUNTS, *WITHOUT_CONTEXTS, *ON_TEXT]} == set(registry._OURS)


@pytest.mark.parametrize("model", GENSIMS)
def test_without_gensim_its_models_say_how_to_install_it(model, monkeypatch):
    monkeypatch.setitem(sys.modules, "gensim", None)
    monkeypatch.setitem(sys.modules, "gensim.models", None)
    with pytest.raises(MissingExtraError, match="needs the package 'gensim'") as error:
        make_model(model, dim=2, epochs=1).fit(text())
    assert "pip install gensim" in str(error.value)


@pytest.mark.parametrize("model", model_names())
def test_hostile_parameters_are_refused_before_any_work(model):
    names = parameter_names(model)
    hostile = {
        "dim": (0, -1, 2.5, "4", True, 10**6, 2**40),
        "p": ("1", None, float("nan")),
        "tol": (0.0, "small"),
        "buckets": (0, 2**31 - 1),
        "epochs": (0, -3, 1.5),
        "window": (0, 2.5, 10_000, 10**20),
        "min_count": (0, -1, None),
        "random_state": (-1, 1.5, None),
        "learning_rate": (0.0, -1.0, float("nan"), float("inf"), "fast"),
        "n_jobs": (0, -2, 1.5, "all"),
        "sample": (-0.1, float("nan")),
    }
    for name, values in hostile.items():
        for value in values if name in names else ():
            with pytest.raises(UsageError, match=name):
                make_model(model, **{name: value}).fit(object())


def test_model_is_made_by_name_with_its_parameters():
    model = make_model("svd", dim=3, weighting="pmi")
    assert type(model) is model_class("svd")
    assert (model.dim, model.weighting) == (3, "pmi")
    assert "weighting" in parameter_names("svd")


def test_unknown_model_names_the_nearest():
    with pytest.raises(UsageError, match="unknown model 'glov'") as error:
        make_model("glov")
    assert "did you mean 'glove'?" in str(error.value)


def test_unknown_parameter_names_the_nearest():
    with pytest.raises(UsageError, match="unknown parameter of svd 'wieghting'") as error:
        make_model("svd", wieghting="pmi")
    assert "did you mean 'weighting'?" in str(error.value)


def test_a_half_sample_that_cannot_be_fitted_takes_its_id_with_it(caplog):
    def fit(part: int, index: int, side: int) -> Embedding:
        if (index, side) == (4, 1):
            raise InputError("too few numbers to embed")
        return Embedding([[float(part)], [1.0]])

    pairs = [(index, (10 * index, 10 * index + 1)) for index in (2, 4, 7)]
    replicates = fit_half_samples(fit, pairs)
    assert replicates.ids == (2, 7)
    assert [pair[1].vectors[0, 0] for pair in replicates.pairs] == [21, 71]
    assert "half-sample 4 is left out: too few numbers" in caplog.text


def test_models_of_other_packages_register_by_entry_point(monkeypatch):
    point = EntryPoint("mine", "wordnum.embeddings.baselines:Random", "wordnum.models")
    monkeypatch.setattr(registry, "entry_points", lambda group: [point])
    monkeypatch.setattr(registry, "_registered", registry._registered.__wrapped__)
    assert model_names() == [*registry._OURS, "mine"]
    assert make_model("mine", dim=3).fit_transform(text()).dim == 3


def test_a_package_whose_model_cannot_be_loaded_is_named(monkeypatch, tmp_path):
    info = tmp_path / "their_models-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their_models\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[wordnum.models]\ntheirs = their_models:Model\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(registry, "_registered", registry._registered.__wrapped__)
    assert "theirs" in model_names()
    what = (
        r"'theirs' cannot be loaded, which the package their_models 1.0 has registered\n  got: Mod"
    )
    with pytest.raises(InputError, match=what):
        make_model("theirs")
