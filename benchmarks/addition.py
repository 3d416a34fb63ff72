"""Addition by a Transformer: the geometry of its numbers modulo T, beside its right answers.

    python benchmarks/addition.py -o addition                 train all, measure, draw
    python benchmarks/addition.py -o addition --only one-token,two-tokens --seeds 0,1,2
    python benchmarks/addition.py -o addition --measure       measure and draw what there is by now
    wordnum study addition -o study; python benchmarks/addition.py --study study      its table

Every training goes on where it was killed, and one that is finished is not trained again. Several
processes may train different ones of the same folder (``--only``). Tables are printed as Markdown;
`measures.json` and `addition.png` are written into the folder.

Kappas along training have no null; those of the last snapshot have 200 block-restricted
permutations. Counting reads the text of 200,000 problems: Hellinger-SVD of 32 dimensions over a
window that holds a whole problem.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from wordnum.analyzers.plotting import PALETTE, bare_axes, period_color, save_figure
from wordnum.analyzers.probing import probe
from wordnum.analyzers.spectra import spectrum
from wordnum.cooccurrence.counting import count
from wordnum.embeddings.svd import SVD
from wordnum.embeddings.trajectory import load_trajectory
from wordnum.errors import InputError
from wordnum.lm.addition import AdditionTask
from wordnum.lm.language_model import LanguageModel
from wordnum.studies.results import StudyResults

MODULI = (2, 5, 10)
ROWS = 256
# Embeddings a quarter, and half as long at the start.
SHORT, HALF = {"initializer_range": 0.02}, {"initializer_range": 0.04}
# Name: the task, the steps, and what else is unlike the default.
RUNS = {
    "one-token": (AdditionTask(tokens=1), 1200, {}),
    "one-token-modulo": (AdditionTask(tokens=1, carries="inner"), 1200, {}),
    "one-token-short": (AdditionTask(tokens=1), 1200, SHORT),
    "one-token-modulo-short": (AdditionTask(tokens=1, carries="inner"), 1200, SHORT),
    "two-tokens": (AdditionTask(tokens=2, order="least"), 2000, {}),
    "two-tokens-short": (AdditionTask(tokens=2, order="least"), 2500, SHORT),
    "two-tokens-modulo": (AdditionTask(tokens=2, order="least", carries="inner"), 1500, {}),
    "one-token-half": (AdditionTask(tokens=1), 1200, HALF),
    "two-tokens-half": (AdditionTask(tokens=2, order="least"), 1500, HALF),
    "two-tokens-modulo-half": (AdditionTask(tokens=2, order="least", carries="inner"), 4000, HALF),
}

TITLES = {
    "one-token": "one token, a + b below the base",
    "one-token-modulo": "one token, a + b modulo the base",
    "two-tokens": "two tokens, with all carries",
    "one-token-half": "one token, a + b below the base, half start",
    "two-tokens-half": "two tokens, with all carries, half start",
    "two-tokens-modulo-half": "two tokens, modulo the square of the base, half start",
}


def place(name: str, seed: int, options: argparse.Namespace) -> Path:
    """Folder of a training."""
    return options.output / f"{name}-base{options.base}-seed{seed}"


def trained(name: str, seed: int, options: argparse.Namespace) -> None:
    task, steps, changes = RUNS[name]
    task = replace(task, base=options.base)
    begun = time.process_time()
    model = LanguageModel(
        size="nano",
        optimizer="muon",
        max_steps=steps,
        batch_tokens=ROWS * task.length,
        save_every=100,
        folder=place(name, seed, options),
        random_state=seed,
        **changes,
    ).fit(task)
    last, seconds = model.history_[-1], time.process_time() - begun
    done = f"step {last['step']}, {last['accuracy']:.1%} right, {seconds:.0f} s of one core"
    print(f"{name}, seed {seed}: {done}", flush=True)


def measured(embedding, *, nulls: int = 0) -> dict:
    """Kappas and magnitudes at the periods; where there are nulls, their 95th percentiles too."""
    found = probe(embedding, moduli=MODULI, nulls=nulls, controls=False, intervals=False)
    spectral = spectrum(embedding)
    periods = 1 / np.asarray(spectral.frequency)
    row = {
        "kappa": {T: float(found[T].kappa) for T in MODULI},
        "magnitude": {T: float(spectral.magnitude[np.argmin(abs(periods - T))]) for T in MODULI},
        "spectrum": [periods.tolist(), np.asarray(spectral.magnitude).tolist()],
    }
    if nulls:
        row["p_value"] = {T: float(found[T].null.p_value) for T in MODULI}
        row["ridge"] = {T: float(found[T].alternative_kappa) for T in MODULI}
    return row


def along(folder: Path) -> list[dict]:
    """Rows of a trajectory, each measured once: what is there already is read back."""
    kept = folder / "measures.json"
    rows = {row["step"]: row for row in json.loads(kept.read_text())} if kept.exists() else {}
    trajectory = load_trajectory(folder)
    for step, tokens, embedding in trajectory:
        last = step == trajectory.steps[-1]
        if step not in rows or (last and "ridge" not in rows[step]):
            accuracy = embedding.provenance["accuracy"]
            row = measured(embedding, nulls=200 if last else 0)
            rows[step] = {"step": step, "tokens": tokens, "accuracy": accuracy, **row}
    kept.write_text(json.dumps([rows[step] for step in sorted(rows)]))
    return json.loads(kept.read_text())


def counted(task: AdditionTask) -> dict:
    """The same measures of a classical embedding of the same text."""
    counts = count(task.encoded(200_000), window=task.length)
    return measured(SVD(dim=32, half_samples=False).fit_transform(counts), nulls=200)


def three(values: dict) -> str:
    return " / ".join(f"{values[str(T)]:.0f}" for T in MODULI)


def table(found: dict[str, list[dict]]) -> None:
    print("| training | steps | held-out problems right | kappa | p | ridge | magnitude |")
    print("|---|---|---|---|---|---|---|")
    for name, rows in found.items():
        last = rows[-1]
        p = " / ".join(f"{last['p_value'][str(T)]:.3f}" for T in MODULI)
        spikes = " / ".join(f"{last['magnitude'][str(T)]:.1f}" for T in MODULI)
        right = f"{last['accuracy']:.1%}" if "accuracy" in last else ""
        kappas, ridge = three(last["kappa"]), three(last["ridge"])
        cells = [name, last.get("step", ""), right, kappas, p, ridge, spikes]
        print("|", " | ".join(map(str, cells)), "|")
    print("\n| training | step | right | kappa |")
    print("|---|---|---|---|")
    for name, rows in found.items():
        for row in rows if len(rows) > 1 else ():
            if row["step"] >= 100:
                print(f"| {name} | {row['step']} | {row['accuracy']:.1%} | {three(row['kappa'])} |")


def of_study(folder: Path) -> None:
    """The same table of the built-in study, which trains under two optimisers."""
    final = StudyResults.open(folder).final
    print("| text | system | held-out problems right | kappa | p | ridge | magnitude |")
    print("|---|---|---|---|---|---|---|")
    columns = {"kappa": 0, "null_p": 3, "alternative_kappa": 0, "magnitude": 1}
    for (text, system), rows in final.groupby(["corpus", "system"], sort=False):
        own = rows.set_index("T").loc[list(MODULI)]
        right = own["task_accuracy"].iloc[0]
        cells = [text, system, "" if np.isnan(right) else f"{right:.1%}"]
        cells += [" / ".join(f"{x:.{n}f}" for x in own[name]) for name, n in columns.items()]
        print("|", " | ".join(cells), "|")


def draw(found: dict[str, list[dict]], path: Path) -> None:
    """A row for each training: accuracy and kappas along it, and the last spectrum."""
    mpl.rcParams.update({"font.size": 8, "axes.titlesize": 9})
    figure = Figure((8.6, 1.9 * len(found)), layout="constrained")
    axes = figure.subplots(len(found), 2, squeeze=False, width_ratios=(1, 1.2))
    for (left, right), (training, rows) in zip(axes, found.items()):
        name, _, seed = training.partition(", seed ")
        bare_axes(left).set_xscale("symlog", linthresh=1)
        steps = [row["step"] for row in rows]
        right_answers = [100 * row["accuracy"] for row in rows]
        grey = {"color": "#767676", "linestyle": "--"}
        left.plot(steps, right_answers, **grey, label="held-out problems right, %")
        for T in MODULI:
            kappas = [row["kappa"][str(T)] for row in rows]
            left.plot(steps, kappas, color=period_color(T), label=f"kappa, T = {T}")
        left.axhline(0, color="#c8c8c8", linewidth=0.6, zorder=0)
        left.set(ylim=(-65, 105), title=f"{TITLES.get(name, name)}, seed {seed}", ylabel="kappa")
        periods, magnitude = map(np.asarray, rows[-1]["spectrum"])
        bare_axes(right).plot(1 / periods, magnitude, color=PALETTE[0], linewidth=0.8)
        right.axhline(1, color="#c8c8c8", linewidth=0.6, zorder=0)
        for T in MODULI:
            for k in range(1, T // 2 + 1):
                right.axvline(k / T, color=period_color(T), linewidth=0.5, linestyle=":", zorder=0)
        right.set(title=f"spectrum after step {steps[-1]}", ylabel="magnitude")
    axes[0, 0].legend(fontsize=7, frameon=False)
    axes[-1, 0].set_xlabel("step")
    axes[-1, 1].set_xlabel("frequency")
    save_figure(figure, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("-o", "--output", type=Path, default=Path("addition"))
    parser.add_argument("--only", default=",".join(RUNS), help="names, joined by commas")
    parser.add_argument("--base", type=int, default=100)
    parser.add_argument("--seeds", default="0", help="joined by commas")
    parser.add_argument("--study", type=Path, help="a folder of the built-in study: its table")
    parser.add_argument("--measure", action="store_true", help="train nothing")
    options = parser.parse_args()
    if options.study:
        of_study(options.study)
        return
    names, seeds = options.only.split(","), [int(seed) for seed in options.seeds.split(",")]
    trainings = [(name, seed) for name in names for seed in seeds]
    for name, seed in trainings if not options.measure else ():
        trained(name, seed, options)
    found = {}
    for name, seed in trainings:
        try:
            found[f"{name}, seed {seed}"] = along(place(name, seed, options))
        except InputError as error:
            print(f"{name}, seed {seed}: nothing to measure yet ({error.message})")
    if not found:
        return
    draw(found, options.output / "addition.png")
    for name in ("one-token", "one-token-modulo"):
        if name in names:
            task = replace(RUNS[name][0], base=options.base)
            found[f"{name}, counted"] = [json.loads(json.dumps(counted(task)))]
    table(found)


if __name__ == "__main__":
    main()
