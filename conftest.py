"""Doctests of modules whose package is missing are left out."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("gensim") else ["wordnum/embeddings/gensim_models.py"]
# Most doctests of language models train one.
collect_ignore_glob = [] if find_spec("torch") else ["wordnum/lm/*.py"]
