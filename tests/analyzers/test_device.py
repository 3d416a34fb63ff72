"""The probe on a make-believe device whose arrays refuse to meet NumPy's, as CuPy's do."""

import numpy as np
import pytest

from wordnum.analyzers import probe as probe_function
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.replicates import Replicates
from wordnum.theory import planted_embedding


@pytest.mark.parametrize("classifier", ["lda", "ridge"])
@pytest.mark.parametrize("dim", [14, 250])
def test_probe_keeps_to_its_device_and_finds_what_the_cpu_finds(make_believe, classifier, dim):
    rng = np.random.default_rng(0)
    made = planted_embedding(phi=100, kappa=60, dim=dim, size=200)
    pairs = [[Embedding(made.vectors + 0.1 * rng.standard_normal((200, dim)), size=200)] * 2] * 3
    full = Embedding(
        made.vectors,
        size=200,
        counts=rng.integers(1, 99, 200),
        n_documents=99,
        replicates=Replicates(embeddings=pairs),
    )
    options = {"moduli": [2, 5], "classifier": classifier, "nulls": 9, "repeats": 1}
    cpu, cuda = (probe_function(full, device=name, **options) for name in ("cpu", "cuda"))
    for T in (2, 5):
        assert cuda[T].row() == cpu[T].row()
        np.testing.assert_array_equal(cuda[T].null.values, cpu[T].null.values)
