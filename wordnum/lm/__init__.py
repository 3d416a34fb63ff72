"""Language models trained on a corpus or on addition; needs the extra ``lm``."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
