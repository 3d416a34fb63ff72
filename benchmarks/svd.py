"""SVD beside its peers: number rows exactly, and all rows at equal accuracy, on one core.

    python benchmarks/svd.py numbers                    1000 rows, all columns, k = 300
    python benchmarks/svd.py all                        50,000 x 50,000 PPMI, k = 300
    python benchmarks/svd.py numbers --device cuda      the GPU beside one CPU core; also `all`
    python benchmarks/svd.py all --text my.txt          another text, or the name of a recipe

Peers of all rows run from loose to strict until the largest relative error of their singular
values is at most 1e-4, or their time is four times ours; errors are against ARPACK run to 1e-9.
Seconds are those that one core spent (process time), so that other work on the machine does not
count; on the GPU they are those that passed.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
import time
from collections.abc import Callable, Iterator

import numpy as np
from real_text import open_text
from scipy import linalg, sparse
from scipy.sparse.linalg import svds
from sklearn.utils.extmath import randomized_svd
from threadpoolctl import threadpool_limits

from wordnum.backend import get_backend
from wordnum.cooccurrence.counting import count
from wordnum.cooccurrence.word_pairs import count_words
from wordnum.embeddings.gram import gram, leading
from wordnum.embeddings.krylov import block_krylov_svd
from wordnum.embeddings.svd import SVD
from wordnum.embeddings.weightings import weight

K = 300
ACCURACY = 1e-4
PATIENCE = 4  # times our seconds, after which a peer is not asked for more


def counted(text: str, rows: str) -> sparse.csr_array:
    """Counts of five tokens each side."""
    with tempfile.TemporaryDirectory() as folder:
        run = count_words if rows == "all" else count
        counts = run(open_text(text, folder), window=5)
        return counts.matrix() if rows == "all" else counts.signal("both").matrix()


def timed(call: Callable, *, times: int = 1, clock: Callable = time.process_time):
    """Least seconds of some calls, and the last result."""
    best = np.inf
    for _ in range(times):
        start = clock()
        found = call()
        best = min(best, clock() - start)
    return best, found


def show(name: str, seconds: float, first: float, note: str = "") -> None:
    print(f"{name:46}{seconds:9.2f}{seconds / first:9.2f}   {note}", flush=True)


def on_gpu(call: Callable):
    """Seconds that pass on the GPU, after one call that compiles and fills the memory pool."""
    backend = get_backend("cuda")

    def finished():
        found = call()
        backend.synchronize()
        return found

    finished()
    return timed(finished, times=5, clock=time.perf_counter)


def number_rows(counts: sparse.csr_array, device: str) -> None:
    print(f"number rows: {counts.shape}, {counts.nnz:,} non-zero counts, k = {K}")
    print(f"{'':46}{'seconds':>9}{'ratio':>9}")
    model = SVD(dim=K, half_samples=False)
    seconds, _ = timed(lambda: model.fit(counts), times=5)
    show("wordnum, fit from counts to vectors", seconds, seconds)
    if device == "cuda":
        there = SVD(dim=K, half_samples=False, device="cuda")
        show("wordnum, GPU", on_gpu(lambda: there.fit(counts))[0], seconds, error(there, model))
        return
    spent, weighted = timed(lambda: weight(counts), times=5)
    show("  of which the weighting", spent, seconds)
    spent, product = timed(lambda: gram(weighted), times=5)
    show("  of which the Gram matrix", spent, seconds)
    spent, _ = timed(lambda: leading(product, K, backend=get_backend("cpu"), exact=True), times=5)
    show("  of which its eigenvectors", spent, seconds)
    dense = weighted.toarray()
    show("BLAS: the dense product W W^T alone", timed(lambda: dense @ dense.T, times=3)[0], seconds)
    spent, values = timed(lambda: linalg.svd(dense, full_matrices=False, check_finite=False)[1])
    note = f"error of ours {np.abs(model.singular_values_ / values[:K] - 1).max():.1e}"
    show("scipy.linalg.svd, dense", spent, seconds, note)
    spent, _ = timed(lambda: svds(weighted.matrix, k=K, random_state=0))
    show("scipy svds (arpack)", spent, seconds)


def error(model: SVD, other: SVD) -> str:
    return f"gap {np.abs(model.singular_values_ / other.singular_values_ - 1).max():.1e}"


Run = tuple[str, Callable[[], np.ndarray]]


def peers(matrix: sparse.csr_matrix) -> Iterator[Iterator[Run]]:
    """Each peer from loose to strict; a run gives singular values."""
    for solver in ("arpack", "propack"):
        yield (
            (
                f"scipy svds ({solver}), tol {tol:g}",
                lambda s=solver, t=tol: svds(matrix, k=K, tol=t, solver=s, random_state=0)[1],
            )
            for tol in (1e-1, 1e-2, 1e-3, 1e-4)
        )
    yield (
        (
            f"scikit-learn randomized_svd, {n} iterations",
            lambda n=n: randomized_svd(
                matrix, K, n_oversamples=100, n_iter=n, power_iteration_normalizer="QR",
                random_state=0,
            )[1],
        )
        for n in (8, 12, 16, 24, 32, 48)
    )  # fmt: skip


def all_rows(counts: sparse.csr_array, device: str) -> None:
    weighted = weight(counts, weighting="ppmi")
    matrix = sparse.csr_matrix(weighted.matrix)
    print(f"all rows: PPMI of {matrix.shape}, {matrix.nnz:,} non-zeros, k = {K}")
    print(f"{'':46}{'seconds':>9}{'ratio':>9}   largest relative error")
    found = {
        single: timed(lambda s=single: block_krylov_svd(weighted, K, tol=ACCURACY, single=s))
        for single in (False, True)
    }
    first = found[False][0]
    exact = np.sort(svds(matrix, k=K, tol=1e-9, random_state=0)[1])[::-1]

    def off(values: np.ndarray) -> float:
        return float(np.max(np.abs(np.sort(values)[::-1] - exact) / exact))

    for single, (seconds, svd) in found.items():
        name = f"wordnum, {'single' if single else 'double'}, tol {ACCURACY:g}"
        show(name, seconds, first, f"{off(svd.singular_values):.1e} (stated {svd.error:.1e})")
    if device == "cuda":
        there = weight(counts, weighting="ppmi", device="cuda")
        for single in (False, True):
            spent, svd = on_gpu(lambda s=single: block_krylov_svd(there, K, tol=ACCURACY, single=s))
            name = f"wordnum, GPU, {'single' if single else 'double'}"
            show(name, spent, first, f"{off(svd.singular_values):.1e}")
        return
    for runs in peers(matrix):
        for name, run in runs:
            seconds, values = timed(run)
            show(name, seconds, first, f"{off(values):.1e}")
            if off(values) <= ACCURACY or seconds > PATIENCE * first:
                break


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("rows", choices=["numbers", "all"])
    parser.add_argument("--text", help="an encoded corpus, a file or a recipe")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    options = parser.parse_args()
    text = options.text or {"numbers": "wikipedia2014", "all": "wikipedia2014-part1"}[options.rows]
    counts = counted(text, options.rows)
    print(f"{text}, {platform.processor() or platform.machine()}")
    with threadpool_limits(1):
        {"numbers": number_rows, "all": all_rows}[options.rows](counts, options.device)


if __name__ == "__main__":
    main()
