"""Which words carry n mod T, how many suffice, whether they hold elsewhere, what masks cost.

Words are chosen on parts 1 to 3 of Wikipedia 2014 and confirmed once on parts 4 and 5 and on four
other kinds of text. Every step is kept in FOLDER as JSON, so that a run that is cut off goes on;
at the end the tables of docs/results/words.md are printed, and its figures drawn.

    python benchmarks/words_study.py FOLDER --root TEXTS [--figures notebooks/figures]
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.stats import false_discovery_control, spearmanr

from wordnum.analyzers.contrasts import residue_contrasts
from wordnum.analyzers.keyword_finding import keywords
from wordnum.analyzers.keyword_tests import block_f
from wordnum.analyzers.plotting import save_figure
from wordnum.analyzers.probing import probe
from wordnum.analyzers.sufficiency_results import OF_ALL, Reader, Sufficiency
from wordnum.analyzers.sufficient_words import sufficiency
from wordnum.cooccurrence.counting import count
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.masking import Mask, MaskRandom
from wordnum.cooccurrence.signals import Signal
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.recipes import Recipe, encode_recipe, find_recipe
from wordnum.embeddings.svd import SVD
from wordnum.errors import WordnumError

CHOSEN, CONFIRMED = "Wikipedia, parts 1 to 3", "Wikipedia, parts 4 and 5"
GENRES = {"US Code": "us_code", "textbooks": "openstax_ccby", "speeches": "sotu",
          "country facts": "factbook"}  # fmt: skip
OTHERS = (CONFIRMED, *GENRES)
MODULI, WINDOWS, RULES, SPLITS = (2, 5, 10), (1, 2, 5), ("out", "keep"), 5
SIZES, FEWER = (1, 2, 5, 10, 20, 50, 100), (10, 50)
RANDOM_MASKS = 3

logger = logging.getLogger("words_study")


class Folder:
    """Where texts, counts and results are kept."""

    def __init__(self, folder: Path, root: str):
        self.folder, self.root = folder, root
        folder.mkdir(parents=True, exist_ok=True)

    def kept(self, name: str, make: Callable[[], Any]) -> Any:
        """Return what is kept under a name, made now if it was not yet."""
        path = self.folder / f"{name}.json"
        if not path.exists():
            logger.info(name)
            value = make()
            path.with_suffix(".part").write_text(json.dumps(value))
            path.with_suffix(".part").rename(path)
        return json.loads(path.read_text())

    def corpus(self, text: str, ordinals: str) -> EncodedCorpus:
        """Encode a text under an ordinals rule, once."""
        path = self.folder / f"{text}, ordinals {ordinals}.corpus"
        if path.exists():
            return EncodedCorpus.open(path)
        if text in GENRES:
            recipe = find_recipe(GENRES[text], root=self.root)
        else:
            parts = (1, 2, 3) if text == CHOSEN else (4, 5)
            sources = tuple(f"wikipedia2014.{part}of5.txt.xz" for part in parts)
            recipe = Recipe(name=text, source=sources, separator="blank", root=self.root)
        return encode_recipe(recipe.with_numerals("whole", ordinals), path)

    def counts(self, text: str, ordinals: str) -> Counts:
        """Count a text up to the widest window, once."""
        path = self.folder / f"{text}, ordinals {ordinals}.npz"
        if not path.exists():
            count(self.corpus(text, ordinals), window=max(WINDOWS)).save(path)
        return Counts.load(path)

    def signal(self, text: str, ordinals: str = "out", window: int = 1) -> Signal:
        """Return the words near the numbers of a text."""
        return self.counts(text, ordinals).signal("text", window=window)


def words_of(signal: Signal) -> dict[str, Any]:
    """All words that were tested, by T, with and without multiples of 5."""
    found = {}
    for excluded in (None, 5):
        for T, one in keywords(signal, moduli=MODULI, exclude_multiples_of=excluded).items():
            name = str(T) if excluded is None else f"{T} without multiples of 5"
            found[name] = {"all": one.row(), "words": one.to_dict()["words"]}
    found["numbers"] = int(np.count_nonzero(np.diff(signal.matrix().indptr)))
    return found


def rejected(T: int, shares: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    f, p_value = block_f(residue_contrasts(numbers, T), sparse.csr_array(shares))
    return f, false_discovery_control(p_value) <= 0.05


def attacks(signal: Signal, draws: int = 20) -> dict[str, Any]:
    """What is left where numbers are permuted within runs of ten, and where rows are rarefied."""
    counts = signal.matrix()
    numbers = np.flatnonzero(np.diff(counts.indptr))
    words = np.flatnonzero(counts.sum(axis=0) >= 100)
    table = counts[numbers][:, words].toarray()
    totals = counts.sum(axis=1)[numbers]
    run, rng = numbers // 10, np.random.default_rng(0)
    least = np.array([totals[run == j].min() for j in run]).astype(int)
    other = (totals - table.sum(axis=1)).round().astype(int)
    found: dict[str, Any] = {}
    thinned = np.stack([
        rng.multivariate_hypergeometric([*row.astype(int), rest], n, method="marginals")[:-1] / n
        for row, rest, n in zip(table, other, least)
    ])  # fmt: skip
    for T in MODULI:
        f, passed = rejected(T, table / totals[:, None], numbers)
        rare_f, rare = rejected(T, thinned, numbers)
        permuted = []
        for _ in range(draws):
            order = np.lexsort((rng.random(len(numbers)), run))
            permuted.append(int(rejected(T, (table / totals[:, None])[order], numbers)[1].sum()))
        ten = np.argsort(-f)[:10]
        found[str(T)] = {
            "passed": int(passed.sum()),
            "rarefied": int(rare.sum()),
            "kept": float(spearmanr(f[passed], rare_f[passed])[0]) if passed.sum() > 2 else None,
            "ten still first 20": int(np.isin(ten, np.argsort(-rare_f)[:20]).sum()),
            "least": int(np.median(least)),
            "permuted": permuted,
        }
    return found


def packed(found: Sufficiency) -> dict[str, Any]:
    readers = [[one.name, one.words, one.kappas.tolist()] for one in found.readers]
    return {"T": found.period, "numbers": found.numbers, "readers": readers}


def unpacked(kept: dict[str, Any]) -> Sufficiency:
    readers = tuple(Reader(name, words, np.array(k)) for name, words, k in kept["readers"])
    return Sufficiency(kept["T"], readers, kept["numbers"])


def measured(signal: Signal, T: int, sizes: tuple[int, ...], **options: Any) -> dict[str, Any]:
    try:
        return packed(sufficiency(signal, modulus=T, sizes=sizes, splits=SPLITS, **options))
    except WordnumError as error:
        return {"error": error.message}


def masked(folder: Folder, lists: dict[str, list[str]]) -> dict[str, Any]:
    """Kappas of Hellinger-SVD on parts 4 and 5, words chosen on parts 1 to 3 masked."""
    corpus = folder.corpus(CONFIRMED, "out")
    conditions: dict[str, Any] = {"original": "original"}
    for name, words in lists.items():
        conditions[name] = Mask(words)
        for seed in range(RANDOM_MASKS):
            conditions[f"{name}, random {seed}"] = MaskRandom(Mask(words), seed)
    found = {}
    for name, perturbation in conditions.items():

        def make(perturbation: Any = perturbation) -> dict[str, Any]:
            signal = count(corpus, perturbation=perturbation, window=1).signal("text")
            embedding = SVD(weighting="hellinger", dim=100).fit_transform(signal)
            result = probe(embedding, moduli=MODULI, nulls=0, controls=False)
            about = {"pairs": float(signal.matrix().sum()),
                     "drawn": signal.provenance.get("masked_at_random")}  # fmt: skip
            halves = {
                T: [list(pair) for pair in one.replicate_kappas.values()]
                for T, one in result.items()
            }
            kappas = {T: one.kappa for T, one in result.items()}
            return {**about, "kappa": kappas, "halves": halves}

        found[name] = folder.kept(f"mask, {name}", make)
    return found


def run(folder: Folder) -> dict[str, Any]:
    found: dict[str, Any] = {"words": {}, "sufficiency": {}}

    def chosen(ordinals: str, window: int) -> None:
        name = f"{CHOSEN}, ordinals {ordinals}, ±{window}"
        signal = folder.signal(CHOSEN, ordinals, window)
        found["words"][name] = folder.kept(f"words, {name}", lambda: words_of(signal))
        first = (ordinals, window) == ("out", 1)
        sizes, moduli = (SIZES, MODULI) if first else (FEWER, (5, 10))
        for T in moduli if ordinals == "out" or window == 1 else ():
            found["sufficiency"][name, T] = folder.kept(
                f"sufficiency, {name}, T = {T}", lambda T=T: measured(signal, T, sizes)
            )

    chosen("out", 1)
    signal = folder.signal(CHOSEN)
    found["attacks"] = folder.kept("attacks", lambda: attacks(signal))
    for T in MODULI:
        found["sufficiency"]["without 5", T] = folder.kept(
            f"sufficiency, without multiples of 5, T = {T}",
            lambda T=T: measured(signal, T, SIZES, exclude_multiples_of=5),
        )
    ranked = pd.DataFrame(found["words"][f"{CHOSEN}, ordinals out, ±1"]["10"]["words"])
    ranked = ranked[ranked["confirmed"]]
    lists = {
        f"{size} by {order}": ranked.sort_values(order, ascending=False)["word"][:size].tolist()
        for order in ("f", "share")
        for size in (10, 50)
    }
    found["lists"], found["masks"] = lists, masked(folder, lists)
    for text in OTHERS:
        other = folder.signal(text)
        found["words"][text] = folder.kept(f"words, {text}", lambda s=other: words_of(s))
        for T in (5, 10):
            found["sufficiency"][text, T] = folder.kept(
                f"sufficiency, {text}, chosen before, T = {T}",
                lambda s=other, T=T: measured(s, T, FEWER, chosen_on=signal),
            )
    for ordinals in RULES:
        for window in WINDOWS:
            chosen(ordinals, window)
    return found


def line(*cells: object) -> None:
    print("| " + " | ".join(map(str, cells)) + " |")


def heading(*names: str) -> None:
    print()
    line(*names)
    print("|---" * len(names) + "|")


def interval(one: Reader, digits: int = 0) -> str:
    low, high = one.interval()
    return f"{one.kappa:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def percent(share: float | None, digits: int = 0) -> str:
    """A share; of a Phi whose interval is not above 0 there is none."""
    return "none" if share is None or np.isnan(share) else f"{100 * share:.{digits}f} %"


def ratio(row: Any) -> str:
    if row["low"] is None or np.isnan(row["low"]):
        return f"{row['odds_ratio']:.1f}"
    digits = 1 if row["odds_ratio"] > 1 else 2
    return f"{row['odds_ratio']:.{digits}f} ({row['low']:.{digits}f} to {row['high']:.{digits}f})"


def print_words(found: dict[str, Any]) -> None:
    print("\n## How many words")
    heading("ordinals, window", *(f"T = {T}" for T in MODULI), "without multiples of 5")
    for ordinals in RULES:
        for window in WINDOWS:
            one = found["words"][f"{CHOSEN}, ordinals {ordinals}, ±{window}"]
            cells = []
            for T in MODULI:
                share = pd.DataFrame(one[str(T)]["words"])["share"].astype(float)
                share = share.sort_values(ascending=False)
                held = [percent(share[:size].sum(min_count=1)) for size in (10, 50)]
                cells.append(f"{one[str(T)]['all']['confirmed']}; {' and '.join(held)}")
            rest = [one[f"{T} without multiples of 5"] for T in MODULI]
            without = " / ".join(str(r["all"]["confirmed"]) for r in rest)
            line(f"{ordinals}, ±{window}, of {one['2']['all']['tested']}", *cells, without)
            for T, r in zip(MODULI, rest):
                names = [w["word"] for w in r["words"] if w["confirmed"]][:8]
                print(f"<!-- T = {T}, without multiples of 5: {' '.join(names)} -->")
    one = found["words"][f"{CHOSEN}, ordinals out, ±1"]
    for T in MODULI:
        print(f"\n## Words at T = {T}; {100 * one[str(T)]['all']['in_class']:.0f} % of all pairs")
        heading("word", "pairs", "share", "F", "odds ratio", "in class")
        for row in one[str(T)]["words"][:15]:
            line(row["word"], f"{row['count']:,.0f}", percent(row["share"], 1),
                 f"{row['f']:.0f}", ratio(row), percent(row["in_class"]))  # fmt: skip
        by_f = sorted((r for r in one[str(T)]["words"] if r["confirmed"]), key=lambda r: -r["f"])
        print("\nby F: " + ", ".join(f"{r['word']} {r['f']:.0f}" for r in by_f[:15]))
    print("\n## Attacks")
    for T, row in found["attacks"].items():
        print(T, row)


def print_sufficiency(name: str, kept: Iterable[dict[str, Any]]) -> None:
    print(f"\n## {name}")
    every = [unpacked(one) for one in kept if "error" not in one]
    heading("reader", *(f"n mod {one.period}, {one.numbers} numbers" for one in every))
    rows: dict[str, list[str]] = {}
    for one in every:
        for reader in one.readers:
            label = f"{reader.words} {reader.name}" if reader.words else reader.name
            rows.setdefault(label, []).append(interval(reader))
        for size in (10, 50):
            for words in (r for r in one.named("words") if r.words == size):
                rows.setdefault(f"all columns beyond {size} words", []).append(
                    interval(words.less_than(one.all), 1)
                )
                (alone,) = one.named(OF_ALL[3])
                for both in (r for r in one.named("words and log count") if r.words == size):
                    rows.setdefault(f"{size} words and log count, beyond log count", []).append(
                        interval(alone.less_than(both), 1)
                    )
                part = 100 * words.kappa / one.all.kappa
                rows.setdefault(f"{size} words, % of all columns", []).append(f"{part:.0f} %")
    for label, cells in rows.items():
        line(label, *cells)


def print_elsewhere(found: dict[str, Any]) -> None:
    print("\n## Elsewhere")
    first = found["words"][f"{CHOSEN}, ordinals out, ±1"]
    for T in (5, 10):
        chosen = pd.DataFrame(first[str(T)]["words"]).set_index("word")
        chosen = chosen[chosen["confirmed"]]
        heading(
            f"T = {T}", "tested there", "same direction", "interval says so", "rank correlation"
        )
        for text in OTHERS:
            there = pd.DataFrame(found["words"][text][str(T)]["words"]).set_index("word")
            both = chosen.join(there.add_suffix(" there"), how="inner")
            ours, theirs = (
                np.log(both[f"odds_ratio{end}"].clip(1e-3, 1e3)) for end in ("", " there")
            )
            same = np.sign(ours) == np.sign(theirs)
            sure = (both["low there"] > 1) | (both["high there"] < 1)
            rank = spearmanr(ours, theirs)[0] if len(both) > 2 else np.nan
            line(text, f"{len(both)} of {len(chosen)}", int(same.sum()),
                 f"{int((same & sure).sum())}, against {int((~same & sure).sum())}",
                 f"{rank:.2f}")  # fmt: skip
    ten = sorted((r for r in first["10"]["words"] if r["confirmed"]), key=lambda r: -r["f"])[:10]
    heading("odds ratio, multiples of 5", CHOSEN, *OTHERS)
    for row in ten:
        cells = []
        for text in OTHERS:
            there = {r["word"]: r for r in found["words"][text]["10"]["words"]}
            cells.append(ratio(there[row["word"]]) if row["word"] in there else "rare")
        line(row["word"], ratio(row), *cells)


def print_masks(found: dict[str, Any]) -> None:
    print("\n## Masks")
    masks = found["masks"]
    for name, words in found["lists"].items():
        print(f"\n{name}: {' '.join(words)}")

    def reader(name: str, T: int) -> Reader:
        return Reader(name, None, np.array(masks[name]["halves"][str(T)]))

    heading("masked", "pairs lost", *(f"kappa, T = {T}" for T in MODULI),
            *(f"lost, T = {T}" for T in MODULI))  # fmt: skip
    for name in ("original", *found["lists"]):
        lost = 1 - masks[name]["pairs"] / masks["original"]["pairs"]
        kappas = [f"{masks[name]['kappa'][str(T)]:.1f}" for T in MODULI]
        costs = [interval(reader(name, T).less_than(reader("original", T)), 1) for T in MODULI]
        line(name, f"{100 * lost:.0f} %", *kappas, *(costs if name != "original" else [""] * 3))
        if name == "original":
            continue
        random = [f"{name}, random {seed}" for seed in range(RANDOM_MASKS)]
        lost = 1 - np.mean([masks[r]["pairs"] for r in random]) / masks["original"]["pairs"]
        mean = {T: Reader("random", None, np.mean([reader(r, T).kappas for r in random], axis=0))
                for T in MODULI}  # fmt: skip
        kappas = [f"{np.mean([masks[r]['kappa'][str(T)] for r in random]):.1f}" for T in MODULI]
        costs = [interval(mean[T].less_than(reader("original", T)), 1) for T in MODULI]
        line(f"{name}: random", f"{100 * lost:.0f} %", *kappas, *costs)
        beyond = [interval(reader(name, T).less_than(mean[T]), 1) for T in MODULI]
        line(f"{name}: more than random", "", "", "", "", *beyond)


def draw(found: dict[str, Any], folder: Folder, figures: Path) -> None:
    from matplotlib.figure import Figure

    one = keywords(folder.counts(CHOSEN, "out"), moduli=[10], window=1, side="left")[10]
    figure = one.plot(Figure((7.2, 5.5), layout="constrained"), top=20)
    save_figure(figure, figures / "words.png")
    figure = Figure((10.6, 3.8), layout="constrained")
    for ax, T in zip(figure.subplots(1, 3), MODULI):
        kept = found["sufficiency"][f"{CHOSEN}, ordinals out, ±1", T]
        unpacked(kept).plot(ax, title=f"n mod {T}")
    save_figure(figure, figures / "words-sufficiency.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--root", default="")
    parser.add_argument("--figures", type=Path)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("wordnum").setLevel(logging.ERROR)
    folder = Folder(options.folder, options.root)
    found = run(folder)
    print_words(found)
    name = f"{CHOSEN}, ordinals out, ±1"
    kept = found["sufficiency"]
    for ordinals in RULES:
        for window in WINDOWS:
            name = f"{CHOSEN}, ordinals {ordinals}, ±{window}"
            print_sufficiency(name, [kept[name, T] for T in MODULI if (name, T) in kept])
    print_sufficiency("Without multiples of 5", [kept["without 5", T] for T in MODULI])
    for text in OTHERS:
        print_sufficiency(f"{text}, words chosen before", [kept[text, T] for T in (5, 10)])
    print_elsewhere(found)
    print_masks(found)
    if options.figures:
        draw(found, folder, options.figures)


if __name__ == "__main__":
    main()
