"""From vectors to measures: analyze, of files, model folders and folders of checkpoints."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

import wordnum.commands.options as opt
from wordnum.commands.options import new_figure_file, read_moduli, verb
from wordnum.commands.printing import print_analysis, print_comparison, print_json
from wordnum.errors import InputError, UsageError
from wordnum.progress import track

if TYPE_CHECKING:
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
    plot: Path | None = Option(None, help="Also draw to this .pdf, .svg or .png."),
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
    names = [each.name or label for label, each in snapshots]
    if len(set(names)) == len(names):  # paths, which tell others apart, are long
        snapshots = [(name, each) for name, (_, each) in zip(names, snapshots)]
    if plot and len(snapshots) > 1:
        raise UsageError("a plot is of one embedding", got=f"{len(snapshots)} embeddings")
    from wordnum.analyzers.analysis import analyze as measure

    found = []
    for label, embedding in track(snapshots, "analyzing") if len(snapshots) > 1 else snapshots:
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
        found.append({**analysis.to_dict(), "name": label, **read})
    if plot:
        from matplotlib.figure import Figure

        from wordnum.analyzers.plotting import save_figure

        save_figure(analysis.plot(Figure((9.2, 5.4), layout="constrained")), plot)
    if as_json:
        print_json(found)
    elif len(found) > 1:
        print_comparison(found)
    else:
        print_analysis(found[0], analysis.explain())


# What the provenance of an embedding says that a reader of its measures must know.
_READ = ("notes", "step", "tokens")


def _snapshots(path: Path, options: dict[str, Any]) -> Iterator[tuple[str, Embedding]]:
    """Embeddings of a path, each with what it is called in a table."""
    from wordnum.embeddings.checkpoints import checkpoints
    from wordnum.embeddings.trajectory import load_trajectory
    from wordnum.embeddings.vector_files import load_embedding

    if not path.is_dir() or not checkpoints(path):
        yield str(path), load_embedding(path, **options)
        return
    trajectory = load_trajectory(path, **options)
    for at, snapshot in zip(trajectory.steps, trajectory):
        progress = {"step": snapshot.step, "tokens": snapshot.tokens}
        provenance = {**snapshot.embedding.provenance, **progress}
        embedding = replace(snapshot.embedding, provenance=provenance)
        yield f"{path}, {trajectory.unit} {at:,}", embedding


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
