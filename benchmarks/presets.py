"""Which presets are best, chosen on parts 1 to 4 of Wikipedia, confirmed on part 5.

    python benchmarks/presets.py --root TEXTS --ordinals out     every step, an hour on one core
    python benchmarks/presets.py --root TEXTS --ordinals keep --step report

Two conditions that are never compared: ordinals out ("21st" is another number) and ordinals kept
("21st" is 21 and a suffix that spells its last digit). Steps:

choose    every variant declared below on parts 1 to 4: kappa of n mod 2, 5 and 10. The figure to
          choose by is the mean over T and over five views, the four parts together and without
          each quarter; SE is its jackknife over the quarters.
confirm   the preset of the condition against Hellinger +-1 on part 5, paired by half-samples; once.
report    presets on all five parts with intervals, without the multiples of 5 with their null.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import preset_prototypes as prototypes
from preset_texts import Text, views
from threadpoolctl import threadpool_limits

from wordnum.analyzers import probe
from wordnum.analyzers.intervals import Difference, compare
from wordnum.analyzers.probing import ModulusProbe, ProbeResult
from wordnum.cooccurrence.windows import Window
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.presets import DEFAULT_PRESET, PRESETS, Preset
from wordnum.embeddings.svd import SVD

MODULI = (2, 5, 10)
PRESET_OF = {"out": DEFAULT_PRESET, "keep": "hellinger-1-ordinals"}


RIVALS = ("hellinger-1", "hellinger-2", "ppmi-2", "qwem-5")


@dataclass(frozen=True)
class Variant:
    """One way to number vectors; `ships` where presets can express it."""

    name: str
    fit: prototypes.Fit
    dims: tuple[int, ...] = (100, 150)
    ships: bool = True
    whole_text_only: bool = False


def svd(weighting: str, window: Window, dims: tuple[int, ...] = (100, 150), **reading) -> Variant:
    """A variant that `SVD` has; `reading` is the signal, and how the text is encoded."""
    label = f"{weighting} {window.label}"
    label += "".join(f", {key} {value}" for key, value in reading.items())
    if window.side != "both":
        label += f" {window.side}"

    def fit(text: Text, blocks: np.ndarray) -> prototypes.Vectors:
        counts = text.matrix(blocks, window=window, **reading)
        found = SVD(weighting=weighting, dim=max(dims), half_samples=False).fit_transform(counts)
        return found.vectors, found.numbers

    return Variant(label, fit, dims)


WINDOWS = (
    *(Window(size=size) for size in (1, 2, 3, 4)),
    *(Window(size=size, weighting="linear") for size in (3, 4)),
    Window(size=5, weighting="harmonic"),
    *(Window(size=size, positional=True) for size in (1, 2)),
    *(Window(size=3, side=side) for side in ("left", "right")),
    Window(size=1, side="right"),
)
WEIGHTINGS = (
    *(f"hellinger:power={power}" for power in (0.25, 0.35, 0.6, 0.7)),
    "hellinger:power=0.7,mass=0.2",
    "hellinger:power=1,mass=0.5",
    *("conditional", "log", "ppmi", "ppmi:smoothing=0.75", "ppmi:shift=1", "qwem:smoothing=0.75"),
)


def grid(ordinals: str) -> Iterator[Variant]:
    """Everything that is tried: around +-3 with ordinals out, around +-1 with them."""
    main = Window(size=3 if ordinals == "out" else 1)
    weighting = "hellinger:mass=0.15" if ordinals == "out" else "hellinger"
    plain = [Window(size=size) for size in (1, 2, 3, 4, 5, 10)]
    for window in plain:
        yield svd("hellinger", window, (60, 100, 150, 200))
    for mass in (0.05, 0.1, 0.15, 0.2, 0.25):
        yield svd(f"hellinger:mass={mass}", main, (80, 100, 120, 150))
    for other in WEIGHTINGS:
        yield svd(other, main)
    for window in WINDOWS:
        if window not in (plain if weighting == "hellinger" else [main]):
            yield svd(weighting, window)
    yield svd(weighting, main, signal="text")
    yield svd(weighting, main, signal="number")
    yield svd(weighting, main, words=200_000)
    yield svd(weighting, main, spelled_out=True)
    for numerals in ("r2l3", "l2r3"):
        yield svd("hellinger", Window(size=2), numerals=numerals)
        for size in (1, 2):
            yield svd("hellinger", Window(size=size, positional=True), numerals=numerals)
    yield from tried(main, weighting)


def tried(window: Window, weighting: str) -> Iterator[Variant]:
    """Ideas that presets have no words for; to be taken over, one must be clearly better."""

    def idea(name: str, fit: prototypes.Fit, dims: tuple[int, ...] = (100, 150)) -> Variant:
        return Variant(name, fit, dims, ships=False)

    def view(share: float, window: Window, weighting: str = weighting, **reading):
        return share, {"window": window, **reading}, weighting

    here, both = (window, weighting), prototypes.side_by_side
    one, two, three, ten = (Window(size=size) for size in (1, 2, 3, 10))
    for contexts in (30, 100, 300):
        name = f"rows shrunk by {contexts} contexts"
        yield idea(name, prototypes.shrunk_rows(*here, contexts=contexts))
    yield idea("diagonal imputed, rank 100", prototypes.imputed_diagonal(*here, rank=100))
    yield idea("columns by reliability", prototypes.reliable_columns(*here))
    sides = (view(1, Window(size=3, side=side)) for side in ("left", "right"))
    yield idea("left and right apart, ±3", both(*sides))
    signals = (view(1, window, signal="text"), view(0.5, window, signal="number"))
    yield idea("words and numbers apart", both(*signals))
    yield idea("±1 and ±3 together", both(view(1, one), view(1, three)))
    yield idea("±3 and ±10 together", both(view(1, three), view(0.3, ten)))
    chunks = view(1, replace(two, positional=True), "hellinger", numerals="r2l3")
    yield idea("whole and r2l3 together", both(view(1, window), chunks))
    yield idea("Gaussian kernel", prototypes.gaussian_kernel(*here, width=1))
    for share in (0.5, 1):
        name = f"contexts alike by word vectors, share {share}"
        yield idea(name, prototypes.word_similarity(*here, share=share))
    yield idea("pairs of neighbours as columns", prototypes.joint_contexts(weighting))
    yield idea("100 topics (Poisson factors)", prototypes.topics(window, rank=100), (100,))
    for name, beside, dim in (("SGNS", None, 100), ("SGNS beside SVD", svd(*reversed(here)), 200)):
        fit = prototypes.skip_gram(beside=beside.fit if beside else None)
        yield Variant(name, fit, (dim,), ships=False, whole_text_only=True)


def kappas(vectors: np.ndarray, numbers: np.ndarray, repeats: int = 2) -> np.ndarray:
    """Kappa at every T, cheaply."""
    cheap = {"nulls": 0, "controls": False, "intervals": False, "repeats": repeats}
    found = probe(Embedding(vectors, numbers), moduli=MODULI, **cheap)
    return np.array([found[T].kappa for T in MODULI])


def choose(text: Text) -> None:
    """Print a line per variant and dimension, best first."""
    rows = []
    for variant in grid(text.ordinals):
        wanted = views()[:1] if variant.whole_text_only else views()
        fitted = [variant.fit(text, blocks) for blocks in wanted]
        for dim in variant.dims:
            found = np.array([kappas(v[:, :dim], numbers) for v, numbers in fitted])
            rows.append((variant, dim, found))
            print(f"  {variant.name}, {dim}: {found.mean():.1f}", flush=True)
    rows.sort(key=lambda row: (row[0].whole_text_only, -row[2].mean()))
    columns = ["variant (* not a preset)", "d", "mean of views", "SE"]
    columns += [f"T = 2 / 5 / 10, {which}" for which in ("mean of views", "all four parts")]
    print(f"\nordinals {text.ordinals}, parts 1 to 4: {len(rows)} variants\n")
    print_table(columns, [choice_row(*row) for row in rows])


def choice_row(variant: Variant, dim: int, found: np.ndarray) -> list[str]:
    """Cells of one variant; `found` has a row per view, all four parts first."""
    name = variant.name + ("" if variant.ships else " *")
    if variant.whole_text_only:
        return [name, str(dim), "", "", "", triple(found[0])]
    left_out = found[1:].mean(axis=1)
    error = np.sqrt(0.75 * ((left_out - left_out.mean()) ** 2).sum())
    means = [f"{found.mean():.1f}", f"{error:.1f}", triple(found.mean(axis=0))]
    return [name, str(dim), *means, triple(found[0])]


def triple(values: np.ndarray) -> str:
    return " / ".join(f"{value:.0f}" for value in values)


def embed(text: Text, preset: Preset) -> Embedding:
    """Vectors of a preset with their half-samples."""
    return preset.make().fit_transform(text.counts().signal(preset.signal, window=preset.window))


def confirm(text: Text) -> None:
    """Print the paired difference between the preset of the condition and Hellinger ±1."""
    mine, reference = PRESETS[PRESET_OF[text.ordinals]], PRESETS["hellinger-1"]
    if (
        mine.make().get_params() == reference.make().get_params()
        and mine.window == reference.window
    ):
        print(f"\nordinals {text.ordinals}: {mine.name} is Hellinger ±1; nothing to confirm")
        return
    first, second = (probed(embed(text, preset)) for preset in (mine, reference))
    print(f"\nordinals {text.ordinals}, part 5: {mine.name} less {reference.name}\n")
    for T, gap in compare(first, second).items():
        print(f"T = {T}: {first[T].kappa:.1f} less {second[T].kappa:.1f} = {difference(gap)}")


def probed(embedding: Embedding) -> ProbeResult:
    """Kappas with intervals, without shuffles."""
    return probe(embedding, moduli=MODULI, nulls=0, controls=False)


def difference(gap: Difference) -> str:
    return f"{gap.difference:+.1f} ({gap.low:+.1f} to {gap.high:+.1f}), p = {gap.p_value:.2f}"


def report(text: Text) -> None:
    """Print the presets on all five parts, and how far the rest are from the first."""
    names = list(dict.fromkeys((PRESET_OF[text.ordinals], *RIVALS)))
    columns = ["preset", *(f"T = {T}" for T in MODULI), "first less this", "by last digit"]
    rows, without_fives, first = [], [], None
    for name in names:
        embedding = embed(text, PRESETS[name])
        found = probed(embedding)
        first = first or found
        cells = [f"{p.kappa:.1f} ({p.low:.0f} to {p.high:.0f})" for p in found.by_period.values()]
        gaps = [] if found is first else compare(first, found).values()
        gap = "; ".join(difference(gap) for gap in gaps)
        recall = " ".join(f"{100 * share:.0f}" for share in found[10].recall_by_digit)
        rows.append([name, *cells, gap, recall])
        rest = embedding.select(embedding.numbers[embedding.numbers % 5 > 0])
        shuffled = probe(rest, moduli=MODULI, controls=False)
        without_fives.append([name, *(above_null(p) for p in shuffled.by_period.values())])
    seen = np.median(text.counts().number_counts.sum(axis=0))
    print(f"\nordinals {text.ordinals}, all five parts; a number occurs {seen:.0f} times (median)")
    print("kappa (95 % interval)\n")
    print_table(columns, rows)
    print(
        "\nwithout multiples of 5: kappa (95 % interval); means of the nulls within runs, plain\n"
    )
    print_table(columns[:4], without_fives)


def above_null(p: ModulusProbe) -> str:
    """Kappa beside both nulls."""
    nulls = [f"{null.mean:.0f} p {null.p_value:.3f}" for null in (p.null, p.null_unrestricted)]
    return f"{p.kappa:.1f} ({p.low:.0f} to {p.high:.0f}); {', '.join(nulls)}"


def print_table(columns: list[str], rows: list[list[str]]) -> None:
    print("| " + " | ".join(columns) + " |")
    print("|---" * len(columns) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)


STEPS: dict[str, tuple[str, Callable[[Text], None]]] = {
    "choose": ("1to4", choose),
    "confirm": ("5", confirm),
    "report": ("all", report),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, required=True, help="folder of the five texts")
    parser.add_argument("--work", type=Path, default=Path("build/presets"), help="folder to fill")
    parser.add_argument("--ordinals", choices=sorted(PRESET_OF), default="out")
    parser.add_argument("--step", choices=sorted(STEPS), help="this one only")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    with threadpool_limits(1, user_api="blas"):
        for name, (parts, step) in STEPS.items():
            if options.step in (None, name):
                step(Text(options.root, options.work, parts, options.ordinals))


if __name__ == "__main__":
    main()
