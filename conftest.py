"""Doctests of modules whose package is missing are left out."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("gensim") else ["wordnum/embeddings/gensim_models.py"]
