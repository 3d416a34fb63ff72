"""From vectors to measures: analyze, of files, model folders and folders of checkpoints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import numpy as np
from typer import Argument, Option

import wordnum.commands.options as opt
from wordnum.commands.options import new_figure_file, read_moduli, verb
from wordnum.commands.printing import print_analysis, print_comparison, print_json
from wordnum.errors import InputError, UsageError
from wordnum.progress import track

if TYPE_CHECKING:
    from wordnum.analyzers.analysis import Analysis
    from wordnum.embeddings.embedding import Embedding


@verb(
    "wordnum analyze best.npz",
    "wordnum analyze Llama-3.2-1B gpt2 glove.6B.300d.txt --moduli 2,5,10",
    "wordnum analyze runs/lm --json",
    "wordnum analyze model.safetensors --tensor wte --vocab tokenizer.json",
)
def analyze(
    embeddings: Annotated[
        list[Path],
        Argument(help="Files of vectors, model folders, .gguf, folders of checkpoints."),
    ],
    only: str = Option("spectrum,probe,separability,phi,digits", help="Some of these."),
    moduli: str = Option("2-10", help="As 2-10 or 2,5,10."),
    classifier: opt.Classifier = Option("lda", help="Of the probe."),
    tensor: str | None = Option(None, help="Name in a model; the input embedding."),
    vocab: Path | None = Option(None, help="vocab.txt, tokenizer.json or tokenizer.model."),
    spelling: opt.Spelling | None = Option(None, help='Read " 7" (blank) or "7" (plain) only.'),
    several: opt.Several = Option("leave", help="Numbers of several tokens: left out, or a mean."),
    size: int = Option(1000, min=2, help="N: numbers are 0..N-1."),
    plot: Path | None = Option(
        None, help="Also draw to this .pdf, .svg or .png; several together."
    ),
    seed: opt.Seed = 0,
    device: opt.Device = "cpu",
    overwrite: opt.Overwrite = False,
    as_json: opt.AsJson = False,
) -> None:
    """Measure what embeddings know about numbers: spectrum, probes, separability, verdict.

    Several are compared in one table; of a folder of checkpoints every one is a row.
    """
    periods = read_moduli(moduli)
    if plot:
        new_figure_file(plot, overwrite=overwrite)
    options: dict[str, Any] = {
        "tensor": tensor, "vocab": vocab, "size": size, "spelling": spelling, "several": several,
    }  # fmt: skip
    snapshots = [each for path in embeddings for each in _snapshots(path, options)]
    names = [each.embedding.name or each.label for each in snapshots]
    if len(set(names)) < len(names):  # paths, which tell others apart, are long
        names = [each.label for each in snapshots]
    folder, rows = _told_apart(snapshots)
    if (
        plot
        and len(snapshots) > 1
        and not {"spectrum", "probe"} & {*only.replace(" ", "").split(",")}
    ):
        raise UsageError("a plot of several embeddings shows spectra and probes", got=only)
    from wordnum.analyzers.analysis import analyze as measure
    from wordnum.analyzers.residues import checked_moduli

    checked_moduli(periods, size=min(each.embedding.size for each in snapshots))
    found, analyses = [], []
    pairs = [(name, each.embedding) for name, each in zip(names, snapshots)]
    for name, embedding in track(pairs, "analyzing"):
        with _splits_told(embedding):
            analysis = measure(
                embedding,
                only=only,
                moduli=periods,
                classifier=classifier,
                random_state=seed,
                device=device,
            )
        read = {key: embedding.provenance[key] for key in _READ if key in embedding.provenance}
        found.append({**analysis.to_dict(), "name": name, **read})
        analyses.append(analysis)
    if plot:
        _draw(plot, snapshots, analyses, rows, title=folder)
    if as_json:
        print_json(found)
    elif len(found) > 1:
        print_comparison(found, rows, folder)
    else:
        print_analysis(found[0], analysis.explain())


# What the provenance of an embedding says that a reader of its measures must know.
_READ = ("notes", "step", "tokens", "corpus_fingerprint")
# Rows of a figure for one training.
_STEPS = 12


class _Snapshot(NamedTuple):
    path: Path
    embedding: Embedding
    progress: str = ""
    at: int = 0

    @property
    def label(self) -> str:
        return ", ".join(filter(None, (str(self.path), self.progress)))


def _snapshots(path: Path, options: dict[str, Any]) -> Iterator[_Snapshot]:
    """Embeddings of a path: one, or one of each checkpoint."""
    from wordnum.embeddings.checkpoints import checkpoints
    from wordnum.embeddings.trajectory import load_trajectory
    from wordnum.embeddings.vector_files import load_embedding

    if not path.is_dir() or not checkpoints(path):
        yield _Snapshot(path, load_embedding(path, **options))
        return
    trajectory = load_trajectory(path, **options)
    for at, snapshot in zip(trajectory.steps, trajectory):
        progress = {"step": snapshot.step, "tokens": snapshot.tokens}
        provenance = {**snapshot.embedding.provenance, **progress}
        embedding = replace(snapshot.embedding, provenance=provenance)
        yield _Snapshot(path, embedding, f"{trajectory.unit} {at:,}", at)


def _told_apart(snapshots: Sequence[_Snapshot]) -> tuple[str, list[str]]:
    """The folder that all come from, and what of its path and step tells each from the others."""
    paths = {each.path for each in snapshots}
    parts = [path.parts for path in paths]
    if len(paths) == 1:
        return str(paths.pop()), [each.progress or str(each.path) for each in snapshots]
    spare = min(map(len, parts)) - 1  # a name keeps a part
    lead = _alike([part[:spare] for part in parts])
    tail = _alike([part[::-1][: spare - lead] for part in parts])
    own = [Path(*each.path.parts[lead : len(each.path.parts) - tail]) for each in snapshots]
    names = [each._replace(path=path).label for each, path in zip(snapshots, own)]
    return str(Path(*parts[0][:lead])) if lead else "", names


def _alike(parts: Iterable[Sequence[str]]) -> int:
    """How many parts all have in common from the first on."""
    return sum(1 for _ in takewhile(lambda level: len(set(level)) == 1, zip(*parts)))


def _draw(
    file: Path,
    snapshots: Sequence[_Snapshot],
    analyses: Sequence[Analysis],
    names: Sequence[str],
    *,
    title: str,
) -> None:
    """Draw all parts of one embedding, or several side by side under the paper's labels."""
    from matplotlib.figure import Figure

    from wordnum.analyzers.plotting import save_figure
    from wordnum.analyzers.side_by_side import SideBySide

    if len(analyses) == 1:
        save_figure(analyses[0].plot(Figure(layout="constrained")), file)
        return
    shown = [
        at
        for path in dict.fromkeys(each.path for each in snapshots)
        for at in _spaced([(at, each.at) for at, each in enumerate(snapshots) if each.path == path])
    ]
    if not any(each.progress for each in snapshots):  # steps stay in their order
        labels = [one.verdict.paper_label if one.verdict else "" for one in analyses]
        shown.sort(key=lambda at: ["both", "partial", "spectral", "neither", ""].index(labels[at]))
    both = SideBySide({names[at]: analyses[at] for at in shown})
    save_figure(both.plot(Figure(layout="constrained"), title=title, detailed=True), file)


def _spaced(steps: Sequence[tuple[int, int]]) -> list[int]:
    """At most `_STEPS` of (place, step): the places whose steps lie most evenly on a log scale."""
    logs = np.log1p([step for _, step in steps])
    if len(steps) <= _STEPS:
        return [place for place, _ in steps]
    wanted = np.linspace(logs[0], logs[-1], _STEPS)
    return [steps[at][0] for at in np.unique(np.abs(logs - wanted[:, None]).argmin(axis=1))]


@contextmanager
def _splits_told(embedding: Embedding) -> Iterator[None]:
    """Say of numbers that are too few for a measure that they are split into several tokens."""
    try:
        yield
    except InputError as error:
        if not embedding.provenance.get("several_tokens"):
            raise
        raise InputError(
            error.message,
            expected=error.expected,
            got=error.got,
            where=f"{embedding.name}: {'; '.join(embedding.provenance['notes'])}",
            remedy="take the mean of the tokens' vectors (--several mean), or fewer moduli",
        ) from error
