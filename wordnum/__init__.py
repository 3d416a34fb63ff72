"""Find out which co-occurrence signals in text give numbers their structure.

Text becomes tokens (`encode`), tokens become counts (`count`), counts become embeddings (`SVD`,
`GloVe`, `NumberSGNS`, …), embeddings become measures (`spectrum`, `probe`, `separability`, or all
of them with `analyze`), and a grid of all that becomes a table (`run_study`) and a
page (`write_page`). Names load when they are first used, so that importing wordnum is quick.
"""

import lazy_loader

from wordnum.compiling import find_cache_folder

__version__ = "0.1.0"

find_cache_folder()  # numba looks for it once, when it is imported

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
