"""Presets: every one makes the model it says, from a corpus or from counts."""

from __future__ import annotations

import numpy as np
import pytest

from tests.contracts import text, text_counts
from wordnum.cooccurrence.counting import count
from wordnum.cooccurrence.windows import Window
from wordnum.cooccurrence.word_pairs import count_words
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.embeddings.presets import DEFAULT_PRESET, PRESETS, embed, made_by
from wordnum.embeddings.registry import model_class, model_names, parameter_names
from wordnum.embeddings.svd import SVD
from wordnum.errors import InputError, UsageError

SMALL = {"dim": 4, "epochs": 1, "half_samples": False, "max_steps": 2, "batch_tokens": 512}


def small(model: str) -> dict[str, object]:
    """Parameters that a test has time for."""
    return {key: value for key, value in SMALL.items() if key in parameter_names(model)}


def _needs_its_packages(model: str) -> None:
    if model in ("word2vec", "fasttext"):
        pytest.importorskip("gensim", reason="gensim is not installed")
    if model == "language-model":
        pytest.importorskip("torch", reason="torch is not installed (make test LM=1)")


def kept() -> EncodedCorpus:
    """The small text, as if it had been encoded with ordinals kept."""
    corpus = text()
    words = corpus.vocabulary
    vocabulary = Vocabulary.from_words(
        words.tokens()[words.first_word :], numerals=NumeralScheme(ordinals="keep")
    )
    blocks = list(corpus.blocks())
    ids = np.concatenate([block.ids for block in blocks])
    lengths = np.concatenate([np.diff(block.starts) for block in blocks])
    return EncodedCorpus.from_arrays(
        ids, np.concatenate([[0], np.cumsum(lengths)]), vocabulary, n_blocks=6
    )


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_makes_its_model_with_its_parameters(name):
    preset = PRESETS[name]
    assert preset.name == name
    assert preset.description.endswith(".")
    model = preset.make()
    assert type(model) is model_class(preset.model)
    assert {key: getattr(model, key) for key in preset.parameters} == preset.parameters
    assert preset.make(random_state=9).random_state == 9


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_embeds_a_corpus_that_it_is_for(name):
    preset = PRESETS[name]
    _needs_its_packages(preset.model)
    corpus = kept() if preset.ordinals == "keep" else text()
    embedding = embed(corpus, preset=name, **small(preset.model))
    assert np.array_equal(embedding.numbers, np.flatnonzero(corpus.number_counts))
    assert embedding.dim == 4
    assert ("ordinals-kept" in embedding.flags) == (preset.ordinals == "keep")


@pytest.mark.parametrize("name", [name for name in PRESETS if PRESETS[name].ordinals == "keep"])
def test_presets_that_keep_ordinals_refuse_a_corpus_without(name):
    with pytest.raises(
        UsageError, match="keeps ordinals; this corpus was encoded without"
    ) as error:
        embed(text(), preset=name)
    assert "--ordinals keep" in str(error.value)


def test_default_preset_keeps_no_ordinals():
    assert PRESETS[DEFAULT_PRESET].ordinals == "out"
    by_default = embed(text(), **small("svd"))
    assert (
        by_default.fingerprint == embed(text(), preset=DEFAULT_PRESET, **small("svd")).fingerprint
    )


def test_counts_and_their_corpus_give_the_same_vectors():
    def vectors(source):
        return embed(source, preset="hellinger-2", dim=4, half_samples=False).vectors

    of_counts = vectors(text_counts())
    assert np.array_equal(of_counts, vectors(text()))
    assert np.array_equal(of_counts, vectors(count(text(), window=5)))


def test_counts_are_read_over_their_own_window_unless_a_preset_or_a_window_is_named():
    for size in (1, 2, 4):
        made = embed(count(text(), window=size), **small("svd"))
        assert made.provenance["read"]["window"] == f"±{size}"
    wide = count(text(), window=4)
    assert embed(wide, window=1, **small("svd")).provenance["read"]["window"] == "±1"
    named = embed(wide, preset="ppmi-2", **small("svd"))
    assert named.provenance["read"]["window"] == "±2"


