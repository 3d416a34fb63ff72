"""Verbs from counts to measures: embed, analyze."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import wordnum.commands.options as opt
from wordnum.commands.options import completing, new_file, read_moduli, verb
from wordnum.commands.printing import print_analysis, print_facts
from wordnum.errors import InputError, UsageError

if TYPE_CHECKING:
    from wordnum.cooccurrence.counts import Counts
    from wordnum.cooccurrence.word_counts import WordCounts
    from wordnum.corpus.encoded_corpus import EncodedCorpus

__all__ = ["analyze", "embed"]


@verb(
    "wordnum embed articles.corpus -o best.npz",
    "wordnum embed counts.npz -o ppmi.npz --model svd --weighting ppmi --signal text",
)
def embed(
    source: Annotated[Path, typer.Argument(help="Counts (.npz) or an encoded corpus.")],
    output: opt.Output,
    preset: Annotated[
        str | None,
        typer.Option(help="A named choice of all below.", autocompletion=completing("presets")),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="With its defaults.", autocompletion=completing("models"))
    ] = None,
    signal: Annotated[opt.SignalName | None, typer.Option(help="Which columns.")] = None,
    window: Annotated[int | None, typer.Option(min=1, help="Tokens on each side.")] = None,
    side: Annotated[opt.Side | None, typer.Option(help="Which side counts.")] = None,
    positional: Annotated[
        bool, typer.Option("--positional", help="A column per word and offset.")
    ] = False,
    weighting: Annotated[
        str | None,
        typer.Option(help="Of the counts, for svd.", autocompletion=completing("weightings")),
    ] = None,
    dim: Annotated[int | None, typer.Option(min=1, help="Dimensions.")] = None,
    min_count: Annotated[
        int | None, typer.Option(min=1, help="Least occurrences of a number.")
    ] = None,
    seed: opt.Seed = 0,
    jobs: opt.Jobs = 1,
    device: opt.Device = "cpu",
    overwrite: opt.Overwrite = False,
    as_json: opt.AsJson = False,
) -> None:
    """Make number embeddings from counts or from an encoded corpus.

    Without options the default preset is used, the best that we know.
    """
    from wordnum.cooccurrence.word_counts import WordCounts
    from wordnum.embeddings.make import choose
    from wordnum.embeddings.make import embed as make

    path = new_file(output, overwrite=overwrite)
    opened = _open(source)
    if isinstance(opened, WordCounts) and (signal or window or side or positional):
        raise UsageError(
            "counts of all words were summed over their window",
            expected="none of --signal, --window, --side and --positional",
            got=f"{source}: {opened.window}",
            remedy="count again with another window, or count number rows",
        )
    chosen = choose(
        preset,
        model=model,
        signal=signal,
        window=window,
        side=side,
        positional=positional or None,
        weighting=weighting,
        dim=dim,
        min_count=min_count,
    )
    embedding = make(opened, chosen, random_state=seed, device=device, n_jobs=jobs or 1)
    facts = {
        "embedding": str(embedding.save(path)),
        "made_by": f"{chosen.name}: {chosen.description}",
        "numbers": len(embedding.numbers),
        "missing": len(embedding.missing),
        "dim": embedding.dim,
        "flags": list(embedding.flags),
    }
    print_facts(facts, as_json)


def _open(source: Path) -> EncodedCorpus | Counts | WordCounts:
    """Open an encoded corpus or a file of counts."""
    from wordnum.cooccurrence.counts import Counts
    from wordnum.cooccurrence.word_counts import WordCounts
    from wordnum.corpus.encoded_corpus import EncodedCorpus
    from wordnum.storage import npz_kind

    if source.is_dir():
        return EncodedCorpus.open(source)
    kind = npz_kind(source)
    if source.is_file() and kind not in ("counts", "all-counts"):
        raise InputError(
            f"{source} holds no counts",
            expected="a file of wordnum count, or a folder of wordnum encode",
            got=kind or "another file",
            remedy="a text becomes a corpus by wordnum encode; vectors go to wordnum analyze",
        )
    return (WordCounts if kind == "all-counts" else Counts).load(source)


@verb(
    "wordnum analyze best.npz",
    "wordnum analyze glove.6B.300d.txt --moduli 2,5,10 --json",
    "wordnum analyze model.safetensors --tensor wte --vocab tokenizer.json",
)
def analyze(
    embedding: Annotated[
        Path, typer.Argument(help=".npz, .npy, .txt, .vec, .bin or .safetensors.")
    ],
    only: Annotated[
        str, typer.Option(help="spectrum, probe, separability, joined by commas.")
    ] = "spectrum,probe,separability",
    moduli: Annotated[str, typer.Option(help="As 2-10 or 2,5,10.")] = "2-10",
    classifier: Annotated[opt.Classifier, typer.Option(help="Of the probe.")] = "lda",
    tensor: Annotated[str | None, typer.Option(help="Name in a .safetensors file.")] = None,
    vocab: Annotated[Path | None, typer.Option(help="vocab.txt or tokenizer.json.")] = None,
    size: Annotated[int, typer.Option(min=2, help="N: numbers are 0..N-1.")] = 1000,
    plot: Annotated[Path | None, typer.Option(help="Also draw to this .pdf, .svg or .png.")] = None,
    seed: opt.Seed = 0,
    device: opt.Device = "cpu",
    overwrite: opt.Overwrite = False,
    as_json: opt.AsJson = False,
) -> None:
    """Measure what an embedding knows about numbers: spectrum, probes, separability, verdict."""
    from wordnum.analyzers.analysis import analyze as measure
    from wordnum.embeddings.vector_files import load_embedding

    periods = read_moduli(moduli)
    if plot:
        from wordnum.analyzers.plotting import save_figure

        if plot.suffix not in (".pdf", ".svg", ".png"):
            raise UsageError("figures are pdf, svg or png", got=str(plot))
        new_file(plot, overwrite=overwrite)
    analysis = measure(
        load_embedding(embedding, tensor=tensor, vocab=vocab, size=size),
        only=tuple(part.strip() for part in only.split(",")),
        moduli=periods,
        classifier=classifier,
        random_state=seed,
        device=device,
    )
    if plot:
        save_figure(analysis.plot(), plot)
    if as_json:
        typer.echo(json.dumps(analysis.to_dict()))
    else:
        print_analysis(analysis.to_dict())
