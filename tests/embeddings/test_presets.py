"""Presets: every one makes the model it says, from a corpus or from counts."""

from __future__ import annotations

import numpy as np
import pytest

from tests.contracts import text, text_counts
from wordnum.cooccurrence.counting import count
from wordnum.cooccurrence.word_pairs import count_words
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.embeddings.make import choose, embed
from wordnum.embeddings.models import MODELS, model_class
from wordnum.embeddings.presets import DEFAULT_PRESET, PRESETS, get_preset
from wordnum.embeddings.svd import SVD
from wordnum.errors import UsageError

SMALL = {"dim": 4, "epochs": 1, "half_samples": False}


def small(name: str):
    """A preset cut down to what a test can train."""
    preset = get_preset(name)
    known = model_class(preset.model)().get_params()
    return choose(name, **{key: value for key, value in SMALL.items() if key in known})


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
    assert {key: getattr(model, key) for key, _ in preset.parameters} == dict(preset.parameters)
    assert preset.dim in (None, model.dim)
    assert preset.make(random_state=9).random_state == 9


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_embeds_a_corpus_of_its_league(name):
    preset = small(name)
    corpus = kept() if preset.ordinals == "keep" else text()
    embedding = embed(corpus, preset)
    assert np.array_equal(embedding.numbers, np.flatnonzero(corpus.number_counts))
    assert embedding.dim == 4
    assert ("ordinals-kept" in embedding.flags) == (preset.ordinals == "keep")


@pytest.mark.parametrize("name", [name for name in PRESETS if PRESETS[name].ordinals == "keep"])
def test_leagues_are_not_mixed(name):
    with pytest.raises(
        UsageError, match="keeps ordinals; this corpus was encoded without"
    ) as error:
        embed(text(), name)
    assert "--ordinals keep" in str(error.value)


def test_default_preset_keeps_no_ordinals():
    assert PRESETS[DEFAULT_PRESET].ordinals == "out"
    assert choose() == get_preset(DEFAULT_PRESET)


def test_counts_and_their_corpus_give_the_same_vectors():
    preset = choose("hellinger-2", dim=4, half_samples=False)
    of_counts = embed(text_counts(), preset)
    assert np.array_equal(of_counts.vectors, embed(text(), preset).vectors)
    wider = count(text(), window=5)
    assert np.array_equal(of_counts.vectors, embed(wider, preset).vectors)


def test_counts_of_all_rows_are_factorized_as_a_whole():
    counts = count_words(text(), window=2)
    found = embed(counts, choose("ppmi-2", dim=4))
    whole = SVD(rows="all", weighting="ppmi", dim=4).fit_transform(counts)
    assert np.array_equal(found.vectors, whole.vectors)


@pytest.mark.parametrize("model", MODELS)
def test_every_model_can_be_chosen_by_name_alone(model):
    preset = choose(model=model)
    assert preset.model == model
    assert preset.parameters == ()
    assert preset.name == model


def test_model_of_the_preset_keeps_the_preset():
    assert choose("qwem-5", model="svd") == get_preset("qwem-5")
    assert choose("qwem-5", model="glove").parameters == ()


def test_choices_change_only_what_they_name():
    preset = choose("ppmi-2", window=3, side="left", signal="text", dim=7, weighting=None)
    assert (preset.window.size, preset.window.side, preset.window.positional) == (3, "left", False)
    assert preset.signal == "text"
    assert (preset.weighting, preset.dim, preset.min_count) == ("ppmi", 7, 1)


def test_seed_signal_and_window_reach_the_model():
    preset = choose(model="sgns", signal="text", window=3, dim=4, epochs=1, half_samples=False)
    made = embed(text(), preset, random_state=5).provenance["embed"]["parameters"]
    assert (made["random_state"], made["signal"], made["window"]) == (5, "text", 3)


@pytest.mark.parametrize("model", ["word2vec", "fasttext", "sgns"])
def test_model_of_text_refuses_counts(model):
    with pytest.raises(UsageError, match="trains on text, not on counts") as error:
        embed(text_counts(), choose(model=model))
    assert "pass the corpus" in str(error.value)


def test_parameter_of_another_model_is_refused_with_those_there_are():
    with pytest.raises(UsageError, match="'frequency' has no parameter 'dim'") as error:
        choose(model="frequency", dim=4)
    assert "it has: min_count, half_samples" in str(error.value)


def test_unknown_preset_names_the_nearest():
    with pytest.raises(UsageError, match="unknown preset: 'helinger-2'") as error:
        get_preset("helinger-2")
    assert "did you mean 'hellinger-2'?" in str(error.value)
