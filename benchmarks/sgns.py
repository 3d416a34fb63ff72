"""Number-centred SGNS beside gensim's SGNS on the same text: time, kappa and spikes.

    python benchmarks/sgns.py                       part 1 of Wikipedia (about 15 M tokens)
    python benchmarks/sgns.py --peer-halves         gensim's own half-samples too: eleven trainings
    python benchmarks/sgns.py --text my.corpus --epochs 15 --peer-epochs 5

Number-centred twice: with context vectors that are trained along, and with those of all words. All
in 100 dimensions, window 5, five noise words, subsampling 1e-3. Seconds are those that all
cores spent (process time), so that other work on the machine does not count; the half-samples,
which only serve the intervals, are not in them.
"""

from __future__ import annotations

import argparse
import tempfile
import time

import numpy as np
from real_text import open_text
from threadpoolctl import threadpool_limits

from wordnum.analyzers.intervals import compare, standard_error, t_quantile
from wordnum.analyzers.probing import probe
from wordnum.analyzers.spectra import spectrum
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.embeddings.gensim_models import Word2Vec
from wordnum.embeddings.sgns import NumberSGNS

MODULI = (2, 5, 10)


def trained(model, corpus):
    """Seconds of one training, and the embedding with its half-samples where they are asked for."""
    halves, model.half_samples = model.half_samples, False
    start = time.process_time()
    embedding = model.fit_transform(corpus)
    seconds = time.process_time() - start
    if halves:
        model.half_samples = True
        embedding = model.fit_transform(corpus)
    return seconds, embedding


def measured(embedding):
    """Probe, spectrum, and the spectra of the halves of every split."""
    with threadpool_limits(1):
        halves = [[spectrum(half) for half in pair] for pair in embedding.replicates.pairs]
        return probe(embedding, moduli=MODULI), spectrum(embedding), halves


def interval(one) -> str:
    return f"{one.low:.1f} .. {one.high:.1f}" if one.low is not None else "no interval"


def spike(spectra, halves, T: int) -> str:
    """Magnitude at period T with its half-sample interval."""
    found = spectra.spikes[T].magnitude
    if not halves:
        return f"{found:.2f} (no interval)"
    first, second = np.array([[h.spikes[T].magnitude for h in pair] for pair in halves]).T
    reach = t_quantile(len(first)) * standard_error(first, second)
    return f"{found:.2f} ({found - reach:.2f} .. {found + reach:.2f})"


def show(name: str, seconds: float, found, spectra, halves) -> None:
    kappas = [f"{found[T].kappa:.1f} ({interval(found[T])})" for T in MODULI]
    spikes = [spike(spectra, halves, T) for T in MODULI]
    print(f"{name:30}{seconds:9.1f}" + "".join(f"{kappa:>26}" for kappa in kappas))
    print(f"{'  spikes':39}" + "".join(f"{m:>26}" for m in spikes), flush=True)


def compare_spectra(ours, theirs) -> None:
    """How alike two spectra are, over all frequencies but 0."""
    logs = [np.log(found.magnitude[1:]) for found in (ours, theirs)]
    print(f"spectra: log magnitudes correlate by {np.corrcoef(logs)[0, 1]:.3f}")


def compare_kappas(ours, theirs) -> None:
    for T, gap in compare(ours, theirs).items():
        inside = [
            name
            for name, one, other in (("ours", ours, theirs), ("gensim's", theirs, ours))
            if one[T].low is not None and one[T].low <= other[T].kappa <= one[T].high
        ]
        print(
            f"T = {T}: difference {gap.difference:.1f} ({interval(gap)}); "
            f"the other kappa lies in the interval of: {', '.join(inside) or 'none'}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--text", default="wikipedia2014-part1", help="corpus, file or recipe")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--peer-epochs", type=int, default=5)
    parser.add_argument("--peer-halves", action="store_true")
    options = parser.parse_args()
    models = {
        f"number-centred, {options.epochs} passes": NumberSGNS(
            epochs=options.epochs, half_samples=True
        ),
        f"contexts of all words, {options.peer_epochs} passes": NumberSGNS(
            epochs=options.peer_epochs, contexts="words", half_samples=True
        ),
        f"gensim, {options.peer_epochs} passes": Word2Vec(
            epochs=options.peer_epochs, half_samples=options.peer_halves
        ),
    }
    # What numba compiles is left out.
    NumberSGNS(epochs=1).fit_transform(SyntheticCorpus(n_documents=20, random_state=1).encoded())
    with tempfile.TemporaryDirectory() as folder:
        corpus = open_text(options.text, folder)
        numbers = int(corpus.number_counts.sum())
        print(f"{options.text}: {corpus.n_tokens:,} tokens, {numbers:,} numbers")
        print(f"{'':30}{'seconds':>9}" + "".join(f"{f'kappa at T = {T}':>26}" for T in MODULI))
        times, probes, spectra = [], [], []
        for name, model in models.items():
            seconds, embedding = trained(model, corpus)
            found, waves, halves = measured(embedding)
            show(name, seconds, found, waves, halves)
            times.append(seconds)
            probes.append(found)
            spectra.append(waves)
    for name, took, found, waves in zip(models, times[:-1], probes, spectra):
        print(f"{name.strip()}: gensim takes {times[-1] / took:.1f} times as long")
        compare_kappas(found, probes[-1])
        compare_spectra(waves, spectra[-1])


if __name__ == "__main__":
    main()