def test_counts_of_all_rows_are_factorized_as_a_whole():
    counts = count_words(text(), window=2)
    found = embed(counts, preset="ppmi-2", dim=4)
    whole = SVD(rows="all", weighting="ppmi", dim=4).fit_transform(counts)
    assert np.array_equal(found.vectors, whole.vectors)
    with pytest.raises(UsageError, match="summed over their window") as error:
        embed(counts, window=1, signal="text")
    assert "window, signal for counts of ±2" in str(error.value)


def test_paths_are_opened(tmp_path):
    for data in (text_counts(), count_words(text(), window=2)):
        path = data.save(tmp_path / "counts.npz")
        of_path = embed(str(path), dim=4, half_samples=False)
        assert of_path.fingerprint == embed(data, dim=4, half_samples=False).fingerprint


def test_what_is_no_corpus_and_no_counts_is_refused_by_what_it_is(tmp_path):
    (tmp_path / "text.txt").write_text("7 apples")
    with pytest.raises(InputError, match="holds no counts") as error:
        embed(tmp_path / "text.txt")
    assert "wordnum encode" in str(error.value)
    with pytest.raises(InputError, match="neither counts nor a corpus"):
        embed(np.ones((3, 3)))
    with pytest.raises(InputError, match="no such file"):
        embed(tmp_path / "absent.npz")


@pytest.mark.parametrize("model", model_names())
def test_every_model_can_be_chosen_by_name_alone(model):
    _needs_its_packages(model)
    made = embed(text(), model=model, **small(model))
    assert made.provenance["embed"]["parameters"]["model"] == model


def test_what_was_made_is_said_from_the_fitted_model():
    made = embed(text(), weighting="ppmi", window=2, signal="text", **small("svd"))
    assert made_by(made) == "svd; weighting ppmi; signal text; window ±2; dim 4"
    assert made_by(embed(text(), model="frequency")) == "frequency; dim 1"


def test_a_model_named_beside_a_preset_has_its_own_defaults():
    of_preset = embed(text(), preset="qwem-5", model="svd", **small("svd"))
    assert of_preset.provenance["embed"]["parameters"]["weighting"] == "qwem"
    other = embed(text(), preset="qwem-5", model="glove", **small("glove"))
    assert other.name == "glove"


def test_choices_change_only_what_they_name():
    made = embed(
        text(),
        preset="ppmi-2",
        window=3,
        side="left",
        signal="text",
        weighting=None,
        **small("svd"),
    )
    assert made_by(made) == "svd; weighting ppmi; signal text; window −3; dim 4"


def test_seed_signal_and_window_reach_the_model():
    made = embed(text(), model="sgns", signal="text", window=3, random_state=5, **small("sgns"))
    used = made.provenance["embed"]["parameters"]
    assert (used["random_state"], used["signal"], used["window"]) == (5, "text", 3)


@pytest.mark.parametrize("model", ["word2vec", "fasttext", "sgns"])
def test_model_of_text_refuses_counts(model):
    with pytest.raises(UsageError, match="trains on text, not on counts") as error:
        embed(text_counts(), model=model)
    assert "pass the corpus" in str(error.value)


def test_parameter_of_another_model_is_refused_with_those_there_are():
    with pytest.raises(UsageError, match="unknown parameter of frequency 'dim'") as error:
        embed(text(), model="frequency", dim=4)
    assert "Known: half_samples, min_count" in str(error.value)


@pytest.mark.parametrize(
    ("model", "choice"),
    [
        ("frequency", {"signal": "text"}),
        ("word2vec", {"side": "left"}),
        ("sgns", {"device": "cuda"}),
    ],
)
def test_what_a_model_does_not_have_is_refused_not_ignored(model, choice):
    with pytest.raises(UsageError, match=f"the model '{model}'"):
        embed(text(), model=model, **choice)


@pytest.mark.parametrize("window", [2, np.int64(2), Window(size=2, weighting="flat")])
def test_a_window_is_any_integer_or_a_window(window):
    made = embed(text(), window=window, **small("svd"))
    assert made.provenance["read"]["window"] == "±2"
    assert embed(text_counts(), window=window, **small("svd")).fingerprint == made.fingerprint


def test_unknown_preset_names_the_nearest():
    with pytest.raises(UsageError, match="unknown preset 'helinger-2'") as error:
        embed(text_counts(), preset="helinger-2")
    assert "did you mean 'hellinger-2'?" in str(error.value)
