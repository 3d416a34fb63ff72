"""Theorem 1 as runnable mathematics, its counterexample, and planted embeddings."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
