"""The probe suite beside loops over scikit-learn, on one core, with the same predictions.

    python benchmarks/probe.py                    lda and ridge, 1000 x 300
    python benchmarks/probe.py --device cuda      the suite on the GPU beside one CPU core

The suite: n mod 2..10, five folds five times, seven regularisation alphas chosen inside the
fold. Peers: RidgeClassifierCV, which chooses by the same left-out errors; and
LinearDiscriminantAnalysis with an alpha chosen by five inner folds (nobody would leave 800 rows
out one by one), of which one repeat in five is run and its time multiplied. Seconds on the CPU are
those of the processor, with one BLAS thread, so that other work on the machine does not count; the
best of three. On the GPU they are those of the clock on the wall.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from threadpoolctl import threadpool_limits

from wordnum.analyzers import analyze, probe
from wordnum.analyzers.closed_form import ALPHAS
from wordnum.analyzers.cross_validation import out_of_fold
from wordnum.analyzers.folds import random_folds
from wordnum.analyzers.residues import tasks_for
from wordnum.backend import get_backend
from wordnum.theory import planted_embedding

MODULI = range(2, 11)
REPEATS = 5


def standardised(train, test):
    mean, scale = train.mean(axis=0), train.std(axis=0)
    return (train - mean) / scale, (test - mean) / scale


def folds(x):
    for repeat, fold_of in enumerate(random_folds(len(x), repeats=REPEATS)):
        for fold in range(5):
            held = fold_of == fold
            yield repeat, fold, held, *standardised(x[~held], x[held])


def shrinkage(Z, y, alpha):
    """scikit-learn's name for S_W + a I."""
    within = sum(((Z[y == r] - Z[y == r].mean(axis=0)) ** 2).sum() for r in np.unique(y))
    return alpha / (alpha + within / Z.size)


def lda(Z, y, alpha):
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    return LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage(Z, y, alpha)).fit(Z, y)


def equal_priors(model, rows):
    """Predictions of a fitted LinearDiscriminantAnalysis once its log priors are off."""
    scores = model.decision_function(rows)
    if scores.ndim == 1:
        return (scores > np.log(model.priors_[1] / model.priors_[0])).astype(int)
    return (scores - np.log(model.priors_)).argmax(axis=1)


def ridge_loop(x, tasks):
    from sklearn.linear_model import RidgeClassifierCV

    said = np.zeros((REPEATS, len(tasks), len(x)), dtype=int)
    for repeat, _, held, Z, Z_test in folds(x):
        for at, task in enumerate(tasks):
            model = RidgeClassifierCV(alphas=len(Z) * np.array(ALPHAS))
            said[repeat, at, held] = model.fit(Z, task.labels[~held]).predict(Z_test)
    return said


def lda_loop(x, tasks, chosen):
    """Seconds of one nested repeat; predictions of the first repeat at our alphas."""
    said = np.zeros((len(tasks), len(x)), dtype=int)
    inner = np.random.default_rng(0).integers(5, size=len(x))
    spent = 0.0
    for repeat, fold, held, Z, Z_test in folds(x):
        if repeat:
            break
        for at, task in enumerate(tasks):
            y, part = task.labels[~held], inner[~held]
            start = time.process_time()
            for alpha in ALPHAS:
                for one in range(5):
                    out = part == one
                    lda(Z[~out], y[~out], alpha).predict(Z[out])
            model = lda(Z, y, ALPHAS[chosen[fold, at]])
            said[at, held] = equal_priors(model, Z_test)
            spent += time.process_time() - start
    return spent, said


def timed(call, times=3, clock=time.process_time):
    best = np.inf
    for _ in range(times):
        start = clock()
        found = call()
        best = min(best, clock() - start)
    return best, found


def suite(x, tasks, classifier):
    backend = get_backend("cpu")
    return [
        out_of_fold(backend, x, tasks, fold_of, classifier=classifier)
        for fold_of in random_folds(len(x), repeats=REPEATS)
    ]


def on_one_core(x):
    tasks = tasks_for(np.arange(len(x)), MODULI)
    seconds, ours = timed(lambda: suite(x, tasks, "ridge"))
    peer, said = timed(lambda: ridge_loop(x, tasks), times=1)
    same = np.mean(np.stack([one.labels for one in ours]) == said)
    print(
        f"ridge: {seconds:.2f} s; RidgeClassifierCV {peer:.1f} s, ratio {peer / seconds:.0f}, ",
        end="",
    )
    print(f"{100 * same:.3f} % of predictions equal", flush=True)
    seconds, ours = timed(lambda: suite(x, tasks, "lda"))
    once, said = lda_loop(x, tasks, ours[0].chosen)
    peer = REPEATS * once
    print(
        f"lda: {seconds:.2f} s; LinearDiscriminantAnalysis {peer:.0f} s (5 x {once:.0f} s), ",
        end="",
    )
    same = np.mean(ours[0].labels == said)
    print(f"ratio {peer / seconds:.0f}, {100 * same:.3f} % of predictions equal")


def whole(x, device, times=3, clock=time.process_time):
    seconds, found = timed(lambda: probe(x, device=device), times, clock)
    print(
        f"probe with 400 permutations and controls, {device}: {seconds:.2f} s ({found})", flush=True
    )
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--numbers", type=int, default=1000)
    parser.add_argument("--dim", type=int, default=300)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    options = parser.parse_args()
    made = planted_embedding(phi=300, kappa=60, dim=options.dim, size=options.numbers)
    x = made.vectors
    print(f"{options.numbers} x {options.dim}")
    with threadpool_limits(1, user_api="blas"):
        whole(x, "cpu")
        if options.device == "cuda":
            for dim in (options.dim, 768):
                x = planted_embedding(phi=300, kappa=60, dim=dim, size=options.numbers).vectors
                cpu = whole(x, "cpu", 1, time.perf_counter)
                gpu = whole(x, "cuda", 3, time.perf_counter)
                a, b = (probe(x, device=device, controls=False) for device in ("cpu", "cuda"))
                gap = max(abs(a[T].kappa - b[T].kappa) for T in MODULI)
                print(f"dim {dim}: ratio {cpu / gpu:.1f}, largest gap of kappa {gap:.3g} points")
            return
        seconds, _ = timed(lambda: analyze(planted_embedding(phi=300, kappa=60, dim=100)))
        print(f"analyze, 1000 x 100, no halves: {seconds:.2f} s", flush=True)
        on_one_core(x)


if __name__ == "__main__":
    main()
