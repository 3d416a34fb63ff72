"""Real text for the benchmarks: an encoded corpus, a recipe by name, or files."""

from __future__ import annotations

from pathlib import Path

from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.encoding import encode
from wordnum.corpus.recipes import encode_recipe, find_recipe


def open_text(text: str, folder: str) -> EncodedCorpus:
    """Open an encoded corpus, or encode a file or a recipe into a folder."""
    if Path(text).is_dir():
        return EncodedCorpus.open(text)
    path = Path(folder) / "corpus"
    return encode(text, path) if Path(text).exists() else encode_recipe(find_recipe(text), path)
