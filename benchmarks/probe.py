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
from wordnum.analyzers.agreement import kappa
from wordnum.analyzers.closed_form import ALPHAS
from wordnum.analyzers.controls import CONTROLS, WHOLE, Subject, parts_of
from wordnum.analyzers.cross_validation import out_of_fold
from wordnum.analyzers.folds import random_folds
from wordnum.analyzers.refits import Refits
from wordnum.analyzers.residues import tasks_for
from wordnum.backend import get_backend
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.replicates import Replicates
from wordnum.theory import planted_embedding

MODULI = range(2, 11)
REPEATS, CONTROL_REPEATS = 5, 3


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


def controls_on_one_core(x, found):
    """Fits of all controls but groups, three repeats, beside those of scikit-learn.

    scikit-learn fits those of one repeat, at the same alphas; its time is multiplied. So is that of
    twenty permutations, for each of which it would fit anew.
    """
    numbers = np.arange(len(x))
    counts = np.random.default_rng(0).integers(1, 99, len(x))
    embedding = Embedding(x, counts=counts)
    refits = Refits(get_backend("cpu"), x - x.mean(axis=0))
    subject = Subject(embedding, refits, tuple(MODULI))
    by_number = random_folds(len(x), repeats=REPEATS)[:CONTROL_REPEATS]
    chosen = [one.chosen for one in found[:CONTROL_REPEATS]]
    asked = [parts_of(name, embedding) for name in CONTROLS if name != "groups"]
    ours, kappas = timed(lambda: [subject.kappas(p, by_number[:1], chosen[:1]) for p in asked])
    start, said = time.process_time(), []
    for parts in asked:
        by_part = []
        for part in parts:
            tasks = tasks_for(numbers[part.rows], MODULI)
            able = [t for t in tasks if t.n_classes > 1]
            by_part.append(
                {t.period: fitted_anew(x, t, part, by_number[0], chosen[0]) for t in able}
            )
        shared = [T for T in by_part[0] if all(T in one for one in by_part)]
        said.append({T: np.mean([one[T] for one in by_part]) for T in shared})
    peer = time.process_time() - start
    gaps = [abs(a[T] - b[T]) for a, b in zip(kappas, said, strict=True) for T in b]
    print(
        f"controls: {CONTROL_REPEATS * ours:.2f} s; LinearDiscriminantAnalysis "
        f"{CONTROL_REPEATS * peer:.0f} s, ratio {peer / ours:.0f}, largest gap of kappa "
        f"{max(gaps):.2g}"
    )
    how = {"times": 20, "restricted": True, "seed": [0]}
    whole = parts_of(WHOLE, embedding), by_number[:1], chosen[:1]
    ours, _ = timed(lambda: subject.permuted(*whole, **how))
    start = time.process_time()
    for task in tasks_for(numbers, MODULI):
        fitted_anew(x, task, whole[0][0], by_number[0], chosen[0])
    peer = 20 * (time.process_time() - start)
    print(f"20 permutations: {ours:.2f} s; fits anew {peer:.0f} s, ratio {peer / ours:.0f}")


def fitted_anew(x, task, part, by_number, chosen):
    """Kappa of scikit-learn's discriminant in the folds of one repeat, at our alphas."""
    at = list(MODULI).index(task.period)
    fold_of, said = by_number[part.rows], np.zeros(len(part.rows), dtype=int)
    for fold in range(5):
        held = fold_of == fold
        rows = x[part.rows]
        if part.nuisance is not None:
            known = np.column_stack([np.ones(len(rows)), part.nuisance])
            rows = rows - known @ np.linalg.lstsq(known[~held], rows[~held], rcond=None)[0]
        Z, Z_test = standardised(rows[~held], rows[held])
        model = lda(Z, task.labels[~held], ALPHAS[chosen[fold, at]])
        said[held] = equal_priors(model, Z_test)
    return float(kappa(task.labels, said, task.n_classes))


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
    print(f"ratio {peer / seconds:.0f}, {100 * same:.3f} % of predictions equal", flush=True)
    controls_on_one_core(x, ours)


def with_halves(dim, n):
    """A planted embedding, with n half-samples that are the same under noise."""
    rng = np.random.default_rng(0)
    made = planted_embedding(phi=300, kappa=60, dim=dim).vectors
    counts = rng.integers(1, 99, len(made))

    def half():
        noise = 0.3 * made.std(axis=0) * rng.standard_normal(made.shape)
        return Embedding(made + noise, counts=counts)

    replicates = Replicates(embeddings=[(half(), half()) for _ in range(n)])
    return Embedding(made, counts=counts, replicates=replicates, n_documents=1000)


def whole(x, device, times=3, clock=time.process_time):
    seconds, found = timed(lambda: probe(x, device=device), times, clock)
    print(f"probe with permutations and controls, {device}: {seconds:.2f} s ({found})", flush=True)
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
        for dim, halves in ((100, 0), (100, 10), (options.dim, 0), (options.dim, 10)):
            made = with_halves(dim, halves)
            seconds, _ = timed(lambda made=made: analyze(made), times=1)
            print(f"analyze, 1000 x {dim}, {halves} half-samples: {seconds:.2f} s", flush=True)
        on_one_core(x)


if __name__ == "__main__":
    main()
